// webhooks.test.mjs: every recorded webhook of Meta goes all the way through, to the rows that its kind makes: messages in
// threads, notices with a sentence. Nothing is dropped, and nothing is kept for want of words.
//
// What each file holds is told by tests/data/cloud-webhooks-expected.json, which was written by hand. Each file is posted as
// Meta would post it, for our number, with message ids of its own.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { start, until } from './server.mjs'

const data = path.resolve(import.meta.dirname, '../data')
const expected = JSON.parse(readFileSync(path.join(data, 'cloud-webhooks-expected.json'), 'utf8'))
const files = readdirSync(path.join(data, 'cloud-webhooks')).filter((name) => name !== 'index.json').sort()

/** The file's text, said of our number; ids of messages get `mark` so that files do not repeat each other. */
function bodyOf(file, channel, mark) {
  const whole = JSON.parse(readFileSync(path.join(data, 'cloud-webhooks', file), 'utf8'), (key, value) =>
    key === 'phone_number_id' ? channel.phone_number_id : value)
  let text = JSON.stringify(whole)
  const ids = new Set()
  for (const event of expected[file]) for (const id of [event.id, event.target]) if (id) ids.add(id)
  for (const id of ids) text = text.replaceAll(JSON.stringify(id), JSON.stringify(id + mark))
  return text
}

async function allOf(caller, where) {
  const rows = []
  for (let cursor = ''; ;) {
    const page = await caller.want(200, 'GET', `${where}${where.includes('?') ? '&' : '?'}limit=100${cursor}`)
    rows.push(...page.data)
    if (!page.next_cursor) return rows
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`
  }
}

async function threadOf(caller, conversation) {
  const rows = []
  for (let after = '1'; ;) {
    const page = await caller.want(200, 'GET', `/conversations/${conversation.id}/messages?after=${after}&limit=100`)
    rows.push(...page.data)
    if (!page.has_after) return rows
    after = page.data.at(-1).id
  }
}

test('every recorded webhook goes through to the rows of its kind', { timeout: 120_000 }, async (t) => {
  const [server, workspace] = await start('webhooks')
  const channel = await server.channel(workspace)
  const events = new Map()
  assert.ok(files.length >= 179)
  for (const [n, file] of files.entries()) {
    const body = bodyOf(file, channel, `-${n}`)
    const signature = createHmac('sha256', 'app-secret').update(body).digest('hex')
    const answer = await fetch(`${server.url}/webhooks/cloud/${channel.id}`, { method: 'POST', body,
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` } })
    assert.equal(answer.status, 200, file)
  }
  await until('no event that waits', async () => {
    const waiting = await workspace.caller.want(200, 'GET', '/events?state=pending')
    return waiting.data.length === 0
  }, 60_000)
  for (const event of await allOf(workspace.caller, '/events?state=all')) events.set(event.id, event)
  const inOrder = [...events.values()].sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1))

  await t.test('each is there once, applied or kept', () => {
    const bodies = new Set(files.map((file, n) => bodyOf(file, channel, `-${n}`)))
    assert.equal(inOrder.length, bodies.size)
    assert.deepEqual(inOrder.filter((event) => !['applied', 'kept'].includes(event.state)).map((e) => [e.kind, e.state, e.error]), [])
  })

  await t.test('none is kept for want of a meaning', () => {
    assert.deepEqual(files.filter((file) => expected[file].some((event) => event.kind === 'undrawn')), [])
    assert.deepEqual(inOrder.filter((event) => event.state === 'kept').map((event) => event.kind), [])
  })

  await t.test('what is said in a group stands in the group, by its speaker', async () => {
    const found = []
    for (const conversation of await allOf(workspace.caller, '/conversations?status=all'))
      for (const message of await threadOf(workspace.caller, conversation))
        if (message.text?.body === 'Does it come in another color?' && message.author.name !== conversation.contact.name) found.push(message.author.id)
    assert.equal(found.length, 1)
  })

  await t.test('each message stands in a thread, once, as its kind', async () => {
    const seen = new Map()
    for (const conversation of await allOf(workspace.caller, '/conversations?status=all'))
      for (const message of await threadOf(workspace.caller, conversation))
        seen.set(message.remote_id, [...(seen.get(message.remote_id) ?? []), message])
    const wrong = []
    for (const [n, file] of files.entries()) {
      for (const event of expected[file].filter((e) => e.kind === 'message' && e.id)) {
        const found = seen.get(`${event.id}-${n}`) ?? []
        if (found.length !== 1 || found[0].type !== event.type) wrong.push([file, event.id, found.map((m) => m.type)])
        else if (found[0].direction !== (event.echo ? 'out' : 'in') && !event.history) wrong.push([file, found[0].direction])
      }
    }
    assert.deepEqual(wrong, [])
  })
})
