// world.mjs: a server, a sandbox network as a process of its own, and a client that knows only what it was told.
//
// Everything is on loopback and free ports, in a temporary folder, and ends with close().
import { spawn, spawnSync, execFileSync } from 'node:child_process'
import { createHmac, randomInt, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import assert from 'node:assert/strict'

const binary = process.env.PARLEY_BIN ?? path.resolve(import.meta.dirname, '../../build/parley')
const secret = 'crash-app-secret'
const token = 'EAAcrashtoken'
const numberId = '106540352242922'

/** The stores that tests run on: PostgreSQL too where script/test has started one. */
export const stores = (process.env.TEST_STORES ?? (process.env.PARLEY_TEST_POSTGRES ? 'sqlite,postgres' : 'sqlite')).split(',')

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })

export async function freePort() {
  return new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

/** One request; null when there was no whole answer (the server was killed). */
export function call(url, { method = 'GET', body, headers = {} } = {}) {
  return new Promise((done) => {
    const request = http.request(url, { method, headers, agent, timeout: 20000 }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        done({ status: response.statusCode, text, json: () => JSON.parse(text) })
      })
      response.on('error', () => done(null))
      response.on('aborted', () => done(null))
    })
    request.on('error', () => done(null))
    request.on('timeout', () => request.destroy())
    request.end(body)
  })
}

export class World {
  constructor(store, { data, env } = {}) {
    this.store = store
    this.folder = mkdtempSync(path.join(tmpdir(), 'parley-world-'))
    this.data = data ?? path.join(this.folder, 'data')
    this.moreEnv = env ?? {}
    this.acknowledged = new Set() // wamids of webhooks that were answered 200
    this.accepted = new Map() // message id → key of sends that were answered 202
  }

  async open() {
    this.port = await freePort()
    this.sandboxPort = await freePort()
    this.url = `http://127.0.0.1:${this.port}`
    this.sandbox = `http://127.0.0.1:${this.sandboxPort}`
    this.env = {
      ...process.env,
      PARLEY_DATA: this.data,
      PARLEY_LISTEN: `127.0.0.1:${this.port}`,
      PARLEY_GRAPH_URL: `${this.sandbox}/v24.0`,
      PARLEY_ALLOW_PRIVATE_CALLS: 'true',
      PARLEY_UNCONFIRMED_WAIT_SECONDS: '8',
      PARLEY_PACE_PER_SECOND: '500',
      PARLEY_PAIR_INTERVAL_MS: '0',
      PARLEY_LOG_LEVEL: 'warn',
      ...this.moreEnv,
    }
    if (this.store === 'postgres') {
      this.database = `crash_${randomInt(1e9)}`
      execFileSync('psql', [process.env.PARLEY_TEST_POSTGRES, '-qc', `CREATE DATABASE ${this.database}`])
      const url = new URL(process.env.PARLEY_TEST_POSTGRES)
      url.pathname = `/${this.database}`
      this.env.PARLEY_DATABASE_URL = url.toString()
    }
    const made = spawnSync(binary, ['setup', '--json'], { env: this.env, encoding: 'utf8' })
    assert.equal(made.status, 0, made.stderr)
    this.key = JSON.parse(made.stdout.trim().split('\n').at(-1)).api_key
    await this.start()
    this.channel = (await this.api('POST', '/channels', {
      provider: 'cloud', name: 'Crash', phone_number_id: numberId, waba_id: '102290129340398',
      access_token: token, app_secret: secret,
    })).json()
    assert.ok(this.channel.id, JSON.stringify(this.channel))
    await this.startSandbox()
  }

  async startSandbox() {
    this.sandboxProcess = spawn(binary, ['sandbox', '--data', path.join(this.folder, 'sandbox'),
      '--sandbox-listen', `127.0.0.1:${this.sandboxPort}`, '--app-secret', secret, '--token', token,
      '--callback-url', `${this.url}/webhooks/cloud/${this.channel.id}`],
    { env: { ...process.env, PARLEY_LOG_LEVEL: 'warn' }, stdio: ['ignore', 'ignore', 'inherit'] })
    await this.until(async () => (await call(`${this.sandbox}/control/customers`))?.status === 200, 'the sandbox answers')
  }

