// linked_numbers.mjs: what linked numbers cost a server, beside Baileys in Node in the same run.
//
//	node bench/linked_numbers.mjs [NUMBERS,…]     (default 50,100,500; PARLEY_BIN a release build; BAILEYS_MAX=100, CYCLES=10000)
//
// The network is `parley sandbox`, a process of its own. For each count: resident memory of the server per idle number; kill -9
// and the time until all are connected again; CPU while idle. With the largest count: start/stop cycles by the bulk call, with
// memory and descriptors before and after; a network that goes mute, and how long until its numbers are found deaf. Baileys: as
// many clients in one Node, keys in memory. Prints a table, and last a line of JSON.
import { fork } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { World, sleep } from '../tests/lib/world.mjs'

const HERE = fileURLToPath(import.meta.url)
const NOTICE = '2026-11'
const PAIRING_AT_ONCE = 16
const SETTLE_MS = 5000
const phone = (n) => `1666${String(n).padStart(7, '0')}`
const page = 4096
const rss = (pid) => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * page
const descriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length
const cpu = (pid) => { const f = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' '); return (Number(f[11]) + Number(f[12])) / 100 }
const kB = (octets) => Math.round(octets / 1024)

/* ---- a process of Baileys clients ---- */

async function beClients() {
  const load = createRequire(path.join(path.dirname(HERE), '../tests/package.json'))
  const { default: makeWASocket, initAuthCreds } = await import(pathToFileURL(load.resolve('baileys')))
  const pino = load('pino')
  for (const name of ['log', 'info', 'warn', 'error']) console[name] = () => {}
  const memory = () => {
    const kept = {}
    return {
      get: async (type, ids) => Object.fromEntries(ids.map((id) => [id, kept[type]?.[id]]).filter(([, v]) => v != null)),
      set: async (data) => { for (const type in data) for (const id in data[type]) (kept[type] ??= {})[id] = data[type][id] },
    }
  }
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
  process.send({ ready: true })
  process.on('message', async ({ url, from, count }) => {
    for (let n = 0; n < count; n++) {
      const client = { url, phone: phone(from + n), auth: { creds: initAuthCreds(), keys: memory() } }
      await connect(client)
      clients.push(client)
    }
    process.send({ open: clients.length })
  })
}

async function baileys(world, counts) {
  const child = fork(HERE, ['clients'], { execArgv: ['--expose-gc'] })
  const once = (what) => new Promise((done) => {
    const hear = (m) => { if (m[what]) { child.off('message', hear); done(m) } }
    child.on('message', hear)
  })
  child.on('message', (m) => { if (m.scan) world.control('POST', '/control/linked/scan', { qr: m.scan, phone: m.phone }) })
  const rows = {}
  await once('ready')
  await sleep(1000)
  const before = rss(child.pid)
  let have = 0
  for (const count of counts) {
    const opened = once('open')
    child.send({ url: world.env.PARLEY_LINKED_URL, from: 500_000 + have, count: count - have })
    await opened
    have = count
    await sleep(SETTLE_MS)
    rows[count] = { rss: rss(child.pid), each: (rss(child.pid) - before) / count }
  }
  child.kill('SIGKILL')
  return rows
}

/* ---- Parley ---- */

async function pairOne(world, n) {
  const made = (await world.api('POST', '/linked-numbers', { name: `Number ${n}`, consent: NOTICE })).json()
  let qr
  await world.until(async () => (await world.api('POST', `/linked-numbers/${made.id}/pair`, { consent: NOTICE }))?.status === 202, 'a pairing may start', 120000)
  await world.until(async () => (qr = (await world.api('GET', `/linked-numbers/${made.id}/pairing`)).json().qr), 'a QR code', 120000)
  await world.control('POST', '/control/linked/scan', { qr: qr.text, phone: phone(n) })
  return made.id
}

async function figure(world, name) {
  const text = (await world.get('/metrics')).text
  return Number(new RegExp(`^parley_${name} ([0-9.e+]+)`, 'm').exec(text)?.[1])
}
const connected = (world, count) => world.until(async () => (await figure(world, 'linked_connected')) === count, `${count} are connected`, 180000)

