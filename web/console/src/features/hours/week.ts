/*
 * A week of business hours as the form shows it: each day closed, or open in one or two spans of "09:00".
 */
export interface Span { from: string; until: string }
export type Week = Span[][]

export const DAYS = 7
const two = (n: number) => String(n).padStart(2, '0')

export function textOf(minutes: number): string {
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

/** "00:00" at the end of a span is midnight. */
export function minutesOf(text: string, isEnd = false): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number)
  const sum = hours * 60 + minutes
  return isEnd && sum === 0 ? 1440 : sum
}

export function weekOf(stored: number[][][] | null): Week {
  if (!stored) return Array.from({ length: DAYS }, (_, day) => (day < 5 ? [{ from: '09:00', until: '17:00' }] : []))
  return stored.map((day) => day.map(([from = 0, until = 0]) => ({ from: textOf(from), until: textOf(until % 1440) })))
}

export function storedOf(week: Week): number[][][] {
  return week.map((day) => day.map((span) => [minutesOf(span.from), minutesOf(span.until, true)]))
}
