// graph.test.mjs: the Graph-shaped API from outside: its refusals are Meta's, its limits are ours, and what it takes reaches
// the network as it was.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { startDemo, until } from '../lib/parley.mjs'
import { start } from './server.mjs'

const data = path.resolve(import.meta.dirname, '../data')
const [server, shop, other] = await start('shop', 'other')
const channel = await server.channel(shop)
const { phone_number_id: number, waba_id: account } = channel

/** {status, headers, body} of a call to /graph/v20.0. */
async function graph(method, where, body, { key = shop.api_key, headers = {}, base = '/graph/v20.0' } = {}) {
  const answer = await fetch(`${server.url}${base}/${where}`, { method, headers: { ...(key ? { authorization: `Bearer ${key}` } : {}),
    ...(body === undefined || body instanceof FormData ? {} : { 'content-type': 'application/json' }), ...headers },
  body: body === undefined || typeof body === 'string' || body instanceof FormData ? body : JSON.stringify(body) })
  const text = await answer.text()
  let parsed
  try { parsed = JSON.parse(text) } catch { parsed = text }
  return { status: answer.status, headers: answer.headers, body: parsed }
}

function isMetas({ body, status }, code, subcode) {
  assert.equal(body.error?.code, code, JSON.stringify(body))
  assert.equal(body.error.error_subcode, subcode)
  assert.match(body.error.type, /Exception$/)
  assert.ok(body.error.message.length > 5)
  assert.match(body.error.fbtrace_id, /^[0-9a-f]{32}$/)
  return status
}

const text = (to, body = 'hello', more = {}) => ({ messaging_product: 'whatsapp', to, type: 'text', text: { body }, ...more })
const send = (body, options) => graph('POST', `${number}/messages`, body, options)

test('tokens, versions and addresses', async () => {
  assert.equal(isMetas(await graph('GET', number, undefined, { key: null }), 104), 401)
  assert.equal(isMetas(await graph('GET', number, undefined, { key: 'pk_nobody' }), 190), 401)
  assert.equal((await graph('GET', `${number}?access_token=${shop.api_key}`, undefined, { key: null })).body.id, number)
  assert.equal((await graph('GET', number, undefined, { key: null, headers: { authorization: `OAuth ${shop.api_key}` } })).body.id, number)
  for (const base of ['/graph/v13.0', '/graph/v30.0', '/graph/v24', '/graph', '/v18.0']) assert.equal((await graph('GET', number, undefined, { base })).body.id, number, base)
  assert.equal(isMetas(await graph('GET', number, undefined, { base: '/graph/v12.0' }), 2635), 400)
  assert.equal(isMetas(await graph('GET', number, undefined, { base: '/graph/v31.0' }), 2635), 400)
  assert.equal(isMetas(await graph('POST', `${number}/nothing/of/this`, {}), 2500), 400)
  assert.equal(isMetas(await graph('GET', '1234567890'), 100, 33), 400)
  assert.equal(isMetas(await graph('GET', `${number}/message_templates`), 100, 33), 400)
})

test('another workspace knows none of it', async () => {
  const mine = await graph('POST', `${number}/media`, form())
  for (const [method, where] of [['GET', number], ['GET', account], ['GET', channel.id], ['POST', `${number}/messages`], ['GET', `${account}/phone_numbers`],
    ['GET', `${account}/message_templates`], ['GET', mine.body.id], ['GET', `${mine.body.id}/content`], ['DELETE', mine.body.id], ['POST', `${account}/subscribed_apps`]])
    isMetas(await graph(method, where, method === 'POST' ? {} : undefined, { key: other.api_key }), 100, 33)
})

function form() {
  const made = new FormData()
  made.set('messaging_product', 'whatsapp')
  made.set('file', new Blob(['a note'], { type: 'text/plain' }), 'note.txt')
  return made
}

