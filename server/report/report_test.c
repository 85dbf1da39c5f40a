/* report_test.c: promises, the board and figures, over a real store. */
#include "inbox/test_inbox.h"
#include "report/report.h"

#include "account/account.h"
#include "inbox/composer.h"

#define MINUTE 60000LL

static struct conversation customer_writes(struct job *job, struct channel *ch, const char *phone,
	const char *wamid)
{
	struct provider_event event = test_says(phone, wamid, "hello", job->now_ms);

	test_apply(job, ch, &event, NULL);
	return test_conversation(job, ch, wamid);
}

/* The signed-in person answers. */
static void answer(struct job *job, const struct conversation *conv, const char *body)
{
	(void)test_outgoing(job, conv, body);
}

static void resolve(struct job *job, id64 id)
{
	struct inbox_changes changes = { 0 };
	struct conversation conv;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(conversation_update(job, id,
		&(struct conversation_patch){ .has_status = true, .status = CONVERSATION_RESOLVED },
		&changes, &conv));
	EXPECT_OK(db_commit(job));
}

static struct figures figures_of(struct job *job, struct figures_list *all)
{
	struct figures_ask ask = { .from_ms = TEST_NOW_MS, .until_ms = job->now_ms + 1 };

	EXPECT_OK(figures_load(job, &ask, all));
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].person_id == job->actor.id)
			return all->items[i];
	EXPECT(!all->count); /* the person has figures */
	return (struct figures){ 0 };
}

STORE_TEST(an_answer_ends_the_wait_of_the_oldest_message)
{
	struct channel *ch = test_channel(job);
	struct conversation conv = customer_writes(job, ch, "12025550142", "wamid.1");
	struct figures_list all;
	struct figures mine;

	job->now_ms += 2 * MINUTE;
	customer_writes(job, ch, "12025550142", "wamid.2");
	job->now_ms += 3 * MINUTE;
	answer(job, &conv, "hello!");
	job->now_ms += MINUTE;
	answer(job, &conv, "are you there?"); /* nobody waits: no answer */
	job->now_ms += MINUTE;
	customer_writes(job, ch, "12025550142", "wamid.3");
	job->now_ms += 4 * MINUTE;
	answer(job, &conv, "good");
	job->now_ms += 9 * MINUTE;
	resolve(job, conv.id);
	mine = figures_of(job, &all);
	EXPECT_INT(mine.first.count, 1);
	EXPECT_INT(mine.first.mean_ms, 5 * MINUTE);
	EXPECT_INT(mine.response.count, 2);
	EXPECT_INT(mine.response.median_ms, 4 * MINUTE);
	EXPECT_INT(mine.response.p90_ms, 4 * MINUTE);
	EXPECT_INT(mine.resolution.count, 1);
	EXPECT_INT(mine.resolution.mean_ms, 20 * MINUTE);
	EXPECT_INT(mine.conversations, 1);
	EXPECT_INT(all.total.response.count, 2);
}

STORE_TEST(a_case_that_opens_again_has_a_first_answer_of_its_own)
{
	struct channel *ch = test_channel(job);
	struct conversation conv = customer_writes(job, ch, "12025550142", "wamid.1");
	struct figures_list all;

	job->now_ms += MINUTE;
	answer(job, &conv, "one");
	resolve(job, conv.id);
	job->now_ms += 60 * MINUTE;
	customer_writes(job, ch, "12025550142", "wamid.2");
	EXPECT_OK(conversation_get(job, conv.id, &conv));
	EXPECT_INT(conv.opened_ms, job->now_ms);
	EXPECT_INT(conv.first_answer_id, 0);
	job->now_ms += 3 * MINUTE;
	answer(job, &conv, "two");
	EXPECT_INT(figures_of(job, &all).first.count, 2);
	EXPECT_INT(figures_of(job, &all).first.mean_ms, 2 * MINUTE);
}

static void promise(struct job *job, struct sla_policy policy)
{
	policy.name = S("All");
	EXPECT_OK(sla_store(job, &policy, 1));
}

static size_t count_breaches(struct job *job)
{
	struct sla_breach_rows rows;

	EXPECT_OK(sql_sla_breach_page(job,
		&(struct sql_sla_breach_page){ job->workspace, 0, 0, INT64_MAX, 100 }, &rows));
	return rows.count;
}

STORE_TEST(a_promise_is_broken_once)
{
	struct channel *ch = test_channel(job);
	struct conversation conv = customer_writes(job, ch, "12025550142", "wamid.1");
	id64 workspace = job->workspace;

	promise(job, (struct sla_policy){ .first_minutes = 10, .resolution_minutes = 60 });
	job->now_ms += 9 * MINUTE;
	EXPECT_OK(sla_watch(job, 0));
	job->workspace = workspace;
	EXPECT_INT(count_breaches(job), 0);
	job->now_ms += 2 * MINUTE;
	for (int i = 0; i < 2; i++) {
		EXPECT_OK(sla_watch(job, 0));
		job->workspace = workspace;
		EXPECT_INT(count_breaches(job), 1);
	}
	answer(job, &conv, "sorry");
	job->now_ms += 50 * MINUTE;
	EXPECT_OK(sla_watch(job, job->now_ms - 20000)); /* came due within the time looked at? no */
	job->workspace = workspace;
	EXPECT_INT(count_breaches(job), 1);
	EXPECT_OK(sla_watch(job, 0));
	job->workspace = workspace;
	EXPECT_INT(count_breaches(job), 2); /* the resolution's */
}

