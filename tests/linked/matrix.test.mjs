// matrix.test.mjs: every kind, both ways, between Parley's linked number and unmodified Baileys, which is the customer (Ana)
// and a second device of the account (the desk), in a chat and in a group.
//
// MATRIX is the table: a row a kind. `toParley` is run four times: who (Ana, the desk) × where (chat, group); `fromParley`
// twice, and there both, Ana and the desk, must see it. What stands as a text instead says why there is no such cell.
import assert from 'node:assert/strict'
import { after, before, describe, test as run } from 'node:test'
import { decryptPollVote, downloadMediaMessage, proto } from 'baileys'
import { Clients, contentOf, hashOf, textOf } from '../lib/baileys.mjs'
import { MP4, OGG, octetsOf, pairNumber, PDF, PNG, Thread, upload, wave, WEBP } from '../lib/linked.mjs'
import { startDemo, until } from '../lib/parley.mjs'

const test = (name, work) => run(name, { timeout: 90_000 }, work)
const SHOP = '15553330001', ANA = '15553330002', WAIT = 30_000
const VCARD = 'BEGIN:VCARD\nVERSION:3.0\nFN:Dana Smith\nTEL;type=CELL;waid=12025550177:+1 202-555-0177\nEND:VCARD'
let demo, clients, number, ana, desk, group

/** What a cell works with. who: the Baileys client that writes (toParley). */
class Cell {
  constructor(isGroup, who) {
    Object.assign(this, { isGroup, who })
    this.thread = new Thread(demo, number, isGroup ? undefined : ANA)
  }

  /** Where this client writes to. */
  at(client) { return this.isGroup ? group : client === ana ? desk.jid : ana.jid }
  get to() { return this.at(this.who) }
  get isOwn() { return this.who === desk }

  /** The client writes; gives what it sent and how Parley shows it. */
  async says(content, options) {
    const sent = await this.who.say(this.to, content, options)
    return { sent, shown: await this.shown(sent) }
  }

  async relays(content) {
    const sent = await this.who.relay(this.to, content)
    return { sent, shown: await this.shown(sent) }
  }

  async shown(sent, test) {
    const message = await this.thread.byRemote(sent.key.id, test)
    assert.equal(message.direction, this.isOwn ? 'out' : 'in')
    if (this.isOwn) assert.equal(message.author.kind, 'phone')
    return message
  }

  /** Parley writes; gives the message, and as Ana and the desk got it. */
  async parleyWrites(draft) {
    const sent = await this.thread.writes(draft)
    const seen = []
    for (const client of [ana, desk]) seen.push(await client.got(sent.remote_id))
    assert.equal(seen[1].key.fromMe, true)
    return { sent, seen }
  }

  /** A text of Parley's, and as the client got it. */
  async asked() {
    const sent = await this.thread.writes({ type: 'text', text: { body: 'How was it?' } })
    return { sent, got: await this.who.got(sent.remote_id) }
  }

  /** A text of Ana's, and as Parley shows it. */
  async heard(body = 'Is it there?') {
    const sent = await ana.say(this.at(ana), { text: body })
    return { sent, shown: await this.thread.byRemote(sent.key.id) }
  }
}

/* ---- parts of rows ---- */

/** A content of Baileys', and what Parley shows of it. file: its octets, which must arrive. */
const says = (content, type, check, file) => async (c) => {
  const { shown } = await c.says(content)
  assert.equal(shown.type, type)
  check?.(shown)
  if (!file) return
  const { media } = await c.thread.byRemote(shown.remote_id, (m) => ['stored', 'remote'].includes(m.media?.state))
  assert.deepEqual(await octetsOf(demo, media), file)
}

/** A content as the protocol has it, for what Baileys' own words lack. */
const relays = (content, type, check) => async (c) => {
  const { shown } = await c.relays(content)
  assert.equal(shown.type, type)
  check(shown)
}

/** A draft of Parley's, and what both clients got. */
const writes = (draft, check) => async (c) => {
  const { seen } = await c.parleyWrites(typeof draft === 'function' ? await draft() : draft)
  for (const message of seen) check(contentOf(message), message)
}

