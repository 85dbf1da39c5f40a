/*
 * What was typed but not sent, per conversation: kept in the browser, so that a reload loses nothing.
 *
 * Of the signed-in person only; the oldest go when there are too many.
 */
import { useSession } from '@/app/session.store'

const KEPT_MAX = 100

interface Draft { text: string; atMs: number }
type Drafts = Record<string, Draft>

const keyOf = () => `parley.drafts.${useSession().person?.id ?? ''}`

function read(): Drafts {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(keyOf()) ?? '{}')
    return typeof stored === 'object' && stored !== null ? (stored as Drafts) : {}
  } catch {
    return {}
  }
}

/* A browser without room, or without storage, keeps none: nothing else depends on it. */
function write(drafts: Drafts): void {
  const kept = Object.entries(drafts).sort((a, b) => b[1].atMs - a[1].atMs).slice(0, KEPT_MAX)
  try {
    localStorage.setItem(keyOf(), JSON.stringify(Object.fromEntries(kept)))
  } catch { /* see above */ }
}

/** Of the answer, or of the note, which is a draft of its own. */
export const draftKey = (conversationId: string, isNote = false) => (isNote ? `${conversationId}.note` : conversationId)

export function draftText(key: string): string {
  const draft = read()[key]
  return typeof draft?.text === 'string' ? draft.text : ''
}

export function keepDraft(key: string, text: string): void {
  const drafts = read()
  if (text.trim()) drafts[key] = { text, atMs: Date.now() }
  else if (drafts[key]) delete drafts[key]
  else return
  write(drafts)
}
