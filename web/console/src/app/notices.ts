/*
 * Tells the person at this browser of what they do not look at: a sound, and a notice of the browser
 * while no tab is in front. Of several tabs one speaks. What comes while no tab is open at all, the
 * service worker shows (public/sw.js).
 */
import { onScopeDispose, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'
import type { AppNotification, Conversation, Message } from '@shared/api/types'
import { onLive } from '@shared/live'
import { decide, eventOf, type Doing, type NoticeEvent } from './decide'
import { useNotices } from './notices.store'
import { registerWorker } from './push'
import { useSession } from './session.store'
import { allowSound, playSound } from './sound'
import { openTabs } from './tabs'

const FIRST_GESTURES = ['pointerdown', 'keydown'] as const

const BELL_EVENTS: Partial<Record<AppNotification['kind'], NoticeEvent>> = { mention: 'mention', assigned: 'assigned', sla: 'sla' }

interface Notice { title: string; body: string; conversationId: string; messageId: string | null }

async function show(notice: Notice): Promise<void> {
  if (!('Notification' in window) || Notification.permission !== 'granted') return
  const worker = await navigator.serviceWorker?.getRegistration('/')
  const url = `/inbox/${notice.conversationId}${notice.messageId ? `?m=${notice.messageId}` : ''}`
  await worker?.showNotification(notice.title, { body: notice.body, tag: `c-${notice.conversationId}`, icon: '/icon.svg', dir: 'auto', data: { url } })
}

/** For as long as the caller's scope lives: the shell of a signed-in person. */
export function useNoticing(): void {
  const { t } = useI18n()
  const route = useRoute()
  const router = useRouter()
  const session = useSession()
  const notices = useNotices()
  const tabs = openTabs(() => { navigator.locks?.request('parley-sound', { ifAvailable: true }, (lock) => { if (lock) playSound() }) })
  const conversationHere = () => (route.name === 'inbox' ? (route.params['conversationId'] as string) || null : null)

  function sound(): void {
    if (!playSound()) tabs.askForSound()
  }
  function act(event: NoticeEvent, notice: Notice): void {
    if (!tabs.speaks() || !notices.settings) return
    const doing: Doing = decide({ event, conversationId: notice.conversationId }, notices.settings, tabs.all(), Date.now())
    if (doing.sound) sound()
    if (doing.notice) void show(notice)
  }
  function onMessage(message: Message, conversation: Conversation): void {
    if (message.direction !== 'in' || message.type === 'system' || conversation.unread_count === 0) return
    const count = conversation.unread_count
    act(eventOf(conversation, session.person?.id ?? ''), {
      title: conversation.contact.name ?? t('notices.customer'), body: t('notices.newMessages', { count }), conversationId: conversation.id, messageId: message.id,
    })
  }
  function onWorker({ data }: MessageEvent<{ type?: string; url?: string }>): void {
    if (data.type === 'open' && data.url?.startsWith('/')) void router.push(data.url)
  }

  function onNotification(one: AppNotification): void {
    const event = BELL_EVENTS[one.kind]
    if (!event || !one.conversation) return
    act(event, {
      title: one.conversation.contact.name ?? t('notices.customer'), body: t(`notices.event.${event}`), conversationId: one.conversation.id, messageId: one.message?.id ?? null,
    })
  }

  onLive('notification.created', ({ notification }) => onNotification(notification))
  onLive('message.created', ({ message, conversation }) => onMessage(message, conversation))
  watch(() => [route.name, route.params['conversationId']], () => tabs.show(conversationHere()), { immediate: true })
  for (const gesture of FIRST_GESTURES) addEventListener(gesture, allowSound, { passive: true })
  navigator.serviceWorker?.addEventListener('message', onWorker)
  notices.load().catch(() => { /* without settings nothing is told; the settings page says why */ })
  void registerWorker()
  onScopeDispose(() => {
    for (const gesture of FIRST_GESTURES) removeEventListener(gesture, allowSound)
    navigator.serviceWorker?.removeEventListener('message', onWorker)
    tabs.end()
  })
}
