/* change_test.c: what is done to messages after they were said: edits and revokes of ours going
 * out, those of others coming in, votes, and messages that deciphered late. */
#include "inbox/inbox_internal.h"
#include "inbox/test_inbox.h"

#define CHOSEN_SUSHI                                                                               \
	"[\"670bd9ced0c6bc3fab9bcce97185cdb5a6c6008f0bb7a33c5e432b7faa0e27ed\"]"
#define CHOSEN_BOTH                                                                                \
	"[\"670bd9ced0c6bc3fab9bcce97185cdb5a6c6008f0bb7a33c5e432b7faa0e27ed\","                   \
	"\"f12958816a49adfa2c6c8de8dd2144c163e92c5e375de964d533187c7d236c36\"]"

static struct provider_event about(enum event_kind kind, const char *target, int64_t at_ms)
{
	struct provider_event ev = test_says("12025550142", "", "other words", at_ms);

	ev.kind = kind;
	ev.remote_id = STR_NONE;
	ev.target_id = T(target);
	return ev;
}

/* A customer wrote, and we answered "hello", which is sent as "wamid.OUT". */
static id64 sent(struct job *job, struct channel *ch, struct conversation *conv)
{
	struct provider_event in = test_says("12025550142", "wamid.IN", "hi", TEST_NOW_MS), tick;
	id64 id;

	test_apply(job, ch, &in, NULL);
	*conv = test_conversation(job, ch, "wamid.IN");
	id = test_outgoing(job, conv, "hello");
	tick = test_tick("wamid.OUT", STATUS_SENT, TEST_NOW_MS);
	tick.target_message = id;
	test_apply(job, ch, &tick, NULL);
	return id;
}

/* Our edit or revoke of `target`, as the outbox has it. */
static id64 change_of(struct job *job, const struct conversation *conv, enum message_kind kind,
	id64 target)
{
	struct inbox_changes changes = { 0 };
	struct conversation copy = *conv;
	struct message msg = { .id = job_id(job),
		.conversation_id = conv->id,
		.channel_id = conv->channel_id,
		.kind = kind,
		.status = STATUS_ACCEPTED,
		.author_kind = ACTOR_PERSON,
		.content = S("{\"message_id\":\"1\",\"body\":\"hello!\"}"),
		.reply_to_id = target };

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(message_insert(job, &msg, &copy, &changes));
	EXPECT_OK(db_commit(job));
	return msg.id;
}

static void move(struct job *job, id64 id, enum message_status status, const char *remote_id)
{
	const struct status_step step = { .status = status, .at_ms = TEST_NOW_MS + 5000,
		.remote_id = str_of(remote_id),
		.error = status == STATUS_FAILED ? S("{\"message\":\"No network.\"}") : STR_NONE };
	struct inbox_changes changes = { 0 };
	bool moved;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(message_move(job, id, &step, &changes, &moved));
	EXPECT_OK(db_commit(job));
}

static size_t lines(struct job *job, const struct conversation *conv, struct message *last)
{
	struct message_rows rows;

	EXPECT_OK(sql_message_before(job,
		&(struct sql_message_before){ conv->id, job->workspace, INT64_MAX, 100 }, &rows));
	if (rows.count)
		EXPECT_OK(message_of_row(job, &rows.items[0], last));
	return rows.count;
}

/* ---- ours ---- */

STORE_TEST(an_edit_of_ours_shows_once_the_network_has_it)
{
	struct channel *ch = test_channel(job);
	struct conversation conv;
	struct message m;
	id64 id = sent(job, ch, &conv), edit = change_of(job, &conv, KIND_EDIT, id);

	EXPECT_OK(message_get(job, id, &m));
	EXPECT_STR(m.content, "{\"body\":\"hello\"}");
	move(job, edit, STATUS_SENT, "wamid.EDIT");
	EXPECT_OK(message_get(job, id, &m));
	EXPECT_STR(m.content, "{\"body\":\"hello!\"}");
	EXPECT_INT(m.edited_ms, TEST_NOW_MS + 5000);
	EXPECT_INT(lines(job, &conv, &m), 2);
}

STORE_TEST(a_revoke_that_did_not_go_out_leaves_the_message_and_a_line)
{
	struct channel *ch = test_channel(job);
	struct conversation conv;
	struct message m;
	id64 id = sent(job, ch, &conv), first = change_of(job, &conv, KIND_REVOKE, id);

	move(job, first, STATUS_FAILED, NULL);
	EXPECT_OK(message_get(job, id, &m));
	EXPECT_INT(m.deleted_ms, 0);
	EXPECT_INT(lines(job, &conv, &m), 3);
	EXPECT_INT(m.kind, KIND_SYSTEM);
	EXPECT(str_has(m.content, S("The message was not taken back. No network.")));
	move(job, change_of(job, &conv, KIND_REVOKE, id), STATUS_SENT, "wamid.REVOKE");
	EXPECT_OK(message_get(job, id, &m));
	EXPECT_INT(m.deleted_ms, TEST_NOW_MS + 5000);
}

