// numbers.test.mjs: many linked numbers in one server: one that is attacked disturbs no other, one that is deaf is found, and
// stopping and starting leaves nothing behind.
//
// The times of the protocol are shortened (PARLEY_LINKED_HURRY); what is asserted of them is divided likewise. The form of 30
// minutes: NUMBERS=50 TRAFFIC_SECONDS=1800 node --test --test-name-pattern='a minute' tests/linked/numbers.test.mjs
import assert from 'node:assert/strict'
import { after, before, describe, test as run } from 'node:test'
import { LinkedWorld, descriptors, rss } from '../lib/linked_world.mjs'
import { Traffic } from '../lib/linked_traffic.mjs'
import { sleep, stores } from '../lib/world.mjs'

const test = (name, work) => run(name, { timeout: 300_000 + TRAFFIC_SECONDS * 2000 }, work)
const HURRY = 5
const NUMBERS = Number(process.env.NUMBERS ?? 4)
const A_MINUTE = 1000, TRAFFIC_SECONDS = Number(process.env.TRAFFIC_SECONDS ?? 10)
const CYCLES = Number(process.env.CYCLES ?? 300)
const LOG_OUT_MS = 10_000
const DEAF_MS = 90_000 / HURRY

for (const store of stores) {
  describe(`many linked numbers on ${store}`, () => {
    let world, told = 0

    before(async () => {
      world = new LinkedWorld(store, { hurry: HURRY })
      await world.open()
      await world.pairTo(NUMBERS)
    })
    after(() => world?.close())

    const text = (what) => `${what} ${++told}`

    /** All but number 0 write to each other while `work` goes on; everything must come once. */
    async function othersTalk(what, work) {
      const sent = []
      let isOver = false
      const talk = (async () => {
        for (let n = 0; !isOver || n < 6; n++) {
          const from = 1 + n % (NUMBERS - 1), to = 1 + (n + 1) % (NUMBERS - 1)
          sent.push(text(what))
          await world.say(from, to, sent.at(-1))
          await sleep(50)
        }
      })()
      try {
        await work()
      } finally {
        isOver = true
        await talk
      }
      await world.came(sent, `all that was said during ${what}`)
    }
    const logins = async (phone) => (await world.control('GET', '/control/linked')).devices.find((one) => one.phone === phone).logins
    const talks = async () => {
      const body = text('still there?')
      await world.say(1, 0, body)
      await world.came([body], 'a message to the number that was attacked')
    }

    test('frames that are no stanzas, too deep, or inflate to gigabytes harm nobody', async () => {
      for (const how of ['garbage', 'nested', 'bombs']) {
        await othersTalk(how, () => world.device(0, { action: 'attack', how }))
        await world.until(async () => (await world.number(0)).state === 'connected', `connected after ${how}`)
        await talks()
      }
    })

    test('an attack that breaks the connection of a number is told, and it connects again with back-off, while others talk', async () => {
      for (const [how, why] of [['bad_mac', 'undecipherable'], ['giant', 'undecipherable'], ['endless', 'no_answer']]) {
        const { phone, id } = world.numbers[0], before = await logins(phone)
        const others = await Promise.all(world.numbers.slice(1).map((one) => logins(one.phone)))
        await othersTalk(how, async () => {
          await world.device(0, { action: 'attack', how })
          await world.until(async () => (await logins(phone)) > before, `a new login after ${how}`, 90_000)
          await world.connected()
        })
        const { data } = await world.want(200, 'GET', `/linked-numbers/${id}/history?limit=10`)
        const fall = data.find((one) => one.reason === why)
        assert.ok(fall?.sentence, `${how}: ${JSON.stringify(data)}`)
        assert.deepEqual(await Promise.all(world.numbers.slice(1).map((one) => logins(one.phone))), others, 'no other connected anew')
        await talks()
      }
    })

    test('attacks one after the other are met with longer and longer waits', async () => {
      const { phone } = world.numbers[0], waits = []
      for (let i = 0; i < 4; i++) {
        const before = await logins(phone)
        await world.device(0, { action: 'attack', how: 'bad_mac' })
        const began = Date.now()
        await world.until(async () => (await logins(phone)) > before, 'a new login')
        waits.push(Date.now() - began)
      }
      await world.connected()
      // 1, 1, 2, 3, 5, 8 … seconds by the table, divided; failures before count as well.
      assert.ok(waits.at(-1) > waits[0] && waits.at(-1) >= 2 * 1000 / HURRY, waits.join(' '))
    })

    test('a number that hears nothing any more is found out, connects again, and what was said meanwhile comes', async () => {
      const bodies = []
      await world.device(0, { action: 'deafen' })
      const began = Date.now(), before = await world.figure('linked_deaf_total')
      for (let i = 0; i < 5; i++) {
        bodies.push(text('meanwhile'))
        await world.say(1, 0, bodies.at(-1))
      }
      await world.until(async () => (await world.figure('linked_deaf_total')) > before, 'it is found deaf', 60_000)
      const found = Date.now() - began
      await world.connected()
      await world.came(bodies, 'what was said meanwhile')
      assert.ok(found <= DEAF_MS + 2000, `${found} ms, of ${DEAF_MS}`)
      assert.ok((await world.history(0)).data.some((one) => one.reason === 'no_answer'))
    })

    test(`${A_MINUTE} messages a minute, both ways: none is lost, comes twice, or to somebody else`, async () => {
      const traffic = new Traffic(world), { pid } = world.process
      await traffic.open()
      const before = rss(pid), said = await traffic.run(A_MINUTE / 60, TRAFFIC_SECONDS)
      await traffic.check()
      // What is in use after a while of traffic does not grow with the messages: 5 kB each would be a leak of all of them.
      if (TRAFFIC_SECONDS >= 300) assert.ok(rss(pid) - before < said * 1024, `${rss(pid) - before} octets more after ${said} messages`)
    })

    test(`${CYCLES} starts and stops leave memory and descriptors level`, async () => {
      const pid = world.process.pid
      // What is made once, and grows to its size, has been made by then.
      for (let done = 0; done < Math.min(100, CYCLES); done += NUMBERS) await world.cycle()
      await sleep(500)
      const before = { fds: descriptors(pid), heap: await world.figure('heap_bytes') }
      for (let done = 0; done < CYCLES; done += NUMBERS) await world.cycle()
      await world.until(async () => descriptors(pid) <= before.fds + 4, 'descriptors are level', 30_000)
      const grown = (await world.figure('heap_bytes')) - before.heap
      // A leak of 4 kB in each cycle would show; caches of the store may still fill by some pages.
      assert.ok(grown < CYCLES * 4096 / 2, `${grown} octets more`)
    })

    test('bulk log-outs of a network that is mute end in a bounded time, for all together', async () => {
      await world.faults({ mute: true })
      try {
        const began = Date.now()
        const results = await world.bulk('log_out')
        assert.deepEqual(results.map((one) => one.ok), results.map(() => true), JSON.stringify(results))
        assert.ok(Date.now() - began < 2 * LOG_OUT_MS, `${Date.now() - began} ms`)
      } finally {
        await world.faults({})
      }
      const { data } = await world.want(200, 'GET', '/linked-numbers')
      assert.deepEqual(data.map((one) => one.paired), data.map(() => false))
    })
  })
}
