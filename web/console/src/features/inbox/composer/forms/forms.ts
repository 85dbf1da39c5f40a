/*
 * Messages that are filled in by form: what may stand in them (the limits of the Cloud API), and the draft.
 *
 * Pure: values in; the draft, or what is wrong with which field, out. The server checks again.
 */
import type { Message, MessageDraft } from '@shared/api/types'
import { num, obj, str } from '../../content'

export type FormName = 'contacts' | 'location' | 'buttons' | 'list' | 'link' | 'poll'

export interface Card { name: string; phone: string; email: string; company: string }
export interface Row { title: string; description: string }
export interface Values {
  contacts: { cards: Card[] }
  location: { place: string; latitude: string; longitude: string; name: string; address: string }
  buttons: { header: string; body: string; footer: string; buttons: string[] }
  list: { header: string; body: string; footer: string; button: string; rows: Row[] }
  link: { header: string; body: string; footer: string; label: string; url: string }
  poll: { question: string; options: string[]; several: boolean }
}

/** By field: the reason's key in the catalogue, with the limit where there is one. */
export type Errors = Record<string, { reason: 'required' | 'tooLong' | 'notNumber' | 'outside' | 'notUrl' | 'twice' | 'notPhone'; max?: number }>

export const MAX = { header: 60, body: 1024, listBody: 4096, footer: 60, button: 20, rowTitle: 24, rowText: 72, buttons: 3, rows: 10, url: 2000, cards: 10, question: 255, option: 100, options: 12, place: 1000 }

export function emptyValues(name: FormName): Values[FormName] {
  const empty: Values = {
    contacts: { cards: [{ name: '', phone: '', email: '', company: '' }] },
    location: { place: '', latitude: '', longitude: '', name: '', address: '' },
    buttons: { header: '', body: '', footer: '', buttons: ['', ''] },
    list: { header: '', body: '', footer: '', button: '', rows: [{ title: '', description: '' }, { title: '', description: '' }] },
    link: { header: '', body: '', footer: '', label: '', url: 'https://' },
    poll: { question: '', options: ['', ''], several: false },
  }
  return empty[name]
}

/* ---- checking ---- */

const length = (text: string) => [...text].length

class Check {
  readonly errors: Errors = {}

  text(field: string, value: string, max: number, required = true): void {
    if (required && !value.trim()) this.errors[field] = { reason: 'required' }
    else if (length(value.trim()) > max) this.errors[field] = { reason: 'tooLong', max }
  }

  /* WhatsApp shows two choices of one name as one. */
  distinct(fields: [field: string, value: string][]): void {
    const seen = new Set<string>()
    for (const [field, value] of fields) {
      const name = value.trim().toLowerCase()
      if (name && seen.has(name)) this.errors[field] ??= { reason: 'twice' }
      seen.add(name)
    }
  }
}

function isUrl(text: string): boolean {
  try {
    return /^https?:$/.test(new URL(text).protocol) && text.length <= MAX.url
  } catch {
    return false
  }
}

function degrees(check: Check, field: string, text: string, limit: number): void {
  const value = num(text.replace(',', '.'))
  if (!text.trim()) check.errors[field] = { reason: 'required' }
  else if (value === null) check.errors[field] = { reason: 'notNumber' }
  else if (Math.abs(value) > limit) check.errors[field] = { reason: 'outside' }
}

function around(check: Check, values: { header: string; body: string; footer: string }, bodyMax: number): void {
  check.text('header', values.header, MAX.header, false)
  check.text('body', values.body, bodyMax)
  check.text('footer', values.footer, MAX.footer, false)
}

const checks: { [N in FormName]: (values: Values[N], check: Check) => void } = {
  contacts: ({ cards }, check) => cards.forEach((card, i) => {
    check.text(`cards.${i}.name`, card.name, MAX.place)
    if (card.phone.trim() && !/^\+?[\d\s().-]{5,25}$/.test(card.phone.trim())) check.errors[`cards.${i}.phone`] = { reason: 'notPhone' }
    if (!card.phone.trim() && !card.email.trim()) check.errors[`cards.${i}.phone`] = { reason: 'required' }
  }),
  location: (values, check) => {
    degrees(check, 'latitude', values.latitude, 90)
    degrees(check, 'longitude', values.longitude, 180)
    check.text('name', values.name, MAX.place, false)
    check.text('address', values.address, MAX.place, false)
  },
  buttons: (values, check) => {
    around(check, values, MAX.body)
    values.buttons.forEach((title, i) => check.text(`buttons.${i}`, title, MAX.button))
    check.distinct(values.buttons.map((title, i) => [`buttons.${i}`, title]))
  },
  list: (values, check) => {
    around(check, values, MAX.listBody)
    check.text('button', values.button, MAX.button)
    values.rows.forEach((row, i) => {
      check.text(`rows.${i}.title`, row.title, MAX.rowTitle)
      check.text(`rows.${i}.description`, row.description, MAX.rowText, false)
    })
    check.distinct(values.rows.map((row, i) => [`rows.${i}.title`, row.title]))
  },
  link: (values, check) => {
    around(check, values, MAX.body)
    check.text('label', values.label, MAX.button)
    if (!isUrl(values.url.trim())) check.errors['url'] = { reason: 'notUrl' }
  },
  poll: (values, check) => {
    check.text('question', values.question, MAX.question)
    values.options.forEach((option, i) => check.text(`options.${i}`, option, MAX.option))
    check.distinct(values.options.map((option, i) => [`options.${i}`, option]))
  },
}

