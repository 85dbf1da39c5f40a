import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Media } from '@shared/api/types'
import { draftText, keepDraft } from './drafts'
import { findEmoji } from './emoji'
import { filterOf, queryOf } from './filterQuery'
import { NO_FILTER } from './merge'
import { draftOf, kindOf, LIMITS, refusalOf } from './useAttachments'
import { windowState } from './window'

const MIN = 60_000
const media = { id: '5' } as Media
const file = { name: 'a.pdf' } as File

describe('attachments', () => {
  it('go as what WhatsApp shows them as', () => {
    expect(kindOf('image/jpeg', 1)).toBe('image')
    expect(kindOf('image/webp', 1)).toBe('document')
    expect(kindOf('audio/ogg; codecs=opus', 1)).toBe('audio')
    expect(kindOf('', 1)).toBe('document')
  })
  it('go as a document when they are too large for their kind, and not at all when too large for that', () => {
    expect(kindOf('image/png', LIMITS.image + 1)).toBe('document')
    expect(refusalOf(LIMITS.document + 1)).toBe('too_large')
    expect(refusalOf(0)).toBe('empty')
    expect(refusalOf(1)).toBeNull()
  })
  it('carry the caption where there can be one', () => {
    expect(draftOf({ kind: 'document', file }, media, 'Look')).toEqual({ type: 'document', document: { id: '5', caption: 'Look', filename: 'a.pdf' } })
    expect(draftOf({ kind: 'audio', file }, media, 'Look')).toEqual({ type: 'audio', audio: { id: '5' } })
  })
})

describe('the 24-hour window', () => {
  it('counts down and warns two hours before its end', () => {
    expect(windowState({ open: true, until_ms: 150 * MIN }, 0)).toEqual({ open: true, left: { hours: 2, minutes: 30 }, soon: false })
    expect(windowState({ open: true, until_ms: 90 * MIN }, 0)).toMatchObject({ soon: true })
  })
  it('closes on time, before the server says so', () => {
    expect(windowState({ open: true, until_ms: 10 }, 11).open).toBe(false)
    expect(windowState({ open: false, until_ms: null }, 0).open).toBe(false)
  })
  it('is no matter where the channel has none', () => {
    expect(windowState({ open: true, until_ms: null }, 0)).toEqual({ open: true, left: null, soon: false })
  })
})

describe('the composer', () => {
  beforeEach(() => setActivePinia(createPinia()))
  it('keeps what was typed per conversation', () => {
    keepDraft('1', 'Hello')
    keepDraft('2', '   ')
    expect([draftText('1'), draftText('2')]).toEqual(['Hello', ''])
    expect(localStorage.getItem('parley.drafts.')).toContain('Hello') // a reload finds it
  })
  it('finds emoji by the beginnings of words, in both languages', () => {
    expect(findEmoji('cof')[0]!.char).toBe('☕')
    expect(findEmoji('kopi')[0]!.char).toBe('☕')
    expect(findEmoji('zzz')).toEqual([])
  })
})

describe('filters in the address', () => {
  it('come back as they went', () => {
    const filter = { ...NO_FILTER, view: 'mine' as const, status: 'all' as const, channelId: '12', unread: true, query: 'ana' }
    expect(filterOf(queryOf(filter))).toEqual(filter)
    expect(queryOf(NO_FILTER)).toEqual({})
  })
  it('fall back to the default for what nobody here wrote', () => {
    expect(filterOf({ view: 'x', status: ['evil'], channel: '1;2', unread: 'yes' })).toEqual(NO_FILTER)
  })
})
