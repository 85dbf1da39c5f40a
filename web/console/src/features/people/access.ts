/* What several dialogs of people choose from: roles, channels, teams, colleagues. Loaded once a page is open. */
import type { Channel, Page, Person, RoleFull, Team } from '@shared/api/types'
import { api } from '@shared/api/client'
import { useLoad } from '@shared/useLoad'

export interface Choices {
  roles: RoleFull[]
  channels: Channel[]
  teams: Pick<Team, 'id' | 'name'>[]
  people: Person[]
}

const MANY = 100

/** mayChannels: whether the reader may list channels at all. */
export function useChoices(mayChannels: boolean) {
  return useLoad<number, Choices>(() => 0, async (_, signal) => {
    const [roles, channels, teams, people] = await Promise.all([
      api.get<{ data: RoleFull[] }>('/roles', {}, signal),
      mayChannels ? api.get<Page<Channel>>('/channels', { limit: MANY }, signal) : { data: [] },
      api.get<{ data: Pick<Team, 'id' | 'name'>[] }>('/teams', {}, signal).catch(() => ({ data: [] })),
      api.get<Page<Person>>('/people', { limit: MANY }, signal),
    ])
    return { roles: roles.data, channels: channels.data, teams: teams.data, people: people.data }
  })
}

export const choicesOf = (list: readonly { id: string; name: string }[]) => list.map(({ id, name }) => ({ value: id, label: name }))
