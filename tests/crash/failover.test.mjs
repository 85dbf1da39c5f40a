// failover.test.mjs: one number, two channels, and a preferred provider that dies under load, in each of the ways it can.
//
// Both channels are numbers of one sandbox network, reached through a small proxy that stands for the way there: it cuts the
// way to the preferred one (a killed process: refused connections; a 503 page; answers that are lost; calls that hang) and
// mends it again. The network itself lives on, as Meta's does, so it can be asked at the end what it took, and how often.
//
//   TEST_STORES=sqlite,postgres FAILOVER_WAYS=refused,error,lost,hang node --test tests/crash/failover.test.mjs
import { randomUUID } from 'node:crypto'
import http from 'node:http'
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { World, freePort, load, sleep, stores } from '../lib/world.mjs'

const ways = (process.env.FAILOVER_WAYS ?? 'refused,error,lost,hang').split(',')
const sendsPerSecond = 50
const customers = 200
const secondId = '106540352242923'
const downMs = 6000

/** The way to the network: everything of the first number may be cut. */
class Way {
  constructor(firstId, port) {
    this.firstId = firstId
    this.port = port
    this.cut = null
    this.heard = [] // {number, at}: messages that the network took, by the number in their path
    this.hanging = new Set()
    this.agent = new http.Agent({ keepAlive: true, maxSockets: 128 })
    this.server = http.createServer((request, response) => this.take(request, response))
    this.server.keepAliveTimeout = 60000
  }

  async open() {
    const port = await freePort()
    await new Promise((done) => this.server.listen(port, '127.0.0.1', done))
    return port
  }

