import { describe, expect, it } from 'vitest'
import type { CannedResponse } from './api/types'
import { findCanned } from './canned'

const one = (shortcut: string, title: string, scope: CannedResponse['scope'] = 'workspace', used = 0) =>
  ({ id: shortcut + scope, shortcut, title, category: '', body: '', scope, usage: { used } }) as unknown as CannedResponse

describe('a typed shortcut', () => {
  const all = [one('thanks', 'Thank you'), one('hours', 'Opening hours'), one('thanks', 'My thanks', 'person'), one('map', 'Thanks for asking the way')]

  it('finds by shortcut first, then by words of the title, one\'s own first', () => {
    expect(findCanned(all, 'than').map((found) => found.id)).toEqual(['thanksperson', 'thanksworkspace', 'mapworkspace'])
    expect(findCanned(all, 'open').map((found) => found.shortcut)).toEqual(['hours'])
    expect(findCanned(all, 'zzz')).toEqual([])
  })
  it('is found among two thousand in less than 50 ms', () => {
    const many = Array.from({ length: 2000 }, (_, i) => one(`short-${i}`, `Title number ${i}`, 'workspace', i))
    const start = performance.now()
    const found = findCanned(many, 'short-19')
    expect(performance.now() - start).toBeLessThan(50)
    expect(found[0]!.shortcut).toBe('short-1999')
  })
})
