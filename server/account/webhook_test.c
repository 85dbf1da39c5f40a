/* webhook_test.c: signatures, and what is written with a change or not at all. */
#include "account/webhook.h"

#include "account/account_test.h"
#include "store/queries.h"

static struct webhook make(struct job *job, const char *url)
{
	struct webhook out;

	webhook_set_addresses(true, "443");
	EXPECT_OK(webhook_create(job,
		&(struct webhook_draft){ .has_url = true, .url = str_of(url) }, &out));
	return out;
}

static void emit(struct job *job, enum webhook_kind kind, id64 contact, bool commits)
{
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(webhook_emit(job, &(struct webhook_event){ .kind = kind, .contact = contact }));
	if (commits)
		EXPECT_OK(db_commit(job));
	else
		db_rollback(job);
}

static size_t count(struct job *job, id64 webhook, int state)
{
	struct webhook_delivery *items;
	size_t n;

	EXPECT_OK(webhook_delivery_list(job,
		&(struct webhook_filter){ webhook, 0, state, INT64_MAX, 100 }, &items, &n));
	return n;
}

TEST(a_signature_is_that_of_the_vector)
{
	crypto_init();
	EXPECT_STR(webhook_sign(test_arena(),
			   S("whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="),
			   S("msg_01JABCDEF"), 1760000000,
			   S("{\"type\":\"message.received\",\"timestamp\":\"2026-10-09T08:00:00."
			     "000Z\",\"data\":{\"id\":\"m_1\"}}")),
		"v1,0go1mZCiBn80ZlwoXlgWRO4KSRA4mi5twLoeebV1oxg=");
	EXPECT(!webhook_sign(test_arena(), S("secret"), S("a"), 1, S("b")).ptr);
}

TEST(every_kind_has_a_name_that_is_read_back)
{
	enum webhook_kind kind;

	for (int i = 0; i < WEBHOOK_KIND_COUNT; i++) {
		EXPECT(webhook_kind_parse(str_of(webhook_kind_name((enum webhook_kind)i)), &kind));
		EXPECT_INT(kind, i);
		EXPECT_INT(webhook_kind_of(WEBHOOK_BIT(i)), i);
	}
	EXPECT(!webhook_kind_parse(S("message"), &kind));
}

STORE_TEST(an_event_is_there_with_its_change_or_not_at_all)
{
	struct webhook w;

	make_workspace(job, "owner@shop.example");
	w = make(job, "http://127.0.0.1:1/");
	emit(job, WEBHOOK_CONTACT_CREATED, 7, false);
	EXPECT_INT(count(job, w.id, -1), 0);
	emit(job, WEBHOOK_CONTACT_CREATED, 7, true);
	EXPECT_INT(count(job, w.id, WEBHOOK_WAITING), 1);
	webhooks_close();
}

STORE_TEST(without_a_webhook_nothing_is_written)
{
	struct webhook_event_rows rows;

	make_workspace(job, "owner@shop.example");
	emit(job, WEBHOOK_CONTACT_CREATED, 7, true);
	EXPECT_OK(sql_webhook_event_unmade(job, &(struct sql_webhook_event_unmade){ 10 }, &rows));
	EXPECT_INT(rows.count, 0);
}

STORE_TEST(a_disabled_webhook_gets_by_replay_what_it_missed)
{
	struct webhook w;
	int64_t n;

	make_workspace(job, "owner@shop.example");
	w = make(job, "http://127.0.0.1:1/");
	EXPECT_OK(webhook_change(job, w.id,
		&(struct webhook_draft){ .has_disabled = true, .disabled = true }, &w));
	emit(job, WEBHOOK_CONTACT_UPDATED, 7, true);
	emit(job, WEBHOOK_CONTACT_UPDATED, 7, true);
	EXPECT_INT(count(job, w.id, -1), 0);
	EXPECT_OK(webhook_replay(job, w.id, job->now_ms - 1000, job->now_ms + 1000, &n));
	EXPECT_INT(n, 2);
	EXPECT_OK(webhook_replay(job, w.id, job->now_ms - 1000, job->now_ms + 1000, &n));
	EXPECT_INT(n, 2);
	EXPECT_INT(count(job, w.id, WEBHOOK_WAITING), 2);
	webhooks_close();
}

STORE_TEST(what_is_older_than_its_time_goes_with_all_that_belongs_to_it)
{
	int64_t attempts, deliveries, events;
	struct webhook w;
	id64 before;

	make_workspace(job, "owner@shop.example");
	w = make(job, "http://127.0.0.1:1/");
	emit(job, WEBHOOK_CONTACT_UPDATED, 7, true);
	before = id64_floor(job->now_ms + 1);
	job->now_ms += 2;
	emit(job, WEBHOOK_CONTACT_UPDATED, 8, true);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(sql_webhook_prune_attempts(job,
		&(struct sql_webhook_prune_attempts){ before, 100 }, &attempts));
	EXPECT_OK(sql_webhook_prune_deliveries(job,
		&(struct sql_webhook_prune_deliveries){ before, 100 }, &deliveries));
	EXPECT_OK(sql_webhook_prune_events(job, &(struct sql_webhook_prune_events){ before, 100 },
		&events));
	EXPECT_OK(db_commit(job));
	EXPECT_INT(attempts, 0);
	EXPECT_INT(deliveries, 1);
	EXPECT_INT(events, 1);
	EXPECT_INT(count(job, w.id, -1), 1);
	webhooks_close();
}

STORE_TEST(of_each_lane_only_the_first_that_waits_is_due)
{
	struct webhook_event_rows unmade;
	struct webhook_item_rows due;
	struct webhook w;

	make_workspace(job, "owner@shop.example");
	w = make(job, "http://127.0.0.1:1/");
	for (int i = 0; i < 3; i++)
		emit(job, WEBHOOK_CONTACT_UPDATED, 7, true);
	emit(job, WEBHOOK_CONTACT_UPDATED, 8, true);
	EXPECT_OK(sql_webhook_event_unmade(job, &(struct sql_webhook_event_unmade){ 10 }, &unmade));
	EXPECT_INT(unmade.count, 4);
	EXPECT_OK(db_begin(job, DB_WRITE));
	for (size_t i = 0; i < unmade.count; i++)
		EXPECT_OK(sql_webhook_event_made(job,
			&(struct sql_webhook_event_made){ unmade.items[i].id,
				{ (uint8_t *)"x", 1 } },
			NULL));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(sql_webhook_delivery_due(job,
		&(struct sql_webhook_delivery_due){ w.id, job->now_ms, 10 }, &due));
	EXPECT_INT(due.count, 2);
	EXPECT_INT(due.items[0].event, unmade.items[0].id);
	EXPECT_INT(due.items[1].event, unmade.items[3].id);
	webhooks_close();
}
