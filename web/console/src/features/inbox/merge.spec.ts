import { describe, expect, it } from 'vitest'
import type { Conversation, Message } from '@shared/api/types'
import { appendConversations, compareIds, matches, mergeMessages, newerOf, NO_FILTER, ORDERS, placeConversation, touches, updateMessage, type Sort } from './merge'

const message = (id: string, more: Partial<Message> = {}) => ({ id, status: 'sent', direction: 'out', ...more }) as Message
const conversation = (id: string, ms: number, more: Partial<Conversation> = {}) =>
  ({ id, last_message_ms: ms, created_ms: 0, status: 'open', assignee: null, unread_count: 0, team: null, labels: [], priority: 'none', waiting_since_ms: null, channel: { id: '7' }, ...more }) as Conversation
const ids = (list: readonly { id: string }[]) => list.map((one) => one.id).join(' ')

describe('messages', () => {
  it('orders ids as numbers that JavaScript cannot hold', () => {
    expect(['9007199254740993', '9', '9007199254740992'].sort(compareIds)).toEqual(['9', '9007199254740992', '9007199254740993'])
  })
  it('shows each message once, oldest first, whatever order it came in', () => {
    expect(ids(mergeMessages([message('2'), message('10')], [message('3'), message('2'), message('1')]))).toBe('1 2 3 10')
  })
  it('never turns ticks back', () => {
    for (const isLater of [true, false]) {
      expect(newerOf(message('1', { status: 'read', read_ms: 5 }), message('1', { status: 'delivered' }), isLater)).toMatchObject({ status: 'read', read_ms: 5 })
      expect(newerOf(message('1', { status: 'sent' }), message('1', { status: 'delivered' }), isLater).status).toBe('delivered')
    }
  })
  it('lets a retry bring a failed message back', () => {
    expect(newerOf(message('1', { status: 'failed' }), message('1', { status: 'accepted' }), true).status).toBe('accepted')
  })
  it('keeps a failure that events told before the answer to the send came', () => {
    expect(mergeMessages([message('1', { status: 'failed' })], [message('1', { status: 'accepted' })])[0]!.status).toBe('failed')
    expect(mergeMessages([message('1', { status: 'accepted' })], [message('1', { status: 'failed' })])[0]!.status).toBe('failed')
  })
  it('updates only what is shown', () => {
    const list = [message('1')]
    expect(updateMessage(list, message('2'))).toBe(list)
    expect(updateMessage(list, message('1', { status: 'read' }))[0]!.status).toBe('read')
  })
  it('knows when a page does not continue the list', () => {
    expect(touches([message('1'), message('2')], [message('2'), message('3')])).toBe(true)
    expect(touches([message('1')], [message('5')])).toBe(false)
    expect(touches([], [message('5')])).toBe(true)
  })
})

describe('a list of a hundred thousand', () => {
  it('takes pages at its end without looking through it again, and a change in the blink of an eye', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => conversation(String(200_000 - i), 200_000 - i))
    const start = performance.now()
    expect(appendConversations(many, [conversation('7', 7)]).at(-1)!.id).toBe('7')
    expect(placeConversation(many, conversation('150000', 300_000), { belongs: true, hasMore: true })[0]!.id).toBe('150000')
    expect(performance.now() - start).toBeLessThan(500)
  })
})

describe('the orders', () => {
  const list = [conversation('1', 10, { priority: 'high', waiting_since_ms: 5 }), conversation('2', 30, { waiting_since_ms: 3 }), conversation('3', 20, { priority: 'urgent', waiting_since_ms: 9 })]
  it('are those of the server', () => {
    const of = (sort: Sort) => ids(list.slice().sort(ORDERS[sort]))
    expect([of('newest'), of('oldest'), of('waiting'), of('priority')]).toEqual(['2 3 1', '1 3 2', '2 1 3', '3 1 2'])
  })
  it('put a change at its place', () => {
    const sorted = list.slice().sort(ORDERS.priority)
    expect(ids(placeConversation(sorted, conversation('2', 30, { priority: 'urgent' }), { belongs: true, hasMore: true, sort: 'priority' }))).toBe('2 3 1')
  })
})

describe('conversations', () => {
  const list = [conversation('1', 30), conversation('2', 20), conversation('3', 10)]

  it('moves one with a new message to the top', () => {
    expect(ids(placeConversation(list, conversation('3', 40), { belongs: true, hasMore: false }))).toBe('3 1 2')
  })
  it('takes out what no longer belongs', () => {
    expect(ids(placeConversation(list, conversation('2', 20), { belongs: false, hasMore: false }))).toBe('1 3')
  })
  it('does not put at the end what may stand behind rows not yet fetched', () => {
    expect(ids(placeConversation(list, conversation('9', 5), { belongs: true, hasMore: true }))).toBe('1 2 3')
    expect(ids(placeConversation(list, conversation('9', 5), { belongs: true, hasMore: false }))).toBe('1 2 3 9')
  })
  it('does not double what a live event brought before its page', () => {
    expect(ids(appendConversations(list, [conversation('3', 10), conversation('4', 5)]))).toBe('1 2 3 4')
  })
  it('judges the filters as the server does', () => {
    const mine = conversation('1', 1, { assignee: { id: '5', name: 'Ana' }, unread_count: 1 })
    expect(matches(mine, { ...NO_FILTER, view: 'mine' }, '5')).toBe(true)
    expect(matches(mine, { ...NO_FILTER, view: 'mine' }, '6')).toBe(false)
    expect(matches(mine, { ...NO_FILTER, view: 'unassigned' }, '5')).toBe(false)
    expect(matches(mine, { ...NO_FILTER, status: 'resolved' }, '5')).toBe(false)
    expect(matches(mine, { ...NO_FILTER, status: 'all', unread: true, channelId: '7' }, '5')).toBe(true)
    expect(matches(mine, { ...NO_FILTER, channelId: '8' }, '5')).toBe(false)
  })
})
