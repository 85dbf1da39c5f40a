/** The events that can be told, in groups as people think of them. */
import type { Webhook, WebhookEventType } from '@shared/api/types'

export const EVENT_GROUPS: readonly { name: string; events: readonly WebhookEventType[] }[] = [
  { name: 'message', events: ['message.received', 'message.sent', 'message.delivered', 'message.read', 'message.failed', 'message.edited', 'message.deleted', 'message.reacted'] },
  { name: 'conversation', events: ['conversation.created', 'conversation.updated', 'conversation.assigned', 'conversation.closed'] },
  { name: 'contact', events: ['contact.created', 'contact.updated', 'contact.opted_out', 'contact.erased'] },
  { name: 'system', events: ['template.status_changed', 'channel.status_changed', 'number.route_changed'] },
]
export const ALL_EVENTS = EVENT_GROUPS.flatMap((group) => group.events)

/** What Meta's format has words for. */
export const META_EVENTS: readonly WebhookEventType[] = [...EVENT_GROUPS[0]!.events, 'contact.opted_out', 'template.status_changed', 'channel.status_changed']

export function groupsFor(format: Webhook['format']) {
  if (format === 'parley') return EVENT_GROUPS
  return EVENT_GROUPS.map((group) => ({ ...group, events: group.events.filter((one) => META_EVENTS.includes(one)) })).filter((group) => group.events.length)
}

export type WebhookHealth = 'disabled' | 'failing' | 'works' | 'unproven'

export function healthOf(one: Webhook): WebhookHealth {
  if (one.disabled) return 'disabled'
  if (one.failing_since_ms) return 'failing'
  return one.last_success_ms ? 'works' : 'unproven'
}

/** Ten thousand is as far as the server counts. */
export const COUNTED_MAX = 10_000
export const countText = (count: number) => (count >= COUNTED_MAX ? `${COUNTED_MAX}+` : String(count))
