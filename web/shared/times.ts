/*
 * Times and sizes as people read them, in the page's language and the browser's time zone.
 */
const DAY_MS = 86_400_000

const formats = new Map<string, Intl.DateTimeFormat>()

/* Making a DateTimeFormat is slow enough to be seen in a long thread. */
function formatOf(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options)
  let format = formats.get(key)
  if (!format) formats.set(key, (format = new Intl.DateTimeFormat(locale, options)))
  return format
}

export function clockTime(ms: number, locale: string): string {
  return formatOf(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(ms)
}

export function fullTime(ms: number, locale: string): string {
  return formatOf(locale, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' } as Intl.DateTimeFormatOptions).format(ms)
}

export function shortDate(ms: number, locale: string): string {
  return formatOf(locale, { day: 'numeric', month: 'short', year: 'numeric' }).format(ms)
}

/** Midnight of the day of `ms`, here: equal for two times of one day. */
export function dayOf(ms: number): number {
  return new Date(ms).setHours(0, 0, 0, 0)
}

function daysBefore(ms: number, nowMs: number): number {
  return Math.round((dayOf(nowMs) - dayOf(ms)) / DAY_MS)
}

function relativeDay(days: number, locale: string): string {
  const text = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(-days, 'day')
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1)
}

/** The heading over a day's messages: Today, Yesterday, Monday, 3 March 2026. */
export function dayLabel(ms: number, nowMs: number, locale: string): string {
  const days = daysBefore(ms, nowMs)
  if (days === 0 || days === 1) return relativeDay(days, locale)
  if (days > 1 && days < 7) return formatOf(locale, { weekday: 'long' }).format(ms)
  return formatOf(locale, { day: 'numeric', month: 'long', year: 'numeric' }).format(ms)
}

/** The time in a list: 14:05 today, then Yesterday, Mon, 3 Mar, and with the year when it is another. */
export function listTime(ms: number, nowMs: number, locale: string): string {
  const days = daysBefore(ms, nowMs)
  if (days <= 0) return clockTime(ms, locale)
  if (days === 1) return relativeDay(1, locale)
  if (days < 7) return formatOf(locale, { weekday: 'short' }).format(ms)
  const sameYear = new Date(ms).getFullYear() === new Date(nowMs).getFullYear()
  return formatOf(locale, sameYear ? { day: 'numeric', month: 'short' } : { day: 'numeric', month: 'short', year: '2-digit' }).format(ms)
}

/** "5 minutes ago", rounded down to the largest whole unit. */
export function timeAgo(ms: number, nowMs: number, locale: string): string {
  const seconds = Math.max(0, Math.floor((nowMs - ms) / 1000))
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'long' })
  if (seconds < 60) return format.format(-seconds, 'second')
  if (seconds < 3600) return format.format(-Math.floor(seconds / 60), 'minute')
  if (seconds < 86_400) return format.format(-Math.floor(seconds / 3600), 'hour')
  return format.format(-Math.floor(seconds / 86_400), 'day')
}

/** How long something took or is away, in its two largest units: 45 sec, 4 min, 1 hr 5 min, 2 days 3 hr; in whole words where it stands in a sentence. */
export function duration(ms: number, locale: string, unitDisplay: 'short' | 'long' = 'short'): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const part = (value: number, unit: string) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay }).format(value)
  if (seconds < 60) return part(seconds, 'second')
  if (seconds < 3600) return part(Math.floor(seconds / 60), 'minute')
  const [large, small, unit, next] = seconds < 86_400
    ? [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, 'hour', 'minute']
    : [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, 'day', 'hour']
  return small ? `${part(large, unit)} ${part(small, next)}` : part(large, unit)
}

/** Minutes and seconds of a recording: 0:07, 12:30. */
export function playTime(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds < 0) return '0:00'
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`
}

/** Hours and minutes that are left, as numbers for the catalogue's sentence. */
export function timeLeft(untilMs: number, nowMs: number): { hours: number; minutes: number } {
  const minutes = Math.max(0, Math.ceil((untilMs - nowMs) / 60_000))
  return { hours: Math.floor(minutes / 60), minutes: minutes % 60 }
}

export function fileSize(bytes: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return new Intl.NumberFormat(locale, {
    style: 'unit', unit: units[power], unitDisplay: power === 0 ? 'long' : 'short', maximumFractionDigits: value < 10 && power > 0 ? 1 : 0,
  }).format(value)
}
