// linked_automation.test.mjs: what Parley does by itself (rules, the queue's words, macros, ready answers, messages for later, new
// people written to) over a number that is linked to a phone, as over any other; and that the owner's own hand on the phone is seen.
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, test as run } from 'node:test'
import { databaseFor } from '../lib/database.mjs'
import { pairNumber } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'
import { Caller } from './server.mjs'

const stores = process.env.PARLEY_TEST_POSTGRES ? ['sqlite', 'postgres'] : ['sqlite']
const test = (name, work) => run(name, { timeout: 120_000 }, work)
const WAIT = 30_000
const SHOP = '6281234567890'

for (const store of stores) describe(`automation over a linked number on ${store}`, () => {
  const database = databaseFor(store)
  let demo, api, number

  const onPhone = async (phone) => (await demo.control('GET', `/linked/phones/${phone}/messages`)).messages
  const gets = (phone, body) => until(async () => (await onPhone(phone)).find((one) => !one.from_me && one.content?.body === body), `"${body}" on the phone`, WAIT)
  const conversation = (id) => api.want(200, 'GET', `/conversations/${id}`)
  /** A customer writes from a phone of their own: the conversation. */
  async function writes(phone, name, body) {
    await demo.control('POST', '/linked/phones', { phone, name })
    await demo.control('POST', `/linked/phones/${phone}/messages`, { to: SHOP, type: 'text', text: { body } })
    return until(async () => (await api.want(200, 'GET', `/conversations?status=all&channel_id=${number}`)).data.find((one) => one.contact.phone === `+${phone}`), `"${body}" in the inbox`, WAIT)
  }

  before(async () => {
    demo = await startDemo({ env: database.env })
    api = new Caller(demo, { key: demo.api_key })
    number = (await pairNumber(demo, SHOP)).id
  }, { timeout: 120_000 })
  after(async () => {
    await demo?.remove()
    await database.drop?.()
  })

  test('a rule gives a conversation its team and label, and the queue tells its place', async () => {
    await api.want(200, 'PATCH', '/routing/settings', { place_text: 'You are number {{position}} in line.' })
    const label = await api.want(201, 'POST', '/labels', { name: 'Refund', colour: '#1f7a8c' })
    const team = await api.want(201, 'POST', '/teams', { name: 'Returns', mode: 'round_robin', member_ids: [] })
    await api.want(201, 'POST', '/routing/rules', { name: 'Refunds', conditions: { keywords: ['refund'], channel_ids: [number] }, actions: { team_id: team.id, priority: 'high', label_ids: [label.id] } })
    const talk = await writes('12025550142', 'Ana', 'a refund, please')
    const routed = await until(async () => { const now = await conversation(talk.id); return now.team && now }, 'the rule', WAIT)
    assert.deepEqual([routed.team.name, routed.priority, routed.labels.map((one) => one.name)], ['Returns', 'high', ['Refund']])
    await gets('12025550142', 'You are number 1 in line.')
  })

  test('a macro answers with a ready answer', async () => {
    const talk = await writes('12025550143', 'Ben Cole', 'thanks for all')
    const canned = await api.want(201, 'POST', '/canned-responses', { shortcut: 'bye', title: 'Goodbye', body: 'Goodbye {{contact.first_name|friend}}, says {{channel.name}}.', scope: 'workspace' })
    const macro = await api.want(201, 'POST', '/macros', { name: 'Close', scope: 'workspace', actions: [{ type: 'send_canned', canned_id: canned.id }, { type: 'set_status', status: 'resolved' }] })
    const ran = await api.want(200, 'POST', `/macros/${macro.id}/run`, { conversation_id: talk.id })
    assert.ok(ran.ok, JSON.stringify(ran))
    await gets('12025550143', 'Goodbye Ben, says Front desk.')
    assert.equal((await conversation(talk.id)).status, 'resolved')
  })

  test('a message for later goes on time, and not to who has answered meanwhile', async () => {
    const talk = await writes('12025550144', 'Cara', 'remind me')
    const plan = (change) => ({ conversation_id: talk.id, send_at_ms: Date.now() + 1500, time_zone: 'Asia/Jakarta', type: 'text', text: { body: 'Here is your reminder' }, ...change })
    const soon = await api.want(201, 'POST', '/scheduled-messages', plan())
    assert.equal(soon.warning, null, 'no window closes here')
    await gets('12025550144', 'Here is your reminder')
    await until(async () => (await api.want(200, 'GET', `/scheduled-messages/${soon.id}`)).state === 'sent', 'it is sent', WAIT)
    const never = await api.want(201, 'POST', '/scheduled-messages', plan({ only_if_no_reply: true, text: { body: 'Are you still there?' }, send_at_ms: Date.now() + 6000 }))
    await new Promise((done) => setTimeout(done, 1100)) // the network tells the time of an answer in whole seconds
    await writes('12025550144', 'Cara', 'I am here')
    await until(async () => ['cancelled', 'not_sent'].includes((await api.want(200, 'GET', `/scheduled-messages/${never.id}`)).state), 'it is not sent', WAIT)
    assert.ok(!(await onPhone('12025550144')).some((one) => one.content?.body === 'Are you still there?'))
  })

  test('many people are written to with one link, which is fetched once', async () => {
    const asked = []
    const host = http.createServer((request, response) => {
      asked.push(request.url)
      response.writeHead(200, { 'content-type': 'application/pdf' }).end('%PDF-1.4\n%%EOF\n')
    })
    await new Promise((done) => host.listen(0, '127.0.0.1', done))
    try {
      const people = ['12025550151', '12025550152', '12025550153', '12025550154']
      for (const phone of people) await demo.control('POST', '/linked/phones', { phone, name: `Customer ${phone}` })
      const link = `http://127.0.0.1:${host.address().port}/news.pdf`
      await api.want(202, 'POST', '/messages', { to: `+${people[0]}`, channel_id: number, type: 'document', document: { link, caption: 'News' } })
      const paper = (phone) => until(async () => (await onPhone(phone)).find((one) => one.type === 'document'), 'the paper', WAIT)
      await paper(people[0])
      for (const phone of people.slice(1)) await api.want(202, 'POST', '/messages', { to: `+${phone}`, channel_id: number, type: 'document', document: { link, caption: 'News' } })
      for (const phone of people) assert.equal((await paper(phone)).content.filename, 'news.pdf')
      assert.equal(asked.length, 1)
    } finally { host.closeAllConnections(); host.close() }
  })
})
