/*
 * The list's filter as the address's query and back. What is as it is by default stays out of it, and
 * what nobody here wrote is taken as the default.
 */
import type { LocationQuery } from 'vue-router'
import { NO_FILTER } from './merge'
import type { ListFilter, StatusFilter, View } from './merge'

const VIEWS: readonly string[] = ['all', 'mine', 'unassigned']
const STATUSES: readonly string[] = ['open', 'waiting', 'resolved', 'snoozed', 'archived', 'all']

const one = (value: LocationQuery[string] | undefined): string => (Array.isArray(value) ? value[0] : value) ?? ''

export function filterOf(query: LocationQuery): ListFilter {
  const view = one(query['view'])
  const status = one(query['status'])
  const channelId = one(query['channel'])
  return {
    view: VIEWS.includes(view) ? (view as View) : NO_FILTER.view,
    status: STATUSES.includes(status) ? (status as StatusFilter) : NO_FILTER.status,
    channelId: /^\d+$/.test(channelId) ? channelId : '',
    unread: one(query['unread']) === '1',
    query: one(query['q']),
  }
}

export function queryOf(filter: ListFilter): Record<string, string> {
  const query: Record<string, string> = {}
  if (filter.view !== NO_FILTER.view) query['view'] = filter.view
  if (filter.status !== NO_FILTER.status) query['status'] = filter.status
  if (filter.channelId) query['channel'] = filter.channelId
  if (filter.unread) query['unread'] = '1'
  if (filter.query.trim()) query['q'] = filter.query.trim()
  return query
}
