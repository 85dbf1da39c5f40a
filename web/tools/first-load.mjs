/*
 * Holds the first load to its budget: what index.html asks for at once, the inbox, one language and the
 * live client, compressed as they are served.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const BUDGET_KB = 350
const dist = fileURLToPath(new URL('../console/dist/', import.meta.url))
const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, 'utf8'))
const FIRST = ['index.html', 'src/features/inbox/InboxPage.vue', '../shared/i18n/en.json']

const files = new Set()
function take(key) {
  const entry = manifest[key]
  if (!entry || files.has(entry.file)) return
  for (const file of [entry.file, ...(entry.css ?? []), ...(entry.assets ?? [])]) files.add(file)
  for (const imported of entry.imports ?? []) take(imported)
}
FIRST.forEach(take)
Object.keys(manifest).filter((key) => key.includes('pusher-js')).forEach(take)

let bytes = gzipSync(readFileSync(`${dist}index.html`)).length
for (const file of files) bytes += gzipSync(readFileSync(dist + file)).length
const kb = Math.ceil(bytes / 1000)
console.log(`first load: ${kb} kB compressed of ${BUDGET_KB} (${files.size + 1} files)`)
process.exit(kb > BUDGET_KB ? 1 : 0)
