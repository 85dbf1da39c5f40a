import { describe, expect, it } from 'vitest'
import type { NotificationSettings } from '@shared/api/types'
import { decide, eventOf, isQuiet, minuteOfDay } from './decide'

const NIGHT = Date.UTC(2026, 0, 10, 22, 30)
const settings = (patch: Partial<NotificationSettings> = {}): NotificationSettings => ({
  events: { mine: ['sound', 'browser'], unassigned: ['sound'], other: [], mention: ['browser'], assigned: [], sla: [] },
  quiet: null, time_zone: 'UTC', shows_text: false, mail_after_min: 30, mail_every_min: 60, mail_available: false, push_key: '', muted_conversation_ids: [], ...patch,
})
const what = (event: 'mine' | 'unassigned' | 'other') => ({ event, conversationId: '7' })

describe('who a conversation belongs to', () => {
  it('is me, nobody or somebody else', () => {
    expect(eventOf({ assignee: { id: '1', name: 'A' } }, '1')).toBe('mine')
    expect(eventOf({ assignee: { id: '2', name: 'B' } }, '1')).toBe('other')
    expect(eventOf({ assignee: null }, '1')).toBe('unassigned')
  })
})

describe('quiet hours', () => {
  it('are of the day where somebody is', () => {
    expect(minuteOfDay(NIGHT, 'UTC')).toBe(22 * 60 + 30)
    expect(minuteOfDay(NIGHT, 'Asia/Jakarta')).toBe(5 * 60 + 30)
    expect(minuteOfDay(NIGHT, 'No/Such')).toBe(22 * 60 + 30)
  })
  it('may go over midnight', () => {
    const quiet = { from_min: 22 * 60, until_min: 7 * 60 }
    expect(isQuiet({ quiet, time_zone: 'UTC' }, NIGHT)).toBe(true)
    expect(isQuiet({ quiet, time_zone: 'Asia/Jakarta' }, NIGHT)).toBe(true)
    expect(isQuiet({ quiet, time_zone: 'America/New_York' }, NIGHT)).toBe(false)
    expect(isQuiet({ quiet: { from_min: 60, until_min: 60 }, time_zone: 'UTC' }, NIGHT)).toBe(false)
    expect(isQuiet({ quiet: null, time_zone: 'UTC' }, NIGHT)).toBe(false)
  })
})

describe('what a message does', () => {
  const hidden = [{ id: 'a', visible: false, conversationId: '7' }]
  it('sounds and shows while no tab is in front', () => {
    expect(decide(what('mine'), settings(), hidden, NIGHT)).toEqual({ sound: true, notice: true })
    expect(decide(what('unassigned'), settings(), hidden, NIGHT)).toEqual({ sound: true, notice: false })
    expect(decide(what('other'), settings(), hidden, NIGHT)).toEqual({ sound: false, notice: false })
  })
  it('only sounds while another page is in front', () => {
    expect(decide(what('mine'), settings(), [{ id: 'a', visible: true, conversationId: '8' }], NIGHT)).toEqual({ sound: true, notice: false })
  })
  it('does nothing where the conversation is before somebody in any tab', () => {
    expect(decide(what('mine'), settings(), [...hidden, { id: 'b', visible: true, conversationId: '7' }], NIGHT)).toEqual({ sound: false, notice: false })
  })
  it('does nothing when it is muted or quiet', () => {
    expect(decide(what('mine'), settings({ muted_conversation_ids: ['7'] }), hidden, NIGHT)).toEqual({ sound: false, notice: false })
    expect(decide(what('mine'), settings({ quiet: { from_min: 1200, until_min: 400 } }), hidden, NIGHT)).toEqual({ sound: false, notice: false })
  })
})
