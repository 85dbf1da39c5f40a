/* routing_test.c: routing over the store: who gets what, and what stays true under trouble. */
#include "routing/routing_internal.h"

#include "account/account.h"
#include "account/channel.h"
#include "inbox/test_inbox.h"
#include "runtime/pool.h"

#include <stdio.h>

#define MINUTE 60000LL

static struct channel *ch;
static int customers;

/* ---- a workspace with agents ---- */

static id64 new_agent(struct job *job, const char *name)
{
	struct person_draft draft = { .name = T(name),
		.role = S("agent"),
		.password = S("correct horse battery"),
		.email = arena_printf(job->arena, "%s@example.com", name),
		.disabled = -1 };
	struct person person;

	EXPECT_OK(person_create(job, &draft, &person));
	return person.id;
}

static id64 online_agent(struct job *job, const char *name)
{
	id64 id = new_agent(job, name);

	EXPECT_OK(agent_connected(job, id, true));
	return id;
}

static void set_mode(struct job *job, enum routing_mode mode, int64_t capacity)
{
	struct routing_settings settings;

	EXPECT_OK(routing_settings_get(job, &settings));
	settings.mode = mode;
	settings.capacity = capacity;
	EXPECT_OK(routing_settings_set(job, &settings));
}

static void start(struct job *job, enum routing_mode mode, int64_t capacity)
{
	customers = 0;
	ch = test_channel(job);
	set_mode(job, mode, capacity);
}

static void run(struct job *job)
{
	EXPECT_OK(routing_run(job));
}

/* A new customer writes; the conversation as it is then. */
static id64 customer_says(struct job *job, const char *text)
{
	const char *phone = arena_printf(test_arena(), "6281200000%03d", ++customers).ptr;
	const char *remote = arena_printf(test_arena(), "wamid.%d", customers).ptr;
	struct provider_event ev = test_says(phone, remote, text, job->now_ms);

	test_apply(job, ch, &ev, NULL);
	job->now_ms += 1000;
	return test_conversation(job, ch, remote).id;
}

static struct conversation conv_of(struct job *job, id64 id)
{
	struct conversation conv;

	EXPECT_OK(conversation_get(job, id, &conv));
	return conv;
}

static void patch(struct job *job, id64 id, const struct conversation_patch *p)
{
	struct inbox_changes changes = { 0 };
	struct conversation conv;

	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(conversation_update(job, id, p, &changes, &conv));
	EXPECT_OK(db_commit(job));
}

static void resolve(struct job *job, id64 id)
{
	patch(job, id, &(struct conversation_patch){ .has_status = true,
			       .status = CONVERSATION_RESOLVED });
}

static struct agent agent_of(struct job *job, id64 id)
{
	struct agent agent;

	EXPECT_OK(agent_get(job, id, &agent));
	return agent;
}

static const char *status_of(struct job *job, id64 id)
{
	return agent_status_name(agent_of(job, id).status);
}

/* What fails leaves its transaction to the job's end, which here is now. */
static void expect_refused(struct job *job, enum err got, enum err want)
{
	EXPECT_ERR(got, want);
	db_rollback(job);
	job_forgive(job);
}

static void check_due(struct job *job)
{
	bool more;

	EXPECT_OK(agent_check_due(job, &more));
}

static json json_of(const char *text)
{
	json v;

	EXPECT_OK(json_read(test_arena(), T(text), &v, NULL));
	return v;
}

static id64 new_rule(struct job *job, const char *conditions, const char *actions)
{
	struct rule_draft draft = { S("rule"), -1, json_of(conditions), json_of(actions) };
	struct rule rule;

	EXPECT_OK(rule_save(job, 0, &draft, &rule));
	return rule.id;
}

static id64 new_team(struct job *job, const char *name, enum routing_mode mode, id64 member)
{
	struct team_draft draft = { .name = T(name),
		.has_mode = true,
		.mode = mode,
		.has_members = true,
		.members = { member },
		.member_count = member ? 1 : 0 };
	struct team team;

	EXPECT_OK(team_save(job, 0, &draft, &team));
	return team.id;
}

