/** The linked numbers of the workspace, kept fresh by the live socket. */
import { api } from '@shared/api/client'
import type { LinkedNumber } from '@shared/api/types'
import { onLive, onResync } from '@shared/live'
import { useLoad } from '@shared/useLoad'
import { withChanged } from './linked'

export interface LinkedList { data: LinkedNumber[]; limit: number; used: number }

export function useLinkedList() {
  const load = useLoad(() => 0, (_, signal) => api.get<LinkedList>('/linked-numbers', {}, signal))

  onLive('linked.updated', ({ number }) => {
    if (!load.data.value) return
    if (load.data.value.data.some((one) => one.id === number.id)) load.data.value = { ...load.data.value, data: withChanged(load.data.value.data, number) }
    else void load.reload()
  })
  onResync(() => void load.reload())
  return load
}
