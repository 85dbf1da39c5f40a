/*
 * The filters of the list of contacts, as the address of the page and as a query of the API: a link to
 * a filtered list can be sent, and "back" brings it back.
 */
import type { LocationQuery } from 'vue-router'
import type { Query } from '@shared/api/client'

export const SORTS = ['last_message', 'last_message_up', 'created', 'created_up', 'name'] as const
export const SOURCES = ['webhook', 'send', 'address_book', 'console', 'api', 'import'] as const

export interface ContactFilter {
  query: string
  label_id: string
  channel_id: string
  source: string
  attribute: string
  value: string
  state: '' | 'blocked' | 'opted_out' | 'opted_in'
  created_from: string
  created_until: string
  seen_from: string
  seen_until: string
  sort: string
}

const NAMES = ['query', 'label_id', 'channel_id', 'source', 'attribute', 'value', 'state', 'created_from', 'created_until', 'seen_from', 'seen_until', 'sort'] as const

export function fromAddress(query: LocationQuery): ContactFilter {
  const out = {} as Record<string, string>
  for (const name of NAMES) out[name] = typeof query[name] === 'string' ? query[name] : ''
  return out as unknown as ContactFilter
}

export function toAddress(filter: ContactFilter): Record<string, string> {
  return Object.fromEntries(NAMES.filter((name) => filter[name]).map((name) => [name, filter[name]]))
}

/** The first moment of a day as it is written in a date field, where the reader is. */
function dayStart(day: string, plusDays = 0): number | undefined {
  const [year, month, date] = day.split('-').map(Number)
  if (!year || !month || !date) return undefined
  return new Date(year, month - 1, date + plusDays).getTime()
}

export function toQuery(filter: ContactFilter): Query {
  return {
    query: filter.query, label_id: filter.label_id, channel_id: filter.channel_id, source: filter.source, sort: filter.sort,
    attribute: filter.value ? filter.attribute : '', value: filter.attribute ? filter.value : '',
    blocked: filter.state === 'blocked' ? true : undefined,
    opted_out: filter.state === 'opted_out' ? true : filter.state === 'opted_in' ? false : undefined,
    created_from_ms: dayStart(filter.created_from), created_until_ms: dayStart(filter.created_until, 1),
    last_message_from_ms: dayStart(filter.seen_from), last_message_until_ms: dayStart(filter.seen_until, 1),
  }
}

/** How many filters are set, beside the words and the order. */
export const countOf = (filter: ContactFilter) => NAMES.filter((name) => !['query', 'sort', 'value'].includes(name) && filter[name]).length
