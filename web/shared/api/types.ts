/*
 * The names that the console uses for the shapes of docs/api/openapi.yaml. schema.ts is made of that
 * file by `npm run types`, so a change there that the console does not follow fails the build.
 *
 * Ids are strings of digits; times end in _ms and are Unix milliseconds.
 */
import type { components } from './schema'

type Schemas = components['schemas']

export type Permission = Schemas['Permission']
/** A built-in role's word, or the id of a role of the workspace. */
export type Role = Schemas['RoleRef']
export type BuiltInRole = Schemas['Role']
export type RoleFull = Schemas['RoleFull']
export type Sees = Schemas['Sees']
export type Invitation = Schemas['Invitation']
export type InvitationView = Schemas['InvitationView']
export type SessionItem = Schemas['SessionItem']
export type SecondFactorOffer = Schemas['SecondFactorOffer']
export type RecoveryCodes = Schemas['RecoveryCodes']
export type Person = Schemas['Person']
export type Workspace = Schemas['Workspace']
export type Session = Schemas['Session']
export type AuditRow = Schemas['AuditRow']
export type Channel = Schemas['Channel']
export type NumberRoute = Schemas['NumberRoute']
export type ChannelPace = Schemas['ChannelPace']
export type LinkedNumber = Schemas['LinkedNumber']
export type LinkedSync = Schemas['LinkedSync']
export type LinkedState = Schemas['LinkedState']
export type LinkedPairing = Schemas['LinkedPairing']
export type LinkedChange = Schemas['LinkedChange']
export type LinkedDiagnosis = Schemas['LinkedDiagnosis']
export type AdminLinkedNumber = Schemas['AdminLinkedNumber']
export type RouteEntry = Schemas['RouteEntry']
export type RouteChange = Schemas['RouteChange']
export type RouteDecision = Schemas['RouteDecision']
export type ChannelTest = Schemas['ChannelTest']
export type ChannelWebhook = Schemas['ChannelWebhook']
export type EventTrace = Schemas['EventTrace']
export type SentSample = Schemas['SentSample']
export type WebhookSample = Schemas['WebhookSample']
export type Provider = Schemas['Provider']
export type TransportCall = Schemas['TransportCall']
export type ChannelLimits = Schemas['ChannelLimits']
export type PriceEstimate = Schemas['PriceEstimate']
export type CostReport = Schemas['CostReport']
export type Money = Schemas['Money']
export type Contact = Schemas['Contact']
export type ContactRef = Schemas['ContactRef']
export type ContactFace = Schemas['ContactFace']
export type GroupMember = Schemas['GroupMember']
export type GroupMembers = Schemas['GroupMembers']
export type ContactPage = Schemas['ContactPage']
export type ContactAttribute = Schemas['ContactAttribute']
export type AttributeType = Schemas['AttributeType']
export type ContactNote = Schemas['ContactNote']
export type Consent = Schemas['Consent']
export type ContactImport = Schemas['ContactImport']
export type ContactImportPage = Schemas['ContactImportPage']
export type ContactExport = Schemas['ContactExport']
export type ContactMerge = Schemas['ContactMerge']
export type LabelRef = Schemas['LabelRef']
export type ConversationStatus = Schemas['ConversationStatus']
export type MessageStatus = Schemas['MessageStatus']
export type Label = Schemas['Label']
export type SavedFilter = Schemas['SavedFilter']
export type CountCell = Schemas['CountCell']
export type ConversationCounts = Schemas['ConversationCounts']
export type ConversationEvent = Schemas['ConversationEvent']
export type BulkChange = Schemas['BulkChange']
export type BulkResult = Schemas['BulkResult']
export type Media = Schemas['Media']
export type Trace = Schemas['Trace']
export type IntakeEvent = Schemas['Event']
export type EventState = IntakeEvent['state']
export type Health = Schemas['Health']
export type Agent = Schemas['Agent']
export type AgentStatus = Schemas['AgentStatus']
export type Team = Schemas['Team']
export type Shift = Schemas['Shift']
export type ShiftEnd = Schemas['ShiftEnd']
export type RoutingMode = Schemas['RoutingMode']
export type RoutingSettings = Schemas['RoutingSettings']
export type RoutingRule = Schemas['RoutingRule']
export type RoutingConditions = Schemas['RoutingConditions']
export type RoutingActions = Schemas['RoutingActions']
export type RoutingVerdict = Schemas['RoutingVerdict']
export type QueuedConversation = Omit<Schemas['QueuedConversation'], 'conversation'> & { conversation: Conversation }
/** Whatever is shown by its name. */
export interface NamedRef { id: string; name: string }
export type Board = Omit<Schemas['Board'], 'cards'> & { cards: (Omit<Schemas['Board']['cards'][number], 'conversation'> & { conversation: Conversation })[] }
export type Durations = Schemas['Durations']
export type Figures = Schemas['Figures']
export type AgentFigures = Schemas['AgentFigures']
export type Traffic = Schemas['Traffic']
export type BusinessHours = Schemas['BusinessHours']
export type SlaPolicy = Schemas['SlaPolicy']
export type Priority = Schemas['Priority']
export type NotificationSettings = Schemas['NotificationSettings']
export type SearchFilter = Schemas['SearchFilter']
export type SearchSuggestion = Schemas['SearchSuggestion']
export type PushSubscription = Schemas['PushSubscription']
export type ComponentState = Schemas['HealthState']
export type CannedResponse = Schemas['CannedResponse']
export type CannedResponseDraft = Schemas['CannedResponseDraft']
export type OwnerScope = Schemas['OwnerScope']
export type Macro = Schemas['Macro']
export type MacroAction = Schemas['MacroAction']
export type Repeat = Schemas['Repeat']

