// drivers.test.mjs: the same events by our own hub and by an outside server, chosen in the settings of each workspace.
import assert from 'node:assert/strict'
import { after, test as run } from 'node:test'
import Pusher from 'pusher-js'
import { start, until } from '../api/server.mjs'
import { PusherStub } from '../lib/pusher_stub.mjs'

const test = (name, work) => run(name, { timeout: 60_000 }, work)
const sockets = []
const stub = await new PusherStub().start()
after(async () => {
  for (const socket of sockets) socket.disconnect()
  await stub.stop()
})
const [server, inside, outside, abroad] = await start('inside', 'outside', 'abroad')
/* A second Parley, as an outside server: its hub, its HTTP API. */
const [hostServer, host] = await start('host')
const here = { workspace: inside, channel: await server.channel(inside, '106540352242922') }
const far = { workspace: abroad, channel: await server.channel(abroad, '106540352242924') }
const there = { workspace: outside, channel: await server.channel(outside, '106540352242923') }

/** A client that knows of Parley's address and its key alone: where to connect, it is told. */
async function listen(workspace, channelName = `private-workspace-${workspace.workspace_id}`) {
  const { client } = await workspace.caller.want(200, 'GET', '/realtime')
  const socket = new Pusher(client.key, {
    cluster: '', wsHost: client.host, wsPort: client.port, wssPort: client.port, forceTLS: client.scheme === 'https',
    wsPath: client.path.replace(/\/app$/, ''), enabledTransports: ['ws', 'wss'],
    channelAuthorization: { endpoint: server.url + client.auth, transport: 'ajax', headers: { Authorization: `Bearer ${workspace.api_key}` } },
  })
  sockets.push(socket)
  const channel = socket.subscribe(channelName)
  await new Promise((done, failed) => {
    channel.bind('pusher:subscription_succeeded', done)
    channel.bind('pusher:subscription_error', (error) => failed(new Error(JSON.stringify(error))))
  })
  const heard = []
  channel.bind_global((name, data) => { if (!name.startsWith('pusher')) heard.push({ name, data }) })
  return { socket, channel, heard, client }
}

const use = (workspace, settings, status = 200) => workspace.caller.want(status, 'PUT', '/realtime', settings)
const heardOf = (heard, name) => until(name, () => heard.find((event) => event.name === name))

test('a workspace begins with our own hub, and nothing to fill in', async () => {
  const got = await inside.caller.want(200, 'GET', '/realtime')
  assert.equal(got.driver, 'builtin')
  assert.equal(got.secret, undefined)
  assert.deepEqual(got.drivers.map((driver) => driver.name), ['builtin', 'pusher', 'reverb'])
  assert.deepEqual(got.drivers[1].fields.map((field) => field.name), ['app_id', 'key', 'secret', 'cluster'])
  assert.equal(`${got.client.scheme}://${got.client.host}:${got.client.port}`, server.url)
})

test('a driver wants its own fields, and only those', async () => {
  const answer = await use(outside, { driver: 'reverb', key: 'a b' }, 422)
  assert.deepEqual(answer.errors.map((error) => error.field).sort(), ['app_id', 'host', 'key', 'secret'])
})

test('a server that cannot be reached is not saved without force', async () => {
  const nobody = { ...stub.settings, port: 1 }
  const answer = await use(outside, nobody, 422)
  assert.equal(answer.code, 'driver_unreachable')
  assert.equal((await outside.caller.want(200, 'GET', '/realtime')).driver, 'builtin')
  const tried = await outside.caller.want(200, 'POST', '/realtime/test', nobody)
  assert.equal(tried.ok, false)
  await use(outside, { ...nobody, force: true })
  assert.equal((await outside.caller.want(200, 'GET', '/realtime')).driver, 'reverb')
})

test('a wrong secret is refused, and says so', async () => {
  const answer = await use(outside, { ...stub.settings, secret: 'another-one' }, 422)
  assert.match(answer.detail, /401/)
})

