// signal.test.mjs: our ratchets against those that Baileys uses (Node's libsignal, and its own sender keys).
//
// Our side is the program signal-peer (wa/signal/peer_main.c), which speaks JSON lines. Messages go both ways, late, doubled
// and changed; what one enciphers the other must read, once.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import crypto from 'node:crypto'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import libsignal from 'libsignal'
import { GroupCipher, GroupSessionBuilder, SenderKeyDistributionMessage, SenderKeyName, SenderKeyRecord }
  from 'baileys/lib/Signal/Group/index.js'

const PEER = path.resolve(process.env.SIGNAL_PEER_BIN ?? path.join(path.dirname(process.env.PARLEY_BIN ?? 'build/parley'), 'wa/signal/signal-peer'))

const { curve, keyhelper, ProtocolAddress, SessionBuilder, SessionCipher, SessionRecord } = libsignal
const US = '1001_1.3', THEM = '1002_1.0', GROUP = '1203@g.us'
const peers = []
after(() => peers.forEach((peer) => peer.end()))

const hex = (octets) => Buffer.from(octets).toString('hex')
const typed = (text) => Buffer.concat([Buffer.from([5]), Buffer.from(text, 'hex')])
const padded = (text) => Buffer.concat([Buffer.from(text), Buffer.from([1])])

/** One device of ours. */
class Peer {
  constructor(seed) {
    this.child = spawn(PEER, [String(seed)], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]()
    peers.push(this)
  }

  async ask(command) {
    this.child.stdin.write(JSON.stringify(command) + '\n')
    return JSON.parse((await this.lines.next()).value)
  }

  end() { this.child.stdin.end() }
}

/** One device of theirs, with the store that libsignal asks for. */
class Theirs {
  constructor() {
    this.identity = curve.generateKeyPair()
    this.registration = keyhelper.generateRegistrationId()
    this.signed = keyhelper.generateSignedPreKey(this.identity, 7)
    this.prekeys = new Map()
    this.sessions = new Map()
    this.senderKeys = new Map()
    this.address = new ProtocolAddress(US.split('.')[0], 3)
    this.cipher = new SessionCipher(this, this.address)
  }

  // A copy, as of a file: what fails must leave no trace.
  loadSession(id) { return this.sessions.has(id) ? SessionRecord.deserialize(JSON.parse(this.sessions.get(id))) : undefined }
  storeSession(id, record) { this.sessions.set(id, JSON.stringify(record.serialize())) }
  isTrustedIdentity() { return true }
  loadPreKey(id) { return this.prekeys.get(Number(id)) }
  removePreKey(id) { this.prekeys.delete(Number(id)) }
  loadSignedPreKey() { return this.signed.keyPair }
  getOurRegistrationId() { return this.registration }
  getOurIdentity() { return this.identity }
  loadSenderKey(name) { return this.senderKeys.get(name.toString()) ?? new SenderKeyRecord() }
  storeSenderKey(name, record) { this.senderKeys.set(name.toString(), record) }

  bundle(withPrekey) {
    const bundle = {
      registration_id: this.registration, signed_prekey_id: 7, identity: hex(this.identity.pubKey.subarray(1)),
      signed_prekey: hex(this.signed.keyPair.pubKey.subarray(1)), signature: hex(this.signed.signature),
    }
    if (!withPrekey) return bundle
    const { keyId, keyPair } = keyhelper.generatePreKey(this.prekeys.size + 100)
    this.prekeys.set(keyId, keyPair)
    return { ...bundle, prekey_id: keyId, prekey: hex(keyPair.pubKey.subarray(1)) }
  }

  meet(b) {
    return new SessionBuilder(this, this.address).initOutgoing({
      registrationId: b.registration_id, identityKey: typed(b.identity),
      signedPreKey: { keyId: b.signed_prekey_id, publicKey: typed(b.signed_prekey), signature: Buffer.from(b.signature, 'hex') },
      preKey: b.prekey && { keyId: b.prekey_id, publicKey: typed(b.prekey) },
    })
  }

