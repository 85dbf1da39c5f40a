/*
 * WhatsApp's own formatting as a tree: *bold*, _italic_, ~strike~, ```mono```, `code`, > quote, lists, links.
 *
 * Never HTML: a tree of text is drawn by BodyText.vue, so that no message can bring markup of its own.
 * A mark counts only as WhatsApp counts it: nothing but space or punctuation outside, no space inside.
 */
export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'bold' | 'italic' | 'strike'; children: Inline[] }
  | { kind: 'mono'; text: string }
  | { kind: 'link'; text: string; href: string }

export type Block =
  | { kind: 'line'; children: Inline[] }
  | { kind: 'quote'; children: Inline[] }
  | { kind: 'item'; marker: string; children: Inline[] }

const DEPTH_MAX = 4
const MARKS = { '*': 'bold', _: 'italic', '~': 'strike' } as const
const LINK = /\b(?:https?:\/\/|www\.)[^\s<>"']*[^\s<>"'.,;:!?)\]}*_~]|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b/giu
const WORD = /[\p{L}\p{N}]/u

function hrefOf(text: string): string {
  if (/^https?:\/\//i.test(text)) return text
  return text.includes('@') && !/^www\./i.test(text) ? `mailto:${text}` : `https://${text}`
}

function withLinks(text: string): Inline[] {
  const out: Inline[] = []
  let from = 0
  for (const match of text.matchAll(LINK)) {
    if (match.index > from) out.push({ kind: 'text', text: text.slice(from, match.index) })
    out.push({ kind: 'link', text: match[0], href: hrefOf(match[0]) })
    from = match.index + match[0].length
  }
  if (from < text.length) out.push({ kind: 'text', text: text.slice(from) })
  return out
}

type Mark = keyof typeof MARKS | '`'

const isMark = (char: string): char is Mark => char === '`' || char in MARKS

/* A mark opens after a non-word and before a non-space, and closes after a non-space and before a non-word. */
const opens = (text: string, i: number) => !WORD.test(text[i - 1] ?? '') && !/\s/.test(text[i + 1] ?? ' ')
const closes = (text: string, i: number) => i > 0 && !/\s/.test(text[i - 1]!) && !WORD.test(text[i + 1] ?? '')

/* For each mark the places where it may close, so that a text full of marks costs no more than its length. */
function closingsOf(text: string): Map<Mark, number[]> {
  const closings = new Map<Mark, number[]>()
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!
    if (!isMark(char) || (char !== '`' && !closes(text, i))) continue
    const places = closings.get(char)
    if (places) places.push(i)
    else closings.set(char, [i])
  }
  return closings
}

function nodeOf(mark: Mark, inner: string, depth: number): Inline {
  return mark === '`' ? { kind: 'mono', text: inner } : { kind: MARKS[mark], children: parseInline(inner, depth + 1) }
}

/** Marks and links of one line. */
export function parseInline(text: string, depth = 0): Inline[] {
  if (depth >= DEPTH_MAX) return withLinks(text)
  const inLink = new Set(Array.from(text.matchAll(LINK), (m) => Array.from(m[0], (_, i) => m.index + i)).flat())
  const closings = closingsOf(text)
  const out: Inline[] = []
  let from = 0
  for (let i = 0; i < text.length; i++) {
    const mark = text[i]!
    if (!isMark(mark) || inLink.has(i) || (mark !== '`' && !opens(text, i))) continue
    const left = closings.get(mark) ?? []
    while (left.length && left[0]! < i + 2) left.shift()
    const end = left[0]
    if (end === undefined) continue
    out.push(...withLinks(text.slice(from, i)), nodeOf(mark, text.slice(i + 1, end), depth))
    from = end + 1
    i = end
  }
  return [...out, ...withLinks(text.slice(from))]
}

function parseLine(line: string): Block {
  const item = /^(?:([-*])|(\d{1,3}\.)) (.+)$/.exec(line)
  if (item) return { kind: 'item', marker: item[2] ?? '•', children: parseInline(item[3]!) }
  if (line.startsWith('> ')) return { kind: 'quote', children: parseInline(line.slice(2)) }
  return { kind: 'line', children: parseInline(line) }
}

/** A whole message: fenced parts first, they may hold line ends and marks. */
export function parseMarkup(text: string): Block[] {
  const blocks: Block[] = []
  text.split(/```([\s\S]+?)```/).forEach((part, i) => {
    if (i % 2 === 1) blocks.push({ kind: 'line', children: [{ kind: 'mono', text: part.replace(/^\n|\n$/g, '') }] })
    else if (part !== '' || i === 0) blocks.push(...trimmed(part, i > 0).map(parseLine))
  })
  return blocks.length > 1 && isEmpty(blocks[0]!) ? blocks.slice(1) : blocks
}

/* Behind a fence the rest of its line is empty: no blank line for it. */
function trimmed(part: string, afterFence: boolean): string[] {
  return (afterFence ? part.replace(/^\n/, '') : part).replace(/\n$/, '').split('\n')
}

function isEmpty(block: Block): boolean {
  return block.children.length === 0
}

/** The text without its marks, for previews and notices. */
export function plainText(text: string): string {
  const flat = (nodes: Inline[]): string =>
    nodes.map((node) => ('children' in node ? flat(node.children) : node.text)).join('')
  return parseMarkup(text).map((block) => flat(block.children)).join(' ').replace(/\s+/g, ' ').trim()
}

const PICTURE = /^(?:\p{RI}\p{RI}|\p{Extended_Pictographic}(?:\p{EMod}|\uFE0F)?(?:\u200D\p{Extended_Pictographic}(?:\p{EMod}|\uFE0F)?)*)$/u
const BIG_MAX = 3

/** One to three emoji and nothing else: drawn large. */
export function isBigEmoji(text: string): boolean {
  const letters = [...new Intl.Segmenter().segment(text.trim())].map((part) => part.segment)
  return letters.length > 0 && letters.length <= BIG_MAX && letters.every((letter) => PICTURE.test(letter))
}
