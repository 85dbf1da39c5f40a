/* inbox_test.c: the inbox over HTTP: lists, threads, changes, sending, search, and what is told
 * live. */
#include "account/account.h"
#include "api/api.h"
#include "base/clock.h"
#include "inbox/test_inbox.h"
#include "net/net_test.h"

#include <stdio.h>

static struct test_server *server;
static struct pool *workers;
static str key;
static struct channel *ch;

/* ---- asking ---- */

/* A key of its own for a set of permissions. */
static str key_with(struct job *job, uint64_t scopes)
{
	struct api_key made;
	str plain;

	EXPECT_OK(api_key_create(job,
		&(struct api_key_draft){ .name = S("test"), .scopes = scopes }, &made, &plain));
	return plain;
}

static void start(struct job *job)
{
	ch = test_channel(job);
	job->now_ms = clock_now_ms();
	key = key_with(job, job->actor.permissions);
	workers = pool_create("request", 2, 64, job->store);
	server = test_server_start((struct http_config){ .routes = api_routes,
		.route_count = api_route_count,
		.workers = workers,
		.serve = api_serve,
		.refuse = api_refuse });
}

static void stop(void)
{
	test_server_stop(server);
	pool_destroy(workers);
}

static str ask_with(const char *head, const char *line, const char *body)
{
	return test_ask(server->port,
		arena_printf(test_arena(),
			"%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: "
			"Bearer " STR_F "\r\n"
			"Content-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s",
			line, STR_A(key), strlen(body), head, body));
}

/* The answer's JSON, after checking its status. */
static json ask(int status, const char *line, const char *body)
{
	str answer = ask_with("", line, body);
	json out;

	if (test_status(answer) != status)
		fprintf(stderr, "%s: " STR_F "\n", line, STR_A(answer));
	EXPECT_INT(test_status(answer), status);
	EXPECT_OK(json_read(test_arena(), test_body(answer), &out, NULL));
	return out;
}

/* A path or a body with one id in it. */
#define path(format, id) (arena_printf(test_arena(), format, (long long)(id)).ptr)

static void customer_says(struct job *job, const char *phone, const char *remote_id,
	const char *body)
{
	struct provider_event ev = test_says(phone, remote_id, body, job->now_ms);

	ev.who.name = arena_printf(job->arena, "Customer %s", phone);
	test_apply(job, ch, &ev, NULL);
	job->now_ms += 10;
}

/* "a b c": the texts of the last messages of a list. */
static const char *last_texts(json list)
{
	struct buf out = buf_in(test_arena(), 4096);

	for (size_t i = 0; i < json_count(json_field(list, "data")); i++)
		buf_printf(&out, "%s" STR_F, i ? " " : "",
			STR_A(json_text_at(json_at(json_field(list, "data"), i),
				"last_message.text.body")));
	return arena_cstr(test_arena(), buf_text(&out));
}

/* ---- the list ---- */

STORE_TEST(conversations_are_listed_newest_first_in_pages)
{
	json page;

	start(job);
	for (int i = 0; i < 5; i++)
		customer_says(job, path("120255501%02lld", i), path("wamid.%lld", i),
			path("m%lld", i));
	customer_says(job, "12025550102", "wamid.again", "again");
	page = ask(200, "GET /api/v1/conversations?limit=2", "");
	EXPECT_STR(T(last_texts(page)), "again m4");
	for (const char *want = "m3 m1"; want; want = strcmp(want, "m3 m1") == 0 ? "m0" : NULL) {
		str next = json_text_at(page, "next_cursor");

		EXPECT(next.len > 0);
		page = ask(200,
			arena_printf(test_arena(),
				"GET /api/v1/conversations?limit=2&cursor=" STR_F, STR_A(next))
				.ptr,
			"");
		EXPECT_STR(T(last_texts(page)), want);
	}
	EXPECT(json_kind(json_field(page, "next_cursor")) == JSON_NIL);
	stop();
}