/* ---- status ---- */

STORE_TEST(sockets_idleness_and_hands_set_the_status)
{
	struct agent_moment *moments, newest = { .id = INT64_MAX, .at_ms = INT64_MAX };
	size_t count;
	id64 ana;

	start(job, ROUTING_MANUAL, 5);
	ana = new_agent(job, "ana");
	EXPECT_STR(T(status_of(job, ana)), "offline");
	EXPECT_OK(agent_connected(job, ana, true));
	EXPECT_STR(T(status_of(job, ana)), "online");
	job->now_ms += AWAY_AFTER_DEFAULT_MS;
	check_due(job);
	EXPECT_STR(T(status_of(job, ana)), "away");
	EXPECT_STR(agent_of(job, ana).why, "idle");
	EXPECT_OK(agent_seen(job, ana));
	EXPECT_STR(T(status_of(job, ana)), "online");
	EXPECT_OK(agent_choose(job, ana, AGENT_AWAY));
	job->now_ms += 1000;
	EXPECT_OK(agent_seen(job, ana));
	EXPECT_STR(T(status_of(job, ana)), "away");
	EXPECT_OK(agent_connected(job, ana, false));
	job->now_ms += OFFLINE_AFTER_DEFAULT_MS - 1;
	check_due(job);
	EXPECT_STR(T(status_of(job, ana)), "away");
	job->now_ms += 1;
	check_due(job);
	EXPECT_STR(T(status_of(job, ana)), "offline");
	EXPECT_STR(agent_of(job, ana).why, "disconnect");
	EXPECT_OK(agent_connected(job, ana, true));
	EXPECT_STR(T(status_of(job, ana)), "away");
	EXPECT_OK(agent_history(job, ana, &newest, 10, &moments, &count));
	EXPECT_INT(count, 6);
	EXPECT_INT(moments[0].status, AGENT_AWAY);
	EXPECT_INT(moments[5].status, AGENT_ONLINE);
}

STORE_TEST(after_a_restart_who_does_not_come_back_goes_offline)
{
	id64 ana, ben;

	start(job, ROUTING_MANUAL, 5);
	ana = online_agent(job, "ana");
	ben = online_agent(job, "ben");
	EXPECT_OK(agent_start(job));
	EXPECT_OK(agent_connected(job, ben, true));
	job->now_ms += OFFLINE_AFTER_DEFAULT_MS;
	check_due(job);
	job->now_ms += PRESENCE_BEAT_MS;
	check_due(job);
	EXPECT_STR(T(status_of(job, ana)), "offline");
	EXPECT_STR(T(status_of(job, ben)), "online");
}

STORE_TEST(who_may_not_send_is_no_agent)
{
	struct person_draft draft = { .name = S("Vi"),
		.role = S("viewer"),
		.email = S("vi@example.com"),
		.password = S("correct horse battery"),
		.disabled = -1 };
	struct person viewer;
	struct agents agents;

	start(job, ROUTING_MANUAL, 5);
	EXPECT_OK(person_create(job, &draft, &viewer));
	EXPECT_OK(agent_list(job, &agents));
	EXPECT_INT(agents.count, 1); /* the owner */
	expect_refused(job, agent_choose(job, viewer.id, AGENT_ONLINE), ERR_MISSING);
}

/* ---- giving out ---- */

STORE_TEST(round_robin_takes_turns_up_to_capacity_and_a_resolved_one_makes_room)
{
	id64 ana, ben, talks[5];

	start(job, ROUTING_ROUND_ROBIN, 2);
	ana = online_agent(job, "ana");
	ben = online_agent(job, "ben");
	for (int i = 0; i < 5; i++) {
		talks[i] = customer_says(job, "hi");
		run(job);
		EXPECT_INT(conv_of(job, talks[i]).assignee_id, i == 4 ? 0 : i % 2 ? ben : ana);
	}
	EXPECT(conv_of(job, talks[4]).queued_ms > 0);
	resolve(job, talks[1]);
	run(job);
	EXPECT_INT(conv_of(job, talks[4]).assignee_id, ben);
	EXPECT_INT(conv_of(job, talks[4]).queued_ms, 0);
	EXPECT_INT(agent_of(job, ben).load, 2);
}

