// cloud_requests.test.mjs: each recorded request to /messages can be said through our API, and what the network then gets is
// the file's, field by field.
//
// The whole way: POST /api/v1/messages → outbox → provider → the sandbox, which keeps what it got. What differs is what must:
// the recipient is a customer of the sandbox, quoted messages and files are ours on the one side and the network's on the other,
// each template has a name of its own, and `biz_opaque_callback_data` on the wire is our message's id (what its sender gave comes
// back with the message).
import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { startDemo, until } from '../lib/parley.mjs'
import { definitionOf } from '../lib/templates.mjs'

const folder = path.resolve(import.meta.dirname, '../data/cloud-requests')
const files = readdirSync(folder).filter((name) => name !== 'index.json').sort()
const read = (file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8'))
const isMark = (body) => body.status === 'read'
const options = ['category', 'direct_send_config', 'message_activity_sharing', 'product_policy', 'recipient_identity_key_hash', 'ttl_seconds']
const mediaKinds = ['image', 'video', 'audio', 'document', 'sticker']

/* What cannot be sent as it stands: the value is a placeholder, or breaks a published limit. */
const english = (template) => ({ ...template, language: { ...template.language, code: 'en_US' } })
const changed = {
  'interactive-carousel-04.json': (i) => ({ ...i, action: { cards: [i.action.cards[0], { ...i.action.cards[0], card_index: 1 }] } }), // 2 to 10 cards
  'interactive-product_list-03.json': (i) => ({ ...i, header: { type: 'text', text: 'Products' } }), // a header is required
  'template-body-07.json': english, // "LANGUAGE_AND_LOCALE_CODE"
  'template-header_image-05.json': english,
  'template-url_button-02.json': english,
  'template-plain-01.json': english, // it has none
  'template-limited_time_offer-01.json': (t) => JSON.parse(JSON.stringify(t).replace('1209600000', String(Date.now() + 1_209_600_000))), // of 1970
  'template-quick_reply-02.json': (t) => JSON.parse(JSON.stringify(t).replaceAll(/"text":(true|false)/g, '"text":"$1"')), // no texts
}

let demo, channel
const media = {}

before(async () => {
  demo = await startDemo()
  channel = (await demo.api('GET', '/channels')).data[0]
  await demo.control('POST', '/settings', { pace_per_second: 0, pair_interval_ms: 0 })
  await upload('image', 'image/png', Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'))
  await upload('document', 'application/pdf', Buffer.from('%PDF-1.4\n%%EOF\n'))
  await upload('video', 'video/mp4', Buffer.from('00000018667479706d703432000000006d70343269736f6d', 'hex'))
  await upload('audio', 'audio/ogg', Buffer.from('4f67675300020000000000000000010203040000000000000000011e01766f72626973', 'hex'))
  await upload('sticker', 'image/webp', Buffer.from('524946461a000000574542505650384c0d0000002f00000010071011118888fe0700', 'hex'))
})
after(() => demo?.remove())

async function upload(kind, type, data) {
  const answer = await fetch(`${demo.url}/api/v1/media?file_name=a`, { method: 'POST', body: data,
    headers: { authorization: `Bearer ${demo.api_key}`, 'content-type': type } })
  const made = await answer.json()
  assert.equal(answer.status, 201, JSON.stringify(made))
  media[kind] = made.id
}

/** Each media object's id becomes one of ours; the wire must then have one that the network gave. */
function ours(value, kind) {
  if (Array.isArray(value)) return value.map((one) => ours(one))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) =>
    kind && key === 'id' ? [key, media[kind]] : [key, ours(inner, mediaKinds.includes(key) ? key : undefined)]))
}
function theirs(value, kind) {
  if (Array.isArray(value)) return value.map((one) => theirs(one))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) =>
    kind && key === 'id' ? [key, Object.values(media).includes(inner) ? `ours: ${inner}` : "the network's"]
      : [key, theirs(inner, mediaKinds.includes(key) ? key : undefined)]))
}

/** A customer who wrote just now, and what they said: {phone, user_id, wamid, message}. */
async function customer(n) {
  const phone = String(12025550000 + n)
  const made = await demo.control('POST', '/customers', { phone, name: `C ${n}` })
  const said = await demo.control('POST', `/customers/${phone}/messages`, { type: 'text', text: { body: `say ${n}` } })
  const message = await until(async () => {
    const found = await demo.api('GET', `/contacts?query=${encodeURIComponent(`+${phone}`)}`)
    if (!found.data.length) return null
    const talks = await demo.api('GET', `/conversations?contact_id=${found.data[0].id}&status=all`)
    return talks.data[0]?.last_message
  }, 'the message of the customer', 30_000)
  return { phone, user_id: made.user_id, wamid: said.id, message }
}

const kindOf = (body) => body.type ?? Object.keys(body).find((key) => ['text', 'interactive'].includes(key))

