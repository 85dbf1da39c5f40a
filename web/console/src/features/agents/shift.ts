/*
 * Hours of work as the form shows them: each weekday off, or one or two spans of "09:00"; and as the API has them.
 */
import type { Shift } from '@shared/api/types'
import type { Week } from '@/features/hours/week'

const DAYS = 7

export function weekOfShift(shift: Shift): Week {
  return Array.from({ length: DAYS }, (_, day) => shift.hours.filter((one) => one.day === day + 1)
    .map(({ start, end }) => ({ from: start, until: end === '24:00' ? '00:00' : end })))
}

/** Midnight at the end of a span is the end of that day; an end before the start is on the next. */
export function shiftOfWeek(zone: string, week: Week): Shift {
  return {
    zone,
    hours: week.flatMap((spans, day) => spans.map(({ from, until }) => ({ day: day + 1, start: from, end: until === '00:00' ? '24:00' : until }))),
  }
}

export const officeWeek = (): Week => Array.from({ length: DAYS }, (_, day) => (day < 5 ? [{ from: '09:00', until: '17:00' }] : []))
