/* message_test.c: whatever order reports come in, and however often, the row ends the same. */
#include "inbox/test_inbox.h"

#include <stdlib.h>

/* All of a row that people see, as text. */
static str picture(struct job *job, const struct message *m)
{
	return arena_printf(job->arena,
		"%s flags %u " STR_F " err " STR_F " " STR_F
		" %lld %lld %lld %lld %lld edited %lld deleted %lld",
		status_name(m->status), m->flags, STR_A(m->content), STR_A(m->error),
		STR_A(m->reactions), (long long)m->sent_ms, (long long)m->delivered_ms,
		(long long)m->read_ms, (long long)m->played_ms, (long long)m->failed_ms,
		(long long)m->edited_ms, (long long)m->deleted_ms);
}

static struct provider_event failure(const char *target, int64_t at_ms)
{
	struct provider_event ev = test_tick(target, STATUS_FAILED, at_ms);

	ev.error_code = S("131026");
	ev.error_sentence = S("The message could not be delivered.");
	ev.error_next_step = S("Ask the customer to write first.");
	return ev;
}

static struct provider_event reaction(const char *target, const char *emoji, bool echo,
	int64_t at_ms)
{
	return (struct provider_event){ .kind = EVENT_REACTION,
		.field = S("messages"),
		.who = { .phone = S("12025550142") },
		.at_ms = at_ms,
		.target_id = T(target),
		.emoji = T(emoji),
		.is_echo = echo };
}

static struct provider_event change(enum event_kind kind, const char *target, const char *body,
	int64_t at_ms)
{
	struct provider_event ev = test_says("12025550142", "", body, at_ms);

	ev.kind = kind;
	ev.remote_id = STR_NONE;
	ev.target_id = T(target);
	return ev;
}

/* ---- one status after another ---- */

STORE_TEST(ticks_move_forward_with_the_times_of_the_provider)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "wamid.IN", "hi", TEST_NOW_MS), ev;
	struct conversation conv;
	struct message m;
	id64 id;

	test_apply(job, ch, &in, NULL);
	conv = test_conversation(job, ch, "wamid.IN");
	id = test_outgoing(job, &conv, "hello");
	for (int status = STATUS_SENT; status <= STATUS_PLAYED; status++) {
		ev = test_tick("wamid.OUT", (enum message_status)status,
			TEST_NOW_MS + 1000 * status);
		ev.target_message = id;
		test_apply(job, ch, &ev, NULL);
	}
	EXPECT_OK(message_get(job, id, &m));
	EXPECT_INT(m.status, STATUS_PLAYED);
	EXPECT_STR(m.remote_id, "wamid.OUT");
	EXPECT_INT(m.sent_ms, TEST_NOW_MS + 4000);
	EXPECT_INT(m.delivered_ms, TEST_NOW_MS + 5000);
	EXPECT_INT(m.read_ms, TEST_NOW_MS + 6000);
	EXPECT_INT(m.played_ms, TEST_NOW_MS + 7000);
}

STORE_TEST(a_status_that_names_our_id_settles_a_send_whose_answer_was_lost)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "wamid.IN", "hi", TEST_NOW_MS), ev;
	struct conversation conv;
	struct message_waiting_row waiting;
	struct message m;
	id64 id;

	test_apply(job, ch, &in, NULL);
	conv = test_conversation(job, ch, "wamid.IN");
	id = test_outgoing(job, &conv, "hello");
	EXPECT_OK(sql_message_waiting(job, &(struct sql_message_waiting){ id, job->workspace },
		&waiting));
	ev = test_tick("wamid.OUT", STATUS_SENT, TEST_NOW_MS);
	ev.target_message = id;
	test_apply(job, ch, &ev, NULL);
	m = test_message(job, ch, "wamid.OUT");
	EXPECT_INT(m.id, id);
	EXPECT_INT(m.status, STATUS_SENT);
	EXPECT_ERR(sql_message_waiting(job, &(struct sql_message_waiting){ id, job->workspace },
			   &waiting),
		ERR_MISSING);
}

STORE_TEST(an_id_of_another_channel_or_workspace_is_not_believed)
{
	struct channel *ch = test_channel(job), *second = test_another_channel(job, 2);
	struct provider_event in = test_says("12025550142", "wamid.IN", "hi", TEST_NOW_MS);
	struct provider_event ev = test_tick("wamid.OUT", STATUS_READ, TEST_NOW_MS);
	struct conversation conv;
	struct message m;

	test_apply(job, ch, &in, NULL);
	conv = test_conversation(job, ch, "wamid.IN");
	ev.target_message = test_outgoing(job, &conv, "hello");
	test_apply(job, second, &ev, NULL);
	EXPECT_OK(message_get(job, ev.target_message, &m));
	EXPECT_INT(m.status, STATUS_ACCEPTED);
}

