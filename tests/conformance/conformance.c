/*
 * conformance.c: what every provider must do, run over each of them against its fake.
 *
 * A test that is about something a provider cannot (provider.can) passes it by. A new provider adds
 * one line to subjects[].
 */
#include "conformance/subject.h"

#include "crypto/crypto.h"

#include <stdio.h>

#define ANA S("12025550142")
#define UPLOAD_SIZE 70000

static const struct subject *const subjects[] = {
	&cloud_subject,
	&msg91_subject,
	&http_subject,
	&linked_subject,
	&echo_subject,
};

static const struct subject *it;  /* the subject under test */
static struct channel ch;
static struct job *job;           /* of the last call, for what it says about a failure */
static struct send_result result;

static void begin(const struct subject *subject)
{
	it = subject;
	it->start();
	ch = it->channel();
}

#define FOR_EACH(name)                                                              \
	static void each_##name(void);                                              \
	TEST(name)                                                                  \
	{                                                                           \
		for (size_t subject = 0; subject < COUNT_OF(subjects); subject++) { \
			begin(subjects[subject]);                                   \
			each_##name();                                              \
		}                                                                   \
	}                                                                           \
	static void each_##name(void)

static bool can(uint64_t bit)
{
	return (it->provider->can & bit) != 0;
}

static json read_json(str text)
{
	json v;

	EXPECT_OK(json_read(test_arena(), text, &v, NULL));
	return v;
}

static enum err send(struct outgoing msg)
{
	job = it->job();
	if (!msg.to_phone.ptr)
		msg.to_phone = ANA;
	return provider_send(job, &ch, &msg, &result);
}

static enum err send_text(id64 id)
{
	return send((struct outgoing){ .id = id,
		.kind = KIND_TEXT,
		.content = S("{\"body\":\"Good morning\"}") });
}

/* ---- sending ---- */

static const struct {
	enum message_kind kind;
	const char *content;
	const char *arrives; /* path and value of what the customer sees */
	const char *as;
	const char *numbered; /* what its text has where choices are numbered */
} samples[] = {
	{ KIND_TEXT, "{\"body\":\"Grüße 😀\"}", "text.body", "Grüße 😀" },
	{ KIND_LOCATION, "{\"latitude\":-6.2,\"longitude\":106.8,\"name\":\"Shop\"}",
		"location.name", "Shop" },
	{ KIND_CONTACTS, "[{\"name\":{\"formatted_name\":\"Dana Smith\",\"first_name\":\"Dana\"}}]",
		"contacts.0.name.formatted_name", "Dana Smith" },
	{ KIND_INTERACTIVE,
		"{\"type\":\"button\",\"body\":{\"text\":\"Which?\"},\"action\":{\"buttons\":[{"
		"\"type\":\"reply\",\"reply\":{\"id\":\"am\",\"title\":"
		"\"Morning\"}},{\"type\":\"reply\",\"reply\":{\"id\":\"pm\",\"title\":"
		"\"Afternoon\"}}]}}",
		"interactive.action.buttons.1.reply.id", "pm", "2. Afternoon" },
	{ KIND_INTERACTIVE,
		"{\"type\":\"list\",\"body\":{\"text\":\"Which?\"},\"action\":{\"button\":"
		"\"Topics\",\"sections\":[{\"title\":\"Help\",\"rows\":[{\"id\":"
		"\"b\",\"title\":\"Billing\"}]}]}}",
		"interactive.action.sections.0.rows.0.title", "Billing", "1. Billing" },
	{ KIND_INTERACTIVE,
		"{\"type\":\"cta_url\",\"body\":{\"text\":\"See\"},\"action\":{\"name\":\"cta_"
		"url\",\"parameters\":{\"display_text\":\"Look\",\"url\":"
		"\"https://example.com/\"}}}",
		"interactive.action.parameters.display_text", "Look", "https://example.com/" },
	{ KIND_TEMPLATE,
		"{\"name\":\"appointment_reminder\",\"language\":{\"code\":\"en_US\"},"
		"\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":"
		"\"text\",\"text\":\"Ana\"},{\"type\":\"text\",\"text\":\"Friday\"}]}]}",
		"template.components.0.parameters.1.text", "Friday" },
	{ KIND_IMAGE, "{\"link\":\"https://example.com/a.png\",\"caption\":\"The pot\"}",
		"image.caption", "The pot" },
	{ KIND_DOCUMENT, "{\"link\":\"https://example.com/a.pdf\",\"filename\":\"a.pdf\"}",
		"document.filename", "a.pdf" },
};

