// routing.test.mjs: agents, teams, rules and the queue over HTTP and the live socket, on each store.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { after, describe, test } from 'node:test'
import Pusher from 'pusher-js'
import { startDemo } from '../lib/parley.mjs'
import { stores } from '../lib/world.mjs'
import { Caller, until } from './server.mjs'

const SEEN_WITHIN_MS = 1000

/** A database of its own, where the store is PostgreSQL. */
function databaseFor(store) {
  if (store !== 'postgres') return { env: {}, drop: () => {} }
  const name = `routing_${randomUUID().replaceAll('-', '')}`
  execFileSync('psql', [process.env.PARLEY_TEST_POSTGRES, '-qc', `CREATE DATABASE ${name}`])
  const url = new URL(process.env.PARLEY_TEST_POSTGRES)
  url.pathname = `/${name}`
  return { env: { PARLEY_DATABASE_URL: url.href },
    drop: () => spawnSync('psql', [process.env.PARLEY_TEST_POSTGRES, '-qc', `DROP DATABASE ${name} WITH (FORCE)`]) }
}

for (const store of stores) describe(store, () => {
  const database = databaseFor(store)
  const sockets = []
  let demo, owner, ana, ben, phones = 0

  const signIn = async (email, password) => {
    const nobody = new Caller(demo)
    const answer = await nobody.post('/session', { email, password })
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    const cookie = /parley_session=([^;]+)/.exec(answer.headers.get('set-cookie'))[1]
    return Object.assign(new Caller(demo, { cookie, csrf: answer.body.csrf_token }), { session: answer.body, id: answer.body.person.id })
  }
  const newAgent = async (name, role = 'agent') => {
    const draft = { email: `${name}-${randomUUID()}@x.example`, name, role, password: 'a fine long password 7' }
    await owner.want(201, 'POST', '/people', draft)
    return signIn(draft.email, draft.password)
  }
  /** A console's live socket: events of the workspace, and the person's own channel. */
  const connect = async (caller) => {
    const { live, workspace } = caller.session
    const url = new URL(demo.url)
    const socket = new Pusher(live.key, { cluster: '', wsHost: url.hostname, wsPort: Number(url.port), forceTLS: false, enabledTransports: ['ws'],
      enableStats: false,
      channelAuthorization: { customHandler: async ({ socketId, channelName }, done) => {
        const answer = await fetch(`${demo.url}${live.auth}`, { method: 'POST',
          headers: { cookie: `parley_session=${caller.cookie}`, 'x-csrf-token': caller.csrf, 'content-type': 'application/json' },
          body: JSON.stringify({ socket_id: socketId, channel_name: channelName }) })
        done(answer.ok ? null : new Error(String(answer.status)), answer.ok ? await answer.json() : null)
      } } })
    const heard = []
    sockets.push(socket)
    for (const name of [`private-workspace-${workspace.id}`, `private-person-${caller.id}`]) {
      const channel = socket.subscribe(name)
      for (const event of ['agent.updated', 'team.updated']) channel.bind(event, (data) => heard.push({ event, data, at: Date.now() }))
      await new Promise((done, failed) => {
        channel.bind('pusher:subscription_succeeded', done)
        channel.bind('pusher:subscription_error', failed)
      })
    }
    return { socket, heard }
  }
  const agent = async (id) => owner.want(200, 'GET', `/agents/${id}`)
  const statusIs = (id, status) => until(`${status}`, async () => (await agent(id)).status === status, 20_000)
  const writes = async (text) => {
    const phone = `62812${String(++phones).padStart(8, '0')}`
    await demo.control('POST', '/customers', { phone, name: `Customer ${phones}` })
    await demo.customerSays(phone, text)
    return until(`"${text}" in the inbox`, async () => {
      const list = await owner.want(200, 'GET', '/conversations?status=all&limit=100')
      return list.data.find((one) => one.contact.phone === `+${phone}`)
    })
  }
  const conversation = (id) => owner.want(200, 'GET', `/conversations/${id}`)
  const assigned = (id, person) => until('the assignment', async () => (await conversation(id)).assignee?.id === person)
  const resolve = (id) => owner.want(200, 'PATCH', `/conversations/${id}`, { status: 'resolved' })
  const settings = (change) => owner.want(200, 'PATCH', '/routing/settings', change)
  const resolveAll = async () => {
    const list = await owner.want(200, 'GET', '/conversations?limit=100')
    for (const one of list.data) await resolve(one.id)
  }

  after(async () => {
    for (const socket of sockets) socket.disconnect()
    await demo?.remove()
    database.drop()
  })

  test('the server starts, with two agents', async () => {
    demo = await startDemo({ env: database.env })
    owner = await signIn(demo.email, demo.password)
    ana = await newAgent('Ana')
    ben = await newAgent('Ben')
    await settings({ offline_after_ms: 5000 })
    await resolveAll()
  })

  test('a status is seen by others within a second, and follows the socket', async () => {
    const watch = await connect(owner)
    ana.live = await connect(ana)
    await statusIs(ana.id, 'online')
    const before = Date.now()
    const own = await ana.want(200, 'PATCH', '/agents/me', { status: 'away' })
    assert.equal(own.status, 'away')
    assert.equal(own.why, 'hand')
    const told = await until('the event', () => watch.heard.find((one) => one.data.agent?.id === ana.id && one.data.agent.status === 'away'))
    assert.ok(told.at - before < SEEN_WITHIN_MS, `${told.at - before} ms`)
    ana.live.socket.disconnect()
    await statusIs(ana.id, 'offline')
    ana.live.socket.connect()
    await statusIs(ana.id, 'away')
    await ana.want(200, 'PATCH', '/agents/me', { status: 'online' })
    await ana.want(204, 'POST', '/agents/me/activity')
    const history = await owner.want(200, 'GET', `/agents/${ana.id}/history?limit=3`)
    assert.deepEqual(history.data.map((one) => one.status), ['online', 'away', 'offline'])
    const rest = await owner.want(200, 'GET', `/agents/${ana.id}/history?limit=3&cursor=${history.next_cursor}`)
    assert.deepEqual(rest.data.map((one) => one.status), ['away', 'online'])
  })

  test('a key has no status, and a wrong one is refused', async () => {
    const key = new Caller(demo, { key: demo.api_key })
    await key.want(403, 'PATCH', '/agents/me', { status: 'away' })
    await ana.want(422, 'PATCH', '/agents/me', { status: 'asleep' })
    await ana.want(403, 'PATCH', `/agents/${ben.id}`, { capacity: 1 })
    await owner.want(422, 'PATCH', `/agents/${ben.id}`, { capacity: -1 })
    await owner.want(422, 'PATCH', `/agents/${ben.id}`, { shift: { zone: 'Mars', hours: [] } })
    await owner.want(404, 'GET', '/agents/12')
  })

  test('teams are made, changed, told and deleted', async () => {
    const watch = await connect(owner)
    const team = await owner.want(201, 'POST', '/teams', { name: 'Refunds', mode: 'least_busy', member_ids: [ben.id] })
    assert.deepEqual(team.member_ids, [ben.id])
    await until('the event', () => watch.heard.find((one) => one.data.team?.id === team.id))
    await owner.want(409, 'POST', '/teams', { name: 'Refunds' })
    await owner.want(422, 'POST', '/teams', { name: 'Other', member_ids: ['12'] })
    await ana.want(403, 'POST', '/teams', { name: 'Mine' })
    const shift = { zone: 'Asia/Jakarta', hours: [{ day: 1, start: '09:00', end: '17:00' }] }
    const changed = await owner.want(200, 'PATCH', `/teams/${team.id}`, { member_ids: [ana.id, ben.id], shift })
    assert.deepEqual(changed.member_ids.toSorted(), [ana.id, ben.id].toSorted())
    assert.deepEqual(changed.shift, shift)
    assert.equal(changed.mode, 'least_busy')
    await owner.want(200, 'PATCH', `/teams/${team.id}`, { shift: null })
    await owner.want(204, 'DELETE', `/teams/${team.id}`)
    await until('the event', () => watch.heard.find((one) => one.data.id === team.id && one.data.team === null))
    await owner.want(404, 'GET', `/teams/${team.id}`)
  })

  test('conversations are given out in turn, up to capacity; the rest waits, in order, and follows', async () => {
    ben.live = await connect(ben)
    await statusIs(ben.id, 'online')
    await owner.want(200, 'PATCH', `/agents/${owner.id}`, { takes: false })
    await settings({ mode: 'round_robin', capacity: 2 })
    const talks = []
    for (let i = 0; i < 6; i++) talks.push(await writes(`hello ${i}`))
    for (let i = 0; i < 4; i++) await until('given out', async () => (await conversation(talks[i].id)).assignee)
    const people = await Promise.all(talks.slice(0, 4).map(async (talk) => (await conversation(talk.id)).assignee.id))
    assert.equal(people.filter((id) => id === ana.id).length, 2)
    assert.notEqual(people[0], people[1])
    const queue = await until('two that wait', async () => {
      const { data } = await owner.want(200, 'GET', '/routing/queue')
      return data.length === 2 && data
    })
    assert.deepEqual(queue.map((one) => one.conversation.id), [talks[4].id, talks[5].id])
    assert.deepEqual(queue.map((one) => one.place), [1, 2])
    await owner.want(200, 'PATCH', `/conversations/${talks[5].id}`, { priority: 'urgent' })
    await resolve(talks[1].id)
    await assigned(talks[5].id, people[1])
    await owner.want(200, 'PATCH', `/conversations/${talks[0].id}`, { status: 'snoozed', snoozed_until_ms: Date.now() + 3_600_000 })
    await assigned(talks[4].id, people[0])
    await resolveAll()
  })

  test('the first rule that matches decides; its test says why', async () => {
    const team = await owner.want(201, 'POST', '/teams', { name: 'Returns', mode: 'round_robin', member_ids: [ben.id] })
    const first = await owner.want(201, 'POST', '/routing/rules', { name: 'Refunds', conditions: { keywords: ['refund', 'money back'] },
      actions: { team_id: team.id, priority: 'high' } })
    const second = await owner.want(201, 'POST', '/routing/rules', { name: 'Everybody', conditions: { languages: ['id'] }, actions: { priority: 'low' } })
    const verdict = await owner.want(200, 'POST', '/routing/rules/test', { text: 'I want my MONEY BACK', language: 'id' })
    assert.equal(verdict.rule_id, first.id)
    assert.deepEqual(verdict.rules.map((one) => one.matches), [true, true])
    assert.deepEqual(verdict.rules[0].checks, [{ condition: 'keywords', holds: true, found: 'money back' }])
    const talk = await writes('a refund, please')
    await assigned(talk.id, ben.id)
    const routed = await conversation(talk.id)
    assert.equal(routed.team.name, 'Returns')
    assert.equal(routed.priority, 'high')
    const { data } = await owner.call('PUT', '/routing/rules/order', { body: { ids: [second.id, first.id] } }).then((answer) => answer.body)
    assert.deepEqual(data.map((one) => one.id), [second.id, first.id])
    const low = await writes('refund again')
    await until('the other rule', async () => (await conversation(low.id)).priority === 'low')
    assert.equal((await conversation(low.id)).team, null)
    await owner.want(422, 'POST', '/routing/rules', { name: 'x', conditions: { colour: ['red'] }, actions: {} })
    await owner.want(200, 'PATCH', `/routing/rules/${second.id}`, { enabled: false })
    await owner.want(204, 'DELETE', `/routing/rules/${second.id}`)
    await owner.want(204, 'DELETE', `/routing/rules/${first.id}`)
    await owner.want(204, 'DELETE', `/teams/${team.id}`)
    await resolveAll()
  })

  test('who answers somebody in line has them', async () => {
    for (const one of [ana, ben]) await one.want(200, 'PATCH', '/agents/me', { status: 'away' })
    const talk = await writes('anybody?')
    await until('the line', async () => (await conversation(talk.id)).queued_ms)
    await ana.want(202, 'POST', `/conversations/${talk.id}/messages`, { type: 'text', text: { body: 'here' } })
    await assigned(talk.id, ana.id)
    await resolveAll()
  })

  test('who is offline gets nothing, a restart forgets nothing, and the place is told', async () => {
    await settings({ place_text: 'You are number {{position}} in line.' })
    for (const one of [ana, ben]) await one.want(200, 'PATCH', '/agents/me', { status: 'offline' })
    const talks = [await writes('first'), await writes('second')]
    await until('both told', async () => {
      const texts = await Promise.all(talks.map(async (talk) =>
        (await owner.want(200, 'GET', `/conversations/${talk.id}/messages`)).data.map((message) => message.text?.body)))
      return texts[0].includes('You are number 1 in line.') && texts[1].includes('You are number 2 in line.')
    })
    for (const socket of sockets) socket.disconnect()
    await demo.end()
    demo = await startDemo({ env: database.env, folder: demo.folder })
    for (const one of [owner, ana, ben]) one.server = demo
    const { data } = await owner.want(200, 'GET', '/routing/queue')
    assert.deepEqual(data.map((one) => one.conversation.id), talks.map((talk) => talk.id))
    await connect(ana)
    await ana.want(200, 'PATCH', '/agents/me', { status: 'online' })
    for (const talk of talks) await assigned(talk.id, ana.id)
    const texts = (await owner.want(200, 'GET', `/conversations/${talks[0].id}/messages`)).data.map((message) => message.text?.body)
    assert.equal(texts.filter((text) => /in line/.test(text)).length, 1)
  })
})
