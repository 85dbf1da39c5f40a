/*
 * Who is signed in, what they may, and the live socket that belongs to the session.
 *
 * restore() runs once before the first page; sign-out of any kind (asked, or a 401) ends here.
 */
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { api, ApiProblem, setCsrfToken, setSignedOutHandler } from '@shared/api/client'
import type { Permission, Session } from '@shared/api/types'
import { isLocale, setLocale, type Locale } from '@shared/i18n'
import { connectLive, disconnectLive, setReturnHandler } from '@shared/live'

const PLACE = ['driver', 'key', 'host', 'port', 'scheme', 'path', 'channel'] as const

function isSamePlace(a: Session['live'], b: Session['live']): boolean {
  return PLACE.every((name) => a[name] === b[name])
}

export const useSession = defineStore('session', () => {
  const session = shallowRef<Session | null>(null)
  const restoreProblem = shallowRef<ApiProblem | null>(null)
  const person = computed(() => session.value?.person ?? null)
  const permissions = computed(() => new Set<Permission>(session.value?.permissions ?? []))
  /** All conversations: only then whole lists may be brought in or taken out. */
  const seesAll = computed(() => session.value?.sees_all ?? false)
  const may = (permission: Permission) => permissions.value.has(permission)

  async function begin(next: Session): Promise<void> {
    session.value = next
    setCsrfToken(next.csrf_token)
    if (isLocale(next.person.locale)) await setLocale(next.person.locale)
    void connectLive(next)
  }

  function end(): void {
    disconnectLive()
    setCsrfToken('')
    session.value = null
  }

  async function restore(): Promise<void> {
    restoreProblem.value = null
    try {
      await begin(await api.get<Session>('/session'))
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error
      if (error.status !== 401) restoreProblem.value = error
    }
  }

  /** code: of the second factor; asked for by 401 second_factor_required. */
  async function signIn(email: string, password: string, code?: string): Promise<void> {
    await begin(await api.post<Session>('/session', { email, password, code }))
  }

  /** With the link of an invitation. */
  async function join(draft: { token: string; name: string; password: string; locale: string; time_zone: string }): Promise<void> {
    await begin(await api.post<Session>('/invitations/accept', draft))
  }

  /* The socket was gone: perhaps because one may see less now, or is signed out. */
  async function refresh(): Promise<void> {
    if (!session.value) return
    try {
      const next = await api.get<Session>('/session')
      const moved = !isSamePlace(next.live, session.value.live)
      adopt(next)
      if (moved) {
        disconnectLive(false)
        void connectLive(next, true)
      }
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) end()
    }
  }

  async function signOut(): Promise<void> {
    /* This browser may be somebody else's next: it hears no more of this person. */
    await import('./push').then(({ turnPushOff }) => turnPushOff()).catch(() => {})
    await api.delete('/session')
    end()
  }

  async function chooseLocale(locale: Locale): Promise<void> {
    await setLocale(locale)
    if (session.value) adopt(await api.patch<Session>('/session', { locale }))
  }

  /** A newer answer for the same session, after a change of oneself. */
  function adopt(next: Session): void {
    session.value = next
    setCsrfToken(next.csrf_token)
  }

  setSignedOutHandler(end)
  setReturnHandler(refresh)
  return { session, person, may, seesAll, restoreProblem, restore, signIn, join, refresh, signOut, chooseLocale, adopt }
})
