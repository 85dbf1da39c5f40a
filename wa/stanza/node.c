/* node.c: looking into nodes, and making them; see stanza.h. */
#include "base/codec.h"
#include "wa/stanza/stanza.h"

#define PRINT_MAX (1u << 20)
#define PRINT_OCTETS_MAX 40

const struct attr *node_attr(const struct node *node, const char *key)
{
	for (size_t i = 0; i < node->attr_count; i++)
		if (str_is(node->attrs[i].key, str_of(key)))
			return &node->attrs[i];
	return NULL;
}

str node_text(struct arena *arena, const struct node *node, const char *key)
{
	const struct attr *attr = node_attr(node, key);

	if (!attr)
		return STR_NONE;
	return attr->is_jid ? jid_text(arena, &attr->jid) : attr->text;
}

bool node_jid(const struct node *node, const char *key, struct jid *out)
{
	const struct attr *attr = node_attr(node, key);

	*out = (struct jid){ 0 };
	if (!attr || (!attr->is_jid && !attr->text.len))
		return false;
	if (!attr->is_jid)
		return jid_read(attr->text, out);
	*out = attr->jid;
	return true;
}

int64_t node_int(const struct node *node, const char *key, int64_t otherwise)
{
	const struct attr *attr = node_attr(node, key);
	int64_t value;

	return attr && !attr->is_jid && str_to_i64(attr->text, &value) ? value : otherwise;
}

bool node_is(const struct node *node, const char *tag)
{
	return str_is(node->tag, str_of(tag));
}

bool node_has(const struct node *node, const char *key, const char *value)
{
	const struct attr *attr = node_attr(node, key);

	return attr && !attr->is_jid && str_is(attr->text, str_of(value));
}

const struct node *node_child(const struct node *node, const char *tag)
{
	for (const struct node *n = node->first; n; n = n->next)
		if (node_is(n, tag))
			return n;
	return NULL;
}

bytes node_data(const struct node *node)
{
	return node->holds == HOLDS_BYTES || node->holds == HOLDS_TEXT ? node->data : BYTES_NONE;
}

bytes node_child_data(const struct node *node, const char *tag)
{
	const struct node *child = node_child(node, tag);

	return child ? node_data(child) : BYTES_NONE;
}

/* ---- making ---- */

struct node *node_new(struct arena *arena, const char *tag)
{
	struct node *node = ARENA_NEW(arena, struct node);

	node->tag = str_of(tag);
	return node;
}

static struct attr *add_attr(struct arena *arena, struct node *node, const char *key)
{
	size_t size = node->attr_count * sizeof *node->attrs;
	struct attr *attr;

	node->attrs = arena_grow(arena, node->attrs, size, size + sizeof *node->attrs);
	attr = &node->attrs[node->attr_count++];
	*attr = (struct attr){ .key = str_of(key) };
	return attr;
}

void node_put(struct arena *arena, struct node *node, const char *key, str value)
{
	if (value.ptr)
		add_attr(arena, node, key)->text = value;
}

void node_put_int(struct arena *arena, struct node *node, const char *key, int64_t value)
{
	node_put(arena, node, key, arena_printf(arena, "%lld", (long long)value));
}

void node_put_jid(struct arena *arena, struct node *node, const char *key, const struct jid *jid)
{
	struct attr *attr = add_attr(arena, node, key);

	attr->is_jid = true;
	attr->jid = *jid;
}

void node_put_data(struct node *node, bytes data)
{
	node->holds = HOLDS_BYTES;
	node->data = data;
}

void node_adopt(struct node *node, struct node *child)
{
	node->holds = HOLDS_NODES;
	if (node->last)
		node->last->next = child;
	else
		node->first = child;
	node->last = child;
}

struct node *node_add(struct arena *arena, struct node *node, const char *tag)
{
	struct node *child = node_new(arena, tag);

	node_adopt(node, child);
	return child;
}

/* ---- for people ---- */

static void print(struct arena *arena, struct buf *out, const struct node *node, unsigned depth)
{
	bool is_cut = node->data.len > PRINT_OCTETS_MAX;

	buf_printf(out, "<" STR_F, STR_A(node->tag));
	for (size_t i = 0; i < node->attr_count; i++) {
		const struct attr *attr = &node->attrs[i];
		str text = attr->is_jid ? jid_text(arena, &attr->jid) : attr->text;

		buf_printf(out, " " STR_F "=\"" STR_F "\"", STR_A(attr->key), STR_A(text));
	}
	if (node->holds == HOLDS_NOTHING || depth > STANZA_DEPTH_MAX) {
		buf_printf(out, "/>");
		return;
	}
	buf_printf(out, ">");
	for (const struct node *n = node->first; n; n = n->next)
		print(arena, out, n, depth + 1);
	if (node->holds == HOLDS_JID)
		buf_str(out, jid_text(arena, &node->jid));
	else if (node->holds == HOLDS_TEXT)
		buf_str(out, str_from(node->data));
	else if (node->holds == HOLDS_BYTES)
		hex_write(out,
			(bytes){ node->data.ptr, is_cut ? PRINT_OCTETS_MAX : node->data.len });
	buf_printf(out, "%s</" STR_F ">", node->holds == HOLDS_BYTES && is_cut ? "…" : "",
		STR_A(node->tag));
}

str node_print(struct arena *arena, const struct node *node)
{
	struct buf out = buf_in(arena, PRINT_MAX);

	print(arena, &out, node, 0);
	return buf_text(&out);
}