/** What to say to our API, and what must then come out. */
function both(file, body, who) {
  const type = kindOf(body)
  const change = changed[file] ?? ((same) => same)
  const content = change(structuredClone(body[type]))
  if (type === 'template') content.name = `t_${file.replaceAll(/[^a-z0-9]/g, '_')}`
  const mine = mediaKinds.includes(type) ? ours(content, type) : ours(content)
  const draft = { type: body.type, [type]: mine, channel_id: channel.id }
  const wire = { messaging_product: 'whatsapp', recipient_type: body.recipient_type ?? 'individual', type,
    [type]: mediaKinds.includes(type) ? theirs(content, type) : theirs(content) }
  if (body.to) { draft.to = `+${who.phone}`; wire.to = `+${who.phone}` }
  if (body.recipient) draft.recipient = who.user_id
  if (!body.to) wire.to = `+${who.phone}` // we know the person's number, too, and "`to` wins"
  if (body.recipient_type) draft.recipient_type = body.recipient_type
  if (body.context) { draft.context = { message_id: who.message.id }; wire.context = { message_id: who.wamid } }
  if (content.message_id) { mine.message_id = who.message.id; wire[type].message_id = who.wamid }
  for (const name of options) if (name in body) wire[name] = draft[name] = body[name]
  if ('biz_opaque_callback_data' in body) draft.biz_opaque_callback_data = body.biz_opaque_callback_data
  return { draft, wire }
}

test('each message request is sent equal to its file', { timeout: 600_000 }, async (t) => {
  const named = files.filter((file) => !isMark(read(file)) && read(file).recipient_type !== 'group')

  for (const file of named.filter((one) => one.startsWith('template')))
    await demo.control('POST', '/templates', { ...definitionOf((changed[file] ?? ((same) => same))(read(file).template)), name: `t_${file.replaceAll(/[^a-z0-9]/g, '_')}` })
  await demo.api('POST', `/channels/${channel.id}/templates/sync`)
  for (const [n, file] of named.entries())
    await t.test(file, async () => {
      const body = read(file), who = await customer(n), { draft, wire } = both(file, body, who)
      const sent = await demo.api('POST', '/messages', draft)
      const got = await until(async () => (await demo.control('GET', `/messages?biz=${sent.id}`)).data[0], 'the message on the wire', 5_000)
        .catch(async (error) => { throw new Error(JSON.stringify((await demo.api('GET', `/messages/${sent.id}`)).error), { cause: error }) })
      const { biz_opaque_callback_data, ...rest } = got.body
      assert.equal(biz_opaque_callback_data, sent.id)
      if (mediaKinds.includes(wire.type)) rest[wire.type] = theirs(rest[wire.type], wire.type)
      assert.deepEqual(mediaKinds.includes(wire.type) ? rest : theirs(rest), wire)
      assert.equal(sent.options?.biz_opaque_callback_data, body.biz_opaque_callback_data)
    })
})

test('a read mark is sent equal to its file, with typing where the file has it', { timeout: 60_000 }, async () => {
  const who = await customer(900)
  for (const file of files.filter((one) => isMark(read(one)))) {
    const call = read(file).typing_indicator ? 'typing' : 'read'
    await demo.api('POST', `/conversations/${who.message.conversation_id}/${call}`)
    const got = await until(async () => (await demo.control('GET', '/requests')).data
      .filter((call) => call.target.endsWith('/messages')).map((call) => JSON.parse(call.body)).findLast((mark) =>
      mark.message_id === who.wamid && mark.status && Boolean(mark.typing_indicator) === (call === 'typing')), `the mark of ${file}`, 30_000)
    assert.deepEqual(got, { ...read(file), message_id: who.wamid })
  }
})

test('what goes to a group is sent equal to its file, and who speaks in it is told', { timeout: 60_000 }, async () => {
  const who = await customer(901)
  const { group_id: group } = await demo.control('POST', '/groups', { subject: 'Choir', members: [who.phone] })
  const said = await demo.control('POST', `/customers/${who.phone}/messages`, { type: 'text', text: { body: 'to all of you' }, group_id: group })
  const talk = await until(async () => (await demo.api('GET', '/conversations?status=all&limit=100')).data.find((one) => one.contact.name === 'Choir'),
    'the thread of the group', 30_000)
  const theirs = (await demo.api('GET', `/conversations/${talk.id}/messages`)).data.find((one) => one.remote_id === said.id)
  assert.equal(theirs.author.name, 'C 901')
  assert.notEqual(theirs.author.id, talk.contact.id)
  for (const file of files.filter((one) => read(one).recipient_type === 'group')) {
    const body = read(file)
    const sent = await demo.api('POST', '/messages', { to: group, recipient_type: 'group', channel_id: channel.id, type: body.type, [body.type]: { ...body[body.type], message_id: theirs.id } })
    const got = await until(async () => (await demo.control('GET', `/messages?biz=${sent.id}`)).data[0], `${file} on the wire`, 30_000)
    const { biz_opaque_callback_data, ...rest } = got.body
    assert.equal(biz_opaque_callback_data, sent.id)
    assert.deepEqual(rest, { ...body, to: group, pin: { ...body.pin, message_id: said.id } })
  }
  const answer = await demo.api('POST', `/conversations/${talk.id}/messages`, { type: 'text', text: { body: 'to you all' } })
  await until(async () => (await demo.api('GET', `/messages/${answer.id}`)).status === 'delivered', 'a delivered answer', 30_000)
  await assert.rejects(demo.api('POST', `/conversations/${talk.id}/messages`, { type: 'location', location: { latitude: 1, longitude: 2 } }), /unsupported_kind/)
  await assert.rejects(demo.api('POST', `/conversations/${who.message.conversation_id}/messages`, { type: 'pin', pin: { type: 'pin', message_id: who.message.id, expiration_days: 1 } }), /unsupported_kind/)
})
