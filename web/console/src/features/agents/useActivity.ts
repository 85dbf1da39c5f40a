/*
 * Tells the server that somebody is there: at most once a minute, and only when something is done; at once when idleness has
 * set the person to away.
 */
import { onBeforeUnmount, onMounted } from 'vue'
import { api } from '@shared/api/client'
import { useAgents } from './agents.store'

const BEAT_MS = 60_000
const RETURN_MS = 5_000
const SIGNS = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const

export function useActivity(): void {
  const agents = useAgents()
  let toldMs = 0

  function onSign(): void {
    const idle = agents.mine?.status === 'away' && agents.mine.why === 'idle'
    const now = Date.now()
    if (now - toldMs < (idle ? RETURN_MS : BEAT_MS)) return
    toldMs = now
    // One that is lost is followed by the next.
    api.post('/agents/me/activity').catch(() => { toldMs = 0 })
  }

  onMounted(() => { for (const sign of SIGNS) addEventListener(sign, onSign, { passive: true, capture: true }) })
  onBeforeUnmount(() => { for (const sign of SIGNS) removeEventListener(sign, onSign, { capture: true }) })
}
