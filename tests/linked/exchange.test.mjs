// exchange.test.mjs: unmodified clients talk to each other through the simulated server: what they rely on holds.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { downloadMediaMessage } from 'baileys'
import { Clients } from '../lib/baileys.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const test = (name, work) => run(name, { timeout: 90_000 }, work)
const ANA = '15551110001', BOB = '15551110002', EVE = '15551110003'
const DELIVERED = 3, READ = 4
let demo, clients, ana, bob, desk

before(async () => {
  demo = await startDemo()
  clients = new Clients(demo)
  ana = await clients.paired(ANA)
  bob = await clients.paired(BOB)
})
after(async () => {
  clients?.end()
  await demo?.remove()
})

const text = (message) => message.message.conversation ?? message.message.extendedTextMessage?.text

test('a text reaches the other, and both see that it was delivered and read', async () => {
  const sent = await ana.say(bob.jid, { text: 'Hello Bob' })
  const got = await bob.got(sent.key.id)
  assert.equal(text(got), 'Hello Bob')
  await ana.reached(sent.key.id, DELIVERED)
  await bob.sock.readMessages([got.key])
  await ana.reached(sent.key.id, READ)
  const answer = await bob.say(ana.jid, { text: 'Hello Ana' }, { quoted: got })
  const back = await ana.got(answer.key.id)
  assert.equal(back.message.extendedTextMessage.contextInfo.stanzaId, sent.key.id)
})

test('a picture is sent and fetched', async () => {
  const image = Buffer.from('/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=', 'base64')
  const sent = await ana.say(bob.jid, { image, caption: 'look', jpegThumbnail: '' })
  const got = await bob.got(sent.key.id)
  assert.equal(got.message.imageMessage.caption, 'look')
  const octets = await downloadMediaMessage(got, 'buffer', { host: new URL(demo.linked_tls_url).host })
  assert.deepEqual(octets, image)
})

test('a reaction, an edit and a deletion find their message', async () => {
  const sent = await ana.say(bob.jid, { text: 'Tonight?' })
  const got = await bob.got(sent.key.id)
  const reaction = await bob.say(ana.jid, { react: { text: '👍', key: got.key } })
  assert.equal((await ana.got(reaction.key.id)).message.reactionMessage.key.id, sent.key.id)
  await ana.say(bob.jid, { text: 'Tomorrow?', edit: sent.key })
  await until(() => bob.updates.some((u) => u.key.id === sent.key.id && u.update.message?.editedMessage), 'the edit')
  await ana.say(bob.jid, { delete: sent.key })
  await until(() => bob.updates.some((u) => u.key.id === sent.key.id && u.update.message === null), 'the deletion')
})

test('what was sent while it was away waits, and comes in order', async () => {
  bob.sock.end()
  await until(async () => !(await demo.control('GET', '/linked')).devices.find((d) => d.phone === BOB).connected, 'it to be away')
  const ids = []
  for (let i = 0; i < 5; i++) ids.push((await ana.say(bob.jid, { text: `waiting ${i}` })).key.id)
  bob.connect()
  await bob.opened()
  for (const id of ids) await bob.got(id)
  assert.deepEqual(bob.messages.filter((m) => ids.includes(m.key.id)).map((m) => m.key.id), ids)
  await until(async () => (await demo.control('GET', '/linked')).devices.find((d) => d.phone === BOB).queued === 0, 'the queue to be empty')
})

test('a second device of the account gets both sides of a chat', async () => {
  desk = await clients.paired(BOB)
  const sent = await ana.say(bob.jid, { text: 'To all your devices' })
  assert.equal(text(await desk.got(sent.key.id)), 'To all your devices')
  await bob.got(sent.key.id)
  const answer = await bob.say(ana.jid, { text: 'Seen' })
  const copy = await desk.got(answer.key.id)
  assert.equal(copy.key.fromMe, true)
  assert.equal(text(copy), 'Seen')
})

