// transport.test.mjs: the other providers over the API: the echo, HTTP transports, MSG91.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { after, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { start, until } from './server.mjs'

const [server, shop] = await start('transport')
const text = (body) => ({ type: 'text', text: { body } })
const fields = (problem) => problem.errors.map((error) => error.field).toSorted()

/** The message when it has come so far. */
const becomes = (id, status) => until(`message ${id} is ${status}`, async () => {
  const message = await shop.caller.want(200, 'GET', `/messages/${id}`)
  return message.status === status && message
})

test('an echo is for development only, and takes no field that it does not know', async () => {
  assert.deepEqual(fields(await shop.caller.want(422, 'POST', '/channels', { provider: 'echo', name: 'Echo' })), ['environment'])
  const draft = { provider: 'echo', name: 'Echo', environment: 'development' }
  assert.deepEqual(fields(await shop.caller.want(422, 'POST', '/channels', { ...draft, config: { colour: 1, reply: 'yes' } })),
    ['config.colour', 'config.reply'])
  const echo = await shop.caller.want(201, 'POST', '/channels', draft)
  assert.deepEqual(echo.config, {})
  assert.equal(echo.phone_number_id, null)
  assert.deepEqual(fields(await shop.caller.want(422, 'PATCH', `/channels/${echo.id}`, { environment: 'production' })), ['environment'])
})

test('what the echo takes is read by itself, and answered if it is set so', async () => {
  const echo = await shop.caller.want(201, 'POST', '/channels',
    { provider: 'echo', name: 'Answering echo', environment: 'development', phone_number: '+12025550177', config: { reply: true } })
  assert.equal(echo.phone_number, '+12025550177')
  const sent = await shop.caller.want(202, 'POST', '/messages', { channel_id: echo.id, to: '+12025550178', ...text('Is anybody there?') })
  await becomes(sent.id, 'read')
  const thread = await until('the echo of it', async () => {
    const { data } = await shop.caller.want(200, 'GET', `/conversations/${sent.conversation_id}/messages`)
    return data.length === 2 && data
  })
  assert.deepEqual(thread.map((message) => [message.direction, message.text.body]).toSorted(),
    [['in', 'Is anybody there?'], ['out', 'Is anybody there?']])
  await shop.caller.want(200, 'PATCH', `/channels/${echo.id}`, { config: {} })
  assert.deepEqual((await shop.caller.want(200, 'GET', `/channels/${echo.id}`)).config, {})
})

// ---- HTTP transports ----

const example = (name) => JSON.parse(readFileSync(path.resolve(import.meta.dirname, `../../docs/api/examples/transport-${name}.json`), 'utf8'))

