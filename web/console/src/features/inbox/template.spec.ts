import { describe, expect, it } from 'vitest'
import type { Message, Template } from '@shared/api/types'
import { sentValues } from './sentTemplates'
import { missingOf, previewTemplate, templateDraft, variablesOf } from './template'

const template = (components: Template['components']) => ({ name: 'order_ready', language: 'en_US', components }) as Template
const order = template([
  { type: 'HEADER', format: 'TEXT', text: 'Order {{1}}' },
  { type: 'BODY', text: 'Hi {{1}}, order {{2}}. Bye {{1}}.', example: { body_text: [['Ana', 'A-17']] } },
  { type: 'FOOTER', text: 'Us' },
  { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Stop' }, { type: 'URL', text: 'Track', url: 'https://x/{{1}}' }, { type: 'COPY_CODE', text: 'Copy', example: ['KOPI'] }] },
])

describe('templates', () => {
  it('finds each variable once, with its example', () => {
    expect(variablesOf(order).map((v) => v.path)).toEqual(['header.1', 'body.1', 'body.2', 'button.1', 'button.2'])
    expect(variablesOf(order).find((v) => v.path === 'body.2')!.example).toBe('A-17')
  })
  it('builds the message in the network\'s shape', () => {
    const draft = templateDraft(order, { 'header.1': 'A-17', 'body.1': ' Ana\nL ', 'body.2': 'A-17', 'button.1': 'a17', 'button.2': 'KOPI' })
    expect(draft['template']).toEqual({
      name: 'order_ready', language: { code: 'en_US' }, components: [
        { type: 'header', parameters: [{ type: 'text', text: 'A-17' }] },
        { type: 'body', parameters: [{ type: 'text', text: 'Ana L' }, { type: 'text', text: 'A-17' }] },
        { type: 'button', sub_type: 'url', index: '1', parameters: [{ type: 'text', text: 'a17' }] },
        { type: 'button', sub_type: 'copy_code', index: '2', parameters: [{ type: 'coupon_code', coupon_code: 'KOPI' }] },
      ],
    })
  })
  it('leaves components out where nothing is to fill in', () => {
    expect(templateDraft(template([{ type: 'BODY', text: 'Hello' }]), {})['template']).toEqual({ name: 'order_ready', language: { code: 'en_US' } })
  })
  it('names the parameters of named templates', () => {
    const draft = templateDraft(template([{ type: 'BODY', text: 'Hi {{first_name}}' }]), { 'body.first_name': 'Ana' })
    expect(JSON.stringify(draft)).toContain('{"type":"text","parameter_name":"first_name","text":"Ana"}')
  })
  it('takes a media header by address or by id', () => {
    const media = template([{ type: 'HEADER', format: 'IMAGE' }, { type: 'BODY', text: 'Hi' }])
    expect(JSON.stringify(templateDraft(media, { 'header.media': 'https://x/a.png' }))).toContain('"image":{"link":"https://x/a.png"}')
    expect(JSON.stringify(templateDraft(media, { 'header.media': '123' }))).toContain('"image":{"id":"123"}')
  })
  it('reads back what was filled in, in the shape that it was sent', () => {
    const values = { 'header.1': 'A-17', 'body.1': 'Ana', 'body.2': 'A-17', 'button.1': 'a17', 'button.2': 'KOPI' }
    const message = templateDraft(order, values) as unknown as Message
    expect(previewTemplate(order, sentValues(message))).toEqual(previewTemplate(order, values))
    const named = template([{ type: 'BODY', text: 'Hi {{first_name}}' }])
    expect(previewTemplate(named, sentValues(templateDraft(named, { 'body.first_name': 'Ana' }) as unknown as Message)).body).toBe('Hi Ana')
  })
  it('previews with what is filled in, and shows what is not', () => {
    expect(previewTemplate(order, { 'body.1': 'Ana' }).body).toBe('Hi Ana, order {{2}}. Bye Ana.')
    expect(missingOf(order, { 'body.1': 'Ana', 'body.2': '  ' }).map((v) => v.path)).toEqual(['header.1', 'body.2', 'button.1', 'button.2'])
  })
})