/** A file of Parley's: the octets must arrive, and check may look at the rest. */
const sendsFile = (type, file, more, check, isOpus) => async (c) => {
  const [octets, mime, where] = file
  const { seen } = await c.parleyWrites({ type, [type]: { id: await upload(demo, octets, mime, where), ...more } })
  for (const message of seen) {
    check(contentOf(message))
    const got = await downloadMediaMessage(message, 'buffer', { host: new URL(demo.linked_tls_url).host })
    if (isOpus) assert.equal(got.subarray(0, 4).toString(), 'OggS')
    else assert.deepEqual(got, octets)
  }
}

/** How many votes each option has. */
const votesOf = (message) => message.poll.options.map((one) => one.votes)

const POLL = { poll: { name: 'Lunch?', values: ['Soup', 'Salad'], selectableCount: 1 } }
const BUTTONS = { type: 'button', body: { text: 'Shall we?' }, action: { buttons: [{ type: 'reply', reply: { id: 'a', title: 'Yes' } }, { type: 'reply', reply: { id: 'b', title: 'No' } }] } }
const LIST = { type: 'list', body: { text: 'Which?' }, action: { button: 'Open', sections: [{ title: 'Soups', rows: [{ id: 'r1', title: 'Onion' }, { id: 'r2', title: 'Leek', description: 'hot' }] }] } }
/** What Baileys would else ask of programs that are not here. */
const media = { jpegThumbnail: '', seconds: 1 }

/* ---- the table ---- */

