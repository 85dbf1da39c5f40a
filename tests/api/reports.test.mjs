// reports.test.mjs: the board, promises, and figures that equal what anybody can work out of the threads.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start, until } from './server.mjs'

const [server, shop] = await start('shop')
const channel = await server.channel(shop)
const agents = [await server.person(shop, 'agent'), await server.person(shop, 'agent'), await server.person(shop, 'supervisor')]
const boss = agents[2]
const say = (agent, conversation, body) =>
  agent.want(202, 'POST', `/conversations/${conversation.id}/messages`, { type: 'text', text: { body } })

/** When a message came to us: the time in its id. What it shows is the phone's, in whole seconds. */
const cameAt = (id) => Number(BigInt(id) >> 21n) + Date.UTC(2024, 0, 1)

test('figures of agents equal a recomputation from their threads', async () => {
  const phones = ['12025550101', '12025550102', '12025550103', '12025550104']
  const conversations = []
  const waiting = [] // of each conversation, the customer's oldest unanswered message
  const answers = [] // {agent, from, to}: messages
  for (const phone of phones) {
    const conversation = await server.receive(shop, channel, `hello from ${phone}`, phone)
    conversations.push(conversation)
    waiting.push(conversation.last_message.id)
  }
  let seed = 11
  const random = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor(seed / 65536) % n }
  let resolved = 0
  for (let step = 0; step < 120; step++) {
    const which = random(4)
    const what = random(5)
    if (what < 2) {
      const { last_message: message } = await server.receive(shop, channel, `step ${step}`, phones[which])
      waiting[which] ||= message.id
    } else if (what < 4) {
      const agent = agents[random(3)]
      const message = await say(agent, conversations[which], `answer ${step}`)
      if (waiting[which]) answers.push({ agent: agent.id, conversation: which, from: waiting[which], to: message.id })
      waiting[which] = null
    } else {
      const before = await boss.want(200, 'GET', `/conversations/${conversations[which].id}`)
      await boss.want(200, 'PATCH', `/conversations/${before.id}`, { status: 'resolved' })
      resolved += before.status === 'resolved' ? 0 : 1
      waiting[which] = null
    }
  }
  const report = await boss.want(200, 'GET', '/reports/agents')
  for (const { id } of agents) {
    const mine = answers.filter((one) => one.agent === id)
    const waits = mine.map(({ from, to }) => cameAt(to) - cameAt(from))
    const figures = report.people.find((person) => person.id === id)
    assert.equal(figures.response.count, mine.length)
    const mean = waits.reduce((sum, one) => sum + one, 0) / (waits.length || 1)
    assert.ok(Math.abs(figures.response.mean_ms - mean) <= 20, `${figures.response.mean_ms} ms, recomputed ${mean} ms`)
  }
  assert.ok(answers.length > 10 && resolved > 3, `${answers.length} answers, ${resolved} resolved`)
  assert.equal(report.total.response.count, answers.length)
  assert.equal(report.people.find((person) => person.id === boss.id).resolution.count, resolved)
  assert.equal(report.total.resolution.count, resolved)
})

test('the board shows loads, who waits longest, and the promise that breaks next', async () => {
  const conversation = await server.receive(shop, channel, 'anybody there?', '12025550177')
  await shop.caller.want(200, 'PUT', '/sla-policies', { policies: [{ name: 'All', first_minutes: 5, resolution_minutes: 600 }] })
  await boss.want(200, 'PATCH', `/conversations/${conversation.id}`, { assignee_id: agents[0].id, priority: 'high' })
  const board = await boss.want(200, 'GET', '/reports/board')
  const card = board.cards.find((one) => one.conversation.id === conversation.id)
  assert.equal(card.due.promise, 'first')
  assert.equal(card.due.due_ms, card.conversation.waiting_since_ms + 300_000)
  assert.equal(card.due.broken, false)
  const waits = board.cards.map((one) => one.conversation.waiting_since_ms).filter(Boolean)
  assert.deepEqual(waits, waits.toSorted((a, b) => a - b))
  const load = board.people.find((person) => person.id === agents[0].id)
  assert.ok(load.open >= 1 && load.waiting >= 1)
  assert.equal(board.total.open, board.cards.filter((one) => one.conversation.status === 'open').length)
  await agents[0].want(403, 'GET', '/reports/board')
})

test('business hours are kept, and wrong ones named', async () => {
  assert.deepEqual(await boss.want(200, 'GET', '/business-hours'), { time_zone: null, week: null, holidays: null })
  const week = [[[540, 1020]], [[540, 1020]], [[540, 1020]], [[540, 1020]], [[540, 720], [780, 1020]], [], []]
  const set = await shop.caller.want(200, 'PUT', '/business-hours', { time_zone: 'Asia/Jakarta', week, holidays: ['2026-12-25'] })
  assert.deepEqual(set, { time_zone: 'Asia/Jakarta', week, holidays: ['2026-12-25'] })
  const wrong = await shop.caller.want(422, 'PUT', '/business-hours', { time_zone: 'Moon', week: [[[9, 5]], [], [], [], [], [], []] })
  assert.deepEqual(wrong.errors.map((error) => error.field).toSorted(), ['time_zone', 'week.0'])
  const figures = await boss.want(200, 'GET', '/reports/agents?hours=business')
  assert.ok(figures.total.response.mean_ms >= 0)
})

test('traffic has an entry for every hour', async () => {
  const { hours } = await boss.want(200, 'GET', '/reports/traffic?days=2')
  assert.equal(hours.length, 49)
  assert.ok(hours.reduce((sum, hour) => sum + hour.received, 0) > 10)
  await until('the present hour counts on', async () => {
    await server.receive(shop, channel, 'one more', '12025550199')
    return (await boss.want(200, 'GET', '/reports/traffic?days=1')).hours.at(-1).received > hours.at(-1).received
  })
  await boss.want(422, 'GET', '/reports/traffic?days=0')
})

test('online time is counted from the changes of the status', async () => {
  const onlineOf = async () => (await boss.want(200, 'GET', '/reports/agents')).people.find((one) => one.id === agents[1].id).online_ms
  await agents[1].want(200, 'PATCH', '/agents/me', { status: 'online' })
  const from = Date.now()
  await until('some time online', async () => (await onlineOf()) >= 30)
  await agents[1].want(200, 'PATCH', '/agents/me', { status: 'offline' })
  const most = Date.now() - from + 1000
  const total = await onlineOf()
  assert.ok(total >= 30 && total <= most, `${total} ms of at most ${most} ms`)
  assert.equal(await onlineOf(), total, 'offline, it stands still')
})
