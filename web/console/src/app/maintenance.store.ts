/*
 * Whether messages are held back, for the banner that everybody sees and the page that ends it.
 */
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { api, ApiProblem } from '@shared/api/client'
import type { Maintenance } from '@shared/api/types'

export const useMaintenance = defineStore('maintenance', () => {
  const now = shallowRef<Maintenance | null>(null)
  const loading = ref(false)

  /** What cannot be known is not shown; the next re-sync asks again. */
  async function load(): Promise<void> {
    loading.value = true
    try {
      now.value = await api.get<Maintenance>('/maintenance')
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
    } finally {
      loading.value = false
    }
  }

  async function set(on: boolean, server: boolean, note: string): Promise<void> {
    now.value = await api.patch<Maintenance>('/maintenance', { on, server, note })
  }

  function adopt(next: Maintenance): void {
    now.value = next
  }

  return { now, loading, load, set, adopt }
})
