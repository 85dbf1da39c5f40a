import { describe, expect, it } from 'vitest'
import type { Message } from '@shared/api/types'
import { excerpt, marked, textOf } from './marks'
import { complete, isOf, typingAt, valueOf, withFilter, withIs } from './query'

describe('a line and its filters', () => {
  it('has values, with and without quotes', () => {
    expect(valueOf('red from:ana label:"very vip"', 'label')).toBe('very vip')
    expect(valueOf('red FROM:ana', 'from')).toBe('ana')
    expect(valueOf('red', 'from')).toBe('')
  })
  it('takes one in, another instead, and out again', () => {
    expect(withFilter('red', 'from', 'Ana Maria')).toBe('red from:"Ana Maria"')
    expect(withFilter('red from:"Ana Maria" car', 'from', 'bo')).toBe('red car from:bo')
    expect(withFilter('red from:bo car', 'from', '')).toBe('red car')
  })
  it('keeps the other kinds of is:', () => {
    expect(withIs('is:in is:open x', ['in', 'out'], 'out')).toBe('is:open x is:out')
    expect(withIs('is:in is:open', ['in', 'out'], '')).toBe('is:open')
    expect(isOf('is:open is:in', ['in', 'out'])).toBe('in')
  })
})

describe('what is being typed', () => {
  it('is the value of a filter', () => {
    expect(typingAt('red from:an', 11)).toEqual({ key: 'from', text: 'an', from: 9 })
    expect(typingAt('label:"very v', 13)).toEqual({ key: 'label', text: 'very v', from: 6 })
    expect(typingAt('http://x', 8)).toBeNull()
  })
  it('or the beginning of a key', () => {
    expect(typingAt('red fr', 6)).toEqual({ key: null, text: 'fr', from: 4 })
    expect(typingAt('red ', 4)).toBeNull()
  })
  it('is completed in its place', () => {
    expect(complete('red fr car', 6, typingAt('red fr', 6)!, 'from')).toEqual({ line: 'red from: car', caret: 9 })
    expect(complete('from:an car', 7, typingAt('from:an', 7)!, '"Ana Maria"')).toEqual({ line: 'from:"Ana Maria" car', caret: 17 })
  })
})

describe('marks', () => {
  const shown = (text: string, words: string[]) => marked(text, words).map((piece) => (piece.marked ? `[${piece.text}]` : piece.text)).join('')
  it('stand on whole words that begin so', () => {
    expect(shown('The Invoices of INVOICE voice', ['invoice'])).toBe('The [Invoices] of [INVOICE] voice')
    expect(shown('is this his', ['is'])).toBe('[is] this his')
    expect(shown('Straßenbahn', ['strassen'])).toBe('[Straßenbahn]')
    expect(shown('no', [])).toBe('no')
  })
  it('are in the excerpt of a long text', () => {
    const long = `${'word '.repeat(100)}needle ${'word '.repeat(100)}`
    expect(excerpt(long, ['needle'])).toContain('needle')
    expect(excerpt(long, ['needle']).length).toBeLessThan(170)
    expect(excerpt('short', ['x'])).toBe('short')
  })
})

describe('the text of a message', () => {
  const message = (type: string, content: unknown) => ({ type, [type]: content }) as unknown as Message
  it('is what people see of it', () => {
    expect(textOf(message('text', { body: 'hello' }))).toBe('hello')
    expect(textOf(message('document', { id: '9', filename: 'a.pdf', caption: 'signed' }))).toBe('signed · a.pdf')
    expect(textOf(message('contacts', [{ name: { formatted_name: 'Bo' } }]))).toBe('Bo')
    expect(textOf(message('image', { id: '9' }))).toBe('')
  })
})
