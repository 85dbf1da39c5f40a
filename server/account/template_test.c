/* template_test.c: rows that follow the provider: in any order, however often, and their figures.
 */
#include "account/account_test.h"

#include "account/template_internal.h"
#include "store/store.h"

#define DAY_MS 86400000LL
#define ONE_BODY S("[{\"type\":\"BODY\",\"text\":\"Hi\"}]")

static struct channel *connect(struct job *job)
{
	struct channel *ch;

	make_workspace(job, "a@example.com");
	EXPECT_OK(channel_create(job,
		&(struct channel_draft){ .provider = S("cloud"),
			.name = S("Shop"),
			.remote_id = S("100"),
			.account_id = S("200"),
			.access_token = S("EAAtoken"),
			.app_secret = S("s3cret"),
			.disabled = -1 },
		&ch));
	return ch;
}

static id64 add(struct job *job, const char *name, const char *status)
{
	struct template_item t = { .id = job_id(job),
		.account_id = S("200"),
		.remote_id = S("77"),
		.name = str_of(name),
		.language = S("en_US"),
		.category = S("UTILITY"),
		.status = str_of(status),
		.quality = S(""),
		.reason = S(""),
		.parameter_format = S("POSITIONAL"),
		.components = ONE_BODY };

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(template_insert(job, &t, "sync"));
	EXPECT_OK(db_commit(job));
	return t.id;
}

static struct template_item get(struct job *job, id64 id)
{
	struct template_item t;

	EXPECT_OK(template_find(job, id, &t));
	return t;
}

static id64 hear(struct job *job, const struct channel *ch, const struct provider_event *event)
{
	struct provider_event whole = *event;
	id64 changed;

	whole.kind = EVENT_TEMPLATE;
	whole.template_name = event->template_name.len ? event->template_name : S("order_ready");
	whole.template_language = S("en_US");
	if (!whole.template_id.ptr)
		whole.template_id = S("77");
	job->now_ms++;
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(template_apply(job, ch, &whole, &changed));
	EXPECT_OK(db_commit(job));
	return changed;
}

static bool merge(struct job *job, id64 id, const struct template_news *news)
{
	struct template_item t = get(job, id);
	bool changed;

	job->now_ms++;
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(template_merge(job, &t, news, &changed));
	EXPECT_OK(db_commit(job));
	return changed;
}

static size_t count_changes(struct job *job, id64 id, const char *kind)
{
	struct template_change *changes;
	size_t count, found = 0;

	EXPECT_OK(template_history(job, id, 0, 100, &changes, &count));
	for (size_t i = 0; i < count; i++)
		found += str_is(changes[i].kind, str_of(kind));
	return found;
}

STORE_TEST(a_webhook_and_a_list_that_tell_the_same_are_one_change)
{
	struct channel *ch = connect(job);
	id64 id = add(job, "order_ready", "PENDING");
	const struct provider_event rejected = { .template_status = S("REJECTED"),
		.reason = S("It reads like spam.") };
	const struct template_news listed = { .source = "sync",
		.status = S("REJECTED"),
		.reason = S("INVALID_FORMAT"),
		.components = ONE_BODY };

	EXPECT_INT(hear(job, ch, &rejected), id);
	EXPECT_INT(hear(job, ch, &rejected), 0);
	EXPECT(!merge(job, id, &listed));
	EXPECT_STR(get(job, id).reason, "It reads like spam.");
	EXPECT_INT(count_changes(job, id, "status"), 1);
	EXPECT(merge(job, id,
		&(struct template_news){ .source = "sync", .status = S("APPROVED") }));
	EXPECT_STR(get(job, id).reason, "");
}

STORE_TEST(a_list_knows_one_word_and_a_webhook_the_sentence)
{
	struct channel *ch = connect(job);
	id64 id = add(job, "order_ready", "PENDING");

	EXPECT(merge(job, id, &(struct template_news){ .source = "sync", .status = S("REJECTED"),
				      .reason = S("INVALID_FORMAT") }));
	EXPECT_STR(get(job, id).reason, "INVALID_FORMAT");
	EXPECT_INT(hear(job, ch, &(struct provider_event){ .template_status = S("REJECTED"),
				   .reason = S("It reads like spam.") }),
		0);
	EXPECT_INT(count_changes(job, id, "status"), 1);
}

STORE_TEST(events_of_webhooks_are_states_of_lists)
{
	struct channel *ch = connect(job);
	id64 id = add(job, "order_ready", "PAUSED");

	hear(job, ch, &(struct provider_event){ .template_status = S("REINSTATED") });
	EXPECT_STR(get(job, id).status, "APPROVED");
	hear(job, ch, &(struct provider_event){ .template_status = S("FLAGGED") });
	EXPECT_STR(get(job, id).status, "APPROVED");
	EXPECT_INT(count_changes(job, id, "planned"), 1);
	hear(job, ch, &(struct provider_event){ .template_category = S("UTILITY"),
			      .severity = S("warning"),
			      .reason = S("WhatsApp will change the category to MARKETING.") });
	EXPECT_STR(get(job, id).category, "UTILITY");
	EXPECT_STR(get(job, id).reason, "");
	EXPECT_INT(count_changes(job, id, "planned"), 2);
	hear(job, ch, &(struct provider_event){ .template_quality = S("RED") });
	EXPECT_STR(get(job, id).quality, "RED");
}

