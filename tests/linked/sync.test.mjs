// sync.test.mjs: the app state of an account, between Parley and unmodified Baileys as another of its devices: what is done to
// a chat at one desk happens at the other, over the simulator's server of patches that neither it nor anybody else can read.
//
// Baileys proves every MAC and the hash of every map here; so does our own client. A failure of either is one of this test.
import assert from 'node:assert/strict'
import { after, before, describe, test as run } from 'node:test'
import { Clients } from '../lib/baileys.mjs'
import { pairNumber, Thread } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const test = (name, work) => run(name, { timeout: 90_000 }, work)
const SHOP = '15554440001', ANA = '15554440002', WAIT = 30_000
const BROKEN = /failed to sync|giving up|blocked on missing key|LTHash|tampered|mac/i
let demo, clients, number, ana, desk, thread

const is = (test, what) => until(async () => { const now = await thread.conversation(); return test(now) && now }, what, WAIT)
const patch = (change) => demo.api('PATCH', `/conversations/${thread.id}`, change)

/** Ana writes; gives the message as the desk has it, once Parley has it, too. */
async function anaWrites(text) {
  const { key } = await ana.say(desk.jid, { text })
  await thread.byRemote(key.id)
  return desk.got(key.id)
}

/** The desk was told that this happened to the chat with Ana. */
const told = (test, what, from = 0) => until(() => desk.events.slice(from).some(({ name, data }) => name === 'chats.update' &&
  data.some((chat) => [ana.jid, ana.lid].includes(chat.id) && test(chat))), `${what} at the desk`, WAIT)

before(async () => {
  demo = await startDemo()
  clients = new Clients(demo)
  number = await pairNumber(demo, SHOP)
  ana = await clients.paired(ANA, { play: false, name: 'Ana' })
  desk = await clients.paired(SHOP)
  thread = new Thread(demo, number, ANA)
  await anaWrites('Hello')
  await until(() => desk.auth.state.creds.myAppStateKeyId, 'the keys of the app state', WAIT)
})
after(async () => {
  clients?.end()
  await demo?.remove()
})

describe('what is done at the other desk happens in Parley', () => {
  test('a chat is archived, and comes back', async () => {
    const message = await anaWrites('Put me away')
    await desk.sock.chatModify({ archive: true, lastMessages: [message] }, ana.jid)
    await is((now) => now.status === 'archived', 'archived')
    await desk.sock.chatModify({ archive: false, lastMessages: [message] }, ana.jid)
    await is((now) => now.status === 'open', 'open again')
  })

  test('it is read', async () => {
    const message = await anaWrites('Read me')
    await is((now) => now.unread_count > 0, 'unread')
    await desk.sock.chatModify({ markRead: true, lastMessages: [message] }, ana.jid)
    await is((now) => now.unread_count === 0, 'read')
  })

  test('Ana has a name in the address book', async () => {
    await desk.sock.addOrEditContact(ana.jid, { fullName: 'Ana Souza', firstName: 'Ana', saveOnPrimaryAddressbook: true })
    await is((now) => now.contact.name === 'Ana Souza', 'her name')
  })

  test('it is pinned and muted, and not any more', async () => {
    const until_ms = Date.now() + 8 * 3600_000
    await desk.sock.chatModify({ pin: true }, ana.jid)
    await is((now) => now.pinned, 'pinned')
    await desk.sock.chatModify({ mute: until_ms }, ana.jid)
    await is((now) => now.muted_until_ms === until_ms, 'muted')
    await desk.sock.chatModify({ pin: false }, ana.jid)
    await desk.sock.chatModify({ mute: null }, ana.jid)
    await is((now) => !now.pinned && now.muted_until_ms === null, 'neither')
  })

  test('a message has a star, and loses it', async () => {
    const { key } = await anaWrites('A fine word')
    for (const star of [true, false]) {
      await desk.sock.chatModify({ star: { messages: [{ id: key.id, fromMe: false }], star } }, ana.jid)
      await thread.byRemote(key.id, (m) => m.starred === star)
    }
  })

  test('it has a label, which has another name, and is gone', async () => {
    const names = (now) => now.labels.map((one) => one.name).join()
    await desk.sock.addLabel('', { id: '7', name: 'Regulars', color: 2, deleted: false })
    await desk.sock.addChatLabel(ana.jid, '7')
    await is((now) => names(now) === 'Regulars', 'a label')
    await desk.sock.addLabel('', { id: '7', name: 'Friends', color: 2, deleted: false })
    await is((now) => names(now) === 'Friends', 'its other name')
    await desk.sock.removeChatLabel(ana.jid, '7')
    await is((now) => names(now) === '', 'no label')
  })

  test('a quick reply is a ready answer, and goes', async () => {
    const ready = async () => (await demo.api('GET', '/canned-responses')).data.find((one) => one.phone_channel_id === number.id)
    const timestamp = String(Math.floor(Date.now() / 1000))
    await desk.sock.addOrEditQuickReply({ shortcut: 'hours', message: 'From nine to five.', timestamp })
    assert.equal((await until(ready, 'a ready answer', WAIT)).body, 'From nine to five.')
    await desk.sock.removeQuickReply(timestamp)
    await until(async () => !(await ready()), 'none', WAIT)
  })

  test('what is deleted there stays here, and nothing after it is lost', async () => {
    const message = await anaWrites('Keep me')
    await desk.sock.chatModify({ deleteForMe: { deleteMedia: false, key: message.key, timestamp: Number(message.messageTimestamp) } }, ana.jid)
    await desk.sock.chatModify({ delete: true, lastMessages: [message] }, ana.jid)
    await desk.sock.chatModify({ pushNameSetting: 'The shop' }, '')
    await desk.sock.chatModify({ archive: true, lastMessages: [message] }, ana.jid)
    await is((now) => now.status === 'archived', 'archived after it')
    await patch({ status: 'open' })
    assert.equal((await thread.byRemote(message.key.id)).text.body, 'Keep me')
  })

  test('archived, back and archived again with nothing said between', async () => {
    const message = await anaWrites('Once')
    for (const archive of [true, false, true, false]) {
      await desk.sock.chatModify({ archive, lastMessages: [message] }, ana.jid)
      await is((now) => now.status === (archive ? 'archived' : 'open'), archive ? 'archived' : 'open')
    }
  })
})

