/*
 * What this browser does about a message that came: nothing, a sound, a notice; plain functions.
 *
 * Nobody is told of what they muted, of what they see, or in their quiet hours. Whoever has a tab in
 * front needs no notice, a sound will do.
 */
import type { Conversation, NotificationSettings } from '@shared/api/types'

export type NoticeEvent = keyof NotificationSettings['events']
export type Way = 'sound' | 'browser' | 'push' | 'email'

/** What each open tab shows. */
export interface Tab {
  id: string
  visible: boolean
  conversationId: string | null
}

export interface Doing {
  sound: boolean
  notice: boolean
}

const NOTHING: Doing = { sound: false, notice: false }

export function eventOf(conversation: Pick<Conversation, 'assignee'>, myId: string): NoticeEvent {
  if (!conversation.assignee) return 'unassigned'
  return conversation.assignee.id === myId ? 'mine' : 'other'
}

/** Minutes of the day where somebody is; a zone that this browser does not know counts as UTC. */
export function minuteOfDay(atMs: number, timeZone: string): number {
  const parts = (zone: string) => new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).formatToParts(atMs)
  let all: Intl.DateTimeFormatPart[]
  try {
    all = parts(timeZone || 'UTC')
  } catch {
    all = parts('UTC')
  }
  const of = (type: string) => Number(all.find((part) => part.type === type)?.value ?? 0)
  return of('hour') * 60 + of('minute')
}

export function isQuiet(settings: Pick<NotificationSettings, 'quiet' | 'time_zone'>, atMs: number): boolean {
  if (!settings.quiet || settings.quiet.from_min === settings.quiet.until_min) return false
  const { from_min: from, until_min: until } = settings.quiet
  const past = (minute: number) => (minute - from + 1440) % 1440
  return past(minuteOfDay(atMs, settings.time_zone)) < past(until)
}

export function decide(
  what: { event: NoticeEvent; conversationId: string }, settings: NotificationSettings, tabs: readonly Tab[], atMs: number,
): Doing {
  const ways = settings.events[what.event] ?? []
  if (settings.muted_conversation_ids.includes(what.conversationId) || isQuiet(settings, atMs)) return NOTHING
  const inFront = tabs.filter((tab) => tab.visible)
  if (inFront.some((tab) => tab.conversationId === what.conversationId)) return NOTHING
  return { sound: ways.includes('sound'), notice: ways.includes('browser') && inFront.length === 0 }
}