  /** One more way to the same phone number: a channel, and a number of the sandbox. */
  async addChannel(phoneNumberId, name) {
    const channel = (await this.api('POST', '/channels', {
      provider: 'cloud', name, phone_number_id: phoneNumberId, waba_id: '102290129340398', access_token: token, app_secret: secret,
    })).json()
    assert.ok(channel.id, JSON.stringify(channel))
    await this.control('POST', '/control/numbers', { phone_number_id: phoneNumberId, webhook_url: `${this.url}/webhooks/cloud/${channel.id}` })
    return channel
  }

  /** The number with so many channels, as soon as their providers told that it is one. */
  async number(channels) {
    let found
    await this.until(async () => {
      const numbers = (await this.api('GET', '/numbers')).json().data
      return (found = numbers.find((one) => one.channels.length === channels))
    }, `${channels} channels are of one number`)
    return found
  }

  async start() {
    this.process = spawn(binary, ['serve'], { env: this.env, stdio: ['ignore', 'ignore', 'inherit'] })
    await this.until(async () => (await call(`${this.url}/readyz`))?.status === 200, 'the server is ready')
  }

  async kill() {
    const gone = new Promise((done) => this.process.once('exit', done))
    this.process.kill('SIGKILL')
    await gone
  }

  async until(condition, what, limit = 60000) {
    const end = Date.now() + limit
    while (!(await condition())) {
      if (Date.now() > end) throw new Error(`waited too long until ${what}`)
      await sleep(25)
    }
  }

