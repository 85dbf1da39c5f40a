/*
 * Keeping lists right while pages, live events and own sends arrive in any order.
 *
 * Pure: lists in, lists out. A message is known by its id, so the same one twice is one; what is newer
 * wins by its place in the life of a message, because a late event must not turn ticks back.
 */
import type { Conversation, Message, MessageStatus, Priority } from '@shared/api/types'

/** Ids are decimal numbers without leading zeros, too large for a JavaScript number. */
export function compareIds(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}

const RANK: Record<MessageStatus, number> = {
  received: 0, accepted: 1, sending: 2, unconfirmed: 2, sent: 3, delivered: 4, read: 5, played: 6, failed: 7,
}

/**
 * The newer of two states of one message. Failed is the end, unless `next` is known to be later: then
 * somebody retried. An answer that events overtook is not known to be later.
 */
export function newerOf(old: Message, next: Message, isLater: boolean): Message {
  const revived = isLater && (old.status === 'failed' || next.status === 'failed')
  if (revived || RANK[next.status] >= RANK[old.status]) return next
  if (old.status === 'failed') return old
  return { ...next, status: old.status, delivered_ms: old.delivered_ms, read_ms: old.read_ms, played_ms: old.played_ms }
}

/** Both lists as one, oldest first, each message once. */
export function mergeMessages(old: readonly Message[], next: readonly Message[], isLater = false): Message[] {
  const byId = new Map(old.map((message) => [message.id, message]))
  for (const message of next) {
    const known = byId.get(message.id)
    byId.set(message.id, known ? newerOf(known, message, isLater) : message)
  }
  return [...byId.values()].sort((a, b) => compareIds(a.id, b.id))
}

/** Replaces one message if it is shown; the same list if not. */
export function updateMessage(list: readonly Message[], next: Message): readonly Message[] {
  const at = list.findIndex((message) => message.id === next.id)
  if (at < 0) return list
  const copy = list.slice()
  copy[at] = newerOf(list[at]!, next, true)
  return copy
}

/** Whether the page continues the list: one of its messages is there, or nothing lies between. */
export function touches(list: readonly Message[], page: readonly Message[]): boolean {
  if (list.length === 0 || page.length === 0) return true
  const ids = new Set(list.map((message) => message.id))
  return page.some((message) => ids.has(message.id))
}

export type View = 'all' | 'mine' | 'unassigned'
export type StatusFilter = 'open' | 'waiting' | 'resolved' | 'snoozed' | 'archived' | 'all'

export type Sort = 'newest' | 'oldest' | 'waiting' | 'priority'

/** Ids are '' for any; assignee and team also 'none'. Times are days as in an <input type="date">. */
export interface ListFilter {
  view: View
  status: StatusFilter
  sort: Sort
  channelId: string
  assigneeId: string
  teamId: string
  labelId: string
  priority: Priority | ''
  unread: boolean
  from: string
  until: string
  /** Minutes that the customer has waited at least, '' for any. */
  waiting: string
  query: string
}

/** What is shown when nothing was chosen. */
export const NO_FILTER: ListFilter = {
  view: 'all', status: 'open', sort: 'newest', channelId: '', assigneeId: '', teamId: '', labelId: '', priority: '', unread: false,
  from: '', until: '', waiting: '', query: '',
}

const fitsId = (asked: string, is: string | undefined) => !asked || (asked === 'none' ? !is : asked === is)
/** Local midnight at the beginning of a day, and of the day after it. */
export const dayStart = (day: string) => new Date(`${day}T00:00`).getTime()
export const dayEnd = (day: string) => new Date(`${day}T00:00`).setHours(24, 0, 0, 0) - 1
const MINUTE_MS = 60_000

/** Whether a conversation belongs into a filtered list. A search is the server's to judge. */
export function matches(conversation: Conversation, filter: ListFilter, myId: string): boolean {
  if (filter.status === 'all' ? conversation.status === 'archived' : conversation.status !== filter.status) return false
  if (filter.view === 'mine' && conversation.assignee?.id !== myId) return false
  if (filter.view === 'unassigned' && conversation.assignee) return false
  if (filter.channelId && conversation.channel.id !== filter.channelId) return false
  if (!fitsId(filter.assigneeId, conversation.assignee?.id) || !fitsId(filter.teamId, conversation.team?.id)) return false
  if (filter.labelId && !conversation.labels.some((one) => one.id === filter.labelId)) return false
  if (filter.priority && conversation.priority !== filter.priority) return false
  return matchesTime(conversation, filter) && (!filter.unread || conversation.unread_count > 0)
}

function matchesTime(conversation: Conversation, filter: ListFilter): boolean {
  const last = conversation.last_message_ms ?? conversation.created_ms
  if ((filter.from && last < dayStart(filter.from)) || (filter.until && last > dayEnd(filter.until))) return false
  const since = conversation.waiting_since_ms
  if (filter.sort === 'waiting' && since === null) return false
  return !filter.waiting || (since !== null && Date.now() - since >= Number(filter.waiting) * MINUTE_MS)
}

/** What the orders look at. */
export type Place = Pick<Conversation, 'id' | 'last_message_ms' | 'created_ms' | 'waiting_since_ms' | 'priority'>

const RANKS: Record<Priority, number> = { none: 0, low: 1, medium: 2, high: 3, urgent: 4 }
const newest = (a: Place, b: Place) => (b.last_message_ms ?? b.created_ms) - (a.last_message_ms ?? a.created_ms) || compareIds(b.id, a.id)

/** In the order that the server lists them. */
export const ORDERS: Record<Sort, (a: Place, b: Place) => number> = {
  newest,
  oldest: (a, b) => -newest(a, b),
  waiting: (a, b) => (a.waiting_since_ms ?? 0) - (b.waiting_since_ms ?? 0) || compareIds(a.id, b.id),
  priority: (a, b) => RANKS[b.priority] - RANKS[a.priority] || newest(a, b),
}

/** A page at the end of the list; what live events brought first is not doubled. */
export function appendConversations(list: readonly Conversation[], page: readonly Conversation[], sort: Sort = 'newest'): Conversation[] {
  const known = new Set(list.map((one) => one.id))
  const fresh = page.filter((one) => !known.has(one.id))
  const last = list.at(-1)
  const follows = !last || !fresh[0] || ORDERS[sort](last, fresh[0]) < 0
  const all = [...list, ...fresh]
  return follows ? all : all.sort(ORDERS[sort])
}

export interface LiveRule {
  /** Whether it belongs into the list now. */
  belongs: boolean
  /** Whether the list goes on on the server: then what is older than its end comes with its page. */
  hasMore: boolean
  sort?: Sort
}

/** Puts a changed conversation at its place, or takes it out. */
export function placeConversation(list: readonly Conversation[], changed: Conversation, rule: LiveRule): readonly Conversation[] {
  const order = ORDERS[rule.sort ?? 'newest']
  const without = list.filter((one) => one.id !== changed.id)
  if (!rule.belongs) return without.length === list.length ? list : without
  const at = without.findIndex((one) => order(changed, one) < 0)
  if (at >= 0) return [...without.slice(0, at), changed, ...without.slice(at)]
  return rule.hasMore ? without : [...without, changed]
}
