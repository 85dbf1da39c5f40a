import { describe, expect, it } from 'vitest'
import type { Message } from '@shared/api/types'
import { systemText } from './systemText'

const t = (key: string, values?: Record<string, unknown>) => (values ? `${key} ${JSON.stringify(values)}` : key)
const line = (system: object, more: object = {}) => ({ type: 'system', system, mentions: [], author: { kind: 'contact', id: '1', name: 'Ana' }, ...more }) as unknown as Message
const said = (system: object, more?: object) => systemText(line(system, more), { t, locale: 'en' })

describe('a line that the network tells', () => {
  it('names who did it and to whom, as we call them', () => {
    expect(said({ type: 'group', event: 'added', on: true, alone: false, members: [{ phone: '155', lid: '9' }, { phone: '628' }] }, { mentions: [{ digits: '155', name: 'Bob', contact_id: '2' }] }))
      .toBe('system.group.added {"who":"Ana","whom":"Bob, +628","text":""}')
  })
  it('tells who came by themselves from who was brought', () => {
    expect(said({ type: 'group', event: 'added', on: true, alone: true, members: [{ phone: '155' }] })).toMatch(/^system.group.addedAlone /)
  })
  it('says what was turned on, and off', () => {
    expect(said({ type: 'group', event: 'announce', on: true })).toBe('system.group.announce')
    expect(said({ type: 'group', event: 'announce', on: false })).toBe('system.group.announceOff')
  })
  it('says after what time messages disappear', () => {
    expect(said({ type: 'timer', seconds: 604_800, body: 'x' })).toBe('system.timer {"time":"7 days"}')
    expect(said({ type: 'timer', seconds: 0, body: 'x' })).toBe('system.timerOff')
  })
  it('tells a call that was refused by rule from others', () => {
    expect(said({ type: 'call', event: 'offered', refused: true, video: false })).toBe('system.call.refused')
    expect(said({ type: 'call', event: 'offered', refused: false, video: true })).toBe('system.call.video')
  })
  it("keeps the server's sentence where the parts are not told, or are of a later version", () => {
    for (const system of [{ type: 'group', event: 'added', body: 'Said.' }, { type: 'group', event: 'danced', on: true, body: 'Said.' }, { type: 'call', body: 'Said.' }, { type: 'later', body: 'Said.' }, { body: 'Said.' }]) expect(said(system)).toBe('Said.')
  })
})
