/*
 * useLoad: the one place where fetching is in one of its states: loading, there, or failed.
 *
 * A change of the key cancels what runs and starts again; a late answer of an earlier key is dropped.
 */
import { onScopeDispose, ref, shallowRef, watch, type Ref, type WatchSource } from 'vue'
import { ApiProblem } from './api/client'

export interface Load<T> {
  data: Ref<T | null>
  error: Ref<ApiProblem | null>
  loading: Ref<boolean>
  reload: () => Promise<void>
}

export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error
  console.error(error)
  return new ApiProblem({ status: 0, code: 'page_error' })
}

export function useLoad<K, T>(key: WatchSource<K>, load: (key: K, signal: AbortSignal) => Promise<T>): Load<T> {
  const data = shallowRef<T | null>(null)
  const error = shallowRef<ApiProblem | null>(null)
  const loading = ref(true)
  let running: AbortController | null = null
  let current: K

  async function reload(): Promise<void> {
    running?.abort()
    const mine = new AbortController()
    running = mine
    loading.value = true
    error.value = null
    try {
      const answer = await load(current, mine.signal)
      if (running === mine) data.value = answer
    } catch (problem) {
      if (running === mine) error.value = asProblem(problem)
    } finally {
      if (running === mine) loading.value = false
    }
  }

  watch(key, (next) => { current = next; data.value = null; void reload() }, { immediate: true })
  onScopeDispose(() => running?.abort())
  return { data, error, loading, reload }
}
