// composer.test.mjs: ready answers, macros, notes, messages for later and notifications as a caller of the API sees them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start, until } from './server.mjs'

const [server, shop, other] = await start('shop', 'other')
const channel = await server.channel(shop)
const conversation = await server.receive(shop, channel, 'are you open?')
const owner = await server.person(shop, 'admin')
const agent = await server.person(shop, 'agent')
const viewer = await server.person(shop, 'viewer')
const whoIs = async (caller) => (await caller.want(200, 'GET', '/session')).person

test('what others share is theirs to change, and what is one\'s own is seen by nobody else', async () => {
  const mine = await agent.want(201, 'POST', '/canned-responses', { shortcut: 'Mine', title: 'Mine', body: 'x' })
  assert.deepEqual([mine.scope, mine.shortcut, mine.owner_id], ['person', 'mine', (await whoIs(agent)).id])
  await owner.want(404, 'GET', `/canned-responses/${mine.id}`)
  await agent.want(403, 'POST', '/canned-responses', { shortcut: 'all', title: 'All', body: 'x', scope: 'workspace' })
  const shared = await owner.want(201, 'POST', '/canned-responses', { shortcut: 'all', title: 'All', body: 'x', scope: 'workspace' })
  await agent.want(403, 'PATCH', `/canned-responses/${shared.id}`, { title: 'Hm' })
  await agent.want(403, 'DELETE', `/canned-responses/${shared.id}`)
  await owner.want(409, 'POST', '/canned-responses', { shortcut: 'ALL', title: 'Again', body: 'x', scope: 'workspace' })
  assert.equal((await agent.want(200, 'GET', '/canned-responses')).data.length, 2)
  assert.equal((await viewer.want(200, 'GET', '/canned-responses')).data.length, 1)
  await viewer.want(403, 'POST', '/canned-responses', { shortcut: 'v', title: 'V', body: 'x' })
  await other.caller.want(404, 'GET', `/canned-responses/${shared.id}`)
  await agent.want(204, 'DELETE', `/canned-responses/${mine.id}`)
})

test('what a team shares is seen by its members', async () => {
  const team = await owner.want(201, 'POST', '/teams', { name: 'Sales' })
  const made = await owner.want(201, 'POST', '/canned-responses', { shortcut: 'team', title: 'Team', body: 'x', scope: 'team', owner_id: team.id })
  await agent.want(404, 'GET', `/canned-responses/${made.id}`)
  await owner.want(200, 'PATCH', `/teams/${team.id}`, { member_ids: [(await whoIs(agent)).id] })
  await agent.want(200, 'GET', `/canned-responses/${made.id}`)
  const wrong = await owner.post('/canned-responses', { shortcut: 'x', title: 'X', body: 'x', scope: 'team', owner_id: '99' })
  assert.deepEqual(wrong.body.errors.map((error) => error.field), ['owner_id'])
})

test('a preview is what is sent', async () => {
  const body = 'Dear {{contact.name|customer}}, {{agent.first_name}} of {{workspace.name}} on {{conversation.number|us}}'
  const preview = await owner.want(200, 'POST', '/canned-responses/preview', { conversation_id: conversation.id, body })
  const macro = await owner.want(201, 'POST', '/macros', { name: 'Dear', actions: [{ type: 'send_text', body }] })
  const run = await owner.want(200, 'POST', `/macros/${macro.id}/run`, { conversation_id: conversation.id })
  assert.equal(run.ok, true)
  const sent = await owner.want(200, 'GET', `/messages/${run.steps[0].message_id}`)
  assert.equal(sent.text.body, preview.text)
  const { variables } = await owner.want(200, 'GET', `/conversations/${conversation.id}/variables`)
  assert.equal(variables['workspace.name'], 'shop')
})

test('a missing and an unknown variable are named', async () => {
  const ask = (body) => owner.want(422, 'POST', '/canned-responses/preview', { conversation_id: conversation.id, body })
  assert.deepEqual((await ask('in {{contact.attributes.city}}')).errors.map((e) => [e.field, e.code]), [['body', 'missing_variable']])
  assert.match((await ask('in {{contact.attributes.city}}')).errors[0].message, /contact\.attributes\.city/)
  assert.deepEqual((await ask('{{contact.nme}}')).errors.map((e) => e.code), ['unknown_variable'])
  await owner.want(422, 'POST', '/canned-responses', { shortcut: 'y', title: 'Y', body: '{{contact.nme}}' })
})

