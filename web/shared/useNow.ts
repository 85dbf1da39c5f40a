/*
 * The time now as a reactive value, moved every few seconds by one timer for the whole page.
 */
import { readonly, ref } from 'vue'

const TICK_MS = 10_000
const now = ref(Date.now())

setInterval(() => { now.value = Date.now() }, TICK_MS)

export function useNow() {
  return readonly(now)
}
