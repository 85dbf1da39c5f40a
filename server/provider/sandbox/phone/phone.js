// phone.js: phones of simulated customers. Each follows its chat by long polling and sends what its owner does.

import { draw, make, preview } from './chat.js'

const PHONES_MAX = 4
const TYPING_MS = 25000
const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🙏']
const TICKS = { received: '✓✓', read: '✓✓' }

const $ = (id) => document.getElementById(id)
const phones = []
let templates = []

async function ask(method, path, body) {
	const answer = await fetch(path, { method, headers: body ? { 'Content-Type': 'application/json' } : {},
		body: body ? JSON.stringify(body) : undefined })
	const value = await answer.json().catch(() => ({}))
	if (!answer.ok) throw new Error(value.error?.message ?? value.error ?? `The sandbox answers ${answer.status}.`)
	return value
}

function toast(text) {
	$('toast').textContent = text
	clearTimeout(toast.timer)
	toast.timer = setTimeout(() => { $('toast').textContent = '' }, 5000)
}

/** Makes nodes the children of parent and leaves alone what stands right: a menu stays open, a voice goes on playing. */
function place(parent, nodes) {
	for (const child of [...parent.children]) if (!nodes.includes(child)) child.remove()
	nodes.forEach((node, index) => {
		if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null)
	})
}

const attempt = (work) => work().catch((error) => toast(error.message))

function remember() {
	try {
		localStorage.setItem('phones', JSON.stringify(phones.map((phone) => phone.number)))
	} catch { /* private windows keep nothing */ }
}

function remembered() {
	try {
		return JSON.parse(localStorage.getItem('phones') ?? '[]')
	} catch {
		return []
	}
}

/** Opens a dialog; resolves with what `read` answers when its form is sent, or null. */
function open(dialog, read = () => true) {
	return new Promise((resolve) => {
		let result = null
		const form = dialog.querySelector('form')
		const onsubmit = (event) => {
			const value = read()
			if (value === false) event.preventDefault()
			else result = value
		}
		form?.addEventListener('submit', onsubmit)
		dialog.addEventListener('close', () => {
			form?.removeEventListener('submit', onsubmit)
			resolve(result)
		}, { once: true })
		dialog.showModal()
	})
}

for (const closer of document.querySelectorAll('[data-close]')) closer.addEventListener('click', () => closer.closest('dialog').close())

class Phone {
	constructor(number) {
		this.number = number
		this.chats = new Map()
		this.change = 0
		this.isOpen = true
		this.replyTo = null
		this.build()
		this.follow()
	}

	get path() {
		return `/control/customers/${encodeURIComponent(this.number)}`
	}

