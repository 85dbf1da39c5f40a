#!/usr/bin/env node
// bulk.mjs: how long it takes to change a thousand conversations at once, with an event and an audit row each.
//
//	node bench/bulk.mjs [build/parley]        also on PostgreSQL when PARLEY_TEST_POSTGRES is set (tests/postgres.sh)
//
// Prints a line for each database, and fails when a change of 1,000 takes longer than two seconds.
import { createHmac } from 'node:crypto'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const binary = path.resolve(process.argv[2] ?? 'build/parley')
const COUNT = 1000
const WANTED_MS = 2000
const SECRET = 'bench-app-secret'
const port = 20_000 + Math.floor(Math.random() * 20_000)
const url = `http://127.0.0.1:${port}`
const wait = (ms) => new Promise((done) => setTimeout(done, ms))

async function measure(name, database) {
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-bulk-'))
  const env = { ...process.env, PARLEY_DATA: folder, PARLEY_LISTEN: `127.0.0.1:${port}`, PARLEY_LOG_LEVEL: 'error', PARLEY_ALLOW_PRIVATE_CALLS: 'true',
    PARLEY_GRAPH_URL: 'http://127.0.0.1:1/v24.0', ...(database && { PARLEY_DATABASE_URL: database }) }
  const { api_key: key } = JSON.parse(spawnSync(binary, ['setup', '--json'], { env, encoding: 'utf8' }).stdout)
  const server = spawn(binary, ['serve'], { env, stdio: ['ignore', 'inherit', 'inherit'] })
  const api = async (method, where, body) => {
    const answer = await fetch(`${url}/api/v1${where}`, { method, body: body && JSON.stringify(body), headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' } })
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
  try {
    while (!(await fetch(`${url}/readyz`).then((answer) => answer.ok, () => false))) await wait(50)
    const channel = await api('POST', '/channels', { provider: 'cloud', name: 'Bench', phone_number_id: '106540352242922', waba_id: '102290129340398', access_token: 'EAAbench', app_secret: SECRET })
    for (let from = 0; from < COUNT; from += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, i) => receive(channel, from + i)))
    }
    while ((await api('GET', '/conversations/counts')).all.total < COUNT) await wait(100)
    const label = await api('POST', '/labels', { name: 'Bench', colour: '#112233' })
    const changes = [{ status: 'resolved', priority: 'high' }, { status: 'open', priority: 'none' }, { add_labels: [label.id] }, { status: 'archived' }, { status: 'open' }]
    const times = []
    for (const change of changes) {
      const from = change.status === 'open' ? (times.length === 1 ? 'resolved' : 'archived') : 'open'
      const start = performance.now()
      const { changed } = await api('POST', '/conversations/bulk', { filter: { status: from }, ...change })
      times.push(Math.round(performance.now() - start))
      if (changed !== COUNT) throw new Error(`changed ${changed} of ${COUNT}`)
    }
    console.log(`${name}: a change of ${COUNT} conversations took ${times.join(', ')} ms (wanted: under ${WANTED_MS})`)
    return Math.max(...times) < WANTED_MS
  } finally {
    const gone = new Promise((done) => server.once('exit', done))
    server.kill('SIGTERM')
    await gone
    rmSync(folder, { recursive: true, force: true })
  }
}

function receive(channel, i) {
  const body = JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: channel.waba_id, changes: [{ field: 'messages', value: {
    messaging_product: 'whatsapp', metadata: { display_phone_number: '15550783881', phone_number_id: channel.phone_number_id },
    contacts: [{ profile: { name: `Customer ${i}` }, wa_id: `1202555${String(i).padStart(4, '0')}` }],
    messages: [{ from: `1202555${String(i).padStart(4, '0')}`, id: `wamid.bulk-${i}`, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body: 'hello' } }] } }] }] })
  const signature = createHmac('sha256', SECRET).update(body).digest('hex')
  return fetch(`${url}/webhooks/cloud/${channel.id}`, { method: 'POST', body, headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` } })
}

function freshDatabase(server) {
  const name = `parley_bulk_${Date.now()}`
  spawnSync('psql', [server, '-qc', `CREATE DATABASE ${name}`])
  return { url: server.replace(/\/[^/]*$/, `/${name}`), drop: () => spawnSync('psql', [server, '-qc', `DROP DATABASE ${name} WITH (FORCE)`]) }
}

let good = await measure('SQLite')
if (process.env.PARLEY_TEST_POSTGRES) {
  const database = freshDatabase(process.env.PARLEY_TEST_POSTGRES)
  good = (await measure('PostgreSQL', database.url)) && good
  database.drop()
}
process.exit(good ? 0 : 1)
