/*
 * Templates: what has to be filled in, how the result will read, and the message that sends it.
 *
 * Every value has a path of its own (header.1, body.first_name, header.media, button.0, offer.until,
 * card.0.body.1), so that the form, the preview, the draft and the server's errors agree. A file is its
 * id in Parley, or a web address.
 */
import type { MessageDraft, Template, TemplateButton, TemplateComponent } from '../api/types'

export type VariableKind = 'text' | 'image' | 'video' | 'document' | 'place' | 'suffix' | 'code' | 'payload' | 'time' | 'products'

export interface TemplateVariable {
  path: string
  part: 'header' | 'body' | 'button' | 'offer'
  kind: VariableKind
  name: string
  example: string
  /** The card of a carousel it is on, from 0. */
  card: number | null
  /** May stay empty. */
  optional: boolean
}

export type TemplateValues = Record<string, string>

const VARIABLE = /\{\{\s*([\w.]+)\s*\}\}/g
const MEDIA = ['IMAGE', 'VIDEO', 'DOCUMENT'] as const
export const PLACE_PARTS = ['latitude', 'longitude', 'name', 'address'] as const

export const partIs = (component: TemplateComponent, type: string) => component.type.toUpperCase() === type
export const findPart = (components: readonly TemplateComponent[], type: string) => components.find((one) => partIs(one, type))
export const variableNames = (text: string) => [...new Set([...text.matchAll(VARIABLE)].map((match) => match[1]!))]

function exampleOf(component: TemplateComponent, name: string, at: number): string {
  const example = (component.example ?? {}) as Record<string, unknown>
  const named = (example['body_text_named_params'] ?? example['header_text_named_params']) as { param_name: string; example: string }[] | undefined
  const found = named?.find((one) => one.param_name === name)?.example
  if (found) return found
  const positional = (example['body_text'] as string[][] | undefined)?.[0] ?? (example['header_text'] as string[] | undefined)
  return positional?.[at] ?? ''
}

/* ---- what is to be filled in ---- */

interface Place { prefix: string; card: number | null }

function textVariables(component: TemplateComponent, part: 'header' | 'body', at: Place): TemplateVariable[] {
  return variableNames(component.text ?? '').map((name, i) => ({
    path: `${at.prefix}${part}.${name}`, part, kind: 'text', name, example: exampleOf(component, name, i), card: at.card, optional: false,
  }))
}

function headerVariables(component: TemplateComponent, at: Place): TemplateVariable[] {
  const format = component.format?.toUpperCase()
  const base = { part: 'header' as const, example: '', card: at.card, optional: false }
  if (format === 'LOCATION') return [{ ...base, path: `${at.prefix}header.place`, kind: 'place', name: 'location' }]
  const media = MEDIA.find((one) => one === format)
  if (!media) return textVariables(component, 'header', at)
  const kind = media.toLowerCase() as 'image' | 'video' | 'document'
  return [{ ...base, path: `${at.prefix}header.media`, kind, name: kind }]
}

