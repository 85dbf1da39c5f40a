/*
 * The line that is searched for: which filter is being typed, and how a control writes into it.
 *
 * The line is the whole search: what the controls choose stands in it, so it can be kept and shared.
 */
export const KEYS = ['from', 'agent', 'label', 'channel', 'after', 'before', 'has', 'is'] as const
export type Key = (typeof KEYS)[number]

/** One filter as it stands in a line, quotes and all. */
const word = (key: string) => new RegExp(`(^|\\s)${key}:("[^"]*"?|\\S*)`, 'gi')

const unquoted = (value: string) => value.replace(/^"|"$/g, '').trim()

/** The value of a filter in the line; the first, if there are several. */
export function valueOf(line: string, key: Key): string {
  const found = word(key).exec(line)
  return found ? unquoted(found[2] ?? '') : ''
}

/** The line with this filter instead of those of its key; without it when the value is empty. */
export function withFilter(line: string, key: Key, value: string): string {
  const rest = line.replace(word(key), ' ').replace(/\s+/g, ' ').trim()
  if (!value.trim()) return rest
  const quoted = /\s/.test(value.trim()) ? `"${value.trim()}"` : value.trim()
  return `${rest} ${key}:${quoted}`.trim()
}

/** `is:` stands for several things: this one goes instead of the others of its kind. */
export function withIs(line: string, others: readonly string[], value: string): string {
  const rest = line.replace(word('is'), (whole, _space: string, given: string) => (others.includes(unquoted(given).toLowerCase()) ? ' ' : whole)).replace(/\s+/g, ' ').trim()
  return value ? `${rest} is:${value}`.trim() : rest
}

export function isOf(line: string, words: readonly string[]): string {
  for (const [, , value] of line.matchAll(word('is'))) if (words.includes(unquoted(value ?? '').toLowerCase())) return unquoted(value ?? '').toLowerCase()
  return ''
}

export interface Typing {
  /** A key whose value is being typed, or the beginning of a key. */
  key: Key | null
  text: string
  from: number
}

/** What stands before the caret, if it may become a filter. */
export function typingAt(line: string, caret: number): Typing | null {
  const before = line.slice(0, caret)
  const filter = /(?:^|\s)([a-z]+):("[^"]*|[^\s"]*)$/i.exec(before)
  if (filter) {
    const key = KEYS.find((one) => one === filter[1]!.toLowerCase())
    return key ? { key, text: unquoted(filter[2]!), from: caret - filter[2]!.length } : null
  }
  const start = /(?:^|\s)([a-z]+)$/i.exec(before)
  return start ? { key: null, text: start[1]!.toLowerCase(), from: caret - start[1]!.length } : null
}

/** The line with what is being typed replaced, and where the caret goes. */
export function complete(line: string, caret: number, typing: Typing, value: string): { line: string; caret: number } {
  const done = typing.key ? `${value} ` : `${value}:`
  const rest = line.slice(caret).replace(typing.key ? /^\s+/ : /^/, '')
  return { line: line.slice(0, typing.from) + done + rest, caret: typing.from + done.length }
}
