/** Management calls of a channel: the network's own answers, by the names of the server's table. */
import { ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { api, type ApiProblem } from '@shared/api/client'
import { asProblem } from '@shared/useLoad'
import { problemText } from '@/ui/problem'
import { toast } from '@/ui/toasts'

export async function manage<T>(channelId: string, call: string, parameters: Record<string, unknown> = {}): Promise<T> {
  return (await api.post<{ answer: T }>(`/channels/${channelId}/management/${call}`, parameters)).answer
}

/** One thing at a time: which is busy, what went wrong, and a word when it is done. */
export function useActs() {
  const { t, te } = useI18n()
  const busy = ref('')
  const problem = shallowRef<ApiProblem | null>(null)

  async function act(name: string, work: () => Promise<unknown>, done = ''): Promise<boolean> {
    busy.value = name
    problem.value = null
    try {
      await work()
      if (done) toast('done', done)
      return true
    } catch (failure) {
      problem.value = asProblem(failure)
      const text = problemText(problem.value, t, te)
      toast('failed', `${text.what} ${text.next}`)
      return false
    } finally {
      busy.value = ''
    }
  }
  return { busy, problem, act }
}
