/* content_test.c: what people see of each kind that a linked device gets, and what leaves of each
 * that they send. The messages are those of tests/data/linked/messaging-vectors.json. */
#include "provider/linked/content.h"

#include "base/codec.h"
#include "base/test.h"
#include "crypto/crypto.h"

#define CHAT "182938475610293@lid"

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

static json vectors(const char *section)
{
	return json_path(test_json("linked/messaging-vectors.json"), section);
}

static const Wa__Message *kind(const char *name)
{
	json kinds = vectors("messages");

	for (size_t i = 0; i < json_count(kinds); i++)
		if (str_is(json_text_at(json_at(kinds, i), "name"), str_of(name)))
			return PROTO_UNPACK(test_arena(), Wa__Message, wa__message,
				test_octets(json_at(kinds, i), "encoded"));
	test_fail(__FILE__, __LINE__, "there is no kind %s", name);
	return NULL;
}

static bool read(const Wa__Message *message, struct provider_event *out)
{
	struct linked_said said = { .message = message, .id = S("3EB0"), .chat = S(CHAT),
		.sender = S(CHAT) };

	*out = (struct provider_event){ 0 };
	return linked_content_read(test_arena(), &said, out);
}

static json content_of(const struct provider_event *ev)
{
	json v = NULL;

	EXPECT_OK(json_read(test_arena(), ev->content, &v, NULL));
	return v;
}

/* The content of a kind of the vectors, which must be of `want`. */
static json seen(const char *name, enum message_kind want, struct provider_event *ev)
{
	EXPECT(read(kind(name), ev));
	EXPECT_INT(ev->kind, EVENT_MESSAGE);
	EXPECT_STR(str_of(kind_name(ev->message_kind)), kind_name(want));
	return content_of(ev);
}

#define EXPECT_AT(v, path, want) EXPECT_STR(json_text_at((v), (path)), (want))

TEST(texts_come_with_what_belongs_to_them)
{
	struct provider_event ev;
	json v = seen("conversation", KIND_TEXT, &ev);

	EXPECT_AT(v, "body", "Olá! Tudo bem? 😀");
	v = seen("extended_text_quote_mention", KIND_TEXT, &ev);
	EXPECT_AT(v, "body", "@182938475610293 Second line\nwith newline");
	EXPECT_AT(v, "mentions.0.lid", "182938475610293");
	EXPECT_STR(ev.reply_to, "3EB0FFEEDDCCBBAA998877");
	v = seen("extended_text_link_preview", KIND_TEXT, &ev);
	EXPECT_AT(v, "preview.title", "Title");
	EXPECT_AT(v, "preview.url", "https://example.com/product/42");
	v = seen("extended_text_forwarded_ephemeral", KIND_TEXT, &ev);
	EXPECT_INT(ev.flags, FLAG_FORWARDED);
	EXPECT_INT(json_int(json_field(v, "disappears_s"), 0), 604800);
	v = seen("ephemeral_wrapper", KIND_TEXT, &ev);
	EXPECT_AT(v, "body", "x");
}

static void expect_file(const struct provider_event *ev, const char *mime_type)
{
	struct wa_media_reference reference;

	EXPECT_STR(ev->media.mime_type, mime_type);
	EXPECT_INT(ev->media.size, 12345);
	EXPECT_OK(wa_media_unpack(test_arena(), ev->media_remote_id, &reference));
	EXPECT_INT(reference.media.key.len, WA_MEDIA_KEY_SIZE);
	EXPECT_STR(reference.id, "3EB0");
	EXPECT(str_starts(reference.media.direct_path, S("/v/t62")));
}

TEST(files_come_with_their_references)
{
	struct provider_event ev;
	json v = seen("image", KIND_IMAGE, &ev);

	expect_file(&ev, "image/jpeg");
	EXPECT_AT(v, "caption", "Olá! Tudo bem? 😀");
	EXPECT_INT(json_int(json_field(v, "width"), 0), 1200);
	v = seen("video_gif", KIND_VIDEO, &ev);
	expect_file(&ev, "video/mp4");
	EXPECT(json_flag(json_field(v, "gif"), false));
	EXPECT_INT(json_int(json_field(v, "seconds"), 0), 6);
	v = seen("audio_voice_note", KIND_VOICE, &ev);
	expect_file(&ev, "audio/ogg; codecs=opus");
	EXPECT_INT(json_count(json_field(v, "waveform")), WA_WAVEFORM_SIZE);
	EXPECT(json_flag(json_field(v, "voice"), false));
	v = seen("document_with_caption", KIND_DOCUMENT, &ev);
	expect_file(&ev, "application/pdf");
	EXPECT_STR(ev.media.file_name, "invoice.pdf");
	EXPECT(json_text_at(v, "caption").len > 0);
	v = seen("sticker", KIND_STICKER, &ev);
	expect_file(&ev, "image/webp");
	v = seen("view_once_v2_image", KIND_IMAGE, &ev);
	EXPECT(json_flag(json_field(v, "view_once"), false));
	seen("album_child", KIND_IMAGE, &ev);
}