const MATRIX = {
  text: {
    toParley: says({ text: 'Grüße 😀' }, 'text', (m) => assert.equal(m.text.body, 'Grüße 😀')),
    fromParley: writes({ type: 'text', text: { body: 'Good *morning* 😀' } }, (_, m) => assert.equal(textOf(m), 'Good *morning* 😀')),
  },
  'text with a preview': {
    toParley: says({ text: 'See https://example.com/soup', linkPreview: { 'canonical-url': 'https://example.com/soup', 'matched-text': 'https://example.com/soup', title: 'Soup', description: 'Hot' } }, 'text',
      (m) => assert.deepEqual([m.text.body, m.text.preview], ['See https://example.com/soup', { url: 'https://example.com/soup', title: 'Soup', description: 'Hot' }])),
    fromParley: 'asks the network for its page: tests/api/linked_messages.test.mjs',
  },
  image: {
    toParley: says({ image: PNG, caption: 'See', ...media }, 'image', (m) => assert.equal(m.image.caption, 'See'), PNG),
    fromParley: sendsFile('image', [PNG, 'image/png'], { caption: 'a dot' }, (m) => assert.equal(m.imageMessage.caption, 'a dot')),
  },
  video: {
    toParley: says({ video: MP4, caption: 'film', ...media }, 'video', (m) => assert.equal(m.video.caption, 'film'), MP4),
    fromParley: sendsFile('video', [MP4, 'video/mp4'], { caption: 'film' }, (m) => assert.equal(m.videoMessage.caption, 'film')),
  },
  'round video': {
    toParley: says({ video: MP4, ptv: true, ...media }, 'video', (m) => assert.equal(m.video.round, true), MP4),
    fromParley: 'people record those on a phone',
  },
  voice: {
    toParley: says({ audio: OGG, mimetype: 'audio/ogg; codecs=opus', ptt: true, seconds: 1, waveform: new Uint8Array(64) }, 'voice', (m) => assert.equal(m.voice.seconds, 1), OGG),
    fromParley: sendsFile('audio', [wave(), 'audio/wav', '/media/voice'], { voice: true },
      (m) => assert.deepEqual([m.audioMessage.ptt, m.audioMessage.seconds, m.audioMessage.waveform.length], [true, 1, 64]), true),
  },
  audio: {
    toParley: says({ audio: OGG, mimetype: 'audio/ogg', seconds: 1 }, 'audio', undefined, OGG),
    fromParley: sendsFile('audio', [OGG, 'audio/ogg'], {}, (m) => assert.equal(Boolean(m.audioMessage.ptt), false)),
  },
  document: {
    toParley: says({ document: PDF, mimetype: 'application/pdf', fileName: 'a.pdf', caption: 'please' }, 'document',
      (m) => assert.deepEqual([m.document.filename, m.document.caption], ['a.pdf', 'please']), PDF),
    fromParley: sendsFile('document', [PDF, 'application/pdf'], { filename: 'list.pdf', caption: 'here' },
      (m) => assert.deepEqual([m.documentMessage.fileName, m.documentMessage.caption], ['list.pdf', 'here'])),
  },
  sticker: {
    toParley: says({ sticker: WEBP }, 'sticker', undefined, WEBP),
    fromParley: sendsFile('sticker', [WEBP, 'image/webp'], {}, (m) => assert.equal(m.stickerMessage.mimetype, 'image/webp')),
  },
  'view once': {
    toParley: says({ image: PNG, viewOnce: true, ...media }, 'image', (m) => assert.equal(m.image.view_once, true), PNG),
    fromParley: sendsFile('image', [PNG, 'image/png'], { view_once: true }, (m) => assert.equal(m.imageMessage.viewOnce, true)),
  },
  location: {
    toParley: says({ location: { degreesLatitude: -6.2, degreesLongitude: 106.8, name: 'Shop' } }, 'location',
      (m) => assert.deepEqual([m.location.latitude, m.location.longitude, m.location.name], [-6.2, 106.8, 'Shop'])),
    fromParley: writes({ type: 'location', location: { latitude: -6.2, longitude: 106.8, name: 'Shop', address: 'Jalan 1' } },
      ({ locationMessage: m }) => assert.deepEqual([m.degreesLatitude, m.degreesLongitude, m.name, m.address], [-6.2, 106.8, 'Shop', 'Jalan 1'])),
  },
  'live location': {
    toParley: relays({ liveLocationMessage: { degreesLatitude: -6.2, degreesLongitude: 106.8, caption: 'on my way', sequenceNumber: 1 } }, 'live_location',
      (m) => assert.deepEqual([m.live_location.latitude, m.live_location.caption], [-6.2, 'on my way'])),
    fromParley: 'a server stands still',
  },
  'one contact': {
    toParley: says({ contacts: { displayName: 'Dana', contacts: [{ vcard: VCARD }] } }, 'contacts', (m) => assert.equal(m.contacts[0].name.formatted_name, 'Dana Smith')),
    fromParley: writes({ type: 'contacts', contacts: [{ name: { formatted_name: 'Dana Smith', first_name: 'Dana' }, phones: [{ phone: '+12025550177' }] }] },
      ({ contactMessage: m }) => { assert.equal(m.displayName, 'Dana Smith'); assert.match(m.vcard, /FN:Dana Smith[^]*waid=12025550177/) }),
  },
  'two contacts': {
    toParley: says({ contacts: { displayName: '2 contacts', contacts: [{ displayName: 'Dana', vcard: VCARD }, { displayName: 'Eve', vcard: VCARD.replace('Dana Smith', 'Eve') }] } }, 'contacts',
      (m) => assert.deepEqual(m.contacts.map((one) => one.name.formatted_name), ['Dana Smith', 'Eve'])),
    fromParley: writes({ type: 'contacts', contacts: ['Dana', 'Eve'].map((name) => ({ name: { formatted_name: name, first_name: name }, phones: [{ phone: '+12025550177' }] })) },
      ({ contactsArrayMessage: m }) => assert.deepEqual(m.contacts.map((one) => one.displayName), ['Dana', 'Eve'])),
  },
  poll: {
    toParley: says(POLL, 'poll', (m) => assert.deepEqual([m.poll.name, m.poll.options.map((one) => one.name)], ['Lunch?', ['Soup', 'Salad']])),
    fromParley: writes({ type: 'poll', poll: { name: 'Lunch?', options: ['Soup', 'Salad'], selectable_count: 1 } },
      (m) => assert.deepEqual((m.pollCreationMessage ?? m.pollCreationMessageV3).options.map((one) => one.optionName), ['Soup', 'Salad'])),
  },
  'poll vote': {
    async toParley(c) {
      const sent = await c.thread.writes({ type: 'poll', poll: { name: 'When?', options: ['Monday', 'Tuesday', 'Friday'], selectable_count: 0 } })
      const poll = await c.who.got(sent.remote_id)
      for (const [names, counts] of [[['Monday', 'Friday'], [1, 0, 1]], [['Tuesday'], [0, 1, 0]], [[], [0, 0, 0]]]) {
        await c.who.vote(c.to, poll, names)
        await c.thread.shows((m) => m.id === sent.id && votesOf(m).join() === counts.join(), `the votes ${counts}`)
      }
    },
  },
  'vote in the other\'s poll': {
    async toParley(c) {
      const other = c.isOwn ? ana : desk
      const { key } = await other.say(c.at(other), POLL)
      const poll = await c.who.got(key.id)
      await c.thread.byRemote(key.id)
      await c.who.vote(c.to, poll, ['Salad'])
      await c.thread.byRemote(key.id, (m) => votesOf(m).join() === '0,1')
    },
    async fromParley(c) {
      const { key, message } = await ana.say(c.at(ana), POLL)
      const poll = await c.thread.byRemote(key.id)
      await demo.api('POST', `/messages/${poll.id}/votes`, { options: ['Salad'] })
      for (const client of [ana, desk]) {
        const is = (m) => contentOf(m)?.pollUpdateMessage?.pollCreationMessageKey?.id === key.id
        const { pollUpdateMessage: { vote } } = contentOf(await until(() => client.messages.find(is), 'our vote', WAIT))
        const chosen = decryptPollVote(vote, { pollEncKey: message.messageContextInfo.messageSecret, pollCreatorJid: ana.lid, pollMsgId: key.id, voterJid: desk.lid })
        assert.deepEqual(chosen.selectedOptions.map((one) => Buffer.from(one)), [hashOf('Salad')])
      }
    },
  },
  reply: {
    async toParley(c) {
      const { sent, got } = await c.asked()
      const { shown } = await c.says({ text: 'Fine' }, { quoted: got })
      assert.deepEqual([shown.reply_to.id, shown.reply_to.preview], [sent.id, 'How was it?'])
    },
    async fromParley(c) {
      const { sent, shown } = await c.heard()
      const { seen } = await c.parleyWrites({ type: 'text', text: { body: 'Yes' }, context: { message_id: shown.id } })
      for (const message of seen) {
        const { contextInfo } = contentOf(message).extendedTextMessage
        assert.deepEqual([contextInfo.stanzaId, textOf({ message: contextInfo.quotedMessage })], [sent.key.id, 'Is it there?'])
        assert.ok([ana.jid, ana.lid].includes(contextInfo.participant), contextInfo.participant)
      }
    },
  },
  reaction: {
    async toParley(c) {
      const { sent, got } = await c.asked()
      const reactions = (list) => c.thread.shows((m) => m.id === sent.id && m.reactions.map((one) => one.emoji).join() === list.join(), `the reactions ${list}`)
      for (const emoji of ['👍', '❤️', '']) {
        await c.who.say(c.to, { react: { text: emoji, key: got.key } })
        const { reactions: [one] } = await reactions(emoji ? [emoji] : [])
        if (one) assert.equal(one.by, c.isOwn ? 'business' : 'contact')
      }
    },
    async fromParley(c) {
      const { sent, shown } = await c.heard()
      for (const emoji of ['❤️', '']) {
        const { seen } = await c.parleyWrites({ type: 'reaction', reaction: { message_id: shown.id, emoji } })
        for (const { message } of seen) assert.deepEqual([message.reactionMessage.text, message.reactionMessage.key.id], [emoji, sent.key.id])
        assert.deepEqual(seen.map((m) => m.message.reactionMessage.key.fromMe), [true, false])
      }
    },
  },
  edit: {
    async toParley(c) {
      const { sent } = await c.says({ text: 'Fyne' })
      await c.who.say(c.to, { text: 'Fine', edit: sent.key })
      await c.shown(sent, (m) => m.edited_ms && m.text.body === 'Fine')
    },
    async fromParley(c) {
      const { sent } = await c.parleyWrites({ type: 'text', text: { body: 'at noon' } })
      await demo.api('PATCH', `/messages/${sent.id}`, { body: 'at one' })
      for (const client of [ana, desk]) await client.changed(sent.remote_id, (now) => now.message?.editedMessage && textOf(now.message.editedMessage) === 'at one')
      assert.equal((await c.thread.byRemote(sent.remote_id, (m) => m.edited_ms)).text.body, 'at one')
    },
  },
  'edited caption': {
    async toParley(c) {
      const { sent } = await c.says({ image: PNG, caption: 'befor', ...media })
      await c.who.relay(c.to, { protocolMessage: { key: sent.key, type: proto.Message.ProtocolMessage.Type.MESSAGE_EDIT, timestampMs: Date.now(), editedMessage: { imageMessage: { ...sent.message.imageMessage, caption: 'before' } } } }, { edit: '1' })
      await c.shown(sent, (m) => m.edited_ms && m.image.caption === 'before')
    },
    fromParley: 'texts alone are edited here',
  },
  deletion: {
    async toParley(c) {
      const { sent } = await c.says({ text: 'Never mind' })
      await c.who.say(c.to, { delete: sent.key })
      await c.shown(sent, (m) => m.deleted_ms)
    },
    async fromParley(c) {
      const { sent } = await c.parleyWrites({ type: 'text', text: { body: 'Oops' } })
      await demo.api('DELETE', `/messages/${sent.id}`)
      for (const client of [ana, desk]) await client.changed(sent.remote_id, (now) => now.message === null)
      await c.thread.byRemote(sent.remote_id, (m) => m.deleted_ms)
    },
  },
  forwarded: {
    async toParley(c) {
      const { got } = await c.asked()
      const { shown } = await c.says({ forward: got, force: true })
      assert.deepEqual([shown.text.body, shown.forwarded], ['How was it?', 'forwarded'])
      const often = await c.says({ text: 'Chain letter', contextInfo: { isForwarded: true, forwardingScore: 7 } })
      assert.equal(often.shown.forwarded, 'frequently')
    },
    async fromParley(c) {
      const { shown } = await c.heard()
      const sent = await demo.api('POST', `/messages/${shown.id}/forward`, { conversation_id: shown.conversation_id })
      const { remote_id: id } = await c.thread.shows((m) => m.id === sent.id && m.remote_id, 'it has gone out')
      for (const client of [ana, desk]) {
        const { text, contextInfo } = contentOf(await client.got(id)).extendedTextMessage
        assert.deepEqual([text, contextInfo.isForwarded, contextInfo.forwardingScore], ['Is it there?', true, 1])
      }
    },
  },
  mention: {
    async toParley(c) {
      const other = c.isOwn ? ana : desk
      const { shown } = await c.says({ text: `@${other.number} look`, mentions: [other.jid] })
      assert.equal(shown.mentions[0].digits, other.number)
    },
    fromParley: writes({ type: 'text', text: { body: `@${ANA} look`, mentions: [`+${ANA}`] } },
      ({ extendedTextMessage: m }) => assert.deepEqual([m.text, m.contextInfo.mentionedJid], [`@${ANA} look`, [`${ANA}@s.whatsapp.net`]])),
  },
  'mention of all': {
    toParley: says({ text: '@all come', mentionAll: true }, 'text', (m) => assert.equal(m.text.body, '@all come')),
    fromParley: 'Parley has no such button',
  },
  'group mention': {
    toParley: relays({ extendedTextMessage: { text: 'see @120363000000000000@g.us', contextInfo: { groupMentions: [{ groupJid: '120363000000000000@g.us', groupSubject: 'Choir' }] } } }, 'text',
      (m) => assert.match(m.text.body, /^see @/)),
    fromParley: 'communities are not managed here',
  },
  'disappearing text': {
    async toParley(c) {
      const { shown } = await c.says({ text: 'soon gone' }, { ephemeralExpiration: 86_400 })
      assert.deepEqual([shown.text.body, shown.text.disappears_s], ['soon gone', 86_400])
    },
  },
  'timer of the chat': {
    async toParley(c) {
      for (const [seconds, words] of [[86_400, /disappear/], [0, /not disappear|stay/]]) {
        const seen = new Set((await c.thread.messages()).map((m) => m.id))
        if (c.isGroup) await c.who.sock.groupToggleEphemeral(group, seconds)
        else await c.who.say(c.to, { disappearingMessagesInChat: seconds })
        await c.thread.shows((m) => m.type === 'system' && !seen.has(m.id) && words.test(m.system.body), `the timer of ${seconds} s`)
      }
    },
    async fromParley(c) {
      const { shown } = await c.heard()
      const set = (seconds) => demo.api('PUT', `/conversations/${shown.conversation_id}/timer`, { seconds })
      assert.equal((await set(604_800)).timer_s, 604_800)
      if (!c.isGroup) await until(() => ana.messages.find((m) => m.message?.protocolMessage?.ephemeralExpiration === 604_800), 'the setting', WAIT)
      const { seen } = await c.parleyWrites({ type: 'text', text: { body: 'for a week' } })
      for (const message of seen) assert.equal(contentOf(message).extendedTextMessage.contextInfo.expiration, 604_800)
      assert.equal((await set(0)).timer_s, 0)
    },
  },
  pin: {
    async toParley(c) {
      const { sent, got } = await c.asked()
      for (const [type, word] of [[1, 'pin'], [2, 'unpin']]) {
        const pinned = await c.who.say(c.to, { pin: got.key, type, time: 86_400 })
        const shown = await c.shown(pinned)
        assert.deepEqual([shown.type, shown.pin.type, shown.reply_to.id], ['pin', word, sent.id])
      }
    },
    async fromParley(c) {
      const { sent, shown } = await c.heard()
      for (const type of ['pin', 'unpin']) {
        const { seen } = await c.parleyWrites({ type: 'pin', pin: { type, message_id: shown.id, expiration_days: 7 } })
        for (const { message } of seen) assert.deepEqual([message.pinInChatMessage.key.id, message.pinInChatMessage.type], [sent.key.id, type === 'pin' ? 1 : 2])
      }
    },
  },
  'answer to a button': {
    toParley: says({ buttonReply: { id: 'a', displayText: 'Yes' }, type: 'plain' }, 'interactive',
      (m) => assert.deepEqual(m.interactive.button_reply, { id: 'a', title: 'Yes' })),
    fromParley: 'people answer in words',
  },
  'number of a choice': {
    async toParley(c) {
      const { id, remote_id: remote } = await c.thread.writes({ type: 'interactive', interactive: BUTTONS })
      const { shown } = await c.says({ text: '2' }, { quoted: await c.who.got(remote) })
      // What the owner answers himself is a text.
      if (c.isOwn) assert.equal(shown.text.body, '2')
      else assert.deepEqual([shown.type, shown.interactive.button_reply, shown.reply_to.id], ['interactive', { id: 'b', title: 'No' }, id])
    },
    fromParley: 'people answer in words',
  },
  'answer to a list': {
    toParley: says({ listReply: { title: 'Onion', listType: 1, singleSelectReply: { selectedRowId: 'r1' } } }, 'interactive',
      (m) => assert.deepEqual(m.interactive.list_reply, { id: 'r1', title: 'Onion' })),
    fromParley: 'people answer in words',
  },
  'answer to a template': {
    toParley: says({ buttonReply: { id: 'stop', displayText: 'Stop', index: 0 }, type: 'template' }, 'button',
      (m) => assert.deepEqual([m.button.text, m.button.payload], ['Stop', 'stop'])),
    fromParley: 'people answer in words',
  },
  buttons: {
    toParley: 'Baileys has no words for them',
    fromParley: writes({ type: 'interactive', interactive: BUTTONS }, (_, m) => assert.equal(textOf(m), 'Shall we?\n\n1. Yes\n2. No')),
  },
  list: {
    toParley: 'Baileys has no words for them',
    fromParley: writes({ type: 'interactive', interactive: LIST }, (_, m) => assert.equal(textOf(m), 'Which?\n\n*Soups*\n1. Onion\n2. Leek (hot)')),
  },
  event: {
    toParley: says({ event: { name: 'Party', description: 'Bring soup', startDate: new Date(1_800_000_000_000) } }, 'text', (m) => assert.match(m.text.body, /^Party\nBring soup/)),
    fromParley: 'Parley has no such button',
  },
  'invitation to a group': {
    toParley: relays({ groupInviteMessage: { inviteCode: 'AbCd', inviteExpiration: 1_800_000_000, caption: 'Come', groupJid: '120363000000000000@g.us', groupName: 'Choir' } }, 'text',
      (m) => assert.equal(m.text.body, 'Come\nChoir\nhttps://chat.whatsapp.com/AbCd')),
    fromParley: 'its link is sent as a text',
  },
  'request for our number': {
    toParley: says({ requestPhoneNumber: true }, 'system', (m) => assert.match(m.system.body, /phone number/)),
    fromParley: 'Parley has no such button',
  },
  product: {
    toParley: relays({ productMessage: { product: { productId: 'p1', retailerId: 'SKU-1', title: 'Soup', currencyCode: 'IDR', priceAmount1000: 15_000_000 }, businessOwnerJid: `${SHOP}@s.whatsapp.net` } }, 'product',
      (m) => assert.deepEqual([m.product.product_retailer_id, m.product.title, m.product.price], ['SKU-1', 'Soup', 15_000])),
    fromParley: 'the catalogue stands at Meta',
  },
  'what nobody knows yet': {
    toParley: relays({ paymentInviteMessage: { serviceType: 1 } }, 'unsupported', (m) => assert.ok(m.unsupported.errors[0].title)),
    fromParley: 'nobody sends it',
  },
}

