// crash.test.mjs: kill -9 under load, again and again; then everything acknowledged is there exactly once.
//
// The sandbox network runs as a process of its own and journals what it accepted. This program posts signed webhooks and
// sends messages at a steady rate, through kills of the server at random moments, with lost answers among the sends. It
// knows only what it was told: 200 to a webhook, 202 to a send. At the end it reads everything back through the API.
//
//   CRASH_KILLS=30 TEST_STORES=sqlite,postgres node --test tests/crash/
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { World, load, sleep, stores } from '../lib/world.mjs'

const kills = Number(process.env.CRASH_KILLS ?? 6)
const webhooksPerSecond = 200
const sendsPerSecond = 50
const customers = 600

for (const store of stores) {
  test(`${store}: ${kills} kills under load lose nothing and do nothing twice`, { timeout: 1200000 }, async (t) => {
    const world = new World(store)
    t.after(() => world.close())
    await world.open()
    await world.openWindows(customers)
    await world.control('POST', '/control/faults', { kind: 'lost_answer', probability: 0.02 })
    const stopWebhooks = load(webhooksPerSecond, (n) => world.webhook(n))
    const stopSends = load(sendsPerSecond, (n) => world.send(n))
    for (let i = 0; i < kills; i++) {
      await sleep(randomInt(300, 1500))
      await world.kill()
      await world.start()
    }
    await sleep(1000)
    await stopWebhooks()
    await stopSends()
    await world.control('DELETE', '/control/faults')

    await t.test('every acknowledged webhook is one message', async () => {
      let seen
      await world.until(async () => {
        seen = await world.readThreads()
        return [...world.acknowledged].every((id) => seen.has(id))
      }, 'all acknowledged webhooks are in the threads', 120000)
      const twice = [...seen].filter(([, count]) => count !== 1)
      assert.deepEqual(twice, [])
      t.diagnostic(`${world.acknowledged.size} webhooks acknowledged, each there once`)
    })

    await t.test('every accepted message reached the network exactly once, and its ticks are right', async () => {
      let states = new Map()
      await world.until(async () => {
        for (const id of world.accepted.keys()) {
          if (['delivered', 'read', 'failed'].includes(states.get(id))) continue
          states.set(id, (await world.api('GET', `/messages/${id}`)).json().status)
        }
        return [...states.values()].every((s) => s === 'delivered' || s === 'read' || s === 'failed')
      }, 'all accepted messages are settled', 180000)
      const wrong = []
      for (const id of world.accepted.keys()) {
        const { count } = await world.control('GET', `/control/messages?biz=${id}`)
        if (count !== 1) wrong.push([id, count, states.get(id)])
      }
      assert.deepEqual(wrong, [])
      const { accepted } = await world.control('GET', '/control/messages?biz=none')
      assert.equal(accepted, world.accepted.size, 'nothing was sent that nobody asked for')
      assert.deepEqual([...states].filter(([, s]) => s === 'failed'), [])
      t.diagnostic(`${world.accepted.size} messages accepted, each at the network once`)
    })
  })
}
