// contacts.test.mjs: contacts from a file to a file: filters, import, undo after a kill, merge, block, timeline, export, erasure. On both stores.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { rmSync } from 'node:fs'
import { after, test as run } from 'node:test'
import { Server, until } from './server.mjs'

const stores = process.env.PARLEY_TEST_POSTGRES ? ['sqlite', 'postgres'] : ['sqlite']
const test = (name, work) => { for (const store of stores) run(`${name} (${store})`, { timeout: 180_000 }, () => work(store)) }

/* Node waits for its children, so every server ends with the file, whatever became of its test. */
const servers = []
after(async () => {
  for (const server of servers) {
    await server.stop()
    rmSync(server.folder, { recursive: true, force: true })
  }
})

async function world(store) {
  const server = new Server()
  servers.push(server)
  if (store === 'postgres') {
    const database = `contacts_${randomInt(1e9)}`
    execFileSync('psql', [process.env.PARLEY_TEST_POSTGRES, '-qc', `CREATE DATABASE ${database}`])
    const url = new URL(process.env.PARLEY_TEST_POSTGRES)
    url.pathname = `/${database}`
    server.env.PARLEY_DATABASE_URL = url.toString()
  }
  const { caller } = server.setup(`shop${randomInt(1e6)}`)
  await server.serve()
  return { server, api: caller }
}

async function upload(api, text, name = 'people.csv') {
  const answer = await fetch(`${api.server.url}/api/v1/contact-imports?file_name=${name}`, {
    method: 'POST', headers: { authorization: `Bearer ${api.key}`, 'content-type': 'text/csv' }, body: text,
  })
  assert.equal(answer.status, 201, await answer.clone().text())
  return answer.json()
}

const settled = (api, id, ...states) => until(`import ${states}`, async () => {
  const now = (await api.get(`/contact-imports/${id}`)).body
  assert.ok(now.state !== 'failed', now.error)
  return states.includes(now.state) && now
}, 120_000)
const names = async (api, query) => (await api.want(200, 'GET', `/contacts?${query}`)).data.map((one) => one.name).sort()