STORE_TEST(what_waits_while_all_are_offline_is_given_out_in_order)
{
	id64 talks[6], ana;
	struct queued *queue;
	size_t count;

	start(job, ROUTING_LEAST_BUSY, 3);
	ana = new_agent(job, "ana");
	for (int i = 0; i < 6; i++)
		talks[i] = customer_says(job, "hi");
	patch(job, talks[4],
		&(struct conversation_patch){ .has_priority = true, .priority = PRIORITY_HIGH });
	run(job);
	EXPECT_OK(routing_queue(job, -1, &queue, &count));
	EXPECT_INT(count, 6);
	EXPECT_INT(queue[0].conversation, talks[4]);
	EXPECT_INT(queue[1].conversation, talks[0]);
	EXPECT_INT(queue[5].place, 6);
	EXPECT_OK(agent_connected(job, ana, true));
	run(job);
	EXPECT_INT(conv_of(job, talks[4]).assignee_id, ana);
	EXPECT_INT(conv_of(job, talks[0]).assignee_id, ana);
	EXPECT_INT(conv_of(job, talks[1]).assignee_id, ana);
	EXPECT_INT(conv_of(job, talks[2]).assignee_id, 0);
	EXPECT_OK(routing_queue(job, -1, &queue, &count));
	EXPECT_INT(count, 3);
	EXPECT_INT(queue[0].conversation, talks[2]);
}

STORE_TEST(who_is_away_opted_out_or_full_in_the_channel_gets_nothing)
{
	struct agent_patch out = { .has_takes = true }, none = { .has_bounds = true };
	id64 ana, ben, cat, talk;

	start(job, ROUTING_ROUND_ROBIN, 5);
	ana = online_agent(job, "ana");
	ben = online_agent(job, "ben");
	cat = online_agent(job, "cat");
	EXPECT_OK(agent_choose(job, ana, AGENT_AWAY));
	EXPECT_OK(agent_change(job, ben, &out));
	none.bounds[none.bound_count++] = (struct agent_bound){ .channel = ch->id, .capacity = 0 };
	EXPECT_OK(agent_change(job, cat, &none));
	talk = customer_says(job, "hi");
	run(job);
	EXPECT_INT(conv_of(job, talk).assignee_id, 0);
	none.bounds[0].capacity = 1;
	EXPECT_OK(agent_change(job, cat, &none));
	run(job);
	EXPECT_INT(conv_of(job, talk).assignee_id, cat);
	none.bounds[0].channel = 12345;
	expect_refused(job, agent_change(job, cat, &none), ERR_INPUT);
}

STORE_TEST(in_manual_mode_nothing_is_given_out_until_it_is_changed)
{
	id64 talk, ana;

	start(job, ROUTING_MANUAL, 5);
	ana = online_agent(job, "ana");
	talk = customer_says(job, "hi");
	run(job);
	EXPECT_INT(conv_of(job, talk).assignee_id, 0);
	EXPECT_INT(conv_of(job, talk).queued_ms, 0);
	set_mode(job, ROUTING_LEAST_BUSY, 5);
	run(job);
	EXPECT_INT(conv_of(job, talk).assignee_id, ana);
}

static enum err run_again(struct job *job, void *arg)
{
	const id64 *workspace = arg;

	job->workspace = *workspace;
	return routing_run(job);
}

