/* stanza_test.c: binary XML against vectors that the libraries in use have agreed on. */
#include "wa/stanza/stanza.h"

#include "base/codec.h"
#include "base/json.h"
#include "base/test.h"
#include "crypto/crypto.h"

#define FRAME_MAX (32u << 20)

static json vectors(void)
{
	return test_json("linked/binary-node-vectors.json");
}

/* ---- a node as the vectors write it ---- */

static struct jid jid_of(json v)
{
	return (struct jid){ .user = json_text_at(v, "user"),
		.server = json_text_at(v, "server"),
		.device = (uint16_t)json_int(json_field(v, "device"), 0),
		.integrator = (uint16_t)json_int(json_field(v, "integrator"), 0),
		.agent = (uint8_t)json_int(json_field(v, "agent"), 0) };
}

static bytes repeated(json v)
{
	size_t count = (size_t)json_int(json_field(v, "count"), 0);
	uint8_t *octets = arena_alloc(test_arena(), count + 1);

	memset(octets, test_octets(v, "byte").ptr[0], count);
	return (bytes){ octets, count };
}

static struct node *node_of(json v);

static void fill_content(struct node *node, json content)
{
	if (json_field(content, "bytes")) {
		node_put_data(node, test_octets(content, "bytes"));
	} else if (json_field(content, "bytes_repeat")) {
		node_put_data(node, repeated(json_field(content, "bytes_repeat")));
	} else if (json_field(content, "text")) {
		node->holds = HOLDS_TEXT;
		node->data = bytes_of(json_text_at(content, "text"));
	} else if (json_field(content, "jid")) {
		node->holds = HOLDS_JID;
		node->jid = jid_of(json_field(content, "jid"));
	} else if (json_field(content, "nodes")) {
		node->holds = HOLDS_NODES;
		for (size_t i = 0; i < json_count(json_field(content, "nodes")); i++)
			node_adopt(node, node_of(json_at(json_field(content, "nodes"), i)));
	}
}

static struct node *node_of(json v)
{
	struct node *node =
		node_new(test_arena(), arena_cstr(test_arena(), json_text_at(v, "tag")));
	json attrs = json_field(v, "attrs");

	for (size_t i = 0; i < json_count(attrs); i++) {
		json pair = json_at(attrs, i), value = json_at(pair, 1);
		const char *key = arena_cstr(test_arena(), json_text(json_at(pair, 0)));
		struct jid jid = jid_of(json_field(value, "jid"));

		if (json_kind(value) == JSON_MAP)
			node_put_jid(test_arena(), node, key, &jid);
		else
			node_put(test_arena(), node, key,
				json_kind(value) == JSON_TEXT ? json_text(value) : S(""));
	}
	fill_content(node, json_field(v, "content"));
	return node;
}

/* ---- comparing ---- */

static bool same(const struct node *a, const struct node *b)
{
	const struct node *m = a->first, *n = b->first;

	if (!str_is(a->tag, b->tag) || a->attr_count != b->attr_count ||
		a->data.len != b->data.len || !jid_is(&a->jid, &b->jid) ||
		(a->data.len && memcmp(a->data.ptr, b->data.ptr, a->data.len) != 0))
		return false;
	for (size_t i = 0; i < a->attr_count; i++) {
		const struct attr *x = &a->attrs[i], *y = &b->attrs[i];

		if (!str_is(x->key, y->key) || x->is_jid != y->is_jid ||
			!str_is(x->text, y->text) || !jid_is(&x->jid, &y->jid))
			return false;
	}
	for (; m && n; m = m->next, n = n->next)
		if (!same(m, n))
			return false;
	return !m && !n && (a->holds == b->holds || (!a->first && !b->first &&
		(a->holds == HOLDS_NODES || b->holds == HOLDS_NODES)));
}

static void expect_same(str name, const struct node *got, const struct node *want)
{
	if (!same(got, want))
		test_fail(__FILE__, __LINE__, STR_F ": got " STR_F "\nwanted " STR_F, STR_A(name),
			STR_A(node_print(test_arena(), got)),
			STR_A(node_print(test_arena(), want)));
}

/* The frame of a vector: as it stands, or as the writer makes it when only its hash is given. */
static bytes frame_of(json vector, bytes written)
{
	uint8_t hash[SHA256_SIZE];

	if (json_field(vector, "hex"))
		return test_octets(vector, "hex");
	EXPECT_INT(written.len, json_int(json_field(vector, "length"), 0));
	sha256(written, hash);
	EXPECT_STR(hex_text(test_arena(), (bytes){ hash, sizeof hash }),
		arena_cstr(test_arena(), json_text_at(vector, "sha256")));
	return written;
}

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

TEST(nodes_are_written_as_the_vectors_say)
{
	json all = json_field(vectors(), "vectors");
	size_t written = 0;

	for (size_t i = 0; i < json_count(all); i++) {
		json vector = json_at(all, i);
		struct buf out = buf_in(test_arena(), FRAME_MAX);
		bytes want;

		if (!json_flag(json_field(vector, "encode"), false))
			continue;
		stanza_write(&out, node_of(json_field(vector, "node")));
		EXPECT(!out.failed);
		want = frame_of(vector, buf_bytes(&out));
		if (!str_is(str_from(want), buf_text(&out)))
			test_fail(__FILE__, __LINE__, STR_F ": wrote " STR_F,
				STR_A(json_text_at(vector, "name")),
				STR_A(hex_text(test_arena(), buf_bytes(&out))));
		written++;
	}
	EXPECT(written > 80);
}

