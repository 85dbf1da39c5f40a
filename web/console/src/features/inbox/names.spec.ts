import { describe, expect, it } from 'vitest'
import type { Message } from '@shared/api/types'
import { authorLabel, isOfMember, partsWithNames, withNames } from './names'

const ana = { digits: '182938475610293', contact_id: '7', name: 'Ana' }
const stranger = { digits: '5511999990000', contact_id: null, name: null }
const message = (author: object, direction = 'in') => ({ direction, contact_id: '1', author }) as unknown as Message

describe('names', () => {
  it('puts names where a text has "@" and digits', () => {
    expect(withNames('Ask @182938475610293, please', [ana])).toBe('Ask @Ana, please')
    expect(withNames('@5511999990000 or @182938475610293', [ana, stranger])).toBe('@5511999990000 or @Ana')
  })
  it('marks names, and leaves digits alone that name nobody', () => {
    expect(partsWithNames('@182938475610293 @99999', [ana])).toEqual([{ text: '@Ana', isName: true }, { text: ' ', isName: false }, { text: '@99999', isName: false }])
    expect(withNames('@1829384756102931', [ana])).toBe('@1829384756102931')
  })
  it('tells the members of a group from the contact of a conversation', () => {
    expect(isOfMember(message({ kind: 'contact', id: '7', name: 'Ana' }))).toBe(true)
    expect(isOfMember(message({ kind: 'contact', id: '1', name: 'Ana' }))).toBe(false)
    expect(authorLabel(message({ kind: 'contact', id: '7', name: 'Ana' }), '2', String)).toBe('Ana')
    expect(authorLabel(message({ kind: 'contact', id: '1', name: 'Ana' }), '2', String)).toBe('')
  })
})
