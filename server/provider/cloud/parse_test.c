/*
 * parse_test.c: every sample of tests/data/cloud-webhooks gives the events that
 * tests/data/cloud-webhooks-expected.json tells (written by reading the samples), and odd bodies
 * lose nothing.
 */
#include "base/test.h"
#include "provider/cloud/cloud_internal.h"

#include <stdio.h>

static str read_file(const char *name)
{
	struct buf b = buf_in(test_arena(), JSON_SIZE_MAX);
	char path[512], piece[4096];
	size_t n;
	FILE *file;

	snprintf(path, sizeof path, TEST_DATA "/%s", name);
	file = fopen(path, "rb");
	EXPECT(file);
	while ((n = fread(piece, 1, sizeof piece, file)) > 0)
		buf_put(&b, piece, n);
	fclose(file);
	return buf_text(&b);
}

static struct job *new_job(void)
{
	struct job *job = ARENA_NEW(test_arena(), struct job);

	job_init(job, "test", test_arena(), NULL);
	return job;
}

static struct provider_events parse(str body)
{
	struct provider_events events;

	EXPECT_OK(cloud_parse(new_job(), body, &events));
	return events;
}

static bool same(const char *what, str got, str want)
{
	if (str_is(got, want))
		return true;
	fprintf(stderr, "  %s: got \"" STR_F "\", want \"" STR_F "\"\n", what, STR_A(got),
		STR_A(want));
	return false;
}

static bool same_int(const char *what, int64_t got, int64_t want)
{
	if (got != want)
		fprintf(stderr, "  %s: got %lld, want %lld\n", what, (long long)got,
			(long long)want);
	return got == want;
}

static bool has(const char *what, str got, str want)
{
	if (str_has(got, want))
		return true;
	fprintf(stderr, "  %s: \"" STR_F "\" does not hold \"" STR_F "\"\n", what, STR_A(got),
		STR_A(want));
	return false;
}

static bool is_whole(str name)
{
	return !str_is(name, S("content")) && !str_is(name, S("referral")) &&
	       !str_is(name, S("detail")) && !str_is(name, S("says")) &&
	       !str_is(name, S("pricing"));
}

static bool fits_text(const struct provider_event *e, str name, str want)
{
	const struct {
		const char *name;
		str got;
	} texts[] = {
		{ "kind", str_of(event_kind_name(e->kind)) },
		{ "type", str_of(kind_name(e->message_kind)) },
		{ "status", str_of(status_name(e->status)) },
		{ "id", e->remote_id },
		{ "phone", e->who.phone },
		{ "bsuid", e->who.bsuid },
		{ "name", e->who.name },
		{ "username", e->who.username },
		{ "previous_phone", e->previous.phone },
		{ "previous_bsuid", e->previous.bsuid },
		{ "target", e->target_id },
		{ "channel", e->channel_remote_id },
		{ "account", e->account_id },
		{ "field", e->field },
		{ "reply_to", e->reply_to },
		{ "group", e->group_id },
		{ "emoji", e->emoji },
		{ "code", e->error_code },
		{ "severity", e->severity },
		{ "preference", e->preference },
		{ "reason", e->reason },
		{ "template_id", e->template_id },
		{ "template_name", e->template_name },
		{ "template_status", e->template_status },
		{ "language", e->template_language },
		{ "category", e->template_category },
		{ "quality", e->template_quality },
		{ "media_id", e->media_remote_id },
		{ "mime", e->media.mime_type },
		{ "file_name", e->media.file_name },
		{ "content", e->content },
		{ "referral", e->referral },
		{ "detail", e->detail },
		{ "says", e->sentence },
		{ "pricing", e->pricing },
	};

	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (str_is(name, str_of(texts[i].name)))
			return is_whole(name) ? same(texts[i].name, texts[i].got, want)
					      : has(texts[i].name, texts[i].got, want);
	fprintf(stderr, "  no such text: " STR_F "\n", STR_A(name));
	return false;
}

static bool fits_figure(const struct provider_event *e, str name, json want)
{
	if (str_is(name, S("at_ms")))
		return same_int("at_ms", e->at_ms, json_int(want, -1));
	if (str_is(name, S("flags")))
		return same_int("flags", e->flags, json_int(want, -1));
	if (str_is(name, S("ours")))
		return same_int("ours", e->target_message, json_int(want, -1));
	if (str_is(name, S("echo")))
		return same_int("echo", e->is_echo, json_flag(want, false));
	if (str_is(name, S("history")))
		return same_int("history", e->is_history, json_flag(want, false));
	fprintf(stderr, "  no such figure: " STR_F "\n", STR_A(name));
	return false;
}