test('a key has its scopes and its channels', async () => {
  const { key } = await shop.caller.want(201, 'POST', '/api-keys', { name: 'reads', scopes: ['channel.read', 'conversation.read', 'message.read'] })
  assert.equal((await graph('GET', number, undefined, { key })).status, 200)
  assert.equal(isMetas(await send(text('+12025550101'), { key }), 10), 403)
  assert.match((await send(text('+12025550101'), { key })).body.error.error_data.details, /message\.send/)
  const file = await graph('POST', `${number}/media`, form())
  assert.equal(isMetas(await graph('GET', file.body.id, undefined, { key }), 10), 403)
  const second = await server.channel(shop, '206540352242922')
  const { key: limited } = await shop.caller.want(201, 'POST', '/api-keys', { name: 'one number', scopes: ['channel.read', 'message.send'], channels: [second.id] })
  assert.equal((await graph('GET', second.phone_number_id, undefined, { key: limited })).status, 200)
  assert.equal(isMetas(await graph('GET', number, undefined, { key: limited }), 100, 33), 400)
  assert.equal(isMetas(await send(text('+12025550101'), { key: limited }), 100, 33), 400)
  assert.deepEqual((await graph('GET', `${account}/phone_numbers`, undefined, { key: limited })).body.data.map((one) => one.id), [second.phone_number_id])
})

test('what is wrong with a message, in Meta\'s words', async () => {
  await server.receive(shop, channel, 'hello', '12025550101')
  assert.equal(isMetas(await send(text('+12025550999')), 131047), 400)
  assert.equal(isMetas(await send({ to: '+12025550101' }), 100), 400)
  assert.match((await send({ to: '+12025550101' })).body.error.message, /messaging_product is required/)
  isMetas(await send({ messaging_product: 'whatsapp', to: '+12025550101', type: 'carrier_pigeon' }), 100)
  isMetas(await send({ messaging_product: 'whatsapp', to: '+12025550101', type: 'text' }), 100)
  isMetas(await send({ messaging_product: 'whatsapp', type: 'text', text: { body: 'x' } }), 100)
  isMetas(await send(text('not a number')), 100)
  isMetas(await send(text('+12025550101', 'x'.repeat(4097))), 131009)
  isMetas(await send(text('+12025550101', '')), 131008)
  isMetas(await send(text('+12025550101', 'x', { context: { message_id: 'wamid.HBgL' } })), 131009)
  isMetas(await send(text('+12025550101', 'x', { biz_opaque_callback_data: 'x'.repeat(513) })), 131009)
  isMetas(await send({ messaging_product: 'whatsapp', to: '+12025550101', type: 'image', image: { id: '1234567' } }), 100)
  isMetas(await send({ messaging_product: 'whatsapp', status: 'read', message_id: 'wamid.HBgL' }), 131009)
  const file = await graph('POST', `${number}/media`, form())
  isMetas(await send({ messaging_product: 'whatsapp', to: '+12025550101', type: 'image', image: { id: file.body.id } }), 131053)
  await graph('DELETE', file.body.id)
  isMetas(await send({ messaging_product: 'whatsapp', to: '+12025550101', type: 'document', document: { id: file.body.id } }), 100)
  await shop.caller.want(201, 'POST', '/templates', { channel_id: channel.id, name: 'order_ready', language: 'en_US', category: 'UTILITY', components: [{ type: 'BODY', text: 'Your order is ready.' }] })
  assert.equal(isMetas(await send({ messaging_product: 'whatsapp', to: '+12025550101', type: 'template', template: { name: 'order_ready', language: { code: 'en_US' } } }), 132001), 404)
  await shop.caller.want(200, 'PATCH', `/channels/${channel.id}`, { disabled: true })
  isMetas(await send(text('+12025550101')), 133010)
  await shop.caller.want(200, 'PATCH', `/channels/${channel.id}`, { disabled: false })
})

test('the same key sends once; callback data is no key', async () => {
  const once = { headers: { 'idempotency-key': 'order-17' } }
  const [first, second] = [await send(text('+12025550101', 'once'), once), await send(text('+12025550101', 'once'), once)]
  assert.equal(first.status, 200)
  assert.equal(first.body.messages[0].id, second.body.messages[0].id)
  isMetas(await send(text('+12025550101', 'another'), once), 100)
  const a = await send(text('+12025550101', 'twice', { biz_opaque_callback_data: 'campaign' })), b = await send(text('+12025550101', 'twice', { biz_opaque_callback_data: 'campaign' }))
  assert.notEqual(a.body.messages[0].id, b.body.messages[0].id)
})

