import { describe, expect, it } from 'vitest'
import type { LinkedNumber } from '@shared/api/types'
import { inOrder, leftText, reasonText, spelled, withChanged } from './linked'

const number = (id: string, more: Partial<LinkedNumber> = {}) => ({ id, primary: false, ...more }) as LinkedNumber

describe('a list of linked numbers', () => {
  it('has the primary one first, then the newest', () => {
    expect(inOrder([number('9'), number('100'), number('20', { primary: true })]).map((one) => one.id)).toEqual(['20', '100', '9'])
  })
  it('has one primary, also when another becomes it', () => {
    const after = withChanged([number('20', { primary: true }), number('9')], number('9', { primary: true }))
    expect(after.map((one) => [one.id, one.primary])).toEqual([['9', true], ['20', false]])
  })
})

describe('words', () => {
  it('count down in minutes and seconds, and not below nothing', () => {
    expect(leftText(61_000, 0)).toBe('01:01')
    expect(leftText(1, 0)).toBe('00:01')
    expect(leftText(0, 5000)).toBe('00:00')
  })
  it('spell the code as the phone does', () => expect(spelled('ABCD1234')).toBe('ABCD-1234'))
  it("are the catalogue's for a reason it knows, else the server's", () => {
    const t = (key: string) => `<${key}>`
    const of = { reason: 'logged_out', sentence: 'Said.', next_step: 'Do.' }
    expect(reasonText(of, t, () => true)).toEqual({ what: '<linked.reason.logged_out.what>', next: '<linked.reason.logged_out.next>' })
    expect(reasonText(of, t, () => false)).toEqual({ what: 'Said.', next: 'Do.' })
  })
})
