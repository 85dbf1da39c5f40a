/*
 * A template while it is written: a form's state, and the component list that Meta wants, both ways.
 *
 * Samples of variables are kept by name, so that they stay when the text is changed around them. Parts
 * come out in one order; placeOf() says which field of the form an error of the server is about.
 */
import type { TemplateButton, TemplateComponent } from '@shared/api/types'
import { findPart, takesSuffix, variableNames, type TemplateValues } from '@shared/templates/model'

export const HEADERS = ['none', 'text', 'image', 'video', 'document', 'location'] as const
export type HeaderKind = (typeof HEADERS)[number]
export const CATEGORIES = ['UTILITY', 'MARKETING', 'AUTHENTICATION'] as const
export type Category = (typeof CATEGORIES)[number]
export const BUTTON_KINDS = ['QUICK_REPLY', 'URL', 'PHONE_NUMBER', 'COPY_CODE', 'FLOW', 'CATALOG'] as const
export const BUTTONS_MAX = 10
export const CARDS_MAX = 10
export const CARD_BUTTONS_MAX = 2

export interface ButtonDraft { kind: string; text: string; url: string; phone: string; flowId: string; sample: string }
export interface CardDraft { header: 'image' | 'video'; media: string; body: string; samples: Record<string, string>; buttons: ButtonDraft[] }
export interface Definition {
  header: HeaderKind
  headerText: string
  /** A file in Parley as the sample. */
  headerMedia: string
  samples: Record<string, string>
  headerSamples: Record<string, string>
  body: string
  footer: string
  offer: string | null
  buttons: ButtonDraft[]
  cards: CardDraft[]
  /** Authentication: Meta writes the text. */
  recommend: boolean
  expiryMinutes: string
}

export const newButton = (kind = 'QUICK_REPLY'): ButtonDraft => ({ kind, text: '', url: '', phone: '', flowId: '', sample: '' })
export const newCard = (): CardDraft => ({ header: 'image', media: '', body: '', samples: {}, buttons: [newButton()] })

export function emptyDefinition(): Definition {
  return {
    header: 'none', headerText: '', headerMedia: '', samples: {}, headerSamples: {}, body: '', footer: '', offer: null, buttons: [], cards: [],
    recommend: true, expiryMinutes: '10',
  }
}

/* ---- to components ---- */

export const isNamed = (definition: Definition) => [definition.headerText, definition.body].some((text) => variableNames(text).some((name) => !/^\d+$/.test(name)))

function bodyExample(text: string, samples: Record<string, string>, named: boolean): Record<string, unknown> | undefined {
  const names = variableNames(text)
  if (!names.length) return undefined
  if (named) return { body_text_named_params: names.map((name) => ({ param_name: name, example: samples[name] ?? '' })) }
  return { body_text: [names.map((name) => samples[name] ?? '')] }
}

function headerExample(text: string, samples: Record<string, string>, named: boolean): Record<string, unknown> | undefined {
  const names = variableNames(text)
  if (!names.length) return undefined
  if (named) return { header_text_named_params: names.map((name) => ({ param_name: name, example: samples[name] ?? '' })) }
  return { header_text: names.map((name) => samples[name] ?? '') }
}

const withExample = (component: TemplateComponent, example: Record<string, unknown> | undefined): TemplateComponent => (example ? { ...component, example } : component)

function mediaHeader(kind: string, media: string): TemplateComponent {
  return withExample({ type: 'HEADER', format: kind.toUpperCase() }, media ? { media_id: media } : undefined)
}

function headerOf(d: Definition): TemplateComponent | null {
  if (d.header === 'none') return null
  if (d.header === 'location') return { type: 'HEADER', format: 'LOCATION' }
  if (d.header !== 'text') return mediaHeader(d.header, d.headerMedia)
  return withExample({ type: 'HEADER', format: 'TEXT', text: d.headerText }, headerExample(d.headerText, d.headerSamples, isNamed(d)))
}

export function buttonOf(b: ButtonDraft): TemplateButton {
  const base = { type: b.kind, text: b.text }
  if (b.kind === 'URL') return { ...base, url: b.url, ...(takesSuffix({ type: 'URL', url: b.url }) ? { example: [b.sample] } : {}) }
  if (b.kind === 'PHONE_NUMBER') return { ...base, phone_number: b.phone }
  if (b.kind === 'COPY_CODE') return { type: 'COPY_CODE', example: b.sample }
  return b.kind === 'FLOW' ? { ...base, flow_id: b.flowId } : base
}

function authentication(d: Definition): TemplateComponent[] {
  const minutes = Number(d.expiryMinutes)
  return [
    { type: 'BODY', add_security_recommendation: d.recommend },
    ...(d.expiryMinutes.trim() ? [{ type: 'FOOTER', code_expiration_minutes: Number.isInteger(minutes) ? minutes : 0 }] : []),
    { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: d.buttons[0]?.text || 'Copy code' }] },
  ]
}

function cardOf(card: CardDraft, named: boolean): { components: TemplateComponent[] } {
  return { components: [
    mediaHeader(card.header, card.media),
    ...(card.body.trim() ? [withExample({ type: 'BODY', text: card.body }, bodyExample(card.body, card.samples, named))] : []),
    ...(card.buttons.length ? [{ type: 'BUTTONS', buttons: card.buttons.map(buttonOf) }] : []),
  ] }
}

