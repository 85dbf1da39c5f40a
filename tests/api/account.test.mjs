// account.test.mjs: workspace, people, keys, audit.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Caller, start } from './server.mjs'

const [server, shop] = await start('shop')
const owner = await server.signIn(shop.email, shop.password)

test('all wrong fields of a person are told at once, in their order', async () => {
  const { status, body } = await owner.post('/people', { email: 'nonsense', name: ' ', role: 'king', password: 'short', nickname: 'x' })
  assert.equal(status, 422)
  assert.equal(body.code, 'invalid_input')
  assert.deepEqual(body.errors.map((error) => error.field).toSorted(), ['email', 'name', 'nickname', 'password', 'role'])
  for (const error of body.errors) assert.match(error.message, /^[A-Z].*\.$/)
  const empty = await owner.post('/people', {})
  assert.deepEqual(empty.body.errors.map((error) => error.field), ['email', 'name', 'role', 'password'])
})

test('a body that is no JSON object is 400, and another type 415', async () => {
  for (const body of ['', '{', '[]', '{"name":"a","name":"b"}', '{"name":"\\u0000"}']) {
    const answer = await owner.patch('/workspace', body)
    assert.equal(answer.status, 400, body)
    assert.equal(answer.body.code, 'malformed')
  }
  const answer = await owner.patch('/workspace', 'name=x', { headers: { 'content-type': 'application/x-www-form-urlencoded' } })
  assert.equal(answer.status, 415)
})

test('a person is changed, disabled, and out at that moment', async () => {
  const agent = await server.person(shop, 'agent')
  await agent.want(403, 'PATCH', `/people/${agent.id}`, { role: 'admin' })
  const changed = await owner.want(200, 'PATCH', `/people/${agent.id}`, { role: 'viewer', name: 'Vera' })
  assert.equal(changed.role, 'viewer')
  assert.equal((await agent.want(200, 'GET', '/session')).permissions.includes('message.send'), false)
  await owner.want(200, 'PATCH', `/people/${agent.id}`, { disabled: true })
  await agent.want(401, 'GET', '/session')
  const again = await server.nobody.post('/session', { email: agent.draft.email, password: agent.draft.password })
  assert.equal(again.status, 401)
})

test('the last owner stays, and only an owner makes another', async () => {
  const me = owner.session.person.id
  assert.equal((await owner.want(409, 'PATCH', `/people/${me}`, { disabled: true })).code, 'last_owner')
  assert.equal((await owner.want(409, 'PATCH', `/people/${me}`, { role: 'agent' })).code, 'last_owner')
  const admin = await server.person(shop, 'admin')
  assert.equal((await admin.want(403, 'PATCH', `/people/${admin.id}`, { role: 'owner' })).code, 'owner_only')
  await admin.want(403, 'PATCH', `/people/${me}`, { name: 'Mallory' })
  await owner.want(200, 'PATCH', `/people/${admin.id}`, { role: 'owner' })
})

test('an e-mail is taken once', async () => {
  const body = await owner.want(409, 'POST', '/people', { email: shop.email, name: 'Twin', role: 'agent', password: 'long enough' })
  assert.equal(body.code, 'email_taken')
})

test('a key is shown once, works, and is gone when it is deleted', async () => {
  const made = await owner.want(201, 'POST', '/api-keys', { name: 'CRM', scopes: ['workspace.read', 'message.send'] })
  assert.match(made.key, /^pk_[A-Za-z0-9_-]{32}$/)
  assert.equal(made.prefix, made.key.slice(0, 7))
  const caller = new Caller(server, { key: made.key })
  await caller.want(200, 'GET', '/workspace')
  const list = await owner.want(200, 'GET', '/api-keys')
  assert.doesNotMatch(JSON.stringify(list), new RegExp(made.key.slice(7)))
  const listed = list.data.find((key) => key.id === made.id)
  assert.deepEqual(listed.scopes.toSorted(), ['message.send', 'workspace.read'])
  assert.ok(listed.last_used_ms > 0)
  assert.equal((await owner.delete(`/api-keys/${made.id}`)).status, 204)
  await caller.want(401, 'GET', '/workspace')
  await owner.want(404, 'DELETE', `/api-keys/${made.id}`)
})

