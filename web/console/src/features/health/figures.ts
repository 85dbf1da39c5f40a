/** A figure as people read it: its name's ending says what it counts. */
import { fileSize, timeAgo } from '@shared/times'

export function figureText(name: string, value: number | null, nowMs: number, locale: string): string {
  if (value === null) return '–'
  if (name.endsWith('_bytes')) return fileSize(value, locale)
  if (name.endsWith('_lag_ms')) return new Intl.NumberFormat(locale, { style: 'unit', unit: 'second', unitDisplay: 'short', maximumFractionDigits: 1 }).format(value / 1000)
  if (name.endsWith('_ms')) return timeAgo(value, nowMs, locale)
  return new Intl.NumberFormat(locale).format(value)
}
