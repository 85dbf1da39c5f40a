// files.test.mjs: files of a linked number, both ways, over the media hosts of the network.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test as run } from 'node:test'
import { Caller } from '../api/server.mjs'
import { databaseFor } from '../lib/database.mjs'
import { pairNumber } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const stores = process.env.PARLEY_TEST_POSTGRES ? ['sqlite', 'postgres'] : ['sqlite']
const test = (name, work) => run(name, { timeout: 120_000 }, work)
const PHONE = '6281234567011', ANA = '5511998765011'
const WAIT = 30_000
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
const sha256 = (octets) => createHash('sha256').update(octets).digest('hex')

for (const store of stores) {
  describe(`files of a linked number on ${store}`, () => {
    const database = databaseFor(store)
    let demo, api, number

    const upload = async (octets, type, name) => {
      const answer = await fetch(`${demo.url}/api/v1/media`, { method: 'POST', headers: { authorization: `Bearer ${demo.api_key}`, 'content-type': type, 'x-file-name': name }, body: octets })
      assert.equal(answer.status, 201, await answer.clone().text())
      return answer.json()
    }
    const shown = async () => (await demo.control('GET', `/linked/phones/${ANA}/messages`)).messages
    const send = (draft) => api.want(202, 'POST', '/messages', { channel_id: number.id, to: ANA, ...draft })
    const fileOf = async (message) => Buffer.from(await (await fetch(`${demo.sandbox_url}/control/linked/files/${message.file}`)).arrayBuffer())

    before(async () => {
      demo = await startDemo({ env: database.env })
      api = new Caller(demo, { key: demo.api_key })
      for (const phone of [PHONE, ANA]) await demo.control('POST', '/linked/phones', { phone, play: true })
      number = await pairNumber(demo, PHONE, { name: 'Files' })
    })
    after(async () => {
      await demo?.remove()
      database.drop()
    })

    test('what a customer sends is fetched, proven and stored', async () => {
      const form = new FormData()
      form.set('file', new Blob([PNG], { type: 'image/png' }), 'dot.png')
      const up = await (await fetch(`${demo.sandbox_url}/control/media`, { method: 'POST', body: form })).json()
      await demo.control('POST', `/linked/phones/${ANA}/messages`, { to: PHONE, type: 'image', image: { id: up.id, caption: 'mine' } })
      const media = await until(async () => {
        const [conversation] = (await api.want(200, 'GET', `/conversations?channel_id=${number.id}&status=all`)).data
        const page = conversation && (await api.want(200, 'GET', `/conversations/${conversation.id}/messages?limit=20`))
        const found = page?.data.find((m) => m.direction === 'in' && m.media)
        return found?.media.state === 'stored' && found.media
      }, 'the picture', WAIT)
      const answer = await fetch(`${demo.url}${media.url}`, { headers: { authorization: `Bearer ${demo.api_key}` } })
      assert.equal(sha256(Buffer.from(await answer.arrayBuffer())), sha256(PNG))
    })

    test('a picture goes out, and as a document, too', async () => {
      const media = await upload(PNG, 'image/png', 'dot.png')
      await send({ type: 'image', image: { id: media.id, caption: 'a dot' } })
      await send({ type: 'document', document: { id: media.id, filename: 'dot.png' } })
      const [picture, document] = await until(async () => { const all = (await shown()).filter((m) => m.file && !m.from_me); return all.length >= 2 && all }, 'two files', WAIT)
      for (const message of [picture, document]) assert.equal(sha256(await fileOf(message)), sha256(PNG))
    })

    test('a large file goes out whole', async () => {
      const octets = randomBytes(6 << 20), media = await upload(octets, 'application/octet-stream', 'large.bin')
      await send({ type: 'document', document: { id: media.id, filename: 'large.bin' } })
      const message = await until(async () => (await shown()).filter((m) => m.file && !m.from_me)[2], 'the large file', WAIT)
      assert.equal(sha256(await fileOf(message)), sha256(octets))
    })
  })
}
