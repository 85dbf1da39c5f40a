// sign_in_limit.test.mjs: guessing passwords ends soon, and who manages people lets those in who were locked out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start } from './server.mjs'

const [server, shop] = await start('shop')
let session

test('after ten failures the eleventh is not looked at, however right', async () => {
  const owner = await server.signIn(shop.email, shop.password)
  const guesses = await Promise.all(Array.from({ length: 14 }, (_, i) =>
    server.nobody.post('/session', { email: shop.email, password: `guess ${i}` })))
  const count = (status) => guesses.filter((answer) => answer.status === status).length
  assert.equal(count(401), 10, 'ten guesses at once are looked at')
  assert.equal(count(429), 4, 'and not one more')
  const right = await server.nobody.post('/session', { email: shop.email, password: shop.password })
  assert.equal(right.status, 429)
  assert.equal(right.body.code, 'too_many_sign_ins')
  const wait = Number(right.headers.get('retry-after'))
  assert.ok(wait > 800 && wait <= 900, `Retry-After ${wait}`)
  await owner.want(200, 'GET', '/session')
  session = owner
})

/** The owner was locked out by the guesses above; where she is signed in she releases herself. */
async function release() {
  await session.want(204, 'POST', `/people/${session.session.person.id}/unlock`)
  return session
}

test('who is locked out is seen and released by who manages people, and it is in the audit', async () => {
  const owner = await release()
  const agent = await server.person({ ...shop, owner }, 'agent')
  const guess = (password) => server.nobody.post('/session', { email: agent.draft.email, password })
  for (let i = 0; i < 10; i++) assert.equal((await guess('wrong')).status, 401)
  assert.equal((await guess(agent.draft.password)).status, 429)
  const seen = async (caller) => (await caller.want(200, 'GET', '/people')).data.find(({ id }) => id === agent.id).locked_until_ms
  assert.ok((await seen(owner)) > Date.now())
  assert.equal(await seen(agent), null, 'who only reads people does not see it')
  await agent.want(403, 'POST', `/people/${agent.id}/unlock`)
  await owner.want(204, 'POST', `/people/${agent.id}/unlock`)
  assert.equal((await guess(agent.draft.password)).status, 200)
  assert.equal(await seen(owner), null)
  const actions = (await owner.want(200, 'GET', '/audit')).data.filter(({ target }) => target.id === agent.id).map(({ action }) => action)
  assert.ok(actions.includes('session.locked') && actions.includes('session.release'), actions.join())
})

test('an address that tries everybody is closed for all e-mails, and only that', async () => {
  let last
  for (let i = 0; i < 60 && last !== 429; i++) {
    last = (await server.nobody.post('/session', { email: `nobody${i}@shop.example`, password: 'a guess' })).status
  }
  assert.equal(last, 429)
  await session.want(200, 'GET', '/session')
})
