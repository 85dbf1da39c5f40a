import { describe, expect, it } from 'vitest'
import { isBigEmoji, parseInline, parseMarkup, plainText, type Inline } from './markup'

/** The tree as short text: [b:…] for bold and so on. */
function short(nodes: Inline[]): string {
  return nodes.map((node) => {
    if (node.kind === 'text') return node.text
    if (node.kind === 'link') return `<${node.href}>`
    if (node.kind === 'mono') return `[m:${node.text}]`
    return `[${node.kind[0]}:${short(node.children)}]`
  }).join('')
}
const line = (text: string) => short(parseInline(text))

describe('markup', () => {
  it('draws bold, italic, strike and mono', () => {
    expect(line('*a* _b_ ~c~ `d`')).toBe('[b:a] [i:b] [s:c] [m:d]')
  })
  it('nests marks', () => {
    expect(line('*very _deep_ text*')).toBe('[b:very [i:deep] text]')
  })
  it('leaves marks alone that WhatsApp leaves alone', () => {
    for (const text of ['2*3*4', 'snake_case_name', '* not bold *', '**', 'a * b * c', '*open', '~ ~']) expect(line(text)).toBe(text)
  })
  it('makes links of addresses, without the punctuation behind them', () => {
    expect(line('see https://example.com/a_b_c, ok?')).toBe('see <https://example.com/a_b_c>, ok?')
    expect(line('www.example.com and ana@example.com')).toBe('<https://www.example.com> and <mailto:ana@example.com>')
  })
  it('never makes a link of another scheme', () => {
    expect(line('javascript:alert(1) data:text/html,x')).toBe('javascript:alert(1) data:text/html,x')
  })
  it('keeps HTML as text', () => {
    expect(line('<img src=x onerror=alert(1)>')).toBe('<img src=x onerror=alert(1)>')
  })
  it('reads fences over several lines, and no marks within', () => {
    const blocks = parseMarkup('before\n```a *b*\nc```\nafter')
    expect(blocks.map((block) => short(block.children))).toEqual(['before', '[m:a *b*\nc]', 'after'])
  })
  it('knows quotes and lists', () => {
    expect(parseMarkup('> said\n- one\n2. two').map((block) => block.kind)).toEqual(['quote', 'item', 'item'])
  })
  it('gives plain text for previews', () => {
    expect(plainText('*Hi* there\n> quoted ```code```')).toBe('Hi there quoted code')
  })
  it('stays quick on hostile text', () => {
    const start = performance.now()
    parseMarkup('*_~'.repeat(1400))
    parseMarkup('*a '.repeat(1400))
    parseMarkup('*a* '.repeat(1000))
    parseMarkup('www.a.b/'.repeat(500))
    expect(performance.now() - start).toBeLessThan(2000)
  })
  it('draws up to three emoji large, and nothing else', () => {
    expect(isBigEmoji('😍')).toBe(true)
    expect(isBigEmoji('👨‍👩‍👧 ')).toBe(true)
    expect(isBigEmoji('🇮🇩❤️👍')).toBe(true)
    for (const text of ['😍😍😍😍', 'a😍', '12', '', '#']) expect(isBigEmoji(text)).toBe(false)
  })
})
