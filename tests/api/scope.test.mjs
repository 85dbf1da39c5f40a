// scope.test.mjs: whoever sees a part of the inbox sees nothing of the rest: not by id, in no list, not live.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import Pusher from 'pusher-js'
import { Caller, operations, start, until } from './server.mjs'

const [server, shop] = await start('shop')
const owner = await server.signIn(shop.email, shop.password)
const sockets = []
after(() => sockets.forEach((socket) => socket.disconnect()))

const [north, south] = [await server.channel(shop, '111'), await server.channel(shop, '222')]
const seen = await server.receive(shop, north, 'words from the north', '12025550101')
const hidden = await server.receive(shop, south, 'words from the south', '12025550102')

const planned = ({ id }, body) => ({ conversation_id: id, send_at_ms: Date.now() + 3_600_000, time_zone: 'UTC', type: 'text', text: { body } })

/** Things of the hidden conversation, by the first word of their path. */
const things = {
  conversations: hidden.id, messages: hidden.last_message.id, contacts: hidden.contact.id,
  media: await hiddenFile(), 'scheduled-messages': await hiddenPlan(),
}
const note = await owner.call('POST', `/conversations/${hidden.id}/notes`, { body: { body: 'secret of the south' } })

async function hiddenFile() {
  const media = await owner.call('POST', '/media?file_name=south.txt', { body: 'south', headers: { 'content-type': 'text/plain' } })
  await owner.want(202, 'POST', `/conversations/${hidden.id}/messages`, { type: 'document', document: { id: media.body.id } })
  return media.body.id
}

async function hiddenPlan() {
  const plan = await owner.want(201, 'POST', '/scheduled-messages', planned(hidden, 'later, south'))
  return plan.id
}

/** May do everything, in the north. */
async function limited(change) {
  const person = await server.person({ ...shop, owner }, 'admin')
  await owner.want(200, 'PATCH', `/people/${person.id}`, change)
  return person
}

const northerner = await limited({ channels: [north.id] })
const made = await owner.want(201, 'POST', '/api-keys', { name: 'north', scopes: northerner.session.permissions, channels: [north.id] })
const northKey = new Caller(server, { key: made.key })

const bodies = {
  'PATCH /contacts/{id}': { name: 'Taken' },
  'PATCH /conversations/{id}': { status: 'resolved' },
  'PATCH /messages/{id}': { body: 'Taken' },
  'POST /conversations/{id}/notes': { body: 'Taken' },
  'POST /conversations/{id}/messages': { type: 'text', text: { body: 'from the north' } },
  'POST /conversations/{id}/merge': { conversation_id: seen.id, into: seen.id },
  'POST /conversations/{id}/split': { message_id: hidden.last_message.id },
  'PUT /scheduled-messages/{id}': planned(hidden, 'Taken'),
}
const operationsWithId = (await operations(server)).filter(({ path }) => path.includes('{id}') && things[path.split('/')[1]])

async function everything(caller, check) {
  for (const { method, path } of operationsWithId) {
    const options = method === 'GET' || method === 'DELETE' ? {} : { body: bodies[`${method} ${path}`] ?? {} }
    const where = path.replace('{id}', things[path.split('/')[1]]).replace(/\{\w+\}/g, '1')
    check(await caller.call(method, where, options), `${method} ${path}`)
  }
}

