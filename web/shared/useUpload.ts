/*
 * One file on its way up, as a form needs it: how far it is, and what went wrong. A new file replaces it.
 */
import { onScopeDispose, ref, shallowRef } from 'vue'
import type { ApiProblem } from './api/client'
import type { Media } from './api/types'
import { uploadMedia, type Upload } from './api/upload'
import { asProblem } from './useLoad'

export function useUpload() {
  const progress = ref<number | null>(null)
  const problem = shallowRef<ApiProblem | null>(null)
  let running: Upload | null = null

  async function upload(file: File): Promise<Media | null> {
    running?.cancel()
    const mine = uploadMedia(file, (part) => { if (running === mine) progress.value = part })
    running = mine
    progress.value = 0
    problem.value = null
    try {
      return await mine.done
    } catch (error) {
      if (running === mine) problem.value = asProblem(error)
      return null
    } finally {
      if (running === mine) {
        progress.value = null
        running = null
      }
    }
  }

  onScopeDispose(() => running?.cancel())
  return { progress, problem, upload }
}
