// matrix.test.mjs: every kind, both ways, between Parley's linked number and unmodified Baileys: as the customer, in a chat
// and in a group, and as a second device of the same account.
import assert from 'node:assert/strict'
import { after, before, describe, test as run } from 'node:test'
import { downloadMediaMessage } from 'baileys'
import { Clients } from '../lib/baileys.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const test = (name, work) => run(name, { timeout: 90_000 }, work)
const SHOP = '15553330001', ANA = '15553330002', WAIT = 30_000
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
const OGG = Buffer.from('T2dnUwACAAAAAAAAAAABAAAAAAAAAFoH3RsBE09wdXNIZWFkAQE4AYC7AAAAAAA=', 'base64')
let demo, clients, number, ana, desk, group

const say = (phone, body) => demo.control('POST', `/linked/phones/${phone}/messages`, body)
const body = (message) => message.message?.conversation ?? message.message?.extendedTextMessage?.text

/** The conversation with Ana (or of the group, which has no number). */
async function conversation(isGroup) {
  return until(async () => (await demo.api('GET', `/conversations?channel_id=${number.id}&status=all`)).data
    .find((one) => (one.contact.phone ?? '').includes(ANA) !== Boolean(isGroup)), isGroup ? 'the conversation of the group' : 'the conversation with Ana', WAIT)
}
const inbox = (test, isGroup = false) => until(async () => {
  const { id } = await conversation(isGroup)
  return (await demo.api('GET', `/conversations/${id}/messages?limit=100`)).data.find(test)
}, 'the message in the inbox', WAIT)
const byRemote = (id, isGroup, more = () => true) => inbox((m) => m.remote_id === id && more(m), isGroup)

async function upload(data, type, name) {
  const answer = await fetch(`${demo.url}/api/v1/media?file_name=${name}`, { method: 'POST', body: data, headers: { Authorization: `Bearer ${demo.api_key}`, 'Content-Type': type } })
  assert.equal(answer.status, 201, await answer.clone().text())
  return (await answer.json()).id
}

/** Parley writes; gives the message that Ana got. */
async function parleySays(draft, isGroup, pick = (m) => m.message) {
  const { id: where } = await conversation(isGroup)
  const { id } = await demo.api('POST', `/conversations/${where}/messages`, draft)
  const sent = await until(async () => {
    const message = await demo.api('GET', `/messages/${id}`)
    assert.notEqual(message.status, 'failed', JSON.stringify(message.error))
    return message.remote_id && !['accepted', 'sending'].includes(message.status) && message
  }, 'it to be sent', WAIT)
  return { sent, got: await ana.got(sent.remote_id, pick) }
}

before(async () => {
  demo = await startDemo()
  clients = new Clients(demo)
  number = await demo.api('POST', '/linked-numbers', { name: 'Front desk' })
  const { notice } = await demo.api('GET', '/linked-numbers')
  await demo.api('POST', `/linked-numbers/${number.id}/pair`, { consent: notice.version })
  const qr = await until(async () => (await demo.api('GET', `/linked-numbers/${number.id}/pairing`)).qr?.text, 'a QR code', WAIT)
  await demo.control('POST', '/linked/scan', { qr, phone: SHOP })
  await until(async () => (await demo.api('GET', `/linked-numbers/${number.id}`)).state === 'connected', 'the number to be connected', WAIT)
  ana = await clients.paired(ANA, { play: false, name: 'Ana' })
  desk = await clients.paired(SHOP)
  group = (await ana.sock.groupCreate('Friends of the shop', [desk.jid])).id
})
after(async () => {
  clients?.end()
  await demo?.remove()
})

const host = () => ({ host: new URL(demo.linked_tls_url).host })
const IN = {
  text: [{ text: 'Grüße 😀' }, (m) => assert.equal(m.text.body, 'Grüße 😀')],
  image: [{ image: PNG, caption: 'See', jpegThumbnail: '' }, (m) => assert.equal(m.image.caption, 'See')],
  document: [{ document: Buffer.from('%PDF-1.4 x'), mimetype: 'application/pdf', fileName: 'a.pdf' }, (m) => assert.equal(m.document.filename, 'a.pdf')],
  voice: [{ audio: OGG, mimetype: 'audio/ogg; codecs=opus', ptt: true, seconds: 1, waveform: new Uint8Array(64) }, (m) => assert.ok(m.media.id)],
  video: [{ video: Buffer.from('not a real film'), caption: 'film', jpegThumbnail: '', seconds: 1 }, (m) => assert.equal(m.video.caption, 'film')],
  sticker: [{ sticker: Buffer.from('RIFF____WEBP') }, (m) => assert.ok(m.media.id)],
  location: [{ location: { degreesLatitude: -6.2, degreesLongitude: 106.8, name: 'Shop' } }, (m) => assert.equal(m.location.name, 'Shop')],
  contacts: [{ contacts: { displayName: 'Dana', contacts: [{ vcard: 'BEGIN:VCARD\nVERSION:3.0\nFN:Dana Smith\nTEL;type=CELL;waid=12025550177:+1 202-555-0177\nEND:VCARD' }] } },
    (m) => assert.equal(m.contacts[0].name.formatted_name, 'Dana Smith')],
  poll: [{ poll: { name: 'Lunch?', values: ['Soup', 'Salad'], selectableCount: 1 } }, (m) => assert.equal(m.poll.name, 'Lunch?')],
}

