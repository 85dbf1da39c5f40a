// life.test.mjs: labels, kept filters, bulk changes, counts, events, snooze, merge and split over HTTP.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start, until } from './server.mjs'

const [server, shop] = await start('shop')
const channel = await server.channel(shop)
const agent = await server.person(shop, 'agent')
const boss = await server.person(shop, 'supervisor')
const ana = await server.receive(shop, channel, 'hello from Ana', '12025550101')
const budi = await server.receive(shop, channel, 'hello from Budi', '12025550102')
const kinds = async (id) => (await boss.want(200, 'GET', `/conversations/${id}/events`)).data.map((one) => one.kind)
const list = async (query, who = boss) => (await who.want(200, 'GET', `/conversations?${query}`)).data.map((one) => one.id)

test('labels are made by who may, put on, listed by, and gone when deleted', async () => {
  await agent.want(403, 'POST', '/labels', { name: 'VIP', colour: '#aa0011' })
  await boss.want(422, 'POST', '/labels', { name: '', colour: 'red' })
  const vip = await boss.want(201, 'POST', '/labels', { name: 'VIP', colour: '#aa0011' })
  await boss.want(422, 'POST', '/labels', { name: 'VIP', colour: '#aa0012' })
  const labelled = await agent.want(200, 'POST', `/conversations/${ana.id}/labels`, { add: [vip.id] })
  assert.deepEqual(labelled.labels, [{ id: vip.id, name: 'VIP', colour: '#aa0011' }])
  assert.deepEqual(await list(`label_id=${vip.id}`), [ana.id])
  await boss.want(200, 'PATCH', `/labels/${vip.id}`, { name: 'Very important' })
  assert.equal((await agent.want(200, 'GET', `/conversations/${ana.id}`)).labels[0].name, 'Very important')
  await boss.want(204, 'DELETE', `/labels/${vip.id}`)
  assert.deepEqual((await agent.want(200, 'GET', `/conversations/${ana.id}`)).labels, [])
  assert.deepEqual(await kinds(ana.id), ['labelled'])
})

test('each change is an event with names, and an audit row', async () => {
  await boss.want(200, 'PATCH', `/conversations/${ana.id}`, { assignee_id: agent.id, priority: 'high', reason: 'knows her' })
  const { data } = await boss.want(200, 'GET', `/conversations/${ana.id}/events`)
  const assigned = data.find((one) => one.kind === 'assigned')
  assert.equal(assigned.actor.id, boss.id)
  assert.equal(assigned.actor.name, boss.draft.name)
  assert.equal(assigned.from, null)
  assert.equal(assigned.to, agent.draft.name)
  assert.equal(data.find((one) => one.kind === 'priority').to, 'high')
  const audit = await boss.want(200, 'GET', '/audit?limit=5')
  assert.ok(audit.data.some((row) => row.action === 'conversation.update' && row.target.id === ana.id && row.reason === 'knows her'))
  const after = data.at(-1).id
  assert.deepEqual((await boss.want(200, 'GET', `/conversations/${ana.id}/events?after=${after}`)).data, [])
})

test('a snoozed conversation is out of the list, wakes at its time, and at once when the customer writes', async () => {
  await boss.want(422, 'PATCH', `/conversations/${budi.id}`, { status: 'snoozed', snoozed_until_ms: 1 })
  await boss.want(200, 'PATCH', `/conversations/${budi.id}`, { status: 'snoozed', snoozed_until_ms: Date.now() + 1500 })
  assert.deepEqual(await list('status=open'), [ana.id])
  await until('it wakes', async () => (await boss.want(200, 'GET', `/conversations/${budi.id}`)).status === 'open')
  await boss.want(200, 'PATCH', `/conversations/${budi.id}`, { status: 'snoozed', snoozed_until_ms: Date.now() + 3600_000 })
  await server.receive(shop, channel, 'are you asleep?', '12025550102')
  const { data } = await boss.want(200, 'GET', `/conversations/${budi.id}/events`)
  const opened = data.findLast((one) => one.kind === 'status')
  assert.deepEqual([opened.actor.kind, opened.from, opened.to], ['contact', 'snoozed', 'open'])
  const row = (await boss.want(200, 'GET', '/audit?limit=1')).data[0]
  assert.deepEqual([row.action, row.target.id, row.actor.kind, row.reason], ['conversation.update', budi.id, 'contact', 'the customer wrote'])
})

test('the archived are out of all lists, and found by name', async () => {
  await boss.want(200, 'PATCH', `/conversations/${budi.id}`, { status: 'archived' })
  assert.deepEqual(await list('status=all'), [ana.id])
  assert.deepEqual(await list('status=archived'), [budi.id])
  assert.deepEqual(await list('status=all&query=12025550102'), [budi.id])
  await boss.want(200, 'PATCH', `/conversations/${budi.id}`, { status: 'open' })
})

