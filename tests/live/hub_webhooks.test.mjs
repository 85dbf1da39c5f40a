// hub_webhooks.test.mjs: who is told outside of an app's channels and members; read by the SDK's own check of webhooks.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { startDemo, until } from '../lib/parley.mjs'
import { Receiver } from '../lib/receiver.mjs'
import { makeApp } from './hub.mjs'

const test = (name, work) => run(name, { timeout: 90_000 }, work)
const hubs = [], receivers = []
let demo

before(async () => { demo = await startDemo({ env: { PARLEY_ALLOW_PRIVATE_CALLS: 'true' } }) })
after(async () => {
  for (const hub of hubs) hub.close()
  for (const receiver of receivers) await receiver.close()
  await demo?.remove()
})

/** An app that tells a receiver; heard(): its events in order, each call checked by the server SDK. */
async function told(hook = {}, limits = {}) {
  const receiver = await Receiver.open()
  const hub = await makeApp(demo, { limits, webhooks: [{ url: receiver.url, ...hook }] })
  const sdk = hub.server()
  receivers.push(receiver)
  hubs.push(hub)
  const heard = () => receiver.calls.filter((call) => call.answered < 300).flatMap((call) => {
    const webhook = sdk.webhook({ headers: call.headers, rawBody: call.text })
    assert.ok(webhook.isValid(), 'the signature holds')
    assert.ok(Math.abs(webhook.getTime().getTime() - Date.now()) < 60_000)
    return webhook.getEvents()
  })
  return { receiver, hub, sdk, heard, names: () => heard().map((event) => `${event.name} ${event.user_id ?? event.channel}`) }
}

test('a channel is occupied and vacated, once for all its subscribers, and again', async () => {
  const { hub, names } = await told({ prefix: 'news' })
  const one = await hub.connected(), two = await hub.connected()
  await hub.joined(one, 'news')
  await hub.joined(two, 'news')
  await hub.joined(two, 'other')
  one.unsubscribe('news')
  two.unsubscribe('news')
  await until(() => names().length >= 2, 'both')
  await hub.joined(one, 'news')
  await until(() => names().length >= 3, 'the third')
  assert.deepEqual(names(), ['channel_occupied news', 'channel_vacated news', 'channel_occupied news'])
})

test('a lost connection is told after a while, and not at all when it comes back', async () => {
  const { hub, names } = await told()
  const stays = await hub.connected(), goes = await hub.connected()
  await hub.joined(stays, 'a')
  await hub.joined(goes, 'b')
  await until(() => names().length === 2, 'both are occupied')
  stays.disconnect()
  goes.disconnect()
  const back = await hub.connected()
  await hub.joined(back, 'a')
  await until(() => names().includes('channel_vacated b'), 'the loss of b')
  assert.deepEqual(names(), ['channel_occupied a', 'channel_occupied b', 'channel_vacated b'])
})

test('members are told by person, client events with their sender, misses and counts', async () => {
  const { hub, heard, sdk } = await told({}, { subscription_counts: 1 })
  const ana = await hub.connected({ user: { user_id: 'ana' } })
  const room = await hub.joined(ana, 'presence-room')
  await hub.joined(await hub.connected({ user: { user_id: 'ana' } }), 'presence-room')
  await hub.joined(ana, 'cache-price')
  const text = await hub.joined(ana, 'private-x')
  room.trigger('client-wave', { to: 'all', n: 12 })
  text.trigger('client-plain', 'only text')
  ana.unsubscribe('presence-room')
  const find = (name, channel) => heard().find((event) => event.name === name && event.channel === channel)
  await until(() => find('client_event', 'private-x') && find('cache_miss', 'cache-price'), 'all of them')
  assert.deepEqual(find('client_event', 'presence-room'), {
    name: 'client_event', channel: 'presence-room', event: 'client-wave', data: '{"to":"all","n":12}', socket_id: ana.connection.socket_id, user_id: 'ana',
  })
  assert.equal(find('client_event', 'private-x').data, 'only text')
  assert.ok(!('user_id' in find('client_event', 'private-x')))
  assert.equal(find('subscription_count', 'private-x').subscription_count, 1)
  assert.equal(heard().filter((event) => event.name === 'member_added').length, 1)
  assert.ok(!find('member_removed', 'presence-room'), 'another window of hers is there')
  await sdk.trigger('cache-price', 'e', {})
})

test('only what was asked for is told', async () => {
  const { hub, names } = await told({ events: ['channel_vacated'], suffix: '-log' })
  const client = await hub.connected()
  for (const name of ['a-log', 'b']) {
    await hub.joined(client, name)
    client.unsubscribe(name)
  }
  await hub.joined(client, 'c-log')
  client.unsubscribe('c-log')
  await until(() => names().length === 2, 'both')
  assert.deepEqual(names(), ['channel_vacated a-log', 'channel_vacated c-log'])
})

test('what is not taken is sent again as it was, and what comes meanwhile follows in one batch', async () => {
  const { receiver, hub, names } = await told()
  let refused = 0
  receiver.answer = () => (refused++ < 2 ? 503 : 200)
  const client = await hub.connected()
  await hub.joined(client, 'first')
  await until(() => refused > 0, 'the first attempt')
  for (const name of ['x', 'y', 'z']) await hub.joined(client, name)
  await until(() => names().length === 4, 'all', 30_000)
  assert.deepEqual(names(), ['first', 'x', 'y', 'z'].map((name) => `channel_occupied ${name}`))
  const [one, two, three, four] = receiver.calls
  assert.equal(one.text, two.text)
  assert.equal(two.text, three.text)
  assert.equal(JSON.parse(four.text).events.length, 3)
  assert.ok(two.at - one.at >= 900 && three.at - two.at >= 1900, 'it waits longer each time')
  assert.equal(one.headers['content-type'], 'application/json')
})

test('a slow receiver delays nobody', async () => {
  const { receiver, hub, sdk } = await told()
  receiver.answer = () => new Promise((done) => setTimeout(() => done(200), 3000))
  const channel = await hub.listener('busy')
  const began = Date.now(), heard = new Promise((done) => channel.bind('e', done))
  await sdk.trigger('busy', 'e', {})
  await heard
  assert.ok(Date.now() - began < 2500)
})
