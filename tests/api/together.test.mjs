// together.test.mjs: many at once: nothing lands in another number's or workspace's conversation, and nobody sees a deadlock.
import assert from 'node:assert/strict'
import { spawn, execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { databaseFor } from '../lib/database.mjs'
import { stores } from '../lib/world.mjs'
import { Server, until } from './server.mjs'

const WORKSPACES = 5
const MESSAGES = 12
const PHONE = '12025550142'

for (const store of stores) describe(store, () => {
  const shops = []
  let database, server

  before(async () => {
    database = databaseFor(store)
    server = new Server()
    Object.assign(server.env, database.env)
    for (let i = 0; i < WORKSPACES; i++) shops.push(server.setup(`shop${i}`))
    await server.serve()
    for (const [i, shop] of shops.entries()) shop.channels = [await server.channel(shop, `91${i}1`), await server.channel(shop, `91${i}2`)]
  })
  after(async () => {
    const code = await server?.stop()
    rmSync(server.folder, { recursive: true, force: true })
    database?.drop()
    assert.equal(code, 0, 'the server ends cleanly')
  })

  test('one customer writes to ten numbers of five workspaces at once, and each message is where it was sent', async () => {
    const lines = shops.flatMap((shop, i) => shop.channels.map((channel, k) => ({ shop, channel, name: `shop ${i} number ${k}` })))
    await Promise.all(lines.flatMap(({ channel, name }) => Array.from({ length: MESSAGES }, (_, n) => server.say(channel, `${name} message ${n}`, PHONE))))
    for (const { shop, channel, name } of lines) {
      const read = async () => {
        const { data } = await shop.caller.want(200, 'GET', `/conversations?status=all&channel_id=${channel.id}`)
        assert.ok(data.length <= 1, `${name}: ${data.length} conversations`)
        if (!data.length) return []
        assert.equal(data[0].contact.phone, `+${PHONE}`)
        return (await shop.caller.want(200, 'GET', `/conversations/${data[0].id}/messages?limit=100`)).data
      }
      const messages = await until(`all of ${name}`, async () => {
        const now = await read()
        return now.length >= MESSAGES && now
      }, 60_000)
      assert.deepEqual(messages.map((one) => one.text.body).toSorted(), Array.from({ length: MESSAGES }, (_, n) => `${name} message ${n}`).toSorted())
      assert.ok(messages.every((one) => one.channel_id === channel.id))
    }
    // One person in each workspace, and none in two.
    const people = await Promise.all(shops.map(async ({ caller }) => (await caller.want(200, 'GET', '/contacts')).data))
    assert.deepEqual(people.map((list) => list.length), Array(WORKSPACES).fill(1))
    assert.equal(new Set(people.map(([one]) => one.id)).size, WORKSPACES)
  })

  /* Somebody else (the router, say) has the second conversation and wants the first; the bulk change has the first and wants the second.
     The server began to wait earlier, so PostgreSQL ends its transaction: done once more, it succeeds. */
  test('a bulk change that PostgreSQL ends for a deadlock is done again, and nobody sees it', { skip: store !== 'postgres' }, async () => {
    const [{ caller, channels: [channel] }] = shops
    await server.say(channel, 'one', '12025550151')
    await server.say(channel, 'two', '12025550152')
    const find = async (phone) => (await caller.want(200, 'GET', `/conversations?query=${phone}`)).data[0]
    const [a, b] = (await Promise.all(['12025550151', '12025550152'].map((phone) => until('the conversation', () => find(phone)))))
      .toSorted((x, y) => (BigInt(x.id) < BigInt(y.id) ? -1 : 1))
    const deadlocks = () => Number(execFileSync('psql', [database.url, '-Atc', 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'], { encoding: 'utf8' }))
    const waiting = () => Number(execFileSync('psql', [database.url, '-Atc', "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"], { encoding: 'utf8' }))
    const other = spawn('psql', [database.url, '-qAt'], { stdio: ['pipe', 'pipe', 'inherit'] })
    let said = ''
    other.stdout.setEncoding('utf8').on('data', (piece) => { said += piece })
    other.stdin.write(`BEGIN;\nUPDATE conversation SET priority = priority WHERE id = ${b.id};\n\\echo has\n`)
    await until('the lock of the other', () => said.includes('has'))
    const bulk = caller.post('/conversations/bulk', { ids: [a.id, b.id], priority: 'urgent' })
    await until('the wait of the bulk change', () => waiting() === 1)
    other.stdin.write(`UPDATE conversation SET priority = priority WHERE id = ${a.id};\nCOMMIT;\n\\echo done\n`)
    await until('the end of the other', () => said.includes('done'))
    other.stdin.end()
    const answer = await bulk
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    assert.equal(answer.body.changed, 2)
    await until('a deadlock that PostgreSQL counted', () => deadlocks() === 1)
    for (const { id } of [a, b]) assert.equal((await caller.want(200, 'GET', `/conversations/${id}`)).priority, 'urgent')
    const events = (await caller.want(200, 'GET', `/conversations/${a.id}/events`)).data.filter((one) => one.kind === 'priority')
    assert.equal(events.length, 1, 'and it is done once')
  })
})
