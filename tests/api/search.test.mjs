// search.test.mjs: one line finds messages, contacts and conversations; filters combine; what is out of sight is not found; on each store.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { databaseFor } from '../lib/database.mjs'
import { stores } from '../lib/world.mjs'
import { Server } from './server.mjs'

for (const store of stores) describe(store, () => {
  const database = databaseFor(store)
  const server = new Server()
  let shop, other, channel, second, mira

  before(async () => {
    Object.assign(server.env, database.env)
    shop = server.setup('shop')
    other = server.setup('other')
    await server.serve()
    channel = await server.channel(shop)
    second = await server.channel(shop, '106540352242999')
    mira = await server.person(shop, 'agent')
    await server.receive(shop, channel, 'The invoice 4711 is wrong', '12025550101')
    await server.receive(shop, channel, 'Where is my Straßenbahn ticket?', '12025550102')
    const third = await server.receive(shop, second, 'Invoices are late', '12025550103')
    await shop.caller.want(200, 'PATCH', `/conversations/${third.id}`, { assignee_id: mira.id })
    await mira.want(202, 'POST', `/conversations/${third.id}/messages`, { type: 'text', text: { body: 'We look at the invoice' } })
    await mira.want(201, 'POST', `/conversations/${third.id}/notes`, { body: 'The invoice was sent twice' })
  })
  after(async () => {
    assert.equal(await server.stop(), 0, 'the server ends cleanly')
    database.drop()
    rmSync(server.folder, { recursive: true, force: true })
  })

  const search = (query, caller, more = '') => (caller ?? shop.caller).want(200, 'GET', `/search?query=${encodeURIComponent(query)}${more}`)
  const texts = async (query, caller) => (await search(query, caller)).data.map(({ message }) => message.text?.body ?? message.note?.body)

  test('words, beginnings and phrases find messages, notes among them, newest first', async () => {
    assert.deepEqual(await texts('invoice'), ['The invoice was sent twice', 'We look at the invoice', 'Invoices are late', 'The invoice 4711 is wrong'])
    assert.deepEqual(await texts('strassen'), ['Where is my Straßenbahn ticket?'])
    assert.deepEqual(await texts('"the invoice" is'), ['The invoice 4711 is wrong'])
    assert.deepEqual(await texts('nowhere'), [])
  })

  test('filters combine, alone and with words', async () => {
    assert.deepEqual(await texts('invoice is:in'), ['Invoices are late', 'The invoice 4711 is wrong'])
    assert.deepEqual(await texts('invoice is:out'), ['We look at the invoice'])
    assert.deepEqual(await texts('is:note'), ['The invoice was sent twice'])
    assert.deepEqual(await texts('from:12025550101'), ['The invoice 4711 is wrong'])
    assert.deepEqual(await texts('invoice from:agent'), ['The invoice was sent twice', 'We look at the invoice'])
    assert.deepEqual(await texts('invoice agent:none'), ['The invoice 4711 is wrong'])
    assert.deepEqual(await texts('is:in agent:me', mira), ['Invoices are late'])
    assert.deepEqual(await texts('invoice after:today is:open has:text'), ['We look at the invoice', 'Invoices are late', 'The invoice 4711 is wrong'])
    assert.deepEqual(await texts('invoice before:yesterday'), [])
    assert.deepEqual(await texts('invoice has:image'), [])
  })

  test('the answer says how it was understood', async () => {
    const { words, filters } = await search('Rechnung INVOICE from:12025550101 label:vip')
    assert.deepEqual(words, ['rechnung', 'invoice'])
    assert.deepEqual(filters.map(({ key, value, known }) => [key, value, known]), [['from', '12025550101', true], ['label', 'vip', false]])
    assert.equal(filters[0].name, 'Ana')
  })

  test('contacts and conversations stand above the messages, on the first page only', async () => {
    const all = await search('ana', shop.caller, '&groups=true')
    assert.equal(all.contacts.length, 3)
    assert.equal(all.conversations.length, 3)
    assert.ok(all.conversations.every((one) => one.contact.name === 'Ana'))
    const plain = await search('ana')
    assert.equal(plain.contacts, undefined)
    const byNumber = await search('12025550102', shop.caller, '&groups=true')
    assert.deepEqual(byNumber.contacts.map((one) => one.phone), ['+12025550102'])
    const filtered = await search('ana agent:none', shop.caller, '&groups=true')
    assert.deepEqual([filtered.contacts.length, filtered.conversations.length], [0, 2])
  })

  test('pages go on where the last one ended', async () => {
    const seen = []
    let cursor = ''
    do {
      const page = await search('invoice', shop.caller, `&limit=1${cursor}`)
      seen.push(...page.data.map(({ message }) => message.id))
      cursor = page.next_cursor ? `&cursor=${page.next_cursor}` : ''
    } while (cursor)
    assert.equal(new Set(seen).size, 4)
  })

  test('nobody finds what is out of their sight, nor another workspace', async () => {
    assert.deepEqual(await texts('invoice', other.caller), [])
    assert.equal((await search('ana', other.caller, '&groups=true')).contacts.length, 0)
    const limited = await server.person(shop, 'agent')
    await shop.owner.want(200, 'PATCH', `/people/${limited.id}`, { channels: [channel.id] })
    assert.deepEqual(await texts('invoice', limited), ['The invoice 4711 is wrong'])
    assert.deepEqual((await search('ana', limited, '&groups=true')).conversations.length, 2)
  })

  test('suggestions are names that begin as typed', async () => {
    const names = async (key, value) => (await shop.caller.want(200, 'GET', `/search/suggestions?key=${key}&value=${value}`)).data.map((one) => one.value)
    assert.deepEqual(await names('has', 'vid'), ['video'])
    assert.deepEqual(await names('agent', 'ag'), ['agent', 'agent'])
    assert.ok((await names('from', 'ana')).includes('Ana'))
    assert.ok((await names('channel', 'sho')).includes('Shop'))
    const refused = await shop.caller.want(422, 'GET', '/search/suggestions?key=colour')
    assert.equal(refused.errors[0].field, 'key')
    await shop.caller.want(422, 'GET', '/search?query=')
  })
})
