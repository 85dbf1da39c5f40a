// sign_in_limit.test.mjs: guessing passwords ends soon. A server of its own: the address is locked out after.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start } from './server.mjs'

const [server, shop] = await start('shop')

test('after ten failures the eleventh is not looked at, however right', async () => {
  const owner = await server.signIn(shop.email, shop.password)
  const guesses = await Promise.all(Array.from({ length: 14 }, (_, i) =>
    server.nobody.post('/session', { email: i % 2 ? shop.email : `nobody${i}@shop.example`, password: `guess ${i}` })))
  const count = (status) => guesses.filter((answer) => answer.status === status).length
  assert.equal(count(401), 10, 'ten guesses at once are looked at')
  assert.equal(count(429), 4, 'and not one more')
  const right = await server.nobody.post('/session', { email: shop.email, password: shop.password })
  assert.equal(right.status, 429)
  assert.equal(right.body.code, 'too_many_sign_ins')
  const wait = Number(right.headers.get('retry-after'))
  assert.ok(wait > 800 && wait <= 900, `Retry-After ${wait}`)
  await owner.want(200, 'GET', '/session')
})
