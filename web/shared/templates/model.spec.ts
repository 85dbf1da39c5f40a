import { describe, expect, it } from 'vitest'
import type { Template } from '../api/types'
import { missingOf, pathOfField, previewTemplate, templateDraft, variablesOf } from './model'

const template = (components: Template['components']) => ({ name: 'order_ready', language: 'en_US', components }) as Template
const order = template([
  { type: 'HEADER', format: 'TEXT', text: 'Order {{1}}' },
  { type: 'BODY', text: 'Hi {{1}}, order {{2}}. Bye {{1}}.', example: { body_text: [['Ana', 'A-17']] } },
  { type: 'FOOTER', text: 'Us' },
  { type: 'BUTTONS', buttons: [{ type: 'QUICK_REPLY', text: 'Stop' }, { type: 'URL', text: 'Track', url: 'https://x/{{1}}' }, { type: 'COPY_CODE', text: 'Copy', example: ['KOPI'] }] },
])

describe('templates', () => {
  it('finds each variable once, with its example', () => {
    expect(variablesOf(order).map((v) => v.path)).toEqual(['header.1', 'body.1', 'body.2', 'button.0', 'button.1', 'button.2'])
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
  it('previews with what is filled in, and shows what is not', () => {
    expect(previewTemplate(order, { 'body.1': 'Ana' }).body).toBe('Hi Ana, order {{2}}. Bye Ana.')
    expect(missingOf(order, { 'body.1': 'Ana', 'body.2': '  ' }).map((v) => v.path)).toEqual(['header.1', 'body.2', 'button.1', 'button.2'])
  })
  it('carries places, offers, payloads, amounts and cards', () => {
    const card = (n: number) => ({ components: [{ type: 'HEADER', format: 'IMAGE' }, { type: 'BODY', text: `Card ${n} {{1}}` }, { type: 'BUTTONS', buttons: [{ type: 'URL', text: 'Go', url: 'https://x/{{1}}' }] }] })
    const rich = template([
      { type: 'HEADER', format: 'LOCATION' }, { type: 'LIMITED_TIME_OFFER', limited_time_offer: { text: 'Ends soon', has_expiration: true } },
      { type: 'BODY', text: 'Pay {{1}} until {{2}}' }, { type: 'BUTTONS', buttons: [{ type: 'COPY_CODE', text: 'Copy' }, { type: 'QUICK_REPLY', text: 'Stop' }] },
      { type: 'CAROUSEL', cards: [card(0), card(1)] },
    ])
    const values = {
      'header.place.latitude': '51.5', 'header.place.longitude': '-0,12', 'header.place.name': 'Shop', 'offer.until': '2027-01-01T10:00',
      'body.1': '100.99', 'body.1.as': 'currency', 'body.1.code': 'USD', 'body.2': '25 Feb', 'body.2.as': 'date_time',
      'button.0': 'SAVE20', 'button.1': 'stop', 'card.0.header.media': '7', 'card.0.body.1': 'a', 'card.0.button.0': 'x', 'card.1.header.media': 'https://x/b.png', 'card.1.body.1': 'b', 'card.1.button.0': 'y',
    }
    expect(missingOf(rich, values)).toEqual([])
    expect(templateDraft(rich, values)['template']).toEqual({ name: 'order_ready', language: { code: 'en_US' }, components: [
      { type: 'header', parameters: [{ type: 'location', location: { latitude: 51.5, longitude: -0.12, name: 'Shop' } }] },
      { type: 'limited_time_offer', parameters: [{ type: 'limited_time_offer', limited_time_offer: { expiration_time_ms: new Date('2027-01-01T10:00').getTime() } }] },
      { type: 'body', parameters: [
        { type: 'currency', currency: { fallback_value: '$100.99', code: 'USD', amount_1000: 100990 } }, { type: 'date_time', date_time: { fallback_value: '25 Feb' } },
      ] },
      { type: 'button', sub_type: 'copy_code', index: '0', parameters: [{ type: 'coupon_code', coupon_code: 'SAVE20' }] },
      { type: 'button', sub_type: 'quick_reply', index: '1', parameters: [{ type: 'payload', payload: 'stop' }] },
      { type: 'carousel', cards: [
        { card_index: 0, components: [{ type: 'header', parameters: [{ type: 'image', image: { id: '7' } }] }, { type: 'body', parameters: [{ type: 'text', text: 'a' }] },
          { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: 'x' }] }] },
        { card_index: 1, components: [{ type: 'header', parameters: [{ type: 'image', image: { link: 'https://x/b.png' } }] }, { type: 'body', parameters: [{ type: 'text', text: 'b' }] },
          { type: 'button', sub_type: 'url', index: '0', parameters: [{ type: 'text', text: 'y' }] }] },
      ] },
    ] })
    expect(pathOfField(rich, values, 'template.components[5].cards[1].components[1].parameters[0].text')).toBe('card.1.body.1')
    expect(pathOfField(rich, values, 'template.components[0].parameters[0]')).toBe('header.place')
    expect(previewTemplate(rich, values).body).toBe('Pay $100.99 until 25 Feb')
  })
  it('lists products by sections, each with its title where there are several', () => {
    const offer = { name: 'picks', language: 'en', components: [{ type: 'BODY', text: 'For you' }, { type: 'BUTTONS', buttons: [{ type: 'MPM', text: 'View items' }] }] }
    expect(variablesOf(offer).map((one) => [one.path, one.kind])).toEqual([['button.0', 'products']])
    expect(missingOf(offer, {}).length).toBe(1)
    const one = { 'button.0.0.ids': 'sku-1, sku-2\nsku-1' }
    expect(missingOf(offer, one)).toEqual([])
    const action = (values: Record<string, string>) => (templateDraft(offer, values)['template'] as { components: { sub_type: string; index: string; parameters: { action: unknown }[] }[] }).components[0]!
    expect(action(one)).toMatchObject({ sub_type: 'mpm', index: '0', parameters: [{ type: 'action', action: { thumbnail_product_retailer_id: 'sku-1', sections: [{ product_items: [{ product_retailer_id: 'sku-1' }, { product_retailer_id: 'sku-2' }] }] } }] })
    const two = { ...one, 'button.0.sections': '2', 'button.0.1.ids': 'sku-9' }
    expect(missingOf(offer, two).length).toBe(1)
    const named = { ...two, 'button.0.0.title': 'New', 'button.0.1.title': 'Old', 'button.0.thumbnail': 'sku-9' }
    expect(missingOf(offer, named)).toEqual([])
    expect(action(named).parameters[0]!.action).toMatchObject({ thumbnail_product_retailer_id: 'sku-9', sections: [{ title: 'New' }, { title: 'Old' }] })
    expect(missingOf(offer, { 'button.0.0.ids': Array.from({ length: 31 }, (_, i) => `sku-${i}`).join('\n') }).length).toBe(1)
    expect(pathOfField(offer, one, 'template.components[0].parameters[0]')).toBe('button.0')
    expect(previewTemplate(offer, named).buttons[0]).toEqual({ kind: 'MPM', text: 'View items', detail: '3' })
  })
  it('asks for the code of an authentication template once, and sends it twice', () => {
    const login = template([{ type: 'BODY', add_security_recommendation: true }, { type: 'BUTTONS', buttons: [{ type: 'OTP', otp_type: 'COPY_CODE', text: 'Copy code' }] }] as Template['components'])
    expect(variablesOf(login).map((v) => v.path)).toEqual(['body.1'])
    expect(JSON.stringify(templateDraft(login, { 'body.1': '123456' })).match(/123456/g)).toHaveLength(2)
  })
})