STORE_TEST(a_failure_after_delivery_warns_and_takes_nothing_back)
{
	struct channel *ch = test_channel(job);
	struct provider_event echo = test_says("12025550142", "wamid.E", "hi", TEST_NOW_MS);
	struct provider_event delivered =
		test_tick("wamid.E", STATUS_DELIVERED, TEST_NOW_MS + 1000);
	struct provider_event failed = failure("wamid.E", TEST_NOW_MS + 2000);
	struct message m;

	echo.is_echo = true;
	test_apply(job, ch, &echo, NULL);
	test_apply(job, ch, &delivered, NULL);
	test_apply(job, ch, &failed, NULL);
	m = test_message(job, ch, "wamid.E");
	EXPECT_INT(m.status, STATUS_DELIVERED);
	EXPECT(m.flags & FLAG_WARNED);
	EXPECT(str_has(m.error, S("131026")));
}

STORE_TEST(a_late_failure_of_an_earlier_attempt_does_not_fail_a_retried_message)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "wamid.IN", "hi", TEST_NOW_MS), failed,
			      sent;
	struct outbox_state_row waiting;
	struct conversation conv;
	struct message m;
	id64 id;

	test_apply(job, ch, &in, NULL);
	conv = test_conversation(job, ch, "wamid.IN");
	id = test_outgoing(job, &conv, "hello");
	failed = failure("wamid.FIRST", TEST_NOW_MS + 1000);
	failed.target_message = id;
	test_apply(job, ch, &failed, NULL);
	EXPECT_OK(inbox_retry(job, id, &m));
	test_apply(job, ch, &failed, NULL);
	/* Reports come in any order: that it was sent once is no reason not to send it again. */
	sent = test_tick("wamid.FIRST", STATUS_SENT, TEST_NOW_MS + 900);
	test_apply(job, ch, &sent, NULL);
	EXPECT_OK(message_get(job, id, &m));
	EXPECT_INT(m.status, STATUS_ACCEPTED);
	EXPECT_OK(sql_outbox_get(job, &(struct sql_outbox_get){ id }, &waiting));
	sent = test_tick("wamid.SECOND", STATUS_SENT, TEST_NOW_MS + 5000);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(message_move(job, id,
		&(struct status_step){ STATUS_SENT, TEST_NOW_MS + 5000, STR_NONE, sent.target_id },
		&(struct inbox_changes){ 0 }, &(bool){ false }));
	EXPECT_OK(db_commit(job));
	test_apply(job, ch, &failed, NULL);
	EXPECT_OK(message_get(job, id, &m));
	EXPECT_INT(m.status, STATUS_SENT);
	EXPECT_STR(m.remote_id, "wamid.SECOND");
}

STORE_TEST(a_retry_outside_the_window_is_refused_before_it_is_queued)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "wamid.IN", "hi", TEST_NOW_MS), failed;
	struct conversation conv;
	struct message m;
	id64 id;

	test_apply(job, ch, &in, NULL);
	conv = test_conversation(job, ch, "wamid.IN");
	id = test_outgoing(job, &conv, "hello");
	failed = failure("wamid.FIRST", TEST_NOW_MS + 1000);
	failed.target_message = id;
	test_apply(job, ch, &failed, NULL);
	job->now_ms += WINDOW_MS;
	EXPECT_ERR(inbox_retry(job, id, &m), ERR_INPUT);
	EXPECT_STR(job->code, "window_closed");
	db_rollback(job);
	EXPECT_OK(message_get(job, id, &m));
	EXPECT_INT(m.status, STATUS_FAILED);
}

/* ---- the same request again ---- */

STORE_TEST(a_key_stands_for_a_day_and_may_be_used_again_then)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "A", "hi", TEST_NOW_MS);
	struct message_draft draft = { .kind = KIND_TEXT, .idempotency_key = S("key"),
		.request_hash = S("0123456789abcdef0123456789abcdef") };
	struct message first, again;
	bool repeated;

	test_apply(job, ch, &in, NULL);
	draft.conversation_id = test_conversation(job, ch, "A").id;
	EXPECT_OK(json_read(job->arena, S("{\"body\":\"Hello\"}"), &draft.content, NULL));
	EXPECT_OK(inbox_send(job, &draft, &first, &repeated));
	EXPECT(!repeated);
	job->now_ms += 24 * 3600 * 1000LL;
	EXPECT_OK(inbox_send(job, &draft, &again, &repeated));
	EXPECT(repeated && again.id == first.id);
	job->now_ms += 1;
	in = test_says("12025550142", "B", "still there?", job->now_ms);
	test_apply(job, ch, &in, NULL);
	EXPECT_OK(inbox_send(job, &draft, &again, &repeated));
	EXPECT(!repeated && again.id != first.id);
	EXPECT_OK(inbox_send(job, &draft, &first, &repeated));
	EXPECT(repeated && again.id == first.id);
}