  async encrypt(text) {
    const { type, body } = await this.cipher.encrypt(padded(text))
    return { type: type === 3 ? 'pkmsg' : 'msg', octets: Buffer.from(body, 'binary').toString('hex') }
  }

  async decrypt({ type, octets }) {
    const body = Buffer.from(octets, 'hex')
    return type === 'pkmsg' ? this.cipher.decryptPreKeyWhisperMessage(body) : this.cipher.decryptWhisperMessage(body)
  }
}

const say = (ours, text) => ours.ask({ do: 'encrypt', address: THEM, padded: hex(padded(text)) })
const hear = (ours, letter, more) => ours.ask({ do: 'decrypt', address: THEM, ...letter, ...more })

async function expectHeard(ours, letter, text) {
  assert.deepEqual(await hear(ours, letter), { outcome: 'done', padded: hex(padded(text)) })
  assert.equal((await hear(ours, letter)).outcome, 'duplicate')
}

async function expectRead(theirs, letter, text) {
  assert.equal(hex(await theirs.decrypt(letter)), hex(padded(text)))
}

/** Sixty messages in turns of random length, each turn read from its end. */
async function converse(ours, theirs) {
  for (let turn = 0; turn < 16; turn++) {
    const count = 1 + crypto.randomInt(6), letters = []
    for (let i = 0; i < count; i++) {
      const text = `${turn}.${i} ${'x'.repeat(crypto.randomInt(200))}`
      letters.unshift([turn % 2 ? await theirs.encrypt(text) : await say(ours, text), text])
    }
    for (const [letter, text] of letters) {
      if (turn % 2) await expectHeard(ours, letter, text)
      else await expectRead(theirs, letter, text)
    }
  }
}

for (const withPrekey of [true, false]) {
  const how = withPrekey ? 'with a one-time key' : 'without a one-time key'

  test(`we write first, ${how}`, async () => {
    const ours = new Peer(1), theirs = new Theirs()
    assert.equal((await ours.ask({ do: 'meet', address: THEM, bundle: theirs.bundle(withPrekey) })).outcome, 'done')
    const first = await say(ours, 'first')
    assert.equal(first.type, 'pkmsg')
    await expectRead(theirs, first, 'first')
    assert.equal(theirs.prekeys.size, 0)
    await converse(ours, theirs)
    assert.equal((await say(ours, 'last')).type, 'msg')
  })

  test(`they write first, ${how}`, async () => {
    const ours = new Peer(2), theirs = new Theirs()
    await theirs.meet(await ours.ask({ do: 'bundle', prekey: withPrekey }))
    const first = await theirs.encrypt('first')
    assert.equal(first.type, 'pkmsg')
    // What a crash took back comes again, and reads.
    assert.equal((await hear(ours, first, { crash: true })).outcome, 'done')
    await expectHeard(ours, first, 'first')
    await converse(ours, theirs)
  })
}

// libsignal prints each message that it refuses.
console.error = () => {}

test('a change of any octet is refused by both', async () => {
  const ours = new Peer(3), theirs = new Theirs()
  await theirs.meet(await ours.ask({ do: 'bundle', prekey: true }))
  await expectHeard(ours, await theirs.encrypt('first'), 'first')
  await expectRead(theirs, await say(ours, 'back'), 'back')
  const from = await theirs.encrypt('theirs'), to = await say(ours, 'ours')
  for (let i = 0; i < 12; i++) {
    const at = crypto.randomInt(1000)
    const bent = (letter) => {
      const octets = Buffer.from(letter.octets, 'hex')
      // Not the first one: libsignal takes a lower number of the version that made it, and does not authenticate it.
      octets[1 + at % (octets.length - 1)] ^= 1
      return { ...letter, octets: hex(octets) }
    }
    assert.notEqual((await hear(ours, bent(from))).outcome, 'done')
    await assert.rejects(theirs.decrypt(bent(to)))
  }
  await expectHeard(ours, from, 'theirs')
  await expectRead(theirs, to, 'ours')
})

