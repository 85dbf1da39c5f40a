// raw.mjs: a WebSocket by hand, for what no library says: any frame, any octet, and what exactly comes back.
import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { until } from '../lib/parley.mjs'

/** A frame of a client. options: fin, rsv, masked; for those who break the protocol. */
export function frame(opcode, payload, { fin = true, rsv = 0, masked = true, length } = {}) {
  const body = Buffer.from(payload), size = length ?? body.length, mask = randomBytes(4)
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode]
  if (size < 126) head.push((masked ? 0x80 : 0) | size)
  else if (size < 65536) head.push((masked ? 0x80 : 0) | 126, size >> 8, size & 255)
  else head.push((masked ? 0x80 : 0) | 127, 0, 0, 0, 0, (size >>> 24) & 255, (size >>> 16) & 255, (size >>> 8) & 255, size & 255)
  return Buffer.concat([Buffer.from(head), masked ? mask : Buffer.alloc(0), masked ? body.map((octet, i) => octet ^ mask[i % 4]) : body])
}

export class RawSocket {
  constructor(url) {
    const at = new URL(url)
    this.messages = []   // texts, as they came
    this.pings = 0
    this.code = undefined // of the close frame
    this.reason = undefined
    this.ended = false
    this.left = Buffer.alloc(0)
    this.head = ''
    this.socket = net.connect(Number(at.port), at.hostname)
    this.socket.on('error', () => {})
    this.socket.on('close', () => { this.ended = true })
    this.socket.on('data', (data) => this.take(data))
    this.socket.write(`GET ${at.pathname}${at.search} HTTP/1.1\r\nHost: ${at.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
      + `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`)
  }

  take(data) {
    this.left = Buffer.concat([this.left, data])
    if (!this.head) {
      const end = this.left.indexOf('\r\n\r\n')
      if (end < 0) return
      this.head = this.left.subarray(0, end).toString()
      this.left = this.left.subarray(end + 4)
    }
    for (;;) {
      if (this.left.length < 2) return
      let size = this.left[1] & 127, at = 2
      if (size === 126) { size = this.left.length >= 4 ? this.left.readUInt16BE(2) : Infinity; at = 4 }
      else if (size === 127) { size = this.left.length >= 10 ? Number(this.left.readBigUInt64BE(2)) : Infinity; at = 10 }
      if (this.left.length < at + size) return
      this.frame(this.left[0] & 15, this.left.subarray(at, at + size))
      this.left = this.left.subarray(at + size)
    }
  }

  frame(opcode, payload) {
    if (opcode === 1) this.messages.push(payload.toString())
    else if (opcode === 9) this.pings++
    else if (opcode === 8) {
      this.code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
      this.reason = payload.subarray(2).toString()
    }
  }

  send(octets) { this.socket.write(octets) }
  say(message) { this.send(frame(1, typeof message === 'string' ? message : JSON.stringify(message))) }

  /** The next message that was not taken yet, parsed. */
  async hear(what = 'a message') {
    await until(() => this.messages.length > 0, what, 30_000)
    return JSON.parse(this.messages.shift())
  }

  /** The code it was closed with; undefined when the connection just ended. */
  async closed(what = 'it') {
    await until(() => this.code !== undefined || this.ended, `the end of ${what}`, 30_000)
    return this.code
  }

  end() { this.socket.destroy() }
}

/** A connection of an app that was greeted: socketId says as whom. */
export async function dial(hub, query = 'protocol=7&client=raw') {
  const raw = new RawSocket(`${hub.at.origin}/app/${hub.app.key}?${query}`)
  hub.clients.push({ disconnect: () => raw.end() })
  const hello = await raw.hear('the greeting')
  if (hello.event === 'pusher:connection_established') raw.socketId = JSON.parse(hello.data).socket_id
  raw.hello = hello
  return raw
}
