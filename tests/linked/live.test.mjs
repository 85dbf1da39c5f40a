// live.test.mjs: what a linked number tells beside messages: who types, what the owner read in a group, that a key changed; and what came
// while the server was away.
import assert from 'node:assert/strict'
import { after, before, describe, test as run } from 'node:test'
import Pusher from 'pusher-js'
import { Caller } from '../api/server.mjs'
import { databaseFor } from '../lib/database.mjs'
import { pairNumber } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
const PHONE = '6281234567021', ANA = '5511998765021', BUDI = '6281298765022'
const WAIT = 30_000

for (const store of process.env.PARLEY_TEST_POSTGRES ? ['sqlite', 'postgres'] : ['sqlite']) describe(`a linked number tells beside messages, on ${store}`, () => {
  const database = databaseFor(store)
  let demo, api, number, socket
  const heard = []

  const conversations = async (more = '') => api.want(200, 'GET', `/conversations?channel_id=${number.id}&status=all${more}`)
  const named = async (what) => (await conversations()).data.find((c) => JSON.stringify(c.contact).includes(what))
  const says = (from, to, body) => demo.control('POST', `/linked/phones/${from}/messages`, { to, type: 'text', text: { body } })

  before(async () => {
    demo = await startDemo({ env: database.env })
    api = new Caller(demo, { key: demo.api_key })
    for (const phone of [PHONE, ANA, BUDI]) await demo.control('POST', '/linked/phones', { phone, play: true })
    number = await pairNumber(demo, PHONE, { name: 'Shop' })
    await says(ANA, PHONE, 'hello')
    await until(() => named(ANA), 'her message', WAIT)
    const { client } = await api.want(200, 'GET', '/realtime')
    socket = new Pusher(client.key, {
      cluster: '', wsHost: client.host, wsPort: client.port, forceTLS: false, enabledTransports: ['ws'],
      channelAuthorization: { endpoint: demo.url + client.auth, transport: 'ajax', headers: { Authorization: `Bearer ${demo.api_key}` } },
    })
    const inbox = socket.subscribe(`private-workspace-${(await api.want(200, 'GET', '/workspace')).id}`)
    await new Promise((done) => inbox.bind('pusher:subscription_succeeded', done))
    inbox.bind_global((name, data) => heard.push({ name, ...data }))
  })
  after(async () => { socket?.disconnect(); await demo?.remove(); database.drop() })

  test('that a customer types is heard by who sees the conversation, and kept nowhere', async () => {
    const one = await named(ANA)
    await demo.control('POST', `/linked/phones/${ANA}/typing`, { to: PHONE })
    const typing = await until(() => heard.find((e) => e.name === 'customer.typing'), 'that she types', WAIT)
    assert.deepEqual([typing.conversation_id, typing.contact_id, typing.state], [one.id, one.contact.id, 'composing'])
    await demo.control('POST', `/linked/phones/${ANA}/typing`, { to: PHONE, type: 'paused' })
    await until(() => heard.some((e) => e.name === 'customer.typing' && e.state === 'paused'), 'that she stopped', WAIT)
  })

  test('what the owner reads on the phone is read here, in a group, too', async () => {
    const { group } = await demo.control('POST', `/linked/phones/${PHONE}/groups`, { subject: 'Suppliers', members: [ANA, BUDI] })
    await says(BUDI, group, 'who brings rice?')
    const unread = async () => (await conversations()).data.find((c) => c.contact.is_group)
    await until(async () => (await unread())?.unread_count === 1, 'an unread message of the group', WAIT)
    const there = async () => (await demo.control('GET', `/linked/phones/${PHONE}/messages`)).messages.find((m) => m.is_group && !m.from_me)
    const message = await until(there, 'it on the phone', WAIT)
    await demo.control('POST', `/linked/phones/${PHONE}/read`, { chat: message.chat })
    await until(async () => (await unread()).unread_count === 0, 'the group to be read', WAIT)
  })

  test('the chats of a number are listed with name, kind, unread count and time, fifty a page', async () => {
    const page = await conversations()
    assert.ok(page.data.length >= 2)
    for (const one of page.data) {
      assert.equal(typeof one.contact.name, 'string')
      assert.equal(typeof one.contact.is_group, 'boolean')
      assert.equal(typeof one.unread_count, 'number')
      assert.equal(typeof one.last_message_ms, 'number')
    }
    const first = await conversations('&limit=1')
    assert.equal(first.data.length, 1)
    const second = await conversations(`&limit=1&cursor=${first.next_cursor}`)
    assert.notEqual(second.data[0].id, first.data[0].id)
  })

  test('what came while the number was away is taken in, and it says up to when it has everything', async () => {
    const sync = () => api.want(200, 'GET', `/linked-numbers/${number.id}/sync`)
    const before_ms = (await sync()).complete_until_ms
    assert.ok(before_ms > 0)
    await api.want(200, 'POST', `/linked-numbers/${number.id}/stop`)
    await until(async () => (await api.want(200, 'GET', `/linked-numbers/${number.id}`)).state === 'disconnected', 'the stop', WAIT)
    const away_ms = Date.now()
    for (let i = 0; i < 12; i++) await says(ANA, PHONE, `away ${i}`)
    const state = await sync()
    assert.equal(state.complete_until_ms, before_ms)
    await api.want(200, 'POST', `/linked-numbers/${number.id}/reconnect`)
    await until(async () => (await sync()).complete_until_ms > away_ms, 'everything', WAIT)
    const one = await named(ANA)
    const texts = await until(async () => {
      const all = (await api.want(200, 'GET', `/conversations/${one.id}/messages?limit=50`)).data.map((m) => m.text?.body).filter((t) => t?.startsWith('away'))
      return all.length === 12 && all
    }, 'twelve messages', WAIT)
    assert.deepEqual(texts, Array.from({ length: 12 }, (_, i) => `away ${i}`))
    assert.equal((await api.want(200, 'GET', `/linked-numbers/${number.id}`)).waiting, 0)
  })

  test('a set of data that the server calls dirty is called clean', async () => {
    const stanzas = async () => (await demo.control('GET', '/linked/stanzas')).stanzas.filter((s) => s.from === 'client').map((s) => s.stanza)
    const { device } = (await demo.control('GET', '/linked')).devices.find((d) => d.phone === PHONE && d.device !== 0)
    for (const type of ['account_sync', 'groups', 'syncd_app_state', 'newsletter_metadata']) {
      await demo.control('POST', `/linked/devices/${PHONE}/${device}`, { action: 'dirty', type })
      await until(async () => (await stanzas()).some((s) => s.includes('clean') && s.includes(type)), `${type} to be clean`, WAIT)
    }
    await says(ANA, PHONE, 'still there?')
    await until(async () => (await named(ANA)).last_message?.text?.body === 'still there?', 'her message', WAIT)
  })

  test('that a customer has another key stands in the conversation', async () => {
    const one = await named(BUDI) ?? (await says(BUDI, PHONE, 'hi'), await until(() => named(BUDI), 'his message', WAIT))
    await demo.control('POST', `/linked/devices/${BUDI}/0`, { action: 'identity' })
    await demo.control('POST', '/linked/phones', { phone: BUDI, play: true })
    await says(BUDI, PHONE, 'a new phone')
    const line = async () => (await api.want(200, 'GET', `/conversations/${one.id}/events`)).data.find((e) => e.kind === 'identity')
    assert.equal((await until(line, 'the line', WAIT)).actor.kind, 'contact')
  })

  test('how far the past has come survives a restart, and can be run again by hand', async () => {
    const sync = async () => api.want(200, 'GET', `/linked-numbers/${number.id}/sync`)
    const state = await until(async () => { const now = await sync(); return now.state === 'completed' && now }, 'the past', WAIT)
    socket.disconnect()
    await demo.end()
    demo = await startDemo({ folder: demo.folder, env: database.env })
    api = new Caller(demo, { key: demo.api_key })
    const after_restart = await sync()
    for (const key of ['state', 'chats_done', 'chats_total', 'messages', 'started_ms']) assert.equal(after_restart[key], state[key], key)
    const again = await api.want(200, 'POST', `/linked-numbers/${number.id}/sync/again`)
    assert.ok(['pending', 'syncing', 'completed'].includes(again.state), again.state)
  })
})
