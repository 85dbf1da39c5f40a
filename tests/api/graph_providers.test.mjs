// graph_providers.test.mjs: one program (whatsapp-api-js, unmodified) over providers that are nothing like the Cloud API: an HTTP
// transport and MSG91. It is answered, refused and told by webhooks in the same shapes.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import path from 'node:path'
import { after, test } from 'node:test'
import { start, until } from './server.mjs'

const require = createRequire(import.meta.url)
const { WhatsAppAPI } = require('whatsapp-api-js')
const { Location, Reaction, Text } = require('whatsapp-api-js/messages')
const [server, shop] = await start('providers')
const secret = 'secret of the program'

async function serve(handler) {
  const made = http.createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    await handler(request, Buffer.concat(chunks).toString(), response)
  })
  await new Promise((done) => made.listen(0, '127.0.0.1', done))
  after(() => { made.closeAllConnections(); made.close() })
  return `http://127.0.0.1:${made.address().port}`
}

/** The network: keeps what it is asked, answers as it is told. */
async function gateway(answer) {
  const calls = []
  const url = await serve((request, text, response) => {
    calls.push({ url: request.url, text })
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  return { calls, url }
}

/** The program, its server, and the webhook that tells it. */
async function program(channel) {
  const messages = [], statuses = []
  const api = new WhatsAppAPI({ token: shop.api_key, appSecret: secret, webhookVerifyToken: 'token', v: 'v20.0',
    ponyfill: { fetch: (url, options) => fetch(String(url).replace('https://graph.facebook.com', `${server.url}/graph`), options) } })
  api.on.message = (args) => { messages.push(args) }
  api.on.status = (args) => { statuses.push(args) }
  const url = await serve(async (request, text, response) => {
    const query = Object.fromEntries(new URL(request.url, 'http://x').searchParams)
    if (request.method === 'GET') return response.end(api.get(query))
    const status = await api.post(JSON.parse(text), text, request.headers['x-hub-signature-256']).then(() => 200, (error) => error.httpStatus ?? 500)
    return response.writeHead(status).end()
  })
  await shop.caller.want(201, 'POST', '/webhooks', { format: 'cloud_api', url, verify_token: 'token', secret, channel_ids: [channel.id],
    events: ['message.received', 'message.sent', 'message.delivered', 'message.read', 'message.failed'] })
  const number = (await fetch(`${server.url}/graph/v20.0/${channel.id}`, { headers: { authorization: `Bearer ${shop.api_key}` } }).then((answer) => answer.json())).id
  return { api, messages, statuses, number }
}

test('over an HTTP transport', async () => {
  const network = await gateway({ status: 'queued', data: [{ id: 'g-1' }] })
  const full = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../docs/api/examples/transport-full.json'), 'utf8').replaceAll(/https:\/\/gateway\.example(\/v1)?/g, network.url))
  const channel = await shop.caller.want(201, 'POST', '/channels', full)
  const { api, messages, statuses, number } = await program(channel)
  const sent = await api.sendMessage(number, '12025550145', new Text('Hello'), undefined, 'order=1')
  assert.match(sent.messages?.[0].id ?? JSON.stringify(sent), /^wamid\.cGFybGV5/)
  const { id } = sent.messages[0]
  await until('it is sent', () => statuses.some((one) => one.id === id && one.status === 'sent'))
  assert.equal(statuses.find((one) => one.id === id).biz_opaque_callback_data, 'order=1')
  assert.equal(statuses.find((one) => one.id === id).phone, '12025550145')
  assert.equal(JSON.parse(network.calls.find((one) => one.text).text).text.body, 'Hello') // its health may have been asked before
  const hook = async (body) => {
    const raw = JSON.stringify(body)
    const answer = await fetch(channel.webhook_url, { method: 'POST', body: raw, headers: { 'content-type': 'application/json',
      'x-signature': `sha256=${createHmac('sha256', channel.webhook_secret).update(raw).digest('hex')}` } })
    assert.equal(answer.status, 200)
  }
  await hook({ reports: [{ kind: 'report', id: 'g-1', state: 'DELIVRD', at: '2026-05-29T10:00:00Z' }] })
  const delivered = await until('it is delivered', () => statuses.find((one) => one.id === id && one.status === 'delivered'))
  assert.equal(delivered.phoneID, number)
  await hook({ inbox: [{ kind: 'message', id: 'in-1', from: { number: '+1 202 555 0145', name: 'Ana' }, text: 'Thanks', answers: 'g-1' }] })
  const came = await until('the answer', () => messages.find(({ message }) => message.text?.body === 'Thanks'))
  assert.equal(came.from, '12025550145')
  assert.equal(came.name, 'Ana')
  assert.equal(came.message.context.id, id, 'it quotes by the name that the program knows')
  assert.equal((await came.reply(new Text('You are welcome'), true)).contacts[0].wa_id, '12025550145')
  assert.equal((await came.received()).error.code, 131051, 'this transport shows no read marks')
  assert.equal((await api.sendMessage(number, '12025550145', new Reaction(came.message.id, '👍'))).error.code, 131051)
})

test('over MSG91', async () => {
  const network = await gateway({ status: 'success', hasError: false, data: { message_uuid: 'u-out-1' }, request_id: 'r-1' })
  const channel = await shop.caller.want(201, 'POST', '/channels', { provider: 'msg91', name: 'India', phone_number: '+919000000100', access_token: 'authkey-1',
    config: { base_url: network.url, signature_header: 'X-Msg91-Signature' } })
  const { api, messages, statuses, number } = await program(channel)
  const hook = async (body) => {
    const raw = JSON.stringify({ customerNumber: '919000000101', customerName: 'Ana', integratedNumber: '919000000100', ...body })
    const answer = await fetch(channel.webhook_url, { method: 'POST', body: raw, headers: { 'content-type': 'application/json',
      'x-msg91-signature': createHmac('sha256', channel.webhook_secret).update(raw).digest('hex') } })
    assert.equal(answer.status, 200)
  }
  assert.equal((await api.sendMessage(number, '919000000101', new Text('Too early'))).error.code, 131047)
  await hook({ direction: 'inbound', contentType: 'text', text: 'Namaste', uuid: 'u-in-1', ts: new Date().toISOString() })
  const came = await until('the message', () => messages.find(({ message }) => message.text?.body === 'Namaste'))
  assert.equal(came.from, '919000000101')
  const answer = await came.reply(new Text('Hello'))
  assert.match(answer.messages?.[0].id ?? JSON.stringify(answer), /^wamid\.cGFybGV5/)
  await until('it is sent', () => statuses.some((one) => one.id === answer.messages[0].id && one.status === 'sent'))
  assert.equal((await api.sendMessage(number, '919000000101', new Location(77.2, 28.6, 'Delhi'))).contacts[0].wa_id, '919000000101')
  assert.equal((await api.sendMessage(number, '919000000101', new Reaction(came.message.id, '👍'))).error.code, 131051)
  assert.equal((await came.received('text')).error.code, 131051)
})
