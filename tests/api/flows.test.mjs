// flows.test.mjs: the data endpoint of WhatsApp Flows: the key goes to the network, and questions are answered as a phone
// wants them, or refused in the vendor's words.
//
// The phone's side is done here with node:crypto, with the public key that the network was given.
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import http from 'node:http'
import { after, before, test } from 'node:test'
import { startDemo } from '../lib/parley.mjs'

let demo, channel, key, answering
const asked = []
let reply = { status: 200, body: { screen: 'NEXT', data: { from: 'the program' } } }

before(async () => {
  demo = await startDemo()
  channel = (await demo.api('GET', '/channels')).data[0]
  answering = http.createServer((req, res) => {
    let text = ''
    req.on('data', (piece) => { text += piece }).on('end', () => {
      asked.push({ text, headers: req.headers })
      res.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body))
    })
  })
  await new Promise((done) => { answering.listen(0, '127.0.0.1', done) })
})
after(async () => { answering?.close(); await demo?.remove() })

/** Asks as a phone does: {status, plain}. */
async function ask(question, { spoil = (body) => body, secret = 'sandbox-app-secret' } = {}) {
  const aes = crypto.randomBytes(16), iv = crypto.randomBytes(16)
  const cipher = crypto.createCipheriv('aes-128-gcm', aes, iv)
  const data = Buffer.concat([cipher.update(JSON.stringify(question), 'utf8'), cipher.final(), cipher.getAuthTag()])
  const body = JSON.stringify(spoil({
    encrypted_flow_data: data.toString('base64'), initial_vector: iv.toString('base64'),
    encrypted_aes_key: crypto.publicEncrypt({ key, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }, aes).toString('base64'),
  }))
  const answer = await fetch(`${demo.url}/webhooks/flows/${channel.id}`, { method: 'POST', body, headers: { 'content-type': 'application/json',
    'x-hub-signature-256': `sha256=${crypto.createHmac('sha256', secret).update(body).digest('hex')}` } })
  const text = await answer.text()
  if (answer.status !== 200 && answer.status !== 427) return { status: answer.status, text }
  const sealed = Buffer.from(text, 'base64'), turned = Buffer.from(iv.map((octet) => ~octet))
  const open = crypto.createDecipheriv('aes-128-gcm', aes, turned)
  open.setAuthTag(sealed.subarray(-16))
  return { status: answer.status, plain: JSON.parse(Buffer.concat([open.update(sealed.subarray(0, -16)), open.final()]).toString()) }
}

test('the public key goes to the network, and its word for it is shown', async () => {
  const made = await demo.api('PUT', `/channels/${channel.id}/flow-endpoint`, { answers: { INIT: { screen: 'START', data: {} }, '*': { screen: 'ELSE', data: {} } } })
  const sent = (await demo.control('GET', '/requests')).data.find((call) => call.method === 'POST' && call.target.endsWith('/whatsapp_business_encryption'))
  key = made.public_key
  assert.match(made.url, new RegExp(`/webhooks/flows/${channel.id}$`))
  assert.ok(sent.body.replaceAll('\r', '').includes(key.trim()), sent.body)
  assert.equal(made.signature, 'VALID')
  assert.ok(made.uploaded_ms)
  assert.ok(!JSON.stringify(made).includes('PRIVATE'))
})

test('the health check and error notices are answered by themselves', async () => {
  assert.deepEqual(await ask({ version: '3.0', action: 'ping' }), { status: 200, plain: { data: { status: 'active' } } })
  assert.deepEqual((await ask({ version: '3.0', action: 'INIT', flow_token: 't', data: { error: 'INVALID_SCREEN_TRANSITION' } })).plain, { data: { acknowledged: true } })
})

test('fixed answers are chosen by action and screen', async () => {
  assert.equal((await ask({ action: 'INIT', flow_token: 't' })).plain.screen, 'START')
  assert.equal((await ask({ action: 'data_exchange', screen: 'BOOK', data: {} })).plain.screen, 'ELSE')
})

test('a program is asked in plain words, signed, and its answer reaches the phone', async () => {
  const { secret } = await demo.api('PUT', `/channels/${channel.id}/flow-endpoint`, { answer_url: `http://127.0.0.1:${answering.address().port}/flow` })
  const question = { version: '3.0', action: 'data_exchange', screen: 'BOOK', data: { note: 'Grüße 🌷' }, flow_token: 't-9' }
  assert.deepEqual(await ask(question), { status: 200, plain: reply.body })
  assert.deepEqual(JSON.parse(asked.at(-1).text), question)
  assert.equal(asked.at(-1).headers['x-parley-signature'], `sha256=${crypto.createHmac('sha256', secret).update(asked.at(-1).text).digest('hex')}`)
  reply = { status: 427, body: { error_msg: 'This order is done.' } }
  assert.deepEqual(await ask(question), { status: 427, plain: reply.body })
  reply = { status: 500, body: {} }
  assert.ok((await ask(question)).status >= 500)
})

test('what does not decrypt is 421, a wrong signature 432, and a new key replaces the old', async () => {
  const flipped = (body) => ({ ...body, encrypted_flow_data: Buffer.from('changed on the way, surely').toString('base64') })
  assert.equal((await ask({ action: 'ping' }, { spoil: flipped })).status, 421)
  assert.equal((await ask({ action: 'ping' }, { secret: 'another' })).status, 432)
  const { public_key } = await demo.api('PUT', `/channels/${channel.id}/flow-endpoint`, { new_key: true })
  assert.notEqual(public_key, key)
  assert.equal((await ask({ action: 'ping' })).status, 421)
  key = public_key
  assert.equal((await ask({ action: 'ping' })).status, 200)
})

test('without an endpoint there is nothing at the address', async () => {
  await demo.api('DELETE', `/channels/${channel.id}/flow-endpoint`)
  assert.equal((await ask({ action: 'ping' })).status, 404)
})