test('the right settings are saved; the secret is masked, and stays when it is left out', async () => {
  const saved = await use(outside, stub.settings)
  assert.equal(saved.driver, 'reverb')
  assert.equal(saved.secret, '••••2345')
  assert.equal(saved.client.key, stub.key)
  assert.equal(saved.client.port, stub.port)
  const { secret, ...rest } = stub.settings
  assert.ok(secret)
  await use(outside, rest)
  const audit = await outside.caller.want(200, 'GET', '/audit?action=realtime.')
  assert.ok(audit.data.length >= 3)
  assert.ok(!JSON.stringify(audit).includes(stub.secret))
})

test('who may not manage the workspace does not change its driver', async () => {
  const agent = await server.person(outside, 'agent')
  await agent.want(403, 'PUT', '/realtime', stub.settings)
  await agent.want(200, 'GET', '/realtime')
})

test('a second Parley is an outside server like any other', async () => {
  const { pusher: { app_id, key, secret } } = host
  const { port } = new URL(hostServer.url)
  const saved = await use(abroad, { driver: 'reverb', app_id, key, secret, host: '127.0.0.1', port: Number(port), scheme: 'http' })
  assert.equal(saved.client.key, key)
})

for (const [name, side] of [['our own hub', () => here], ['an outside server', () => there], ['a second Parley', () => far]]) {
  test(`by ${name}: messages, states and settings are heard in order`, async () => {
    const { workspace, channel } = side()
    const { heard } = await listen(workspace)
    const text = `by ${name} ${Date.now()}`
    const conversation = await server.receive(workspace, channel, text)
    const created = await heardOf(heard, 'message.created')
    assert.equal(created.data.message.text.body, text)
    assert.equal(created.data.conversation.id, conversation.id)
    assert.equal(created.data.event_version, 1)
    await workspace.caller.want(200, 'PATCH', `/conversations/${conversation.id}`, { status: 'waiting' })
    assert.equal((await heardOf(heard, 'conversation.updated')).data.conversation.status, 'waiting')
    await workspace.caller.want(200, 'PATCH', `/channels/${channel.id}`, { name: 'New name' })
    await until('the new name', () => heard.find(({ name: event, data }) => event === 'channel.updated' && data.channel.name === 'New name'))
    const ids = heard.map((event) => Number(event.data.event_id))
    assert.deepEqual(ids, [...ids].sort((a, b) => a - b), 'numbers rise')
    for (let i = 1; i < heard.length; i++) assert.equal(heard[i].data.event_after, heard[i - 1].data.event_id)
  })

  test(`by ${name}: an event fired by hand is heard, and may not be made up`, async () => {
    const { workspace } = side()
    const { heard } = await listen(workspace)
    await workspace.caller.want(202, 'POST', '/realtime/events', { event: 'qr.generated' })
    assert.equal((await heardOf(heard, 'qr.generated')).data.qr, '2@example')
    await workspace.caller.want(202, 'POST', '/realtime/events',
      { event: 'session.updated', data: { channel_id: '5', state: 'open', reason: null, since_ms: 1 } })
    assert.equal((await heardOf(heard, 'session.updated')).data.channel_id, '5')
    await workspace.caller.want(422, 'POST', '/realtime/events', { event: 'no.such' })
    await workspace.caller.want(422, 'POST', '/realtime/events', { event: 'session.updated', data: { state: 'open' } })
    await workspace.caller.want(422, 'POST', '/realtime/events', { event: 'qr.generated', channel: 'presence-x' })
  })

  test(`by ${name}: what was missed is given in order, to whom it may concern`, async () => {
    const { workspace } = side()
    const { heard } = await listen(workspace)
    const channel = `private-workspace-${workspace.workspace_id}`
    const emit = (id) => workspace.caller.want(202, 'POST', '/realtime/events', { event: 'label.updated', data: { id } })
    await emit('1')
    const { data: { event_id: last } } = await heardOf(heard, 'label.updated')
    for (const id of ['2', '3', '4']) await emit(id)
    const missed = await workspace.caller.want(200, 'GET', `/realtime/missed?channel=${channel}&after=${last}`)
    assert.equal(missed.complete, true)
    assert.deepEqual(missed.data.map((event) => [event.event, event.data.id]), [['label.updated', '2'], ['label.updated', '3'], ['label.updated', '4']])
    const long = await workspace.caller.want(200, 'GET', `/realtime/missed?channel=${channel}&after=1`)
    assert.equal(long.complete, false)
    assert.deepEqual(long.data, [])
    assert.equal(long.last_event_id, missed.last_event_id)
    const other = workspace === inside ? outside : inside
    await other.caller.want(403, 'GET', `/realtime/missed?channel=${channel}&after=${last}`)
    const analyst = await server.person(workspace, 'analyst')
    await analyst.want(403, 'GET', `/realtime/missed?channel=${channel}&after=${last}`)
  })
}

