import { describe, expect, it } from 'vitest'
import type { GroupMember } from '@shared/api/types'
import { membersFor, namedMembers, withMentions } from './members'

const member = (name: string | null, phone: string | null, more: Partial<GroupMember> = {}): GroupMember => ({ name, phone, lid: null, contact_id: null, is_admin: false, is_owner: false, is_us: false, ...more })
const group = (data: GroupMember[], addressing: 'phone' | 'lid' = 'phone') => ({ addressing, announce: false, data })
const choir = namedMembers(group([member('Bob', '+15550003333'), member('Ana Souza', '+5511999990000', { is_admin: true }), member('Ana', '+15550001111'), member('Shop', '+628', { is_us: true })]))

describe('members of a group', () => {
  it('are all but ourselves, by name', () => {
    expect(choir.map((one) => one.label)).toEqual(['Ana', 'Ana Souza', 'Bob'])
  })
  it('are told apart by number where names are the same', () => {
    expect(namedMembers(group([member('Ana', '+15550001111'), member('Ana', '+15550002222')])).map((one) => one.label)).toEqual(['Ana (1111)', 'Ana (2222)'])
  })
  it('are found by the beginning of a word, and by digits', () => {
    expect(membersFor(choir, 'so').map((one) => one.label)).toEqual(['Ana Souza'])
    expect(membersFor(choir, '3333').map((one) => one.label)).toEqual(['Bob'])
    expect(membersFor(choir, '').length).toBe(3)
  })
})

describe('a text that names members', () => {
  it('goes out with their digits, and says who they are', () => {
    expect(withMentions('@Bob, ask @Ana Souza', choir)).toEqual({
      body: '@15550003333, ask @5511999990000', mentions: [{ phone: '15550003333' }, { phone: '5511999990000' }],
      shown: [{ digits: '15550003333', contact_id: null, name: 'Bob' }, { digits: '5511999990000', contact_id: null, name: 'Ana Souza' }],
    })
  })
  it('names nobody by a longer word, an address, or a name that is no member', () => {
    for (const text of ['@Bobby', 'x@Bob', 'bob@Bob.example', '@Carl', 'Bob']) expect(withMentions(text, choir)).toEqual({ body: text, mentions: [], shown: [] })
  })
  it('names somebody once however often', () => expect(withMentions('@Bob @Bob', choir).mentions).toEqual([{ phone: '15550003333' }]))
  it('uses the hidden id where the group does, and where there is no number', () => {
    const hidden = namedMembers(group([member('Bob', '+15550003333', { lid: '77' }), member('Cleo', null, { lid: '88' })], 'lid'))
    expect(withMentions('@Bob and @Cleo', hidden)).toMatchObject({ body: '@77 and @88', mentions: [{ lid: '77' }, { lid: '88' }] })
    expect(namedMembers(group([member('Bob', '+15550003333', { lid: '77' })]))[0]!.mention).toEqual({ phone: '15550003333' })
  })
})