/* ---- any order, any repetition ---- */

#define STORY 10
#define ROUNDS 60

static void tell_story(const char *target, struct provider_event story[STORY])
{
	int64_t t = TEST_NOW_MS;

	story[0] = test_says("12025550142", target, "helo", t);
	story[0].is_echo = true;
	story[1] = test_tick(target, STATUS_SENT, t + 1000);
	story[2] = test_tick(target, STATUS_DELIVERED, t + 2000);
	story[3] = test_tick(target, STATUS_READ, t + 3000);
	story[4] = failure(target, t + 4000);
	story[5] = reaction(target, "\xF0\x9F\x91\x8D", false, t + 5000);
	story[6] = reaction(target, "", false, t + 6000);
	story[7] = reaction(target, "\xE2\x9D\xA4", true, t + 7000);
	story[8] = change(EVENT_EDIT, target, "hello", t + 8000);
	story[9] = change(EVENT_EDIT, target, "hello!", t + 9000);
	story[8].is_echo = story[9].is_echo = true;
}

static void shuffle(int order[STORY], unsigned *seed)
{
	for (int i = 0; i < STORY; i++)
		order[i] = i;
	for (int i = STORY - 1; i > 0; i--) {
		int j = rand_r(seed) % (i + 1), kept = order[i];

		order[i] = order[j];
		order[j] = kept;
	}
}

STORE_TEST(any_order_and_repetition_of_events_ends_in_the_same_row)
{
	struct channel *ch = test_channel(job);
	struct provider_event story[STORY];
	unsigned seed = 7;
	int order[STORY];
	str first = STR_NONE;

	for (int round = 0; round < ROUNDS; round++) {
		const char *target =
			arena_cstr(job->arena, arena_printf(job->arena, "wamid.R%d", round));
		struct message m;

		tell_story(target, story);
		shuffle(order, &seed);
		for (int i = 0; i < STORY; i++) {
			test_apply(job, ch, &story[round ? order[i] : i], NULL);
			if (rand_r(&seed) % 2)
				test_apply(job, ch, &story[order[rand_r(&seed) % (i + 1)]], NULL);
		}
		m = test_message(job, ch, target);
		if (!first.ptr)
			first = picture(job, &m);
		EXPECT_STR(picture(job, &m), arena_cstr(job->arena, first));
	}
	EXPECT(str_starts(first, S("read flags 24 {\"body\":\"hello!\"}")));
}

/* ---- effects that come first ---- */

STORE_TEST(a_status_before_its_message_waits_for_it_once)
{
	struct channel *ch = test_channel(job);
	struct provider_event status = test_tick("wamid.E", STATUS_READ, TEST_NOW_MS + 1000);
	struct provider_event echo = test_says("12025550142", "wamid.E", "hi", TEST_NOW_MS);
	struct waiting_effect_rows waiting;
	uint8_t key[REMOTE_KEY_SIZE];

	echo.is_echo = true;
	message_remote_key(ch->id, T("wamid.E"), key);
	test_apply(job, ch, &status, NULL);
	test_apply(job, ch, &status, NULL);
	EXPECT_OK(sql_effect_list(job,
		&(struct sql_effect_list){ { key, sizeof key }, job->workspace }, &waiting));
	EXPECT_INT(waiting.count, 1);
	test_apply(job, ch, &echo, NULL);
	EXPECT_INT(test_message(job, ch, "wamid.E").status, STATUS_READ);
	EXPECT_INT(test_message(job, ch, "wamid.E").read_ms, TEST_NOW_MS + 1000);
	EXPECT_OK(sql_effect_list(job,
		&(struct sql_effect_list){ { key, sizeof key }, job->workspace }, &waiting));
	EXPECT_INT(waiting.count, 0);
}

/* As two transactions leave it that ran side by side: the message is there, and the status waits.
 */
