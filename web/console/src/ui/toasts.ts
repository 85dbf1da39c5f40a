/*
 * Short notices at the edge of the page. At most three are shown; each goes by itself.
 */
import { shallowRef } from 'vue'

export interface Toast {
  id: number
  tone: 'done' | 'failed'
  text: string
}

const SHOWN_MAX = 3
const SHOWN_MS = 6000
let nextId = 1

export const toasts = shallowRef<Toast[]>([])

export function toast(tone: Toast['tone'], text: string): void {
  const id = nextId++
  toasts.value = [...toasts.value, { id, tone, text }].slice(-SHOWN_MAX)
  setTimeout(() => dropToast(id), SHOWN_MS)
}

export function dropToast(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id)
}
