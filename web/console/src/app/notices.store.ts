/* One's own settings of notices, and what one has muted: for the page of settings and for threads. */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { api } from '@shared/api/client'
import type { NotificationSettings } from '@shared/api/types'

export const useNotices = defineStore('notices', () => {
  const settings = shallowRef<NotificationSettings | null>(null)
  const muted = computed(() => new Set(settings.value?.muted_conversation_ids ?? []))

  async function load(): Promise<void> {
    settings.value = await api.get<NotificationSettings>('/notifications/settings')
  }
  async function save(patch: Record<string, unknown>): Promise<void> {
    settings.value = await api.patch<NotificationSettings>('/notifications/settings', patch)
  }
  async function mute(conversationId: string, on: boolean): Promise<void> {
    const { muted_conversation_ids } = await api.post<{ muted_conversation_ids: string[] }>(`/conversations/${conversationId}/mute`, { muted: on })
    if (settings.value) settings.value = { ...settings.value, muted_conversation_ids }
  }
  return { settings, muted, load, save, mute }
})
