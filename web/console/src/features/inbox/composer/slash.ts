/*
 * What is being typed at the caret: "/short" for a ready answer, "@name" for a mention.
 *
 * Pure: text and caret in, what to look for out.
 */
export interface Typed {
  /** Where the sign stands, and the caret. */
  from: number
  to: number
  query: string
}

const PATTERNS = { '/': /(^|\s)\/([\p{L}\p{M}\p{N}_-]*)$/u, '@': /(^|\s)@([\p{L}\p{M}\p{N}_.-]*)$/u }

export function typedAt(text: string, caret: number, sign: '/' | '@'): Typed | null {
  const match = PATTERNS[sign].exec(text.slice(0, caret))
  if (!match) return null
  return { from: caret - match[2]!.length - 1, to: caret, query: match[2]! }
}

/** The text with what was typed replaced, and where the caret goes. */
export function replaceTyped(text: string, typed: Typed, by: string): { text: string; caret: number } {
  return { text: text.slice(0, typed.from) + by + text.slice(typed.to), caret: typed.from + by.length }
}

export interface Mentionable {
  kind: 'person' | 'team'
  id: string
  name: string
}

/** Those whose name is in the text behind an @, so that a name that was deleted again is no mention. */
export function mentionsIn(text: string, chosen: readonly Mentionable[]): { kind: 'person' | 'team'; id: string }[] {
  const known = new Map(chosen.filter((one) => text.includes(`@${one.name}`)).map((one) => [`${one.kind} ${one.id}`, { kind: one.kind, id: one.id }]))
  return [...known.values()]
}
