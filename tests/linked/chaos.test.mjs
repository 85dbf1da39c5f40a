// chaos.test.mjs: Parley and unmodified Baileys write to each other while the network misbehaves: whatever happens on the way,
// at the end each message stands on the other side, once.
import assert from 'node:assert/strict'
import { after, before, test as run } from 'node:test'
import { Clients, textOf } from '../lib/baileys.mjs'
import { pairNumber, Thread } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
const SHOP = '15555550001', ANA = '15555550002', WAIT = 30_000
const EACH = 12
let demo, clients, ana, own, group, threads

const faults = (body) => demo.control('POST', '/linked/faults', body)
const cut = (phone, device) => demo.control('POST', `/linked/devices/${phone}/${device}`, { action: 'cut' }).catch(() => {})

/** What stands there, and how often: by its words. */
function counted(texts) {
  const seen = new Map()
  for (const text of texts) seen.set(text, (seen.get(text) ?? 0) + 1)
  return seen
}

/** Both write, in the chat and in the group, while `harm` is done now and then. */
async function live(name, harm) {
  const theirs = [], ours = []
  for (let i = 0; i < EACH; i++) {
    await harm?.(i)
    for (const [where, thread] of Object.entries(threads)) {
      const text = `${name}: ${where} ${i}`
      ours.push(`ours, ${text}`)
      await demo.api('POST', `/conversations/${thread.id}/messages`, { type: 'text', text: { body: ours.at(-1) } })
      theirs.push(`theirs, ${text}`)
      await ana.saySurely(where === 'group' ? group : own, { text: theirs.at(-1) })
    }
  }
  return { theirs, ours }
}

/** Each of these once: by its id, for Baileys tells one that was delivered twice, twice. */
async function allThere({ theirs, ours }) {
  const atAna = () => counted(new Map(ana.messages.filter((m) => textOf(m)).map((m) => [m.key.id, textOf(m)])).values())
  const here = async () => {
    const all = [...await threads.chat.all(), ...await threads.group.all()]
    return counted(all.map((m) => m.text?.body))
  }
  const lacks = (seen, texts) => texts.filter((text) => !seen.has(text))
  await until(() => !lacks(atAna(), ours).length, 'all at Ana', WAIT).catch(() => assert.deepEqual(lacks(atAna(), ours), [], 'lost on the way to Ana'))
  await until(async () => !lacks(await here(), theirs).length, 'all in Parley', WAIT).catch(async () => assert.deepEqual(lacks(await here(), theirs), [], 'lost on the way to Parley'))
  const both = [[atAna(), ours], [await here(), [...theirs, ...ours]]]
  for (const [seen, texts] of both) assert.deepEqual(texts.filter((text) => seen.get(text) !== 1), [], 'doubled')
  for (const thread of Object.values(threads)) {
    const all = (await thread.all()).filter((m) => ours.includes(m.text?.body))
    await until(async () => (await thread.all()).every((m) => m.type !== 'waiting' && !['accepted', 'sending', 'unconfirmed'].includes(m.status)), 'all settled', WAIT)
    assert.deepEqual(all.filter((m) => m.status === 'failed').map((m) => m.error), [])
  }
}

const chaos = (name, body, harm) => test(name, async () => {
  await faults(body)
  let said
  try {
    said = await live(name, harm)
  } finally {
    await faults({})
  }
  await allThere(said)
})

before(async () => {
  demo = await startDemo({ env: { PARLEY_PAIR_INTERVAL_MS: '0', PARLEY_LINKED_HURRY: '30' } })
  clients = new Clients(demo)
  const number = await pairNumber(demo, SHOP)
  own = `${SHOP}@s.whatsapp.net`
  // Baileys counts each time that it sends again as two, and would give up after the second.
  ana = await clients.paired(ANA, { play: false, name: 'Ana', persists: true, maxMsgRetryCount: 12 })
  group = (await ana.sock.groupCreate('In the storm', [own])).id
  threads = { chat: new Thread(demo, number, ANA), group: new Thread(demo, number) }
  await ana.say(own, { text: 'Hello' })
  await ana.say(group, { text: 'Hello, all' })
  for (const thread of Object.values(threads)) await thread.conversation()
})
after(async () => {
  clients?.end()
  await demo?.remove()
})

chaos('on a good day', {})
chaos('delivered twice, and devices out of turn', { duplicate_percent: 40, reorder: true })
chaos('ciphertexts that do not authenticate', { corrupt_percent: 15, corrupt_group_percent: 15 })
chaos('acks that are lost', { drop_ack_percent: 40 })
chaos('no one-time keys, and a wrong list of devices', { no_prekeys: true, bad_phash: true })
chaos('keys lost on their side', {}, async (i) => { if (i % 5 === 4) await ana.loseKeys() })
chaos('cut connections', {}, async (i) => { if (i % 4 === 3) await cut(i % 8 === 3 ? SHOP : ANA, 1) })
chaos('all at once', { duplicate_percent: 15, reorder: true, corrupt_percent: 10, corrupt_group_percent: 10, drop_ack_percent: 10 }, async (i) => {
  if (i === 3) await ana.loseKeys()
  if (i % 6 === 5) await cut(i % 12 === 5 ? ANA : SHOP, 1)
})
