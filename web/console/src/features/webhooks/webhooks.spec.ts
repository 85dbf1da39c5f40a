import { describe, expect, it } from 'vitest'
import type { Webhook } from '@shared/api/types'
import { ALL_EVENTS, countText, healthOf } from './events'

const one = (more: Partial<Webhook>) => ({ disabled: false, failing_since_ms: null, last_success_ms: null, ...more }) as Webhook

describe('the health of a webhook', () => {
  it('is what needs attention first', () => {
    expect(healthOf(one({}))).toBe('unproven')
    expect(healthOf(one({ last_success_ms: 5 }))).toBe('works')
    expect(healthOf(one({ last_success_ms: 5, failing_since_ms: 7 }))).toBe('failing')
    expect(healthOf(one({ disabled: true, failing_since_ms: 7 }))).toBe('disabled')
  })
})

describe('counts and events', () => {
  it('says where counting ends', () => {
    expect(countText(12)).toBe('12')
    expect(countText(10_000)).toBe('10000+')
  })
  it('names every event once', () => expect(new Set(ALL_EVENTS).size).toBe(ALL_EVENTS.length))
})
