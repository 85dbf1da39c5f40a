// chat.js: draws one message, whatever its kind. Text from the network only ever becomes text nodes.

export function make(tag, attributes = {}, ...children) {
	const element = document.createElement(tag)
	for (const [name, value] of Object.entries(attributes)) {
		if (name === 'class') element.className = value
		else if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
		else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? '' : value)
	}
	element.append(...children.filter((child) => child !== null && child !== undefined && child !== ''))
	return element
}

const marks = { '*': 'strong', _: 'em', '~': 's' }

/** WhatsApp's own marks (*bold*, _italic_, ~struck~, ```code```) and links. */
export function rich(text) {
	const parts = document.createDocumentFragment()
	const pattern = /```([^`]+)```|([*_~])(\S(?:[^\n]*?\S)?)\2|(https?:\/\/[^\s<]+)/g
	let from = 0
	for (const found of String(text).matchAll(pattern)) {
		parts.append(text.slice(from, found.index))
		if (found[1]) parts.append(make('code', {}, found[1]))
		else if (found[2]) parts.append(make(marks[found[2]], {}, found[3]))
		else parts.append(link(found[4], found[4]))
		from = found.index + found[0].length
	}
	parts.append(String(text).slice(from))
	return parts
}

function link(href, text) {
	const safe = /^https?:\/\//.test(href ?? '') ? href : '#'
	return make('a', { href: safe, target: '_blank', rel: 'noopener noreferrer' }, text)
}

const sourceOf = (media) => (media?.id ? `/control/media/${encodeURIComponent(media.id)}` : media?.link)

function caption(text) {
	return text ? make('p', { class: 'text' }, rich(text)) : null
}

function picture(media, className = 'picture') {
	return make('a', { href: sourceOf(media), target: '_blank', rel: 'noopener' },
		make('img', { src: sourceOf(media), class: className, alt: media.caption || 'Picture', loading: 'lazy' }))
}

const drawMedia = {
	image: (media) => [picture(media), caption(media.caption)],
	sticker: (media) => [make('img', { src: sourceOf(media), class: 'sticker', alt: 'Sticker' })],
	video: (media) => [make('video', { src: sourceOf(media), controls: true, preload: 'metadata' }), caption(media.caption)],
	audio: (media, chat, act) => [
		make('p', { class: 'label' }, media.voice ? '🎤 Voice message' : '🎵 Audio'),
		make('audio', { src: sourceOf(media), controls: true, preload: 'metadata', onplay: () => act.played?.(chat) }),
	],
	document: (media) => [
		make('a', { class: 'file', href: sourceOf(media), target: '_blank', rel: 'noopener', download: media.filename || true },
			make('span', { 'aria-hidden': 'true' }, '📄 '), media.filename || 'Document'),
		caption(media.caption),
	],
}

function drawLocation(place) {
	const where = `${place.latitude},${place.longitude}`
	return [make('div', { class: 'map', 'aria-hidden': 'true' }, '📍'), make('p', { class: 'label' }, place.name || 'Location'),
		place.address ? make('p', { class: 'small' }, place.address) : null,
		link(`https://www.openstreetmap.org/?mlat=${place.latitude}&mlon=${place.longitude}`, where)]
}

function drawContacts(contacts) {
	return contacts.map((contact) => make('div', { class: 'contact' },
		make('span', { class: 'avatar', 'aria-hidden': 'true' }, '👤'),
		make('div', {}, make('p', { class: 'label' }, contact.name?.formatted_name || 'Contact'),
			...(contact.phones ?? []).map((phone) => make('p', { class: 'small' }, phone.phone || phone.wa_id || '')))))
}

function header(part) {
	if (!part) return []
	if (part.type === 'text') return [make('p', { class: 'headline' }, part.text)]
	return drawMedia[part.type]?.(part[part.type]) ?? []
}

const frame = (content) => [
	...header(content.header),
	content.body?.text ? make('p', { class: 'text' }, rich(content.body.text)) : null,
	content.footer?.text ? make('p', { class: 'small' }, content.footer.text) : null,
]

const button = (text, onclick) => make('button', { type: 'button', class: 'choice', onclick }, text)