	build() {
		const label = `Message from ${this.number}`
		this.title = make('span', { class: 'who-name' }, this.number)
		this.subtitle = make('span', { class: 'who-state' }, 'Connecting…')
		this.log = make('div', { class: 'log', role: 'log', 'aria-label': 'Chat with the business', tabindex: '0' })
		this.quote = make('div', { class: 'quote-bar', hidden: true })
		this.input = make('textarea', { rows: '1', 'aria-label': label, placeholder: 'Message', maxlength: '4096' })
		this.input.addEventListener('keydown', (event) => {
			if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
			event.preventDefault()
			this.sendText()
		})
		this.file = make('input', { type: 'file', hidden: true, 'aria-label': 'File to send' })
		this.file.addEventListener('change', () => this.file.files[0] && attempt(() => this.sendFile(this.file.files[0])))
		this.voice = make('button', { type: 'button', 'aria-label': 'Record a voice message', title: 'Voice message', onclick: () => this.record() }, '🎤')
		this.attach = make('details', { class: 'attach' }, make('summary', { 'aria-label': 'Attach', title: 'Attach' }, '+'),
			make('div', { class: 'menu' },
				this.item('🖼 Picture or video', () => this.pick('image/*,video/*')), this.item('📄 File', () => this.pick('')),
				this.item('🎵 Audio', () => this.pick('audio/*')), this.item('📍 Location', () => this.sendPlace()),
				this.item('👤 Contact', () => this.sendContact()), this.item('🛒 Order', () => this.sendOrder()),
				this.item('🏠 Address', () => this.sendAddress()), this.item('📝 Filled-in form', () => this.sendForm())))
		this.element = make('section', { class: 'phone', 'data-phone': this.number, 'aria-label': `Phone ${this.number}` },
			make('header', { class: 'who' },
				make('span', { class: 'avatar', 'aria-hidden': 'true' }, '🏪'),
				make('div', { class: 'who-text' }, this.title, this.subtitle),
				make('button', { type: 'button', 'aria-label': 'Settings of this phone', title: 'Settings', onclick: () => this.edit() }, '⚙'),
				make('button', { type: 'button', 'aria-label': 'Put this phone away', title: 'Put away', onclick: () => this.close() }, '✕')),
			this.log, this.quote,
			make('form', { class: 'composer', onsubmit: (event) => { event.preventDefault(); this.sendText() } },
				this.attach, this.file, this.input, this.voice,
				make('button', { type: 'submit', class: 'send', 'aria-label': 'Send', title: 'Send' }, '➤')))
		$('phones').append(this.element)
		new ResizeObserver(() => { if (this.wasAtEnd) this.log.scrollTop = this.log.scrollHeight }).observe(this.log)
		this.log.addEventListener('scroll', () => { this.wasAtEnd = this.isAtEnd() })
	}

	item(text, work) {
		return make('button', { type: 'button', onclick: () => { this.attach.open = false; attempt(async () => work()) } }, text)
	}

	// ---- following ----

	async follow() {
		while (this.isOpen) {
			try {
				const wait = this.change ? `?wait=1&after=${this.change}` : ''
				const thread = await ask('GET', `${this.path}/thread${wait}`)
				await knowTemplates(thread.messages)
				this.take(thread)
			} catch {
				this.subtitle.textContent = 'No connection to the sandbox'
				this.change = 0
				this.chats.clear()
				await new Promise((resolve) => { setTimeout(resolve, 1500) })
			}
		}
	}

	take(thread) {
		this.change = thread.change
		this.customer = thread.customer
		this.title.textContent = thread.business.name
		this.isTyping = thread.typing
		this.subtitle.textContent = thread.typing ? 'typing…' : `to ${thread.customer.name} · ${thread.customer.phone}`
		clearTimeout(this.typingTimer)
		if (thread.typing) this.typingTimer = setTimeout(() => this.stopTyping(), TYPING_MS)
		for (const chat of thread.messages) this.chats.set(chat.id, chat)
		this.show()
		this.read()
	}

	stopTyping() {
		this.isTyping = false
		this.show()
	}

	isAtEnd() {
		return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80
	}

	show() {
		const isAtEnd = this.isAtEnd()
		const bubbles = [...this.chats.values()].filter((chat) => chat.type !== 'reaction').map((chat) => this.bubble(chat))
		if (this.isTyping) bubbles.push(make('div', { class: 'bubble theirs typing', 'aria-label': 'The business is typing' }, '• • •'))
		if (!bubbles.length) bubbles.push(make('p', { class: 'empty' }, 'Write something: the business may answer for 24 hours.'))
		place(this.log, bubbles)
		if (isAtEnd) this.log.scrollTop = this.log.scrollHeight
	}

