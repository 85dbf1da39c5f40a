// limits.test.mjs: what the network allows and what it costs: people a day, marketing that is held back, 120 % of a rate, a token changed under
// load, prices by the operator's table.
import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { Caller, startDemo, until } from './server.mjs'

const prices = path.join(mkdtempSync(path.join(tmpdir(), 'parley-prices-')), 'prices.csv')
writeFileSync(prices, `market,2025-07-01,NORTH_AMERICA,,US CA,,
market,2025-07-01,OTHER,,*,,
rule,2025-07-01,*,service,free,,
price,2025-07-01,NORTH_AMERICA,marketing,0.025,USD,
price,2025-07-01,NORTH_AMERICA,utility,0.004,USD,
`)
const server = await startDemo({ PARLEY_PRICES_FILE: prices })
const demo = server.demo
const owner = new Caller(server, { key: demo.api_key })
const channel = `/channels/${demo.channel_id}`

async function control(method, where, body) {
  const answer = await fetch(`${demo.sandbox_url}/control${where}`, { method, headers: { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body) })
  assert.ok(answer.ok, `${method} ${where}: ${answer.status}`)
  return answer.json()
}
const send = (to, body) => owner.call('POST', '/messages', { body: { channel_id: demo.channel_id, to: `+${to}`, ...body } })
const template = (name, components) => ({ type: 'template', template: { name, language: { code: 'en_US' }, ...(components && { components }) } })
const hello = template('hello_world')
const sale = template('summer_sale', [{ type: 'header', parameters: [{ type: 'image', image: { link: 'https://example.com/sale.jpg' } }] },
  { type: 'body', parameters: [{ type: 'text', text: 'Ana' }] }])
const message = (id) => owner.want(200, 'GET', `/messages/${id}`)
const settled = (id, ...statuses) => until(`${statuses} of ${id}`, async () => {
  const one = await message(id)
  return statuses.includes(one.status) && one
}, 30_000)
await owner.want(200, 'POST', `${channel}/templates/sync`, {})
await owner.want(200, 'POST', `${channel}/refresh`, {})
const templates = (await owner.want(200, 'GET', `/templates?channel_id=${demo.channel_id}&limit=100`)).data

test('limits have the date of their default, and say who set them', async () => {
  await owner.want(200, 'PATCH', channel, { pace_per_second: 50 })
  const { limits } = await owner.want(200, 'GET', `${channel}/limits`)
  for (const one of limits) assert.match(one.as_of, /^\d{4}-\d\d-\d\d$/, one.name)
  const by = Object.fromEntries(limits.map((one) => [one.name, one]))
  assert.equal(by.pace_per_second.value, 50)
  assert.equal(by.pace_per_second.default, 80)
  assert.equal(by.pace_per_second.set_by, 'channel')
  assert.equal(by.throughput_allowed.set_by, 'network')
  await owner.want(200, 'PATCH', channel, { pace_per_second: 80 })
})

test('people written to outside of the window count once a day', async () => {
  const used = async () => (await owner.want(200, 'GET', `${channel}/limits`)).tier
  const before = await used()
  assert.equal(before.people, 2000)
  assert.equal(before.next, 'TIER_10K')
  for (const to of ['12025550201', '12025550202', '12025550201']) await settled((await send(to, hello)).body.id, 'delivered', 'read')
  await control('POST', '/customers', { phone: '12025550203' })
  await control('POST', '/customers/12025550203/messages', { type: 'text', text: { body: 'hi' } })
  await until('the window', async () => (await owner.want(200, 'GET', '/conversations')).data.some((one) => one.last_message?.text?.body === 'hi'))
  await settled((await send('12025550203', hello)).body.id, 'delivered', 'read')
  assert.equal((await used()).used - before.used, 2)
})

test('marketing that WhatsApp withheld is not hammered', async () => {
  await control('POST', '/settings', { marketing_cap: 1 })
  const to = '12025550210'
  const known = await send(to, sale)
  assert.equal(known.status, 202, JSON.stringify(known.body))
  await settled(known.body.id, 'delivered', 'read')
  const second = await settled((await send(to, sale)).body.id, 'failed')
  assert.equal(second.error.code, '131049')
  const third = await send(to, sale)
  assert.equal(third.status, 429)
  assert.equal(third.body.code, 'marketing_held')
  assert.ok(Number(third.headers.get('retry-after')) > 23 * 3600)
  assert.equal((await owner.call('POST', `/messages/${second.id}/retry`, { body: {} })).body.code, 'marketing_held')
  assert.equal((await send(to, hello)).status, 202, 'a utility template may go')
  assert.equal((await send('12025550211', sale)).status, 202, 'others may get it')
  await control('POST', '/settings', { marketing_cap: 0 })
})

