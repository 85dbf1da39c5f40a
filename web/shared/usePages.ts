/*
 * A list that comes in pages: the first at once, the next when asked. A change of the key starts anew.
 */
import { ref, shallowRef, watch, type Ref, type ShallowRef, type WatchSource } from 'vue'
import type { ApiProblem } from './api/client'
import type { Page } from './api/types'
import { asProblem } from './useLoad'

export interface Pages<T> {
  rows: ShallowRef<readonly T[]>
  hasMore: Ref<boolean>
  loading: Ref<boolean>
  problem: ShallowRef<ApiProblem | null>
  reload: () => Promise<void>
  more: () => Promise<void>
}

export function usePages<T>(key: WatchSource<unknown>, load: (cursor: string | null) => Promise<Page<T>>): Pages<T> {
  const rows = shallowRef<readonly T[]>([])
  const cursor = ref<string | null>(null)
  const hasMore = ref(false)
  const loading = ref(true)
  const problem = shallowRef<ApiProblem | null>(null)
  let generation = 0

  async function take(from: string | null): Promise<void> {
    const mine = ++generation
    loading.value = true
    problem.value = null
    try {
      const page = await load(from)
      if (mine !== generation) return
      rows.value = from === null ? page.data : [...rows.value, ...page.data]
      cursor.value = page.next_cursor
      hasMore.value = page.next_cursor !== null
    } catch (error) {
      if (mine === generation) problem.value = asProblem(error)
    } finally {
      if (mine === generation) loading.value = false
    }
  }

  const reload = () => take(null)
  const more = async () => { if (hasMore.value && !loading.value) await take(cursor.value) }
  watch(key, () => { rows.value = []; void reload() }, { immediate: true })
  return { rows, hasMore, loading, problem, reload, more }
}
