/** What is done with one number by a word of its address: one at a time, and a word when it failed. */
import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { api } from '@shared/api/client'
import type { LinkedNumber } from '@shared/api/types'
import { asProblem } from '@shared/useLoad'
import { problemText } from '@/ui/problem'
import { toast } from '@/ui/toasts'

export function useLinkedActs(id: Ref<string>, changed: (number: LinkedNumber) => void) {
  const { t, te } = useI18n()
  const busy = ref('')

  async function act(word: string, body: unknown = {}): Promise<boolean> {
    if (busy.value) return false
    busy.value = word
    try {
      changed(await api.post<LinkedNumber>(`/linked-numbers/${id.value}/${word}`, body))
      return true
    } catch (failure) {
      const text = problemText(asProblem(failure), t, te)
      toast('failed', `${text.what} ${text.next}`)
      return false
    } finally {
      busy.value = ''
    }
  }
  return { busy, act }
}
