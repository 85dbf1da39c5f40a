// server_sdk.test.mjs: the hub's HTTP API, called by Pusher's own server SDK, and by hand where that would not do wrong.
import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { after, before, test as run } from 'node:test'
import { startDemo, until } from '../lib/parley.mjs'
import { happens, makeApp, refusal } from './hub.mjs'
import { dial } from './raw.mjs'

const test = (name, work) => run(name, { timeout: 60_000 }, work)
let demo, hub, sdk

before(async () => {
  demo = await startDemo()
  hub = await makeApp(demo)
  sdk = hub.server()
})
after(async () => {
  hub?.close()
  await demo?.remove()
})

let names = 0
const fresh = (prefix = '') => `${prefix}channel-${++names}`

/** A call by hand, signed like the SDKs do; change: what to spoil. */
async function call(method, path, { query = {}, body, app = hub.app, at = Date.now() / 1000, change = (x) => x } = {}) {
  const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  const signed = { ...query, auth_key: app.key, auth_timestamp: Math.floor(at), auth_version: '1.0' }
  if (text) signed.body_md5 = createHash('md5').update(text).digest('hex')
  const line = Object.keys(signed).sort().map((name) => `${name}=${signed[name]}`).join('&')
  signed.auth_signature = createHmac('sha256', app.secret).update(`${method}\n/apps/${app.app_id}${path}\n${line}`).digest('hex')
  const sent = change({ method, url: `${demo.url}/apps/${app.app_id}${path}`, query: signed, text })
  const answer = await fetch(`${sent.url}?${new URLSearchParams(sent.query)}`, {
    method: sent.method, headers: sent.text ? { 'content-type': 'application/json' } : {}, body: sent.text || undefined,
  })
  return { status: answer.status, type: answer.headers.get('content-type'), body: await answer.json().catch(() => null) }
}

test('an event reaches the subscribers of its channels, with its data as it was given', async () => {
  const [one, two] = [fresh(), fresh('private-')]
  const a = await hub.listener(one), b = await hub.listener(two)
  const heard = [happens(a, 'order'), happens(b, 'order')]
  const answer = await sdk.trigger([one, two], 'order', { id: 7, name: 'é "q" <b>' })
  assert.equal(answer.status, 200)
  assert.deepEqual(await Promise.all(heard), [{ id: 7, name: 'é "q" <b>' }, { id: 7, name: 'é "q" <b>' }])
})

test('the sender\'s socket is left out', async () => {
  const name = fresh()
  const sender = await hub.connected(), mine = await hub.joined(sender, name), theirs = await hub.listener(name)
  const heard = []
  mine.bind('e', () => heard.push('mine'))
  const first = happens(theirs, 'e'), last = happens(mine, 'last')
  await sdk.trigger(name, 'e', {}, { socket_id: sender.connection.socket_id })
  await first
  await sdk.trigger(name, 'last', {})
  await last
  assert.deepEqual(heard, [])
})

test('a batch reaches all its channels, in order', async () => {
  const name = fresh(), channel = await hub.listener(name), heard = []
  channel.bind_global((event, data) => { if (!event.startsWith('pusher')) heard.push([event, data]) })
  await sdk.triggerBatch([1, 2, 3].map((n) => ({ channel: name, name: `e${n}`, data: { n } })))
  await until(() => heard.length === 3)
  assert.deepEqual(heard, [['e1', { n: 1 }], ['e2', { n: 2 }], ['e3', { n: 3 }]])
})

test('info of channels comes with an event and with a batch', async () => {
  const room = fresh('presence-'), plain = fresh()
  await hub.listener(room, { user: { user_id: 'a' } })
  await hub.listener(room, { user: { user_id: 'a' } })
  await hub.listener(room, { user: { user_id: 'b' } })
  const one = await (await sdk.trigger([room, plain], 'e', {}, { info: 'user_count,subscription_count' })).json()
  assert.deepEqual(one, { channels: { [room]: { user_count: 2, subscription_count: 3 }, [plain]: { subscription_count: 0 } } })
  const batch = await sdk.triggerBatch([{ channel: room, name: 'e', data: '1', info: 'user_count' }, { channel: plain, name: 'e', data: '1' }])
  assert.deepEqual(await batch.json(), { batch: [{ user_count: 2 }, {}] })
  assert.deepEqual(await (await sdk.trigger(plain, 'e', {})).json(), {})
})

test('occupied channels can be listed, by prefix and with their users', async () => {
  const room = fresh('presence-list-'), other = fresh('list-')
  await hub.listener(room, { user: { user_id: 5, user_info: { name: 'x' } } })
  await hub.listener(other)
  const look = async (params) => (await sdk.get({ path: '/channels', params })).json()
  assert.deepEqual((await look({})).channels[other], {})
  assert.deepEqual(await look({ filter_by_prefix: 'presence-list-', info: 'user_count' }), { channels: { [room]: { user_count: 1 } } })
  assert.deepEqual(await look({ filter_by_prefix: 'nobody-' }), { channels: {} })
  assert.equal((await refusal(sdk.get({ path: '/channels', params: { info: 'user_count' } }))).status, 400)
})

