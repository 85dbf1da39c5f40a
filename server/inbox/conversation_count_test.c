/* conversation_count_test.c: the counts are what a count of all rows gives, after anything. */
#include "inbox/contacts.h"
#include "inbox/inbox_internal.h"
#include "inbox/test_inbox.h"

#include "account/channel.h"
#include "account/scope.h"

enum { STEPS = 150, PHONES = 12 };

static uint64_t seed;

static int roll(int sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (int)((seed >> 33) % (unsigned)sides);
}

static void expect_right(struct job *job)
{
	size_t wrong;

	EXPECT_OK(conversation_counts_check(job, false, &wrong));
	EXPECT_INT(wrong, 0);
}

static int64_t total_of(struct job *job)
{
	struct conversation_cells cells;
	int64_t total = 0;

	EXPECT_OK(conversation_counts(job, &cells));
	for (size_t i = 0; i < cells.count; i++)
		total += cells.items[i].total;
	return total;
}

static const char *phone(int i)
{
	return arena_printf(test_arena(), "120255500%02d", i).ptr;
}

static void customer_writes(struct job *job, const struct channel *ch, int step)
{
	struct provider_event hi = test_says(phone(roll(PHONES)),
		arena_printf(test_arena(), "wamid.%d", step).ptr, "hi", job->now_ms);

	test_apply(job, ch, &hi, NULL);
}

static void team_changes(struct job *job, id64 id)
{
	static const id64 teams[] = { 0, 0 };
	struct inbox_changes changes = { 0 };
	struct conversation_patch patch = { .has_status = roll(2),
		.status = (enum conversation_status)roll(CONVERSATION_STATUSES),
		.snoozed_until_ms = job->now_ms + 1000,
		.has_assignee = roll(2),
		.assignee_id = roll(2) ? job->actor.id : 0,
		.has_team = true,
		.team_id = teams[roll(2)] };
	struct read_receipt receipt;
	struct conversation conv;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(conversation_update(job, id, &patch, &changes, &conv));
	if (roll(3) == 0)
		EXPECT_OK(conversation_mark_read(job, id, &changes, &conv, &receipt));
	EXPECT_OK(db_commit(job));
}

/* Two contacts become one, and two again. */
static void people_merge(struct job *job)
{
	struct inbox_changes changes = { 0 };
	const struct contact_filter all = { .opted_out = -1, .blocked = -1 };
	const struct contact_place start = { 0 };
	struct contact_page two;
	id64 merge;

	EXPECT_OK(contact_find(job, &all, &start, 2, &two));
	if (two.contacts.count < 2)
		return;
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_merge(job, two.contacts.items[1].id, two.contacts.items[0].id, &changes,
		&merge));
	EXPECT_OK(db_commit(job));
	expect_right(job);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_unmerge(job, merge, &changes));
	EXPECT_OK(db_commit(job));
}

static id64 some_conversation(struct job *job)
{
	struct conversation_filter f = { .status = STATUS_EVERY, .max = PHONES * 2 };
	struct conversations list;

	EXPECT_OK(conversation_list(job, &f, &list));
	return list.count ? list.items[roll((int)list.count)].id : 0;
}

STORE_TEST(counts_are_right_after_anything)
{
	struct channel *ch[] = { test_channel(job), test_another_channel(job, 2) };
	struct conversation_filter f = { .status = STATUS_EVERY, .max = 1000 };
	struct conversations list;

	seed = 5;
	for (int i = 0; i < STEPS; i++) {
		int what = roll(10);
		id64 id = what < 4 ? 0 : some_conversation(job);

		job->now_ms += 1000;
		if (!id)
			customer_writes(job, ch[roll(2)], i);
		else if (what < 9)
			team_changes(job, id);
		else
			people_merge(job);
		if (i % 10 == 0)
			EXPECT_OK(conversation_counts_fold(job));
		expect_right(job);
	}
	EXPECT_OK(conversation_list(job, &f, &list));
	EXPECT_INT(total_of(job), list.count);
	EXPECT(list.count > 10);
}

STORE_TEST(what_was_rolled_back_is_not_counted)
{
	struct channel *ch = test_channel(job);
	struct inbox_changes changes = { 0 };
	struct provider_event hi = test_says(phone(1), "wamid.A", "hi", job->now_ms);

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(inbox_apply(job, ch, &hi, &changes));
	db_rollback(job);
	EXPECT_INT(total_of(job), 0);
	expect_right(job);
}

STORE_TEST(a_wrong_count_is_found_and_mended)
{
	struct channel *ch = test_channel(job);
	size_t wrong;

	customer_writes(job, ch, 1);
	EXPECT_OK(conversation_counts_fold(job));
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(sql_conversation_count_add(job, &(struct sql_conversation_count_add){
		.workspace = job->workspace, .channel = ch->id, .status = 2, .total = 3 }, NULL));
	EXPECT_OK(db_commit(job));
	EXPECT_INT(total_of(job), 4);
	EXPECT_OK(conversation_counts_check(job, true, &wrong));
	EXPECT_INT(wrong, 1);
	EXPECT_INT(total_of(job), 1);
	expect_right(job);
}

STORE_TEST(counts_are_those_of_the_askers_scope)
{
	struct channel *ch = test_channel(job), *other = test_another_channel(job, 2);
	struct scope scope = { .person = 5, .channels = &other->id, .channel_count = 1 };

	customer_writes(job, ch, 1);
	customer_writes(job, other, 2);
	EXPECT_INT(total_of(job), 2);
	job->scope = &scope;
	EXPECT_INT(total_of(job), 1);
	job->scope = NULL;
}
