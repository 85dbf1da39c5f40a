import { describe, expect, it } from 'vitest'
import type { Message, Template } from '@shared/api/types'
import { previewTemplate, templateDraft } from '@shared/templates/model'
import { sentValues } from './sentTemplates'

const template = (components: Template['components']) => ({ name: 'order_ready', language: 'en_US', components }) as Template
const order = template([
  { type: 'HEADER', format: 'IMAGE' },
  { type: 'BODY', text: 'Hi {{first_name}}, order {{number}}. Bye {{first_name}}.' },
  { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Stop' }, { type: 'URL', text: 'Track', url: 'https://x/{{1}}' }, { type: 'COPY_CODE', text: 'Copy' }] },
])

describe('sent templates', () => {
  it('read as they were filled in', () => {
    const values = { 'header.media': '77', 'body.first_name': 'Ana', 'body.number': 'A-17', 'button.1': 'a17', 'button.2': 'KOPI' }
    const message = templateDraft(order, values) as unknown as Message
    expect(previewTemplate(order, sentValues(message))).toEqual(previewTemplate(order, values))
  })
  it('take anything that came', () => {
    for (const odd of [null, 7, 'x', [], { components: [null, { type: 'body', parameters: 'x' }] }]) expect(sentValues({ template: odd } as unknown as Message)).toBeTypeOf('object')
  })
})
