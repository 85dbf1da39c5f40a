/* conversation_change_test.c: what a team decides about a conversation, and the record of it. */
#include "inbox/inbox_internal.h"
#include "inbox/test_inbox.h"

#include "account/audit.h"
#include "account/channel.h"
#include "account/scope.h"

static struct conversation a_conversation(struct job *job)
{
	struct channel *ch = test_channel(job);
	struct provider_event hi = test_says("12025550142", "wamid.A", "hi", TEST_NOW_MS);

	test_apply(job, ch, &hi, NULL);
	return test_conversation(job, ch, "wamid.A");
}

static enum err update(struct job *job, id64 id, const struct conversation_patch *patch,
	struct conversation *out)
{
	struct inbox_changes changes = { 0 };
	enum err e = db_begin(job, DB_WRITE);

	e = e == OK ? conversation_update(job, id, patch, &changes, out) : e;
	if (e == OK)
		return db_commit(job);
	db_rollback(job);
	return e;
}

static size_t count_events(struct job *job, id64 id)
{
	struct conversation_event_rows rows;

	EXPECT_OK(sql_conversation_event_list(job, &(struct sql_conversation_event_list){
		id, job->workspace, INT64_MAX, 100 }, &rows));
	return rows.count;
}

STORE_TEST(each_difference_is_an_event_and_all_are_one_audit_row)
{
	struct conversation conv = a_conversation(job), after;
	struct conversation_patch patch = { .has_status = true,
		.status = CONVERSATION_SNOOZED,
		.snoozed_until_ms = job->now_ms + 60000,
		.has_priority = true,
		.priority = PRIORITY_HIGH,
		.reason = S("on holiday") };
	struct audit_item *rows;
	size_t count;

	EXPECT_INT(conv.waiting_since_ms > 0, 1);
	EXPECT_OK(update(job, conv.id, &patch, &after));
	EXPECT_INT(after.status, CONVERSATION_SNOOZED);
	EXPECT_INT(after.snoozed_until_ms, patch.snoozed_until_ms);
	EXPECT_INT(count_events(job, conv.id), 3); /* status, snoozed, priority */
	EXPECT_OK(update(job, conv.id, &patch, &after));
	EXPECT_INT(count_events(job, conv.id), 3); /* nothing differed */
	EXPECT_OK(audit_read(job, &(struct audit_filter){ 0 }, 0, 10, &rows, &count));
	EXPECT_STR(rows[0].action, "conversation.update");
	EXPECT_STR(rows[0].reason, "on holiday");
	EXPECT(count < 2 || !str_is(rows[1].action, S("conversation.update")));
}

STORE_TEST(a_customer_wakes_what_is_snoozed_and_the_answer_ends_the_wait)
{
	struct conversation conv = a_conversation(job), after;
	struct conversation_patch resolve = { .has_status = true, .status = CONVERSATION_RESOLVED };
	struct provider_event more =
		test_says("12025550142", "wamid.B", "still there?", TEST_NOW_MS + 5000);
	struct channel *ch;

	EXPECT_OK(update(job, conv.id, &resolve, &after));
	EXPECT_INT(after.waiting_since_ms, 0);
	EXPECT_OK(channel_get(job, conv.channel_id, &ch));
	test_apply(job, ch, &more, NULL);
	EXPECT_OK(conversation_get(job, conv.id, &after));
	EXPECT_INT(after.status, CONVERSATION_OPEN);
	EXPECT(after.waiting_since_ms > 0);
}

STORE_TEST(what_is_out_of_scope_is_not_there)
{
	struct conversation conv = a_conversation(job), seen;
	id64 other = conv.channel_id + 1;
	struct scope scope = { .person = 7, .channels = &other, .channel_count = 1 };

	job->scope = &scope;
	EXPECT_INT(conversation_get(job, conv.id, &seen), ERR_MISSING);
	scope.channels = &conv.channel_id;
	EXPECT_OK(conversation_get(job, conv.id, &seen));
	scope.sees = SEES_OWN;
	EXPECT_INT(conversation_get(job, conv.id, &seen), ERR_MISSING);
}

