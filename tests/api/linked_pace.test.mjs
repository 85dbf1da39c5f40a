// linked_pace.test.mjs: what stops a linked number, and lets it go on: its owner on the phone, a ban, a notice that nobody accepted;
// and that the console hears of it. Over the sandbox's network; the quiet after the owner's deeds is shortened by its settings.
import assert from 'node:assert/strict'
import { after, before, describe, test as run } from 'node:test'
import Pusher from 'pusher-js'
import { startDemo, until } from '../lib/parley.mjs'
import { Caller } from './server.mjs'

const test = (name, work) => run(name, { timeout: 180_000 }, work)
const WAIT = 60_000
const PHONE = '6281200000031'
const CUSTOMERS = Array.from({ length: 10 }, (_, i) => `49151000001${String(i).padStart(2, '0')}`)
const QUIET_MIN_S = 4
const BAN_S = 6

describe('the pace of a linked number', () => {
  let demo, api, number, pusher
  const told = []

  const pace = () => api.want(200, 'GET', `/channels/${number.id}/pace`)
  const phoneWrites = (phone, to, body) => demo.control('POST', `/linked/phones/${phone}/messages`, { to, type: 'text', text: { body } })
  const statusOf = async (id) => (await api.want(200, 'GET', `/messages/${id}`)).status
  const isOut = (status) => ['sent', 'delivered', 'read'].includes(status)
  const out = async (list) => (await Promise.all(list.map((one) => statusOf(one.id)))).filter(isOut).length
  const say = (to, body) => api.want(202, 'POST', '/messages', { channel_id: number.id, to: `+${to}`, type: 'text', text: { body } })
  const state = async () => (await api.want(200, 'GET', `/linked-numbers/${number.id}`)).state
  const device = async () => (await demo.control('GET', '/linked')).devices.find((one) => one.phone === PHONE && one.device > 0).device
  const noRest = (body) => demo.control('POST', '/linked/faults', body)

  before(async () => {
    demo = await startDemo({ env: { PARLEY_LINKED_QUIET_MIN_S: String(QUIET_MIN_S), PARLEY_LINKED_QUIET_MAX_S: '6' } })
    api = new Caller(demo, { key: demo.api_key })
    for (const phone of [PHONE, ...CUSTOMERS]) await demo.control('POST', '/linked/phones', { phone, name: `N${phone.slice(-2)}` })
    number = await api.want(201, 'POST', '/linked-numbers', { name: 'Front desk' })
    const { notice } = await api.want(200, 'GET', '/linked-numbers')
    await api.want(202, 'POST', `/linked-numbers/${number.id}/pair`, { consent: notice.version })
    const qr = await until(async () => (await api.want(200, 'GET', `/linked-numbers/${number.id}/pairing`)).qr, 'a QR code', WAIT)
    await demo.control('POST', '/linked/scan', { qr: qr.text, phone: PHONE })
    await until(async () => await state() === 'connected', 'the connection', WAIT)
    const { host, port } = new URL(demo.url.replace('http', 'ws'))
    pusher = new Pusher(demo.pusher.key, { wsHost: host.split(':')[0], wsPort: Number(port), forceTLS: false, enabledTransports: ['ws'], cluster: 'x',
      authEndpoint: `${demo.url}/broadcasting/auth`, auth: { headers: { Authorization: `Bearer ${demo.api_key}` } } })
    const channel = pusher.subscribe(`private-workspace-${demo.workspace_id}`)
    channel.bind('pace.updated', ({ pace: one }) => told.push(one))
    await new Promise((done, failed) => { channel.bind('pusher:subscription_succeeded', done); channel.bind('pusher:subscription_error', failed) })
    for (const phone of CUSTOMERS) await phoneWrites(phone, PHONE, 'Hello')
    await until(async () => (await api.want(200, 'GET', '/conversations?limit=50')).data.length >= CUSTOMERS.length, 'ten chats', WAIT)
  })
  after(async () => { pusher?.disconnect(); await demo?.remove() })

  test('what is chosen is heard by all who look at it', async () => {
    await api.want(200, 'PATCH', `/channels/${number.id}/pace`, { tier: 'fast', reason: 'The test must go on.' })
    await until(() => told.some((one) => one.channel_id === number.id && one.tier === 'fast'), 'pace.updated', WAIT)
    await api.want(200, 'POST', `/channels/${number.id}/pace/pause`)
    await until(() => told.some((one) => one.pause?.code === 'person'), 'the pause', WAIT)
    await api.want(200, 'POST', `/channels/${number.id}/pace/resume`)
    await until(() => told.at(-1).pause === null, 'the end of the pause', WAIT)
  })

  test('R190: while the owner does something on the phone nothing more goes; it goes on after a time of quiet', async () => {
    const list = []
    for (const phone of CUSTOMERS) list.push(await say(phone, `Your order, ${phone}`))
    await until(async () => await out(list) >= 1, 'the first messages', WAIT)
    await phoneWrites(PHONE, CUSTOMERS[0], 'I take this one myself')
    const seen = await until(async () => { const p = await pace(); return p.owner_quiet_until_ms && p }, 'the quiet', 1000)
    await until(() => told.some((one) => one.owner_quiet_until_ms), 'that it is told', WAIT)
    await new Promise((done) => setTimeout(done, 300)) // what was under way lands
    const before = await out(list)
    assert.ok(before < list.length, 'there must be something to hold up')
    while (Date.now() < seen.owner_quiet_until_ms - 500) {
      assert.equal(await out(list), before, 'it is quiet')
      await new Promise((done) => setTimeout(done, 200))
    }
    await until(async () => await out(list) === list.length, 'the rest', WAIT)
  })

  test('many numbers get limits by one call, each with its answer', async () => {
    const { results } = await api.want(200, 'POST', '/linked-numbers/bulk', { action: 'pace', ids: [number.id, '1'], tier: 'fast', limits: { hour: 450, new_contacts: 7 }, reason: 'All of them.' })
    assert.deepEqual(results.map((one) => [one.id, one.ok]), [[number.id, true], ['1', false]])
    assert.deepEqual((await pace()).limits.map((l) => l.override), [null, 450, null, 7])
    const none = await api.want(422, 'POST', '/linked-numbers/bulk', { action: 'pace', ids: [number.id] })
    assert.equal(none.errors[0].field, 'tier')
    const wrong = await api.want(200, 'POST', '/linked-numbers/bulk', { action: 'pace', ids: [number.id], tier: 'reckless' })
    assert.match(wrong.results[0].detail, /One of careful/)
  })

  test('used limits are told as they are used', async () => {
    assert.ok(told.some((one) => one.limits.find((l) => l.name === 'hour').used >= 5), JSON.stringify(told.at(-1)?.limits))
  })

  test('a ban for a while: the number is banned, nothing goes, people are told, and when it is over all goes on', async () => {
    await noRest({ failure_reason: 402, failure_expire_s: BAN_S })
    await demo.control('POST', `/linked/devices/${PHONE}/${await device()}`, { action: 'cut' })
    await until(async () => await state() === 'banned', 'the ban', WAIT)
    await noRest({})
    const held = await until(async () => { const p = await pace(); return p.pause?.code === 'banned' && p }, 'the pause', WAIT)
    assert.ok(held.pause.until_ms - Date.now() > 0 && held.pause.until_ms - Date.now() <= BAN_S * 1000)
    assert.deepEqual([held.restriction, held.risk.score], ['temporary_ban', 100])
    await until(() => told.some((one) => one.pause?.code === 'banned'), 'that it is told', WAIT)
    const { notices } = await api.want(200, 'GET', '/health')
    assert.ok(notices.some((n) => n.severity === 'critical' && n.channel_id === number.id && /banned/.test(n.sentence)), JSON.stringify(notices))
    const [row] = (await api.want(200, 'GET', '/audit?action=linked.banned')).data
    assert.equal(row.detail.reason, 'temporary_ban')
    const waiting = await say(CUSTOMERS[1], 'When the ban is over')
    assert.equal(await statusOf(waiting.id), 'accepted')
    await until(async () => await state() === 'connected', 'the connection after the ban', WAIT)
    await until(async () => isOut(await statusOf(waiting.id)), 'what waited', WAIT)
    assert.equal((await pace()).pause, null)
  })

  test('a ban for good logs the number out, and its pace stays paused', async () => {
    await noRest({ failure_reason: 406 })
    await demo.control('POST', `/linked/devices/${PHONE}/${await device()}`, { action: 'cut' })
    await until(async () => await state() === 'banned', 'the ban', WAIT)
    await noRest({})
    const held = await until(async () => { const p = await pace(); return p.pause?.code === 'banned' && p }, 'the pause', WAIT)
    assert.equal(held.pause.until_ms, null)
    assert.equal((await api.want(200, 'GET', `/linked-numbers/${number.id}`)).paired, false)
  })

  test('many numbers are paired anew by one call', async () => {
    const { results } = await api.want(200, 'POST', '/linked-numbers/bulk', { action: 'repair', ids: [number.id, '1'] })
    assert.equal(results[1].ok, false)
    assert.ok(results[0].ok || /Too many pairings/.test(results[0].detail), JSON.stringify(results))
  })

  test('R286: neither a scan nor brought keys pair a number before the notice is accepted, and the version is kept', async () => {
    const bare = await api.want(201, 'POST', '/linked-numbers', { name: 'Nobody read it' })
    for (const [word, body] of [['pair', {}], ['repair', {}], ['import', { passphrase: 'a passphrase that is long', file: 'AAAA' }]]) {
      const refused = await api.post(`/linked-numbers/${bare.id}/${word}`, body)
      assert.deepEqual([refused.status, refused.body.code], [422, 'consent_needed'], `${word}: ${JSON.stringify(refused.body)}`)
    }
    const { notice } = await api.want(200, 'GET', '/linked-numbers')
    const [row] = (await api.want(200, 'GET', '/audit?action=linked.consent')).data
    assert.equal(row.detail.version, notice.version)
  })
})
