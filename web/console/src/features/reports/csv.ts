/*
 * The table of figures as a file. A name that a spreadsheet would take for a formula is quoted with '.
 */
import type { Durations, Figures } from '@shared/api/types'

function cell(value: string | number): string {
  const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const seconds = (of: Durations, ms: number) => (of.count ? Math.round(ms / 1000) : '')

export function csvOf(rows: readonly { name: string; figures: Figures }[]): string {
  const head = ['person', 'conversations', 'answers', 'first_response_median_s', 'response_median_s', 'response_p90_s', 'resolved', 'resolution_median_s', 'broken_promises', 'online_s']
  const lines = rows.map(({ name, figures: f }) => [
    name, f.conversations, f.response.count, seconds(f.first_response, f.first_response.median_ms), seconds(f.response, f.response.median_ms),
    seconds(f.response, f.response.p90_ms), f.resolution.count, seconds(f.resolution, f.resolution.median_ms), f.breaches, Math.round(f.online_ms / 1000),
  ])
  return [head, ...lines].map((line) => line.map(cell).join(',')).join('\r\n') + '\r\n'
}
