/** Words and colours of numbers that are paired with a phone. */
import type { LinkedNumber, LinkedState } from '@shared/api/types'

type Tone = 'neutral' | 'success' | 'warning' | 'danger' | 'info'
type Translate = (key: string) => string

export const STATES: readonly LinkedState[] = ['connected', 'authenticating', 'qr', 'initialising', 'disconnected', 'failed', 'banned']
export const STATE_TONES: Record<LinkedState, Tone> = {
  connected: 'success', authenticating: 'info', qr: 'info', initialising: 'info', disconnected: 'neutral', failed: 'danger', banned: 'danger',
}

/** It shows what pairs it, or is about to. */
export const isPairing = (number: LinkedNumber) => !number.paired && ['initialising', 'qr', 'authenticating'].includes(number.state)

/** Something only a person can mend. */
export const needsPerson = (number: LinkedNumber) => number.state === 'failed' || number.state === 'banned' || (number.state === 'disconnected' && !number.paired && number.reason !== '')

export const scoreTone = (score: number): Tone => (score >= 80 ? 'success' : score >= 50 ? 'warning' : 'danger')

/** Why it is in its state, and what to do: the catalogue's words for the reason, else the server's. */
export function reasonText(of: { reason: string; sentence: string; next_step?: string }, t: Translate, te: (key: string) => boolean): { what: string; next: string } {
  const known = of.reason !== '' && te(`linked.reason.${of.reason}.what`)
  if (!known) return { what: of.sentence, next: of.next_step ?? '' }
  return { what: t(`linked.reason.${of.reason}.what`), next: t(`linked.reason.${of.reason}.next`) }
}

/** The eight characters as the phone shows their places: ABCD-EFGH. */
export const spelled = (code: string) => (code.length === 8 ? `${code.slice(0, 4)}-${code.slice(4)}` : code)

/** Minutes and seconds that are left: 00:42. */
export function leftText(untilMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((untilMs - nowMs) / 1000))
  return `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`
}

/** Primary first, then the newest: ids rise with time. */
export function inOrder(numbers: readonly LinkedNumber[]): LinkedNumber[] {
  return [...numbers].sort((a, b) => Number(b.primary) - Number(a.primary) || (BigInt(a.id) < BigInt(b.id) ? 1 : -1))
}

/** One that changed, put among the others; a new primary takes that from the one before. */
export function withChanged(numbers: readonly LinkedNumber[], changed: LinkedNumber): LinkedNumber[] {
  const others = numbers.filter((one) => one.id !== changed.id).map((one) => (changed.primary && one.primary ? { ...one, primary: false } : one))
  return inOrder([...others, changed])
}
