// webhook_tools.test.mjs: what an administrator sees of a channel's webhook: what came, samples sent by hand, the story of one.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { start, until } from './server.mjs'

const [server, shop] = await start('tools')
const SECRET = 'secret-of-trials'
const channel = await shop.caller.want(201, 'POST', '/channels', { provider: 'cloud', name: 'Trial', environment: 'development',
  phone_number_id: '700', waba_id: '7000', access_token: 'token-of-trials', app_secret: SECRET })
const state = () => shop.caller.want(200, 'GET', `/channels/${channel.id}/webhook`)
const trace = (event) => shop.caller.want(200, 'GET', `/events/${event}/trace`)

const post = (body, secret = SECRET) => fetch(channel.webhook_url, { method: 'POST', body, headers: {
  'content-type': 'application/json', 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` } })

const settled = (event) => until('the event is settled', async () => {
  const story = await trace(event)
  return story.steps.some((step) => ['applied', 'kept', 'failed'].includes(step.what)) && story
})

test('every sample of the tests is there, with the field that it is of', async () => {
  const { data } = await shop.caller.want(200, 'GET', '/webhook-samples')
  const files = readdirSync(path.resolve(import.meta.dirname, '../data/cloud-webhooks')).map((name) => name.replace('.json', ''))
  assert.deepEqual(data.map((one) => one.name), files.sort())
  assert.equal(data.find((one) => one.name === 'account_alerts-01').field, 'account_alerts')
})

test('a sample goes the whole way, and its story is told', async () => {
  const sent = await shop.caller.want(200, 'POST', `/channels/${channel.id}/webhook/samples`, { name: 'message-text-01' })
  assert.equal(sent.status, 200)
  const body = JSON.parse(sent.sent)
  assert.equal(body.entry[0].changes[0].value.metadata.phone_number_id, '700')
  assert.ok(Math.abs(Number(body.entry[0].changes[0].value.messages[0].timestamp) - Date.now() / 1000) < 120)
  const story = await settled(sent.event_id)
  assert.deepEqual(story.steps.map((step) => step.what), ['received', 'applied'])
  assert.deepEqual([story.meaning[0].kind, story.meaning[0].type], ['message', 'text'])
  assert.equal(story.messages.length, 1)
  const message = await shop.caller.want(200, 'GET', `/messages/${story.messages[0].id}`)
  assert.equal(message.conversation_id, story.messages[0].conversation_id)
})

test('the same sample is another message each time', async () => {
  const ids = new Set()
  for (let i = 0; i < 3; i++) {
    const sent = await shop.caller.want(200, 'POST', `/channels/${channel.id}/webhook/samples`, { name: 'message-text-01' })
    ids.add((await settled(sent.event_id)).messages[0].id)
  }
  assert.equal(ids.size, 3)
})

test('every sample is taken, and each is applied or kept', { timeout: 120_000 }, async () => {
  const { data } = await shop.caller.want(200, 'GET', '/webhook-samples')
  for (const one of data) {
    const sent = await shop.caller.want(200, 'POST', `/channels/${channel.id}/webhook/samples`, { name: one.name })
    assert.equal(sent.status, 200, one.name)
    assert.ok(sent.event_id, one.name)
  }
  await until('all of them are settled', async () => (await state()).events.pending === 0, 60_000)
  assert.equal((await state()).events.failed, 0)
})

test('a body of your own goes as it is', async () => {
  const sent = await shop.caller.want(200, 'POST', `/channels/${channel.id}/webhook/samples`,
    { body: { object: 'whatsapp_business_account', entry: [] } })
  assert.equal(sent.sent, '{"object":"whatsapp_business_account","entry":[]}')
  assert.equal((await settled(sent.event_id)).meaning.length, 0)
})

test('a channel that serves customers wants a word more', async () => {
  const live = await server.channel(shop, '701')
  const where = `/channels/${live.id}/webhook/samples`
  const refused = await shop.caller.post(where, { name: 'message-text-01' })
  assert.equal(refused.status, 409)
  assert.equal(refused.body.code, 'needs_confirmation')
  assert.equal((await shop.caller.want(200, 'GET', `/channels/${live.id}/webhook`)).taken, 0)
  assert.equal((await shop.caller.want(200, 'POST', where, { name: 'message-text-01', confirm: true })).status, 200)
})

test('what is wrong is told', async () => {
  const where = `/channels/${channel.id}/webhook/samples`
  assert.equal((await shop.caller.post(where, { name: 'no-such' })).body.code, 'no_sample')
  assert.equal((await shop.caller.post(where, { body: [1] })).status, 422)
  await shop.caller.want(404, 'GET', '/channels/1/webhook')
  await shop.caller.want(404, 'GET', '/events/1/trace')
})

test('what came is counted by the minute, and what was refused, too', async () => {
  const before = await state()
  assert.equal((await post('{"object":"x"}', 'another-secret')).status, 401)
  assert.equal((await post(JSON.stringify({ object: 'whatsapp_business_account', entry: [], n: 1 }))).status, 200)
  const after = await state()
  assert.equal(after.refused, before.refused + 1)
  assert.ok(after.refused_ms > 0)
  assert.equal(after.taken, before.taken + 1)
  assert.equal(after.minutes.length, 60)
  assert.equal(after.minutes.reduce((sum, n) => sum + n, 0), after.taken)
  assert.equal(after.url, channel.webhook_url)
  assert.ok(after.takes_samples)
})

test('an event that cannot be read says why, and can be put back', async () => {
  assert.equal((await post('this is no JSON')).status, 200)
  const { data } = await until('it failed', async () => {
    const page = await shop.caller.want(200, 'GET', `/events?state=failed&channel_id=${channel.id}`)
    return page.data.length > 0 && page
  })
  const story = await trace(data[0].id)
  assert.ok(story.unreadable)
  assert.ok(story.steps.find((step) => step.what === 'failed').detail)
  await shop.caller.want(202, 'POST', `/events/${data[0].id}/replay`, {})
})

test('who may not manage channels sees none of it', async () => {
  const agent = await server.person(shop, 'agent')
  for (const [method, where] of [['GET', `/channels/${channel.id}/webhook`], ['GET', '/webhook-samples'],
    ['POST', `/channels/${channel.id}/webhook/samples`]]) await agent.want(403, method, where, method === 'POST' ? {} : undefined)
})
