// templates.test.mjs: a template from draft to figures, against the sandbox network, on each store.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { after, describe, test } from 'node:test'
import { startDemo, until } from '../lib/parley.mjs'
import { Receiver } from '../lib/receiver.mjs'
import { stores } from '../lib/world.mjs'

const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')

const body = (text, ...samples) => ({ type: 'BODY', text, ...(samples.length ? { example: { body_text: [samples] } } : {}) })
const plain = [body('Your order is ready.')]
const fieldsOf = (problem) => problem.errors.map((error) => error.field).toSorted()

/** A database of its own, where the store is PostgreSQL. */
function databaseFor(store) {
  if (store !== 'postgres') return { env: {}, drop: () => {} }
  const name = `templates_${randomUUID().replaceAll('-', '')}`
  execFileSync('psql', [process.env.PARLEY_TEST_POSTGRES, '-qc', `CREATE DATABASE ${name}`])
  const url = new URL(process.env.PARLEY_TEST_POSTGRES)
  url.pathname = `/${name}`
  return { env: { PARLEY_DATABASE_URL: url.href },
    drop: () => spawnSync('psql', [process.env.PARLEY_TEST_POSTGRES, '-qc', `DROP DATABASE ${name} WITH (FORCE)`]) }
}

for (const store of stores) describe(store, () => {
  const database = databaseFor(store)
  let demo
  const call = async (method, where, sent) => {
    const answer = await fetch(`${demo.url}/api/v1${where}`, { method,
      headers: { Authorization: `Bearer ${demo.api_key}`, ...(sent ? { 'Content-Type': 'application/json' } : {}) },
      body: sent ? JSON.stringify(sent) : undefined })
    const text = await answer.text()
    return { status: answer.status, body: text ? JSON.parse(text) : null }
  }
  const want = async (status, method, where, sent) => {
    const answer = await call(method, where, sent)
    assert.equal(answer.status, status, `${method} ${where}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const draft = (name, components, more = {}) =>
    ({ channel_id: demo.channel_id, name, language: 'en_US', category: 'UTILITY', components, ...more })
  const decide = (remoteId, decision) => demo.control('POST', `/templates/${remoteId}`, decision)
  const reaches = (id, look, what) => until(async () => {
    const now = await want(200, 'GET', `/templates/${id}`)
    return look(now) && now
  }, what)
  const upload = async () => (await (await fetch(`${demo.url}/api/v1/media?file_name=shop.png`, { method: 'POST', body: png,
    headers: { Authorization: `Bearer ${demo.api_key}`, 'Content-Type': 'image/png' } })).json()).id
  const approved = async (name, components, more) => {
    const made = await want(201, 'POST', '/templates', draft(name, components, { submit: true, ...more }))
    await decide(made.remote_id, { event: 'APPROVED' })
    return reaches(made.id, (one) => one.status === 'APPROVED', `${name} approved`)
  }
  const send = (phone, name, components) => call('POST', '/messages', { to: phone, channel_id: demo.channel_id, type: 'template',
    template: { name, language: { code: 'en_US' }, ...(components ? { components } : {}) } })

  test('the server starts', async () => {
    demo = await startDemo({ env: { ...database.env, PARLEY_ALLOW_PRIVATE_CALLS: 'true' } })
    await demo.control('POST', '/settings', { template_review_ms: -1 })
  })
  after(async () => {
    await demo?.remove()
    database.drop()
  })

  test('a draft is submitted, reviewed and approved, and its history tells so', async () => {
    const made = await want(201, 'POST', '/templates', draft('order_picked', [body('Hello {{1}}, order {{2}} is packed.', 'Ana', 'A-17')]))
    assert.deepEqual([made.status, made.kind, made.version, made.remote_id], ['DRAFT', 'provider', 1, ''])
    const sent = await want(200, 'POST', `/templates/${made.id}/submit`)
    assert.equal(sent.status, 'PENDING')
    assert.equal((await want(409, 'POST', `/templates/${made.id}/submit`)).code, 'not_a_draft')
    await decide(sent.remote_id, { event: 'APPROVED', quality: 'GREEN' })
    await reaches(made.id, (one) => one.status === 'APPROVED' && one.quality === 'GREEN', 'the approval')
    const { data } = await want(200, 'GET', `/templates/${made.id}/history`)
    assert.deepEqual(data.filter((change) => change.kind !== 'quality').map((change) => [change.kind, change.new, change.source]).toReversed(), [
      ['created', 'DRAFT', 'person'], ['submitted', 'order_picked', 'person'], ['status', 'PENDING', 'person'], ['status', 'APPROVED', 'webhook']])
  })

  test('a rejection is shown with its reason, and an edit begins a new review', async () => {
    const made = await want(201, 'POST', '/templates', draft('cart_left', plain, { submit: true }))
    await decide(made.remote_id, { event: 'REJECTED', reason: 'INVALID_FORMAT', sentence: 'It reads like spam.' })
    const rejected = await reaches(made.id, (one) => one.status === 'REJECTED', 'the rejection')
    assert.equal(rejected.reason, 'It reads like spam.')
    await want(200, 'POST', `/channels/${demo.channel_id}/templates/sync`)
    assert.equal((await want(200, 'GET', `/templates/${made.id}`)).reason, 'It reads like spam.', 'a list does not know more')
    const refused = await send('12025550188', 'cart_left')
    assert.deepEqual([refused.status, refused.body.code], [422, 'template_not_approved'])
    const edited = await want(200, 'PATCH', `/templates/${made.id}`, { components: [body('You left something in your basket.')] })
    assert.deepEqual([edited.status, edited.reason, edited.revision], ['PENDING', '', 2])
    assert.equal((await want(409, 'PATCH', `/templates/${made.id}`, { components: plain })).code, 'not_editable')
  })

  test('what only polling finds is found by polling, and both ways agree', async () => {
    const to = await Receiver.open()
    const hook = await want(201, 'POST', '/webhooks', { url: to.url, events: ['template.status_changed'] })
    const told = () => to.calls.filter((one) => one.data.change.name === 'quiet_one').map((one) => one.data.change.status)
    const made = await want(201, 'POST', '/templates', draft('quiet_one', plain, { submit: true }))
    await decide(made.remote_id, { event: 'APPROVED', silent: true })
    await want(200, 'POST', `/channels/${demo.channel_id}/templates/sync`)
    const found = await want(200, 'GET', `/templates/${made.id}`)
    assert.equal(found.status, 'APPROVED')
    await until(() => told().includes('APPROVED'), 'the webhook of what the list told')
    await want(204, 'DELETE', `/webhooks/${hook.id}`)
    await to.close()
    await decide(made.remote_id, { event: 'APPROVED' })
    await decide(made.remote_id, { event: 'PAUSED', reason: 'LOW_QUALITY' })
    await reaches(made.id, (one) => one.status === 'PAUSED', 'the pause')
    await want(200, 'POST', `/channels/${demo.channel_id}/templates/sync`)
    const { data } = await want(200, 'GET', `/templates/${made.id}/history`)
    assert.deepEqual(data.filter((change) => change.kind === 'status').map((change) => change.new), ['PAUSED', 'APPROVED', 'PENDING'],
      'what is told twice is one change')
  })

  test('everything wrong with a definition is told at once, each at its place', async () => {
    const wrong = await want(422, 'POST', '/templates', draft('Order Ready!', [
      { type: 'HEADER', format: 'IMAGE' },
      body('{{1}} is ready'),
      { type: 'FOOTER', text: 'x'.repeat(61) },
      { type: 'BUTTONS', buttons: [{ type: 'URL', text: 'Track', url: 'https://example.com/{{1}}/x' }, { type: 'QUICK_REPLY', text: '' }] },
    ], { language: 'xx', category: 'ANY' }))
    assert.deepEqual(fieldsOf(wrong), ['category', 'components[0].example', 'components[1].example[0]', 'components[1].text',
      'components[2].text', 'components[3].buttons[0].example', 'components[3].buttons[0].url', 'components[3].buttons[1].text',
      'language', 'name'])
    assert.equal((await want(409, 'POST', '/templates', draft('hello_world', plain))).code, 'template_exists')
  })

  test('the naming convention holds for new ones', async () => {
    assert.deepEqual(await want(200, 'PATCH', '/template-settings', { name_prefix: 'shop_' }), { name_prefix: 'shop_' })
    assert.deepEqual(fieldsOf(await want(422, 'POST', '/templates', draft('other', plain))), ['name'])
    await want(201, 'POST', '/templates', draft('shop_other', plain))
    assert.deepEqual(fieldsOf(await want(422, 'PATCH', '/template-settings', { name_prefix: 'Shop ' })), ['name_prefix'])
    await want(200, 'PATCH', '/template-settings', { name_prefix: '' })
  })

  test('a new version leaves the old one usable', async () => {
    const first = await approved('spring_news', [body('Spring is here.')])
    const second = await want(201, 'POST', `/templates/${first.id}/versions`)
    assert.deepEqual([second.name, second.family, second.version, second.status], ['spring_news_v2', 'spring_news', 2, 'DRAFT'])
    await want(200, 'PATCH', `/templates/${second.id}`, { components: [body('Spring is here, and so is the sale.')] })
    await want(200, 'POST', `/templates/${second.id}/submit`)
    assert.equal((await want(200, 'GET', `/templates/${first.id}`)).status, 'APPROVED')
    assert.equal((await send('12025550189', 'spring_news')).status, 202)
    const { data } = await want(200, 'GET', `/templates/${first.id}/versions`)
    assert.deepEqual(data.map((one) => one.version).toSorted(), [1, 2])
    assert.equal((await want(201, 'POST', `/templates/${second.id}/versions`)).name, 'spring_news_v3')
  })

  test('lists are filtered, and what is usable is approved', async () => {
    const names = async (query) => (await want(200, 'GET', `/templates?limit=100&${query}`)).data.map((one) => one.name)
    assert.deepEqual(await names('query=order_picked'), ['order_picked'])
    assert.deepEqual(await names('query=COLLECTED'), ['order_ready'])
    assert.deepEqual(await names('language=id'), ['appointment_reminder'])
    assert.ok((await names('category=MARKETING')).every((name) => ['summer_sale', 'spring_sale'].includes(name)))
    const usable = (await want(200, 'GET', `/templates?limit=100&usable=true&channel_id=${demo.channel_id}`)).data
    assert.ok(usable.length > 5 && usable.every((one) => one.status === 'APPROVED' && one.kind === 'provider'))
    assert.deepEqual(fieldsOf(await want(422, 'GET', '/templates?usable=true')), ['channel_id'])
  })

  test('a send names what is missing before it is queued', async () => {
    const image = await upload()
    await approved('garden_sale', [
      { type: 'HEADER', format: 'IMAGE', example: { media_id: image } },
      body('Dear {{1}}, {{2}} off until Sunday.', 'Ana', '20%'),
      { type: 'BUTTONS', buttons: [{ type: 'URL', text: 'Look', url: 'https://example.com/s/{{1}}', example: ['https://example.com/s/a'] },
        { type: 'COPY_CODE', example: 'SAVE20' }] },
    ], { category: 'MARKETING' })
    const text = (value) => ({ type: 'text', text: value })
    const bare = await send('12025550190', 'garden_sale')
    assert.equal(bare.status, 422)
    assert.deepEqual(fieldsOf(bare.body), ['template.components[0].parameters[0]', 'template.components[1].parameters[0]',
      'template.components[1].parameters[1]', 'template.components[2].parameters[0]', 'template.components[3].parameters[0]'])
    const parts = [
      { type: 'header', parameters: [{ type: 'image', image: { id: '1' } }] },
      { type: 'body', parameters: [text('Ana')] },
      { type: 'button', sub_type: 'url', index: '0', parameters: [text('ana')] },
      { type: 'button', sub_type: 'copy_code', index: '1', parameters: [{ type: 'coupon_code', coupon_code: 'SAVE20' }] },
    ]
    assert.deepEqual(fieldsOf((await send('12025550190', 'garden_sale', parts)).body), ['template.components[1].parameters[1]'])
    parts[1].parameters.push(text('20%'))
    assert.deepEqual(fieldsOf((await send('12025550190', 'garden_sale', parts)).body), ['template.components[0].parameters[0].image.id'])
    parts[0].parameters[0].image.id = image
    const good = await send('12025550190', 'garden_sale', parts)
    assert.equal(good.status, 202, JSON.stringify(good.body))
    const { messages } = await until(async () => {
      const thread = await demo.control('GET', '/customers/12025550190/thread')
      return thread.messages.length && thread
    }, 'the message on the phone')
    const carried = messages.at(-1).body.template.components[0].parameters[0].image.id
    assert.notEqual(carried, image, 'the file went up, and its id at the network came along')
    const file = await fetch(`${demo.sandbox_url}/control/media/${carried}`)
    assert.deepEqual(Buffer.from(await file.arrayBuffer()), png)
    assert.deepEqual(fieldsOf((await send('12025550190', 'no_such_template')).body), ['template.name'])
  })

  test('usage is counted as it happens, once each', async () => {
    const one = await approved('any_question', [body('Do you have a question?'),
      { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Yes' }] }])
    const phone = '12025550191'
    const { body: message } = await send(phone, 'any_question')
    const totals = async () => (await want(200, 'GET', `/templates/${one.id}/usage`)).totals
    await until(async () => (await totals()).delivered === 1, 'the delivery counted')
    await demo.control('POST', `/customers/${phone}/read`)
    await until(async () => (await totals()).read === 1, 'the reading counted')
    const remote = (await want(200, 'GET', `/messages/${message.id}`)).remote_id
    await demo.control('POST', `/customers/${phone}/messages`, { type: 'button', button: { text: 'Yes', payload: 'Yes' }, context: { id: remote } })
    await demo.customerSays(phone, 'And another thing')
    await until(async () => (await totals()).clicked === 1, 'the click counted')
    const usage = await want(200, 'GET', `/templates/${one.id}/usage?days=7`)
    assert.deepEqual(usage.totals, { sent: 1, delivered: 1, read: 1, failed: 0, replied: 1, replied_week: 1, clicked: 1 })
    assert.equal(usage.days.length, 1)
    assert.match(usage.days[0].day, /^\d{4}-\d\d-\d\d$/)
  })

  test('a deleted one is gone here and there, and its name can be used again', async () => {
    const made = await want(201, 'POST', '/templates', draft('short_lived', plain, { submit: true }))
    await want(204, 'DELETE', `/templates/${made.id}`)
    await want(404, 'GET', `/templates/${made.id}`)
    assert.ok(!(await demo.control('GET', '/templates')).data.some((one) => one.name === 'short_lived'))
    const again = await want(201, 'POST', '/templates', draft('short_lived', [body('Back again.')]))
    assert.equal(again.status, 'DRAFT')
  })

  test('one made elsewhere comes with its webhook, and one deleted elsewhere goes with the next list', async () => {
    const account = (await demo.control('GET', '/numbers')).data[0].account_id
    const graph = `${demo.sandbox_url}/v24.0/${account}/message_templates`
    const headers = { Authorization: `Bearer ${demo.graph_token}`, 'Content-Type': 'application/json' }
    const name = `elsewhere_${randomUUID().slice(0, 8)}`
    const { id } = await (await fetch(graph, { method: 'POST', headers,
      body: JSON.stringify({ name, language: 'en_US', category: 'UTILITY', components: plain }) })).json()
    await decide(id, { event: 'APPROVED' })
    const find = async () => (await want(200, 'GET', `/templates?query=${name}`)).data[0]
    await until(find, 'the template of elsewhere')
    await fetch(`${graph}?name=${name}`, { method: 'DELETE', headers })
    await want(200, 'POST', `/channels/${demo.channel_id}/templates/sync`)
    assert.equal(await find(), undefined)
  })
})