TEST(places_and_people_come_as_the_cloud_has_them)
{
	struct provider_event ev;
	json v = seen("location", KIND_LOCATION, &ev);

	EXPECT(json_number(json_field(v, "latitude"), 0) == -23.55052);
	EXPECT_AT(v, "name", "Ana Souza");
	EXPECT_AT(v, "address", "Main St 1");
	v = seen("live_location", KIND_LIVE_LOCATION, &ev);
	EXPECT_AT(v, "caption", "here");
	v = seen("contact", KIND_CONTACTS, &ev);
	EXPECT_AT(v, "0.name.formatted_name", "Ana Souza");
	EXPECT_AT(v, "0.phones.0.phone", "+5511998765432");
	EXPECT_AT(v, "0.phones.0.wa_id", "5511998765432");
	v = seen("contacts_array", KIND_CONTACTS, &ev);
	EXPECT_INT(json_count(v), 2);
	EXPECT_AT(v, "1.name.formatted_name", "B");
	v = seen("group_invite", KIND_TEXT, &ev);
	EXPECT_AT(v, "body", "join\nTeam\nhttps://chat.whatsapp.com/AbCdEf123456");
	EXPECT_AT(v, "group_invite.group_id", "120363041234567890");
}

TEST(what_was_asked_and_chosen_is_as_over_the_cloud_api)
{
	struct provider_event ev;
	json v = seen("buttons", KIND_INTERACTIVE, &ev);

	EXPECT_AT(v, "type", "button");
	EXPECT_AT(v, "action.buttons.1.reply.title", "No");
	v = seen("list", KIND_INTERACTIVE, &ev);
	EXPECT_AT(v, "action.sections.0.rows.0.description", "d1");
	v = seen("template_hydrated", KIND_INTERACTIVE, &ev);
	EXPECT_AT(v, "action.buttons.1.reply.url", "https://example.com/product/42");
	EXPECT_AT(v, "action.buttons.2.reply.url", "tel:+5511998765432");
	v = seen("interactive_native_flow", KIND_INTERACTIVE, &ev);
	EXPECT_AT(v, "action.buttons.0.reply.title", "Ok");
	v = seen("buttons_response", KIND_INTERACTIVE, &ev);
	EXPECT_AT(v, "type", "button_reply");
	EXPECT_AT(v, "button_reply.id", "b1");
	EXPECT_AT(v, "button_reply.title", "Yes");
	EXPECT_STR(ev.reply_to, "3EB0A1B2C3D4E5F6071829");
	v = seen("list_response", KIND_INTERACTIVE, &ev);
	EXPECT_AT(v, "list_reply.id", "r1");
	EXPECT_AT(v, "list_reply.description", "d1");
	v = seen("interactive_response", KIND_INTERACTIVE, &ev);
	EXPECT_AT(v, "button_reply.id", "ok");
	v = seen("template_button_reply", KIND_BUTTON, &ev);
	EXPECT_AT(v, "payload", "go");
	EXPECT_AT(v, "text", "Go");
}

TEST(polls_come_with_their_options)
{
	struct provider_event ev;
	json v = seen("poll_v1_multi", KIND_POLL, &ev);

	EXPECT_AT(v, "name", "Almoço?");
	EXPECT_AT(v, "options.2.name", "Salada");
	EXPECT_INT(json_int(json_field(v, "selectable_count"), -1), 0);
	v = seen("poll_v3_single", KIND_POLL, &ev);
	EXPECT_INT(json_int(json_field(v, "selectable_count"), -1), 1);
}

TEST(a_vote_names_its_poll_and_the_hashes_of_what_was_chosen)
{
	json v = vectors("poll_vote"), votes;
	struct wa_addon addon = { .use = WA_USE_POLL_VOTE,
		.secret = test_octets(v, "message_secret"),
		.target_id = json_text_at(v, "poll_message_id"),
		.target_author = { json_text_at(v, "poll_creator") },
		.author = { json_text_at(v, "voter") } };
	struct linked_said said = { .message = kind("poll_update"), .addon = &addon };
	struct provider_event ev = { 0 };

	EXPECT(linked_content_read(test_arena(), &said, &ev));
	EXPECT_INT(ev.kind, EVENT_VOTE);
	EXPECT_STR(ev.target_id, "3EB0A1B2C3D4E5F6071829");
	EXPECT_OK(json_read(test_arena(), ev.votes, &votes, NULL));
	EXPECT_INT(json_count(votes), 2);
	EXPECT_STR(json_text(json_at(votes, 1)), test_json_text(v, "option_hashes.2"));
	said.addon = NULL;
	EXPECT(!linked_content_read(test_arena(), &said, &ev));
}

