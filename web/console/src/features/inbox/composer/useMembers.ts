/** The members of the conversation's group, fetched when the first @ is typed: most messages name nobody. */
import { computed, ref, shallowRef, watch } from 'vue'
import { api } from '@shared/api/client'
import type { Conversation, GroupMembers } from '@shared/api/types'
import { namedMembers } from './members'

const AGAIN_MS = 60_000

export function useMembers(conversation: () => Conversation, wanted: () => boolean) {
  const group = shallowRef<GroupMembers | null>(null)
  const failed = ref(false)
  const members = computed(() => (group.value ? namedMembers(group.value) : null))
  let askedMs = 0

  async function ask(): Promise<void> {
    const { contact, channel } = conversation()
    askedMs = Date.now()
    try {
      group.value = await api.get<GroupMembers>(`/contacts/${contact.id}/members`, { channel_id: channel.id })
      failed.value = false
    } catch {
      failed.value = !group.value
    }
  }
  watch(wanted, (now) => { if (now && conversation().contact.is_group && Date.now() - askedMs > AGAIN_MS) void ask() }, { immediate: true })
  return { members, failed }
}
