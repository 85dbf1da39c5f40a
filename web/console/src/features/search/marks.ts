/* The words of a search, marked in what was found; and the part of a long text that has them. */
import type { Message } from '@shared/api/types'

export interface Piece { text: string; marked: boolean }

/* As the server does: a shorter word marks only itself. */
const PREFIX_MIN = 3
const SHOWN = 160
const BEFORE = 40

/** Folded letter by letter, so that places in the folded text are places in the text. */
function fold(text: string): { folded: string; at: number[] } {
  let folded = ''
  const at: number[] = []
  let place = 0
  for (const letter of text) {
    const low = letter.normalize('NFKC').toLowerCase().replace(/ß/g, 'ss')
    for (let i = 0; i < low.length; i++) at.push(place)
    folded += low
    place += letter.length
  }
  at.push(place)
  return { folded, at }
}

const isLetter = (letter: string | undefined) => letter !== undefined && /[\p{L}\p{N}\p{M}_]/u.test(letter)

/** Ranges of the text that one of the words marks: from the beginning of a word to its end. */
function ranges(text: string, words: readonly string[]): [number, number][] {
  const { folded, at } = fold(text)
  const found: [number, number][] = []
  for (const word of words) {
    for (let i = folded.indexOf(word); word && i >= 0; i = folded.indexOf(word, i + 1)) {
      if (isLetter(folded[i - 1])) continue
      let end = i + word.length
      if (isLetter(folded[end]) && [...word].length < PREFIX_MIN) continue
      while (isLetter(folded[end])) end++
      found.push([at[i]!, at[end]!])
    }
  }
  return found.sort((a, b) => a[0] - b[0])
}

export function marked(text: string, words: readonly string[]): Piece[] {
  const pieces: Piece[] = []
  let done = 0
  for (const [from, to] of ranges(text, words)) {
    if (from < done) continue
    if (from > done) pieces.push({ text: text.slice(done, from), marked: false })
    pieces.push({ text: text.slice(from, to), marked: true })
    done = to
  }
  if (done < text.length) pieces.push({ text: text.slice(done), marked: false })
  return pieces
}

/** The part of a long text around its first mark. */
export function excerpt(text: string, words: readonly string[]): string {
  const plain = text.replace(/\s+/g, ' ').trim()
  const first = ranges(plain, words)[0]?.[0] ?? 0
  if (plain.length <= SHOWN) return plain
  const from = Math.max(0, first - BEFORE)
  return `${from > 0 ? '…' : ''}${plain.slice(from, from + SHOWN)}${from + SHOWN < plain.length ? '…' : ''}`
}

/* The texts that people see, in the order in which they matter. */
const SHOWN_FIELDS = ['body', 'caption', 'text', 'title', 'name', 'formatted_name', 'filename', 'address', 'description', 'question', 'headline']
const DEPTH = 6

function texts(value: unknown, depth = 0): string[] {
  if (depth > DEPTH || value === null || typeof value !== 'object') return []
  if (Array.isArray(value)) return value.flatMap((one) => texts(one, depth + 1))
  const map = value as Record<string, unknown>
  const own = SHOWN_FIELDS.map((name) => map[name]).filter((one): one is string => typeof one === 'string' && one !== '')
  return [...own, ...Object.values(map).flatMap((one) => texts(one, depth + 1))]
}

/** What a message says, of whatever kind; none for a picture without caption. */
export function textOf(message: Message): string {
  return texts(message[message.type]).join(' · ')
}
