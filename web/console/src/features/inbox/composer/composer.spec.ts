import { describe, expect, it } from 'vitest'
import { fieldOf, missesWindow, msOf, tomorrow } from '@shared/later'
import { checkForm, formDraft, placeIn } from './forms/forms'
import { mentionsIn, replaceTyped, typedAt } from './slash'
import { loudness } from './voice'

describe('what is typed at the caret', () => {
  it('is a shortcut at the beginning of a word', () => {
    expect(typedAt('/tha', 4, '/')).toEqual({ from: 0, to: 4, query: 'tha' })
    expect(typedAt('Hi /', 4, '/')).toEqual({ from: 3, to: 4, query: '' })
    expect(typedAt('and/or', 6, '/')).toBeNull()
    expect(typedAt('https://x', 9, '/')).toBeNull()
  })
  it('is replaced where it stands', () => {
    expect(replaceTyped('Hi /tha now', { from: 3, to: 7, query: 'tha' }, 'Thanks')).toEqual({ text: 'Hi Thanks now', caret: 9 })
  })
  it('mentions those whose names are still there', () => {
    const chosen = [{ kind: 'person' as const, id: '1', name: 'Bo' }, { kind: 'team' as const, id: '2', name: 'Sales' }]
    expect(mentionsIn('@Bo please look', chosen)).toEqual([{ kind: 'person', id: '1' }])
  })
})

describe('pasted places', () => {
  const here = { latitude: '52.5163', longitude: '13.3777' }
  it.each([
    '52.5163, 13.3777', '(52.5163 13.3777)', 'geo:52.5163,13.3777', 'https://www.google.com/maps/@52.5163,13.3777,17z',
    'https://www.google.com/maps/place/X/@52.1,13.1,17z/data=!3m1!4b1!4m5!3m4!1s0x0:0x0!8m2!3d52.5163!4d13.3777',
    'https://maps.google.com/?q=52.5163,13.3777', 'https://maps.apple.com/?ll=52.5163,13.3777&q=Gate', 'https://www.openstreetmap.org/#map=17/52.5163/13.3777',
    'https://www.openstreetmap.org/?mlat=52.5163&mlon=13.3777',
  ])('%s', (text) => expect(placeIn(text)).toEqual(here))
  it.each(['Brandenburg Gate', '91, 0', '', 'https://maps.app.goo.gl/abc', '10/12/2026'])('none in %j', (text) => expect(placeIn(text)).toBeNull())
})

describe('forms', () => {
  it('name what is wrong', () => {
    expect(checkForm('location', { place: '', latitude: '91', longitude: 'x', name: '', address: '' })).toEqual({ latitude: { reason: 'outside' }, longitude: { reason: 'notNumber' } })
    expect(checkForm('buttons', { header: '', body: 'Which?', footer: '', buttons: ['Yes', 'yes'] })).toEqual({ 'buttons.1': { reason: 'twice' } })
    expect(checkForm('link', { header: '', body: 'x', footer: '', label: 'x'.repeat(21), url: 'javascript:1' })).toEqual({ label: { reason: 'tooLong', max: 20 }, url: { reason: 'notUrl' } })
    expect(checkForm('contacts', { cards: [{ name: 'Bo', phone: '', email: '', company: '' }] })).toEqual({ 'cards.0.phone': { reason: 'required' } })
  })
  it('become messages of the Cloud API', () => {
    expect(formDraft('buttons', { header: '', body: ' Which? ', footer: 'f', buttons: ['Yes', 'No'] })).toEqual({
      type: 'interactive', interactive: { type: 'button', body: { text: 'Which?' }, footer: { text: 'f' },
        action: { buttons: [{ type: 'reply', reply: { id: 'button-1', title: 'Yes' } }, { type: 'reply', reply: { id: 'button-2', title: 'No' } }] } },
    })
    expect(formDraft('contacts', { cards: [{ name: 'Bo Li', phone: '+49 30 1', email: '', company: '' }] })).toEqual({
      type: 'contacts', contacts: [{ name: { formatted_name: 'Bo Li', first_name: 'Bo', last_name: 'Li' }, phones: [{ phone: '+49 30 1', type: 'CELL', wa_id: '49301' }] }],
    })
  })
})

describe('later', () => {
  it('goes by the clock of the page', () => {
    const nine = tomorrow(Date.now())
    expect(fieldOf(nine)).toMatch(/T09:00$/)
    expect(msOf(fieldOf(nine))).toBe(nine)
    expect(msOf('nonsense')).toBeNull()
  })
  it('knows when the window will be closed', () => {
    expect(missesWindow({ until_ms: 10 }, 11, 'text')).toBe(true)
    expect(missesWindow({ until_ms: 10 }, 11, 'template')).toBe(false)
    expect(missesWindow({ until_ms: null }, 11, 'text')).toBe(false)
  })
})

describe('the level', () => {
  it('is silent at rest and loud at the edges', () => {
    expect(loudness(new Uint8Array(64).fill(128))).toBe(0)
    expect(loudness(new Uint8Array(64).fill(255))).toBeGreaterThan(0.9)
  })
})
