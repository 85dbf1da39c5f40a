// chat.test.mjs: our client (wa/, by its example chat.c) and unmodified Baileys talk to each other, both ways, over the
// simulated server: as customers of each other, and as two devices of one account.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import path from 'node:path'
import { after, before, test as run } from 'node:test'
import { Clients } from '../lib/baileys.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const test = (name, work) => run(name, { timeout: 90_000 }, work)
const OURS = '15552220001', ANA = '15552220002'
const DELIVERED = 3, READ = 4
const WAIT_MS = 30_000
let demo, clients, ana, chat, count = 0

/** One run of wa-chat: what it tells, line by line, and what it is told to do. */
class Chat {
  constructor(demo, keys) {
    this.demo = demo
    this.keys = keys
    this.lines = []
    this.start()
  }

  start() {
    const program = path.join(path.dirname(path.resolve(process.env.PARLEY_BIN ?? 'build/parley')), 'wa/example/wa-chat')
    this.child = spawn(program, [this.keys, this.demo.linked_url, this.demo.root_key])
    let rest = ''
    this.child.stdout.on('data', (data) => {
      const parts = (rest + data).split('\n')
      rest = parts.pop()
      this.lines.push(...parts.map((one) => one.split('\t')))
    })
    this.child.stderr.on('data', (data) => this.lines.push(['stderr', String(data)]))
  }

  do(line) { this.child.stdin.write(`${line}\n`) }

  /** The first line of that kind for which `test` holds; from: lines before are passed over. */
  told(kind, test = () => true, from = 0) {
    return until(() => this.lines.slice(from).find((one) => one[0] === kind && test(one)),
      `"${kind}" of ${JSON.stringify(this.lines.slice(-12))}`, WAIT_MS)
  }

  opened(from = 0) { return this.told('state: open', () => true, from) }

  /** Sends a text; gives its id once the server has it. */
  async say(to, text) {
    const id = `3EB0C0FFEE${String(++count).padStart(12, '0')}`
    this.do(`text ${to} ${id} ${text}`)
    const [, , code] = await this.told('sent', (one) => one[1] === id)
    assert.equal(code, '0')
    return id
  }

  got(id, kind = 'message') { return this.told(kind, (one) => one[1] === id) }

  kill() {
    const gone = new Promise((done) => this.child.once('exit', done))
    this.child.kill('SIGKILL')
    return gone
  }
}

const text = (message) => message.message.conversation ?? message.message.extendedTextMessage?.text
const isOffline = (phone) => until(async () => (await demo.control('GET', '/linked')).devices.some((d) => d.phone === phone && !d.connected), 'it to be away', WAIT_MS)

before(async () => {
  demo = await startDemo()
  demo.root_key = (await demo.control('GET', '/linked')).root_key
  clients = new Clients(demo)
  ana = await clients.paired(ANA)
  chat = new Chat(demo, path.join(demo.folder, 'chat-keys'))
  const qr = (await until(() => chat.lines.find((one) => one[0].startsWith('scan: ')), 'a QR code', WAIT_MS))[0].slice(6)
  await demo.control('POST', '/linked/scan', { qr, phone: OURS })
  await chat.opened()
})
after(async () => {
  await chat?.kill()
  clients?.end()
  await demo?.remove()
})

test('we write first: it arrives, is delivered, read and answered', async () => {
  const id = await chat.say(ANA, 'Good morning')
  assert.equal(text(await ana.got(id)), 'Good morning')
  await chat.told('receipt', (one) => one[1] === 'delivered' && one[2] === id)
  await ana.sock.readMessages([(await ana.got(id)).key])
  await chat.told('receipt', (one) => one[1] === 'read' && one[2] === id)
  const answer = await ana.say(`${OURS}@s.whatsapp.net`, { text: 'Good evening' })
  const [, , where, sender, other, , body] = await chat.got(answer.key.id)
  assert.equal(body, 'Good evening')
  assert.equal(where, ana.lid)
  assert.match(sender, /^\d+:\d+@lid$/)
  assert.equal(other, ana.jid)
})

