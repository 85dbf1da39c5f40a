// linked_traffic.mjs: what messages of linked numbers cost a server, with its database and its sockets, beside Baileys in the same run.
//
//	node bench/linked_traffic.mjs [NUMBERS,…]     (default 1,10,50,500; PARLEY_BIN a release build)
//
// RATE=1000 messages a minute in each phase, SECONDS=30 each; BAILEYS_MAX=500. Each number has a customer whose phone the sandbox
// plays, a process of its own. For each count: customers write, then numbers write by the API; all of the server's CPU is counted
// (HTTP, store with its fsyncs, outbox, live hub), and so is all of Baileys' Node, which keeps its keys in memory and stores no message.
// At the end nothing may be lost, doubled or with somebody else. Prints a table, and last a line of JSON.
//
//	MINUTES=30 node bench/linked_traffic.mjs 50   for so long, both ways at once, with memory each minute
import { fork } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { LinkedWorld, cpu, rss } from '../tests/lib/linked_world.mjs'
import { Traffic } from '../tests/lib/linked_traffic.mjs'
import { load, sleep } from '../tests/lib/world.mjs'

const HERE = fileURLToPath(import.meta.url)
const RATE = Number(process.env.RATE ?? 1000) / 60, SECONDS = Number(process.env.SECONDS ?? 30)
const SETTLE_MS = 3000, AT_ONCE = 16
const owner = (n) => `1667${String(n).padStart(7, '0')}`
const customer = (n) => `1668${String(n).padStart(7, '0')}`
/** Seconds of each kind of thread: "linked-3" counts as "linked", the loop has the program's name. */
function threads(pid) {
  const seen = {}
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const text = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8'), f = text.split(') ')[1].split(' ')
    const name = /\((.*)\)/.exec(text)[1].replace(/-\d+$/, '').replace('parley', 'loop')
    seen[name] = (seen[name] ?? 0) + (Number(f[11]) + Number(f[12])) * 10_000
  }
  return seen
}
const kB = (octets) => Math.round(octets / 1024)

/* ---- a process of Baileys clients ---- */

async function beClients() {
  const load_ = createRequire(path.join(path.dirname(HERE), '../tests/package.json'))
  const { default: makeWASocket, initAuthCreds } = await import(pathToFileURL(load_.resolve('baileys')))
  const pino = load_('pino')
  for (const name of ['log', 'info', 'warn', 'error']) console[name] = () => {}
  const memory = (kept = {}) => ({
    get: async (type, ids) => Object.fromEntries(ids.map((id) => [id, kept[type]?.[id]]).filter(([, v]) => v != null)),
    set: async (data) => { for (const type in data) for (const id in data[type]) (kept[type] ??= {})[id] = data[type][id] },
  })
  const clients = []
  let received = 0
  const connect = (client) => new Promise((opened) => {
    const sock = client.sock = makeWASocket({ auth: client.auth, waWebSocketUrl: client.url, logger: pino({ level: 'silent' }) })
    sock.ev.on('creds.update', (update) => Object.assign(client.auth.creds, update))
    sock.ev.on('messages.upsert', ({ messages }) => { received += messages.filter((m) => m.message && !m.key.fromMe).length })
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
          const client = { url, phone: owner(from + n + i), auth: { creds: initAuthCreds(), keys: memory() } }
          await connect(client)
          clients.push(client)
        }))
    },
    say: async ({ n, body }) => { await clients[n].sock.sendMessage(`${customer(n)}@s.whatsapp.net`, { text: body }) },
    received: () => received,
  }
  process.on('message', async (command) => process.send({ done: command.id, answer: await commands[command.do](command) }))
  process.send({ done: 'ready' })
}

class Baileys {
  async start(world) {
    this.child = fork(HERE, ['clients'], { execArgv: ['--max-old-space-size=8192'] })
    this.waiting = new Map()
    this.next = 0
    const ready = new Promise((done) => this.waiting.set('ready', done))
    this.child.on('message', (m) => {
      if (m.scan) return void world.control('POST', '/control/linked/scan', { qr: m.scan, phone: m.phone, play: false })
      this.waiting.get(m.done)?.(m.answer)
      this.waiting.delete(m.done)
    })
    await ready
    await sleep(1000)
  }

  ask(what, more = {}) {
    const id = ++this.next
    return new Promise((done) => { this.waiting.set(id, done); this.child.send({ do: what, id, ...more }) })
  }
}

/* ---- a phase of messages ---- */

async function phase(pid, run, look = async () => ({})) {
  await sleep(SETTLE_MS)
  const seen = await look(), before = cpu(pid), count = await run(), us = 1e6 * (cpu(pid) - before) / count
  return { count, us, ...Object.fromEntries(Object.entries(await look()).map(([name, value]) => [name, (value - seen[name]) / count])) }
}

