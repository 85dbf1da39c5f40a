/** What a channel can carry, asked once: the menus of composer and messages offer only that. */
import { api } from '@shared/api/client'
import type { Channel } from '@shared/api/types'

const asked = new Map<string, Promise<readonly string[] | null>>()

/** null: it cannot be told (no leave to read channels, or no connection: then it is asked again). */
export function capabilitiesOf(channelId: string): Promise<readonly string[] | null> {
  const known = asked.get(channelId)
  if (known) return known
  const asking = api.get<Channel>(`/channels/${channelId}`).then((channel) => channel.capabilities, () => {
    asked.delete(channelId)
    return null
  })
  asked.set(channelId, asking)
  return asking
}
