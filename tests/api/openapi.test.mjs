// openapi.test.mjs: the description is whole, and what the server answers has the shapes it tells.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Receiver } from '../lib/receiver.mjs'
import { start, until } from './server.mjs'

const [server, shop] = await start('shop')
const { body: root } = await server.nobody.get('/openapi.json', { raw: true })
const channel = await server.channel(shop)
const conversation = await server.receive(shop, channel, 'hello there')

const canned = await shop.caller.want(201, 'POST', '/canned-responses', { shortcut: 'hi', title: 'Hi', body: 'Hi {{contact.name|you}}', scope: 'workspace' })
const macro = await shop.caller.want(201, 'POST', '/macros', { name: 'M', scope: 'workspace', actions: [{ type: 'note', body: 'n' }] })
const later = await shop.caller.want(201, 'POST', '/scheduled-messages', { conversation_id: conversation.id, send_at_ms: Date.now() + 3600e3, time_zone: 'UTC', type: 'text', text: { body: 'later' } })
const note = await shop.caller.want(201, 'POST', `/conversations/${conversation.id}/notes`, { body: 'note' })
await shop.caller.want(200, 'PATCH', `/messages/${note.id}`, { body: 'changed' })

function resolve(schema) {
  while (schema.$ref) schema = schema.$ref.slice(2).split('/').reduce((node, key) => node[key], root)
  return schema
}

/** All property schemas and required names of an object schema, through allOf. */
function members(schema) {
  schema = resolve(schema)
  const parts = [schema, ...(schema.allOf ?? []).map(members)]
  return { properties: Object.assign({}, ...parts.map((part) => part.properties ?? {})),
    required: parts.flatMap((part) => part.required ?? []), open: parts.some((part) => part.additionalProperties === true || part.oneOf || part.open) }
}

const kindOf = (value) => value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value

/** What is wrong with a value, as sentences. */
function faults(value, schema, where) {
  schema = resolve(schema)
  if (schema.oneOf && !schema.allOf) {
    const tried = schema.oneOf.map((option) => faults(value, option, where))
    return tried.some((list) => list.length === 0) ? [] : tried.reduce((a, b) => a.length <= b.length ? a : b)
  }
  const kinds = [schema.type ?? []].flat()
  const kind = kindOf(value)
  if (kinds.length && !kinds.includes(kind) && !(kind === 'integer' && kinds.includes('number'))) return [`${where}: ${kind}, want ${kinds}`]
  if (schema.const !== undefined && value !== schema.const) return [`${where}: want ${schema.const}`]
  if (schema.enum && !schema.enum.includes(value)) return [`${where}: "${value}" is none of ${schema.enum}`]
  if (kind === 'array') return value.flatMap((item, i) => faults(item, schema.items ?? {}, `${where}.${i}`))
  if (kind !== 'object') return []
  const { properties, required, open } = members(schema)
  return [
    ...required.filter((name) => !(name in value)).map((name) => `${where}.${name} is missing`),
    ...Object.entries(value).flatMap(([name, item]) => properties[name] ? faults(item, properties[name], `${where}.${name}`)
      : open || !Object.keys(properties).length ? [] : [`${where}.${name} is not described`]),
  ]
}

/** An answer's schema in the description. */
function schemaOf(method, path, status) {
  const answer = resolve(root.paths[path][method].responses[status])
  return answer.content['application/json'].schema
}

const template = await shop.caller.want(201, 'POST', '/templates', { channel_id: channel.id, name: 'order_ready', language: 'en_US',
  category: 'UTILITY', components: [{ type: 'BODY', text: 'Your order is ready.' }] })

const reads = {
  '/workspace': '', '/people': '', '/api-keys': '', '/audit': '', '/channels': '', '/templates': '', '/contacts': '',
  '/conversations': '', '/search': '?query=hello', '/events': '', '/health': '',
  '/channels/{id}': channel.id, '/contacts/{id}': conversation.contact.id, '/conversations/{id}': conversation.id,
  '/conversations/{id}/messages': conversation.id, '/messages/{id}': conversation.last_message.id,
  '/messages/{id}/trace': conversation.last_message.id,
  '/templates/{id}': template.id, '/templates/{id}/versions': template.id, '/templates/{id}/history': template.id,
  '/templates/{id}/usage': template.id, '/template-settings': '',
  '/canned-responses': '', '/canned-responses/{id}': canned.id, '/macros': '', '/macros/{id}': macro.id, '/scheduled-messages': '', '/scheduled-messages/{id}': later.id,
  '/messages/{id}/versions': note.id, '/conversations/{id}/variables': conversation.id,
}

for (const [path, argument] of Object.entries(reads)) {
  test(`GET ${path} answers as described`, async () => {
    const where = path.includes('{id}') ? path.replace('{id}', argument) : path + argument
    const body = await shop.caller.want(200, 'GET', where)
    assert.deepEqual(faults(body, schemaOf('get', path, '200'), ''), [])
  })
}

test('a session, a sent message and a problem are as described', async () => {
  const owner = await server.signIn(shop.email, shop.password)
  assert.deepEqual(faults(owner.session, schemaOf('post', '/session', '200'), ''), [])
  const sent = await shop.caller.want(202, 'POST', `/conversations/${conversation.id}/messages`, { type: 'text', text: { body: 'Hi' } })
  assert.deepEqual(faults(sent, schemaOf('post', '/conversations/{id}/messages', '202'), ''), [])
  const problem = await shop.caller.want(422, 'POST', '/people', {})
  assert.deepEqual(faults(problem, root.components.schemas.Problem, ''), [])
})

test('what webhooks are told is as described', async () => {
  const to = await Receiver.open()
  const hook = await shop.caller.want(201, 'POST', '/webhooks', { url: to.url })
  const other = await server.receive(shop, channel, 'a new one', '12025550777')
  await shop.caller.want(200, 'PATCH', `/conversations/${other.id}`, { status: 'resolved', priority: 'high' })
  await shop.caller.want(200, 'PATCH', `/contacts/${other.contact.id}`, { name: 'Told' })
  await shop.caller.want(204, 'DELETE', `/contacts/${other.contact.id}`)
  await shop.caller.post(`/webhooks/${hook.id}/test`, {})
  const wanted = ['message.received', 'conversation.created', 'conversation.updated', 'conversation.closed', 'contact.created', 'contact.updated', 'contact.erased', 'webhook.test']
  await until('one of each', () => wanted.every((type) => to.of(type).length > 0))
  for (const call of to.calls) {
    const { schema } = root.webhooks[call.type].post.requestBody.content['application/json']
    assert.deepEqual(faults(JSON.parse(call.text), schema, call.type), [])
  }
  await to.close()
})
