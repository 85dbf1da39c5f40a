/* vectors_stanza.c: binary XML: what we write, what we read, what we refuse. */
#include "wa/vectors/vectors.h"

#include "base/codec.h"
#include "wa/stanza/stanza.h"

#define STANZA_MAX (64u << 20)

/* ---- a node as the vectors write it ---- */

static struct jid jid_of(json v)
{
	return (struct jid){ .user = json_text_at(v, "user"), .server = json_text_at(v, "server"),
		.device = (uint16_t)json_int(json_field(v, "device"), 0),
		.integrator = (uint16_t)json_int(json_field(v, "integrator"), 0),
		.agent = (uint8_t)json_int(json_field(v, "agent"), 0) };
}

static bytes repeated(struct vectors *v, json c)
{
	size_t count = (size_t)int_at(v, c, "count");
	uint8_t *octets = arena_alloc(v->arena, count + 1);
	bytes octet = octets_at(v, c, "byte");

	memset(octets, octet.len ? octet.ptr[0] : 0, count);
	return (bytes){ octets, count };
}

static struct node *node_of(struct vectors *v, json c);

static void fill_content(struct vectors *v, struct node *node, json content)
{
	json nodes = json_field(content, "nodes");

	if (json_field(content, "bytes")) {
		node_put_data(node, octets_at(v, content, "bytes"));
	} else if (json_field(content, "bytes_repeat")) {
		node_put_data(node, repeated(v, json_field(content, "bytes_repeat")));
	} else if (json_field(content, "text")) {
		node->holds = HOLDS_TEXT;
		node->data = bytes_of(json_text_at(content, "text"));
	} else if (json_field(content, "jid")) {
		node->holds = HOLDS_JID;
		node->jid = jid_of(json_field(content, "jid"));
	} else if (nodes) {
		node->holds = HOLDS_NODES;
		for (size_t i = 0; i < json_count(nodes); i++)
			node_adopt(node, node_of(v, json_at(nodes, i)));
	} else if (content) {
		check(v, false, "the content is of no known kind");
	}
}

static struct node *node_of(struct vectors *v, json c)
{
	struct node *node = node_new(v->arena, arena_cstr(v->arena, text_at(v, c, "tag")));
	json attrs = json_field(c, "attrs");

	for (size_t i = 0; i < json_count(attrs); i++) {
		json pair = json_at(attrs, i), value = json_at(pair, 1);
		const char *key = arena_cstr(v->arena, json_text(json_at(pair, 0)));
		struct jid jid = jid_of(json_field(value, "jid"));

		if (json_kind(value) == JSON_MAP)
			node_put_jid(v->arena, node, key, &jid);
		else
			node_put(v->arena, node, key,
				json_kind(value) == JSON_TEXT ? json_text(value) : S(""));
	}
	fill_content(v, node, json_field(c, "content"));
	return node;
}

/* ---- comparing ---- */

static bool same_attrs(const struct node *a, const struct node *b)
{
	for (size_t i = 0; i < a->attr_count; i++) {
		const struct attr *x = &a->attrs[i], *y = &b->attrs[i];

		if (!str_is(x->key, y->key) || x->is_jid != y->is_jid ||
			!str_is(x->text, y->text) || !jid_is(&x->jid, &y->jid))
			return false;
	}
	return true;
}

static bool same(const struct node *a, const struct node *b)
{
	const struct node *m = a->first, *n = b->first;

	if (!str_is(a->tag, b->tag) || a->attr_count != b->attr_count ||
		!jid_is(&a->jid, &b->jid) || !str_is(str_from(a->data), str_from(b->data)) ||
		!same_attrs(a, b))
		return false;
	for (; m && n; m = m->next, n = n->next)
		if (!same(m, n))
			return false;
	/* No list and an empty one are the same to who reads. */
	return !m && !n &&
	       (a->holds == b->holds ||
		       (!a->first && !b->first &&
			       (a->holds == HOLDS_NODES || b->holds == HOLDS_NODES)));
}

static str name_of(json c)
{
	return json_text_at(c, "name");
}

static void check_named(struct vectors *v, bool good, json c, const char *what)
{
	check(v, good, arena_printf(v->arena, STR_F ": %s", STR_A(name_of(c)), what).ptr);
}

/* The frame of a vector: as it stands, or, when only its hash is given, as we write it. */
static bytes frame_of(struct vectors *v, json c, const struct node *node)
{
	struct buf out = buf_in(v->arena, STANZA_MAX);
	uint8_t hash[SHA256_SIZE];

	if (json_field(c, "hex"))
		return octets_at(v, c, "hex");
	stanza_write(&out, node);
	sha256(buf_bytes(&out), hash);
	check_int(v, (int64_t)out.len, c, "length");
	check_octets(v, (bytes){ hash, sizeof hash }, c, "sha256");
	return buf_bytes(&out);
}

static void write_case(struct vectors *v, json c, const struct node *node)
{
	struct buf out = buf_in(v->arena, STANZA_MAX);
	bytes want = frame_of(v, c, node);

	stanza_write(&out, node);
	check_named(v, !out.failed && str_is(buf_text(&out), str_from(want)), c, "is written so");
}

static void read_case(struct vectors *v, json c)
{
	struct node *want = node_of(v, json_field(c, "node")), got;
	bytes frame = frame_of(v, c, want);
	const char *why = "";

	if (json_field(c, "decoded_content"))
		fill_content(v, want, json_field(c, "decoded_content"));
	check_named(v, stanza_read(v->arena, frame, &got, &why) == OK && same(&got, want), c,
		"is read so");
}

static void stanza_case(struct vectors *v, json c)
{
	if (json_flag(json_field(c, "encode"), false))
		write_case(v, c, node_of(v, json_field(c, "node")));
	if (json_flag(json_field(c, "decode"), false))
		read_case(v, c);
}

static void refuse_case(struct vectors *v, json c)
{
	const char *why = "";
	struct node node;

	check_named(v, stanza_read(v->arena, octets_at(v, c, "hex"), &node, &why) == ERR_INPUT &&
			       why[0],
		c, "is refused with a reason");
}

void vectors_stanzas(struct vectors *v)
{
	each_case(v, v->part, stanza_case);
}

void vectors_stanzas_lenient(struct vectors *v)
{
	each_case(v, v->part, read_case);
}

void vectors_stanzas_reject(struct vectors *v)
{
	each_case(v, v->part, refuse_case);
}