describe('what is done in Parley happens at the other desk', () => {
  test('a chat is archived, and comes back', async () => {
    await anaWrites('And me')
    await patch({ status: 'archived' })
    await told((chat) => chat.archived === true, 'archived')
    await patch({ status: 'open' })
    await told((chat) => chat.archived === false, 'open')
  })

  test('it is read', async () => {
    await anaWrites('Read me, too')
    const { id } = await is((now) => now.unread_count > 0, 'unread')
    await demo.api('POST', `/conversations/${id}/read`)
    await told((chat) => chat.unreadCount === 0, 'read')
  })

  test('it is pinned and muted, and not any more', async () => {
    const until_ms = Date.now() + 8 * 3600_000, from = desk.events.length
    await patch({ pinned: true, muted_until_ms: until_ms })
    await told((chat) => chat.pinned, 'a pin', from)
    await told((chat) => chat.muteEndTime === until_ms, 'a mute', from)
    await patch({ pinned: false, muted_until_ms: null })
    await told((chat) => chat.pinned === null, 'no pin', from)
    await told((chat) => chat.muteEndTime === null, 'no mute', from)
  })

  test('a message has a star', async () => {
    const message = await anaWrites('Another fine word')
    const { id } = await thread.byRemote(message.key.id)
    await demo.api('POST', `/messages/${id}/star`)
    await desk.changed(message.key.id, (now) => now.starred === true)
  })

  test('a label of ours is made there, and hangs at the chat', async () => {
    const label = await demo.api('POST', '/labels', { name: 'Wholesale', colour: '#f74849' })
    await demo.api('POST', `/conversations/${thread.id}/labels`, { add: [label.id] })
    const { data } = await desk.event('labels.edit', (one) => one.name === 'Wholesale')
    await desk.event('labels.association', ({ type, association }) => type === 'add' && association.labelId === data.id && [ana.jid, ana.lid].includes(association.chatId))
  })

  test('Ana has another name', async () => {
    await demo.api('PATCH', `/contacts/${(await thread.conversation()).contact.id}`, { name: 'Ana Lima' })
    await desk.event('contacts.upsert', (list) => list.some((one) => one.name === 'Ana Lima'))
  })
})

// Baileys does not look at the answer to its own patch, so it is never the one that comes too late here.
test('each writes right after the other, and they agree', async () => {
  const message = await anaWrites('Hither and thither')
  for (let i = 0; i < 20; i++) {
    await desk.sock.chatModify({ archive: true, lastMessages: [message] }, ana.jid)
    const from = desk.events.length
    await patch({ status: 'archived' })
    await patch({ status: 'open' })
    await told((chat) => chat.archived === false, 'open', from)
  }
  await is((now) => now.status === 'open', 'the last word')
})

test('a device that comes late has it all', async () => {
  const late = await clients.paired(SHOP, { name: 'Late' })
  // Baileys tells what came at first as a history.
  await late.event('messaging-history.set', ({ contacts }) => contacts.some((one) => one.name === 'Ana Lima'))
})

test('no MAC and no hash failed anywhere', async () => {
  for (const client of clients.all)
    assert.deepEqual(client.log.filter((line) => BROKEN.test(line) && JSON.parse(line).level >= 40), [])
})