test('a group: made, written into, read, changed', async () => {
  const eve = await clients.paired(EVE)
  const group = await ana.sock.groupCreate('Friends', [bob.jid, eve.jid])
  assert.equal(group.participants.length, 3)
  await bob.event('groups.upsert', (groups) => groups.some((g) => g.id === group.id))
  const sent = await ana.say(group.id, { text: 'Hello all' })
  for (const member of [bob, eve]) assert.equal(text(await member.got(sent.key.id)), 'Hello all')
  const answer = await eve.say(group.id, { text: 'Hi' })
  for (const member of [ana, bob]) assert.equal(text(await member.got(answer.key.id)), 'Hi')
  const seen = await bob.got(sent.key.id)
  await bob.sock.readMessages([seen.key])
  await until(() => ana.receipts.some((r) => r.key.id === sent.key.id && r.receipt.readTimestamp), 'the read receipt')
  await ana.sock.groupUpdateSubject(group.id, 'Old friends')
  await bob.event('groups.update', (list) => list.some((g) => g.subject === 'Old friends'))
  await assert.rejects(bob.sock.groupParticipantsUpdate(group.id, [eve.jid], 'remove'), /forbidden/)
  await ana.sock.groupParticipantsUpdate(group.id, [eve.lid], 'remove')
  await eve.event('group-participants.update', (change) => change.id === group.id && change.action === 'remove')
  await assert.rejects(eve.sock.groupMetadata(group.id), /forbidden/)
  const code = await ana.sock.groupInviteCode(group.id)
  assert.equal(await eve.sock.groupAcceptInvite(code), group.id)
  const later = await bob.say(group.id, { text: 'Welcome back' })
  assert.equal(text(await eve.got(later.key.id)), 'Welcome back')
})

test('a ciphertext that does not authenticate is asked for again, and comes', async () => {
  await demo.control('POST', '/linked/faults', { corrupt_percent: 100 })
  let sent
  try {
    sent = await ana.say(bob.jid, { text: 'Garbled first' })
    await until(async () => (await demo.control('GET', '/linked/stanzas')).stanzas
      .some((s) => s.from === 'client' && /^<receipt [^>]*type="retry"/.test(s.stanza) && s.stanza.includes(sent.key.id)), 'a retry', 30_000)
  } finally {
    await demo.control('POST', '/linked/faults', {})
  }
  assert.equal(text(await bob.got(sent.key.id, (m) => m.message && text(m))), 'Garbled first')
})

test('whom it asks for is there, or not; about, picture, privacy and the block list hold', async () => {
  const [known] = await ana.sock.onWhatsApp(BOB)
  assert.equal(known.exists, true)
  assert.deepEqual((await ana.sock.onWhatsApp('15559999999')).filter((one) => one.exists), [])
  await bob.sock.updateProfileStatus('At work')
  await until(async () => (await ana.sock.fetchStatus(bob.jid))[0].status.status === 'At work', 'the about text')
  await bob.sock.updateReadReceiptsPrivacy('none')
  assert.equal((await bob.sock.fetchPrivacySettings(true)).readreceipts, 'none')
  await bob.sock.updateReadReceiptsPrivacy('all')
  await bob.sock.updateBlockStatus(ana.lid, 'block')
  assert.deepEqual(await bob.sock.fetchBlocklist(), [ana.lid])
  await bob.sock.updateBlockStatus(ana.lid, 'unblock')
})

test('typing and presence are told to who asked', async () => {
  await ana.sock.presenceSubscribe(bob.lid)
  await bob.sock.sendPresenceUpdate('available')
  await ana.sock.sendPresenceUpdate('available')
  await bob.sock.sendPresenceUpdate('composing', ana.lid)
  await ana.event('presence.update', (p) => Object.values(p.presences).some((one) => one.lastKnownPresence === 'composing'))
})

test('pairings, groups and what waits outlive a restart of the sandbox', async () => {
  const groups = Object.keys(await ana.sock.groupFetchAllParticipating())
  bob.sock.end()
  await until(async () => !(await demo.control('GET', '/linked')).devices.find((d) => d.phone === BOB && d.device === 1).connected, 'it to be away')
  const sent = await ana.say(bob.jid, { text: 'Before the restart' })
  ana.sock.end()
  await demo.end()
  demo = await startDemo({ folder: demo.folder })
  for (const client of [ana, bob]) {
    client.demo = demo
    client.connect()
    await client.opened()
  }
  assert.equal(text(await bob.got(sent.key.id)), 'Before the restart')
  assert.deepEqual(Object.keys(await ana.sock.groupFetchAllParticipating()), groups)
  const after = await ana.say(bob.jid, { text: 'After it' })
  assert.equal(text(await bob.got(after.key.id)), 'After it')
})
