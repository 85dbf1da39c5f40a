/*
 * Who answers here: agents with status and load, and teams. Fetched when somebody first looks, kept by live events.
 */
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { api, type ApiProblem } from '@shared/api/client'
import type { Agent, AgentStatus, Page, Team } from '@shared/api/types'
import { onLive, onResync } from '@shared/live'
import { asProblem } from '@shared/useLoad'
import { useSession } from '@/app/session.store'

const RANK: Record<AgentStatus, number> = { online: 0, away: 1, offline: 2 }

/** Who is there comes first, then by name. */
export function byPresence(agents: readonly Agent[]): Agent[] {
  return agents.toSorted((a, b) => RANK[a.status] - RANK[b.status] || a.name.localeCompare(b.name))
}

/** The list with this one in its newest form. */
export function merged<T extends { id: string }>(list: readonly T[], one: T): T[] {
  return list.some((other) => other.id === one.id) ? list.map((other) => (other.id === one.id ? one : other)) : [...list, one]
}

export const useAgents = defineStore('agents', () => {
  const session = useSession()
  const agents = shallowRef<Agent[]>([])
  const teams = shallowRef<Team[]>([])
  const loaded = ref(false)
  const problem = shallowRef<ApiProblem | null>(null)
  const mine = computed(() => agents.value.find((one) => one.id === session.person?.id) ?? null)
  const present = computed(() => byPresence(agents.value))
  const onlineCount = computed(() => agents.value.filter((one) => one.status === 'online').length)

  /** Loads are as of now; status comes by itself. */
  async function load(): Promise<void> {
    if (!session.may('person.read')) return
    try {
      const [people, groups] = await Promise.all([api.get<Page<Agent>>('/agents'), api.get<Page<Team>>('/teams')])
      agents.value = people.data
      teams.value = groups.data
      problem.value = null
      loaded.value = true
    } catch (error) {
      problem.value = asProblem(error)
    }
  }

  function take(agent: Agent): void {
    agents.value = merged(agents.value, agent)
  }

  async function choose(status: AgentStatus): Promise<void> {
    take(await api.patch<Agent>('/agents/me', { status }))
  }

  onLive('agent.updated', ({ agent }) => { if (loaded.value) take(agent) })
  onLive('team.updated', ({ id, team }) => {
    if (loaded.value) teams.value = (team ? merged(teams.value, team) : teams.value.filter((one) => one.id !== id)).toSorted((a, b) => a.name.localeCompare(b.name))
  })
  onResync(() => { if (loaded.value) void load() })

  return { agents, teams, present, onlineCount, mine, loaded, problem, load, take, choose }
})
