// push_service.mjs: a push service and the browsers that subscribed to it: what a server sends is opened as a browser opens it.
import assert from 'node:assert/strict'
import { createDecipheriv, createECDH, createHmac, createPublicKey, randomBytes, verify } from 'node:crypto'
import http from 'node:http'

const hkdf = (salt, key, info, length) => {
  const secret = createHmac('sha256', salt).update(key).digest()
  return createHmac('sha256', secret).update(Buffer.concat([info, Buffer.from([1])])).digest().subarray(0, length)
}

/** RFC 8291, from the browser's side. */
function open(browser, body) {
  const salt = body.subarray(0, 16)
  const keyLength = body[20]
  const sender = body.subarray(21, 21 + keyLength)
  const sealed = body.subarray(21 + keyLength)
  const shared = browser.ecdh.computeSecret(sender)
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), browser.ecdh.getPublicKey(), sender])
  const ikm = hkdf(browser.auth, shared, info, 32)
  const key = hkdf(salt, ikm, Buffer.from('Content-Encoding: aes128gcm\0'), 16)
  const nonce = hkdf(salt, ikm, Buffer.from('Content-Encoding: nonce\0'), 12)
  const cipher = createDecipheriv('aes-128-gcm', key, nonce)
  cipher.setAuthTag(sealed.subarray(-16))
  const plain = Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()])
  const end = plain.lastIndexOf(2)
  assert.ok(plain.subarray(end + 1).every((octet) => octet === 0), 'behind the text there is padding alone')
  return plain.subarray(0, end).toString()
}

/** RFC 8292: who sends it, and that the token is for this service. */
function checkToken(header, origin) {
  const [, token, key] = /^vapid t=([^,]+), ?k=(.+)$/.exec(header) ?? assert.fail(`no VAPID token: ${header}`)
  const [head, claims, sign] = token.split('.')
  const raw = Buffer.from(key, 'base64url')
  const jwk = { kty: 'EC', crv: 'P-256', x: raw.subarray(1, 33).toString('base64url'), y: raw.subarray(33).toString('base64url') }
  const good = verify('sha256', Buffer.from(`${head}.${claims}`), { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
    Buffer.from(sign, 'base64url'))
  assert.ok(good, 'the token is signed with its key')
  const said = JSON.parse(Buffer.from(claims, 'base64url'))
  assert.equal(said.aud, origin)
  assert.ok(said.exp * 1000 > Date.now() && said.exp * 1000 < Date.now() + 86_400_000)
  assert.match(said.sub, /^(mailto:|https:)/)
  return key
}

export class PushService {
  static async open() {
    const service = new PushService()
    service.browsers = new Map()
    service.heard = []
    service.answer = 201
    service.server = http.createServer((req, res) => service.take(req, res)).listen(0, '127.0.0.1')
    await new Promise((done) => service.server.once('listening', done))
    service.url = `http://127.0.0.1:${service.server.address().port}`
    return service
  }

  close() {
    this.server.closeAllConnections()
    this.server.close()
  }

  /** A browser that subscribed: what PushSubscription.toJSON() gives. */
  subscribe(name) {
    const ecdh = createECDH('prime256v1')
    ecdh.generateKeys()
    const browser = { name, ecdh, auth: randomBytes(16) }
    this.browsers.set(`/push/${name}`, browser)
    return { endpoint: `${this.url}/push/${name}`, keys: { p256dh: ecdh.getPublicKey('base64url'), auth: browser.auth.toString('base64url') } }
  }

  async take(req, res) {
    const pieces = []
    for await (const piece of req) pieces.push(piece)
    const browser = this.browsers.get(req.url)
    const answer = browser ? this.answer : 410
    if (answer === 201) {
      try {
        assert.equal(req.headers['content-encoding'], 'aes128gcm')
        assert.ok(Number(req.headers.ttl) > 0)
        const key = checkToken(req.headers.authorization, this.url)
        this.heard.push({ name: browser.name, key, topic: req.headers.topic, body: JSON.parse(open(browser, Buffer.concat(pieces))) })
      } catch (error) {
        this.heard.push({ name: browser.name, error })
      }
    } else {
      this.heard.push({ name: req.url, refused: answer })
    }
    res.writeHead(answer).end()
  }
}