test('maintenance takes messages and holds them', async () => {
  await shop.caller.want(200, 'PATCH', '/maintenance', { on: true })
  const { status, body } = await send(text('+12025550101', 'later'))
  assert.equal(status, 200, JSON.stringify(body))
  await shop.caller.want(200, 'PATCH', '/maintenance', { on: false })
})

test('no body breaks it: Meta-shaped 400 for all that is no request', async () => {
  const folder = path.join(data, 'json-bad')
  for (const name of readdirSync(folder)) {
    const bad = readFileSync(path.join(folder, name))
    const answer = await fetch(`${server.url}/graph/v20.0/${number}/messages`, { method: 'POST', body: bad, headers: { authorization: `Bearer ${shop.api_key}`, 'content-type': 'application/json' } })
    assert.equal(answer.status, 400, name)
    assert.equal((await answer.json()).error.code, 100, name)
  }
  for (const body of ['', '[]', 'null', '{"messaging_product":', '"x"', '{"a":1,"a":2}', `${'['.repeat(100)}${']'.repeat(100)}`, `{"messaging_product":"whatsapp","to":"${'9'.repeat(100000)}","type":"text","text":{"body":"x"}}`,
    JSON.stringify(text('+12025550101', 'x'.repeat(1_000_000))), JSON.stringify({ ...text('+12025550101'), type: 'x'.repeat(10000) }),
    JSON.stringify({ messaging_product: 'whatsapp', to: {}, type: [], text: 7 }), JSON.stringify({ messaging_product: 'whatsapp', to: '+12025550101', type: 'interactive', interactive: 'no' }),
    JSON.stringify({ messaging_product: 'whatsapp', to: '+12025550101', type: 'contacts', contacts: [null, 1, {}] })]) {
    const { status, body: answer } = await send(body)
    assert.equal(status, 400, body.slice(0, 80))
    assert.ok(answer.error.code >= 100, body.slice(0, 80))
  }
  for (const [method, where, body] of [['POST', `${account}/message_templates`, '{"name":1}'], ['POST', `${number}/block_users`, '{"block_users":{}}'], ['POST', `${number}/whatsapp_business_profile`, '[]'],
    ['POST', `${account}/subscribed_apps`, '{"override_callback_uri":7}'], ['POST', `app/uploads`, '{}'], ['POST', 'upload:%%%', 'x'], ['POST', `${number}/media`, '{}'], ['GET', `${account}/message_templates?limit=x`, undefined],
    ['GET', `${account}/message_templates?after=nonsense`, undefined], ['GET', `${'9'.repeat(3000)}`, undefined], ['POST', `${number}/messages?x=${'%41'.repeat(500)}`, '{}']]) {
    const answer = await graph(method, where, body)
    assert.equal(answer.status, 400, `${method} ${where.slice(0, 60)}: ${JSON.stringify(answer.body)}`)
    assert.ok(where.startsWith('upload:%') || answer.body.error.code > 0)
  }
})

// ---- over the sandbox ----

let demo
before(async () => { demo = await startDemo({ env: { PARLEY_ALLOW_PRIVATE_CALLS: 'true' } }) })
after(() => demo?.remove())

