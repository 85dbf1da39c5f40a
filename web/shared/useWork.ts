/*
 * useWork: the one place where something that a person started is in one of its states: under way, done, or failed.
 *
 * While it runs, starting it again does nothing: a double click sends once. Beside useLoad, which fetches what is shown.
 */
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { ApiProblem } from './api/client'
import { asProblem } from './useLoad'

export interface Work {
  busy: Ref<boolean>
  problem: ShallowRef<ApiProblem | null>
  /** True when it is done; false when it failed, with the reason in `problem`, or was under way already. */
  run: (work: () => Promise<unknown>) => Promise<boolean>
}

export function useWork(): Work {
  const busy = ref(false)
  const problem = shallowRef<ApiProblem | null>(null)

  async function run(work: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    problem.value = null
    try {
      await work()
      return true
    } catch (error) {
      problem.value = asProblem(error)
      return false
    } finally {
      busy.value = false
    }
  }

  return { busy, problem, run }
}
