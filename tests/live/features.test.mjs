// features.test.mjs: unmodified pusher-js on every kind of channel, users and limits, with the server SDK on the other side.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { startDemo, until } from '../lib/parley.mjs'
import { happens, makeApp } from './hub.mjs'
import { dial } from './raw.mjs'

const test = (name, work) => run(name, { timeout: 60_000 }, work)
const hubs = []
let demo, hub, sdk

before(async () => {
  demo = await startDemo()
  hub = await makeApp(demo)
  hubs.push(hub)
  sdk = hub.server()
})
after(async () => {
  for (const each of hubs) each.close()
  await demo?.remove()
})

async function appWith(limits) {
  const own = await makeApp(demo, { limits })
  hubs.push(own)
  return own
}

const errorCodes = (client) => {
  const codes = []
  client.connection.bind('error', (error) => codes.push(error.data?.code ?? error.error?.data?.code))
  return codes
}

test('encrypted channels: the hub relays what it cannot read', async () => {
  const name = 'private-encrypted-deal', raw = await dial(hub)
  const joined = await hub.listener(name), heard = happens(joined, 'offer')
  raw.say({ event: 'pusher:subscribe', data: { channel: name, auth: hub.sign(raw.socketId, name) } })
  assert.equal((await raw.hear()).event, 'pusher_internal:subscription_succeeded')
  await sdk.trigger(name, 'offer', { price: 12 })
  assert.deepEqual(await heard, { price: 12 })
  assert.deepEqual(Object.keys(JSON.parse((await raw.hear()).data)).sort(), ['ciphertext', 'nonce'])
})

for (const prefix of ['cache-', 'private-cache-', 'presence-cache-', 'private-encrypted-cache-']) {
  test(`${prefix}…: who comes later gets the last event, or hears that there is none`, async () => {
    const name = `${prefix}price-${Date.now()}`, user = { user_id: 'a' }
    const early = await hub.connected({ user }), first = early.subscribe(name)
    await happens(first, 'pusher:cache_miss')
    await sdk.trigger(name, 'old', { n: 1 })
    await sdk.trigger(name, 'new', { n: 2 })
    early.unsubscribe(name)
    const seen = [], late = (await hub.connected({ user })).subscribe(name)
    late.bind_global((event) => { if (!/^pusher:sub/.test(event)) seen.push(event) })
    await until(() => seen.length > 0, 'the cached event')
    assert.deepEqual(seen, ['new'])
  })
}

test('client events and presence are not remembered by a cache channel', async () => {
  const name = 'private-cache-quiet', a = await hub.listener(name), b = await hub.listener(name)
  const heard = happens(b, 'client-x')
  a.trigger('client-x', {})
  await heard
  const late = (await hub.connected()).subscribe(name)
  await happens(late, 'pusher:cache_miss')
})

test('the cache forgets after its time', async () => {
  const own = await appWith({ cache_seconds: 1 })
  await own.server().trigger('cache-x', 'e', {})
  await until(async () => (await (await own.server().get({ path: '/channels/cache-x', params: { info: 'cache' } })).json()).cache === null, 'the end of it')
  await happens((await own.connected()).subscribe('cache-x'), 'pusher:cache_miss')
})

test('a user is signed in, hears what is sent to them on every connection, and nobody else does', async () => {
  const id = 'ana-7', heard = []
  for (const [who, person] of [['one', { id, user_info: { name: 'Ana' } }], ['two', { id }], ['other', { id: 'bo' }]]) {
    const client = await hub.connected({ person })
    client.signin()
    await client.user.signinDonePromise
    assert.equal(client.user.user_data.id, person.id)
    client.user.bind('mail', (data) => heard.push([who, data]))
    await until(() => client.user.serverToUserChannel?.subscribed, 'its own channel')
  }
  await sdk.sendToUser(id, 'mail', { n: 1 })
  await until(() => heard.length >= 2)
  await sdk.sendToUser('bo', 'mail', { n: 2 })
  await until(() => heard.length >= 3)
  assert.deepEqual(heard.sort(), [['one', { n: 1 }], ['other', { n: 2 }], ['two', { n: 1 }]])
})

test('a user who is sent away does not come back by themselves', async () => {
  const client = await hub.connected({ person: { id: 'gone' } }), stays = await hub.connected({ user: { user_id: 'gone' } })
  await hub.joined(stays, 'presence-room')
  client.signin()
  await client.user.signinDonePromise
  const codes = errorCodes(client)
  await sdk.terminateUserConnections('gone')
  await until(() => client.connection.state === 'disconnected', 'the end')
  assert.ok(codes.includes(4009))
  assert.equal(stays.connection.state, 'connected', 'who never signed in stays')
})

test('a wrong sign-in ends the connection with 4009', async () => {
  const client = hub.open({ person: { id: 'x' }, userAuthentication: { customHandler: (_, done) => done(null, { auth: `${hub.app.key}:00`, user_data: '{"id":"x"}' }) } })
  const codes = errorCodes(client)
  client.signin()
  await until(() => client.connection.state === 'disconnected', 'the end')
  assert.ok(codes.includes(4009))
})

