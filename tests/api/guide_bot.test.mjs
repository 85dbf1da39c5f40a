// guide_bot.test.mjs: the program of docs/guide/move-a-bot.md, taken from there as it stands, against the demo.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { startDemo, until } from '../lib/parley.mjs'

const guide = readFileSync(path.resolve(import.meta.dirname, '../../docs/guide/move-a-bot.md'), 'utf8')
const folder = mkdtempSync(path.join(tmpdir(), 'parley-bot-'))
let demo, bot, port

const freePort = () => new Promise((done) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address()
    server.close(() => done(port))
  })
})

before(async () => {
  demo = await startDemo({ env: { PARLEY_ALLOW_PRIVATE_CALLS: 'true' } })
  port = await freePort()
  writeFileSync(path.join(folder, 'bot.mjs'), /```js\n(.*?)```/s.exec(guide)[1])
  bot = spawn(process.execPath, [path.join(folder, 'bot.mjs')], { stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, GRAPH_URL: `${demo.url}/graph`, TOKEN: demo.api_key, APP_SECRET: 'secret of the bot', VERIFY_TOKEN: 'token of the bot', PORT: String(port) } })
  await new Promise((done) => bot.stdout.once('data', done))
})
after(async () => {
  bot?.kill()
  await demo?.remove()
  rmSync(folder, { recursive: true })
})

test('the bot of the guide answers a customer, and what it says is in the inbox', async () => {
  await demo.api('POST', '/webhooks', { format: 'cloud_api', url: `http://127.0.0.1:${port}/`, verify_token: 'token of the bot', secret: 'secret of the bot' })
  await demo.customerSays('12025550142', 'is this a bot?')
  const answer = await until(async () => {
    const { data } = await demo.api('GET', '/search?query=said')
    return data.find((one) => one.message?.text?.body === 'You said: is this a bot?')?.message
  }, 'its answer', 30_000)
  assert.equal(answer.direction, 'out')
  assert.equal(answer.author.kind, 'api_key')
  assert.ok(answer.reply_to, 'it quotes the question')
  const conversation = await until(async () => {
    const one = await demo.api('GET', `/conversations/${answer.conversation_id}`)
    return one.unread_count === 0 && one
  }, 'the read mark', 30_000)
  assert.equal(conversation.unread_count, 0)
})
