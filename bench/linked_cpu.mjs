// linked_cpu.mjs: CPU per message sent and received, of wa/ and of Baileys in Node, in the same run.
//
//	node bench/linked_cpu.mjs [NUMBERS,…]        (default 1,10,50,500; PARLEY_BIN, BENCH_BIN, BAILEYS_MAX=50)
//
// As many numbers send as receive, 1,000 messages in all or 20 each, after 500 (or 3 each) that warm up. With Baileys, senders and receivers are a process each, over the sandbox; its keys are
// kept in memory, and its process's whole CPU is counted (plain WebSocket, no TLS). Of wa/, what its calls take is counted
// (bench/linked_cpu.c): no socket. Prints a table, and last a line of JSON.
import { execFileSync, fork } from 'node:child_process'
import path from 'node:path'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'

const HERE = fileURLToPath(import.meta.url)
const load = createRequire(path.join(path.dirname(HERE), '../tests/package.json'))
const warm = (numbers) => Math.max(3, Math.ceil(500 / numbers))
const counted = (numbers) => Math.max(20, Math.ceil(1000 / numbers))
const phone = (n) => `1555${String(n).padStart(7, '0')}`

/* ---- a process of Baileys clients ---- */

async function beClients() {
  const { default: makeWASocket, initAuthCreds, BufferJSON } = await import(pathToFileURL(load.resolve('baileys')))
  const pino = load('pino')
  for (const name of ['log', 'info', 'warn', 'error']) console[name] = () => {}
  const clients = []
  let received = 0

  /** Keys in memory: what Baileys is quickest with. */
  const memory = () => {
    const kept = {}
    return {
      get: async (type, ids) => Object.fromEntries(ids.map((id) => [id, kept[type]?.[id]]).filter(([, v]) => v != null)),
      set: async (data) => {
        for (const type in data) for (const id in data[type]) (kept[type] ??= {})[id] = data[type][id]
      },
    }
  }

  const connect = (client) => new Promise((opened) => {
    const sock = client.sock = makeWASocket({ auth: client.auth, waWebSocketUrl: client.url, logger: pino({ level: 'silent' }) })
    sock.ev.on('creds.update', (update) => Object.assign(client.auth.creds, update))
    sock.ev.on('connection.update', async ({ qr, connection, lastDisconnect }) => {
      if (qr && !client.scanned) process.send({ scan: qr, phone: client.phone, n: client.scanned = 1 })
      if (connection === 'open') opened()
      if (connection === 'close' && lastDisconnect?.error?.output?.statusCode === 515) connect(client).then(opened)
    })
    sock.ev.on('messages.upsert', ({ messages }) => { received += messages.filter((m) => m.message && !m.key.fromMe).length })
  })

  const commands = {
    async open({ url, from, count }) {
      for (let n = 0; n < count; n++) {
        const client = { url, phone: phone(from + n), auth: { creds: initAuthCreds(), keys: memory() } }
        await connect(client)
        clients.push(client)
      }
    },
    async say({ to, messages }) {
      for (let m = 0; m < messages; m++)
        for (const [n, client] of clients.entries())
          await client.sock.sendMessage(`${phone(to + n)}@s.whatsapp.net`, { text: `Good morning, this is message ${m}.` })
    },
    async wait({ count }) {
      const end = Date.now() + 60_000
      while (received < count && Date.now() < end) await new Promise((done) => setTimeout(done, 20))
      return received
    },
    async cpu() { const { user, system } = process.cpuUsage(); return user + system },
    async rest() { received = 0 },
    async end() { for (const client of clients) client.sock.end(); setTimeout(() => process.exit(0), 200) },
  }
  process.on('message', async (command) => process.send({ done: command.id, answer: await commands[command.do](command) }))
}

/* ---- the run ---- */

class Side {
  constructor(demo) {
    this.child = fork(HERE, ['clients'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    this.waiting = new Map()
    this.next = 0
    this.child.on('message', async (message) => {
      if (message.scan) await demo.control('POST', '/linked/scan', { qr: message.scan, phone: message.phone })
      else this.waiting.get(message.done)(message.answer)
    })
  }

  ask(what, more = {}) {
    const id = this.next++
    return new Promise((done) => { this.waiting.set(id, done); this.child.send({ do: what, id, ...more }) })
  }
}

async function baileys(numbers, messages) {
  const { startDemo } = await import('../tests/lib/parley.mjs')
  const demo = await startDemo()
  const senders = new Side(demo), receivers = new Side(demo)
  await Promise.all([senders.ask('open', { url: demo.linked_url, from: 0, count: numbers }),
    receivers.ask('open', { url: demo.linked_url, from: numbers, count: numbers })])
  await receivers.ask('say', { to: 0, messages: 1 })
  await senders.ask('wait', { count: numbers })
  await senders.ask('say', { to: numbers, messages: warm(numbers) })
  await receivers.ask('wait', { count: warm(numbers) * numbers })
  await receivers.ask('rest')
  const before = [await senders.ask('cpu'), await receivers.ask('cpu')]
  await senders.ask('say', { to: numbers, messages })
  const received = await receivers.ask('wait', { count: numbers * messages })
  const after = [await senders.ask('cpu'), await receivers.ask('cpu')]
  await Promise.all([senders.ask('end'), receivers.ask('end')])
  await demo.remove()
  const each = (n) => (after[n] - before[n]) / (numbers * messages)
  return { received, send_us: each(0), receive_us: each(1) }
}

function ours(numbers, messages) {
  const bin = process.env.BENCH_BIN ?? path.join(path.dirname(process.env.PARLEY_BIN ?? 'build/parley'), 'bench')
  return JSON.parse(execFileSync(path.join(bin, 'linked_cpu'), [numbers, messages].map(String), { encoding: 'utf8' }))
}

async function run([list = '1,10,50,500']) {
  const figures = {}
  console.log('numbers   wa/ send   receive      Baileys send   receive      send ×   receive ×   (µs of CPU per message)')
  for (const numbers of list.split(',').map(Number)) {
    const messages = counted(numbers), a = ours(numbers, messages), withBaileys = numbers <= Number(process.env.BAILEYS_MAX ?? 50)
    const b = withBaileys ? await baileys(numbers, messages) : { send_us: NaN, receive_us: NaN }
    const cell = (value, width) => (Number.isNaN(value) ? '–' : value.toFixed(1)).padStart(width)
    console.log(`${String(numbers).padStart(7)} ${cell(a.send_us, 10)} ${cell(a.receive_us, 9)} ${cell(b.send_us, 17)} ` +
      `${cell(b.receive_us, 9)} ${cell(b.send_us / a.send_us, 11)} ${cell(b.receive_us / a.receive_us, 11)}` +
      (withBaileys && b.received !== numbers * messages ? `   Baileys received ${b.received} of ${numbers * messages}` : ''))
    Object.assign(figures, { [`send_us_${numbers}`]: a.send_us, [`receive_us_${numbers}`]: a.receive_us })
    if (withBaileys) Object.assign(figures, { [`baileys_send_us_${numbers}`]: b.send_us, [`baileys_receive_us_${numbers}`]: b.receive_us })
  }
  console.log(JSON.stringify(figures))
  process.exit(0)
}

if (process.argv[2] === 'clients') await beClients()
else await run(process.argv.slice(2))
