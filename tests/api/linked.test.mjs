// linked.test.mjs: numbers paired with a phone, by the API: the notice, QR and code, what is done with one and with many, who may.
//
// The network is the simulator of a demo's sandbox; its control API plays the phones. A workspace may start five pairings an
// hour and one in ten seconds: what needs one more waits for its turn.
import assert from 'node:assert/strict'
import { after, before, describe, test as run } from 'node:test'
import { databaseFor } from '../lib/database.mjs'
import { startDemo, until } from '../lib/parley.mjs'
import { Caller } from './server.mjs'

const stores = process.env.PARLEY_TEST_POSTGRES ? ['sqlite', 'postgres'] : ['sqlite']
const test = (name, work) => run(name, { timeout: 120_000 }, work)
const NOTICE = '2026-11'
const WAIT = 30_000
const PHONE = '6281234567890'
const SECRET = 'a passphrase that is long'

for (const store of stores) {
  describe(`linked numbers on ${store}`, () => {
    const database = databaseFor(store)
    let demo, owner, agent, api, first, second, file

    const signIn = async (email, password) => {
      const answer = await new Caller(demo).post('/session', { email, password })
      assert.equal(answer.status, 200, JSON.stringify(answer.body))
      return Object.assign(new Caller(demo, { cookie: /parley_session=([^;]+)/.exec(answer.headers.get('set-cookie'))[1], csrf: answer.body.csrf_token }), { session: answer.body })
    }
    const get = (id) => api.want(200, 'GET', `/linked-numbers/${id}`)
    const inState = (id, state) => until(async () => { const number = await get(id); return number.state === state && number }, `the state ${state}`, WAIT)
    const pairing = (id) => api.want(200, 'GET', `/linked-numbers/${id}/pairing`)
    const qrOf = (id) => until(async () => (await pairing(id)).qr, 'a QR code', WAIT)
    const scan = (qr, phone) => demo.control('POST', '/linked/scan', { qr: qr.text, phone })
    /** Waits for the turn of the next pairing as the answer says. */
    async function pair(id, body = {}, word = 'pair') {
      for (;;) {
        const answer = await api.post(`/linked-numbers/${id}/${word}`, body)
        if (answer.status === 202) return answer.body
        assert.deepEqual([answer.status, answer.body.code], [429, 'qr_limit'], JSON.stringify(answer.body))
        await new Promise((done) => setTimeout(done, 1000 * Number(answer.headers.get('retry-after'))))
      }
    }

    before(async () => {
      demo = await startDemo({ env: { ...database.env, PARLEY_SERVER_ADMINS: 'nobody@x.example, owner@demo.parley.example' } })
      api = new Caller(demo, { key: demo.api_key })
      owner = await signIn(demo.email, demo.password)
      await owner.want(201, 'POST', '/people', { email: 'agent@x.example', name: 'An agent', role: 'agent', password: 'a fine password' })
      agent = await signIn('agent@x.example', 'a fine password')
    })
    after(async () => {
      await demo?.remove()
      database.drop()
    })

    test('a new number is a channel that is not paired, and the list has the notice and the room', async () => {
      first = await api.want(201, 'POST', '/linked-numbers', { name: 'Front desk' })
      assert.deepEqual([first.state, first.paired, first.phone_number, first.consent], ['disconnected', false, null, null])
      const channel = await api.want(200, 'GET', `/channels/${first.id}`)
      assert.deepEqual([channel.provider, channel.pair_interval_ms], ['linked', 0], 'Meta counts messages to one person, phones do not')
      const list = await api.want(200, 'GET', '/linked-numbers')
      assert.deepEqual(list.data.map((one) => one.id), [first.id])
      assert.deepEqual([list.used, list.limit, list.notice.version, list.notice.sentences.length], [1, 10, NOTICE, 5])
    })

    test('nobody pairs before the notice was accepted, and not by another version of it', async () => {
      const refused = await api.want(422, 'POST', `/linked-numbers/${first.id}/pair`)
      assert.equal(refused.code, 'consent_needed')
      const outdated = await api.want(422, 'POST', `/linked-numbers/${first.id}/pair`, { consent: '2020-01' })
      assert.deepEqual([outdated.errors[0].field, outdated.errors[0].code], ['consent', 'outdated'])
      assert.equal((await get(first.id)).consent, null)
    })

    test('after it a QR code comes, as text and as a picture, to who manages channels alone', async () => {
      const started = Date.now()
      await pair(first.id, { consent: NOTICE })
      const qr = await qrOf(first.id)
      assert.ok(Date.now() - started < 5000, `${Date.now() - started} ms`)
      assert.match(qr.text, /^(https:\/\/wa\.me\/settings\/linked_devices#)?2@[^,]+(,[^,]+){3}/)
      assert.match(qr.svg, /^<svg /)
      assert.ok(qr.until_ms > Date.now() && qr.until_ms <= Date.now() + 60_000)
      const number = await inState(first.id, 'qr')
      assert.equal(number.consent.version, NOTICE)
      assert.ok(number.consent.is_current)
      assert.ok(!JSON.stringify(number).includes(qr.text))
      assert.equal((await agent.call('GET', `/linked-numbers/${first.id}/pairing`)).status, 403)
      assert.equal((await agent.call('GET', `/linked-numbers/${first.id}`)).status, 200)
      assert.equal((await agent.call('POST', `/linked-numbers/${first.id}/stop`)).status, 403)
    })

    test('a second start at once is refused with the time to wait', async () => {
      second = await api.want(201, 'POST', '/linked-numbers', { name: 'Back office', consent: NOTICE })
      const answer = await api.post(`/linked-numbers/${second.id}/pair`)
      assert.deepEqual([answer.status, answer.body.code], [429, 'qr_limit'])
      assert.ok(Number(answer.headers.get('retry-after')) >= 1)
    })

    test('the phone scans, and the number is connected under its phone number', async () => {
      await scan(await qrOf(first.id), PHONE)
      const number = await inState(first.id, 'connected')
      assert.deepEqual([number.paired, number.wanted, number.phone_number], [true, true, `+${PHONE}`])
      assert.ok(number.last_seen_ms && number.paired_ms && number.connected_ms)
      assert.ok(number.score >= 80, `score ${number.score}`)
      assert.deepEqual([(await pairing(first.id)).qr, (await pairing(first.id)).code], [null, null])
      assert.equal((await api.want(409, 'POST', `/linked-numbers/${first.id}/pair`)).code, 'paired')
    })

    test('its history tells the way there, newest first, in pages', async () => {
      const { data } = await api.want(200, 'GET', `/linked-numbers/${first.id}/history`)
      const states = data.map((one) => one.state).reverse()
      assert.equal(states.at(-1), 'connected')
      for (const state of ['initialising', 'qr', 'authenticating']) assert.ok(states.includes(state), `${state} in ${states}`)
      const page = await api.want(200, 'GET', `/linked-numbers/${first.id}/history?limit=2`)
      assert.equal(page.data.length, 2)
      const next = await api.want(200, 'GET', `/linked-numbers/${first.id}/history?limit=2&cursor=${page.next_cursor}`)
      assert.deepEqual([...page.data, ...next.data].map((one) => one.id), data.slice(0, 4).map((one) => one.id))
    })

    test('a code of eight characters, typed on the phone, pairs another', async () => {
      assert.equal((await api.want(422, 'POST', `/linked-numbers/${second.id}/pair`, { phone_number: 'none' })).errors[0].field, 'phone_number')
      await pair(second.id, { phone_number: '+62 812-9999-0000' })
      const code = await until(async () => (await pairing(second.id)).code, 'a code', WAIT)
      assert.match(code.text, /^[1-9A-HJ-NP-TV-Z]{8}$/)
      await demo.control('POST', '/linked/code', { phone: '6281299990000', code: code.text })
      assert.equal((await inState(second.id, 'connected')).phone_number, '+6281299990000')
    })

    test('one is primary, and moves to the one that is made it', async () => {
      await api.want(200, 'POST', `/linked-numbers/${first.id}/primary`)
      assert.deepEqual((await api.want(200, 'GET', '/linked-numbers')).data.map((one) => [one.id, one.primary]), [[first.id, true], [second.id, false]])
      await api.want(200, 'POST', `/linked-numbers/${second.id}/primary`)
      assert.deepEqual((await api.want(200, 'GET', '/linked-numbers')).data.map((one) => [one.id, one.primary]), [[second.id, true], [first.id, false]])
    })

    test('it is stopped and connected again, without a new code', async () => {
      const stopped = await api.want(200, 'POST', `/linked-numbers/${first.id}/stop`)
      assert.deepEqual([stopped.wanted, stopped.paired], [false, true])
      await inState(first.id, 'disconnected')
      await api.want(200, 'POST', `/linked-numbers/${first.id}/reconnect`)
      await inState(first.id, 'connected')
    })

    test('the diagnosis goes step by step', async () => {
      const found = await api.want(200, 'POST', `/linked-numbers/${first.id}/diagnosis`)
      assert.ok(found.ok, JSON.stringify(found))
      assert.ok(found.findings.length >= 4)
      for (const one of found.findings) assert.ok(one.step && one.sentence)
    })

    test('many at once have a result each', async () => {
      const { results } = await api.want(200, 'POST', '/linked-numbers/bulk', { action: 'stop', ids: [first.id, '1', second.id] })
      assert.deepEqual(results.map((one) => [one.id, one.ok]), [[first.id, true], ['1', false], [second.id, true]])
      assert.ok(results[1].detail, JSON.stringify(results[1]))
      assert.equal((await agent.post('/linked-numbers/bulk', { action: 'stop', ids: [first.id] })).status, 403)
      assert.equal((await api.want(422, 'POST', '/linked-numbers/bulk', { action: 'explode', ids: [first.id] })).errors[0].field, 'action')
      await api.want(200, 'POST', '/linked-numbers/bulk', { action: 'reconnect', ids: [first.id, second.id] })
      await inState(first.id, 'connected')
      await inState(second.id, 'connected')
    })

    test('the keys go out sealed, and come in with their passphrase alone', async () => {
      assert.equal((await api.want(422, 'POST', `/linked-numbers/${first.id}/export`, { passphrase: 'short' })).errors[0].field, 'passphrase');
      ({ file } = await api.want(200, 'POST', `/linked-numbers/${first.id}/export`, { passphrase: SECRET }))
      assert.equal((await get(first.id)).wanted, false)
      const third = await api.want(201, 'POST', '/linked-numbers', { name: 'Moved here', consent: NOTICE })
      const wrong = await api.want(422, 'POST', `/linked-numbers/${third.id}/import`, { passphrase: `${SECRET}er`, file })
      assert.equal(wrong.code, 'wrong_passphrase')
      assert.equal((await api.want(422, 'POST', `/linked-numbers/${third.id}/import`, { passphrase: SECRET, file: '%%%' })).errors[0].field, 'file')
      await api.want(204, 'DELETE', `/linked-numbers/${first.id}?reason=It+moves`)
      first = await api.want(200, 'POST', `/linked-numbers/${third.id}/import`, { passphrase: SECRET, file })
      assert.ok(first.paired)
    })

    test('paired anew it keeps its channel, and asks for the phone', async () => {
      const before = await get(second.id)
      assert.equal(before.phone_number, '+6281299990000')
      await pair(second.id, {}, 'repair')
      const qr = await qrOf(second.id)
      await scan(qr, '6281299990000')
      const number = await inState(second.id, 'connected')
      assert.deepEqual([number.id, number.phone_number, number.primary], [before.id, before.phone_number, true])
      assert.ok(number.paired_ms > before.paired_ms)
    })

    test('a phone that unlinks it is told with the reason and what to do', async () => {
      const [device] = (await demo.control('GET', '/linked')).devices.filter((one) => one.phone === '6281299990000' && one.connected)
      await demo.control('POST', `/linked/devices/6281299990000/${device.device}`, { action: 'unlink' })
      const number = await until(async () => { const one = await get(second.id); return !one.paired && one }, 'the unlinked number', WAIT)
      assert.match(number.reason, /^(logged_out|device_removed)$/)
      assert.ok(number.sentence && number.next_step)
    })

    test('whoever runs the server sees all workspaces, as a list and as a table, and nobody else', async () => {
      assert.match((await agent.call('GET', '/admin/linked-numbers')).body.detail, /server-admin/)
      assert.equal((await api.call('GET', '/admin/linked-numbers')).status, 403)
      assert.equal(owner.session.server_admin, true)
      assert.equal(agent.session.server_admin, false)
      const { data } = await owner.want(200, 'GET', '/admin/linked-numbers')
      assert.deepEqual(data.map((one) => one.number.id).sort(), [first.id, second.id].sort())
      assert.equal(data[0].workspace.name, 'Demo shop')
      assert.deepEqual((await owner.want(200, 'GET', '/admin/linked-numbers?query=back')).data.map((one) => one.number.id), [second.id])
      assert.deepEqual((await owner.want(200, 'GET', '/admin/linked-numbers?state=connected')).data, [])
      const csv = await owner.want(200, 'GET', '/admin/linked-numbers.csv')
      assert.match(csv, /^"workspace_id","workspace","id","name","phone_number","state"/)
      assert.equal(csv.trim().split('\r\n').length, 3)
    })

    test('the limit holds: set by who runs the server, told with its figures, and not below what there is', async () => {
      const workspace = owner.session.workspace.id
      assert.equal((await owner.want(409, 'PUT', `/admin/workspaces/${workspace}/linked-limit`, { limit: 1 })).code, 'in_use')
      assert.deepEqual(await owner.want(200, 'PUT', `/admin/workspaces/${workspace}/linked-limit`, { limit: 2 }), { limit: 2, used: 2 })
      const refused = await api.want(409, 'POST', '/linked-numbers', { name: 'One more' })
      assert.equal(refused.code, 'number_limit')
      assert.match(refused.detail, /2 of 2/)
      assert.equal((await api.call('POST', '/channels', { body: { provider: 'linked', name: 'By the other door' } })).status, 409)
      await owner.want(200, 'PUT', `/admin/workspaces/${workspace}/linked-limit`, { limit: 3 })
      const third = await api.want(201, 'POST', '/linked-numbers', { name: 'One more' })
      await api.want(204, 'DELETE', `/linked-numbers/${third.id}?reason=Not+needed`)
    })

    test('the client version is data: set, taken back, and refused when it is none', async () => {
      const before = await owner.want(200, 'GET', '/admin/linked-version')
      assert.ok(before.is_default)
      const set = await owner.want(200, 'PUT', '/admin/linked-version', { version: '2.3000.1099999999' })
      assert.deepEqual([set.current, set.is_default], ['2.3000.1099999999', false])
      assert.equal((await owner.want(200, 'POST', '/admin/linked-version/roll-back')).current, before.current)
      assert.equal((await owner.call('PUT', '/admin/linked-version', { body: { version: 'soon' } })).status, 422)
    })

    test('what was done stands in the audit trail, the accepted version too, and no secret', async () => {
      const { data } = await owner.want(200, 'GET', '/audit?action=linked.&limit=100')
      const actions = data.map((one) => one.action)
      for (const action of ['linked.consent', 'linked.pair', 'linked.stop', 'linked.export']) assert.ok(actions.includes(action), `${action} in ${[...new Set(actions)]}`)
      assert.equal(data.find((one) => one.action === 'linked.consent').detail.version, NOTICE)
      assert.ok(!JSON.stringify(data).includes(SECRET))
      assert.ok(!demo.child.log.includes(SECRET))
    })
  })
}