  api(method, route, body, headers = {}) {
    return call(`${this.url}/api/v1${route}`, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: { Authorization: `Bearer ${this.key}`, 'Content-Type': 'application/json', ...headers },
    })
  }

  get(route) {
    return call(`${this.url}${route}`)
  }

  /** One signed webhook, once; number names it. */
  postWebhook(number) {
    const phone = `1202556${String(typeof number === 'number' ? number % (this.phones ?? 500) : 0).padStart(4, '0')}`
    const body = JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '102290129340398', changes: [{ field: 'messages',
      value: { messaging_product: 'whatsapp', metadata: { display_phone_number: '15550783881', phone_number_id: numberId },
        contacts: [{ profile: { name: `Customer ${phone}` }, wa_id: phone }],
        messages: [{ from: phone, id: `wamid.world-${number}`, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body: `in ${number}` } }] } }] }] })
    return this.postRaw(body)
  }

  /** Any body, signed. */
  postRaw(body) {
    const headers = { 'Content-Type': 'application/json',
      'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }
    return call(`${this.url}/webhooks/cloud/${this.channel.id}`, { method: 'POST', body, headers })
  }

  /** The same, sent again (as Meta does) until it is acknowledged. */
  async webhook(number) {
    while ((await this.postWebhook(number))?.status !== 200) {
      if (this.stopped) return
      await sleep(50)
    }
    this.acknowledged.add(`wamid.world-${number}`)
  }

  /** A send under one Idempotency-Key, repeated until it is answered. */
  async send(number) {
    const key = randomUUID()
    const body = { to: `+1202557${String(number % this.customers).padStart(4, '0')}`, channel_id: this.channel.id, type: 'text', text: { body: `out ${number}` } }
    for (;;) {
      const answer = await this.api('POST', '/messages', body, { 'Idempotency-Key': key })
      if (answer?.status === 202) {
        const { id } = answer.json()
        this.accepted.set(id, key)
        return
      }
      if (answer && answer.status < 500) throw new Error(`send refused: ${answer.status} ${answer.text}`)
      if (this.stopped) return
      await sleep(50)
    }
  }

  async control(method, route, body) {
    const answer = await call(`${this.sandbox}${route}`, { method, body: body && JSON.stringify(body), headers: { 'Content-Type': 'application/json' } })
    assert.ok(answer && answer.status < 300, answer?.text)
    return answer.json()
  }

  /** Linked numbers of this server live on the sandbox's network, from the next start on. */
  async joinLinked() {
    const { root_key: root } = await this.control('GET', '/control/linked')
    Object.assign(this.env, { PARLEY_LINKED_URL: `ws://127.0.0.1:${this.sandboxPort}/ws/chat`, PARLEY_LINKED_ROOT_KEY: root, PARLEY_LINKED_PACE: 'off', PARLEY_LINKED_PAIRINGS: '10000' })
    await this.kill()
    await this.start()
  }

  /** A number of the workspace, paired with the phone; more: of its scan, e.g. {play: true}. */
  async pair(phone, more = {}, made = {}) {
    const consent = '2026-11'
    const number = (await this.api('POST', '/linked-numbers', { name: `Phone ${phone.slice(-1)}`, consent, ...made })).json()
    const at = (word) => `/linked-numbers/${number.id}${word}`
    let qr
    await this.until(async () => (await this.api('POST', at('/pair'), { consent })).status === 202, 'a pairing may start')
    await this.until(async () => (qr = (await this.api('GET', at('/pairing'))).json().qr), 'a QR code is shown')
    await this.control('POST', '/control/linked/scan', { qr: qr.text, phone, ...more })
    await this.until(async () => (await this.api('GET', at(''))).json().state === 'connected', 'the number is connected')
    return { id: number.id, phone }
  }

  /** Everybody writes once, so that the 24-hour windows are open, here and in the sandbox. */
  async openWindows(count) {
    this.customers = count
    await this.control('POST', '/control/settings', { pace_per_second: 1000, pair_interval_ms: 0 })
    for (let i = 0; i < count; i++) {
      const phone = `1202557${String(i).padStart(4, '0')}`
      await this.control('POST', '/control/customers', { phone, name: `Buyer ${i}` })
      await this.control('POST', `/control/customers/${phone}/messages`, { type: 'text', text: { body: 'hello' } })
    }
    await this.until(async () => {
      const list = (await this.api('GET', '/conversations?status=all&limit=1')).json()
      return list.data.length > 0 && (await this.countConversations()) >= count
    }, 'all customers have a conversation')
  }

  async pages(route) {
    const rows = []
    for (let cursor = null; ;) {
      const answer = (await this.api('GET', `${route}${route.includes('?') ? '&' : '?'}limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`)).json()
      rows.push(...answer.data)
      cursor = answer.next_cursor
      if (!cursor) return rows
    }
  }

  async countConversations() {
    return (await this.pages('/conversations?status=all')).length
  }

  /** How often each remote id of an incoming message stands in the store, over all threads. */
  async readThreads() {
    const seen = new Map()
    for (const conversation of await this.pages('/conversations?status=all')) {
      for (let after = '1'; ;) {
        const page = (await this.api('GET', `/conversations/${conversation.id}/messages?after=${after}&limit=100`)).json()
        for (const message of page.data) {
          if (message.direction === 'in') seen.set(message.remote_id, (seen.get(message.remote_id) ?? 0) + 1)
          after = message.id
        }
        if (!page.has_after) break
      }
    }
    return seen
  }

  async close() {
    this.stopped = true
    this.process?.kill('SIGKILL')
    this.sandboxProcess?.kill('SIGKILL')
    await sleep(100)
    if (this.database) spawnSync('psql', [process.env.PARLEY_TEST_POSTGRES, '-qc', `DROP DATABASE ${this.database} WITH (FORCE)`])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Starts work(number) at a steady rate until told to stop; resolves when all of it is done. */
export function load(perSecond, work) {
  const under = new Set()
  let number = 0
  let fault = null
  const started = Date.now()
  const timer = setInterval(() => {
    const due = Math.floor(((Date.now() - started) / 1000) * perSecond)
    while (number < due && under.size < perSecond * 4) {
      const one = work(number++).catch((error) => { fault = error }).finally(() => under.delete(one))
      under.add(one)
    }
  }, 10)
  return async () => {
    clearInterval(timer)
    await Promise.all(under)
    if (fault) throw fault
    return number
  }
}

