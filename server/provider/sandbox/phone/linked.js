// linked.js: a phone on the network of linked devices: its owner links devices to it, reads and writes.

import { draw, make, preview } from './chat.js'

const POLL_MS = 1000
const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🙏']
const TICKS = { pending: '◷', sent: '✓', delivered: '✓✓', read: '✓✓', played: '✓✓', failed: '!' }
const KINDS = [['image/webp', 'sticker'], ['image/', 'image'], ['video/', 'video'], ['audio/', 'audio']]

const $ = (id) => document.getElementById(id)
let number = '', change = 0, current = '', replyTo = null
let said = new Map()
const drawn = new Map()

async function ask(method, path, body) {
	const answer = await fetch(`/control/linked${path}`, { method, headers: body ? { 'Content-Type': 'application/json' } : {},
		body: body ? JSON.stringify(body) : undefined })
	const value = await answer.json().catch(() => ({}))
	if (!answer.ok) throw new Error(value.error ?? `The sandbox answers ${answer.status}.`)
	return value
}

const own = (method, path, body) => ask(method, `/phones/${number}${path}`, body)

function toast(text) {
	$('toast').textContent = text
	clearTimeout(toast.timer)
	toast.timer = setTimeout(() => { $('toast').textContent = '' }, 5000)
}

const attempt = (work) => work().catch((error) => toast(error.message))

// ---- which phone ----

async function showPhones() {
	const { phones, devices } = await ask('GET', '')
	const options = phones.map((one) => make('option', { value: one.phone }, one.name ? `${one.name} · +${one.phone}` : `+${one.phone}`))
	if (options.length !== $('phone').length || phones.some((one, i) => $('phone').options[i].textContent !== options[i].textContent))
		$('phone').replaceChildren(...options)
	if (!number && phones.length) choose(new URLSearchParams(location.search).get('phone') ?? phones[0].phone)
	$('phone').value = number
	const me = phones.find((one) => one.phone === number)
	$('main').hidden = !me
	if (!me) return
	$('title').textContent = me.name || `+${me.phone}`
	$('number').textContent = me.name ? `+${me.phone}` : ''
	showDevices(devices.filter((one) => one.phone === number))
	names = new Map(phones.map((one) => [one.phone, one.name || `+${one.phone}`]))
}
let names = new Map(), shownDevices = ''

function showDevices(devices) {
	const state = JSON.stringify(devices.map((one) => [one.device, one.connected]))
	if (state === shownDevices) return
	shownDevices = state
	$('device-count').textContent = devices.length || ''
	$('device-list').replaceChildren(...devices.map((one) => make('li', { class: 'device' },
		make('span', {}, `Device ${one.device} · ${one.connected ? 'connected' : 'away'}`),
		make('button', { type: 'button', onclick: () => attempt(() => ask('POST', `/devices/${number}/${one.device}`, { action: 'unlink' })) }, 'Unlink'))))
	if (!devices.length) $('device-list').replaceChildren(make('li', { class: 'small' }, 'None yet.'))
}

function choose(phone) {
	number = phone
	change = 0
	current = ''
	replyTo = null
	said = new Map()
	drawn.clear()
	shownDevices = ''
	$('main').classList.remove('in-chat')
	show()
}

/** A name and a number of the dialog; null when it was left. */
function askPerson(title) {
	const dialog = $('person')
	$('person-title').textContent = title
	$('person-error').textContent = ''
	$('person-phone').value = $('person-name').value = ''
	return new Promise((resolve) => {
		let wanted = null
		const onsubmit = (event) => {
			const phone = $('person-phone').value.replace(/\D/g, '')
			if (phone.length >= 5 && phone.length <= 15) wanted = { phone, name: $('person-name').value.trim() }
			else {
				event.preventDefault()
				$('person-error').textContent = 'A phone number has 5 to 15 digits, with the country first.'
			}
		}
		dialog.addEventListener('submit', onsubmit)
		dialog.addEventListener('close', () => {
			dialog.removeEventListener('submit', onsubmit)
			resolve(wanted)
		}, { once: true })
		dialog.showModal()
	})
}

