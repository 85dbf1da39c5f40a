// number.test.mjs: a number and its account at Meta: management calls as Meta's own collection has them, what is told and warned, secrets that
// change, and uploads that are cut.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { Caller, startDemo, until } from './server.mjs'

const server = await startDemo()
const demo = server.demo
const owner = new Caller(server, { key: demo.api_key })
const channel = `/channels/${demo.channel_id}`
const day = 86_400_000

async function control(method, where, body) {
  const answer = await fetch(`${demo.sandbox_url}/control${where}`, { method, headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body) })
  assert.ok(answer.ok, `${method} ${where}: ${answer.status}`)
  return answer.json()
}
const tell = (told, more = {}) => control('POST', '/numbers', { phone_number_id: demo.phone_number_id, told, ...more })
const refresh = () => owner.want(200, 'POST', `${channel}/refresh`, {})
const manage = (call, parameters, status = 200) => owner.want(status, 'POST', `${channel}/management/${call}`, parameters)
const lastSeen = async () => (await control('GET', '/requests')).data.at(-1)

// ---- every call of the collection ----

const collection = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../data/cloud-management.json'), 'utf8')).calls
const flowId = '700000000000001'

/** Which of our calls it is; null: one that Parley makes in another way, which another test shows. */
function ours(call) {
  const { method, path: where } = call
  const [plain, query = ''] = where.split('?')
  const fields = new URLSearchParams(query).get('fields')
  const rest = plain.replace('/{version}', '')
  const body = call.request?.form ?? call.request ?? {}
  const by = (name, parameters = {}) => ({ name, parameters: fields ? { ...parameters, fields } : parameters })
  const { messaging_product, ...given } = body
  const table = {
    'POST /{waba-id}/subscribed_apps': () => by('subscription.add', given),
    'GET /{waba-id}/subscribed_apps': () => by('subscription.list'),
    'DELETE /{waba-id}/subscribed_apps': () => by('subscription.remove'),
    'GET /{waba-id}/phone_numbers': () => by('account.numbers'),
    'POST /{phone-number-id}/register': () => by('number.register', given),
    'POST /{phone-number-id}/deregister': () => by('number.deregister'),
    'GET /{waba-id}': () => by('account.get'),
    'GET /{business-id}/owned_whatsapp_business_accounts': () => by('account.owned', { business_id: '506914307656634' }),
    'GET /{business-id}/client_whatsapp_business_accounts': () => by('account.shared', { business_id: '506914307656634' }),
    'GET /{business-id}/extendedcredits': () => by('business.credit_lines', { business_id: '506914307656634' }),
    'GET /{business-id}': () => by('business.get', { business_id: demo.waba_id ?? '102290129340398' }),
    'GET /{phone-number-id}': () => by('number.get'),
    'POST /{phone-number-id}/request_code': () => by('number.request_code', given),
    'POST /{phone-number-id}/verify_code': () => by('number.verify_code', given),
    'POST /{phone-number-id}': () => by('number.set_pin', given),
    'GET /{waba-id}/message_templates': () => by('template.list', query.includes('name=') ? { name: 'hello_world' } : {}),
    'POST /{waba-id}/flows': () => by('flow.create', { ...given, categories: JSON.parse(given.categories) }),
    'POST /{waba-id}/migrate_flows': () => by('flow.migrate', { ...given, source_flow_names: JSON.parse(given.source_flow_names) }),
    'GET /{flow-id}': () => by('flow.get', { flow_id: flowId }),
    'GET /{waba-id}/flows': () => by('flow.list'),
    'POST /{flow-id}/assets': () => by('flow.set_json', { flow_id: flowId, ...given }),
    'GET /{flow-id}/assets': () => by('flow.assets', { flow_id: flowId }),
    'POST /{flow-id}/publish': () => by('flow.publish', { flow_id: flowId }),
    'POST /{flow-id}/deprecate': () => by('flow.deprecate', { flow_id: flowId }),
    'POST /{flow-id}': () => by('flow.change', { flow_id: flowId, ...given, categories: JSON.parse(given.categories) }),
    'DELETE /{flow-id}': () => by('flow.delete', { flow_id: flowId }),
    'GET /{phone-number-id}/whatsapp_business_profile': () => by('profile.get'),
    'GET /{phone-number-id}/whatsapp_commerce_settings': () => by('commerce.get'),
    'POST /{phone-number-id}/whatsapp_commerce_settings': () => by('commerce.set', { is_cart_enabled: true, is_catalog_visible: true }),
    'GET /{phone-number-id}/message_qrdls/{qr-code-id}': () => by('qr.get', { code: 'ANED2T5QRU7HG1' }),
    'GET /{phone-number-id}/message_qrdls': () => by('qr.list', query.includes('code={') ? { code: 'ANED2T5QRU7HG1' } : {}),
    'POST /{phone-number-id}/message_qrdls': () => by(given.code ? 'qr.edit' : 'qr.create', given),
    'DELETE /{phone-number-id}/message_qrdls/{qr-code-id}': () => by('qr.delete', { code: 'ANED2T5QRU7HG1' }),
    'POST /{phone-number-id}/whatsapp_business_encryption': () => by('encryption.set', given),
    'GET /{phone-number-id}/whatsapp_business_encryption': () => by('encryption.get'),
    'GET /{phone-number-id}/block_users': () => by('blocked.list'),
    'GET /{media-id}': () => by('media.get', { media_id: '4490709327384033' }),
    'DELETE /{media-id}/': () => by('media.delete', { media_id: '4490709327384033' }),
    'GET /{template-id}': () => by('template.get', { template_id: '564750795574598' }),
  }
  return table[`${method} ${rest}`]?.() ?? null
}

