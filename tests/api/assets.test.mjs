// assets.test.mjs: the console out of the binary: caching, compression, and paths that only the console knows.
import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { start } from './server.mjs'

const [server] = await start('shop')

/** As it comes over the wire: fetch would inflate it. */
function get(path, headers = {}, method = 'GET') {
  return new Promise((done, failed) => {
    http.request(server.url + path, { method, headers }, (answer) => {
      const pieces = []
      answer.on('data', (piece) => pieces.push(piece)).on('end', () => done({ status: answer.statusCode, headers: answer.headers,
        body: Buffer.concat(pieces) }))
    }).on('error', failed).end()
  })
}

const index = await get('/')
const built = !index.body.includes('not in this binary')

test('the front page is HTML, built or not', () => {
  assert.equal(index.status, 200)
  assert.match(index.headers['content-type'], /^text\/html/)
  assert.match(index.headers['content-security-policy'], /script-src|default-src 'self'/)
})

test('a path of the console is its front page; a missing asset is not', { skip: !built }, async () => {
  const deep = await get('/conversations/17?x=1')
  assert.equal(deep.status, 200)
  assert.deepEqual(deep.body, index.body)
  assert.equal((await get('/assets/nothing-here.js')).status, 404)
})

test('hashed files are kept for ever, the page is asked for again', { skip: !built }, async () => {
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(index.body.toString())[1]
  const plain = await get(script)
  const packed = await get(script, { 'accept-encoding': 'br, gzip;q=0.8' })
  assert.match(plain.headers['cache-control'], /immutable/)
  assert.equal(plain.headers['content-encoding'], undefined)
  assert.equal(packed.headers['content-encoding'], 'gzip')
  assert.equal(packed.headers.vary, 'Accept-Encoding')
  assert.ok(packed.body.length < plain.body.length)
  assert.deepEqual((await import('node:zlib')).gunzipSync(packed.body), plain.body)
  assert.equal((await get(script, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding'], undefined)
  assert.equal(index.headers['cache-control'], 'no-cache')
})

test('what the browser has is not sent again', { skip: !built }, async () => {
  const known = await get('/', { 'if-none-match': `"other", ${index.headers.etag}` })
  assert.equal(known.status, 304)
  assert.equal(known.body.length, 0)
  assert.equal((await get('/', { 'if-none-match': '"other"' })).status, 200)
  const head = await get('/', {}, 'HEAD')
  assert.equal(head.body.length, 0)
  assert.equal(head.headers['content-length'], String(index.body.length))
})