for (const [who, caller] of [['a person', northerner], ['a key', northKey]]) {
  test(`${who}: nothing outside of their scope is there, whatever is asked of it`, async () => {
    assert.ok(operationsWithId.length > 12)
    await everything(caller, (answer, name) => {
      // Wrong fields may be told before the thing is looked at, but nothing of the thing.
      assert.ok(answer.status === 404 || answer.status === 422 || answer.body?.code === 'people_only', `${name}: ${answer.status}`)
      assert.doesNotMatch(JSON.stringify(answer.body), /south|12025550102/, name)
    })
    const now = await owner.want(200, 'GET', `/conversations/${hidden.id}`)
    assert.equal(now.status, 'open', 'and nothing was changed')
    assert.notEqual(now.contact.name, 'Taken')
  })

  test(`${who}: it is in no list, count or search`, async () => {
    const lists = (await operations(server)).filter(({ method, path }) => method === 'GET' && !path.includes('{'))
    const queries = { '/conversations': ['?status=all', '?status=open', '?status=all&query=12025550102', `?status=all&channel_id=${south.id}`,
      '?status=all&unread=true'], '/search': ['?query=words', '?query=south'], '/contacts': ['', '?query=12025550102'] }
    for (const { path } of lists) {
      if (['/people', '/channels', '/audit', '/events', '/health'].includes(path)) continue // who manages these sees these
      for (const query of queries[path] ?? ['']) {
        const { status, body } = await caller.get(path + query)
        if (status === 403 || status === 422 || status === 404) continue
        const text = JSON.stringify(body)
        for (const [kind, id] of Object.entries(things)) assert.ok(!text.includes(`"${id}"`), `${path}${query} shows ${kind}`)
        assert.doesNotMatch(text, /from the south|later, south|secret of the south|12025550102/, path + query)
      }
    }
    assert.match(JSON.stringify((await caller.get('/conversations?status=all')).body), /words from the north/)
    assert.match(JSON.stringify((await caller.get('/search?query=words')).body), /words from the north/)
  })

  test(`${who}: it cannot be written to by number, nor named in what is sent elsewhere`, async () => {
    const sent = await caller.post('/messages', { to: '+12025550102', channel_id: south.id, type: 'text', text: { body: 'x' } })
    assert.ok([403, 404, 422].includes(sent.status), `${sent.status}`)
    const quoted = await caller.post(`/conversations/${seen.id}/messages`,
      { type: 'text', text: { body: 'x' }, context: { message_id: hidden.last_message.id } })
    assert.ok([404, 422].includes(quoted.status), `${quoted.status} ${JSON.stringify(quoted.body)}`)
    const file = await caller.post(`/conversations/${seen.id}/messages`, { type: 'document', document: { id: things.media } })
    assert.ok([404, 422].includes(file.status), `${file.status}`)
    const plan = await caller.post('/scheduled-messages', planned(hidden, 'x'))
    assert.ok([404, 422].includes(plan.status), `${plan.status}`)
  })

  test(`${who}: it cannot be subscribed to`, async () => {
    const ask = (channel) => caller.call('POST', '/broadcasting/auth', { raw: true, body: { socket_id: '1.2', channel_name: channel } })
    for (const channel of [`private-workspace-${shop.workspace_id}`, `presence-conversation-${hidden.id}`,
      `private-person-${owner.session.person.id}`]) {
      assert.equal((await ask(channel)).status, 403, channel)
    }
    assert.equal((await ask(`presence-conversation-${seen.id}`)).status, 200)
  })
}

const silent = await owner.want(201, 'POST', '/contacts', { phone: '+12025550103', name: 'Silent southerner' })