STORE_TEST(filters_of_the_list_can_be_joined)
{
	static const struct { const char *query, *want;
	} cases[] = {
		{ "", "b a" },
		{ "?status=all", "c b a" },
		{ "?status=resolved", "c" },
		{ "?status=waiting", "" },
		{ "?view=mine", "" },
		{ "?view=mine&status=all", "" },
		{ "?view=unassigned", "b a" },
		{ "?unread=true", "a" },
		{ "?unread=true&status=all", "c a" },
		{ "?query=12025550101", "a" },
		{ "?query=customer&status=all", "c b a" },
		{ "?query=customer&status=all&unread=true", "c a" },
		{ "?query=nobody", "" },
		{ "?channel_id=1", "" },
		{ "?channel_id=1&status=all&view=unassigned", "" },
	};
	struct conversation b, c;

	start(job);
	customer_says(job, "12025550101", "A", "a");
	customer_says(job, "12025550102", "B", "b");
	customer_says(job, "12025550103", "C", "c");
	b = test_conversation(job, ch, "B");
	c = test_conversation(job, ch, "C");
	ask(200, path("POST /api/v1/conversations/%lld/read", b.id), "");
	ask(200, path("PATCH /api/v1/conversations/%lld", c.id),
		"{\"status\":\"resolved\",\"reason\":\"done\"}");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		json list = ask(200,
			arena_printf(test_arena(), "GET /api/v1/conversations%s", cases[i].query)
				.ptr,
			"");

		if (!str_is(T(last_texts(list)), T(cases[i].want)))
			fprintf(stderr, "%s\n", cases[i].query);
		EXPECT_STR(T(last_texts(list)), cases[i].want);
	}
	ask(422, "GET /api/v1/conversations?status=closed", "");
	ask(422, "GET /api/v1/conversations?view=hers", "");
	stop();
}

STORE_TEST(who_may_not_read_messages_sees_none)
{
	json list;

	start(job);
	customer_says(job, "12025550101", "A", "secret");
	key = key_with(job, role_permissions(ROLE_ANALYST));
	list = ask(200, "GET /api/v1/conversations", "");
	EXPECT_INT(json_count(json_field(list, "data")), 1);
	EXPECT(json_kind(json_path(list, "data.0.last_message")) == JSON_NIL);
	ask(403, path("GET /api/v1/messages/%lld", test_message(job, ch, "A").id), "");
	ask(403, "GET /api/v1/search?query=secret", "");
	stop();
}

STORE_TEST(who_may_not_read_contacts_sees_no_name_and_no_number)
{
	json list;

	start(job);
	customer_says(job, "12025550101", "A", "secret");
	key = key_with(job, role_permissions(ROLE_ANALYST));
	list = ask(200, "GET /api/v1/conversations", "");
	EXPECT_STR(json_text_at(list, "data.0.contact.name"), "");
	EXPECT(json_kind(json_path(list, "data.0.contact.phone")) == JSON_NIL);
	ask(403, "GET /api/v1/conversations?query=2025550101", "");
	stop();
}

STORE_TEST(a_conversation_is_shown_with_all_that_it_names)
{
	json conv;

	start(job);
	customer_says(job, "12025550101", "A", "hi");
	conv = ask(200, path("GET /api/v1/conversations/%lld", test_conversation(job, ch, "A").id),
		"");
	EXPECT_STR(json_text_at(conv, "contact.name"), "Customer 12025550101");
	EXPECT_STR(json_text_at(conv, "contact.phone"), "+12025550101");
	EXPECT_STR(json_text_at(conv, "channel.name"), "Shop");
	EXPECT_STR(json_text_at(conv, "channel.provider"), "cloud");
	EXPECT_STR(json_text_at(conv, "channel.phone_number"), "+15550783881");
	EXPECT_STR(json_text_at(conv, "status"), "open");
	EXPECT(json_kind(json_field(conv, "assignee")) == JSON_NIL);
	EXPECT_INT(json_int(json_field(conv, "unread_count"), 0), 1);
	EXPECT(json_flag(json_path(conv, "window.open"), false));
	EXPECT_STR(json_text_at(conv, "last_message.author.name"), "Customer 12025550101");
	EXPECT_STR(json_text_at(conv, "last_message.direction"), "in");
	ask(404, "GET /api/v1/conversations/1", "");
	ask(404, "GET /api/v1/conversations/abc", "");
	stop();
}

