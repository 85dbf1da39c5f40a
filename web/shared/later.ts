/*
 * Times of messages for later: what a date field holds, in the person's time zone, and the words for repeats.
 */
import type { MessageDraft, Repeat, ScheduledMessage } from './api/types'

export const timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC'
export const REPEATS: readonly Repeat[] = ['none', 'daily', 'weekly', 'monthly']

const two = (n: number) => String(n).padStart(2, '0')

/** The value of a datetime-local field. */
export function fieldOf(ms: number): string {
  const at = new Date(ms)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`
}

/** The time it names here, or null. */
export function msOf(field: string): number | null {
  const ms = new Date(field).getTime()
  return Number.isFinite(ms) ? ms : null
}

/** Tomorrow at nine. */
export function tomorrow(nowMs: number): number {
  const at = new Date(nowMs)
  at.setDate(at.getDate() + 1)
  return at.setHours(9, 0, 0, 0)
}

/** "Fri, 3 Apr, 09:00", in the zone it was planned in. */
export function plannedTime(ms: number, zone: string, locale: string): string {
  const options: Intl.DateTimeFormatOptions = { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }
  try {
    return new Intl.DateTimeFormat(locale, { ...options, timeZone: zone }).format(ms)
  } catch {
    return new Intl.DateTimeFormat(locale, options).format(ms)
  }
}

/** What it says, as a draft again: for changing its time. */
export function draftOfScheduled(one: ScheduledMessage): MessageDraft {
  const type = one.type === 'voice' ? 'audio' : one.type
  return { type, [type]: one[one.type], ...(one.reply_to_id ? { context: { message_id: one.reply_to_id } } : {}) }
}

/** Whether a message that is no template would find the 24-hour window closed. */
export function missesWindow(window: { until_ms: number | null }, atMs: number, type: string): boolean {
  return type !== 'template' && window.until_ms !== null && window.until_ms <= atMs
}
