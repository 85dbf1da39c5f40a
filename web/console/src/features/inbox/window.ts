/*
 * The 24-hour window of a conversation: the server says until when; the clock here closes it on time.
 */
import type { Conversation } from '@shared/api/types'
import { timeLeft } from '@shared/times'

const SOON_MS = 2 * 3600_000

export interface WindowState {
  open: boolean
  /** Null where the channel has no window. */
  left: { hours: number; minutes: number } | null
  soon: boolean
}

export function windowState(window: Conversation['window'], nowMs: number): WindowState {
  if (window.until_ms === null) return { open: window.open, left: null, soon: false }
  const open = window.open && window.until_ms > nowMs
  return { open, left: open ? timeLeft(window.until_ms, nowMs) : null, soon: open && window.until_ms - nowMs < SOON_MS }
}