STORE_TEST(a_conversation_is_assigned_and_resolved_with_a_reason)
{
	id64 person, id;
	json conv;

	start(job);
	customer_says(job, "12025550101", "A", "hi");
	id = test_conversation(job, ch, "A").id;
	person = job->actor.id;
	conv = ask(200, path("PATCH /api/v1/conversations/%lld", id),
		path("{\"assignee_id\":\"%lld\",\"status\":\"waiting\",\"reason\":\"hers\"}",
			person));
	EXPECT_STR(json_text_at(conv, "assignee.name"), "Olga");
	EXPECT_STR(json_text_at(conv, "status"), "waiting");
	conv = ask(200, "GET /api/v1/audit?limit=1", "");
	EXPECT_STR(json_text_at(conv, "data.0.action"), "conversation.update");
	EXPECT_STR(json_text_at(conv, "data.0.reason"), "hers");
	EXPECT_STR(json_text_at(conv, "data.0.detail.status.before"), "open");
	conv = ask(200, path("PATCH /api/v1/conversations/%lld", id), "{\"assignee_id\":null}");
	EXPECT(json_kind(json_field(conv, "assignee")) == JSON_NIL);
	EXPECT_STR(json_text_at(conv, "status"), "waiting");
	conv = ask(422, path("PATCH /api/v1/conversations/%lld", id), "{\"assignee_id\":\"12\"}");
	EXPECT_STR(json_text_at(conv, "errors.0.field"), "assignee_id");
	conv = ask(422, path("PATCH /api/v1/conversations/%lld", id),
		"{\"status\":\"closed\",\"colour\":\"red\"}");
	EXPECT_INT(json_count(json_field(conv, "errors")), 2);
	stop();
}

/* ---- the thread ---- */

static const char *texts(json stretch)
{
	struct buf out = buf_in(test_arena(), 4096);

	for (size_t i = 0; i < json_count(json_field(stretch, "data")); i++)
		buf_printf(&out, "%s" STR_F, i ? " " : "",
			STR_A(json_text_at(json_at(json_field(stretch, "data"), i), "text.body")));
	return arena_cstr(test_arena(),
		arena_printf(test_arena(), STR_F "%s%s", STR_A(buf_text(&out)),
			json_flag(json_field(stretch, "has_before"), false) ? " <" : "",
			json_flag(json_field(stretch, "has_after"), false) ? " >" : ""));
}

STORE_TEST(a_thread_is_read_from_its_end_in_both_directions_and_around)
{
	id64 id, third;

	start(job);
	for (int i = 1; i <= 7; i++)
		customer_says(job, "12025550101", path("%lld", i), path("%lld", i));
	id = test_conversation(job, ch, "1").id;
	third = test_message(job, ch, "3").id;
#define THREAD(query)                                                                   \
	T(texts(ask(200,                                                                \
		arena_printf(test_arena(), "GET /api/v1/conversations/%lld/messages%s", \
			(long long)id, query)                                           \
			.ptr,                                                           \
		"")))
	EXPECT_STR(THREAD("?limit=3"), "5 6 7 <");
	EXPECT_STR(THREAD(""), "1 2 3 4 5 6 7");
	EXPECT_STR(THREAD(path("?limit=5&before=%lld", third)), "1 2 >");
	EXPECT_STR(THREAD(path("?limit=1&before=%lld", third)), "2 < >");
	EXPECT_STR(THREAD(path("?limit=2&after=%lld", third)), "4 5 < >");
	EXPECT_STR(THREAD(path("?limit=9&after=%lld", third)), "4 5 6 7 <");
	EXPECT_STR(THREAD(path("?limit=3&around=%lld", third)), "2 3 4 < >");
	EXPECT_STR(THREAD(path("?limit=1&around=%lld", third)), "3 < >");
	EXPECT_STR(THREAD(path("?limit=50&around=%lld", third)), "1 2 3 4 5 6 7");
	ask(422, path("GET /api/v1/conversations/%lld/messages?before=1&after=2", id), "");
	stop();
}