const drawInteractive = {
	button: (content, chat, act) => content.action.buttons.map(({ reply }) =>
		button(reply.title, () => act.answer(chat, { type: 'button_reply', button_reply: reply }))),
	list: (content, chat, act) => [button(`☰ ${content.action.button}`, () => act.choose(chat, content))],
	cta_url: (content) => [link(content.action.parameters.url, content.action.parameters.display_text)],
	location_request_message: (content, chat, act) => [button('📍 Send location', () => act.sendPlace(chat))],
	flow: (content, chat, act) => [button(content.action.parameters.flow_cta, () => act.sendForm(chat, content.action.parameters.flow_token))],
	address_message: (content, chat, act) => [button('🏠 Provide address', () => act.sendAddress(chat))],
	request_contact_info: (content, chat, act) => [button('👤 Share phone number', () => act.sendContact(chat))],
	product: (content, chat, act) => [button(`🛍 ${content.action.product_retailer_id}`, () =>
		act.sendOrder(chat, [content.action.product_retailer_id], content.action.catalog_id))],
	catalog_message: (content, chat, act) => [button('🛍 View catalogue', () => act.sendOrder(chat))],
	product_list: (content, chat, act) => [
		...content.action.sections.map((section) => make('p', { class: 'label' },
			`🛍 ${section.title ?? ''}: ${section.product_items.map((item) => item.product_retailer_id).join(', ')}`)),
		button('🛒 Order them', () => act.sendOrder(chat,
			content.action.sections.flatMap((section) => section.product_items.map((item) => item.product_retailer_id)), content.action.catalog_id)),
	],
	order_details: (content) => bill(content.order_details?.action ?? content.action?.parameters),
	order_status: (content) => bill(content.action?.parameters),
	carousel: (content, chat, act) => [make('div', { class: 'cards' }, ...content.action.cards.map((card) =>
		make('div', { class: 'card' }, ...frame(card),
			card.action?.parameters ? link(card.action.parameters.url, card.action.parameters.display_text) : null,
			card.action?.product_retailer_id ? button(`🛍 ${card.action.product_retailer_id}`, () =>
				act.sendOrder(chat, [card.action.product_retailer_id], card.action.catalog_id)) : null,
			...(card.action?.buttons ?? []).map(({ quick_reply: reply }) =>
				button(reply.title, () => act.answer(chat, { type: 'button_reply', button_reply: reply }))))))],
}

function bill(part) {
	const money = (sum) => (sum?.value === undefined ? '' : `${(sum.value / (sum.offset ?? 100)).toFixed(2)} ${part.currency ?? ''}`)
	return [make('p', { class: 'label' }, ['🧾', part?.reference_id, part?.order?.status, money(part?.total_amount)].filter(Boolean).join(' ')),
		...(part?.order?.items ?? []).map((item) => make('p', { class: 'small' }, `${item.quantity ?? 1} × ${item.name ?? item.retailer_id} ${money(item.amount)}`))]
}

function drawOrder(order) {
	return [make('p', { class: 'label' }, '🛒 Order'),
		...(order.product_items ?? []).map((item) => make('p', { class: 'small' }, `${item.quantity} × ${item.product_retailer_id}, ${item.item_price} ${item.currency}`)),
		order.text ? make('p', { class: 'text' }, rich(order.text)) : null]
}

function drawInteractiveMessage(content, chat, act) {
	const kind = String(content.type).toLowerCase()
	const answer = content.button_reply ?? content.list_reply
	if (answer) return [make('p', { class: 'text' }, answer.title), answer.description ? make('p', { class: 'small' }, answer.description) : null]
	if (content.nfm_reply) return [make('p', { class: 'label' }, content.nfm_reply.name === 'address_message' ? '🏠 Address sent' : '📝 Form sent')]
	return [...frame(content), ...(drawInteractive[kind]?.(content, chat, act) ?? [make('p', { class: 'small' }, kind)])]
}

function fill(text, parameters = []) {
	return String(text ?? '').replace(/{{\s*(\w+)\s*}}/g, (whole, name) => {
		const found = parameters.find((parameter) => parameter.parameter_name === name) ?? parameters[Number(name) - 1]
		return found?.text ?? found?.currency?.fallback_value ?? found?.date_time?.fallback_value ?? whole
	})
}