static bytes picture(void)
{
	uint8_t *data = arena_alloc(test_arena(), UPLOAD_SIZE);

	for (size_t i = 0; i < UPLOAD_SIZE; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	return (bytes){ data, UPLOAD_SIZE };
}

static enum err upload(bytes data, const char *mime_type, str *id)
{
	const struct media_info info = { .mime_type = str_of(mime_type),
		.file_name = S("a.png"),
		.size = (int64_t)data.len };
	char path[256];
	FILE *file;

	snprintf(path, sizeof path, "%s/upload", test_folder());
	file = fopen(path, "wb");
	EXPECT(file && fwrite(data.ptr, 1, data.len, file) == data.len);
	fclose(file);
	job = it->job();
	return provider_upload_media(job, &ch, &info, path, id);
}

/* The content, with a link to a file that is there. */
static str with_link(enum message_kind kind, const char *content)
{
	struct buf b = buf_in(test_arena(), 4096);
	json v = read_json(str_of(content));
	str link = it->file_link(picture(), kind == KIND_IMAGE ? "image/png" : "application/pdf");

	json_open(&b, '{');
	for (void *at = json_first(v); at; at = json_next(v, at))
		json_put(&b, arena_cstr(test_arena(), json_member_name(at)),
			str_is(json_member_name(at), S("link")) ? link
								: json_text(json_member_value(at)));
	json_close(&b, '}');
	return buf_text(&b);
}

FOR_EACH(each_kind_is_checked_sent_and_seen_by_the_customer)
{
	it->open_window(ANA);
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		struct outgoing msg = { .id = 100 + (id64)i,
			.kind = samples[i].kind,
			.content = str_of(samples[i].content) };

		if (!can(CAN_KIND(msg.kind)))
			continue;
		if (kind_is_media(msg.kind))
			msg.content = with_link(msg.kind, samples[i].content);
		EXPECT_OK(provider_check(it->job(), &ch, msg.kind, read_json(msg.content)));
		EXPECT_OK(send(msg));
		EXPECT(result.remote_id.len > 0);
		if (it->numbers_choices && samples[i].numbered)
			EXPECT(str_has(json_text_at(it->arrived(ANA), "text.body"),
				str_of(samples[i].numbered)));
		else
			EXPECT_STR(json_text_at(it->arrived(ANA), samples[i].arrives),
				samples[i].as);
	}
}

static enum err send_link(str link)
{
	return send((struct outgoing){ .id = 1,
		.kind = KIND_IMAGE,
		.content = arena_printf(test_arena(), "{\"link\":\"" STR_F "\"}", STR_A(link)) });
}

FOR_EACH(a_link_that_cannot_be_followed_is_the_messages_fault)
{
	str picture_link, paper_link;

	if (!it->follows_links)
		return;
	it->open_window(ANA);
	picture_link = it->file_link(picture(), "image/png");
	paper_link = it->file_link(picture(), "application/pdf");
	EXPECT_ERR(send_link(paper_link), ERR_INPUT);
	EXPECT(result.advice == RETRY_NEVER && !result.may_have_happened);
	EXPECT_STR(job->code, "link_failed");
	EXPECT(str_has(job->why, S("application/pdf")) && job->next_step.len);
	EXPECT_ERR(send_link(arena_printf(test_arena(), STR_F "0", STR_A(picture_link))),
		ERR_INPUT);
	EXPECT(str_has(job->why, S("404")));
	EXPECT_ERR(send_link(S("http://127.0.0.1:1/a.png")), ERR_UPSTREAM);
	EXPECT(result.advice == RETRY_AFTER && job->retry_after_ms > 0);
	EXPECT(!result.may_have_happened);
	ch.allow_private = false;
	EXPECT_ERR(send_link(picture_link), ERR_INPUT);
	EXPECT(result.advice == RETRY_NEVER && str_has(job->why, S("address")));
	ch.allow_private = true;
	EXPECT_OK(send_link(picture_link));
}

FOR_EACH(what_it_cannot_send_it_says_so)
{
	for (int kind = 1; kind < KINDS; kind++) {
		if (can(CAN_KIND(kind)))
			continue;
		EXPECT_ERR(send((struct outgoing){ .id = 1,
				   .kind = (enum message_kind)kind,
				   .content = S("{}") }),
			ERR_UNSUPPORTED);
		EXPECT_STR(job->code, "unsupported");
		EXPECT(job->why.len && job->next_step.len);
	}
}

