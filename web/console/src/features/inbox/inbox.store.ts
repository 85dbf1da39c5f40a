/*
 * The conversation list: its filters, its pages, and the live changes that move conversations in it.
 *
 * Filters live in the address, so they survive a reload and can be shared; this store follows them. The
 * conversation that is open is kept apart, as it may not be in the filtered list.
 */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { api, type ApiProblem } from '@shared/api/client'
import type { Conversation, Page } from '@shared/api/types'
import { onLive, onResync } from '@shared/live'
import { asProblem } from '@shared/useLoad'
import { useSession } from '@/app/session.store'
import { paramsOf } from './filterQuery'
import { appendConversations, matches, NO_FILTER, placeConversation, type ListFilter } from './merge'

const PAGE = 50
/* After an absence as much is fetched again as was shown, up to this: the reader keeps the place. */
const RESYNC_MAX = 500
const RESYNC_PAGE = 100



export const useInbox = defineStore('inbox', () => {
  const session = useSession()
  const filter = ref<ListFilter>({ ...NO_FILTER })
  const conversations = shallowRef<readonly Conversation[]>([])
  const current = shallowRef<Conversation | null>(null)
  /** What was open became part of this one. */
  const joinedInto = ref<string | null>(null)
  const nextCursor = ref<string | null>(null)
  const loading = ref(true)
  const loadingMore = ref(false)
  const problem = shallowRef<ApiProblem | null>(null)
  const moreProblem = shallowRef<ApiProblem | null>(null)
  let generation = 0
  /* Changes heard while a page is fetched: it may be older than they are, so they come on top of it. */
  const held: Conversation[] = []

  const myId = computed(() => session.person?.id ?? '')

  function fetchPage(cursor: string | null, limit = PAGE): Promise<Page<Conversation>> {
    return api.get<Page<Conversation>>('/conversations', { ...paramsOf(filter.value), cursor, limit })
  }

  function settle(): void {
    loading.value = false
    held.splice(0).forEach(place)
  }

  async function load(): Promise<void> {
    const mine = ++generation
    loading.value = true
    problem.value = moreProblem.value = null
    try {
      const page = await fetchPage(null)
      if (mine !== generation) return
      conversations.value = page.data
      nextCursor.value = page.next_cursor
    } catch (error) {
      if (mine === generation) problem.value = asProblem(error)
    } finally {
      if (mine === generation) settle()
    }
  }

  async function resync(): Promise<void> {
    const wanted = Math.min(conversations.value.length, RESYNC_MAX)
    if (loading.value || problem.value || wanted <= PAGE) return load()
    const mine = ++generation
    loading.value = true
    try {
      const fresh: Conversation[] = []
      let cursor: string | null = null
      do {
        const page: Page<Conversation> = await fetchPage(cursor, RESYNC_PAGE)
        if (mine !== generation) return
        fresh.push(...page.data)
        cursor = page.next_cursor
      } while (cursor && fresh.length < wanted)
      conversations.value = fresh
      nextCursor.value = cursor
    } catch {
      /* What is shown stays; the next reconnect asks again. */
    } finally {
      if (mine === generation) settle()
    }
  }

  async function loadMore(): Promise<void> {
    if (!nextCursor.value || loadingMore.value || loading.value) return
    const mine = generation
    loadingMore.value = true
    moreProblem.value = null
    try {
      const page = await fetchPage(nextCursor.value)
      if (mine !== generation) return
      conversations.value = appendConversations(conversations.value, page.data, filter.value.sort)
      nextCursor.value = page.next_cursor
    } catch (error) {
      if (mine === generation) moreProblem.value = asProblem(error)
    } finally {
      loadingMore.value = false
    }
  }

  function applyFilter(next: ListFilter): void {
    const same = JSON.stringify(next) === JSON.stringify(filter.value)
    if (same && (conversations.value.length > 0 || loading.value) && generation > 0) return
    filter.value = next
    conversations.value = []
    void load()
  }

  /** A changed conversation, from a live event or an answer. */
  function place(changed: Conversation): void {
    if (current.value?.id === changed.id) current.value = changed
    if (loading.value) { held.push(changed); return }
    const shown = conversations.value.some((one) => one.id === changed.id)
    const searching = filter.value.query.trim() !== ''
    const belongs = (searching ? shown : matches(changed, filter.value, myId.value)) || (shown && changed.id === current.value?.id)
    conversations.value = placeConversation(conversations.value, changed, { belongs, hasMore: nextCursor.value !== null, sort: filter.value.sort })
  }

  async function open(id: string | null): Promise<void> {
    const left = current.value
    if (left?.id === id) return
    current.value = conversations.value.find((one) => one.id === id) ?? null
    if (left) place(left) // it was kept in the list while it was open
    if (id && !current.value) current.value = await api.get<Conversation>(`/conversations/${id}`)
  }

  async function change(id: string, patch: Record<string, unknown>): Promise<void> {
    place(await api.patch<Conversation>(`/conversations/${id}`, patch))
  }

  async function label(id: string, change: { add?: string[]; remove?: string[] }): Promise<void> {
    place(await api.post<Conversation>(`/conversations/${id}/labels`, change))
  }

  async function markRead(id: string): Promise<void> {
    place(await api.post<Conversation>(`/conversations/${id}/read`))
  }

  async function refreshCurrent(): Promise<void> {
    const id = current.value?.id
    if (id) place(await api.get<Conversation>(`/conversations/${id}`))
  }

  onLive('message.created', ({ conversation }) => place(conversation))
  onLive('conversation.gone', ({ id, into }) => {
    conversations.value = conversations.value.filter((one) => one.id !== id)
    if (current.value?.id !== id) return
    current.value = null
    joinedInto.value = into ?? null
  })
  onLive('conversation.updated', ({ conversation }) => place(conversation))
  onLive('message.updated', ({ message }) => {
    const shown = conversations.value.find((one) => one.last_message?.id === message.id)
    if (shown) place({ ...shown, last_message: message })
  })
  onResync(() => { void resync(); refreshCurrent().catch(() => {}) })

  return {
    filter, conversations, current, joinedInto, nextCursor, loading, loadingMore, problem, moreProblem, myId,
    load, loadMore, applyFilter, place, open, change, label, markRead,
  }
})
