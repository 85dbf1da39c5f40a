/* The bars of the usage chart: one for each day of the period, days without messages too. */
import type { TemplateUsage } from '@shared/api/types'

export interface Bar { day: string; sent: number; read: number; sentHeight: number; readHeight: number }

const DAY_MS = 86_400_000
const HEIGHT = 56

export function barsOf(days: TemplateUsage['days'], count: number, nowMs: number): Bar[] {
  const known = new Map(days.map((one) => [one.day, one]))
  const most = Math.max(1, ...days.map((one) => one.sent))
  return Array.from({ length: count }, (_, i) => {
    const day = new Date(nowMs - (count - 1 - i) * DAY_MS).toISOString().slice(0, 10)
    const { sent, read } = known.get(day) ?? { sent: 0, read: 0 }
    return { day, sent, read, sentHeight: (sent / most) * HEIGHT, readHeight: (read / most) * HEIGHT }
  })
}
