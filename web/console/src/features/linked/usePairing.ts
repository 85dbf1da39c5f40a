/*
 * What pairs a number now: its QR code and the code to type. That there is a new one is told live, the code itself is
 * fetched; it is kept on the page until the next one is here, so that nothing flickers.
 */
import { onScopeDispose, shallowRef, watch, type Ref } from 'vue'
import { api } from '@shared/api/client'
import type { LinkedNumber, LinkedPairing } from '@shared/api/types'
import { isPairing } from './linked'

const LOOK_MS = 1000

export function usePairing(number: Ref<LinkedNumber>) {
  const pairing = shallowRef<LinkedPairing | null>(null)
  let running = false

  async function look(): Promise<void> {
    if (running) return
    running = true
    try {
      const found = await api.get<LinkedPairing>(`/linked-numbers/${number.value.id}/pairing`)
      if (isPairing(number.value)) pairing.value = found
    } catch {
      /* the next look, or the live socket, tells more */
    } finally {
      running = false
    }
  }

  watch(() => [number.value.id, number.value.state, number.value.qr_until_ms, number.value.code_until_ms], () => {
    if (isPairing(number.value)) void look()
    else pairing.value = null
  }, { immediate: true })

  /* Also when the socket is away: a code that is over is no use to anybody. */
  const timer = setInterval(() => {
    const stale = !pairing.value?.qr || pairing.value.qr.until_ms <= Date.now()
    if (isPairing(number.value) && stale) void look()
  }, LOOK_MS)
  onScopeDispose(() => clearInterval(timer))
  return { pairing, look }
}
