// linked_numbers.mjs: what linked numbers cost a server, beside Baileys in Node in the same run.
//
//	node bench/linked_numbers.mjs [NUMBERS,…]     (default 50,100,500; PARLEY_BIN a release build)
//
// BAILEYS_MAX=500: the largest count that Baileys is asked for; CYCLES=10000 (0: none), DEAF=0: not that. The network is `parley
// sandbox`, a process of its own. For each count: resident memory of the server per idle number; kill -9 and the time until all
// are connected again; CPU while idle. With the largest count: start/stop cycles by the bulk call, with resident memory, heap in
// use and descriptors from cycle 500 on; a network that goes mute, and how long until its numbers are found deaf. Baileys: as
// many clients in one Node, keys in memory; its process is killed, too, and started with the same keys. Prints a table, and last a
// line of JSON.
import { fork } from 'node:child_process'
import path from 'node:path'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { LinkedWorld, cpu, descriptors, rss } from '../tests/lib/linked_world.mjs'
import { sleep } from '../tests/lib/world.mjs'

const HERE = fileURLToPath(import.meta.url)
const SETTLE_MS = 5000
const IDLE_MS = 35_000
const WARM_CYCLES = 500
const AT_ONCE = 16
const phone = (n) => `1667${String(n).padStart(7, '0')}`
const kB = (octets) => Math.round(octets / 1024)

/* ---- a process of Baileys clients ---- */

async function beClients() {
  const load = createRequire(path.join(path.dirname(HERE), '../tests/package.json'))
  const { default: makeWASocket, initAuthCreds, BufferJSON } = await import(pathToFileURL(load.resolve('baileys')))
  const pino = load('pino')
  for (const name of ['log', 'info', 'warn', 'error']) console[name] = () => {}
  const memory = (kept = {}) => ({
    kept,
    get: async (type, ids) => Object.fromEntries(ids.map((id) => [id, kept[type]?.[id]]).filter(([, v]) => v != null)),
    set: async (data) => { for (const type in data) for (const id in data[type]) (kept[type] ??= {})[id] = data[type][id] },
  })
  const clients = []
  const connect = (client) => new Promise((opened) => {
    const sock = client.sock = makeWASocket({ auth: client.auth, waWebSocketUrl: client.url, logger: pino({ level: 'silent' }) })
    sock.ev.on('creds.update', (update) => Object.assign(client.auth.creds, update))
    sock.ev.on('connection.update', ({ qr, connection, lastDisconnect }) => {
      if (qr && !client.scanned) process.send({ scan: qr, phone: client.phone, n: client.scanned = 1 })
      if (connection === 'open') opened()
      if (connection === 'close' && lastDisconnect?.error?.output?.statusCode === 515) connect(client).then(opened)
    })
  })
  const commands = {
    async pair({ url, from, count }) {
      for (let n = 0; n < count; n += AT_ONCE)
        await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - n) }, async (_, i) => {
          const client = { url, phone: phone(from + n + i), auth: { creds: initAuthCreds(), keys: memory() } }
          await connect(client)
          clients.push(client)
        }))
    },
    keys: () => clients.map(({ url, phone: own, auth }) => ({ url, phone: own, auth: JSON.stringify({ creds: auth.creds, kept: auth.keys.kept }, BufferJSON.replacer) })),
    async again({ kept }) {
      for (const one of kept) {
        const auth = JSON.parse(one.auth, BufferJSON.reviver)
        clients.push({ ...one, scanned: 1, auth: { creds: auth.creds, keys: memory(auth.kept) } })
      }
      await Promise.all(clients.map(connect))
    },
  }
  process.on('message', async (command) => process.send({ done: command.do, answer: await commands[command.do](command) }))
  process.send({ done: 'ready' })
}

class Baileys {
  constructor(world) {
    this.world = world
    this.waiting = new Map()
  }

  async start() {
    this.child = fork(HERE, ['clients'], { execArgv: ['--max-old-space-size=8192'], serialization: 'advanced' })
    const ready = this.heard('ready')
    this.child.on('message', (m) => {
      if (m.scan) this.world.control('POST', '/control/linked/scan', { qr: m.scan, phone: m.phone })
      else this.waiting.get(m.done)?.(m.answer)
    })
    await ready
    await sleep(1000)
  }

  heard(what) { return new Promise((done) => this.waiting.set(what, done)) }

  ask(what, more = {}) {
    const answer = this.heard(what)
    this.child.send({ do: what, ...more })
    return answer
  }

  async kill() {
    const gone = new Promise((done) => this.child.once('exit', done))
    this.child.kill('SIGKILL')
    await gone
  }
}

