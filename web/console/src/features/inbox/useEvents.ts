/*
 * What happened to a conversation, beside its messages: fetched for the part of the thread that is shown.
 *
 * Ids of events and messages sort together by time, so events are asked for from the oldest message on.
 * A change of the conversation brings those behind the last known one.
 */
import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { api } from '@shared/api/client'
import type { ConversationEvent } from '@shared/api/types'
import { onLive, onResync } from '@shared/live'
import { compareIds } from './merge'

interface EventPage { data: ConversationEvent[]; has_before: boolean }
const SETTLED_MS = 150

/** After these other messages stand in the thread than before. */
const MOVING = ['split', 'split_from', 'merged', 'unmerged']

export function useEvents(conversationId: Ref<string>, oldestId: Ref<string | null>, onMoved: () => void) {
  const events = shallowRef<readonly ConversationEvent[]>([])
  let from: string | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  function merge(more: readonly ConversationEvent[]): void {
    const byId = new Map([...events.value, ...more].map((one) => [one.id, one]))
    events.value = [...byId.values()].sort((a, b) => compareIds(a.id, b.id))
  }
  async function fetchFrom(query: { after?: string; before?: string }): Promise<readonly ConversationEvent[]> {
    const id = conversationId.value
    const page = await api.get<EventPage>(`/conversations/${id}/events`, query).catch(() => null)
    if (!page || id !== conversationId.value) return []
    merge(page.data)
    return page.data
  }
  /* The thread grew upwards: what happened there, too. */
  function reach(oldest: string | null): void {
    if (oldest === null || oldest.startsWith('local-')) return
    if (from !== null && compareIds(oldest, from) >= 0) return
    const before = from
    from = oldest
    void fetchFrom(before === null ? { after: oldest } : { after: oldest, before })
  }
  function later(): void {
    clearTimeout(timer)
    const after = events.value.at(-1)?.id ?? from ?? '0'
    timer = setTimeout(async () => {
      const news = await fetchFrom({ after })
      if (news.some((one) => MOVING.includes(one.kind))) onMoved()
    }, SETTLED_MS)
  }

  watch(conversationId, () => { events.value = []; from = null }, { flush: 'sync' })
  watch(oldestId, reach, { immediate: true })
  onLive('conversation.updated', ({ conversation }) => { if (conversation.id === conversationId.value) later() })
  onLive('message.created', ({ conversation }) => { if (conversation.id === conversationId.value) later() })
  onResync(later)
  onScopeDispose(() => clearTimeout(timer))
  return { events }
}