STORE_TEST(whoever_has_a_conversation_is_told_that_its_promise_is_broken)
{
	struct channel *ch = test_channel(job);
	struct conversation conv = customer_writes(job, ch, "12025550142", "wamid.1");
	struct inbox_changes changes = { 0 };
	id64 workspace = job->workspace, person = job->actor.id;
	int64_t before, after;

	promise(job, (struct sla_policy){ .first_minutes = 10 });
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(conversation_update(job, conv.id,
		&(struct conversation_patch){ .has_assignee = true, .assignee_id = person },
		&changes, &conv));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(notification_unread(job, person, &before));
	job->actor = (struct actor){ .kind = ACTOR_SYSTEM };
	job->now_ms += 11 * MINUTE;
	for (int i = 0; i < 2; i++)
		EXPECT_OK(sla_watch(job, 0));
	job->workspace = workspace;
	EXPECT_OK(notification_unread(job, person, &after));
	EXPECT_INT(after - before, 1);
}

STORE_TEST(the_first_policy_that_fits_counts)
{
	struct channel *ch = test_channel(job);
	struct conversation conv = customer_writes(job, ch, "12025550142", "wamid.1");
	const struct sla_policy policies[] = {
		{ .name = S("Urgent"), .least_priority = PRIORITY_URGENT, .first_minutes = 1 },
		{ .name = S("Other channel"), .channel_id = ch->id + 1, .first_minutes = 2 },
		{ .name = S("All"), .first_minutes = 30 },
	};
	struct sla_due dues[SLA_KINDS];
	struct sla sla;

	EXPECT_OK(sla_store(job, policies, COUNT_OF(policies)));
	EXPECT_OK(sla_load(job, &sla));
	EXPECT_INT(sla_dues(&sla, &conv, dues), 1);
	EXPECT_INT(dues[0].due_ms, conv.waiting_since_ms + 30 * MINUTE);
	conv.priority = PRIORITY_URGENT;
	EXPECT_INT(sla_dues(&sla, &conv, dues), 1);
	EXPECT_INT(dues[0].due_ms, conv.waiting_since_ms + MINUTE);
	conv.status = CONVERSATION_SNOOZED;
	EXPECT_INT(sla_dues(&sla, &conv, dues), 0);
}

STORE_TEST(the_board_shows_who_waits_longest_first)
{
	struct channel *ch = test_channel(job);
	struct conversation first = customer_writes(job, ch, "12025550142", "wamid.1"), second;
	struct board board;

	job->now_ms += MINUTE;
	second = customer_writes(job, ch, "12025550143", "wamid.2");
	job->now_ms += MINUTE;
	customer_writes(job, ch, "12025550144", "wamid.3");
	answer(job, &first, "hello");
	EXPECT_OK(board_load(job, &board));
	EXPECT_INT(board.load_count, 1);
	EXPECT_INT(board.loads[0].assignee_id, 0);
	EXPECT_INT(board.loads[0].open, 3);
	EXPECT_INT(board.loads[0].waiting, 2);
	EXPECT_INT(board.loads[0].oldest_ms, second.waiting_since_ms);
	EXPECT_INT(board.card_count, 3);
	EXPECT_INT(board.cards[0].conversation.id, second.id);
	EXPECT_INT(board.cards[2].conversation.id, first.id);
}

STORE_TEST(an_hour_that_is_over_is_counted_once)
{
	struct channel *ch = test_channel(job);
	/* past the ids of other tests */
	int64_t from = job->now_ms = (id64_ms(job_id(job)) / (60 * MINUTE) + 1) * 60 * MINUTE;
	struct conversation conv = customer_writes(job, ch, "12025550142", "wamid.1");
	struct traffic *hours;
	size_t count;

	answer(job, &conv, "hello");
	job->now_ms += 180 * MINUTE;
	customer_writes(job, ch, "12025550142", "wamid.2");
	for (int i = 0; i < 2; i++) {
		EXPECT_OK(traffic_load(job, from, &hours, &count));
		EXPECT_INT(count, 4);
		EXPECT_INT(hours[0].received, 1);
		EXPECT_INT(hours[0].sent, 1);
		EXPECT_INT(hours[1].received, 0);
		EXPECT_INT(hours[3].received, 1);
	}
}

STORE_TEST(figures_are_those_of_the_facts_whatever_happens)
{
	struct channel *ch = test_channel(job);
	static const char *const phones[] = { "12025550142", "12025550143", "12025550144" };
	int64_t waits[3] = { 0 }, sum = 0, count = 0;
	struct conversation convs[3];
	struct figures_list all;
	unsigned random = 7;
	struct figures mine;

	for (size_t i = 0; i < COUNT_OF(phones); i++) {
		convs[i] = customer_writes(job, ch, phones[i],
			arena_printf(job->arena, "wamid.s%zu", i).ptr);
		waits[i] = job->now_ms;
	}
	for (int step = 0; step < 200; step++) {
		size_t who = (random = random * 1103515245 + 12345) / 65536 % 3;
		bool customer = (random = random * 1103515245 + 12345) / 65536 % 2;

		job->now_ms += 1000 + random / 65536 % 5000;
		if (customer) {
			customer_writes(job, ch, phones[who],
				arena_printf(job->arena, "wamid.%d", step).ptr);
			waits[who] = waits[who] ? waits[who] : job->now_ms;
			continue;
		}
		answer(job, &convs[who], "yes");
		sum += waits[who] ? job->now_ms - waits[who] : 0;
		count += waits[who] > 0;
		waits[who] = 0;
	}
	mine = figures_of(job, &all);
	EXPECT_INT(mine.response.count, count);
	EXPECT_INT(mine.response.mean_ms, sum / count);
	EXPECT_INT(mine.conversations, 3);
}