const lower = (word) => String(word ?? '').toLowerCase()

/* One list of parts as approved, with what was sent for it: the template's own, or a card's. */
function drawParts(parts, sentParts, chat, act) {
	const sent = (type) => sentParts?.find((part) => lower(part.type) === type)?.parameters
	return parts.flatMap((part) => {
		const type = lower(part.type)
		if (type === 'header' && part.format !== 'TEXT') {
			const value = sent('header')?.[0]
			if (value?.type === 'location') return drawLocation(value.location)
			return value ? header(value) : []
		}
		if (type === 'header') return [make('p', { class: 'headline' }, fill(part.text, sent('header')))]
		if (type === 'body') return [make('p', { class: 'text' }, rich(fill(part.text ?? '*{{1}}* is your verification code.', sent('body'))))]
		if (type === 'footer') return [make('p', { class: 'small' }, part.text ?? `This code expires in ${part.code_expiration_minutes} minutes.`)]
		if (type === 'limited_time_offer') return drawOffer(part, sent('limited_time_offer')?.[0])
		if (type === 'carousel') return [drawCards(part, sentParts?.find((one) => lower(one.type) === 'carousel'), chat, act)]
		return (part.buttons ?? []).map((one, index) => templateButton(one, index, sentParts, chat, act))
	})
}

function drawOffer(part, value) {
	const until = value?.limited_time_offer?.expiration_time_ms
	return [make('p', { class: 'label' }, `⏳ ${part.limited_time_offer?.text ?? ''}`),
		until ? make('p', { class: 'small' }, `until ${new Date(until).toLocaleString()}`) : null]
}

function drawCards(part, sent, chat, act) {
	return make('div', { class: 'cards' }, ...part.cards.map((card, i) => make('div', { class: 'card' },
		...drawParts(card.components, sent?.cards?.find((one, at) => (one.card_index ?? at) === i)?.components, chat, act).filter(Boolean))))
}

function drawTemplate(content, chat, act) {
	const known = act.templates.find((one) => one.name === content.name && one.language === content.language?.code)
	return [known ? null : make('p', { class: 'label' }, `Template ${content.name}`), ...drawParts(known?.components ?? [], content.components, chat, act)]
}

function templateButton(one, index, sentParts, chat, act) {
	const sent = sentParts?.find((part) => lower(part.type) === 'button' && Number(part.index) === index)?.parameters?.[0]
	if (one.type === 'URL') return link(fill(one.url, sent ? [sent] : []), one.text)
	if (one.type === 'COPY_CODE') return button(`⧉ ${sent?.coupon_code ?? 'Copy code'}`, () => navigator.clipboard?.writeText(sent?.coupon_code ?? ''))
	if (one.type === 'PHONE_NUMBER') return link('#', `☎ ${one.text}`)
	return button(one.text ?? one.type, () => act.tap(chat, { text: one.text, payload: sent?.payload ?? one.text }))
}

/** The inside of a bubble: a list of nodes. */
export function draw(chat, act) {
	const message = chat.body ?? {}
	const type = message.type ?? 'text'
	const content = message[type]
	if (drawMedia[type] && content) return drawMedia[type](content, chat, act)
	if (type === 'text') return [make('p', { class: 'text' }, rich(content?.body ?? ''))]
	if (type === 'location' && content) return drawLocation(content)
	if (type === 'contacts' && content) return drawContacts(content)
	if (type === 'order' && content) return drawOrder(content)
	if (type === 'interactive' && content) return drawInteractiveMessage(content, chat, act)
	if (type === 'template' && content) return drawTemplate(content, chat, act)
	if (type === 'button' && content) return [make('p', { class: 'text' }, content.text)]
	return [make('p', { class: 'small' }, `Message of type ${type}`)]
}

/** One line that stands for a message where it is quoted. */
export function preview(chat) {
	const message = chat?.body ?? {}
	const content = message[message.type]
	return (message.text?.body ?? content?.caption ?? content?.body?.text ?? (typeof content?.body === 'string' ? content.body : undefined) ?? content?.filename ?? content?.text ?? content?.button_reply?.title ?? content?.list_reply?.title ?? content?.name ?? message.type ?? 'Message').slice(0, 80)
}
