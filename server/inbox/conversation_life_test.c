/* conversation_life_test.c: snoozed ones wake, and mixed-up persons are split and merged. */
#include "inbox/inbox_internal.h"
#include "inbox/test_inbox.h"

#include "account/channel.h"

static struct channel *ch;

static struct conversation says(struct job *job, const char *phone, const char *id,
	const char *body)
{
	struct provider_event ev = test_says(phone, id, body, job->now_ms);

	job->now_ms += 1000;
	test_apply(job, ch, &ev, NULL);
	return test_conversation(job, ch, id);
}

static struct conversation update(struct job *job, id64 id, struct conversation_patch patch)
{
	struct inbox_changes changes = { 0 };
	struct conversation out;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(conversation_update(job, id, &patch, &changes, &out));
	EXPECT_OK(db_commit(job));
	return out;
}

static struct conversation get(struct job *job, id64 id)
{
	struct conversation conv;

	EXPECT_OK(conversation_get(job, id, &conv));
	return conv;
}

/* The newest but that its snooze ended. */
static const char *last_event(struct job *job, id64 id)
{
	struct conversation_event_rows rows;

	EXPECT_OK(sql_conversation_event_list(job, &(struct sql_conversation_event_list){
		id, job->workspace, INT64_MAX, 2 }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		if (!str_is(rows.items[i].kind, S("snoozed")))
			return arena_printf(test_arena(), STR_F " " STR_F,
				STR_A(rows.items[i].kind), STR_A(rows.items[i].detail)).ptr;
	return "";
}

STORE_TEST(a_snoozed_conversation_wakes_at_its_time)
{
	struct conversation conv;
	size_t count;

	ch = test_channel(job);
	conv = says(job, "12025550101", "wamid.A", "hi");
	update(job, conv.id, (struct conversation_patch){ .has_status = true,
		.status = CONVERSATION_SNOOZED, .snoozed_until_ms = job->now_ms + 60000 });
	EXPECT_OK(conversation_wake_due(job, 10, &count));
	EXPECT_INT(count, 0);
	job->now_ms += 60000;
	EXPECT_OK(conversation_wake_due(job, 10, &count));
	EXPECT_INT(count, 1);
	EXPECT_INT(get(job, conv.id).status, CONVERSATION_OPEN);
	EXPECT_OK(conversation_wake_due(job, 10, &count));
	EXPECT_INT(count, 0);
}

STORE_TEST(a_customers_message_wakes_and_reopens_at_once_and_says_so)
{
	static const enum conversation_status closed[] = { CONVERSATION_SNOOZED,
		CONVERSATION_RESOLVED, CONVERSATION_ARCHIVED, CONVERSATION_WAITING };
	struct conversation conv;

	ch = test_channel(job);
	conv = says(job, "12025550101", "wamid.A", "hi");
	for (size_t i = 0; i < COUNT_OF(closed); i++) {
		update(job, conv.id, (struct conversation_patch){ .has_status = true,
			.status = closed[i], .snoozed_until_ms = job->now_ms + 60000 });
		conv = says(job, "12025550101",
			arena_printf(test_arena(), "wamid.%zu", i).ptr, "again");
		EXPECT_INT(conv.status, CONVERSATION_OPEN);
		EXPECT_INT(conv.snoozed_until_ms, 0);
		EXPECT_STR(T(last_event(job, conv.id)),
			arena_printf(test_arena(), "status {\"before\":\"%s\",\"after\":\"open\"}",
				conversation_status_name(closed[i])).ptr);
	}
}

STORE_TEST(only_whoever_has_it_reads_it_by_answering)
{
	struct conversation conv;

	ch = test_channel(job);
	conv = says(job, "12025550101", "wamid.A", "hi");
	test_outgoing(job, &conv, "a colleague helps");
	conv = get(job, conv.id);
	EXPECT_INT(conv.unread_count, 1);
	EXPECT_INT(conv.waiting_since_ms, 0);
	update(job, conv.id, (struct conversation_patch){ .has_assignee = true,
		.assignee_id = job->actor.id });
	test_outgoing(job, &conv, "mine");
	EXPECT_INT(get(job, conv.id).unread_count, 0);
}

STORE_TEST(messages_of_somebody_else_are_split_off_and_found_where_they_are)
{
	struct message_search search = { .query = S("quince"), .max = 5 };
	struct inbox_changes changes = { 0 };
	struct conversation one, two, to;
	struct messages page;
	id64 first, next;

	ch = test_channel(job);
	two = says(job, "12025550102", "wamid.B", "I am another");
	says(job, "12025550101", "wamid.A1", "hi");
	first = (one = says(job, "12025550101", "wamid.A2", "a quince please")).last_message_id;
	says(job, "12025550101", "wamid.A3", "two of them");
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(conversation_split(job, one.id, &(struct split){ first, two.contact_id, S("") },
		&changes, &to));
	EXPECT_OK(db_commit(job));
	EXPECT_INT(to.id, two.id);
	EXPECT_INT(to.unread_count, 3);
	one = get(job, one.id);
	EXPECT_INT(one.unread_count, 1);
	EXPECT_OK(message_before(job, one.id, 0, 10, &page));
	EXPECT_INT(page.count, 1);
	EXPECT_INT(page.items[0].id, one.last_message_id);
	EXPECT_OK(message_before(job, to.id, 0, 10, &page));
	EXPECT_INT(page.count, 3);
	search.conversation = to.id;
	EXPECT_OK(search_messages(job, &search, &page, &next));
	EXPECT_INT(page.count, 1);
	search.conversation = one.id;
	EXPECT_OK(search_messages(job, &search, &page, &next));
	EXPECT_INT(page.count, 0);
}

STORE_TEST(merged_conversations_part_again)
{
	struct inbox_changes changes = { 0 };
	struct conversation one, two, out;
	id64 merge;

	ch = test_channel(job);
	one = says(job, "12025550101", "wamid.A", "hi");
	two = says(job, "12025550102", "wamid.B", "me too");
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(conversation_merge(job, one.id, two.id, S(""), &changes, &merge, &out));
	EXPECT_OK(db_commit(job));
	EXPECT_INT(get(job, two.id).id, one.id);
	EXPECT_INT(out.unread_count, 2);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(conversation_unmerge(job, one.id, merge, S(""), &changes, &out));
	EXPECT_OK(db_commit(job));
	EXPECT_INT(get(job, two.id).id, two.id);
	EXPECT_INT(out.unread_count, 1);
}

/* ---- labels ---- */

static struct conversation label(struct job *job, id64 id, const id64 *add, const id64 *remove)
{
	struct label_change change = { add, remove, add != NULL, remove != NULL, S("") };
	struct inbox_changes changes = { 0 };
	struct conversation out;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(conversation_label(job, id, &change, &changes, &out));
	EXPECT_OK(db_commit(job));
	return out;
}

STORE_TEST(a_label_is_put_on_once_and_its_name_is_in_the_events)
{
	struct conversation conv;
	struct label vip, other;

	ch = test_channel(job);
	conv = says(job, "12025550101", "wamid.A", "hi");
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(label_create(job, S("VIP"), S("#aa0011"), &vip));
	EXPECT_INT(label_create(job, S("VIP"), S("#aa0011"), &other), ERR_INPUT);
	db_rollback(job);
	job_forgive(job);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(label_create(job, S("VIP"), S("#aa0011"), &vip));
	EXPECT_OK(db_commit(job));
	label(job, conv.id, &vip.id, NULL);
	label(job, conv.id, &vip.id, NULL);
	EXPECT(str_starts(T(last_event(job, conv.id)), S("labelled ")));
	EXPECT(str_has(T(last_event(job, conv.id)), S("VIP")));
	label(job, conv.id, NULL, &vip.id);
	EXPECT(str_starts(T(last_event(job, conv.id)), S("unlabelled ")));
}
