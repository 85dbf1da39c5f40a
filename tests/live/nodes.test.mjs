// nodes.test.mjs: two nodes that are one hub, by a real Redis: events, members and counts are those of both, also when one dies.
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { cpSync, rmSync } from 'node:fs'
import { after, test as run } from 'node:test'
import Pusher from 'pusher-js'
import { Server, until } from '../api/server.mjs'
import { Receiver } from '../lib/receiver.mjs'
import { Redis } from '../lib/redis.mjs'

const test = (name, work) => run(name, { timeout: 90_000 }, work)
const sockets = []
const redis = await new Redis().start()

/* Two stores with the same workspace and live app: what they tell each other goes by Redis alone. */
const one = new Server()
const shop = one.setup('fleet')
const receiver = await Receiver.open()
await one.serve()
const app = await shop.caller.want(201, 'POST', '/live-apps', { name: 'talk', webhooks: [{ url: receiver.url }] })
await one.stop()
const two = new Server()
cpSync(one.env.PARLEY_DATA, two.env.PARLEY_DATA, { recursive: true })
for (const [node, server] of [[1, one], [2, two]]) Object.assign(server.env, { PARLEY_REDIS_URL: redis.url, PARLEY_NODE: String(node) })
await Promise.all([one.serve(), two.serve()])
after(async () => {
  for (const socket of sockets) socket.disconnect()
  for (const server of [one, two]) {
    await server.stop()
    rmSync(server.folder, { recursive: true, force: true })
  }
  await receiver.close()
  await redis.stop()
})

const channelName = `private-workspace-${shop.workspace_id}`
const emit = (server, event, data) => server.nobody.call('POST', '/realtime/events', { headers: { authorization: `Bearer ${shop.api_key}` }, body: { event, data } })
  .then((answer) => assert.equal(answer.status, 202, JSON.stringify(answer.body)))

/** The test is the application: it signs for whoever it likes. */
function connect(server, user, { key, secret } = shop.pusher) {
  const at = new URL(server.url)
  const socket = new Pusher(key, {
    cluster: '', wsHost: at.hostname, wsPort: Number(at.port), forceTLS: false, enabledTransports: ['ws'],
    channelAuthorization: { customHandler: ({ socketId, channelName: name }, done) => {
      const data = name.startsWith('presence-') ? JSON.stringify({ user_id: user, user_info: { name: user } }) : undefined
      const text = data === undefined ? `${socketId}:${name}` : `${socketId}:${name}:${data}`
      const auth = `${key}:${createHmac('sha256', secret).update(text).digest('hex')}`
      done(null, data === undefined ? { auth } : { auth, channel_data: data })
    } },
  })
  sockets.push(socket)
  return socket
}

async function join(socket, name) {
  const channel = socket.subscribe(name)
  channel.heard = []
  channel.bind_global((event, data) => { if (!event.startsWith('pusher')) channel.heard.push({ event, data }) })
  await new Promise((done, failed) => {
    channel.bind('pusher:subscription_succeeded', done)
    channel.bind('pusher:subscription_error', (error) => failed(new Error(JSON.stringify(error))))
  })
  return channel
}

/** The HTTP API of a node, signed. */
async function hub(server, method, what, { body, query = {} } = {}) {
  const path = `/apps/${shop.pusher.app_id}${what}`
  const text = body && JSON.stringify(body)
  const params = { ...query, auth_key: shop.pusher.key, auth_timestamp: String(Math.floor(Date.now() / 1000)), auth_version: '1.0',
    ...(text ? { body_md5: createHash('md5').update(text).digest('hex') } : {}) }
  const sorted = Object.keys(params).sort().map((name) => `${name}=${params[name]}`).join('&')
  const signature = createHmac('sha256', shop.pusher.secret).update(`${method}\n${path}\n${sorted}`).digest('hex')
  const answer = await fetch(`${server.url}${path}?${sorted}&auth_signature=${signature}`, { method, body: text, headers: text ? { 'content-type': 'application/json' } : {} })
  assert.equal(answer.status, 200, await answer.clone().text())
  return answer.json()
}

const heardOf = (channel, event) => until(event, () => channel.heard.find((one_) => one_.event === event)?.data, 30_000)
const members = (channel) => { const ids = []; channel.members.each(({ id }) => ids.push(id)); return ids.sort() }
const countAt = async (server, name) => (await hub(server, 'GET', `/channels/${name}`, { query: { info: 'user_count' } })).user_count

