import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Conversation } from '@shared/api/types'
import { startTestServer, type TestServer } from '@shared/testServer'
import { useInbox } from './inbox.store'
import { KEPT_MAX } from './listWindow'
import { compareIds, NO_FILTER, ORDERS } from './merge'

const TOTAL = 4000
const newest = ORDERS.newest
const conversation = (i: number, ms = 1_000_000 - i, more: Partial<Conversation> = {}) =>
  ({ id: String(900_000 - i), last_message_ms: ms, created_ms: 1, status: 'open', assignee: null, unread_count: 0, team: null, labels: [], priority: 'none', waiting_since_ms: null, channel: { id: '7' }, ...more }) as unknown as Conversation

let server: TestServer
let all: Conversation[]
let inbox: ReturnType<typeof useInbox>

/* The server's list: a cursor is the place behind which it goes on. */
function answer(url: string): { data: Conversation[]; next_cursor: string | null } {
  const query = new URL(url, 'http://x').searchParams
  const [ms, id] = (query.get('cursor') ?? 'Infinity ').split(' ') as [string, string]
  const open = all.filter((one) => one.status === 'open').sort(newest)
  const rest = open.filter((one) => !id || one.last_message_ms! < Number(ms) || (one.last_message_ms === Number(ms) && compareIds(one.id, id) < 0))
  const data = rest.slice(0, Number(query.get('limit')))
  const last = data.at(-1)
  return { data, next_cursor: last && rest.length > data.length ? `${last.last_message_ms} ${last.id}` : null }
}
const truth = () => all.filter((one) => one.status === 'open').sort(newest)
const quiet = () => vi.waitFor(() => { if (inbox.loading || inbox.loadingMore) throw new Error('busy') }, { timeout: 5000, interval: 2 })

async function look(first: number): Promise<void> {
  inbox.look({ first, last: first + 20 })
  await quiet()
}
/* What is drawn at these places is what the server lists there, without a hole and nothing twice. */
function expectTrue(): void {
  const is = truth().map((one) => one.id)
  const at = is.indexOf(inbox.conversations[0]!.id)
  expect(inbox.conversations.map((one) => one.id)).toEqual(is.slice(at, at + inbox.conversations.length))
}
async function change(next: Conversation): Promise<void> {
  all = [...all.filter((one) => one.id !== next.id), next]
  inbox.place(next)
  await quiet()
}

beforeEach(async () => {
  setActivePinia(createPinia())
  all = Array.from({ length: TOTAL }, (_, i) => conversation(i))
  server = await startTestServer()
  server.answer = (asked) => [200, answer(asked.url)]
  inbox = useInbox()
  inbox.applyFilter({ ...NO_FILTER })
  await quiet()
})
afterEach(() => server.stop())

describe('a long list', () => {
  it('holds a bounded part wherever the reader goes, and what was let go comes back', async () => {
    for (let first = 0; first < TOTAL - 20; first += 37) {
      await look(first)
      expect(inbox.conversations.length).toBeLessThanOrEqual(KEPT_MAX + 100)
    }
    await look(TOTAL - 20)
    expect([inbox.isWhole, inbox.total, inbox.conversations.at(-1)!.id]).toEqual([true, TOTAL, truth().at(-1)!.id])
    expect(inbox.offset).toBeGreaterThan(TOTAL - KEPT_MAX - 200)
    for (let first = TOTAL - 20; first > 0; first -= 37) {
      await look(first)
      expect(inbox.conversations.length).toBeLessThanOrEqual(KEPT_MAX + 100)
      expect(inbox.conversations[first - inbox.offset]!.id).toBe(truth()[first]!.id)
    }
    await look(0)
    expect([inbox.offset, inbox.conversations[0]!.id]).toEqual([0, truth()[0]!.id])
    expectTrue()
  }, 60_000)

  it('is opened anew where the scroll bar is let go, up and down', async () => {
    for (let first = 0; first < TOTAL - 20; first += 37) await look(first)
    server.asked.length = 0
    for (const first of [5, 3000, 1500, 3900, 0]) {
      await look(first)
      expect(inbox.conversations[first - inbox.offset]!.id).toBe(truth()[first]!.id)
      expectTrue()
    }
    expect(server.asked.length).toBeLessThan(40)
  }, 60_000)

  it('stays right while conversations move, come and go, above and below', async () => {
    let seed = 7
    const random = (n: number) => { seed = (seed * 1103515245 + 12345) % 2147483648; return seed % n }
    let first = 0
    for (let i = 0; i < 500; i++) {
      const one = all[random(all.length)]!
      const kind = random(4)
      if (kind === 0) await change({ ...one, status: 'open', last_message_ms: 2_000_000 + i })
      if (kind === 1) await change({ ...one, status: random(2) ? 'resolved' : 'open' })
      if (kind === 2) await change(conversation(TOTAL + 1 + i, 3_000_000 + i))
      first = Math.max(0, Math.min(truth().length - 20, first + random(400) - 150))
      await look(first)
      expectTrue()
      expect(inbox.conversations.length).toBeLessThanOrEqual(KEPT_MAX + 150)
    }
    await look(0)
    expect([inbox.offset, inbox.conversations[0]!.id]).toEqual([0, truth()[0]!.id])
  }, 60_000)

  it('takes a change that is heard while a page is fetched for the newer one', async () => {
    const moved = truth()[60]!
    const late = answer('/api/v1/conversations?limit=50&cursor=' + encodeURIComponent(`${truth()[49]!.last_message_ms} ${truth()[49]!.id}`))
    server.answer = async () => { inbox.place({ ...moved, status: 'resolved' }); return [200, late] }
    await look(45)
    expect(inbox.conversations.length).toBe(99)
    expect(inbox.conversations.some((one) => one.id === moved.id)).toBe(false)
  })
})
