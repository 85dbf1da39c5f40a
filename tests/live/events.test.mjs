// events.test.mjs: docs/api/events.md, the server's catalogue, its sources and what is really told say the same.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, test as run } from 'node:test'
import Pusher from 'pusher-js'
import { start, until } from '../api/server.mjs'

const test = (name, work) => run(name, { timeout: 60_000 }, work)
const root = path.resolve(import.meta.dirname, '../..')
const page = readFileSync(path.join(root, 'docs/api/events.md'), 'utf8')
const [server, shop] = await start('shop')
const { data: catalogue } = await shop.caller.want(200, 'GET', '/realtime/events')

function section(name) {
  const [, text] = new RegExp(`\\n### ${name.replaceAll('.', '\\.')}\\n([^]*?)(?=\\n### |$)`).exec(page) ?? []
  return text
}

/** What the page must say of it. */
function wanted({ name, version, audience, description, members, example }) {
  const list = members.map((member) => `\`${member.replace(':', ': ')}\``).join(', ')
  return `\n### ${name}\n\nVersion ${version}, ${audience}: ${description}\n\n${list}\n\n\`\`\`json\n${JSON.stringify(example)}\n\`\`\`\n`
}

for (const event of catalogue) {
  test(`${event.name} is documented as it is`, () => {
    const text = section(event.name)
    assert.ok(text, `docs/api/events.md lacks this section, in the order of the table:\n${wanted(event)}`)
    assert.ok(text.includes(`Version ${event.version}, ${event.audience}: ${event.description}`), 'version, audience and description')
    assert.deepEqual([...text.matchAll(/`(\w+): ([\w?[\]]+)`/g)].map(([, name, type]) => `${name}:${type}`), event.members)
    assert.deepEqual(JSON.parse(/```json\n(.*)\n```/.exec(text)[1]), event.example)
    for (const member of event.members) {
      const [name, type] = member.split(':')
      if (!type.endsWith('?')) assert.ok(name in event.example, `the example lacks ${name}`)
    }
  })
}

test('nothing is documented that is not told', () => {
  const documented = [...page.matchAll(/\n### (\S+)/g)].map(([, name]) => name)
  assert.deepEqual(documented, catalogue.map((event) => event.name))
})

test('every event that the sources tell is in the catalogue', () => {
  const told = new Set()
  for (const file of readdirSync(path.join(root, 'server/api')).filter((name) => name.endsWith('.c'))) {
    const text = readFileSync(path.join(root, 'server/api', file), 'utf8')
    for (const [, call] of text.matchAll(/(?:audience_tell\w*|api_publish|api_tell_list|api_tell_event)\s*\(([^;]*);/g))
      for (const [, name] of call.matchAll(/S\("([a-z_]+\.[a-z_]+)"\)/g)) told.add(name)
  }
  assert.ok(told.size > 10, `only ${told.size} found`)
  const known = new Set(catalogue.map((event) => event.name))
  for (const name of told) assert.ok(known.has(name), `${name} is told and not in server/live/live_catalogue.c`)
})

test('what is really told has the members that are documented, and the numbers', async () => {
  const { client } = await shop.caller.want(200, 'GET', '/realtime')
  const socket = new Pusher(client.key, {
    cluster: '', wsHost: client.host, wsPort: client.port, forceTLS: false, enabledTransports: ['ws'],
    channelAuthorization: { endpoint: server.url + client.auth, transport: 'ajax', headers: { Authorization: `Bearer ${shop.api_key}` } },
  })
  after(() => socket.disconnect())
  const heard = new Map()
  const inbox = socket.subscribe(`private-workspace-${shop.workspace_id}`)
  await new Promise((done) => inbox.bind('pusher:subscription_succeeded', done))
  inbox.bind_global((name, data) => { if (!name.startsWith('pusher')) heard.set(name, data) })
  const channel = await server.channel(shop)
  const conversation = await server.receive(shop, channel, 'Hello')
  await shop.caller.want(200, 'PATCH', `/conversations/${conversation.id}`, { status: 'waiting' })
  await shop.caller.want(200, 'PATCH', `/contacts/${conversation.contact.id}`, { name: 'Ana Maria' })
  await shop.caller.want(200, 'PATCH', `/channels/${channel.id}`, { name: 'Another' })
  await shop.caller.want(202, 'POST', `/conversations/${conversation.id}/messages`, { type: 'text', text: { body: 'Yes?' } })
  await shop.caller.want(200, 'PATCH', '/maintenance', { on: true, note: 'A test' })
  const expected = ['message.created', 'message.updated', 'conversation.updated', 'contact.updated', 'channel.updated', 'counts.updated', 'maintenance.updated']
  await until(expected.join(', '), () => expected.every((name) => heard.has(name)), 30_000)
  for (const [name, data] of heard) {
    const event = catalogue.find((one) => one.name === name)
    assert.ok(event, `${name} is not in the catalogue`)
    const allowed = event.members.map((member) => member.split(':')[0])
    const needed = event.members.filter((member) => !member.endsWith('?')).map((member) => member.split(':')[0])
    const { event_id: id, event_after: before, event_version: version, ...own } = data
    assert.match(id, /^\d+$/)
    assert.ok(Number(before) < Number(id))
    assert.equal(version, event.version)
    for (const member of Object.keys(own)) assert.ok(allowed.includes(member), `${name}.${member} is not documented`)
    for (const member of needed) assert.ok(member in own, `${name} came without ${member}`)
  }
})

test('parley emit is heard by the program of the documentation', async () => {
  const folder = mkdtempSync(path.join(root, 'tests/live/.snippet-'))
  const program = path.join(folder, 'listen.mjs')
  writeFileSync(program, /```js\n([^]*?)```/.exec(page)[1])
  const child = spawn(process.execPath, [program], {
    env: { ...process.env, PARLEY_ADDRESS: server.url, PARLEY_KEY: shop.api_key, PARLEY_WORKSPACE: shop.workspace_id }, stdio: ['ignore', 'pipe', 'inherit'],
  })
  after(() => { child.kill('SIGKILL'); rmSync(folder, { recursive: true, force: true }) })
  let said = ''
  child.stdout.on('data', (data) => { said += data })
  await until('"listening"', () => said.includes('listening'), 30_000)

  const done = server.run('emit', 'qr.generated', '--api-key', shop.api_key, '--url', server.url)
  assert.equal(done.status, 0, done.stderr)
  await until('the code', () => /^qr\.generated .*"qr":"2@example"/m.test(said))
  const data = { channel_id: '7', state: 'pairing', reason: null, since_ms: 5 }
  server.run('emit', 'session.updated', '--api-key', shop.api_key, '--url', server.url, '--payload', JSON.stringify(data))
  await until('the state', () => /^session\.updated .*"state":"pairing"/m.test(said))
  assert.equal(server.run('emit', 'no.such', '--api-key', shop.api_key, '--url', server.url).status, 1)
  assert.equal(server.run('emit', 'qr.generated', '--api-key', 'pk_wrong', '--url', server.url).status, 1)
})

test('parley realtime shows the settings, with the secret masked', () => {
  const text = server.run('realtime')
  assert.match(text.stdout, /^broadcast_driver +builtin$/m)
  const { data: [one] } = JSON.parse(server.run('realtime', '--json').stdout)
  assert.equal(one.workspace_id, shop.workspace_id)
  assert.match(one.secret, /^••••.{4}$/)
})
