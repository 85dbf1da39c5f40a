// messages.test.mjs: what a caller of the send API can rely on: idempotency, field errors, policy.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { start } from './server.mjs'

const [server, shop] = await start('shop')
const channel = await server.channel(shop)
const conversation = await server.receive(shop, channel, 'are you open?')
const where = `/conversations/${conversation.id}/messages`

test('the same key and body answer the first message again', async () => {
  const headers = { 'idempotency-key': randomUUID() }
  const body = { type: 'text', text: { body: 'Until six.' } }
  const answers = await Promise.all(Array.from({ length: 8 }, () => shop.caller.post(where, body, { headers })))
  assert.deepEqual(answers.map((answer) => answer.status), Array(8).fill(202))
  assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1)
  const thread = await shop.caller.want(200, 'GET', where)
  assert.equal(thread.data.filter((message) => message.text?.body === 'Until six.').length, 1)
})

test('the same key with another body is a conflict', async () => {
  const headers = { 'idempotency-key': randomUUID() }
  await shop.caller.want(202, 'POST', where, { type: 'text', text: { body: 'one' } }, { headers })
  await shop.caller.want(409, 'POST', where, { type: 'text', text: { body: 'two' } }, { headers })
  await shop.caller.want(422, 'POST', where, { type: 'text', text: { body: 'x' } }, { headers: { 'idempotency-key': 'k'.repeat(256) } })
})

test('an accepted message is there to be asked for', async () => {
  const sent = await shop.caller.want(202, 'POST', where, { type: 'text', text: { body: 'See you!' } })
  assert.equal(sent.direction, 'out')
  assert.equal(sent.conversation_id, conversation.id)
  const read = await shop.caller.want(200, 'GET', `/messages/${sent.id}`)
  assert.equal(read.text.body, 'See you!')
  assert.equal(read.author.kind, 'api_key')
  const trace = await shop.caller.want(200, 'GET', `/messages/${sent.id}/trace`)
  assert.equal(trace.message_id, sent.id)
  assert.ok(trace.steps.some((step) => step.what === 'accepted'))
})

test('wrong content names its fields', async () => {
  const wrong = [
    [{ type: 'text' }, 'text'],
    [{ type: 'text', text: { body: '' } }, 'text.body'],
    [{ type: 'text', text: { body: 'x'.repeat(4097) } }, 'text.body'],
    [{ type: 'telegram', telegram: {} }, 'type'],
    [{ text: { body: 'x' }, location: { latitude: 1, longitude: 1 } }, 'type'],
    [{ type: 'text', text: { body: 'x' }, nonsense: 1 }, 'nonsense'],
    [{ type: 'location', location: { latitude: 91, longitude: 0 } }, 'location.latitude'],
  ]
  for (const [body, field] of wrong) {
    const answer = await shop.caller.post(where, body)
    assert.equal(answer.status, 422, JSON.stringify(body))
    const fields = answer.body.errors?.map((error) => error.field) ?? []
    assert.ok(fields.some((name) => name === field || name.startsWith(`${field}.`)), `${JSON.stringify(body)}: ${fields}`)
  }
})

test('free text to somebody who did not write is refused before it is queued', async () => {
  const answer = await shop.caller.post('/messages', { to: '+12025550199', type: 'text', text: { body: 'Hi' } })
  assert.equal(answer.status, 422)
  assert.equal(answer.body.code, 'window_closed')
  assert.match(answer.body.next_step, /template/)
})

test('analysts see conversations and no message', async () => {
  const analyst = await server.person(shop, 'analyst')
  const list = await analyst.want(200, 'GET', '/conversations')
  assert.ok(list.data.length > 0)
  for (const item of list.data) assert.equal(item.last_message, null)
  await analyst.want(403, 'GET', where)
})