FOR_EACH(a_reply_quotes_and_a_reaction_stands_on_its_message)
{
	str theirs = it->customer_sends(ANA,
		S("{\"type\":\"text\",\"text\":{\"body\":\"Is it there?\"}}"));
	str reaction = arena_printf(test_arena(), "{\"message_id\":\"" STR_F "\",\"emoji\":\"👍\"}",
		STR_A(theirs));

	if (can(CAN_REPLY)) {
		EXPECT_OK(send((struct outgoing){ .id = 1,
			.kind = KIND_TEXT,
			.content = S("{\"body\":\"Yes\"}"),
			.reply_remote_id = theirs }));
		EXPECT(str_is(json_text_at(it->arrived(ANA), "context.message_id"), theirs));
	}
	if (can(CAN_KIND(KIND_REACTION))) {
		EXPECT_OK(send(
			(struct outgoing){ .id = 2, .kind = KIND_REACTION, .content = reaction }));
		EXPECT_STR(json_text_at(it->arrived(ANA), "reaction.emoji"), "👍");
	}
}

FOR_EACH(statuses_come_back_with_our_own_id)
{
	size_t next = 0;

	it->open_window(ANA);
	EXPECT_OK(send_text(4711));
	if (!it->answer_is_sent) {
		EXPECT_INT(it->wait(EVENT_STATUS, 0)->status, STATUS_SENT);
		EXPECT_INT(it->wait(EVENT_STATUS, 0)->target_message, 4711);
		next++;
	}
	EXPECT(str_is(it->wait(EVENT_STATUS, 0)->target_id, result.remote_id));
	EXPECT_INT(it->wait(EVENT_STATUS, next)->status, STATUS_DELIVERED);
	EXPECT(it->wait(EVENT_STATUS, next)->at_ms > 0);
	if (it->customer_reads)
		it->customer_reads(ANA);
	EXPECT_INT(it->wait(EVENT_STATUS, next + 1)->status, STATUS_READ);
}

FOR_EACH(a_message_that_cannot_arrive_fails_with_reason_and_next_step)
{
	const struct provider_event *status;

	if (!it->customer_blocks)
		return;
	it->open_window(ANA);
	it->customer_blocks(ANA);
	EXPECT_OK(send_text(1));
	status = it->wait(EVENT_STATUS, 0);
	EXPECT_INT(status->status, STATUS_FAILED);
	EXPECT(status->error_code.len && status->error_sentence.len && status->error_next_step.len);
}

FOR_EACH(a_read_mark_shows_typing_where_it_can)
{
	str theirs =
		it->customer_sends(ANA, S("{\"type\":\"text\",\"text\":{\"body\":\"Hello?\"}}"));

	if (!can(CAN_MARK_READ))
		return;
	EXPECT_OK(provider_mark_read(it->job(), &ch, theirs, true));
	EXPECT(!can(CAN_TYPING) || it->is_typing(ANA));
}

/* ---- media ---- */

struct taken {
	struct buf data;
	size_t pieces;
	bool refuses;
};

static bool take(void *arg, bytes piece)
{
	struct taken *taken = arg;

	buf_put(&taken->data, piece.ptr, piece.len);
	taken->pieces++;
	return !taken->refuses;
}

static enum err fetch(str id, str url, struct taken *taken, int64_t size_max)
{
	const struct media_sink sink = { take, taken, size_max };
	struct media_info info;

	taken->data = buf_in(test_arena(), 1u << 20);
	job = it->job();
	return provider_fetch_media(job, &ch, id, url, &sink, &info);
}

FOR_EACH(a_file_goes_up_and_is_sent)
{
	str id;

	if (!it->provider->upload_media)
		return;
	it->open_window(ANA);
	EXPECT_OK(upload(picture(), "image/png", &id));
	EXPECT_OK(send((struct outgoing){ .id = 1,
		.kind = KIND_IMAGE,
		.content = S("{\"id\":\"1\",\"caption\":\"c\"}"),
		.media_remote_id = id }));
	EXPECT(str_is(json_text_at(it->arrived(ANA), "image.id"), id));
}