for (const [who, caller] of [['a person', northerner], ['a key', northKey]]) {
  test(`${who}: whom nobody talks with yet is in no list, and not there by id`, async () => {
    for (const { method, path } of operationsWithId.filter((one) => one.path.startsWith('/contacts/'))) {
      const options = method === 'GET' || method === 'DELETE' ? {} : { body: bodies[`${method} ${path}`] ?? {} }
      const answer = await caller.call(method, path.replace('{id}', silent.id).replace(/\{\w+\}/g, '1'), options)
      assert.ok(answer.status === 404 || (method !== 'GET' && answer.status === 422), `${method} ${path}: ${answer.status}`)
      assert.doesNotMatch(JSON.stringify(answer.body), /southerner|12025550103/, path)
    }
    assert.deepEqual((await caller.want(200, 'GET', '/contacts?query=southerner')).data, [])
    await caller.want(404, 'POST', `/conversations/${seen.id}/split`, { from_message_id: seen.last_message.id, contact_id: silent.id })
    assert.equal((await owner.want(200, 'GET', `/contacts/${silent.id}`)).name, 'Silent southerner', 'and nothing was changed')
  })

  test(`${who}: adding a contact tells nothing of numbers that they do not see`, async () => {
    const answers = []
    for (const phone of ['+12025550102', '+12025550103', '+12025550101', '+12025550104', 'no number']) {
      const { status, body } = await caller.post('/contacts', { phone, name: 'Probe' })
      answers.push([status, body.code, body.detail, body.next_step])
    }
    assert.deepEqual(new Set(answers.map((one) => JSON.stringify(one))).size, 1, JSON.stringify(answers))
    assert.equal(answers[0][0], 403)
    assert.equal((await owner.want(200, 'GET', '/contacts?query=12025550104')).data.length, 0)
    assert.match((await owner.want(409, 'POST', '/contacts', { phone: '+12025550103' })).next_step, new RegExp(silent.id))
  })

  test(`${who}: the search finds the contacts that the list shows, and no others`, async () => {
    for (const query of ['southerner', '12025550102', '12025550103', '1202555', 'from:12025550102', 'from:silent']) {
      const { words, ...found } = await caller.want(200, 'GET', `/search?groups=true&query=${query}`)
      assert.equal(words.length, query.startsWith('from:') ? 0 : 1)
      assert.doesNotMatch(JSON.stringify(found), /outherner"|\+1202555010[23]/, query)
    }
    const both = await caller.want(200, 'GET', '/search?groups=true&query=1202555')
    assert.deepEqual(both.contacts.map(({ id }) => id), [seen.contact.id])
    assert.equal((await owner.want(200, 'GET', '/search?groups=true&query=1202555')).contacts.length, 3)
    for (const value of ['sil', '12025550102', '12025550103']) {
      assert.deepEqual((await caller.want(200, 'GET', `/search/suggestions?key=from&value=${value}`)).data, [], value)
    }
    assert.equal((await caller.want(200, 'GET', '/search/suggestions?key=from&value=12025550101')).data.length, 1)
  })

  test(`${who}: files of all contacts are not theirs to make, nor to read`, async () => {
    const made = await owner.want(202, 'POST', '/contact-exports')
    const refused = (await operations(server)).filter(({ path }) => /^\/contact-(exports|imports)(\/\{id\}|$)/.test(path))
    assert.ok(refused.length > 8)
    for (const { method, path } of [...refused, { method: 'GET', path: '/contacts.csv' }]) {
      const answer = await caller.call(method, path.replace('{id}', made.id), method === 'POST' ? { body: {} } : {})
      assert.deepEqual([answer.status, answer.body.code], [403, 'not_allowed'], `${method} ${path}`)
    }
  })
}

function listen(caller, name, key = owner.session.live.key) {
  const at = new URL(server.url)
  const headers = caller.key ? { Authorization: `Bearer ${caller.key}` } : { Cookie: `parley_session=${caller.cookie}`, 'X-CSRF-Token': caller.csrf }
  const socket = new Pusher(key, {
    cluster: '', wsHost: at.hostname, wsPort: Number(at.port), forceTLS: false, enabledTransports: ['ws'],
    channelAuthorization: { customHandler: async ({ socketId, channelName }, done) => {
      const answer = await fetch(`${server.url}/broadcasting/auth`, { method: 'POST', headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify({ socket_id: socketId, channel_name: channelName }) })
      if (answer.ok) done(null, await answer.json())
      else done(new Error(`${answer.status}`), null)
    } },
  })
  sockets.push(socket)
  const heard = []
  const closed = []
  socket.connection.bind('error', ({ data }) => closed.push(data?.code))
  const channel = socket.subscribe(name)
  channel.bind_global((event, data) => heard.push({ event, data }))
  return { heard, socket, closed, ready: until('a subscription', () => heard.some(({ event }) => event === 'pusher:subscription_succeeded')) }
}

test('live: only what is in scope is told, and when it leaves', async () => {
  const mine = (await northerner.want(200, 'GET', '/session')).live.channel
  assert.equal(mine, `private-person-${northerner.id}`)
  assert.equal((await owner.want(200, 'GET', '/session')).live.channel, `private-workspace-${shop.workspace_id}`)
  const person = listen(northerner, mine)
  const key = listen(northKey, `private-key-${made.id}`)
  const all = listen(owner, owner.session.live.channel)
  await Promise.all([person.ready, key.ready, all.ready])

  await server.receive(shop, south, 'more from the south', '12025550102')
  await server.receive(shop, north, 'more from the north', '12025550101')
  const told = (one, text) => one.heard.some(({ event, data }) => event === 'message.created' && JSON.stringify(data).includes(text))
  await until('all of it', () => told(all, 'more from the north') && told(all, 'more from the south'))
  await until('the north', () => told(person, 'more from the north') && told(key, 'more from the north'))
  for (const one of [person, key]) assert.doesNotMatch(JSON.stringify(one.heard), /south|12025550102/)

  // Assigned to oneself, it is in sight; given away, it is gone.
  await owner.want(200, 'PATCH', `/conversations/${hidden.id}`, { assignee_id: northerner.id })
  await until('what was given to one', () => person.heard.some(({ event, data }) =>
    event === 'conversation.updated' && data.conversation.id === hidden.id))
  await northerner.want(200, 'GET', `/conversations/${hidden.id}`)
  const room = listen(northerner, `presence-conversation-${hidden.id}`)
  await room.ready
  await owner.want(200, 'PATCH', `/conversations/${hidden.id}`, { assignee_id: null })
  await until('that nobody looks on', () => room.heard.some(({ event }) => event === 'pusher:subscription_error'))
  await until('what is gone', () => person.heard.some(({ event, data }) => event === 'conversation.gone' && data.id === hidden.id))
  await northerner.want(404, 'GET', `/conversations/${hidden.id}`)
  assert.ok(!key.heard.some(({ data }) => JSON.stringify(data ?? {}).includes(hidden.id)), 'the key saw none of it')
})

test('a session says whether it sees all', async () => {
  assert.equal((await northerner.want(200, 'GET', '/session')).sees_all, false)
  assert.equal((await owner.want(200, 'GET', '/session')).sees_all, true)
})

test('a role that sees its own sees what is assigned to it, and nothing else', async () => {
  const role = await owner.want(201, 'POST', '/roles', { name: 'Own only', permissions: ['conversation.read', 'message.read', 'contact.read'], sees: 'own' })
  const person = await limited({ role: role.id })
  const list = async () => (await person.want(200, 'GET', '/conversations?status=all')).data.map(({ id }) => id)
  assert.deepEqual(await list(), [])
  await owner.want(200, 'PATCH', `/conversations/${seen.id}`, { assignee_id: person.id })
  assert.deepEqual(await list(), [seen.id])
  await person.want(404, 'GET', `/conversations/${hidden.id}`)
  await owner.want(200, 'PATCH', `/roles/${role.id}`, { sees: 'unassigned_and_own' })
  assert.deepEqual((await list()).toSorted(), [seen.id, hidden.id].toSorted())
  const refused = await owner.want(409, 'DELETE', `/roles/${role.id}`)
  assert.equal(refused.code, 'role_in_use')
  assert.match(refused.detail, /admin/)
})

test('nobody gives more than they have', async () => {
  const role = await owner.want(201, 'POST', '/roles', { name: 'Reception', permissions: ['person.read', 'person.manage', 'role.manage', 'message.read'] })
  const person = await limited({ role: role.id })
  for (const [method, where, body] of [
    ['POST', '/people', { email: 'x@y.example', name: 'X', role: 'admin', password: 'a fine password' }],
    ['POST', '/invitations', { email: 'x@y.example', role: 'agent' }],
    ['POST', '/roles', { name: 'More', permissions: ['message.send'] }],
    ['PATCH', `/roles/${role.id}`, { permissions: ['message.send'] }],
    ['PATCH', `/people/${northerner.id}`, { role: role.id }],
    ['DELETE', `/people/${northerner.id}/second-factor`],
    ['DELETE', `/people/${northerner.id}/sessions`],
    ['POST', `/people/${northerner.id}/unlock`, {}],
  ]) assert.equal((await person.want(403, method, where, body)).code, 'beyond_own', `${method} ${where}`)
  assert.equal((await northerner.want(403, 'PATCH', `/people/${person.id}`, { channels: [] })).code, 'beyond_own', 'sight, too')
  await person.want(201, 'POST', '/invitations', { email: 'x@y.example', role: role.id })
})

test('what somebody who is disabled had goes where it was said', async () => {
  const [leaves, takes] = [await server.person({ ...shop, owner }, 'agent'), await server.person({ ...shop, owner }, 'agent')]
  await owner.want(200, 'PATCH', `/conversations/${seen.id}`, { assignee_id: leaves.id })
  await owner.want(422, 'PATCH', `/people/${leaves.id}`, { disabled: true, hand_over: { assignee_id: leaves.id } })
  await owner.want(200, 'PATCH', `/people/${leaves.id}`, { disabled: true, hand_over: { assignee_id: takes.id } })
  assert.equal((await owner.want(200, 'GET', `/conversations/${seen.id}`)).assignee.id, takes.id)
  await owner.want(200, 'PATCH', `/people/${takes.id}`, { disabled: true })
  assert.equal((await owner.want(200, 'GET', `/conversations/${seen.id}`)).assignee.id, takes.id, 'kept, if nothing is said')
})

test('a socket ends with the session that it was opened by', async () => {
  const person = await server.person({ ...shop, owner }, 'agent')
  const line = listen(person, person.session.live.channel)
  await line.ready
  await owner.want(204, 'DELETE', `/people/${person.id}/sessions`)
  await person.want(401, 'GET', '/session')
  const before = line.heard.length
  await until('a refused subscription', () => line.heard.slice(before).some(({ event }) => event === 'pusher:subscription_error'))
  await server.receive(shop, north, 'after the end', '12025550101')
  await owner.want(200, 'GET', '/session')
  assert.doesNotMatch(JSON.stringify(line.heard), /after the end/)
})