STORE_TEST(a_message_shows_what_it_answers_and_how_people_took_it)
{
	struct provider_event quote = test_says("12025550101", "Q", "yes", 0);
	struct provider_event heart = { .kind = EVENT_REACTION,
		.who = { .phone = S("12025550101") },
		.target_id = S("Q"),
		.emoji = S("\xE2\x9D\xA4") };
	json m;

	start(job);
	quote.reply_to = S("A");
	quote.flags = FLAG_FREQUENTLY_FORWARDED;
	quote.at_ms = heart.at_ms = job->now_ms;
	customer_says(job, "12025550101", "A", "Shall we?");
	test_apply(job, ch, &quote, NULL);
	test_apply(job, ch, &heart, NULL);
	m = ask(200, path("GET /api/v1/messages/%lld", test_message(job, ch, "Q").id), "");
	EXPECT_STR(json_text_at(m, "reply_to.preview"), "Shall we?");
	EXPECT_STR(json_text_at(m, "reply_to.direction"), "in");
	EXPECT_STR(json_text_at(m, "forwarded"), "frequently");
	EXPECT_STR(json_text_at(m, "reactions.0.emoji"), "\xE2\x9D\xA4");
	EXPECT_STR(json_text_at(m, "reactions.0.by"), "contact");
	EXPECT_STR(json_text_at(m, "type"), "text");
	EXPECT_STR(json_text_at(m, "status"), "received");
	heart.emoji = S("");
	heart.at_ms += 1000;
	test_apply(job, ch, &heart, NULL);
	m = ask(200, path("GET /api/v1/messages/%lld", test_message(job, ch, "Q").id), "");
	EXPECT_INT(json_count(json_field(m, "reactions")), 0);
	stop();
}

/* ---- sending ---- */

STORE_TEST(an_answer_is_accepted_and_its_story_told)
{
	json m, trace;
	id64 id;

	start(job);
	customer_says(job, "12025550101", "A", "hi");
	m = ask(202,
		path("POST /api/v1/conversations/%lld/messages",
			test_conversation(job, ch, "A").id),
		path("{\"type\":\"text\",\"text\":{\"body\":\"hello\"},\"context\":{\"message_id\":"
		     "\"%lld\"}}",
			test_message(job, ch, "A").id));
	EXPECT_STR(json_text_at(m, "status"), "accepted");
	EXPECT_STR(json_text_at(m, "direction"), "out");
	EXPECT_STR(json_text_at(m, "reply_to.preview"), "hi");
	EXPECT_STR(json_text_at(m, "author.kind"), "api_key");
	EXPECT(json_id(json_field(m, "id"), &id));
	trace = ask(200, path("GET /api/v1/messages/%lld/trace", id), "");
	EXPECT_STR(json_text_at(trace, "steps.0.what"), "accepted");
	EXPECT_STR(json_text_at(trace, "steps.1.what"), "route");
	EXPECT_STR(json_text_at(trace, "steps.2.what"), "queued");
	EXPECT(str_is(json_text_at(trace, "trace_id"), json_text_at(m, "trace_id")));
	trace = ask(200, path("GET /api/v1/messages/%lld/trace", test_message(job, ch, "A").id),
		"");
	EXPECT_STR(json_text_at(trace, "steps.0.what"), "received");
	stop();
}

