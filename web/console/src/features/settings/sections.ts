/*
 * The settings area: what is in it. A page that joins adds a row here and a route in app/router.ts.
 *
 * `name` gives the texts: settings.section.<name>.title, .text and .words (what people may search for).
 */
import type { Component } from 'vue'
import {
  AlarmClock, BellRing, Building2, CalendarCheck, CalendarClock, Headset, KeyRound, MessageSquareQuote, MessageSquareText,
  Radio, ScrollText, ShieldCheck, Signpost, Smartphone, Split, Tag, Tags, ToggleRight, UserRound, Users, UsersRound, Webhook, Workflow, Zap,
} from '@lucide/vue'
import type { Permission } from '@shared/api/types'

export const GROUPS = ['you', 'team', 'channels', 'messages', 'automation', 'system'] as const

export interface Section {
  name: string
  group: (typeof GROUPS)[number]
  route: string
  icon: Component
  /** Who may not does not see it; none: everybody. */
  permission?: Permission
}

export const SECTIONS: readonly Section[] = [
  { name: 'profile', group: 'you', route: '/settings/profile', icon: UserRound },
  { name: 'notices', group: 'you', route: '/settings/notifications', icon: BellRing },
  { name: 'people', group: 'team', route: '/settings/people', icon: Users, permission: 'person.read' },
  { name: 'roles', group: 'team', route: '/settings/roles', icon: ShieldCheck, permission: 'person.read' },
  { name: 'hours', group: 'team', route: '/settings/hours', icon: CalendarClock, permission: 'workspace.read' },
  { name: 'promises', group: 'team', route: '/settings/promises', icon: AlarmClock, permission: 'workspace.read' },
  { name: 'agents', group: 'team', route: '/settings/agents', icon: Headset, permission: 'person.read' },
  { name: 'teams', group: 'team', route: '/settings/teams', icon: UsersRound, permission: 'person.read' },
  { name: 'routing', group: 'team', route: '/settings/routing', icon: Signpost, permission: 'person.read' },
  { name: 'channels', group: 'channels', route: '/settings/channels', icon: Radio, permission: 'channel.read' },
  { name: 'linked', group: 'channels', route: '/settings/linked', icon: Smartphone, permission: 'channel.read' },
  { name: 'routes', group: 'channels', route: '/settings/routes', icon: Split, permission: 'channel.read' },
  { name: 'labels', group: 'messages', route: '/settings/labels', icon: Tag, permission: 'conversation.read' },
  { name: 'templates', group: 'messages', route: '/settings/templates', icon: MessageSquareQuote, permission: 'template.read' },
  { name: 'canned', group: 'messages', route: '/settings/canned', icon: MessageSquareText, permission: 'message.read' },
  { name: 'macros', group: 'messages', route: '/settings/macros', icon: Workflow, permission: 'message.read' },
  { name: 'scheduled', group: 'messages', route: '/settings/scheduled', icon: CalendarCheck, permission: 'message.read' },
  { name: 'attributes', group: 'messages', route: '/settings/attributes', icon: Tags, permission: 'contact.manage' },
  { name: 'keys', group: 'automation', route: '/settings/keys', icon: KeyRound, permission: 'key.manage' },
  { name: 'webhooks', group: 'automation', route: '/settings/webhooks', icon: Webhook, permission: 'webhook.manage' },
  { name: 'workspace', group: 'system', route: '/settings/workspace', icon: Building2, permission: 'workspace.read' },
  { name: 'features', group: 'system', route: '/settings/features', icon: ToggleRight, permission: 'workspace.read' },
  { name: 'realtime', group: 'system', route: '/settings/realtime', icon: Zap, permission: 'workspace.read' },
  { name: 'audit', group: 'system', route: '/settings/audit', icon: ScrollText, permission: 'audit.read' },
]

/** Without case and accents, so that "Ubersicht" finds "Übersicht". */
const folded = (text: string) => text.normalize('NFD').replace(/\p{Diacritic}/gu, '').toLowerCase()

/** Every word of the query is somewhere in the section's texts. */
export function matches(query: string, texts: readonly string[]): boolean {
  const all = folded(texts.join(' '))
  return folded(query).split(/\s+/).every((word) => all.includes(word))
}