STORE_TEST(runs_at_the_same_moment_give_nobody_more_than_capacity)
{
	id64 agents[3];
	struct pool *pool;
	int64_t given = 0;

	start(job, ROUTING_LEAST_BUSY, 4);
	for (int i = 0; i < 3; i++)
		agents[i] = online_agent(job, arena_printf(job->arena, "agent%d", i).ptr);
	for (int i = 0; i < 20; i++)
		customer_says(job, "hi");
	pool = pool_create("run", 4, 64, job->store);
	for (int i = 0; i < 8; i++)
		EXPECT(pool_post(pool,
			(struct task){ "run", run_again, NULL, &job->workspace }));
	pool_destroy(pool);
	for (int i = 0; i < 3; i++) {
		EXPECT_INT(agent_of(job, agents[i]).load, 4);
		given += agent_of(job, agents[i]).load;
	}
	EXPECT_INT(given, 12);
}

/* ---- rules and teams ---- */

STORE_TEST(the_first_rule_that_matches_decides)
{
	id64 ana, ben, vip, team, plain, refund, named;

	start(job, ROUTING_ROUND_ROBIN, 5);
	ana = online_agent(job, "ana");
	ben = online_agent(job, "ben");
	team = new_team(job, "Refunds", ROUTING_ROUND_ROBIN, ben);
	new_rule(job, "{\"keywords\":[\"refund\"]}",
		arena_printf(job->arena, "{\"team_id\":\"%lld\",\"priority\":\"high\"}",
			(long long)team)
			.ptr);
	named = new_rule(job, "{\"keywords\":[\"ana\",\"refund\"]}",
		arena_printf(job->arena, "{\"agent_id\":\"%lld\"}", (long long)ana).ptr);
	refund = customer_says(job, "I want a refund, ana");
	vip = customer_says(job, "is Ana there?");
	plain = customer_says(job, "hi");
	run(job);
	EXPECT_INT(conv_of(job, refund).team_id, team);
	EXPECT_INT(conv_of(job, refund).priority, PRIORITY_HIGH);
	EXPECT_INT(conv_of(job, refund).assignee_id, ben);
	EXPECT_INT(conv_of(job, vip).assignee_id, ana);
	EXPECT_INT(conv_of(job, plain).team_id, 0);
	EXPECT_INT(conv_of(job, plain).assignee_id, ben);
	/* The other way round. */
	{
		struct rules rules;
		id64 ids[2];

		EXPECT_OK(rule_list(job, &rules));
		ids[0] = named;
		ids[1] = rules.items[0].id;
		EXPECT_OK(rule_order(job, ids, 2));
		expect_refused(job, rule_order(job, ids, 1), ERR_INPUT);
	}
	refund = customer_says(job, "refund");
	run(job);
	EXPECT_INT(conv_of(job, refund).team_id, 0);
	EXPECT_INT(conv_of(job, refund).assignee_id, ana);
}

STORE_TEST(rules_look_at_language_channel_label_and_source)
{
	id64 team, by_language;

	start(job, ROUTING_MANUAL, 5);
	team = new_team(job, "Indonesia", ROUTING_MANUAL, 0);
	new_rule(job, "{\"sources\":[\"facebook\"]}", "{\"priority\":\"low\"}");
	new_rule(job,
		arena_printf(job->arena,
			"{\"languages\":[\"id\"],\"channel_ids\":[\"%lld\"],\"sources\":["
			"\"webhook\"]}",
			(long long)ch->id)
			.ptr,
		arena_printf(job->arena, "{\"team_id\":\"%lld\"}", (long long)team).ptr);
	by_language = customer_says(job, "halo");
	run(job);
	EXPECT_INT(conv_of(job, by_language).team_id, team);
	EXPECT_INT(conv_of(job, by_language).priority, PRIORITY_NONE);
	/* A customer who comes back is judged again; one who is answered is not. */
	patch(job, by_language, &(struct conversation_patch){ .has_team = true });
	run(job);
	EXPECT_INT(conv_of(job, by_language).team_id, 0);
	resolve(job, by_language);
	{
		struct provider_event ev = test_says("6281200000001", "wamid.again", "halo",
			job->now_ms);

		test_apply(job, ch, &ev, NULL);
	}
	run(job);
	EXPECT_INT(conv_of(job, by_language).team_id, team);
}