static size_t expect_all_read(json all)
{
	size_t count = 0;

	for (size_t i = 0; i < json_count(all); i++) {
		json vector = json_at(all, i), decoded = json_field(vector, "decoded_content");
		struct node *want = node_of(json_field(vector, "node")), got;
		struct buf out = buf_in(test_arena(), FRAME_MAX);
		const char *why;

		stanza_write(&out, want);
		if (decoded)
			fill_content(want, decoded);
		if (stanza_read(test_arena(), frame_of(vector, buf_bytes(&out)), &got, &why) != OK)
			test_fail(__FILE__, __LINE__, STR_F ": %s",
				STR_A(json_text_at(vector, "name")), why);
		expect_same(json_text_at(vector, "name"), &got, want);
		count++;
	}
	return count;
}

TEST(nodes_are_read_as_the_vectors_say)
{
	EXPECT(expect_all_read(json_field(vectors(), "vectors")) > 80);
}

TEST(what_others_write_differently_is_read_too)
{
	EXPECT_INT(expect_all_read(json_field(vectors(), "lenient_decode")), 14);
}

TEST(broken_frames_are_refused_with_a_reason)
{
	json all = json_field(vectors(), "reject");

	for (size_t i = 0; i < json_count(all); i++) {
		json vector = json_at(all, i);
		bytes frame = test_octets(vector, "hex");
		struct node node;
		const char *why;

		if (stanza_read(test_arena(), frame, &node, &why) != ERR_INPUT || !why[0])
			test_fail(__FILE__, __LINE__, STR_F " was read",
				STR_A(json_text_at(vector, "name")));
	}
	EXPECT_INT(json_count(all), 20);
}

TEST(every_cut_of_a_frame_is_refused)
{
	json all = json_field(vectors(), "vectors");

	for (size_t i = 0; i < json_count(all); i++) {
		bytes frame = json_field(json_at(all, i), "hex")
				      ? test_octets(json_at(all, i), "hex")
				      : BYTES_NONE;
		struct node node;
		const char *why;

		for (size_t n = 0; n < frame.len && frame.len < 2000; n++)
			EXPECT_ERR(stanza_read(test_arena(), (bytes){ frame.ptr, n }, &node, &why),
				ERR_INPUT);
	}
}

TEST(nesting_has_a_bound)
{
	struct node *top = node_new(test_arena(), "list"), *at = top, got;
	struct buf out = buf_in(test_arena(), FRAME_MAX);
	const char *why;

	for (int i = 1; i < STANZA_DEPTH_MAX; i++)
		at = node_add(test_arena(), at, "item");
	stanza_write(&out, top);
	EXPECT_OK(stanza_read(test_arena(), buf_bytes(&out), &got, &why));
	node_add(test_arena(), at, "item");
	buf_clear(&out);
	stanza_write(&out, top);
	EXPECT_ERR(stanza_read(test_arena(), buf_bytes(&out), &got, &why), ERR_INPUT);
	EXPECT_STR(str_of(why), "it is nested too deep");
}

/* A list of lists, each promising all that is left: the promises together are bounded. */
TEST(promised_nodes_take_no_memory_before_they_come)
{
	struct buf out = buf_in(test_arena(), FRAME_MAX);
	size_t before = arena_used(test_arena());
	struct node got;
	const char *why;

	buf_byte(&out, 0);
	for (int i = 0; i < 30; i++)
		buf_put(&out, "\xf8\x02\x71\xf9\xff\xff", 6);
	memset(buf_space(&out, 300000), 0xf8, 300000);
	EXPECT_ERR(stanza_read(test_arena(), buf_bytes(&out), &got, &why), ERR_INPUT);
	EXPECT(arena_used(test_arena()) - before < 40u << 20);
}

TEST(jids_are_read_and_shown_in_every_form)
{
	static const char *const texts[] = { "s.whatsapp.net", "15550001111@s.whatsapp.net",
		"15550001111:5@s.whatsapp.net", "15550001111.2:5@s.whatsapp.net",
		"100000000000001:5@lid", "15550001111-1609459200@g.us", "status@broadcast",
		"14-abc:2@interop" };

	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct jid jid;

		EXPECT(jid_read(str_of(texts[i]), &jid));
		EXPECT_STR(jid_text(test_arena(), &jid), texts[i]);
	}
	EXPECT(!jid_read(S("1:x@lid"), &(struct jid){ 0 }));
	EXPECT(!jid_read(S("1:99999@lid"), &(struct jid){ 0 }));
	EXPECT(!jid_read(S("1.256@s.whatsapp.net"), &(struct jid){ 0 }));
}

TEST(an_attribute_that_is_a_text_reads_as_a_jid)
{
	struct node *node = node_new(test_arena(), "iq");
	struct jid jid;

	node_put(test_arena(), node, "from", S("s.whatsapp.net"));
	EXPECT(node_jid(node, "from", &jid));
	EXPECT(jid_is(&jid, &jid_server));
	EXPECT(!node_jid(node, "to", &jid));
	EXPECT_INT(node_int(node, "from", -1), -1);
}
