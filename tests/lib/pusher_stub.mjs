// pusher_stub.mjs: an outside Pusher server for tests: its HTTP API with signatures checked, and its sockets.
//
// What it knows of the protocol is the least that pusher-js wants. Trouble on demand: stub.answer = 500, or a number of answers.
import { createHash, createHmac } from 'node:crypto'
import { createServer } from 'node:http'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export class PusherStub {
  constructor({ appId = '77', key = 'stub-key', secret = 'stub-secret-12345' } = {}) {
    Object.assign(this, { appId, key, secret, requests: [], events: [], answers: [], sockets: new Map(), next: 1 })
    this.server = createServer((request, response) => this.#onRequest(request, response))
    this.server.on('upgrade', (request, socket) => this.#onUpgrade(request, socket))
  }

  async start(port = 0) {
    await new Promise((done) => this.server.listen(port, '127.0.0.1', done))
    this.port = this.server.address().port
    return this
  }

  async stop() {
    for (const socket of this.sockets.values()) socket.destroy()
    this.sockets.clear()
    this.server.closeAllConnections()
    await new Promise((done) => this.server.close(done))
  }

  /** What Parley's settings want. */
  get settings() {
    return { driver: 'reverb', app_id: this.appId, key: this.key, secret: this.secret, host: '127.0.0.1', port: this.port, scheme: 'http' }
  }

  channels() {
    const all = new Map()
    for (const socket of this.sockets.values())
      for (const [name, user] of socket.channels) all.set(name, [...(all.get(name) ?? []), user])
    return all
  }

  send(channel, event, data) {
    for (const socket of this.sockets.values()) if (socket.channels.has(channel)) socket.say({ event, channel, data })
  }

  /** Is it signed as the SDK would have signed it? A sentence if not. */
  #refusal(method, url, body) {
    const query = Object.fromEntries(url.searchParams)
    const { auth_signature: signature, ...signed } = query
    const text = [method, url.pathname, Object.keys(signed).sort().map((name) => `${name}=${signed[name]}`).join('&')].join('\n')
    if (url.pathname.split('/')[2] !== this.appId) return 'unknown app'
    if (query.auth_key !== this.key || query.auth_version !== '1.0') return 'key or version'
    if (Math.abs(Number(query.auth_timestamp) - Date.now() / 1000) > 600) return 'timestamp'
    if (body && query.body_md5 !== createHash('md5').update(body).digest('hex')) return 'body_md5'
    return createHmac('sha256', this.secret).update(text).digest('hex') === signature ? null : 'signature'
  }

  async #onRequest(request, response) {
    const pieces = []
    for await (const piece of request) pieces.push(piece)
    const body = Buffer.concat(pieces).toString()
    const url = new URL(request.url, 'http://stub')
    const reply = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    const refusal = this.#refusal(request.method, url, body)
    this.requests.push({ method: request.method, path: url.pathname, body, refusal })
    if (refusal) return reply(401, { error: refusal })
    if (this.answers.length && request.method === 'POST') return reply(this.answers.shift(), { error: 'as the test wants it' })
    const what = url.pathname.replace(`/apps/${this.appId}`, '')
    if (request.method === 'POST' && what === '/batch_events') return this.#onBatch(JSON.parse(body).batch, reply)
    if (request.method === 'GET' && what === '/channels') {
      const prefix = url.searchParams.get('filter_by_prefix') ?? ''
      return reply(200, { channels: Object.fromEntries([...this.channels().keys()].filter((name) => name.startsWith(prefix)).map((name) => [name, {}])) })
    }
    const users = /^\/channels\/([^/]+)\/users$/.exec(what)
    if (users) return reply(200, { users: [...new Set(this.channels().get(users[1]) ?? [])].map((id) => ({ id })) })
    return reply(404, { error: 'no such path' })
  }

  #onBatch(batch, reply) {
    if (batch.length > 10) return reply(400, { error: 'more than 10 events' })
    if (batch.some((event) => typeof event.data !== 'string')) return reply(400, { error: 'data is a string' })
    if (batch.some((event) => event.data.length > 10_240)) return reply(413, { error: 'too large' })
    for (const { name, channel, data } of batch) {
      this.events.push({ name, channel, data: JSON.parse(data) })
      this.send(channel, name, data)
    }
    return reply(200, {})
  }

  #onUpgrade(request, socket) {
    const id = `${process.pid}.${this.next++}`
    const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + GUID).digest('base64')
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
    socket.channels = new Map()
    socket.say = (message) => socket.write(frame(1, Buffer.from(JSON.stringify(message))))
    if (!request.url.startsWith(`/app/${this.key}?`)) return socket.end(frame(8, Buffer.from([0x0f, 0xa1])))
    this.sockets.set(id, socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => this.sockets.delete(id))
    reader(socket, (text) => this.#onMessage(id, socket, JSON.parse(text)))
    socket.say({ event: 'pusher:connection_established', data: JSON.stringify({ socket_id: id, activity_timeout: 30 }) })
  }

  #onMessage(id, socket, { event, data }) {
    if (event === 'pusher:ping') return socket.say({ event: 'pusher:pong', data: '{}' })
    if (event === 'pusher:unsubscribe') return socket.channels.delete(data.channel)
    if (event !== 'pusher:subscribe') return undefined
    const { channel, auth, channel_data: member } = data
    const text = member === undefined ? `${id}:${channel}` : `${id}:${channel}:${member}`
    const wanted = `${this.key}:${createHmac('sha256', this.secret).update(text).digest('hex')}`
    if (/^(private|presence)-/.test(channel) && auth !== wanted)
      return socket.say({ event: 'pusher:subscription_error', channel, data: { type: 'AuthError', status: 401, error: 'signature' } })
    const user = member ? String(JSON.parse(member).user_id) : ''
    socket.channels.set(channel, user)
    const info = member ? { presence: { ids: [user], hash: { [user]: JSON.parse(member).user_info ?? {} }, count: 1 } } : {}
    return socket.say({ event: 'pusher_internal:subscription_succeeded', channel, data: JSON.stringify(info) })
  }
}

function frame(opcode, payload) {
  const head = payload.length < 126 ? Buffer.from([0x80 | opcode, payload.length])
    : payload.length < 65_536 ? Buffer.from([0x80 | opcode, 126, payload.length >> 8, payload.length & 255])
      : Buffer.concat([Buffer.from([0x80 | opcode, 127, 0, 0, 0, 0]), Buffer.from([payload.length >>> 24, (payload.length >> 16) & 255, (payload.length >> 8) & 255, payload.length & 255])])
  return Buffer.concat([head, payload])
}

/** Calls onText with each whole text message of a client; they are short, and not fragmented. */
function reader(socket, onText) {
  let held = Buffer.alloc(0)
  socket.on('data', (piece) => {
    held = Buffer.concat([held, piece])
    for (;;) {
      if (held.length < 2) return
      let length = held[1] & 127
      let at = 2
      if (length === 126) { if (held.length < 4) return; length = held.readUInt16BE(2); at = 4 }
      if (held.length < at + 4 + length) return
      const mask = held.subarray(at, at + 4)
      const payload = Buffer.from(held.subarray(at + 4, at + 4 + length).map((octet, i) => octet ^ mask[i & 3]))
      const opcode = held[0] & 15
      held = held.subarray(at + 4 + length)
      if (opcode === 8) return socket.end(frame(8, payload))
      if (opcode === 9) socket.write(frame(10, payload))
      if (opcode === 1) onText(payload.toString())
    }
  })
}
