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

/* Where the mark at `from` ends, or -1: the closing one stands after a non-space and before a non-word. */
function closingOf(text: string, from: number): number {
  const mark = text[from]!
  if (WORD.test(text[from - 1] ?? '') || /\s/.test(text[from + 1] ?? ' ')) return -1
  for (let i = text.indexOf(mark, from + 2); i > 0; i = text.indexOf(mark, i + 1)) {
    if (!/\s/.test(text[i - 1]!) && !WORD.test(text[i + 1] ?? '')) return i
  }
  return -1
}

function spanOf(text: string): { start: number; end: number; mark: '`' | keyof typeof MARKS } | null {
  const links = Array.from(text.matchAll(LINK), (m) => [m.index, m.index + m[0].length] as const)
  for (let i = 0; i < text.length; i++) {
    const mark = text[i]!
    if (mark !== '`' && !(mark in MARKS)) continue
    if (links.some(([a, b]) => i >= a && i < b)) continue
    const end = mark === '`' ? text.indexOf('`', i + 2) : closingOf(text, i)
    if (end > 0) return { start: i, end, mark: mark as '`' | keyof typeof MARKS }
  }
  return null
}

/** Marks and links of one line. */
export function parseInline(text: string, depth = 0): Inline[] {
  const span = depth < DEPTH_MAX ? spanOf(text) : null
  if (!span) return withLinks(text)
  const inner = text.slice(span.start + 1, span.end)
  const node: Inline = span.mark === '`'
    ? { kind: 'mono', text: inner }
    : { kind: MARKS[span.mark], children: parseInline(inner, depth + 1) }
  return [...withLinks(text.slice(0, span.start)), node, ...parseInline(text.slice(span.end + 1), depth)]
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
