import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Message, Person } from '@shared/api/types'
import { startTestServer, type TestServer } from '@shared/testServer'
import { claimByEvent, dropOutgoing, isLocal, onAccepted, outgoingOf, retryOffline, retryOutgoing, rowKey, sendMessage, unclaimed } from './useOutgoing'

const me = { id: '7', name: 'Maya' } as Person
let server: TestServer
let conversation = 100
let nextId = 1

const text = (body: string) => ({ conversationId: String(conversation), author: me, draft: { type: 'text', text: { body } } })
const accepted = (body: string, id = String(nextId++)) => ({ id, conversation_id: String(conversation), type: 'text', text: { body }, direction: 'out', author: { kind: 'person', id: me.id } }) as unknown as Message
const keysAsked = () => server.asked.map((one) => one.headers['idempotency-key'])
const shown = () => outgoingOf(String(conversation))
const until = (check: () => void) => vi.waitFor(check, { timeout: 3000, interval: 5 })

beforeEach(async () => {
  server = await startTestServer()
  server.answer = (asked) => [202, accepted((JSON.parse(asked.body) as { text: { body: string } }).text.body)]
  conversation++
})
afterEach(() => server.stop())

describe('own messages', () => {
  it('are shown at once and give way to the server\'s', async () => {
    const arrived: Message[] = []
    const stop = onAccepted((message) => arrived.push(message))
    sendMessage(text('Hi'))
    expect(shown()[0]!.message).toMatchObject({ status: 'accepted', text: { body: 'Hi' }, author: { name: 'Maya' } })
    const localId = shown()[0]!.message.id
    expect(isLocal(localId)).toBe(true)
    await until(() => expect(shown()).toEqual([]))
    expect(rowKey(arrived[0]!.id)).toBe(localId)
    stop()
  })
  it('go in the order in which they were written', async () => {
    server.answer = async (asked) => {
      const { text: { body } } = JSON.parse(asked.body) as { text: { body: string } }
      if (body === 'one') await new Promise((done) => { setTimeout(done, 60) })
      return [202, accepted(body)]
    }
    sendMessage(text('one'))
    sendMessage(text('two'))
    await until(() => expect(shown()).toEqual([]))
    expect(server.asked.map((one) => (JSON.parse(one.body) as { text: { body: string } }).text.body)).toEqual(['one', 'two'])
  })
  it('keep their key over a retry, so that a lost answer sends nothing twice', async () => {
    server.answer = () => 'hang up'
    sendMessage(text('Hi'))
    await until(() => expect(shown()[0]!.problem?.code).toBe('offline'))
    server.answer = () => [202, accepted('Hi')]
    retryOffline()
    await until(() => expect(shown()).toEqual([]))
    const keys = keysAsked()
    expect(keys.length).toBeGreaterThan(1)
    expect(new Set(keys).size).toBe(1)
  })
  it('say why they were refused, and wait for the writer to retry or discard them', async () => {
    server.answer = () => [422, { code: 'window_closed', detail: 'Closed.', next_step: 'Send a template.' }]
    sendMessage(text('Hi'))
    await until(() => expect(shown()[0]!.problem?.nextStep).toBe('Send a template.'))
    retryOffline()
    expect(server.asked.length).toBe(1)
    retryOutgoing(String(conversation), shown()[0]!.key)
    await until(() => expect(server.asked.length).toBe(2))
    await until(() => expect(shown()[0]!.problem).not.toBeNull())
    dropOutgoing(String(conversation), shown()[0]!.key)
    expect(shown()).toEqual([])
  })
  it('are not shown twice when the live event is quicker than the answer', async () => {
    let release = () => {}
    const message = accepted('Hi')
    server.answer = () => new Promise((done) => { release = () => done([202, message]) })
    sendMessage(text('Hi'))
    await until(() => expect(server.asked.length).toBe(1))
    claimByEvent(message, me.id)
    expect(unclaimed(String(conversation))).toEqual([])
    expect(rowKey(message.id)).toBe(shown()[0]!.message.id)
    release()
    await until(() => expect(shown()).toEqual([]))
  })
  it('are two when the same was written twice', async () => {
    let release = () => {}
    server.answer = () => new Promise((done) => { release = () => done([202, accepted('ok')]) })
    sendMessage(text('ok'))
    sendMessage(text('ok'))
    claimByEvent(accepted('ok'), me.id)
    expect(unclaimed(String(conversation)).length).toBe(1)
    await until(() => expect(server.asked.length).toBe(1))
    release()
  })
  it('of others, or of the customer, claim nothing', () => {
    server.answer = () => new Promise(() => {})
    sendMessage(text('Hi'))
    claimByEvent({ ...accepted('Hi'), author: { kind: 'person', id: '8', name: 'Budi' } }, me.id)
    claimByEvent({ ...accepted('Hi'), direction: 'in' }, me.id)
    expect(unclaimed(String(conversation)).length).toBe(1)
  })
})