FOR_EACH(a_customers_file_comes_down_unchanged_by_url_and_by_id)
{
	struct taken taken = { 0 };
	const struct provider_event *event;
	str id;

	if (!can(CAN_MEDIA_FETCH))
		return;
	id = it->customer_file(picture(), "image/png");
	it->customer_sends(ANA,
		arena_printf(test_arena(),
			"{\"type\":\"image\",\"image\":{\"id\":\"" STR_F "\",\"caption\":\"See\"}}",
			STR_A(id)));
	event = it->wait(EVENT_MESSAGE, 0);
	EXPECT_INT(event->message_kind, KIND_IMAGE);
	EXPECT_STR(event->media.mime_type, "image/png");
	EXPECT_OK(fetch(event->media_remote_id, event->media_url, &taken, 1 << 20));
	EXPECT(str_is(buf_text(&taken.data), str_from(picture())));
	EXPECT_OK(fetch(event->media_remote_id, STR_NONE, &taken, 1 << 20));
	EXPECT(str_is(buf_text(&taken.data), str_from(picture())));
}

FOR_EACH(a_stale_url_is_asked_for_anew)
{
	struct taken taken = { 0 };
	str id, url;

	if (!can(CAN_MEDIA_FETCH))
		return;
	id = it->customer_file(picture(), "image/png");
	it->customer_sends(ANA,
		arena_printf(test_arena(), "{\"type\":\"image\",\"image\":{\"id\":\"" STR_F "\"}}",
			STR_A(id)));
	url = it->wait(EVENT_MESSAGE, 0)->media_url;
	url = str_part(url, 0, url.len - 1);
	EXPECT_OK(fetch(id, url, &taken, 1 << 20));
	EXPECT_INT(taken.data.len, UPLOAD_SIZE);
}

FOR_EACH(a_fetch_is_bounded_stoppable_and_says_when_the_file_is_gone)
{
	struct taken taken = { 0 };
	str id;

	if (!can(CAN_MEDIA_FETCH))
		return;
	id = it->customer_file(picture(), "image/png");
	EXPECT_ERR(fetch(id, STR_NONE, &taken, UPLOAD_SIZE - 1), ERR_LIMIT);
	EXPECT(taken.data.len < UPLOAD_SIZE);
	EXPECT(job->next_step.len > 0);
	taken.refuses = true;
	EXPECT(fetch(id, STR_NONE, &taken, 1 << 20) != OK);
	EXPECT_ERR(fetch(S("4242424242424242"), STR_NONE, &taken, 1 << 20), ERR_MISSING);
	EXPECT_STR(job->code, "media_gone");
}

FOR_EACH(files_of_the_wrong_type_or_size_are_refused_before_they_go)
{
	if (!it->provider->check_media)
		return;
	job = it->job();
	EXPECT_OK(it->provider->check_media(job, KIND_IMAGE, S("image/jpeg"), 1000));
	EXPECT_ERR(it->provider->check_media(job, KIND_IMAGE, S("text/html"), 1000), ERR_INPUT);
	EXPECT(job->field_errors && job->field_errors->message.len);
}

/* ---- receiving ---- */

static const struct {
	const char *message;
	enum message_kind kind;
	const char *in_content;
} inbound[] = {
	{ "{\"type\":\"text\",\"text\":{\"body\":\"Grüße 😀\"}}", KIND_TEXT, "Grüße 😀" },
	{ "{\"type\":\"image\",\"image\":{\"id\":\"1\",\"mime_type\":\"image/"
	  "jpeg\",\"caption\":\"See\"}}",
		KIND_IMAGE, "See" },
	{ "{\"type\":\"video\",\"video\":{\"id\":\"1\",\"mime_type\":\"video/mp4\"}}", KIND_VIDEO,
		"video/mp4" },
	{ "{\"type\":\"audio\",\"audio\":{\"id\":\"1\",\"mime_type\":\"audio/mpeg\"}}", KIND_AUDIO,
		"audio/mpeg" },
	{ "{\"type\":\"audio\",\"audio\":{\"id\":\"1\",\"mime_type\":\"audio/ogg; "
	  "codecs=opus\",\"voice\":true}}",
		KIND_VOICE, "opus" },
	{ "{\"type\":\"document\",\"document\":{\"id\":\"1\",\"mime_type\":\"application/"
	  "pdf\",\"filename\":\"a.pdf\"}}",
		KIND_DOCUMENT, "a.pdf" },
	{ "{\"type\":\"sticker\",\"sticker\":{\"id\":\"1\",\"mime_type\":\"image/"
	  "webp\",\"animated\":false}}",
		KIND_STICKER, "animated" },
	{ "{\"type\":\"location\",\"location\":{\"latitude\":1.5,\"longitude\":2.5}}",
		KIND_LOCATION, "latitude" },
	{ "{\"type\":\"contacts\",\"contacts\":[{\"name\":{\"formatted_name\":\"Dana\"}}]}",
		KIND_CONTACTS, "Dana" },
	{ "{\"type\":\"button\",\"button\":{\"text\":\"Yes\",\"payload\":\"y\"}}", KIND_BUTTON,
		"payload" },
	{ "{\"type\":\"interactive\",\"interactive\":{\"type\":\"button_reply\",\"button_reply\":{"
	  "\"id\":\"am\",\"title\":\"Morning\"}}}",
		KIND_INTERACTIVE, "Morning" },
	{ "{\"type\":\"interactive\",\"interactive\":{\"type\":\"list_reply\",\"list_reply\":{"
	  "\"id\":\"b\",\"title\":\"Billing\"}}}",
		KIND_INTERACTIVE, "Billing" },
	{ "{\"type\":\"order\",\"order\":{\"catalog_id\":\"C\",\"product_items\":[]}}", KIND_ORDER,
		"product_items" },
	{ "{\"type\":\"unsupported\",\"errors\":[{\"code\":131051,\"title\":\"x\"}]}",
		KIND_UNSUPPORTED, "131051" },
	{ "{\"type\":\"hologram\",\"hologram\":{\"x\":1}}", KIND_UNKNOWN, "hologram" },
};