/* ---- running it ---- */

before(async () => {
  // Parley writes more to one person here than the Cloud API lets anybody: 45, then one in six seconds.
  demo = await startDemo({ env: { PARLEY_PAIR_INTERVAL_MS: '0' } })
  clients = new Clients(demo)
  number = await pairNumber(demo, SHOP)
  ana = await clients.paired(ANA, { play: false, name: 'Ana' })
  desk = await clients.paired(SHOP)
  group = (await ana.sock.groupCreate('Friends of the shop', [desk.jid])).id
  await ana.sock.groupParticipantsUpdate(group, [desk.lid], 'promote')
})
after(async () => {
  clients?.end()
  await demo?.remove()
})

for (const isGroup of [false, true])
  describe(isGroup ? 'in a group' : 'in a chat', () => {
    for (const [kind, { toParley, fromParley }] of Object.entries(MATRIX)) {
      if (typeof toParley === 'function') {
        test(`Ana → Parley: ${kind}`, () => toParley(new Cell(isGroup, ana)))
        test(`our second device → Parley: ${kind}`, () => toParley(new Cell(isGroup, desk)))
      }
      if (typeof fromParley === 'function') test(`Parley → Ana and our second device: ${kind}`, () => fromParley(new Cell(isGroup)))
    }

    test('Parley sees what it wrote delivered and read', async () => {
      const { sent, seen } = await new Cell(isGroup).parleyWrites({ type: 'text', text: { body: 'Good morning' } })
      await ana.sock.readMessages([seen[0].key])
      await new Cell(isGroup).thread.byRemote(sent.remote_id, (m) => m.status === 'read')
    })
  })

describe('the account has other devices', () => {
  test('what the phone writes appears as our own', async () => {
    const { id } = await demo.control('POST', `/linked/phones/${SHOP}/messages`, { to: ANA, type: 'text', text: { body: 'From the phone' } })
    const own = await new Cell(false).thread.byRemote(id)
    assert.deepEqual([own.direction, own.author.kind], ['out', 'phone'])
  })

  test('what Parley writes appears on the phone', async () => {
    const sent = await new Cell(false).thread.writes({ type: 'text', text: { body: 'To everybody' } })
    await until(async () => (await demo.control('GET', `/linked/phones/${SHOP}/messages`)).messages.find((m) => m.id === sent.remote_id && m.from_me), 'it on the phone', WAIT)
  })
})

test('nothing is lost when its connection is cut', async () => {
  const [device] = (await demo.control('GET', '/linked')).devices.filter((d) => d.phone === SHOP)
  await demo.control('POST', `/linked/devices/${SHOP}/${device.device}`, { action: 'cut' })
  const ids = []
  for (let i = 0; i < 5; i++) ids.push((await ana.say(desk.jid, { text: `while away ${i}` })).key.id)
  for (const id of ids) await new Cell(false).thread.byRemote(id)
})
