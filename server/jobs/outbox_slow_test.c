/* outbox_slow_test.c: messages of a linked number leave at its pace; real rows, on both databases.
 * Nobody is at the other end: that a message was tried is what counts. */
#include "account/audit.h"
#include "account/linked_notice.h"
#include "account/pace_number.h"
#include "base/clock.h"
#include "inbox/test_inbox.h"
#include "jobs/jobs.h"
#include "provider/linked/linked_internal.h"
#include "store/queries.h"

#include <time.h>

#define PATIENCE_MS 30000
#define OLD_MS (40LL * 24 * 3600 * 1000)

static struct pool *callers;
static struct outbox *outbox;

static void start(struct job *job)
{
	callers = pool_create("call", 2, 16, job->store);
	outbox = outbox_create(&(struct outbox_config){
		.store = job->store, .callers = callers, .unconfirmed_wait_ms = 1000 });
}

static void stop(void)
{
	outbox_destroy(outbox);
	pool_destroy(callers);
}

/* Its clock is the real one: the outbox has no other. */
static struct channel *linked_channel(struct job *job)
{
	struct channel_draft draft = { .provider = S("linked"),
		.name = S("Phone"),
		.disabled = -1 };
	struct channel *ch;
	str why;

	(void)test_channel(job);
	EXPECT_OK(pace_choose_default(S("careful"), true, &why));
	job->now_ms = clock_now_ms();
	linked_manager.host.numbers_max = 5;
	linked_manager.host.channel = channel_get;
	EXPECT_OK(channel_create(job, &draft, &ch));
	return ch;
}

/* A message of ours to somebody who wrote then. */
static id64 queued(struct job *job, const struct channel *ch, const char *phone, int64_t wrote_ms)
{
	const char *remote_id = arena_cstr(job->arena, arena_printf(job->arena, "m-%s", phone));
	struct provider_event text = test_says(phone, remote_id, "hi", wrote_ms);
	struct conversation conv;

	test_apply(job, ch, &text, NULL);
	conv = test_conversation(job, ch, remote_id);
	return test_outgoing(job, &conv, "Hello!");
}

static bool was_tried(struct job *job, id64 message)
{
	struct outbox_state_row row;
	enum err e = sql_outbox_get(job, &(struct sql_outbox_get){ message }, &row);

	job_forgive(job);
	return e == ERR_MISSING || (e == OK && row.attempts > 0);
}

static bool comes(struct job *job, id64 message)
{
	struct timespec pause = { .tv_nsec = 10000000 };
	int64_t end_ms = clock_now_ms() + PATIENCE_MS;

	while (!was_tried(job, message) && clock_now_ms() < end_ms)
		nanosleep(&pause, NULL);
	return was_tried(job, message);
}

static struct pace_number number_of(struct job *job, const struct channel *ch)
{
	struct pace_number number;

	job->now_ms = clock_now_ms();
	EXPECT_OK(pace_number_get(job, ch->id, &number));
	return number;
}

STORE_TEST(an_answer_passes_what_nobody_asked_for_and_that_waits_for_its_gap)
{
	struct channel *ch = linked_channel(job);
	int64_t now = job->now_ms;
	id64 unasked = queued(job, ch, "12025550101", now - OLD_MS),
	     second = queued(job, ch, "12025550102", now - OLD_MS),
	     answer = queued(job, ch, "12025550103", now - 1000);
	struct pace_number number;

	start(job);
	EXPECT(comes(job, unasked));
	EXPECT(comes(job, answer));
	EXPECT(!was_tried(job, second));
	stop();
	number = number_of(job, ch);
	EXPECT_INT(pace_used(&number.state, PACE_DAY, job->now_ms), 2);
	EXPECT(number.state.next_bulk_ms >= now + 90000);
	EXPECT_INT(pace_used(&number.state, PACE_FRESH, job->now_ms), 0);
}