STORE_TEST(a_status_that_missed_its_message_meets_it_soon)
{
	struct channel *ch = test_channel(job);
	struct provider_event status = test_tick("wamid.E", STATUS_READ, TEST_NOW_MS + 1000),
			      echo = test_says("12025550142", "wamid.E", "hi", TEST_NOW_MS);
	uint8_t key[REMOTE_KEY_SIZE];
	const bytes remote_key = { key, sizeof key };
	struct waiting_effect_rows waiting;
	size_t count;

	echo.is_echo = true;
	message_remote_key(ch->id, T("wamid.E"), key);
	test_apply(job, ch, &status, NULL);
	EXPECT_OK(effects_settle_missed(job, 10, &count));
	EXPECT_INT(count, 0);
	EXPECT_OK(sql_effect_list(job,
		&(struct sql_effect_list){ remote_key, job->workspace }, &waiting));
	EXPECT_INT(waiting.count, 1);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(sql_effect_drop(job,
		&(struct sql_effect_drop){ remote_key, job->workspace }, NULL));
	EXPECT_OK(db_commit(job));
	test_apply(job, ch, &echo, NULL);
	EXPECT(test_message(job, ch, "wamid.E").status != STATUS_READ);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(sql_effect_add(job,
		&(struct sql_effect_add){ job_id(job), job->workspace, remote_key,
			waiting.items[0].effect_sealed, job->now_ms },
		NULL));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(effects_settle_missed(job, 10, &count));
	EXPECT_INT(count, 1);
	EXPECT_INT(test_message(job, ch, "wamid.E").status, STATUS_READ);
	EXPECT_OK(effects_settle_missed(job, 10, &count));
	EXPECT_INT(count, 0);
}

STORE_TEST(a_quote_finds_its_message_also_when_that_comes_later)
{
	struct channel *ch = test_channel(job);
	struct provider_event quote = test_says("12025550142", "wamid.Q", "yes", TEST_NOW_MS);
	struct provider_event quoted =
		test_says("12025550142", "wamid.A", "shall we?", TEST_NOW_MS - 1000);

	quote.reply_to = S("wamid.A");
	test_apply(job, ch, &quote, NULL);
	EXPECT_INT(test_message(job, ch, "wamid.Q").reply_to_id, 0);
	EXPECT_STR(test_message(job, ch, "wamid.Q").reply_to_remote, "wamid.A");
	test_apply(job, ch, &quoted, NULL);
	EXPECT_INT(test_message(job, ch, "wamid.Q").reply_to_id,
		test_message(job, ch, "wamid.A").id);
}

STORE_TEST(a_quote_of_another_conversation_is_not_followed)
{
	struct channel *ch = test_channel(job);
	struct provider_event quoted = test_says("12025550143", "wamid.A", "secret", TEST_NOW_MS);
	struct provider_event quote = test_says("12025550142", "wamid.Q", "?", TEST_NOW_MS);

	quote.reply_to = S("wamid.A");
	test_apply(job, ch, &quoted, NULL);
	test_apply(job, ch, &quote, NULL);
	EXPECT_INT(test_message(job, ch, "wamid.Q").reply_to_id, 0);
}

/* ---- edits and revokes ---- */

STORE_TEST(an_edit_keeps_what_stood_there_before)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "wamid.A", "helo", TEST_NOW_MS);
	struct provider_event edit = change(EVENT_EDIT, "wamid.A", "hello", TEST_NOW_MS + 1000);
	struct message_version_rows versions;
	struct message m;

	test_apply(job, ch, &in, NULL);
	test_apply(job, ch, &edit, NULL);
	test_apply(job, ch, &edit, NULL);
	m = test_message(job, ch, "wamid.A");
	EXPECT_STR(m.content, "{\"body\":\"hello\"}");
	EXPECT_INT(m.edited_ms, TEST_NOW_MS + 1000);
	EXPECT_OK(sql_message_version_list(job,
		&(struct sql_message_version_list){ m.id, job->workspace }, &versions));
	EXPECT_INT(versions.count, 1);
}

STORE_TEST(a_revoked_message_says_when_and_is_not_found_any_more)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "wamid.A", "regrettable", TEST_NOW_MS);
	struct provider_event revoke = change(EVENT_REVOKE, "wamid.A", "", TEST_NOW_MS + 1000);
	const struct message_search search = { .query = S("regrettable"), .max = 10 };
	struct messages found;
	id64 next;

	test_apply(job, ch, &in, NULL);
	EXPECT_OK(search_messages(job, &search, &found, &next));
	EXPECT_INT(found.count, 1);
	test_apply(job, ch, &revoke, NULL);
	test_apply(job, ch, &revoke, NULL);
	EXPECT_INT(test_message(job, ch, "wamid.A").deleted_ms, TEST_NOW_MS + 1000);
	EXPECT_OK(search_messages(job, &search, &found, &next));
	EXPECT_INT(found.count, 0);
}

STORE_TEST(messages_of_another_workspace_are_not_there)
{
	struct channel *ch = test_channel(job);
	struct provider_event in = test_says("12025550142", "wamid.A", "hi", TEST_NOW_MS);
	struct conversation conv;
	struct message m;

	test_apply(job, ch, &in, NULL);
	m = test_message(job, ch, "wamid.A");
	conv = test_conversation(job, ch, "wamid.A");
	job->workspace++;
	EXPECT_ERR(message_get(job, m.id, &m), ERR_MISSING);
	EXPECT_ERR(conversation_get(job, conv.id, &conv), ERR_MISSING);
	job->workspace--;
}
