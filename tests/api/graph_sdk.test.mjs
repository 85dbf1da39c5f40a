// graph_sdk.test.mjs: programs of the Cloud API with the SDKs from npm, unmodified, against Parley: over the Cloud API (the
// sandbox is Meta) and over a provider that is nothing like it (echo). The same program, another channel.
//
// - whatsapp (Meta's own), whatsapp-business, whatsapp-cloud-api: know only graph.facebook.com; tests/lib/graph_host.mjs is there.
//   Over the echo the last two are turned as the guide says (docs/guide/move-a-bot.md).
// - whatsapp-api-js: its own option (ponyfill.fetch) puts another base address before the path.
//
// whatsapp's own server of webhooks fails on every POST (0.0.5-Alpha: Buffer.concat of a text), so it takes the handshake only,
// and its function for signatures checks what another program's server was sent.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { GraphHost } from '../lib/graph_host.mjs'
import { startDemo, until } from '../lib/parley.mjs'

console.log = () => {} // the SDKs talk, and node's test runner takes that for its own words

const require = createRequire(import.meta.url)
const { WhatsAppAPI } = require('whatsapp-api-js')
const { ActionButtons, ActionList, Body, Button, Contacts, Document, Image, Interactive, Language, ListSection, Location, Name, Phone, Reaction, Row, Template, Text,
  BodyComponent, BodyParameter } = require('whatsapp-api-js/messages')
const { WABAClient, WebhookClient } = require('whatsapp-business')
const { createBot } = require('whatsapp-cloud-api')
const express = createRequire(require.resolve('whatsapp-cloud-api'))('express') // theirs

const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==', 'base64')
const customer = '12025550142'
const secret = 'the app secret of the bot'
const folder = mkdtempSync(path.join(tmpdir(), 'parley-sdk-'))
let demo, host

before(async () => {
  demo = await startDemo({ env: { PARLEY_ALLOW_PRIVATE_CALLS: 'true' } })
  host = await GraphHost.open(demo.url)
  writeFileSync(path.join(folder, 'picture.png'), picture)
})
after(async () => {
  await host?.close()
  await demo?.remove()
  rmSync(folder, { recursive: true })
})

/** The text of a message as the inbox shows it, by its type. */
const inThread = async (conversation) => (await demo.api('GET', `/conversations/${conversation}/messages?limit=100`)).data

/** A program's own server, to which Parley's webhooks go: take(text, headers) answers a status. */
async function serve(handler) {
  const server = http.createServer(handler)
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); return new Promise((done) => server.close(done)) } }
}

async function makeChannel(provider) {
  const { data } = await demo.api('GET', '/channels')
  if (provider === 'cloud') return data.find((one) => one.provider === 'cloud')
  return demo.api('POST', '/channels', { provider, name: `The ${provider}`, environment: 'development', phone_number: '+12025550177', config: { reply: true } })
}

