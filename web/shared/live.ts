/*
 * The live socket: unmodified pusher-js on Parley's own hub, as three things a page can use.
 *
 * onLive() hears one kind of event, onResync() is told when the socket was away and is back (what is
 * shown must be fetched again: events of that time are gone), useConversationPresence() says who else
 * looks at a conversation. There is one socket for the whole page.
 */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import type Pusher from 'pusher-js'
import type { PresenceChannel } from 'pusher-js'
import { getCsrfToken } from './api/client'
import type {
  Agent, AppNotification, Channel, ContactExport, ContactImport, Conversation, CountCell, IntakeEvent, Maintenance, Message, ScheduledMessage, Session, Team, Template,
} from './api/types'

export interface LiveEvents {
  'message.created': { message: Message; conversation: Conversation }
  'message.updated': { message: Message }
  'conversation.updated': { conversation: Conversation }
  'counts.updated': { cells: CountCell[] }
  'label.updated': { id: string }
  /** It left the sight of somebody who sees a part of the inbox. */
  /** It left one's sight, or became part of another one (`into`). */
  'conversation.gone': { id: string; into?: string }
  'channel.updated': { channel: Channel }
  'event.failed': { event: IntakeEvent }
  'contact_import.updated': { import: ContactImport }
  'contact_export.updated': { export: ContactExport }
  'webhook.updated': { id: string }
  'template.updated': { template: Template }
  'agent.updated': { agent: Agent }
  'team.updated': { id: string; team: Team | null }
  'maintenance.updated': Maintenance
  'scheduled.updated': { scheduled: ScheduledMessage }
  'canned.updated': { id: string }
  'macro.updated': { id: string }
  'notification.created': { notification: AppNotification }
}

export type LiveState = 'connecting' | 'live' | 'away'

const handlers = new Map<string, Set<(data: never) => void>>()
const resyncHandlers = new Set<() => void>()
const pusher = shallowRef<Pusher | null>(null)
const state = ref<LiveState>('connecting')
const online = ref(typeof navigator === 'undefined' || navigator.onLine)
let generation = 0

/* Events carry messages, so those who may not read these get none: their pages are fetched now and then. */
const BLIND_RESYNC_MS = 30_000
let blindTimer: ReturnType<typeof setInterval> | undefined

/* Not all consoles at once, when a server is back. */
const RETRY_MIN_MS = 6000
const RETRY_SPREAD_MS = 3000

export const liveState = computed<LiveState>(() => (online.value ? state.value : 'away'))

const EVENT_NAMES: (keyof LiveEvents)[] = [
  'contact_import.updated', 'contact_export.updated',
  'message.created', 'message.updated', 'conversation.updated', 'conversation.gone', 'counts.updated', 'label.updated', 'channel.updated', 'event.failed', 'webhook.updated',
  'template.updated', 'agent.updated', 'team.updated', 'maintenance.updated',
  'scheduled.updated', 'canned.updated', 'macro.updated',
]

function dispatch(name: string, data: unknown): void {
  for (const handler of handlers.get(name) ?? []) (handler as (data: unknown) => void)(data)
}

/** pusher-js appends /app/KEY itself; a prefix before it is all it wants to know. */
export function pathPrefix(path: string): string {
  return path.replace(/\/app\/?$/, '')
}

function options(session: Session) {
  const tls = location.protocol === 'https:'
  const port = Number(location.port) || (tls ? 443 : 80)
  return {
    cluster: '',
    wsHost: location.hostname,
    wsPort: port,
    wssPort: port,
    wsPath: pathPrefix(session.live.path),
    forceTLS: tls,
    enabledTransports: ['ws', 'wss'] as ('ws' | 'wss')[],
    enableStats: false,
    activityTimeout: 30_000,
    unavailableTimeout: RETRY_MIN_MS + Math.random() * RETRY_SPREAD_MS,
    pongTimeout: 10_000,
    channelAuthorization: {
      endpoint: session.live.auth,
      transport: 'ajax' as const,
      headersProvider: () => ({ 'X-CSRF-Token': getCsrfToken() }),
    },
  }
}

/* Until the first connection "not connected" is no news; after it, it is. "unavailable" is told when an
   attempt has taken RETRY_MIN_MS or more; pusher-js would now wait up to a minute, so it starts anew. */
let onReturn: () => void = () => {}

/** Called when the socket is back after it was gone, or may not hear what it heard: the session may have changed, or ended. */
export function setReturnHandler(handler: () => void): void {
  onReturn = handler
}

function watchConnection(socket: Pusher): void {
  let known = false
  socket.connection.bind('state_change', ({ current }: { current: string }) => {
    if (current === 'connected') {
      if (known) onReturn()
      known = true
      state.value = 'live'
    } else if (known || current === 'unavailable' || current === 'failed') {
      state.value = 'away'
    }
    if (current === 'unavailable') {
      socket.disconnect()
      socket.connect()
    }
  })
}

function resync(): void {
  for (const handler of resyncHandlers) handler()
}