async function addPhone() {
	const wanted = await askPerson('Whose phone?')
	if (!wanted) return
	await ask('POST', '/phones', wanted)
	choose(wanted.phone)
	await showPhones()
}

// ---- devices ----

async function link(text) {
	const code = text.replace(/[\s-]/g, '')
	if (code.length === 8) await ask('POST', '/code', { phone: number, code })
	else await ask('POST', '/scan', { phone: number, qr: text.trim() })
	$('link-text').value = ''
	toast('The phone has agreed. The device connects now.')
	await showPhones()
}

// ---- chats ----

const chats = () => {
	const byChat = new Map()
	for (const one of said.values()) byChat.set(one.chat, [...(byChat.get(one.chat) ?? []), one])
	return [...byChat].map(([chat, list]) => ({ chat, list, last: list.findLast((one) => one.type !== 'reaction') ?? list.at(-1),
		unread: list.filter((one) => !one.from_me && !one.is_read).length })).sort((a, b) => b.last.at_ms - a.last.at_ms)
}

const nameOf = (message) => (message.is_group ? 'Group' : names.get(message.with) ?? `+${message.with}`)

/** As chat.js draws it: content under the name of its type, files by address. */
function asChat(message) {
	const content = { ...message.content }
	const type = message.type === 'voice' ? 'audio' : message.type
	if (message.file) content.link = `/control/linked/files/${message.file}?type=${encodeURIComponent(message.mime_type ?? '')}`
	if (message.type === 'voice') content.voice = true
	return { id: message.id, body: { type, [type]: message.type === 'contacts' ? message.content : content } }
}

/** How many chose it: the last vote of each counts. */
function votesFor(name, about) {
	const last = new Map(about.filter((one) => one.type === 'poll_vote').map((one) => [one.from, one.content.options]))
	return [...last.values()].filter((chosen) => chosen.includes(name)).length
}

