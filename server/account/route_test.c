/* route_test.c: routes in the store: order, holds, and what is told when the choice changes. */
#include "account/account_test.h"

#include "account/audit.h"
#include "account/route.h"
#include "store/queries.h"

static struct channel *connect(struct job *job, const char *remote_id)
{
	const struct channel_draft d = { .provider = S("cloud"),
		.name = str_of(remote_id),
		.remote_id = str_of(remote_id),
		.account_id = S("200"),
		.access_token = S("EAAtoken"),
		.app_secret = S("s3cret"),
		.phone = S("15550783881"),
		.disabled = -1 };
	struct channel *ch;

	EXPECT_OK(channel_create(job, &d, &ch));
	return ch;
}

static struct number_route route_of(struct job *job, id64 number)
{
	struct number_route r;

	EXPECT_OK(number_route_get(job, number, &r));
	return r;
}

static id64 settle(struct job *job, id64 number)
{
	bool changed;

	EXPECT_OK(number_route_settle(job, number, &changed));
	return route_of(job, number).active;
}

static void break_it(struct job *job, id64 channel)
{
	for (int i = 0; i < BREAKER_FAILURES; i++)
		route_health_sent(channel, ROUTE_BROKE, 1, S("It answers 503."), job->now_ms);
}

static size_t audit_rows(struct job *job, const char *action)
{
	const struct audit_filter filter = { .action = str_of(action) };
	struct audit_item *items;
	size_t count;

	EXPECT_OK(audit_read(job, &filter, 0, 100, &items, &count));
	return count;
}

STORE_TEST(channels_of_one_number_stand_in_the_order_that_somebody_gave_them)
{
	struct channel *a, *b;

	make_workspace(job, "a@example.com");
	a = connect(job, "100");
	b = connect(job, "101");
	EXPECT_INT(a->number_id, b->number_id);
	EXPECT_INT(route_of(job, a->number_id).candidates[0].channel, a->id);
	EXPECT_OK(number_route_change(job, a->number_id,
		&(struct route_draft){ .has_mode = true, .mode = ROUTE_BY_WEIGHTS,
			.channels = (id64[]){ b->id, a->id }, .weights = (int64_t[]){ 70, 30 },
			.count = 2 }));
	EXPECT_INT(route_of(job, a->number_id).candidates[0].channel, b->id);
	EXPECT_INT(route_of(job, a->number_id).candidates[0].weight, 70);
	EXPECT_INT(route_of(job, a->number_id).mode, ROUTE_BY_WEIGHTS);
	EXPECT_INT(audit_rows(job, "number.route"), 1);
	EXPECT_ERR(number_route_change(job, a->number_id,
			   &(struct route_draft){ .channels = (id64[]){ b->id },
				   .weights = (int64_t[]){ 0 }, .count = 1 }),
		ERR_INPUT);
}

STORE_TEST(a_change_of_the_active_channel_is_written_once_with_notice_and_history)
{
	struct route_change *changes;
	struct notice_rows notices;
	struct channel *a, *b;
	size_t count;

	route_health_forget();
	make_workspace(job, "a@example.com");
	a = connect(job, "100");
	b = connect(job, "101");
	EXPECT_INT(settle(job, a->number_id), a->id);
	break_it(job, a->id);
	EXPECT_INT(settle(job, a->number_id), b->id);
	EXPECT_INT(settle(job, a->number_id), b->id);
	EXPECT_OK(number_route_history(job, a->number_id, 0, 10, &changes, &count));
	EXPECT_INT(count, 1);
	EXPECT_STR(changes[0].reason, "fallback");
	EXPECT_STR(changes[0].sentence, "Messages go through 101 now. 100 comes first, and does "
	                                "not work: It answers 503.");
	EXPECT_OK(sql_notice_list(job, &(struct sql_notice_list){ job->workspace, INT64_MAX, 10 },
		&notices));
	EXPECT_INT(notices.count, 1);
	EXPECT_STR(notices.items[0].severity, "warning");
	route_health_sent(a->id, ROUTE_TOOK, 1, STR_NONE, job->now_ms);
	EXPECT_INT(settle(job, a->number_id), a->id);
}

STORE_TEST(a_hold_needs_a_reason_stays_until_it_is_lifted_and_is_in_the_audit_trail)
{
	struct channel *a, *b;

	route_health_forget();
	make_workspace(job, "a@example.com");
	a = connect(job, "100");
	b = connect(job, "101");
	EXPECT_ERR(number_route_hold(job, a->number_id, &(struct route_hold){ b->id }), ERR_INPUT);
	EXPECT(has_field_error(job, "reason"));
	job_forgive(job);
	EXPECT_OK(number_route_hold(job, a->number_id,
		&(struct route_hold){ .channel = b->id, .reason = S("a test") }));
	break_it(job, b->id);
	EXPECT_INT(settle(job, a->number_id), b->id);
	EXPECT_STR(route_of(job, a->number_id).hold.reason, "a test");
	EXPECT_OK(number_route_hold(job, a->number_id,
		&(struct route_hold){ .reason = S("the test is over") }));
	EXPECT_INT(settle(job, a->number_id), a->id);
	EXPECT_INT(audit_rows(job, "number.hold"), 1);
	EXPECT_INT(audit_rows(job, "number.release"), 1);
}

STORE_TEST(a_hold_with_an_end_lifts_itself)
{
	struct channel *a, *b;

	route_health_forget();
	make_workspace(job, "a@example.com");
	a = connect(job, "100");
	b = connect(job, "101");
	EXPECT_OK(number_route_hold(job, a->number_id,
		&(struct route_hold){ .channel = b->id, .reason = S("an hour"),
			.until_ms = job->now_ms + 3600000 }));
	EXPECT_INT(settle(job, a->number_id), b->id);
	job->now_ms += 3600001;
	EXPECT_INT(settle(job, a->number_id), a->id);
	EXPECT_INT(audit_rows(job, "number.release"), 1);
}

STORE_TEST(a_message_of_a_number_with_one_channel_was_carried_by_that)
{
	struct route_decision *decisions;
	struct channel *a;
	size_t count;

	make_workspace(job, "a@example.com");
	a = connect(job, "100");
	EXPECT_OK(route_decisions(job, 5, a->id, &decisions, &count));
	EXPECT_INT(count, 1);
	EXPECT_STR(decisions[0].reason, "only");
	EXPECT_STR(decisions[0].provider, "cloud");
	EXPECT_STR(decisions[0].phone, "15550783881");
}