test('a message is estimated, and its cost is what the network said', async () => {
  const id = templates.find((one) => one.name === 'summer_sale').id
  const estimate = await owner.want(200, 'GET', `/price-estimate?template_id=${id}&to=%2B12025550220`)
  assert.equal(estimate.category, 'marketing')
  assert.equal(estimate.country, 'US')
  assert.deepEqual(estimate.price, { amount: '0.025', currency: 'USD' })
  assert.equal((await owner.want(200, 'GET', '/price-estimate?to=%2B12025550220')).free, true)
  const unknown = await owner.want(200, 'GET', `/price-estimate?template_id=${id}&to=%2B6281234567890`)
  assert.equal(unknown.price, null)
  assert.equal(unknown.free, false)
  const sent = await settled((await send('12025550220', sale)).body.id, 'delivered', 'read')
  const { cost } = await owner.want(200, 'GET', `/messages/${sent.id}/trace`)
  assert.deepEqual(cost, { country: 'US', category: 'marketing', kind: 'regular', charged: true, price: { amount: '0.025', currency: 'USD' } })
  const report = await owner.want(200, 'GET', '/reports/costs?days=2')
  const row = report.data.find((one) => one.country === 'US' && one.category === 'marketing' && one.kind === 'regular')
  assert.equal(row.cost.amount, String(0.025 * row.messages).slice(0, 5))
  assert.ok(report.data.some((one) => one.category === 'utility' && one.messages > 0))
  assert.equal((await owner.want(200, 'GET', '/prices')).built_in, false)
})

test('at 120 % of the allowed rate nothing fails: the excess waits', async () => {
  const rate = 20
  await owner.want(200, 'PATCH', channel, { pace_per_second: rate })
  await control('POST', '/settings', { pace_per_second: rate, pair_interval_ms: 0 })
  const ids = []
  const began = Date.now()
  for (let i = 0; i < 5 * rate * 1.2; i++) {
    const due = began + i * 1000 / (rate * 1.2)
    if (due > Date.now()) await new Promise((done) => setTimeout(done, due - Date.now()))
    ids.push((await send(`1202556${1000 + i}`, hello)).body.id)
  }
  for (const id of ids) await settled(id, 'sent', 'delivered', 'read')
  const refused = (await Promise.all(ids.map((id) => owner.want(200, 'GET', `/messages/${id}/trace`)))).filter((one) => one.steps.some((step) => step.code === '130429'))
  assert.ok(refused.length <= ids.length / 20, `${refused.length} of ${ids.length} had to go twice`)
  await owner.want(200, 'PATCH', channel, { pace_per_second: 80 })
  await control('POST', '/settings', { pace_per_second: 0 })
})

test('at 120 % of the rate to one person nothing fails, and the order stays', async () => {
  const to = '12025550230'
  await owner.want(200, 'PATCH', channel, { pair_interval_ms: 200, pair_burst: 5 })
  await control('POST', '/settings', { pair_interval_ms: 200, pair_burst: 5 })
  const ids = []
  for (let i = 0; i < 24; i++) {
    ids.push((await send(to, hello)).body.id)
    await new Promise((done) => setTimeout(done, 1000 / 6))
  }
  for (const id of ids) assert.notEqual((await settled(id, 'sent', 'delivered', 'read', 'failed')).status, 'failed')
  const kept = (await control('GET', `/messages?to=${to}`)).data.map((one) => one.biz)
  assert.deepEqual(kept, ids)
  await owner.want(200, 'PATCH', channel, { pair_interval_ms: 0 })
  await control('POST', '/settings', { pair_interval_ms: 0 })
})

test('a token that is changed under load loses nothing: calls under way end, the next use the new one', async () => {
  await control('POST', '/numbers', { phone_number_id: demo.phone_number_id, token: 'the-new-token-ZZZZZZ', old_token: demo.graph_token })
  await control('POST', '/faults', { kind: 'latency', ms: 200, count: -1 })
  const ids = []
  for (let i = 0; i < 60; i++) ids.push((await send(`1202557${1000 + i}`, hello)).body.id)
  await until('the first are on their way', async () => (await control('GET', '/messages?to=12025571000')).data.length > 0)
  const before = (await control('GET', '/requests')).data.at(-1).id
  await owner.want(200, 'PATCH', channel, { access_token: 'the-new-token-ZZZZZZ' })
  for (let i = 60; i < 120; i++) ids.push((await send(`1202557${1000 + i}`, hello)).body.id)
  for (const id of ids) await settled(id, 'sent', 'delivered', 'read')
  await control('DELETE', '/faults')
  const after = (await control('GET', `/requests?after=${before}`)).data.filter((one) => one.target.endsWith('/messages'))
  const old = after.filter((one) => one.token_end !== 'ZZZZZZ')
  assert.ok(old.length <= 64, `${old.length} calls of ${after.length} used the old token: no more than were under way`)
  assert.ok(after.slice(-60).every((one) => one.token_end === 'ZZZZZZ'))
})
