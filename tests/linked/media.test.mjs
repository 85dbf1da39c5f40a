// media.test.mjs: what goes wrong at the media hosts of a linked number, both ways: files that expire, hosts that are away,
// uploads that break off, octets that are not the right ones. What people see of it is a file, or a sentence.
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test as run } from 'node:test'
import { Caller } from '../api/server.mjs'
import { databaseFor } from '../lib/database.mjs'
import { pairNumber } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const stores = process.env.PARLEY_TEST_POSTGRES ? ['sqlite', 'postgres'] : ['sqlite']
const test = (name, work) => run(name, { timeout: 120_000 }, work)
const PHONE = '6281234567021', ANA = '5511998765021', OLD = '5511998765022'
const WAIT = Number(process.env.WAIT ?? 60_000)
const sha256 = (octets) => createHash('sha256').update(octets).digest('hex')

for (const store of stores) {
  describe(`files of a linked number when hosts fail, on ${store}`, () => {
    const database = databaseFor(store)
    let demo, api, number, sent = 0

    const hosts = (faults) => demo.control('POST', '/linked/media', faults)
    const calls = async () => (await demo.control('GET', '/linked/media')).calls
    const leave = async (octets, type = 'application/pdf') => {
      const form = new FormData()
      form.set('file', new Blob([octets], { type }), 'file.pdf')
      return (await (await fetch(`${demo.sandbox_url}/control/media`, { method: 'POST', body: form })).json()).id
    }
    const conversation = async (phone) => (await api.want(200, 'GET', `/conversations?channel_id=${number.id}&status=all`)).data.find((c) => JSON.stringify(c.contact).includes(phone))
    const incoming = async (phone, name) => {
      const one = await conversation(phone)
      const page = one && (await api.want(200, 'GET', `/conversations/${one.id}/messages?limit=100`))
      return page?.data.find((m) => m.direction === 'in' && m.media?.file_name === name)
    }
    const state = (name, wanted, phone = ANA) => until(async () => { const m = await incoming(phone, name); return wanted.includes(m?.media.state) && m.media }, `${name} to be ${wanted}`, WAIT)
    const octetsOf = async (media) => Buffer.from(await (await fetch(`${demo.url}${media.url}`, { headers: { authorization: `Bearer ${demo.api_key}` } })).arrayBuffer())
    const says = (id, filename, phone = ANA) => demo.control('POST', `/linked/phones/${phone}/messages`, { to: PHONE, type: 'document', document: { id, filename } })
    /** Ana sends a file; before it the hosts are made as `faults` say. */
    const comes = async (faults, size = 3000) => {
      const octets = randomBytes(size), name = `in-${++sent}.pdf`, id = await leave(octets)
      await hosts(faults)
      await says(id, name)
      return { octets, name }
    }
    const arrives = async ({ octets, name }) => assert.equal(sha256(await octetsOf(await state(name, ['stored']))), sha256(octets))
    /** A file of ours goes to Ana, and is what she sees. */
    const goes = async (size = 3000) => {
      const octets = randomBytes(size), filename = `out-${++sent}.bin`
      const answer = await fetch(`${demo.url}/api/v1/media`, { method: 'POST', headers: { authorization: `Bearer ${demo.api_key}`, 'content-type': 'application/octet-stream', 'x-file-name': filename }, body: octets })
      const media = await answer.json()
      const message = await api.want(202, 'POST', '/messages', { channel_id: number.id, to: ANA, type: 'document', document: { id: media.id, filename } })
      const shown = await until(async () => {
        const now = await api.want(200, 'GET', `/messages/${message.id}`)
        assert.notEqual(now.status, 'failed', JSON.stringify(now.error))
        return (await demo.control('GET', `/linked/phones/${ANA}/messages`)).messages.filter((m) => m.file && !m.from_me && m.content.filename === filename)
          .find(Boolean)
      }, filename, WAIT)
      const got = Buffer.from(await (await fetch(`${demo.sandbox_url}/control/linked/files/${shown.file}`)).arrayBuffer())
      assert.equal(sha256(got), sha256(octets))
    }

    before(async () => {
      demo = await startDemo({ env: { ...database.env } })
      api = new Caller(demo, { key: demo.api_key })
      for (const phone of [PHONE, ANA, OLD]) await demo.control('POST', '/linked/phones', { phone, play: true })
      const at_ms = Date.now() - 3 * 24 * 3600 * 1000
      const [kept, lost] = [await leave(Buffer.from('an old file')), await leave(Buffer.from('a lost file'))]
      await demo.control('POST', `/linked/phones/${PHONE}/past`, { messages: [
        { with: OLD, type: 'document', document: { id: kept, filename: 'kept.pdf' }, at_ms },
        { with: OLD, type: 'document', document: { id: lost, filename: 'lost.pdf' }, at_ms: at_ms + 1000 },
      ] })
      number = await pairNumber(demo, PHONE, { name: 'Files' })
    })
    after(async () => {
      await demo?.remove()
      database.drop()
    })

    test('old files are fetched when somebody looks: of the phone, when the hosts have forgotten them', async () => {
      for (const name of ['kept.pdf', 'lost.pdf']) await state(name, ['remote'], OLD)
      await demo.control('POST', '/linked/media/expire', {})
      const kept = await state('kept.pdf', ['remote'], OLD)
      await api.want(202, 'POST', `/media/${kept.id}/retry`)
      assert.equal(String(await octetsOf(await state('kept.pdf', ['stored'], OLD))), 'an old file')
      await demo.control('POST', '/linked/media/expire', { phone_keeps: false })
      const lost = await state('lost.pdf', ['remote'], OLD)
      await api.want(202, 'POST', `/media/${lost.id}/retry`)
      // The first expiry put it aside for the phone: only what was uploaded again is gone for good.
      assert.equal(String(await octetsOf(await state('lost.pdf', ['stored'], OLD))), 'a lost file')
    })

    for (const status of [404, 410]) test(`a file that is answered ${status} is asked of the phone, and comes`, async () => {
      const file = await comes({ fault: 'status', value: status, way: 'down', times: 2 })
      await arrives(file)
      assert.equal((await calls()).length, 3)
      const stanzas = (await demo.control('GET', '/linked/stanzas')).stanzas.map((s) => s.stanza)
      assert.ok(stanzas.some((s) => s.includes('server-error') && s.includes('enc_p')), 'the phone was asked, enciphered')
    })

    test('a file that the phone has no more says so', async () => {
      const octets = randomBytes(100), id = await leave(octets)
      await hosts({ fault: 'wait', value: 1500, way: 'down', times: 1 })
      await says(id, 'gone.pdf')
      await until(async () => incoming(ANA, 'gone.pdf'), 'the message', WAIT)
      await demo.control('POST', '/linked/media/expire', { phone_keeps: false })
      const media = await state('gone.pdf', ['failed'])
      assert.equal(media.error, 'The phone does not have the file any more.')
      await hosts({})
    })

    test('an upload that breaks off goes on where it was', async () => {
      await hosts({ fault: 'cut', value: 1_000_000, way: 'up', times: 1 })
      await goes(3_000_000)
      const made = (await calls()).filter((c) => c.method === 'POST')
      assert.deepEqual(made.map((c) => [c.target.includes('resume=1'), /file_offset=(\d+)/.exec(c.target)?.[1]]),
        [[false, undefined], [true, undefined], [false, '1000000']])
      assert.ok(made[2].size_bytes < 2_000_100, `${made[2].size_bytes}`)
    })

    test('a large upload that breaks off again and again ends whole', async () => {
      await hosts({ fault: 'cut', value: 2 << 20, way: 'up', times: 3 })
      await goes(6 << 20)
    })

    test('when the first hosts are away the next serve, both ways', async () => {
      await hosts({ hosts_down: 2, auth: 1, fault: 'status', value: 503, host: '127.0.0.1' })
      const file = await comes({ hosts_down: 2, auth: 1, fault: 'status', value: 503, host: '127.0.0.1' })
      await arrives(file)
      await goes()
    })

    test('when the auth of media_conn is over a new one is asked for, once', async () => {
      await hosts({ auth: 2 })
      await goes()
      const made = (await calls()).filter((c) => c.method === 'POST')
      assert.deepEqual(made.map((c) => /auth=sandbox-auth-(\d)/.exec(c.target)[1]), ['1', '2'])
    })

    test('media_conn is asked again after its time', async () => {
      const asked = async () => (await demo.control('GET', '/linked/stanzas')).stanzas.filter((s) => s.from === 'client' && s.stanza.includes('media_conn')).length
      await hosts({ auth: 3, ttl_s: 1 })
      await goes()
      const before = await asked()
      await hosts({ auth: 3 })
      await new Promise((done) => setTimeout(done, 1100))
      await goes()
      assert.equal(await asked(), before + 1)
    })

    for (const [fault, value] of [['spoil', 100], ['short', 40], ['long', 70_000], ['endless', 0]]) test(`octets that are wrong (${fault}) are taken from the next host`, async () => {
      await arrives(await comes({ auth: 3, fault, value, way: 'down', host: '127.0.0.1' }))
    })

    test('a host that sends next to nothing is left for the next', async () => {
      const began = Date.now()
      await arrives(await comes({ auth: 3, fault: 'trickle', value: 300, way: 'down', host: '127.0.0.1', times: 1 }))
      assert.ok(Date.now() - began < 50_000)
    })

    test('when no host has the right octets nothing is kept, and it is tried again later', async () => {
      const { name, octets } = await comes({ auth: 3, fault: 'spoil', value: 100, way: 'down' })
      const tries = () => calls().then((all) => all.filter((c) => c.method === 'GET').length)
      await until(async () => (await tries()) >= 4, 'all hosts to be asked', WAIT)
      const media = (await incoming(ANA, name)).media
      assert.equal(media.state, 'pending')
      assert.equal((await fetch(`${demo.url}${media.url}`, { headers: { authorization: `Bearer ${demo.api_key}` } })).ok, false)
      await hosts({ auth: 3 })
      await until(async () => (await api.call('POST', `/media/${media.id}/retry`)).status === 202 || (await incoming(ANA, name)).media.state === 'stored', 'a retry', WAIT)
      await arrives({ name, octets })
    })
  })
}
