// echo.test.mjs: laravel-echo as an application has it, with the broadcasters pusher and reverb, against our hub.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import Echo from 'laravel-echo'
import Pusher from 'pusher-js'
import { startDemo, until } from '../lib/parley.mjs'
import { makeApp } from './hub.mjs'

const test = (name, work) => run(name, { timeout: 60_000 }, work)
const echoes = []
let demo, hub, sdk

before(async () => {
  demo = await startDemo()
  hub = await makeApp(demo)
  sdk = hub.server()
})
after(async () => {
  for (const echo of echoes) echo.disconnect()
  hub?.close()
  await demo?.remove()
})

function open(options, broadcaster = 'pusher') {
  const { cluster, ...pusher } = hub.options(options)
  const echo = new Echo({ broadcaster, Pusher, key: hub.app.key, ...pusher, ...(broadcaster === 'pusher' ? { cluster } : {}), ...options?.echo })
  echoes.push(echo)
  return echo
}

const joined = (channel) => new Promise((done, failed) => channel.subscribed(done).error((error) => failed(new Error(JSON.stringify(error)))))
const listens = (channel, event) => new Promise((done) => channel.listen(event, done))

for (const broadcaster of ['pusher', 'reverb']) {
  test(`${broadcaster}: public and private channels, with and without a namespace`, async () => {
    const echo = open({}, broadcaster), orders = echo.channel('orders'), mine = echo.private('App.Models.User.7')
    await Promise.all([joined(orders), joined(mine)])
    const shipped = listens(orders, 'OrderShipped'), plain = listens(mine, '.order.shipped')
    const notified = new Promise((done) => mine.notification(done))
    await sdk.trigger('orders', 'App\\Events\\OrderShipped', { id: 1 })
    await sdk.trigger('private-App.Models.User.7', 'order.shipped', { id: 2 })
    await sdk.trigger('private-App.Models.User.7', 'Illuminate\\Notifications\\Events\\BroadcastNotificationCreated', { id: 3 })
    assert.deepEqual([await shipped, await plain, await notified], [{ id: 1 }, { id: 2 }, { id: 3 }])
  })

  test(`${broadcaster}: here, joining, leaving and whispers`, async () => {
    const room = `room.${broadcaster}`, seen = []
    const ana = open({ user: { user_id: 1, user_info: { name: 'Ana' } } }, broadcaster), bo = open({ user: { user_id: 2, user_info: { name: 'Bo' } } }, broadcaster)
    const hers = ana.join(room).here((users) => seen.push(['here', users])).joining((user) => seen.push(['joining', user])).leaving((user) => seen.push(['leaving', user]))
    hers.listenForWhisper('typing', (data) => seen.push(['typing', data]))
    await until(() => seen.length === 1)
    const his = bo.join(room)
    await new Promise((done) => his.here(done))
    await until(() => seen.length === 2)
    his.whisper('typing', { on: true })
    await until(() => seen.length === 3)
    bo.leave(room)
    await until(() => seen.length === 4)
    assert.deepEqual(seen, [['here', [{ name: 'Ana' }]], ['joining', { name: 'Bo' }], ['typing', { on: true }], ['leaving', { name: 'Bo' }]])
  })
}

test('encrypted channels', async () => {
  const channel = open().encryptedPrivate('deal'), heard = listens(channel, '.offer')
  await joined(channel)
  await sdk.trigger('private-encrypted-deal', 'offer', { price: 3 })
  assert.deepEqual(await heard, { price: 3 })
})

test('toOthers: the socket that is named hears nothing', async () => {
  const mine = open(), theirs = open(), heard = []
  const [a, b] = [mine.channel('others'), theirs.channel('others')]
  await Promise.all([joined(a), joined(b)])
  a.listen('.e', () => heard.push('mine'))
  const got = listens(b, '.e'), last = listens(a, '.last')
  await sdk.trigger('others', 'e', {}, { socket_id: mine.socketId() })
  await got
  await sdk.trigger('others', 'last', {})
  await last
  assert.deepEqual(heard, [])
})

test('our own /broadcasting/auth signs for echo, by key and with Laravel\'s names of things', async () => {
  const at = new URL(demo.url)
  const echo = new Echo({
    broadcaster: 'pusher', Pusher, key: demo.pusher.key, cluster: '', wsHost: at.hostname, wsPort: Number(at.port), forceTLS: false,
    enabledTransports: ['ws'], authEndpoint: `${demo.url}/broadcasting/auth`, bearerToken: demo.api_key,
  })
  echoes.push(echo)
  const channel = echo.private(`workspace-${demo.workspace_id}`)
  await joined(channel)
  const { data: [conversation] } = await demo.api('GET', '/conversations?status=all&limit=1')
  const heard = new Promise((done) => channel.listen('.conversation.updated', (told) => { if (told.conversation.id === conversation.id) done(told) }))
  await demo.api('PATCH', `/conversations/${conversation.id}`, { status: conversation.status === 'open' ? 'waiting' : 'open' })
  assert.equal((await heard).conversation.id, conversation.id)
  const room = echo.join(`conversation-${conversation.id}`)
  assert.equal((await new Promise((done) => room.here(done))).length, 1)
  await assert.rejects(joined(echo.private('workspace-1')), /403/)
})