for (const isGroup of [false, true]) {
  describe(isGroup ? 'in a group' : 'in a chat', () => {
    const to = () => (isGroup ? group : desk.jid)

    for (const [type, [content, check]] of Object.entries(IN))
      test(`Ana sends ${type}`, async () => {
        const sent = await ana.say(to(), content)
        const message = await byRemote(sent.key.id, isGroup)
        assert.deepEqual([message.type, message.direction], [type, 'in'])
        check(message)
      })

    test('her picture is there as she sent it', async () => {
      const sent = await ana.say(to(), { image: PNG, jpegThumbnail: '' })
      const { media } = await byRemote(sent.key.id, isGroup, (m) => ['stored', 'remote'].includes(m.media?.state))
      const answer = await fetch(demo.url + media.url, { headers: { Authorization: `Bearer ${demo.api_key}` } })
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), PNG)
    })

    test('her reply, reaction, edit and deletion are about the right message', async () => {
      const { sent, got } = await parleySays({ type: 'text', text: { body: 'How was it?' } }, isGroup)
      const answer = await ana.say(to(), { text: 'Fine' }, { quoted: got })
      assert.equal((await byRemote(answer.key.id, isGroup)).reply_to.id, sent.id)
      await ana.say(to(), { react: { text: '👍', key: got.key } })
      await inbox((m) => m.id === sent.id && m.reactions.some((one) => one.emoji === '👍'), isGroup)
      await ana.say(to(), { text: 'Very good', edit: answer.key })
      await byRemote(answer.key.id, isGroup, (m) => m.edited_ms && m.text.body === 'Very good')
      await ana.say(to(), { delete: answer.key })
      await byRemote(answer.key.id, isGroup, (m) => m.deleted_ms)
    })

    test('Parley sends text, and sees it delivered and read', async () => {
      const { sent, got } = await parleySays({ type: 'text', text: { body: 'Good morning' } }, isGroup)
      assert.equal(body(got), 'Good morning')
      await ana.sock.readMessages([got.key])
      await inbox((m) => m.id === sent.id && m.status === 'read', isGroup)
    })

    test('Parley sends a picture', async () => {
      const { got } = await parleySays({ type: 'image', image: { id: await upload(PNG, 'image/png', 'dot.png'), caption: 'a dot' } }, isGroup)
      assert.equal(got.message.imageMessage.caption, 'a dot')
      assert.deepEqual(await downloadMediaMessage(got, 'buffer', host()), PNG)
    })

    test('Parley sends a document', async () => {
      const id = await upload(Buffer.from('%PDF-1.4\n%%EOF\n'), 'application/pdf', 'list.pdf')
      const { got } = await parleySays({ type: 'document', document: { id, filename: 'list.pdf' } }, isGroup)
      assert.equal(got.message.documentMessage.fileName, 'list.pdf')
    })

    test('Parley sends a location, a contact and a poll', async () => {
      const place = await parleySays({ type: 'location', location: { latitude: -6.2, longitude: 106.8, name: 'Shop' } }, isGroup)
      assert.equal(place.got.message.locationMessage.name, 'Shop')
      const card = await parleySays({ type: 'contacts', contacts: [{ name: { formatted_name: 'Dana Smith', first_name: 'Dana' }, phones: [{ phone: '+12025550177' }] }] }, isGroup)
      assert.match(JSON.stringify(card.got.message), /Dana Smith/)
      const poll = await parleySays({ type: 'poll', poll: { name: 'Lunch?', options: ['Soup', 'Salad'], selectable_count: 1 } }, isGroup)
      assert.match(JSON.stringify(poll.got.message), /Salad/)
    })

    test('Parley replies and reacts', async () => {
      const asked = await ana.say(to(), { text: 'Is it there?' })
      const message = await byRemote(asked.key.id, isGroup)
      const reply = await parleySays({ type: 'text', text: { body: 'Yes' }, context: { message_id: message.id } }, isGroup)
      assert.equal(reply.got.message.extendedTextMessage.contextInfo.stanzaId, asked.key.id)
      const reaction = await parleySays({ type: 'reaction', reaction: { message_id: message.id, emoji: '❤️' } }, isGroup)
      assert.deepEqual([reaction.got.message.reactionMessage.text, reaction.got.message.reactionMessage.key.id], ['❤️', asked.key.id])
    })
  })
}

describe('the account has other devices', () => {
  test('what its second device and its phone write appears as its own', async () => {
    const sent = await desk.say(ana.jid, { text: 'From another desk' })
    assert.equal((await byRemote(sent.key.id)).direction, 'out')
    const { id } = await say(SHOP, { to: ANA, type: 'text', text: { body: 'From the phone' } })
    const own = await byRemote(id)
    assert.deepEqual([own.direction, own.author.kind], ['out', 'phone'])
  })

  test('what Parley writes appears on both', async () => {
    const { sent } = await parleySays({ type: 'text', text: { body: 'To everybody' } })
    assert.equal(body(await desk.got(sent.remote_id)), 'To everybody')
    await until(async () => (await demo.control('GET', `/linked/phones/${SHOP}/messages`)).messages.find((m) => m.id === sent.remote_id && m.from_me), 'it on the phone', WAIT)
  })
})

test('nothing is lost when its connection is cut', async () => {
  const [device] = (await demo.control('GET', '/linked')).devices.filter((d) => d.phone === SHOP)
  await demo.control('POST', `/linked/devices/${SHOP}/${device.device}`, { action: 'cut' })
  const ids = []
  for (let i = 0; i < 5; i++) ids.push((await ana.say(desk.jid, { text: `while away ${i}` })).key.id)
  for (const id of ids) await byRemote(id)
})