export function toComponents(d: Definition, category: string): TemplateComponent[] {
  if (category === 'AUTHENTICATION') return authentication(d)
  const named = isNamed(d)
  const header = headerOf(d)
  return [
    ...(header && !d.cards.length ? [header] : []),
    ...(d.offer !== null ? [{ type: 'LIMITED_TIME_OFFER', limited_time_offer: { text: d.offer, has_expiration: true } }] : []),
    withExample({ type: 'BODY', text: d.body }, bodyExample(d.body, d.samples, named)),
    ...(d.footer.trim() && d.offer === null && !d.cards.length ? [{ type: 'FOOTER', text: d.footer }] : []),
    ...(d.buttons.length && !d.cards.length ? [{ type: 'BUTTONS', buttons: d.buttons.map(buttonOf) }] : []),
    ...(d.cards.length ? [{ type: 'CAROUSEL', cards: d.cards.map((card) => cardOf(card, named)) }] : []),
  ]
}

/* ---- and back ---- */

function samplesOf(component: TemplateComponent | undefined, kind: 'body' | 'header'): Record<string, string> {
  const example = (component?.example ?? {}) as Record<string, unknown>
  const named = example[`${kind}_text_named_params`] as { param_name: string; example: string }[] | undefined
  if (named) return Object.fromEntries(named.map((one) => [one.param_name, one.example]))
  const list = kind === 'body' ? (example['body_text'] as string[][] | undefined)?.[0] : (example['header_text'] as string[] | undefined)
  const names = variableNames(component?.text ?? '')
  return Object.fromEntries(names.map((name, i) => [name, list?.[i] ?? '']))
}

const mediaIdOf = (component: TemplateComponent | undefined) => String((component?.example as { media_id?: unknown } | undefined)?.media_id ?? '')

function readButton(button: TemplateButton): ButtonDraft {
  const sample = Array.isArray(button.example) ? button.example[0] : button.example
  return { kind: button.type.toUpperCase(), text: button.text ?? '', url: button.url ?? '', phone: button.phone_number ?? '', flowId: button.flow_id ?? '', sample: String(sample ?? '') }
}

function readCard(components: TemplateComponent[]): CardDraft {
  const header = findPart(components, 'HEADER')
  const body = findPart(components, 'BODY')
  return {
    header: header?.format?.toUpperCase() === 'VIDEO' ? 'video' : 'image', media: mediaIdOf(header), body: body?.text ?? '', samples: samplesOf(body, 'body'),
    buttons: (findPart(components, 'BUTTONS')?.buttons ?? []).map(readButton),
  }
}

export function fromComponents(components: TemplateComponent[]): Definition {
  const header = findPart(components, 'HEADER')
  const body = findPart(components, 'BODY')
  const footer = findPart(components, 'FOOTER')
  const format = header?.format?.toLowerCase() ?? 'none'
  return {
    header: HEADERS.find((one) => one === format) ?? 'none', headerText: header?.text ?? '', headerMedia: mediaIdOf(header),
    headerSamples: samplesOf(header, 'header'), body: body?.text ?? '', samples: samplesOf(body, 'body'), footer: footer?.text ?? '',
    offer: findPart(components, 'LIMITED_TIME_OFFER')?.limited_time_offer?.text ?? null,
    buttons: (findPart(components, 'BUTTONS')?.buttons ?? []).map(readButton),
    cards: (findPart(components, 'CAROUSEL')?.cards ?? []).map((card) => readCard(card.components)),
    recommend: body?.add_security_recommendation ?? true, expiryMinutes: footer?.code_expiration_minutes ? String(footer.code_expiration_minutes) : '',
  }
}

/* ---- what the preview shows ---- */

/** The files of the headers, as far as they are ours. */
export function sampleFiles(d: Definition): TemplateValues {
  const cards = d.cards.map((card, i) => [`card.${i}.header.media`, card.media])
  return Object.fromEntries([['header.media', d.headerMedia], ...cards])
}

/** All samples: the whole message as those see it who review it. */
export function sampleValues(d: Definition): TemplateValues {
  const texts = (prefix: string, samples: Record<string, string>) => Object.entries(samples).map(([name, value]) => [`${prefix}.${name}`, value])
  return {
    ...sampleFiles(d),
    ...Object.fromEntries([
      ...texts('header', d.headerSamples), ...texts('body', d.samples), ...d.cards.flatMap((card, i) => texts(`card.${i}.body`, card.samples)),
      ...d.buttons.flatMap((button, i) => (button.kind === 'COPY_CODE' ? [[`button.${i}`, button.sample]] : [])),
    ]),
  }
}

/* ---- errors of the server ---- */

/** components[3].buttons[0].url → buttons.0.url; what has no place of its own is told as it is. */
export function placeOf(components: readonly TemplateComponent[], field: string): string {
  const match = /^components\[(\d+)\](.*)$/.exec(field)
  const component = match && components[Number(match[1])]
  if (!component) return field
  const part = { LIMITED_TIME_OFFER: 'offer', CAROUSEL: 'carousel' }[component.type] ?? component.type.toLowerCase()
  const tail = match[2]!.replace(/\[(\d+)\]/g, '.$1').replace(/^\.limited_time_offer/, '').replace(/^\.(buttons|cards)/, '')
  return `${part}${tail}`
}
