/*
 * A thread as rows: a heading per day, a mark where the unread begin, and messages that know whether
 * they begin or end a run of one author.
 */
import type { ConversationEvent, Message } from '@shared/api/types'
import { dayOf } from '@shared/times'
import { compareIds } from './merge'

export type ThreadRow =
  | { kind: 'day'; key: string; ms: number }
  | { kind: 'unread'; key: string }
  | { kind: 'event'; key: string; event: ConversationEvent }
  | { kind: 'message'; key: string; message: Message; first: boolean; last: boolean }

const RUN_GAP_MS = 5 * 60_000

/** Kinds that stand in the middle of the thread, as a note, not as a bubble. */
export function isNote(message: Message): boolean {
  return message.type === 'system' || message.type === 'edit' || message.type === 'revoke'
}

function sameRun(a: Message | undefined, b: Message | undefined): boolean {
  if (!a || !b || isNote(a) || isNote(b)) return false
  return (
    a.direction === b.direction && a.author.kind === b.author.kind && a.author.id === b.author.id &&
    Math.abs(b.created_ms - a.created_ms) < RUN_GAP_MS && dayOf(a.created_ms) === dayOf(b.created_ms)
  )
}

/** Rows for messages that are oldest first; `unreadFromId` is the first message not yet read. */
export function threadRows(messages: readonly Message[], unreadFromId: string | null, keyOf: (id: string) => string): ThreadRow[] {
  const rows: ThreadRow[] = []
  messages.forEach((message, i) => {
    const before = messages[i - 1]
    const next = messages[i + 1]
    if (!before || dayOf(before.created_ms) !== dayOf(message.created_ms)) {
      /* Keyed by its message: with older ones of the day above, the heading is another row elsewhere. */
      rows.push({ kind: 'day', key: `day-${message.id}`, ms: message.created_ms })
    }
    const startsUnread = message.id === unreadFromId
    if (startsUnread) rows.push({ kind: 'unread', key: 'unread' })
    rows.push({
      kind: 'message', key: keyOf(message.id), message,
      first: startsUnread || !sameRun(before, message), last: next?.id === unreadFromId || !sameRun(message, next),
    })
  })
  return rows
}

/** The first of the last `count` messages of the customer: where the unread begin. Notes are never unread. */
export function firstUnread(messages: readonly Message[], count: number): string | null {
  let left = count
  for (let i = messages.length - 1; i >= 0 && left > 0; i--) {
    const message = messages[i]!
    if (message.direction === 'in' && !isNote(message) && --left === 0) return message.id
  }
  return null
}

/**
 * The same rows with what happened between them: an event stands before the first message that is newer.
 * Those older than all that is shown are left out, unless the thread begins there.
 */
export function withEvents(rows: readonly ThreadRow[], events: readonly ConversationEvent[], reachesEnd: boolean): readonly ThreadRow[] {
  if (events.length === 0) return rows
  const out: ThreadRow[] = []
  let at = 0
  for (const row of rows) {
    if (row.kind === 'message' && !row.message.id.startsWith('local-')) {
      const heads: ThreadRow[] = []
      while (out.length > 0 && ['day', 'unread'].includes(out.at(-1)!.kind)) heads.unshift(out.pop()!)
      const isNewDay = heads.some((one) => one.kind === 'day')
      const day = isNewDay ? dayOf(row.message.created_ms) : 0
      const mine: ThreadRow[] = []
      for (; at < events.length && compareIds(events[at]!.id, row.message.id) < 0; at++) {
        const line: ThreadRow = { kind: 'event', key: `event-${events[at]!.id}`, event: events[at]! }
        ;(isNewDay && dayOf(events[at]!.at_ms) === day ? mine : out).push(line)
      }
      const dayHead = heads.filter((one) => one.kind === 'day')
      out.push(...dayHead, ...mine, ...heads.filter((one) => one.kind !== 'day'))
    }
    out.push(row)
  }
  for (; reachesEnd && at < events.length; at++) out.push({ kind: 'event', key: `event-${events[at]!.id}`, event: events[at]! })
  return out
}
