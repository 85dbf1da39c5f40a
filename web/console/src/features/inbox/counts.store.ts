/*
 * How many conversations are where, kept as the server tells it: cells of channel, team, assignee and
 * status, which any number that is shown is a sum of. Nothing here counts the rows of the list.
 */
import { defineStore } from 'pinia'
import { computed, shallowRef, watchEffect } from 'vue'
import { api } from '@shared/api/client'
import type { ConversationCounts, CountCell } from '@shared/api/types'
import { onLive, onResync } from '@shared/live'
import { useSession } from '@/app/session.store'
import { unreadInTitle } from '@/app/title'

export interface Count {
  total: number
  unread: number
}

const keyOf = (cell: CountCell) => `${cell.channel_id} ${cell.team_id} ${cell.assignee_id} ${cell.status}`

export const useCounts = defineStore('counts', () => {
  const session = useSession()
  const cells = shallowRef<ReadonlyMap<string, CountCell>>(new Map())
  /* What is told while the whole is fetched is newer than that. */
  let told: CountCell[] = []

  function take(list: readonly CountCell[], into: ReadonlyMap<string, CountCell>): void {
    const next = new Map(into)
    for (const cell of list) next.set(keyOf(cell), cell)
    cells.value = next
  }

  async function load(): Promise<void> {
    told = []
    const answer = await api.get<ConversationCounts>('/conversations/counts').catch(() => null)
    if (answer) take([...answer.cells, ...told], new Map())
  }

  function sum(belongs: (cell: CountCell) => boolean): Count {
    const out = { total: 0, unread: 0 }
    for (const cell of cells.value.values()) {
      if (!belongs(cell)) continue
      out.total += cell.total
      out.unread += cell.unread
    }
    return out
  }

  const open = (belongs: (cell: CountCell) => boolean) => sum((cell) => cell.status === 'open' && belongs(cell))
  const all = computed(() => open(() => true))
  const mine = computed(() => open((cell) => cell.assignee_id === session.person?.id))
  const unassigned = computed(() => open((cell) => cell.assignee_id === null))
  const ofChannel = (id: string) => open((cell) => cell.channel_id === id)
  const ofTeam = (id: string) => open((cell) => cell.team_id === id)

  onLive('counts.updated', ({ cells: changed }) => { told.push(...changed); take(changed, cells.value) })
  onResync(() => void load())
  watchEffect(() => { unreadInTitle.value = all.value.unread })

  return { load, all, mine, unassigned, ofChannel, ofTeam }
})