STORE_TEST(a_late_word_about_an_older_one_of_the_name_changes_nothing)
{
	struct channel *ch = connect(job);
	id64 id = add(job, "order_ready", "APPROVED");

	hear(job, ch,
		&(struct provider_event){ .template_status = S("DELETED"), .template_id = S("1") });
	EXPECT_INT(get(job, id).deleted_ms, 0);
	hear(job, ch, &(struct provider_event){ .template_status = S("DELETED") });
	EXPECT(get(job, id).deleted_ms != 0);
	hear(job, ch, &(struct provider_event){ .template_status = S("APPROVED") });
	EXPECT(get(job, id).deleted_ms != 0);
}

static id64 wanted;

static void want(id64 workspace, id64 channel)
{
	(void)workspace;
	wanted = channel;
}

STORE_TEST(what_a_webhook_does_not_tell_is_asked_for)
{
	struct channel *ch = connect(job);

	template_sync_hook = want;
	wanted = 0;
	EXPECT_INT(hear(job, ch, &(struct provider_event){ .template_status = S("APPROVED") }), 0);
	EXPECT_INT(wanted, ch->id);
	add(job, "order_ready", "APPROVED");
	wanted = 0;
	hear(job, ch, &(struct provider_event){ .reason = S("The text of the template changed.") });
	EXPECT_INT(wanted, ch->id);
	template_sync_hook = NULL;
}

STORE_TEST(only_what_a_customer_sees_is_a_new_content)
{
	id64 id;

	connect(job);
	id = add(job, "order_ready", "APPROVED");
	EXPECT(merge(job, id,
		&(struct template_news){ .source = "sync",
			.components = S("[{\"text\":\"Hi\",\"example\":{},\"type\":\"BODY\"}]") }));
	EXPECT_INT(get(job, id).revision, 1);
	EXPECT(merge(job, id,
		&(struct template_news){ .source = "sync",
			.components = S("[{\"type\":\"BODY\",\"text\":\"Hello\"}]") }));
	EXPECT_INT(get(job, id).revision, 2);
	EXPECT_INT(count_changes(job, id, "content"), 1);
}

STORE_TEST(templates_do_not_cross_accounts_or_workspaces)
{
	struct channel *ch = connect(job), other = { 0 };
	struct template_item t;
	id64 id = add(job, "order_ready", "APPROVED");

	EXPECT_OK(template_for(job, ch, S("order_ready"), S("en_US"), &t));
	other = *ch;
	other.account_id = S("201");
	EXPECT_ERR(template_for(job, &other, S("order_ready"), S("en_US"), &t), ERR_MISSING);
	job->workspace++;
	EXPECT_ERR(template_get(job, id, &t), ERR_MISSING);
}

/* ---- figures ---- */

static struct template_day sum(struct job *job, id64 template)
{
	struct template_day *days;
	size_t count;

	EXPECT_OK(template_days(job, template, 0, &days, &count));
	EXPECT_INT(count, 1);
	return days[0];
}

static void happen(struct job *job, id64 message, enum message_status status)
{
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(template_used_status(job, message, status));
	EXPECT_OK(db_commit(job));
}

static void answer(struct job *job, id64 conversation, bool is_click)
{
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(template_used_answer(job, conversation, is_click, 0));
	EXPECT_OK(db_commit(job));
}

/* 23:30 in Jakarta is another day than 00:30 there, though UTC has one for both. */
STORE_TEST(days_are_those_of_the_workspaces_clocks)
{
	const int64_t midnight_ms = 1763744400000; /* 2025-11-22 00:00 in Jakarta, 17:00 UTC */
	struct template_day *days;
	size_t count;
	id64 id;

	connect(job);
	EXPECT_OK(workspace_change(job,
		&(struct workspace_draft){ .time_zone = S("Asia/Jakarta"),
			.require_second_factor = -1 },
		&(struct workspace){ 0 }));
	id = add(job, "order_ready", "APPROVED");
	for (int i = 0; i < 2; i++) {
		job->now_ms = midnight_ms + (i ? 1800000 : -1800000);
		EXPECT_OK(db_begin(job, DB_WRITE));
		EXPECT_OK(template_used(job, 5001 + i, 900, id));
		EXPECT_OK(template_used_status(job, 5001 + i, STATUS_SENT));
		EXPECT_OK(db_commit(job));
	}
	EXPECT_OK(template_days(job, id, 0, &days, &count));
	EXPECT_INT(count, 2);
	EXPECT_INT(days[0].day + days[1].day, 2 * 20413 + 1); /* 2025-11-21 and -22 */
}

STORE_TEST(what_comes_of_a_message_counts_once_on_its_own_day)
{
	id64 id, message = 5001, late = 5002;
	struct template_day all;

	connect(job);
	id = add(job, "order_ready", "APPROVED");
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(template_used(job, message, 900, id));
	EXPECT_OK(template_used(job, late, 901, id));
	EXPECT_OK(db_commit(job));
	happen(job, message, STATUS_READ);
	happen(job, message, STATUS_DELIVERED);
	happen(job, message, STATUS_READ);
	happen(job, late, STATUS_FAILED);
	happen(job, 7777, STATUS_READ);
	answer(job, 900, false);
	answer(job, 900, true);
	answer(job, 900, true);
	job->now_ms += 3 * DAY_MS;
	answer(job, 901, false);
	job->now_ms += 8 * DAY_MS;
	answer(job, 900, false);
	answer(job, 999, false);
	all = sum(job, id);
	EXPECT_INT(all.sent, 1);
	EXPECT_INT(all.delivered, 1);
	EXPECT_INT(all.read, 1);
	EXPECT_INT(all.failed, 1);
	EXPECT_INT(all.replied, 1);
	EXPECT_INT(all.replied_week, 2);
	EXPECT_INT(all.clicked, 1);
}
