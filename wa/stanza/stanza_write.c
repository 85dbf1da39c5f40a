/* stanza_write.c: nodes to octets, in the shortest form; see stanza.h. */
#include "wa/stanza/stanza_internal.h"

static void write_list_size(struct buf *out, size_t size)
{
	if (size == 0) {
		buf_byte(out, TAG_LIST_EMPTY);
	} else if (size < 256) {
		buf_byte(out, TAG_LIST_8);
		buf_byte(out, (uint8_t)size);
	} else if (size < 65536) {
		buf_byte(out, TAG_LIST_16);
		buf_byte(out, (uint8_t)(size >> 8));
		buf_byte(out, (uint8_t)size);
	} else {
		out->failed = true;
	}
}

static void write_raw(struct buf *out, bytes data)
{
	size_t octets = data.len < 256 ? 1 : data.len < 1u << 20 ? 3 : 4;

	if (data.len > UINT32_MAX) {
		out->failed = true;
		return;
	}
	buf_byte(out, octets == 1 ? TAG_BINARY_8 : octets == 3 ? TAG_BINARY_20 : TAG_BINARY_32);
	while (octets-- > 0)
		buf_byte(out, (uint8_t)(data.len >> 8 * octets));
	buf_put(out, data.ptr, data.len);
}

/* ---- texts ---- */

/* What half an octet says of it; -1: not in this alphabet. */
static int nibble_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c == '-' ? 10 : c == '.' ? 11 : -1;
}

static int hex_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool write_packed(struct buf *out, str text, enum stanza_tag tag, int (*half_of)(char c))
{
	if (text.len == 0 || text.len > STANZA_PACKED_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (half_of(text.ptr[i]) < 0)
			return false;
	buf_byte(out, (uint8_t)tag);
	buf_byte(out, (uint8_t)((text.len + 1) / 2 | (text.len % 2 ? 0x80 : 0)));
	for (size_t i = 0; i < text.len; i += 2) {
		int second = i + 1 < text.len ? half_of(text.ptr[i + 1]) : 0xF;

		buf_byte(out, (uint8_t)(half_of(text.ptr[i]) << 4 | second));
	}
	return true;
}

static void write_text(struct buf *out, str text)
{
	unsigned number = stanza_word_number(text);

	if (number >= 256)
		buf_byte(out, (uint8_t)(TAG_DICTIONARY_0 + number / 256 - 1));
	if (number)
		buf_byte(out, (uint8_t)number);
	else if (!write_packed(out, text, TAG_NIBBLE_8, nibble_of) &&
		 !write_packed(out, text, TAG_HEX_8, hex_of))
		write_raw(out, bytes_of(text));
}

/* ---- jids ---- */

/* How AD_JID calls the server, or -1: it has no such form. */
static int domain_of(const struct jid *jid)
{
	if (str_is(jid->server, JID_SERVER_PN))
		return jid->agent ? jid->agent : DOMAIN_PN;
	if (str_is(jid->server, JID_SERVER_LID))
		return DOMAIN_LID;
	if (str_is(jid->server, JID_SERVER_HOSTED))
		return DOMAIN_HOSTED;
	return str_is(jid->server, JID_SERVER_HOSTED_LID) ? DOMAIN_HOSTED_LID : -1;
}

static void write_user(struct buf *out, str user)
{
	if (user.len)
		write_text(out, user);
	else
		buf_byte(out, TAG_LIST_EMPTY);
}

static void write_u16(struct buf *out, uint16_t value)
{
	buf_byte(out, (uint8_t)(value >> 8));
	buf_byte(out, (uint8_t)value);
}

static void write_ad(struct buf *out, const struct jid *jid, int domain)
{
	if (jid->device > UINT8_MAX)
		out->failed = true;
	buf_byte(out, TAG_AD_JID);
	buf_byte(out, (uint8_t)domain);
	buf_byte(out, (uint8_t)jid->device);
	write_user(out, jid->user);
}

static void write_foreign(struct buf *out, const struct jid *jid, bool is_interop)
{
	buf_byte(out, is_interop ? TAG_INTEROP_JID : TAG_FB_JID);
	write_user(out, jid->user);
	write_u16(out, jid->device);
	if (is_interop)
		write_u16(out, jid->integrator);
	write_text(out, jid->server);
}

static void write_jid(struct buf *out, const struct jid *jid)
{
	int domain = domain_of(jid);
	bool is_interop = str_is(jid->server, JID_SERVER_INTEROP);

	if (domain >= DOMAIN_HOSTED || (domain >= 0 && (jid->device || jid->agent))) {
		write_ad(out, jid, domain);
	} else if (is_interop || str_is(jid->server, JID_SERVER_MSGR)) {
		write_foreign(out, jid, is_interop);
	} else {
		buf_byte(out, TAG_JID_PAIR);
		write_user(out, jid->user);
		write_text(out, jid->server);
	}
}

/* ---- nodes ---- */

static bool is_written(const struct attr *attr)
{
	return attr->is_jid || attr->text.len;
}

static void write_attrs(struct buf *out, const struct node *node)
{
	for (size_t i = 0; i < node->attr_count; i++) {
		const struct attr *attr = &node->attrs[i];

		if (!is_written(attr))
			continue;
		write_text(out, attr->key);
		if (attr->is_jid)
			write_jid(out, &attr->jid);
		else
			write_text(out, attr->text);
	}
}

static void write_node(struct buf *out, const struct node *node);

static void write_inside(struct buf *out, const struct node *node)
{
	size_t count = 0;

	switch (node->holds) {
	case HOLDS_NOTHING:
		break;
	case HOLDS_BYTES:
		write_raw(out, node->data);
		break;
	case HOLDS_TEXT:
		write_text(out, str_from(node->data));
		break;
	case HOLDS_JID:
		write_jid(out, &node->jid);
		break;
	case HOLDS_NODES:
		for (const struct node *n = node->first; n; n = n->next)
			count++;
		write_list_size(out, count);
		for (const struct node *n = node->first; n; n = n->next)
			write_node(out, n);
	}
}

static void write_node(struct buf *out, const struct node *node)
{
	size_t attrs = 0;

	for (size_t i = 0; i < node->attr_count; i++)
		attrs += is_written(&node->attrs[i]);
	write_list_size(out, 1 + 2 * attrs + (node->holds != HOLDS_NOTHING));
	write_text(out, node->tag);
	write_attrs(out, node);
	write_inside(out, node);
}

void stanza_write(struct buf *out, const struct node *node)
{
	buf_byte(out, 0);
	write_node(out, node);
}
