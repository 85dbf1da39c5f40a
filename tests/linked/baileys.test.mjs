// baileys.test.mjs: an unmodified client of the network that our simulator plays: it pairs, logs in, stays, and is told.
//
// What passes here is what a client in the field relies on; our own client is tried against the same simulator in
// wa/simulator/session_test.c.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { Clients } from '../lib/baileys.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const test = (name, work) => run(name, { timeout: 90_000 }, work)
let demo, clients

before(async () => {
  demo = await startDemo()
  clients = new Clients(demo)
})
after(async () => {
  clients?.end()
  await demo?.remove()
})

const linked = async (phone) => (await demo.control('GET', '/linked')).devices.filter((d) => d.phone === phone)
const act = (phone, device, body) => demo.control('POST', `/linked/devices/${phone}/${device}`, body)

const paired = (phone, options) => clients.paired(phone, { url: demo.linked_url, ...options })

test('a phone scans its code, and it is open', async () => {
  const client = await paired('15550001111')
  const [device] = await linked('15550001111')
  assert.equal(client.auth.state.creds.me.id, '15550001111:1@s.whatsapp.net')
  assert.equal(client.auth.state.creds.registered || device.logins === 1, true)
  assert.equal(device.connected && device.active, true)
  assert.equal(device.prekeys > 0, true)
  await until(() => client.seen.some((update) => update.receivedPendingNotifications), 'the end of what waited')
})

test('a code typed on the phone pairs it', async () => {
  const client = await clients.make({ url: demo.linked_url })
  await client.shown()
  const code = await client.sock.requestPairingCode('15550002222')
  assert.match(code, /^[1-9A-HJ-NP-TV-Z]{8}$/)
  await demo.control('POST', '/linked/code', { phone: '15550002222', code })
  await client.opened()
  assert.equal((await linked('15550002222'))[0].connected, true)
})

test('it logs in again with the keys it kept, without a phone', async () => {
  const client = await paired('15550003333')
  client.sock.end()
  await until(async () => !(await linked('15550003333'))[0].connected, 'the server to notice')
  client.qr = undefined
  client.connect()
  await client.opened()
  const [device] = await linked('15550003333')
  assert.equal(device.logins, 2)
  assert.equal(client.qr, undefined)
})

test('its keepalive is answered, so it stays', async () => {
  const client = await paired('15550004444', { keepAliveIntervalMs: 1000 })
  const pings = async () => (await demo.control('GET', '/linked/stanzas')).stanzas
    .filter((s) => s.from === 'client' && /^<iq [^>]*xmlns="w:p"/.test(s.stanza)).length
  const first = await pings()
  await until(async () => await pings() >= first + 8, 'eight pings', 60_000)
  assert.equal(client.isOpen, true)
})

// Not while it pairs: Baileys inflates beside its queue, and may see the end of the stream before the reason of it.
test('compressed frames are understood', async () => {
  const client = await paired('15550005555')
  client.sock.end()
  await demo.control('POST', '/linked/faults', { compress: true })
  try {
    await until(() => !client.isOpen, 'the end of the connection')
    client.connect()
    await client.opened()
  } finally {
    await demo.control('POST', '/linked/faults', {})
  }
})

test('a phone that unlinks it ends it', async () => {
  const client = await paired('15550006666')
  await act('15550006666', 1, { action: 'unlink' })
  assert.equal(await client.closed(), 401)
  assert.deepEqual(await linked('15550006666'), [])
})

test('logging out unlinks it at the server', async () => {
  const client = await paired('15550007777')
  await client.sock.logout()
  assert.equal(await client.closed(), 401)
  await until(async () => (await linked('15550007777')).length === 0, 'the device to go')
})

test('a second connection with its keys replaces the first', async () => {
  const client = await paired('15550008888')
  const first = client.sock
  const told = new Promise((done) => first.ev.on('connection.update', (update) => {
    if (update.connection === 'close') done(update.lastDisconnect.error.output.statusCode)
  }))
  client.connect()
  assert.equal(await told, 440)
  await until(async () => (await linked('15550008888'))[0].logins === 2, 'the second login')
})

test('a refused login says why', async () => {
  const client = await paired('15550009999')
  await demo.control('POST', '/linked/faults', { failure_reason: 405 })
  try {
    await act('15550009999', 1, { action: 'cut' })
    await client.closed()
    client.code = undefined
    client.connect()
    assert.equal(await client.closed(), 405)
  } finally {
    await demo.control('POST', '/linked/faults', {})
  }
})
