// outgoing_webhooks.test.mjs: what happens is told to those who asked, signed so that the official library takes it, in order,
// again until it is taken, and never to a private address; on each store.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { databaseFor } from '../lib/database.mjs'
import { Receiver } from '../lib/receiver.mjs'
import { stores } from '../lib/world.mjs'
import { Server, until } from './server.mjs'

for (const store of stores) describe(store, () => {
  const receivers = []
  let database, server, shop, other, owner, channel

  before(async () => {
    database = databaseFor(store)
    server = new Server()
    // Five days of the schedule in a quarter of an hour, its first half in seconds.
    Object.assign(server.env, database.env, { PARLEY_WEBHOOK_RETRY_UNIT_MS: '2' })
    shop = server.setup('shop')
    other = server.setup('other')
    owner = shop.caller
    await server.serve()
    channel = await server.channel(shop)
  })
  after(async () => {
    assert.equal(await server?.stop(), 0, 'the server ends cleanly')
    database?.drop()
  })

  async function receiver() {
    const made = await Receiver.open()
    receivers.push(made)
    return made
  }
  after(() => Promise.all(receivers.map((one) => one.close())))

  const make = (to, more = {}) => owner.want(201, 'POST', '/webhooks', { url: to.url, ...more })
  const away = (hook) => owner.want(204, 'DELETE', `/webhooks/${hook.id}`)
  const deliveries = async (hook, query = '') => (await owner.want(200, 'GET', `/webhooks/${hook.id}/deliveries${query}`)).data

  test('the official library verifies what a customer wrote, and nobody else hears of it', async () => {
    const to = await receiver()
    const hook = await make(to, { description: 'The shop system' })
    assert.match(hook.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    await server.receive(shop, channel, 'is it blue?', '12025550101')
    const call = await until('the event', () => to.of('message.received')[0])

    assert.deepEqual(new Webhook(hook.secret).verify(call.text, call.headers), JSON.parse(call.text))
    assert.throws(() => new Webhook(hook.secret).verify(call.text.replace('blue', 'grey'), call.headers))
    assert.match(call.headers['webhook-id'], /^evt_\d+$/)
    assert.equal(call.data.message.text.body, 'is it blue?')
    assert.equal(call.data.conversation.contact.phone, '+12025550101')
    assert.match(call.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    assert.equal(to.of('contact.created').length, 1)
    assert.equal(to.of('conversation.created').length, 1)
    const { data } = await other.caller.want(200, 'GET', '/webhooks')
    assert.deepEqual(data, [])
    await other.caller.want(404, 'GET', `/webhooks/${hook.id}`)
    const { data: listed } = await owner.want(200, 'GET', '/webhooks')
    assert.equal(listed[0].secret, undefined, 'lists show no secrets')
    await away(hook)
  })

  test('what a team does to a conversation is told in the order of its sequence', async () => {
    const to = await receiver()
    const hook = await make(to, { events: ['conversation.updated', 'conversation.assigned', 'conversation.closed'] })
    const conversation = await server.receive(shop, channel, 'hello', '12025550102')
    const me = await owner.want(200, 'GET', '/people')
    await owner.want(200, 'PATCH', `/conversations/${conversation.id}`, { assignee_id: me.data[0].id })
    await owner.want(200, 'PATCH', `/conversations/${conversation.id}`, { status: 'waiting' })
    await owner.want(200, 'PATCH', `/conversations/${conversation.id}`, { status: 'resolved' })
    await until('all three', () => to.calls.length === 3)
    assert.deepEqual(to.calls.map((call) => call.type), ['conversation.assigned', 'conversation.updated', 'conversation.closed'])
    const sequence = to.calls.map((call) => call.data.sequence)
    assert.deepEqual(sequence, [...sequence].sort((a, b) => a - b))
    assert.deepEqual(to.calls[2].data.change, { kind: 'status', detail: { before: 'waiting', after: 'resolved' } })
    await away(hook)
  })

  test('a merge, its undoing and an erasure are told of their contacts', async () => {
    const [ana, ben] = [await server.receive(shop, channel, 'I am Ana', '12025550191'), await server.receive(shop, channel, 'so am I', '12025550192')]
    const to = await receiver()
    const hook = await make(to, { events: ['contact.updated', 'contact.erased'] })
    const told = (type) => to.of(type).map((call) => call.data.contact_id).toSorted()
    const both = [ana.contact.id, ben.contact.id].toSorted()
    const merged = await owner.want(200, 'POST', `/contacts/${ana.contact.id}/merge`, { with: ben.contact.id })
    await until('the merge', () => told('contact.updated').length === 1)
    await owner.want(200, 'POST', `/contact-merges/${merged.merge_id}/undo`)
    await until('the undoing, of both', () => told('contact.updated').length === 3)
    assert.deepEqual(told('contact.updated').filter((id) => id === both[1] || id === both[0]).length, 3)
    assert.ok(both.every((id) => told('contact.updated').includes(id)))
    await owner.want(204, 'DELETE', `/contacts/${ben.contact.id}`)
    await until('the erasure', () => told('contact.erased').length === 1)
    assert.deepEqual(told('contact.erased'), [ben.contact.id])
    assert.doesNotMatch(to.of('contact.erased')[0].text, /12025550192/)
    await away(hook)
  })

  test('a failing event holds back its own conversation alone, comes again under its id, and then in order', async () => {
    const to = await receiver()
    const broken = '12025550111'
    let refusals = 3
    to.answer = (call) => (call.data.conversation.contact.phone === `+${broken}` && refusals-- > 0 ? 500 : 200)
    const hook = await make(to, { events: ['message.received'] })
    await server.receive(shop, channel, 'first of the broken', broken)
    await server.receive(shop, channel, 'second of the broken', broken)
    await server.receive(shop, channel, 'of another', '12025550112')
    await until('all of them', () => to.calls.filter((call) => call.answered === 200).length === 3)
    const ofBroken = to.calls.filter((call) => call.data.conversation.contact.phone === `+${broken}`)
    assert.deepEqual(ofBroken.map((call) => call.data.message.text.body),
      ['first of the broken', 'first of the broken', 'first of the broken', 'first of the broken', 'second of the broken'])
    assert.equal(new Set(ofBroken.slice(0, 4).map((call) => call.headers['webhook-id'])).size, 1, 'the id stays')
    for (const call of ofBroken) new Webhook(hook.secret).verify(call.text, call.headers)
    const other = to.calls.findIndex((call) => call.data.message.text.body === 'of another')
    const last = to.calls.findIndex((call) => call.data.message.text.body === 'second of the broken')
    assert.ok(other < last, 'the other conversation did not wait')

    const [, first] = (await deliveries(hook)).filter((one) => one.conversation_id === ofBroken[0].data.conversation_id)
    const whole = await owner.want(200, 'GET', `/webhooks/${hook.id}/deliveries/${first.event_id}`)
    assert.equal(whole.state, 'delivered')
    assert.deepEqual(whole.attempt_list.map((one) => one.status), [200, 500, 500, 500])
    assert.equal(whole.payload.data.message.text.body, 'first of the broken')
    await away(hook)
  })

  test('after its last attempt an event is dead, is shown with why, and can be sent again', async () => {
    const to = await receiver()
    to.answer = () => ({ status: 503, headers: { 'content-type': 'text/plain' }, body: 'closed for lunch' })
    const hook = await make(to, { events: ['message.received'] })
    const { body } = await owner.post(`/webhooks/${hook.id}/test`, {})
    await until('the test event', () => to.of('webhook.test').length >= 2)
    const shown = await until('the attempts', async () => {
      const one = await owner.want(200, 'GET', `/webhooks/${hook.id}/deliveries/${body.event_id}`)
      return one.attempt_list.length >= 2 && one
    })
    assert.equal(shown.state, 'waiting')
    assert.equal(shown.attempt_list[0].response, 'closed for lunch')
    assert.equal(shown.attempt_list[0].error, 'It answered 503.')
    assert.ok(shown.next_attempt_ms > shown.occurred_ms)
    assert.ok((await owner.want(200, 'GET', `/webhooks/${hook.id}`)).failing_since_ms > 0)

    to.answer = () => 200
    await owner.want(202, 'POST', `/webhooks/${hook.id}/deliveries/${body.event_id}/resend`)
    await until('it is delivered', async () =>
      (await owner.want(200, 'GET', `/webhooks/${hook.id}/deliveries/${body.event_id}`)).state === 'delivered')
    assert.equal((await owner.want(200, 'GET', `/webhooks/${hook.id}`)).failing_since_ms, null)
    await away(hook)
  })

  test('Retry-After is honoured', async () => {
    const to = await receiver()
    to.answer = () => (to.calls.length === 0 ? { status: 429, headers: { 'retry-after': '2' } } : 204)
    const hook = await make(to)
    await owner.want(202, 'POST', `/webhooks/${hook.id}/test`)
    await until('the second attempt', () => to.calls.length === 2)
    assert.ok(to.calls[1].at - to.calls[0].at >= 1900, `${to.calls[1].at - to.calls[0].at} ms`)
    await away(hook)
  })

  test('a redirect is a failure, and 410 disables with a notice to the owner', async () => {
    const to = await receiver()
    const hook = await make(to)
    to.answer = () => (to.calls.length === 0 ? { status: 302, headers: { location: `${to.url}/elsewhere` } } : 410)
    await owner.want(202, 'POST', `/webhooks/${hook.id}/test`)
    const disabled = await until('it is disabled', async () => {
      const one = await owner.want(200, 'GET', `/webhooks/${hook.id}`)
      return one.disabled && one
    })
    assert.equal(disabled.disabled_reason, 'it answered 410 Gone.')
    assert.deepEqual([...new Set(to.calls.map((call) => call.path))], ['/hook'])
    const { notices } = await owner.want(200, 'GET', '/health')
    assert.ok(notices.some((one) => one.kind === 'webhook_disabled' && one.severity === 'critical' && one.sentence.includes('410')))
    assert.ok((await owner.want(200, 'GET', '/audit')).data.some((row) => row.action === 'webhook.give_up'))
    await owner.want(409, 'POST', `/webhooks/${hook.id}/test`)

    to.answer = () => 200
    const again = await owner.want(200, 'PATCH', `/webhooks/${hook.id}`, { disabled: false })
    assert.equal(again.disabled_reason, null)
    await until('what waited goes', () => to.calls.at(-1).answered === 200)
    await away(hook)
  })

  test('a rotated secret signs beside the old one until the grace is over', async () => {
    const to = await receiver()
    const hook = await make(to)
    const rotated = await owner.want(200, 'POST', `/webhooks/${hook.id}/rotate`, { grace_seconds: 3600 })
    assert.notEqual(rotated.secret, hook.secret)
    assert.ok(rotated.old_secret_until_ms > Date.now())
    await owner.want(202, 'POST', `/webhooks/${hook.id}/test`)
    const both = await until('the test event', () => to.calls[0])
    assert.equal(both.headers['webhook-signature'].split(' ').length, 2)
    for (const { secret } of [hook, rotated]) new Webhook(secret).verify(both.text, both.headers)

    const last = await owner.want(200, 'POST', `/webhooks/${hook.id}/rotate`, { grace_seconds: 0 })
    assert.equal(last.old_secret_until_ms, null)
    await owner.want(202, 'POST', `/webhooks/${hook.id}/test`)
    const one = await until('another', () => to.calls[1])
    new Webhook(last.secret).verify(one.text, one.headers)
    assert.throws(() => new Webhook(rotated.secret).verify(one.text, one.headers))
    await away(hook)
  })

  test('what happened since a time is replayed, also to one who came later', async () => {
    const to = await receiver()
    const early = await make(to, { events: ['message.received'] })
    const since = Date.now()
    await server.receive(shop, channel, 'for later', '12025550120')
    await until('it is told', () => to.calls.length === 1)
    const late = await receiver()
    const hook = await make(late, { events: ['message.received'] })
    const { queued } = await owner.want(202, 'POST', `/webhooks/${hook.id}/replay`, { since_ms: since })
    assert.equal(queued, 1)
    await until('it is told again', () => late.calls.length === 1)
    assert.equal(late.calls[0].headers['webhook-id'], to.calls[0].headers['webhook-id'])
    await owner.want(202, 'POST', `/webhooks/${early.id}/replay`, { since_ms: since })
    await until('the first hears it twice', () => to.calls.length === 2)
    assert.equal(to.calls[1].headers['webhook-id'], to.calls[0].headers['webhook-id'])
    assert.deepEqual(await owner.want(202, 'POST', `/webhooks/${hook.id}/replay`, { since_ms: Date.now() }), { queued: 0 })
    await away(early)
    await away(hook)
  })

  test('only the channels and events that were asked for are told', async () => {
    const to = await receiver()
    const second = await server.channel(shop, '106540352242923')
    const hook = await make(to, { events: ['message.received'], channel_ids: [second.id] })
    await server.receive(shop, channel, 'on the first', '12025550130')
    await server.receive(shop, second, 'on the second', '12025550130')
    await until('the event', () => to.calls.length > 0)
    assert.deepEqual(to.calls.map((call) => call.data.message.text.body), ['on the second'])
    await away(hook)
  })

  test('wrong webhooks are refused field by field', async () => {
    const wrong = async (body) => (await owner.want(422, 'POST', '/webhooks', body)).errors.map((one) => one.field).sort()
    assert.deepEqual(await wrong({}), ['url'])
    assert.deepEqual(await wrong({ url: 'ftp://example.com/' }), ['url'])
    assert.deepEqual(await wrong({ url: 'https://me:secret@example.com/' }), ['url'])
    assert.deepEqual(await wrong({ url: 'https://example.com/#part' }), ['url'])
    assert.deepEqual(await wrong({ url: 'https://example.com/', events: ['message.dropped'] }), ['events.0'])
    assert.deepEqual(await wrong({ url: 'https://example.com/', events: [] }), ['events'])
    assert.deepEqual(await wrong({ url: 'https://example.com/', channel_ids: ['1'] }), ['channel_ids.0'])
  })

  test('private addresses and odd ports are not called unless the server is set so', async () => {
    const strict = new Server()
    const base = databaseFor(store)
    Object.assign(strict.env, base.env)
    strict.env.PARLEY_ALLOW_PRIVATE_CALLS = 'false'
    const mine = strict.setup('strict')
    await strict.serve()
    for (const url of ['http://example.com/', 'https://example.com:8080/']) await mine.caller.want(422, 'POST', '/webhooks', { url })
    for (const url of ['https://localhost/', 'https://127.0.0.1/', 'https://[::ffff:127.0.0.1]/', 'https://169.254.169.254/latest']) {
      const hook = await mine.caller.want(201, 'POST', '/webhooks', { url })
      const { event_id: event } = await mine.caller.want(202, 'POST', `/webhooks/${hook.id}/test`)
      const tried = await until('an attempt', async () => {
        const one = await mine.caller.want(200, 'GET', `/webhooks/${hook.id}/deliveries/${event}`)
        return one.attempts > 0 && one
      })
      assert.equal(tried.error, 'The address is private; Parley calls only public ones.', url)
      await mine.caller.want(204, 'DELETE', `/webhooks/${hook.id}`)
    }
    await strict.stop()
    base.drop()
  })

  test('an agent has no business with webhooks', async () => {
    const agent = await server.person(shop, 'agent')
    await agent.want(403, 'GET', '/webhooks')
    await agent.want(403, 'POST', '/webhooks', { url: 'https://example.com/' })
  })
})
