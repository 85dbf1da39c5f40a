import { describe, expect, it } from 'vitest'
import type { BusinessProfile } from '@shared/api/types'
import { formOf, profilePatch } from './profile'

const before: BusinessProfile = { about: 'Open', address: null, description: null, email: null, vertical: 'RETAIL', picture_url: null, websites: ['https://a.example'] }

describe('the profile of a number', () => {
  it('sends nothing when nothing was changed', () => expect(profilePatch(before, formOf(before))).toEqual({}))
  it('sends what was changed, and websites as a whole', () => {
    expect(profilePatch(before, { ...formOf(before), about: 'Closed', websites: ['', 'https://b.example '] })).toEqual({ about: 'Closed', websites: ['https://b.example'] })
  })
  it('keeps a line of business that it does not know', () => {
    const odd = { ...before, vertical: 'SPACE' }
    expect(profilePatch(odd, formOf(odd))).toEqual({})
  })
})
