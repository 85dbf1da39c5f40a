import { describe, expect, it } from 'vitest'
import type { Agent } from '@shared/api/types'
import { byPresence, merged } from './agents.store'
import { isWaiting, queueWith } from './queue'
import { officeWeek, shiftOfWeek, weekOfShift } from './shift'

const agent = (name: string, status: Agent['status']) => ({ id: name, name, status }) as Agent

describe('agents', () => {
  it('are listed with those who are there first', () => {
    const all = [agent('Zoe', 'offline'), agent('Ben', 'online'), agent('Ana', 'away'), agent('Abe', 'online')]
    expect(byPresence(all).map((one) => one.name)).toEqual(['Abe', 'Ben', 'Ana', 'Zoe'])
  })
  it('are replaced by their newest form, or join', () => {
    const all = [agent('Ana', 'online')]
    expect(merged(all, agent('Ana', 'away'))).toEqual([agent('Ana', 'away')])
    expect(merged(all, agent('Ben', 'away'))).toHaveLength(2)
  })
})

describe('a shift', () => {
  it('is the same after the form', () => {
    const shift = { zone: 'Asia/Jakarta', hours: [{ day: 1, start: '09:00', end: '24:00' }, { day: 7, start: '22:00', end: '06:00' }] }
    expect(shiftOfWeek(shift.zone, weekOfShift(shift))).toEqual(shift)
  })
  it('begins as an office week', () => {
    expect(shiftOfWeek('UTC', officeWeek()).hours).toHaveLength(5)
  })
})

describe('the queue', () => {
  const talk = (id: string, more = {}) => ({ id, status: 'open', assignee: null, queued_ms: 5, priority: 'none', ...more }) as Parameters<typeof isWaiting>[0]
  it('has what is open, nobody\'s and queued', () => {
    expect(isWaiting(talk('1'))).toBe(true)
    expect(isWaiting(talk('1', { queued_ms: null }))).toBe(false)
    expect(isWaiting(talk('1', { assignee: { id: '2' } }))).toBe(false)
    expect(isWaiting(talk('1', { status: 'snoozed' }))).toBe(false)
  })
  it('goes by priority, then by age, and drops what is taken', () => {
    let queue = queueWith([], talk('1', { queued_ms: 9 }))
    queue = queueWith(queue, talk('2', { queued_ms: 3 }))
    queue = queueWith(queue, talk('3', { queued_ms: 99, priority: 'urgent' }))
    expect(queue.map((one) => one.id)).toEqual(['3', '2', '1'])
    expect(queueWith(queue, talk('2', { assignee: { id: '7' } })).map((one) => one.id)).toEqual(['3', '1'])
  })
})
