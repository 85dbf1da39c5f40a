/*
 * The members of a group as one names them in a message: "@Bob" while one types, "@15550003333" with a
 * mention beside it when it goes out, as the network wants it.
 *
 * Pure: text and members in; text and mentions out. Who has the name of another gets their number behind it.
 */
import type { GroupMember, GroupMembers, Message } from '@shared/api/types'

export interface NamedMember {
  /** What stands behind the @, while one types. */
  label: string
  phone: string | null
  isAdmin: boolean
  /** What stands behind the @ when it goes out, and the mention itself. */
  digits: string
  mention: { phone: string } | { lid: string }
}

const bare = (phone: string) => phone.replace(/\D/g, '')

function mentionOf(member: GroupMember, addressing: GroupMembers['addressing']): Pick<NamedMember, 'digits' | 'mention'> | null {
  const { lid, phone } = member
  if (lid && (addressing === 'lid' || !phone)) return { digits: lid, mention: { lid } }
  return phone ? { digits: bare(phone), mention: { phone: bare(phone) } } : null
}

/** Those who can be named: all but ourselves, by name. */
export function namedMembers({ addressing, data }: GroupMembers): NamedMember[] {
  const known = data.filter((one) => !one.is_us).flatMap((one) => {
    const mention = mentionOf(one, addressing)
    return mention ? [{ ...mention, label: one.name?.trim() || one.phone || mention.digits, phone: one.phone, isAdmin: one.is_admin || one.is_owner }] : []
  })
  const times = new Map<string, number>()
  for (const { label } of known) times.set(label, (times.get(label) ?? 0) + 1)
  return known
    .map((one) => (times.get(one.label)! > 1 ? { ...one, label: `${one.label} (${one.digits.slice(-4)})` } : one))
    .sort((a, b) => a.label.localeCompare(b.label))
}

/** Those of whom a word begins so, or whose number has these digits. */
export function membersFor(members: readonly NamedMember[], query: string): NamedMember[] {
  const wanted = query.toLowerCase()
  return members.filter(({ label, digits, phone }) => {
    const name = label.toLowerCase()
    return name.startsWith(wanted) || name.split(/\s+/).some((word) => word.startsWith(wanted)) || (/^\d+$/.test(wanted) && `${digits} ${bare(phone ?? '')}`.includes(wanted))
  })
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

export interface Named {
  body: string
  mentions: NamedMember['mention'][]
  /** As the server will tell it of the message, to draw it before. */
  shown: Message['mentions']
}

/** The text as it goes out. The longest name wins: "@Ana Souza" is not "@Ana" and a word. */
export function withMentions(text: string, members: readonly NamedMember[]): Named {
  const byLabel = new Map(members.map((one) => [one.label, one]))
  const labels = [...byLabel.keys()].sort((a, b) => b.length - a.length).map(escaped)
  const named = new Map<string, NamedMember>()
  const pattern = labels.length ? new RegExp(`(?<![\\p{L}\\p{N}])@(${labels.join('|')})(?![\\p{L}\\p{N}])`, 'gu') : null
  const body = pattern ? text.replace(pattern, (_, label: string) => {
    const one = byLabel.get(label)!
    named.set(one.digits, one)
    return `@${one.digits}`
  }) : text
  const all = [...named.values()]
  return { body, mentions: all.map((one) => one.mention), shown: all.map((one) => ({ digits: one.digits, contact_id: null, name: one.label })) }
}
