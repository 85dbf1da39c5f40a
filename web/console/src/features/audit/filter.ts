/** What of the audit trail is asked for, as the fields have it and as the server wants it. */
import type { Query } from '@shared/api/client'

export interface AuditAsked {
  actor: string
  action: string
  target: string
  from: string
  until: string
}

export const NOTHING: AuditAsked = { actor: '', action: '', target: '', from: '', until: '' }
export const isEmpty = (asked: AuditAsked) => Object.values(asked).every((value) => value === '')

/** Beginnings of actions: one for each thing that people change. */
export const ACTIONS = [
  'api_key.', 'channel.', 'contact.', 'conversation.', 'feature.', 'invitation.', 'maintenance.', 'person.', 'role.', 'session.', 'team.', 'template.',
  'webhook.', 'workspace.',
] as const

const time = (text: string) => (text ? Date.parse(text) || undefined : undefined)

/** A target that is no id finds nothing: it is not sent half typed. */
export function queryOf(asked: AuditAsked): Query {
  return {
    actor_id: asked.actor, action: asked.action, target_id: /^\d+$/.test(asked.target.trim()) ? asked.target.trim() : '',
    from_ms: time(asked.from), until_ms: time(asked.until),
  }
}
