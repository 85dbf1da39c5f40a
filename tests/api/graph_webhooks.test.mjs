// graph_webhooks.test.mjs: webhooks in Meta's format: the handshake, the signature, and every webhook of Meta's that we know
// of: what was posted in comes out with the same messages[], statuses[] and contacts[].
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { databaseFor } from '../lib/database.mjs'
import { stores } from '../lib/world.mjs'
import { Server, until } from './server.mjs'

const folder = path.resolve(import.meta.dirname, '../data/cloud-webhooks')
const fixtures = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'index.json')
const lists = ['messages', 'statuses', 'message_echoes']

/** A bot's address: answers the challenge for its token, keeps what it is sent. */
class Bot {
  static async open(token = 'bot token') {
    const bot = Object.assign(new Bot(), { token, calls: [], asked: [], answer: () => 200 })
    bot.server = http.createServer((request, response) => {
      const url = new URL(request.url, 'http://bot')
      const chunks = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (request.method === 'GET') {
          bot.asked.push(url.searchParams)
          const knows = url.searchParams.get('hub.mode') === 'subscribe' && url.searchParams.get('hub.verify_token') === bot.token
          response.writeHead(knows ? 200 : 403).end(knows ? url.searchParams.get('hub.challenge') : '')
          return
        }
        const call = { text, headers: request.headers, body: JSON.parse(text) }
        const status = bot.answer(call)
        bot.calls.push({ ...call, answered: status })
        response.writeHead(status).end()
      })
    })
    await new Promise((done) => bot.server.listen(0, '127.0.0.1', done))
    bot.url = `http://127.0.0.1:${bot.server.address().port}/hook?from=parley`
    return bot
  }

  /** The changes that were delivered, one to a call; without what Parley says of itself. */
  changes() {
    return this.calls.filter(({ answered }) => answered === 200).map(({ body }) => body.entry[0].changes[0])
      .filter(({ value }) => value?.alert_info?.alert_type !== 'CHANNEL_HEALTH')
  }

  close() {
    this.server.closeAllConnections()
    return new Promise((done) => this.server.close(done))
  }
}

/** One change of Meta's as we pass it on: an element at a time. */
function parts(change) {
  const value = change.value ?? {}
  const found = lists.flatMap((list) => (Array.isArray(value[list]) ? value[list] : []).map((element) => ({ list, element })))
  return found.length ? found.map(({ list, element }) => ({ field: change.field, list, element, contacts: value.contacts, value }))
    : [{ field: change.field, list: null, element: change.value, contacts: value.contacts, value }]
}

const media = ['image', 'video', 'audio', 'voice', 'document', 'sticker']

/** Without what Parley gives names of its own: ids of messages and files, addresses of files, callback data. */
function plain(value, key = '', parent = '') {
  if (Array.isArray(value)) return value.map((item) => plain(item, key, parent))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).filter(([name]) =>
    !(['message_id', 'original_message_id', 'biz_opaque_callback_data'].includes(name) || (media.includes(key) && ['id', 'url'].includes(name)) || (key === 'context' && name === 'id')))
    .map(([name, item]) => [name, plain(item, name, key)]))
}

const withoutId = ({ id, ...rest }) => rest
const shape = ({ field, list, element, contacts }) => JSON.stringify([field, list, list ? withoutId(plain(element)) : plain(element), contacts?.length === 1 ? contacts : null])