test('a file is looked at, tried, brought in and undone', async (store) => {
  const { server, api } = await world(store)
  await api.want(201, 'POST', '/contact-attributes', { key: 'city', title: 'City', type: 'text' })
  await api.want(201, 'POST', '/contact-attributes', { key: 'since', title: 'Since', type: 'date' })
  const known = await api.want(201, 'POST', '/contacts', { phone: '+1 202 555 0142', name: 'Ana', attributes: { city: 'Oslo' } })
  assert.equal((await api.call('POST', '/contacts', { body: { phone: '12025550142' } })).body.code, 'contact_exists')

  const file = 'Telefon;Vorname;Nachname;City;Since;Tags\n'
    + '+12025550142;Ana;Lind;Bergen;;vip\n' // known: changed
    + '+12025550143;=SUM(A1);;Rome;21.11.2026;vip|new\n' // made
    + 'no number;Bo;;;;\n' // wrong
    + '+12025550144;Cy;;;31.02.2026;\n' // wrong date
  const made = await upload(api, Buffer.from(file, 'latin1'))
  assert.deepEqual(made.shape.columns.map((one) => one.guess), ['phone', 'name', 'name', 'attribute:city', 'attribute:since', 'labels'])
  assert.equal(made.shape.delimiter, ';')
  assert.equal(made.rows_total, 4)
  const plan = { columns: made.shape.columns.map((one) => one.guess), existing: 'update' }
  assert.equal((await api.call('POST', `/contact-imports/${made.id}/check`, { body: { columns: ['name', '', '', '', '', ''] } })).status, 422)

  await api.want(202, 'POST', `/contact-imports/${made.id}/check`, plan)
  const checked = await settled(api, made.id, 'checked')
  assert.deepEqual([checked.made, checked.changed, checked.skipped, checked.wrong], [1, 1, 0, 2])
  assert.deepEqual(await names(api, ''), ['Ana'])
  const { data: problems } = await api.want(200, 'GET', `/contact-imports/${made.id}/problems`)
  assert.deepEqual(problems.map((one) => [one.row, one.column, one.code]), [[4, 'Telefon', 'invalid_phone'], [5, 'Since', 'invalid_value']])

  await api.want(202, 'POST', `/contact-imports/${made.id}/run`, plan)
  const done = await settled(api, made.id, 'done')
  assert.deepEqual([done.made, done.changed, done.wrong], [1, 1, 2])
  assert.deepEqual(await names(api, ''), ['=SUM(A1)', 'Ana Lind'])
  assert.deepEqual(await names(api, 'attribute=city&value=bergen'), ['Ana Lind'])
  assert.deepEqual(await names(api, 'query=vip'), ['=SUM(A1)', 'Ana Lind'])
  const csv = await api.want(200, 'GET', '/contacts.csv?sort=name')
  assert.match(csv, /"'=SUM\(A1\)","'\+12025550143"/)
  assert.match(await api.want(200, 'GET', `/contact-imports/${made.id}/problems?csv=true`), /"4","Telefon","Not a phone number/)

  await api.want(202, 'POST', `/contact-imports/${made.id}/undo`)
  const undone = await settled(api, made.id, 'undone')
  assert.deepEqual([undone.undone, undone.kept], [2, 0])
  assert.deepEqual(await names(api, ''), ['Ana'])
  const back = await api.want(200, 'GET', `/contacts/${known.id}`)
  assert.deepEqual([back.name, back.attributes.city, back.labels.length], ['Ana', 'Oslo', 0])
  assert.deepEqual(await names(api, 'query=bergen'), [])
  await server.stop?.()
})

test('numbers without a country code are read as the workspace dials them', async (store) => {
  const { server, api } = await world(store)
  const channel = await server.channel({ caller: api })
  assert.equal((await api.post('/contacts', { phone: '0812 3456 7890' })).body.errors[0].code, 'invalid_phone')
  await api.want(200, 'PATCH', '/workspace', { country: 'ID' })
  assert.equal((await api.want(201, 'POST', '/contacts', { phone: '0812 3456 7890' })).phone, '+6281234567890')
  const made = await upload(api, 'phone,name\n0812-3456-7891,Wati\n+12025550142,Ana\n')
  await api.want(202, 'POST', `/contact-imports/${made.id}/run`, { columns: ['phone', 'name'] })
  await settled(api, made.id, 'done')
  assert.deepEqual((await api.want(200, 'GET', '/contacts?query=0812-3456-7891')).data.map((one) => one.phone), ['+6281234567891'])
  assert.deepEqual(await names(api, 'query=12025550142'), ['Ana'])
  const sent = await api.want(202, 'POST', '/messages', { to: '0812 3456 7892', channel_id: channel.id, type: 'template', template: { name: 'hello', language: { code: 'id' } } })
  assert.equal((await api.want(200, 'GET', `/conversations/${sent.conversation_id}`)).contact.phone, '+6281234567892')
  await api.want(200, 'PATCH', '/workspace', { country: 'DE' })
  assert.equal((await api.want(201, 'POST', '/contacts', { phone: '0151 23456789' })).phone, '+4915123456789')
})

test('what somebody changed after an import is kept when it is undone', async (store) => {
  const { api } = await world(store)
  const made = await upload(api, 'phone,name\n+12025550151,One\n+12025550152,Two\n')
  await api.want(202, 'POST', `/contact-imports/${made.id}/run`, { columns: ['phone', 'name'] })
  await settled(api, made.id, 'done')
  const [two] = (await api.want(200, 'GET', '/contacts?query=two')).data
  await api.want(200, 'PATCH', `/contacts/${two.id}`, { name: 'Two changed' })
  await api.want(202, 'POST', `/contact-imports/${made.id}/undo`)
  const undone = await settled(api, made.id, 'undone')
  assert.deepEqual([undone.undone, undone.kept], [1, 1])
  assert.deepEqual(await names(api, ''), ['Two changed'])
})

test('an import goes on after a kill, and makes nothing twice', async (store) => {
  const { server, api } = await world(store)
  const rows = Number(process.env.PARLEY_IMPORT_ROWS ?? 3000) // 100000 with a release build
  const file = 'phone,name\n' + Array.from({ length: rows }, (_, i) => `+49151${20000000 + i},Person ${i}`).join('\n')
  const made = await upload(api, file)
  await api.want(202, 'POST', `/contact-imports/${made.id}/run`, { columns: ['phone', 'name'] })
  await until('some rows', async () => {
    const now = (await api.get(`/contact-imports/${made.id}`)).body
    return now.rows_done > 0
  })
  const gone = new Promise((ended) => server.process.once('exit', ended))
  server.process.isEnding = true
  server.process.kill('SIGKILL')
  await gone
  await server.serve()
  const done = await settled(api, made.id, 'done')
  assert.deepEqual([done.rows_done, done.made, done.changed, done.wrong], [rows, rows, 0, 0])
  const csv = await api.want(200, 'GET', '/contacts.csv')
  assert.equal(csv.trim().split('\n').length, rows + 1)
  const wanted = await api.want(202, 'POST', '/contact-exports?query=person')
  const file2 = await until('the file', async () => {
    const now = (await api.get(`/contact-exports/${wanted.id}`)).body
    return now.state === 'done' && now
  })
  assert.equal(file2.rows_done, rows)
  assert.equal((await api.want(200, 'GET', `/contact-exports/${wanted.id}/file`)).trim().split('\n').length, rows + 1)
})

test('attributes are typed, and wrong values are named', async (store) => {
  const { api } = await world(store)
  await api.want(201, 'POST', '/contact-attributes', { key: 'tier', title: 'Tier', type: 'list', options: ['Gold', 'Silver'] })
  await api.want(201, 'POST', '/contact-attributes', { key: 'points', title: 'Points', type: 'number' })
  await api.want(201, 'POST', '/contact-attributes', { key: 'vip', title: 'VIP', type: 'boolean' })
  assert.equal((await api.post('/contact-attributes', { key: 'tier', title: 'Again', type: 'text' })).status, 422)
  const wrong = await api.post('/contacts', { phone: '+12025550161', attributes: { tier: 'Bronze', points: 'many', nothing: 1 } })
  assert.deepEqual(wrong.body.errors.map((one) => one.field).sort(), ['attributes.nothing', 'attributes.points', 'attributes.tier'])
  assert.deepEqual(await names(api, ''), [])
  const made = await api.want(201, 'POST', '/contacts', { phone: '+12025550161', attributes: { tier: 'gold', points: 12.5, vip: true } })
  assert.deepEqual(made.attributes, { tier: 'Gold', points: 12.5, vip: true })
  const changed = await api.want(200, 'PATCH', `/contacts/${made.id}`, { attributes: { points: null } })
  assert.deepEqual(changed.attributes, { tier: 'Gold', vip: true })
  assert.equal((await api.want(200, 'GET', '/contacts?attribute=tier&value=GOLD')).data.length, 1)
  assert.equal((await api.want(200, 'GET', '/contacts?attribute=vip&value=no')).data.length, 0)
})

test('two become one with what was chosen, and part again', async (store) => {
  const { api } = await world(store)
  const a = await api.want(201, 'POST', '/contacts', { phone: '+12025550171', name: 'Kim Larsen' })
  const b = await api.want(201, 'POST', '/contacts', { phone: '+4512345678', name: 'kim larsen' })
  const { data: doubles } = await api.want(200, 'GET', `/contacts/${a.id}/doubles`)
  assert.deepEqual(doubles.map((one) => [one.reason, one.contact.id]), [['name', b.id]])
  assert.equal((await api.want(200, 'GET', '/contact-doubles?by=name')).data[0].contacts.length, 2)
  await api.want(201, 'POST', `/contacts/${b.id}/notes`, { body: 'likes tea' })
  const merged = await api.want(200, 'POST', `/contacts/${a.id}/merge`, { with: b.id, name: true })
  assert.equal(merged.contact.name, 'kim larsen')
  assert.equal(merged.contact.aliases.length, 2)
  assert.equal((await api.want(200, 'GET', `/contacts/${a.id}/notes`)).data[0].body, 'likes tea')
  await api.want(200, 'POST', `/contact-merges/${merged.merge_id}/undo`)
  assert.equal((await api.post(`/contact-merges/${merged.merge_id}/undo`)).status, 409)
  assert.deepEqual((await api.want(200, 'GET', `/contacts/${a.id}`)).name, 'Kim Larsen')
  assert.deepEqual((await api.want(200, 'GET', `/contacts/${b.id}`)).name, 'kim larsen')
})

test('wishes, notes and erasure leave their trail', async (store) => {
  const { api } = await world(store)
  const made = await api.want(201, 'POST', '/contacts', { phone: '+12025550181', name: 'Ana Private' })
  const out = await api.want(200, 'POST', `/contacts/${made.id}/consent`, { state: 'opted_out', source: 'told us on the phone' })
  assert.ok(out.opted_out_ms)
  await api.want(200, 'POST', `/contacts/${made.id}/consent`, { state: 'opted_in', source: 'form' })
  assert.deepEqual((await api.want(200, 'GET', `/contacts/${made.id}/consent`)).data.map((one) => one.state), ['opted_in', 'opted_out'])
  const note = await api.want(201, 'POST', `/contacts/${made.id}/notes`, { body: 'a' })
  assert.ok((await api.want(200, 'PATCH', `/contacts/${made.id}/notes/${note.id}`, { body: 'b' })).edited_ms)
  const { data: timeline } = await api.want(200, 'GET', `/contacts/${made.id}/timeline`)
  assert.deepEqual(timeline.map((one) => one.kind), ['note', 'consent', 'consent'])
  const blocked = await api.want(200, 'POST', `/contacts/${made.id}/block`, { reason: 'spam' })
  assert.ok(blocked.blocked_ms)
  assert.equal((await api.want(200, 'GET', '/contacts?blocked=true')).data.length, 1)
  assert.equal((await api.want(200, 'DELETE', `/contacts/${made.id}/block`)).blocked_ms, null)
  const whole = await api.want(200, 'GET', `/contacts/${made.id}/export`)
  assert.equal(whole.notes[0].body, 'b')
  await api.want(204, 'DELETE', `/contacts/${made.id}?reason=asked`)
  assert.equal((await api.get(`/contacts/${made.id}`)).status, 404)
  assert.deepEqual(await names(api, 'query=private'), [])
  const { data: audit } = await api.want(200, 'GET', '/audit')
  assert.deepEqual(audit.filter((row) => row.target.id === made.id).map((row) => row.action),
    ['contact.erase', 'contact.unblock', 'contact.block', 'contact.opt_in', 'contact.opt_out', 'contact.update', 'contact.create'])
})
