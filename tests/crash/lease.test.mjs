// lease.test.mjs: two servers on one database: each linked number is connected by one of them, and when that is killed the
// other takes it over: no number is ever connected twice, and nothing that was accepted is lost.
//
// The network answers a second connection with the keys of a number by cutting the first ("replaced"); none of that may stand
// in the history of any number. Times are shortened (PARLEY_LINKED_HURRY).
//
//   TEST_STORES=postgres node --test tests/crash/lease.test.mjs
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { LinkedWorld } from '../lib/linked_world.mjs'
import { call, freePort, load, sleep, stores } from '../lib/world.mjs'

const HURRY = 5
const LEASE_MS = 90_000 / HURRY
const LOOK_MS = 15_000 / HURRY
const binary = process.env.PARLEY_BIN ?? 'build/parley'

/** A server beside the world's own, on its database. */
class Node {
  constructor(world, node) {
    Object.assign(this, { world, node })
  }

  async start() {
    const port = await freePort()
    this.url = `http://127.0.0.1:${port}`
    this.process = spawn(binary, ['serve'], { stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...this.world.env, PARLEY_NODE: String(this.node), PARLEY_LISTEN: `127.0.0.1:${port}` } })
    await this.world.until(async () => (await call(`${this.url}/readyz`))?.status === 200, `node ${this.node} is ready`)
  }

  async end(signal) {
    const gone = new Promise((done) => this.process.once('exit', done))
    this.process.kill(signal)
    await gone
  }
}

for (const store of stores.filter((one) => one === 'postgres')) {
  test(`${store}: two nodes hold each number once, the one that lives takes over, and nothing accepted is lost`, { timeout: 300_000 }, async (t) => {
    const world = new LinkedWorld(store, { hurry: HURRY, env: { PARLEY_NODE: '1' } })
    const other = new Node(world, 2)
    t.after(async () => { other.process?.kill('SIGKILL'); await world.close() })
    await world.open()
    await world.pairTo(4)

    const nodes = async () => (await world.want(200, 'GET', '/linked-numbers')).data.map((one) => one.node)
    const logins = async () => (await world.control('GET', '/control/linked')).devices.map((one) => one.logins)
    const connections = async () => (await world.control('GET', '/control/linked')).devices.filter((one) => one.connected).length
    const noDouble = async () => {
      for (const { id } of world.numbers) {
        const { data } = await world.want(200, 'GET', `/linked-numbers/${id}/history?limit=100`)
        assert.deepEqual(data.filter((one) => one.reason === 'replaced'), [], 'nobody else connected with its keys')
      }
    }

    await other.start()
    await t.test('the second node leaves alone what the first holds', async () => {
      const before = await logins()
      await sleep(3 * LOOK_MS)
      assert.deepEqual(await logins(), before)
      await noDouble()
    })

    const accepted = []
    await t.test('kill -9 of the holder: the other takes over within the time of the lease', async () => {
      const before = await logins()
      // By the node that lives all the time: what it accepts for a number of the other must come, too.
      const ask = (n, body) => call(`${other.url}/api/v1/messages`, { method: 'POST', headers: { Authorization: `Bearer ${world.key}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ channel_id: world.numbers[n % 4].id, to: `+${world.numbers[(n + 1) % 4].phone}`, type: 'text', text: { body } }) })
      const stop = load(5, async (n) => {
        const body = `message ${n}`
        if ((await ask(n, body))?.status === 202) accepted.push(body)
      })
      await sleep(2000)
      await world.kill()
      const began = Date.now()
      await world.until(async () => (await logins()).every((count, i) => count > before[i]) && (await connections()) === 4, 'all are connected by the other', 120_000)
      const took = Date.now() - began
      await sleep(1000)
      await stop()
      Object.assign(world, { url: other.url })
      t.diagnostic(`taken over ${took} ms after the kill, of ${LEASE_MS + LOOK_MS} (times divided by ${HURRY}); ${accepted.length} messages accepted`)
      assert.ok(took <= LEASE_MS + LOOK_MS + 5000, `${took} ms`)
      await noDouble()
    })

    await t.test('an orderly end hands over at the next look', async () => {
      await world.start()
      world.url = `http://127.0.0.1:${world.port}`
      const before = await logins()
      await other.end('SIGTERM')
      await world.until(async () => (await logins()).every((count, i) => count > before[i]) && (await connections()) === 4, 'all are connected by the first again', 60_000)
      await noDouble()
      assert.equal((await nodes()).filter((node) => node !== 1 && node !== undefined && node !== null).length, 0)
    })

    // What was under way when its node was killed is settled when a node starts.
    await t.test('nothing that was accepted is lost or comes twice', async () => {
      await world.came(accepted, 'all accepted messages are there', 180_000)
    })
  })
}
