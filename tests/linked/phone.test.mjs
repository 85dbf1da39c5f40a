// phone.test.mjs: a phone that the sandbox plays is a person on the network: to Baileys as somebody else's client, and to
// Baileys as its own second device.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { downloadMediaMessage } from 'baileys'
import { Clients } from '../lib/baileys.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const test = (name, work) => run(name, { timeout: 90_000 }, work)
const OWNER = '15552220001', ANA = '15552220002', EVE = '15552220003'
let demo, clients, desk, ana

const phone = {
  say: (number, body) => demo.control('POST', `/linked/phones/${number}/messages`, body),
  said: async (number) => (await demo.control('GET', `/linked/phones/${number}/messages`)).messages,
  got: (number, id, test = () => true) => until(async () => (await phone.said(number)).find((m) => m.id === id && test(m)), `message ${id} on the phone`, 30_000),
}
const text = (message) => message.message.conversation ?? message.message.extendedTextMessage?.text

before(async () => {
  demo = await startDemo()
  clients = new Clients(demo)
  await demo.control('POST', '/linked/phones', { phone: OWNER, name: 'Olivia' })
  await demo.control('POST', '/linked/phones', { phone: EVE, name: 'Eve' })
  await demo.control('POST', `/linked/phones/${OWNER}/past`, { messages: [
    { with: EVE, text: 'Are you open?', id: 'PAST1', at_ms: Date.now() - 86_400_000 },
    { with: EVE, text: 'Until six', from_me: true, id: 'PAST2', at_ms: Date.now() - 86_300_000 },
  ] })
  desk = await clients.paired(OWNER)
  ana = await clients.paired(ANA, { play: false })
})
after(async () => {
  clients?.end()
  await demo?.remove()
})

test('a device that is linked gets the history of the phone', async () => {
  // Baileys tells them beside their chats or within, as its buffer wills.
  const told = (set) => [...set.messages, ...set.chats.flatMap((chat) => (chat.messages ?? []).map((one) => one.message))]
  const { data } = await desk.event('messaging-history.set', (set) => told(set).some((m) => m.key.id === 'PAST1'))
  assert.equal(text(told(data).find((m) => m.key.id === 'PAST2')), 'Until six')
})

test('the phone reads what is sent to its account, and its device sees what the owner writes', async () => {
  const sent = await ana.say(`${OWNER}@s.whatsapp.net`, { text: 'Hello' })
  const got = await phone.got(OWNER, sent.key.id)
  assert.deepEqual([got.type, got.content.body, got.with, got.from_me], ['text', 'Hello', ANA, false])
  assert.equal(text(await desk.got(sent.key.id)), 'Hello')
  await demo.control('POST', `/linked/phones/${OWNER}/read`, { chat: got.chat })
  await ana.reached(sent.key.id, 4)
  const { id } = await phone.say(OWNER, { to: ANA, type: 'text', text: { body: 'Good morning' }, reply_to: sent.key.id })
  const answer = await ana.got(id)
  assert.equal(text(answer), 'Good morning')
  assert.equal(answer.message.extendedTextMessage.contextInfo.stanzaId, sent.key.id)
  const copy = await desk.got(id)
  assert.equal(copy.key.fromMe, true)
  assert.equal(text(copy), 'Good morning')
  await ana.sock.readMessages([answer.key])
  await phone.got(OWNER, id, (m) => m.status === 'read')
})

test('what its device sends appears on the phone', async () => {
  const sent = await desk.say(`${ANA}@s.whatsapp.net`, { text: 'From the desk' })
  const copy = await phone.got(OWNER, sent.key.id)
  assert.deepEqual([copy.content.body, copy.from_me, copy.with], ['From the desk', true, ANA])
  await ana.got(sent.key.id)
})

test('pictures go both ways', async () => {
  const image = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
  const form = new FormData()
  form.append('file', new Blob([image], { type: 'image/png' }), 'dot.png')
  const { id: file } = await (await fetch(`${demo.sandbox_url}/control/media`, { method: 'POST', body: form })).json()
  const { id } = await phone.say(OWNER, { to: ANA, type: 'image', image: { id: file, caption: 'a dot' } })
  const got = await ana.got(id)
  assert.equal(got.message.imageMessage.caption, 'a dot')
  assert.deepEqual(await downloadMediaMessage(got, 'buffer', { host: new URL(demo.linked_tls_url).host }), image)
  const sent = await ana.say(`${OWNER}@s.whatsapp.net`, { image, jpegThumbnail: '' })
  const seen = await phone.got(OWNER, sent.key.id)
  const octets = await fetch(`${demo.sandbox_url}/control/linked/files/${seen.file}?type=image/png`)
  assert.deepEqual(Buffer.from(await octets.arrayBuffer()), image)
})

test('two phones that are played talk, in a group, too', async () => {
  const { id } = await phone.say(EVE, { to: OWNER, type: 'text', text: { body: 'Still open?' } })
  assert.equal((await phone.got(OWNER, id)).content.body, 'Still open?')
  assert.equal(text(await desk.got(id)), 'Still open?')
  const { group } = await demo.control('POST', `/linked/phones/${OWNER}/groups`, { subject: 'Regulars', members: [ANA, EVE] })
  const first = await phone.say(OWNER, { to: group, type: 'text', text: { body: 'Welcome' } })
  assert.equal((await phone.got(EVE, first.id)).content.body, 'Welcome')
  assert.equal(text(await ana.got(first.id)), 'Welcome')
  const answer = await ana.say(group, { text: 'Thanks' })
  assert.equal((await phone.got(EVE, answer.key.id)).content.body, 'Thanks')
  assert.equal(text(await desk.got(answer.key.id)), 'Thanks')
})

for (const [type, body] of Object.entries({
  location: { latitude: -6.2, longitude: 106.8, name: 'Library' },
  contacts: { contacts: [{ name: { formatted_name: 'Ana' }, phones: [{ phone: '+15552220002' }] }] },
  poll: { name: 'Lunch?', options: ['Soup', 'Salad'], selectable_count: 1 },
})) test(`the phone sends a ${type}`, async () => {
  const { id } = await phone.say(OWNER, { to: ANA, type, [type]: type === 'contacts' ? body.contacts : body })
  await ana.got(id)
})
