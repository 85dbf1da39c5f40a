// usernames.test.mjs: a customer whose phone number nobody knows: they write, are answered, get the answer, are found, and stay
// one contact when the number is learnt after all.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startDemo, until } from '../lib/parley.mjs'

let demo, channel, ana
const phone = '12025559901'

before(async () => {
  demo = await startDemo()
  channel = (await demo.api('GET', '/channels')).data[0]
  ana = await demo.control('POST', '/customers', { phone, name: 'Ana', username: '@Ana.Example', hides_phone: true })
  await demo.control('POST', `/customers/${phone}/messages`, { type: 'text', text: { body: 'who is there' } })
})
after(() => demo?.remove())

const found = async (query) => (await demo.api('GET', `/contacts?query=${encodeURIComponent(query)}`)).data
const contactOf = () => until(async () => (await found('ana.example'))[0], 'the contact', 30_000)
const talkOf = async (id) => (await demo.api('GET', '/conversations?status=all&limit=100')).data.find((one) => one.contact.id === id)

test('who writes without a number is a contact with a username and an id', async () => {
  const contact = await contactOf()
  assert.equal(contact.name, 'Ana')
  assert.equal(contact.phone, null)
  const names = Object.fromEntries(contact.aliases.map((alias) => [alias.kind, alias.value]))
  assert.equal(names.username, 'ana.example')
  assert.equal(names.bsuid, ana.user_id)
})

test('an answer goes to the id, arrives, and its status comes back without a number', async () => {
  const contact = await contactOf(), talk = await talkOf(contact.id)
  const sent = await demo.api('POST', `/conversations/${talk.id}/messages`, { type: 'text', text: { body: 'it is us' } })
  const done = await until(async () => {
    const now = await demo.api('GET', `/messages/${sent.id}`)
    return now.status === 'delivered' && now
  }, 'a delivered message', 30_000)
  const got = (await demo.control('GET', `/messages?biz=${sent.id}`)).data[0].body
  assert.equal(done.error, null)
  assert.equal(got.recipient, ana.user_id)
  assert.equal(got.to, undefined)
  await demo.control('POST', `/customers/${phone}/read`, {})
  await until(async () => (await demo.api('GET', `/messages/${sent.id}`)).status === 'read', 'a read message', 30_000)
})

test('a message can be sent to the id alone, and reactions, files and read marks go the same way', async () => {
  const sent = await demo.api('POST', '/messages', { recipient: ana.user_id, channel_id: channel.id, type: 'text', text: { body: 'by id' } })
  assert.equal(sent.contact_id, (await contactOf()).id)
  const thread = await demo.api('GET', `/conversations/${sent.conversation_id}/messages`)
  const theirs = thread.data.find((message) => message.direction === 'in')
  const reaction = await demo.api('POST', `/conversations/${sent.conversation_id}/messages`, { type: 'reaction', reaction: { message_id: theirs.id, emoji: '👍' } })
  const got = await until(async () => (await demo.control('GET', `/messages?biz=${reaction.id}`)).data[0], 'the reaction', 30_000)
  assert.equal(got.body.recipient, ana.user_id)
  assert.equal(got.body.reaction.message_id, theirs.remote_id)
  await demo.api('POST', `/conversations/${sent.conversation_id}/read`)
})

test('they are found by name, username and id', async () => {
  const { id } = await contactOf()
  for (const query of ['@ana.exa', 'ANA.EXAMPLE', ana.user_id, 'Ana']) assert.ok((await found(query)).some((one) => one.id === id), query)
  assert.ok(!(await found('nobody.here')).length)
})

test('a username that moves to somebody else makes no two people one', async () => {
  const other = await demo.control('POST', '/customers', { phone: '12025559902', name: 'Bo', username: 'ana.example', hides_phone: true })
  await demo.control('POST', '/customers/12025559902/messages', { type: 'text', text: { body: 'I have it now' } })
  const bo = await until(async () => (await found(other.user_id))[0], 'the other contact', 30_000)
  const holders = await until(async () => {
    const them = await found('ana.example')
    return them.length === 1 && them[0].id === bo.id && them
  }, 'one holder of the username', 30_000)
  assert.equal(holders[0].name, 'Bo')
  assert.notEqual((await found(ana.user_id))[0].id, bo.id)
})

test('when the number is learnt, it is still the same contact', async () => {
  const before = (await found(ana.user_id))[0].id
  await demo.control('POST', '/customers', { phone, hides_phone: false })
  await demo.control('POST', `/customers/${phone}/messages`, { type: 'text', text: { body: 'here is my number' } })
  const contact = await until(async () => (await found(`+${phone}`))[0], 'the number', 30_000)
  assert.equal(contact.id, before)
  assert.equal(contact.phone, `+${phone}`)
})

test('a list of ids is imported as one of numbers is', async () => {
  const answer = await fetch(`${demo.url}/api/v1/contact-imports?file_name=people.csv`, { method: 'POST', body: 'phone,name\nUS.55501234567890123,Cleo\n',
    headers: { authorization: `Bearer ${demo.api_key}`, 'content-type': 'text/csv' } })
  const made = await answer.json()
  assert.equal(answer.status, 201, JSON.stringify(made))
  await demo.api('POST', `/contact-imports/${made.id}/run`, { columns: ['phone', 'name'] })
  const cleo = await until(async () => (await found('Cleo'))[0], 'the imported contact', 30_000)
  assert.equal(cleo.phone, null)
  assert.ok(cleo.aliases.some((alias) => alias.kind === 'bsuid' && alias.value === 'US.55501234567890123'))
})
