/*
 * The messages of one conversation: a window onto a thread of any length, kept fresh by the live socket.
 *
 * The window grows by pages at both ends and is cut at the far end when it gets long. Live messages join
 * only when the window reaches the newest; else they are counted, and "jump to latest" starts anew there.
 */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { api, type ApiProblem } from '@shared/api/client'
import type { Message, MessagePage } from '@shared/api/types'
import { onLive, onResync } from '@shared/live'
import { asProblem } from '@shared/useLoad'
import { mergeMessages, touches, updateMessage } from './merge'
import { claimByEvent, onAccepted, unclaimed } from './useOutgoing'

const PAGE = 50
const RESYNC = 100
/* Beyond this the far end is let go; scrolling back fetches it again. */
const KEPT_MAX = 1500

export interface ThreadOptions {
  myId: () => string
  /** The message to open at, or null for the newest. */
  startAt: () => string | null
}

export function useThread(conversationId: Ref<string>, { myId, startAt }: ThreadOptions) {
  const loaded = shallowRef<readonly Message[]>([])
  const hasBefore = ref(false)
  const hasAfter = ref(false)
  const loading = ref(false)
  const paging = ref<'before' | 'after' | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  const pageProblem = shallowRef<ApiProblem | null>(null)
  /** Messages that arrived while the window was elsewhere. */
  const missed = ref(0)
  let running: AbortController | null = null
  /* What is heard while a page is fetched comes on top of it: the page may be older. */
  const held: (() => void)[] = []
  let fetching = false

  const messages = computed<readonly Message[]>(() => {
    if (hasAfter.value) return loaded.value
    return [...loaded.value, ...unclaimed(conversationId.value).map((one) => one.message)]
  })

  const fetchPage = (query: Record<string, string | number>, signal?: AbortSignal) =>
    api.get<MessagePage>(`/conversations/${conversationId.value}/messages`, { limit: PAGE, ...query }, signal)

  function release(): void {
    fetching = false
    held.splice(0).forEach((event) => event())
  }

  function show(page: MessagePage): void {
    loaded.value = page.data
    hasBefore.value = page.has_before
    hasAfter.value = page.has_after
  }

  /** Opens the window at the newest messages, or around one. */
  async function open(around?: string): Promise<void> {
    running?.abort()
    const mine = (running = new AbortController())
    loading.value = true
    problem.value = pageProblem.value = null
    missed.value = 0
    held.length = 0
    fetching = true
    try {
      const page = await fetchPage(around ? { around } : {}, mine.signal)
      if (running === mine) show(page)
    } catch (error) {
      if (running === mine) problem.value = asProblem(error)
    } finally {
      if (running === mine) {
        loading.value = false
        release()
      }
    }
  }

  function keep(side: 'before' | 'after', page: MessagePage): void {
    const all = mergeMessages(loaded.value, page.data)
    const cut = Math.max(0, all.length - KEPT_MAX)
    if (side === 'before') {
      hasBefore.value = page.has_before
      hasAfter.value ||= cut > 0
      loaded.value = cut > 0 ? all.slice(0, KEPT_MAX) : all
    } else {
      hasAfter.value = page.has_after
      hasBefore.value ||= cut > 0
      loaded.value = all.slice(cut)
    }
  }

  async function loadMore(side: 'before' | 'after'): Promise<void> {
    const more = side === 'before' ? hasBefore.value : hasAfter.value
    const edge = side === 'before' ? loaded.value[0] : loaded.value.at(-1)
    if (!more || !edge || paging.value || loading.value) return
    const mine = running
    paging.value = side
    pageProblem.value = null
    try {
      const page = await fetchPage({ [side]: edge.id }, mine?.signal)
      if (running === mine) keep(side, page)
    } catch (error) {
      if (running === mine && !mine?.signal.aborted) pageProblem.value = asProblem(error)
    } finally {
      paging.value = null
    }
  }

  /* After an absence: the newest again. If they do not reach what is shown, what lies between is unknown. */
  async function resync(): Promise<void> {
    if (loading.value || problem.value) return open()
    if (hasAfter.value) return
    const mine = running
    fetching = true
    const page = await fetchPage({ limit: RESYNC }).catch(() => null)
    if (running !== mine) return
    if (page && touches(loaded.value, page.data)) loaded.value = mergeMessages(loaded.value, page.data, true)
    else if (page) show(page)
    release()
  }

  function arrived(message: Message): void {
    if (message.conversation_id !== conversationId.value) return
    claimByEvent(message, myId())
    if (fetching) held.push(() => arrived(message))
    else if (hasAfter.value) missed.value += message.direction === 'in' ? 1 : 0
    else loaded.value = mergeMessages(loaded.value, [message])
  }

  function updated(message: Message): void {
    if (message.conversation_id !== conversationId.value) return
    if (fetching) held.push(() => updated(message))
    else loaded.value = updateMessage(loaded.value, message)
  }

  onLive('message.created', ({ message }) => arrived(message))
  onLive('message.updated', ({ message }) => updated(message))
  onResync(() => void resync())
  onScopeDispose(onAccepted(arrived))
  onScopeDispose(() => running?.abort())
  watch(conversationId, () => { loaded.value = []; void open(startAt() ?? undefined) }, { immediate: true })

  return { messages, hasBefore, hasAfter, loading, paging, problem, pageProblem, missed, open, loadMore, updated, arrived }
}