FOR_EACH(each_kind_that_a_customer_sends_is_understood)
{
	size_t came = 0;

	for (size_t i = 0; i < COUNT_OF(inbound); i++) {
		str id = it->customer_sends(ANA, str_of(inbound[i].message));
		const struct provider_event *event;

		if (!id.len)
			continue;
		event = it->wait(EVENT_MESSAGE, came++);
		EXPECT(str_is(event->remote_id, id));
		EXPECT_INT(event->message_kind, inbound[i].kind);
		EXPECT(str_has(event->content, str_of(inbound[i].in_content)));
		EXPECT(str_is(event->who.phone, ANA) && str_is(event->who.name, S("Ana")));
		EXPECT(str_is(event->channel_remote_id, ch.remote_id));
		EXPECT(event->at_ms > 1700000000000 && !event->is_echo && !event->is_history);
		EXPECT(!kind_is_media(event->message_kind) || event->media_remote_id.len > 0);
	}
}

FOR_EACH(replies_reactions_edits_and_revokes_name_their_message)
{
	str first = it->customer_sends(ANA, S("{\"type\":\"text\",\"text\":{\"body\":\"one\"}}"));
	const struct provider_event *event;

#define ABOUT(format) it->customer_sends(ANA, arena_printf(test_arena(), format, STR_A(first)))
	ABOUT("{\"type\":\"text\",\"text\":{\"body\":\"two\"},\"context\":{\"id\":\"" STR_F "\"}}");
	EXPECT(str_is(it->wait(EVENT_MESSAGE, 1)->reply_to, first));
	ABOUT("{\"type\":\"reaction\",\"reaction\":{\"message_id\":\"" STR_F
	      "\",\"emoji\":\"❤\"}}");
	EXPECT(str_is(it->wait(EVENT_REACTION, 0)->target_id, first));
	EXPECT_STR(it->wait(EVENT_REACTION, 0)->emoji, "❤");
	ABOUT("{\"type\":\"edit\",\"edit\":{\"original_message_id\":\"" STR_F
	      "\",\"message\":{\"type\":\"text\",\"text\":{\"body\":\"new\"}}}}");
	event = it->wait(EVENT_EDIT, 0);
	EXPECT(str_is(event->target_id, first) && event->message_kind == KIND_TEXT &&
		str_has(event->content, S("new")));
	ABOUT("{\"type\":\"revoke\",\"revoke\":{\"original_message_id\":\"" STR_F "\"}}");
	EXPECT(str_is(it->wait(EVENT_REVOKE, 0)->target_id, first));
#undef ABOUT
}

FOR_EACH(a_forged_webhook_is_refused_and_the_true_one_taken)
{
	if (!it->break_by)
		return;
	it->break_by("forged_webhook");
	it->open_window(ANA);
	it->wait(EVENT_MESSAGE, 0);
	EXPECT_INT(it->forged(), 1);
}

FOR_EACH(what_is_no_event_is_an_input_error)
{
	struct provider_events events;

	job = it->job();
	EXPECT_ERR(it->provider->parse(job, &ch, S("<xml/>"), &events), ERR_INPUT);
	EXPECT(job->why.len > 0);
}

