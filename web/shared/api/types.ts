/*
 * The shapes of docs/api/README.md, as the console reads them.
 *
 * Ids are strings of digits; times end in _ms and are Unix milliseconds.
 */
export type Permission =
  | 'conversation.read' | 'conversation.write' | 'message.read' | 'message.send' | 'contact.read' | 'contact.write'
  | 'media.read' | 'media.write' | 'channel.read' | 'channel.manage' | 'template.read' | 'template.manage'
  | 'person.read' | 'person.manage' | 'key.manage' | 'audit.read' | 'event.read' | 'event.manage' | 'health.read'
  | 'workspace.read' | 'workspace.manage'

export type Role = 'owner' | 'admin' | 'supervisor' | 'agent' | 'analyst' | 'viewer'

export interface Page<T> {
  data: T[]
  next_cursor: string | null
}

export interface Person {
  id: string
  email: string
  name: string
  role: Role
  locale: string
  disabled: boolean
  last_seen_ms: number | null
  created_ms: number
}

export interface Workspace {
  id: string
  name: string
  created_ms: number
}

export interface Session {
  person: Person
  workspace: Workspace
  role: Role
  permissions: Permission[]
  csrf_token: string
  live: { key: string; path: string; auth: string }
}

export interface ApiKey {
  id: string
  name: string
  prefix: string
  scopes: Permission[]
  created_ms: number
  last_used_ms: number | null
  key?: string
}

export interface AuditRow {
  id: string
  at_ms: number
  actor: { kind: 'person' | 'api_key' | 'system'; id: string | null; name: string | null }
  action: string
  target: { kind: string; id: string | null }
  reason: string | null
  address: string | null
  detail: Record<string, unknown> | null
  hash: string
}

export type HealthState = 'healthy' | 'unverified' | 'failing' | 'disabled'

export interface Channel {
  id: string
  provider: string
  name: string
  phone_number: string | null
  phone_number_id: string | null
  waba_id: string | null
  number_id: string | null
  disabled: boolean
  webhook_url: string
  verify_token: string | null
  has_access_token: boolean
  has_app_secret: boolean
  health: { state: HealthState; reason: string | null; next_step: string | null; proof_ms: number | null }
  last_event_ms: number | null
  last_send_ms: number | null
  quality_rating: string | null
  verified_name: string | null
  capabilities: string[]
  pace_per_second: number
  pair_interval_ms: number
  created_ms: number
}

export interface ChannelTest {
  ok: boolean
  steps: { name: string; ok: boolean; detail: string; next_step: string | null }[]
}

export interface TemplateButton {
  type: string
  text?: string
  url?: string
  phone_number?: string
  example?: unknown
}

export interface TemplateComponent {
  type: string
  format?: string
  text?: string
  buttons?: TemplateButton[]
  example?: Record<string, unknown>
}

export interface Template {
  id: string
  channel_id: string
  remote_id: string | null
  name: string
  language: string
  category: string
  status: string
  components: TemplateComponent[]
  updated_ms: number
}

export interface Contact {
  id: string
  name: string | null
  phone: string | null
  aliases?: { kind: string; value: string }[]
  created_ms?: number
}

export type ConversationStatus = 'open' | 'pending' | 'resolved'

export interface Conversation {
  id: string
  contact: Contact
  channel: { id: string; name: string; provider: string; phone_number: string | null }
  status: ConversationStatus
  assignee: { id: string; name: string } | null
  unread_count: number
  window: { open: boolean; until_ms: number | null }
  last_message: Message | null
  last_message_ms: number | null
  created_ms: number
  updated_ms: number
}

export type MessageStatus =
  | 'received' | 'accepted' | 'sending' | 'unconfirmed' | 'sent' | 'delivered' | 'read' | 'played' | 'failed'

export interface MessageMedia {
  id: string
  state: 'pending' | 'stored' | 'failed'
  mime_type: string | null
  size_bytes: number | null
  file_name: string | null
  url: string
  error: string | null
}

/** What stands under the message's own type: the Cloud API's shape, so read with care. */
export type MessageBody = Record<string, unknown>

export interface Message {
  id: string
  conversation_id: string
  channel_id: string
  contact_id: string
  direction: 'in' | 'out'
  type: string
  status: MessageStatus
  status_detail: { waiting_ms?: number; attempts?: number } | null
  error: { code: string; message: string; next_step: string | null; retryable: boolean } | null
  author: { kind: string; id: string | null; name: string | null }
  reply_to: { id: string | null; remote_id: string | null; type: string | null; preview: string | null; direction: 'in' | 'out' | null } | null
  forwarded: 'forwarded' | 'frequently' | null
  edited_ms: number | null
  deleted_ms: number | null
  reactions: { emoji: string; by: 'contact' | 'business'; ms: number }[]
  media: MessageMedia | null
  remote_id: string | null
  trace_id: string | null
  created_ms: number
  sent_ms: number | null
  delivered_ms: number | null
  read_ms: number | null
  played_ms: number | null
  failed_ms: number | null
  [body: string]: unknown
}

export interface MessageDraft {
  type: string
  context?: { message_id: string }
  [body: string]: unknown
}

export interface MessagePage {
  data: Message[]
  has_before: boolean
  has_after: boolean
}

export interface Media {
  id: string
  mime_type: string
  size_bytes: number
  file_name: string | null
  url: string
}

export interface Trace {
  trace_id: string
  message_id: string
  steps: { at_ms: number; what: string; detail: string | null; code: string | null }[]
}

export type EventState = 'pending' | 'applied' | 'failed' | 'kept'

export interface IntakeEvent {
  id: string
  channel_id: string | null
  kind: string
  state: EventState
  attempts: number
  error: string | null
  received_ms: number
  applied_ms: number | null
  payload?: unknown
}

export type ComponentState = 'ok' | 'degraded' | 'down'

export interface Health {
  state: ComponentState
  version: string
  started_ms: number
  components: {
    name: string
    title: string
    state: ComponentState
    detail: string | null
    next_step: string | null
    since_ms: number | null
  }[]
  figures: Record<string, number | null>
}
