// linked.mjs: a number of Parley's that is paired with a phone of the sandbox, and what its inbox shows.
import assert from 'node:assert/strict'
import { until } from './parley.mjs'

const WAIT_MS = 30_000

export const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
export const WEBP = Buffer.from('UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==', 'base64')
export const MP4 = Buffer.concat([Buffer.from('00000018667479706d703432000000006d70343269736f6d', 'hex'), Buffer.alloc(200)])
export const OGG = Buffer.from('T2dnUwACAAAAAAAAAAABAAAAAAAAAFoH3RsBE09wdXNIZWFkAQE4AYC7AAAAAAA=', 'base64')
export const PDF = Buffer.from('%PDF-1.4\n%%EOF\n')

/** A second of a tone, as WAV. */
export function wave() {
  const samples = 16_000
  const data = Buffer.alloc(44 + samples * 2)
  data.write('RIFF', 0); data.writeUInt32LE(36 + samples * 2, 4); data.write('WAVEfmt ', 8)
  data.writeUInt32LE(16, 16); data.writeUInt16LE(1, 20); data.writeUInt16LE(1, 22)
  data.writeUInt32LE(16_000, 24); data.writeUInt32LE(32_000, 28); data.writeUInt16LE(2, 32); data.writeUInt16LE(16, 34)
  data.write('data', 36); data.writeUInt32LE(samples * 2, 40)
  for (let i = 0; i < samples; i++) data.writeInt16LE(Math.round(12_000 * Math.sin(i * 0.2)), 44 + i * 2)
  return data
}

/** Makes a number and pairs it with that phone; gives it when it is connected. One workspace pairs one in ten seconds. */
export async function pairNumber(demo, phone, { name = 'Front desk', play = true } = {}) {
  const { notice } = await demo.api('GET', '/linked-numbers')
  const number = await demo.api('POST', '/linked-numbers', { name })
  const at = (word) => `/linked-numbers/${number.id}${word}`
  await until(() => demo.api('POST', at('/pair'), { consent: notice.version }), 'the turn of the pairing', 2 * WAIT_MS)
  const qr = await until(async () => (await demo.api('GET', at('/pairing'))).qr, 'a QR code', WAIT_MS)
  await demo.control('POST', '/linked/scan', { qr: qr.text, phone, play })
  return until(async () => { const now = await demo.api('GET', at('')); return now.state === 'connected' && now }, 'the number to be connected', WAIT_MS)
}

/** Stores a file of ours; gives its id. where: /media/voice makes a voice note of it. */
export async function upload(demo, octets, type, where = '/media?file_name=file') {
  const answer = await fetch(`${demo.url}/api/v1${where}`, { method: 'POST', body: octets, headers: { Authorization: `Bearer ${demo.api_key}`, 'Content-Type': type } })
  assert.equal(answer.status, 201, await answer.clone().text())
  return (await answer.json()).id
}

/** The octets of a message's file, once the server has them. */
export async function octetsOf(demo, media) {
  const answer = await fetch(demo.url + media.url, { headers: { Authorization: `Bearer ${demo.api_key}` } })
  return Buffer.from(await answer.arrayBuffer())
}

/** One conversation of a number: that with the person of these digits, or without them that of the group. */
export class Thread {
  constructor(demo, number, digits) {
    Object.assign(this, { demo, number, digits })
  }

  async conversation() {
    const isIt = ({ contact }) => (this.digits ? (contact.phone ?? '').includes(this.digits) : !contact.phone)
    this.id ??= (await until(async () => (await this.demo.api('GET', `/conversations?channel_id=${this.number.id}&status=all`)).data.find(isIt),
      `the conversation of ${this.digits ?? 'the group'}`, WAIT_MS)).id
    return this.demo.api('GET', `/conversations/${this.id}`)
  }

  /** The newest hundred messages, oldest first. */
  async messages() {
    if (!this.id) await this.conversation()
    return (await this.demo.api('GET', `/conversations/${this.id}/messages?limit=100`)).data
  }

  /** All messages, the newest hundred first. */
  async all() {
    if (!this.id) await this.conversation()
    const found = []
    for (let before = '', more = true; more;) {
      const page = await this.demo.api('GET', `/conversations/${this.id}/messages?limit=100${before}`)
      found.push(...page.data)
      more = page.has_before
      before = `&before=${page.data[0]?.id}`
    }
    return found
  }

  /** The message for which that holds. */
  shows(test, what = 'the message in the inbox') {
    return until(async () => (await this.messages()).find(test), what, WAIT_MS)
  }

  /** The message that the network knows by this id. */
  byRemote(id, test = () => true) {
    return this.shows((m) => m.remote_id === id && test(m), `message ${id} in the inbox`)
  }

  /** Writes, and waits until it has left. */
  async writes(draft) {
    if (!this.id) await this.conversation()
    const { id } = await this.demo.api('POST', `/conversations/${this.id}/messages`, draft)
    return until(async () => {
      const message = await this.demo.api('GET', `/messages/${id}`)
      if (message.status === 'failed') assert.fail(JSON.stringify(message.error))
      return message.remote_id && !['accepted', 'sending'].includes(message.status) && message
    }, 'it to be sent', WAIT_MS)
  }
}
