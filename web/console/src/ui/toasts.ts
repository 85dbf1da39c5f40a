/*
 * Short notices at the edge of the page. At most three are shown; each goes by itself.
 */
import { shallowRef } from 'vue'

export interface Toast {
  id: number
  tone: 'done' | 'failed'
  text: string
  /** What can be done about it: its way back, mostly. */
  act?: { label: string; run: () => void }
}

const SHOWN_MAX = 3
const SHOWN_MS = 6000
const SHOWN_WITH_ACT_MS = 20_000
let nextId = 1

export const toasts = shallowRef<Toast[]>([])

export function toast(tone: Toast['tone'], text: string, act?: Toast['act']): void {
  const id = nextId++
  toasts.value = [...toasts.value, { id, tone, text, ...(act && { act }) }].slice(-SHOWN_MAX)
  setTimeout(() => dropToast(id), act ? SHOWN_WITH_ACT_MS : SHOWN_MS)
}

export function dropToast(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}
