/*
 * The states of a conversation, and the times that it may be snoozed until.
 */
import type { ConversationStatus, Priority } from '@shared/api/types'

export const PRIORITIES: readonly Priority[] = ['none', 'low', 'medium', 'high', 'urgent']
/** Those that are chosen as they are; snoozed needs a time. */
export const PLAIN_STATUSES: readonly ConversationStatus[] = ['open', 'waiting', 'resolved', 'archived']
export const TONES = { open: 'info', waiting: 'warning', resolved: 'success', snoozed: 'neutral', archived: 'neutral' } as const

const HOUR_MS = 3600_000
const MORNING = 9

function morningIn(nowMs: number, days: number): number {
  const at = new Date(nowMs)
  at.setDate(at.getDate() + days)
  return at.setHours(MORNING, 0, 0, 0)
}

/** Days from today to the next Monday, 1 to 7. */
const toMonday = (nowMs: number) => ((8 - new Date(nowMs).getDay()) % 7) || 7

export const SNOOZES = ['hour', 'hours', 'tomorrow', 'week'] as const

/** When each of them ends, here. */
export function snoozeEnd(what: (typeof SNOOZES)[number], nowMs: number): number {
  if (what === 'hour') return nowMs + HOUR_MS
  if (what === 'hours') return nowMs + 4 * HOUR_MS
  return morningIn(nowMs, what === 'tomorrow' ? 1 : toMonday(nowMs))
}

/** For all who work with the number, as on its owner's phone; -1 is for ever. */
export const isMuted = (untilMs: number | null, nowMs: number): boolean => untilMs !== null && (untilMs < 0 || untilMs > nowMs)
