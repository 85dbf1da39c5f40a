import { describe, expect, it } from 'vitest'
import { ApiProblem } from '@shared/api/client'
import { i18n } from '@shared/i18n'
import { hueOf, initialsOf } from './avatar'
import { placeBeside } from './place'
import { problemText } from './problem'

describe('placeBeside', () => {
  const screen = { width: 400, height: 600 }
  const size = { width: 200, height: 150 }
  it('opens below, at the wanted side', () => {
    expect(placeBeside({ left: 20, top: 50, width: 40, height: 40 }, size, screen, 'start')).toEqual({ left: 20, top: 94 })
    expect(placeBeside({ left: 340, top: 50, width: 40, height: 40 }, size, screen, 'end')).toEqual({ left: 180, top: 94 })
  })
  it('opens above where there is no room below', () => {
    expect(placeBeside({ left: 20, top: 540, width: 40, height: 40 }, size, screen, 'start').top).toBe(386)
  })
  it('stays on the screen', () => {
    expect(placeBeside({ left: 380, top: 50, width: 20, height: 20 }, size, screen, 'start').left).toBe(192)
    expect(placeBeside({ left: 0, top: 50, width: 20, height: 20 }, size, screen, 'end').left).toBe(8)
    expect(placeBeside({ left: 0, top: 50, width: 20, height: 20 }, { width: 200, height: 900 }, screen, 'end').top).toBe(8)
  })
})

describe('avatars', () => {
  it('take the first and the last name', () => {
    expect(['Ana Lestari', 'ana', 'Nguyễn Thị Mai', '  ', '+62 812 555', '🦊 Fox'].map(initialsOf)).toEqual(['AL', 'A', 'NM', '?', '55', 'F'])
  })
  it('keep one colour for one name', () => {
    expect(hueOf('Ana')).toBe(hueOf('Ana'))
    expect(hueOf('Ana')).toBeLessThan(8)
  })
})

describe('problemText', () => {
  const texts: Record<string, string> = { 'problem.fields': 'Mend this:', 'problem.codes.offline.what': 'Away.', 'problem.codes.offline.next': 'Check.', 'problem.codes.unknown.what': 'Failed.', 'problem.codes.unknown.next': 'Again.' }
  const say = (problem: ApiProblem) => problemText(problem, (key) => texts[key] ?? key, (key) => key in texts)
  it('uses the server\'s own words', () => {
    expect(say(new ApiProblem({ status: 422, code: 'window_closed', detail: 'Closed.', next_step: 'Send a template.' }))).toEqual({ what: 'Closed.', next: 'Send a template.' })
  })
  it('uses the catalogue for a reader of another language, where it has the code', () => {
    const locale = i18n.global.locale as unknown as { value: string }
    locale.value = 'id'
    try {
      const closed = { status: 422, detail: 'Closed.', next_step: 'Send a template.' }
      expect(say(new ApiProblem({ ...closed, code: 'offline' }))).toEqual({ what: 'Away.', next: 'Check.' })
      expect(say(new ApiProblem({ ...closed, code: 'window_closed' }))).toEqual({ what: 'Closed.', next: 'Send a template.' })
    } finally {
      locale.value = 'en'
    }
  })
  it('says of wrong fields what is wrong with each', () => {
    const errors = [{ field: 'text.body', code: 'too_long', message: 'At most 4096 characters.' }, { field: 'x', code: 'unknown', message: 'Not known.' }]
    expect(say(new ApiProblem({ status: 422, code: 'invalid_input', detail: 'The request has errors.', errors }))).toEqual({ what: 'Mend this:', next: 'At most 4096 characters. Not known.' })
  })
  it('uses the catalogue where no server spoke', () => {
    expect(say(new ApiProblem({ status: 0, code: 'offline' }))).toEqual({ what: 'Away.', next: 'Check.' })
  })
  it('always has something to say', () => {
    expect(say(new ApiProblem({ status: 418, code: 'teapot' }))).toEqual({ what: 'Failed.', next: 'Again.' })
  })
})
