// pusher.test.mjs: unmodified pusher-js on our own hub: what an application that uses it relies on.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { after, before, test as run } from 'node:test'
import Pusher from 'pusher-js'
import { startDemo, until } from '../lib/parley.mjs'

const test = (name, work) => run(name, { timeout: 60_000 }, work)
let demo
const sockets = []

before(async () => { demo = await startDemo() })
after(async () => {
  for (const socket of sockets) socket.disconnect()
  await demo?.remove()
})

function sign(socketId, channel, data) {
  const text = data === undefined ? `${socketId}:${channel}` : `${socketId}:${channel}:${data}`
  return `${demo.pusher.key}:${createHmac('sha256', demo.pusher.secret).update(text).digest('hex')}`
}

/** Asks Parley, as the console does. */
const byServer = () => ({
  endpoint: `${demo.url}/broadcasting/auth`, transport: 'ajax', headers: { Authorization: `Bearer ${demo.api_key}` },
})

/** The test is the application, and signs for itself; user: who it is on presence channels. */
const byTest = (user) => ({
  customHandler: ({ socketId, channelName }, done) => {
    const data = channelName.startsWith('presence-') ? JSON.stringify(user) : undefined
    done(null, { auth: sign(socketId, channelName, data), ...(data ? { channel_data: data } : {}) })
  },
})

function connect({ url = demo.url, key = demo.pusher.key, authorization = byTest() } = {}) {
  const at = new URL(url)
  const socket = new Pusher(key, {
    cluster: '', wsHost: at.hostname, wsPort: Number(at.port), forceTLS: false, enabledTransports: ['ws'],
    channelAuthorization: authorization,
  })
  sockets.push(socket)
  return socket
}

const happens = (target, event) => new Promise((done) => { target.bind(event, done) })

async function connected(options) {
  const socket = connect(options)
  if (socket.connection.state !== 'connected') await happens(socket.connection, 'connected')
  return socket
}

const connectedAs = (user) => connected({ authorization: byTest(user) })

async function joined(socket, name) {
  const channel = socket.subscribe(name)
  await Promise.race([
    happens(channel, 'pusher:subscription_succeeded'),
    happens(channel, 'pusher:subscription_error').then((error) => { throw new Error(JSON.stringify(error)) }),
  ])
  return channel
}

async function someConversation() {
  return (await demo.api('GET', '/conversations?status=all&limit=1')).data[0]
}

test('a connection gets a socket id of the documented form', async () => {
  const socket = await connected()
  assert.match(socket.connection.socket_id, /^\d+\.\d+$/)
})

test('a key that was deleted hears nothing more', async () => {
  const key = await demo.api('POST', '/api-keys', { name: 'listener', scopes: ['conversation.read', 'message.read', 'contact.read'] })
  const authorization = { ...byServer(), headers: { Authorization: `Bearer ${key.key}` } }
  const channel = await joined(await connected({ authorization }), `private-workspace-${demo.workspace_id}`)
  const refused = happens(channel, 'pusher:subscription_error')
  await demo.api('DELETE', `/api-keys/${key.id}`)
  assert.equal((await refused).status, 401)
})

test('a change made by the API is heard on the private channel of the workspace', async () => {
  const socket = await connected({ authorization: byServer() })
  const channel = await joined(socket, `private-workspace-${demo.workspace_id}`)
  const conversation = await someConversation()
  const status = conversation.status === 'open' ? 'waiting' : 'open'
  const heard = happens(channel, 'conversation.updated')

  await demo.api('PATCH', `/conversations/${conversation.id}`, { status })
  const { conversation: told } = await heard
  assert.equal(told.id, conversation.id)
  assert.equal(told.status, status)
})

test('a customer\'s message is heard with its conversation', async () => {
  const socket = await connected({ authorization: byServer() })
  const channel = await joined(socket, `private-workspace-${demo.workspace_id}`)
  const { data: [customer] } = await demo.control('GET', '/customers')
  const text = `Is the blue one still there? ${Date.now()}`
  const heard = new Promise((done) => {
    channel.bind('message.created', (told) => { if (told.message.text?.body === text) done(told) })
  })

  await demo.customerSays(customer.phone, text)
  const { message, conversation } = await heard
  assert.equal(message.direction, 'in')
  assert.equal(message.conversation_id, conversation.id)
})

test('a changed channel is heard, without its verify token', async () => {
  const socket = await connected({ authorization: byServer() })
  const channel = await joined(socket, `private-workspace-${demo.workspace_id}`)
  const name = `Shop ${Date.now()}`
  const heard = new Promise((done) => {
    channel.bind('channel.updated', (told) => { if (told.channel.name === name) done(told.channel) })
  })

  await demo.api('PATCH', `/channels/${demo.channel_id}`, { name })
  const told = await heard
  assert.equal(told.id, demo.channel_id)
  assert.equal(told.verify_token, null)
})

test('who may not read messages does not hear them either', async () => {
  const { key } = await demo.api('POST', '/api-keys', { name: 'Figures', scopes: ['conversation.read', 'health.read'] })
  const socket = await connected({ authorization: { ...byServer(), headers: { Authorization: `Bearer ${key}` } } })
  const error = await happens(socket.subscribe(`private-workspace-${demo.workspace_id}`), 'pusher:subscription_error')
  assert.equal(error.status, 403)
})

