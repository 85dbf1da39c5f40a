/** How people are called: contacts without a name, and the authors over messages. */
import type { Contact, ContactRef, Message } from '@shared/api/types'

export function contactName(contact: Pick<ContactRef, 'name' | 'phone'>, t: (key: string) => string): string {
  return contact.name?.trim() || contact.phone || t('contact.unnamed')
}

/** What somebody else than the conversation's contact wrote: the contact is a group. */
export function isOfMember(message: Pick<Message, 'direction' | 'author' | 'contact_id'>): boolean {
  const { kind, id } = message.author
  return message.direction === 'in' && kind === 'contact' && !!id && id !== message.contact_id
}

/** A text with the names of those whom it names by "@" and digits. */
export function withNames(text: string, mentions: Message['mentions'] = []): string {
  return mentions.length === 0 ? text : partsWithNames(text, mentions).map((part) => part.text).join('')
}

/** The same in parts; those that are names are marked. Who is not known stays digits. */
export function partsWithNames(text: string, mentions: Message['mentions']): { text: string; isName: boolean }[] {
  const names = new Map(mentions.map((one) => [one.digits, one.name]))
  return text.split(/(@\d{5,20})(?!\d)/).filter(Boolean).map((part) => {
    const digits = part.slice(1)
    return part.startsWith('@') && names.has(digits) ? { text: `@${names.get(digits) || digits}`, isName: true } : { text: part, isName: false }
  })
}

/** Who of us wrote: nothing over one's own messages and the customer's, a name over all others. */
export function authorLabel(message: Message, myId: string, t: (key: string) => string): string {
  const { kind, id, name } = message.author
  if (isOfMember(message)) return name || t('contact.unnamed')
  if (message.direction === 'in' || (kind === 'person' && id === myId)) return ''
  if (kind === 'person' || kind === 'api_key') return name || t(`author.${kind}`)
  return t(`author.${['automation', 'phone', 'system'].includes(kind) ? kind : 'other'}`)
}

const digits = (text: string) => text.replace(/\D/g, '')

/** By what else the network knows the contact: its number is shown already, with or without a plus. */
export function otherAliases(contact: Contact): Contact['aliases'] {
  return contact.aliases.filter((alias) => alias.kind !== 'phone' || digits(alias.value) !== digits(contact.phone ?? ''))
}