STORE_TEST(a_paused_number_answers_and_begins_nothing_until_somebody_says_go_on)
{
	struct channel *ch = linked_channel(job);
	id64 unasked = queued(job, ch, "12025550104", job->now_ms - OLD_MS),
	     answer = queued(job, ch, "12025550105", job->now_ms - 1000);

	EXPECT_OK(pace_number_pause(job, ch->id, true));
	EXPECT_STR(number_of(job, ch).pause_code, "person");
	start(job);
	EXPECT(comes(job, answer));
	EXPECT(!was_tried(job, unasked));
	EXPECT_OK(pace_number_pause(job, ch->id, false));
	outbox_wake(outbox);
	EXPECT(comes(job, unasked));
	stop();
}

/* R286. */
STORE_TEST(a_broadcast_by_a_phone_waits_for_the_notice_to_be_accepted)
{
	struct channel *ch = linked_channel(job);
	struct provider_event text = test_says("12025550109", "m-consent", "hi", job->now_ms);
	struct message_draft draft = { .kind = KIND_TEXT, .priority = PRIORITY_CAMPAIGN };
	struct message sent;
	bool repeated;

	test_apply(job, ch, &text, NULL);
	draft.conversation_id = test_conversation(job, ch, "m-consent").id;
	EXPECT_OK(json_read(job->arena, S("{\"body\":\"Sale!\"}"), &draft.content, NULL));
	EXPECT_ERR(inbox_send(job, &draft, &sent, &repeated), ERR_INPUT);
	EXPECT_STR(job->code, "consent_needed");
	job_forgive(job);
	EXPECT_OK(linked_consent_give(job, ch->id, LINKED_NOTICE_VERSION));
	EXPECT_OK(inbox_send(job, &draft, &sent, &repeated));
}

/* R190. */
STORE_TEST(what_the_owner_writes_on_the_phone_quiets_automation_at_once)
{
	struct channel *ch = linked_channel(job);
	struct provider_event echo = test_says("12025550106", "m-echo", "mine", job->now_ms);
	struct pace_number number;
	int64_t quiet_ms;

	EXPECT_INT(number_of(job, ch).signs.quiet_until_ms, 0);
	echo.is_echo = true;
	test_apply(job, ch, &echo, NULL);
	number = number_of(job, ch);
	quiet_ms = number.signs.quiet_until_ms - job->now_ms;
	EXPECT(quiet_ms > 15000 && quiet_ms <= 60000);
	echo.remote_id = S("m-late");
	echo.at_ms = job->now_ms - 3600000;
	test_apply(job, ch, &echo, NULL);
	EXPECT_INT(number_of(job, ch).signs.quiet_until_ms, number.signs.quiet_until_ms);
}

static str failed_with(struct job *job, const struct channel *ch, const char *code)
{
	str sentence;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(pace_number_failed(job, ch->id, str_of(code), &sentence));
	EXPECT_OK(db_commit(job));
	return sentence;
}

STORE_TEST(a_refused_first_message_pauses_for_an_hour_and_then_for_two)
{
	struct channel *ch = linked_channel(job);
	struct pace_number number;

	EXPECT(!failed_with(job, ch, "refused").len);
	EXPECT(!number_of(job, ch).pause_code.len);
	EXPECT(failed_with(job, ch, "restricted").len > 0);
	number = number_of(job, ch);
	EXPECT_STR(number.pause_code, "refused");
	EXPECT(number.signs.pause_until_ms > job->now_ms + 3500000);
	EXPECT(number.signs.pause_until_ms <= job->now_ms + PACE_REFUSED_MS);
	EXPECT_INT(number.risk.score, 40 + 15);
	failed_with(job, ch, "restricted");
	number = number_of(job, ch);
	EXPECT(number.signs.pause_until_ms > job->now_ms + PACE_REFUSED_MS + 3500000);
	EXPECT(failed_with(job, ch, "rate_limited").len > 0);
	EXPECT_STR(number_of(job, ch).pause_code, "refused"); /* the longer one holds */
}

