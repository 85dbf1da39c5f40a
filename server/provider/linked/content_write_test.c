/* content_write_test.c: what leaves is what the other side reads, kind by kind; and what cannot
 * leave is said by its field. */
#include "provider/linked/content.h"

#include "base/test.h"
#include "crypto/crypto.h"

#define CHAT "182938475610293@lid"
#define OWN "99887766554433@lid"

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

static struct job *a_job(void)
{
	static struct job job;

	job_init(&job, "test", test_arena(), NULL);
	job.now_ms = 1750000000000;
	return &job;
}

static struct outgoing outgoing(enum message_kind kind, const char *content)
{
	return (struct outgoing){ .id = 1, .kind = kind, .content = str_of(content),
		.to_phone = S("12025550142") };
}

static Wa__Message *written(const struct outgoing *out, char *edit)
{
	static const uint8_t secret[WA_SECRET_SIZE] = { 7 };
	struct linked_draft draft = { .out = out,
		.chat = S(CHAT),
		.own = S(OWN),
		.now_ms = 1750000000000,
		.secret = secret };
	Wa__Message *m;

	EXPECT_OK(linked_content_write(a_job(), &draft, &m, edit));
	return PROTO_UNPACK(test_arena(), Wa__Message, wa__message, proto_bytes(test_arena(), m));
}

/* What the other side reads of what we send. */
static json there(const struct outgoing *out, struct provider_event *ev)
{
	char edit;
	struct linked_said said = { .message = written(out, &edit), .id = S("3EB0"), .chat = S(OWN),
		.sender = S(OWN) };
	json v = NULL;

	*ev = (struct provider_event){ 0 };
	EXPECT(linked_content_read(test_arena(), &said, ev));
	EXPECT_OK(json_read(test_arena(), ev->content, &v, NULL));
	return v;
}

#define EXPECT_AT(v, path, want) EXPECT_STR(json_text_at((v), (path)), (want))

TEST(a_text_arrives_with_its_mentions)
{
	struct outgoing out = outgoing(KIND_TEXT,
		"{\"body\":\"@628123 hi\",\"mentions\":[\"+628123\",{\"lid\":\"77\"}]}");
	struct provider_event ev;
	json v = there(&out, &ev);

	EXPECT_INT(ev.message_kind, KIND_TEXT);
	EXPECT_AT(v, "body", "@628123 hi");
	EXPECT_AT(v, "mentions.0.phone", "628123");
	EXPECT_AT(v, "mentions.1.lid", "77");
}

TEST(a_reply_quotes_what_it_answers)
{
	struct outgoing out = outgoing(KIND_TEXT, "{\"body\":\"yes\"}");
	const Wa__ContextInfo *context;
	struct provider_event ev;
	char edit;

	out.reply_remote_id = S("3EB0AA");
	out.quoted = (struct outgoing_quote){ .kind = KIND_DOCUMENT,
		.content = S("{\"filename\":\"bill.pdf\"}") };
	there(&out, &ev);
	EXPECT_STR(ev.reply_to, "3EB0AA");
	context = wa_message_context(written(&out, &edit));
	EXPECT_STR(str_of(context->participant), CHAT);
	EXPECT_STR(str_of(context->quoted_message->document_message->title), "bill.pdf");
	out.quoted.is_ours = true;
	EXPECT_STR(str_of(wa_message_context(written(&out, &edit))->participant), OWN);
}

static str a_file(void)
{
	static const uint8_t key[32] = { 1 }, hash[32] = { 2 }, enc[32] = { 3 }, thumb[4] = { 4 };
	struct wa_media_reference ref = { .media = { .direct_path = S("/v/t62.1/x.enc"),
						  .key = { key, 32 },
						  .sha256 = { hash, 32 },
						  .enc_sha256 = { enc, 32 },
						  .size = 99 } };
	struct linked_derived derived = { .mime_type = S("image/jpeg"), .file_name = S("cat.jpg"),
		.width = 640, .height = 480, .seconds = 3, .thumbnail = { thumb, 4 },
		.waveform = { key, 32 } };

	return linked_file_write(test_arena(), &ref, &derived);
}

