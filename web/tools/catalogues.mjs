/*
 * Fails when a text is missing: every key that the source names must be in every catalogue, with the same
 * placeholders, and no catalogue may hold a key that nobody uses.
 *
 * A key made at run time (t(`status.${x}`)) stands for all keys with its beginning: at least one must be there.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LOCALES = ['en', 'id']

function files(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return files(path)
    return /\.(vue|ts)$/.test(name) && !/\.spec\.ts$/.test(name) ? [path] : []
  })
}

export function flatten(texts, prefix = '') {
  return Object.entries(texts).flatMap(([name, value]) =>
    typeof value === 'string' ? [[prefix + name, value]] : flatten(value, `${prefix}${name}.`))
}

/** Keys and beginnings of keys that a source text names. Any quoted a.b that a catalogue knows counts as named. */
export function keysIn(source) {
  const exact = new Set(), named = new Set(), begins = new Set()
  for (const call of source.matchAll(/\bte?\(([^)]*)/g)) {
    for (const quoted of call[1].matchAll(/'([a-z]\w*(?:\.\w+)+)'/gi)) exact.add(quoted[1])
  }
  for (const quoted of source.matchAll(/'([a-z]\w*(?:\.\w+)+)'/gi)) named.add(quoted[1])
  for (const built of source.matchAll(/\b(?:te?|said|exists)\(`([a-z]\w*(?:\.\w+)*\.)\$\{/gi)) begins.add(built[1])
  return { exact, named, begins }
}

const placeholders = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort().join(',')

function check() {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const catalogues = Object.fromEntries(LOCALES.map((locale) =>
    [locale, new Map(flatten(JSON.parse(readFileSync(join(root, `shared/i18n/${locale}.json`), 'utf8'))))]))
  const sources = [...files(join(root, 'shared')), ...files(join(root, 'console/src'))].map((path) => keysIn(readFileSync(path, 'utf8')))
  const all = (what) => new Set(sources.flatMap((source) => [...source[what]]))
  const [exact, named, begins] = [all('exact'), all('named'), all('begins')]
  const wrong = []
  for (const [locale, texts] of Object.entries(catalogues)) {
    for (const key of exact) if (!texts.has(key)) wrong.push(`${locale}: "${key}" is missing`)
    for (const begin of begins) if (![...texts.keys()].some((key) => key.startsWith(begin))) wrong.push(`${locale}: nothing begins with "${begin}"`)
    for (const [key, text] of texts) {
      const other = catalogues[LOCALES[0]].get(key)
      if (other === undefined) wrong.push(`${locale}: "${key}" is not in ${LOCALES[0]}`)
      else if (placeholders(other) !== placeholders(text)) wrong.push(`${locale}: "${key}" has other placeholders than ${LOCALES[0]}`)
      if (text.trim() === '') wrong.push(`${locale}: "${key}" is empty`)
      if (!named.has(key) && ![...begins].some((begin) => key.startsWith(begin))) wrong.push(`${locale}: nobody uses "${key}"`)
    }
    for (const key of catalogues[LOCALES[0]].keys()) if (!texts.has(key)) wrong.push(`${locale}: "${key}" is missing`)
  }
  for (const line of [...new Set(wrong)]) console.error(line)
  console.log(`catalogues: ${catalogues[LOCALES[0]].size} texts in ${LOCALES.length} languages, ${wrong.length} wrong`)
  process.exit(wrong.length ? 1 : 0)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) check()
