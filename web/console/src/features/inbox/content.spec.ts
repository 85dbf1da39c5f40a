import { describe, expect, it } from 'vitest'
import type { Message } from '@shared/api/types'
import { answerOf, besideOf, cardsOf, formAnswers, interactiveOf, orderOf, originOf, placeOf, pollOf, previewOf, templateTexts, votesOf } from './content'

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
    expect(pollOf(message('poll', { name: 'Q', options: ['a', { name: 'b', votes: 3 }] })).options).toEqual([{ name: 'a', votes: 0, voters: [], isOurs: false }, { name: 'b', votes: 3, voters: [], isOurs: false }])
    expect(votesOf(message('poll_vote', { options: ['a', { name: 'b' }] }))).toEqual(['a', 'b'])
  })
  it('tells who voted for what, and our own vote from theirs', () => {
    const poll = pollOf(message('poll', { name: 'Q', options: [{ name: 'a', votes: 2 }, { name: 'b', votes: 0 }], voters: [{ by: '7', name: 'Ana', options: [0] }, { by: 'business', name: null, options: [0] }, { by: '8', name: 'Bob', options: [] }] }))
    expect(poll).toMatchObject({ voters: 2, options: [{ voters: ['Ana'], isOurs: true }, { voters: [], isOurs: false }] })
  })
  it('reads what a text brings along, and makes links of web addresses only', () => {
    expect(besideOf({ preview: { url: 'https://x.example/a', title: 'T', description: 'D' } })).toEqual({ kind: 'preview', title: 'T', text: 'D', link: 'https://x.example/a', host: 'x.example', picture: '' })
    expect(besideOf({ preview: { url: 'x.example', title: 'T' } })).toMatchObject({ link: 'https://x.example/' })
    expect(besideOf({ preview: { url: 'javascript:alert(1)', title: 'T' } })).toMatchObject({ link: '', host: '' })
    expect(besideOf({ preview: { title: 'T', thumbnail: '/9j/4AAQ' } })).toMatchObject({ picture: 'data:image/jpeg;base64,/9j/4AAQ' })
    expect(besideOf({ preview: { title: 'T', thumbnail: 'PHN2Zz4=' } })).toMatchObject({ picture: '' })
    expect(besideOf({ group_invite: { name: 'Choir', expires_s: 5 } })).toEqual({ kind: 'invite', title: 'Choir', untilMs: 5000 })
    expect(besideOf({ event: { name: 'Fair', start_s: 7, cancelled: true } })).toEqual({ kind: 'event', title: 'Fair', startMs: 7000, endMs: null, isCancelled: true })
    expect(besideOf({ body: 'Hi', preview: null })).toBeNull()
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

describe('what the Cloud API sends and brings', () => {
  const interactive = (body: object) => ({ type: 'interactive', interactive: body }) as unknown as Message

  it('draws the cards of a carousel with their buttons', () => {
    const asked = interactiveOf(interactive({ type: 'carousel', body: { text: 'Look' }, action: { cards: [
      { body: { text: 'One' }, action: { name: 'cta_url', parameters: { display_text: 'Open', url: 'https://x.example' } } },
      { type: 'product', action: { product_retailer_id: 'p2' } }] } }))
    expect(asked.asks).toBe('carousel')
    expect(asked.sections.map((s) => [s.title, s.choices.map((c) => c.title)])).toEqual([['One', ['Open']], ['p2', []]])
  })

  it('reads a bill in both of its forms', () => {
    const order = { status: 'pending', items: [{ name: 'bread', quantity: 2, amount: { value: 1050, offset: 100 } }] }
    const action = { reference_id: 'r-1', currency: 'SGD', total_amount: { value: 2100, offset: 100 }, order }
    const now = interactiveOf(interactive({ type: 'order_details', body: { text: 'Pay' }, action: { parameters: action } }))
    const old = interactiveOf(interactive({ type: 'order_details', order_details: { body: { text: 'Pay' }, action } }))
    expect(now.sections).toEqual([{ title: 'r-1 · pending · 21.00 SGD', choices: [{ title: '2 × bread', description: '10.50 SGD', kind: 'other' }] }])
    expect(old.sections).toEqual(now.sections)
    expect(old.body).toBe('Pay')
  })

  it('shows the fields of an address one by one', () => {
    const answer = interactive({ type: 'nfm_reply', nfm_reply: { name: 'address_message', response_json: '{"saved_address_id":"a1","values":{"name":"Ana","in_pin_code":"400063","floor_number":""}}' } })
    expect(formAnswers(answer)).toEqual([['saved_address_id', 'a1'], ['name', 'Ana'], ['in_pin_code', '400063']])
  })

  it('tells where the customer came from, and links nothing but web addresses', () => {
    const from = (referral: object) => originOf({ type: 'text', text: { body: 'hi', referral } } as unknown as Message)
    expect(from({ source_type: 'ad', headline: 'Sale', source_url: 'https://fb.me/1' })).toEqual({ kind: 'ad', title: 'Sale', text: '', link: 'https://fb.me/1' })
    expect(from({ source_type: 'post', source_url: 'javascript:alert(1)' })?.link).toBe('')
    expect(originOf({ type: 'text', text: { body: 'hi', referred_product: { product_retailer_id: 'p9' } } } as unknown as Message)?.kind).toBe('product')
    expect(originOf({ type: 'text', text: { body: 'hi' } } as unknown as Message)).toBeNull()
  })
})
