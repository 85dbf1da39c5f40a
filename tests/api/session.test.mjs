// session.test.mjs: signing in and out, cookies, CSRF, keys, and what every answer carries.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Caller, start } from './server.mjs'

const [server, shop] = await start('shop')

test('the cookie is for the browser alone', async () => {
  const answer = await server.nobody.post('/session', { email: shop.email, password: shop.password })
  const cookie = answer.headers.get('set-cookie')
  assert.match(cookie, /^parley_session=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/)
  assert.equal(answer.body.person.email, shop.email)
  assert.equal(answer.body.role, 'owner')
  assert.equal(answer.body.workspace.id, shop.workspace_id)
  const { driver, key, host, secret } = answer.body.live
  assert.deepEqual([driver, key, host, secret], ['builtin', shop.pusher.key, new URL(server.url).hostname, undefined])
})

test('an e-mail is known in any case, a password only exactly', async () => {
  await server.signIn(shop.email.toUpperCase(), shop.password)
  const answer = await server.nobody.post('/session', { email: shop.email, password: `${shop.password} ` })
  assert.equal(answer.status, 401)
  assert.equal(answer.body.code, 'wrong_sign_in')
  assert.match(answer.headers.get('content-type'), /^application\/problem\+json/)
  assert.equal(answer.headers.get('set-cookie'), null)
})

test('with a cookie, a change needs the CSRF token', async () => {
  const owner = await server.signIn(shop.email, shop.password)
  await owner.want(200, 'GET', '/session')
  for (const headers of [{ 'x-csrf-token': '' }, { 'x-csrf-token': 'x'.repeat(owner.csrf.length) }]) {
    const answer = await owner.patch('/workspace', { name: 'Stolen' }, { headers })
    assert.equal(answer.status, 403)
    assert.equal(answer.body.code, 'csrf')
  }
  assert.equal((await owner.want(200, 'GET', '/workspace')).name, 'shop')
  await owner.want(200, 'PATCH', '/workspace', { name: 'shop' })
})

test('the token of one session is no good for another', async () => {
  const one = await server.signIn(shop.email, shop.password)
  const other = await server.signIn(shop.email, shop.password)
  const mixed = new Caller(server, { cookie: one.cookie, csrf: other.csrf })
  await mixed.want(403, 'PATCH', '/workspace', { name: 'shop' })
})

test('signed out is out', async () => {
  const owner = await server.signIn(shop.email, shop.password)
  const answer = await owner.delete('/session')
  assert.equal(answer.status, 204)
  assert.match(answer.headers.get('set-cookie'), /^parley_session=; .*Max-Age=0$/)
  await owner.want(401, 'GET', '/session')
})

test('a key needs no CSRF token, and has no session', async () => {
  await shop.caller.want(200, 'PATCH', '/workspace', { name: 'shop' })
  const answer = await shop.caller.get('/session')
  assert.equal(answer.status, 403)
  assert.equal(answer.body.code, 'people_only')
})

test('nobody gets 401 and is told how to sign in', async () => {
  const wrong = [{}, { authorization: 'Bearer pk_wrong' }, { authorization: `Bearer ${shop.api_key}x` },
    { authorization: `Basic ${btoa(`${shop.email}:${shop.password}`)}` }, { cookie: 'parley_session=' }, { cookie: 'parley_session=x' }]
  for (const headers of wrong) {
    const answer = await server.nobody.get('/workspace', { headers })
    assert.equal(answer.status, 401, JSON.stringify(headers))
    assert.match(answer.headers.get('www-authenticate'), /^Bearer/)
    assert.ok(answer.body.next_step)
  }
})

test('a key that was wrong does not fall back to a cookie that is right', async () => {
  const owner = await server.signIn(shop.email, shop.password)
  await owner.want(401, 'GET', '/workspace', undefined, { headers: { authorization: 'Bearer pk_no' } })
})

test('a new password signs out the other sessions', async () => {
  const agent = await server.person(shop, 'agent')
  const elsewhere = await server.signIn(agent.draft.email, agent.draft.password)
  const wrong = await agent.patch('/session', { password: { current: 'not it', new: 'another password' } })
  assert.equal(wrong.status, 422)
  assert.equal(wrong.body.errors[0].field, 'password.current')
  await agent.want(200, 'PATCH', '/session', { password: { current: agent.draft.password, new: 'another password' }, locale: 'id' })
  assert.equal((await agent.want(200, 'GET', '/session')).person.locale, 'id')
  await elsewhere.want(401, 'GET', '/session')
  await server.signIn(agent.draft.email, 'another password')
})

test('every answer has a trace id, ours or the caller\'s', async () => {
  const made = await server.nobody.get('/workspace')
  assert.match(made.headers.get('x-trace-id'), /^[0-9a-f]{32}$/)
  assert.equal(made.body.trace_id, made.headers.get('x-trace-id'))
  const trace = '0123456789abcdef0123456789abcdef'
  const given = await shop.caller.get('/workspace', { headers: { 'x-trace-id': trace } })
  assert.equal(given.headers.get('x-trace-id'), trace)
  const odd = await shop.caller.get('/workspace', { headers: { 'x-trace-id': 'DROP TABLE' } })
  assert.match(odd.headers.get('x-trace-id'), /^[0-9a-f]{32}$/)
})

test('answers are not kept, not framed and not guessed', async () => {
  for (const where of ['/api/v1/workspace', '/', '/openapi.json']) {
    const { headers } = await shop.caller.get(where, { raw: true })
    assert.equal(headers.get('x-content-type-options'), 'nosniff', where)
    assert.match(headers.get('content-security-policy'), /default-src 'self'.*frame-ancestors 'none'/)
    assert.doesNotMatch(headers.get('content-security-policy'), /unsafe/)
    assert.equal(headers.get('referrer-policy'), 'no-referrer')
  }
  assert.equal((await shop.caller.get('/workspace')).headers.get('cache-control'), 'no-store')
})

test('any path of the console is a page, and any of the API that is none is a problem', async () => {
  const page = await server.nobody.get('/conversations/17', { raw: true })
  assert.equal(page.status, 200)
  assert.match(page.headers.get('content-type'), /^text\/html/)
  const missing = await server.nobody.get('/nothing')
  assert.equal(missing.status, 404)
  assert.equal(missing.body.code, 'not_found')
  const wrong = await shop.caller.call('PUT', '/workspace', { body: {} })
  assert.equal(wrong.status, 405)
  assert.equal(wrong.headers.get('allow'), 'GET, PATCH')
  const asset = await server.nobody.get('/assets/nothing.js', { raw: true })
  assert.notEqual(asset.headers.get('content-type'), 'text/javascript; charset=utf-8')
})
