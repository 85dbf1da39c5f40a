import { describe, expect, it } from 'vitest'
import { figureText } from './figures'

describe('figureText', () => {
  it('reads the unit off the name', () => {
    expect(figureText('rss_bytes', 23_000_000, 0, 'en')).toBe('23 MB')
    expect(figureText('outbox_oldest_ms', 1000, 61_000, 'en')).toBe('1 minute ago')
    expect(figureText('processor_lag_ms', 1500, 0, 'en')).toBe('1.5 sec')
    expect(figureText('failed_events', 12_345, 0, 'id')).toBe('12.345')
    expect(figureText('outbox_oldest_ms', null, 0, 'en')).toBe('–')
  })
})
