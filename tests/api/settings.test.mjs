// settings.test.mjs: the workspace's own settings, feature switches, maintenance, the profile of a number, and the audit trail as
// one reads and checks it; on each store.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { databaseFor } from '../lib/database.mjs'
import { stores } from '../lib/world.mjs'
import { Server, until } from './server.mjs'

for (const store of stores) describe(store, () => {
  const ended = []
  let database, server, shop, other, owner

  before(async () => {
    database = databaseFor(store)
    server = new Server()
    Object.assign(server.env, database.env)
    shop = server.setup('shop')
    other = server.setup('other')
    owner = shop.caller
    await server.serve()
  })
  after(async () => {
    assert.equal(await server?.stop(), 0, 'the server ends cleanly')
    for (const end of ended) await end()
    database?.drop()
  })

  /** A demo of a test's own, on a database of its own. */
  async function startDemo() {
    const mine = databaseFor(store)
    const demo = new Server()
    Object.assign(demo.env, mine.env)
    await demo.serveDemo()
    ended.push(async () => { await demo.stop(); mine.drop() })
    return demo
  }

  test('a workspace has a time zone, a language and a country', async () => {
    const before = await owner.want(200, 'GET', '/workspace')
    assert.deepEqual([before.time_zone, before.locale, before.country], ['UTC', 'en', ''])
    const after = await owner.want(200, 'PATCH', '/workspace', { name: 'Toko', time_zone: 'Asia/Jakarta', locale: 'id', country: 'ID' })
    assert.deepEqual([after.name, after.time_zone, after.locale, after.country], ['Toko', 'Asia/Jakarta', 'id', 'ID'])
    const wrong = await owner.want(422, 'PATCH', '/workspace', { time_zone: 'Mars/Base', locale: 'xx', country: 'id' })
    assert.deepEqual(wrong.errors.map((one) => one.field).sort(), ['country', 'locale', 'time_zone'])
    assert.equal((await other.caller.want(200, 'GET', '/workspace')).time_zone, 'UTC')
  })

  test('a switch works at once, for its workspace alone, and is in the audit trail', async () => {
    const { data } = await owner.want(200, 'GET', '/features')
    assert.ok(data.every((one) => one.enabled && one.default && one.changed_ms === null && one.description))
    assert.deepEqual(data.map((one) => one.name), ['routing', 'webhooks', 'notices', 'scheduled_messages'])
    const off = await owner.want(200, 'PATCH', '/features/routing', { enabled: false })
    assert.equal(off.enabled, false)
    const states = (await other.caller.want(200, 'GET', '/features')).data
    assert.equal(states.find((one) => one.name === 'routing').enabled, true)
    const [row] = (await owner.want(200, 'GET', '/audit?action=feature.')).data
    assert.deepEqual([row.action, row.detail], ['feature.switch', { feature: 'routing', enabled: false }])
    await owner.want(404, 'PATCH', '/features/teleport', { enabled: true })
    const agent = await server.person(shop, 'agent')
    await agent.want(403, 'PATCH', '/features/routing', { enabled: true })
  })

  test('the audit trail is filtered by who, what, on what and when', async () => {
    const admin = await server.person(shop, 'admin')
    const since = Date.now()
    const channel = await admin.want(201, 'POST', '/channels', { provider: 'cloud', name: 'Filtered', phone_number_id: '106540352242999',
      waba_id: '102290129340398', access_token: 'EAAtest', app_secret: 'app-secret' })
    await owner.want(200, 'PATCH', `/channels/${channel.id}`, { name: 'Renamed' })
    const rows = async (query) => (await owner.want(200, 'GET', `/audit?${query}`)).data.map((row) => row.action)
    assert.deepEqual(await rows(`target_id=${channel.id}`), ['channel.change', 'channel.create'])
    assert.deepEqual(await rows(`target_id=${channel.id}&actor_id=${admin.id}`), ['channel.create'])
    assert.deepEqual(await rows(`actor_id=${admin.id}&action=channel.`), ['channel.create'])
    assert.deepEqual(await rows(`action=channel.&from_ms=${since}&until_ms=${Date.now() + 1}&target_kind=channel`), ['channel.change', 'channel.create'])
    assert.deepEqual(await rows(`until_ms=${since}&target_id=${channel.id}`), [])
    await owner.want(422, 'GET', '/audit?from_ms=yesterday')
  })

  test('the trail as CSV has every row, and nothing that a sheet would run', async () => {
    await owner.want(200, 'PATCH', '/workspace', { name: '=HYPERLINK("http://evil.example")' })
    const all = (await owner.want(200, 'GET', '/audit?limit=100')).data
    const answer = await owner.get('/audit/export')
    assert.equal(answer.status, 200)
    assert.match(answer.headers.get('content-type'), /text\/csv/)
    assert.match(answer.headers.get('content-disposition'), /audit\.csv/)
    const lines = answer.body.trimEnd().split('\r\n')
    assert.equal(lines.length, all.length + 1)
    assert.match(lines[0], /^seq,at_ms,actor_kind/)
    assert.ok(lines[1].includes(all[0].hash))
    await owner.want(200, 'PATCH', '/workspace', { name: 'Toko' })
  })

  test('the chain is checked from its first row to its last, and a changed row is found', async () => {
    const whole = await owner.want(200, 'POST', '/audit/verify')
    assert.equal(whole.ok, true)
    assert.equal(whole.first_broken, null)
    assert.ok(whole.rows_checked > 5)
    const forgery = `UPDATE audit SET reason = 'nothing to see' WHERE workspace_id = ${shop.workspace_id} AND seq = 3`
    const changed = database.url ? spawnSync('psql', [database.url, '-qc', forgery]) : spawnSync('sqlite3', [`${server.env.PARLEY_DATA}/parley.db`, forgery])
    assert.equal(changed.status, 0, String(changed.stderr))
    assert.deepEqual(await owner.want(200, 'POST', '/audit/verify'), { ok: false, rows_checked: 2, first_broken: 3 })
    assert.equal((await other.caller.want(200, 'POST', '/audit/verify')).ok, true)
  })

  test('the whole server is put under maintenance by an owner of its first workspace alone', async () => {
    const refused = await other.caller.want(403, 'PATCH', '/maintenance', { on: true, server: true })
    assert.equal(refused.code, 'server_owner_only')
    await owner.want(200, 'PATCH', '/maintenance', { on: true, server: true, note: 'New disks' })
    const seen = await other.caller.want(200, 'GET', '/maintenance')
    assert.deepEqual([seen.on, seen.server, seen.note], [true, true, 'New disks'])
    await owner.want(200, 'PATCH', '/maintenance', { on: false, server: true })
    assert.equal((await other.caller.want(200, 'GET', '/maintenance')).on, false)
  })

  test('under maintenance messages come in, what is sent is held and says why, and goes in order when it ends', async () => {
    const demo = await startDemo()
    const { data: [conversation] } = await demo.nobody.want(200, 'GET', '/conversations?limit=1', undefined, { headers: { authorization: `Bearer ${demo.demo.api_key}` } })
    const call = (method, where, body) => demo.nobody.want(method === 'POST' ? 202 : 200, method, where, body, { headers: { authorization: `Bearer ${demo.demo.api_key}` } })
    await call('PATCH', '/maintenance', { on: true, note: 'Moving house' })
    const sent = []
    for (let i = 0; i < 5; i++) sent.push(await call('POST', `/conversations/${conversation.id}/messages`, { type: 'text', text: { body: `held ${i}` } }))
    assert.equal(sent[0].status, 'accepted')
    assert.equal(sent[0].status_detail.reason, 'maintenance')
    const phone = conversation.contact.phone.slice(1)
    await fetch(`${demo.demo.sandbox_url}/control/customers/${phone}/messages`, { method: 'POST', headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'text', text: { body: 'are you there?' } }) })
    await until('the customer is heard', async () => (await call('GET', `/conversations/${conversation.id}`)).last_message.text?.body === 'are you there?')
    for (const one of sent) assert.equal((await call('GET', `/messages/${one.id}`)).status, 'accepted')
    const health = await call('GET', '/health')
    assert.ok(health.components.some((one) => one.name === 'maintenance' && one.state === 'degraded'))

    await call('PATCH', '/maintenance', { on: false })
    const done = await until('all are sent', async () => {
      const now = await Promise.all(sent.map((one) => call('GET', `/messages/${one.id}`)))
      return now.every((one) => one.sent_ms) && now
    })
    assert.ok(done.every((one) => one.status_detail === null))
    const times = done.map((one) => one.sent_ms)
    assert.deepEqual(times, [...times].sort((a, b) => a - b), 'in their order')
  })

  test('the business profile of a number is asked of the network, checked, and changed there', async () => {
    const demo = await startDemo()
    const headers = { authorization: `Bearer ${demo.demo.api_key}` }
    const call = (status, method, where, body) => demo.nobody.want(status, method, where, body, { headers })
    const path = `/channels/${demo.demo.channel_id}/profile`
    assert.deepEqual((await call(200, 'GET', path)).websites, [])
    const wrong = await call(422, 'PATCH', path, { about: ' ', email: 'nobody', websites: ['shop.example'], vertical: 'WIZARDRY', description: 'x'.repeat(513) })
    assert.deepEqual(wrong.errors.map((one) => one.field).sort(), ['about', 'description', 'email', 'vertical', 'websites.0'])
    const set = await call(200, 'PATCH', path, { about: 'Open till ten', address: 'Jalan Braga 1', description: 'Batik', email: 'hi@shop.example',
      websites: ['https://shop.example'], vertical: 'RETAIL' })
    assert.deepEqual(set, { about: 'Open till ten', address: 'Jalan Braga 1', description: 'Batik', email: 'hi@shop.example', vertical: 'RETAIL',
      picture_url: null, websites: ['https://shop.example'] })
    const kept = await call(200, 'PATCH', path, { description: '' })
    assert.deepEqual([kept.about, kept.description], ['Open till ten', ''])
    const form = new FormData()
    form.append('file', new Blob([Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')], { type: 'image/png' }), 'logo.png')
    const upload = await fetch(`${demo.url}/api/v1/media`, { method: 'POST', headers, body: form })
    const { id: picture } = await upload.json()
    assert.match((await call(200, 'PATCH', path, { picture_media_id: picture })).picture_url, /^https:/)
    const [row] = (await call(200, 'GET', '/audit?action=channel.profile')).data
    assert.equal(row.detail.picture, true)
  })
})