async function pairTo(world, ids, count) {
  while (ids.length < count) {
    const some = Math.min(PAIRING_AT_ONCE, count - ids.length)
    ids.push(...await Promise.all(Array.from({ length: some }, (_, i) => pairOne(world, ids.length + i))))
  }
  await connected(world, count)
}

async function measure(world, ids, count) {
  await pairTo(world, ids, count)
  await world.kill()
  const began = Date.now()
  await world.start()
  await connected(world, count)
  const back = Date.now() - began
  await sleep(SETTLE_MS)
  const pid = world.process.pid, before = cpu(pid)
  await sleep(20000)
  return { rss: rss(pid), back_ms: back, idle_cpu: (cpu(pid) - before) / 20 }
}

/** Bulk calls until so many numbers were stopped and started. */
async function cycle(world, ids, cycles) {
  const pid = world.process.pid
  const round = async () => {
    for (const action of ['stop', 'reconnect']) {
      for (let at = 0; at < ids.length; at += 100) await world.api('POST', '/linked-numbers/bulk', { action, ids: ids.slice(at, at + 100) })
      await world.until(async () => (await figure(world, 'linked_connected')) === (action === 'stop' ? 0 : ids.length), action, 120000)
    }
  }
  await round()
  await round()
  await sleep(SETTLE_MS)
  const before = { rss: rss(pid), fds: descriptors(pid) }
  let done = 0
  for (; done < cycles; done += ids.length) await round()
  await sleep(SETTLE_MS)
  return { cycles: done, rss_before: before.rss, rss_after: rss(pid), fds_before: before.fds, fds_after: descriptors(pid) }
}

/** The network hears and answers nothing any more, and its sockets stay open. */
async function deafen(world, ids) {
  await world.control('POST', '/control/linked/faults', { mute: true })
  const began = Date.now()
  await world.until(async () => (await figure(world, 'linked_connected')) === 0, 'all are found deaf', 180000)
  const found = Date.now() - began
  await world.control('POST', '/control/linked/faults', {})
  await connected(world, ids.length)
  return { found_ms: found, back_ms: Date.now() - began - found }
}

async function main() {
  const counts = (process.argv[2] ?? '50,100,500').split(',').map(Number)
  const most = Number(process.env.BAILEYS_MAX ?? 100)
  const world = new World('sqlite', { env: { PARLEY_LINKED_NUMBERS: '100000', PARLEY_LINKED_PAIRINGS: '100000', PARLEY_LINKED_PACE: 'off' } })
  try {
    await world.open()
    const { root_key: root } = await world.control('GET', '/control/linked')
    Object.assign(world.env, { PARLEY_LINKED_URL: `ws://127.0.0.1:${world.sandboxPort}/ws/chat`, PARLEY_LINKED_ROOT_KEY: root })
    await world.kill()
    await world.start()
    await sleep(SETTLE_MS)
    const empty = rss(world.process.pid), ids = [], rows = {}
    for (const count of counts) rows[count] = await measure(world, ids, count)
    const cycles = await cycle(world, ids, Number(process.env.CYCLES ?? 10000))
    const deaf = await deafen(world, ids)
    const other = await baileys(world, counts.filter((count) => count <= most))
    console.log(`server without numbers: ${kB(empty)} kB`)
    for (const count of counts)
      console.log(`${count} numbers: ${kB(rows[count].rss)} kB, ${kB((rows[count].rss - empty) / count)} kB each (Baileys ${other[count] ? kB(other[count].each) : '-'} kB each); ` +
        `back ${rows[count].back_ms} ms after kill -9; idle CPU ${(100 * rows[count].idle_cpu).toFixed(1)} %`)
    console.log(`${cycles.cycles} start/stop cycles: ${kB(cycles.rss_before)} → ${kB(cycles.rss_after)} kB, ${cycles.fds_before} → ${cycles.fds_after} descriptors`)
    console.log(`deaf after ${deaf.found_ms} ms at most, back ${deaf.back_ms} ms later`)
    console.log(JSON.stringify({ empty, rows, cycles, deaf, baileys: other }))
  } finally {
    await world.close()
  }
}

await (process.argv[2] === 'clients' ? beClients() : main())
