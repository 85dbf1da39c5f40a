/*
 * One search as it is typed: messages in pages, contacts and conversations above them.
 *
 * A page may hold few hits, or none, and still go on: the server looks at so many messages and no more.
 * So a few pages are asked for one after the other, and the rest when the person asks.
 */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { api, type ApiProblem } from '@shared/api/client'
import type { Conversation, ContactRef, Message, Page, SearchFilter } from '@shared/api/types'
import { asProblem } from '@shared/useLoad'

export interface Hit { message: Message; conversation: Conversation }
interface Answer extends Page<Hit> {
  contacts?: ContactRef[]
  conversations?: Conversation[]
  words: string[]
  filters: SearchFilter[]
}

const WAIT_MS = 160
/* Asked for by itself while there are fewer hits than fit on a screen. */
const PAGES_MAX = 5

export function useSearch(line: Ref<string>, limit: number) {
  const hits = shallowRef<readonly Hit[]>([])
  const contacts = shallowRef<readonly ContactRef[]>([])
  const conversations = shallowRef<readonly Conversation[]>([])
  const words = shallowRef<readonly string[]>([])
  const filters = shallowRef<readonly SearchFilter[]>([])
  const cursor = ref<string | null>(null)
  const loading = ref(false)
  const problem = shallowRef<ApiProblem | null>(null)
  const asked = ref('')
  let running: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  function take(answer: Answer, first: boolean): void {
    hits.value = first ? answer.data : [...hits.value, ...answer.data]
    words.value = answer.words
    filters.value = answer.filters
    cursor.value = answer.next_cursor
    if (first) {
      contacts.value = answer.contacts ?? []
      conversations.value = answer.conversations ?? []
    }
  }

  async function ask(from: string | null): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    const wanted = (from ? hits.value.length : 0) + limit
    loading.value = true
    problem.value = null
    asked.value = line.value.trim()
    try {
      let next = from
      for (let page = 0; page < PAGES_MAX; page++) {
        const answer = await api.get<Answer>('/search', {
          query: asked.value, limit, cursor: next, groups: next ? undefined : true, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        }, mine.signal)
        if (running !== mine) return
        take(answer, next === null)
        next = answer.next_cursor
        if (!next || hits.value.length >= wanted) break
      }
    } catch (error) {
      if (running === mine) problem.value = asProblem(error)
    } finally {
      if (running === mine) loading.value = false
    }
  }

  function clear(): void {
    running?.abort()
    running = null
    hits.value = contacts.value = conversations.value = []
    cursor.value = null
    loading.value = false
    problem.value = null
    asked.value = ''
  }

  watch(line, (now) => {
    clearTimeout(timer)
    if (!now.trim()) { clear(); return }
    if (now.trim() !== asked.value) timer = setTimeout(() => void ask(null), WAIT_MS)
  }, { immediate: true })
  onScopeDispose(() => { clearTimeout(timer); running?.abort() })

  const isEmpty = computed(() => asked.value !== '' && !loading.value && !problem.value && hits.value.length + contacts.value.length + conversations.value.length === 0)
  return { hits, contacts, conversations, words, filters, cursor, loading, problem, asked, isEmpty, again: () => ask(null), more: () => ask(cursor.value) }
}