test('templates: list by pages, make with a picture from a resumable upload, edit, delete', async () => {
  const call = async (method, where, body, headers = {}) => {
    const answer = await fetch(where.startsWith('http') ? where : `${demo.url}/graph/v22.0/${where}`, { method, body, headers: { authorization: `Bearer ${demo.api_key}`, ...headers } })
    return { status: answer.status, body: await answer.json() }
  }
  const json = (value) => [JSON.stringify(value), { 'content-type': 'application/json' }]
  const { data: [{ waba_id: waba }] } = await demo.api('GET', '/channels')
  const first = await call('GET', `${waba}/message_templates?limit=1&fields=name,status`)
  assert.equal(first.body.data.length, 1)
  assert.deepEqual(Object.keys(first.body.data[0]).toSorted(), ['id', 'name', 'status'])
  const names = [first.body.data[0].name]
  let next = first.body.paging.next
  while (next) {
    const page = await call('GET', next)
    names.push(...page.body.data.map((one) => one.name))
    next = page.body.paging.next
  }
  const whole = await call('GET', `${waba}/message_templates?limit=100`)
  assert.deepEqual(names, whole.body.data.map((one) => one.name))

  const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==', 'base64')
  const session = await call('POST', `app/uploads?file_name=a.png&file_length=${picture.length}&file_type=image%2Fpng`)
  assert.match(session.body.id, /^upload:/)
  assert.equal((await call('GET', session.body.id)).body.file_offset, 0)
  const handle = await call('POST', session.body.id, picture, { authorization: `OAuth ${demo.api_key}`, file_offset: '0' })
  assert.match(handle.body.h, /^4::/)
  const made = await call('POST', `${waba}/message_templates`, ...json({ name: 'graph_picture', language: 'en_US', category: 'MARKETING', components: [
    { type: 'HEADER', format: 'IMAGE', example: { header_handle: [handle.body.h] } }, { type: 'BODY', text: 'Look at this' }] }))
  assert.equal(made.status, 200, JSON.stringify(made.body))
  assert.match(made.body.status, /^(PENDING|APPROVED)$/)
  assert.equal((await call('GET', `${waba}/message_templates?name=graph_picture`)).body.data[0].id, made.body.id)
  assert.equal((await call('GET', `${made.body.id}?fields=name,category`)).body.name, 'graph_picture')
  const twice = await call('POST', `${waba}/message_templates`, ...json({ name: 'graph_picture', language: 'en_US', category: 'MARKETING', components: [{ type: 'BODY', text: 'Once more' }] }))
  assert.equal(twice.status, 400)
  assert.equal(twice.body.error.code, 100)
  assert.deepEqual((await call('DELETE', `${waba}/message_templates?name=graph_picture`)).body, { success: true })
  assert.equal((await call('GET', made.body.id)).body.error.code, 100)
  assert.equal((await call('DELETE', `${waba}/message_templates?name=nothing_of_this`)).body.error.code, 100)
})

test('a program subscribes by itself, and is told with the app secret that it knows', async () => {
  const { createHmac } = await import('node:crypto')
  const http = await import('node:http')
  const calls = []
  const bot = http.createServer((request, response) => {
    const url = new URL(request.url, 'http://bot'), chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      if (request.method === 'POST') calls.push({ text: Buffer.concat(chunks).toString(), headers: request.headers })
      response.end(url.searchParams.get('hub.verify_token') === 'mine' ? url.searchParams.get('hub.challenge') : '')
    })
  })
  await new Promise((done) => bot.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${bot.address().port}/in`
  const { data: [{ waba_id: waba, phone_number_id: phone }] } = await demo.api('GET', '/channels')
  const call = async (method, where, body) => {
    const answer = await fetch(`${demo.url}/graph/v22.0/${where}`, { method, body: body && JSON.stringify(body), headers: { authorization: `Bearer ${demo.api_key}`, 'content-type': 'application/json' } })
    return answer.json()
  }
  assert.equal((await call('POST', `${waba}/subscribed_apps`)).error.code, 100)
  assert.equal((await call('POST', `${waba}/subscribed_apps`, { override_callback_uri: url, verify_token: 'not mine' })).error.code, 2200)
  assert.deepEqual(await call('POST', `${waba}/subscribed_apps`, { override_callback_uri: url, verify_token: 'mine' }), { success: true })
  assert.deepEqual(await call('POST', `${waba}/subscribed_apps`, { override_callback_uri: url, verify_token: 'mine' }), { success: true }, 'once more changes it')
  assert.equal((await call('GET', `${waba}/subscribed_apps`)).data.length, 1)
  assert.equal((await call('GET', `${phone}?fields=webhook_configuration`)).webhook_configuration.phone_number, url)
  await demo.customerSays('12025550142', 'is anybody there?')
  const told = await until(() => calls.find((one) => one.text.includes('is anybody there?')), 'the message')
  assert.equal(told.headers['x-hub-signature-256'], `sha256=${createHmac('sha256', demo.app_secret).update(told.text).digest('hex')}`)
  assert.deepEqual(await call('POST', phone, { webhook_configuration: { override_callback_uri: '' } }), { success: true })
  assert.deepEqual((await call('GET', `${waba}/subscribed_apps`)).data, [])
  bot.closeAllConnections()
  bot.close()
})
