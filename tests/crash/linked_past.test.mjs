// linked_past.test.mjs: kill -9 while the past of a linked number is taken in, and while its files go up and come down:
// nothing lost, nothing twice.
//
// The network is the sandbox, as a process of its own. The past lies on its media host in parts of 100 chats; what was in the
// store when the server was killed is not read into it again, so the figures of the sync say exactly what is there.
//
//   TEST_STORES=sqlite,postgres node --test tests/crash/linked_past.test.mjs
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { World, stores } from '../lib/world.mjs'

const PHONE = '6281234500011', ANA = '5511998700011'
const CHATS = 120, EACH = 40, KILLS = 3
const DAY = 24 * 3600 * 1000
const sha256 = (octets) => createHash('sha256').update(octets).digest('hex')

const past = Array.from({ length: CHATS }, (_, chat) => Array.from({ length: EACH }, (_, i) => ({
  with: `4915100${String(chat).padStart(5, '0')}`, text: `chat ${chat} message ${i}`, id: `PAST-${chat}-${i}`, is_read: chat % 3 > 0, at_ms: Date.now() - 2 * DAY - (EACH - i) * 60_000 - chat * 1000,
}))).flat()

async function leave(world, octets) {
  const form = new FormData()
  form.set('file', new Blob([octets], { type: 'application/pdf' }), 'file.pdf')
  return (await (await fetch(`${world.sandbox}/control/media`, { method: 'POST', body: form })).json()).id
}

for (const store of stores) {
  test(`${store}: kill -9 in the first sync, an upload and a download`, { timeout: 600_000 }, async (t) => {
    const world = new World(store)
    t.after(() => world.close())
    await world.open()
    await world.joinLinked()
    for (const phone of [PHONE, ANA]) await world.control('POST', '/control/linked/phones', { phone, play: true })
    for (let at = 0; at < past.length; at += 1000) await world.control('POST', `/control/linked/phones/${PHONE}/past`, { messages: past.slice(at, at + 1000) })
    const number = await world.pair(PHONE, { play: true })
    const sync = async () => (await world.api('GET', `/linked-numbers/${number.id}/sync`)).json()
    const hostCalls = async (method) => (await world.control('GET', '/control/linked/media')).calls.filter((c) => c.method === method).length

    await t.test('the first sync goes on where it was', async () => {
      let seen = 0, killed = 0
      for (; killed < KILLS; killed++) {
        let now
        await world.until(async () => { now = await sync(); return now.messages > seen || now.state === 'completed' }, 'more of the past')
        if (now.state === 'completed') break
        await world.kill()
        await world.start()
        seen = (await sync()).messages
        assert.ok(seen >= now.messages, `${seen} of ${now.messages} after the death`)
      }
      assert.ok(killed > 0, 'it was killed in the middle')
      await world.until(async () => (await sync()).state === 'completed', 'all of it')
      const done = await sync()
      assert.deepEqual([done.chats_done, done.chats_total, done.messages, done.percent], [CHATS, CHATS, past.length, 100])
      let texts
      await world.until(async () => {
        texts = new Map()
        for (const one of await world.pages(`/conversations?channel_id=${number.id}&status=all`))
          for (const m of (await world.api('GET', `/conversations/${one.id}/messages?limit=100`)).json().data) texts.set(m.text.body, (texts.get(m.text.body) ?? 0) + 1)
        return texts.size >= past.length
      }, 'all messages in the inbox')
      assert.deepEqual([...texts].filter(([, count]) => count !== 1), [])
      assert.equal(texts.size, past.length)
      t.diagnostic(`${texts.size} messages of ${CHATS} chats, each once, over ${killed} kills`)
    })

    await t.test('a file that was on its way down arrives', async () => {
      const octets = randomBytes(300_000)
      await world.control('POST', '/control/linked/media', { fault: 'wait', value: 3000, way: 'down', times: 1 })
      await world.control('POST', `/control/linked/phones/${ANA}/messages`, { to: PHONE, type: 'document', document: { id: await leave(world, octets), filename: 'down.pdf' } })
      await world.until(async () => (await hostCalls('GET')) > 0, 'the download')
      await world.kill()
      await world.start()
      let media
      await world.until(async () => {
        for (const one of await world.pages(`/conversations?channel_id=${number.id}&status=all`)) {
          if (!JSON.stringify(one.contact).includes(ANA)) continue
          const found = (await world.api('GET', `/conversations/${one.id}/messages?limit=100`)).json().data.filter((m) => m.media?.file_name === 'down.pdf')
          assert.ok(found.length <= 1)
          media = found[0]?.media
        }
        return media?.state === 'stored'
      }, 'the file')
      const got = await fetch(`${world.url}${media.url}`, { headers: { Authorization: `Bearer ${world.key}` } })
      assert.equal(sha256(Buffer.from(await got.arrayBuffer())), sha256(octets))
    })

    await t.test('a message whose file was on its way up goes out, once', async () => {
      const octets = randomBytes(2_000_000)
      const media = await (await fetch(`${world.url}/api/v1/media`, { method: 'POST', headers: { Authorization: `Bearer ${world.key}`, 'Content-Type': 'application/octet-stream', 'X-File-Name': 'up.bin' }, body: octets })).json()
      await world.control('POST', '/control/linked/media', { fault: 'wait', value: 3000, way: 'up', times: 1 })
      const answer = await world.api('POST', '/messages', { channel_id: number.id, to: `+${ANA}`, type: 'document', document: { id: media.id, filename: 'up.bin' } })
      assert.equal(answer.status, 202, answer.text)
      await world.until(async () => (await hostCalls('POST')) > 0, 'the upload')
      await world.kill()
      await world.start()
      const shown = async () => (await world.control('GET', `/control/linked/phones/${ANA}/messages`)).messages.filter((m) => m.content?.filename === 'up.bin')
      await world.until(async () => (await shown()).length > 0, 'the message at the customer')
      await world.until(async () => ['delivered', 'read'].includes((await world.api('GET', `/messages/${answer.json().id}`)).json().status), 'its receipt')
      const all = await shown()
      assert.equal(all.length, 1)
      const got = await fetch(`${world.sandbox}/control/linked/files/${all[0].file}`)
      assert.equal(sha256(Buffer.from(await got.arrayBuffer())), sha256(octets))
    })
  })
}
