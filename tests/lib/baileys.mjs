// baileys.mjs: unmodified Baileys clients on the sandbox's network of linked devices.
import { createCipheriv, createHash, createHmac, randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { readdir, unlink } from 'node:fs/promises'
import path from 'node:path'
import makeWASocket, { generateMessageIDV2, normalizeMessageContent, proto, useMultiFileAuthState } from 'baileys'
import pino from 'pino'
import { until } from './parley.mjs'

// Baileys leaves timers of up to a minute behind a closed connection. They shall not hold up the end of the test.
const setTimer = globalThis.setTimeout
globalThis.setTimeout = (...rest) => setTimer(...rest).unref()

// Baileys fetches files by https alone, and the sandbox's certificate is made at its start: later than Node reads those
// that it trusts. These tests talk to 127.0.0.1 and nobody else.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
process.removeAllListeners('warning')

// Its Signal library prints sessions with their keys whenever one ends.
if (!process.env.BAILEYS_LOG) for (const name of ['log', 'info', 'warn', 'error']) console[name] = () => {}

const RESTART_REQUIRED = 515
const WAIT_MS = 30_000

/** What a message says, out of its wrappers; and its words. */
export const contentOf = ({ message }) => normalizeMessageContent(message)
export const textOf = (message) => contentOf(message)?.conversation ?? contentOf(message)?.extendedTextMessage?.text

export const hashOf = (option) => createHash('sha256').update(option).digest()
const hmac = (key, data) => createHmac('sha256', key).update(data).digest()

/** What Baileys has no words for: a vote, sealed with the secret of its poll. */
function sealVote({ id, secret, creator, voter }, names) {
  const key = hmac(hmac(Buffer.alloc(32), secret), Buffer.concat([Buffer.from(`${id}${creator}${voter}Poll Vote`), Buffer.from([1])]))
  const encIv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, encIv).setAAD(Buffer.from(`${id}\0${voter}`))
  const plain = proto.Message.PollVoteMessage.encode({ selectedOptions: names.map(hashOf) }).finish()
  return { encIv, encPayload: Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]) }
}

/** One Baileys device: connects again after 515, as its documentation wants, and after nothing else unless it `persists`. */
export class Client extends EventEmitter {
  static count = 0

  static async make(demo, options = {}) {
    const client = new Client()
    client.demo = demo
    client.folder = options.folder ?? path.join(demo.folder, `baileys-${++Client.count}`)
    client.options = options
    client.auth = await useMultiFileAuthState(client.folder)
    client.seen = []
    client.messages = []
    client.sent = new Map()
    client.updates = []
    client.receipts = []
    client.events = []
    client.log = []
    client.connect()
    return client
  }

  connect() {
    this.isOpen = false
    this.sock = makeWASocket({
      auth: this.auth.state, waWebSocketUrl: this.options.url ?? this.demo.linked_tls_url,
      logger: pino({ level: process.env.BAILEYS_LOG ?? 'info' }, { write: (line) => this.write(line) }),
      // Off in Baileys by itself: it is to be a judge of what we send.
      appStateMacVerification: { patch: true, snapshot: true },
      // What it sent, for those who ask for it again; they may ask before sendMessage has given it.
      getMessage: async (key) => until(() => this.sent.get(key.id), 'what was sent', 5000).catch(() => undefined),
      ...this.options,
    })
    this.sock.ev.on('creds.update', () => this.ended || this.auth.saveCreds())
    this.sock.ev.on('connection.update', (update) => this.take(update))
    this.sock.ev.on('messages.upsert', ({ messages, type }) => {
      for (const message of messages) this.messages.push({ ...message, upsert: type })
    })
    this.sock.ev.on('messages.update', (updates) => this.updates.push(...updates))
    this.sock.ev.on('message-receipt.update', (updates) => this.receipts.push(...updates))
    for (const name of ['groups.upsert', 'groups.update', 'group-participants.update', 'presence.update', 'chats.update',
      'messaging-history.set', 'contacts.update', 'contacts.upsert', 'blocklist.update', 'call',
      'labels.edit', 'labels.association', 'chats.delete', 'messages.delete'])
      this.sock.ev.on(name, (data) => this.events.push({ name, data }))
  }

  write(line) {
    this.log.push(line)
    if (process.env.BAILEYS_LOG) process.stdout.write(line)
  }