  take(request, response) {
    const number = request.url.split('/')[2]?.split('?')[0]
    const way = number === this.firstId ? this.cut : null
    if (way === 'refused') return void request.socket.destroy()
    if (way === 'hang') return void this.hanging.add(request.socket)
    if (way === 'error') {
      request.resume()
      return void response.writeHead(503, { 'content-type': 'text/html' }).end('<html>Sorry, something went wrong.</html>')
    }
    const onward = http.request({ host: '127.0.0.1', port: this.port, method: request.method, path: request.url, headers: request.headers, agent: this.agent }, (answer) => {
      if (way === 'lost') {
        answer.resume()
        return void request.socket.destroy()
      }
      if (request.method === 'POST' && request.url.endsWith('/messages') && answer.statusCode === 200) this.heard.push({ number, at: Date.now() })
      response.writeHead(answer.statusCode, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => request.socket.destroy())
    request.pipe(onward)
  }

  set(way) {
    this.cut = way
    if (way) return
    for (const socket of this.hanging) socket.destroy()
    this.hanging.clear()
  }

  first(number, since) {
    return this.heard.find((one) => one.number === number && one.at >= since)
  }

  close() {
    this.set(null)
    this.agent.destroy()
    this.server.closeAllConnections()
    this.server.close()
  }
}

async function openTwoWays(t, store) {
  const way = new Way('106540352242922', 0)
  const port = await way.open()
  const world = new World(store, { env: { PARLEY_GRAPH_URL: `http://127.0.0.1:${port}/v24.0`, PARLEY_UNCONFIRMED_WAIT_SECONDS: '12' } })
  t.after(async () => { way.close(); await world.close() })
  await world.open()
  way.port = world.sandboxPort
  world.second = await world.addChannel(secondId, 'Second')
  return [world, way]
}

/** Everybody writes to both: the windows are open, and there is one conversation for each all the same. */
async function openWindows(world) {
  await world.openWindows(customers)
  for (let i = 0; i < customers; i++)
    await world.control('POST', `/control/customers/1202557${String(i).padStart(4, '0')}/messages`, { type: 'text', text: { body: 'hello, second' }, phone_number_id: secondId })
}

async function send(world, number) {
  const key = randomUUID()
  const body = { to: `+1202557${String(number % customers).padStart(4, '0')}`, type: 'text', text: { body: `out ${number}` } }
  for (;;) {
    const answer = await world.api('POST', '/messages', body, { 'Idempotency-Key': key })
    if (answer?.status === 202) return void world.accepted.set(answer.json().id, key)
    if (answer && answer.status < 500) throw new Error(`send refused: ${answer.status} ${answer.text}`)
    if (world.stopped) return
    await sleep(50)
  }
}

/** Nothing accepted is lost, or at the network twice. */
async function checkOnce(world) {
  const states = new Map()
  await world.until(async () => {
    for (const id of world.accepted.keys()) {
      if (['delivered', 'read', 'failed'].includes(states.get(id))) continue
      states.set(id, (await world.api('GET', `/messages/${id}`)).json().status)
    }
    return [...states.values()].every((s) => ['delivered', 'read', 'failed'].includes(s))
  }, 'all accepted messages are settled', 120000)
  const wrong = []
  for (const id of world.accepted.keys()) {
    const { count } = await world.control('GET', `/control/messages?biz=${id}`)
    if (count !== 1 || states.get(id) === 'failed') wrong.push([id, count, states.get(id)])
  }
  assert.deepEqual(wrong, [], 'each accepted message is at the network exactly once, and did not fail')
}

async function metric(world, name) {
  const text = (await world.get('/metrics')).text
  return Number(new RegExp(`^parley_${name} (.*)$`, 'm').exec(text)?.[1])
}

for (const store of stores) {
  test(`${store}: a preferred provider that dies under ${sendsPerSecond} messages a second`, { timeout: 600000 }, async (t) => {
    const [world, way] = await openTwoWays(t, store)
    const number = await world.number(2)
    await openWindows(world)

    await t.test('customers who wrote by both channels have one conversation each', async () => {
      await world.until(async () => [...(await world.readThreads()).values()].length >= 2 * customers, 'all they wrote is there')
      assert.equal(await world.countConversations(), customers)
    })

    for (const how of ways) {
      await t.test(`${how}: fails over, loses and doubles nothing, and comes back`, async () => {
        world.accepted.clear()
        const stop = load(sendsPerSecond, (n) => send(world, n))
        await world.until(async () => world.accepted.size > sendsPerSecond && way.heard.some((one) => one.number === way.firstId), 'messages go by the first')
        const cutAt = Date.now()
        way.set(how)
        await world.until(async () => way.first(secondId, cutAt), 'a message goes by the second', 30000)
        const overMs = way.first(secondId, cutAt).at - cutAt
        await sleep(downMs)
        const seen = (await world.api('GET', `/numbers/${number.id}/route`)).json()
        assert.equal(seen.active.channel_id, world.second.id, JSON.stringify(seen.active))
        assert.equal(seen.active.reason, 'fallback')
        const mendedAt = Date.now()
        way.set(null)
        await world.until(async () => way.first(way.firstId, mendedAt), 'a message goes by the first again', 60000)
        await world.until(async () => (await world.api('GET', `/numbers/${number.id}/route`)).json().active.channel_id === world.channel.id, 'the first is in use again', 60000)
        const backMs = Date.now() - mendedAt
        await sleep(1000)
        await stop()
        await checkOnce(world)
        assert.ok(overMs <= 5000, `first message by the other channel after ${overMs} ms`)
        assert.ok(backMs <= 60000, `back after ${backMs} ms`)
        t.diagnostic(`${store}, ${how}: first message by the other after ${overMs} ms, back ${backMs} ms after recovery; ` +
          `${world.accepted.size} accepted, each at the network once; ${await metric(world, 'failover_moved_total')} moved so far, ` +
          `success ratio ${await metric(world, 'failover_success_ratio')}`)
      })
    }

    await t.test('people were told, and every message says why it went its way', async () => {
      const history = (await world.api('GET', `/numbers/${number.id}/route/history`)).json().data
      assert.ok(history.some((one) => one.severity === 'warning' && one.channel_id === world.second.id), JSON.stringify(history))
      assert.ok(history.some((one) => one.severity === 'info' && one.channel_id === world.channel.id))
      const { notices } = (await world.api('GET', '/health')).json()
      assert.ok(notices.some((one) => one.kind === 'number_route'))
      const reasons = new Set()
      for (const id of [...world.accepted.keys()].slice(0, 400)) {
        const { route } = (await world.api('GET', `/messages/${id}`)).json()
        assert.ok(route.sentence && route.provider === 'cloud' && route.phone_number, JSON.stringify(route))
        reasons.add(route.reason)
      }
      assert.ok(reasons.has('first') && reasons.has('fallback'), [...reasons].join())
    })
  })
}
