// notices.test.mjs: who is told by push and by mail, who is not, and that a digest never comes twice; on each store.
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { databaseFor } from '../lib/database.mjs'
import { MailServer } from '../lib/mail_server.mjs'
import { PushService } from '../lib/push_service.mjs'
import { stores } from '../lib/world.mjs'
import { Server, until } from './server.mjs'

for (const store of stores) describe(store, () => {
  let server, shop, channel, ana, push, mail, database

  before(async () => {
    database = databaseFor(store)
    push = await PushService.open()
    mail = await MailServer.open()
    server = new Server()
    Object.assign(server.env, database.env, { PARLEY_SMTP_URL: `smtp://127.0.0.1:${mail.port}`, PARLEY_SMTP_FROM: 'parley@shop.example', PARLEY_SMTP_ALLOW_PLAIN: 'true' })
    shop = server.setup('shop')
    await server.serve()
    channel = await server.channel(shop)
    ana = await server.person(shop, 'agent')
  })
  after(async () => {
    assert.equal(await server?.stop(), 0, 'the server ends cleanly')
    push?.close()
    mail?.close()
    database?.drop()
    rmSync(server.folder, { recursive: true, force: true })
  })

  const settle = () => new Promise((done) => setTimeout(done, 400))

  /** A customer of her own writes, and the conversation is Ana's from then on, or another's. */
  async function hers(phone, text = 'Hello', person = ana) {
    const conversation = await server.receive(shop, channel, text, phone)
    await shop.caller.want(200, 'PATCH', `/conversations/${conversation.id}`, { assignee_id: person.id })
    return conversation
  }

  test('the settings begin with good defaults and keep what is chosen', async () => {
    const first = await ana.want(200, 'GET', '/notifications/settings')
    assert.deepEqual(first.events.mine, ['sound', 'browser', 'push', 'email'])
    assert.deepEqual(first.events.other, [])
    assert.equal(first.quiet, null)
    assert.equal(first.shows_text, false)
    assert.equal(first.mail_available, true)
    assert.equal(Buffer.from(first.push_key, 'base64url').length, 65)
    const changed = await ana.want(200, 'PATCH', '/notifications/settings', {
      events: { other: ['push'], mine: ['push', 'sound', 'email', 'browser'] }, quiet: { from_min: 1320, until_min: 420 }, time_zone: 'Asia/Jakarta', mail_after_min: 1,
    })
    assert.deepEqual(changed.events.other, ['push'])
    assert.deepEqual(changed.quiet, { from_min: 1320, until_min: 420 })
    assert.equal(changed.push_key, first.push_key, 'the key stays, or all browsers would be lost')
    const back = await ana.want(200, 'PATCH', '/notifications/settings', { quiet: null, events: { other: [] } })
    assert.equal(back.quiet, null)
    assert.equal(back.time_zone, 'Asia/Jakarta')
  })

  test('wrong settings are refused by their field', async () => {
    const wrong = async (body, field) => {
      const answer = await ana.want(422, 'PATCH', '/notifications/settings', body)
      assert.equal(answer.errors[0].field, field, JSON.stringify(answer))
    }
    await wrong({ events: { mine: ['pigeon'] } }, 'events')
    await wrong({ events: { birthday: [] } }, 'events')
    await wrong({ time_zone: 'Mars/Olympus' }, 'time_zone')
    await wrong({ quiet: { from_min: 5000, until_min: 1 } }, 'quiet_from_min')
    await wrong({ mail_after_min: 0 }, 'mail_after_min')
  })

  test('settings are of people: a key has none', async () => {
    const answer = await shop.caller.want(403, 'GET', '/notifications/settings')
    assert.equal(answer.code, 'people_only')
  })

  test('a subscription must be one of a browser', async () => {
    const good = push.subscribe('check')
    const wrong = await ana.want(422, 'POST', '/notifications/subscriptions', { endpoint: 'ftp://x', keys: { p256dh: good.keys.p256dh.slice(0, 20), auth: 'x' } })
    assert.deepEqual(wrong.errors.map((one) => one.field).sort(), ['endpoint', 'keys.auth', 'keys.p256dh'])
    const flat = Buffer.alloc(65, 4).toString('base64url')
    await ana.want(422, 'POST', '/notifications/subscriptions', { ...good, keys: { ...good.keys, p256dh: flat } })
  })

  let laptop
  test('a customer writes to a conversation of hers, and every browser of hers hears it, sealed and without the text', async () => {
    laptop = await ana.want(201, 'POST', '/notifications/subscriptions', { ...push.subscribe('laptop'), device: 'Chrome on Linux' })
    await ana.want(201, 'POST', '/notifications/subscriptions', { ...push.subscribe('phone'), device: 'Firefox on Android' })
    const conversation = await hers('12025550101')
    await settle()
    push.heard.length = 0
    await server.receive(shop, channel, 'My secret order', '12025550101')
    const heard = await until('two pushes', () => push.heard.length >= 2 && push.heard)
    assert.deepEqual(heard.map((one) => one.name).sort(), ['laptop', 'phone'])
    for (const { body, error, key, topic } of heard) {
      assert.ifError(error)
      assert.equal(key, (await ana.want(200, 'GET', '/notifications/settings')).push_key)
      assert.equal(body.title, 'Ana')
      assert.equal(body.conversation_id, conversation.id)
      assert.equal(body.tag, `c-${conversation.id}`)
      assert.match(body.url, new RegExp(`^/inbox/${conversation.id}\\?m=\\d+$`))
      assert.equal(topic, `c${conversation.id}`)
      assert.ok(!JSON.stringify(body).includes('secret'), 'no text of a message')
    }
    const { data } = await ana.want(200, 'GET', '/notifications/subscriptions')
    assert.deepEqual(data.map((one) => one.device), ['Firefox on Android', 'Chrome on Linux'])
    await until('the use is noted', async () => (await ana.want(200, 'GET', '/notifications/subscriptions')).data.every((one) => one.used_ms))
  })

  test('who allows it reads the text on the notice', async () => {
    await ana.want(200, 'PATCH', '/notifications/settings', { shows_text: true })
    push.heard.length = 0
    await server.receive(shop, channel, 'Where is my parcel?', '12025550101')
    await until('the text', () => push.heard.some((one) => one.body?.body.includes('Where is my parcel?')))
    await ana.want(200, 'PATCH', '/notifications/settings', { shows_text: false })
  })

  test('nobody hears of what is muted, of what is quiet, of others, and of their own doing', async () => {
    const muted = await hers('12025550102')
    await settle()
    assert.deepEqual((await ana.want(200, 'POST', `/conversations/${muted.id}/mute`, { muted: true })).muted_conversation_ids, [muted.id])
    push.heard.length = 0
    await server.receive(shop, channel, 'Muted', '12025550102')
    await server.receive(shop, channel, 'Of nobody', '12025550103')
    await shop.caller.want(202, 'POST', `/conversations/${muted.id}/messages`, { type: 'text', text: { body: 'An answer' } })
    const now = new Date()
    const minute = now.getUTCHours() * 60 + now.getUTCMinutes()
    await ana.want(200, 'PATCH', '/notifications/settings', { time_zone: 'UTC', quiet: { from_min: (minute + 1439) % 1440, until_min: (minute + 30) % 1440 } })
    await server.receive(shop, channel, 'At night', '12025550101')
    await settle()
    assert.deepEqual(push.heard, [])
    await ana.want(200, 'PATCH', '/notifications/settings', { quiet: null })
    await ana.want(200, 'POST', `/conversations/${muted.id}/mute`, { muted: false })
    await server.receive(shop, channel, 'Heard again', '12025550102')
    await until('a push', () => push.heard.length >= 2)
  })

  test('who wants to hear of unassigned ones does', async () => {
    await ana.want(200, 'PATCH', '/notifications/settings', { events: { unassigned: ['push'] } })
    push.heard.length = 0
    await server.receive(shop, channel, 'Anybody?', '12025550104')
    await until('a push', () => push.heard.length >= 2)
    await ana.want(200, 'PATCH', '/notifications/settings', { events: { unassigned: [] } })
  })

  test('a push that is not taken now is tried again, and a browser that is gone is forgotten', async () => {
    await ana.want(204, 'DELETE', `/notifications/subscriptions/${laptop.id}`)
    push.answer = 503
    push.heard.length = 0
    await server.receive(shop, channel, 'Later', '12025550101')
    await until('a refusal', () => push.heard.some((one) => one.refused === 503))
    push.answer = 201
    await until('the push after all', () => push.heard.some((one) => one.name === 'phone' && one.body), 20_000)
    push.browsers.delete('/push/phone')
    await server.receive(shop, channel, 'Gone', '12025550101')
    await until('no browser is left', async () => (await ana.want(200, 'GET', '/notifications/subscriptions')).data.length === 0)
  })

  test('the test button tells how many browsers took it', async () => {
    await ana.want(201, 'POST', '/notifications/subscriptions', push.subscribe('tablet'))
    assert.deepEqual(await ana.want(200, 'POST', '/notifications/test', { by: 'push' }), { sent: 1 })
    assert.equal(push.heard.at(-1).body.tag, 'test')
    assert.equal((await ana.want(422, 'POST', '/notifications/test', { by: 'pigeon' })).errors[0].field, 'by')
  })

  test('the test mail comes, in both forms and with a way out', async () => {
    await ana.want(200, 'POST', '/notifications/test', { by: 'email' })
    const one = mail.mails.at(-1)
    assert.equal(one.to, ana.draft.email)
    assert.equal(one.from, 'parley@shop.example')
    assert.match(one.text, /This is how a notice looks/)
    assert.match(one.html, /<h1/)
    assert.equal(one.headers['list-unsubscribe-post'], 'List-Unsubscribe=One-Click')
  })

  test('an invitation comes by mail, with the link that lets in', async () => {
    await shop.caller.want(201, 'POST', '/invitations', { email: 'nina@shop.example', name: 'Nina', role: 'agent' })
    const one = await until('the mail', () => mail.mails.find(({ to }) => to === 'nina@shop.example'))
    assert.match(one.text, /\/join#\S+/)
    assert.match(one.html, /href="[^"]+\/join#/)
  })

  test('an invitation speaks the language of the workspace, and who joins begins with it', async () => {
    await shop.owner.want(200, 'PATCH', '/workspace', { locale: 'id', time_zone: 'Asia/Jakarta' })
    await shop.caller.want(201, 'POST', '/invitations', { email: 'sari@shop.example', name: 'Sari', role: 'agent' })
    const one = await until('the mail', () => mail.mails.find(({ to }) => to === 'sari@shop.example'))
    assert.equal(one.headers.subject ?? one.subject, 'Anda diundang ke Parley')
    const person = await shop.owner.want(201, 'POST', '/people', { email: 'wati@shop.example', name: 'Wati', role: 'agent', password: 'correct horse battery' })
    assert.deepEqual([person.locale, person.time_zone], ['id', 'Asia/Jakarta'])
    await shop.owner.want(200, 'PATCH', '/workspace', { locale: 'en', time_zone: 'UTC' })
  })

  test('nobody is pushed what is out of their sight', async () => {
    const carl = await server.person(shop, 'agent')
    await carl.want(201, 'POST', '/notifications/subscriptions', push.subscribe('carl'))
    await carl.want(200, 'PATCH', '/notifications/settings', { events: { other: ['push'] } })
    push.heard.length = 0
    await server.receive(shop, channel, 'Seen', '12025550101')
    await until('a push', () => push.heard.some((one) => one.name === 'carl'))
    const elsewhere = await server.channel(shop, '106540352242999')
    await shop.owner.want(200, 'PATCH', `/people/${carl.id}`, { channels: [elsewhere.id] })
    push.heard.length = 0
    await server.receive(shop, channel, 'Not seen', '12025550101')
    await until('the push of others', () => push.heard.some((one) => one.name === 'tablet'))
    await settle()
    assert.ok(!push.heard.some((one) => one.name === 'carl'))
  })

  test('what waits unread is mailed once, in one digest, and what was read is not', { timeout: 150_000 }, async () => {
    const berta = await server.person(shop, 'agent')
    await berta.want(200, 'PATCH', '/notifications/settings', { mail_after_min: 1, mail_every_min: 5 })
    mail.mails.length = 0
    const waiting = await hers('12025550110', 'First', berta)
    const read = await hers('12025550111', 'First of another', berta)
    await server.receive(shop, channel, 'Still waiting <b>', '12025550110')
    await server.receive(shop, channel, 'Read soon', '12025550111')
    await berta.want(200, 'POST', `/conversations/${read.id}/read`)
    const hersIn = () => mail.mails.filter(({ to }) => to === berta.draft.email)
    const [one] = await until('a digest', () => hersIn().length > 0 && hersIn(), 90_000)
    assert.match(one.text, new RegExp(`/inbox/${waiting.id}`))
    assert.ok(!one.text.includes(`/inbox/${read.id}`), 'what was read is not told')
    assert.ok(!one.text.includes('Still waiting'), 'no text of a message')
    assert.equal(one.headers.subject, '1 conversation waits for you')
    // Killed at once and started again: the same digest does not come twice.
    server.process.kill('SIGKILL')
    await server.ended
    await server.serve()
    await new Promise((done) => setTimeout(done, 5000))
    assert.equal(hersIn().length, 1)
    // The link at its end takes her off, without signing in.
    const link = /<([^>]+)>/.exec(one.headers['list-unsubscribe'])[1]
    const { pathname, search } = new URL(link)
    await server.nobody.want(204, 'POST', pathname + search)
    const { events } = await berta.want(200, 'GET', '/notifications/settings')
    assert.ok(Object.values(events).every((ways) => !ways.includes('email')))
    await server.nobody.want(404, 'POST', `${pathname}${search.slice(0, -1)}${search.endsWith('0') ? '1' : '0'}`)
    await server.nobody.want(404, 'POST', `${pathname}?token=x`)
  })
})