STORE_TEST(what_a_rule_names_must_be_there)
{
	static const struct { const char *conditions, *actions;
	} bad[] = {
		{ "{\"colour\":[\"red\"]}", "{\"priority\":\"high\"}" },
		{ "{\"keywords\":[]}", "{\"priority\":\"high\"}" },
		{ "{\"channel_ids\":[\"x\"]}", "{\"priority\":\"high\"}" },
		{ "{}", "{}" },
		{ "{}", "{\"priority\":\"soon\"}" },
		{ "{}", "{\"team_id\":\"12\"}" },
		{ "{}", "{\"agent_id\":\"12\"}" },
		{ "{}", "{\"label_ids\":[\"12\"]}" },
	};

	start(job, ROUTING_MANUAL, 5);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct rule_draft draft = { S("rule"), -1, json_of(bad[i].conditions),
			json_of(bad[i].actions) };
		struct rule rule;

		if (rule_save(job, 0, &draft, &rule) != ERR_INPUT)
			test_fail(__FILE__, __LINE__, "%s %s", bad[i].conditions, bad[i].actions);
		db_rollback(job);
		job_forgive(job);
	}
}

STORE_TEST(a_team_that_goes_leaves_its_conversations_to_all)
{
	id64 ana, team, talk;

	start(job, ROUTING_ROUND_ROBIN, 5);
	ana = online_agent(job, "ana");
	team = new_team(job, "Night", ROUTING_ROUND_ROBIN, 0);
	new_rule(job, "{}", arena_printf(job->arena, "{\"team_id\":\"%lld\"}",
				    (long long)team)
				    .ptr);
	talk = customer_says(job, "hi");
	run(job);
	EXPECT_INT(conv_of(job, talk).team_id, team);
	EXPECT_INT(conv_of(job, talk).assignee_id, 0);
	EXPECT_OK(team_delete(job, team));
	run(job);
	EXPECT_INT(conv_of(job, talk).team_id, 0);
	EXPECT_INT(conv_of(job, talk).assignee_id, ana);
	/* The rule still names it, and does no harm. */
	talk = customer_says(job, "hi");
	run(job);
	EXPECT_INT(conv_of(job, talk).assignee_id, ana);
}

STORE_TEST(two_teams_do_not_share_a_name)
{
	struct team_draft draft = { .name = S("Sales") };
	struct team team;

	start(job, ROUTING_MANUAL, 5);
	EXPECT_OK(team_save(job, 0, &draft, &team));
	expect_refused(job, team_save(job, 0, &draft, &team), ERR_CONFLICT);
	draft.has_members = true;
	draft.members[draft.member_count++] = 12345;
	expect_refused(job, team_save(job, team.id, &draft, &team), ERR_INPUT);
}

/* ---- shifts ---- */

/* On for the minute that job->now_ms is in and the next hour, in UTC. */
static json shift_now(struct job *job)
{
	int minute = (int)(job->now_ms / MINUTE % 1440), end = (minute + 60) % 1440;
	struct buf out = buf_in(test_arena(), 4096);

	buf_printf(&out, "{\"zone\":\"UTC\",\"hours\":[");
	for (int day = 1; day <= 7; day++)
		buf_printf(&out,
			"%s{\"day\":%d,\"start\":\"%02d:%02d\",\"end\":\"%02d:%02d\"}",
			day > 1 ? "," : "", day, minute / 60, minute % 60, end / 60, end % 60);
	buf_printf(&out, "]}");
	return json_of(arena_cstr(test_arena(), buf_text(&out)));
}

