/*
 * Who waits for an agent: fetched once, then kept by the events that carry conversations.
 */
import { computed, onMounted, ref, shallowRef } from 'vue'
import { api } from '@shared/api/client'
import type { Conversation, Page, QueuedConversation } from '@shared/api/types'
import { onLive, onResync } from '@shared/live'

const RANK: Record<string, number> = { urgent: 4, high: 3, medium: 2, low: 1, none: 0 }

export function isWaiting(conversation: Conversation): boolean {
  return conversation.status === 'open' && !conversation.assignee && Boolean(conversation.queued_ms)
}

/** The queue with this conversation as it is now: in its place, or gone. */
export function queueWith(queue: readonly Conversation[], conversation: Conversation): Conversation[] {
  const others = queue.filter((one) => one.id !== conversation.id)
  if (!isWaiting(conversation)) return others
  return [...others, conversation].toSorted((a, b) =>
    (RANK[b.priority] ?? 0) - (RANK[a.priority] ?? 0) || (a.queued_ms ?? 0) - (b.queued_ms ?? 0) || a.id.localeCompare(b.id))
}

export function useQueue() {
  const queue = shallowRef<Conversation[]>([])
  const failed = ref(false)

  async function load(): Promise<void> {
    try {
      queue.value = (await api.get<Page<QueuedConversation>>('/routing/queue')).data.map((one) => one.conversation as Conversation)
      failed.value = false
    } catch {
      failed.value = true
    }
  }
  const take = (conversation: Conversation) => {
    if (isWaiting(conversation) || queue.value.some((one) => one.id === conversation.id)) queue.value = queueWith(queue.value, conversation)
  }

  onMounted(load)
  onResync(load)
  onLive('conversation.updated', ({ conversation }) => take(conversation))
  onLive('message.created', ({ conversation }) => take(conversation))
  const oldestMs = computed(() => queue.value.reduce((oldest, one) => Math.min(oldest, one.queued_ms ?? oldest), Infinity))
  return { queue, failed, oldestMs, load }
}
