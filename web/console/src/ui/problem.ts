/*
 * The sentence and the next step of a problem: the server's own words where it said some and the reader has its
 * language, else the catalogue's for the code, else a plain one for any failure. Wrong fields are told by what is
 * wrong with each.
 */
import { fieldWords, type ApiProblem } from '@shared/api/client'
import { speaksServer } from './said'

type Translate = (key: string, values?: Record<string, unknown>) => string

export interface ProblemText {
  what: string
  next: string
}

export function problemText(problem: ApiProblem, t: Translate, exists: (key: string) => boolean): ProblemText {
  if (problem.fields.length > 0) return { what: t('problem.fields'), next: problem.fields.map(fieldWords).join(' ') }
  const fromServer = problem.status > 0 && !/^HTTP \d+$/.test(problem.message)
  const known = exists(`problem.codes.${problem.code}.what`)
  const code = known ? problem.code : 'unknown'
  if (known && !speaksServer()) return { what: t(`problem.codes.${code}.what`, { status: problem.status }), next: t(`problem.codes.${code}.next`) }
  return {
    what: fromServer ? problem.message : t(`problem.codes.${code}.what`, { status: problem.status }),
    next: problem.nextStep ?? (fromServer && !known ? '' : t(`problem.codes.${code}.next`)),
  }
}
