/* message_test.c: looking into messages and making them; held to vectors of the libraries in use
 * (tests/data/linked/messaging-vectors.json). */
#include "base/test.h"
#include "crypto/crypto.h"
#include "wa/message/message.h"

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

static json vectors(const char *section)
{
	return json_path(test_json("linked/messaging-vectors.json"), section);
}

static const Wa__Message *unpacked(bytes packed)
{
	const Wa__Message *m = PROTO_UNPACK(test_arena(), Wa__Message, wa__message, packed);

	EXPECT(m);
	return m;
}

/* The message of a kind of the vectors. */
static Wa__Message *kind(const char *name)
{
	json kinds = vectors("messages");

	for (size_t i = 0; i < json_count(kinds); i++)
		if (str_is(json_text_at(json_at(kinds, i), "name"), str_of(name)))
			return (Wa__Message *)(uintptr_t)unpacked(
				test_octets(json_at(kinds, i), "encoded"));
	test_fail(__FILE__, __LINE__, "there is no kind %s", name);
	return NULL;
}

TEST(every_kind_is_the_same_octets_after_it_was_read_and_written)
{
	json kinds = vectors("messages");

	EXPECT_INT(json_count(kinds), 42);
	for (size_t i = 0; i < json_count(kinds); i++) {
		bytes packed = test_octets(json_at(kinds, i), "encoded");
		bytes again = proto_bytes(test_arena(), unpacked(packed));

		EXPECT(again.len == packed.len && !memcmp(again.ptr, packed.ptr, packed.len));
	}
}

TEST(fields_that_nobody_knows_survive)
{
	/* field 9999: "x"; and a text */
	static const uint8_t packed[] = { 0x0a, 1, 'a', 0xfa, 0xf0, 0x04, 1, 'x' };
	static const uint8_t alone[] = { 0xfa, 0xf0, 0x04, 1, 'x' };
	const Wa__Message *m = unpacked((bytes){ packed, sizeof packed });

	EXPECT(!wa_message_is_unknown(m));
	EXPECT_HEX(proto_bytes(test_arena(), m), "0a0161 faf0040178");
	EXPECT(wa_message_is_unknown(unpacked((bytes){ alone, sizeof alone })));
	EXPECT_STR(wa_message_body(m), "a");
}

/* ---- describing ---- */

static void expect_outline(const char *name, const char *type, const char *mediatype, char edit,
	bool is_hidden)
{
	struct wa_outline got;

	wa_message_describe(kind(name), &got);
	EXPECT_STR(str_of(got.type), type);
	EXPECT_STR(str_of(got.mediatype), mediatype);
	EXPECT_INT(got.edit, edit);
	EXPECT(got.is_hidden == is_hidden);
}

TEST(the_stanza_says_what_the_message_is)
{
	expect_outline("conversation", "text", NULL, 0, false);
	expect_outline("extended_text_link_preview", "media", "url", 0, false);
	expect_outline("image", "media", "image", 0, false);
	expect_outline("video_gif", "media", "gif", 0, false);
	expect_outline("audio_voice_note", "media", "ptt", 0, false);
	expect_outline("document_with_caption", "media", "document", 0, false);
	expect_outline("sticker", "media", "sticker", 0, false);
	expect_outline("contact", "media", "vcard", 0, false);
	expect_outline("contacts_array", "media", "contact_array", 0, false);
	expect_outline("list", "media", "list", 0, false);
	expect_outline("list_response", "media", "list_response", 0, false);
	expect_outline("interactive_response", "media", "native_flow_response", 0, false);
	expect_outline("view_once_v2_image", "media", "image", 0, false);
	expect_outline("ephemeral_wrapper", "text", NULL, 0, false);
	expect_outline("poll_v1_multi", "poll", NULL, 0, false);
	expect_outline("poll_update", "poll", NULL, 0, true);
	expect_outline("reaction", "reaction", NULL, 0, true);
	expect_outline("reaction_removed", "reaction", NULL, '7', true);
	expect_outline("revoke_own", "text", NULL, '7', true);
	expect_outline("revoke_by_admin", "text", NULL, '8', true);
	expect_outline("edit", "text", NULL, '1', true);
	expect_outline("pin_in_chat", "text", NULL, '2', true);
	expect_outline("group_invite", "media", "url", 0, false);
}

