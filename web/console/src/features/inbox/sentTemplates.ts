/*
 * The text of a template that was sent: the message carries only its name and what was filled in, the
 * words are in the template. They are fetched once per channel, and again when a name is not among them.
 */
import { shallowReactive } from 'vue'
import { api } from '@shared/api/client'
import type { Message, Page, Template } from '@shared/api/types'
import { list, obj, str } from './content'
import { previewTemplate, type TemplatePreview, type TemplateValues } from './template'

const known = shallowReactive(new Map<string, readonly Template[]>())
const asked = new Set<string>()

/** Asks for the templates of a channel, at most once for each name that is missing. */
export function wantTemplate(channelId: string, name: string): void {
  const key = `${channelId}/${name}`
  if (!channelId || asked.has(key) || known.get(channelId)?.some((one) => one.name === name)) return
  asked.add(key)
  api.get<Page<Template>>('/templates', { channel_id: channelId, limit: 100 })
    .then((page) => known.set(channelId, page.data))
    .catch(() => asked.delete(key) /* the name alone is shown; another look asks again */)
}

/** What was filled into each variable: positional ones by their order, named ones by their name. */
export function sentValues(message: Message): TemplateValues {
  const values: TemplateValues = {}
  for (const component of list(obj(message['template'])['components'])) {
    const part = str(component['type']).toLowerCase()
    list(component['parameters']).forEach((parameter, i) => {
      values[`${part}.${str(parameter['parameter_name']) || i + 1}`] = str(parameter['text'])
    })
  }
  return values
}

/** The template as the customer got it, once it is known. */
export function sentTemplate(message: Message): TemplatePreview | null {
  const body = obj(message['template'])
  const language = str(obj(body['language'])['code'])
  const all = known.get(message.channel_id)?.filter((one) => one.name === str(body['name'])) ?? []
  const template = all.find((one) => one.language === language) ?? all[0]
  return template ? previewTemplate(template, sentValues(message)) : null
}