TEST(what_is_done_to_a_message_names_it)
{
	struct provider_event ev;

	EXPECT(read(kind("reaction"), &ev));
	EXPECT_INT(ev.kind, EVENT_REACTION);
	EXPECT_STR(ev.target_id, "3EB0A1B2C3D4E5F6071829");
	EXPECT_STR(ev.emoji, "👍");
	EXPECT_INT(ev.at_ms, 1750000004000);
	EXPECT(read(kind("reaction_removed"), &ev));
	EXPECT(ev.emoji.ptr && ev.emoji.len == 0);
	EXPECT(read(kind("revoke_own"), &ev));
	EXPECT_INT(ev.kind, EVENT_REVOKE);
	EXPECT_STR(ev.target_id, "3EB0A1B2C3D4E5F6071829");
	EXPECT(read(kind("revoke_by_admin"), &ev));
	EXPECT_INT(ev.kind, EVENT_REVOKE);
	EXPECT(read(kind("edit"), &ev));
	EXPECT_INT(ev.kind, EVENT_EDIT);
	EXPECT_STR(ev.target_id, "3EB0FFEEDDCCBBAA998877");
	EXPECT_AT(content_of(&ev), "body", "The quick brown fox jumps over the lazy dog (fixed)");
	EXPECT_INT(ev.message_kind, KIND_TEXT);
}

TEST(pins_and_timers_stand_in_the_thread)
{
	struct provider_event ev;
	json v = seen("pin_in_chat", KIND_PIN, &ev);

	EXPECT_AT(v, "type", "pin");
	EXPECT_STR(ev.reply_to, "3EB0A1B2C3D4E5F6071829");
	v = seen("ephemeral_setting", KIND_SYSTEM, &ev);
	EXPECT_AT(v, "body", "Messages disappear after 1 day.");
}

TEST(what_phones_say_to_one_another_is_not_for_people)
{
	static const char *const names[] = { "sender_key_distribution", "app_state_key_share",
		"app_state_key_request", "history_sync_notification", "placeholder_resend_request",
		"history_on_demand_request" };
	struct provider_event ev;

	for (size_t i = 0; i < COUNT_OF(names); i++)
		EXPECT(!read(kind(names[i]), &ev));
}

TEST(a_message_to_our_other_devices_is_what_it_holds)
{
	struct provider_event ev;

	EXPECT(json_text_at(seen("device_sent", KIND_TEXT, &ev), "body").len > 0);
}

TEST(what_nobody_can_draw_is_kept_and_said)
{
	static const uint8_t strange[] = { 0xfa, 0xf0, 0x04, 1, 'x' };
	struct linked_said said = { .unavailable = S("view_once") };
	struct provider_event ev;
	json v;

	EXPECT(read(PROTO_UNPACK(test_arena(), Wa__Message, wa__message,
			    ((bytes){ strange, sizeof strange })),
		&ev));
	EXPECT_INT(ev.message_kind, KIND_UNSUPPORTED);
	EXPECT(str_has(ev.content, S("131051"))); /* as programs know it */
	EXPECT_AT(content_of(&ev), "errors.0.title",
		"This version cannot show it: look at the phone.");
	EXPECT(linked_content_read(test_arena(), &said, &ev));
	EXPECT_INT(ev.message_kind, KIND_UNSUPPORTED);
	v = content_of(&ev);
	EXPECT_AT(v, "errors.0.title", "It can be viewed once, and on the phone only.");
	said = (struct linked_said){ .is_waiting = true };
	EXPECT(linked_content_read(test_arena(), &said, &ev));
	EXPECT_INT(ev.message_kind, KIND_WAITING);
}

TEST(an_ad_that_was_tapped_is_told)
{
	Wa__Message *m = wa_message_text(test_arena(), S("hello"));
	Wa__ExternalAdReplyInfo ad = WA__EXTERNAL_AD_REPLY_INFO__INIT;
	struct provider_event ev;
	json v;

	ad.title = (char *)"Sale";
	ad.source_type = (char *)"ad";
	ad.ctwa_clid = (char *)"clid";
	wa_message_context_make(test_arena(), m)->external_ad_reply = &ad;
	EXPECT(read(m, &ev));
	EXPECT_OK(json_read(test_arena(), ev.referral, &v, NULL));
	EXPECT_AT(v, "headline", "Sale");
	EXPECT_AT(v, "source_type", "ad");
	EXPECT_AT(v, "ctwa_clid", "clid");
}

TEST(a_message_of_two_contents_is_the_first_of_them_and_still_json)
{
	Wa__Message *m = wa_message_text(test_arena(), S("both"));
	struct provider_event ev;

	m->contact_message = kind("contact")->contact_message;
	EXPECT(read(m, &ev));
	EXPECT_INT(ev.message_kind, KIND_TEXT);
	EXPECT_AT(content_of(&ev), "body", "both");
}
