// webhooks.test.mjs: kill -9 under load; then everything that was stored was told: each event at least once, under one id, with
// a signature that holds, and each conversation's events in their order.
//
// The receiver loses a tenth of its answers, so that much is told more than once.
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { Webhook } from 'standardwebhooks'
import { Receiver } from '../lib/receiver.mjs'
import { World, load, sleep, stores } from '../lib/world.mjs'

const kills = Number(process.env.CRASH_KILLS ?? 4)
const webhooksPerSecond = 60

for (const store of stores) {
  test(`${store}: through ${kills} kills every event is told, under one id and in order`, { timeout: 600000 }, async (t) => {
    const world = new World(store, { env: { PARLEY_WEBHOOK_RETRY_UNIT_MS: '5' } })
    const receiver = await Receiver.open()
    t.after(() => Promise.all([world.close(), receiver.close()]))
    receiver.answer = () => (randomInt(10) === 0 ? 500 : 200)
    await world.open()
    world.phones = 10
    const made = await world.api('POST', '/webhooks', { url: receiver.url, events: ['message.received'] })
    const { secret } = made.json()
    const stop = load(webhooksPerSecond, (n) => world.webhook(n))
    for (let i = 0; i < kills; i++) {
      await sleep(randomInt(500, 1500))
      await world.kill()
      await world.start()
    }
    await sleep(500)
    await stop()

    const taken = () => receiver.calls.filter((call) => call.answered === 200)
    await world.until(() => {
      const told = new Set(taken().map((call) => call.data.message.remote_id))
      return [...world.acknowledged].every((id) => told.has(id))
    }, 'every acknowledged message is told', 120000)

    const ids = new Map()
    for (const call of receiver.calls) {
      new Webhook(secret).verify(call.text, call.headers)
      const { remote_id: message } = call.data.message
      ids.set(message, (ids.get(message) ?? new Set()).add(call.headers['webhook-id']))
    }
    assert.deepEqual([...ids].filter(([, of]) => of.size !== 1).map(([message]) => message), [], 'one id for each')

    // What is told first of an event comes after all that was taken before it in its conversation, and before nothing of it.
    const last = new Map()
    const wrong = []
    const seen = new Set()
    for (const call of taken()) {
      const { conversation_id: conversation, sequence, event_id: event } = call.data
      if (!seen.has(event) && sequence < (last.get(conversation) ?? 0)) wrong.push([conversation, sequence])
      seen.add(event)
      last.set(conversation, Math.max(sequence, last.get(conversation) ?? 0))
    }
    assert.deepEqual(wrong, [])
    t.diagnostic(`${ids.size} events, told ${receiver.calls.length} times, in ${last.size} conversations`)
  })
}
