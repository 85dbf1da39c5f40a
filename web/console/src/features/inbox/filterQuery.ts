/*
 * The list's filter as the address's query and back, and as the server's parameters. What is as it is by
 * default stays out of the address, and what nobody here wrote is taken as the default.
 */
import type { LocationQuery } from 'vue-router'
import { dayEnd, dayStart, NO_FILTER } from './merge'
import type { ListFilter } from './merge'

const WORDS: Partial<Record<keyof ListFilter, readonly string[]>> = {
  view: ['all', 'mine', 'unassigned'],
  status: ['open', 'waiting', 'resolved', 'snoozed', 'archived', 'all'],
  sort: ['newest', 'oldest', 'waiting', 'priority'],
  priority: ['none', 'low', 'medium', 'high', 'urgent'],
}
const ID = /^\d+$/
const ID_OR_NONE = /^(\d+|none)$/
const DAY = /^\d{4}-\d\d-\d\d$/
const SHAPES: Partial<Record<keyof ListFilter, RegExp>> = {
  channelId: ID, labelId: ID, assigneeId: ID_OR_NONE, teamId: ID_OR_NONE, from: DAY, until: DAY, waiting: /^\d{1,6}$/, query: /^/,
}
/** The words of the address. */
const NAMES: Record<Exclude<keyof ListFilter, 'unread'>, string> = {
  view: 'view', status: 'status', sort: 'sort', channelId: 'channel', assigneeId: 'agent', teamId: 'team', labelId: 'label',
  priority: 'priority', from: 'from', until: 'until', waiting: 'waiting', query: 'q',
}
const KEYS = Object.keys(NAMES) as (keyof typeof NAMES)[]

const one = (value: LocationQuery[string] | undefined): string => (Array.isArray(value) ? value[0] : value) ?? ''
const isGood = (key: keyof ListFilter, text: string) => WORDS[key]?.includes(text) ?? SHAPES[key]?.test(text) ?? false

export function filterOf(query: LocationQuery): ListFilter {
  const filter: Record<string, unknown> = { ...NO_FILTER, unread: one(query['unread']) === '1' }
  for (const key of KEYS) {
    const text = one(query[NAMES[key]])
    if (text && isGood(key, text)) filter[key] = text
  }
  return filter as unknown as ListFilter
}

export function queryOf(filter: ListFilter): Record<string, string> {
  const query: Record<string, string> = {}
  for (const key of KEYS) {
    const text = filter[key].trim()
    if (text !== NO_FILTER[key]) query[NAMES[key]] = text
  }
  if (filter.unread) query['unread'] = '1'
  return query
}

/** What the server is asked; texts, as a kept filter has them. */
export function paramsOf(filter: ListFilter): Record<string, string> {
  const all: Record<string, string> = {
    view: filter.view, status: filter.status, sort: filter.sort, channel_id: filter.channelId, assignee_id: filter.assigneeId,
    team_id: filter.teamId, label_id: filter.labelId, priority: filter.priority, unread: filter.unread ? 'true' : '', query: filter.query.trim(),
    from_ms: filter.from && String(dayStart(filter.from)), until_ms: filter.until && String(dayEnd(filter.until)),
    waiting_ms: filter.waiting && String(Number(filter.waiting) * 60_000),
  }
  return Object.fromEntries(Object.entries(all).filter(([, text]) => text !== ''))
}

function dayOf(ms: string | undefined): string {
  if (!ms) return ''
  const at = new Date(Number(ms))
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}-${String(at.getDate()).padStart(2, '0')}`
}

/** A kept filter, as the list understands it. */
export function filterOfParams(params: Record<string, string | undefined>): ListFilter {
  return {
    ...filterOf({
      view: params['view'] ?? null, status: params['status'] ?? null, sort: params['sort'] ?? null, channel: params['channel_id'] ?? null,
      agent: params['assignee_id'] ?? null, team: params['team_id'] ?? null, label: params['label_id'] ?? null, priority: params['priority'] ?? null,
      q: params['query'] ?? null, unread: params['unread'] === 'true' ? '1' : null,
    }),
    from: dayOf(params['from_ms']), until: dayOf(params['until_ms']), waiting: params['waiting_ms'] ? String(Number(params['waiting_ms']) / 60_000) : '',
  }
}