STORE_TEST(the_end_of_a_shift_takes_back_what_nobody_answered)
{
	struct agent_patch patch_shift = { .has_shift = true };
	struct routing_settings settings;
	id64 ana, ben, waiting, answered;

	start(job, ROUTING_ROUND_ROBIN, 5);
	EXPECT_OK(routing_settings_get(job, &settings));
	settings.shift_end = SHIFT_REQUEUE_UNANSWERED;
	settings.away_after_ms = 24 * 60 * MINUTE;
	EXPECT_OK(routing_settings_set(job, &settings));
	ana = online_agent(job, "ana");
	patch_shift.shift = shift_now(job);
	EXPECT_OK(agent_change(job, ana, &patch_shift));
	waiting = customer_says(job, "hi");
	answered = customer_says(job, "hi");
	run(job);
	EXPECT_INT(conv_of(job, waiting).assignee_id, ana);
	{
		struct conversation conv = conv_of(job, answered);

		test_outgoing(job, &conv, "hello");
		EXPECT_INT(conv_of(job, answered).waiting_since_ms, 0);
	}
	ben = online_agent(job, "ben");
	EXPECT(agent_of(job, ana).on_shift);
	job->now_ms += 61 * MINUTE;
	check_due(job);
	EXPECT(!agent_of(job, ana).on_shift);
	EXPECT_STR(T(status_of(job, ana)), "online");
	run(job);
	EXPECT_INT(conv_of(job, waiting).assignee_id, ben);
	EXPECT_INT(conv_of(job, answered).assignee_id, ana);
	/* Off shift, nothing new comes. */
	waiting = customer_says(job, "hi");
	run(job);
	EXPECT_INT(conv_of(job, waiting).assignee_id, ben);
	job->now_ms += 23 * 60 * MINUTE;
	check_due(job);
	EXPECT(agent_of(job, ana).on_shift);
}

/* ---- who answers, and who is not there ---- */

STORE_TEST(who_answers_somebody_in_line_has_them)
{
	struct message_draft draft = { .kind = KIND_TEXT };
	struct message sent;
	bool repeated;
	id64 talk;

	start(job, ROUTING_ROUND_ROBIN, 5);
	talk = customer_says(job, "hi");
	run(job);
	EXPECT(conv_of(job, talk).queued_ms > 0);
	draft.conversation_id = talk;
	draft.content = json_of("{\"body\":\"hello\"}");
	EXPECT_OK(inbox_send(job, &draft, &sent, &repeated));
	EXPECT_INT(conv_of(job, talk).assignee_id, job->actor.id);
	EXPECT_INT(conv_of(job, talk).queued_ms, 0);
}

/* The first customer once more. */
static void customer_comes_back(struct job *job, const char *remote)
{
	struct provider_event ev = test_says("6281200000001", remote, "hi again", job->now_ms);

	test_apply(job, ch, &ev, NULL);
	job->now_ms += 1000;
	run(job);
}

STORE_TEST(what_opens_again_is_given_out_anew_when_its_agent_is_not_there)
{
	struct routing_settings settings;
	id64 ana, ben, talk;

	start(job, ROUTING_ROUND_ROBIN, 5);
	ana = online_agent(job, "ana");
	talk = customer_says(job, "hi");
	run(job);
	EXPECT_INT(conv_of(job, talk).assignee_id, ana);
	ben = online_agent(job, "ben");
	EXPECT_OK(agent_choose(job, ana, AGENT_OFFLINE));
	resolve(job, talk);
	customer_comes_back(job, "wamid.again");
	EXPECT_INT(conv_of(job, talk).assignee_id, ana);
	EXPECT_OK(routing_settings_get(job, &settings));
	settings.reopens_for_all = true;
	EXPECT_OK(routing_settings_set(job, &settings));
	resolve(job, talk);
	customer_comes_back(job, "wamid.once.more");
	EXPECT_INT(conv_of(job, talk).assignee_id, ben);
}

