import { describe, expect, it } from 'vitest'
import { formatPhone } from './phone'

describe('a phone number', () => {
  it('has its country code apart, and groups that one can read out', () => {
    expect(formatPhone('+6281234567890')).toBe('+62 812 3456 7890')
    expect(formatPhone('+15550001111')).toBe('+1 555 000 1111')
    expect(formatPhone('+628123456789')).toBe('+62 812 345 6789')
    expect(formatPhone('+85291234567')).toBe('+852 9123 4567')
  })
  it('stays as it is when it is none', () => {
    expect(formatPhone('pending')).toBe('pending')
    expect(formatPhone('+12')).toBe('+12')
  })
})
