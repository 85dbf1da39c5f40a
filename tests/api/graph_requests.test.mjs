// graph_requests.test.mjs: every request body of the Cloud API that we know of, sent to the Graph-shaped API: what reaches the
// network is the same message. The network is a server of this test, which keeps what it is asked.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import http from 'node:http'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { Server, until } from './server.mjs'

const folder = path.resolve(import.meta.dirname, '../data/cloud-requests')
const files = readdirSync(folder).filter((name) => name.endsWith('.json') && name !== 'index.json')
const customer = '12025550142'
const samples = {
  image: ['image/png', Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==', 'base64')],
  document: ['text/plain', Buffer.from('a note')],
  audio: ['audio/ogg', Buffer.concat([Buffer.from('OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0', 'latin1'), Buffer.alloc(200)])],
  video: ['video/mp4', Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypmp42\0\0\0\0mp42isom', 'latin1'), Buffer.alloc(200)])],
  sticker: ['image/webp', Buffer.concat([Buffer.from('RIFF'), Buffer.from([0x1a, 0, 0, 0]), Buffer.from('WEBPVP8L'), Buffer.from([0x0d, 0, 0, 0, 0x2f, 0, 0, 0, 0x10, 7, 0x10, 0x11, 0x11, 0x88, 0x88, 0xfe, 7, 0])])],
}
/* What breaks a published rule, or names what nobody has: refused before it is queued. */
const refusals = {
  'interactive-carousel-04.json': 131009, // one card
  'interactive-product_list-03.json': 131008, // no header
  'pin-group-01.json': 131047, // a group that never wrote
  'template-body-07.json': 100, 'template-header_image-05.json': 100, 'template-url_button-02.json': 100, // "<TEMPLATE_NAME>"
  'template-plain-01.json': 131008, // no language
  'template-quick_reply-02.json': 132012, // true and false instead of texts
}
const asked = []
let network, server, shop, channel, quoted

before(async () => {
  network = http.createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      const isMessage = /\/(messages|marketing_messages)$/.test(request.url.split('?')[0])
      if (isMessage) asked.push(JSON.parse(Buffer.concat(chunks)))
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(isMessage ? { messaging_product: 'whatsapp', contacts: [], messages: [{ id: `wamid.network${asked.length}` }] }
        : request.url.endsWith('/media') ? { id: String(9_000_000 + Math.floor(Math.random() * 1e6)) } : { success: true, data: [] }))
    })
  })
  await new Promise((done) => network.listen(0, '127.0.0.1', done))
  server = new Server()
  server.env.PARLEY_GRAPH_URL = `http://127.0.0.1:${network.address().port}/v24.0`
  shop = server.setup('shop')
  await server.serve()
  channel = await server.channel(shop)
  await shop.caller.want(200, 'PATCH', `/channels/${channel.id}`, { pair_interval_ms: 0, pace_per_second: 1000 })
  const { last_message: { id } } = await server.receive(shop, channel, 'hello', customer)
  quoted = await shop.caller.want(200, 'GET', `/messages/${id}`)
})
after(async () => {
  assert.equal(await server?.stop(), 0)
  network.closeAllConnections()
  network.close()
})

async function graph(where, body) {
  const answer = await fetch(`${server.url}/graph/v24.0/${channel.phone_number_id}/${where}`, { method: 'POST', body: body instanceof FormData ? body : JSON.stringify(body),
    headers: { authorization: `Bearer ${shop.api_key}`, ...(body instanceof FormData ? {} : { 'content-type': 'application/json' }) } })
  return { status: answer.status, body: await answer.json() }
}

const uploaded = {}
async function upload(kind) {
  const form = new FormData()
  form.set('file', new Blob([samples[kind][1]], { type: samples[kind][0] }), `a.${kind}`)
  return (uploaded[kind] ??= (await graph('media', form)).body.id)
}

/** Names that only Meta's account has become names that this one has. */
async function localise(value, key = '') {
  if (Array.isArray(value)) return Promise.all(value.map((item) => localise(item, key)))
  if (value === null || typeof value !== 'object') return value
  const made = {}
  for (const [name, item] of Object.entries(value)) {
    if (name === 'id' && samples[key]) made[name] = await upload(key)
    else if (name === 'message_id') made[name] = quoted.remote_id ?? quoted.whatsapp_id
    else made[name] = await localise(item, name)
  }
  return made
}

/** Without ids of files and quoted messages, which each side has of its own; ids as texts. */
function plain(value, key = '') {
  if (Array.isArray(value)) return value.map((item) => plain(item, key))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => !(name === 'id' && samples[key]) && name !== 'message_id')
    .map(([name, item]) => [name, ['id', 'text'].includes(name) && typeof item === 'number' ? String(item) : plain(item, name)]))
}

test('every body that is known reaches the network as the same message', async () => {
  const sent = [], refused = []
  quoted.remote_id ??= (await shop.caller.want(200, 'GET', `/messages/${quoted.id}/trace`)).remote_id
  assert.ok(quoted.remote_id ?? quoted.whatsapp_id, JSON.stringify(Object.keys(quoted)))
  for (const name of files) {
    const body = await localise(JSON.parse(readFileSync(path.join(folder, name), 'utf8')))
    if (body.status === 'read') {
      const answer = await graph('messages', body)
      assert.deepEqual(answer.body, { success: true }, name)
      continue
    }
    const isGroup = body.recipient_type === 'group'
    if (!isGroup) body.to = `+${customer}`
    delete body.recipient
    const { status, body: answer } = await graph('messages', body)
    if (status === 200) sent.push({ name, body, id: answer.messages[0].id })
    else refused.push([name, answer.error.code])
  }
  assert.deepEqual(Object.fromEntries(refused), refusals)
  assert.ok(sent.length >= 170, `${sent.length} of ${files.length}`)
  const messages = () => asked.filter((one) => one.status !== 'read')
  await until('all of them at the network', () => messages().length >= sent.length, 60_000).catch((error) => { error.message += ` ${messages().length} of ${sent.length}`; throw error })
  const left = messages().map((one) => JSON.stringify([one.type, plain(one[one.type], one.type)]))
  const typeOf = (body) => body.type ?? Object.keys(body).find((name) => ['text', 'image', 'template', 'interactive', 'location', 'contacts'].includes(name))
  const missing = sent.filter(({ body }) => {
    const type = typeOf(body)
    const at = left.findIndex((one) => { try { assert.deepEqual(JSON.parse(one), JSON.parse(JSON.stringify([type, plain(body[type], type)]))); return true } catch { return false } })
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  assert.deepEqual(missing.map(({ name }) => name), [], left.slice(0, 3).join('\n'))
  const context = messages().filter((one) => one.context)
  assert.ok(context.length > 5 && context.every((one) => one.context.message_id === (quoted.remote_id ?? quoted.whatsapp_id)))
})