STORE_TEST(wrong_drafts_are_refused_with_all_that_is_wrong)
{
	static const struct { const char *body, *field; size_t errors;
	} cases[] = {
		{ "{\"type\":\"text\"}", "text", 1 },
		{ "{\"type\":\"smoke\",\"text\":{\"body\":\"x\"}}", "type", 2 },
		{ "{\"text\":{\"body\":\"x\"},\"image\":{\"id\":\"1\"}}", "type", 3 },
		{ "{\"type\":\"text\",\"text\":{\"body\":\"\"}}", "text.body", 1 },
		{ "{\"type\":\"text\",\"text\":{\"body\":\"x\"},\"image\":{\"id\":\"1\"}}", "image",
			1 },
		{ "{\"type\":\"text\",\"text\":{\"body\":\"x\"},\"colour\":1}", "colour", 1 },
		{ "{\"type\":\"text\",\"text\":{\"body\":\"x\"},\"context\":{\"message_id\":\"12\"}"
		  "}",
			"context.message_id", 1 },
		{ "{\"type\":\"image\",\"image\":{\"id\":\"12\"}}", "image.id", 1 },
	};
	id64 id;

	start(job);
	customer_says(job, "12025550101", "A", "hi");
	id = test_conversation(job, ch, "A").id;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		json problem = ask(422, path("POST /api/v1/conversations/%lld/messages", id),
			cases[i].body);
		bool named = false;

		EXPECT_STR(json_text_at(problem, "code"), "invalid_input");
		for (size_t n = 0; n < json_count(json_field(problem, "errors")); n++)
			named |= str_is(json_text_at(json_at(json_field(problem, "errors"), n),
						"field"),
				T(cases[i].field));
		if (!named || json_count(json_field(problem, "errors")) != cases[i].errors)
			fprintf(stderr, "%s\n", cases[i].body);
		EXPECT(named);
		EXPECT_INT(json_count(json_field(problem, "errors")), cases[i].errors);
	}
	stop();
}

STORE_TEST(free_text_to_a_stranger_is_refused_and_says_what_to_do)
{
	json problem;

	start(job);
	problem = ask(422, "POST /api/v1/messages",
		"{\"to\":\"+1 202 555 0199\",\"type\":\"text\",\"text\":{\"body\":\"hi\"}}");
	EXPECT_STR(json_text_at(problem, "code"), "window_closed");
	EXPECT(str_has(json_text_at(problem, "next_step"), S("template")));
	problem = ask(422, "POST /api/v1/messages",
		"{\"to\":\"me\",\"type\":\"text\",\"text\":{\"body\":\"hi\"}}");
	EXPECT_STR(json_text_at(problem, "errors.0.field"), "to");
	problem =
		ask(422, "POST /api/v1/messages", "{\"type\":\"text\",\"text\":{\"body\":\"hi\"}}");
	EXPECT_STR(json_text_at(problem, "errors.0.field"), "to");
	stop();
}

STORE_TEST(the_same_key_sends_once)
{
	const char *line = "POST /api/v1/messages";
	const char *body =
		"{\"to\":\"12025550101\",\"type\":\"text\",\"text\":{\"body\":\"once\"}}";
	json first, second;

	start(job);
	customer_says(job, "12025550101", "A", "hi");
	EXPECT_OK(json_read(test_arena(),
		test_body(ask_with("Idempotency-Key: k1\r\n", line, body)), &first, NULL));
	EXPECT_OK(json_read(test_arena(),
		test_body(ask_with("Idempotency-Key: k1\r\n", line, body)), &second, NULL));
	EXPECT(json_text_at(first, "id").len > 0);
	EXPECT(str_is(json_text_at(first, "id"), json_text_at(second, "id")));
	EXPECT_INT(test_status(ask_with("Idempotency-Key: k1\r\n", line,
		"{\"to\":\"12025550101\",\"type\":\"text\",\"text\":{\"body\":\"other\"}}")), 409);
	EXPECT_STR(T(texts(ask(200, path("GET /api/v1/conversations/%lld/messages",
				       test_conversation(job, ch, "A").id), ""))), "hi once");
	stop();
}

STORE_TEST(a_reaction_of_ours_is_shown_on_its_message_only)
{
	id64 id;
	json m;

	start(job);
	customer_says(job, "12025550101", "A", "hi");
	id = test_message(job, ch, "A").id;
	ask(202,
		path("POST /api/v1/conversations/%lld/messages",
			test_conversation(job, ch, "A").id),
		path("{\"type\":\"reaction\",\"reaction\":{\"message_id\":\"%lld\",\"emoji\":"
		     "\"\xE2\x9D\xA4\"}}",
			id));
	m = ask(200, path("GET /api/v1/messages/%lld", id), "");
	EXPECT_STR(json_text_at(m, "reactions.0.by"), "business");
	EXPECT_STR(T(texts(ask(200, path("GET /api/v1/conversations/%lld/messages",
				       test_conversation(job, ch, "A").id), ""))), "hi");
	stop();
}

/* ---- contacts and search ---- */