test('wrong scopes are told each', async () => {
  const body = await owner.want(422, 'POST', '/api-keys', { name: '', scopes: ['message.send', 'root', 7] })
  assert.deepEqual(body.errors.map((error) => error.field).toSorted(), ['name', 'scopes.1', 'scopes.2'])
  await owner.want(422, 'POST', '/api-keys', { name: 'x', scopes: [] })
  await owner.want(422, 'POST', '/api-keys', { name: 'x', scopes: 'all' })
})

test('a key cannot make a stronger one', async () => {
  const weak = await owner.want(201, 'POST', '/api-keys', { name: 'Keys', scopes: ['key.manage'] })
  const caller = new Caller(server, { key: weak.key })
  assert.equal((await caller.want(403, 'POST', '/api-keys', { name: 'x', scopes: ['message.read'] })).code, 'scope_beyond_own')
})

test('lists go on by cursors that only this server makes', async () => {
  for (let i = 0; i < 4; i++) await owner.want(201, 'POST', '/api-keys', { name: `key ${i}`, scopes: ['message.read'] })
  const seen = []
  let cursor = null
  do {
    const page = await owner.want(200, 'GET', `/api-keys?limit=2${cursor ? `&cursor=${cursor}` : ''}`)
    assert.ok(page.data.length <= 2)
    seen.push(...page.data.map((key) => key.id))
    cursor = page.next_cursor
  } while (cursor)
  const whole = await owner.want(200, 'GET', '/api-keys?limit=100')
  assert.deepEqual(seen, whole.data.map((key) => key.id))

  const first = await owner.want(200, 'GET', '/api-keys?limit=1')
  const tampered = first.next_cursor.slice(0, -1) + (first.next_cursor.endsWith('A') ? 'B' : 'A')
  for (const bad of [tampered, 'x', 'AAAA', `${first.next_cursor}AAAA`]) {
    assert.equal((await owner.want(400, 'GET', `/api-keys?cursor=${bad}`)).code, 'invalid_cursor')
  }
  await owner.want(400, 'GET', `/people?cursor=${first.next_cursor}`)
  for (const limit of ['0', '101', '-1', 'all', '1e9']) await owner.want(422, 'GET', `/api-keys?limit=${limit}`)
})

test('every change is in the audit, with who and where and no secret', async () => {
  const before = (await owner.want(200, 'GET', '/audit?limit=1')).data[0]
  const person = await server.person(shop, 'agent')
  const key = await owner.want(201, 'POST', '/api-keys', { name: 'Audited', scopes: ['message.read'] })
  const channel = await server.channel(shop, '555000111')
  await shop.caller.want(200, 'PATCH', `/channels/${channel.id}`, { access_token: 'EAAnew', reason: 'it expired' })
  assert.equal((await shop.caller.delete(`/channels/${channel.id}?reason=closed`)).status, 204)
  const rows = (await owner.want(200, 'GET', '/audit?limit=50')).data
  const fresh = rows.slice(0, rows.findIndex((row) => row.id === before.id))
  const actions = fresh.map((row) => row.action)
  for (const action of ['person.create', 'session.create', 'api_key.create', 'channel.create', 'channel.change', 'channel.delete']) {
    assert.ok(actions.includes(action), action)
  }
  const made = fresh.find((row) => row.action === 'person.create')
  assert.equal(made.actor.name, owner.session.person.name)
  assert.equal(made.address, '127.0.0.1')
  assert.equal(made.target.id, person.id)
  assert.equal(fresh.find((row) => row.action === 'channel.delete').reason, 'closed')
  assert.equal(fresh.find((row) => row.action === 'channel.change').actor.kind, 'api_key')
  assert.doesNotMatch(JSON.stringify(rows), new RegExp(`EAAnew|EAAtest|app-secret|${key.key.slice(7)}|a fine password`))
  for (const row of rows) assert.match(row.hash, /^[0-9a-f]{64}$/)
})

test('the chain of the audit is whole', () => {
  const done = server.run('audit', 'verify')
  assert.equal(done.status, 0, done.stdout + done.stderr)
})
