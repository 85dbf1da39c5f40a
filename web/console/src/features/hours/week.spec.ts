import { expect, it } from 'vitest'
import { storedOf, weekOf } from './week'

it('goes there and back, midnight at the end included', () => {
  const stored = [[[540, 720], [780, 1020]], [], [[0, 1440]], [], [], [], []]
  expect(storedOf(weekOf(stored))).toEqual(stored)
})
it('suggests office hours', () => {
  expect(storedOf(weekOf(null)).map((day) => day.length)).toEqual([1, 1, 1, 1, 1, 0, 0])
})
