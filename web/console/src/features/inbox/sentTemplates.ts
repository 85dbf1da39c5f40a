/*
 * The text of a template that was sent: the message carries only its name and what was filled in, the
 * words are in the template. They are fetched once per channel and name.
 */
import { shallowReactive } from 'vue'
import { api } from '@shared/api/client'
import type { Message, Page, Template } from '@shared/api/types'
import { PLACE_PARTS, previewTemplate, type TemplatePreview, type TemplateValues } from '@shared/templates/model'
import { list, num, obj, str } from './content'

const known = shallowReactive(new Map<string, readonly Template[]>())
const asked = new Set<string>()
const keyOf = (channelId: string, name: string) => `${channelId}/${name}`

/** Asks for the templates of a name, at most once. */
export function wantTemplate(channelId: string, name: string): void {
  const key = keyOf(channelId, name)
  if (!channelId || !name || asked.has(key)) return
  asked.add(key)
  api.get<Page<Template>>('/templates', { channel_id: channelId, query: name, limit: 100 })
    .then((page) => known.set(key, page.data.filter((one) => one.name === name)))
    .catch(() => asked.delete(key) /* the name alone is shown; another look asks again */)
}

function readHeader(parameter: Record<string, unknown>, prefix: string, values: TemplateValues): void {
  const kind = str(parameter['type']).toLowerCase()
  const inner = obj(parameter[kind])
  if (kind === 'location') for (const part of PLACE_PARTS) values[`${prefix}header.place.${part}`] = str(inner[part])
  else if (kind !== 'text') values[`${prefix}header.media`] = str(inner['id']) || str(inner['link'])
}

function readText(parameter: Record<string, unknown>): string {
  return str(parameter['text']) || str(obj(parameter['currency'])['fallback_value']) || str(obj(parameter['date_time'])['fallback_value'])
}

function readComponents(components: unknown, prefix: string, values: TemplateValues): void {
  for (const component of list(components)) {
    const part = str(component['type']).toLowerCase()
    const parameters = list(component['parameters'])
    const first = parameters[0] ?? {}
    if (part === 'button') values[`${prefix}button.${Number(component['index'] ?? 0)}`] = str(first['text']) || str(first['coupon_code']) || str(first['payload'])
    else if (part === 'carousel') list(component['cards']).forEach((card, i) => readComponents(card['components'], `card.${num(card['card_index']) ?? i}.`, values))
    else if (part === 'limited_time_offer') values[`${prefix}offer.until`] = readEnd(first)
    else if (part === 'header') readHeader(first, prefix, values)
    if (part === 'header' || part === 'body') parameters.forEach((one, i) => { values[`${prefix}${part}.${str(one['parameter_name']) || i + 1}`] = readText(one) })
  }
}

function readEnd(parameter: Record<string, unknown>): string {
  const ms = num(obj(parameter['limited_time_offer'])['expiration_time_ms'])
  return ms ? new Date(ms).toISOString() : ''
}

/** What was filled into each variable: positional ones by their order, named ones by their name. */
export function sentValues(message: Message): TemplateValues {
  const values: TemplateValues = {}
  readComponents(obj(message['template'])['components'], '', values)
  return values
}

/** The template as the customer got it, once it is known. */
export function sentTemplate(message: Message): TemplatePreview | null {
  const body = obj(message['template'])
  const language = str(obj(body['language'])['code'])
  const all = known.get(keyOf(message.channel_id, str(body['name']))) ?? []
  const template = all.find((one) => one.language === language) ?? all[0]
  return template ? previewTemplate(template, sentValues(message)) : null
}
