// linked_history.mjs: the first sync of a phone with much to tell, as R033 wants it.
//
//	node bench/linked_history.mjs [CHATS [MESSAGES]]     (default 500 chats of 50 messages; PARLEY_BIN a release build)
//
// The network is `parley sandbox`, a process of its own; the past lies on its media host in parts of 100 chats. Told: how long
// after the scan the first screen of the inbox has its chats, how long until all is taken in, by how much resident memory rose
// meanwhile, and how much it is a second and a third sync later (level). On PostgreSQL, too, when PARLEY_TEST_POSTGRES is set.
// Fails when R033 is not met: all in under 60 s, the first screen in under 30 s, under 200 MB more.
import { readFileSync } from 'node:fs'
import { World, sleep, stores } from '../tests/lib/world.mjs'

const CHATS = Number(process.argv[2] ?? 500), EACH = Number(process.argv[3] ?? 50)
const PHONE = '6281234500021', FIRST_SCREEN = 25
const ALL_MS = 60_000, SCREEN_MS = 30_000, RISE_MB = 200
const DAY = 24 * 3600 * 1000
const rss = (pid) => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096
const MB = (octets) => Math.round(octets / 1048576)

async function fill(world) {
  await world.control('POST', '/control/linked/phones', { phone: PHONE, play: true })
  const said = Array.from({ length: CHATS }, (_, chat) => Array.from({ length: EACH }, (_, i) => ({
    with: `4915200${String(chat).padStart(5, '0')}`, name: `Person ${chat}`, text: `message ${i} of chat ${chat}, as long as people write when they are asked a question`,
    is_read: chat % 5 > 0, from_me: i % 3 === 2, at_ms: Date.now() - DAY - (EACH - i) * 60_000 - chat * 1000,
  }))).flat()
  for (let at = 0; at < said.length; at += 2000) await world.control('POST', `/control/linked/phones/${PHONE}/past`, { messages: said.slice(at, at + 2000) })
}

/** Takes all in, from an event on; looks at memory every 100 ms. */
async function follow(world, id, begin) {
  const sync = async () => (await world.api('GET', `/linked-numbers/${id}/sync`)).json()
  const first = async () => (await world.api('GET', `/conversations?channel_id=${id}&status=all&limit=${FIRST_SCREEN}`)).json().data.length
  const pid = world.process.pid, out = { before: rss(pid), most: 0 }, before = (await sync()).changed_ms ?? 0
  const watch = setInterval(() => { try { out.most = Math.max(out.most, rss(pid)) } catch { clearInterval(watch) } }, 100)
  const began = Date.now()
  await begin()
  await world.until(async () => (await first()) >= Math.min(FIRST_SCREEN, CHATS), 'the first screen', 300_000)
  out.screen_ms = Date.now() - began
  await world.until(async () => { const now = await sync(); return now.state === 'completed' && now.changed_ms > before }, 'all of it', 300_000)
  out.taken_ms = Date.now() - began
  await world.until(async () => (await world.api('GET', '/events?state=pending&limit=1')).json().data.length === 0 && (await world.countConversations()) >= CHATS, 'all of it in the inbox', 300_000)
  out.all_ms = Date.now() - began
  clearInterval(watch)
  return Object.assign(out, await sync())
}

let isGood = true
for (const store of stores) {
  const world = new World(store, { env: { PARLEY_LINKED_CATCH_UP_S: '0' } })
  try {
    await world.open()
    await world.joinLinked()
    await fill(world)
    const number = (await world.api('POST', '/linked-numbers', { name: 'Bench', consent: '2026-11' })).json(), at = (word) => `/linked-numbers/${number.id}${word}`
    let qr
    await world.until(async () => (await world.api('POST', at('/pair'), { consent: '2026-11' })).status === 202, 'a pairing')
    await world.until(async () => (qr = (await world.api('GET', at('/pairing'))).json().qr), 'a QR code')
    const first = await follow(world, number.id, () => world.control('POST', '/control/linked/scan', { qr: qr.text, phone: PHONE, play: true }))
    const again = []
    for (let i = 0; i < 2; i++) {
      again.push(await follow(world, number.id, () => world.api('POST', at('/sync/again'))))
      await sleep(1000)
    }
    const rise = MB(first.most - first.before)
    console.log(`${store}: ${first.chats_done} chats, ${first.messages} messages: first screen after ${first.screen_ms} ms, all taken in after ${first.taken_ms} ms, in the inbox after ${first.all_ms} ms; ` +
      `memory ${MB(first.before)} MB, at most ${MB(first.most)} MB (+${rise}), again ${again.map((one) => `at most ${MB(one.most)} MB in ${one.all_ms} ms`).join(', ')}`)
    isGood &&= first.all_ms < ALL_MS && first.screen_ms < SCREEN_MS && rise < RISE_MB && first.messages === CHATS * EACH
  } finally {
    await world.close()
  }
}
process.exitCode = isGood ? 0 : 1
