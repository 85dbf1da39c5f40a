import { describe, expect, it } from 'vitest'
import { countries, timeZones } from './places'
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

describe('places', () => {
  it('are named in the language of the page, each once', () => {
    const english = countries('en')
    expect(english.find((one) => one.value === 'ID')?.label).toBe('Indonesia')
    expect(countries('id').find((one) => one.value === 'DE')?.label).toBe('Jerman')
    expect(english.some((one) => one.value === 'EU')).toBe(false)
    expect(new Set(english.map((one) => one.value)).size).toBe(english.length)
  })
  it('keep a time zone that the browser does not know', () => expect(timeZones('Old/Zone')).toContain('Old/Zone'))
})