test('a channel can be looked at, also an empty one', async () => {
  const room = fresh('presence-'), look = async (name, params = {}) => (await sdk.get({ path: `/channels/${name}`, params })).json()
  assert.deepEqual(await look(room, { info: 'user_count,subscription_count' }), { occupied: false, user_count: 0, subscription_count: 0 })
  await hub.listener(room, { user: { user_id: 'z' } })
  assert.deepEqual(await look(room, { info: 'user_count' }), { occupied: true, user_count: 1 })
  assert.deepEqual(await (await sdk.get({ path: `/channels/${room}/users` })).json(), { users: [{ id: 'z' }] })
  assert.equal((await refusal(sdk.get({ path: '/channels/plain/users' }))).status, 400)
  assert.equal((await refusal(sdk.get({ path: '/channels/plain', params: { info: 'user_count' } }))).status, 400)
})

test('what a cache channel remembers can be asked', async () => {
  const name = fresh('cache-'), look = async () => (await sdk.get({ path: `/channels/${name}`, params: { info: 'cache' } })).json()
  assert.deepEqual(await look(), { occupied: false, cache: null })
  await sdk.trigger(name, 'price', { eur: 3 })
  const { cache } = await look()
  assert.equal(cache.data, '{"eur":3}')
  assert.ok(cache.ttl > 1700 && cache.ttl <= 1800)
})

test('the signature covers key, time, path, parameters and body', async () => {
  const body = { name: 'e', channel: 'c', data: '{}' }
  const spoiled = async (change) => (await call('POST', '/events', { body, change })).status
  assert.equal((await call('POST', '/events', { body })).status, 200)
  assert.equal(await spoiled((c) => ({ ...c, text: c.text.replace('"c"', '"d"') })), 401)
  assert.equal(await spoiled((c) => ({ ...c, query: { ...c.query, extra: '1' } })), 401)
  assert.equal(await spoiled((c) => ({ ...c, query: { ...c.query, auth_version: '2.0' } })), 401)
  assert.equal(await spoiled((c) => ({ ...c, query: { ...c.query, auth_signature: c.query.auth_signature.slice(1) } })), 401)
  assert.equal(await spoiled(({ query: { body_md5: _, ...query }, ...c }) => ({ ...c, query })), 401)
  assert.equal(await spoiled((c) => ({ ...c, query: {} })), 401)
  assert.equal((await call('POST', '/events', { body, at: Date.now() / 1000 - 700 })).status, 401)
  assert.equal((await call('POST', '/events', { body, at: Date.now() / 1000 + 700 })).status, 401)
  assert.equal((await call('POST', '/events', { body, app: { ...hub.app, secret: 'wrong' } })).status, 401)
  assert.equal((await call('POST', '/events', { body, app: { ...hub.app, key: demo.pusher.key } })).status, 401)
  assert.equal((await call('POST', '/events', { body, app: { ...hub.app, app_id: '1' } })).status, 404)
})

test('refusals have a status, JSON, and a sentence', async () => {
  const event = { name: 'e', channel: 'c', data: '{}' }
  const cases = [
    [400, '/events', 'not json'], [400, '/events', '[]'], [400, '/events', { ...event, data: { an: 'object' } }],
    [400, '/events', { ...event, name: '' }], [400, '/events', { ...event, name: 'n'.repeat(201) }],
    [400, '/events', { ...event, channel: 'with space' }], [400, '/events', { ...event, channel: '#server-to-user-' }],
    [400, '/events', { ...event, channel: '#other' }], [400, '/events', { ...event, channel: 'c'.repeat(201) }],
    [400, '/events', { name: 'e', data: '{}' }], [400, '/events', { name: 'e', data: '{}', channels: [] }],
    [400, '/events', { name: 'e', data: '{}', channels: Array.from({ length: 101 }, (_, i) => `c${i}`) }],
    [400, '/events', { ...event, socket_id: 'nonsense' }], [400, '/events', { ...event, info: 'weather' }],
    [413, '/events', { ...event, data: 'x'.repeat(10_241) }],
    [400, '/batch_events', { batch: Array(11).fill(event) }], [400, '/batch_events', { batch: {} }],
    [400, '/batch_events', { batch: [event, { ...event, channel: 'no no' }] }],
  ]
  for (const [status, path, body] of cases) {
    const answer = await call('POST', path, { body })
    assert.equal(answer.status, status, JSON.stringify(body).slice(0, 100))
    assert.match(answer.type, /^application\/json/)
    assert.ok(answer.body.error.length > 10)
  }
  assert.equal((await call('POST', '/events', { body: { ...event, data: 'x'.repeat(10_240) } })).status, 200)
  assert.equal((await call('GET', '/events')).status, 405)
  assert.equal((await call('GET', '/weather')).status, 404)
})