test('our receipts reach them: delivered when we are there, and read', async () => {
  const from = chat.lines.length
  chat.do('online')
  await chat.told('done', () => true, from)
  const sent = await ana.say(`${OURS}@s.whatsapp.net`, { text: 'Are you there?' })
  await chat.got(sent.key.id)
  await ana.reached(sent.key.id, DELIVERED)
  chat.do(`read ${ANA} ${sent.key.id}`)
  await ana.reached(sent.key.id, READ)
  chat.do('offline')
})

test('fifty each way come in order and once', async () => {
  const theirs = [], ours = []
  for (let i = 0; i < 50; i++) {
    ours.push(await chat.say(ANA, `ours ${i}`))
    theirs.push((await ana.say(`${OURS}@s.whatsapp.net`, { text: `theirs ${i}` })).key.id)
  }
  await chat.got(theirs.at(-1))
  await ana.got(ours.at(-1))
  assert.deepEqual(chat.lines.filter((one) => one[0] === 'message' && theirs.includes(one[1])).map((one) => one[1]), theirs)
  assert.deepEqual(ana.messages.filter((m) => ours.includes(m.key.id)).map((m) => m.key.id), ours)
})

test('reactions and typing go both ways', async () => {
  const sent = await ana.say(`${OURS}@s.whatsapp.net`, { text: 'Look' })
  await chat.got(sent.key.id)
  const id = `3EB0AAAAAAAAAAAAAAAA${++count}`
  chat.do(`react ${ANA} ${id} ${sent.key.id} 👍`)
  await chat.told('sent', (one) => one[1] === id)
  await until(() => ana.messages.find((m) => m.key.id === id && m.message?.reactionMessage?.text === '👍'), 'the reaction', WAIT_MS)
  const back = await ana.say(`${OURS}@s.whatsapp.net`, { react: { text: '❤️', key: sent.key } })
  const [, , , , , field, body] = await chat.got(back.key.id)
  assert.equal(field, '46')
  assert.equal(body, '❤️')
  await ana.sock.sendPresenceUpdate('composing', `${OURS}@s.whatsapp.net`)
  await chat.told('typing', (one) => one[2] === '1')
})

test('what they garble is waited for, asked for again, and comes under its id', async () => {
  await demo.control('POST', '/linked/faults', { corrupt_percent: 100 })
  const sent = await ana.say(`${OURS}@s.whatsapp.net`, { text: 'Garbled by the way' })
  try {
    await chat.got(sent.key.id, 'waiting')
  } finally {
    await demo.control('POST', '/linked/faults', {})
  }
  assert.equal((await chat.got(sent.key.id))[6], 'Garbled by the way')
})

test('what is garbled for them is sent again when they ask', async () => {
  await demo.control('POST', '/linked/faults', { corrupt_percent: 100 })
  let id
  try {
    id = await chat.say(ANA, 'Garbled for you')
    await until(async () => (await demo.control('GET', '/linked/stanzas')).stanzas
      .some((s) => s.from === 'client' && /^<receipt [^>]*type="retry"/.test(s.stanza) && s.stanza.includes(id)), 'a retry', WAIT_MS)
  } finally {
    await demo.control('POST', '/linked/faults', {})
  }
  assert.equal(text(await ana.got(id, (m) => m.message && text(m))), 'Garbled for you')
  assert.equal(text(await ana.got(await chat.say(ANA, 'And on it goes'))), 'And on it goes')
})

test('killed and started again it goes on, and gets what waited, in order', async () => {
  await chat.kill()
  await isOffline(OURS)
  const ids = []
  for (let i = 0; i < 5; i++) ids.push((await ana.say(`${OURS}@s.whatsapp.net`, { text: `waiting ${i}` })).key.id)
  const from = chat.lines.length
  chat.start()
  await chat.opened(from)
  for (const id of ids) await chat.got(id)
  assert.deepEqual(chat.lines.slice(from).filter((one) => one[0] === 'message' && ids.includes(one[1])).map((one) => one[1]), ids)
  assert.equal(text(await ana.got(await chat.say(ANA, 'Back again'))), 'Back again')
  await until(async () => (await demo.control('GET', '/linked')).devices.find((d) => d.phone === OURS).queued === 0, 'the queue to be empty', WAIT_MS)
})