STORE_TEST(contacts_are_listed_found_and_named)
{
	id64 id;
	json c;

	start(job);
	customer_says(job, "12025550101", "A", "hi");
	customer_says(job, "12025550102", "B", "hi");
	id = test_conversation(job, ch, "A").contact_id;
	EXPECT_INT(json_count(json_field(ask(200, "GET /api/v1/contacts", ""), "data")), 2);
	c = ask(200, path("PATCH /api/v1/contacts/%lld", id), "{\"name\":\"Ana\"}");
	EXPECT_STR(json_text_at(c, "name"), "Ana");
	c = ask(200, "GET /api/v1/contacts?query=ana", "");
	EXPECT_INT(json_count(json_field(c, "data")), 1);
	EXPECT_STR(json_text_at(c, "data.0.aliases.0.kind"), "phone");
	EXPECT_STR(json_text_at(c, "data.0.aliases.0.value"), "12025550101");
	EXPECT_STR(json_text_at(ask(200, path("GET /api/v1/contacts/%lld", id), ""), "phone"),
		"+12025550101");
	ask(404, "GET /api/v1/contacts/1", "");
	stop();
}

STORE_TEST(a_search_answers_messages_with_their_conversations)
{
	json hits;

	start(job);
	customer_says(job, "12025550101", "A", "the red car");
	customer_says(job, "12025550102", "B", "a red house");
	hits = ask(200, "GET /api/v1/search?query=red&limit=1", "");
	EXPECT_STR(json_text_at(hits, "data.0.message.text.body"), "a red house");
	EXPECT_STR(json_text_at(hits, "data.0.conversation.contact.phone"), "+12025550102");
	hits = ask(200,
		arena_printf(test_arena(), "GET /api/v1/search?query=red&limit=1&cursor=" STR_F,
			STR_A(json_text_at(hits, "next_cursor")))
			.ptr,
		"");
	EXPECT_STR(json_text_at(hits, "data.0.message.text.body"), "the red car");
	hits = ask(200,
		path("GET /api/v1/search?query=red&conversation_id=%lld",
			test_conversation(job, ch, "A").id),
		"");
	EXPECT_INT(json_count(json_field(hits, "data")), 1);
	ask(422, "GET /api/v1/search", "");
	stop();
}

/* ---- live ---- */

static struct buf told;

static void write_down(str app_key, str channel, str event, str data)
{
	(void)app_key;
	buf_printf(&told, STR_F " " STR_F " " STR_F "\n", STR_A(channel), STR_A(event),
		STR_A(data));
}

static size_t count_told(str words)
{
	str rest = buf_text(&told);
	size_t count = 0;

	while (str_has(rest, words)) {
		while (!str_starts(rest, words))
			rest = str_part(rest, 1, rest.len);
		rest = str_part(rest, words.len, rest.len);
		count++;
	}
	return count;
}

STORE_TEST(what_changes_is_told_once_to_its_workspace)
{
	struct provider_event ev = test_says("12025550101", "A", "hi", TEST_NOW_MS);
	struct provider_event seen = { .kind = EVENT_REACTION,
		.who = { .phone = S("12025550101") },
		.target_id = S("A"),
		.emoji = S("x"),
		.at_ms = TEST_NOW_MS };
	struct inbox_changes first = { 0 }, second = { 0 };
	str channel;

	ch = test_channel(job);
	channel = arena_printf(job->arena, "private-workspace-%lld message.created {\"message\":{",
		(long long)job->workspace);
	told = buf_in(job->arena, 1u << 20);
	api_publish = write_down;
	test_apply(job, ch, &ev, &first);
	api_tell(job, &first);
	EXPECT_INT(count_told(channel), 1);
	EXPECT_INT(count_told(S(" contact.updated {")), 1);
	EXPECT_INT(count_told(S("\n")), 2);
	EXPECT(str_has(buf_text(&told), S("\"conversation\":{\"id\"")));
	told.len = 0;
	test_apply(job, ch, &seen, &second);
	api_tell(job, &second);
	api_publish = NULL;
	EXPECT(str_has(buf_text(&told), S("message.updated {\"message\":{")));
	EXPECT(!str_has(buf_text(&told), S("message.created")));
}
