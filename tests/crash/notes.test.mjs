// notes.test.mjs: whatever is done in whatever order, nothing of an internal note reaches the network.
//
// A recorder stands between the server and the sandbox network and keeps every octet that the server sends. Random
// sequences of all that touches messages run against it; then no secret may be in what was kept, in any writing.
//
//   NOTES_STEPS=400 NOTES_SEED=7 node --test tests/crash/notes.test.mjs
import http from 'node:http'
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { World, sleep, stores } from '../lib/world.mjs'

const steps = Number(process.env.NOTES_STEPS ?? 150)
const seed = Number(process.env.NOTES_SEED ?? Date.now() % 1e6)

/** The same seed, the same sequence: mulberry32. */
function dice(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

class Recorder {
  kept = []

  async open(target) {
    this.server = http.createServer((request, response) => {
      const chunks = []
      request.on('data', (chunk) => chunks.push(chunk))
      request.on('end', () => {
        const body = Buffer.concat(chunks)
        this.kept.push(request.method, request.url, JSON.stringify(request.headers), body)
        const forward = http.request(target() + request.url, { method: request.method, headers: request.headers }, (answer) => {
          response.writeHead(answer.statusCode, answer.headers)
          answer.pipe(response)
        })
        forward.on('error', () => response.destroy())
        forward.end(body)
      })
    })
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done))
    return `http://127.0.0.1:${this.server.address().port}`
  }

  all() {
    return Buffer.concat(this.kept.map((one) => Buffer.from(one)))
  }
}

/** As text, percent-encoded, in base64 at each of its three offsets, and as UTF-16. */
function writings(secret) {
  const base64 = [0, 1, 2].map((n) => Buffer.from('x'.repeat(n) + secret).toString('base64').slice(n ? 4 : 0, -4))
  return [secret, [...secret].map((c) => `%${c.charCodeAt(0).toString(16)}`).join(''), Buffer.from(secret).toString('hex'), ...base64]
    .map((text) => Buffer.from(text)).concat(Buffer.from(secret, 'utf16le'))
}