TEST(polls_say_which_way_they_go)
{
	struct wa_outline got;

	wa_message_describe(kind("poll_v3_single"), &got);
	EXPECT_STR(str_of(got.polltype), "creation");
	EXPECT(got.has_report);
	wa_message_describe(kind("poll_update"), &got);
	EXPECT_STR(str_of(got.polltype), "vote");
	EXPECT(!got.has_report);
}

/* ---- looking inside ---- */

TEST(wrappers_come_off_and_are_remembered)
{
	struct wa_inside got;

	wa_message_unwrap(kind("view_once_v2_image"), &got);
	EXPECT(got.is_view_once && got.content->image_message);
	wa_message_unwrap(kind("ephemeral_wrapper"), &got);
	EXPECT(got.is_ephemeral && !got.is_view_once);
	EXPECT_STR(wa_message_body(got.content), "x");
	wa_message_unwrap(kind("device_sent"), &got);
	EXPECT(got.is_device_sent);
	EXPECT_STR(got.destination, "182938475610293@lid");
	EXPECT(str_starts(wa_message_body(got.content), S("Ol")));
	EXPECT_INT(wa_message_secret_of(kind("device_sent")).len, WA_SECRET_SIZE);
	wa_message_unwrap(kind("edit"), &got);
	EXPECT(got.is_edit && got.content->protocol_message);
}

TEST(wrappers_beyond_five_stay_on)
{
	Wa__Message *m = wa_message_text(test_arena(), S("deep"));
	struct wa_inside got;

	for (int i = 0; i < WA_WRAPPERS_MAX + 1; i++)
		m = wa_message_view_once(test_arena(), m);
	wa_message_unwrap(m, &got);
	EXPECT(!got.content->conversation);
}

TEST(the_context_is_found_in_any_kind)
{
	struct wa_inside got;

	EXPECT_STR(str_of(wa_message_context(kind("extended_text_quote_mention"))->stanza_id),
		"3EB0FFEEDDCCBBAA998877");
	EXPECT_STR(str_of(wa_message_context(kind("list_response"))->stanza_id),
		"3EB0A1B2C3D4E5F6071829");
	EXPECT(wa_message_context(kind("interactive_response")));
	EXPECT(!wa_message_context(kind("conversation")));
	wa_message_unwrap(kind("ephemeral_wrapper"), &got);
	EXPECT_INT(wa_message_context(got.content)->expiration, 86400);
}

/* ---- making ---- */

#define CHAT "182938475610293@lid"

static void expect_kind(const char *name, const Wa__Message *made)
{
	bytes want = proto_bytes(test_arena(), kind(name));
	bytes got = proto_bytes(test_arena(), made);

	EXPECT(got.len == want.len && !memcmp(got.ptr, want.ptr, want.len));
}

TEST(what_we_make_is_what_the_others_make)
{
	struct arena *a = test_arena();
	struct wa_target theirs = { S(CHAT), S("3EB0A1B2C3D4E5F6071829"), STR_NONE, false };
	struct wa_target ours = { S(CHAT), S("3EB0FFEEDDCCBBAA998877"), STR_NONE, true };
	struct wa_target group = { S("120363041234567890@g.us"), S("3EB0A1B2C3D4E5F6071829"),
		S(CHAT), false };
	struct wa_target own = { S(CHAT), S("3EB0A1B2C3D4E5F6071829"), S(CHAT), true };

	expect_kind("reaction", wa_message_react(a, &group, S("\U0001F44D"), 1750000004000));
	expect_kind("reaction_removed", wa_message_react(a, &ours, S(""), 1750000005000));
	expect_kind("revoke_own", wa_message_revoke(a, &own));
	expect_kind("revoke_by_admin", wa_message_revoke(a, &group));
	expect_kind("edit",
		wa_message_edit(a, &ours,
			wa_message_text(a, S("The quick brown fox jumps over the lazy dog "
					     "(fixed)")),
			1750000006000));
	expect_kind("pin_in_chat", wa_message_pin(a, &theirs, 604800, 1750000008000));
	expect_kind("ephemeral_setting", wa_message_timer(a, 86400, 1750000007));
}

