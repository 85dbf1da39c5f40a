/** How people are called: contacts without a name, and the authors over messages. */
import type { Contact, ContactRef, Message } from '@shared/api/types'

export function contactName(contact: Pick<ContactRef, 'name' | 'phone'>, t: (key: string) => string): string {
  return contact.name?.trim() || contact.phone || t('contact.unnamed')
}

/** Who of us wrote: nothing over one's own messages and the customer's, a name over all others. */
export function authorLabel(message: Message, myId: string, t: (key: string) => string): string {
  const { kind, id, name } = message.author
  if (message.direction === 'in' && kind === 'contact' && id && id !== message.contact_id) return name || t('contact.unnamed') // of a group
  if (message.direction === 'in' || (kind === 'person' && id === myId)) return ''
  if (kind === 'person' || kind === 'api_key') return name || t(`author.${kind}`)
  return t(`author.${['automation', 'phone', 'system'].includes(kind) ? kind : 'other'}`)
}

const digits = (text: string) => text.replace(/\D/g, '')

/** By what else the network knows the contact: its number is shown already, with or without a plus. */
export function otherAliases(contact: Contact): Contact['aliases'] {
  return contact.aliases.filter((alias) => alias.kind !== 'phone' || digits(alias.value) !== digits(contact.phone ?? ''))
}