const isOtp = (button: TemplateButton) => button.type.toUpperCase() === 'OTP'
export const takesSuffix = (button: TemplateButton) => isOtp(button) || (button.type.toUpperCase() === 'URL' && /\{\{/.test(button.url ?? ''))

/* The code of an authentication template is filled in once: body and button carry the same. */
function buttonVariables(component: TemplateComponent, at: Place): TemplateVariable[] {
  return (component.buttons ?? []).flatMap((button, i): TemplateVariable[] => {
    const example = String(Array.isArray(button.example) ? button.example[0] : (button.example ?? ''))
    const base = { path: `${at.prefix}button.${i}`, part: 'button' as const, name: button.text ?? '', example, card: at.card, optional: false }
    if (isOtp(button) || /otp\/code/.test(button.url ?? '')) return []
    if (takesSuffix(button)) return [{ ...base, kind: 'suffix' }]
    if (button.type.toUpperCase() === 'COPY_CODE') return [{ ...base, kind: 'code' }]
    if (button.type.toUpperCase() === 'MPM') return [{ ...base, kind: 'products' }]
    return button.type.toUpperCase() === 'QUICK_REPLY' ? [{ ...base, kind: 'payload', optional: true }] : []
  })
}

function offerVariables(component: TemplateComponent): TemplateVariable[] {
  if (component.limited_time_offer?.has_expiration === false) return []
  return [{ path: 'offer.until', part: 'offer', kind: 'time', name: 'until', example: '', card: null, optional: false }]
}

const FIXED_BODY: TemplateComponent = { type: 'BODY', text: '*{{1}}*' }
/** An authentication template's text is Meta's own: what stands for it here takes the code. */
const withText = (component: TemplateComponent) => (partIs(component, 'BODY') && !component.text ? FIXED_BODY : component)

function variablesIn(components: readonly TemplateComponent[], at: Place): TemplateVariable[] {
  return components.flatMap((component) => {
    if (partIs(component, 'HEADER')) return headerVariables(component, at)
    if (partIs(component, 'BODY')) return textVariables(withText(component), 'body', at)
    if (partIs(component, 'LIMITED_TIME_OFFER')) return offerVariables(component)
    if (partIs(component, 'CAROUSEL')) {
      return (component.cards ?? []).flatMap((card, i) => variablesIn(card.components, { prefix: `card.${i}.`, card: i }))
    }
    return partIs(component, 'BUTTONS') ? buttonVariables(component, at) : []
  })
}

export function variablesOf(template: Pick<Template, 'components'>): TemplateVariable[] {
  return variablesIn(template.components, { prefix: '', card: null })
}

const clean = (value: string | undefined) => (value ?? '').replace(/\s+/g, ' ').trim()

/* ---- products ---- */

export interface ProductSection { title: string; ids: string[] }
export const SECTIONS_MAX = 10
export const PRODUCTS_MAX = 30
export const SECTION_TITLE_MAX = 24

/** How many sections the form has: their values are PATH.0.title, PATH.0.ids, PATH.1.title, … */
export const sectionCount = (path: string, values: TemplateValues) => Math.min(SECTIONS_MAX, Math.max(1, Number(values[`${path}.sections`] ?? 1)))

/** The sections that have products. Ids stand one on a line, or between commas or blanks. */
export function sectionsOf(path: string, values: TemplateValues): ProductSection[] {
  return Array.from({ length: sectionCount(path, values) }, (_, i) => ({
    title: clean(values[`${path}.${i}.title`]), ids: [...new Set((values[`${path}.${i}.ids`] ?? '').split(/[\s,;]+/).filter(Boolean))],
  })).filter((one) => one.ids.length > 0)
}

/* With more than one section each needs its title. */
function productsFit(path: string, values: TemplateValues): boolean {
  const sections = sectionsOf(path, values)
  const count = sections.reduce((sum, one) => sum + one.ids.length, 0)
  return count > 0 && count <= PRODUCTS_MAX && (sections.length === 1 || sections.every((one) => one.title !== ''))
}

function productsParameter(path: string, values: TemplateValues): Record<string, unknown> {
  const sections = sectionsOf(path, values)
  return { type: 'action', action: {
    thumbnail_product_retailer_id: clean(values[`${path}.thumbnail`]) || (sections[0]?.ids[0] ?? ''),
    sections: sections.map((one) => ({ ...(one.title ? { title: one.title } : {}), product_items: one.ids.map((id) => ({ product_retailer_id: id })) })),
  } }
}

export function isFilled(variable: TemplateVariable, values: TemplateValues): boolean {
  if (variable.kind === 'products') return productsFit(variable.path, values)
  if (variable.kind !== 'place') return clean(values[variable.path]) !== ''
  return ['latitude', 'longitude'].every((part) => clean(values[`${variable.path}.${part}`]) !== '')
}

export function missingOf(template: Pick<Template, 'components'>, values: TemplateValues): TemplateVariable[] {
  return variablesOf(template).filter((variable) => !variable.optional && !isFilled(variable, values))
}

/* ---- how it reads ---- */

export interface PreviewButton { kind: string; text: string; detail: string }
export interface TemplatePreview {
  header: string
  media: { kind: 'image' | 'video' | 'document'; value: string } | null
  place: { name: string; address: string } | null
  body: string
  footer: string
  offer: { text: string; code: string; until: number | null } | null
  buttons: PreviewButton[]
  cards: TemplatePreview[]
}

/** A part's text with its values; what is not filled in stays as it is written. */
export function filled(text: string, part: string, values: TemplateValues): string {
  return text.replace(VARIABLE, (whole, name: string) => shownText(`${part}.${name}`, values) || whole)
}

/** A value as it reads: an amount or a date is shown by its fallback. */
export function shownText(path: string, values: TemplateValues): string {
  const value = clean(values[path])
  return values[`${path}.as`] === 'currency' && value ? amountText(value, clean(values[`${path}.code`]) || 'USD') : value
}

export function amountText(value: string, code: string): string {
  const amount = Number(value.replace(',', '.'))
  if (!Number.isFinite(amount)) return value
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency: code }).format(amount)
  } catch {
    return `${code} ${value}`
  }
}

