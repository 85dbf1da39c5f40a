// channels.test.mjs: connecting numbers: what is shown, what is kept, and the test that proves a channel.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Caller, start, startDemo, until } from './server.mjs'

const [server, shop] = await start('shop')

test('a channel shows that it has secrets, and never shows them', async () => {
  const channel = await server.channel(shop, '900')
  assert.ok(channel.has_access_token && channel.has_app_secret)
  assert.equal(channel.webhook_url, `${server.url}/webhooks/cloud/${channel.id}`)
  assert.equal(channel.health.state, 'unverified')
  assert.ok(channel.capabilities.includes('text') && channel.capabilities.includes('template'))
  assert.ok(channel.verify_token.length >= 16)
  assert.doesNotMatch(JSON.stringify(channel), /EAAtest|app-secret/)
  const agent = await server.person(shop, 'agent')
  const seen = await agent.want(200, 'GET', `/channels/${channel.id}`)
  assert.equal(seen.verify_token, null)
})

test('wrong fields are told all at once', async () => {
  const body = await shop.caller.want(422, 'POST', '/channels',
    { provider: 'pigeon', name: '', phone_number_id: '+1 555', waba_id: 'x', access_token: 'a b', colour: 'red' })
  assert.deepEqual(body.errors.map((error) => error.field).toSorted(),
    ['access_token', 'app_secret', 'colour', 'name', 'phone_number_id', 'provider', 'waba_id'])
})

test('a number is connected once', async () => {
  const first = await server.channel(shop, '901')
  const twice = await shop.caller.post('/channels', { provider: 'cloud', name: 'Twin', phone_number_id: '901', waba_id: '1',
    access_token: 'x', app_secret: 'y' })
  assert.equal(twice.status, 409)
  assert.equal(twice.body.code, 'number_connected')
  assert.equal((await shop.caller.delete(`/channels/${first.id}`)).status, 204)
  await shop.caller.want(404, 'GET', `/channels/${first.id}`)
  await server.channel(shop, '901')
})

test('a patch changes what it names', async () => {
  const channel = await server.channel(shop, '902')
  const changed = await shop.caller.want(200, 'PATCH', `/channels/${channel.id}`, { pace_per_second: 5, pair_interval_ms: 0, disabled: true })
  assert.equal(changed.pace_per_second, 5)
  assert.equal(changed.pair_interval_ms, 0)
  assert.equal(changed.health.state, 'disabled')
  assert.equal(changed.name, channel.name)
  const body = await shop.caller.want(422, 'PATCH', `/channels/${channel.id}`, { pace_per_second: 0, name: '', provider: 'cloud' })
  assert.deepEqual(body.errors.map((error) => error.field).toSorted(), ['name', 'pace_per_second', 'provider'])
})

test('production and development share no account, token or secret', async () => {
  const own = shop
  const draft = (id, more) => ({ provider: 'cloud', name: `Number ${id}`, phone_number_id: id, waba_id: id, access_token: `t${id}`, app_secret: `s${id}`, ...more })
  const add = (status, id, more) => own.caller.want(status, 'POST', '/channels', draft(id, more))
  const live = await add(201, '910')
  assert.equal(live.environment, 'production')
  const trial = await add(201, '911', { environment: 'development' })
  for (const shared of [{ waba_id: '910' }, { access_token: 't910' }, { app_secret: 's910' }]) {
    assert.equal((await add(409, '912', { environment: 'development', ...shared })).code, 'environment_crossed')
  }
  const twin = await add(201, '913', { waba_id: '911', environment: 'development' })
  await own.caller.want(200, 'PATCH', `/channels/${trial.id}`, { environment: 'production' })
  assert.equal((await own.caller.want(200, 'GET', `/channels/${twin.id}`)).environment, 'production', 'an account is of one kind')
  await own.caller.want(200, 'PATCH', `/channels/${trial.id}`, { environment: 'development' })
  assert.equal((await own.caller.call('PATCH', `/channels/${trial.id}`, { body: { access_token: 't910' } })).body.code, 'environment_crossed')
  await own.caller.want(422, 'PATCH', `/channels/${trial.id}`, { environment: 'moon' })
})

test('the test of a channel whose provider cannot be reached says so, and still proves the webhook', async () => {
  const channel = await server.channel(shop, '903')
  const result = await shop.caller.want(200, 'POST', `/channels/${channel.id}/test`, {})
  assert.equal(result.ok, false)
  assert.deepEqual(result.steps.map((step) => [step.name, step.ok]),
    [['token', false], ['number', false], ['webhook_verify', true], ['webhook_event', true]])
  assert.ok(result.steps[0].next_step)
  await until('the own event was applied', async () => {
    const events = await shop.caller.want(200, 'GET', `/events?state=applied&channel_id=${channel.id}`)
    return events.data.length > 0
  })
  const after = await shop.caller.want(200, 'GET', `/channels/${channel.id}`)
  assert.notEqual(after.health.state, 'healthy', 'an event that we made ourselves proves nothing')
})

test('in the demo a channel proves itself in all four steps', async () => {
  const demo = await startDemo()
  const caller = new Caller(demo, { key: demo.demo.api_key })
  const good = await caller.want(200, 'POST', `/channels/${demo.demo.channel_id}/test`, {})
  assert.equal(good.ok, true, JSON.stringify(good))
  const { synced } = await caller.want(200, 'POST', `/channels/${demo.demo.channel_id}/templates/sync`, {})
  const templates = await caller.want(200, 'GET', `/templates?channel_id=${demo.demo.channel_id}&limit=100`)
  assert.ok(synced > 0 && templates.data.length === Math.min(synced, 100))
  assert.ok(Array.isArray(templates.data[0].components))
  assert.equal(templates.data[0].channel_id, demo.demo.channel_id)

  await caller.want(200, 'PATCH', `/channels/${demo.demo.channel_id}`, { access_token: 'EAAwrong' })
  const bad = await caller.want(200, 'POST', `/channels/${demo.demo.channel_id}/test`, {})
  assert.equal(bad.steps[0].ok, false)
  const channel = await caller.want(200, 'GET', `/channels/${demo.demo.channel_id}`)
  assert.equal(channel.health.state, 'failing')
  assert.ok(channel.health.next_step)
})