STORE_TEST(only_our_own_texts_are_edited_and_not_for_ever)
{
	struct channel *ch = test_channel(job);
	struct conversation conv;
	struct message m;
	id64 id = sent(job, ch, &conv);

	EXPECT_OK(message_get(job, id, &m));
	EXPECT_OK(change_check(job, KIND_EDIT, &m));
	job->now_ms = TEST_NOW_MS + 16 * 60000;
	EXPECT_ERR(change_check(job, KIND_EDIT, &m), ERR_INPUT);
	EXPECT_STR(job->code, "too_old");
	job_forgive(job);
	EXPECT_OK(change_check(job, KIND_REVOKE, &m));
	m.kind = KIND_IMAGE;
	EXPECT_ERR(change_check(job, KIND_EDIT, &m), ERR_INPUT);
	job_forgive(job);
	m = test_message(job, ch, "wamid.IN");
	EXPECT_ERR(change_check(job, KIND_REVOKE, &m), ERR_INPUT);
	EXPECT_STR(job->code, "not_ours");
}

/* ---- theirs ---- */

STORE_TEST(a_customer_changes_nothing_of_ours)
{
	struct channel *ch = test_channel(job);
	struct provider_event edit = about(EVENT_EDIT, "wamid.OUT", TEST_NOW_MS + 1000),
			      revoke = about(EVENT_REVOKE, "wamid.OUT", TEST_NOW_MS + 2000);
	struct conversation conv;
	struct message m;
	id64 id = sent(job, ch, &conv);

	test_apply(job, ch, &edit, NULL);
	test_apply(job, ch, &revoke, NULL);
	EXPECT_OK(message_get(job, id, &m));
	EXPECT_STR(m.content, "{\"body\":\"hello\"}");
	EXPECT_INT(m.deleted_ms, 0);
	edit.is_echo = revoke.is_echo = true; /* and the owner may, by phone */
	test_apply(job, ch, &edit, NULL);
	EXPECT_OK(message_get(job, id, &m));
	EXPECT_STR(m.content, "{\"body\":\"other words\"}");
	test_apply(job, ch, &revoke, NULL);
	EXPECT_OK(message_get(job, id, &m));
	EXPECT_INT(m.deleted_ms, TEST_NOW_MS + 2000);
}

STORE_TEST(a_message_that_deciphers_late_takes_the_place_of_its_line)
{
	struct channel *ch = test_channel(job);
	struct provider_event waits = test_says("12025550142", "wamid.W", "x", TEST_NOW_MS),
			      come = test_says("12025550142", "wamid.W", "at last", TEST_NOW_MS);
	struct message m;

	waits.message_kind = KIND_WAITING;
	waits.content = S("{}");
	test_apply(job, ch, &waits, NULL);
	EXPECT_INT(test_message(job, ch, "wamid.W").kind, KIND_WAITING);
	test_apply(job, ch, &come, NULL);
	test_apply(job, ch, &waits, NULL);
	m = test_message(job, ch, "wamid.W");
	EXPECT_INT(m.kind, KIND_TEXT);
	EXPECT_STR(m.content, "{\"body\":\"at last\"}");
}

/* ---- votes ---- */

static struct provider_event poll(void)
{
	struct provider_event ev = test_says("12025550142", "wamid.POLL", "", TEST_NOW_MS);

	ev.message_kind = KIND_POLL;
	ev.content = S("{\"name\":\"Lunch?\",\"options\":[\"Pizza\",{\"name\":\"Sushi\"}],"
		       "\"selectable_count\":0}");
	return ev;
}

static struct provider_event vote(const char *phone, const char *hashes, int64_t at_ms)
{
	struct provider_event ev = { .kind = EVENT_VOTE, .who = { .phone = T(phone) },
		.at_ms = at_ms, .target_id = S("wamid.POLL"), .votes = T(hashes) };

	return ev;
}

static int64_t votes_of(struct job *job, const struct channel *ch, const char *path)
{
	struct message m = test_message(job, ch, "wamid.POLL");
	json content = NULL;

	EXPECT_OK(json_read(job->arena, m.content, &content, NULL));
	return json_int(json_path(content, path), -1);
}

STORE_TEST(votes_are_counted_and_the_last_of_a_person_counts)
{
	struct channel *ch = test_channel(job);
	struct provider_event first = vote("12025550142", CHOSEN_BOTH, TEST_NOW_MS + 1),
			      second = vote("12025550143", CHOSEN_SUSHI, TEST_NOW_MS + 2),
			      changed = vote("12025550142", "[]", TEST_NOW_MS + 3), p = poll();

	test_apply(job, ch, &first, NULL); /* before its poll: it waits */
	test_apply(job, ch, &p, NULL);
	EXPECT_INT(votes_of(job, ch, "options.0.votes"), 1);
	EXPECT_INT(votes_of(job, ch, "options.1.votes"), 1);
	test_apply(job, ch, &second, NULL);
	test_apply(job, ch, &second, NULL);
	EXPECT_INT(votes_of(job, ch, "options.1.votes"), 2);
	test_apply(job, ch, &changed, NULL);
	test_apply(job, ch, &first, NULL); /* an older one comes late */
	EXPECT_INT(votes_of(job, ch, "options.0.votes"), 0);
	EXPECT_INT(votes_of(job, ch, "options.1.votes"), 1);
	EXPECT_INT(votes_of(job, ch, "voters.1.options.0"), -1);
	EXPECT_INT(votes_of(job, ch, "selectable_count"), 0);
}
