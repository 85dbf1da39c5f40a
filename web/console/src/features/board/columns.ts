/*
 * The board as columns: pure, so that what a move shows at once can be tested.
 */
import type { Board } from '@shared/api/types'

/** The board with one card at somebody else's, its figures with it. */
export function moved(board: Board, conversationId: string, personId: string | null): Board {
  const card = board.cards.find((one) => one.conversation.id === conversationId)
  if (!card) return board
  const person = board.people.find((one) => one.id === personId)
  const from = card.conversation.assignee?.id ?? null
  const counts = card.conversation.status === 'open' ? 1 : 0
  const waits = counts && card.conversation.waiting_since_ms ? 1 : 0
  const step = (id: string | null) => (id === personId ? 1 : 0) - (id === from ? 1 : 0)
  return {
    ...board,
    total: { ...board.total, unassigned: board.total.unassigned + counts * step(null) },
    people: board.people.map((one) => ({ ...one, open: one.open + counts * step(one.id), waiting: one.waiting + waits * step(one.id) })),
    cards: board.cards.map((one) => (one === card ? { ...one, conversation: { ...one.conversation, assignee: person ? { id: person.id, name: person.name } : null } } : one)),
  }
}

export interface Column {
  id: string | null
  name: string
  status: Board['people'][number]['status'] | null
  open: number
  waiting: number
  cards: Board['cards']
}

/** Nobody's first, then everybody, by name. */
export function columnsOf(board: Board, nobody: string): Column[] {
  const cardsOf = (id: string | null) => board.cards.filter((card) => (card.conversation.assignee?.id ?? null) === id)
  const own = cardsOf(null)
  const first: Column = { id: null, name: nobody, status: null, open: board.total.unassigned, waiting: own.filter((card) => card.conversation.waiting_since_ms).length, cards: own }
  const people = board.people.map((one) => ({ id: one.id, name: one.name, status: one.status, open: one.open, waiting: one.waiting, cards: cardsOf(one.id) }))
  return [first, ...people.sort((a, b) => a.name.localeCompare(b.name))]
}
