/*
 * Ready answers, all that one may use, kept in the page: what is typed finds them without asking the server.
 *
 * Fetched once when a composer is first opened, and again when somebody has changed one.
 */
import { effectScope, shallowRef } from 'vue'
import { api } from './api/client'
import type { CannedResponse, Page } from './api/types'
import { onLive, onResync } from './live'

const all = shallowRef<readonly CannedResponse[]>([])
let asked: Promise<void> | null = null
let hears = false

async function fetchAll(): Promise<void> {
  const found: CannedResponse[] = []
  let cursor: string | null = null
  do {
    const page: Page<CannedResponse> = await api.get<Page<CannedResponse>>('/canned-responses', { limit: 100, cursor })
    found.push(...page.data)
    cursor = page.next_cursor
  } while (cursor)
  all.value = found
}

function refresh(): void {
  asked = fetchAll().catch(() => { asked = null })
}

/* For the life of the page, whichever part asked first. */
function hear(): void {
  if (hears) return
  hears = true
  effectScope(true).run(() => {
    onLive('canned.updated', refresh)
    onResync(refresh)
  })
}

export function useCanned() {
  hear()
  if (!asked) refresh()
  return { all, refresh }
}

/** Of another person, after a new sign-in. */
export function forgetCanned(): void {
  asked = null
  all.value = []
}

const NEAREST = { person: 0, team: 1, workspace: 2 }

function rank(one: CannedResponse, query: string): number {
  if (one.shortcut.startsWith(query)) return 0
  if (one.title.toLowerCase().split(/\s+/).some((word) => word.startsWith(query))) return 1
  return one.title.toLowerCase().includes(query) || one.category.toLowerCase().startsWith(query) ? 2 : 3
}

/** Those that a typed shortcut may mean, the best first; one's own before the team's before the workspace's. */
export function findCanned(list: readonly CannedResponse[], typed: string, max = 30): CannedResponse[] {
  const query = typed.toLowerCase()
  return list
    .map((one) => ({ one, rank: rank(one, query) }))
    .filter((found) => found.rank < 3)
    .sort((a, b) => a.rank - b.rank || NEAREST[a.one.scope] - NEAREST[b.one.scope] || b.one.usage.used - a.one.usage.used || a.one.shortcut.localeCompare(b.one.shortcut))
    .slice(0, max)
    .map((found) => found.one)
}