function wanted(call, parameters) {
  return call.path.replace(/^\/*\{version\}\//, '').replaceAll('{waba-id}', '102290129340398')
    .replaceAll('{phone-number-id}', demo.phone_number_id).replaceAll('{business-id}', parameters.business_id)
    .replaceAll('{flow-id}', flowId).replaceAll('{qr-code-id}', 'ANED2T5QRU7HG1').replaceAll('{media-id}', '4490709327384033')
    .replaceAll('{template-id}', '564750795574598').replaceAll('{template-name}', 'hello_world')
}
const even = (form) => Object.fromEntries(Object.entries(form).map(([name, value]) => [name, value.startsWith('[') ? JSON.parse(value) : value]))
const parts = (text) => Object.fromEntries([...text.matchAll(/name="([^"]+)"[^]*?\r\n\r\n([^]*?)\r\n--/g)].map((found) => [found[1], found[2]]))

test('every management call of Meta\'s collection leaves as Meta has it', async () => {
  const made = new Set()
  const elsewhere = []
  const { webhook_url: hook, verify_token: token } = await owner.want(200, 'GET', channel)
  // Meta would call the address of the example: ours stands in for it.
  for (const call of collection) if (call.request?.override_callback_uri) Object.assign(call.request, { override_callback_uri: hook, verify_token: token })
  for (const call of collection) {
    const own = ours(call)
    if (!own) {
      elsewhere.push(call.name)
      continue
    }
    await owner.call('POST', `${channel}/management/${own.name}`, { body: own.parameters }) // the sandbox may refuse: what was sent counts
    const seen = (await control('GET', '/requests')).data.findLast((one) => !/fields=id,(display_phone|name,currency)/.test(decodeURIComponent(one.target))
      && !one.target.includes('debug_token'))
    const sent = seen.target.replace(/^\/v[\d.]+\//, '')
    assert.equal(seen.method, call.method, call.name)
    assert.deepEqual([...new URLSearchParams(decodeURIComponent(sent.split('?')[1] ?? ''))].toSorted(),
      [...new URLSearchParams(wanted(call, own.parameters).split('?')[1] ?? '')].toSorted(), call.name)
    assert.equal(decodeURIComponent(sent.split('?')[0]), wanted(call, own.parameters).split('?')[0], call.name)
    if (call.request?.form && Object.keys(call.request.form).length > 0) assert.deepEqual(even(parts(seen.body)), even(call.request.form), call.name)
    else if (call.request && !call.request.form) assert.deepEqual(JSON.parse(seen.body), call.request, call.name)
    made.add(call.name)
  }
  // Templates, media, profile and block list are Parley's own; the rest of this file and its neighbours show them.
  assert.ok(made.size + new Set(elsewhere).size >= 70, `${made.size} made, elsewhere: ${elsewhere.join(', ')}`)
  assert.deepEqual(elsewhere.filter((name) => !/template|Upload|Business Profile|lock user/i.test(name)), [])
  await control('POST', '/numbers', { phone_number_id: demo.phone_number_id, unregistered: false, broken: false })
  await owner.want(200, 'POST', `${channel}/subscribe`, {})
})

test('templates of the collection are submitted as Meta has them', async () => {
  await owner.want(200, 'PATCH', '/template-settings', { name_prefix: '' })
  const creations = collection.filter((call) => call.method === 'POST' && call.path.endsWith('/message_templates'))
  let same = 0
  for (const call of creations) {
    const draft = await owner.call('POST', '/templates', { body: { channel_id: demo.channel_id, ...call.request, submit: true } })
    if (draft.status !== 201) {
      assert.equal(draft.status, 422, call.name) // names with blanks and handles that are none are refused here already
      continue
    }
    const seen = await until(call.name, async () => (await control('GET', '/requests')).data.findLast((one) => one.method === 'POST' && one.target.endsWith('/message_templates')))
    assert.deepEqual(JSON.parse(seen.body), call.request, call.name)
    same += 1
  }
  assert.ok(same >= 4, `${same} of ${creations.length}`)
})

// ---- the life of a number ----

test('a number is verified, registered, and gets a PIN', async () => {
  await control('POST', '/numbers', { phone_number_id: demo.phone_number_id, unverified: true, unregistered: true })
  assert.equal((await refresh()).health.state, 'failing')
  assert.equal((await owner.call('POST', `${channel}/management/number.register`, { body: { pin: '12' } })).status, 422)
  await manage('number.request_code', { code_method: 'SMS', language: 'en' })
  const wrong = await owner.call('POST', `${channel}/management/number.verify_code`, { body: { code: '000000' } })
  assert.equal(wrong.body.code, '136025')
  assert.match(wrong.body.next_step, /code/)
  await manage('number.verify_code', { code: '123456' })
  const pin = (await control('GET', '/numbers')).data[0].pin || '654321'
  await manage('number.register', { pin })
  const seen = await owner.want(200, 'GET', channel)
  assert.equal(seen.number.status, 'CONNECTED')
  assert.equal(seen.number.is_pin_enabled, true)
  await manage('number.set_pin', { pin: '222333' })
  assert.equal((await control('GET', '/numbers')).data[0].pin, '222333')
  const audit = JSON.stringify(await owner.want(200, 'GET', '/audit'))
  assert.match(audit, /number\.register/)
  assert.doesNotMatch(audit, /222333/)
})

test('QR codes, commerce settings and conversational automation are kept by the network', async () => {
  const { answer: qr } = await manage('qr.create', { prefilled_message: 'Show me the offers', generate_qr_image: 'PNG' })
  assert.match(qr.deep_link_url, /wa\.me/)
  await manage('qr.edit', { code: qr.code, prefilled_message: 'Show me more' })
  assert.ok((await manage('qr.list', { fields: 'code,prefilled_message,qr_image_url.format(SVG)' })).answer.data.some((one) => one.prefilled_message === 'Show me more' && one.qr_image_url))
  await manage('qr.delete', { code: qr.code })
  assert.ok(!(await manage('qr.list', {})).answer.data.some((one) => one.code === qr.code))
  await manage('commerce.set', { is_cart_enabled: false, is_catalog_visible: true })
  assert.equal((await manage('commerce.get', {})).answer.data[0].is_cart_enabled, false)
  await manage('automation.set', { prompts: ['Book a table', 'Opening hours'], commands: [{ command_name: 'menu', command_description: 'Shows the menu' }] })
  assert.equal((await manage('automation.get', {})).answer.prompts.length, 2)
  assert.equal((await owner.call('POST', `${channel}/management/automation.set`, { body: { prompts: ['a', 'b', 'c', 'd', 'e'] } })).body.errors[0].field, 'prompts')
  await manage('no.such', {}, 404)
})

// ---- what is told ----

test('what Meta tells of the number is kept, shown and follows webhooks', async () => {
  await tell({ quality_rating: 'YELLOW', whatsapp_business_manager_messaging_limit: 'TIER_2K' })
  const first = await refresh()
  assert.equal(first.number.messaging_limit, 'TIER_2K')
  assert.equal(first.number.throughput, 'STANDARD')
  assert.equal(first.number.account.review_status, 'APPROVED')
  assert.ok(first.warnings.some((one) => one.code === 'quality_yellow' && one.next_step))
  await tell({ quality_rating: 'GREEN', whatsapp_business_manager_messaging_limit: 'TIER_10K', throughput: { level: 'HIGH' } })
  await control('POST', '/webhooks', { body: { object: 'whatsapp_business_account', entry: [{ id: '102290129340398', time: Math.floor(Date.now() / 1000), changes: [
    { field: 'business_capability_update', value: { max_daily_conversations_per_business: 10000, max_phone_numbers_per_business: 20 } }] }] } })
  await until('the limit of the webhook', async () => (await owner.want(200, 'GET', channel)).number.messaging_limit === 'TIER_10K')
  await until('what the refresh after it found', async () => (await owner.want(200, 'GET', channel)).number.throughput === 'HIGH')
})

test('what blocks the number is told with its next step', async () => {
  await tell({ health_status: { can_send_message: 'BLOCKED', entities: [
    { entity_type: 'WABA', id: '102290129340398', can_send_message: 'BLOCKED', errors: [
      { error_code: 141006, error_description: 'The payment method of the account is missing.', possible_solution: 'Add a payment method in WhatsApp Manager.' }] }] } })
  const seen = await refresh()
  assert.equal(seen.health.state, 'failing')
  assert.equal(seen.health.reason, 'The payment method of the account is missing.')
  assert.equal(seen.health.next_step, 'Add a payment method in WhatsApp Manager.')
  assert.equal(seen.number.entities[0].errors[0].code, '141006')
  await tell({ health_status: { can_send_message: 'AVAILABLE', entities: [] } })
  assert.notEqual((await refresh()).health.state, 'failing')
})

test('a token that expires is told 14, 7 and 1 days before, once each', async () => {
  const notices = async () => (await owner.want(200, 'GET', '/health')).notices.filter((one) => one.kind === 'token_expiry').length
  const before = await notices()
  await tell({ expires_at: 0 })
  assert.ok(!(await refresh()).warnings.some((one) => one.code === 'token_expires'))
  const end = Math.floor((Date.now() + 13 * day) / 1000)
  for (const [expires, count] of [[end, 1], [end, 1], [Math.floor((Date.now() + 6 * day) / 1000), 2], [Math.floor((Date.now() + day / 2) / 1000), 3]]) {
    await tell({ expires_at: expires })
    const seen = await refresh()
    assert.equal(seen.number.token.expires_ms, expires * 1000)
    assert.ok(seen.warnings.some((one) => one.code === 'token_expires'))
    assert.equal(await notices() - before, count)
  }
  const tested = await owner.want(200, 'POST', `${channel}/test`, {})
  assert.match(tested.steps[0].detail, /expires in 0 days/)
  assert.match(tested.steps[1].detail, /\+15550783881, named .+, with the quality GREEN/)
  await tell({ expires_at: 0 })
})

test('our webhook address is subscribed and found there', async () => {
  const done = await owner.want(200, 'POST', `${channel}/subscribe`, {})
  assert.equal(done.url, (await owner.want(200, 'GET', channel)).webhook_url)
  await control('POST', '/faults', { kind: 'management_error', type: 'subscribed_apps', code: 200 })
  const refused = await owner.call('POST', `${channel}/subscribe`, { body: {} })
  assert.equal(refused.body.code, '200')
  assert.match(refused.body.next_step, /permissions/)
})

// ---- secrets ----

test('two app secrets are valid while one is changed, until the old one is removed', async () => {
  const post = async (secret) => {
    const body = JSON.stringify({ object: 'whatsapp_business_account', entry: [] })
    const signature = createHmac('sha256', secret).update(body).digest('hex')
    return (await fetch(`${demo.url}/webhooks/cloud/${demo.channel_id}`, { method: 'POST', body,
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` } })).status
  }
  const changed = await owner.want(200, 'PATCH', channel, { app_secret: 'another-app-secret' })
  assert.ok(Math.abs(changed.old_app_secret_until_ms - Date.now() - 7 * day) < day / 24)
  assert.equal(await post('another-app-secret'), 200)
  assert.equal(await post(demo.app_secret), 200)
  assert.equal(await post('a-third-secret'), 401)
  assert.equal((await owner.want(200, 'PATCH', channel, { remove_old_app_secret: true })).old_app_secret_until_ms, null)
  assert.equal(await post(demo.app_secret), 401)
  await owner.want(200, 'PATCH', channel, { app_secret: demo.app_secret, app_secret_overlap_days: 0 })
  assert.equal(await post('another-app-secret'), 401)
  assert.equal(await post(demo.app_secret), 200)
  assert.doesNotMatch(JSON.stringify(await owner.want(200, 'GET', channel)), /another-app-secret/)
})