static const struct outgoing_file { enum message_kind kind; const char *content; } files[] = {
	{ KIND_IMAGE, "{\"id\":\"1\",\"caption\":\"look\"}" },
	{ KIND_VIDEO, "{\"id\":\"1\",\"caption\":\"look\"}" },
	{ KIND_AUDIO, "{\"id\":\"1\"}" },
	{ KIND_VOICE, "{\"id\":\"1\",\"voice\":true}" },
	{ KIND_DOCUMENT, "{\"id\":\"1\",\"caption\":\"look\",\"filename\":\"a.pdf\"}" },
	{ KIND_STICKER, "{\"id\":\"1\"}" },
};

TEST(files_arrive_as_what_they_are)
{
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		struct outgoing out = outgoing(files[i].kind, files[i].content);
		struct wa_media_reference reference;
		struct provider_event ev;
		json v, asked = NULL;

		out.media_remote_id = a_file();
		EXPECT_OK(json_read(test_arena(), out.content, &asked, NULL));
		v = there(&out, &ev);
		EXPECT_STR(str_of(kind_name(ev.message_kind)), kind_name(files[i].kind));
		EXPECT(str_is(json_text_at(v, "caption"), json_text_at(asked, "caption")));
		EXPECT(str_is(json_text_at(v, "filename"), json_text_at(asked, "filename")));
		EXPECT_INT(ev.media.size, 99);
		EXPECT_OK(wa_media_unpack(test_arena(), ev.media_remote_id, &reference));
		EXPECT_STR(reference.media.direct_path, "/v/t62.1/x.enc");
	}
}

TEST(a_picture_can_be_viewed_once_and_has_its_thumbnail)
{
	struct outgoing out = outgoing(KIND_IMAGE, "{\"id\":\"1\",\"view_once\":true}");
	struct provider_event ev;
	json v;
	char edit;

	out.media_remote_id = a_file();
	v = there(&out, &ev);
	EXPECT(json_flag(json_field(v, "view_once"), false));
	EXPECT_INT(json_int(json_field(v, "width"), 0), 640);
	EXPECT_INT(written(&out, &edit)
			   ->view_once_message_v2->message->image_message->jpeg_thumbnail.len,
		4);
}

TEST(places_cards_and_polls_arrive)
{
	struct outgoing out = outgoing(KIND_LOCATION,
		"{\"latitude\":-6.2,\"longitude\":\"106.8\",\"name\":\"Office\"}");
	struct provider_event ev;
	json v = there(&out, &ev);

	EXPECT(json_number(json_field(v, "longitude"), 0) == 106.8);
	EXPECT_AT(v, "name", "Office");
	out = outgoing(KIND_CONTACTS,
		"[{\"name\":{\"formatted_name\":\"Ana, S.\",\"first_name\":\"Ana\"},\"phones\":[{"
		"\"phone\":\"+5511998765432\",\"type\":\"WORK\"}],\"org\":{\"company\":\"X; "
		"Y\"}}]");
	v = there(&out, &ev);
	EXPECT_AT(v, "0.name.formatted_name", "Ana, S.");
	EXPECT_AT(v, "0.phones.0.wa_id", "5511998765432");
	EXPECT_AT(v, "0.phones.0.type", "WORK");
	EXPECT_AT(v, "0.org.company", "X; Y");
	out = outgoing(KIND_POLL,
		"{\"name\":\"When?\",\"options\":[\"Mon\",{\"name\":\"Tue\",\"votes\":2}],"
		"\"selectable_count\":0}");
	v = there(&out, &ev);
	EXPECT_AT(v, "name", "When?");
	EXPECT_AT(v, "options.1.name", "Tue");
}

#define BUTTONS                                                                   \
	"{\"type\":\"button\",\"header\":{\"type\":\"text\",\"text\":\"Hello\"}," \
	"\"body\":{\"text\":\"Shall "                                             \
	"we?\"},\"footer\":{\"text\":\"bye\"},\"action\":{\"buttons\":["          \
	"{\"type\":\"reply\",\"reply\":{\"id\":\"a\",\"title\":\"Yes\"}},"        \
	"{\"type\":\"reply\",\"reply\":{\"id\":\"b\",\"title\":\"No\"}}]}}"
