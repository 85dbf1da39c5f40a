// graph_linked.test.mjs: a program of the Cloud API (whatsapp-api-js, unmodified) over a number that is linked to a phone: every kind that
// it sends arrives on the customer's phone, and what the customer does comes to it as Meta's webhooks say it.
//
// The network is the simulator of a demo's sandbox; the customer's phone is played by its control API.
import assert from 'node:assert/strict'
import http from 'node:http'
import { createRequire } from 'node:module'
import { after, before, describe, test as run } from 'node:test'
import { databaseFor } from '../lib/database.mjs'
import { pairNumber } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'
import { Caller } from './server.mjs'

const require = createRequire(import.meta.url)
const { WhatsAppAPI } = require('whatsapp-api-js')
const { ActionButtons, ActionList, Audio, Body, BodyComponent, BodyParameter, Button, Contacts, Document, Image, Interactive, Language, ListSection, Location, Name, Phone, Reaction, Row,
  Template, Text } = require('whatsapp-api-js/messages')

const stores = process.env.PARLEY_TEST_POSTGRES ? ['sqlite', 'postgres'] : ['sqlite']
const test = (name, work) => run(name, { timeout: 120_000 }, work)
const WAIT = 30_000
const SHOP = '6281234567890'
const ANA = '12025550142'
const secret = 'the app secret of the bot'
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==', 'base64')
const PDF = Buffer.from('%PDF-1.4\n%%EOF\n')

