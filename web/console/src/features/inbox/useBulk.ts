/*
 * One change to many conversations: sent in handfuls, so that progress can be seen and nobody waits long
 * behind it; each answer says what undoes it.
 */
import { computed, ref, shallowRef } from 'vue'
import { api, type ApiProblem } from '@shared/api/client'
import type { BulkChange, BulkResult } from '@shared/api/types'
import { asProblem } from '@shared/useLoad'

const HANDFUL = 200

export function useBulk() {
  const selected = shallowRef<ReadonlySet<string>>(new Set())
  const done = ref(0)
  const total = ref(0)
  const running = ref(false)
  const problem = shallowRef<ApiProblem | null>(null)
  const undo = shallowRef<readonly BulkChange[]>([])
  const changed = ref(0)
  const progress = computed(() => (total.value ? done.value / total.value : 0))

  function toggle(id: string): void {
    const next = new Set(selected.value)
    if (!next.delete(id)) next.add(id)
    selected.value = next
  }
  function select(ids: readonly string[]): void {
    selected.value = new Set(ids)
  }

  async function run(changes: readonly BulkChange[]): Promise<BulkChange[]> {
    const undone: BulkChange[] = []
    running.value = true
    problem.value = null
    done.value = changed.value = 0
    total.value = changes.reduce((sum, one) => sum + (one.ids?.length ?? 0), 0)
    try {
      for (const change of changes) {
        const result = await api.post<BulkResult>('/conversations/bulk', change)
        undone.push(...result.undo.filter((one) => (one.ids?.length ?? 0) > 0))
        changed.value += result.changed
        done.value += change.ids?.length ?? 0
      }
    } catch (error) {
      problem.value = asProblem(error)
    } finally {
      running.value = false
    }
    return undone
  }

  async function apply(change: Omit<BulkChange, 'ids'>): Promise<void> {
    const ids = [...selected.value]
    const handfuls = Array.from({ length: Math.ceil(ids.length / HANDFUL) }, (_, i) => ({ ...change, ids: ids.slice(i * HANDFUL, (i + 1) * HANDFUL) }))
    undo.value = await run(handfuls)
  }
  async function takeBack(): Promise<void> {
    const changes = undo.value
    undo.value = []
    await run(changes)
  }

  return { selected, toggle, select, running, done, total, progress, problem, undo, changed, apply, takeBack }
}
