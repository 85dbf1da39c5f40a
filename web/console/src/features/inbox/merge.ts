/*
 * Keeping lists right while pages, live events and own sends arrive in any order.
 *
 * Pure: lists in, lists out. A message is known by its id, so the same one twice is one; what is newer
 * wins by its place in the life of a message, because a late event must not turn ticks back.
 */
import type { Conversation, Message, MessageStatus } from '@shared/api/types'

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

export interface ListFilter {
  view: View
  status: StatusFilter
  channelId: string
  unread: boolean
  query: string
}

/** What is shown when nothing was chosen. */
export const NO_FILTER: ListFilter = { view: 'all', status: 'open', channelId: '', unread: false, query: '' }

/** Whether a conversation belongs into a filtered list. A search is the server's to judge. */
export function matches(conversation: Conversation, filter: ListFilter, myId: string): boolean {
  if (filter.status !== 'all' && conversation.status !== filter.status) return false
  if (filter.view === 'mine' && conversation.assignee?.id !== myId) return false
  if (filter.view === 'unassigned' && conversation.assignee) return false
  if (filter.channelId && conversation.channel.id !== filter.channelId) return false
  return !filter.unread || conversation.unread_count > 0
}

export function compareConversations(a: Conversation, b: Conversation): number {
  return (b.last_message_ms ?? b.created_ms) - (a.last_message_ms ?? a.created_ms) || compareIds(b.id, a.id)
}

/** A page at the end of the list; what live events brought first is not doubled. */
export function appendConversations(list: readonly Conversation[], page: readonly Conversation[]): Conversation[] {
  const known = new Set(list.map((one) => one.id))
  return [...list, ...page.filter((one) => !known.has(one.id))].sort(compareConversations)
}

export interface LiveRule {
  /** Whether it belongs into the list now. */
  belongs: boolean
  /** Whether the list goes on on the server: then what is older than its end comes with its page. */
  hasMore: boolean
}

/** Puts a changed conversation at its place, or takes it out. */
export function placeConversation(list: readonly Conversation[], changed: Conversation, rule: LiveRule): readonly Conversation[] {
  const without = list.filter((one) => one.id !== changed.id)
  if (!rule.belongs) return without.length === list.length ? list : without
  const at = without.findIndex((one) => compareConversations(changed, one) < 0)
  if (at >= 0) return [...without.slice(0, at), changed, ...without.slice(at)]
  return rule.hasMore ? without : [...without, changed]
}
