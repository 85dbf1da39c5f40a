/*
 * The live board: fetched once, and again after live events, but not more often than people can read.
 */
import { onScopeDispose, shallowRef, type Ref } from 'vue'
import { api, type ApiProblem } from '@shared/api/client'
import type { Board } from '@shared/api/types'
import { onLive, onResync } from '@shared/live'
import { asProblem } from '@shared/useLoad'
import { moved } from './columns'

const SETTLE_MS = 1000

export interface LiveBoard {
  board: Ref<Board | null>
  problem: Ref<ApiProblem | null>
  reload: () => Promise<void>
  move: (conversationId: string, personId: string | null) => Promise<void>
}

export function useBoard(): LiveBoard {
  const board = shallowRef<Board | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let running = false
  let again = false

  async function reload(): Promise<void> {
    if (running) { again = true; return }
    running = true
    try {
      board.value = await api.get<Board>('/reports/board')
      problem.value = null
    } catch (wrong) {
      problem.value = asProblem(wrong)
    } finally {
      running = false
      if (again) { again = false; soon() }
    }
  }

  function soon(): void {
    timer ??= setTimeout(() => { timer = undefined; void reload() }, SETTLE_MS)
  }

  /** Shown at once; taken back when the server refuses. */
  async function move(conversationId: string, personId: string | null): Promise<void> {
    const before = board.value
    if (before) board.value = moved(before, conversationId, personId)
    try {
      await api.patch(`/conversations/${conversationId}`, { assignee_id: personId })
      soon()
    } catch (wrong) {
      board.value = before
      throw wrong
    }
  }

  onLive('message.created', soon)
  onLive('conversation.updated', soon)
  onLive('agent.updated', soon)
  onResync(() => void reload())
  onScopeDispose(() => clearTimeout(timer))
  void reload()
  return { board, problem, reload, move }
}