test('Baileys as a second device of our account hears both sides, and we hear what it says', async () => {
  const desk = await clients.paired(OURS)
  const id = await chat.say(ANA, 'From the other desk')
  const copy = await desk.got(id)
  assert.equal(copy.key.fromMe, true)
  assert.equal(text(copy), 'From the other desk')
  const sent = await desk.say(ana.jid, { text: 'And from this one' })
  const [, , where, , , , body] = await chat.got(sent.key.id, 'own')
  assert.equal(where, ana.lid)
  assert.equal(body, 'And from this one')
  const answer = await ana.say(`${OURS}@s.whatsapp.net`, { text: 'To both' })
  assert.equal((await chat.got(answer.key.id))[6], 'To both')
  assert.equal(text(await desk.got(answer.key.id)), 'To both')
})

test('a group: theirs and ours, a garbled one, and who leaves', async () => {
  const group = await ana.sock.groupCreate('Team', [`${OURS}@s.whatsapp.net`])
  const sent = await ana.say(group.id, { text: 'Welcome' })
  const [, , where, sender, , , body] = await chat.got(sent.key.id)
  assert.equal(where, group.id)
  assert.match(sender, /@lid$/)
  assert.equal(body, 'Welcome')
  const id = await chat.say(group.id, 'Thank you')
  assert.equal(text(await ana.got(id)), 'Thank you')
  assert.equal((await ana.got(id)).key.remoteJid, group.id)
  assert.equal(text(await ana.got(await chat.say(group.id, 'Once more'))), 'Once more')
  await demo.control('POST', '/linked/faults', { corrupt_group_percent: 100 })
  const garbled = await ana.say(group.id, { text: 'Garbled for all' })
  try {
    await chat.got(garbled.key.id, 'waiting')
  } finally {
    await demo.control('POST', '/linked/faults', {})
  }
  assert.equal((await chat.got(garbled.key.id))[6], 'Garbled for all')
})

test('a group by numbers works as one by hidden ids; who is removed hears no more, who joins hears what follows', async () => {
  const eve = await clients.paired('15552220003')
  await demo.control('POST', '/linked/faults', { pn_groups: true })
  const group = await ana.sock.groupCreate('By numbers', [`${OURS}@s.whatsapp.net`, eve.jid])
  await demo.control('POST', '/linked/faults', {})
  const first = await chat.say(group.id, 'Before')
  for (const member of [ana, eve]) assert.equal(text(await member.got(first)), 'Before')
  const back = await eve.say(group.id, { text: 'Heard' })
  assert.equal((await chat.got(back.key.id))[6], 'Heard')
  await ana.sock.groupParticipantsUpdate(group.id, [eve.jid], 'remove')
  await eve.event('group-participants.update', (change) => change.id === group.id && change.action === 'remove')
  const second = await chat.say(group.id, 'Without Eve')
  assert.equal(text(await ana.got(second)), 'Without Eve')
  await ana.sock.groupParticipantsUpdate(group.id, [eve.jid], 'add')
  await ana.event('group-participants.update', (change) => change.id === group.id && change.action === 'add')
  const third = await chat.say(group.id, 'With Eve again')
  for (const member of [ana, eve]) assert.equal(text(await member.got(third)), 'With Eve again')
  assert.ok(!eve.messages.some((m) => m.key.id === second))
})

test('a number that is nobody is told as such', async () => {
  chat.do('text 4915100000000 3EB0000000000000000099 hello')
  assert.equal((await chat.told('sent', (one) => one[1] === '3EB0000000000000000099'))[2], '-1')
})
