import { describe, expect, it } from 'vitest'
import type { Board } from '@shared/api/types'
import { columnsOf, moved } from './columns'

const card = (id: string, assignee: string | null, waiting: number | null) => ({
  conversation: { id, status: 'open', assignee: assignee ? { id: assignee, name: assignee } : null, waiting_since_ms: waiting }, due: null,
})
const board = {
  now_ms: 0,
  total: { open: 3, waiting: 2, queued: 0, oldest_waiting_ms: 1, unassigned: 1 },
  people: [
    { id: '2', name: 'Zoe', open: 1, waiting: 1, queued: 0, oldest_waiting_ms: 5 },
    { id: '1', name: 'Ana', open: 1, waiting: 0, queued: 0, oldest_waiting_ms: null },
  ],
  cards: [card('10', null, 1), card('11', '2', 5), card('12', '1', null)],
} as unknown as Board

describe('the board', () => {
  it("has nobody's column first, and people by name", () => {
    expect(columnsOf(board, 'Nobody').map((one) => [one.name, one.cards.length, one.waiting])).toEqual([['Nobody', 1, 1], ['Ana', 1, 0], ['Zoe', 1, 1]])
  })
  it('shows a moved card where it went, at once', () => {
    const columns = columnsOf(moved(board, '10', '1'), 'Nobody')
    expect(columns[1]!.cards.map((one) => one.conversation.id)).toEqual(['10', '12'])
    expect([columns[0]!.open, columns[1]!.open, columns[1]!.waiting]).toEqual([0, 2, 1])
    expect(columnsOf(moved(board, '11', null), 'Nobody')[0]!.cards).toHaveLength(2)
  })
})
