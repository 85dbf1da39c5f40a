/*
 * The conversation list: its filters, its pages, and the live changes that move conversations in it.
 *
 * Filters live in the address, so they survive a reload and can be shared; this store follows them. The
 * conversation that is open is kept apart, as it may not be in the filtered list. Of a long list a window
 * is held (listWindow.ts): far pages are let go, and read again when they are scrolled to.
 */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { api, type ApiProblem } from '@shared/api/client'
import type { Conversation, Page } from '@shared/api/types'
import { onLive, onResync } from '@shared/live'
import { asProblem } from '@shared/useLoad'
import { useSession } from '@/app/session.store'
import { paramsOf } from './filterQuery'
import { append, EMPTY, FAR, markBefore, offsetOf, openAt, placed, prepend, reachesWindow, shiftOf, totalOf, trim, type ListWindow, type Seen } from './listWindow'
import { matches, NO_FILTER, type ListFilter } from './merge'

const PAGE = 50
/* After an absence as much is fetched again as was shown, up to this: the reader keeps the place. */
const RESYNC_MAX = 500
const RESYNC_PAGE = 100
/* So many rows before the end of what is held, more is fetched. */
const NEAR = 10

export const useInbox = defineStore('inbox', () => {
  const session = useSession()
  const filter = ref<ListFilter>({ ...NO_FILTER })
  const list = shallowRef<ListWindow>(EMPTY)
  const conversations = computed(() => list.value.rows)
  /** How many rows stand before the first one that is held, and how many there are as far as is known. */
  const offset = computed(() => offsetOf(list.value))
  const total = computed(() => totalOf(list.value))
  const isWhole = computed(() => list.value.next === null)
  /** Grows by the rows that came to stand above the window: by so much the view is to be moved. */
  const shift = ref(0)
  const current = shallowRef<Conversation | null>(null)
  /** What was open became part of this one. */
  const joinedInto = ref<string | null>(null)
  const loading = ref(true)
  const loadingMore = ref(false)
  const problem = shallowRef<ApiProblem | null>(null)
  const moreProblem = shallowRef<ApiProblem | null>(null)
  let generation = 0
  let seen: Seen = { first: 0, last: 0 }
  /* Changes heard while a page is fetched: it may be older than they are, so they come on top of it. */
  const held: Conversation[] = []

  const myId = computed(() => session.person?.id ?? '')

  function fetchPage(cursor: string | null, limit = PAGE): Promise<Page<Conversation>> {
    return api.get<Page<Conversation>>('/conversations', { ...paramsOf(filter.value), cursor, limit })
  }

  /* Every new window: what is above the reader may have grown or shrunk. */
  function show(next: ListWindow): void {
    shift.value += shiftOf(list.value, next)
    list.value = next
  }
  function settle(): void {
    loading.value = loadingMore.value = false
    held.splice(0).forEach(place)
  }

  async function load(): Promise<void> {
    const mine = ++generation
    loading.value = true
    loadingMore.value = false
    problem.value = moreProblem.value = null
    try {
      const page = await fetchPage(null)
      if (mine === generation) list.value = openAt(EMPTY, 0, page, filter.value.sort)
    } catch (error) {
      if (mine === generation) problem.value = asProblem(error)
    } finally {
      if (mine === generation) settle()
    }
  }

  /* What is held, again, from where it begins. */
  async function resync(): Promise<void> {
    const wanted = Math.min(conversations.value.length, RESYNC_MAX)
    const { start, marks } = list.value
    if (loading.value || problem.value || (start === 0 && wanted <= PAGE)) return load()
    const mine = ++generation
    loading.value = true
    loadingMore.value = false
    try {
      let fresh = openAt({ ...list.value, marks: marks.slice(0, start + 1) }, start, await fetchPage(marks[start]!.cursor, RESYNC_PAGE), filter.value.sort)
      while (fresh.next && fresh.rows.length < wanted && mine === generation) fresh = append(fresh, await fetchPage(fresh.next, RESYNC_PAGE), filter.value.sort)
      if (mine === generation) list.value = fresh
    } catch {
      /* What is shown stays; the next reconnect asks again. */
    }
    if (mine !== generation) return
    settle()
    look(seen)
  }

  /* One page is fetched at a time; after it, what is seen by then is looked at again. */
  async function page(fetch: () => Promise<ListWindow>): Promise<void> {
    if (loadingMore.value || loading.value) return
    const mine = generation
    loadingMore.value = true
    moreProblem.value = null
    try {
      const next = await fetch()
      if (mine === generation) show(trim(next, seen, filter.value.sort))
    } catch (error) {
      if (mine === generation) moreProblem.value = asProblem(error)
    }
    if (mine !== generation) return
    settle()
    if (!moreProblem.value) look(seen)
  }

  async function loadMore(): Promise<void> {
    const cursor = list.value.next
    if (cursor) await page(async () => { const more = await fetchPage(cursor); return append(list.value, more, filter.value.sort) })
  }
  /* The rows before the window, from a mark on: as many pages as it takes to reach it. */
  async function loadBack(): Promise<void> {
    const from = markBefore(list.value, Math.max(0, offset.value - PAGE))
    await page(async () => {
      const rows: Conversation[] = []
      for (let cursor = list.value.marks[from]!.cursor, first = true; first || (cursor && !reachesWindow(list.value, rows, filter.value.sort)); first = false) {
        const more = await fetchPage(cursor)
        rows.push(...more.data)
        cursor = more.next_cursor
      }
      return prepend(list.value, from, rows, filter.value.sort)
    })
  }
  async function jump(index: number): Promise<void> {
    const from = markBefore(list.value, index)
    await page(async () => { const more = await fetchPage(list.value.marks[from]!.cursor); return openAt(list.value, from, more, filter.value.sort) })
  }

  /** Told by the list what is seen of it: what is missing there is fetched. */
  function look(now: Seen): void {
    seen = now
    const end = offset.value + conversations.value.length
    if (now.last < offset.value - FAR) void jump(now.first)
    else if (now.first > end + FAR && list.value.marks[markBefore(list.value, now.first)]!.index >= end) void jump(now.first)
    else if (now.first < offset.value + NEAR) void (offset.value > 0 ? loadBack() : now.last >= end - NEAR && loadMore())
    else if (now.last >= end - NEAR) void loadMore()
  }

  function applyFilter(next: ListFilter): void {
    const same = JSON.stringify(next) === JSON.stringify(filter.value)
    if (same && (conversations.value.length > 0 || loading.value) && generation > 0) return
    filter.value = next
    list.value = EMPTY
    void load()
  }

  /** A changed conversation, from a live event or an answer. */
  function place(changed: Conversation): void {
    if (current.value?.id === changed.id) current.value = changed
    if (loading.value || loadingMore.value) held.push(changed)
    if (loading.value) return
    const shown = conversations.value.some((one) => one.id === changed.id)
    const searching = filter.value.query.trim() !== ''
    const belongs = (searching ? shown : matches(changed, filter.value, myId.value)) || (shown && changed.id === current.value?.id)
    show(placed(list.value, changed, belongs, filter.value.sort))
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
    const shown = conversations.value.find((one) => one.id === id)
    if (shown) show(placed(list.value, shown, false, filter.value.sort))
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
    filter, conversations, offset, total, isWhole, shift, current, joinedInto, loading, loadingMore, problem, moreProblem, myId,
    load, loadMore, look, applyFilter, place, open, change, label, markRead,
  }
})