TEST(a_poll_is_made_by_how_many_may_be_chosen)
{
	struct arena *a = test_arena();
	str options[] = { S("Pizza"), S("Sushi"), S("Salada") };
	struct wa_poll poll = { S("Almo\u00e7o?"), options, 3, 0 };
	Wa__Message *m = wa_message_poll(a, &poll);

	wa_message_put_secret(a, m, wa_message_secret_of(kind("poll_v1_multi")).ptr);
	expect_kind("poll_v1_multi", m);
	poll.selectable = 1;
	m = wa_message_poll(a, &poll);
	wa_message_put_secret(a, m, wa_message_secret_of(kind("poll_v1_multi")).ptr);
	expect_kind("poll_v3_single", m);
}

TEST(a_list_keeps_its_rows_in_their_sections)
{
	struct wa_row rows[] = { { S("S1"), S("r1"), S("R1"), S("d1") },
		{ S("S1"), S("r2"), S("R2"), STR_NONE } };
	struct wa_list list = { S("Menu"), S("Ol\u00e1! Tudo bem? \U0001F600"), S("f"), S("Open"),
		rows, 2 };

	expect_kind("list", wa_message_list(test_arena(), &list));
}

TEST(a_reply_quotes_without_the_quotes_own_quote)
{
	struct arena *a = test_arena();
	Wa__Message *m = wa_message_text(a, S("yes"));
	struct wa_quote quote = { S("3EB0"), S(CHAT), kind("extended_text_quote_mention"),
		STR_NONE };
	const Wa__ContextInfo *context;

	wa_message_quote(a, m, &quote);
	context = wa_message_context(m);
	EXPECT_STR(wa_message_body(m), "yes");
	EXPECT(!m->conversation);
	EXPECT_STR(str_of(context->stanza_id), "3EB0");
	EXPECT(str_starts(wa_message_body(context->quoted_message), S("@1829")));
	EXPECT(!wa_message_context(context->quoted_message)->quoted_message);
	EXPECT(!context->quoted_message->message_context_info);
	/* and the one that was quoted is as it was */
	EXPECT(wa_message_context(quote.message)->quoted_message);
}

TEST(forwarding_counts_and_drops_the_quote)
{
	struct arena *a = test_arena();
	Wa__Message *m = kind("extended_text_quote_mention");
	str jids[] = { S(CHAT) };

	wa_message_forward(a, m);
	wa_message_forward(a, m);
	wa_message_mention(a, m, jids, 1);
	wa_message_expire(a, m, 86400, 1750000000);
	EXPECT_INT(wa_message_context(m)->forwarding_score, 2);
	EXPECT(!wa_message_context(m)->quoted_message);
	EXPECT_STR(str_of(wa_message_context(m)->mentioned_jid[0]), CHAT);
	EXPECT_INT(wa_message_context(m)->expiration, 86400);
}

TEST(a_document_with_a_caption_is_wrapped_and_one_without_is_not)
{
	struct wa_inside inside;
	Wa__Message *m;

	wa_message_unwrap(kind("document_with_caption"), &inside);
	m = (Wa__Message *)(uintptr_t)inside.content;
	expect_kind("document_with_caption", wa_message_wrap_document(test_arena(), m));
	m->document_message->caption = NULL;
	EXPECT(wa_message_wrap_document(test_arena(), m) == m);
}

/* ---- add-ons ---- */

static struct wa_addon addon_of(json v, enum wa_use use)
{
	return (struct wa_addon){ .use = use,
		.secret = test_octets(v, "message_secret"),
		.target_id = json_text_at(v, "poll_message_id"),
		.target_author = { json_text_at(v, "poll_creator") },
		.author = { json_text_at(v, "voter") } };
}

