/*
 * Own messages from the moment Enter is pressed until the server has them.
 *
 * They are shown at once, as local messages with ids of their own. Each keeps its Idempotency-Key over
 * every retry, so that a lost answer never sends twice. What failed for want of a network is sent again
 * when the line is back. They outlive the page of their conversation: this is one state for the console.
 */
import { shallowReactive } from 'vue'
import { api, OFFLINE, type ApiProblem } from '@shared/api/client'
import type { Media, Message, MessageDraft, Person } from '@shared/api/types'
import { randomKey } from '@shared/browser'
import { asProblem } from '@shared/useLoad'

export interface Outgoing {
  key: string
  draft: MessageDraft
  message: Message
  /** Why it failed, null while it is on its way. */
  problem: ApiProblem | null
}

export interface SendRequest {
  conversationId: string
  draft: MessageDraft
  author: Person
  media?: Media & { localUrl?: string }
  replyTo?: Message['reply_to']
  /** Whom its text names, as the server will tell it. */
  mentions?: Message['mentions']
}

const waiting = shallowReactive(new Map<string, readonly Outgoing[]>())
/* The row of a message keeps its key when its local id becomes the server's, so it is not drawn anew. */
const keys = new Map<string, string>()
const listeners = new Set<(message: Message, key: string) => void>()

export const isLocal = (id: string) => id.startsWith('local-')
export const rowKey = (id: string) => keys.get(id) ?? id

export function outgoingOf(conversationId: string): readonly Outgoing[] {
  return waiting.get(conversationId) ?? []
}

export function onAccepted(listener: (message: Message, key: string) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function put(conversationId: string, next: Outgoing): void {
  const others = outgoingOf(conversationId)
  const known = others.some((one) => one.key === next.key)
  waiting.set(conversationId, known ? others.map((one) => (one.key === next.key ? next : one)) : [...others, next])
}

export function dropOutgoing(conversationId: string, key: string): void {
  waiting.set(conversationId, outgoingOf(conversationId).filter((one) => one.key !== key))
}

/* "Waiting to be sent", as it is called once it is accepted, too: ticks never turn back. */
function localMessage(request: SendRequest, key: string): Message {
  const now = Date.now()
  const { media, draft, author } = request
  return {
    id: `local-${key}`, conversation_id: request.conversationId, channel_id: '', contact_id: '', direction: 'out',
    type: draft.type, [draft.type]: draft[draft.type], status: 'accepted', status_detail: null, error: null,
    author: { kind: 'person', id: author.id, name: author.name }, reply_to: request.replyTo ?? null, mentions: request.mentions ?? [], forwarded: null,
    edited_ms: null, deleted_ms: null, reactions: [], starred: false, options: null, remote_id: null, trace_id: null, created_ms: now,
    media: media ? { ...media, state: 'stored', url: media.localUrl ?? media.url, error: null } : null,
    sent_ms: null, delivered_ms: null, read_ms: null, played_ms: null, failed_ms: null,
  }
}

async function attempt(one: Outgoing): Promise<void> {
  const { conversation_id: conversationId, id } = one.message
  put(conversationId, { ...one, problem: null, message: { ...one.message, status: 'accepted', error: null } })
  try {
    const message = await api.post<Message>(`/conversations/${conversationId}/messages`, one.draft, {
      headers: { 'Idempotency-Key': one.key },
    })
    keys.set(message.id, id)
    dropOutgoing(conversationId, one.key)
    for (const listener of listeners) listener(message, one.key)
  } catch (error) {
    put(conversationId, { ...one, problem: asProblem(error), message: { ...one.message, status: 'failed' } })
  }
}

/** Shows the message at once and sends it. Sends of one conversation go one after the other. */
const lanes = new Map<string, Promise<void>>()

export function sendMessage(request: SendRequest): void {
  const key = randomKey()
  const one: Outgoing = { key, draft: request.draft, message: localMessage(request, key), problem: null }
  put(request.conversationId, one)
  const before = lanes.get(request.conversationId) ?? Promise.resolve()
  lanes.set(request.conversationId, before.then(() => attempt(one)))
}

export function retryOutgoing(conversationId: string, key: string): void {
  const one = outgoingOf(conversationId).find((other) => other.key === key)
  if (one?.problem) void attempt(one)
}

/** The line is back: what only the line kept goes out again. */
export function retryOffline(): void {
  for (const [conversationId, list] of waiting) {
    for (const one of list) if (one.problem?.code === OFFLINE) retryOutgoing(conversationId, one.key)
  }
}

/**
 * A live event may tell of our message before the answer to our POST does: then the local one gives way.
 * Told apart by kind and content, the oldest first, so that "ok", "ok" stay two.
 */
export function claimByEvent(message: Message, myId: string): void {
  if (message.direction !== 'out' || message.author.id !== myId || keys.has(message.id)) return
  const wanted = contentKey(message)
  const one = outgoingOf(message.conversation_id).find((o) => !o.problem && contentKey(o.message) === wanted && !claimed.has(o.key))
  if (!one) return
  claimed.add(one.key)
  keys.set(message.id, one.message.id)
}

const claimed = new Set<string>()

function contentKey(message: Message): string {
  const body = message[message.type] as Record<string, unknown> | undefined
  return `${message.type}\n${String(body?.['body'] ?? body?.['caption'] ?? body?.['name'] ?? '')}`
}

/** Local messages that no event or answer has replaced yet. */
export function unclaimed(conversationId: string): readonly Outgoing[] {
  return outgoingOf(conversationId).filter((one) => !claimed.has(one.key))
}
