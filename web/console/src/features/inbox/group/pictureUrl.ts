import { urlOf } from '@shared/api/client'

/** Our own address of somebody's picture; `version` is only there so that a new picture is fetched. */
export function apiUrl(contactId: string, channelId: string, version: string): string {
  let hash = 0
  for (const one of version) hash = (Math.imul(hash, 31) + one.codePointAt(0)!) >>> 0
  return urlOf(`/contacts/${contactId}/picture`, { channel_id: channelId, v: String(hash) })
}
