import { describe, expect, it } from 'vitest'
import type { ConversationEvent, Message } from '@shared/api/types'
import { firstUnread, threadRows, withEvents } from './grouping'

const DAY = new Date(2026, 2, 3, 10).getTime()
const message = (id: string, minutes: number, more: Partial<Message> = {}) =>
  ({ id, type: 'text', direction: 'in', author: { kind: 'contact', id: '1', name: 'Ana' }, created_ms: DAY + minutes * 60_000, ...more }) as Message
const rows = (list: Message[], unreadFrom: string | null = null) =>
  threadRows(list, unreadFrom, (id) => id).map((row) => (row.kind === 'message' ? `${row.first ? '(' : ''}${row.message.id}${row.last ? ')' : ''}` : row.kind)).join(' ')

describe('threadRows', () => {
  it('puts a heading over each day', () => {
    expect(rows([message('1', 0), message('2', 60 * 24)])).toBe('day (1) day (2)')
  })
  it('joins what one author wrote within five minutes', () => {
    expect(rows([message('1', 0), message('2', 1), message('3', 9)])).toBe('day (1 2) (3)')
  })
  it('parts authors, directions and notes', () => {
    const other = { kind: 'person', id: '9', name: 'Budi' } as const
    expect(rows([message('1', 0), message('2', 1, { direction: 'out', author: other }), message('3', 1, { direction: 'out', author: { ...other, id: '8' } })]))
      .toBe('day (1) (2) (3)')
    expect(rows([message('1', 0), message('2', 1, { type: 'system' }), message('3', 2)])).toBe('day (1) (2) (3)')
  })
  it('marks where the unread begin, and begins a run there', () => {
    expect(rows([message('1', 0), message('2', 1)], '2')).toBe('day (1) unread (2)')
  })
})

describe('firstUnread', () => {
  const list = [message('1', 0), message('2', 1), message('3', 2, { direction: 'out' }), message('4', 3)]
  it('counts the customer\'s messages only', () => {
    expect(firstUnread(list, 2)).toBe('2')
    expect(firstUnread(list, 1)).toBe('4')
  })
  it('does not count notes, as the server does not', () => {
    expect(firstUnread([...list, message('5', 4, { type: 'system' })], 1)).toBe('4')
  })
  it('marks nothing when nothing is unread, or when the mark lies before the page', () => {
    expect(firstUnread(list, 0)).toBeNull()
    expect(firstUnread(list, 9)).toBeNull()
  })
})

describe('withEvents', () => {
  const event = (id: string, minutes: number) => ({ id, kind: 'status', at_ms: DAY + minutes * 60_000 }) as ConversationEvent
  const lines = (list: Message[], events: ConversationEvent[], reachesEnd = true) =>
    withEvents(threadRows(list, null, (id) => id), events, reachesEnd).map((row) => (row.kind === 'message' ? row.message.id : row.kind === 'event' ? `e${row.event.id}` : row.kind)).join(' ')

  it('stand among the messages by their time', () => {
    expect(lines([message('10', 0), message('20', 2), message('30', 4)], [event('15', 1), event('25', 3), event('35', 5)])).toBe('day 10 e15 20 e25 30 e35')
  })
  it('stand under the heading of their own day', () => {
    const nextDay = 60 * 24
    expect(lines([message('10', 0), message('20', nextDay)], [event('15', 1), event('18', nextDay - 60)])).toBe('day 10 e15 day e18 20')
  })
  it('wait for their part of the thread', () => {
    expect(lines([message('10', 0)], [event('15', 1)], false)).toBe('day 10')
  })
})