static bool fits(const struct provider_event *e, json want)
{
	bool good = true;

	for (void *at = json_first(want); at; at = json_next(want, at)) {
		json value = json_member_value(at);

		good &= json_kind(value) == JSON_TEXT
		                ? fits_text(e, json_member_name(at), json_text(value))
		                : fits_figure(e, json_member_name(at), value);
	}
	return good;
}

static bool sample_fits(const char *name, json want)
{
	char path[256];
	struct provider_events events;
	bool good = true;

	snprintf(path, sizeof path, "cloud-webhooks/%s", name);
	events = parse(read_file(path));
	good &= same_int("events", (int64_t)events.count, (int64_t)json_count(want));
	for (size_t i = 0; i < events.count && i < json_count(want); i++)
		good &= fits(&events.items[i], json_at(want, i));
	if (!good)
		fprintf(stderr, "in %s\n", name);
	return good;
}

TEST(each_of_the_179_samples_gives_the_events_of_its_kind)
{
	json all;
	size_t wrong = 0, count = 0;

	EXPECT_OK(json_read(test_arena(), read_file("cloud-webhooks-expected.json"), &all, NULL));
	for (void *at = json_first(all); at; at = json_next(all, at), count++)
		wrong += !sample_fits(arena_cstr(test_arena(), json_member_name(at)),
			json_member_value(at));
	EXPECT_INT(count, 179);
	EXPECT_INT(wrong, 0);
}

#define BODY(value)                                                                      \
	S("{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"7\",\"time\":" \
	  "1700000000,\"changes\":[{\"field\":"                                          \
	  "\"messages\",\"value\":" value "}]}]}")

TEST(our_own_id_comes_back_with_a_status)
{
	struct provider_events events =
		parse(BODY("{\"statuses\":[{\"id\":\"wamid.1\",\"status\":\"sent\",\"timestamp\":"
	                   "\"5\",\"biz_opaque_callback_data\":\"123456789\"}]}"));

	EXPECT_INT(events.count, 1);
	EXPECT_INT(events.items[0].target_message, 123456789);
	EXPECT_INT(events.items[0].at_ms, 5000);
}

TEST(a_failed_status_tells_what_to_do)
{
	struct provider_events events =
		parse(BODY("{\"statuses\":[{\"id\":\"wamid.1\",\"status\":\"failed\",\"errors\":[{"
	                   "\"code\":131047,\"title\":\"Re-engagement message\"}]}]}"));

	EXPECT_STR(events.items[0].error_code, "131047");
	EXPECT(str_starts(events.items[0].error_sentence, S("More than 24 hours passed")));
	EXPECT_STR(events.items[0].error_next_step, "Send an approved template instead.");
}

TEST(a_type_of_tomorrow_stands_in_the_thread_with_its_raw_words)
{
	struct provider_events events = parse(
		BODY("{\"messages\":[{\"from\":\"12025550142\",\"id\":\"wamid.1\","
		     "\"timestamp\":1700000001,\"type\":\"hologram\",\"hologram\":{\"x\":1}}]}"));

	EXPECT_INT(events.items[0].kind, EVENT_MESSAGE);
	EXPECT_INT(events.items[0].message_kind, KIND_UNKNOWN);
	EXPECT(str_has(events.items[0].content, S("hologram")));
	EXPECT_INT(events.items[0].at_ms, 1700000001000);
}

TEST(a_message_without_id_or_person_is_kept_and_not_dropped)
{
	struct provider_events events = parse(
		BODY("{\"messages\":[{\"from\":\"1\",\"type\":\"text\",\"text\":{\"body\":\"a\"}},"
		     "{\"id\":\"wamid.2\",\"type\":\"text\",\"text\":{\"body\":\"b\"}},null,7]}"));

	EXPECT_INT(events.count, 4);
	for (size_t i = 0; i < events.count; i++)
		EXPECT_INT(events.items[i].kind, EVENT_UNDRAWN);
	EXPECT(str_has(events.items[1].detail, S("wamid.2")));
}