#define LIST                                                                                       \
	"{\"type\":\"list\",\"body\":{\"text\":\"Menu\"},\"action\":{\"button\":\"Open\","         \
	"\"sections\":[{\"title\":\"Hot\",\"rows\":[{\"id\":\"r1\",\"title\":\"Soup\","            \
	"\"description\":\"of the day\"}]},{\"title\":\"Cold\",\"rows\":[{\"id\":\"r2\","          \
	"\"title\":\"Tea\"}]}]}}"

TEST(buttons_and_lists_leave_as_numbered_text)
{
	struct outgoing out = outgoing(KIND_INTERACTIVE, BUTTONS);
	struct provider_event ev;

	EXPECT_AT(there(&out, &ev), "body", "*Hello*\nShall we?\n\n1. Yes\n2. No\n\n_bye_");
	out = outgoing(KIND_INTERACTIVE, LIST);
	EXPECT_AT(there(&out, &ev), "body",
		"Menu\n\n*Hot*\n1. Soup (of the day)\n*Cold*\n2. Tea");
	out = outgoing(KIND_INTERACTIVE,
		"{\"type\":\"cta_url\",\"body\":{\"text\":\"Look\"},\"action\":{\"parameters\":{"
		"\"display_text\":\"Shop\",\"url\":\"https://x.example\"}}}");
	EXPECT_AT(there(&out, &ev), "body", "Look\nShop\nhttps://x.example");
}

TEST(buttons_and_lists_are_real_where_that_is_asked_for)
{
	struct outgoing out = outgoing(KIND_INTERACTIVE, LIST);
	struct linked_draft draft = { .out = &out, .chat = S(CHAT), .own = S(OWN), .now_ms = 1,
		.has_buttons = true };
	Wa__Message *m;
	char edit;

	EXPECT_OK(linked_content_write(a_job(), &draft, &m, &edit));
	EXPECT_INT(m->list_message->n_sections, 2);
	EXPECT_STR(str_of(m->list_message->sections[1]->rows[0]->row_id), "r2");
	out = outgoing(KIND_INTERACTIVE, BUTTONS);
	EXPECT_OK(linked_content_write(a_job(), &draft, &m, &edit));
	EXPECT_INT(m->buttons_message->n_buttons, 2);
}

TEST(changes_name_their_message_and_say_so_to_the_server)
{
	struct outgoing out = outgoing(KIND_REACTION, "{\"message_id\":\"5\",\"emoji\":\"👍\"}");
	struct linked_said said = { 0 };
	struct provider_event ev = { 0 };
	char edit;

	out.reply_remote_id = S("3EB0AA");
	said.message = written(&out, &edit);
	EXPECT_INT(edit, 0);
	EXPECT(!said.message->reaction_message->key->from_me);
	EXPECT(linked_content_read(test_arena(), &said, &ev));
	EXPECT_STR(ev.target_id, "3EB0AA");
	out = outgoing(KIND_EDIT, "{\"message_id\":\"5\",\"body\":\"better\"}");
	out.reply_remote_id = S("3EB0AA");
	out.quoted.is_ours = true;
	said.message = written(&out, &edit);
	EXPECT_INT(edit, '1');
	EXPECT(linked_content_read(test_arena(), &said, &ev));
	EXPECT_INT(ev.kind, EVENT_EDIT);
	EXPECT_STR(ev.content, "{\"body\":\"better\"}");
	out.kind = KIND_REVOKE;
	said.message = written(&out, &edit);
	EXPECT_INT(edit, '7');
	EXPECT(linked_content_read(test_arena(), &said, &ev));
	EXPECT_INT(ev.kind, EVENT_REVOKE);
}

TEST(a_link_in_a_text_is_found_and_shown)
{
	struct outgoing out = outgoing(KIND_TEXT, "{\"body\":\"see https://x.example/a.\"}");
	struct linked_preview preview = { S("https://x.example/a"), S("Title"), STR_NONE,
		BYTES_NONE };
	struct linked_draft draft = { .out = &out, .preview = &preview, .now_ms = 1 };
	struct wa_outline outline;
	Wa__Message *m;
	char edit;

	EXPECT_STR(linked_first_link(S("see https://x.example/a.")), "https://x.example/a");
	EXPECT(!linked_first_link(S("no link")).ptr);
	EXPECT_OK(linked_content_write(a_job(), &draft, &m, &edit));
	wa_message_describe(m, &outline);
	EXPECT_STR(str_of(outline.mediatype), "url");
	EXPECT_STR(wa_message_body(m), "see https://x.example/a.");
}

