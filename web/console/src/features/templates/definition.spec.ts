import { describe, expect, it } from 'vitest'
import type { TemplateComponent } from '@shared/api/types'
import { emptyDefinition, fromComponents, newButton, placeOf, toComponents } from './definition'

const rich: TemplateComponent[] = [
  { type: 'HEADER', format: 'IMAGE', example: { media_id: '7' } },
  { type: 'BODY', text: 'Hi {{first_name}}, {{discount}} off.', example: { body_text_named_params: [{ param_name: 'first_name', example: 'Ana' }, { param_name: 'discount', example: '20%' }] } },
  { type: 'FOOTER', text: 'Bye' },
  { type: 'BUTTONS', buttons: [{ type: 'URL', text: 'Look', url: 'https://x.example/{{1}}', example: ['https://x.example/a'] }, { type: 'QUICK_REPLY', text: 'Stop' }] },
]

describe('a template while it is written', () => {
  it('comes back as it was', () => {
    expect(toComponents(fromComponents(rich), 'MARKETING')).toEqual(rich)
    const cards: TemplateComponent[] = [{ type: 'BODY', text: 'New' }, { type: 'CAROUSEL', cards: [1, 2].map((n) => ({ components: [
      { type: 'HEADER', format: 'IMAGE', example: { media_id: String(n) } }, { type: 'BODY', text: `Card {{1}}`, example: { body_text: [[`${n}`]] } },
      { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Take' }] }] })) }]
    expect(toComponents(fromComponents(cards), 'MARKETING')).toEqual(cards)
  })
  it('numbers stay numbers, and one name makes all names', () => {
    const draft = { ...emptyDefinition(), body: 'Hi {{1}}.', samples: { 1: 'Ana' } }
    expect(toComponents(draft, 'UTILITY')).toEqual([{ type: 'BODY', text: 'Hi {{1}}.', example: { body_text: [['Ana']] } }])
  })
  it('leaves the words of a code message to Meta', () => {
    expect(toComponents({ ...emptyDefinition(), expiryMinutes: '5' }, 'AUTHENTICATION').map((one) => one.type)).toEqual(['BODY', 'FOOTER', 'BUTTONS'])
  })
  it('places an error at its field', () => {
    const components = toComponents({ ...emptyDefinition(), body: 'x', offer: 'Soon', buttons: [newButton()] }, 'MARKETING')
    expect(placeOf(components, 'components[2].buttons[0].text')).toBe('buttons.0.text')
    expect(placeOf(components, 'components[0].limited_time_offer.text')).toBe('offer.text')
    expect(placeOf(components, 'components[1].example[0]')).toBe('body.example.0')
    expect(placeOf(components, 'name')).toBe('name')
  })
})
