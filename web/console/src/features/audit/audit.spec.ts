import { describe, expect, it } from 'vitest'
import { isEmpty, NOTHING, queryOf } from './filter'

describe('the filter of the audit trail', () => {
  it('asks for nothing in particular at first', () => {
    expect(isEmpty(NOTHING)).toBe(true)
    expect(Object.values(queryOf(NOTHING)).filter(Boolean)).toEqual([])
  })
  it('sends ids that are ids, and times as milliseconds', () => {
    expect(queryOf({ ...NOTHING, target: ' 123 ', from: '2026-01-01T00:00' })).toMatchObject({ target_id: '123', from_ms: Date.parse('2026-01-01T00:00') })
    expect(queryOf({ ...NOTHING, target: '12a' }).target_id).toBe('')
  })
})