async function serve(handler) {
  const server = http.createServer(async (request, response) => {
    const chunks = []
    for await (const chunk of request) chunks.push(chunk)
    await handler(request, Buffer.concat(chunks).toString(), response)
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => { server.closeAllConnections(); server.close() } }
}

for (const store of stores) describe(`a program over a linked number on ${store}`, () => {
  const database = databaseFor(store)
  const messages = [], statuses = []
  let demo, api, channel, number, bot, hook, files

  const phone = (method, what = 'messages', body) => demo.control(method, `/linked/phones/${ANA}/${what}`, body)
  const onPhone = async () => (await phone('GET')).messages
  const arrived = (pick, what) => until(async () => (await onPhone()).find((one) => !one.from_me && pick(one)), what, WAIT)
  const seen = (id, status) => until(() => statuses.find((one) => one.id === id && one.status === status), `${status} of ${id}`, WAIT)
  const told = (pick, what) => until(() => messages.find(({ message }) => pick(message)), what, WAIT)
  async function customer(body) {
    return (await phone('POST', 'messages', { to: SHOP, ...body })).id
  }
  async function sent(message, context, data) {
    const answer = await bot.sendMessage(number, ANA, message, context, data)
    assert.match(answer.messages?.[0].id ?? JSON.stringify(answer), /^wamid\./)
    assert.equal(answer.contacts[0].wa_id, ANA)
    return answer.messages[0].id
  }

  before(async () => {
    demo = await startDemo({ env: { ...database.env, PARLEY_ALLOW_PRIVATE_CALLS: 'true' } })
    api = new Caller(demo, { key: demo.api_key })
    channel = await pairNumber(demo, SHOP)
    await demo.control('POST', '/linked/phones', { phone: ANA, name: 'Ana' })
    files = await serve((request, text, response) => response.writeHead(200, { 'content-type': request.url.includes('.pdf') ? 'application/pdf' : 'image/png' })
      .end(request.url.includes('.pdf') ? PDF : PNG))
    bot = new WhatsAppAPI({ token: demo.api_key, appSecret: secret, webhookVerifyToken: 'bot token', v: 'v20.0',
      ponyfill: { fetch: (url, options) => fetch(String(url).replace('https://graph.facebook.com', `${demo.url}/graph`), options) } })
    bot.on.message = (args) => { messages.push(args) }
    bot.on.status = (args) => { statuses.push(args) }
    hook = await serve(async (request, text, response) => {
      if (request.method === 'GET') return response.end(bot.get(Object.fromEntries(new URL(request.url, 'http://x').searchParams)))
      const status = await bot.post(JSON.parse(text), text, request.headers['x-hub-signature-256']).then(() => 200, (error) => error.httpStatus ?? 500)
      return response.writeHead(status).end()
    })
    await api.want(201, 'POST', '/webhooks', { format: 'cloud_api', url: hook.url, verify_token: 'bot token', secret, channel_ids: [channel.id],
      events: ['message.received', 'message.sent', 'message.delivered', 'message.read', 'message.failed', 'message.edited', 'message.deleted', 'message.reacted'] })
    number = (await fetch(`${demo.url}/graph/v20.0/${channel.id}`, { headers: { authorization: `Bearer ${demo.api_key}` } }).then((answer) => answer.json())).id
    await customer({ type: 'text', text: { body: 'hello bot' } })
  }, { timeout: 120_000 })
  after(async () => {
    hook?.close()
    files?.close()
    await demo?.remove()
    await database.drop?.()
  })

  test('a customer is read, seen typing to, answered, quoted and reacted to', async () => {
    const first = await told((one) => one.text?.body === 'hello bot', 'the customer\'s message')
    assert.deepEqual([first.from, first.name, first.phoneID], [ANA, 'Ana', number])
    await first.received('text')
    await until(async () => (await onPhone()).find((one) => one.from_me)?.status === 'read', 'it is read', WAIT)
    await until(async () => (await demo.control('GET', '/linked/stanzas')).stanzas.some((one) => one.stanza.includes('<composing')), 'somebody types', WAIT)
    const id = await sent(new Text('hello Ana'), first.message.id, 'order=17')
    const answer = await arrived((one) => one.content?.body === 'hello Ana', 'the answer')
    assert.equal(answer.reply_to, (await onPhone()).find((one) => one.from_me).id, 'it quotes what it answers')
    for (const status of ['sent', 'delivered']) assert.equal((await seen(id, status)).biz_opaque_callback_data, 'order=17')
    await phone('POST', 'read', { chat: answer.chat })
    assert.deepEqual([(await seen(id, 'read')).phoneID, (await seen(id, 'read')).phone], [number, ANA])
    await sent(new Reaction(first.message.id, '👍'))
    await arrived((one) => one.type === 'reaction' && one.emoji === '👍', 'the reaction')
    assert.equal((await bot.sendMessage(number, ANA, new Text('quoting nothing'), 'wamid.unknown')).error.code, 131009)
  })

  test('places, cards, buttons, lists, files by link and by id, and templates', async () => {
    const form = new FormData()
    form.set('file', new Blob([PNG], { type: 'image/png' }), 'picture.png')
    const { id: file } = await bot.uploadMedia(number, form)
    const made = await fetch(`${demo.url}/graph/v20.0/${number}/message_templates`, { method: 'POST', headers: { authorization: `Bearer ${demo.api_key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'visit', language: 'en_US', category: 'UTILITY', components: [{ type: 'BODY', text: 'Dear {{1}}, see you on {{2}}.', example: { body_text: [['Ana', 'Friday']] } }] }) })
      .then((answer) => answer.json())
    assert.equal(made.status, 'APPROVED', JSON.stringify(made))
    const wanted = [
      [new Location(-122.42, 37.77, 'Here', 'A street'), (one) => one.type === 'location' && one.content.name === 'Here'],
      [new Contacts([new Name('Dana Person', 'Dana', 'Person'), new Phone('+12025550199', 'CELL', '12025550199')]), (one) => one.type === 'contacts' && one.content[0].name.formatted_name === 'Dana Person'],
      [new Interactive(new ActionButtons(new Button('yes', 'Yes'), new Button('no', 'No')), new Body('Do you?')), (one) => one.content?.body === 'Do you?\n\n1. Yes\n2. No'],
      [new Interactive(new ActionList('Menu', new ListSection('All', new Row('one', 'One', 'the first'))), new Body('Which?')), (one) => /1\. One \(the first\)/.test(one.content?.body)],
      [new Image(`${files.url}/a.png`, false, 'from a link'), (one) => one.type === 'image' && one.content.caption === 'from a link'],
      [new Document(`${files.url}/a.pdf`, false, 'a paper', 'bill.pdf'), (one) => one.type === 'document' && one.content.filename === 'bill.pdf'],
      [new Image(file, true, 'by its id'), (one) => one.type === 'image' && one.content.caption === 'by its id'],
      [new Document(file, true, 'as a file', 'picture.png'), (one) => one.type === 'document' && one.content.filename === 'picture.png'],
      [new Template('visit', new Language('en_US'), new BodyComponent(new BodyParameter('Ana'), new BodyParameter('Friday'))), (one) => one.content?.body === 'Dear Ana, see you on Friday.'],
    ]
    for (const [message, isIt] of wanted) {
      const id = await sent(message)
      const there = await arrived(isIt, JSON.stringify(message))
      if (there.file) {
        const data = Buffer.from(await (await fetch(`${demo.sandbox_url}/control/linked/files/${there.file}`)).arrayBuffer())
        assert.deepEqual(data, there.content.filename === 'bill.pdf' ? PDF : PNG)
      }
      await seen(id, 'delivered')
    }
    assert.equal((await bot.retrieveMedia(file)).file_size, PNG.length)
  })

  test('a link that leads nowhere comes back as a failed status, with a code', async () => {
    const id = await sent(new Image(`${files.url}/a.pdf`, false, 'no picture'))
    const failed = await seen(id, 'failed')
    assert.ok(failed.error?.code ?? failed.raw?.entry, JSON.stringify(failed))
  })

  test('taps, orders, files, edits and what nobody knows come in Meta\'s shape', async () => {
    await sent(new Interactive(new ActionButtons(new Button('am', 'Morning'), new Button('pm', 'Afternoon')), new Body('When?')))
    const asked = await arrived((one) => /^When\?/.test(one.content?.body), 'the question')
    await customer({ type: 'interactive', interactive: { type: 'button_reply', button_reply: { id: 'pm', title: 'Afternoon' } }, reply_to: asked.id })
    const tap = (await told((one) => one.interactive?.type === 'button_reply', 'the tap')).message
    assert.deepEqual(tap.interactive.button_reply, { id: 'pm', title: 'Afternoon' })
    assert.match(tap.context.id, /^wamid\./)
    await customer({ type: 'interactive', interactive: { type: 'list_reply', list_reply: { id: 'b', title: 'Billing', description: 'of May' } } })
    assert.deepEqual((await told((one) => one.interactive?.type === 'list_reply', 'the row')).message.interactive.list_reply, { id: 'b', title: 'Billing', description: 'of May' })
    await customer({ type: 'button', button: { text: 'Yes', payload: 'y' } })
    assert.deepEqual((await told((one) => one.type === 'button', 'the quick reply')).message.button, { text: 'Yes', payload: 'y' })
    await customer({ type: 'order', order: { order_id: '77', text: 'please', product_items: [{ name: 'Pot', quantity: 2, item_price: 4.5, currency: 'EUR' }] } })
    const order = (await told((one) => one.type === 'order', 'the order')).message.order
    assert.deepEqual([order.text, order.product_items[0].quantity, order.product_items[0].item_price, order.product_items[0].currency], ['please', 2, 4.5, 'EUR'])
    await customer({ type: 'unsupported', unsupported: {} })
    assert.equal((await told((one) => one.type === 'unsupported', 'what nobody knows')).message.errors[0].code, 131051)
    const form = new FormData()
    form.set('file', new Blob([PNG], { type: 'image/png' }), 'theirs.png')
    const { id: theirs } = await (await fetch(`${demo.sandbox_url}/control/media`, { method: 'POST', body: form })).json()
    await customer({ type: 'image', image: { id: theirs, caption: 'mine', mime_type: 'image/png' } })
    const image = (await told((one) => one.image?.caption === 'mine', 'the picture')).message.image
    const info = await bot.retrieveMedia(image.id)
    assert.equal(info.mime_type, 'image/png')
    assert.deepEqual(Buffer.from(await (await bot.fetchMedia(info.url)).arrayBuffer()), PNG)
    const text = await customer({ type: 'text', text: { body: 'I meant to say' } })
    const said = (await told((one) => one.text?.body === 'I meant to say', 'a text')).message
    await customer({ type: 'reaction', reaction: { message_id: text, emoji: '❤' }, reply_to: text })
    assert.deepEqual((await told((one) => one.type === 'reaction', 'their reaction')).message.reaction, { message_id: said.id, emoji: '❤' })
    await customer({ type: 'reaction', reaction: { message_id: text, emoji: '' }, reply_to: text })
    await told((one) => one.type === 'reaction' && !one.reaction.emoji, 'that it is taken back')
    await customer({ type: 'edit', edit: { message_id: text, body: 'I mean to say' }, reply_to: text })
    assert.equal((await told((one) => one.type === 'edit', 'the edit')).message.edit.message.text.body, 'I mean to say')
  })
})