STORE_TEST(a_restriction_of_the_network_pauses_until_its_end)
{
	struct channel *ch = linked_channel(job);
	struct provider_event notice = { .kind = EVENT_NOTICE, .field = S("restriction"),
		.severity = S("critical"), .sentence = S("No new conversations."),
		.at_ms = job->now_ms };
	int64_t until = job->now_ms + 7200000;
	struct pace_number number;

	notice.detail = arena_printf(job->arena,
		"{\"kind\":\"reachout_timelock\",\"is_active\":true,\"until_ms\":%lld}",
		(long long)until);
	test_apply(job, ch, &notice, NULL);
	number = number_of(job, ch);
	EXPECT_STR(number.pause_code, "restricted");
	EXPECT_INT(number.signs.pause_until_ms, until);
	EXPECT_STR(number.signs.restriction, "reachout_timelock");
	EXPECT_STR(str_of(number.risk.level), "pause");
}

STORE_TEST(a_faster_tier_wants_a_reason_that_stands_in_the_audit)
{
	struct channel *ch = linked_channel(job);
	struct pace_patch patch = { .tier = S("fast") };
	struct audit_item *items;
	size_t count;

	EXPECT_ERR(pace_number_change(job, ch->id, &patch), ERR_INPUT);
	job->field_errors = NULL;
	job_forgive(job);
	patch.reason = S("A number that we can do without.");
	EXPECT_OK(pace_number_change(job, ch->id, &patch));
	EXPECT_STR(str_of(number_of(job, ch).tier->name), "fast");
	EXPECT_OK(audit_read(job, &(struct audit_filter){ .action = S("channel.pace") }, 0, 5,
		&items, &count));
	EXPECT_INT(count, 1);
	EXPECT_STR(items[0].reason, "A number that we can do without.");
	EXPECT(str_has(items[0].detail, S("\"tier\":\"fast\"")));
	patch = (struct pace_patch){ .has_limits = true, .override = { 31, 0, 0, 0 } };
	EXPECT_ERR(pace_number_change(job, ch->id, &patch), ERR_INPUT);
	job->field_errors = NULL;
	job_forgive(job);
	patch = (struct pace_patch){ .tier = S("") };
	EXPECT_OK(pace_number_change(job, ch->id, &patch));
	EXPECT(number_of(job, ch).is_default);
}

STORE_TEST(a_caller_who_was_refused_is_told_what_the_rule_says)
{
	struct channel *ch = linked_channel(job);
	struct pace_patch patch = { .has_calls = true, .reject_calls = true,
		.call_answer = S("Please write to us.") };
	struct provider_event call = test_says("12025550107", "call-1#offered", "", job->now_ms);
	struct inbox_changes changes = { 0 };
	struct conversation conv;
	struct message last;

	EXPECT_OK(pace_number_change(job, ch->id, &patch));
	call.message_kind = KIND_SYSTEM;
	call.opens_window = true;
	call.content = S("{\"type\":\"call\",\"body\":\"They called.\",\"refused\":true}");
	test_apply(job, ch, &call, &changes);
	EXPECT(changes.outbox == ch->id);
	conv = test_conversation(job, ch, "call-1#offered");
	EXPECT_OK(message_get(job, conv.last_message_id, &last));
	EXPECT_INT(last.author_kind, ACTOR_AUTOMATION);
	EXPECT(str_has(last.content, S("Please write to us.")));
	call.remote_id = S("call-2#offered");
	call.content = S("{\"type\":\"call\",\"body\":\"They called.\",\"refused\":false}");
	test_apply(job, ch, &call, NULL);
	conv = test_conversation(job, ch, "call-2#offered");
	EXPECT_OK(message_get(job, conv.last_message_id, &last));
	EXPECT_INT(last.kind, KIND_SYSTEM);
}

STORE_TEST(a_channel_of_another_provider_has_no_pace_of_this_kind)
{
	struct channel *ch = test_channel(job);
	struct pace_number number;

	EXPECT_ERR(pace_number_get(job, ch->id, &number), ERR_UNSUPPORTED);
	EXPECT_STR(job->code, "not_paced");
}
