import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { api, ApiProblem, problemOf, setCsrfToken, setSignedOutHandler, urlOf } from './api/client'
import { pathPrefix } from './live'
import { startTestServer, type TestServer } from './testServer'
import { clockTime, dayLabel, fileSize, listTime, playTime, timeAgo, timeLeft } from './times'
// @ts-expect-error: a build script, plain JavaScript
import { flatten, keysIn } from '../tools/catalogues.mjs'

describe('times', () => {
  const now = new Date(2026, 2, 5, 15, 0).getTime()
  const at = (day: number, hour = 9, month = 2) => new Date(2026, month, day, hour, 5).getTime()
  it('shorten with age in the list', () => {
    expect(['en', 'id'].map((locale) => listTime(at(5), now, locale))).toEqual(['09:05', '09.05'])
    expect(listTime(at(4, 23), now, 'en')).toBe('Yesterday')
    expect(listTime(at(3), now, 'en')).toBe('Tue')
    expect(listTime(at(1, 9, 0), now, 'en')).toBe('Jan 1')
  })
  it('head the days of a thread', () => {
    expect(dayLabel(at(5, 1), now, 'en')).toBe('Today')
    expect(dayLabel(at(4), now, 'id')).toBe('Kemarin')
    expect(dayLabel(at(1, 9, 0), now, 'en')).toBe('January 1, 2026')
  })
  it('say how long ago and how long still', () => {
    expect(timeAgo(now - 61_000, now, 'en')).toBe('1 minute ago')
    expect(timeAgo(now + 5000, now, 'en')).toBe('now')
    expect(timeLeft(now + 90.5 * 60_000, now)).toEqual({ hours: 1, minutes: 31 })
    expect(playTime(67.8)).toBe('1:07')
    expect(playTime(Infinity)).toBe('0:00')
  })
  it('show midnight as 00', () => {
    expect(clockTime(new Date(2026, 0, 1, 0, 3).getTime(), 'en')).toBe('00:03')
  })
  it('measure files', () => {
    expect(fileSize(482_133, 'en')).toBe('482 kB')
    expect(fileSize(1_234_567, 'en')).toBe('1.2 MB')
    expect(fileSize(1, 'en')).toBe('1 byte')
  })
})

describe('the API client, against a real server', () => {
  let server: TestServer
  beforeEach(async () => { server = await startTestServer() })
  afterEach(() => server.stop())

  it('sends the CSRF token with changes only', async () => {
    setCsrfToken('secret')
    await api.get('/people')
    await api.post('/people', { name: 'Ana' })
    expect(server.asked.map((one) => [one.method, one.headers['x-csrf-token']])).toEqual([['GET', undefined], ['POST', 'secret']])
    expect(server.asked[1]!.body).toBe('{"name":"Ana"}')
  })
  it('makes problems of refusals, with the fields that are wrong', async () => {
    server.answer = () => [422, { code: 'invalid_input', detail: 'No.', errors: [{ field: 'name', code: 'required', message: 'Missing.' }] }]
    const problem = await api.post('/people', {}).catch((error: unknown) => error as ApiProblem)
    expect(problem).toBeInstanceOf(ApiProblem)
    expect([(problem as ApiProblem).code, (problem as ApiProblem).field('name')]).toEqual(['invalid_input', 'Missing.'])
  })
  it('tells of a lost session, but not of a wrong password', async () => {
    let told = 0
    setSignedOutHandler(() => { told++ })
    server.answer = () => [401, { code: 'not_signed_in', detail: 'x' }]
    await api.post('/session', {}).catch(() => {})
    expect(told).toBe(0)
    await api.get('/people').catch(() => {})
    expect(told).toBe(1)
  })
  it('says that the network is away', async () => {
    server.answer = () => 'hang up'
    await expect(api.get('/people')).rejects.toMatchObject({ code: 'offline', status: 0 })
  })
})

describe('small things', () => {
  it('leave empty parameters out of addresses', () => {
    expect(urlOf('/x', { a: '', b: null, c: undefined, d: 0, e: false })).toBe('/api/v1/x?d=0&e=false')
  })
  it('make a problem of a page that is not ours', () => {
    expect(problemOf(502, '<html>Bad gateway</html>').code).toBe('server_error')
  })
  it('give pusher-js the part before /app', () => {
    expect([pathPrefix('/app'), pathPrefix('/live/app/')]).toEqual(['', '/live'])
  })
  it('find the keys of texts in sources', () => {
    const found = keysIn("t('a.b') t(x ? 'c.d' : 'e.f') t(`g.${x}`) te('h.i')")
    expect([...found.exact]).toEqual(['a.b', 'c.d', 'e.f', 'h.i'])
    expect([...found.begins]).toEqual(['g.'])
    expect(flatten({ a: { b: 'x' }, c: 'y' })).toEqual([['a.b', 'x'], ['c', 'y']])
  })
})