function previewButton(button: TemplateButton, path: string, values: TemplateValues): PreviewButton {
  const kind = button.type.toUpperCase()
  const value = clean(values[path])
  const products = sectionsOf(path, values).reduce((sum, one) => sum + one.ids.length, 0)
  if (kind === 'MPM') return { kind, text: button.text ?? '', detail: products ? String(products) : '' }
  const url = (button.url ?? '').replace(VARIABLE, (whole) => value || whole)
  return { kind, text: button.text ?? '', detail: kind === 'COPY_CODE' ? value : kind === 'PHONE_NUMBER' ? (button.phone_number ?? '') : url }
}

function previewOf(components: readonly TemplateComponent[], values: TemplateValues, prefix: string): TemplatePreview {
  const find = (type: string) => findPart(components, type)
  const header = find('HEADER')
  const media = MEDIA.find((format) => format === header?.format?.toUpperCase())
  const offer = find('LIMITED_TIME_OFFER')
  const body = find('BODY')
  const buttons = find('BUTTONS')?.buttons ?? []
  const code = buttons.findIndex((button) => button.type.toUpperCase() === 'COPY_CODE')
  const until = clean(values[`${prefix}offer.until`])
  return {
    header: media ? '' : filled(header?.text ?? '', `${prefix}header`, values),
    media: media ? { kind: media.toLowerCase() as 'image', value: clean(values[`${prefix}header.media`]) } : null,
    place: header?.format?.toUpperCase() === 'LOCATION'
      ? { name: clean(values[`${prefix}header.place.name`]), address: clean(values[`${prefix}header.place.address`]) } : null,
    body: filled(body ? (withText(body).text ?? '') : '', `${prefix}body`, values),
    footer: find('FOOTER')?.text ?? '',
    offer: offer ? {
      text: offer.limited_time_offer?.text ?? '', code: code >= 0 ? clean(values[`${prefix}button.${code}`]) : '',
      until: until ? new Date(until).getTime() : null,
    } : null,
    buttons: buttons.map((button, i) => previewButton(button, `${prefix}button.${i}`, values)),
    cards: (find('CAROUSEL')?.cards ?? []).map((card, i) => previewOf(card.components, values, `card.${i}.`)),
  }
}

export function previewTemplate(template: Pick<Template, 'components'>, values: TemplateValues): TemplatePreview {
  return previewOf(template.components, values, '')
}

/* ---- the message ---- */

type Json = Record<string, unknown>

function textParameter(path: string, name: string, values: TemplateValues): Json {
  const named = /^\d+$/.test(name) ? {} : { parameter_name: name }
  const value = clean(values[path])
  const shown = shownText(path, values)
  if (values[`${path}.as`] === 'currency') {
    const amount = Math.round(Number(value.replace(',', '.')) * 1000)
    return { type: 'currency', ...named, currency: { fallback_value: shown, code: clean(values[`${path}.code`]) || 'USD', amount_1000: Number.isFinite(amount) ? amount : 0 } }
  }
  if (values[`${path}.as`] === 'date_time') return { type: 'date_time', ...named, date_time: { fallback_value: shown } }
  return { type: 'text', ...named, text: value }
}