async function measureOurs(world, count) {
  await world.pairTo(count, false)
  const traffic = world.traffic = new Traffic(world, world.traffic), pid = world.process.pid
  const idle = rss(pid)
  const look = async () => ({ reads: await world.figure('store_reads_total'), writes: await world.figure('store_writes_total'), turns: await world.figure('linked_transactions_total'), ...threads(pid) })
  await traffic.open()
  const receive = await phase(pid, () => traffic.run(RATE, SECONDS, 'in'), look)
  const send = await phase(pid, () => traffic.run(RATE, SECONDS, 'out'), look)
  const busy = rss(pid)
  await traffic.check()
  return { receive_us: receive.us, send_us: send.us, messages: receive.count + send.count, rss: busy, idle, receive, send }
}

async function paced(count, say) {
  const stop = load(RATE, (i) => say(i % count))
  await sleep(SECONDS * 1000)
  return stop()
}

async function measureBaileys(world, clients, from, count) {
  const { pid } = clients.child
  await clients.ask('pair', { url: world.env.PARLEY_LINKED_URL, from, count: count - from })
  const idle = rss(pid)
  const write = (n, body) => world.control('POST', `/control/linked/phones/${customer(n)}/messages`, { to: owner(n), type: 'text', text: { body } })
  for (let n = from; n < count; n++) await world.control('POST', '/control/linked/phones', { phone: customer(n), name: `Customer ${n}` })
  let want = await clients.ask('received')
  const all = () => world.until(async () => (await clients.ask('received')) >= want, 'Baileys has received all', 60_000)
  for (let n = 0; n < count; n++) await write(n, 'Good morning')
  want += count
  await all()
  for (let n = 0; n < count; n++) await clients.ask('say', { n, body: 'Good morning' })
  const receive = await phase(pid, async () => { const said = await paced(count, (n) => write(n, 'How are you?')); want += said; await all(); return said })
  const send = await phase(pid, () => paced(count, (n) => clients.ask('say', { n, body: 'Fine, thank you.' })))
  return { receive_us: receive.us, send_us: send.us, rss: rss(pid), idle }
}

/* ---- for a long time ---- */

async function soak(world, count, minutes) {
  await world.pairTo(count, false)
  const traffic = new Traffic(world), { pid } = world.process
  await traffic.open()
  const memory = []
  let said = 0
  const before = cpu(pid)
  for (let minute = 0; minute < minutes; minute++) {
    said += await traffic.run(RATE, 60)
    memory.push(rss(pid))
    console.log(`minute ${minute + 1}: ${said} messages, ${kB(memory.at(-1))} kB resident, ${kB(await world.figure('heap_bytes'))} kB in use`)
  }
  const used = cpu(pid) - before
  await traffic.check()
  console.log(`${said} messages between ${count} numbers and their customers: none lost, none twice, none misplaced; ${(1e6 * used / said).toFixed(0)} µs of CPU each; ` +
    `${kB(memory[0])} → ${kB(memory.at(-1))} kB`)
}

async function main() {
  const counts = (process.argv[2] ?? '1,10,50,500').split(',').map(Number), most = Number(process.env.BAILEYS_MAX ?? 500)
  const world = new LinkedWorld('sqlite')
  const clients = new Baileys(), figures = {}
  try {
    await world.open()
    if (process.env.MINUTES) return await soak(world, counts[0], Number(process.env.MINUTES))
    const empty = rss(world.process.pid)
    for (const count of counts) figures[count] = { ours: await measureOurs(world, count) }
    await world.kill()
    await clients.start(world)
    let have = 0
    for (const count of counts.filter((one) => one <= most)) {
      figures[count].baileys = await measureBaileys(world, clients, have, count)
      have = count
    }
    console.log(`µs of CPU per message at ${(RATE * 60).toFixed(0)} messages a minute`)
    const part = (row, name) => `${name} ${Math.round(row[name] ?? 0)}`
    const split = (row) => `${['linked', 'loop', 'processor', 'outbox', 'request', 'call', 'routing', 'notify'].map((name) => part(row, name)).join(', ')}; ${row.reads.toFixed(0)} reads, ${row.writes.toFixed(1)} commits`
    console.log('numbers   server receives   sends   Baileys receives    sends   receive ×   send ×   kB each busy')
    for (const count of counts) {
      const { ours: a, baileys: b } = figures[count], cell = (value, width, digits = 0) => (value === undefined ? '–' : value.toFixed(digits)).padStart(width)
      console.log(`${String(count).padStart(7)} ${cell(a.receive_us, 17)} ${cell(a.send_us, 7)} ${cell(b?.receive_us, 18)} ${cell(b?.send_us, 8)} ` +
        `${cell(b && b.receive_us / a.receive_us, 11, 1)} ${cell(b && b.send_us / a.send_us, 8, 1)} ${cell((a.rss - empty) / count / 1024, 14)}`)
    }
    for (const count of counts) console.log(`of ${count}, by thread: received: ${split(figures[count].ours.receive)}\n${' '.repeat(String(count).length)}                   sent: ${split(figures[count].ours.send)}`)
    console.log(JSON.stringify({ empty, ...figures }))
  } finally {
    clients.child?.kill('SIGKILL')
    await world.close()
  }
}

await (process.argv[2] === 'clients' ? beClients() : main())
