/* The teams of the workspace, for lists to choose from; none for those who may not list them. */
import { computed } from 'vue'
import { api } from './api/client'
import type { Page } from './api/types'
import { useLoad } from './useLoad'

export interface TeamRef {
  id: string
  name: string
}

export function useTeams() {
  const { data } = useLoad(() => 1, (_, signal) => api.get<Page<TeamRef>>('/teams', { limit: 100 }, signal).then((page) => page.data, () => []))
  return computed(() => data.value ?? [])
}
