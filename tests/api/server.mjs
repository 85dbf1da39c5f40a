// server.mjs: a server of a test's own: data folder, workspaces, people, and requests to it.
//
// start() makes workspaces by `parley setup`, runs `parley serve` on a free port, and ends it when the test file is done.
// Messages come in as Meta sends them: signed webhooks; what goes out waits in the outbox, for nobody is at graphUrl.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after } from 'node:test'

export const binary = process.env.PARLEY_BIN ?? path.resolve(import.meta.dirname, '../../build/parley')
const startDeadline = 30_000

/** What each role may, as docs/api/README.md says; written down here so that a slip in the server's table shows. */
const basics = ['channel.read', 'template.read', 'person.read', 'workspace.read']
const inboxRead = ['conversation.read', 'message.read', 'contact.read', 'media.read']
const inboxWrite = ['conversation.write', 'message.send', 'contact.write', 'contact.block', 'media.write']
export const all = [...basics, ...inboxRead, ...inboxWrite, 'contact.manage', 'channel.manage', 'template.manage', 'person.manage', 'role.manage', 'key.manage',
  'audit.read', 'event.read', 'event.manage', 'health.read', 'report.read', 'canned.manage', 'routing.manage', 'label.manage', 'filter.share', 'workspace.manage', 'webhook.manage']
export const roles = {
  owner: all,
  admin: all,
  supervisor: [...basics, ...inboxRead, ...inboxWrite, 'contact.manage', 'template.manage', 'event.read', 'health.read', 'audit.read', 'report.read', 'canned.manage', 'routing.manage', 'label.manage', 'filter.share'],
  agent: [...basics, ...inboxRead, ...inboxWrite, 'health.read'],
  viewer: [...basics, ...inboxRead],
  analyst: [...basics, 'conversation.read', 'health.read', 'report.read'],
}

export async function until(what, look, deadline = 15_000) {
  const end = Date.now() + deadline
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (Date.now() > end) assert.fail(`in ${deadline} ms there was not: ${what}`)
    await new Promise((done) => setTimeout(done, 20))
  }
}

async function freePort() {
  return new Promise((done) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })
}

/** Somebody who calls the API: with a key, with a session's cookie, or as nobody. */
export class Caller {
  constructor(server, { key, cookie, csrf } = {}) {
    Object.assign(this, { server, key, cookie, csrf })
  }

  /** {status, headers, body}: body is parsed where it is JSON. */
  async call(method, where, { body, headers = {}, raw } = {}) {
    const sent = { ...headers }
    if (this.key) sent.authorization ??= `Bearer ${this.key}`
    if (this.cookie) sent.cookie ??= `parley_session=${this.cookie}`
    if (this.csrf && method !== 'GET') sent['x-csrf-token'] ??= this.csrf
    if (body !== undefined) sent['content-type'] ??= 'application/json'
    const url = where.startsWith('/api/') || raw ? this.server.url + where : `${this.server.url}/api/v1${where}`
    const answer = await fetch(url, {
      method, headers: sent, body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
      redirect: 'manual',
    })
    const text = await answer.text()
    const isJson = /json/.test(answer.headers.get('content-type') ?? '')
    return { status: answer.status, headers: answer.headers, body: isJson && text ? JSON.parse(text) : text }
  }

  get(where, options) { return this.call('GET', where, options) }
  post(where, body, options) { return this.call('POST', where, { body, ...options }) }
  patch(where, body, options) { return this.call('PATCH', where, { body, ...options }) }
  delete(where, options) { return this.call('DELETE', where, options) }

  /** The body of an answer that must have this status. */
  async want(status, method, where, body, options) {
    const answer = await this.call(method, where, { body, ...options })
    assert.equal(answer.status, status, `${method} ${where}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }
}

export class Server {
  constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), 'parley-api-'))
    this.env = { ...process.env, PARLEY_DATA: path.join(this.folder, 'data'), PARLEY_GRAPH_URL: 'http://127.0.0.1:1/v24.0',
      PARLEY_ALLOW_PRIVATE_CALLS: 'true', PARLEY_LOG_LEVEL: 'error' }
    this.nobody = new Caller(this)
  }

  /** Runs a command to its end: {status, stdout}. */
  run(...words) {
    const done = spawnSync(binary, words, { env: this.env, encoding: 'utf8' })
    return { status: done.status, stdout: done.stdout, stderr: done.stderr }
  }

  setup(name) {
    const email = `owner@${name}.example`
    const done = this.run('setup', '--json', '--workspace', name, '--email', email, '--name', `Owner of ${name}`)
    assert.equal(done.status, 0, done.stderr)
    const made = JSON.parse(done.stdout)
    return { ...made, name, caller: new Caller(this, { key: made.api_key }) }
  }

  async serve() {
    const port = await freePort()
    this.url = `http://127.0.0.1:${port}`
    this.process = spawn(binary, ['serve', '--listen', `127.0.0.1:${port}`], { env: this.env, stdio: ['ignore', 'inherit', 'inherit'] })
    this.watch()
    await until('a server that is ready', () => {
      if (this.process.exitCode !== null) assert.fail(`the server ended with ${this.process.exitCode}`)
      return fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false)
    }, startDeadline)
  }

