/*
 * What the inbox is sorted by: labels, teams, people, numbers and kept filters. Fetched once, and again
 * when somebody changed them.
 */
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { api } from '@shared/api/client'
import type { Channel, Label, Page, Permission, Person, SavedFilter } from '@shared/api/types'
import { onLive, onResync } from '@shared/live'
import { useSession } from '@/app/session.store'

interface Named { id: string; name: string }

export const useDesk = defineStore('desk', () => {
  const session = useSession()
  const labels = shallowRef<readonly Label[]>([])
  const teams = shallowRef<readonly Named[]>([])
  const people = shallowRef<readonly Person[]>([])
  const channels = shallowRef<readonly Channel[]>([])
  const filters = shallowRef<readonly SavedFilter[]>([])

  async function list<T>(path: string, needs: Permission): Promise<readonly T[]> {
    if (!session.may(needs)) return []
    return (await api.get<Page<T>>(path).catch(() => null))?.data ?? []
  }
  const loadLabels = async () => { labels.value = await list<Label>('/labels', 'conversation.read') }
  const loadFilters = async () => { filters.value = await list<SavedFilter>('/saved-filters', 'conversation.read') }
  async function load(): Promise<void> {
    await Promise.all([
      loadLabels(), loadFilters(),
      list<Named>('/teams', 'person.read').then((all) => { teams.value = all }),
      list<Person>('/people?limit=100', 'person.read').then((all) => { people.value = all.filter((one) => !one.disabled) }),
      list<Channel>('/channels?limit=100', 'channel.read').then((all) => { channels.value = all }),
    ])
  }

  onLive('label.updated', () => void loadLabels())
  onResync(() => void load())
  return { labels, teams, people, channels, filters, load, loadLabels, loadFilters }
})