export type BusinessProfile = Schemas['BusinessProfile']
export type BusinessVertical = Schemas['BusinessVertical']
export type Feature = Schemas['Feature']
export type Realtime = Schemas['Realtime']
export type Maintenance = Schemas['Maintenance']
export interface AuditCheck { ok: boolean; rows_checked: number; first_broken: number | null }
export type Webhook = Schemas['Webhook']
export type WebhookEventType = Schemas['WebhookEventType']
export type WebhookDelivery = Schemas['WebhookDelivery']

/** The key itself is in the answer that made it, and nowhere else. */
export type ApiKey = Schemas['ApiKey'] & { key?: string }

export interface Page<T> {
  data: T[]
  next_cursor: string | null
}

/**
 * A message, with its content left unread under its type: it came from outside, in many versions, and
 * new kinds come without asking. What reads it answers for any input (features/inbox/content.ts).
 */
export type Message = Schemas['MessageCommon'] & { type: string; [content: string]: unknown }

export type TimelineItem = Omit<Schemas['TimelineItem'], 'message'> & { message?: Message }

export type Conversation = Omit<Schemas['Conversation'], 'last_message'> & { last_message: Message | null }

/** Its content stands under its type, like a message's. */
export type ScheduledMessage = Omit<Schemas['ScheduledMessageCommon'], 'conversation'> & { conversation?: Conversation; [content: string]: unknown }

export type AppNotification = Omit<Schemas['Notification'], 'conversation' | 'message'> & { conversation: Conversation | null; message: Message | null }

export interface MessagePage {
  data: Message[]
  has_before: boolean
  has_after: boolean
}

/** The Cloud API's own shape; what is wrong in it the server says, field by field. */
export type MessageDraft = Schemas['DraftCommon'] & { type: string; [content: string]: unknown }

export interface TemplateButton {
  type: string
  text?: string
  url?: string
  phone_number?: string
  otp_type?: string
  flow_id?: string
  example?: unknown
}

export interface TemplateComponent {
  type: string
  format?: string
  text?: string
  buttons?: TemplateButton[]
  cards?: { components: TemplateComponent[] }[]
  limited_time_offer?: { text?: string; has_expiration?: boolean }
  add_security_recommendation?: boolean
  code_expiration_minutes?: number
  example?: Record<string, unknown>
}

/** Components are told as Meta tells them. */
export type Template = Omit<Schemas['Template'], 'components'> & { components: TemplateComponent[] }
export type TemplateChange = Schemas['TemplateChange']
export type TemplateFigures = Schemas['TemplateFigures']
export type TemplateUsage = Schemas['TemplateUsage']