test('counts are those of the lists, for each asker', async () => {
  const counts = await agent.want(200, 'GET', '/conversations/counts')
  assert.equal(counts.all.total, (await list('status=open', agent)).length)
  assert.equal(counts.mine.total, (await list('status=open&view=mine', agent)).length)
  assert.equal(counts.unassigned.total, (await list('status=open&view=unassigned', agent)).length)
  assert.equal(counts.all.unread, (await list('status=open&unread=true', agent)).length)
  assert.equal(counts.cells.reduce((sum, cell) => sum + cell.total, 0), (await list('status=all', agent)).length)
})

test('a bulk change is one request, with an audit row each, and its undo puts all back', async () => {
  const before = await Promise.all([ana, budi].map(({ id }) => boss.want(200, 'GET', `/conversations/${id}`)))
  const label = await boss.want(201, 'POST', '/labels', { name: 'Bulk', colour: '#00aa11' })
  await boss.want(422, 'POST', '/conversations/bulk', { ids: [ana.id] })
  await boss.want(422, 'POST', '/conversations/bulk', { status: 'open' })
  const done = await boss.want(200, 'POST', '/conversations/bulk', {
    ids: [ana.id, budi.id, '1'], status: 'resolved', assignee_id: boss.id, priority: 'low', add_labels: [label.id], read: true,
  })
  assert.deepEqual([done.matched, done.changed, done.missing], [2, 2, ['1']])
  for (const { id } of [ana, budi]) {
    const now = await boss.want(200, 'GET', `/conversations/${id}`)
    assert.deepEqual([now.status, now.assignee.id, now.priority, now.labels.length, now.unread_count], ['resolved', boss.id, 'low', 1, 0])
  }
  const audit = (await boss.want(200, 'GET', '/audit?limit=10')).data.filter((row) => row.action === 'conversation.update')
  assert.ok([ana.id, budi.id].every((id) => audit.some((row) => row.target.id === id)))
  for (const change of done.undo) await boss.want(200, 'POST', '/conversations/bulk', change)
  const after = await Promise.all([ana, budi].map(({ id }) => boss.want(200, 'GET', `/conversations/${id}`)))
  assert.deepEqual(after.map((one) => [one.status, one.assignee, one.priority, one.labels]), before.map((one) => [one.status, one.assignee, one.priority, one.labels]))
  const byFilter = await boss.want(200, 'POST', '/conversations/bulk', { filter: { status: 'open', view: 'unassigned' }, priority: 'urgent' })
  assert.equal(byFilter.changed, (await list('status=open&priority=urgent&view=unassigned')).length)
})

test('a filter is kept for oneself, or shared by who may', async () => {
  const filter = { status: 'open', view: 'unassigned', sort: 'waiting' }
  const own = await agent.want(201, 'POST', '/saved-filters', { name: 'Nobody yet', filter })
  assert.deepEqual(own.filter, filter)
  await agent.want(422, 'POST', '/saved-filters', { name: 'x', filter: { stauts: 'open' } })
  await agent.want(422, 'POST', '/saved-filters', { name: 'x', filter: { status: 'gone' } })
  await agent.want(403, 'POST', '/saved-filters', { name: 'For all', shared: 'workspace', filter })
  const shared = await boss.want(201, 'POST', '/saved-filters', { name: 'For all', shared: 'workspace', filter })
  assert.deepEqual((await agent.want(200, 'GET', '/saved-filters')).data.map((one) => [one.name, one.may_change]), [['For all', false], ['Nobody yet', true]])
  assert.deepEqual((await boss.want(200, 'GET', '/saved-filters')).data.map((one) => one.name), ['For all'])
  await boss.want(404, 'DELETE', `/saved-filters/${own.id}`)
  await agent.want(403, 'PATCH', `/saved-filters/${shared.id}`, { name: 'Mine now' })
  await agent.want(200, 'PATCH', `/saved-filters/${own.id}`, { name: 'Renamed' })
  await agent.want(204, 'DELETE', `/saved-filters/${own.id}`)
})

test('messages of somebody else are split off; two who are one are merged, and parted again', async () => {
  await server.receive(shop, channel, 'this is my sister', '12025550101')
  const { last_message: last } = await boss.want(200, 'GET', `/conversations/${ana.id}`)
  const split = await boss.want(200, 'POST', `/conversations/${ana.id}/split`, { from_message_id: last.id, to: '+12025550177' })
  assert.equal(split.contact.phone, '+12025550177')
  assert.equal(split.last_message.id, last.id)
  assert.equal((await boss.want(200, 'GET', `/messages/${last.id}`)).conversation_id, split.id)
  assert.ok((await kinds(ana.id)).includes('split'))
  const merged = await boss.want(200, 'POST', `/conversations/${ana.id}/merge`, { conversation_id: split.id })
  assert.equal(merged.last_message.id, last.id)
  const event = (await boss.want(200, 'GET', `/conversations/${ana.id}/events`)).data.at(-1)
  assert.equal(event.kind, 'merged')
  await boss.want(200, 'POST', `/conversations/${ana.id}/unmerge`, { merge_id: event.detail.merge_id })
  assert.equal((await boss.want(200, 'GET', `/messages/${last.id}`)).conversation_id, split.id)
})