/* Both nodes are up, and have heard each other. */
await until('the nodes to hear each other', async () => {
  const socket = connect(one)
  const probe = await join(socket, 'probe')
  await hub(two, 'POST', '/events', { body: { name: 'hello', channel: 'probe', data: '{}' } })
  await new Promise((done) => setTimeout(done, 200))
  socket.disconnect()
  return probe.heard.length > 0
}, 30_000)

test('an event of one node is heard on both, with one number and in one order', async () => {
  const [here, there] = [await join(connect(one), channelName), await join(connect(two), channelName)]
  for (let i = 0; i < 20; i++) await emit(i % 2 ? one : two, 'label.updated', { id: String(i) })
  await until('twenty on both', () => here.heard.length >= 20 && there.heard.length >= 20)
  assert.deepEqual(here.heard.map(({ data }) => [data.event_id, data.id]), there.heard.map(({ data }) => [data.event_id, data.id]))
  const ids = here.heard.map(({ data }) => Number(data.event_id))
  for (let i = 1; i < ids.length; i++) {
    assert.ok(ids[i] > ids[i - 1])
    assert.equal(here.heard[i].data.event_after, here.heard[i - 1].data.event_id)
  }
})

test('what was missed on one node is given by the other', async () => {
  const here = await join(connect(one), channelName)
  await emit(one, 'macro.updated', { id: 'a' })
  const { event_id: last } = await heardOf(here, 'macro.updated')
  await emit(one, 'macro.updated', { id: 'b' })
  const answer = await until('it over there', async () => {
    const got = await two.nobody.get(`/realtime/missed?channel=${channelName}&after=${last}`, { headers: { authorization: `Bearer ${shop.api_key}` } })
    return got.body.data.length && got.body
  })
  assert.equal(answer.complete, true)
  assert.deepEqual(answer.data.map((event) => event.data.id), ['b'])
})

test('an event of the HTTP API reaches both nodes, but the socket that it leaves out', async () => {
  const [a, b] = [connect(one), connect(two)]
  const [here, there] = [await join(a, 'public-x'), await join(b, 'public-x')]
  await hub(one, 'POST', '/events', { body: { name: 'not-for-b', channel: 'public-x', data: '"1"', socket_id: b.connection.socket_id } })
  await hub(two, 'POST', '/events', { body: { name: 'for-all', channel: 'public-x', data: '"2"' } })
  await heardOf(here, 'for-all')
  await heardOf(there, 'for-all')
  assert.deepEqual(here.heard.map((h) => h.event), ['not-for-b', 'for-all'])
  assert.deepEqual(there.heard.map((h) => h.event), ['for-all'])
})

test('a client event crosses, and says who sent it', async () => {
  const name = 'presence-talk'
  const [here, there] = [await join(connect(one, 'ana'), name), await join(connect(two, 'ben'), name)]
  await until('both see both', () => members(here).length === 2 && members(there).length === 2)
  const heard = new Promise((done) => there.bind('client-typing', (data, meta) => done({ data, meta })))
  here.trigger('client-typing', { typing: true })
  assert.deepEqual(await heard, { data: { typing: true }, meta: { user_id: 'ana' } })
})

test('members and counts are those of both nodes; a person on both is one', async () => {
  const name = 'presence-room'
  const a = connect(one, 'ana')
  const here = await join(a, name)
  const b = connect(two, 'ben')
  const there = await join(b, name)
  await until('both see both', () => members(here).join() === 'ana,ben' && members(there).join() === 'ana,ben')
  const again = connect(two, 'ana')
  await join(again, name)
  assert.equal(await countAt(one, name), 2)
  assert.equal(await countAt(two, name), 2)
  const left = []
  there.bind('pusher:member_removed', ({ id }) => left.push(id))
  a.disconnect()
  await emit(two, 'label.updated', { id: 'later' })
  await new Promise((done) => setTimeout(done, 500))
  assert.deepEqual(left, [], 'ana is still there, by the other node')
  again.disconnect()
  await until('ana to leave', () => left.join() === 'ana')
  b.disconnect()
  await until('an empty channel on both', async () => (await countAt(one, name)) === 0 && (await countAt(two, name)) === 0)
})