function hearInbox(socket: Pusher, name: string, again: boolean): void {
  const channel = socket.subscribe(name)
  let subscribedBefore = again
  channel.bind('pusher:subscription_succeeded', () => {
    if (subscribedBefore) resync()
    subscribedBefore = true
  })
  channel.bind('pusher:subscription_error', () => onReturn())
  for (const name of EVENT_NAMES) channel.bind(name, (data: unknown) => dispatch(name, data))
}

/* For one person alone; that somebody listens here is also how the server knows that they are there. Who sees only a part of
   the inbox hears of that part here. */
function hearPerson(socket: Pusher, personId: string, inbox: string | null): void {
  const name = `private-person-${personId}`
  const channel = socket.subscribe(name)
  const events: (keyof LiveEvents)[] = name === inbox ? ['notification.created'] : [...EVENT_NAMES, 'notification.created']
  for (const event of events) channel.bind(event, (data: unknown) => dispatch(event, data))
}

/** again: what is shown was heard on another channel, and is fetched anew. */
export async function connectLive(session: Session, again = false): Promise<void> {
  const mine = ++generation
  const { default: PusherClient } = await import('pusher-js')
  if (mine !== generation) return
  const socket = new PusherClient(session.live.key, options(session))
  watchConnection(socket)
  if (session.live.channel) hearInbox(socket, session.live.channel, again)
  else blindTimer = setInterval(resync, BLIND_RESYNC_MS)
  hearPerson(socket, session.person.id, session.live.channel)
  pusher.value = socket
}

/* A short absence may leave the socket whole; calls made meanwhile failed all the same. */
function onBack(): void {
  online.value = true
  if (pusher.value?.connection.state === 'connected') for (const handler of resyncHandlers) handler()
  else pusher.value?.connect()
}

export function disconnectLive(): void {
  generation++
  clearInterval(blindTimer)
  pusher.value?.disconnect()
  pusher.value = null
  state.value = 'connecting'
}

/** Hears one kind of event for as long as the caller's scope lives. */
export function onLive<N extends keyof LiveEvents>(name: N, handler: (data: LiveEvents[N]) => void): void {
  const set = handlers.get(name) ?? new Set()
  handlers.set(name, set)
  set.add(handler as (data: never) => void)
  onScopeDispose(() => set.delete(handler as (data: never) => void))
}

/** Called when events may have been missed: fetch again what is shown. */
export function onResync(handler: () => void): void {
  resyncHandlers.add(handler)
  onScopeDispose(() => resyncHandlers.delete(handler))
}

export interface Viewer {
  id: string
  name: string
  typing: boolean
}

const TYPING_SHOWN_MS = 6000
const TYPING_TOLD_EVERY_MS = 3000

interface Member { id: string; info: { name: string } | null }

/* Nobody looks at a page that is behind another: who left it open hears of what comes. */
const inFront = ref(typeof document === 'undefined' || document.visibilityState === 'visible')

/** Who else looks at this conversation, and which of them type. */
export function useConversationPresence(conversationId: Ref<string | null>, myId: () => string) {
  const viewers = ref<Viewer[]>([])
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  let channel: PresenceChannel | null = null
  let toldMs = 0

  function seeTyping(id: string, typing: boolean): void {
    clearTimeout(timers.get(id))
    viewers.value = viewers.value.map((v) => (v.id === id ? { ...v, typing } : v))
    if (typing) timers.set(id, setTimeout(() => seeTyping(id, false), TYPING_SHOWN_MS))
  }

  function showMembers(): void {
    const found: Viewer[] = []
    channel?.members.each((member: Member) => {
      if (member.id !== myId()) found.push({ id: member.id, name: member.info?.name ?? '', typing: false })
    })
    viewers.value = found
  }

  function leave(): void {
    if (channel) pusher.value?.unsubscribe(channel.name)
    channel = null
    viewers.value = []
  }

  function join(id: string): void {
    channel = pusher.value!.subscribe(`presence-conversation-${id}`) as PresenceChannel
    for (const name of ['pusher:subscription_succeeded', 'pusher:member_added', 'pusher:member_removed']) {
      channel.bind(name, showMembers)
    }
    channel.bind('client-typing', (data: { typing: boolean }, meta?: { user_id?: string }) => {
      if (meta?.user_id) seeTyping(meta.user_id, data.typing)
    })
  }

  function tellTyping(typing: boolean): void {
    const now = Date.now()
    if (!channel?.subscribed || (typing && now - toldMs < TYPING_TOLD_EVERY_MS)) return
    toldMs = typing ? now : 0
    channel.trigger('client-typing', { typing })
  }

  watch([conversationId, pusher, inFront], ([id, socket, seen]) => { leave(); if (id && socket && seen) join(id) }, { immediate: true })
  onScopeDispose(() => { leave(); for (const timer of timers.values()) clearTimeout(timer) })
  return { viewers, tellTyping }
}

if (typeof window !== 'undefined') {
  document.addEventListener('visibilitychange', () => { inFront.value = document.visibilityState === 'visible' })
  window.addEventListener('online', onBack)
  window.addEventListener('offline', () => { online.value = false })
}
