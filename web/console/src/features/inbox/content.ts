/*
 * Reading what stands under a message's type. It came from outside and from many versions of the
 * network's API, so nothing is taken for granted: each reader answers something for any input.
 */
import type { Message } from '@shared/api/types'
import { plainText } from '@shared/markup'
import { withNames } from './names'

type Obj = Record<string, unknown>

export function obj(value: unknown): Obj {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Obj) : {}
}

export function list(value: unknown): Obj[] {
  return Array.isArray(value) ? value.map(obj) : []
}

export function str(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

export function num(value: unknown): number | null {
  const n = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof n === 'number' && Number.isFinite(n) ? n : null
}

export function bodyOf(message: Message): Obj {
  return obj(message[message.type])
}

export function textOf(message: Message): string {
  const body = bodyOf(message)
  return str(body['body']) || str(body['caption']) || str(body['text'])
}

export const MEDIA_TYPES = ['image', 'video', 'audio', 'voice', 'document', 'sticker']

export function isVoice(message: Message): boolean {
  return message.type === 'voice' || (message.type === 'audio' && bodyOf(message)['voice'] === true)
}

export interface Place {
  latitude: number
  longitude: number
  name: string
  address: string
}

/** The place of a location, or null where the coordinates are none on this earth. */
export function placeOf(message: Message): Place | null {
  const body = bodyOf(message)
  const latitude = num(body['latitude'])
  const longitude = num(body['longitude'])
  if (latitude === null || longitude === null || Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return null
  return { latitude, longitude, name: str(body['name']), address: str(body['address']) }
}

export interface Card {
  name: string
  org: string
  phones: { phone: string; label: string }[]
  emails: string[]
}

export function cardsOf(message: Message): Card[] {
  return list(message['contacts']).map((card) => ({
    name: str(obj(card['name'])['formatted_name']) || str(obj(card['name'])['first_name']),
    org: [str(obj(card['org'])['title']), str(obj(card['org'])['company'])].filter(Boolean).join(', '),
    phones: list(card['phones']).map((p) => ({ phone: str(p['phone']) || str(p['wa_id']), label: str(p['type']) })).filter((p) => p.phone),
    emails: list(card['emails']).map((e) => str(e['email'])).filter(Boolean),
  }))
}

export interface Choice {
  title: string
  description: string
  kind: 'reply' | 'url' | 'call' | 'copy' | 'other'
}

/** Kinds of interactive message that need a word over them: their body alone does not tell what they ask. */
const ASKING = ['product', 'product_list', 'catalog_message', 'address_message', 'location_request_message', 'flow', 'carousel', 'order_details',
  'order_status', 'request_contact_info', 'call_permission_request', 'voice_call']

export interface Interactive {
  /** One of `interactive.*` in the catalogue, or empty. */
  asks: string
  isCards: boolean
  header: string
  body: string
  footer: string
  button: string
  sections: { title: string; choices: Choice[] }[]
}

const choice = (title: unknown, description: unknown = '', kind: Choice['kind'] = 'reply'): Choice =>
  ({ title: str(title), description: str(description), kind })

/** "250 of 100" is 2.50: amounts come as value and offset. */
function amount(value: unknown, currency: string): string {
  const whole = num(obj(value)['value'])
  return whole === null ? '' : `${(whole / (num(obj(value)['offset']) ?? 100)).toFixed(2)} ${currency}`.trim()
}

/** The lines of a bill that we ask to be paid; its oldest form has all of it in `order_details`. */
function billSections(body: Obj): Interactive['sections'] {
  const old = obj(body['order_details'])
  const bill = Object.keys(old).length ? obj(old['action']) : obj(obj(body['action'])['parameters'])
  const order = obj(bill['order'])
  const currency = str(bill['currency'])
  const lines = list(order['items']).map((item) =>
    choice(`${num(item['quantity']) ?? 1} × ${str(item['name']) || str(item['retailer_id'])}`, amount(item['amount'], currency), 'other'))
  const total = amount(bill['total_amount'], currency)
  const state = [str(bill['reference_id']), str(order['status']), str(order['description'])].filter(Boolean).join(' · ')
  return [{ title: [state, total].filter(Boolean).join(' · '), choices: lines }]
}

function cardSections(cards: Obj[]): Interactive['sections'] {
  return cards.map((card) => {
    const action = obj(card['action'])
    const replies = list(action['buttons']).map((button) => choice(obj(button['quick_reply'])['title'] ?? obj(button['reply'])['title']))
    return {
      title: str(obj(card['body'])['text']) || str(action['product_retailer_id']),
      choices: replies.length ? replies : actionSections('cta_url', action).flatMap((section) => section.choices).filter((one) => one.title),
    }
  })
}

function actionSections(type: string, action: Obj): Interactive['sections'] {
  const parameters = obj(action['parameters'])
  if (Array.isArray(action['cards'])) return cardSections(list(action['cards']))
  if (type === 'product') return [{ title: '', choices: [choice(action['product_retailer_id'], '', 'other')] }]
  if (Array.isArray(action['buttons'])) {
    return [{ title: '', choices: list(action['buttons']).map((b) => choice(obj(b['reply'])['title'])) }]
  }
  if (Array.isArray(action['sections'])) {
    return list(action['sections']).map((section) => ({
      title: str(section['title']),
      choices: [
        ...list(section['rows']).map((row) => choice(row['title'], row['description'])),
        ...list(section['product_items']).map((item) => choice(item['product_retailer_id'], '', 'other')),
      ],
    }))
  }
  if (type === 'cta_url') return [{ title: '', choices: [choice(parameters['display_text'], parameters['url'], 'url')] }]
  const label = parameters['flow_cta'] ?? parameters['display_text']
  return label ? [{ title: '', choices: [choice(label, '', 'other')] }] : []
}

/** What we asked with buttons or a list. */
export function interactiveOf(message: Message): Interactive {
  const body = bodyOf(message)
  const action = obj(body['action'])
  const type = str(body['type']).toLowerCase()
  const isBill = type === 'order_details' || type === 'order_status'
  const texts = { ...body, ...obj(body['order_details']) } as Obj
  return {
    asks: ASKING.includes(type) ? type : '',
    isCards: Array.isArray(action['cards']) || isBill,
    header: str(obj(texts['header'])['text']),
    body: str(obj(texts['body'])['text']) || str(texts['body']),
    footer: str(obj(texts['footer'])['text']),
    button: str(action['button']),
    sections: isBill ? billSections(body) : actionSections(type, action),
  }
}

/** What the customer chose, if the message is an answer. */
export function answerOf(message: Message): { title: string; description: string } | null {
  const body = bodyOf(message)
  if (message.type === 'button' && message.direction === 'in') return { title: str(body['text']), description: '' }
  const reply = obj(body[str(body['type'])])
  const title = str(reply['title'])
  if (title) return { title, description: str(reply['description']) }
  return null
}

/** A form's answers as pairs, from the JSON text that the network puts them in. */
export function formAnswers(message: Message): [string, string][] {
  const reply = obj(bodyOf(message)['nfm_reply'])
  try {
    const { values, ...others } = obj(JSON.parse(str(reply['response_json'])))
    return Object.entries({ ...others, ...obj(values) }) // an address has its fields within `values`
      .filter(([name, value]) => name !== 'flow_token' && value !== '' && value !== null)
      .map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)])
  } catch {
    return []
  }
}

