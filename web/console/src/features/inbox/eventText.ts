/*
 * The sentence for something that happened to a conversation. What has no sentence of its own is not
 * drawn: kinds come with later versions, and some are for machines.
 */
import type { ConversationEvent } from '@shared/api/types'

interface Context {
  myId: string
  contactName: string
  t: (key: string, values?: Record<string, unknown>) => string
  te: (key: string) => boolean
  when: (ms: number) => string
}

/** Told by the line of another event, or by nothing that people look at. */
const SILENT = ['queued', 'note', 'created']
const KNOWN = ['status', 'assigned', 'team', 'priority', 'snoozed', 'labelled', 'unlabelled', 'pinned', 'unpinned', 'muted', 'unmuted',
  'cleared_on_phone', 'deleted_on_phone', 'identity', 'merged', 'unmerged', 'split', 'split_from']

export function isDrawn(event: ConversationEvent): boolean {
  if (event.kind === 'snoozed') return event.to !== null
  return KNOWN.includes(event.kind) && !SILENT.includes(event.kind) && !(event.kind === 'status' && event.to === 'snoozed')
}

function whoOf(event: ConversationEvent, { myId, contactName, t, te }: Context): string {
  const { kind, id, name } = event.actor
  if (kind === 'person' && id === myId) return t('event.you')
  if (kind === 'contact') return contactName
  if (kind === 'phone') return t('event.phone')
  if (name) return name
  return te(`author.${kind}`) ? t(`author.${kind}`) : t('author.system')
}

export function eventText(event: ConversationEvent, context: Context): string {
  const { t, when } = context
  const values = {
    who: whoOf(event, context), to: event.to ?? '', from: event.from ?? '', label: String((event.detail as Record<string, unknown>)['name'] ?? ''),
  }
  if (event.kind === 'status') return t(`event.status.${event.to ?? 'open'}`, values)
  if (event.kind === 'priority') return t('event.priority', { ...values, to: t(`priority.${event.to ?? 'none'}`) })
  if (event.kind === 'snoozed') return t('event.snoozed', { ...values, to: when(Number(event.to)) })
  if (event.kind === 'assigned' || event.kind === 'team') return t(event.to === null ? `event.${event.kind}None` : `event.${event.kind}`, values)
  return t(`event.${event.kind}`, values)
}
