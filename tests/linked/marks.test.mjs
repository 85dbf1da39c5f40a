// marks.test.mjs: pins, mutes, stars, labels and quick replies between a number's phone and the inbox, both ways and never back.
import assert from 'node:assert/strict'
import { after, before, describe, test as run } from 'node:test'
import { Caller } from '../api/server.mjs'
import { databaseFor } from '../lib/database.mjs'
import { pairNumber } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
const PHONE = '6281234567011', ANA = '5511998765011', BUDI = '6281298765012'
const WAIT = 30_000

for (const store of process.env.PARLEY_TEST_POSTGRES ? ['sqlite', 'postgres'] : ['sqlite']) describe(`what is done to chats, on the phone and in the inbox, on ${store}`, () => {
  const database = databaseFor(store)
  let demo, api, number

  const conversations = async () => (await api.want(200, 'GET', `/conversations?channel_id=${number.id}&status=all`)).data
  const ana = async () => (await conversations()).find((c) => JSON.stringify(c.contact).includes(ANA))
  const get = async (id) => api.want(200, 'GET', `/conversations/${id}`)
  const owner = (body) => demo.control('POST', `/linked/phones/${PHONE}/chats`, body)
  const told = async () => (await demo.control('GET', `/linked/phones/${PHONE}/chats`)).chats
  const tells = (what, match) => until(async () => (await told()).find((c) => Object.entries(match).every(([k, v]) => c[k] === v)), what, WAIT)
  const texts = async (id) => (await api.want(200, 'GET', `/conversations/${id}/messages?limit=50`)).data

  before(async () => {
    demo = await startDemo({ env: database.env })
    api = new Caller(demo, { key: demo.api_key })
    for (const phone of [PHONE, ANA, BUDI]) await demo.control('POST', '/linked/phones', { phone, play: true })
    await demo.control('POST', `/linked/phones/${PHONE}/past`, {
      messages: [
        { with: ANA, text: 'long ago', at_ms: Date.now() - 3600_000, is_read: true, id: 'PAST0001', name: 'Ana' },
        { with: BUDI, text: 'hi', at_ms: Date.now() - 3000_000, is_read: true, id: 'PAST0002' },
      ],
    })
    // Before anything is linked: a first reading tells it.
    await owner({ done: 'label_named', label: '1', name: 'New customer', colour: 3 })
    await owner({ done: 'labelled', label: '1', with: ANA })
    await owner({ done: 'pinned', with: ANA })
    await owner({ done: 'quick_reply', label: 'q1', name: 'hours', text: 'We are open from nine to five.' })
    number = await pairNumber(demo, PHONE, { name: 'Shop' })
    await until(ana, 'the past', WAIT)
  })
  after(async () => { await demo?.remove(); database.drop() })

  test('what the phone had before it was linked is there: labels, pins, quick replies', async () => {
    const one = await until(async () => { const c = await ana(); return c.pinned && c.labels.length && c }, 'a pin and a label', WAIT)
    assert.deepEqual(one.labels.map((l) => [l.name, l.colour]), [['New customer', '#dfaef0']])
    const canned = await until(async () => (await api.want(200, 'GET', '/canned-responses')).data.find((c) => c.phone_channel_id === number.id), 'a quick reply', WAIT)
    assert.equal(canned.shortcut, 'hours')
    assert.equal(canned.body, 'We are open from nine to five.')
    assert.equal(canned.scope, 'workspace')
  })

  test('what the owner does then is done here', async () => {
    const one = await ana()
    await owner({ done: 'unpinned', with: ANA })
    await owner({ done: 'muted', with: ANA, until_ms: -1 })
    await owner({ done: 'label_named', label: '1', name: 'Regular', colour: 3 })
    await owner({ done: 'starred', with: ANA, message: 'PAST0001' })
    const now = await until(async () => { const c = await get(one.id); return !c.pinned && c.muted_until_ms === -1 && c.labels[0]?.name === 'Regular' && c }, 'all of it', WAIT)
    assert.equal(now.labels.length, 1)
    await until(async () => (await texts(one.id)).find((m) => m.remote_id === 'PAST0001')?.starred, 'a star', WAIT)
    assert.equal((await api.want(200, 'GET', `/conversations/${one.id}/starred`)).data[0].text.body, 'long ago')
    await owner({ done: 'unlabelled', label: '1', with: ANA })
    await owner({ done: 'quick_reply_deleted', label: 'q1' })
    await until(async () => !(await get(one.id)).labels.length, 'no label', WAIT)
    await until(async () => !(await api.want(200, 'GET', '/canned-responses')).data.some((c) => c.phone_channel_id), 'no quick reply', WAIT)
    const events = (await api.want(200, 'GET', `/conversations/${one.id}/events`)).data
    for (const kind of ['unpinned', 'muted', 'unlabelled']) assert.equal(events.find((e) => e.kind === kind)?.actor.kind, 'phone', kind)
  })

  test('what agents do shows on the phone', async () => {
    const one = await ana()
    const until_ms = Date.now() + 8 * 3600_000
    assert.equal((await api.want(200, 'PATCH', `/conversations/${one.id}`, { pinned: true, muted_until_ms: until_ms })).pinned, true)
    await tells('a pin', { done: 'pinned', with: ANA })
    assert.equal((await tells('a mute', { done: 'muted', with: ANA })).until_ms, until_ms)
    await api.want(200, 'PATCH', `/conversations/${one.id}`, { pinned: false, muted_until_ms: null })
    await tells('no pin', { done: 'unpinned', with: ANA })
    await tells('no mute', { done: 'unmuted', with: ANA })
    const message = (await texts(one.id)).find((m) => m.remote_id === 'PAST0001')
    assert.equal((await api.want(200, 'POST', `/messages/${message.id}/star`, { starred: false })).starred, false)
    await tells('no star', { done: 'unstarred', message: 'PAST0001' })
    assert.equal((await api.want(200, 'POST', `/messages/${message.id}/star`)).starred, true)
    await tells('a star', { done: 'starred', message: 'PAST0001' })
  })

  test('a label of ours is made on the phone, renamed with ours, and deleted with it', async () => {
    const one = await ana()
    const label = await api.want(201, 'POST', '/labels', { name: 'Wholesale', colour: '#f74849' })
    await api.want(200, 'POST', `/conversations/${one.id}/labels`, { add: [label.id] })
    const made = await tells('the label', { done: 'label_named', name: 'Wholesale' })
    assert.equal(made.colour, 13)
    assert.notEqual(made.label, '1')
    await tells('the chat has it', { done: 'labelled', with: ANA, label: made.label })
    await api.want(200, 'PATCH', `/labels/${label.id}`, { name: 'Resellers' })
    assert.equal((await tells('its new name', { done: 'label_named', name: 'Resellers' })).label, made.label)
    await api.want(200, 'POST', `/conversations/${one.id}/labels`, { remove: [label.id] })
    await tells('the chat has it no more', { done: 'unlabelled', label: made.label })
    await api.want(204, 'DELETE', `/labels/${label.id}`)
    await tells('it is gone', { done: 'label_deleted', label: made.label })
  })

  test('nothing that the phone said was said back to it', async () => {
    const all = await told()
    assert.equal(all.filter((c) => c.label === '1').length, 0)
    assert.equal(all.filter((c) => c.done === 'pinned').length, 1)
    assert.equal(all.filter((c) => c.done === 'starred').length, 1)
    assert.equal(all.filter((c) => c.done === 'muted').length, 1)
  })

  test('a chat deleted on the phone stays here; a person erased here is deleted on the phone', async () => {
    const one = (await conversations()).find((c) => JSON.stringify(c.contact).includes(BUDI))
    await owner({ done: 'deleted', with: BUDI })
    await until(async () => (await api.want(200, 'GET', `/conversations/${one.id}/events`)).data.some((e) => e.kind === 'deleted_on_phone'), 'a line', WAIT)
    assert.ok((await texts(one.id)).some((m) => m.text?.body === 'hi'))
    await api.want(204, 'DELETE', `/contacts/${(await ana()).contact.id}?reason=asked`)
    await tells('the chat is gone', { done: 'deleted', with: ANA })
  })
})