TEST(a_vote_is_sealed_and_opened_as_others_do)
{
	json v = vectors("poll_vote");
	struct wa_addon addon = addon_of(v, WA_USE_POLL_VOTE), strange;
	bytes iv = test_octets(v, "iv"), plain;
	uint8_t key[32];

	wa_addon_key(&addon, key);
	EXPECT_HEX(((bytes){ key, 32 }), test_json_text(v, "key"));
	EXPECT_HEX(wa_addon_seal(test_arena(), &addon, iv.ptr, test_octets(v, "vote_plaintext")),
		test_json_text(v, "enc_payload"));
	EXPECT(wa_addon_open(test_arena(), &addon, iv, test_octets(v, "enc_payload"), &plain));
	EXPECT_HEX(plain, test_json_text(v, "vote_plaintext"));
	strange = addon;
	strange.author[0] = S("nobody@lid");
	EXPECT(!wa_addon_open(test_arena(), &strange, iv, test_octets(v, "enc_payload"), &plain));
	strange.author[1] = addon.author[0];
	EXPECT(wa_addon_open(test_arena(), &strange, iv, test_octets(v, "enc_payload"), &plain));
}

TEST(a_vote_chooses_options_of_its_poll)
{
	json v = vectors("poll_vote");
	struct wa_addon addon = addon_of(v, WA_USE_POLL_VOTE);
	const Wa__PollCreationMessage *poll = wa_message_poll_of(kind("poll_v1_multi"));
	struct wa_target target = { S(CHAT), addon.target_id, STR_NONE, false };
	str options[] = { S("Pizza"), S("Salada") };
	struct wa_ballot ballot = { &target, options, 2, 1750000003000 };
	bytes iv = test_octets(v, "iv");
	uint64_t chosen;

	expect_kind("poll_update", wa_message_vote(test_arena(), &addon, iv.ptr, &ballot));
	EXPECT(wa_vote_read(test_arena(), &addon, kind("poll_update")->poll_update_message, poll,
		&chosen));
	EXPECT_INT(chosen, 5);
	ballot.count = 0;
	EXPECT(wa_vote_read(test_arena(), &addon,
		wa_message_vote(test_arena(), &addon, iv.ptr, &ballot)->poll_update_message, poll,
		&chosen));
	EXPECT_INT(chosen, 0);
}

TEST(an_answer_to_an_event_is_sealed_as_others_do)
{
	json v = vectors("event_response");
	struct wa_addon addon = addon_of(vectors("poll_vote"), WA_USE_EVENT_RESPONSE);
	bytes iv = test_octets(vectors("poll_vote"), "iv");

	EXPECT_HEX(wa_addon_seal(test_arena(), &addon, iv.ptr, test_octets(v, "plaintext")),
		test_json_text(v, "enc_payload"));
}

TEST(an_enciphered_edit_opens_as_a_message)
{
	struct wa_addon addon = addon_of(vectors("poll_vote"), WA_USE_MESSAGE_EDIT);
	bytes iv = test_octets(vectors("poll_vote"), "iv");
	Wa__SecretEncryptedMessage s = WA__SECRET_ENCRYPTED_MESSAGE__INIT;
	Wa__Message *m = wa_message_new(test_arena());
	Wa__MessageKey key = WA__MESSAGE_KEY__INIT;
	const Wa__Message *opened;
	enum wa_use use;

	s.target_message_key = &key;
	PROTO_SET(&s, secret_enc_type, WA__SECRET_ENCRYPTED_MESSAGE__SECRET_ENC_TYPE__MESSAGE_EDIT);
	PROTO_SET_DATA(&s, enc_iv, iv);
	PROTO_SET_DATA(&s, enc_payload,
		wa_addon_seal(test_arena(), &addon, iv.ptr,
			proto_bytes(test_arena(), wa_message_text(test_arena(), S("now")))));
	m->secret_encrypted_message = &s;
	EXPECT(wa_addon_target(m, &use) == &key);
	EXPECT_INT(use, WA_USE_MESSAGE_EDIT);
	opened = wa_addon_message(test_arena(), &addon, m);
	EXPECT(opened);
	EXPECT_STR(wa_message_body(opened), "now");
}

/* ---- tokens ---- */

TEST(reporting_tokens_are_those_of_whatsmeow)
{
	json tokens = vectors("reporting_token");

	EXPECT(json_count(tokens) > 5);
	for (size_t i = 0; i < json_count(tokens); i++) {
		json v = json_at(tokens, i);
		bytes packed = test_octets(v, "encoded");
		uint8_t token[WA_REPORT_SIZE];

		EXPECT_HEX(wa_reporting_content(test_arena(), packed),
			test_json_text(v, "content"));
		wa_reporting_token(test_arena(), packed, test_octets(v, "message_secret"),
			json_text_at(v, "message_id"), json_text_at(v, "sender"),
			json_text_at(v, "remote"), token);
		EXPECT_HEX(((bytes){ token, sizeof token }), test_json_text(v, "token"));
	}
}