test('a watch list tells who is there, who comes and who goes', async () => {
  const here = await hub.connected({ person: { id: 'w1' } })
  here.signin()
  await here.user.signinDonePromise
  const watcher = await hub.connected({ person: { id: 'w0', watchlist: ['w1', 'w2', 3] } }), seen = []
  for (const event of ['online', 'offline']) watcher.user.watchlist.bind(event, ({ user_ids: ids }) => seen.push([event, ids.sort()]))
  watcher.signin()
  await until(() => seen.length === 2, 'the state')
  const second = await hub.connected({ person: { id: 'w2' } })
  second.signin()
  await until(() => seen.length === 3, 'w2 comes')
  const twin = await hub.connected({ person: { id: 'w2' } })
  twin.signin()
  await twin.user.signinDonePromise
  twin.disconnect()
  second.disconnect()
  await until(() => seen.length === 4, 'w2 goes')
  assert.deepEqual(seen, [['online', ['w1']], ['offline', ['3', 'w2']], ['online', ['w2']], ['offline', ['w2']]])
})

test('a watch list that is too long is cut, and that is said', async () => {
  const own = await appWith({ watch_list: 2 })
  const client = own.open({ person: { id: 'a', watchlist: ['1', '2', '3'] } }), codes = errorCodes(client), seen = []
  client.user.watchlist.bind('offline', (data) => seen.push(...data.user_ids))
  client.signin()
  await until(() => codes.includes(4302) && seen.length > 0, 'both')
  assert.equal(seen.length, 2)
  assert.equal(client.connection.state, 'connected')
})

test('who is signed in joins presence channels as that user', async () => {
  const client = await hub.connected({ person: { id: 'p "1"', user_info: { name: 'P' } } })
  client.signin()
  await client.user.signinDonePromise
  const channel = await hub.joined(client, 'presence-signed')
  assert.deepEqual(channel.members.get('p "1"'), { id: 'p "1"', info: { name: 'P' } })
})

test('subscribers are told how many they are, where the app wants it', async () => {
  const own = await appWith({ subscription_counts: 1 }), counts = []
  const channel = await own.listener('news')
  channel.bind('pusher:subscription_count', (data) => counts.push(data.subscription_count))
  const second = await own.connected()
  await own.joined(second, 'news')
  await until(() => counts.includes(2))
  second.unsubscribe('news')
  await until(() => counts.at(-1) === 1)
})

test('an app without client events refuses them, and the connection stays', async () => {
  const own = await appWith({ client_events: 0 }), client = await own.connected(), codes = errorCodes(client)
  const channel = await own.joined(client, 'private-x')
  channel.trigger('client-x', {})
  await until(() => codes.includes(4301))
  assert.equal(client.connection.state, 'connected')
})

test('an app has its own limits of members, subscriptions, names and infos', async () => {
  const own = await appWith({ presence_members: 1, subscriptions: 2, channel_name_length: 20, user_info_bytes: 16, user_id_length: 4 })
  const refusedBy = async (name, user) => happens((await own.connected({ user })).subscribe(name), 'pusher:subscription_error')
  await own.listener('presence-a', { user: { user_id: '1' } })
  assert.equal((await refusedBy('presence-a', { user_id: '2' })).status, 4100)
  assert.equal((await refusedBy('presence-b', { user_id: '12345' })).status, 4301)
  assert.equal((await refusedBy('presence-b', { user_id: '1', user_info: { name: 'far too long for it' } })).status, 4301)
  assert.equal((await refusedBy('x'.repeat(21))).type, 'LimitReached')
  const client = await own.connected()
  await own.joined(client, 'a')
  await own.joined(client, 'b')
  assert.equal((await happens(client.subscribe('c'), 'pusher:subscription_error')).status, 4100)
})

test('who is not authorised in time is closed with 4009, others stay', async () => {
  const own = await appWith({ authorize_seconds: 1 })
  const idle = await own.connected(), member = await own.connected(), user = await own.connected({ person: { id: 'u' } })
  const codes = errorCodes(idle)
  await own.joined(idle, 'public')
  await own.joined(member, 'private-x')
  user.signin()
  await user.user.signinDonePromise
  await until(() => idle.connection.state === 'disconnected', 'the end')
  assert.ok(codes.includes(4009))
  assert.equal(member.connection.state, 'connected')
  assert.equal(user.connection.state, 'connected')
})

test('a silent server is asked by pusher-js, and answers', async () => {
  const own = await appWith({ activity_timeout_seconds: 5 }), client = await own.connected({ activityTimeout: 1000, pongTimeout: 500 })
  let pongs = 0
  client.connection.connection.bind('message', (message) => { if (message.event === 'pusher:pong') pongs++ })
  await until(() => pongs >= 2, 'two pongs')
  assert.equal(client.connection.state, 'connected')
})

test('a thousand subscribers hear a hundred events, each once and in order', async () => {
  const name = 'crowd', crowd = []
  for (let i = 0; i < 100; i++) {
    const client = await hub.connected(), heard = []
    crowd.push(heard)
    for (let n = 0; n < 10; n++) (await hub.joined(client, `${name}-${n}`)).bind('e', (data) => heard.push(data.i * 10 + n))
  }
  for (let i = 0; i < 10; i++) await sdk.trigger(Array.from({ length: 10 }, (_, n) => `${name}-${n}`), 'e', { i })
  await until(() => crowd.every((heard) => heard.length >= 100), 'all', 30_000)
  for (const heard of crowd)
    for (let n = 0; n < 10; n++) assert.deepEqual(heard.filter((x) => x % 10 === n), Array.from({ length: 10 }, (_, i) => i * 10 + n))
})