function linkCard({ url, title, description, thumbnail }) {
	return make('a', { class: 'card', href: /^https?:\/\//.test(url) ? url : '#', target: '_blank', rel: 'noopener noreferrer' },
		thumbnail ? make('img', { src: `data:image/jpeg;base64,${thumbnail}`, alt: '' }) : null,
		make('span', { class: 'lines' }, make('span', { class: 'label' }, title), make('span', { class: 'small' }, description)))
}

function inside(message, about) {
	if (message.type === 'system') return [make('p', { class: 'small' }, `⏱ ${message.content.body}`)]
	if (message.type === 'poll') return [make('p', { class: 'label' }, `📊 ${message.content.name}`),
		...message.content.options.map((option) => option.name ?? option).map((name) => make('button', { type: 'button', class: 'choice',
			onclick: () => attempt(() => say({ type: 'poll_vote', poll_vote: { options: [name] }, reply_to: message.id })) },
		name, votesFor(name, about) ? ` · ${votesFor(name, about)}` : ''))]
	if (message.type === 'waiting') return [make('p', { class: 'small' }, 'Waiting for this message…')]
	const tap = (interactive) => attempt(() => say({ type: 'interactive', interactive, reply_to: message.id }))
	const rows = message.type === 'interactive' && !message.from_me ? (message.content.action?.sections ?? []).flatMap((section) => section.rows) : []
	return [message.content?.preview ? linkCard(message.content.preview) : null, ...draw(asChat(message), { templates: [], answer: (chat, reply) => tap(reply), choose: () => {} }),
		...rows.map((row) => make('button', { type: 'button', class: 'choice', onclick: () => tap({ type: 'list_reply', list_reply: row }) }, row.title))]
}

function menu(message) {
	const box = make('details', { class: 'more' }, make('summary', { 'aria-label': 'Reply or react' }, '⋯'))
	const react = (emoji) => { box.open = false; attempt(() => say({ type: 'reaction', reaction: { message_id: message.id, emoji }, reply_to: message.id })) }
	box.append(make('div', { class: 'menu' },
		make('div', { class: 'emoji' }, ...EMOJI.map((emoji) => make('button', { type: 'button', 'aria-label': `React ${emoji}`, onclick: () => react(emoji) }, emoji))),
		make('button', { type: 'button', onclick: () => { box.open = false; quote(message) } }, '↩ Reply'),
		message.from_me ? make('button', { type: 'button',
			onclick: () => { box.open = false; attempt(() => say({ type: 'revoke', revoke: { message_id: message.id }, reply_to: message.id })) } }, '🗑 Delete for all') : null))
	return box
}

function bubble(message, about) {
	const reaction = about.findLast((one) => one.type === 'reaction')?.emoji
	const edit = about.findLast((one) => one.type === 'edit')
	const isGone = about.some((one) => one.type === 'revoke')
	const state = JSON.stringify([message.status, message.type, reaction, edit?.id, isGone, about.length])
	if (drawn.get(message.id)?.state === state) return drawn.get(message.id).node
	const quoted = said.get(message.reply_to)
	const time = new Date(message.at_ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
	const node = make('article', { class: `bubble ${message.from_me ? 'mine' : 'theirs'}`, 'data-id': message.id, 'data-type': message.type },
		message.is_group && !message.from_me ? make('p', { class: 'author' }, names.get(message.from) || message.name || `+${message.from}`) : null,
		message.forwarded ? make('p', { class: 'small' }, '↪ Forwarded') : null,
		quoted ? make('blockquote', {}, preview(asChat(quoted))) : null,
		...(isGone ? [make('p', { class: 'small' }, '🚫 This message was deleted')] : inside(edit ? { ...message, content: edit.content } : message, about)),
		make('footer', {}, message.content?.disappears_s ? make('span', { title: 'It disappears' }, '⏱') : null, edit ? make('span', {}, 'edited') : null, make('time', {}, time),
			message.from_me ? make('span', { class: `ticks ${message.status}`, role: 'img', 'aria-label': message.status }, TICKS[message.status]) : null,
			isGone ? null : menu(message)),
		reaction ? make('span', { class: 'reaction', role: 'img', 'aria-label': `Reaction ${reaction}` }, reaction) : null)
	drawn.set(message.id, { state, node })
	return node
}

const ABOUT = ['reaction', 'edit', 'revoke', 'poll_vote']

function place(parent, nodes) {
	for (const child of [...parent.children]) if (!nodes.includes(child)) child.remove()
	nodes.forEach((node, index) => { if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null) })
}

function show() {
	const all = chats()
	$('chats').replaceChildren(...all.map(({ chat, last, unread }) => make('li', {},
		make('button', { type: 'button', class: 'chat', 'aria-current': String(chat === current), onclick: () => openChat(chat) },
			make('span', { class: 'avatar', 'aria-hidden': 'true' }, last.is_group ? '👥' : '👤'),
			make('span', { class: 'lines' }, make('span', { class: 'label' }, nameOf(last)), make('span', { class: 'small' }, preview(asChat(last)))),
			unread ? make('span', { class: 'count', 'aria-label': `${unread} unread` }, String(unread)) : null))))
	if (!all.length) $('chats').replaceChildren(make('li', { class: 'small' }, 'Nobody wrote yet.'))
	const open = all.find(({ chat }) => chat === current)
	$('chat').hidden = !current
	if (!current) return
	$('with').textContent = open ? nameOf(open.last) : names.get(current) ?? `+${current}`
	$('timer').hidden = !open || open.last.is_group
	$('timer').value = String(open?.list.findLast((one) => one.type === 'system' && one.content?.type === 'timer')?.content.seconds ?? 0)
	$('state').textContent = open?.last.is_group ? current : `+${open?.last.with ?? current}`
	const about = (id) => open.list.filter((one) => one.target === id && ABOUT.includes(one.type))
	const isAtEnd = $('log').scrollHeight - $('log').scrollTop - $('log').clientHeight < 80
	place($('log'), (open?.list ?? []).filter((one) => !ABOUT.includes(one.type)).map((one) => bubble(one, about(one.id))))
	if (isAtEnd) $('log').scrollTop = $('log').scrollHeight
	if (open?.unread && !document.hidden) attempt(() => own('POST', '/read', { chat: current }))
}

function openChat(chat) {
	current = chat
	quote(null)
	$('main').classList.add('in-chat')
	show()
	$('log').scrollTop = $('log').scrollHeight
	$('text').focus()
}

async function newChat() {
	const wanted = await askPerson('Who shall be written to?')
	if (!wanted) return
	await ask('POST', '/phones', wanted)
	openChat(chats().find(({ last }) => last.with === wanted.phone)?.chat ?? wanted.phone)
}

// ---- writing ----

function quote(message) {
	replyTo = message?.id ?? null
	$('quote').hidden = !message
	if (message) $('quote').replaceChildren(make('span', {}, preview(asChat(message))),
		make('button', { type: 'button', 'aria-label': 'Do not reply to this', onclick: () => quote(null) }, '✕'))
}

async function say(body) {
	const open = chats().find(({ chat }) => chat === current)
	const to = open ? (open.last.is_group ? current : open.last.with) : current
	await own('POST', '/messages', { to, ...(replyTo ? { reply_to: replyTo } : {}), ...body })
	quote(null)
	await follow()
	if (!open) openChat(chats().find(({ last }) => last.with === to)?.chat ?? current)
}

async function sendText() {
	const body = $('text').value.trim()
	if (!body || !current) return
	$('text').value = ''
	await say({ type: 'text', text: { body } })
}

async function sendFile(file) {
	const form = new FormData()
	form.append('file', file, file.name)
	const answer = await fetch('/control/media', { method: 'POST', body: form })
	const { id, error } = await answer.json()
	if (!id) throw new Error(error)
	const type = KINDS.find(([start]) => file.type.startsWith(start))?.[1] ?? 'document'
	await say({ type, [type]: { id, ...(type === 'document' ? { filename: file.name } : {}) } })
}

// ---- following ----

async function follow() {
	if (!number) return
	const asked = number
	const news = await own('GET', `/messages?after=${change}`)
	if (asked !== number) return
	change = news.change
	for (const one of news.messages) said.set(one.id, one)
	if (news.messages.length) show()
}

async function live() {
	try {
		await showPhones()
		await follow()
		if ($('toast').textContent === 'No connection to the sandbox') $('toast').textContent = ''
	} catch (error) {
		toast(error instanceof TypeError ? 'No connection to the sandbox' : error.message)
	}
	setTimeout(live, POLL_MS)
}

$('add').addEventListener('click', () => attempt(addPhone))
$('phone').addEventListener('change', () => { choose($('phone').value); attempt(showPhones) })
$('new-chat').addEventListener('click', () => attempt(newChat))
$('back').addEventListener('click', () => $('main').classList.remove('in-chat'))
$('attach').addEventListener('click', () => $('file').click())
$('file').addEventListener('change', () => $('file').files[0] && attempt(() => sendFile($('file').files[0])))
$('timer').addEventListener('change', () => attempt(() => say({ type: 'system', system: { type: 'timer', seconds: Number($('timer').value) } })))
$('composer').addEventListener('submit', (event) => { event.preventDefault(); attempt(sendText) })
$('text').addEventListener('keydown', (event) => {
	if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
	event.preventDefault()
	attempt(sendText)
})
$('link').addEventListener('submit', (event) => {
	event.preventDefault()
	$('link-error').textContent = ''
	link($('link-text').value).catch((error) => { $('link-error').textContent = error.message })
})
for (const closer of document.querySelectorAll('[data-close]')) closer.addEventListener('click', () => closer.closest('dialog').close())
document.addEventListener('click', (event) => {
	for (const box of document.querySelectorAll('.more[open]')) if (!box.contains(event.target)) box.open = false
})
live()
