// routes.test.mjs: one number with two channels, as an administrator and a program see it.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { World, stores } from '../lib/world.mjs'

const to = '+12025570000'

for (const store of stores) {
  test(`${store}: the route of a number`, { timeout: 240000 }, async (t) => {
    const world = new World(store)
    t.after(() => world.close())
    await world.open()
    const first = world.channel
    const second = await world.addChannel('106540352242923', 'Second')
    const number = await world.number(2)
    await world.openWindows(3)
    for (let i = 0; i < 3; i++)
      await world.control('POST', `/control/customers/120255700${i ? `0${i}` : '00'}/messages`, { type: 'text', text: { body: 'hello' }, phone_number_id: '106540352242923' })

    const api = async (status, method, where, body) => {
      const answer = await world.api(method, where, body)
      assert.equal(answer.status, status, `${method} ${where}: ${answer.text}`)
      return answer.text ? answer.json() : null
    }
    const say = (more = {}) => api(202, 'POST', '/messages', { to, type: 'text', text: { body: 'Hi' }, ...more })
    const settled = async (id) => {
      let message
      await world.until(async () => ['delivered', 'read', 'failed'].includes((message = await api(200, 'GET', `/messages/${id}`)).status), `${id} is settled`)
      return message
    }

    await t.test('a send that names neither channel nor number goes, and says by which and why', async () => {
      const sent = await say()
      assert.equal(sent.channel_id, first.id)
      assert.deepEqual([sent.route.provider, sent.route.reason, sent.route.phone_number, sent.route.channel_name], ['cloud', 'first', number.phone_number, 'Crash'])
      assert.match(sent.route.sentence, /first of the route/)
      assert.equal((await settled(sent.id)).status, 'delivered')
      const { steps } = await api(200, 'GET', `/messages/${sent.id}/trace`)
      assert.ok(steps.some((step) => step.what === 'route' && /Crash/.test(step.detail)), JSON.stringify(steps))
      const { data } = await api(200, 'GET', `/messages/${sent.id}/route`)
      assert.equal(data.length, 1)
    })

    await t.test('one that names a channel goes by that', async () => {
      const sent = await say({ channel_id: second.id })
      assert.equal(sent.route.reason, 'named')
      assert.equal((await settled(sent.id)).channel_id, second.id)
    })

    await t.test('free text that no channel may carry is refused before it is queued', async () => {
      const answer = await world.api('POST', '/messages', { to: '+12025559999', type: 'text', text: { body: 'Hi' } })
      assert.equal(answer.status, 422)
      assert.equal(answer.json().code, 'window_closed')
    })

    await t.test('another order is used at once, and every channel must be named once', async () => {
      const put = (channels) => world.api('PUT', `/numbers/${number.id}/route`, { channels })
      assert.equal((await put([{ channel_id: second.id }])).status, 422)
      const changed = await api(200, 'PUT', `/numbers/${number.id}/route`, { channels: [{ channel_id: second.id }, { channel_id: first.id }], reason: 'cheaper' })
      assert.equal(changed.active.channel_id, second.id)
      assert.equal((await say()).channel_id, second.id)
      await api(200, 'PUT', `/numbers/${number.id}/route`, { channels: [{ channel_id: first.id }, { channel_id: second.id }] })
      assert.equal((await say()).channel_id, first.id)
    })

    await t.test('a switched off channel is passed over, and its number says so', async () => {
      await api(200, 'PATCH', `/channels/${first.id}`, { disabled: true })
      const sent = await say()
      assert.deepEqual([sent.channel_id, sent.route.reason], [second.id, 'policy'])
      await world.until(async () => (await api(200, 'GET', `/numbers/${number.id}/route/history`)).data.some((one) => one.channel_id === second.id && one.severity === 'warning'),
        'the change is in the history')
      await api(200, 'PATCH', `/channels/${first.id}`, { disabled: false })
    })

    await t.test('a hold needs a reason, survives a restart, is in the audit trail, and is lifted', async () => {
      const where = `/numbers/${number.id}/override`
      assert.equal((await world.api('PUT', where, { channel_id: second.id, reason: ' ' })).status, 422)
      assert.equal((await world.api('PUT', where, { channel_id: second.id, reason: 'x', until_ms: 1 })).status, 422)
      await api(200, 'PUT', where, { channel_id: second.id, reason: 'trying the new contract' })
      await world.kill()
      await world.start()
      const held = await api(200, 'GET', `/numbers/${number.id}/route`)
      assert.equal(held.override.reason, 'trying the new contract')
      const sent = await say()
      assert.deepEqual([sent.channel_id, sent.route.reason], [second.id, 'forced'])
      await api(200, 'DELETE', `${where}?reason=done`)
      assert.equal((await say()).channel_id, first.id)
      const rows = (await api(200, 'GET', `/audit?action=number.`)).data
      assert.ok(rows.some((row) => row.action === 'number.hold' && row.reason === 'trying the new contract'))
      assert.ok(rows.some((row) => row.action === 'number.release' && row.reason === 'done'))
    })

    await t.test('a switch of channels, and one more, lose no conversation, contact, template or rule', async () => {
      const sums = async () => {
        const hash = createHash('sha256')
        for (const where of ['/conversations?status=all', '/contacts', '/templates', '/routing/rules', '/canned-responses', '/macros', '/labels', '/webhooks'])
          for (const row of await world.pages(where)) hash.update(JSON.stringify({ ...row, updated_ms: 0 }))
        hash.update(JSON.stringify((await world.readThreads()).size))
        return hash.digest('hex')
      }
      await world.until(async () => (await world.pages('/conversations?status=all')).every((one) => ['delivered', 'read', 'received'].includes(one.last_message.status)), 'all is settled')
      const before = await sums()
      await api(200, 'PUT', `/numbers/${number.id}/route`, { mode: 'weights', channels: [{ channel_id: second.id, weight: 70 }, { channel_id: first.id, weight: 30 }] })
      assert.equal(await sums(), before)
      await world.addChannel('106540352242924', 'Third')
      await world.number(3)
      assert.equal(await sums(), before)
      await api(204, 'DELETE', `/channels/${second.id}?reason=test`)
      assert.equal(await sums(), before)
      assert.equal((await settled((await say()).id)).status, 'delivered')
    })
  })
}
