/*
 * Templates: which variables one has, how it will read, and the message that sends it.
 *
 * A variable is {{1}} or {{name}} in header or body, the end of a button's address, a copy code, or the
 * file of a media header. Each has a path of its own, so that the form, the preview and the draft agree.
 */
import type { MessageDraft, Template, TemplateComponent } from '@shared/api/types'

export interface TemplateVariable {
  /** header.1, body.first_name, header.media, button.0 */
  path: string
  part: 'header' | 'body' | 'button'
  kind: 'text' | 'image' | 'video' | 'document' | 'code'
  name: string
  example: string
}

export type TemplateValues = Record<string, string>

const VARIABLE = /\{\{\s*([\w.]+)\s*\}\}/g
const MEDIA = ['IMAGE', 'VIDEO', 'DOCUMENT'] as const

const kindIs = (component: TemplateComponent, type: string) => component.type.toUpperCase() === type

function exampleOf(component: TemplateComponent, name: string, at: number): string {
  const example = (component.example ?? {}) as Record<string, unknown>
  const named = (example['body_text_named_params'] ?? example['header_text_named_params']) as { param_name: string; example: string }[] | undefined
  const found = named?.find((one) => one.param_name === name)?.example
  if (found) return found
  const positional = (example['body_text'] as string[][] | undefined)?.[0] ?? (example['header_text'] as string[] | undefined)
  return positional?.[at] ?? ''
}

function textVariables(component: TemplateComponent, part: 'header' | 'body'): TemplateVariable[] {
  const names = [...new Set([...(component.text ?? '').matchAll(VARIABLE)].map((match) => match[1]!))]
  return names.map((name, i) => ({ path: `${part}.${name}`, part, kind: 'text' as const, name, example: exampleOf(component, name, i) }))
}

function headerVariables(component: TemplateComponent): TemplateVariable[] {
  const media = MEDIA.find((format) => format === component.format?.toUpperCase())
  if (!media) return textVariables(component, 'header')
  return [{ path: 'header.media', part: 'header', kind: media.toLowerCase() as 'image' | 'video' | 'document', name: media.toLowerCase(), example: '' }]
}

function buttonVariables(component: TemplateComponent): TemplateVariable[] {
  return (component.buttons ?? []).flatMap((button, i): TemplateVariable[] => {
    const example = String(Array.isArray(button.example) ? button.example[0] : (button.example ?? ''))
    const base = { path: `button.${i}`, part: 'button' as const, name: button.text ?? '', example }
    if (button.type.toUpperCase() === 'URL' && /\{\{/.test(button.url ?? '')) return [{ ...base, kind: 'text' }]
    return button.type.toUpperCase() === 'COPY_CODE' ? [{ ...base, kind: 'code' }] : []
  })
}

export function variablesOf(template: Template): TemplateVariable[] {
  return template.components.flatMap((component) => {
    if (kindIs(component, 'HEADER')) return headerVariables(component)
    if (kindIs(component, 'BODY')) return textVariables(component, 'body')
    return kindIs(component, 'BUTTONS') ? buttonVariables(component) : []
  })
}

/** A part's text with its values; what is not filled in stays as it is written. */
export function filled(text: string, part: 'header' | 'body', values: TemplateValues): string {
  return text.replace(VARIABLE, (whole, name: string) => values[`${part}.${name}`]?.trim() || whole)
}

export interface TemplatePreview {
  header: string
  body: string
  footer: string
  buttons: string[]
}

export function previewTemplate(template: Template, values: TemplateValues): TemplatePreview {
  const find = (type: string) => template.components.find((component) => kindIs(component, type))
  return {
    header: filled(find('HEADER')?.text ?? '', 'header', values),
    body: filled(find('BODY')?.text ?? '', 'body', values),
    footer: find('FOOTER')?.text ?? '',
    buttons: (find('BUTTONS')?.buttons ?? []).map((button) => button.text ?? ''),
  }
}

/* The network refuses line ends, tabs and runs of spaces inside a parameter. */
const clean = (value: string) => value.replace(/\s+/g, ' ').trim()

function textParameter(variable: TemplateVariable, values: TemplateValues): Record<string, unknown> {
  const text = clean(values[variable.path] ?? '')
  return /^\d+$/.test(variable.name) ? { type: 'text', text } : { type: 'text', parameter_name: variable.name, text }
}

function headerParameter(variable: TemplateVariable, values: TemplateValues): Record<string, unknown> {
  if (variable.kind === 'text') return textParameter(variable, values)
  const value = clean(values[variable.path] ?? '')
  return { type: variable.kind, [variable.kind]: /^https?:\/\//i.test(value) ? { link: value } : { id: value } }
}

function buttonComponent(variable: TemplateVariable, template: Template, values: TemplateValues): Record<string, unknown> {
  const index = variable.path.split('.')[1]!
  const value = clean(values[variable.path] ?? '')
  if (variable.kind === 'code') return { type: 'button', sub_type: 'copy_code', index, parameters: [{ type: 'coupon_code', coupon_code: value }] }
  const kind = template.components.find((c) => kindIs(c, 'BUTTONS'))?.buttons?.[Number(index)]?.type.toLowerCase() ?? 'url'
  return { type: 'button', sub_type: kind, index, parameters: [{ type: 'text', text: value }] }
}

/** The message in the Cloud API's shape; parts without variables are left out. */
export function templateDraft(template: Template, values: TemplateValues): MessageDraft {
  const all = variablesOf(template)
  const of = (part: string) => all.filter((variable) => variable.part === part)
  const components: Record<string, unknown>[] = []
  if (of('header').length) components.push({ type: 'header', parameters: of('header').map((v) => headerParameter(v, values)) })
  if (of('body').length) components.push({ type: 'body', parameters: of('body').map((v) => textParameter(v, values)) })
  components.push(...of('button').map((v) => buttonComponent(v, template, values)))
  return {
    type: 'template',
    template: { name: template.name, language: { code: template.language }, ...(components.length ? { components } : {}) },
  }
}

export function missingOf(template: Template, values: TemplateValues): TemplateVariable[] {
  return variablesOf(template).filter((variable) => !clean(values[variable.path] ?? ''))
}
