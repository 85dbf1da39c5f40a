// crash.test.mjs: kill -9 under load, again and again; then everything acknowledged is there exactly once.
//
// The sandbox network runs as a process of its own and journals what it accepted. This program posts signed webhooks and
// sends messages at a steady rate, through kills of the server at random moments, with lost answers among the sends. It
// knows only what it was told: 200 to a webhook, 202 to a send. At the end it reads everything back through the API.
//
//   CRASH_KILLS=30 CRASH_STORES=sqlite,postgres node --test tests/crash/
import { spawn, spawnSync, execFileSync } from 'node:child_process'
import { createHmac, randomInt, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import assert from 'node:assert/strict'

const binary = process.env.PARLEY ?? path.resolve('build/parley')
const kills = Number(process.env.CRASH_KILLS ?? 6)
const stores = (process.env.CRASH_STORES ?? (process.env.PARLEY_TEST_POSTGRES ? 'sqlite,postgres' : 'sqlite')).split(',')
const webhooksPerSecond = 200
const sendsPerSecond = 50
const customers = 600
const secret = 'crash-app-secret'
const token = 'EAAcrashtoken'
const numberId = '106540352242922'

const sleep = (ms) => new Promise((done) => setTimeout(done, ms))
const agent = new http.Agent({ keepAlive: true, maxSockets: 64 })

async function freePort() {
  return new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

/** One request; null when there was no whole answer (the server was killed). */
function call(url, { method = 'GET', body, headers = {} } = {}) {
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

class World {
  constructor(store) {
    this.store = store
    this.folder = mkdtempSync(path.join(tmpdir(), 'parley-crash-'))
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
      PARLEY_DATA: path.join(this.folder, 'data'),
      PARLEY_LISTEN: `127.0.0.1:${this.port}`,
      PARLEY_GRAPH_URL: `${this.sandbox}/v24.0`,
      PARLEY_ALLOW_PRIVATE_CALLS: 'true',
      PARLEY_UNCONFIRMED_WAIT_SECONDS: '8',
      PARLEY_LOG_LEVEL: 'warn',
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
      access_token: token, app_secret: secret, pace_per_second: 500, pair_interval_ms: 0,
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

  /** A signed webhook, sent again (as Meta does) until it is acknowledged. */
  async webhook(number) {
    const wamid = `wamid.crash-${this.store}-${number}`
    const phone = `1202556${String(number % 500).padStart(4, '0')}`
    const body = JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '102290129340398', changes: [{ field: 'messages',
      value: { messaging_product: 'whatsapp', metadata: { display_phone_number: '15550783881', phone_number_id: numberId },
        contacts: [{ profile: { name: `Customer ${number % 500}` }, wa_id: phone }],
        messages: [{ from: phone, id: wamid, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body: `in ${number}` } }] } }] }] })
    const headers = { 'Content-Type': 'application/json',
      'X-Hub-Signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }
    for (;;) {
      const answer = await call(`${this.url}/webhooks/cloud/${this.channel.id}`, { method: 'POST', body, headers })
      if (answer?.status === 200) break
      if (this.stopped) return
      await sleep(50)
    }
    this.acknowledged.add(wamid)
  }

  /** A send under one Idempotency-Key, repeated until it is answered. */
  async send(number) {
    const key = randomUUID()
    const body = { to: `+1202557${String(number % customers).padStart(4, '0')}`, channel_id: this.channel.id, type: 'text', text: { body: `out ${number}` } }
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

  /** Everybody writes once, so that the 24-hour windows are open, here and in the sandbox. */
  async openWindows() {
    for (let i = 0; i < customers; i++) {
      const phone = `1202557${String(i).padStart(4, '0')}`
      await call(`${this.sandbox}/control/customers`, { method: 'POST', body: JSON.stringify({ phone, name: `Buyer ${i}` }), headers: { 'Content-Type': 'application/json' } })
      const said = await call(`${this.sandbox}/control/customers/${phone}/messages`, { method: 'POST', body: JSON.stringify({ type: 'text', text: { body: 'hello' } }), headers: { 'Content-Type': 'application/json' } })
      assert.ok(said && said.status < 300, said?.text)
    }
    await this.until(async () => {
      const list = (await this.api('GET', '/conversations?status=all&limit=1')).json()
      return list.data.length > 0 && (await this.countConversations()) >= customers
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
function load(perSecond, work) {
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

for (const store of stores) {
  test(`${store}: ${kills} kills under load lose nothing and do nothing twice`, { timeout: 1200000 }, async (t) => {
    const world = new World(store)
    t.after(() => world.close())
    await world.open()
    await world.openWindows()
    await call(`${world.sandbox}/control/faults`, { method: 'POST', body: JSON.stringify({ fault: 'lost_answer', probability: 0.02 }), headers: { 'Content-Type': 'application/json' } })
    const stopWebhooks = load(webhooksPerSecond, (n) => world.webhook(n))
    const stopSends = load(sendsPerSecond, (n) => world.send(n))
    for (let i = 0; i < kills; i++) {
      await sleep(randomInt(300, 1500))
      await world.kill()
      await world.start()
    }
    await sleep(1000)
    await stopWebhooks()
    await stopSends()
    await call(`${world.sandbox}/control/faults`, { method: 'DELETE' })

    await t.test('every acknowledged webhook is one message', async () => {
      let seen
      await world.until(async () => {
        seen = await world.readThreads()
        return [...world.acknowledged].every((id) => seen.has(id))
      }, 'all acknowledged webhooks are in the threads', 120000)
      const twice = [...seen].filter(([, count]) => count !== 1)
      assert.deepEqual(twice, [])
      t.diagnostic(`${world.acknowledged.size} webhooks acknowledged, each there once`)
    })

    await t.test('every accepted message reached the network exactly once, and its ticks are right', async () => {
      let states = new Map()
      await world.until(async () => {
        for (const id of world.accepted.keys()) {
          if (['delivered', 'read', 'failed'].includes(states.get(id))) continue
          states.set(id, (await world.api('GET', `/messages/${id}`)).json().status)
        }
        return [...states.values()].every((s) => s === 'delivered' || s === 'read' || s === 'failed')
      }, 'all accepted messages are settled', 180000)
      const journal = (await call(`${world.sandbox}/control/journal`)).json()
      const counts = new Map(journal.map((entry) => [entry.biz_opaque_callback_data, entry.count]))
      const wrong = [...world.accepted.keys()].filter((id) => counts.get(id) !== 1)
      assert.deepEqual(wrong.map((id) => [id, counts.get(id) ?? 0, states.get(id)]), [])
      assert.equal([...counts.keys()].filter((id) => !world.accepted.has(id)).length, 0, 'nothing was sent that nobody asked for')
      assert.deepEqual([...states].filter(([, s]) => s === 'failed'), [])
      t.diagnostic(`${world.accepted.size} messages accepted, each at the network once`)
    })
  })
}
