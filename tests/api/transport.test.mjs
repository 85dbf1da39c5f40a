// transport.test.mjs: the other providers over the API: the echo, HTTP transports, MSG91.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start, until } from './server.mjs'

const [server, shop] = await start('transport')
const text = (body) => ({ type: 'text', text: { body } })
const fields = (problem) => problem.errors.map((error) => error.field).toSorted()

/** The message when it has come so far. */
const becomes = (id, status) => until(`message ${id} is ${status}`, async () => {
  const message = await shop.caller.want(200, 'GET', `/messages/${id}`)
  return message.status === status && message
})

test('an echo is for development only, and takes no field that it does not know', async () => {
  assert.deepEqual(fields(await shop.caller.want(422, 'POST', '/channels', { provider: 'echo', name: 'Echo' })), ['environment'])
  const draft = { provider: 'echo', name: 'Echo', environment: 'development' }
  assert.deepEqual(fields(await shop.caller.want(422, 'POST', '/channels', { ...draft, config: { colour: 1, reply: 'yes' } })),
    ['config.colour', 'config.reply'])
  const echo = await shop.caller.want(201, 'POST', '/channels', draft)
  assert.deepEqual(echo.config, {})
  assert.equal(echo.phone_number_id, null)
  assert.deepEqual(fields(await shop.caller.want(422, 'PATCH', `/channels/${echo.id}`, { environment: 'production' })), ['environment'])
})

test('what the echo takes is read by itself, and answered if it is set so', async () => {
  const echo = await shop.caller.want(201, 'POST', '/channels',
    { provider: 'echo', name: 'Answering echo', environment: 'development', phone_number: '+12025550177', config: { reply: true } })
  assert.equal(echo.phone_number, '+12025550177')
  const sent = await shop.caller.want(202, 'POST', '/messages', { channel_id: echo.id, to: '+12025550178', ...text('Is anybody there?') })
  await becomes(sent.id, 'read')
  const thread = await until('the echo of it', async () => {
    const { data } = await shop.caller.want(200, 'GET', `/conversations/${sent.conversation_id}/messages`)
    return data.length === 2 && data
  })
  assert.deepEqual(thread.map((message) => [message.direction, message.text.body]).toSorted(),
    [['in', 'Is anybody there?'], ['out', 'Is anybody there?']])
  await shop.caller.want(200, 'PATCH', `/channels/${echo.id}`, { config: {} })
  assert.deepEqual((await shop.caller.want(200, 'GET', `/channels/${echo.id}`)).config, {})
})
