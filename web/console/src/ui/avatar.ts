/** The letters and the colour that stand for a name. */
const HUES = 8

export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter((word) => /\p{L}/u.test(word))
  if (words.length === 0) return name.replace(/\D/g, '').slice(-2) || '?'
  const last = words.length > 1 ? words[words.length - 1]! : ''
  return (firstLetter(words[0]!) + firstLetter(last)).toUpperCase()
}

function firstLetter(word: string): string {
  return /\p{L}/u.exec(word)?.[0] ?? ''
}

export function hueOf(name: string): number {
  let hash = 7
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)!) >>> 0
  return hash % HUES
}
