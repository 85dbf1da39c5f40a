// agents.mjs: 200 agents are connected, 100 messages a second come in: how long until one is in the DOM of a console?
//
//	node bench/agents.mjs [AGENTS] [MESSAGES_A_SECOND] [SECONDS]
//
// A real Chromium shows the inbox; the other agents are sockets that subscribe as a console does and take every frame.
// The time is from the moment a signed webhook leaves until its text is in the list, both by the clock of this machine.
// The load, the browser and the server share its cores. Prints a line of JSON with p50, p95 and p99 in milliseconds.
import { createHmac, randomBytes } from 'node:crypto'
import http from 'node:http'
import net from 'node:net'
import { chromium } from '../tests/node_modules/playwright-core/index.mjs'
import { startDemo } from '../tests/lib/parley.mjs'

const [agents = 200, rate = 100, seconds = 20] = process.argv.slice(2).map(Number)
const CUSTOMERS = 200
const demo = await startDemo()
const { port, host } = new URL(demo.url)
const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 32 })

/** A socket that is subscribed to what the console of this person hears; counts the frames it gets. */
async function listener(session, cookie) {
  const socket = net.connect({ port: Number(port), host: '127.0.0.1' })
  const state = { socket, frames: 0, octets: 0 }
  let rest = Buffer.alloc(0)
  let upgraded = false
  const texts = []
  let heard = () => {}

  socket.on('data', (data) => {
    state.octets += data.length
    rest = rest.length ? Buffer.concat([rest, data]) : data
    if (!upgraded) {
      const end = rest.indexOf('\r\n\r\n')
      if (end < 0) return
      rest = rest.subarray(end + 4)
      upgraded = true
    }
    for (;;) {
      if (rest.length < 2) return
      let length = rest[1] & 127
      let head = 2
      if (length === 126) { if (rest.length < 4) return; length = rest.readUInt16BE(2); head = 4 }
      else if (length === 127) { if (rest.length < 10) return; length = Number(rest.readBigUInt64BE(2)); head = 10 }
      if (rest.length < head + length) return
      state.frames++
      if (state.frames < 4) { texts.push(rest.subarray(head, head + length).toString()); heard() }
      rest = rest.subarray(head + length)
    }
  })
  const next = () => new Promise((done) => { heard = () => done(texts.shift()); if (texts.length) heard() })
  const send = (value) => {
    const body = Buffer.from(JSON.stringify(value))
    const head = body.length < 126 ? Buffer.from([0x81, 0x80 | body.length]) : Buffer.from([0x81, 0xfe, body.length >> 8, body.length & 255])
    const mask = randomBytes(4)
    socket.write(Buffer.concat([head, mask, body.map((octet, at) => octet ^ mask[at & 3])]))
  }
  socket.write(`GET ${session.live.path}/${session.live.key}?protocol=7&client=bench&version=1 HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\n` +
    `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nOrigin: ${demo.url}\r\n\r\n`)
  const { socket_id: id } = JSON.parse(JSON.parse(await next()).data)
  const channel = session.live.channel ?? `private-workspace-${session.workspace.id}`
  const answer = await fetch(demo.url + session.live.auth, { method: 'POST', headers: { cookie, 'x-csrf-token': session.csrf_token },
    body: new URLSearchParams({ socket_id: id, channel_name: channel }) })
  send({ event: 'pusher:subscribe', data: { channel, ...(await answer.json()) } })
  const subscribed = JSON.parse(await next())
  if (!/subscription_succeeded/.test(subscribed.event)) throw new Error(JSON.stringify(subscribed))
  return state
}

async function signIn() {
  const answer = await fetch(`${demo.url}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: demo.email, password: demo.password }) })
  return { session: await answer.json(), cookie: answer.headers.get('set-cookie').split(';')[0] }
}

function post(customer, text) {
  const phone = `1202555${String(1000 + customer)}`
  const body = JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '1', changes: [{ field: 'messages', value: {
    messaging_product: 'whatsapp', metadata: { display_phone_number: '15550783881', phone_number_id: demo.phone_number_id },
    contacts: [{ profile: { name: `Customer ${customer}` }, wa_id: phone }],
    messages: [{ from: phone, id: `wamid.${randomBytes(12).toString('hex')}`, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body: text } }] } }] }] })
  const request = http.request(`${demo.url}/webhooks/cloud/${demo.channel_id}`, { method: 'POST', agent: keepAlive, headers: {
    'content-type': 'application/json', 'x-hub-signature-256': `sha256=${createHmac('sha256', demo.app_secret).update(body).digest('hex')}` } }, (answer) => answer.resume())
  request.on('error', () => {})
  request.end(body)
}

const { session, cookie } = await signIn()
const sockets = []
for (let n = 0; n < agents - 1; n++) sockets.push(await listener(session, cookie))
const browser = await chromium.launch({ executablePath: process.env.PARLEY_CHROMIUM ?? '/usr/bin/chromium', args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
await page.goto(demo.url)
await page.getByLabel('E-mail address').fill(demo.email)
await page.getByLabel('Password').fill(demo.password)
await page.getByRole('button', { name: 'Sign in', exact: true }).click()
await page.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor()
await page.evaluate(() => {
  window.__times = []
  const seen = new Set()
  new MutationObserver((changes) => {
    for (const change of changes) {
      for (const [text, n, at] of (change.target.textContent ?? '').matchAll(/seq (\d+) at (\d{13})/g)) {
        if (!seen.has(n) && text) { seen.add(n); window.__times.push(Date.now() - Number(at)) }
      }
    }
  }).observe(document.body, { childList: true, subtree: true, characterData: true })
})
for (let n = 0; n < 20; n++) { post(n, 'warm up'); await new Promise((done) => setTimeout(done, 20)) }
await new Promise((done) => setTimeout(done, 1000))
const framesBefore = sockets.reduce((sum, one) => sum + one.frames, 0)
const total = rate * seconds
const start = Date.now()
for (let n = 0; n < total;) {
  for (const due = Math.min(total, Math.floor(((Date.now() - start) * rate) / 1000) + 1); n < due; n++) post(n % CUSTOMERS, `seq ${n} at ${Date.now()}`)
  await new Promise((done) => setTimeout(done, 2))
}
await new Promise((done) => setTimeout(done, 2000))
const times = (await page.evaluate(() => window.__times)).sort((a, b) => a - b)
const at = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))]
const frames = sockets.reduce((sum, one) => sum + one.frames, 0) - framesBefore
console.log(JSON.stringify({ bench: 'agents', agents, messages_a_second: rate, sent: total, in_dom: times.length, p50_ms: at(0.5), p95_ms: at(0.95), p99_ms: at(0.99),
  frames_delivered: frames, frames_lacking: Math.max(0, total * sockets.length - frames) }))
await browser.close()
for (const { socket } of sockets) socket.destroy()
await demo.remove()
process.exit(0)