  /** Runs the demo instead: this.demo is what it prints. */
  async serveDemo() {
    this.process = spawn(binary, ['demo', '--json', '--listen', '127.0.0.1:0', '--sandbox-listen', '127.0.0.1:0'],
      { env: { ...this.env, PARLEY_GRAPH_URL: '' }, stdio: ['ignore', 'pipe', 'inherit'] })
    this.watch()
    let text = ''
    this.process.stdout.setEncoding('utf8').on('data', (piece) => { text += piece })
    await until('the line of the demo', () => {
      if (this.process.exitCode !== null) assert.fail(`the demo ended with ${this.process.exitCode}`)
      return text.includes('\n')
    }, startDeadline)
    this.demo = JSON.parse(text.split('\n')[0])
    this.url = this.demo.url
    return this.demo
  }

  /** Whatever ends this test, its server ends with it. */
  watch() {
    this.ended = new Promise((done) => this.process.once('exit', (code, signal) => done(code ?? signal)))
    process.once('exit', () => this.process.exitCode ?? this.process.kill('SIGKILL'))
  }

  async stop() {
    if (this.process && this.process.exitCode === null) this.process.kill('SIGTERM')
    return this.process ? await this.ended : 0
  }

  async signIn(email, password) {
    const answer = await this.nobody.post('/session', { email, password })
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    const cookie = /parley_session=([^;]+)/.exec(answer.headers.get('set-cookie'))[1]
    const caller = new Caller(this, { cookie, csrf: answer.body.csrf_token })
    caller.session = answer.body
    return caller
  }

  /** A person with this role, signed in. */
  async person(workspace, role) {
    workspace.owner ??= await this.signIn(workspace.email, workspace.password)
    const draft = { email: `${role}-${randomUUID()}@x.example`, name: role, role, password: 'a fine password' }
    const made = await workspace.owner.want(201, 'POST', '/people', draft)
    const caller = await this.signIn(draft.email, draft.password)
    return Object.assign(caller, { id: made.id, draft })
  }

  async channel(workspace, numberId = '106540352242922') {
    return workspace.caller.want(201, 'POST', '/channels', {
      provider: 'cloud', name: 'Shop', phone_number_id: numberId, waba_id: '102290129340398',
      access_token: 'EAAtest', app_secret: 'app-secret',
    })
  }

  /** A customer writes: a signed webhook; answers when it is taken. */
  async say(channel, text, from = '12025550142') {
    const id = `wamid.${randomUUID()}`
    const body = JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: channel.waba_id, changes: [{ field: 'messages',
      value: { messaging_product: 'whatsapp', metadata: { display_phone_number: '15550783881', phone_number_id: channel.phone_number_id },
        contacts: [{ profile: { name: 'Ana' }, wa_id: from }],
        messages: [{ from, id, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body: text } }] } }] }] })
    const signature = createHmac('sha256', 'app-secret').update(body).digest('hex')
    const answer = await fetch(`${this.url}/webhooks/cloud/${channel.id}`, { method: 'POST', body,
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` } })
    assert.equal(answer.status, 200)
  }

  /** The same; answers when the message is in the inbox. */
  async receive(workspace, channel, text, from) {
    await this.say(channel, text, from)
    return until(`"${text}" in the inbox`, async () => {
      const list = await workspace.caller.want(200, 'GET', '/conversations')
      return list.data.find((conversation) => conversation.last_message?.text?.body === text)
    })
  }
}

/** A server with these workspaces, until the test file ends: [server, …workspaces]. */
export async function start(...names) {
  const server = new Server()
  const workspaces = names.map((name) => server.setup(name))
  endAfterwards(server)
  await server.serve()
  return [server, ...workspaces]
}

export async function startDemo(env = {}) {
  const server = new Server()
  Object.assign(server.env, env)
  endAfterwards(server)
  await server.serveDemo()
  return server
}

function endAfterwards(server) {
  after(async () => {
    const code = await server.stop()
    rmSync(server.folder, { recursive: true, force: true })
    assert.equal(code, 0, 'the server ends cleanly')
  })
}

/** Every operation of the description: {method, path, permission}. */
export async function operations(server) {
  const { body } = await server.nobody.get('/openapi.json', { raw: true })
  return Object.entries(body.paths).flatMap(([where, item]) =>
    Object.entries(item).filter(([method]) => !['parameters', 'servers'].includes(method)).map(([method, operation]) =>
      ({ method: method.toUpperCase(), path: where, permission: operation['x-permission'] })))
}
