// entitlement.test.mjs: a thousand random subscriptions by many callers of two workspaces: who may subscribe, and who hears what.
//
// What one may is told by the REST API, asked before: a conversation that one can read there, and no other, may be listened
// to. A generator with a fixed seed draws the subscriptions, so a failure can be had again.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Caller, start, until } from '../api/server.mjs'
import { Hub } from './hub.mjs'
import { dial } from './raw.mjs'

const SUBSCRIPTIONS = 1000, SOCKETS = 100
const [server, shop, rival] = await start('shop', 'rival')
const hubs = [shop, rival].map((workspace) => Object.assign(new Hub(server.url, workspace.pusher), { workspace }))
after(() => hubs.forEach((hub) => hub.close()))

let state = 20261121
const random = (n) => {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
  return (state >> 8) % n
}
const pick = (list) => list[random(list.length)]

/** Channels, teams, conversations and callers of a workspace. */
async function populate(workspace, code) {
  const owner = workspace.owner = await server.signIn(workspace.email, workspace.password)
  const channels = [await server.channel(workspace, `${code}1`), await server.channel(workspace, `${code}2`), await server.channel(workspace, `${code}3`)]
  const teams = [await owner.want(201, 'POST', '/teams', { name: 'One' }), await owner.want(201, 'POST', '/teams', { name: 'Two' })]
  const conversations = []
  for (let i = 0; i < 9; i++) {
    const conversation = await server.receive(workspace, channels[i % 3], `hello ${i} of ${workspace.name}`, `1202555${code}${i}0`)
    if (i % 4 < 2) await owner.want(200, 'PATCH', `/conversations/${conversation.id}`, { team_id: teams[i % 4].id })
    conversations.push(conversation)
  }
  const person = async (role, change) => {
    const made = await server.person(workspace, role)
    if (change) await owner.want(200, 'PATCH', `/people/${made.id}`, change)
    return Object.assign(made, { own: `private-person-${made.id}`, name: `${role} of ${workspace.name} ${JSON.stringify(change ?? {})}`, isWhole: !change })
  }
  const key = async (scopes, change = {}) => {
    const made = await owner.want(201, 'POST', '/api-keys', { name: 'listener', scopes, ...change })
    const caller = new Caller(server, { key: made.key })
    return Object.assign(caller, { own: `private-key-${made.id}`, name: `key of ${workspace.name} ${JSON.stringify({ scopes, ...change })}`, isWhole: Object.keys(change).length === 0 })
  }
  const read = ['conversation.read', 'message.read', 'contact.read']
  const callers = [
    await person('admin'), await person('supervisor'), await person('agent'), await person('viewer'), await person('analyst'),
    await person('agent', { channels: [channels[0].id] }), await person('admin', { channels: [channels[1].id, channels[2].id] }),
    await person('agent', { teams: [teams[0].id] }), await person('supervisor', { teams: [teams[1].id], channels: [channels[0].id] }),
    await key(read), await key(['conversation.read']), await key(['health.read']),
    await key(read, { channels: [channels[2].id] }), await key(read, { teams: [teams[1].id] }),
  ]
  for (const caller of callers) {
    caller.workspace = workspace
    caller.sees = new Set()
    for (const { id } of conversations) if ((await caller.get(`/conversations/${id}`)).status === 200) caller.sees.add(id)
    caller.readsMessages = (await caller.get(`/conversations/${conversations[0].id}/messages`)).status !== 403
      && (await caller.get('/contacts')).status !== 403
  }
  return { workspace, channels, conversations, callers }
}

const worlds = [await populate(shop, '11'), await populate(rival, '22')]
const callers = worlds.flatMap((world) => world.callers)
const conversations = worlds.flatMap((world) => world.conversations)

/** All that somebody might ask for, with much that is not there. */
const names = [
  ...worlds.map(({ workspace }) => `private-workspace-${workspace.workspace_id}`),
  ...callers.map((caller) => caller.own),
  ...conversations.flatMap(({ id }) => [`presence-conversation-${id}`, `presence-conversation-${id}`, `presence-conversation-${id}`]),
  ...conversations.slice(0, 3).flatMap(({ id }) => [`private-conversation-${id}`, `presence-conversation-${id}x`, `private-encrypted-conversation-${id}`, `private-cache-conversation-${id}`]),
  ...worlds.map(({ workspace }) => `presence-workspace-${workspace.workspace_id}`), 'private-workspace-', 'private-person-1', 'presence-conversation-1', 'private-anything',
]

function may(caller, name) {
  if (name === `private-workspace-${caller.workspace.workspace_id}`) return caller.isWhole && caller.readsMessages
  if (name === caller.own) return caller.sees.size > 0 || caller.readsMessages
  const id = /^presence-conversation-(\d+)$/.exec(name)?.[1]
  return id !== undefined && caller.sees.has(id)
}

const ask = (caller, socketId, name) => caller.call('POST', '/broadcasting/auth', {
  raw: true, body: `socket_id=${socketId}&channel_name=${encodeURIComponent(name)}`, headers: { 'content-type': 'application/x-www-form-urlencoded' },
})

async function answered(socket, event, channel) {
  await until(`${event} of ${channel}`, () => socket.answers.some((m) => m.channel === channel && m.event === event))
}

/** Keeps what comes: answers by the server, and what was published. */
function listen(socket) {
  socket.answers = []
  socket.heard = []
  socket.take = new Proxy(socket.take, {
    apply(take, self, args) {
      Reflect.apply(take, self, args)
      for (const text of self.messages.splice(0)) {
        const message = JSON.parse(text)
        ;(message.event.startsWith('pusher') ? self.answers : self.heard).push(message)
      }
    },
  })
  return socket
}