TEST(privacy_tokens_are_derived_and_grow_old)
{
	json v = vectors("cstoken"), buckets = vectors("tctoken_buckets");
	uint8_t token[32];

	wa_cstoken(test_octets(v, "nct_salt"), json_text_at(v, "recipient_lid"), token);
	EXPECT_HEX(((bytes){ token, 32 }), test_json_text(v, "token"));
	for (size_t i = 0; i < json_count(buckets); i++) {
		json b = json_at(buckets, i);
		int64_t now = json_int(json_field(b, "now"), 0);
		int64_t then = json_int(json_field(b, "timestamp"), 0);

		EXPECT(wa_token_is_expired(now, then) ==
			json_flag(json_field(b, "expired"), false));
		EXPECT(wa_token_is_due(now, then) ==
			json_flag(json_field(b, "should_issue_again"), false));
	}
}

/* ---- cards ---- */

TEST(a_card_reads_as_it_was_written)
{
	struct buf b = buf_in(test_arena(), WA_CARD_MAX);
	str name[] = { S("Sou;za"), S("Ana") }, phone = S("+5511998765432"), note = S("a\nb, c");
	struct wa_card_line line = { .name = S("N") };
	struct wa_card card;

	wa_card_begin(&b);
	wa_card_put(&b, &line, name, 2);
	line = (struct wa_card_line){ S("TEL"), S("CELL"), S("5511998765432"), STR_NONE };
	wa_card_put(&b, &line, &phone, 1);
	line = (struct wa_card_line){ .name = S("NOTE") };
	wa_card_put(&b, &line, &note, 1);
	wa_card_end(&b);
	wa_card_read(test_arena(), buf_text(&b), &card);
	EXPECT_INT(card.count, 3);
	EXPECT_STR(wa_card_part(test_arena(), card.lines[0].value, 0), "Sou;za");
	EXPECT_STR(wa_card_part(test_arena(), card.lines[0].value, 1), "Ana");
	EXPECT(!wa_card_part(test_arena(), card.lines[0].value, 2).ptr);
	EXPECT_STR(card.lines[1].waid, "5511998765432");
	EXPECT_STR(card.lines[1].type, "CELL");
	EXPECT_STR(wa_card_part(test_arena(), card.lines[2].value, 0), "a\nb, c");
}

TEST(a_card_of_an_iphone_has_groups_and_folded_lines)
{
	struct wa_card card;

	wa_card_read(test_arena(),
		S("BEGIN:VCARD\r\nVERSION:3.0\r\nitem1.TEL;waid=15550001;type=HOME:+1 555\r\n "
		  "0001\r\n"
		  "TEL;CELL:2\r\nEND:VCARD"),
		&card);
	EXPECT_INT(card.count, 2);
	EXPECT_STR(card.lines[0].name, "TEL");
	EXPECT_STR(card.lines[0].type, "HOME");
	EXPECT_STR(card.lines[0].value, "+1 5550001");
	EXPECT_STR(card.lines[1].type, "CELL");
}

/* ---- hostile octets ---- */

TEST(a_message_nested_too_deep_is_none)
{
	Wa__Message *m = wa_message_text(test_arena(), S("deep"));

	for (int i = 0; i < PROTO_DEPTH_MAX; i++)
		m = wa_message_view_once(test_arena(), m);
	EXPECT(!PROTO_UNPACK(test_arena(), Wa__Message, wa__message, proto_bytes(test_arena(), m)));
}

TEST(a_message_that_would_swell_is_none)
{
	uint8_t *many = arena_alloc(test_arena(), 1 << 20);

	/* 524,288 empty images: each takes some 400 octets of the arena */
	for (size_t i = 0; i < 1 << 20; i += 2)
		many[i] = 0x1a;
	EXPECT(!PROTO_UNPACK(test_arena(), Wa__Message, wa__message, ((bytes){ many, 1 << 20 })));
}
