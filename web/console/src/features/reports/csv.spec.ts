import { expect, it } from 'vitest'
import type { Figures } from '@shared/api/types'
import { csvOf } from './csv'

const none = { count: 0, mean_ms: 0, median_ms: 0, p90_ms: 0 }
const figures: Figures = { conversations: 2, breaches: 1, online_ms: 60_000, first_response: none, response: { count: 3, mean_ms: 4000, median_ms: 3499, p90_ms: 9000 }, resolution: none }

it('writes seconds, leaves out what was not, and no name becomes a formula', () => {
  const lines = csvOf([{ name: '=cmd()', figures }, { name: 'Ana, "A"', figures }]).split('\r\n')
  expect(lines[1]).toBe("'=cmd(),2,3,,3,9,0,,1,60")
  expect(lines[2]).toBe('"Ana, ""A""",2,3,,3,9,0,,1,60')
})
