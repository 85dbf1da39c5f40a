/** The time now, moved every second while somebody looks: for countdowns. */
import { onScopeDispose, readonly, ref } from 'vue'

export function useSecond() {
  const now = ref(Date.now())
  const timer = setInterval(() => { now.value = Date.now() }, 1000)
  onScopeDispose(() => clearInterval(timer))
  return readonly(now)
}
