/*
 * The live socket: unmodified pusher-js on Parley's own hub, as three things a page can use.
 *
 * onLive() hears one kind of event, onResync() is told when events are gone that cannot be had any more
 * (what is shown must be fetched again), useConversationPresence() says who else looks at a conversation.
 * There is one socket for the whole page, to our own hub or to the server that the workspace chose.
 *
 * Events have numbers that rise, and each tells the number before it: whoever was away, or sees a gap,
 * asks for the rest, and gets it in order before anything newer.
 */
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import type Pusher from 'pusher-js'
import type { PresenceChannel } from 'pusher-js'
import { api, ApiProblem, getCsrfToken, takeUnanswered } from './api/client'
import type {
  Agent, AppNotification, Channel, ChannelPace, ContactExport, ContactImport, Conversation, CountCell, IntakeEvent, LinkedNumber, Maintenance, Message, NumberRoute, ScheduledMessage, Session, Team, Template,
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
  'customer.typing': { conversation_id: string; contact_id: string | null; state: 'composing' | 'recording' | 'paused' }
  'customer.presence': { conversation_id: string; contact_id: string | null; available: boolean; last_seen_ms: number | null }
  'contact.updated': { id: string }
  'channel.updated': { channel: Channel }
  'number.route': { number: NumberRoute }
  'linked.updated': { number: LinkedNumber }
  'pace.updated': { pace: ChannelPace }
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
const backHandlers = new Set<() => void>()
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

function dispatch(name: string, data: unknown): void {
  for (const handler of handlers.get(name) ?? []) (handler as (data: unknown) => void)(data)
}

/** pusher-js appends /app/KEY itself; a prefix before it is all it wants to know. */
export function pathPrefix(path: string): string {
  return path.replace(/\/app\/?$/, '')
}

/* Our own hub is where this page came from, whatever proxies stand between. */
function address(live: Session['live']) {
  const tls = live.driver === 'builtin' ? location.protocol === 'https:' : live.scheme === 'https'
  const port = live.driver === 'builtin' ? Number(location.port) || (tls ? 443 : 80) : live.port
  return { tls, port, host: live.driver === 'builtin' ? location.hostname : live.host }
}

function options(session: Session) {
  const { tls, port, host } = address(session.live)
  return {
    cluster: '',
    wsHost: host,
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
let onReturn: () => Promise<void> = () => Promise.resolve()

/** Called when the socket is back after it was gone, stays away, or may not hear what it heard: the session may have changed, or ended, or the workspace may listen elsewhere now. */
export function setReturnHandler(handler: () => Promise<void>): void {
  onReturn = handler
}

function watchConnection(socket: Pusher): void {
  let known = false
  socket.connection.bind('state_change', ({ current }: { current: string }) => {
    if (current === 'connected') {
      if (known) void onReturn()
      known = true
      state.value = 'live'
    } else if (known || current === 'unavailable' || current === 'failed') {
      state.value = 'away'
    }
    if (current === 'unavailable') {
      socket.disconnect()
      socket.connect()
      void onReturn()
    }
  })
}

function resync(): void {
  for (const handler of resyncHandlers) handler()
}

/* ---- no event is missed ---- */

interface Told { name: string; data: { event_id?: string; event_after?: string } }
interface Missed { complete: boolean; last_event_id: string; data: { id: string; event: string; data: Told['data'] }[] }

/** One channel: the number of the last event that was shown; held: those that came while older ones are fetched. */
interface Feed { channel: string; last: number; catching: boolean; again: boolean; held: Told[] }

const feeds = new Map<string, Feed>()
const RETRY_MISSED_MS = 3000
const HELD_MAX = 1000

function show(feed: Feed, { name, data }: Told): void {
  const id = Number(data?.event_id ?? 0)
  if (id && id <= feed.last) return
  if (id) feed.last = id
  dispatch(name, data)
}

function hear(feed: Feed, told: Told): void {
  if (told.name === 'live.missed') void catchUp(feed)
  else if (feed.catching) feed.held.push(told)
  else if (Number(told.data?.event_after ?? 0) > feed.last) {
    feed.held.push(told)
    void catchUp(feed)
  } else show(feed, told)
  if (feed.held.length > HELD_MAX) feed.held.shift()
}

function isFinal(error: unknown): boolean {
  return error instanceof ApiProblem && error.status >= 400 && error.status < 500
}

async function fetchMissed(feed: Feed): Promise<void> {
  const missed = await api.get<Missed>('/realtime/missed', { channel: feed.channel, after: feed.last })
  if (feeds.get(feed.channel) !== feed) return
  for (const event of missed.data) show(feed, { name: event.event, data: event.data })
  feed.last = Math.max(feed.last, Number(missed.last_event_id))
  if (!missed.complete) resync()
}

/* What came meanwhile is behind it, and is shown after it. */
async function catchUp(feed: Feed): Promise<void> {
  feed.again = feed.catching
  if (feed.catching) return
  feed.catching = true
  try {
    await fetchMissed(feed)
  } catch (error) {
    if (!isFinal(error)) {
      setTimeout(() => { feed.catching = false; if (feeds.get(feed.channel) === feed) void catchUp(feed) }, RETRY_MISSED_MS)
      return
    }
    resync()
  }
  feed.catching = false
  for (const told of feed.held.splice(0)) show(feed, told)
  if (feed.again) void catchUp(feed)
}

/* Whom the server tells to ask again: who am I, and where do I listen? */
async function startAnew(socket: Pusher): Promise<void> {
  await onReturn()
  if (pusher.value !== socket) return
  socket.disconnect()
  socket.connect()
}

function listen(socket: Pusher, name: string, lastId: string): void {
  const known = feeds.get(name)
  const feed = known ?? { channel: name, last: Number(lastId), catching: false, again: false, held: [] }
  const channel = socket.subscribe(name)
  feeds.set(name, feed)
  channel.bind('pusher:subscription_succeeded', () => {
    void catchUp(feed)
    for (const handler of backHandlers) handler()
    if (takeUnanswered()) resync()
  })
  channel.bind('pusher:subscription_error', () => void onReturn())
  channel.bind_global((event: string, data: Told['data']) => {
    if (event === 'live.reset') void startAnew(socket)
    else if (!event.startsWith('pusher:') && !event.startsWith('pusher_internal:')) hear(feed, { name: event, data })
  })
}

/** again: what is shown was heard on another channel; if it was never heard on this one, it is fetched anew. */
export async function connectLive(session: Session, again = false): Promise<void> {
  const mine = ++generation
  const { default: PusherClient } = await import('pusher-js')
  if (mine !== generation) return
  const { channel, last_event_id: lastId } = session.live
  const own = `private-person-${session.person.id}`
  const socket = new PusherClient(session.live.key, options(session))
  const isNew = again && channel !== null && !feeds.has(channel)
  watchConnection(socket)
  if (channel) listen(socket, channel, lastId)
  else blindTimer = setInterval(resync, BLIND_RESYNC_MS)
  /* For one person alone; that somebody listens here is also how the server knows that they are there. Who sees only a
     part of the inbox hears of that part here. */
  if (own !== channel) listen(socket, own, lastId)
  pusher.value = socket
  if (isNew) resync()
}

/* A short absence may leave the socket whole; calls made meanwhile failed all the same. */
function onBack(): void {
  online.value = true
  if (pusher.value?.connection.state !== 'connected') {
    pusher.value?.connect()
    return
  }
  for (const handler of backHandlers) handler()
  resync()
}

/** forget: somebody else may sign in here. */
export function disconnectLive(forget = true): void {
  generation++
  if (forget) feeds.clear()
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

/** Called when the line is there again: what could not be sent may be. */
export function onLineBack(handler: () => void): void {
  backHandlers.add(handler)
  onScopeDispose(() => backHandlers.delete(handler))
}

/** Called when events were missed that cannot be had any more: fetch again what is shown. */
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