async function baileys(world, counts) {
  const clients = new Baileys(world), rows = {}
  await clients.start()
  const before = rss(clients.child.pid)
  let have = 0
  for (const count of counts) {
    await clients.ask('pair', { url: world.env.PARLEY_LINKED_URL, from: have, count: count - have })
    have = count
    const kept = await clients.ask('keys')
    await clients.kill()
    await clients.start()
    const began = Date.now()
    await clients.ask('again', { kept })
    const back = Date.now() - began
    await sleep(SETTLE_MS)
    const { pid } = clients.child, used = cpu(pid)
    await sleep(IDLE_MS)
    rows[count] = { rss: rss(pid), each: (rss(pid) - before) / count, back_ms: back, idle_cpu: (cpu(pid) - used) / (IDLE_MS / 1000) }
  }
  await clients.kill()
  return rows
}

/* ---- Parley ---- */

async function measure(world, count) {
  await world.pairTo(count)
  await world.kill()
  const began = Date.now()
  await world.start()
  await world.connected()
  const back = Date.now() - began
  await sleep(SETTLE_MS)
  const pid = world.process.pid, before = cpu(pid)
  await sleep(IDLE_MS)
  return { rss: rss(pid), back_ms: back, idle_cpu: (cpu(pid) - before) / (IDLE_MS / 1000) }
}

/** Bulk calls until so many numbers were stopped and started; the first ones are not counted. */
async function cycle(world, cycles) {
  const pid = world.process.pid
  const look = async () => ({ rss: rss(pid), heap: await world.figure('heap_bytes'), fds: descriptors(pid) })
  let done = 0, stops = 0
  const round = async () => {
    const began = Date.now()
    await world.bulk('stop')
    await world.connected(0)
    stops = Math.max(stops, Date.now() - began)
    await world.bulk('reconnect')
    await world.connected()
    done += world.numbers.length
  }
  while (done < WARM_CYCLES) await round()
  await sleep(SETTLE_MS)
  const before = await look()
  done = 0
  while (done < cycles) await round()
  await sleep(SETTLE_MS)
  return { cycles: done, before, after: await look(), slowest_stop_ms: stops }
}

/** The network hears and answers nothing any more, and its sockets stay open. */
async function deafen(world) {
  await world.faults({ mute: true })
  const began = Date.now()
  await world.connected(0)
  const found = Date.now() - began
  await world.faults({})
  await world.connected()
  return { found_ms: found, back_ms: Date.now() - began - found }
}

const of = (row, write) => (row ? write(row) : '–')

async function main() {
  const counts = (process.argv[2] ?? '50,100,500').split(',').map(Number)
  const most = Number(process.env.BAILEYS_MAX ?? 500), cycles = Number(process.env.CYCLES ?? 10_000)
  const world = new LinkedWorld('sqlite')
  try {
    await world.open()
    await sleep(SETTLE_MS)
    const empty = rss(world.process.pid), rows = {}
    for (const count of counts) rows[count] = await measure(world, count)
    const cycled = cycles ? await cycle(world, cycles) : null
    const deaf = process.env.DEAF === '0' ? null : await deafen(world)
    await world.kill()
    const other = await baileys(world, counts.filter((count) => count <= most))
    console.log(`server without numbers: ${kB(empty)} kB`)
    console.log('numbers   kB each   Baileys   ratio    back ms   Baileys    idle CPU %   Baileys')
    for (const count of counts) {
      const row = rows[count], b = other[count], each = (row.rss - empty) / count
      console.log(`${String(count).padStart(7)} ${String(kB(each)).padStart(9)} ${of(b, () => String(kB(b.each))).padStart(9)} ${of(b, () => (b.each / each).toFixed(0)).padStart(7)} ` +
        `${String(row.back_ms).padStart(10)} ${of(b, () => String(b.back_ms)).padStart(9)} ${(100 * row.idle_cpu).toFixed(2).padStart(13)} ${of(b, () => (100 * b.idle_cpu).toFixed(2)).padStart(9)}`)
    }
    if (cycled) {
      const { before, after } = cycled
      console.log(`${cycled.cycles} start/stop cycles: resident ${kB(before.rss)} → ${kB(after.rss)} kB (${(100 * (after.rss / before.rss - 1)).toFixed(2)} %), heap in use ${kB(before.heap)} → ${kB(after.heap)} kB, ` +
        `${before.fds} → ${after.fds} descriptors; all stopped within ${cycled.slowest_stop_ms} ms`)
    }
    if (deaf) console.log(`deaf after ${deaf.found_ms} ms at most, back ${deaf.back_ms} ms later`)
    console.log(JSON.stringify({ empty, rows, cycles: cycled, deaf, baileys: other }))
  } finally {
    await world.close()
  }
}

await (process.argv[2] === 'clients' ? beClients() : main())