export interface Origin {
  kind: 'ad' | 'post' | 'product'
  title: string
  text: string
  link: string
}

/** Where the customer came from with this message: an ad or a post they tapped, or a product they ask about. */
export function originOf(message: Message): Origin | null {
  const body = bodyOf(message)
  const from = obj(body['referral'])
  const product = obj(body['referred_product'])
  if (Object.keys(from).length) {
    const link = str(from['source_url'])
    return { kind: str(from['source_type']) === 'post' ? 'post' : 'ad', title: str(from['headline']), text: str(from['body']), link: /^https?:\/\//.test(link) ? link : '' }
  }
  return Object.keys(product).length ? { kind: 'product', title: str(product['product_retailer_id']), text: '', link: '' } : null
}

/** What a text brings along beside its words. */
export type Beside =
  | { kind: 'preview'; title: string; text: string; link: string; host: string; picture: string }
  | { kind: 'invite'; title: string; untilMs: number | null }
  | { kind: 'event'; title: string; startMs: number | null; endMs: number | null; isCancelled: boolean }

/** Only addresses of the web become links, whatever a preview says of itself. */
function webAddress(text: string): URL | null {
  try {
    const url = new URL(/^[a-z][a-z0-9+.-]*:/i.test(text) ? text : `https://${text}`)
    return /^https?:$/.test(url.protocol) ? url : null
  } catch {
    return null
  }
}

/** A small picture that came in the message itself; the page that it shows is asked by nobody's browser. */
const jpegOf = (base64: string) => (/^\/9j\/[A-Za-z0-9+/]{0,200000}={0,2}$/.test(base64) ? `data:image/jpeg;base64,${base64}` : '')

const secondsAsMs = (value: unknown): number | null => {
  const seconds = num(value)
  return seconds === null ? null : seconds * 1000
}

export function besideOf(body: Obj): Beside | null {
  const [preview, invite, event] = [obj(body['preview']), obj(body['group_invite']), obj(body['event'])]
  if (Object.keys(invite).length) return { kind: 'invite', title: str(invite['name']), untilMs: secondsAsMs(invite['expires_s']) }
  if (Object.keys(event).length) return { kind: 'event', title: str(event['name']), startMs: secondsAsMs(event['start_s']), endMs: secondsAsMs(event['end_s']), isCancelled: event['cancelled'] === true }
  const url = webAddress(str(preview['url']))
  const title = str(preview['title']) || str(preview['description'])
  if (!title) return null
  return { kind: 'preview', title, text: str(preview['title']) ? str(preview['description']) : '', link: url?.href ?? '', host: url?.hostname ?? '', picture: jpegOf(str(preview['thumbnail'])) }
}

export interface Poll {
  question: string
  options: { name: string; votes: number; voters: string[]; isOurs: boolean }[]
  several: boolean
  voters: number
}

export function pollOf(message: Message): Poll {
  const body = bodyOf(message)
  const voters = list(body['voters']).map((one) => ({ name: str(one['name']), isOurs: one['by'] === 'business', at: (Array.isArray(one['options']) ? one['options'] : []).map(num) }))
  return {
    question: str(body['name']) || str(body['question']),
    several: (num(body['selectable_count']) ?? 1) !== 1,
    options: (Array.isArray(body['options']) ? body['options'] : []).map((option, i) => {
      const chosen = voters.filter((one) => one.at.includes(i))
      const [name, votes] = typeof option === 'string' ? [option, 0] : [str(obj(option)['name']), num(obj(option)['votes']) ?? 0]
      return { name, votes, voters: chosen.filter((one) => !one.isOurs).map((one) => one.name), isOurs: chosen.some((one) => one.isOurs) }
    }),
    voters: voters.filter((one) => one.at.length > 0).length,
  }
}

export function votesOf(message: Message): string[] {
  const body = bodyOf(message)
  const chosen = body['options'] ?? body['selected_options'] ?? body['names']
  return (Array.isArray(chosen) ? chosen : []).map((one) => str(one) || str(obj(one)['name'])).filter(Boolean)
}

export interface OrderLine {
  product: string
  quantity: number
  price: number | null
  currency: string
}

export function orderOf(message: Message): { lines: OrderLine[]; text: string; total: number | null; currency: string } {
  const body = bodyOf(message)
  const lines = list(body['product_items']).map((item) => ({
    product: str(item['name']) || str(item['product_retailer_id']),
    quantity: num(item['quantity']) ?? 1,
    price: num(item['item_price']),
    currency: str(item['currency']),
  }))
  const priced = lines.length > 0 && lines.every((line) => line.price !== null)
  return {
    lines, text: str(body['text']), currency: lines[0]?.currency ?? '',
    total: priced ? lines.reduce((sum, line) => sum + line.price! * line.quantity, 0) : null,
  }
}

/* The parts of a sent template are its parameters, in the order of the template's variables. */
export function templateTexts(message: Message): { name: string; language: string; parameters: string[]; text: string } {
  const body = bodyOf(message)
  const parameters = list(body['components']).flatMap((component) => list(component['parameters']))
    .map((p) => str(p['text']) || str(p['payload']) || str(p['coupon_code'])).filter(Boolean)
  return { name: str(body['name']), language: str(obj(body['language'])['code']), parameters, text: str(body['text']) || str(body['body']) }
}

type Translate = (key: string, values?: Record<string, unknown>) => string

/** The kinds that have a word of their own in the catalogue. */
export const NAMED_KINDS = [
  'image', 'video', 'audio', 'voice', 'document', 'sticker', 'location', 'live_location', 'contacts', 'interactive', 'button', 'list',
  'template', 'poll', 'poll_vote', 'order', 'product', 'system', 'edit', 'revoke', 'unsupported', 'reaction', 'text', 'note',
  'pin', 'request_welcome', 'media_placeholder', 'waiting',
]

export function kindName(type: string, t: Translate): string {
  return NAMED_KINDS.includes(type) ? t(`kind.${type}`) : t('kind.unknown')
}

function specialPreview(message: Message, t: Translate): string {
  switch (message.type) {
    case 'location': return placeOf(message)?.name ?? ''
    case 'contacts': return cardsOf(message).map((card) => card.name).join(', ')
    case 'poll': return pollOf(message).question
    case 'poll_vote': return votesOf(message).join(', ')
    case 'document': return message.media?.file_name ?? str(bodyOf(message)['filename'])
    case 'template': return plainText(templateTexts(message).text) || templateTexts(message).name
    case 'interactive': case 'button': case 'list': return answerOf(message)?.title ?? plainText(interactiveOf(message).body)
    case 'order': return t('order.items', { count: orderOf(message).lines.length })
    default: return ''
  }
}

/** The sender let it be seen once, or the chat's messages disappear after a while: the customer may not have it any more. */
export const viewedOnce = (message: Message): boolean => bodyOf(message)['view_once'] === true
export const disappears = (message: Message): boolean => (num(bodyOf(message)['disappears_s']) ?? 0) > 0

/** One line that stands for the message in lists, quotes and notices. */
export function previewOf(message: Message, t: Translate): string {
  if (message.deleted_ms) return t('message.deleted')
  if (message.type === 'waiting') return t('message.waiting')
  const text = plainText(withNames(textOf(message), message.mentions))
  return text || specialPreview(message, t) || kindName(isVoice(message) ? 'voice' : message.type, t)
}
