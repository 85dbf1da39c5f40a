import { describe, expect, it } from 'vitest'
import { matches, SECTIONS } from './sections'

describe('the search of the settings', () => {
  const texts = ['Workspace', 'Name and language', 'time zone, Größe']
  it('finds by any words, in any order, without case and accents', () => {
    expect(matches('ZONE time', texts)).toBe(true)
    expect(matches('grosse', texts)).toBe(false)
    expect(matches('große', texts)).toBe(true)
    expect(matches('gro', texts)).toBe(true)
  })
  it('wants every word', () => expect(matches('time travel', texts)).toBe(false))
  it('lists all for an empty query', () => expect(matches('', texts)).toBe(true))
})

describe('the sections', () => {
  it('have addresses of their own below /settings', () => {
    expect(new Set(SECTIONS.map((one) => one.route)).size).toBe(SECTIONS.length)
    expect(SECTIONS.every((one) => one.route.startsWith('/settings/'))).toBe(true)
  })
})