/* ---- refusals ---- */

FOR_EACH(a_text_that_is_too_long_is_told_by_its_field)
{
	struct buf b = buf_in(test_arena(), 1u << 20);

	json_open(&b, '{');
	json_key(&b, "body");
	buf_byte(&b, '"');
	for (size_t i = 0; i <= it->provider->text_max; i++)
		buf_byte(&b, 'a');
	buf_byte(&b, '"');
	json_close(&b, '}');
	job = it->job();
	EXPECT_ERR(provider_check(job, &ch, KIND_TEXT, read_json(buf_text(&b))), ERR_INPUT);
	EXPECT_STR(job->field_errors->field, "text.body");
}

FOR_EACH(free_text_outside_the_window_wants_a_template)
{
	if (!can(CAN_WINDOW))
		return;
	EXPECT(send_text(1) != OK);
	EXPECT_INT(result.advice, RETRY_TEMPLATE);
	EXPECT(!result.may_have_happened && job->why.len && job->next_step.len);
}

FOR_EACH(a_bad_token_stops_the_channel)
{
	if (!it->lock_out)
		return;
	it->open_window(ANA);
	it->lock_out(&ch);
	EXPECT(send_text(1) != OK);
	EXPECT_INT(result.advice, RETRY_STOP);
	EXPECT(job->next_step.len > 0);
}

FOR_EACH(a_rate_limit_is_waited_out)
{
	if (!it->break_by)
		return;
	it->open_window(ANA);
	it->break_by("rate_limit");
	EXPECT_ERR(send_text(1), ERR_LIMIT);
	EXPECT(result.advice == RETRY_BACKOFF || result.advice == RETRY_AFTER);
	EXPECT(!result.may_have_happened);
	EXPECT_OK(send_text(1));
}

/* By our id that went along, or by the network's own, where we made that. */
static bool names_it(const struct provider_event *status, id64 id)
{
	return status->target_message == id ||
	       (result.remote_id.len && str_is(status->target_id, result.remote_id));
}

FOR_EACH(a_lost_answer_leaves_the_message_unconfirmed)
{
	if (!it->break_by)
		return;
	it->open_window(ANA);
	it->break_by("lost_answer");
	EXPECT(send_text(99) != OK);
	EXPECT(result.may_have_happened);
	if (it->customer_reads)
		it->customer_reads(ANA);
	for (size_t i = 0; !names_it(it->wait(EVENT_STATUS, i), 99); i++)
		; /* earlier ones are read with it */
	it->break_by("gateway_page");
	EXPECT_ERR(send_text(100), ERR_UPSTREAM);
	EXPECT(result.may_have_happened && result.advice == RETRY_BACKOFF);
}

FOR_EACH(an_unreachable_network_has_taken_nothing)
{
	if (!it->unplug)
		return;
	it->unplug(&ch);
	EXPECT_ERR(send_text(1), ERR_UPSTREAM);
	EXPECT(!result.may_have_happened);
	EXPECT_INT(result.advice, RETRY_BACKOFF);
	EXPECT(job->next_step.len > 0);
}

/* ---- managing ---- */

FOR_EACH(health_tells_the_number_or_what_is_wrong)
{
	struct provider_health health;

	if (!it->provider->health)
		return;
	EXPECT_OK(provider_health_of(it->job(), &ch, &health));
	EXPECT(health.ok && str_is(health.phone, ch.phone) && health.sentence.len);
	if (!it->lock_out)
		return;
	it->lock_out(&ch);
	EXPECT_OK(provider_health_of(it->job(), &ch, &health));
	EXPECT(!health.ok && health.sentence.len && health.next_step.len);
}

FOR_EACH(templates_are_listed_with_their_state)
{
	struct template_info *list;
	size_t count, paused = 0;

	if (!can(CAN_TEMPLATES))
		return;
	EXPECT_OK(provider_templates(it->job(), &ch, &list, &count));
	EXPECT(count > 0);
	for (size_t i = 0; i < count; i++) {
		EXPECT(list[i].name.len && list[i].language.len && list[i].remote_id.len &&
			list[i].category.len);
		EXPECT_INT(json_kind(read_json(list[i].components)), JSON_LIST);
		paused += str_is(list[i].status, S("PAUSED"));
	}
	EXPECT_INT(paused, 1);
}

FOR_EACH(it_is_found_by_its_name)
{
	EXPECT(provider_find(str_of(it->provider->name)) == it->provider);
	EXPECT(!provider_find(S("pigeon")));
}
