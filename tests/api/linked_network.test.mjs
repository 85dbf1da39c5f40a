// linked_network.test.mjs: what a linked number does with other people's phones, and they with it, seen from both sides: calls,
// blocks, groups, pictures, typing. All over the sandbox's network of phones.
import assert from 'node:assert/strict'
import { after, before, describe, test as run } from 'node:test'
import { pairNumber } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'
import { Caller } from './server.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
const WAIT = 30_000
const PHONE = '6281200000021'
const ANA = '5511999990021'
const BOB = '15550000021'
const CARA = '49151000000021'
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70, 0xff, 0xd9]).toString('base64')

describe('a linked number and the phones of others', () => {
  let demo, api, number

  const manage = (call, parameters = {}) => api.want(200, 'POST', `/channels/${number.id}/management/${call}`, parameters).then((body) => body.answer)
  const refused = (call, parameters) => api.post(`/channels/${number.id}/management/${call}`, parameters)
  const deed = (phone, word, more = {}) => demo.control('POST', `/linked/phones/${phone}/do`, { do: word, ...more })
  const seen = async (phone) => (await demo.control('GET', `/linked/phones/${phone}/seen`)).seen
  const sees = (phone, what, is = () => true) => until(async () => (await seen(phone)).find((s) => s.what === what && is(s)), `${what} on ${phone}`, WAIT)
  const phoneWrites = (phone, to, body) => demo.control('POST', `/linked/phones/${phone}/messages`, { to, type: 'text', text: { body } })
  const phoneHas = (phone, wanted) => until(async () =>
    (await demo.control('GET', `/linked/phones/${phone}/messages`)).messages.find((m) => wanted.test(JSON.stringify(m.content ?? ''))), `${wanted} on ${phone}`, WAIT)
  const say = (to, body, more = {}) => api.want(202, 'POST', '/messages', { channel_id: number.id, to: `+${to}`, type: 'text', text: { body }, ...more })
  const contact = (phone) => until(async () => (await api.want(200, 'GET', '/contacts?limit=100')).data.find((one) => one.phone === `+${phone}`), `the contact +${phone}`, WAIT)
  /** The thread with something in it that is like this. */
  const thread = (wanted) => until(async () => {
    for (const one of (await api.want(200, 'GET', '/conversations?status=all&limit=100')).data) {
      const said = (await api.want(200, 'GET', `/conversations/${one.id}/messages`)).data
      const found = said.find((m) => wanted.test(JSON.stringify(m)))
      if (found) return { one, said, found }
    }
  }, `${wanted} in a thread`, WAIT)

  before(async () => {
    demo = await startDemo({})
    api = new Caller(demo, { key: demo.api_key })
    for (const [phone, name] of [[PHONE, 'Shop'], [ANA, 'Ana'], [BOB, 'Bob'], [CARA, 'Cara']]) await demo.control('POST', '/linked/phones', { phone, name })
    number = await pairNumber(demo, PHONE)
    await phoneWrites(ANA, PHONE, 'Hello from Ana')
    await thread(/Hello from Ana/)
  })
  after(async () => { await demo?.remove() })

  describe('calls', () => {
    test('without a rule a call rings on, stands in the thread, and so does its end', async () => {
      const { id } = await deed(ANA, 'call', { to: PHONE, video: true })
      const { found } = await thread(/They make a video call to the phone/)
      assert.deepEqual([found.type, found.system.event, found.system.refused], ['system', 'offered', false])
      await deed(ANA, 'hang_up', { to: PHONE, id })
      await thread(/The call ended/)
      assert.ok(!(await seen(ANA)).some((s) => s.what === 'call_rejected'))
    })

    test('by rule it is rejected at once, and the caller gets the text of the rule', async () => {
      await api.want(200, 'PATCH', `/channels/${number.id}/pace`, { reject_calls: true, call_answer: 'Please write: nobody picks up here.' })
      const { id } = await deed(ANA, 'call', { to: PHONE })
      await sees(ANA, 'call_rejected', (s) => s.text === id && s.from === PHONE)
      await thread(/the call was refused by the number's rule/)
      await phoneHas(ANA, /nobody picks up here/)
    })

    test('the rule without a text rejects, and writes nothing', async () => {
      await api.want(200, 'PATCH', `/channels/${number.id}/pace`, { reject_calls: true, call_answer: '' })
      const { id } = await deed(BOB, 'call', { to: PHONE })
      await sees(BOB, 'call_rejected', (s) => s.text === id)
      const { said } = await thread(/They called, and the call was refused.*/)
      assert.ok(said.every((m) => m.type === 'system' || m.direction === 'in' || /Please write/.test(JSON.stringify(m))))
      assert.equal((await demo.control('GET', `/linked/phones/${BOB}/messages`)).messages.length, 0)
      await api.want(200, 'PATCH', `/channels/${number.id}/pace`, { reject_calls: false })
    })
  })

  describe('blocks', () => {
    test('whom we block stands on the network\'s list and does not reach us until unblocked', async () => {
      const ana = await contact(ANA)
      await api.want(200, 'POST', `/contacts/${ana.id}/block`, { reason: 'Spam' })
      const listed = await until(async () => (await manage('blocked.list')).blocked.length && manage('blocked.list'), 'the block list', WAIT)
      assert.equal(listed.blocked.length, 1)
      assert.ok(listed.blocked[0].phone === `+${ANA}` || listed.blocked[0].lid, JSON.stringify(listed))
      await phoneWrites(ANA, PHONE, 'Do you hear me?')
      await phoneWrites(BOB, PHONE, 'A message that comes after')
      await thread(/A message that comes after/)
      const all = JSON.stringify(await Promise.all((await api.want(200, 'GET', '/conversations?status=all&limit=100')).data.map((one) => api.want(200, 'GET', `/conversations/${one.id}/messages`))))
      assert.ok(!/Do you hear me/.test(all))
      await api.want(200, 'DELETE', `/contacts/${ana.id}/block`)
      await until(async () => !(await manage('blocked.list')).blocked.length, 'the empty list', WAIT)
      await phoneWrites(ANA, PHONE, 'And now?')
      await thread(/And now\?/)
    })

    test('whom the owner blocks on the phone is blocked here, and let in again with him', async () => {
      const bob = await contact(BOB)
      await deed(PHONE, 'block', { who: BOB })
      await until(async () => (await api.want(200, 'GET', `/contacts/${bob.id}`)).blocked_ms, 'the block', WAIT)
      const audit = await until(async () => (await api.want(200, 'GET', '/audit?action=contact.block')).data.find((row) => row.target.id === bob.id), 'its audit row', WAIT)
      assert.deepEqual([audit.actor.kind, audit.reason], ['phone', 'It was done on the phone.'])
      await deed(PHONE, 'unblock', { who: BOB })
      await until(async () => !(await api.want(200, 'GET', `/contacts/${bob.id}`)).blocked_ms, 'the end of the block', WAIT)
    })

    test('who blocks us does not get what we send, and the message says no more than it knows', async () => {
      await deed(CARA, 'block', { who: PHONE })
      const sent = await say(CARA, 'You will not see this')
      await until(async () => (await api.want(200, 'GET', `/messages/${sent.id}`)).status === 'sent', 'the acknowledgement', WAIT)
      await deed(CARA, 'unblock', { who: PHONE })
      const next = await say(CARA, 'But this')
      await until(async () => (await api.want(200, 'GET', `/messages/${next.id}`)).status === 'delivered', 'the delivery', WAIT)
      assert.equal((await api.want(200, 'GET', `/messages/${sent.id}`)).status, 'sent')
    })
  })

  describe('groups', () => {
    let group

    test('members see that they were put in, and the picture set and removed', async () => {
      group = (await manage('group.create', { subject: 'Choir', members: [ANA] })).group.id
      await sees(ANA, 'group', (s) => s.group === group && s.text === 'created')
      await manage('group.picture', { group, jpeg_base64: JPEG })
      await until(async () => (await seen(ANA)).filter((s) => s.group === group && s.text === 'picture').length === 1, 'the picture', WAIT)
      await manage('group.picture', { group })
      await until(async () => (await seen(ANA)).filter((s) => s.group === group && s.text === 'picture').length === 2, 'its end', WAIT)
      await deed(ANA, 'picture', { group, jpeg_base64: JPEG })
      await thread(/(Ana|\+5511999990021) changed the picture/)
      await deed(ANA, 'picture', { group })
      await thread(/(Ana|\+5511999990021) removed the picture/)
      const wrong = await refused('group.picture', { group, jpeg_base64: 'R0lGODlh' })
      assert.deepEqual([wrong.status, wrong.body.errors[0].field], [422, 'jpeg_base64'])
    })

    test('by link somebody comes in; a link that was taken back opens nothing', async () => {
      const { link } = await manage('group.link', { group })
      const { group: open } = await manage('group.linked', { link })
      assert.deepEqual([open.id, open.subject], [group, 'Choir'])
      assert.equal((await deed(BOB, 'join', { link })).group, group)
      await until(async () => (await manage('group.get', { group })).group.members.some((m) => m.phone === `+${BOB}`), 'Bob in the group', WAIT)
      await thread(/Bob joined|joined by/)
      const renewed = await manage('group.renew_link', { group })
      assert.notEqual(renewed.link, link)
      await assert.rejects(deed(CARA, 'join', { link }), /406|no/)
      const gone = await refused('group.linked', { link })
      assert.ok(gone.status >= 400 && gone.status < 500 && gone.body.detail.length > 10, JSON.stringify(gone.body))
    })

    test('where joining wants approval, who asks is listed, let in, or turned away', async () => {
      await manage('group.settings', { group, approval: true })
      const { link } = await manage('group.link', { group })
      await deed(CARA, 'join', { link })
      const { requests } = await until(async () => { const list = await manage('group.requests', { group }); return list.requests.length && list }, 'the request', WAIT)
      assert.equal(requests.length, 1)
      await thread(/asks to join|ask to join/)
      const who = requests[0].phone ?? `${requests[0].lid}@lid`
      const turned = await manage('group.reject', { group, members: [who] })
      assert.equal(turned.members[0].error, null)
      assert.deepEqual((await manage('group.requests', { group })).requests, [])
      assert.ok(!(await manage('group.get', { group })).group.members.some((m) => m.phone === `+${CARA}`))
      await deed(CARA, 'join', { link })
      await until(async () => (await manage('group.requests', { group })).requests.length, 'the second request', WAIT)
      await manage('group.approve', { group, members: [CARA] })
      await until(async () => (await manage('group.get', { group })).group.members.some((m) => m.phone === `+${CARA}`), 'Cara in the group', WAIT)
      const again = await manage('group.approve', { group, members: [CARA] })
      assert.equal(again.members[0].error, 'no_account')
    })

    test('each setting is read back, and holds for the others', async () => {
      for (const [name, on] of [['locked', true], ['announce', true], ['open', true], ['approval', false]]) {
        await manage('group.settings', { group, [name]: on })
        assert.equal((await manage('group.get', { group })).group[name], on, name)
      }
      await manage('group.settings', { group, ephemeral_seconds: 86400 })
      assert.equal((await manage('group.get', { group })).group.ephemeral_seconds, 86400)
      await assert.rejects(deed(BOB, 'subject', { group, subject: 'Mine' }), /403/)
      await manage('group.settings', { group, locked: false, announce: false, open: false, ephemeral_seconds: 0 })
      const { group: back } = await manage('group.get', { group })
      assert.deepEqual([back.locked, back.announce, back.open, back.approval, back.ephemeral_seconds], [false, false, false, false, 0])
      await deed(BOB, 'subject', { group, subject: 'Ours' })
      await until(async () => (await manage('group.get', { group })).group.subject === 'Ours', 'the subject of Bob', WAIT)
      await thread(/Bob.*Ours/)
    })

    test('promote, demote and leave are seen by all; of a group of others we know as much', async () => {
      await manage('group.promote', { group, members: [BOB] })
      await sees(ANA, 'group', (s) => s.text === 'promoted')
      await manage('group.demote', { group, members: [BOB] })
      await sees(ANA, 'group', (s) => s.text === 'demoted')
      assert.equal((await manage('group.get', { group })).group.members.find((m) => m.phone === `+${BOB}`).is_admin, false)
      await deed(ANA, 'leave', { group })
      await until(async () => !(await manage('group.get', { group })).group.members.some((m) => m.phone === `+${ANA}`), 'Ana gone', WAIT)
      await thread(/Ana left|left/)
      await manage('group.leave', { group })
      await sees(BOB, 'group', (s) => s.from === PHONE && s.text === 'removed')
      assert.ok(!(await manage('group.list')).groups.some((g) => g.id === group))
    })

    test('into a group of others we come by its link, write there, and are heard', async () => {
      const { group: theirs } = await demo.control('POST', `/linked/phones/${ANA}/groups`, { subject: 'Neighbours', members: [BOB, PHONE] })
      await phoneWrites(ANA, theirs, 'Welcome, neighbours')
      const { one } = await thread(/Welcome, neighbours/)
      await api.want(202, 'POST', `/conversations/${one.id}/messages`, { type: 'text', text: { body: 'Thank you all' } })
      await phoneHas(ANA, /Thank you all/)
      await phoneHas(BOB, /Thank you all/)
    })
  })

  describe('our own face', () => {
    test('picture, about and the business profile are set, read back, and taken away', async () => {
      await manage('profile.picture', { jpeg_base64: JPEG })
      await api.want(200, 'PATCH', `/channels/${number.id}/profile`, { about: 'Open until six', description: 'We sell tea.', address: 'Tea Street 1', email: 'tea@shop.example', websites: ['https://tea.example'] })
      const profile = await api.want(200, 'GET', `/channels/${number.id}/profile`)
      assert.deepEqual([profile.about, profile.description, profile.address, profile.email, profile.websites], ['Open until six', 'We sell tea.', 'Tea Street 1', 'tea@shop.example', ['https://tea.example']])
      assert.ok(profile.picture_url)
      await manage('profile.picture', {})
      assert.equal((await api.want(200, 'GET', `/channels/${number.id}/profile`)).picture_url ?? null, null)
    })
  })

  describe('who is there', () => {
    test('fifty numbers are asked at once, and more are refused by name of the field', async () => {
      const strangers = Array.from({ length: 48 }, (_, i) => `49170${String(1000000 + i)}`)
      const { contacts } = await manage('contact.check', { phones: [ANA, ...strangers, BOB] })
      assert.equal(contacts.length, 50)
      assert.deepEqual(contacts.filter((c) => c.is_on_whatsapp).map((c) => c.phone).sort(), [`+${ANA}`, `+${BOB}`].sort())
      const many = await refused('contact.check', { phones: [ANA, BOB, ...strangers, CARA] })
      assert.deepEqual([many.status, many.body.errors[0].field], [422, 'phones'])
    })
  })

  describe('typing', () => {
    test('off by default: what we send is not seen being typed', async () => {
      const before = (await seen(ANA)).length
      await say(ANA, 'Without typing')
      await phoneHas(ANA, /Without typing/)
      assert.ok(!(await seen(ANA)).slice(before).some((s) => s.what === 'composing'))
    })

    test('on: the other phone sees that somebody types, and then has the message', async () => {
      await api.want(200, 'PATCH', `/channels/${number.id}/pace`, { typing: true })
      await say(ANA, 'With typing')
      await sees(ANA, 'composing', (s) => s.from === PHONE)
      await phoneHas(ANA, /With typing/)
      await api.want(200, 'PATCH', `/channels/${number.id}/pace`, { typing: false })
    })

    test('while somebody types in the console, the other phone sees it', async () => {
      const before = (await seen(ANA)).filter((s) => s.what === 'composing').length
      const { one } = await thread(/Hello from Ana/)
      const answer = await api.post(`/conversations/${one.id}/typing`, {})
      assert.ok([200, 202, 204].includes(answer.status), JSON.stringify(answer.body))
      await until(async () => (await seen(ANA)).filter((s) => s.what === 'composing').length > before, 'typing', WAIT)
    })
  })
})