test('an event that is too large for the other side is announced, and fetched from us', async () => {
  const { heard } = await listen(outside)
  const channel = `private-workspace-${outside.workspace_id}`
  await outside.caller.want(202, 'POST', '/realtime/events', { event: 'label.updated', data: { id: '1' } })
  const { data: { event_id: last } } = await heardOf(heard, 'label.updated')
  await outside.caller.want(202, 'POST', '/realtime/events', { event: 'label.updated', data: { id: 'x'.repeat(20_000) } })
  await heardOf(heard, 'live.missed')
  const missed = await outside.caller.want(200, 'GET', `/realtime/missed?channel=${channel}&after=${last}`)
  assert.equal(missed.data.at(-1).data.id.length, 20_000)
})

test('when the other side fails, events wait, and come in order when it is back', async () => {
  const { heard } = await listen(outside)
  stub.answers = [500, 503, 500]
  for (const id of ['a', 'b', 'c']) await outside.caller.want(202, 'POST', '/realtime/events', { event: 'macro.updated', data: { id } })
  await until('three', () => heard.filter((event) => event.name === 'macro.updated').length >= 3)
  assert.deepEqual(heard.filter((event) => event.name === 'macro.updated').map((event) => event.data.id), ['a', 'b', 'c'])
  assert.equal(stub.answers.length, 0)
  const { state } = await outside.caller.want(200, 'GET', '/realtime')
  assert.equal(state.failures, 0)
  assert.ok(state.sent >= 3)
})

test('one event that the other side does not take holds up no other', async () => {
  const { heard } = await listen(outside)
  stub.answers = [400]
  await outside.caller.want(202, 'POST', '/realtime/events', { event: 'canned.updated', data: { id: 'bad' } })
  await outside.caller.want(202, 'POST', '/realtime/events', { event: 'canned.updated', data: { id: 'good' } })
  await until('the good one', () => heard.find((event) => event.name === 'canned.updated' && event.data.id === 'good'))
  await heardOf(heard, 'live.missed')
})

test('whoever listens over there is known to be there', async () => {
  const owner = await server.signIn(outside.email, outside.password)
  const me = owner.session.person.id
  const { client } = await outside.caller.want(200, 'GET', '/realtime')
  const socket = new Pusher(client.key, {
    cluster: '', wsHost: client.host, wsPort: client.port, forceTLS: false, enabledTransports: ['ws'],
    channelAuthorization: { customHandler: ({ socketId, channelName }, done) => {
      owner.want(200, 'POST', client.auth, { socket_id: socketId, channel_name: channelName }, { raw: true }).then((answer) => done(null, answer), done)
    } },
  })
  sockets.push(socket)
  socket.subscribe(`private-person-${me}`)
  await until('an agent that is online', async () => {
    const { data } = await outside.caller.want(200, 'GET', '/agents')
    return data.find((agent) => agent.id === me)?.status === 'online'
  }, 30_000)
})

test('a switch back sends the listeners to our hub', async () => {
  const { heard } = await listen(outside)
  await use(outside, { driver: 'builtin' })
  await heardOf(heard, 'live.reset')
  const back = await listen(outside)
  assert.equal(back.client.driver, 'builtin')
  await outside.caller.want(202, 'POST', '/realtime/events', { event: 'label.updated' })
  await heardOf(back.heard, 'label.updated')
})