test('the channel of another workspace is refused', async () => {
  const socket = await connected({ authorization: byServer() })
  const error = await happens(socket.subscribe('private-workspace-1'), 'pusher:subscription_error')
  assert.equal(error.status, 403)
  assert.equal(socket.connection.state, 'connected')
})

test('a wrong signature is refused, and the connection goes on', async () => {
  const wrong = { customHandler: (_, done) => done(null, { auth: `${demo.pusher.key}:00` }) }
  const socket = await connected({ authorization: wrong })
  const error = await happens(socket.subscribe('private-x'), 'pusher:subscription_error')
  assert.equal(error.status, 401)
  assert.equal(error.type, 'AuthError')
  await joined(socket, 'public-x')
})

test('members see each other come and go, once for all their windows', async () => {
  const name = `presence-room-${Date.now()}`
  const ana = await joined(await connectedAs({ user_id: 'ana', user_info: { name: 'Ana' } }), name)
  const events = []
  ana.bind('pusher:member_added', (member) => events.push(['added', member.id, member.info?.name]))
  ana.bind('pusher:member_removed', (member) => events.push(['removed', member.id, member.info?.name]))

  const first = await connectedAs({ user_id: 11, user_info: { name: 'Bo' } })
  const bo = await joined(first, name)
  assert.equal(bo.members.count, 2)
  assert.equal(String(bo.members.me.id), '11')
  assert.deepEqual(bo.members.get('ana'), { id: 'ana', info: { name: 'Ana' } })
  const second = await connectedAs({ user_id: '11', user_info: { name: 'Bo again' } })
  await joined(second, name)
  first.disconnect()
  second.unsubscribe(name)
  await until(() => events.length >= 2, 'Bo left')
  assert.deepEqual(events, [['added', 11, 'Bo'], ['removed', 11, 'Bo']])
  assert.equal(ana.members.count, 1)
})

test('typing reaches the others with the sender\'s id, and not the sender', async () => {
  const name = `presence-conversation-${(await someConversation()).id}`
  const agent = await joined(await connected({ authorization: byServer() }), name)
  const other = await joined(await connectedAs({ user_id: 'other', user_info: { name: 'O' } }), name)
  const heardByAgent = []
  agent.bind('client-typing', (data) => heardByAgent.push(data))
  const heard = new Promise((done) => { other.bind('client-typing', (data, meta) => done({ data, meta })) })

  assert.ok(agent.trigger('client-typing', { typing: true, n: 1.5, text: 'é "q"' }))
  const { data, meta } = await heard
  assert.deepEqual(data, { typing: true, n: 1.5, text: 'é "q"' })
  assert.equal(meta.user_id, agent.members.me.id)
  other.trigger('client-typing', { typing: false })
  await until(() => heardByAgent.length > 0, 'the answer')
  assert.deepEqual(heardByAgent, [{ typing: false }])
})

test('too many client events are told and dropped, and the connection stays', async () => {
  const socket = await connected()
  const channel = await joined(socket, 'private-noise')
  const errors = []
  socket.connection.bind('error', (error) => errors.push(error))
  for (let i = 0; i < 30; i++) channel.trigger('client-n', { i })
  await until(() => errors.length >= 5, 'the refusals')
  assert.equal(errors[0].data?.code ?? errors[0].error?.data?.code, 4301)
  assert.equal(socket.connection.state, 'connected')
})

test('after unsubscribing, nothing comes', async () => {
  const name = `private-quiet-${Date.now()}`
  const listener = await connected()
  const left = await joined(listener, name)
  const stays = await joined(await connected(), name)
  const speaker = await joined(await connected(), name)
  const heard = []
  left.bind('client-x', () => heard.push('left'))
  listener.unsubscribe(name)
  await joined(listener, `${name}-2`) // so the unsubscribe was dealt with
  const there = happens(stays, 'client-x')
  speaker.trigger('client-x', {})
  await there
  await joined(listener, `${name}-3`)
  assert.deepEqual(heard, [])
})

test('an unknown key ends the attempts, and says 4001', async () => {
  const socket = connect({ key: 'nobody' })
  const codes = []
  socket.connection.bind('error', (error) => codes.push(error.data?.code ?? error.error?.data?.code))
  await until(() => ['disconnected', 'failed'].includes(socket.connection.state), 'the end')
  assert.ok(codes.includes(4001), `codes: ${codes}`)
})

test('when the server restarts, clients come back by themselves to their channels', async () => {
  const own = await startDemo()
  const socket = connect({ url: own.url, key: own.pusher.key })
  let again
  try {
    const channel = await joined(socket, 'news')
    const firstId = socket.connection.socket_id
    let returned = 0
    channel.bind('pusher:subscription_succeeded', () => { returned++ })
    await own.end()
    await until(() => socket.connection.state !== 'connected', 'the goodbye')
    again = await startDemo({ folder: own.folder, listen: new URL(own.url).host })
    await until(() => socket.connection.state === 'connected' && returned === 1, 'the return', 30_000)
    assert.notEqual(socket.connection.socket_id, firstId)
  } finally {
    socket.disconnect()
    await again?.end()
    await own.remove()
  }
})