/** A service that keeps each call, and answers as it is told. */
async function service() {
  const calls = []
  const it = { calls, answer: () => ({ status: 200, body: {} }) }
  const server = http.createServer(async (request, response) => {
    let text = ''
    for await (const piece of request) text += piece
    const call = { method: request.method, url: request.url, headers: request.headers, text }
    calls.push(call)
    const { status, body } = it.answer(call)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  after(() => { server.closeAllConnections(); server.close() })
  it.url = `http://127.0.0.1:${server.address().port}`
  return it
}

const gateway = await service()
const at = (draft, url) => JSON.parse(JSON.stringify(draft).replaceAll(/https:\/\/gateway\.example(\/v1)?/g, url))
const create = (draft) => shop.caller.want(201, 'POST', '/channels', draft)

test('the published schema takes the published examples, and refuses what the server refuses', async () => {
  const answer = await fetch(`${server.url}/transport.schema.json`)
  assert.equal(answer.status, 200)
  const schema = await answer.json()
  const validate = new Ajv2020({ strict: true }).compile(schema)
  for (const name of ['minimal', 'full', 'cloud-api']) assert.ok(validate(example(name).config), `${name}: ${JSON.stringify(validate.errors)}`)
  const spoil = (change) => { const { config } = example('full'); change(config); return config }
  for (const change of [
    (c) => delete c.address, (c) => delete c.content, (c) => delete c.request, (c) => delete c.request.url, (c) => delete c.request.method,
    (c) => { c.colour = 1 }, (c) => { c.address = 'FAX' }, (c) => { c.request.timeout_ms = 5 }, (c) => { c.response.advice.x = 'panic' },
    (c) => delete c.webhook.auth, (c) => delete c.webhook.auth.name, (c) => delete c.webhook.message.from, (c) => { c.kinds = [] },
    (c) => { c.request.headers = Object.fromEntries(Array.from({ length: 41 }, (_, i) => [`X-${i}`, 'a'])) },
    (c) => { c.response.id = 'a'.repeat(201) }, (c) => { c.secrets = { a: 1 } },
  ]) {
    const config = spoil(change)
    assert.ok(!validate(config), JSON.stringify(config))
    await shop.caller.want(422, 'POST', '/channels', { provider: 'http', name: 'Spoilt', config })
  }
})

test('a configuration comes back as it was posted, but for its secrets', async () => {
  const draft = at(example('full'), gateway.url)
  const channel = await create(draft)
  const masked = { ...draft.config, secrets: { key: '********' } }
  assert.deepEqual(channel.config, masked)
  assert.deepEqual((await shop.caller.want(200, 'GET', `/channels/${channel.id}`)).config, masked)
  assert.equal(channel.webhook_url, `${server.url}/webhooks/http/${channel.id}`)
  assert.ok(channel.webhook_secret.length >= 16)
  const reader = await server.person(shop, 'agent')
  const seen = await reader.want(200, 'GET', `/channels/${channel.id}`)
  assert.deepEqual([seen.config, seen.webhook_secret], [null, null])
  // Put back with the mask in it: the secret stays what it was.
  const changed = await shop.caller.want(200, 'PATCH', `/channels/${channel.id}`, { config: { ...masked, kinds: ['text'] } })
  assert.deepEqual(changed.config.kinds, ['text'])
  gateway.calls.length = 0
  gateway.answer = () => ({ status: 200, body: { status: 'queued', data: [{ id: 'g-1' }] } })
  const sent = await shop.caller.want(202, 'POST', '/messages', { channel_id: channel.id, to: '+12025550143', ...text('Hi') })
  await becomes(sent.id, 'sent')
  assert.equal(gateway.calls[0].headers.authorization, 'Bearer put-the-key-here')
  await shop.caller.want(204, 'DELETE', `/channels/${channel.id}`)
  await shop.caller.want(404, 'GET', `/channels/${channel.id}`)
})

test('a mask for what was never there is refused', async () => {
  const draft = at(example('full'), gateway.url)
  draft.config.secrets.key = '********'
  assert.deepEqual(fields(await shop.caller.want(422, 'POST', '/channels', draft)), ['config.secrets.key'])
})

test('the smallest example sends', async () => {
  const channel = await create(at(example('minimal'), gateway.url))
  gateway.calls.length = 0
  const sent = await shop.caller.want(202, 'POST', '/messages', { channel_id: channel.id, to: '+12025550144', ...text('Hi & "you"') })
  await becomes(sent.id, 'sent')
  assert.equal(gateway.calls[0].url, '/send?to=12025550144&text=Hi%20%26%20%22you%22')
})

test('the window of a conversation is what the transport says of its network', async () => {
  gateway.answer = () => ({ status: 200, body: {} })
  const conversationOf = async (draft, to) => {
    const sent = await shop.caller.want(202, 'POST', '/messages', { channel_id: (await create(draft)).id, to, ...text('Hi') })
    return shop.caller.want(200, 'GET', `/conversations/${sent.conversation_id}`)
  }
  const draft = at(example('minimal'), gateway.url)
  assert.deepEqual((await conversationOf({ ...draft, name: 'Free' }, '+12025550161')).window, { open: true, until_ms: null })
  const windowed = await create({ ...draft, name: 'Windowed', config: { ...draft.config, features: ['window'] } })
  const refused = await shop.caller.want(422, 'POST', '/messages', { channel_id: windowed.id, to: '+12025550162', ...text('Hi') })
  assert.equal(refused.code, 'window_closed')
})

test('the full example sends, hears its reports and takes messages', async () => {
  const channel = await create({ ...at(example('full'), gateway.url), name: 'Full' })
  gateway.calls.length = 0
  gateway.answer = () => ({ status: 200, body: { status: 'queued', data: [{ id: 'g-2', to: '12025550145' }] } })
  const sent = await shop.caller.want(202, 'POST', '/messages', { channel_id: channel.id, to: '+12025550145', ...text('Hello') })
  await becomes(sent.id, 'sent')
  const [call] = gateway.calls
  assert.equal(call.url, `/numbers/12025550100/messages?reference=${sent.id}`)
  assert.deepEqual(JSON.parse(call.text), { to: '+12025550145', kind: 'text', text: 'Hello', tags: ['parley', 'Full'] , ...{ text: { body: 'Hello' } } })
  const hook = (body, secret = channel.webhook_secret) => {
    const raw = JSON.stringify(body)
    return fetch(channel.webhook_url, { method: 'POST', body: raw, headers: { 'content-type': 'application/json',
      'x-signature': `sha256=${createHmac('sha256', secret).update(raw).digest('hex')}` } })
  }
  assert.equal((await hook({ reports: [] }, 'another')).status, 403)
  assert.equal((await fetch(channel.webhook_url, { method: 'POST', body: '{}' })).status, 403)
  assert.equal((await hook({ reports: [{ kind: 'report', id: 'g-2', state: 'DELIVRD', at: '2026-05-29T10:00:00Z' }] })).status, 200)
  await becomes(sent.id, 'delivered')
  assert.equal((await hook({ inbox: [{ kind: 'message', id: 'in-1', from: { number: '+1 202 555 0145', name: 'Ana' }, text: 'Thanks', answers: 'g-2' }] })).status, 200)
  await until('the message is in its conversation', async () => {
    const { data } = await shop.caller.want(200, 'GET', `/conversations/${sent.conversation_id}/messages`)
    return data.find((message) => message.text?.body === 'Thanks')
  })
})

test('what the service refuses is told in its own words, and a dead key stops the channel', async () => {
  const channel = await create({ ...at(example('full'), gateway.url), name: 'Refused' })
  gateway.answer = () => ({ status: 400, body: { error: { code: 'E_WORDS', text: 'Too rude' } } })
  const rude = await shop.caller.want(202, 'POST', '/messages', { channel_id: channel.id, to: '+12025550146', ...text('…') })
  const failed = await becomes(rude.id, 'failed')
  assert.equal(failed.error.code, 'E_WORDS')
  assert.match(JSON.stringify(failed.error), /Too rude/)
  gateway.answer = () => ({ status: 200, body: { status: 'no', error: { code: 'E_KEY', text: 'Unknown key' } } })
  const dead = await shop.caller.want(202, 'POST', '/messages', { channel_id: channel.id, to: '+12025550146', ...text('Hi') })
  await becomes(dead.id, 'failed')
  assert.equal((await shop.caller.want(200, 'GET', `/channels/${channel.id}`)).health.state, 'failing')
})

test('who can be written to is what the transport says', async () => {
  const draft = at(example('minimal'), gateway.url)
  gateway.answer = () => ({ status: 200, body: {} })
  const make = (name, change) => create({ ...draft, name, config: { ...draft.config, ...change } })
  const send = (status, channel, to, body = 'https://shop.example/a') =>
    shop.caller.want(status, 'POST', '/messages', { channel_id: channel.id, to, ...text(body) })
  const phone = await make('By phone', {})
  for (const to of ['ana@example.com', 'US.12345', 'Ana']) assert.deepEqual(fields(await send(422, phone, to)), ['to'])
  const email = await make('By mail', { address: 'EMAIL', content: 'URL' })
  for (const to of ['+12025550147', 'ana@', 'ana@host', 'a b@example.com']) assert.deepEqual(fields(await send(422, email, to)), ['to'])
  assert.deepEqual(fields(await send(422, email, 'ana@example.com', 'see https://shop.example')), ['text.body'])
  gateway.calls.length = 0
  await becomes((await send(202, email, 'ana@example.com')).id, 'sent')
  // Another channel may be asked for its health beside it.
  assert.match(gateway.calls.map(({ url }) => url).join('\n'), /to=ana%40example\.com&text=https%3A%2F%2Fshop\.example%2Fa$/m)
  const any = await make('By any name', { address: 'ANY' })
  await becomes((await send(202, any, 'room 7', 'Tea, please')).id, 'sent')
  await shop.caller.want(422, 'POST', '/messages', { channel_id: any.id, to: 'room 7', type: 'image', image: { link: 'https://a.example/b.png' } })
})

test('a preview shows the call without making it, and without secrets', async () => {
  const { config } = at(example('full'), gateway.url)
  gateway.calls.length = 0
  const call = await shop.caller.want(200, 'POST', '/channels/preview', { config, message: text('Hello'), to: '12025550148', phone_number: '12025550100' })
  assert.equal(call.method, 'POST')
  assert.equal(call.url, `${gateway.url}/numbers/12025550100/messages?reference=1`)
  assert.equal(call.headers.find((header) => header.name === 'Authorization').value, 'Bearer ********')
  assert.match(call.body, /"text":\{"body":"Hello"\}/)
  assert.equal(gateway.calls.length, 0)
  delete config.request.url
  assert.deepEqual(fields(await shop.caller.want(422, 'POST', '/channels/preview', { config })), ['config.request.url'])
  const missing = await shop.caller.want(422, 'POST', '/channels/preview',
    { config: { ...example('minimal').config, request: { method: 'POST', url: 'https://a.example/{%image.link%}' } } })
  assert.equal(missing.code, 'placeholder_missing')
  assert.match(missing.detail ?? missing.title, /\{%image\.link%\}/)
})

test('the test of a transport calls what it names, and proves its own webhook', async () => {
  const channel = await create({ ...at(example('full'), gateway.url), name: 'Tested' })
  gateway.answer = ({ url }) => url.startsWith('/account')
    ? { status: 200, body: { company: 'Gateway Ltd', numbers: [{ phone: '+1 202 555 0100' }] } } : { status: 200, body: {} }
  const good = await shop.caller.want(200, 'POST', `/channels/${channel.id}/test`, {})
  assert.deepEqual(good.steps.map((step) => [step.name, step.ok]), [['token', true], ['number', true], ['webhook_event', true]], JSON.stringify(good))
  gateway.answer = () => ({ status: 401, body: {} })
  const bad = await shop.caller.want(200, 'POST', `/channels/${channel.id}/test`, {})
  assert.equal(bad.ok, false)
  assert.match(bad.steps[0].detail, /401/)
})

test('there is a list of providers with what each needs', async () => {
  const { data } = await shop.caller.want(200, 'GET', '/providers')
  const needs = Object.fromEntries(data.map((provider) => [provider.name, provider.needs]))
  assert.deepEqual(needs.cloud, ['phone_number_id', 'waba_id', 'access_token', 'app_secret'])
  assert.deepEqual(needs.http, ['config'])
  assert.deepEqual(needs.echo, [])
})

// ---- MSG91 ----

test('a webhook of MSG91: valid 200, tampered 403, replayed 200 and ignored, unsigned 403', async () => {
  const channel = await create({ provider: 'msg91', name: 'India', phone_number: '+919000000100', access_token: 'authkey-1',
    config: { signature_header: 'X-Msg91-Signature' } })
  assert.equal(channel.webhook_url, `${server.url}/webhooks/msg91/${channel.id}/${channel.webhook_secret}`)
  const reader = await server.person(shop, 'agent')
  assert.doesNotMatch(JSON.stringify(await reader.want(200, 'GET', `/channels/${channel.id}`)), new RegExp(channel.webhook_secret))
  const body = JSON.stringify({ direction: 'inbound', customerNumber: '919000000101', customerName: 'Ana', integratedNumber: '919000000100',
    contentType: 'text', text: 'Namaste', uuid: 'u-1', ts: '2026-05-29T10:00:00+05:30' })
  const sign = (text) => ({ 'x-msg91-signature': createHmac('sha256', channel.webhook_secret).update(text).digest('hex') })
  const post = async (url, text, headers = {}) => (await fetch(url, { method: 'POST', body: text, headers: { 'content-type': 'application/json', ...headers } })).status
  assert.equal(await post(channel.webhook_url, body, sign(body)), 200)
  assert.equal(await post(channel.webhook_url, body.replace('Namaste', 'Give me money'), sign(body)), 403)
  assert.equal(await post(channel.webhook_url, body, sign(body)), 200)
  assert.equal(await post(channel.webhook_url, body), 403)
  assert.equal(await post(`${server.url}/webhooks/msg91/${channel.id}`, body, sign(body)), 403)
  assert.equal(await post(`${server.url}/webhooks/msg91/${channel.id}/guess`, body, sign(body)), 403)
  assert.equal(await post(`${server.url}/webhooks/cloud/${channel.id}`, body, sign(body)), 404)
  const conversation = await until('the message is in the inbox', async () => {
    const { data } = await shop.caller.want(200, 'GET', '/conversations')
    return data.find((one) => one.last_message?.text?.body === 'Namaste')
  })
  // Another message behind the replay: when it is there, the replay was looked at, too.
  const next = body.replace('Namaste', 'Kaise ho').replace('u-1', 'u-2')
  assert.equal(await post(channel.webhook_url, next, sign(next)), 200)
  const messages = await until('the next message', async () => {
    const { data } = await shop.caller.want(200, 'GET', `/conversations/${conversation.id}/messages`)
    return data.length >= 2 && data
  })
  assert.deepEqual(messages.map((message) => message.text.body).toSorted(), ['Kaise ho', 'Namaste'])
})

test('a channel of MSG91 says what is wrong with its fields, and with its key', async () => {
  assert.deepEqual(fields(await shop.caller.want(422, 'POST', '/channels', { provider: 'msg91', name: 'India', config: { colour: 1, names: { sky: 'blue' }, requests_per_minute: 0 } })),
    ['access_token', 'config.colour', 'config.names.sky', 'config.requests_per_minute', 'phone_number'])
  gateway.answer = () => ({ status: 401, body: { type: 'error', message: 'Unauthorized' } })
  const channel = await create({ provider: 'msg91', name: 'Wrong key', phone_number: '919000000199', access_token: 'authkey-2', config: { base_url: gateway.url } })
  const result = await shop.caller.want(200, 'POST', `/channels/${channel.id}/test`, {})
  assert.deepEqual(result.steps.map((step) => [step.name, step.ok]), [['token', false], ['number', false], ['webhook_event', true]])
  assert.match(result.steps[0].detail, /Unauthorized/)
  assert.equal(gateway.calls.at(-1).headers.authkey, 'authkey-2')
})

// ---- files, files on disk, limits ----

test('a file of ours goes as a link that opens for whoever has it, and for nobody who guesses', async () => {
  const channel = await create({ ...at(example('full'), gateway.url), name: 'Pictures' })
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
  const form = new FormData()
  form.append('file', new Blob([png], { type: 'image/png' }), 'dot.png')
  const media = await (await fetch(`${server.url}/api/v1/media`, { method: 'POST', body: form, headers: { authorization: `Bearer ${shop.api_key}` } })).json()
  gateway.answer = () => ({ status: 200, body: { status: 'queued', data: [{ id: 'g-9' }] } })
  gateway.calls.length = 0
  const sent = await shop.caller.want(202, 'POST', '/messages', { channel_id: channel.id, to: '+12025550149', type: 'image', image: { id: media.id, caption: 'See' } })
  await becomes(sent.id, 'sent')
  const { image } = JSON.parse(gateway.calls[0].text)
  assert.equal(image.caption, 'See')
  assert.ok(image.link.startsWith(`${server.url}/files/`) && !('id' in image), JSON.stringify(image))
  const file = await fetch(image.link)
  assert.equal(file.status, 200)
  assert.deepEqual(Buffer.from(await file.arrayBuffer()), png)
  const [token, name] = image.link.split('/').slice(-2)
  const [workspace, id, until_, mac] = token.split('.')
  for (const forged of [`${workspace}.${id}.${Number(until_) + 1}.${mac}`, `${workspace}.${Number(id) + 1}.${until_}.${mac}`, `${workspace}.${id}.${until_}.`, 'x'])
    assert.equal((await fetch(`${server.url}/files/${forged}/${name}`)).status, 404, forged)
})

test('a channel is imported from a file by the same checks', async () => {
  const file = path.join(server.folder, 'transport.json')
  const draft = at(example('full'), gateway.url)
  writeFileSync(file, JSON.stringify({ ...draft, name: 'From a file' }))
  const good = server.run('channel', 'import', file)
  assert.equal(good.status, 0, good.stderr)
  const id = /Made the channel (\d+)/.exec(good.stdout)[1]
  const channel = await shop.caller.want(200, 'GET', `/channels/${id}`)
  assert.deepEqual(channel.config, { ...draft.config, secrets: { key: '********' } })
  delete draft.config.request.url
  draft.config.address = 'FAX'
  writeFileSync(file, JSON.stringify(draft))
  const bad = server.run('channel', 'import', file)
  assert.equal(bad.status, 1)
  assert.match(bad.stderr, /config\.address: One of ANY, EMAIL, PHONE\./)
  assert.match(bad.stderr, /config\.request\.url: Must not be missing\./)
  writeFileSync(file, 'no json')
  assert.equal(server.run('channel', 'import', file).status, 1)
  assert.equal(server.run('channel', 'import').status, 2)
})

test('a configuration has at most 32 KiB, 20 secrets and 40 parameters', async () => {
  const draft = at(example('minimal'), gateway.url)
  const many = (count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, 'v']))
  const body = (octets) => ({ ...draft, name: 'Large', config: { ...draft.config, request: { ...draft.config.request, body: 'x'.repeat(octets) } } })
  await shop.caller.want(201, 'POST', '/channels', body(32_000))
  assert.ok(fields(await shop.caller.want(422, 'POST', '/channels', body(33_000))).includes('config'))
  const secrets = (count) => ({ ...draft, name: 'Secrets', config: { ...draft.config, secrets: many(count) } })
  await shop.caller.want(201, 'POST', '/channels', secrets(20))
  assert.deepEqual(fields(await shop.caller.want(422, 'POST', '/channels', secrets(21))), ['config.secrets'])
  const query = (count) => ({ ...draft, name: 'Query', config: { ...draft.config, request: { ...draft.config.request, query: many(count) } } })
  await shop.caller.want(201, 'POST', '/channels', query(40))
  assert.deepEqual(fields(await shop.caller.want(422, 'POST', '/channels', query(41))), ['config.request.query'])
})
