// linked_world.mjs: a world with many numbers that are paired with phones of the sandbox's network.
//
// The sandbox is a process of its own, so the network goes on when the server is killed. PARLEY_LINKED_HURRY divides the
// times of the protocol: a number that is deaf is found within seconds.
import { readFileSync, readdirSync } from 'node:fs'
import assert from 'node:assert/strict'
import { World, sleep } from './world.mjs'

const NOTICE = '2026-11'
const AT_ONCE = 16
const PAGE = 4096
export const phoneOf = (n) => `1666${String(n).padStart(7, '0')}`

export const rss = (pid) => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE
export const descriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length
/** Seconds of user and system time. */
export const cpu = (pid) => { const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' '); return (Number(f[11]) + Number(f[12])) / 100 }

export class LinkedWorld extends World {
  constructor(store, { hurry = 1, env, ...rest } = {}) {
    super(store, { ...rest, env: { PARLEY_LINKED_NUMBERS: '100000', PARLEY_LINKED_PAIRINGS: '100000', PARLEY_LINKED_PACE: 'off', PARLEY_LINKED_HURRY: String(hurry), ...env } })
    this.numbers = [] // {id, phone}
  }

  async open() {
    await super.open()
    const { root_key: root } = await this.control('GET', '/control/linked')
    Object.assign(this.env, { PARLEY_LINKED_URL: `ws://127.0.0.1:${this.sandboxPort}/ws/chat`, PARLEY_LINKED_ROOT_KEY: root })
    await this.restart()
  }

  async restart() {
    await this.kill()
    await this.start()
  }

  /** A call that must answer so. */
  async want(status, method, route, body) {
    const answer = await this.api(method, route, body)
    assert.equal(answer?.status, status, `${method} ${route}: ${answer?.text}`)
    return answer.json()
  }

  get ids() { return this.numbers.map((number) => number.id) }
  number(n) { return this.want(200, 'GET', `/linked-numbers/${this.numbers[n].id}`) }
  history(n) { return this.want(200, 'GET', `/linked-numbers/${this.numbers[n].id}/history?limit=100`) }

  async pairOne(phone, play) {
    const { id } = await this.want(201, 'POST', '/linked-numbers', { name: `Number ${phone}`, consent: NOTICE })
    let qr
    await this.until(async () => (await this.api('POST', `/linked-numbers/${id}/pair`, { consent: NOTICE }))?.status === 202, 'a pairing may start', 120_000)
    await this.until(async () => (qr = (await this.want(200, 'GET', `/linked-numbers/${id}/pairing`)).qr), 'a QR code is shown', 120_000)
    await this.control('POST', '/control/linked/scan', { qr: qr.text, phone, play })
    return { id, phone }
  }

  /** So many numbers are paired and connected; play: their phones take part. */
  async pairTo(count, play = true) {
    while (this.numbers.length < count) {
      const some = Math.min(AT_ONCE, count - this.numbers.length), from = this.numbers.length
      this.numbers.push(...await Promise.all(Array.from({ length: some }, (_, i) => this.pairOne(phoneOf(from + i), play))))
    }
    await this.connected(count)
  }

  /** after_ms: for who looks again and again: looking costs the server something. */
  async figure(name, after_ms = 0) {
    if (after_ms) await sleep(after_ms)
    const text = (await this.get('/metrics'))?.text ?? ''
    return Number(new RegExp(`^parley_${name} ([0-9.e+]+)`, 'm').exec(text)?.[1])
  }

  connected(count = this.numbers.length, ms = 180_000) {
    return this.until(async () => (await this.figure('linked_connected', 100)) === count, `${count} numbers are connected`, ms)
  }

  async bulk(action, ids = this.ids) {
    const results = []
    for (let at = 0; at < ids.length; at += 100) results.push(...(await this.want(200, 'POST', '/linked-numbers/bulk', { action, ids: ids.slice(at, at + 100) })).results)
    return results
  }

  /** Each number is stopped, and connected again. */
  async cycle() {
    await this.bulk('stop')
    await this.connected(0)
    await this.bulk('reconnect')
    await this.connected()
  }

  /** What happens to the device that the number is. */
  async device(n, body) {
    const { phone } = this.numbers[n]
    const { devices } = await this.control('GET', '/control/linked')
    const { device } = devices.find((one) => one.phone === phone)
    return this.control('POST', `/control/linked/devices/${phone}/${device}`, body)
  }

  faults(body) { return this.control('POST', '/control/linked/faults', body) }

  say(from, to, body) {
    return this.want(202, 'POST', '/messages', { channel_id: this.numbers[from].id, to: `+${this.numbers[to].phone}`, type: 'text', text: { body } })
  }

  /** Every text that came in: body → list of the ids of the channels it came by. */
  async arrived() {
    const seen = new Map()
    for (const conversation of await this.pages('/conversations?status=all')) {
      for (let after = '1'; ;) {
        const page = await this.want(200, 'GET', `/conversations/${conversation.id}/messages?after=${after}&limit=100`)
        for (const m of page.data) {
          if (m.direction === 'in' && m.type === 'text') seen.set(m.text.body, [...(seen.get(m.text.body) ?? []), m.channel_id ?? conversation.channel_id])
          after = m.id
        }
        if (!page.has_after) break
      }
    }
    return seen
  }

  /** All of them came, each once. */
  async came(bodies, what, ms = 120_000) {
    let seen
    await this.until(async () => {
      seen = await this.arrived()
      return bodies.every((body) => seen.has(body))
    }, what, ms)
    assert.deepEqual(bodies.filter((body) => seen.get(body).length !== 1), [], 'each came once')
    return seen
  }
}