/** All that one can do; each takes the state and answers nothing: refusals are part of the game. */
function makeMoves(world, say, random) {
  const pick = (list) => list[Math.floor(random() * list.length)]
  const post = (route, body) => world.api('POST', route, body)
  const state = { conversations: [], notes: [], messages: [], macros: [], secrets: [], number: 0 }
  const secret = () => { const text = `geheim${seed}x${state.number++}q`; state.secrets.push(text); return text }
  const keep = async (list, answer, from = 'id') => {
    if (answer && answer.status < 300) list.push(answer.json()[from])
  }
  const where = () => pick(state.conversations)

  const moves = {
    note: async () => keep(state.notes, await post(`/conversations/${where()}/notes`, { body: `the note ${secret()}` })),
    editNote: async () => state.notes.length && world.api('PATCH', `/messages/${pick(state.notes)}`, { body: `changed ${secret()}` }),
    deleteNote: async () => state.notes.length && random() < 0.2 && world.api('DELETE', `/messages/${pick(state.notes)}`),
    text: async () => keep(state.messages, await post(`/conversations/${where()}/messages`, { type: 'text', text: { body: say() } })),
    quoteNote: async () => {
      if (!state.notes.length) return
      const answer = await post(`/conversations/${where()}/messages`, { type: 'text', text: { body: say() }, context: { message_id: pick(state.notes) } })
      assert.equal(answer.status, 422, 'a note can be quoted')
    },
    quote: async () => state.messages.length && post(`/conversations/${where()}/messages`, { type: 'text', text: { body: say() }, context: { message_id: pick(state.messages) } }),
    reactToNote: async () => {
      if (!state.notes.length) return
      const answer = await post(`/conversations/${where()}/messages`, { type: 'reaction', reaction: { message_id: pick(state.notes), emoji: '👍' } })
      assert.equal(answer.status, 422, 'a note can be reacted to')
    },
    retryNote: async () => {
      if (!state.notes.length) return
      const answer = await post(`/messages/${pick(state.notes)}/retry`)
      assert.ok([409, 404].includes(answer.status), `a note can be sent again: ${answer.text}`)
    },
    retry: async () => state.messages.length && post(`/messages/${pick(state.messages)}/retry`),
    editSent: async () => state.messages.length && world.api('PATCH', `/messages/${pick(state.messages)}`, { body: say() }),
    sendNoteKind: async () => {
      const answer = await post(`/conversations/${where()}/messages`, { type: 'note', note: { body: secret() } })
      assert.equal(answer.status, 422)
    },
    macro: async () => keep(state.macros, await post('/macros', { name: `m${state.number++}`, scope: 'workspace',
      actions: [{ type: 'note', body: `by macro ${secret()}` }, { type: 'send_text', body: say() }, ...(random() < 0.4 ? [{ type: 'send_text', body: 'x {{contact.attributes.none}}' }] : [])] })),
    runMacro: async () => state.macros.length && post(`/macros/${pick(state.macros)}/run`, { conversation_id: where() }),
    later: async () => post('/scheduled-messages', { conversation_id: where(), send_at_ms: Date.now() + 300 + Math.floor(random() * 900), time_zone: 'UTC', type: 'text',
      text: { body: say() }, only_if_no_reply: random() < 0.3 }),
    laterQuotingNote: async () => {
      if (!state.notes.length) return
      const answer = await post('/scheduled-messages', { conversation_id: where(), send_at_ms: Date.now() + 500, time_zone: 'UTC', type: 'text', text: { body: say() }, context: { message_id: pick(state.notes) } })
      assert.equal(answer.status, 422, 'a note can be quoted later')
    },
    status: async () => world.api('PATCH', `/conversations/${where()}`, { status: pick(['open', 'waiting', 'resolved']) }),
    read: async () => post(`/conversations/${where()}/read`),
    typing: async () => post(`/conversations/${where()}/typing`),
    customer: async () => world.control('POST', `/control/customers/1202557${String(Math.floor(random() * world.customers)).padStart(4, '0')}/messages`, { type: 'text', text: { body: 'hello again' } }),
    failing: async () => world.control('POST', '/control/faults', { kind: 'lost_answer', count: 1 }),
    merge: async () => {
      if (random() > 0.3 || state.conversations.length < 2) return
      const [into, from] = [where(), where()]
      if (into !== from) await post(`/conversations/${into}/merge`, { conversation_id: from })
    },
    split: async () => state.messages.length && random() < 0.3 && post(`/conversations/${where()}/split`, { message_id: pick(state.messages) }),
    preview: async () => post('/canned-responses/preview', { conversation_id: where(), body: `Dear {{contact.name|you}} ${secret()}` }),
    search: async () => state.secrets.length && world.api('GET', `/search?query=${pick(state.secrets)}`),
  }
  return { moves, state, pick }
}

for (const store of stores) {
  test(`${store}: ${steps} random steps (seed ${seed}) tell the network nothing of a note`, { timeout: 600_000 }, async (t) => {
    const recorder = new Recorder()
    let world
    const graph = await recorder.open(() => world.sandbox)
    world = new World(store, { env: { PARLEY_GRAPH_URL: `${graph}/v24.0` } })
    t.after(async () => { await world.close(); recorder.server.closeAllConnections(); recorder.server.close() })
    await world.open()
    await world.openWindows(4)
    const random = dice(seed)
    let said = 0
    const { moves, state, pick } = makeMoves(world, () => `openly${seed}x${said++}`, random)
    state.conversations = (await world.pages('/conversations?status=all')).map((one) => one.id)
    const bag = [...Object.keys(moves), 'note', 'note', 'note', 'text', 'text'] // something to play with
    for (let i = 0; i < steps; i++) await moves[pick(bag)]()
    await world.control('DELETE', '/control/faults')
    await sleep(1500) // what was planned for later is due by now
    await world.until(async () => (await world.api('GET', '/scheduled-messages')).json().data.length === 0, 'nothing waits for its time')
    await world.until(async () => (await world.api('GET', '/health')).json().figures.outbox_depth === 0, 'the outbox is empty')

    const all = recorder.all()
    assert.ok(all.includes('openly'), 'the recorder sees what is sent')
    assert.ok(state.notes.length > 5 && state.secrets.length > 10, `the dice were fair: ${state.notes.length} notes`)
    for (const secret of state.secrets) {
      for (const writing of writings(secret)) assert.equal(all.indexOf(writing), -1, `"${secret}" left the house (seed ${seed})`)
    }
    const thread = (await Promise.all(state.conversations.map((id) => world.pages(`/search?query=geheim${seed}&conversation_id=${id}`).catch(() => [])))).flat()
    assert.ok(thread.length > 0, 'the team finds its notes')
  })
}