export function checkForm<N extends FormName>(name: N, values: Values[N]): Errors {
  const check = new Check()
  checks[name](values, check)
  return check.errors
}

/* ---- drafts ---- */

function interactive(type: string, values: { header: string; body: string; footer: string }, action: unknown): MessageDraft {
  const body: Record<string, unknown> = { type, body: { text: values.body.trim() }, action }
  if (values.header.trim()) body['header'] = { type: 'text', text: values.header.trim() }
  if (values.footer.trim()) body['footer'] = { text: values.footer.trim() }
  return { type: 'interactive', interactive: body }
}

function cardOf(card: Card): Record<string, unknown> {
  const [first, ...rest] = card.name.trim().split(/\s+/)
  const out: Record<string, unknown> = { name: { formatted_name: card.name.trim(), first_name: first, ...(rest.length ? { last_name: rest.join(' ') } : {}) } }
  if (card.phone.trim()) out['phones'] = [{ phone: card.phone.trim(), type: 'CELL', wa_id: card.phone.replace(/\D/g, '') }]
  if (card.email.trim()) out['emails'] = [{ email: card.email.trim(), type: 'WORK' }]
  if (card.company.trim()) out['org'] = { company: card.company.trim() }
  return out
}

const drafts: { [N in FormName]: (values: Values[N]) => MessageDraft } = {
  contacts: ({ cards }) => ({ type: 'contacts', contacts: cards.map(cardOf) }),
  location: (values) => {
    const body: Record<string, unknown> = { latitude: Number(values.latitude.replace(',', '.')), longitude: Number(values.longitude.replace(',', '.')) }
    if (values.name.trim()) body['name'] = values.name.trim()
    if (values.address.trim()) body['address'] = values.address.trim()
    return { type: 'location', location: body }
  },
  buttons: (values) => interactive('button', values, { buttons: values.buttons.map((title, i) => ({ type: 'reply', reply: { id: `button-${i + 1}`, title: title.trim() } })) }),
  list: (values) => interactive('list', values, {
    button: values.button.trim(),
    sections: [{ rows: values.rows.map((row, i) => ({ id: `row-${i + 1}`, title: row.title.trim(), ...(row.description.trim() ? { description: row.description.trim() } : {}) })) }],
  }),
  link: (values) => interactive('cta_url', values, { name: 'cta_url', parameters: { display_text: values.label.trim(), url: values.url.trim() } }),
  poll: (values) => ({ type: 'poll', poll: { name: values.question.trim(), options: values.options.map((one) => one.trim()), selectable_count: values.several ? 0 : 1 } }),
}

export function formDraft<N extends FormName>(name: N, values: Values[N]): MessageDraft {
  return drafts[name](values)
}

/** As it will stand in the thread: a bubble to look at before it goes. */
export function previewMessage(draft: MessageDraft): Message {
  return {
    id: 'local-preview', conversation_id: '', channel_id: '', contact_id: '', direction: 'out', type: draft.type, [draft.type]: draft[draft.type],
    status: 'accepted', status_detail: null, error: null, options: null, author: { kind: 'person', id: '', name: '' }, reply_to: null, mentions: [], forwarded: null,
    edited_ms: null, deleted_ms: null, reactions: [], starred: false, media: null, remote_id: null, trace_id: null, created_ms: Date.now(),
    sent_ms: null, delivered_ms: null, read_ms: null, played_ms: null, failed_ms: null,
  }
}

/* ---- places ---- */

const NUMBER = String.raw`-?\d{1,3}(?:\.\d+)?`
const PATTERNS = [
  new RegExp(String.raw`!3d(${NUMBER})!4d(${NUMBER})`), // the pin of a Google Maps address comes before the middle of the map
  new RegExp(String.raw`[?&](?:q|query|ll|sll|destination|daddr|center)=(?:loc:)?(${NUMBER})(?:,|%2C)\s*(${NUMBER})`, 'i'),
  new RegExp(String.raw`[?&]mlat=(${NUMBER})&mlon=(${NUMBER})`),
  new RegExp(String.raw`@(${NUMBER}),(${NUMBER})`),
  new RegExp(String.raw`#map=\d+/(${NUMBER})/(${NUMBER})`),
  new RegExp(String.raw`^geo:(${NUMBER}),(${NUMBER})`),
  new RegExp(String.raw`^\(?\s*(${NUMBER})°?\s*[,;\s]\s*(${NUMBER})°?\s*\)?$`),
]

/** The coordinates in a pasted address of a map, or in "52.52, 13.405". No map service is asked. */
export function placeIn(text: string): { latitude: string; longitude: string } | null {
  for (const pattern of PATTERNS) {
    const match = pattern.exec(text.trim())
    if (match && Math.abs(Number(match[1])) <= 90 && Math.abs(Number(match[2])) <= 180) return { latitude: match[1]!, longitude: match[2]! }
  }
  return null
}

/** A card of one of our contacts. */
export function cardOfContact(contact: unknown): Card {
  return { name: str(obj(contact)['name']), phone: str(obj(contact)['phone']), email: '', company: '' }
}
