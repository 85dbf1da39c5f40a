import { expect, test } from 'vitest'
import { moved } from '@shared/moved'
import { freshness, reasonTone } from './route'

test('a proof is fresh for an hour, recent for a day, and then old', () => {
  const now = 10 * 86400_000
  expect(freshness(null, now)).toBe('none')
  expect(freshness(now - 60_000, now)).toBe('fresh')
  expect(freshness(now - 2 * 3600_000, now)).toBe('recent')
  expect(freshness(now - 2 * 86400_000, now)).toBe('old')
})

test('what people have to look at has a colour of its own', () => {
  expect(reasonTone('first')).toBe('success')
  expect(reasonTone('fallback')).toBe('warning')
  expect(reasonTone('all_down')).toBe('danger')
  expect(reasonTone('forced')).toBe('info')
})

test('an entry takes the place of another', () => {
  expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b'])
  expect(moved(['a', 'b', 'c'], 0, 3)).toEqual(['a', 'b', 'c'])
})