const sockets = []

test('of a thousand random subscriptions, those and only those are signed that REST allows', { timeout: 240_000 }, async () => {
  let allowed = 0, refused = 0
  for (let s = 0; s < SOCKETS; s++) {
    const caller = pick(callers), hub = hubs.find(({ workspace }) => workspace === caller.workspace)
    const socket = listen(await dial(hub))
    Object.assign(socket, { caller, hub, joined: new Set() })
    sockets.push(socket)
    let spare
    for (let n = 0; n < SUBSCRIPTIONS / SOCKETS; n++) {
      const name = pick(names), answer = await ask(caller, socket.socketId, name)
      assert.equal(answer.status, may(caller, name) ? 200 : 403, `${caller.name} and ${name}: ${JSON.stringify(answer.body)}`)
      if (answer.status === 200) {
        allowed++
        if (!socket.joined.has(name)) socket.say({ event: 'pusher:subscribe', data: { channel: name, ...answer.body } })
        await answered(socket, 'pusher_internal:subscription_succeeded', name)
        socket.joined.add(name)
        spare = answer.body
      } else {
        // What was signed for another channel, or not at all, opens nothing.
        refused++
        if (socket.joined.has(name)) continue
        socket.say({ event: 'pusher:subscribe', data: { channel: name, auth: spare?.auth ?? `${hub.app.key}:00`, channel_data: spare?.channel_data } })
        await answered(socket, 'pusher:subscription_error', name)
      }
    }
  }
  assert.ok(allowed > 150 && refused > 300, `${allowed} allowed, ${refused} refused`)
})

test('what is published on a channel is heard by those who joined it, and by nobody else', { timeout: 120_000 }, async () => {
  for (const hub of hubs) {
    const sdk = hub.server()
    for (const name of new Set(names)) await sdk.trigger(name, 'marker', { name })
  }
  const last = `last-${Date.now()}`
  for (const socket of sockets) socket.say({ event: 'pusher:subscribe', data: { channel: last } })
  for (const socket of sockets) await answered(socket, 'pusher_internal:subscription_succeeded', last)
  for (const hub of hubs) await hub.server().trigger(last, 'end', {})
  for (const socket of sockets) {
    await until('the end', () => socket.heard.some((m) => m.event === 'end'))
    const markers = socket.heard.filter((m) => m.event === 'marker')
    for (const m of markers) assert.equal(JSON.parse(m.data).name, m.channel)
    assert.deepEqual(markers.map((m) => m.channel).sort(), [...socket.joined].sort(), socket.caller.name)
  }
})

test('a customer\'s words are heard only by who can read them', { timeout: 120_000 }, async () => {
  const words = []
  for (const { workspace, channels, conversations: own } of worlds) {
    for (const [i, conversation] of own.entries()) {
      const text = `secret-${workspace.name}-${i}`
      await server.receive(workspace, channels[i % 3], text, `1202555${workspace === shop ? '11' : '22'}${i}0`)
      words.push({ text, id: conversation.id })
    }
  }
  const whole = sockets.filter((s) => s.joined.has(`private-workspace-${s.caller.workspace.workspace_id}`))
  assert.ok(whole.length > 0)
  await until('the last words at who hears all', () => whole.every((s) => JSON.stringify(s.heard).includes(`secret-${s.caller.workspace.name}-8`)), 30_000)
  for (const socket of sockets) {
    const heard = JSON.stringify(socket.heard)
    for (const { text, id } of words)
      if (heard.includes(text)) assert.ok(socket.caller.sees.has(id) && socket.caller.readsMessages, `${socket.caller.name} heard ${text}`)
  }
})

test('a signature is good for its socket alone, and for nobody without credentials', async () => {
  const [caller] = worlds[0].callers, [hub] = hubs, name = `private-workspace-${shop.workspace_id}`
  const one = listen(await dial(hub)), two = listen(await dial(hub))
  const { body } = await ask(caller, one.socketId, name)
  two.say({ event: 'pusher:subscribe', data: { channel: name, auth: body.auth } })
  await answered(two, 'pusher:subscription_error', name)
  one.say({ event: 'pusher:subscribe', data: { channel: name, auth: body.auth } })
  await answered(one, 'pusher_internal:subscription_succeeded', name)
  assert.equal((await ask(new Caller(server), one.socketId, name)).status, 401)
  assert.equal((await ask(new Caller(server, { key: 'pk_nobody' }), one.socketId, name)).status, 401)
  assert.equal((await ask(new Caller(server, { cookie: caller.cookie }), one.socketId, name)).status, 403, 'a session needs its CSRF token')
  assert.equal((await ask(caller, 'nonsense', name)).status, 422)
})

test('a sign-in is for oneself, and ends with the session', async () => {
  const person = await server.person(shop, 'agent'), [hub] = hubs
  const socket = listen(await dial(hub))
  const { status, body } = await person.call('POST', '/broadcasting/user-auth', {
    raw: true, body: `socket_id=${socket.socketId}`, headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  assert.equal(status, 200)
  assert.equal(JSON.parse(body.user_data).id, person.id)
  socket.say({ event: 'pusher:signin', data: body })
  await until('the success', () => socket.answers.some((m) => m.event === 'pusher:signin_success'))
  await hub.server().sendToUser(person.id, 'for-you', { n: 1 })
  await until('the event', () => socket.heard.some((m) => m.event === 'for-you'))
  await person.want(204, 'DELETE', '/session')
  assert.equal(await socket.closed(), 4200)
  assert.equal((await ask(person, socket.socketId, `private-person-${person.id}`)).status, 401)
})