export const fileOf = (value: string): Json => (/^https?:\/\//i.test(value) ? { link: value } : { id: value })

function placeParameter(path: string, values: TemplateValues): Json {
  const at = (part: string) => clean(values[`${path}.${part}`])
  const [name, address] = [at('name'), at('address')]
  const where = { latitude: Number(at('latitude').replace(',', '.')), longitude: Number(at('longitude').replace(',', '.')) }
  return { type: 'location', location: { ...where, ...(name ? { name } : {}), ...(address ? { address } : {}) } }
}

function parameterOf(variable: TemplateVariable, values: TemplateValues): Json {
  const value = clean(values[variable.path])
  switch (variable.kind) {
    case 'place': return placeParameter(variable.path, values)
    case 'image': case 'video': case 'document': return { type: variable.kind, [variable.kind]: fileOf(value) }
    case 'suffix': return { type: 'text', text: value }
    case 'code': return { type: 'coupon_code', coupon_code: value }
    case 'payload': return { type: 'payload', payload: value }
    case 'products': return productsParameter(variable.path, values)
    case 'time': return { type: 'limited_time_offer', limited_time_offer: { expiration_time_ms: value ? new Date(value).getTime() : 0 } }
    default: return textParameter(variable.path, variable.name, values)
  }
}

const SUB_TYPES: Partial<Record<VariableKind, string>> = { suffix: 'url', code: 'copy_code', payload: 'quick_reply', products: 'mpm' }

interface Built { components: Json[]; pointers: Map<string, string> }

/* `at` is the place of the list in the draft: what the server's errors begin with. */
function build(components: readonly TemplateComponent[], values: TemplateValues, prefix: string, at: string): Built {
  const built: Built = { components: [], pointers: new Map() }
  const place: Place = { prefix, card: null }
  const add = (component: Json, variables: TemplateVariable[]) => {
    const here = `${at}.components[${built.components.length}]`
    variables.forEach((variable, i) => built.pointers.set(`${here}.parameters[${i}]`, variable.path))
    built.components.push({ ...component, parameters: variables.map((variable) => parameterOf(variable, values)) })
  }
  for (const type of ['HEADER', 'LIMITED_TIME_OFFER', 'BODY'] as const) {
    const component = findPart(components, type)
    const variables = component ? variablesIn([component], place) : []
    if (variables.length) add({ type: type.toLowerCase() }, variables)
  }
  addButtons(components, values, place, add)
  const cards = findPart(components, 'CAROUSEL')?.cards
  if (cards) addCards(cards, values, built, `${at}.components[${built.components.length}]`)
  return built
}

function addButtons(components: readonly TemplateComponent[], values: TemplateValues, place: Place, add: (component: Json, variables: TemplateVariable[]) => void): void {
  const part = findPart(components, 'BUTTONS')
  if (!part) return
  for (const variable of buttonVariables(part, place)) {
    if (variable.optional && !clean(values[variable.path])) continue
    add({ type: 'button', sub_type: SUB_TYPES[variable.kind], index: variable.path.split('.').at(-1) }, [variable])
  }
  part.buttons?.forEach((button, i) => {
    const body = findPart(components, 'BODY')
    if (!isOtp(button) && !/otp\/code/.test(button.url ?? '')) return
    const name = variableNames(body?.text || '{{1}}')[0] ?? '1'
    add({ type: 'button', sub_type: 'url', index: String(i) }, [{ path: `${place.prefix}body.${name}`, part: 'button', kind: 'suffix', name, example: '', card: null, optional: false }])
  })
}

function addCards(cards: readonly { components: TemplateComponent[] }[], values: TemplateValues, built: Built, at: string): void {
  built.components.push({
    type: 'carousel', cards: cards.map((card, i) => {
      const inner = build(card.components, values, `card.${i}.`, `${at}.cards[${i}]`)
      for (const [pointer, path] of inner.pointers) built.pointers.set(pointer, path)
      return { card_index: i, components: inner.components }
    }),
  })
}

/** The message in the Cloud API's shape; parts without variables are left out. */
export function templateDraft(template: Pick<Template, 'name' | 'language' | 'components'>, values: TemplateValues): MessageDraft {
  const { components } = build(template.components, values, '', 'template')
  return {
    type: 'template',
    template: { name: template.name, language: { code: template.language }, ...(components.length ? { components } : {}) },
  }
}

/** Which value a field of the server's answer is about: template.components[1].parameters[0].text → body.first_name. */
export function pathOfField(template: Pick<Template, 'components'>, values: TemplateValues, field: string): string | null {
  const { pointers } = build(template.components, values, '', 'template')
  for (const [pointer, path] of pointers) if (field === pointer || field.startsWith(`${pointer}.`)) return path
  return null
}