test('a change of rights on one node sends the listeners of the other back', async () => {
  const socket = connect(two)
  await join(socket, channelName)
  const states = []
  socket.connection.bind('state_change', ({ current }) => states.push(current))
  const answer = await one.nobody.call('PUT', '/realtime', { headers: { authorization: `Bearer ${shop.api_key}` }, body: { driver: 'builtin' } })
  assert.equal(answer.status, 200)
  await until('it to come back', () => states.includes('connected'), 30_000)
})

/* What the receiver of the hub's webhooks was told of one channel, in order. */
const toldOf = (name) => receiver.calls.filter((call) => call.answered < 300).flatMap((call) => JSON.parse(call.text).events)
  .filter((event) => event.channel === name).map((event) => `${event.name} ${event.user_id ?? ''}`.trim())

test('webhooks are told once, by whichever node it happens on', async () => {
  const name = 'presence-hooks'
  const [a, b, again] = [connect(one, 'ana', app), connect(two, 'ben', app), connect(two, 'ana', app)]
  const here = await join(a, name)
  await until('ana', () => toldOf(name).length >= 2)
  await join(b, name)
  await join(again, name)
  await until('ben', () => toldOf(name).includes('member_added ben'))
  await until('both seen', () => members(here).length === 2)
  a.unsubscribe(name)
  b.unsubscribe(name)
  await until('ben left', () => toldOf(name).includes('member_removed ben'))
  assert.ok(!toldOf(name).includes('member_removed ana'), 'ana is still there, by the other node')
  again.unsubscribe(name)
  await until('the end', () => toldOf(name).includes('channel_vacated'))
  assert.deepEqual(toldOf(name).sort(), ['channel_occupied', 'channel_vacated', 'member_added ana', 'member_added ben', 'member_removed ana', 'member_removed ben'])
})

test('when a node is killed its people leave within seconds, and come back with it', async () => {
  const name = 'presence-crash'
  const [here, there] = [await join(connect(one, 'ana'), name), await join(connect(two, 'ben'), name)]
  await until('both see both', () => members(here).length === 2 && members(there).length === 2)
  const hooked = 'presence-dying'
  await join(connect(one, 'eve', app), hooked)
  await until('eve is told', () => toldOf(hooked).length === 2)
  const removed = new Promise((done) => there.bind('pusher:member_removed', ({ id }) => done(id)))
  const began = Date.now()
  one.process.kill('SIGKILL')
  assert.equal(await removed, 'ana')
  console.log(`the other node noticed after ${Date.now() - began} ms`)
  assert.ok(Date.now() - began < 15_000)
  assert.deepEqual(members(there), ['ben'])
  assert.equal(await countAt(two, name), 1)
  await until('the webhooks of the dead', () => toldOf(hooked).includes('channel_vacated') && toldOf(hooked).includes('member_removed eve'), 30_000)
  assert.deepEqual(toldOf(hooked).sort(), ['channel_occupied', 'channel_vacated', 'member_added eve', 'member_removed eve'])

  await one.serve()
  const back = await join(connect(one, 'ana'), name)
  await until('ana again', () => members(there).join() === 'ana,ben', 30_000)
  await until('ben seen from there', () => members(back).join() === 'ana,ben', 30_000)
  const heard = await join(connect(two), channelName)
  await emit(one, 'canned.updated', { id: 'after the crash' })
  await heardOf(heard, 'canned.updated')
})

test('without Redis each node serves its own; with it again they hear each other, and listeners ask for what they missed', async () => {
  const [here, there] = [await join(connect(one), channelName), await join(connect(two), channelName)]
  await redis.stop()
  await until('a local event', async () => {
    await emit(one, 'webhook.updated', { id: 'alone' })
    return here.heard.some((h) => h.event === 'webhook.updated')
  }, 30_000)
  assert.ok(!there.heard.some((h) => h.event === 'webhook.updated'))
  await redis.start()
  await Promise.all([heardOf(here, 'live.missed'), heardOf(there, 'live.missed')])
  await until('an event that crosses', async () => {
    await emit(one, 'team.updated', { id: 'together', team: null })
    return there.heard.some((h) => h.event === 'team.updated')
  }, 30_000)
})
