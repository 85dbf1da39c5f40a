// linked_messages.test.mjs: every kind of message between two linked numbers of one workspace, through the simulated network.
//
// Each number is the other's customer: what one sends, as people send it, the other gets enciphered, and shows as a message
// of a customer. So one exchange proves both ways.
import assert from 'node:assert/strict'
import http from 'node:http'
import { after, before, describe, test as run } from 'node:test'
import { databaseFor } from '../lib/database.mjs'
import { PDF, PNG, wave } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'
import { Caller } from './server.mjs'

const test = (name, work) => run(name, { timeout: 120_000 }, work)
const stores = process.env.PARLEY_TEST_POSTGRES ? ['sqlite', 'postgres'] : ['sqlite']
const NOTICE = '2026-11'
const WAIT = 30_000
const PHONES = { desk: '6281234567801', customer: '6281234567802' }

for (const store of stores) describe(`messages of linked numbers on ${store}`, () => {
  const database = databaseFor(store)
  const numbers = {}
  const threads = {}
  let demo, api

  async function paired(name) {
    const made = await api.want(201, 'POST', '/linked-numbers', { name, consent: NOTICE })
    const get = () => api.want(200, 'GET', `/linked-numbers/${made.id}`)
    for (;;) {
      const answer = await api.post(`/linked-numbers/${made.id}/pair`, { consent: NOTICE })
      if (answer.status === 202) break
      assert.equal(answer.status, 429, JSON.stringify(answer.body))
      await new Promise((done) => setTimeout(done, 1000 * Number(answer.headers.get('retry-after'))))
    }
    const qr = await until(async () => (await api.want(200, 'GET', `/linked-numbers/${made.id}/pairing`)).qr, 'a QR code', WAIT)
    await demo.control('POST', '/linked/scan', { qr: qr.text, phone: PHONES[name] })
    await until(async () => (await get()).state === 'connected', `${name} is connected`, WAIT)
    return made.id
  }
  const other = (name) => (name === 'desk' ? 'customer' : 'desk')
  const messages = async (name) => {
    const { data } = await api.want(200, 'GET', `/conversations?channel_id=${numbers[name]}`)
    if (!data.length) return []
    threads[name] = data[0].id
    return (await api.want(200, 'GET', `/conversations/${data[0].id}/messages?limit=100`)).data
  }
  const message = (id) => api.want(200, 'GET', `/messages/${id}`)
  /** Sends it, waits until the other number has it, and answers both sides of it. */
  async function exchange(from, draft) {
    const sent = await api.want(202, 'POST', '/messages', { to: `+${PHONES[other(from)]}`, channel_id: numbers[from], ...draft })
    const gone = await until(async () => {
      const now = await message(sent.id)
      assert.notEqual(now.status, 'failed', JSON.stringify(now.error))
      return ['sent', 'delivered', 'read'].includes(now.status) && now
    }, `the ${draft.type} has gone out`, WAIT)
    const come = await until(async () => (await messages(other(from))).find((one) => one.remote_id === gone.remote_id && one.direction === 'in'), `the ${draft.type} arrives`, WAIT)
    return { gone, come }
  }
  const upload = async (path, type, data) => {
    const answer = await fetch(`${demo.url}/api/v1${path}`, { method: 'POST', headers: { authorization: `Bearer ${demo.api_key}`, 'content-type': type }, body: data })
    assert.equal(answer.status, 201)
    return (await answer.json()).id
  }
  const stored = (name, id) => until(async () => {
    const one = (await messages(name)).find((m) => m.id === id)
    assert.notEqual(one?.media?.state, 'failed', JSON.stringify(one))
    return one?.media?.state === 'stored' && one
  }, 'the file is fetched', WAIT)

  before(async () => {
    demo = await startDemo({ env: database.env })
    api = new Caller(demo, { key: demo.api_key })
    numbers.desk = await paired('desk')
    numbers.customer = await paired('customer')
  }, { timeout: 120_000 })
  after(async () => {
    await demo?.remove()
    database.drop()
  })

  test('a text arrives and is answered with a quote', async () => {
    const { gone, come } = await exchange('desk', { type: 'text', text: { body: 'Hello *there* 😀' } })
    assert.deepEqual([come.type, come.text.body], ['text', 'Hello *there* 😀'])
    const back = await api.want(202, 'POST', `/conversations/${threads.customer}/messages`, { type: 'text', text: { body: 'Hi' }, context: { message_id: come.id } })
    const answer = await until(async () => (await messages('desk')).find((one) => one.direction === 'in' && one.text?.body === 'Hi'), 'the answer', WAIT)
    assert.deepEqual([answer.reply_to?.id, answer.reply_to?.preview], [gone.id, gone.text.body])
    assert.ok(back.id)
    await until(async () => (await message(gone.id)).status !== 'sent', 'it is delivered', WAIT)
    assert.deepEqual((await api.want(200, 'GET', `/conversations/${threads.desk}`)).window, { open: true, until_ms: null }, 'free text is never closed')
  })

  test('places, cards, buttons and lists arrive', async () => {
    const place = (await exchange('desk', { type: 'location', location: { latitude: -6.2, longitude: 106.8, name: 'Office' } })).come
    assert.deepEqual([place.type, place.location.latitude, place.location.name], ['location', -6.2, 'Office'])
    const cards = (await exchange('desk', { type: 'contacts', contacts: [{ name: { formatted_name: 'Ana S.', first_name: 'Ana' }, phones: [{ phone: '+5511998765432', type: 'WORK' }] }] })).come
    assert.deepEqual([cards.contacts[0].name.formatted_name, cards.contacts[0].phones[0].wa_id], ['Ana S.', '5511998765432'])
    const buttons = (await exchange('desk', { type: 'interactive', interactive: { type: 'button', body: { text: 'Shall we?' }, action: { buttons: [{ type: 'reply', reply: { id: 'a', title: 'Yes' } }, { type: 'reply', reply: { id: 'b', title: 'No' } }] } } })).come
    assert.deepEqual([buttons.type, buttons.text.body], ['text', 'Shall we?\n\n1. Yes\n2. No'])
  })

  test('what people write back to buttons and lists is what they chose', async () => {
    const answer = async (body) => {
      const sent = await api.want(202, 'POST', `/conversations/${threads.customer}/messages`, { type: 'text', text: { body } })
      return until(async () => (await messages('desk')).find((one) => one.direction === 'in' && one.remote_id === sent.remote_id) ?? (await messages('desk')).find((one) => one.direction === 'in' && (one.interactive?.typed ?? one.text?.body) === body), `the answer ${body}`, WAIT)
    }
    const buttons = { type: 'button', body: { text: 'Coffee?' }, action: { buttons: [{ type: 'reply', reply: { id: 'yes-1', title: 'Yes' } }, { type: 'reply', reply: { id: 'no-1', title: 'No' } }] } }
    const asked = (await exchange('desk', { type: 'interactive', interactive: buttons })).gone
    const two = await answer(' 2)')
    assert.deepEqual([two.type, two.interactive], ['interactive', { type: 'button_reply', button_reply: { id: 'no-1', title: 'No' }, typed: ' 2)' }])
    assert.equal(two.reply_to.id, asked.id)
    const list = { type: 'list', body: { text: 'Which colour?' }, action: { button: 'Show', sections: [{ title: 'All', rows: [{ id: 'r', title: 'Red' }, { id: 'b', title: 'Blue', description: 'dark' }] }] } }
    const shown = (await exchange('desk', { type: 'interactive', interactive: list })).come
    assert.equal(shown.text.body, 'Which colour?\n\n*All*\n1. Red\n2. Blue (dark)')
    const blue = await answer('bLUE')
    assert.deepEqual([blue.type, blue.interactive.list_reply], ['interactive', { id: 'b', title: 'Blue', description: 'dark' }])
    assert.equal((await answer('1')).type, 'text', 'the answer has been given')
  })

  test('files arrive with what was derived of them', async () => {
    const image = (await exchange('desk', { type: 'image', image: { id: await upload('/media?file_name=a.png', 'image/png', PNG), caption: 'look' } })).come
    assert.deepEqual([image.type, image.image.caption, image.image.width], ['image', 'look', 1])
    assert.equal((await stored('customer', image.id)).media.mime_type, 'image/png')
    const voice = (await exchange('desk', { type: 'audio', audio: { id: await upload('/media/voice', 'audio/wav', wave()), voice: true } })).come
    assert.deepEqual([voice.type, voice.voice.seconds, voice.voice.waveform.length], ['voice', 1, 64])
    await stored('customer', voice.id)
    const file = (await exchange('desk', { type: 'document', document: { id: await upload('/media?file_name=a.pdf', 'application/pdf', PDF), filename: 'bill.pdf', caption: 'please' } })).come
    assert.deepEqual([file.type, file.document.filename, file.document.caption], ['document', 'bill.pdf', 'please'])
    const bytes = await fetch(`${demo.url}${(await stored('customer', file.id)).media.url}`, { headers: { authorization: `Bearer ${demo.api_key}` } })
    assert.deepEqual(Buffer.from(await bytes.arrayBuffer()), PDF)
    const once = (await exchange('customer', { type: 'image', image: { id: await upload('/media?file_name=b.png', 'image/png', PNG), view_once: true } })).come
    assert.equal(once.image.view_once, true)
  })

  test('files that are named by a link are fetched once, and sent', async () => {
    const asked = []
    let failures = 1
    const host = http.createServer((request, response) => {
      asked.push(request.url)
      if (request.url.startsWith('/away.png') && failures-- > 0) return response.writeHead(503).end()
      if (request.url.startsWith('/gone')) return response.writeHead(404).end()
      if (request.url === '/here.pdf') return response.writeHead(302, { location: '/there/bill%20of%20May.pdf' }).end()
      const [type, body] = request.url.includes('.pdf') ? ['application/pdf', PDF] : request.url.includes('.html') ? ['text/html', 'Please sign in'] : ['image/png; q=1', PNG]
      return response.writeHead(200, { 'content-type': type }).end(body)
    })
    await new Promise((done) => host.listen(0, '127.0.0.1', done))
    const at = `http://127.0.0.1:${host.address().port}`
    try {
      for (const caption of ['one', 'two']) {
        const { come } = await exchange('desk', { type: 'image', image: { link: `${at}/a.png?v=1`, caption } })
        assert.deepEqual([come.type, come.image.caption, come.image.width], ['image', caption, 1])
        assert.equal((await stored('customer', come.id)).media.mime_type, 'image/png')
      }
      assert.deepEqual(asked, ['/a.png?v=1'], 'as over the Cloud API, a link is followed once')
      const paper = (await exchange('desk', { type: 'document', document: { link: `${at}/here.pdf` } })).come
      assert.equal(paper.document.filename, 'here.pdf', 'it is called as the program called it')
      const bytes = await fetch(`${demo.url}${(await stored('customer', paper.id)).media.url}`, { headers: { authorization: `Bearer ${demo.api_key}` } })
      assert.deepEqual(Buffer.from(await bytes.arrayBuffer()), PDF)
      const head = (await exchange('desk', { type: 'interactive', interactive: { type: 'button', header: { type: 'image', image: { link: `${at}/head.png` } }, body: { text: 'This one?' },
        action: { buttons: [{ type: 'reply', reply: { id: 'y', title: 'Yes' } }] } } })).come
      assert.deepEqual([head.type, head.image.caption], ['image', 'This one?\n\n1. Yes'])
      assert.equal((await exchange('desk', { type: 'image', image: { link: `${at}/away.png` } })).come.type, 'image', 'a server that is away for a moment is asked again')
      for (const [link, says] of [[`${at}/gone.png`, /404/], [`${at}/login.html`, /text\/html/]]) {
        const sent = await api.want(202, 'POST', '/messages', { to: `+${PHONES.customer}`, channel_id: numbers.desk, type: 'image', image: { link } })
        const failed = await until(async () => { const now = await message(sent.id); return now.status === 'failed' && now }, 'it has failed', WAIT)
        assert.equal(failed.error.code, 'link_failed')
        assert.match(JSON.stringify(failed.error), says)
        assert.ok(failed.error.next_step)
      }
      assert.equal((await api.want(200, 'GET', `/linked-numbers/${numbers.desk}`)).state, 'connected')
    } finally { host.closeAllConnections(); host.close() }
  })

  test('a reaction is shown on its message, and taken away', async () => {
    const { come, gone } = await exchange('customer', { type: 'text', text: { body: 'Thank you' } })
    await api.want(202, 'POST', `/conversations/${threads.desk}/messages`, { type: 'reaction', reaction: { message_id: come.id, emoji: '🙏' } })
    await until(async () => (await message(gone.id)).reactions.some((one) => one.emoji === '🙏' && one.by === 'contact'), 'the reaction', WAIT)
    await api.want(202, 'POST', `/conversations/${threads.desk}/messages`, { type: 'reaction', reaction: { message_id: come.id, emoji: '' } })
    await until(async () => (await message(gone.id)).reactions.length === 0, 'the reaction is gone', WAIT)
  })

  test('what was sent is edited and taken back on both sides', async () => {
    const { come, gone } = await exchange('desk', { type: 'text', text: { body: 'at noon' } })
    await api.want(200, 'PATCH', `/messages/${gone.id}`, { body: 'at one' })
    const edited = await until(async () => { const now = await message(come.id); return now.edited_ms && now }, 'the edit', WAIT)
    assert.equal(edited.text.body, 'at one')
    assert.equal((await until(async () => { const now = await message(gone.id); return now.edited_ms && now }, 'our own edit', WAIT)).text.body, 'at one')
    assert.equal((await api.want(422, 'PATCH', `/messages/${come.id}`, { body: 'never' })).code, 'not_ours')
    await api.want(200, 'DELETE', `/messages/${gone.id}`)
    await until(async () => (await message(come.id)).deleted_ms && (await message(gone.id)).deleted_ms, 'it is gone on both sides', WAIT)
  })

  test('a poll arrives with its options', async () => {
    const { come } = await exchange('desk', { type: 'poll', poll: { name: 'When?', options: ['Monday', 'Tuesday'], selectable_count: 1 } })
    assert.deepEqual([come.type, come.poll.name, come.poll.options.map((one) => one.name)], ['poll', 'When?', ['Monday', 'Tuesday']])
  })

  test('a link that asks for it shows what its page says, and a slow page keeps nobody waiting', async () => {
    const asked = []
    const host = http.createServer((request, response) => {
      asked.push(request.url)
      if (request.url === '/slow') return undefined
      if (request.url === '/picture.png') return response.writeHead(200, { 'content-type': 'image/png' }).end(PNG)
      if (request.url === '/page') return response.writeHead(302, { location: '/the/page' }).end()
      return response.writeHead(200, { 'content-type': 'text/html; charset=iso-8859-1' }).end(Buffer.from(`<html><head><title>no</title>
        <meta property="og:title" content="Gr\u00fc\u00dfe &amp; more"><meta name=description content="All of it"><meta property=og:image content="/picture.png"></head><body>${'x'.repeat(600_000)}`, 'latin1'))
    })
    await new Promise((done) => host.listen(0, '127.0.0.1', done))
    const at = `http://127.0.0.1:${host.address().port}`
    const say = async (path, more) => (await exchange('desk', { type: 'text', text: { body: `see ${at}${path}.`, ...more } })).come
    try {
      for (const round of [1, 2]) {
        const { text } = await say('/page', { preview_url: true })
        assert.deepEqual([...Buffer.from(text.preview.thumbnail, 'base64').subarray(0, 2)], [0xff, 0xd8], 'its picture, as JPEG')
        delete text.preview.thumbnail
        assert.deepEqual(text.preview, { url: `${at}/page`, title: 'Gr\u00fc\u00dfe & more', description: 'All of it' }, `round ${round}`)
        assert.equal(text.body, `see ${at}/page.`)
      }
      assert.deepEqual(asked, ['/page', '/the/page', '/picture.png'], 'a page is asked for once in a while')
      assert.equal((await say('/page')).text.preview, undefined, 'as over the Cloud API, only where it is asked for')
      const before = Date.now()
      assert.equal((await say('/slow', { preview_url: true })).text.preview, undefined)
      assert.ok(Date.now() - before >= 3_000, 'it was tried')
      await api.want(200, 'PATCH', `/channels/${numbers.desk}`, { config: { link_previews: false } })
      assert.equal((await say('/page', { preview_url: true })).text.preview, undefined, 'the channel does not want them')
    } finally {
      await api.want(200, 'PATCH', `/channels/${numbers.desk}`, { config: {} })
      host.closeAllConnections()
      host.close()
    }
  })

  test('we vote in a poll of a customer, and take the vote back', async () => {
    const { come, gone } = await exchange('customer', { type: 'poll', poll: { name: 'Lunch?', options: ['Rice', 'Noodles'], selectable_count: 1 } })
    const voted = await api.want(200, 'POST', `/messages/${come.id}/votes`, { options: ['Noodles'] })
    assert.deepEqual(voted.poll.options, [{ name: 'Rice', votes: 0 }, { name: 'Noodles', votes: 1 }])
    const phone = async (test, what) => until(async () => (await demo.control('GET', `/linked/phones/${PHONES.customer}/messages`)).messages.find(test), what, WAIT)
    assert.deepEqual((await phone((one) => one.type === 'poll_vote' && one.target === gone.remote_id, 'the vote on the phone')).content.options, ['Noodles'])
    assert.deepEqual(voted.poll.voters.map((one) => [one.by, one.options]), [['business', [1]]])
    const seen = await until(async () => { const now = await message(gone.id); return now.poll.voters?.length && now }, 'the vote arrives', WAIT)
    assert.deepEqual(seen.poll.options.map((one) => one.votes ?? 0), [0, 1])
    await api.want(200, 'POST', `/messages/${come.id}/votes`, { options: ['Rice'] })
    await until(async () => (await message(gone.id)).poll.options[0].votes === 1, 'the other vote arrives', WAIT)
    assert.equal((await api.want(200, 'POST', `/messages/${come.id}/votes`, { options: [] })).poll.options[0].votes, 0)
    await until(async () => (await message(gone.id)).poll.options.every((one) => one.votes === 0), 'the vote is taken back', WAIT)
    const own = await api.want(200, 'POST', `/messages/${gone.id}/votes`, { options: ['Rice'] })
    assert.equal(own.poll.options[0].votes, 1, 'in a poll of our own, too')
    await until(async () => (await message(come.id)).poll.options[0].votes === 1, 'and that arrives', WAIT)
    const wrong = async (options) => (await api.want(422, 'POST', `/messages/${come.id}/votes`, { options })).errors[0].code
    assert.deepEqual([await wrong(['Soup']), await wrong(['Rice', 'Noodles']), await wrong('Rice')], ['unknown', 'too_many', 'required'])
    const text = (await messages('desk')).find((one) => one.type === 'text')
    assert.equal((await api.want(422, 'POST', `/messages/${text.id}/votes`, { options: ['Rice'] })).code, 'not_a_poll')
  })

  test('messages of a chat disappear when either side wants it', async () => {
    const conversation = (name) => api.want(200, 'GET', `/conversations/${threads[name]}`)
    const set = await api.want(200, 'PUT', `/conversations/${threads.desk}/timer`, { seconds: 604800 })
    assert.equal(set.timer_s, 604800)
    const line = async (name, seconds) => (await messages(name)).find((one) => one.system?.type === 'timer' && one.system.seconds === seconds)
    assert.equal((await line('desk', 604800)).system.body, 'Messages disappear after 7 days.')
    await until(async () => (await line('customer', 604800)) && (await conversation('customer')).timer_s === 604800, 'the customer sees it', WAIT)
    await demo.control('POST', `/linked/phones/${PHONES.customer}/messages`, { to: PHONES.desk, type: 'system', system: { type: 'timer', seconds: 86400 } })
    await until(async () => (await conversation('desk')).timer_s === 86400 && (await conversation('customer')).timer_s === 86400, 'set on the phone, it counts on both sides', WAIT)
    await api.want(200, 'PUT', `/conversations/${threads.desk}/timer`, { seconds: 604800 })
    const { come } = await exchange('desk', { type: 'text', text: { body: 'gone in a week' } })
    assert.equal(come.text.disappears_s, 604800)
    assert.equal((await exchange('customer', { type: 'text', text: { body: 'mine, too' } })).come.text.disappears_s, 604800)
    await api.want(200, 'PUT', `/conversations/${threads.customer}/timer`, { seconds: 0 })
    await until(async () => (await conversation('desk')).timer_s === 0, 'it is off on both sides', WAIT)
    assert.equal((await exchange('desk', { type: 'text', text: { body: 'this stays' } })).come.text.disappears_s, undefined)
    assert.equal((await api.want(422, 'PUT', `/conversations/${threads.desk}/timer`, { seconds: 60 })).errors[0].field, 'seconds')
    const log = await api.want(200, 'GET', '/audit?action=conversation.timer')
    assert.equal(log.data[0].detail.to, 0)
  })

  test('a message is forwarded to another conversation, and says so', async () => {
    const { come } = await exchange('customer', { type: 'image', image: { id: await upload('/media?file_name=c.png', 'image/png', PNG), caption: 'the menu' } })
    await stored('desk', come.id)
    const sent = await api.want(202, 'POST', `/messages/${come.id}/forward`, { conversation_id: threads.desk })
    assert.deepEqual([sent.type, sent.image.caption, sent.forwarded], ['image', 'the menu', 'forwarded'])
    const gone = await until(async () => { const now = await message(sent.id); return now.remote_id && now }, 'it goes out', WAIT)
    const seen = await until(async () => (await messages('customer')).find((one) => one.remote_id === gone.remote_id && one.direction === 'in'), 'it arrives', WAIT)
    assert.deepEqual([seen.type, seen.image.caption, seen.forwarded], ['image', 'the menu', 'forwarded'])
    const { messages: onPhone } = await demo.control('GET', `/linked/phones/${PHONES.customer}/messages`)
    assert.equal(onPhone.find((one) => one.id === gone.remote_id).forwarded, true, 'the phone shows it, too')
    const poll = (await messages('desk')).find((one) => one.type === 'poll')
    const again = await api.want(202, 'POST', `/messages/${poll.id}/forward`, { to: `+${PHONES.customer}`, channel_id: numbers.desk })
    assert.deepEqual([again.type, again.poll.options], ['poll', poll.poll.options.map((one) => one.name ?? one)])
    const chosen = (await messages('desk')).find((one) => one.interactive?.type === 'list_reply')
    assert.equal((await api.want(202, 'POST', `/messages/${chosen.id}/forward`, { conversation_id: threads.desk })).text.body, 'Blue')
    const line = (await messages('desk')).find((one) => one.type === 'system')
    assert.equal((await api.want(422, 'POST', `/messages/${line.id}/forward`, { conversation_id: threads.desk })).code, 'not_forwardable')
    assert.equal((await api.want(422, 'POST', `/messages/${come.id}/forward`, {})).errors[0].field, 'conversation_id')
  })

  test('what a linked device cannot send is said by its field', async () => {
    const flow = await api.want(422, 'POST', '/messages', { to: `+${PHONES.customer}`, channel_id: numbers.desk, type: 'interactive', interactive: { type: 'flow' } })
    assert.equal(flow.errors[0].field, 'interactive.type')
  })
})