STORE_TEST(a_rule_puts_labels_on_and_looks_at_them)
{
	struct conversation_label_rows rows;
	struct label vip, gone;
	id64 talk, team;

	start(job, ROUTING_MANUAL, 5);
	team = new_team(job, "Vips", ROUTING_MANUAL, 0);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(label_create(job, S("vip"), S("#1f7a8c"), &vip));
	EXPECT_OK(label_create(job, S("gone"), S("#1f7a8c"), &gone));
	EXPECT_OK(db_commit(job));
	new_rule(job,
		arena_printf(job->arena, "{\"label_ids\":[\"%lld\"]}", (long long)vip.id).ptr,
		arena_printf(job->arena, "{\"team_id\":\"%lld\"}", (long long)team).ptr);
	new_rule(job, "{\"keywords\":[\"gold\"]}",
		arena_printf(job->arena, "{\"label_ids\":[\"%lld\",\"%lld\"]}", (long long)vip.id,
			(long long)gone.id)
			.ptr);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(label_delete(job, gone.id));
	EXPECT_OK(db_commit(job));
	talk = customer_says(job, "I am a gold customer");
	run(job);
	EXPECT_INT(conv_of(job, talk).team_id, 0);
	EXPECT_OK(sql_label_of_conversations(job, &(struct sql_label_of_conversations){
		id_list(job->arena, &talk, 1), job->workspace }, &rows));
	EXPECT_INT(rows.count, 1);
	EXPECT_INT(rows.items[0].id, vip.id);
	/* The label is there when the customer comes back. */
	resolve(job, talk);
	customer_comes_back(job, "wamid.again");
	EXPECT_INT(conv_of(job, talk).team_id, team);
}

/* ---- the place, told to the customer ---- */

static size_t told(struct job *job, id64 conversation, const char *text)
{
	struct messages list;
	size_t count = 0;

	EXPECT_OK(message_before(job, conversation, 0, 50, &list));
	for (size_t i = 0; i < list.count; i++)
		count += list.items[i].author_kind == ACTOR_AUTOMATION &&
			 str_has(list.items[i].content, T(text));
	return count;
}

STORE_TEST(a_waiting_customer_is_told_the_place_once)
{
	struct routing_settings settings;
	id64 first, second, ana;

	start(job, ROUTING_ROUND_ROBIN, 1);
	EXPECT_OK(routing_settings_get(job, &settings));
	settings.place_text = S("You are number {{position}}.");
	settings.place_again_ms = 5 * MINUTE;
	EXPECT_OK(routing_settings_set(job, &settings));
	ana = new_agent(job, "ana");
	first = customer_says(job, "hi");
	second = customer_says(job, "hi");
	run(job);
	run(job);
	EXPECT_INT(told(job, first, "number 1."), 1);
	EXPECT_INT(told(job, second, "number 2."), 1);
	/* Not an answer: they still wait, and in their place. */
	EXPECT(conv_of(job, second).queued_ms > 0);
	EXPECT(conv_of(job, second).waiting_since_ms > 0);
	EXPECT_OK(agent_connected(job, ana, true));
	run(job);
	EXPECT_INT(conv_of(job, first).assignee_id, ana);
	EXPECT_INT(told(job, second, "number 1."), 0);
	job->now_ms += 6 * MINUTE;
	run(job);
	run(job);
	EXPECT_INT(told(job, second, "number 1."), 1);
	EXPECT_INT(told(job, first, "number"), 1);
}

STORE_TEST(outside_the_window_nobody_is_told)
{
	struct routing_settings settings;
	id64 talk;

	start(job, ROUTING_ROUND_ROBIN, 1);
	EXPECT_OK(routing_settings_get(job, &settings));
	settings.place_text = S("You are number {{position}}.");
	EXPECT_OK(routing_settings_set(job, &settings));
	talk = customer_says(job, "hi");
	job->now_ms += WINDOW_MS;
	run(job);
	EXPECT_INT(told(job, talk, "number"), 0);
	EXPECT(conv_of(job, talk).queued_ms > 0);
}