TEST(explicit_nulls_are_nothing)
{
	struct provider_events events =
		parse(BODY("{\"metadata\":null,\"contacts\":null,\"errors\":null,\"statuses\":null,"
	                   "\"messages\":[{\"from\":\"12025550142\",\"id\":\"wamid.1\","
			   "\"timestamp\":null,\"context\":null,\"referral\":null,\"type\":"
	                   "\"text\",\"text\":{\"body\":\"hi\"}}]}"));

	EXPECT_INT(events.count, 1);
	EXPECT_INT(events.items[0].message_kind, KIND_TEXT);
	EXPECT_INT(events.items[0].at_ms, 1700000000000);
	EXPECT(!events.items[0].reply_to.ptr && !events.items[0].referral.ptr);
}

TEST(a_history_tells_who_said_what_and_how_far_it_came)
{
	struct provider_events events =
		parse(BODY("{\"metadata\":{\"display_phone_number\":\"+1 555 "
	                   "078-3881\",\"phone_number_id\":1},\"history\":[{\"threads\":[{\"id\":"
	                   "\"12025550142\","
			   "\"messages\":[{\"from\":\"12025550142\",\"id\":\"wamid.1\","
	                   "\"timestamp\":\"1\",\"type\":\"text\",\"text\":{\"body\":\"a\"}},"
			   "{\"from\":\"15550783881\",\"to\":\"12025550142\",\"id\":\"wamid.2\","
	                   "\"timestamp\":\"2\",\"type\":\"media_placeholder\","
			   "\"history_context\":{\"status\":\"READ\"}}]}]}]}"));

	EXPECT_INT(events.count, 2);
	EXPECT(events.items[0].is_history && !events.items[0].is_echo);
	EXPECT(events.items[1].is_history && events.items[1].is_echo);
	EXPECT_INT(events.items[1].status, STATUS_READ);
	EXPECT_INT(events.items[1].message_kind, KIND_MEDIA_PLACEHOLDER);
	EXPECT_STR(events.items[1].who.phone, "12025550142");
	EXPECT_STR(events.items[1].channel_remote_id, "1");
}

TEST(a_declined_history_is_a_notice)
{
	struct provider_events events = parse(
		BODY("{\"history\":[{\"errors\":[{\"code\":2593109,\"title\":\"declined\"}]}]}"));

	EXPECT_INT(events.count, 1);
	EXPECT_INT(events.items[0].kind, EVENT_NOTICE);
	EXPECT(str_has(events.items[0].sentence, S("did not share its history")));
}

TEST(a_revoke_names_its_message_and_one_without_is_kept)
{
	struct provider_events events =
		parse(BODY("{\"messages\":[{\"from\":\"12025550142\",\"id\":\"wamid.2\",\"type\":"
	                   "\"revoke\",\"revoke\":{\"original_message_id\":\"wamid.1\"}},"
			   "{\"from\":\"12025550142\",\"id\":\"wamid.3\",\"type\":\"revoke\"}]}"));

	EXPECT_INT(events.items[0].kind, EVENT_REVOKE);
	EXPECT_STR(events.items[0].target_id, "wamid.1");
	EXPECT_INT(events.items[1].kind, EVENT_UNDRAWN);
}

TEST(what_is_no_notification_is_refused_with_a_reason)
{
	struct provider_events events;
	struct job *job = new_job();

	EXPECT_ERR(cloud_parse(job, S("{\"entry\""), &events), ERR_INPUT);
	EXPECT_STR(job->code, "not_json");
	EXPECT_ERR(cloud_parse(job, S("[]"), &events), ERR_INPUT);
	EXPECT_STR(job->code, "unknown_envelope");
	EXPECT_ERR(cloud_parse(job, S("{\"entry\":{}}"), &events), ERR_INPUT);
}

TEST(more_events_than_the_bound_are_refused_whole)
{
	struct buf b = buf_in(test_arena(), 1u << 20);
	struct provider_events events;

	buf_str(&b,
		S("{\"entry\":[{\"changes\":[{\"field\":\"messages\",\"value\":{\"messages\":[0"));
	for (int i = 0; i < PROVIDER_EVENTS_MAX; i++)
		buf_str(&b, S(",0"));
	buf_str(&b, S("]}}]}]}"));
	EXPECT_ERR(cloud_parse(new_job(), buf_text(&b), &events), ERR_INPUT);
}