for (const provider of ['cloud', 'echo']) describe(`over ${provider}`, () => {
  let channel, number, account, statuses, messages, api, web, hook

  before(async () => {
    channel = await makeChannel(provider)
    const listed = await fetch(`${demo.url}/graph/v20.0/${channel.id}`, { headers: { authorization: `Bearer ${demo.api_key}` } }).then((answer) => answer.json())
    number = listed.id
    account = channel.waba_id ?? number

    // The bot: whatsapp-api-js with its own signature check.
    statuses = []
    messages = []
    api = new WhatsAppAPI({ token: demo.api_key, appSecret: secret, webhookVerifyToken: 'bot token', v: 'v20.0',
      ponyfill: { fetch: (url, options) => fetch(String(url).replace('https://graph.facebook.com', `${demo.url}/graph`), options) } })
    api.on.message = (args) => { messages.push(args) }
    api.on.status = (args) => { statuses.push(args) }
    web = await serve((request, response) => {
      const chunks = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', async () => {
        const text = Buffer.concat(chunks).toString()
        try {
          if (request.method === 'GET') {
            response.writeHead(200).end(api.get(Object.fromEntries(new URL(request.url, web.url).searchParams)))
            return
          }
          await api.post(JSON.parse(text), text, request.headers['x-hub-signature-256'])
          response.writeHead(200).end()
        } catch (error) {
          response.writeHead(error.httpStatus ?? 500).end()
        }
      })
    })
    hook = await demo.api('POST', '/webhooks', { format: 'cloud_api', url: `${web.url}/`, verify_token: 'bot token', secret, channel_ids: [channel.id],
      events: ['message.received', 'message.sent', 'message.delivered', 'message.read', 'message.failed'] })
    if (provider === 'cloud') await demo.customerSays(customer, 'hello bot')
  })
  after(async () => {
    await demo.api('DELETE', `/webhooks/${hook.id}`)
    await web.close()
  })

  const seen = (id, status) => until(() => statuses.find((one) => one.id === id && one.status === status), `${status} of ${id}`, 30_000)

  test('whatsapp-api-js: every kind, files, replies, reactions, statuses with a checked signature', async () => {
    const sent = async (message, context, data) => {
      const answer = await api.sendMessage(number, customer, message, context, data)
      assert.match(answer.messages?.[0].id ?? JSON.stringify(answer), /^wamid\./)
      assert.equal(answer.contacts[0].wa_id, customer)
      return answer.messages[0].id
    }
    const ids = [await sent(new Text('hello'), undefined, 'order=17')]
    if (provider === 'cloud') {
      const first = await until(() => messages.find(({ message }) => message.text?.body === 'hello bot'), 'the customer\'s message', 30_000)
      assert.equal(first.from, customer)
      assert.ok(first.name)
      assert.equal(first.phoneID, number)
      await first.received('text') // read, and typing
      ids.push(await sent(new Text('an answer'), first.message.id))
      await sent(new Reaction(first.message.id, '👍'))
    } else {
      const echoed = await until(() => messages.find(({ message }) => message.text?.body === 'hello'), 'the echo', 30_000)
      ids.push(await sent(new Text('an answer'), echoed.message.id))
    }
    ids.push(await sent(new Location(-122.42, 37.77, 'Here', 'A street')))
    ids.push(await sent(new Contacts([new Name('Ana Person', 'Ana', 'Person'), new Phone('+12025550199', 'CELL', '12025550199')])))
    ids.push(await sent(new Interactive(new ActionButtons(new Button('yes', 'Yes'), new Button('no', 'No')), new Body('Do you?'))))
    ids.push(await sent(new Interactive(new ActionList('Menu', new ListSection('All', new Row('one', 'One', 'the first'))), new Body('Which?'))))
    ids.push(await sent(new Image('https://example.com/picture.png', false, 'from a link')))
    if (provider === 'cloud') ids.push(await sent(new Template('hello_world', new Language('en_US'))))

    const form = new FormData()
    form.set('file', new Blob([picture], { type: 'image/png' }), 'picture.png')
    const { id } = await api.uploadMedia(number, form)
    assert.match(id, /^\d+$/)
    ids.push(await sent(new Image(id, true, 'with a caption')))
    ids.push(await sent(new Document(id, true, 'as a file', 'picture.png')))
    const info = await api.retrieveMedia(id)
    assert.equal(info.mime_type, 'image/png')
    assert.equal(info.file_size, picture.length)
    const octets = await (await api.fetchMedia(info.url)).arrayBuffer()
    assert.deepEqual(Buffer.from(octets), picture)

    for (const one of ids) await seen(one, 'delivered')
    assert.equal((await seen(ids[0], 'sent')).biz_opaque_callback_data, 'order=17')
    assert.equal(statuses.find((one) => one.id === ids[1]).biz_opaque_callback_data, undefined)
    assert.ok(statuses.filter((one) => ids.includes(one.id)).every((one) => one.phoneID === number && one.phone === customer))

    const refused = await api.sendMessage(number, customer, new Text('quoting nothing'), 'wamid.unknown')
    assert.equal(refused.error.code, 131009)
    assert.deepEqual(await api.deleteMedia(id), { success: true })
    assert.equal((await api.retrieveMedia(id)).error.code, 100)
  })

  test('whatsapp-api-js: who is blocked', async () => {
    const blocked = await api.blockUser(number, customer)
    assert.equal(blocked.block_users?.added_users?.[0].wa_id, customer, JSON.stringify(blocked))
    const released = await api.unblockUser(number, customer)
    assert.equal(released.block_users.removed_users[0].wa_id, customer)
  })

  test('whatsapp, Meta\'s own: sends every kind, marks as read; its signature and handshake', async () => {
    Object.assign(process.env, { WA_BASE_URL: 'graph.facebook.com', M4D_APP_ID: '1', M4D_APP_SECRET: secret, WA_PHONE_NUMBER_ID: number, WA_BUSINESS_ACCOUNT_ID: account,
      CLOUD_API_VERSION: 'v16.0', CLOUD_API_ACCESS_TOKEN: demo.api_key, WEBHOOK_ENDPOINT: 'hook', WEBHOOK_VERIFICATION_TOKEN: 'meta token', LISTENER_PORT: '0' })
    const WhatsApp = require('whatsapp')
    const wa = new WhatsApp(number)
    const answerOf = async (asked) => {
      const response = await asked
      const body = await response.responseBodyToJSON()
      assert.equal(response.statusCode(), 200, JSON.stringify(body))
      return body
    }
    const ids = []
    for (const [kind, body] of [
      ['text', { body: 'from Meta\'s SDK', preview_url: false }],
      ['location', { latitude: 52.5, longitude: 13.4, name: 'There', address: 'A street' }],
      ['contacts', [{ name: { formatted_name: 'Ana Person', first_name: 'Ana' }, phones: [{ phone: '+12025550199', type: 'CELL' }] }]],
      ['image', { link: 'https://example.com/a.png', caption: 'c' }],
      ['document', { link: 'https://example.com/a.pdf', filename: 'a.pdf' }],
      ['audio', { link: 'https://example.com/a.mp3' }],
      ['video', { link: 'https://example.com/a.mp4' }],
      ['sticker', { link: 'https://example.com/a.webp' }],
      ['interactive', { type: 'button', body: { text: 'Do you?' }, action: { buttons: [{ type: 'reply', reply: { id: 'y', title: 'Yes' } }] } }],
      ...(provider === 'cloud' ? [['template', { name: 'hello_world', language: { code: 'en_US', policy: 'deterministic' } }]] : []),
    ]) ids.push((await answerOf(wa.messages[kind](body, Number(customer)))).messages[0].id)
    for (const id of ids) await seen(id, 'delivered')
    const { message } = messages.at(0)
    assert.deepEqual(await answerOf(wa.messages.status({ status: 'read', message_id: message.id })), { success: true })
    const { generateXHub256Sig } = require(path.join(path.dirname(require.resolve('whatsapp')), 'utils.js'))
    let call
    const taker = await serve((request, response) => {
      const chunks = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        if (request.method === 'POST') call = { text: Buffer.concat(chunks).toString(), headers: request.headers }
        response.end(new URL(request.url, 'http://x').searchParams.get('hub.challenge') ?? '')
      })
    })
    const other = await demo.api('POST', '/webhooks', { format: 'cloud_api', url: taker.url, verify_token: 'meta token', secret })
    await demo.api('POST', `/webhooks/${other.id}/test`)
    await until(() => call, 'a webhook', 30_000)
    assert.equal(call.headers['x-hub-signature-256'], `sha256=${generateXHub256Sig(call.text, secret)}`)
    await demo.api('DELETE', `/webhooks/${other.id}`)
    await taker.close()

    wa.webhooks.start(() => {})
    const port = await until(() => wa.webhooks.server.server.address()?.port, 'its server')
    const own = await demo.api('POST', '/webhooks', { format: 'cloud_api', url: `http://127.0.0.1:${port}/hook`, verify_token: 'meta token', secret })
    await assert.rejects(demo.api('POST', '/webhooks', { format: 'cloud_api', url: `http://127.0.0.1:${port}/hook`, verify_token: 'another', secret }), /not_confirmed/)
    await demo.api('DELETE', `/webhooks/${own.id}`)
    await new Promise((done) => wa.webhooks.stop(done))
    wa.requester.client.clearSockets()
    assert.ok(host.asked.includes(`POST /v16.0/${number}/messages`))
  })

  test('whatsapp-business: messages, files, profile, numbers; its server takes webhooks', async () => {
    const client = new WABAClient({ apiToken: demo.api_key, phoneId: number, accountId: account })
    if (provider === 'echo') client.restClient.fetch.defaults.baseURL = `${demo.url}/graph/v17.0`
    const { messages: [{ id }] } = await client.sendMessage({ to: customer, type: 'text', text: { body: 'from whatsapp-business' } })
    await seen(id, 'delivered')
    const uploaded = await client.uploadMedia({ file: path.join(folder, 'picture.png'), type: 'image/png' })
    const sent = await client.sendMessage({ to: customer, type: 'image', image: { id: uploaded.id } })
    await seen(sent.messages[0].id, 'delivered')
    const info = await client.getMedia(uploaded.id)
    const target = path.join(folder, `${provider}.png`)
    const file = await client.downloadMedia(info.url, target)
    await new Promise((done) => file.once('finish', done))
    assert.deepEqual(readFileSync(target), picture)
    assert.deepEqual(await client.deleteMedia(uploaded.id), { success: true })
    const numbers = await client.getBusinessPhoneNumbers()
    assert.ok(numbers.data.some((one) => one.id === number))
    assert.equal((await client.getSingleBusinessPhoneNumber(number)).id, number)
    if (provider === 'cloud') {
      assert.deepEqual(await client.updateBusinessProfile({ about: 'We answer' }), { success: true })
      assert.equal((await client.getBusinessProfile(['about'])).data[0].about, 'We answer')
    } else {
      await assert.rejects(client.updateBusinessProfile({ about: 'We answer' }), (error) => error.code === 3 || error.error?.code === 3 || /capability/.test(JSON.stringify(error)))
    }
    await assert.rejects(client.sendMessage({ to: customer, type: 'text', text: { body: 'x'.repeat(5000) } }))

    const came = []
    const app = express()
    app.use(express.json())
    new WebhookClient({ path: '/hook', token: 'business token', expressApp: { app, shouldStartListening: false } })
      .initWebhook({ onTextMessageReceived: (message, contact) => { came.push({ message, contact }) } })
    const server = await serve(app)
    const other = await demo.api('POST', '/webhooks', { format: 'cloud_api', url: `${server.url}/hook`, verify_token: 'business token', secret, channel_ids: [channel.id], events: ['message.received'] })
    if (provider === 'cloud') await demo.customerSays(customer, 'to whatsapp-business')
    else await client.sendMessage({ to: customer, type: 'text', text: { body: 'to whatsapp-business' } })
    await until(() => came.some(({ message }) => message.text?.body === 'to whatsapp-business'), 'the message', 30_000)
    await demo.api('DELETE', `/webhooks/${other.id}`)
    await server.close()
  })

  test('whatsapp-cloud-api: a bot that answers', async () => {
    const axios = createRequire(require.resolve('whatsapp-cloud-api'))('axios')
    if (provider === 'echo') axios.interceptors.request.use((c) => ({ ...c, url: c.url.replace('https://graph.facebook.com', `${demo.url}/graph`) }))
    const bot = createBot(number, demo.api_key, { version: 'v17.0' })
    const { app } = await bot.startExpressServer({ app: express(), webhookVerifyToken: 'bot token', webhookPath: '/webhook' })
    const server = await serve(app)
    const other = await demo.api('POST', '/webhooks', { format: 'cloud_api', url: `${server.url}/webhook`, verify_token: 'bot token', secret, channel_ids: [channel.id], events: ['message.received'] })
    const answered = []
    bot.on('text', async (message) => {
      if (message.data.text !== 'to the bot') return
      answered.push(await bot.sendText(message.from, `you are ${message.name}`))
    })
    if (provider === 'cloud') await demo.customerSays(customer, 'to the bot')
    else await bot.sendText(customer, 'to the bot')
    await until(() => answered.length > 0, 'the answer', 30_000)
    await seen(answered[0].messageId, 'delivered')
    assert.equal(answered[0].whatsappId, customer)
    for (const sent of [await bot.sendImage(customer, 'https://example.com/a.png', { caption: 'c' }), await bot.sendLocation(customer, 40.7, -74.1, { name: 'There' }),
      await bot.sendReplyButtons(customer, 'Do you?', { y: 'Yes', n: 'No' }), await bot.sendList(customer, 'Menu', 'Which?', { All: [{ id: 1, title: 'One', description: 'the first' }] })])
      await seen(sent.messageId, 'delivered')
    await demo.api('DELETE', `/webhooks/${other.id}`)
    await server.close()
  })
})
