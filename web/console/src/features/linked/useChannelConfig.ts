/** The number's own settings: one is changed, the others stay. Its proxy's password comes masked and goes back so. */
import { api } from '@shared/api/client'
import type { Channel } from '@shared/api/types'
import { useLoad } from '@shared/useLoad'
import { useWork } from '@shared/useWork'

export interface LinkedConfig { proxy?: string; native_buttons?: boolean; link_previews?: boolean }

export function useChannelConfig(id: () => string) {
  const { data: channel } = useLoad(id, (value, signal) => api.get<Channel>(`/channels/${value}`, {}, signal))
  const { busy, problem, run } = useWork()
  const config = () => (channel.value?.config ?? {}) as LinkedConfig

  /** undefined takes a setting away. */
  const change = (patch: LinkedConfig) => run(async () => {
    const next = Object.fromEntries(Object.entries({ ...config(), ...patch }).filter(([, value]) => value !== undefined))
    channel.value = await api.patch<Channel>(`/channels/${id()}`, { config: next })
  })
  return { channel, config, busy, problem, change }
}