	bubble(chat) {
		const mine = chat.from === 'customer'
		const kept = this.drawn?.get(chat.id)
		const state = JSON.stringify([mine && chat.status, chat.reaction])
		if (kept?.state === state) return kept.node
		const quoted = this.chats.get(chat.body?.context?.message_id ?? chat.body?.context?.id)
		const time = new Date(chat.at_ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
		const node = make('article', { class: `bubble ${mine ? 'mine' : 'theirs'}`, 'data-id': chat.id, 'data-type': chat.type },
			quoted ? make('blockquote', {}, preview(quoted)) : null,
			...draw(chat, this.actions()),
			make('footer', {}, make('time', {}, time),
				mine ? make('span', { class: `ticks ${chat.status}`, role: 'img', 'aria-label': chat.status === 'read' ? 'Read by the business' : 'Delivered' }, TICKS[chat.status] ?? '✓') : null,
				mine ? null : this.bubbleMenu(chat)),
			chat.reaction ? make('span', { class: 'reaction', role: 'img', 'aria-label': `Reaction ${chat.reaction}` }, chat.reaction) : null)
		this.drawn ??= new Map()
		this.drawn.set(chat.id, { state, node })
		return node
	}

	bubbleMenu(chat) {
		const menu = make('details', { class: 'more' }, make('summary', { 'aria-label': 'Reply or react' }, '⋯'))
		const react = (emoji) => { menu.open = false; attempt(() => this.send({ type: 'reaction', reaction: { message_id: chat.id, emoji } })) }
		menu.append(make('div', { class: 'menu' },
			make('div', { class: 'emoji' }, ...EMOJI.map((emoji) => make('button', { type: 'button', 'aria-label': `React ${emoji}`, onclick: () => react(emoji) }, emoji))),
			make('button', { type: 'button', onclick: () => { menu.open = false; this.quoteThis(chat) } }, '↩ Reply'),
			chat.reaction ? make('button', { type: 'button', onclick: () => react('') }, 'Take the reaction back') : null))
		return menu
	}

	read() {
		const isUnread = [...this.chats.values()].some((chat) => chat.from === 'business' && ['sent', 'delivered'].includes(chat.status) && chat.type !== 'reaction')
		if (!isUnread || document.visibilityState !== 'visible' || this.customer.offline) return
		ask('POST', `${this.path}/read`, {}).catch(() => {})
	}

	// ---- what the owner does ----

	actions() {
		return {
			templates,
			answer: (chat, interactive) => attempt(() => this.send({ type: 'interactive', interactive, context: { id: chat.id } })),
			tap: (chat, button) => attempt(() => this.send({ type: 'button', button, context: { id: chat.id } })),
			choose: (chat, content) => this.choose(chat, content),
			sendPlace: (chat) => attempt(() => this.sendPlace(chat)),
			sendAddress: (chat) => attempt(() => this.sendAddress(chat)),
			sendContact: (chat) => attempt(() => this.sendOwnNumber(chat)),
			sendForm: (chat, token) => attempt(() => this.sendForm(chat, token)),
			sendOrder: (chat, products, catalog) => attempt(() => this.sendOrder(chat, products, catalog)),
			played: (chat) => chat.from === 'business' && ask('POST', `${this.path}/read`, { message_id: chat.id, played: true }).catch(() => {}),
		}
	}

	async send(message) {
		if (this.replyTo && !message.context && message.type !== 'reaction') message.context = { id: this.replyTo }
		await ask('POST', `${this.path}/messages`, message)
		if (message.type !== 'reaction') this.quoteThis(null)
		this.log.scrollTop = this.log.scrollHeight
	}

	sendText() {
		const body = this.input.value.trim()
		if (!body) return
		this.input.value = ''
		attempt(() => this.send({ type: 'text', text: { body } }).catch((error) => {
			this.input.value = body
			throw error
		}))
	}

	quoteThis(chat) {
		this.replyTo = chat?.id ?? null
		this.quote.hidden = !chat
		if (!chat) return
		this.quote.replaceChildren(make('span', {}, `↩ ${preview(chat)}`),
			make('button', { type: 'button', 'aria-label': 'Do not reply to this', onclick: () => this.quoteThis(null) }, '✕'))
		this.input.focus()
	}

	pick(accept) {
		this.file.value = ''
		this.file.accept = accept
		this.file.click()
	}

	async sendFile(file, isVoice = false) {
		const form = new FormData()
		form.append('file', file, file.name || 'file')
		const answer = await fetch('/control/media', { method: 'POST', body: form })
		const media = await answer.json()
		if (!answer.ok) throw new Error(media.error)
		const kind = file.type.startsWith('image/') ? (file.type === 'image/webp' ? 'sticker' : 'image')
			: file.type.startsWith('video/') ? 'video' : file.type.startsWith('audio/') ? 'audio' : 'document'
		const text = this.input.value.trim()
		const content = { id: media.id }
		if (kind === 'document') content.filename = file.name
		if (kind === 'audio') content.voice = isVoice
		if (text && kind !== 'audio' && kind !== 'sticker') {
			content.caption = text
			this.input.value = ''
		}
		await this.send({ type: kind, [kind]: content })
	}

	async record() {
		if (this.recorder) {
			this.recorder.stop()
			return
		}
		try {
			const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
			const pieces = []
			this.recorder = new MediaRecorder(stream)
			this.recorder.ondataavailable = (event) => pieces.push(event.data)
			this.recorder.onstop = () => {
				for (const track of stream.getTracks()) track.stop()
				const type = this.recorder.mimeType || 'audio/ogg'
				this.recorder = null
				this.voice.classList.remove('recording')
				this.voice.setAttribute('aria-label', 'Record a voice message')
				attempt(() => this.sendFile(new File(pieces, 'voice', { type }), true))
			}
			this.recorder.start()
			this.voice.classList.add('recording')
			this.voice.setAttribute('aria-label', 'Stop and send the voice message')
		} catch {
			toast('There is no microphone: choose an audio file instead.')
			this.pick('audio/*')
		}
	}

	async sendPlace(chat) {
		const place = await open($('place'), () => ({ latitude: Number($('place-latitude').value), longitude: Number($('place-longitude').value),
			name: $('place-name').value, address: $('place-address').value }))
		if (place) await this.send({ type: 'location', location: place, ...(chat ? { context: { id: chat.id } } : {}) })
	}

	async sendOrder(chat, products = ['SKU-1'], catalog = 'catalogue-1') {
		$('order-products').value = products.join('\n')
		const order = await open($('order'), () => ({ catalog_id: catalog, text: $('order-text').value,
			product_items: $('order-products').value.split('\n').map((id) => id.trim()).filter(Boolean).map((id) => ({ product_retailer_id: id, quantity: 1,
				item_price: Number($('order-price').value), currency: $('order-currency').value })) }))
		if (order) await this.send({ type: 'order', order, ...(chat ? { context: { id: chat.id } } : {}) })
	}

	async sendAddress(chat) {
		const fields = ['name', 'phone_number', 'house_number', 'in_pin_code', 'address', 'city', 'state']
		const values = await open($('address'), () => Object.fromEntries(fields.map((name) => [name, $(`address-${name}`).value])))
		if (values) await this.sendReply(chat, { name: 'address_message', body: Object.values(values).join('\n'), response_json: JSON.stringify({ values }) })
	}

	async sendForm(chat, token = 'unused') {
		const values = await open($('form'), () => Object.fromEntries($('form-values').value.split('\n').map((line) => line.split(/:\s*/, 2)).filter(([name]) => name)))
		if (values) await this.sendReply(chat, { name: 'flow', body: 'Sent', response_json: JSON.stringify({ flow_token: token, ...values }) })
	}

	async sendReply(chat, nfm_reply) {
		await this.send({ type: 'interactive', interactive: { type: 'nfm_reply', nfm_reply }, ...(chat ? { context: { id: chat.id } } : {}) })
	}

	async sendContact() {
		await this.send({ type: 'contacts', contacts: [{ name: { formatted_name: 'Maria Jones', first_name: 'Maria', last_name: 'Jones' },
			phones: [{ phone: '+1 202-555-0177', wa_id: '12025550177', type: 'CELL' }] }] })
	}

	/** The answer to a question for the number. */
	async sendOwnNumber(chat) {
		const name = this.customer?.name ?? 'Customer'
		await this.send({ type: 'contacts', context: { id: chat.id }, contacts: [{ origin: 'contact_request',
			name: { formatted_name: name, first_name: name }, phones: [{ phone: `+${this.number}`, wa_id: this.number, type: 'CELL' }] }] })
	}

	choose(chat, content) {
		const pick = (row) => {
			$('choices').close()
			this.actions().answer(chat, { type: 'list_reply', list_reply: row })
		}
		$('choices-title').textContent = content.action.button
		$('choices-list').replaceChildren(...content.action.sections.flatMap((section) => [
			section.title ? make('h3', {}, section.title) : '',
			...section.rows.map((row) => make('button', { type: 'button', class: 'row', onclick: () => pick(row) },
				make('span', { class: 'label' }, row.title), row.description ? make('span', { class: 'small' }, row.description) : null)),
		]))
		open($('choices'))
	}

	async edit() {
		const flags = ['offline', 'hides_phone', 'blocks', 'stopped_marketing']
		$('person-name').value = this.customer?.name ?? ''
		for (const flag of flags) $(`person-${flag}`).checked = this.customer?.[flag] ?? false
		const wanted = await open($('person'), () => Object.fromEntries([['name', $('person-name').value],
			...flags.map((flag) => [flag, $(`person-${flag}`).checked])]))
		if (!wanted) return
		if (wanted.hides_phone && !this.customer?.username) wanted.username = `@${wanted.name.toLowerCase().replace(/[^a-z0-9]+/g, '.') || 'somebody'}`
		attempt(() => ask('POST', '/control/customers', { phone: this.number, ...wanted }))
	}

	close() {
		this.isOpen = false
		this.element.remove()
		phones.splice(phones.indexOf(this), 1)
		remember()
		showAdd()
	}
}

function showAdd() {
	$('add').disabled = phones.length >= PHONES_MAX
}

function openPhone(number) {
	if (phones.some((phone) => phone.number === number) || phones.length >= PHONES_MAX) return
	phones.push(new Phone(number))
	remember()
	showAdd()
}

async function addPhone() {
	const { data } = await ask('GET', '/control/customers')
	const free = data.filter((one) => !phones.some((phone) => phone.number === one.phone)).slice(0, 50)
	$('people-list').replaceChildren(...free.map((one) => make('div', { role: 'listitem' },
		make('button', { type: 'button', class: 'row', onclick: () => { $('people').close(); openPhone(one.phone) } },
			make('span', { class: 'label' }, one.name), make('span', { class: 'small' }, one.unread ? `${one.phone} · ${one.unread} unread` : one.phone)))))
	$('people-error').textContent = ''
	const wanted = await open($('people'), () => {
		const phone = $('new-phone').value.replace(/\D/g, '')
		if (phone.length >= 5) return { phone, name: $('new-name').value.trim() || phone }
		$('people-error').textContent = 'A phone number has at least five digits, with the country first.'
		return false
	})
	if (!wanted) return
	await ask('POST', '/control/customers', wanted)
	openPhone(wanted.phone)
}

/* One may have been approved, or edited, since the page came. */
async function knowTemplates(messages) {
	if (messages.some((chat) => chat.body?.type === 'template')) templates = (await ask('GET', '/control/templates')).data
}

async function start() {
	templates = (await ask('GET', '/control/templates')).data
	const { data } = await ask('GET', '/control/customers')
	const asked = new URLSearchParams(location.search).get('phone')
	const known = remembered().filter((number) => data.some((one) => one.phone === number))
	if (asked) await ask('POST', '/control/customers', { phone: asked.replace(/\D/g, '') })
	const first = asked ? [asked.replace(/\D/g, '')] : known.length ? known : data.slice(0, 1).map((one) => one.phone)
	first.slice(0, PHONES_MAX).forEach(openPhone)
	if (!phones.length) await addPhone()
}

$('add').addEventListener('click', () => attempt(addPhone))
document.addEventListener('visibilitychange', () => phones.forEach((phone) => phone.customer && phone.read()))
document.addEventListener('click', (event) => {
	for (const menu of document.querySelectorAll('details[open]')) if (!menu.contains(event.target)) menu.open = false
})
document.addEventListener('keydown', (event) => {
	if (event.key === 'Escape') for (const menu of document.querySelectorAll('details[open]')) menu.open = false
})
attempt(start)
