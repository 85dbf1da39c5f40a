// outbox.test.mjs: what becomes of a message on its way out when the network does not do as one would wish.
//
// The sandbox network is a process of its own and does faults on demand; what a person would see is asked of the API.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { World, stores } from '../lib/world.mjs'

async function open(t, store) {
  const world = new World(store, { env: { PARLEY_UNCONFIRMED_WAIT_SECONDS: '2' } })
  t.after(() => world.close())
  await world.open()
  await world.openWindows(4)
  return world
}

async function sendText(world, customer, body) {
  const answer = await world.api('POST', '/messages', {
    to: `+1202557${String(customer).padStart(4, '0')}`, channel_id: world.channel.id, type: 'text', text: { body } })
  assert.equal(answer.status, 202, answer.text)
  return answer.json().id
}

const message = async (world, id) => (await world.api('GET', `/messages/${id}`)).json()
const trace = async (world, id) => (await world.api('GET', `/messages/${id}/trace`)).json().steps.map((step) => step.what)
const accepted = async (world, id) => (await world.control('GET', `/control/messages?biz=${id}`)).count

async function settled(world, id, ...states) {
  let seen
  await world.until(async () => states.includes((seen = await message(world, id)).status), `${id} is ${states.join(' or ')}`, 30000)
  return seen
}

for (const store of stores) {
  test(`${store}: messages out, and what goes wrong with them`, { timeout: 300000 }, async (t) => {
    const world = await open(t, store)
    const fault = (what) => world.control('POST', '/control/faults', what)

    await t.test('a message is sent and delivered, and its trace tells so', async () => {
      const id = await sendText(world, 0, 'plain')
      const seen = await settled(world, id, 'delivered', 'read')
      assert.match(seen.remote_id, /^wamid\./)
      assert.ok(seen.sent_ms && seen.delivered_ms)
      const steps = await trace(world, id)
      const order = ['accepted', 'attempt', 'answer', 'sent', 'delivered'].map((what) => steps.indexOf(what))
      assert.deepEqual(order, [...order].sort((a, b) => a - b), `in order: ${steps}`)
      assert.ok(!order.includes(-1), `all there: ${steps}`)
    })

    await t.test('a server error is tried again until it is over, and the message goes once', async () => {
      await fault({ kind: 'http_error', status: 503, count: 2 })
      const id = await sendText(world, 0, 'after two errors')
      await settled(world, id, 'delivered', 'read')
      assert.equal(await accepted(world, id), 1)
      assert.ok((await trace(world, id)).filter((what) => what === 'attempt').length >= 3)
    })

    await t.test('a lost answer is settled by the status report, and nothing is sent twice', async () => {
      await fault({ kind: 'lost_answer', count: 1 })
      const id = await sendText(world, 1, 'the answer is lost')
      const seen = await settled(world, id, 'delivered', 'read')
      assert.equal(await accepted(world, id), 1)
      assert.match(seen.remote_id, /^wamid\./)
      assert.ok((await trace(world, id)).includes('unconfirmed'))
    })

    await t.test('a connection that breaks before it was read is sent again after the wait', async () => {
      await fault({ kind: 'reset', count: 1 })
      const id = await sendText(world, 1, 'reset')
      await settled(world, id, 'delivered', 'read')
      assert.equal(await accepted(world, id), 1)
    })

    await t.test('a refusal for good is told with code, sentence and next step; retry sends it under the same id', async () => {
      await fault({ kind: 'graph_error', code: 131026, count: 1 })
      const id = await sendText(world, 2, 'undeliverable')
      const seen = await settled(world, id, 'failed')
      assert.equal(seen.error.code, '131026')
      assert.ok(seen.error.message.length > 10 && seen.error.next_step.length > 5)
      const again = await world.api('POST', `/messages/${id}/retry`)
      assert.equal(again.status, 202, again.text)
      await settled(world, id, 'delivered', 'read')
      assert.equal(await accepted(world, id), 1)
      assert.equal((await world.api('POST', `/messages/${id}/retry`)).status, 409)
    })

    await t.test('messages of one conversation keep their order through a retry', async () => {
      await fault({ kind: 'http_error', status: 500, count: 1 })
      const ids = []
      for (let i = 0; i < 5; i++) ids.push(await sendText(world, 3, `in order ${i}`))
      for (const id of ids) await settled(world, id, 'delivered', 'read')
      const sent = (await world.control('GET', '/control/messages?to=12025570003')).data
      const bodies = sent.map((m) => JSON.stringify(m.body)).map((text) => /in order \d/.exec(text)?.[0]).filter((body) => body?.startsWith('in order'))
      assert.deepEqual(bodies, [0, 1, 2, 3, 4].map((i) => `in order ${i}`))
    })

    await t.test('a kill in the middle of a call is settled without a second send', async () => {
      await fault({ kind: 'latency', ms: 1500, count: 1 })
      const id = await sendText(world, 0, 'killed while under way')
      await world.until(async () => (await message(world, id)).status === 'sending', 'it is under way')
      await world.kill()
      await world.start()
      await settled(world, id, 'delivered', 'read')
      assert.equal(await accepted(world, id), 1)
    })

    await t.test('a token that is refused fails the message and the health of the channel', async () => {
      await fault({ kind: 'graph_error', code: 190, count: 1 })
      const id = await sendText(world, 2, 'bad token')
      assert.equal((await settled(world, id, 'failed')).error.code, '190')
      await world.until(async () => {
        const channel = (await world.api('GET', `/channels/${world.channel.id}`)).json()
        return channel.health.state === 'failing' && channel.health.next_step
      }, 'the channel is failing')
      const next = await sendText(world, 2, 'good token')
      await settled(world, next, 'delivered', 'read')
      await world.until(async () => (await world.api('GET', `/channels/${world.channel.id}`)).json().health.state === 'healthy',
        'the channel is healthy again')
    })

    await t.test('free text outside the window is refused before it is queued', async () => {
      const answer = await world.api('POST', '/messages', { to: '+12025559999', channel_id: world.channel.id, type: 'text', text: { body: 'cold' } })
      assert.equal(answer.status, 422)
      assert.equal(answer.json().code, 'window_closed')
      assert.match(answer.json().next_step, /template/i)
    })
  })

  test(`${store}: an event that cannot be read is kept, shown, tried again, and can be replayed`, { timeout: 60000 }, async (t) => {
    const world = new World(store)
    t.after(() => world.close())
    await world.open()
    assert.equal((await world.postRaw('{"object":"whatsapp_business_account","entry":[{')).status, 200)
    await world.webhook(1)
    let failed
    await world.until(async () => {
      failed = (await world.api('GET', '/events?state=failed')).json().data
      return failed.length === 1 && failed[0].attempts >= 2
    }, 'the broken event has failed twice')
    assert.ok(failed[0].error.length > 5)
    assert.equal((await world.api('GET', `/events/${failed[0].id}`)).json().payload, '{"object":"whatsapp_business_account","entry":[{')
    assert.equal((await world.api('GET', '/conversations')).json().data.length, 1, 'what came after it was applied')
    const replayed = await world.api('POST', `/events/${failed[0].id}/replay`)
    assert.equal(replayed.status, 202)
    await world.until(async () => {
      const event = (await world.api('GET', `/events/${failed[0].id}`)).json()
      return event.state === 'failed' && event.attempts >= 1
    }, 'it was tried again')
    const health = (await world.api('GET', '/health')).json()
    assert.equal(health.state, 'degraded')
    assert.equal(health.figures.failed_events, 1)
  })
}
