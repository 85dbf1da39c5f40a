/** Words and colours of a number's route. */
import type { NumberRoute, RouteEntry } from '@shared/api/types'

type Tone = 'neutral' | 'success' | 'warning' | 'danger' | 'info'
type Reason = NumberRoute['active']['reason']

/** The channel that carries plain messages now. */
export function activeEntry(number: NumberRoute): RouteEntry | undefined {
  return number.channels.find((one) => one.channel_id === number.active.channel_id)
}

const TONES: Partial<Record<Reason, Tone>> = { fallback: 'warning', policy: 'warning', all_down: 'danger', none: 'danger', forced: 'info', trial: 'info' }
export const reasonTone = (reason: Reason): Tone => TONES[reason] ?? 'success'

export const STATE_TONES: Record<RouteEntry['state'], Tone> = { up: 'success', trying: 'info', down: 'danger', off: 'neutral' }

/** How fresh a proof is, for its colour: an hour is recent, a day is old. */
export function freshness(ms: number | null, nowMs: number): 'fresh' | 'recent' | 'old' | 'none' {
  if (!ms) return 'none'
  const age = nowMs - ms
  return age < 3600_000 ? 'fresh' : age < 86400_000 ? 'recent' : 'old'
}