for (const store of stores) describe(store, () => {
  let database, server, shop, channel, bot

  before(async () => {
    database = databaseFor(store)
    server = new Server()
    Object.assign(server.env, database.env, { PARLEY_WEBHOOK_RETRY_UNIT_MS: '2' })
    shop = server.setup('shop')
    await server.serve()
    channel = await server.channel(shop)
    bot = await Bot.open()
  })
  after(async () => {
    await bot?.close()
    assert.equal(await server?.stop(), 0, 'the server ends cleanly')
    database?.drop()
  })

  const make = (more) => shop.caller.post('/webhooks', { format: 'cloud_api', url: bot.url, verify_token: bot.token, ...more })

  async function post(body) {
    const text = JSON.stringify(body)
    const answer = await fetch(`${server.url}/webhooks/cloud/${channel.id}`, { method: 'POST', body: text, headers: {
      'content-type': 'application/json', 'x-hub-signature-256': `sha256=${createHmac('sha256', 'app-secret').update(text).digest('hex')}` } })
    assert.equal(answer.status, 200)
  }

  test('an address that does not know the token is none; one that does is asked once and signed for', async () => {
    const wrong = await make({ verify_token: 'another token' })
    assert.equal(wrong.status, 422)
    assert.equal(wrong.body.errors[0].field, 'url')
    assert.equal(wrong.body.errors[0].code, 'not_confirmed')
    assert.equal((await make({ verify_token: undefined })).body.errors[0].field, 'verify_token')
    assert.equal((await shop.caller.post('/webhooks', { url: bot.url, secret: 'a secret of mine' })).body.errors[0].field, 'secret')
    const { status, body: hook } = await make({ secret: 'the app secret' })
    assert.equal(status, 201, JSON.stringify(hook))
    assert.equal(hook.format, 'cloud_api')
    assert.equal(hook.secret, 'the app secret')
    await shop.caller.want(202, 'POST', `/webhooks/${hook.id}/test`)
    const call = await until('the test', () => bot.calls[0])
    assert.equal(call.headers['x-hub-signature-256'], `sha256=${createHmac('sha256', 'the app secret').update(call.text).digest('hex')}`)
    assert.equal(call.headers['webhook-signature'], undefined)
    assert.equal(call.body.object, 'whatsapp_business_account')
    assert.deepEqual(call.body.entry[0].changes[0], { value: { messaging_product: 'whatsapp', metadata: { display_phone_number: '0', phone_number_id: '0' } }, field: 'messages' })
    const shown = await until('the delivery', async () => {
      const { data } = await shop.caller.want(200, 'GET', `/webhooks/${hook.id}/deliveries`)
      return data.length && data[0].state === 'delivered' && shop.caller.want(200, 'GET', `/webhooks/${hook.id}/deliveries/${data[0].event_id}`)
    })
    assert.deepEqual(shown.payload, call.body, 'the console shows what was sent')
    await shop.caller.want(422, 'PATCH', `/webhooks/${hook.id}`, { format: 'parley' })
    await shop.caller.want(422, 'PATCH', `/webhooks/${hook.id}`, { verify_token: 'not of this bot' })
    await shop.caller.want(204, 'DELETE', `/webhooks/${hook.id}`)
    bot.calls.length = 0
  })

  test('every webhook of Meta\'s comes out as it went in', async () => {
    const { body: hook } = await make()
    const expected = []
    for (const name of fixtures) {
      const body = JSON.parse(readFileSync(path.join(folder, name), 'utf8'))
      for (const change of (body.entry ?? []).flatMap((entry) => entry.changes ?? [])) {
        if (change.value?.metadata) change.value.metadata.phone_number_id = channel.phone_number_id
        expected.push(...parts(change).map((part) => ({ ...part, name })))
      }
      await post(body)
    }
    assert.ok(expected.length >= fixtures.length - 5, `${expected.length} parts of ${fixtures.length} files`)
    let came, left, missing
    await until('all of them', () => {
      came = bot.changes().flatMap(parts)
      left = came.map(shape)
      missing = expected.filter((part) => {
        const at = left.indexOf(shape(part))
        if (at >= 0) left.splice(at, 1)
        return at < 0
      })
      return missing.length === 0
    }, 60_000).catch(async (error) => {
      const failed = await shop.caller.want(200, 'GET', '/events?state=failed&limit=100')
      error.message += JSON.stringify([missing.map((part) => [part.name, shape(part)]), left, failed.data.map((one) => one.error)], null, 1)
      throw error
    })
    assert.deepEqual(left, [], 'and nothing else')
    for (const { body } of bot.calls) assert.equal(body.entry.length, 1)

    // Names: a message that we have goes by ours.
    const names = came.filter(({ list }) => list === 'messages').map(({ element }) => element.id)
    assert.ok(names.filter((id) => id?.startsWith('wamid.cGFybGV5')).length > 60, `${names.length} messages`)
    // With several contacts, the one that it is about.
    for (const { list, element, contacts } of came)
      if (list === 'messages' && contacts?.length && element.from) assert.ok(contacts.some((one) => !one.wa_id || one.wa_id === element.from || contacts.length === 1), JSON.stringify([element, contacts]))
    await shop.caller.want(204, 'DELETE', `/webhooks/${hook.id}`)
  })

  test('a failing POST holds back its own conversation alone, and comes again with the same octets', async () => {
    bot.calls.length = 0
    const { body: hook } = await make({ events: ['message.received'] })
    const textOf = ({ body }) => body.entry[0].changes[0].value.messages?.[0]?.text?.body
    let refusals = 2
    bot.answer = (call) => (textOf(call)?.includes('broken') && refusals-- > 0 ? 500 : 200)
    await server.receive(shop, channel, 'first of the broken', '12025550171')
    await server.receive(shop, channel, 'second of the broken', '12025550171')
    await server.receive(shop, channel, 'of another', '12025550172')
    await until('all of them', () => bot.calls.filter(({ answered }) => answered === 200).length === 3)
    const broken = bot.calls.filter((call) => textOf(call).includes('broken'))
    assert.deepEqual(broken.map(textOf), ['first of the broken', 'first of the broken', 'first of the broken', 'second of the broken'])
    assert.equal(new Set(broken.slice(0, 3).map(({ text }) => text)).size, 1)
    await shop.caller.want(204, 'DELETE', `/webhooks/${hook.id}`)
  })
})