test('a note is for those who may write, tells who is mentioned, and changes nothing for the customer', async () => {
  const before = await owner.want(200, 'GET', `/conversations/${conversation.id}`)
  const me = await whoIs(agent)
  await viewer.want(403, 'POST', `/conversations/${conversation.id}/notes`, { body: 'x' })
  const note = await owner.want(201, 'POST', `/conversations/${conversation.id}/notes`, { body: 'Look @agent', mentions: [{ kind: 'person', id: me.id }] })
  assert.deepEqual([note.type, note.direction, note.remote_id], ['note', 'out', null])
  const after = await owner.want(200, 'GET', `/conversations/${conversation.id}`)
  assert.deepEqual([after.unread_count, after.window, after.last_message.id], [before.unread_count, before.window, before.last_message.id])

  const told = await agent.want(200, 'GET', '/notifications?unread=true')
  assert.deepEqual([told.unread_count, told.data[0].kind, told.data[0].message.id], [1, 'mention', note.id])
  await viewer.want(204, 'POST', `/notifications/${told.data[0].id}/read`) // not theirs: nothing happens
  assert.equal((await agent.want(200, 'GET', '/notifications')).unread_count, 1)
  await agent.want(204, 'POST', `/notifications/${told.data[0].id}/read`)
  assert.equal((await agent.want(200, 'GET', '/notifications?unread=true')).data.length, 0)
  await shop.caller.want(403, 'GET', '/notifications')

  await agent.want(403, 'PATCH', `/messages/${note.id}`, { body: 'mine now' })
  await owner.want(200, 'PATCH', `/messages/${note.id}`, { body: 'Look again' })
  const { data } = await viewer.want(200, 'GET', `/messages/${note.id}/versions`)
  assert.deepEqual(data.map((one) => one.content.body), ['Look @agent'])
  const gone = await owner.want(200, 'DELETE', `/messages/${note.id}`)
  assert.ok(gone.deleted_ms)
  assert.deepEqual((await viewer.want(200, 'GET', `/messages/${note.id}/versions`)).data, [])
  for (const [body, field] of [[{ body: '' }, 'body'], [{ body: 'x', mentions: [{ kind: 'person', id: '7' }] }, 'mentions.0.id'], [{ body: 'x', mentions: 'all' }, 'mentions']]) {
    const wrong = await owner.post(`/conversations/${conversation.id}/notes`, body)
    assert.equal(wrong.status, 422)
    assert.equal(wrong.body.errors[0].field, field)
  }
})

test('what was sent is changed by nobody, and the answer says why', async () => {
  const sent = await owner.want(202, 'POST', `/conversations/${conversation.id}/messages`, { type: 'text', text: { body: 'Until six.' } })
  for (const call of [['PATCH', { body: 'Until seven.' }], ['DELETE']]) {
    const answer = await owner.call(call[0], `/messages/${sent.id}`, { body: call[1] })
    assert.equal(answer.status, 422)
    assert.equal(answer.body.code, 'unsupported')
    assert.match(answer.body.detail, /WhatsApp Cloud API cannot/)
  }
})

test('a message for later tells that the window will be closed, goes on time, and can be taken back', async () => {
  const plan = (change) => ({ conversation_id: conversation.id, send_at_ms: Date.now() + 1200, time_zone: 'Asia/Jakarta', type: 'text', text: { body: 'later' }, ...change })
  const late = await agent.want(201, 'POST', '/scheduled-messages', plan({ send_at_ms: Date.now() + 3 * 86400e3 }))
  assert.equal(late.warning.code, 'window_closed')
  const cancelled = await agent.want(200, 'DELETE', `/scheduled-messages/${late.id}`)
  assert.equal(cancelled.state, 'cancelled')
  await agent.want(409, 'DELETE', `/scheduled-messages/${late.id}`)
  await agent.want(409, 'PUT', `/scheduled-messages/${late.id}`, plan())

  const soon = await agent.want(201, 'POST', '/scheduled-messages', plan())
  assert.equal(soon.warning, null)
  await agent.want(200, 'PUT', `/scheduled-messages/${soon.id}`, plan({ text: { body: 'later, changed' } }))
  const sent = await until('the message that was planned', async () => {
    const now = await agent.want(200, 'GET', `/scheduled-messages/${soon.id}`)
    return now.state === 'sent' && now
  })
  const message = await agent.want(200, 'GET', `/messages/${sent.last_message_id}`)
  assert.deepEqual([message.text.body, message.author.id], ['later, changed', (await whoIs(agent)).id])

  for (const [change, field] of [[{ send_at_ms: 5 }, 'send_at_ms'], [{ time_zone: 'Moon/Base' }, 'time_zone'], [{ repeat: 'hourly' }, 'repeat'], [{ text: { body: '' } }, 'text.body'],
    [{ conversation_id: undefined }, 'conversation_id'], [{ type: 'reaction', text: undefined, reaction: { message_id: message.id, emoji: '👍' } }, 'type']]) {
    const wrong = await agent.post('/scheduled-messages', plan(change))
    assert.equal(wrong.status, 422, JSON.stringify(change))
    assert.ok(wrong.body.errors?.some((error) => error.field === field), `${field}: ${JSON.stringify(wrong.body.errors)}`)
  }
  await viewer.want(403, 'POST', '/scheduled-messages', plan())
})

test('only a recording becomes a voice message', async () => {
  const wrong = await agent.post('/media/voice', 'this is no sound', { headers: { 'content-type': 'audio/webm' } })
  assert.deepEqual([wrong.status, wrong.body.code], [422, 'not_a_recording'])
  await viewer.want(403, 'POST', '/media/voice', 'x', { headers: { 'content-type': 'audio/webm' } })
})
