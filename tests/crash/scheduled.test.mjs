// scheduled.test.mjs: messages for later through kills of the server: each is sent once, none is lost.
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { World, sleep, stores } from '../lib/world.mjs'

const count = 60
const kills = Number(process.env.CRASH_KILLS ?? 4)

for (const store of stores) {
  test(`${store}: ${count} messages for later, ${kills} kills around their time`, { timeout: 300_000 }, async (t) => {
    const world = new World(store)
    t.after(() => world.close())
    await world.open()
    await world.openWindows(6)
    const conversations = (await world.pages('/conversations?status=all')).map((one) => one.id)
    const plannedFor = Date.now() + 3000
    for (let i = 0; i < count; i++) {
      const answer = await world.api('POST', '/scheduled-messages', { conversation_id: conversations[i % conversations.length], send_at_ms: plannedFor + 80 * i,
        time_zone: 'Europe/Berlin', type: 'text', text: { body: `later ${i}.` } })
      assert.equal(answer.status, 201, answer.text)
    }
    await sleep(Math.max(0, plannedFor - Date.now()))
    for (let i = 0; i < kills; i++) {
      await sleep(600 + 200 * i)
      await world.kill()
      await world.start()
    }
    await world.until(async () => (await world.pages('/scheduled-messages')).length === 0, 'none waits any more')
    const sent = await world.pages('/scheduled-messages?state=sent')
    assert.equal(sent.length, count)
    assert.equal(new Set(sent.map((one) => one.last_message_id)).size, count)

    const bodies = []
    for (const id of conversations) {
      const page = (await world.api('GET', `/conversations/${id}/messages?limit=100`)).json()
      bodies.push(...page.data.filter((one) => one.direction === 'out').map((one) => one.text?.body))
    }
    assert.equal(bodies.length, count, 'one message for each')
    assert.equal(new Set(bodies).size, count)
    await world.until(async () => {
      const told = await world.control('GET', '/control/messages')
      return told.distinct === count
    }, 'the network has got each of them')
  })
}
