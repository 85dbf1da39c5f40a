// linked_people.test.mjs: groups, people, blocks, pace and restrictions of a linked number, over the sandbox's network of phones.
import assert from 'node:assert/strict'
import { after, before, describe, test as run } from 'node:test'
import { pairNumber } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'
import { Caller } from './server.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
const WAIT = 30_000
const PHONE = '6281200000001'
const ANA = '5511999990000'
const BOB = '15550003333'
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 74, 70, 73, 70, 0xff, 0xd9]).toString('base64')

describe('groups, people and pace of a linked number', () => {
  let demo, api, number, group

  const manage = (call, parameters = {}) => api.want(200, 'POST', `/channels/${number.id}/management/${call}`, parameters).then((body) => body.answer)
  const conversations = async () => (await api.want(200, 'GET', '/conversations?limit=50')).data
  const messages = async (id) => (await api.want(200, 'GET', `/conversations/${id}/messages`)).data
  const groupThread = (wanted, what) => until(async () => {
    for (const one of await conversations()) {
      const said = await messages(one.id)
      if (said.some((m) => wanted.test(JSON.stringify(m)))) return { one, said }
    }
  }, what, WAIT)

  before(async () => {
    demo = await startDemo({})
    api = new Caller(demo, { key: demo.api_key })
    for (const [phone, name] of [[PHONE, 'Shop'], [ANA, 'Ana'], [BOB, 'Bob']]) await demo.control('POST', '/linked/phones', { phone, name, play: true })
    number = await pairNumber(demo, PHONE)
  })
  after(async () => { await demo?.remove() })

  test('who of some numbers is on WhatsApp is told, and a wrong number by its field', async () => {
    const { contacts } = await manage('contact.check', { phones: [`+${ANA}`, '4915100000000'] })
    const here = Object.fromEntries(contacts.map((c) => [c.phone, c.is_on_whatsapp]))
    assert.equal(here[`+${ANA}`], true)
    assert.equal(here['+4915100000000'], false)
    const refused = await api.want(422, 'POST', `/channels/${number.id}/management/contact.check`, { phones: ['nobody'] })
    assert.equal(refused.errors[0].field, 'phones.0')
  })

  test('a group is made, listed, and looked at with its members', async () => {
    const made = await manage('group.create', { subject: 'Choir', members: [ANA, BOB] })
    group = made.group.id
    assert.match(group, /@g\.us$/)
    const { groups } = await manage('group.list')
    assert.ok(groups.some((g) => g.id === group && g.subject === 'Choir'))
    const { group: seen } = await manage('group.get', { group })
    assert.deepEqual(seen.members.map((m) => m.phone).sort(), [`+${ANA}`, `+${BOB}`, `+${PHONE}`].sort())
    assert.equal(seen.members.find((m) => m.phone === `+${PHONE}`).is_admin, true)
  })

  test('what members write has their names: over it, in what it answers, and where it names somebody', async () => {
    const write = (from, more) => demo.control('POST', `/linked/phones/${from}/messages`, { to: group, type: 'text', ...more })
    const asked = await write(BOB, { text: { body: 'Who sings?' } })
    await groupThread(/Who sings/, 'what Bob wrote')
    await write(ANA, { text: { body: `Not me, @${BOB} or @4915100000000, and @${PHONE} neither`, mentions: [`+${BOB}`, '+4915100000000', `+${PHONE}`] }, reply_to: asked.id })
    const { one, said } = await groupThread(/Not me/, 'what Ana answered')
    const message = said.find((m) => /Not me/.test(m.text?.body))
    assert.equal(message.author.name, 'Ana')
    assert.notEqual(message.author.id, one.contact.id)
    assert.deepEqual([message.reply_to.preview, message.reply_to.author.name], ['Who sings?', 'Bob'])
    assert.deepEqual(message.mentions.slice(0, 2).map((m) => [m.digits, m.name]), [[BOB, 'Bob'], ['4915100000000', null]])
    assert.ok(['Shop', 'Front desk'].includes(message.mentions[2].name), 'our own number: as the network or the channel calls it')
    assert.equal(message.mentions[0].contact_id, message.reply_to.author.id)
  })

  test('subject, description, settings, members and the link change, and the thread tells of it', async () => {
    await manage('group.subject', { group, subject: 'Band' })
    await manage('group.description', { group, description: 'Tuesdays' })
    await manage('group.settings', { group, announce: true })
    await manage('group.promote', { group, members: [ANA] })
    await manage('group.remove', { group, members: [BOB] })
    const { group: seen } = await manage('group.get', { group })
    assert.deepEqual([seen.subject, seen.description, seen.announce], ['Band', 'Tuesdays', true])
    assert.equal(seen.members.find((m) => m.phone === `+${ANA}`).is_admin, true)
    assert.ok(!seen.members.some((m) => m.phone === `+${BOB}`))
    const { link } = await manage('group.link', { group })
    assert.match(link, /^https:\/\/chat\.whatsapp\.com\/.+/)
    const renewed = await manage('group.renew_link', { group })
    assert.notEqual(renewed.link, link)
    const { said } = await groupThread(/ removed \+/, 'the line about who was removed')
    assert.ok(said.some((m) => /Only admins may write now/.test(JSON.stringify(m))))
  })

  test('a group that does not exist is refused in words', async () => {
    const refused = await api.post(`/channels/${number.id}/management/group.get`, { group: '120363999999999999@g.us' })
    assert.ok([403, 404].includes(refused.status), JSON.stringify(refused.body))
    assert.ok(refused.body.detail.length > 10 && refused.body.next_step.length > 5, JSON.stringify(refused.body))
  })

  test('the pace on a network that is not WhatsApp\'s is off, until somebody chooses one, and a faster one needs a reason', async () => {
    const pace = await api.want(200, 'GET', `/channels/${number.id}/pace`)
    assert.deepEqual([pace.tier, pace.is_default, pace.pause, pace.limits.length, pace.tiers.length], ['off', true, null, 4, 6])
    const careful = await api.want(200, 'PATCH', `/channels/${number.id}/pace`, { tier: 'careful' })
    assert.equal(careful.warm_up_percent, 25)
    assert.deepEqual(careful.limits.map((l) => [l.name, l.limit]), [['minute', 20], ['hour', 50], ['day', 250], ['new_contacts', 5]])
    const refused = await api.want(422, 'PATCH', `/channels/${number.id}/pace`, { tier: 'fast' })
    assert.equal(refused.errors[0].field, 'reason')
    const wrong = await api.want(422, 'PATCH', `/channels/${number.id}/pace`, { limits: { minute: 31 }, reason: 'Why not' })
    assert.equal(wrong.errors[0].field, 'limits.minute')
    const own = await api.want(200, 'PATCH', `/channels/${number.id}/pace`, { limits: { hour: 300 }, reason: 'A number with old customers.' })
    assert.deepEqual(own.limits.find((l) => l.name === 'hour'), { name: 'hour', limit: 300, override: 300, used: own.limits[1].used, level: 'ok' })
    const audit = await api.want(200, 'GET', '/audit?action=channel.pace')
    assert.equal(audit.data[0].reason, 'A number with old customers.')
  })

  test('a second first message waits for the gap of its tier, and is seen waiting', async () => {
    const send = (to) => api.want(202, 'POST', '/messages', { channel_id: number.id, to: `+${to}`, type: 'text', text: { body: 'Hello' } })
    const one = await send(ANA)
    await until(async () => ['sent', 'delivered', 'read'].includes((await api.want(200, 'GET', `/messages/${one.id}`)).status), 'the first message', WAIT)
    const two = await send(BOB)
    const pace = await until(async () => { const p = await api.want(200, 'GET', `/channels/${number.id}/pace`); return p.next_ms && p }, 'the gap', WAIT)
    assert.ok(pace.next_ms - Date.now() > 60_000 && pace.next_ms - Date.now() <= 120_000, `${pace.next_ms - Date.now()}`)
    assert.equal(pace.limits.find((l) => l.name === 'new_contacts').used, 1)
    assert.equal((await api.want(200, 'GET', `/messages/${two.id}`)).status, 'accepted')
  })

  test('a pause by hand is seen, and ends by hand', async () => {
    const paused = await api.want(200, 'POST', `/channels/${number.id}/pace/pause`)
    assert.deepEqual([paused.pause.code, paused.pause.until_ms], ['person', null])
    assert.equal((await api.want(200, 'POST', `/channels/${number.id}/pace/resume`)).pause, null)
  })

  test('what the owner writes on the phone quiets automation for 20 to 60 seconds', async () => {
    const at = Date.now()
    await demo.control('POST', `/linked/phones/${PHONE}/messages`, { to: ANA, type: 'text', text: { body: 'By hand' } })
    const pace = await until(async () => { const p = await api.want(200, 'GET', `/channels/${number.id}/pace`); return p.owner_quiet_until_ms && p }, 'the quiet', WAIT)
    assert.ok(pace.owner_quiet_until_ms - at >= 20_000 && pace.owner_quiet_until_ms - Date.now() <= 60_000)
  })

  test('a refused first message pauses the number and is told', async () => {
    await api.want(200, 'PATCH', `/channels/${number.id}/pace`, { tier: 'off', reason: 'The test goes on.' })
    await demo.control('POST', '/linked/faults', { message_error: 463, message_error_percent: 100 })
    const refused = await api.want(202, 'POST', '/messages', { channel_id: number.id, to: `+${BOB}`, type: 'text', text: { body: 'Again' } })
    await until(async () => (await api.want(200, 'GET', `/messages/${refused.id}`)).status === 'failed', 'the refusal', WAIT)
    await demo.control('POST', '/linked/faults', {})
    const pace = await until(async () => { const p = await api.want(200, 'GET', `/channels/${number.id}/pace`); return p.pause && p }, 'the pause', WAIT)
    assert.ok(['refused', 'restricted'].includes(pace.pause.code), pace.pause.code) // the network tells of it, too
    assert.ok(pace.risk.reasons.some((r) => r.code === 'refused' && r.points >= 40), JSON.stringify(pace.risk))
    const { notices } = await api.want(200, 'GET', '/health')
    assert.ok(notices.some((n) => n.kind === 'pace' && n.severity === 'critical' && n.channel_id === number.id), JSON.stringify(notices))
  })

  test('the profile of the number is read, and its about text changes', async () => {
    await manage('profile.about', { about: 'Open until six' })
    const profile = await api.want(200, 'GET', `/channels/${number.id}/profile`)
    assert.equal(profile.about, 'Open until six')
  })

  test('what a person shows is told to who reads contacts, and the picture comes through us', async () => {
    const contact = (await api.want(200, 'GET', '/contacts?query=Ana')).data.find((one) => one.phone === `+${ANA}`)
    const bare = await api.want(200, 'GET', `/contacts/${contact.id}/whatsapp?channel_id=${number.id}`)
    assert.deepEqual([bare.picture_url, bare.is_about_hidden], [null, false])
    assert.equal((await api.call('GET', `/contacts/${contact.id}/picture?channel_id=${number.id}`)).status, 404)
    const own = (await api.want(200, 'GET', '/contacts?query=Shop')).data.find((one) => one.phone === `+${PHONE}`)
    await manage('profile.picture', { jpeg_base64: JPEG })
    await manage('profile.about', { about: 'Open until seven' })
    const face = await api.want(200, 'GET', `/contacts/${own.id}/whatsapp?channel_id=${number.id}`)
    assert.equal(face.about, 'Open until seven')
    assert.equal(face.picture_url, `/api/v1/contacts/${own.id}/picture?channel_id=${number.id}`)
    const picture = await fetch(new URL(face.picture_url, demo.url), { headers: { Authorization: `Bearer ${demo.api_key}` } })
    assert.deepEqual([picture.status, picture.headers.get('content-type'), picture.headers.get('cache-control')], [200, 'image/jpeg', 'private, max-age=300'])
    assert.equal(Buffer.from(await picture.arrayBuffer()).toString('base64'), JPEG)
    const refused = await api.want(422, 'GET', `/contacts/${contact.id}/whatsapp`)
    assert.equal(refused.errors[0].field, 'channel_id')
  })

  test('who reads contacts sees who is in a group, with our names, its description and its picture', async () => {
    const { one: { contact } } = await groupThread(/Not me/, 'the conversation of the group')
    const of = (what) => `/contacts/${contact.id}/${what}?channel_id=${number.id}`
    const { data, addressing } = await api.want(200, 'GET', of('members'))
    assert.ok(['phone', 'lid'].includes(addressing))
    const ana = data.find((member) => member.phone === `+${ANA}`)
    assert.deepEqual([ana.name, ana.is_us], ['Ana', false])
    assert.ok(ana.contact_id)
    assert.deepEqual(data.filter((member) => member.is_us).map((member) => member.phone), [`+${PHONE}`])
    await manage('group.description', { group, description: 'We sing' })
    await manage('group.picture', { group, jpeg_base64: JPEG })
    const face = await api.want(200, 'GET', of('whatsapp'))
    assert.deepEqual([face.about, face.business.websites, face.picture_url], ['We sing', [], `/api/v1${of('picture')}`])
    const picture = await fetch(new URL(face.picture_url, demo.url), { headers: { Authorization: `Bearer ${demo.api_key}` } })
    assert.equal(Buffer.from(await picture.arrayBuffer()).toString('base64'), JPEG)
    const person = (await api.want(200, 'GET', '/contacts?query=Ana')).data.find((found) => found.phone === `+${ANA}`)
    assert.equal((await api.want(404, 'GET', `/contacts/${person.id}/members?channel_id=${number.id}`)).code, 'not_a_group')
  })

  test('the number leaves the group', async () => {
    await manage('group.leave', { group })
    const { groups } = await manage('group.list')
    assert.ok(!groups.some((g) => g.id === group))
  })
})
