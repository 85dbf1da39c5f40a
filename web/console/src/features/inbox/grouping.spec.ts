import { describe, expect, it } from 'vitest'
import type { Message } from '@shared/api/types'
import { firstUnread, threadRows } from './grouping'

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
