import { describe, expect, it } from 'vitest'
import type { Message } from '@shared/api/types'
import { answerOf, cardsOf, formAnswers, interactiveOf, orderOf, placeOf, pollOf, previewOf, templateTexts, votesOf } from './content'

const message = (type: string, body: unknown, more: object = {}) => ({ type, direction: 'in', media: null, deleted_ms: null, [type]: body, ...more }) as unknown as Message
const t = (key: string, values?: Record<string, unknown>) => (values ? `${key} ${JSON.stringify(values)}` : key)

describe('content', () => {
  it('takes coordinates as numbers and as texts, and refuses those of no place', () => {
    expect(placeOf(message('location', { latitude: '-1.2', longitude: 36.8, name: 'Office' }))).toMatchObject({ latitude: -1.2, longitude: 36.8, name: 'Office' })
    expect(placeOf(message('location', { latitude: -233, longitude: 40 }))).toBeNull()
    expect(placeOf(message('location', {}))).toBeNull()
  })
  it('reads contact cards with parts missing', () => {
    expect(cardsOf(message('contacts', [{ name: { formatted_name: 'Dita' }, phones: [{ wa_id: '62812' }, {}] }, {}])))
      .toEqual([{ name: 'Dita', org: '', phones: [{ phone: '62812', label: '' }], emails: [] }, { name: '', org: '', phones: [], emails: [] }])
  })
  it('reads buttons, lists and links as we asked them', () => {
    expect(interactiveOf(message('interactive', { type: 'button', body: { text: 'Which?' }, action: { buttons: [{ reply: { title: 'A' } }] } })).sections[0]!.choices[0]!.title).toBe('A')
    expect(interactiveOf(message('interactive', { type: 'list', action: { button: 'Open', sections: [{ title: 'S', rows: [{ title: 'R', description: 'd' }] }] } })).sections[0])
      .toEqual({ title: 'S', choices: [{ title: 'R', description: 'd', kind: 'reply' }] })
    expect(interactiveOf(message('interactive', { type: 'cta_url', action: { parameters: { display_text: 'Go', url: 'https://x' } } })).sections[0]!.choices[0]!.kind).toBe('url')
  })
  it('knows what the customer chose', () => {
    expect(answerOf(message('interactive', { type: 'list_reply', list_reply: { title: 'Light', description: 'Fruity' } }))).toEqual({ title: 'Light', description: 'Fruity' })
    expect(answerOf(message('button', { text: 'Yes', payload: 'y' }))!.title).toBe('Yes')
    expect(answerOf(message('interactive', { type: 'button', body: { text: 'Which?' } }))).toBeNull()
  })
  it('opens the answers of a form, and survives broken ones', () => {
    expect(formAnswers(message('interactive', { type: 'nfm_reply', nfm_reply: { response_json: '{"flow_token":"t","rating":"good","days":["Mon"]}' } })))
      .toEqual([['rating', 'good'], ['days', '["Mon"]']])
    expect(formAnswers(message('interactive', { nfm_reply: { response_json: '{' } }))).toEqual([])
  })
  it('adds an order up only when every line has a price', () => {
    expect(orderOf(message('order', { product_items: [{ product_retailer_id: 'a', quantity: '2', item_price: 5, currency: 'IDR' }] })).total).toBe(10)
    expect(orderOf(message('order', { product_items: [{ product_retailer_id: 'a', quantity: '1' }] })).total).toBeNull()
  })
  it('reads polls and votes in the shapes that occur', () => {
    expect(pollOf(message('poll', { name: 'Q', options: ['a', { name: 'b', votes: 3 }] })).options).toEqual([{ name: 'a', votes: 0 }, { name: 'b', votes: 3 }])
    expect(votesOf(message('poll_vote', { options: ['a', { name: 'b' }] }))).toEqual(['a', 'b'])
  })
  it('reads what was filled into a template', () => {
    expect(templateTexts(message('template', { name: 'n', language: { code: 'en' }, components: [{ parameters: [{ type: 'text', text: 'Ana' }, { type: 'payload', payload: 'p' }] }] })))
      .toMatchObject({ name: 'n', language: 'en', parameters: ['Ana', 'p'] })
  })
  it('previews every kind in one line, also those it has never heard of', () => {
    expect(previewOf(message('text', { body: '*Hi*\nthere' }), t)).toBe('Hi there')
    expect(previewOf(message('image', { caption: 'Cat' }), t)).toBe('Cat')
    expect(previewOf(message('image', {}), t)).toBe('kind.image')
    expect(previewOf(message('audio', { voice: true }), t)).toBe('kind.voice')
    expect(previewOf(message('document', { filename: 'a.pdf' }), t)).toBe('a.pdf')
    expect(previewOf(message('hologram', { x: 1 }), t)).toBe('kind.unknown')
    expect(previewOf(message('text', { body: 'x' }, { deleted_ms: 1 }), t)).toBe('message.deleted')
  })
  it('answers something for any body', () => {
    for (const body of [null, undefined, 'text', 7, [], [null], { body: 7 }, { options: 'x', sections: 3 }]) {
      for (const type of ['text', 'image', 'location', 'contacts', 'interactive', 'button', 'poll', 'poll_vote', 'order', 'template', 'system']) {
        expect(typeof previewOf(message(type, body), t)).toBe('string')
      }
    }
  })
})