test('a gap of two thousand messages is bridged both ways', async () => {
  const ours = new Peer(4), theirs = new Theirs()
  await theirs.meet(await ours.ask({ do: 'bundle', prekey: true }))
  await expectHeard(ours, await theirs.encrypt('first'), 'first')
  await expectRead(theirs, await say(ours, 'back'), 'back')
  let letter
  const late = await theirs.encrypt('late')
  for (let i = 0; i < 1990; i++) letter = await theirs.encrypt(`n${i}`)
  await expectHeard(ours, letter, 'n1989')
  await expectHeard(ours, late, 'late')
  for (let i = 0; i < 500; i++) letter = await say(ours, `m${i}`)
  await expectRead(theirs, letter, 'm499')
})

test('signatures of keys hold both ways', async () => {
  const theirs = new Theirs()
  for (let seed = 10; seed < 20; seed++) {
    const ours = new Peer(seed), bundle = await ours.ask({ do: 'bundle' })
    assert.ok(curve.verifySignature(typed(bundle.identity), typed(bundle.signed_prekey), Buffer.from(bundle.signature, 'hex')))
    const other = new Theirs().bundle(true)
    assert.equal((await ours.ask({ do: 'meet', address: THEM, bundle: other })).outcome, 'done')
    const forged = { ...other, signed_prekey: theirs.bundle().signed_prekey }
    assert.equal((await ours.ask({ do: 'meet', address: THEM, bundle: forged })).outcome, 'bad_signature')
    ours.end()
  }
})

/** A message of ten is read late, the others in any order. */
const shuffled = (list) => list.map((item) => [crypto.randomInt(1000), item]).sort((a, b) => a[0] - b[0]).map(([, item]) => item)

test('what Baileys says to a group is read by us, though its numbers have gaps', async () => {
  const ours = new Peer(5), theirs = new Theirs(), letters = []
  const name = new SenderKeyName(GROUP, { id: '1002_1', deviceId: 0, toString: () => THEM })
  const at = { group: GROUP, address: THEM }
  const told = await new GroupSessionBuilder(theirs).create(name)
  assert.equal((await ours.ask({ do: 'take', ...at, octets: hex(told.serialize()) })).outcome, 'done')
  for (let i = 0; i < 60; i++) letters.push([hex(await new GroupCipher(theirs, name).encrypt(padded(`to all ${i}`))), `to all ${i}`])
  for (const [octets, text] of shuffled(letters)) {
    assert.deepEqual(await ours.ask({ do: 'open', ...at, octets }), { outcome: 'done', padded: hex(padded(text)) })
    assert.equal((await ours.ask({ do: 'open', ...at, octets })).outcome, 'duplicate')
  }
})

test('what we say to a group is read by Baileys', async () => {
  const ours = new Peer(6), theirs = new Theirs(), letters = []
  const name = new SenderKeyName(GROUP, { id: '1001_1', deviceId: 3, toString: () => US })
  const at = { group: GROUP, address: US }
  const { octets: told } = await ours.ask({ do: 'own', ...at })
  const message = new SenderKeyDistributionMessage(null, null, null, null, Buffer.from(told, 'hex'))
  await new GroupSessionBuilder(theirs).process(name, message)
  for (let i = 0; i < 60; i++) letters.push([(await ours.ask({ do: 'seal', ...at, padded: hex(padded(`all ${i}`)) })).octets, `all ${i}`])
  for (const [octets, text] of shuffled(letters))
    assert.equal(hex(await new GroupCipher(theirs, name).decrypt(Buffer.from(octets, 'hex'))), hex(padded(text)))
})
