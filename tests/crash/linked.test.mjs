// linked.test.mjs: kill -9 with paired numbers that write to each other, again and again: no new QR code, nothing lost, nothing
// twice.
//
// The network of linked devices is the sandbox, as a process of its own, so that it goes on while the server dies. What the
// server accepted with 202 must stand in the other number's thread exactly once at the end, whenever it was killed.
//
//   CRASH_KILLS=30 TEST_STORES=sqlite,postgres node --test tests/crash/linked.test.mjs
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { World, load, sleep, stores } from '../lib/world.mjs'

const kills = Number(process.env.CRASH_KILLS ?? 4)
const sendsPerSecond = 10
const phones = ['6281234500001', '6281234500002', '6281234500003']

const states = async (world) => (await world.api('GET', '/linked-numbers')).json().data.map((one) => one.state)
const allConnected = (world) => async () => (await states(world)).every((state) => state === 'connected')

/** How often each text stands in a thread of another number, of what came in. */
async function received(world) {
  const seen = new Map()
  for (const conversation of await world.pages('/conversations?status=all')) {
    for (let after = '1'; ;) {
      const page = (await world.api('GET', `/conversations/${conversation.id}/messages?after=${after}&limit=100`)).json()
      for (const m of page.data) {
        if (m.direction === 'in' && m.type === 'text') seen.set(m.text.body, (seen.get(m.text.body) ?? 0) + 1)
        after = m.id
      }
      if (!page.has_after) break
    }
  }
  return seen
}

for (const store of stores) {
  test(`${store}: ${kills} kills with ${phones.length} linked numbers under traffic`, { timeout: 600000 }, async (t) => {
    const world = new World(store)
    t.after(() => world.close())
    await world.open()
    await world.joinLinked()
    const numbers = []
    for (const phone of phones) numbers.push(await world.pair(phone))

    const accepted = new Set()
    const stop = load(sendsPerSecond, async (n) => {
      const from = numbers[n % numbers.length], to = numbers[(n + 1) % numbers.length], body = `message ${n}`
      const answer = await world.api('POST', '/messages', { channel_id: from.id, to: `+${to.phone}`, type: 'text', text: { body } })
      if (answer?.status === 202) accepted.add(body)
    })
    let slowest = 0
    for (let i = 0; i < kills; i++) {
      await sleep(randomInt(500, 2500))
      await world.kill()
      const began = Date.now()
      await world.start()
      await world.until(allConnected(world), 'all numbers are back')
      slowest = Math.max(slowest, Date.now() - began)
    }
    await sleep(1000)
    await stop()

    await t.test('all were back within a minute, and none asked for a new code', async () => {
      assert.ok(slowest < 60000, `${slowest} ms`)
      for (const number of numbers) {
        const { data } = (await world.api('GET', `/linked-numbers/${number.id}/history?limit=100`)).json()
        assert.equal(data.filter((one) => one.state === 'qr').length, 1)
      }
      t.diagnostic(`back after ${slowest} ms at most`)
    })

    await t.test('every accepted message came to the other number exactly once', async () => {
      let seen
      await world.until(async () => {
        seen = await received(world)
        return [...accepted].every((body) => seen.has(body))
      }, 'all accepted messages are there', 180000)
      assert.deepEqual([...seen].filter(([, count]) => count !== 1), [])
      t.diagnostic(`${accepted.size} messages, each there once`)
    })
  })
}