STORE_TEST(a_stranger_is_not_assigned_and_no_time_in_the_past_is_snoozed_to)
{
	struct conversation conv = a_conversation(job), after;

	EXPECT_INT(update(job, conv.id,
			   &(struct conversation_patch){
				   .has_assignee = true, .assignee_id = 12345 },
			   &after),
		ERR_INPUT);
	job_forgive(job);
	EXPECT_INT(update(job, conv.id,
			   &(struct conversation_patch){ .has_status = true,
				   .status = CONVERSATION_SNOOZED,
				   .snoozed_until_ms = 1 },
			   &after),
		ERR_INPUT);
	job_forgive(job);
	EXPECT_INT(count_events(job, conv.id), 0);
}

/* ---- every move there is ---- */

/* A state brings its time with it, and what is done waits for nobody. */
static void expect_whole(const struct conversation *conv)
{
	bool is_done = conv->status == CONVERSATION_RESOLVED ||
	               conv->status == CONVERSATION_ARCHIVED;

	EXPECT((conv->status == CONVERSATION_SNOOZED) == (conv->snoozed_until_ms > 0));
	EXPECT(!is_done || (!conv->waiting_since_ms && !conv->queued_ms));
}

static struct conversation_patch to_status(struct job *job, int status, int64_t in_ms)
{
	return (struct conversation_patch){ .has_status = true,
		.status = (enum conversation_status)status,
		.snoozed_until_ms = job->now_ms + in_ms };
}

static struct conversation put_into(struct job *job, id64 id, int status)
{
	struct conversation_patch patch = to_status(job, status, 60000);
	struct conversation out;

	EXPECT_OK(update(job, id, &patch, &out));
	EXPECT_INT(out.status, status);
	return out;
}

STORE_TEST(a_conversation_goes_from_each_state_to_each_but_is_not_snoozed_into_the_past)
{
	struct conversation conv = a_conversation(job), from, after, stored;

	for (int a = 0; a < CONVERSATION_STATUSES; a++) {
		for (int b = 0; b < CONVERSATION_STATUSES; b++) {
			struct conversation_patch patch = to_status(job, b, 60000);
			size_t events;

			from = put_into(job, conv.id, a);
			events = count_events(job, conv.id);
			EXPECT_OK(update(job, conv.id, &patch, &after));
			EXPECT_OK(conversation_get(job, conv.id, &stored));
			EXPECT_INT(stored.status, b);
			expect_whole(&stored);
			EXPECT_INT(count_events(job, conv.id) > events, a != b);
			/* nothing else moves with it */
			EXPECT_INT(stored.assignee_id, from.assignee_id);
			EXPECT_INT(stored.priority, from.priority);
		}
		for (int64_t late = -1; late <= 0; late++) {
			struct conversation_patch past =
				to_status(job, CONVERSATION_SNOOZED, late);
			size_t events;

			put_into(job, conv.id, a);
			events = count_events(job, conv.id);
			EXPECT_INT(update(job, conv.id, &past, &after), ERR_INPUT);
			job_forgive(job);
			EXPECT_OK(conversation_get(job, conv.id, &stored));
			EXPECT_INT(stored.status, a);
			EXPECT_INT(count_events(job, conv.id), events);
		}
	}
}

STORE_TEST(other_changes_are_taken_in_each_state_and_leave_it_as_it_is)
{
	struct conversation conv = a_conversation(job), after;
	const struct conversation_patch changes[] = {
		{ .has_assignee = true, .assignee_id = job->actor.id },
		{ .has_assignee = true },
		{ .has_priority = true, .priority = PRIORITY_URGENT },
		{ .has_priority = true },
		{ .has_team = true },
	}, strangers[] = {
		{ .has_assignee = true, .assignee_id = 12345 },
		{ .has_team = true, .team_id = 12345 },
	};

	for (int a = 0; a < CONVERSATION_STATUSES; a++) {
		put_into(job, conv.id, a);
		for (size_t i = 0; i < COUNT_OF(changes); i++) {
			EXPECT_OK(update(job, conv.id, &changes[i], &after));
			EXPECT_INT(after.status, a);
			EXPECT(!changes[i].has_assignee ||
				after.assignee_id == changes[i].assignee_id);
			EXPECT(!changes[i].has_priority || after.priority == changes[i].priority);
			expect_whole(&after);
		}
		for (size_t i = 0; i < COUNT_OF(strangers); i++) {
			EXPECT_INT(update(job, conv.id, &strangers[i], &after), ERR_INPUT);
			job_forgive(job);
		}
	}
}