TEST(a_chat_whose_messages_disappear_says_so_in_each)
{
	struct outgoing out = outgoing(KIND_TEXT, "{\"body\":\"x\"}");
	struct linked_draft draft = { .out = &out, .now_ms = 1 };
	Wa__Message *m;
	char edit;

	out.timer_s = 86400;
	out.timer_set_ms = 5000;
	EXPECT_OK(linked_content_write(a_job(), &draft, &m, &edit));
	EXPECT_INT(wa_message_context(m)->expiration, 86400);
	EXPECT_INT(wa_message_context(m)->ephemeral_setting_timestamp, 5);
}

TEST(what_is_passed_on_says_how_often)
{
	struct outgoing out = outgoing(KIND_TEXT, "{\"body\":\"x\"}");
	struct linked_draft draft = { .out = &out, .now_ms = 1 };
	Wa__Message *m;
	char edit;

	out.forwards = 5;
	EXPECT_OK(linked_content_write(a_job(), &draft, &m, &edit));
	EXPECT(wa_message_context(m)->is_forwarded);
	EXPECT_INT(wa_message_context(m)->forwarding_score, 5);
}

TEST(the_timer_of_a_chat_is_a_message_that_reads_as_one)
{
	struct outgoing out = outgoing(KIND_SYSTEM, "{\"type\":\"timer\",\"seconds\":604800}");
	struct linked_draft draft = { .out = &out, .now_ms = 9000 };
	struct linked_said said = { .id = S("X"), .chat = S("1@lid"), .sender = S("1@lid") };
	struct provider_event ev = { 0 };
	Wa__Message *m;
	char edit;

	EXPECT_OK(linked_content_write(a_job(), &draft, &m, &edit));
	said.message = m;
	EXPECT(linked_content_read(test_arena(), &said, &ev));
	EXPECT(ev.tells_timer);
	EXPECT_INT(ev.timer_s, 604800);
	EXPECT_INT(ev.timer_set_ms, 9000);
	EXPECT_STR(ev.content, "{\"type\":\"timer\",\"body\":\"Messages disappear after 7 "
			       "days.\",\"seconds\":604800}");
}

/* ---- what is refused ---- */

static void expect_wrong(enum message_kind kind, const char *content, const char *field)
{
	struct job *job = a_job();
	json v = NULL;

	EXPECT_OK(json_read(test_arena(), str_of(content), &v, NULL));
	EXPECT_ERR(linked_check(job, NULL, kind, v), ERR_INPUT);
	EXPECT_STR(job->field_errors->field, field);
}

TEST(what_cannot_be_sent_is_said_by_its_field)
{
	expect_wrong(KIND_TEXT, "{\"body\":\"\"}", "text.body");
	expect_wrong(KIND_IMAGE, "{\"link\":\"file:///etc/passwd\"}", "image.link");
	expect_wrong(KIND_DOCUMENT, "{\"id\":\"1\",\"view_once\":true}", "document.view_once");
	expect_wrong(KIND_POLL, "{\"name\":\"Q\",\"options\":[\"a\"]}", "poll.options");
	expect_wrong(KIND_POLL, "{\"name\":\"Q\",\"options\":[\"a\",\"a\"]}", "poll.options[1]");
	expect_wrong(KIND_INTERACTIVE, "{\"type\":\"flow\"}", "interactive.type");
	expect_wrong(KIND_EDIT, "{\"message_id\":\"1\"}", "edit.body");
}

TEST(files_that_phones_do_not_take_are_refused)
{
	EXPECT_OK(linked_check_media(a_job(), KIND_IMAGE, S("image/webp"), 5));
	EXPECT_ERR(linked_check_media(a_job(), KIND_IMAGE, S("video/mp4"), 5), ERR_INPUT);
	EXPECT_ERR(linked_check_media(a_job(), KIND_VIDEO, S("video/mp4"), 65 << 20), ERR_INPUT);
	EXPECT_ERR(linked_check_media(a_job(), KIND_DOCUMENT, S("application/pdf"), 0), ERR_INPUT);
}