  take(update) {
    this.seen.push(update)
    if (update.qr) this.qr = update.qr
    if (update.connection === 'open') this.isOpen = true
    if (update.connection !== 'close') return
    this.isOpen = false
    this.code = update.lastDisconnect?.error?.output?.statusCode
    if ((this.code === RESTART_REQUIRED || this.options.persists) && !this.ended) this.connect()
  }

  end() {
    this.ended = true
    this.sock.end()
  }

  /** What a phone would tell it by the app state. Without a name it does not say that it is there. */
  async named(name) {
    this.sock.authState.creds.me.name = name
    await this.sock.sendPresenceUpdate('available', undefined)
  }

  get number() { return this.auth.state.creds.me.id.split(':')[0] }
  get jid() { return `${this.number}@s.whatsapp.net` }
  get lid() { return `${this.auth.state.creds.me.lid.split(':')[0]}@lid` }

  shown() { return until(() => this.qr, 'a QR code', WAIT_MS) }
  opened() { return until(() => this.isOpen, 'an open connection', WAIT_MS) }
  closed() { return until(() => this.code && !this.isOpen && this.code, 'the end of the connection', WAIT_MS) }

  /** Sends, and keeps what was sent for those who ask for it again. */
  async say(jid, content, options) {
    const sent = await this.sock.sendMessage(jid, content, options)
    this.sent.set(sent.key.id, sent.message)
    return sent
  }

  /** As say(), again under the same id until the connection has held. */
  async saySurely(jid, content, messageId = generateMessageIDV2()) {
    await until(() => this.isOpen && this.say(jid, content, { messageId }), 'it to be sent', WAIT_MS)
    return messageId
  }

  /** All that it knows of others' ratchets goes, as with a disk, and it is started again. */
  async loseKeys() {
    const { persists } = this.options
    this.options.persists = false
    this.sock.end()
    await until(() => !this.isOpen, 'its end', WAIT_MS)
    for (const name of await readdir(this.folder))
      if (/^(session|sender-key)-/.test(name)) await unlink(path.join(this.folder, name))
    this.options.persists = persists
    this.connect()
    await this.opened()
  }

  /** A content as the protocol has it. */
  async relay(jid, message, attributes = {}) {
    const id = await this.sock.relayMessage(jid, message, { additionalAttributes: attributes })
    this.sent.set(id, message)
    return { key: { remoteJid: jid, fromMe: true, id }, message }
  }

  /** Votes in a poll that it got, or sent: by names of options; none: takes the vote back. */
  vote(jid, poll, names) {
    const creator = poll.key.fromMe ? this.lid : poll.key.participant || poll.key.remoteJid
    const vote = sealVote({ id: poll.key.id, secret: poll.message.messageContextInfo.messageSecret, creator, voter: this.lid }, names)
    return this.relay(jid, { pollUpdateMessage: { pollCreationMessageKey: { ...poll.key, remoteJid: jid }, vote, senderTimestampMs: Date.now() } })
  }

  /** What became of that message: an edit has its new content, a deletion none. */
  changed(id, test) {
    return until(() => this.updates.find((u) => u.key.id === id && test(u.update)), `a change of ${id}`, WAIT_MS)
  }

  /** The message that came under this id, deciphered. */
  got(id, test = (m) => m.message) {
    return until(() => this.messages.find((m) => m.key.id === id && test(m)), `message ${id}`, WAIT_MS)
  }

  /** The state of a message of ours: 3 delivered, 4 read, 5 played. Baileys tells of a quick one with the message itself. */
  reached(id, status) {
    return until(() => this.updates.some((u) => u.key.id === id && u.update.status >= status) ||
      this.messages.some((m) => m.key.id === id && m.status >= status), `status ${status} of ${id}`, WAIT_MS)
  }

  event(name, test) {
    return until(() => this.events.find((e) => e.name === name && test(e.data)), name, WAIT_MS)
  }
}

/** Clients of one demo: paired by a scan; all of them end with it. */
export class Clients {
  constructor(demo) {
    this.demo = demo
    this.all = []
    // As no timer holds up the end, something must hold it up until then.
    this.alive = setInterval(() => {}, 1000)
  }

  async make(options) {
    const client = await Client.make(this.demo, options)
    this.all.push(client)
    return client
  }

  async paired(phone, options) {
    const client = await this.make(options)
    await this.demo.control('POST', '/linked/scan', { qr: await client.shown(), phone, play: options?.play })
    await client.opened()
    await client.named(options?.name ?? `Phone ${phone}`)
    return client
  }

  end() {
    clearInterval(this.alive)
    for (const client of this.all) client.end()
  }
}
