/*
 * The names that rules speak of by id: numbers, labels, teams, agents. What cannot be fetched is left out, and shown as its id.
 */
import { computed, onMounted, shallowRef } from 'vue'
import { api } from '@shared/api/client'
import type { Channel, NamedRef, Page } from '@shared/api/types'
import { useAgents } from './agents.store'
import type { Names } from './routing'

export function useNames() {
  const agents = useAgents()
  const channels = shallowRef<Channel[]>([])
  const labels = shallowRef<NamedRef[]>([])

  onMounted(() => {
    void agents.load()
    api.get<Page<Channel>>('/channels', { limit: 100 }).then(({ data }) => { channels.value = data }, () => {})
    api.get<Page<NamedRef>>('/labels').then(({ data }) => { labels.value = data }, () => {})
  })
  return computed<Names>(() => ({ channels: channels.value, labels: labels.value, teams: agents.teams, agents: agents.agents }))
}