test('nothing of a batch goes out when one of it is wrong', async () => {
  const name = fresh(), channel = await hub.listener(name), heard = []
  channel.bind('e', (data) => heard.push(data))
  const wrong = await call('POST', '/batch_events', { body: { batch: [{ name: 'e', channel: name, data: '1' }, { name: 'e', channel: 'no no', data: '2' }] } })
  assert.equal(wrong.status, 400)
  const last = happens(channel, 'last')
  await sdk.trigger(name, 'last', {})
  await last
  assert.deepEqual(heard, [])
})

test('data passes byte for byte, whatever it is', async () => {
  const name = fresh(), socket = await dial(hub)
  socket.say({ event: 'pusher:subscribe', data: { channel: name } })
  await socket.hear()
  const texts = ['{"n":12345678901234567890,"n":2}', 'plain', '', '"\\u2028 </script>"', '\u2028 <b> "\\']
  for (const data of texts) assert.equal((await call('POST', '/events', { body: { name: 'e', channel: name, data } })).status, 200)
  for (const data of texts) assert.equal((await socket.hear()).data, data)
})

test('apps are apart: same channel name, other listeners', async () => {
  const name = fresh(), other = await makeApp(demo, { name: 'Other' })
  const mine = await hub.listener(name), theirs = await other.listener(name), heard = []
  mine.bind('e', () => heard.push('mine'))
  const last = happens(mine, 'last'), got = happens(theirs, 'e')
  await other.server().trigger(name, 'e', {})
  await got
  await sdk.trigger(name, 'last', {})
  await last
  assert.deepEqual(heard, [])
  other.close()
})

test('an app has limits of its own, can be disabled, given a new secret, and removed', async () => {
  const own = await makeApp(demo, { name: 'Small', limits: { event_bytes: 256, event_channels: 1, connections: 1, api_calls_per_second: 1000 } })
  const small = own.server(), id = own.app.id
  assert.equal((await refusal(small.trigger('c', 'e', 'x'.repeat(300)))).status, 413)
  assert.equal((await refusal(small.trigger(['c', 'd'], 'e', {}))).status, 400)
  const first = await own.connected()
  const second = own.open(), codes = []
  second.connection.bind('error', (error) => codes.push(error.data?.code ?? error.error?.data?.code))
  await until(() => codes.includes(4004), 'the refusal by quota')

  await demo.api('PATCH', `/live-apps/${id}`, { disabled: true })
  await until(() => first.connection.state === 'disconnected', 'the end of a disabled app\'s connection')
  assert.equal((await refusal(small.trigger('c', 'e', {}))).status, 403)
  await demo.api('PATCH', `/live-apps/${id}`, { disabled: false, limits: { api_calls_per_second: 1 } })
  await until(async () => {
    const calls = await Promise.allSettled([1, 2, 3].map(() => small.trigger('c', 'e', {})))
    return calls.some((c) => c.reason?.status === 429)
  }, 'a refusal by rate')

  await demo.api('PATCH', `/live-apps/${id}`, { limits: {} })
  const { secret } = await demo.api('POST', `/live-apps/${id}/rotate`, {})
  await until(async () => (await own.server({ ...own.app, secret }).trigger('c', 'e', {})).status === 200, 'the new secret')
  assert.equal((await refusal(small.trigger('c', 'e', {}))).status, 401)
  await demo.api('DELETE', `/live-apps/${id}`)
  assert.equal((await refusal(own.server({ ...own.app, secret }).trigger('c', 'e', {}))).status, 404)
  own.close()
})

test('limits and webhooks of apps are checked, the console\'s app stays, secrets are told once', async () => {
  const { data } = await demo.api('GET', '/live-apps')
  const builtIn = data.find((app) => app.built_in)
  assert.equal(builtIn.key, demo.pusher.key)
  assert.ok(data.every((app) => !('secret' in app)))
  await assert.rejects(demo.api('DELETE', `/live-apps/${builtIn.id}`), /409/)
  await assert.rejects(demo.api('PATCH', `/live-apps/${builtIn.id}`, { disabled: true }), /409/)
  await assert.rejects(demo.api('POST', '/live-apps', { name: 'X', limits: { weather: 1 } }), /422.*limits\.weather/)
  await assert.rejects(demo.api('POST', '/live-apps', { name: 'X', limits: { event_bytes: 1 } }), /422.*limits\.event_bytes/)
  await assert.rejects(demo.api('POST', '/live-apps', { name: '' }), /422/)
  await assert.rejects(demo.api('POST', '/live-apps', { name: 'X', webhooks: [{ url: 'gopher://x' }] }), /422.*webhooks\.0\.url/)
})
