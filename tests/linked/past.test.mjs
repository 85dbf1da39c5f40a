// past.test.mjs: what a phone had said before it was paired comes into the inbox, and what the live stream kept back does later.
import assert from 'node:assert/strict'
import { after, before, describe, test as run } from 'node:test'
import { Caller } from '../api/server.mjs'
import { databaseFor } from '../lib/database.mjs'
import { pairNumber } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const stores = process.env.PARLEY_TEST_POSTGRES ? ['sqlite', 'postgres'] : ['sqlite']
const test = (name, work) => run(name, { timeout: 120_000 }, work)
const PHONE = '6281234567001', ANA = '5511998765001', BUDI = '6281298765002', OLD = '4915112345003'
const DAY = 24 * 3600 * 1000
const WAIT = 30_000

for (const store of stores) {
  describe(`the past of a linked number on ${store}`, () => {
    const database = databaseFor(store)
    let demo, api, number

    const sync = () => api.want(200, 'GET', `/linked-numbers/${number.id}/sync`)
    const conversations = async () => (await api.want(200, 'GET', `/conversations?channel_id=${number.id}&status=all`)).data
    const said = (from, count, age, more = {}) =>
      Array.from({ length: count }, (_, i) => ({ with: from, text: `${from} ${i}`, from_me: i % 4 === 3, at_ms: Date.now() - age - (count - i) * 60_000, is_read: true, ...more }))

    before(async () => {
      demo = await startDemo({ env: { ...database.env, PARLEY_LINKED_CATCH_UP_S: '1' } })
      api = new Caller(demo, { key: demo.api_key })
      await demo.control('POST', '/linked/phones', { phone: PHONE, play: true })
      await demo.control('POST', '/linked/phones', { phone: BUDI, play: true })
      await demo.control('POST', `/linked/phones/${PHONE}/past`, {
        messages: [...said(BUDI, 150, 2 * DAY), ...said(ANA, 40, 5 * DAY, { is_read: false, name: 'Ana' }), ...said(OLD, 5, 60 * DAY)],
      })
    })
    after(async () => {
      await demo?.remove()
      database.drop()
    })

    test('it comes after the pairing, within the window, once', async () => {
      number = await pairNumber(demo, PHONE, { name: 'Old friends' })
      const done = await until(async () => { const now = await sync(); return now.state === 'completed' && now }, 'the past', WAIT)
      assert.equal(done.percent, 100)
      assert.equal(done.chats_done, done.chats_total)
      const list = await until(async () => { const all = await conversations(); return all.length >= 2 && all }, 'two conversations', WAIT)
      assert.equal(list.length, 2, JSON.stringify(list.map((one) => one.contact)))
      for (const [digits, count] of [[ANA, 40], [BUDI, 150]]) {
        const one = list.find((c) => JSON.stringify(c.contact).includes(digits))
        assert.ok(one, digits)
        const messages = await until(async () => {
          const texts = []
          for (let before = '', more = true; more;) {
            const page = await api.want(200, 'GET', `/conversations/${one.id}/messages?limit=100${before}`)
            texts.push(...page.data.map((m) => m.text?.body))
            more = page.has_before
            before = `&before=${page.data[0].id}`
          }
          return texts.length >= count && texts
        }, `${count} messages`, WAIT)
        assert.equal(messages.length, count)
        assert.equal(new Set(messages).size, count)
      }
    })

    test('a message that never came is there after the next round of questions, once', async () => {
      const one = (await conversations()).find((c) => JSON.stringify(c.contact).includes(BUDI))
      const newest = async () => (await api.want(200, 'GET', `/conversations/${one.id}/messages?limit=50`)).data.map((m) => m.text?.body)
      const before = await sync()
      await demo.control('POST', `/linked/phones/${PHONE}/past`, { messages: [{ with: BUDI, text: 'kept back', at_ms: Date.now() - 2000 }] })
      await demo.control('POST', `/linked/phones/${BUDI}/messages`, { to: PHONE, type: 'text', text: { body: 'did you get it?' } })
      const texts = await until(async () => { const all = await newest(); return all.includes('kept back') && all.includes('did you get it?') && all }, 'what was kept back', WAIT)
      assert.ok(texts.indexOf('kept back') < texts.indexOf('did you get it?'), 'in its place')
      const asked = async () => (await demo.control('GET', '/linked/stanzas')).stanzas.filter((s) => JSON.stringify(s).includes('hist_sync')).length
      const seen = await asked()
      await until(async () => (await asked()) > seen, 'another round', WAIT)
      const after = await sync()
      assert.deepEqual([after.state, after.chats_done, after.chats_total], [before.state, before.chats_done, before.chats_total])
      const all = await newest()
      assert.equal(all.filter((text) => text === 'kept back').length, 1)
      assert.equal(all.filter((text) => text === 'did you get it?').length, 1)
      assert.equal((await conversations()).length, 2)
    })

    test('what agents do to a chat shows on the phone, and what the owner does is not sent back', async () => {
      const ana = async () => (await conversations()).find((c) => JSON.stringify(c.contact).includes(ANA))
      const chats = async () => (await demo.control('GET', `/linked/phones/${PHONE}/chats`)).chats
      const told = async (done) => until(async () => (await chats()).filter((c) => c.with === ANA && c.done === done).at(-1), done, WAIT)
      const one = await ana()
      await demo.control('POST', '/linked/phones', { phone: ANA, play: true })
      await demo.control('POST', `/linked/phones/${ANA}/messages`, { to: PHONE, type: 'text', text: { body: 'are you there?' } })
      await until(async () => (await ana()).unread_count > 0, 'an unread message', WAIT)
      await api.want(200, 'POST', `/conversations/${one.id}/read`)
      await told('read')
      await api.want(200, 'PATCH', `/conversations/${one.id}`, { status: 'archived' })
      await told('archived')
      await api.want(200, 'PATCH', `/contacts/${one.contact.id}`, { name: 'Ana Souza' })
      assert.equal((await told('named')).name, 'Ana Souza')
      await api.want(200, 'POST', '/conversations/bulk', { ids: [one.id], status: 'open' })
      await told('unarchived')
      await demo.control('POST', `/linked/phones/${PHONE}/chats`, { with: ANA, done: 'archived' })
      await until(async () => (await api.want(200, 'GET', `/conversations/${one.id}`)).status === 'archived', 'the conversation to be archived', WAIT)
      // Whatever the server would send back had to come before this.
      await api.want(200, 'PATCH', `/contacts/${one.contact.id}`, { name: 'Ana Lima' })
      await until(async () => (await chats()).some((c) => c.name === 'Ana Lima'), 'her new name', WAIT)
      assert.equal((await chats()).filter((c) => c.with === ANA && c.done === 'archived').length, 1)
      await api.want(200, 'PATCH', `/conversations/${one.id}`, { status: 'open' })
    })

    test('taken in again, nothing comes twice', async () => {
      const before = await sync()
      await api.want(200, 'POST', `/linked-numbers/${number.id}/sync/again`)
      await until(async () => { const now = await sync(); return now.state === 'completed' && now.changed_ms > before.changed_ms }, 'the past again', WAIT)
      assert.equal((await conversations()).length, 2)
    })

    test('skipped, it says so', async () => {
      assert.equal((await api.want(200, 'POST', `/linked-numbers/${number.id}/sync/skip`)).state, 'skipped')
    })

    test('the window is 7 to 180 days, or all there is, and may be changed afterwards', async () => {
      const PHONE = '6281234567004', ages = [3, 20, 100, 400]
      await demo.control('POST', '/linked/phones', { phone: PHONE, play: true })
      await demo.control('POST', `/linked/phones/${PHONE}/past`, { messages: ages.flatMap((days) => said(`49151123${String(days).padStart(5, '0')}`, 3, days * DAY)) })
      const other = await api.want(201, 'POST', '/linked-numbers', { name: 'Window' })
      const config = (history_days) => api.call('PATCH', `/channels/${other.id}`, { body: { config: { history_days } } })
      for (const days of [3, 6, 181, -1, 'all']) assert.equal((await config(days)).status, 422, String(days))
      assert.equal((await config(7)).status, 200)
      await until(async () => (await api.post(`/linked-numbers/${other.id}/pair`, { consent: '2026-11' })).status === 202, 'the turn of the next pairing', WAIT)
      const qr = await until(async () => (await api.want(200, 'GET', `/linked-numbers/${other.id}/pairing`)).qr, 'a QR code', WAIT)
      await demo.control('POST', '/linked/scan', { qr: qr.text, phone: PHONE, play: true })
      const taken = async (since) => {
        const done = await until(async () => { const now = await api.want(200, 'GET', `/linked-numbers/${other.id}/sync`); return now.state === 'completed' && now.changed_ms > since && now }, 'the past', WAIT)
        const list = () => api.want(200, 'GET', `/conversations?channel_id=${other.id}&status=all`)
        await until(async () => (await list()).data.length >= done.chats_total, `${done.chats_total} chats`, WAIT)
        return [done.chats_total, (await list()).data.length, done.changed_ms]
      }
      let [chats, shown, since] = await taken(0)
      assert.deepEqual([chats, shown], [1, 1])
      for (const [days, wanted, has] of [[30, 2, 2], [180, 3, 3], [0, 4, 4], [7, 1, 4]]) {
        assert.equal((await config(days)).status, 200)
        await api.want(200, 'POST', `/linked-numbers/${other.id}/sync/again`)
        ;[chats, shown, since] = await taken(since)
        assert.deepEqual([days, chats, shown], [days, wanted, has])
      }
    })
  })
}
