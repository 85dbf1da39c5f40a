// tenants.test.mjs: two workspaces on one server never see each other.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations, start } from './server.mjs'

const [server, mine, theirs] = await start('mine', 'theirs')

/** Everything of one workspace that has an id. */
async function fill(workspace, number) {
  const channel = await server.channel(workspace, number)
  const conversation = await server.receive(workspace, channel, `hello ${workspace.name}`)
  const person = await server.person(workspace, 'agent')
  const key = await workspace.caller.want(201, 'POST', '/api-keys', { name: 'k', scopes: ['message.read'] })
  const event = (await workspace.caller.want(200, 'GET', '/events')).data[0]
  const media = await workspace.caller.call('POST', '/media?file_name=a.txt',
    { body: 'words', headers: { 'content-type': 'text/plain' } })
  assert.equal(media.status, 201, JSON.stringify(media.body))
  const role = await workspace.caller.want(201, 'POST', '/roles', { name: 'Desk', permissions: ['message.read'] })
  const invitation = await workspace.caller.want(201, 'POST', '/invitations', { email: `new@${workspace.name}.example`, role: 'agent' })
  const { data: [session] } = await person.want(200, 'GET', '/sessions')
  const make = (where, body) => workspace.owner.want(201, 'POST', where, body)
  const canned = await make('/canned-responses', { shortcut: 'hi', title: 'Hello', body: 'Hello', scope: 'workspace' })
  const macro = await make('/macros', { name: 'Note', actions: [{ type: 'note', body: 'seen' }], scope: 'workspace' })
  const plan = await make('/scheduled-messages',
    { conversation_id: conversation.id, send_at_ms: Date.now() + 3_600_000, time_zone: 'UTC', type: 'text', text: { body: 'later' } })
  const team = await make('/teams', { name: 'North' })
  const label = await make('/labels', { name: 'VIP', colour: '#1f7a8c' })
  return { 'canned-responses': canned.id, macros: macro.id, 'scheduled-messages': plan.id, teams: team.id, labels: label.id, roles: role.id, invitations: invitation.id, sessions: session.id, channels: channel.id, conversations: conversation.id, messages: conversation.last_message.id,
    contacts: conversation.contact.id, people: person.id, 'api-keys': key.id, events: event.id, media: media.body.id }
}

const myThings = await fill(mine, '111')
const theirThings = await fill(theirs, '222')

/** A body that would be accepted if the thing were one's own. */
const bodies = {
  'PATCH /people/{id}': { name: 'Taken' },
  'PATCH /channels/{id}': { name: 'Taken' },
  'PATCH /contacts/{id}': { name: 'Taken' },
  'PATCH /conversations/{id}': { status: 'resolved' },
  'POST /conversations/{id}/split': { from_message_id: '1', to: '+12025550199' },
  'POST /conversations/{id}/merge': { conversation_id: '1' },
  'POST /conversations/{id}/unmerge': { merge_id: '1' },
  'POST /macros/{id}/run': { conversation_id: myThings.conversations },
  'PATCH /messages/{id}': { body: 'Taken' },
  'POST /messages/{id}/votes': { options: ['Taken'] },
  'POST /messages/{id}/forward': { conversation_id: myThings.conversations },
  'PUT /conversations/{id}/timer': { seconds: 86400 },
  'POST /conversations/{id}/notes': { body: 'Taken' },
  'PATCH /canned-responses/{id}': { text: 'Taken' },
  'POST /conversations/{id}/scheduled-messages': { type: 'text', text: { body: 'Taken' }, due_ms: Date.now() + 3_600_000 },
  'POST /conversations/{id}/messages': { type: 'text', text: { body: 'from the wrong side' } },
}

test('their ids are 404 in every operation', async () => {
  // Those of the server's own administrators are of all workspaces, and refused to everybody else before any id is looked at.
  const list = (await operations(server)).filter(({ path }) => path.includes('{id}') && !path.startsWith('/admin/'))
  assert.ok(list.length > 15)
  for (const { method, path } of list) {
    const kind = path.split('/')[1]
    const options = method === 'GET' || method === 'DELETE' ? {} : { body: bodies[`${method} ${path}`] ?? {} }
    const caller = mine.owner
    const where = path.replace('{id}', theirThings[kind]).replace('{session_id}', theirThings.sessions)
    const answer = await caller.call(method, where, options)
    assert.equal(answer.status, 404, `${method} ${path}: ${JSON.stringify(answer.body)}`)
  }
})

test('their things are in no list of mine', async () => {
  const owner = await server.signIn(mine.email, mine.password)
  const lists = ['/people', '/api-keys', '/channels', '/contacts', '/conversations?status=all', '/events', '/audit', '/templates', '/labels', '/saved-filters', '/conversations/counts',
    '/search?query=hello', '/roles', '/invitations', '/sessions']
  const ids = [theirs.workspace_id, ...Object.values(theirThings)]
  for (const where of lists) {
    const text = JSON.stringify(await owner.want(200, 'GET', where))
    for (const id of ids) assert.ok(!text.includes(`"${id}"`), `${where} shows ${id}`)
    assert.ok(!text.includes('hello theirs'), where)
  }
  assert.ok(JSON.stringify(await owner.want(200, 'GET', '/search?query=hello')).includes('hello mine'))
})

test('their ids are no good inside of my requests', async () => {
  const [assigned, sent, quoted] = await Promise.all([
    mine.caller.patch(`/conversations/${myThings.conversations}`, { assignee_id: theirThings.people }),
    mine.caller.post('/messages', { to: '+12025550142', channel_id: theirThings.channels, type: 'text', text: { body: 'x' } }),
    mine.caller.post(`/conversations/${myThings.conversations}/messages`,
      { type: 'image', image: { id: theirThings.media } }),
  ])
  assert.ok([404, 422].includes(assigned.status), `assignee: ${assigned.status}`)
  assert.ok([404, 422].includes(sent.status), `channel: ${sent.status}`)
  assert.ok([404, 422].includes(quoted.status), `media: ${quoted.status}`)
  const filtered = await mine.caller.get(`/conversations?status=all&channel_id=${theirThings.channels}`)
  assert.ok(filtered.status === 404 || filtered.body.data.length === 0)
})

test('their cursor is not mine', async () => {
  await theirs.caller.want(201, 'POST', '/api-keys', { name: 'more', scopes: ['message.read'] })
  const { next_cursor: cursor } = await theirs.caller.want(200, 'GET', '/api-keys?limit=1')
  await mine.caller.want(400, 'GET', `/api-keys?cursor=${cursor}`)
})

test('a person signs in to their own workspace only', async () => {
  const owner = await server.signIn(theirs.email, theirs.password)
  assert.equal(owner.session.workspace.id, theirs.workspace_id)
  assert.notEqual(owner.session.live.key, mine.pusher.key)
})
