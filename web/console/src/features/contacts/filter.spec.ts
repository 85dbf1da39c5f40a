import { describe, expect, it } from 'vitest'
import { keyOf } from './attributeKey'
import { countOf, fromAddress, toAddress, toQuery } from './filter'

describe('filters of contacts', () => {
  it('are the same after a way through the address', () => {
    const filter = fromAddress({ query: 'ana', state: 'opted_out', sort: 'name', other: 'x' })
    expect(fromAddress(toAddress(filter))).toEqual(filter)
    expect(toAddress(filter)).toEqual({ query: 'ana', state: 'opted_out', sort: 'name' })
  })

  it('ask for whole days where the reader is', () => {
    const query = toQuery(fromAddress({ created_from: '2026-11-21', created_until: '2026-11-21' }))
    expect(query['created_from_ms']).toBe(new Date(2026, 10, 21).getTime())
    expect(query['created_until_ms']).toBe(new Date(2026, 10, 22).getTime())
    expect(toQuery(fromAddress({ created_from: 'nonsense' }))['created_from_ms']).toBeUndefined()
  })

  it('ask for an attribute only with its value', () => {
    expect(toQuery(fromAddress({ attribute: 'city' }))).toMatchObject({ attribute: '', value: '' })
    expect(toQuery(fromAddress({ attribute: 'city', value: 'Oslo' }))).toMatchObject({ attribute: 'city', value: 'Oslo' })
    expect(countOf(fromAddress({ attribute: 'city', value: 'Oslo', query: 'x' }))).toBe(1)
  })
})

describe('keys of attributes', () => {
  it('are made of any title', () => {
    expect(keyOf('Größe (cm)')).toBe('gro_e_cm')
    expect(keyOf('2nd phone')).toBe('field_2nd_phone')
    expect(keyOf('日本')).toBe('field')
  })
})
