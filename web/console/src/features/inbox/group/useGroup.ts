/** A group of a linked number: as the network has it, and the calls that change it. */
import { api } from '@shared/api/client'
import { useLoad } from '@shared/useLoad'
import { useWork } from '@shared/useWork'

export interface Member { phone: string | null; lid: string | null; name: string | null; is_admin: boolean; is_owner: boolean }
export interface Outcome { phone: string | null; lid: string | null; error: string | null; invite_code: string | null }
export interface GroupFlags { announce: boolean; locked: boolean; approval: boolean; open: boolean }
export interface Group extends GroupFlags { id: string; subject: string; description: string | null; picture_url: string | null; members: Member[] }

export const keyOf = (one: Pick<Member, 'phone' | 'lid'>) => one.phone ?? `${one.lid}@lid`
const digits = (text: string) => text.replace(/\D/g, '')
export const isPhone = (one: Pick<Member, 'phone'>, phone: string) => !!one.phone && digits(one.phone) === digits(phone)

export function useGroup(of: () => { group: string; channelId: string }) {
  const { busy, problem, run } = useWork()
  const ask = async <T>(call: string, more: object = {}) =>
    (await api.post<{ answer: T }>(`/channels/${of().channelId}/management/group.${call}`, { group: of().group, ...more })).answer
  const { data: group, error, loading, reload } = useLoad(() => of().group, async () => (await ask<{ group: Group }>('get')).group)

  /** A call, and then the group anew; what it answered, or null when it failed. */
  async function change<T>(call: string, more: object = {}): Promise<T | null> {
    let answer: T | null = null
    await run(async () => {
      answer = await ask<T>(call, more)
      await reload()
    })
    return answer
  }
  return { group, error, loading, reload, busy, problem, run, ask, change }
}
export type GroupUse = ReturnType<typeof useGroup>
