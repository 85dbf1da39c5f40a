/* composer_test.c: variables, ready answers, macros, notes and messages for later, on both
 * databases. */
#include "account/account.h"
#include "inbox/composer.h"
#include "inbox/contacts.h"
#include "inbox/scheduled.h"
#include "inbox/test_inbox.h"

#include <stdio.h>

#define DAY 86400000LL
#define HOUR 3600000LL

static struct channel *ch;
static struct conversation conv;
static int customers;

/* A customer has written just now: the window is open. */
static void start(struct job *job)
{
	struct provider_event in;
	const char *remote = arena_printf(test_arena(), "wamid.IN%d", ++customers).ptr;

	ch = test_channel(job);
	in = test_says("12025550142", remote, "hi", TEST_NOW_MS);
	in.who.name = S("Ana Ruiz");
	test_apply(job, ch, &in, NULL);
	conv = test_conversation(job, ch, remote);
}

static json parse(const char *text)
{
	json out;

	EXPECT_OK(json_read(test_arena(), T(text), &out, NULL));
	return out;
}

static id64 outbox_size(struct job *job)
{
	struct outbox_figures_row row;

	EXPECT_OK(sql_outbox_depth(job, &(struct sql_outbox_depth){ job->workspace, 100 }, &row));
	return row.depth;
}

static str field_code(struct job *job)
{
	return job->field_errors ? job->field_errors->code : STR_NONE;
}

/* A colleague, whom notes can mention. */
static id64 colleague(struct job *job)
{
	struct person_draft draft = { .email = arena_printf(job->arena, "p%lld@example.com",
					      (long long)job_id(job)),
		.name = S("Bo"), .role = S("agent"), .password = S("correct horse battery"),
		.disabled = -1 };
	struct person person;

	EXPECT_OK(person_create(job, &draft, &person));
	return person.id;
}

/* ---- variables ---- */

static json vectors(void)
{
	static char text[16384];
	FILE *f = fopen(TEST_DATA "/variables.json", "r");
	size_t n;

	EXPECT(f != NULL);
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	return parse(arena_cstr(test_arena(), (str){ text, n }));
}

static struct variables values_of(json map)
{
	struct variables out = { ARENA_ARRAY(test_arena(), struct variable, 20), 0 };

	for (void *at = json_first(map); at; at = json_next(map, at))
		out.items[out.count++] = (struct variable){ json_member_name(at),
			json_text(json_member_value(at)) };
	return out;
}

TEST(variables_are_filled_in_as_the_console_does_it)
{
	json all = vectors(), good = json_field(all, "good"), bad = json_field(all, "bad");
	struct variables values = values_of(json_field(all, "values"));
	struct job job;

	EXPECT(json_count(good) > 5 && json_count(bad) > 5);
	for (size_t i = 0; i < json_count(good); i++) {
		job_init(&job, "test", test_arena(), NULL);
		str out = variables_fill(&job, S("body"), json_text(json_at(json_at(good, i), 0)),
			&values);

		EXPECT(job.field_errors == NULL);
		EXPECT_STR(out, arena_cstr(test_arena(), json_text(json_at(json_at(good, i), 1))));
	}
	for (size_t i = 0; i < json_count(bad); i++) {
		job_init(&job, "test", test_arena(), NULL);
		variables_fill(&job, S("body"), json_text(json_at(json_at(bad, i), 0)), &values);
		EXPECT_STR(field_code(&job),
			arena_cstr(test_arena(), json_text(json_at(json_at(bad, i), 1))));
	}
}

STORE_TEST(a_missing_variable_is_named)
{
	struct inbox_changes changes = { 0 };
	struct variables values;
	struct attribute city;
	struct contact contact;

	start(job);
	EXPECT_OK(variables_of(job, &conv, job->actor.id, &values));
	EXPECT_STR(variables_fill(job, S("body"),
			   S("{{contact.first_name}} of {{workspace.name}} on "
			     "{{conversation.number}}"),
			   &values),
		"Ana of Shop on +15550783881");
	EXPECT(!job->field_errors);
	variables_fill(job, S("body"), S("in {{contact.attributes.city}}"), &values);
	EXPECT(str_has(job->field_errors->message, S("contact.attributes.city")));
	job_forgive(job);
	EXPECT_OK(attribute_create(job,
		&(struct attribute){ .key = S("city"), .title = S("City"), .options = S("[]") },
		&city));
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(contact_change(job, conv.contact_id,
		&(struct contact_patch){ .attributes = parse("{\"city\":\"Lima\"}") }, &changes,
		&contact));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(variables_of(job, &conv, 0, &values));
	EXPECT_STR(variables_fill(job, S("body"), S("in {{contact.attributes.city}}"), &values),
		"in Lima");
}

/* ---- ready answers ---- */

static struct canned make_canned(struct job *job, const char *shortcut, enum owner_scope scope)
{
	struct canned draft = { .shortcut = T(shortcut), .title = S("T"),
		.body = S("Hi {{contact.first_name|friend}}"), .owner = { scope, 0 } };
	struct canned out;

	EXPECT_OK(canned_create(job, &draft, &out));
	return out;
}

STORE_TEST(ready_answers_of_others_are_not_seen)
{
	struct canned mine, shared, found;
	struct canned_list list;
	struct actor owner;

	start(job);
	mine = make_canned(job, "Mine", OWNER_PERSON);
	shared = make_canned(job, "all", OWNER_WORKSPACE);
	EXPECT_STR(mine.shortcut, "mine");
	EXPECT_OK(canned_list(job, 0, 10, &list));
	EXPECT_INT(list.count, 2);

	owner = job->actor;
	job->actor = (struct actor){ .kind = ACTOR_PERSON, .id = colleague(job),
		.permissions = role_permissions(ROLE_AGENT) };
	EXPECT_OK(canned_list(job, 0, 10, &list));
	EXPECT_INT(list.count, 1);
	EXPECT_ERR(canned_get(job, mine.id, &found), ERR_MISSING);
	EXPECT_OK(canned_get(job, shared.id, &found));
	EXPECT_ERR(canned_change(job, &shared, &found), ERR_DENIED);
	db_rollback(job);
	job_forgive(job);
	/* The same shortcut is free for somebody else, and taken for oneself. */
	make_canned(job, "mine", OWNER_PERSON);
	job->actor = owner;
	mine.id = 0;
	EXPECT_ERR(canned_create(job, &mine, &found), ERR_CONFLICT);
	db_rollback(job);
}

STORE_TEST(a_ready_answer_with_an_unknown_variable_is_refused)
{
	struct canned draft = { .shortcut = S("x"), .title = S("X"), .body = S("{{contact.nme}}") },
		      out;

	start(job);
	EXPECT_ERR(canned_create(job, &draft, &out), ERR_INPUT);
	EXPECT_STR(field_code(job), "unknown_variable");
}

STORE_TEST(the_use_of_a_ready_answer_is_counted_with_what_became_of_it)
{
	struct message_draft draft = { .kind = KIND_TEXT };
	struct provider_event ev;
	struct canned_figures figures;
	struct canned_list list;
	struct message msg;
	bool repeated;

	start(job);
	draft.canned_id = make_canned(job, "x", OWNER_WORKSPACE).id;
	draft.conversation_id = conv.id;
	draft.content = parse("{\"body\":\"Hi\"}");
	EXPECT_OK(inbox_send(job, &draft, &msg, &repeated));
	ev = test_tick("wamid.OUT", STATUS_READ, TEST_NOW_MS + 1000);
	ev.target_message = msg.id;
	test_apply(job, ch, &ev, NULL);
	job->now_ms += 5000;
	ev = test_says("12025550142", "wamid.BACK", "thanks", job->now_ms);
	test_apply(job, ch, &ev, NULL);
	EXPECT_OK(canned_list(job, 0, 10, &list));
	EXPECT_OK(canned_figures(job, &list, &figures));
	EXPECT_INT(figures.used, 1);
	EXPECT_INT(figures.delivered, 1);
	EXPECT_INT(figures.read, 1);
	EXPECT_INT(figures.replied, 1);
}

/* ---- notes ---- */

STORE_TEST(a_note_stays_in_the_house)
{
	struct mention who = { 0 };
	struct note_draft draft;
	struct message_draft quoting = { .kind = KIND_TEXT };
	struct conversation after;
	struct message note, msg;
	struct messages thread, found;
	bool repeated;
	int64_t unread;
	id64 next;

	start(job);
	who.id = colleague(job);
	draft = (struct note_draft){ conv.id, S("he is a pelican friend"), &who, 1 };
	EXPECT_OK(note_add(job, &draft, &note));
	EXPECT_INT(outbox_size(job), 0);
	EXPECT_OK(conversation_get(job, conv.id, &after));
	EXPECT_INT(after.unread_count, conv.unread_count);
	EXPECT_INT(after.last_message_id, conv.last_message_id);
	EXPECT_INT(after.window_until_ms, conv.window_until_ms);
	EXPECT_INT(after.waiting_since_ms, conv.waiting_since_ms);
	EXPECT_OK(message_before(job, conv.id, 0, 10, &thread));
	EXPECT_INT(thread.count, 2);
	EXPECT_INT(thread.items[0].kind, KIND_NOTE);
	EXPECT_OK(search_messages(job, &(struct message_search){ .query = S("pelican"), .max = 5 },
		&found, &next));
	EXPECT_INT(found.count, 1);
	EXPECT_OK(notification_unread(job, who.id, &unread));
	EXPECT_INT(unread, 1);

	quoting.conversation_id = conv.id;
	quoting.content = parse("{\"body\":\"as the note says\"}");
	quoting.reply_to_id = note.id;
	EXPECT_ERR(inbox_send(job, &quoting, &msg, &repeated), ERR_INPUT);
	job_forgive(job);
	EXPECT_ERR(inbox_retry(job, note.id, &msg), ERR_CONFLICT);
	db_rollback(job);
	EXPECT_INT(outbox_size(job), 0);
}

STORE_TEST(a_note_is_changed_by_its_author_and_its_versions_are_kept)
{
	struct message_versions versions;
	struct message note;
	struct actor owner;

	start(job);
	EXPECT_OK(note_add(job, &(struct note_draft){ conv.id, S("one"), NULL, 0 }, &note));
	EXPECT_OK(note_change(job, note.id, S("two"), &note));
	EXPECT_OK(note_change(job, note.id, S("three"), &note));
	EXPECT(str_has(note.content, S("three")));
	EXPECT_OK(message_versions(job, note.id, &versions));
	EXPECT_INT(versions.count, 2);
	EXPECT(str_has(versions.items[0].content, S("one")));

	owner = job->actor;
	job->actor.id = colleague(job);
	EXPECT_ERR(note_change(job, note.id, S("mine"), &note), ERR_DENIED);
	db_rollback(job);
	job_forgive(job);
	job->actor = owner;
	EXPECT_OK(note_remove(job, note.id, &note));
	EXPECT(note.deleted_ms > 0);
}

STORE_TEST(one_is_not_told_of_ones_own_note)
{
	struct mention me;
	struct message note;
	int64_t unread;

	start(job);
	me = (struct mention){ .id = job->actor.id };
	EXPECT_OK(note_add(job, &(struct note_draft){ conv.id, S("me"), &me, 1 }, &note));
	EXPECT_OK(notification_unread(job, job->actor.id, &unread));
	EXPECT_INT(unread, 0);
	me.id = 12345;
	EXPECT_ERR(note_add(job, &(struct note_draft){ conv.id, S("who"), &me, 1 }, &note),
		ERR_INPUT);
	EXPECT_STR(job->field_errors->field, "mentions.0.id");
}

/* ---- macros ---- */

static id64 make_macro(struct job *job, const char *actions)
{
	struct macro draft = { .name = arena_printf(job->arena, "M%lld", (long long)job_id(job)),
		.actions = parse(actions) }, out;

	EXPECT_OK(macro_create(job, &draft, &out));
	return out.id;
}

STORE_TEST(a_macro_does_all_of_it_in_order)
{
	struct macro_run run;
	struct conversation after;
	struct messages thread;
	struct label vip;
	id64 id;

	start(job);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(label_create(job, S("vip"), S("#1f7a8c"), &vip));
	EXPECT_OK(db_commit(job));
	id = make_macro(job,
		arena_printf(job->arena,
			"[{\"type\":\"add_label\",\"label_id\":\"%lld\"},"
			"{\"type\":\"remove_label\",\"label_id\":\"%lld\"}]",
			(long long)vip.id, (long long)vip.id)
			.ptr);
	EXPECT_OK(macro_run(job, id, conv.id, &run));
	EXPECT(run.ok);
	id = make_macro(job,
		"[{\"type\":\"send_text\",\"body\":\"Bye {{contact.first_name}}\"},"
		"{\"type\":\"note\",\"body\":\"closed by macro\"},"
		"{\"type\":\"assign\",\"assignee_id\":\"me\"},"
		"{\"type\":\"set_priority\",\"priority\":\"high\"},"
		"{\"type\":\"set_status\",\"status\":\"resolved\"}]");
	EXPECT_OK(macro_run(job, id, conv.id, &run));
	EXPECT(run.ok);
	EXPECT_INT(run.count, 5);
	EXPECT_OK(conversation_get(job, conv.id, &after));
	EXPECT_INT(after.status, CONVERSATION_RESOLVED);
	EXPECT_INT(after.priority, PRIORITY_HIGH);
	EXPECT_INT(after.assignee_id, job->actor.id);
	EXPECT_OK(message_before(job, conv.id, 0, 10, &thread));
	EXPECT_INT(thread.count, 3);
	EXPECT(str_has(thread.items[1].content, S("Bye Ana")));
	EXPECT_INT(outbox_size(job), 1);
}

STORE_TEST(a_macro_that_fails_has_done_nothing_and_says_why)
{
	struct macro_run run;
	struct conversation after;
	struct messages thread;
	id64 id;

	start(job);
	id = make_macro(job,
		"[{\"type\":\"set_priority\",\"priority\":\"urgent\"},"
		"{\"type\":\"send_text\",\"body\":\"one\"},"
		"{\"type\":\"send_text\",\"body\":\"in {{contact.attributes.city}}\"},"
		"{\"type\":\"set_status\",\"status\":\"resolved\"}]");
	EXPECT_OK(macro_run(job, id, conv.id, &run));
	EXPECT(!run.ok);
	EXPECT_INT(run.steps[0].outcome, MACRO_UNDONE);
	EXPECT_INT(run.steps[1].outcome, MACRO_UNDONE);
	EXPECT_INT(run.steps[2].outcome, MACRO_FAILED);
	EXPECT(str_has(run.steps[2].why, S("contact.attributes.city")));
	EXPECT_INT(run.steps[3].outcome, MACRO_NOT_RUN);
	EXPECT_OK(conversation_get(job, conv.id, &after));
	EXPECT_INT(after.priority, PRIORITY_NONE);
	EXPECT_OK(message_before(job, conv.id, 0, 10, &thread));
	EXPECT_INT(thread.count, 1);
	EXPECT_INT(outbox_size(job), 0);
}

STORE_TEST(a_macro_names_what_is_wrong_with_its_actions)
{
	struct macro draft = { .name = S("M"),
		.actions = parse("[{\"type\":\"explode\"},"
				 "{\"type\":\"set_status\",\"status\":\"gone\"},{\"type\":"
				 "\"snooze\",\"minutes\":0}]") };
	struct macro out;
	size_t wrong = 0;

	start(job);
	EXPECT_ERR(macro_create(job, &draft, &out), ERR_INPUT);
	for (const struct field_error *e = job->field_errors; e; e = e->next)
		wrong++;
	EXPECT_INT(wrong, 3);
}

/* ---- later ---- */

static struct scheduled later(struct job *job, int64_t in_ms, enum repeat repeat, bool no_reply)
{
	struct message_draft message = { .kind = KIND_TEXT, .conversation_id = conv.id,
		.content = parse("{\"body\":\"later\"}") };
	struct scheduled_draft draft = { .message = &message, .due_ms = job->now_ms + in_ms,
		.time_zone = S("Europe/Berlin"), .repeat = repeat, .only_if_no_reply = no_reply };
	struct scheduled out;

	EXPECT_OK(scheduled_create(job, &draft, &out));
	return out;
}

/* Sends what is due; how many there were. */
static size_t send_due(struct job *job)
{
	struct actor actor = job->actor;
	struct scheduled_due *due;
	size_t count;

	EXPECT_OK(scheduled_find_due(job, 10, &due, &count));
	for (size_t i = 0; i < count; i++)
		EXPECT_OK(scheduled_send(job, &due[i]));
	job->actor = actor;
	return count;
}

STORE_TEST(a_message_for_later_goes_once_at_its_time)
{
	struct scheduled_due due;
	struct scheduled s;
	struct message msg;

	start(job);
	s = later(job, HOUR, REPEAT_ONCE, false);
	EXPECT_INT(send_due(job), 0);
	job->now_ms += HOUR;
	EXPECT_INT(send_due(job), 1);
	EXPECT_OK(scheduled_get(job, s.id, &s));
	EXPECT_INT(s.state, SCHEDULED_SENT);
	EXPECT_OK(message_get(job, s.last_message_id, &msg));
	EXPECT_INT(msg.author_id, job->actor.id);
	EXPECT_INT(outbox_size(job), 1);
	/* Somebody else found it due, too. */
	due = (struct scheduled_due){ s.id, job->workspace };
	EXPECT_OK(scheduled_send(job, &due));
	EXPECT_INT(outbox_size(job), 1);
	EXPECT_ERR(scheduled_cancel(job, s.id, &s), ERR_CONFLICT);
	db_rollback(job);
}

STORE_TEST(what_the_closed_window_keeps_back_is_told_to_its_author)
{
	struct notifications told;
	struct scheduled s;

	start(job);
	s = later(job, 2 * DAY, REPEAT_ONCE, false);
	EXPECT(scheduled_misses(&s, &conv, true));
	job->now_ms += 2 * DAY;
	EXPECT_INT(send_due(job), 1);
	EXPECT_OK(scheduled_get(job, s.id, &s));
	EXPECT_INT(s.state, SCHEDULED_NOT_SENT);
	EXPECT_STR(s.code, "window_closed");
	EXPECT_INT(outbox_size(job), 0);
	EXPECT_OK(notification_list(job, true, 0, 10, &told));
	EXPECT_INT(told.count, 1);
	EXPECT(str_has(told.items[0].detail, S("window_closed")));
}

STORE_TEST(only_if_no_reply_waits_for_silence)
{
	struct provider_event in;
	struct scheduled s, silent;

	start(job);
	silent = later(job, HOUR, REPEAT_ONCE, true);
	job->now_ms += HOUR;
	EXPECT_INT(send_due(job), 1);
	EXPECT_OK(scheduled_get(job, silent.id, &silent));
	EXPECT_INT(silent.state, SCHEDULED_SENT);

	s = later(job, HOUR, REPEAT_ONCE, true);
	job->now_ms += 1000;
	in = test_says("12025550142", "wamid.REPLY", "here I am", job->now_ms);
	test_apply(job, ch, &in, NULL);
	job->now_ms += HOUR;
	EXPECT_INT(send_due(job), 1);
	EXPECT_OK(scheduled_get(job, s.id, &s));
	EXPECT_INT(s.state, SCHEDULED_NOT_SENT);
	EXPECT_STR(s.code, "replied");
	EXPECT_INT(outbox_size(job), 1);
}

STORE_TEST(one_that_was_cancelled_or_is_long_past_does_not_go)
{
	struct scheduled s, old;

	start(job);
	s = later(job, HOUR, REPEAT_ONCE, false);
	EXPECT_OK(scheduled_cancel(job, s.id, &s));
	EXPECT_INT(s.state, SCHEDULED_CANCELLED);
	old = later(job, HOUR, REPEAT_ONCE, false);
	job->now_ms += HOUR + SCHEDULED_LATE_MAX_MS + 1;
	EXPECT_INT(send_due(job), 1);
	EXPECT_OK(scheduled_get(job, old.id, &old));
	EXPECT_STR(old.code, "too_late");
	EXPECT_INT(outbox_size(job), 0);
}

STORE_TEST(when_a_person_is_forgotten_what_waits_for_them_is_too)
{
	struct scheduled s;

	start(job);
	s = later(job, HOUR, REPEAT_ONCE, false);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(scheduled_forget(job, conv.id));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(scheduled_get(job, s.id, &s));
	EXPECT_INT(s.state, SCHEDULED_CANCELLED);
	EXPECT_STR(s.content, "{}");
}

STORE_TEST(a_repeat_goes_on_until_its_end)
{
	struct scheduled s;

	start(job);
	s = later(job, HOUR, REPEAT_DAILY, false);
	job->now_ms += HOUR;
	EXPECT_INT(send_due(job), 1);
	EXPECT_OK(scheduled_get(job, s.id, &s));
	EXPECT_INT(s.state, SCHEDULED_PENDING);
	EXPECT_INT(s.sent_count, 1);
	EXPECT_INT(s.due_ms, s.first_ms + DAY);
	EXPECT_INT(send_due(job), 0);
}

TEST(repeats_keep_the_hour_and_the_day_of_the_zone)
{
	/* 2026-03-28 09:00 in Berlin; the clocks go forward in the night after. */
	struct scheduled s = { .first_ms = 1774684800000, .repeat = REPEAT_DAILY,
		.time_zone = S("Europe/Berlin") };

	EXPECT_INT(scheduled_next(&s, s.first_ms), s.first_ms + 23 * HOUR);
	/* 2026-01-31 12:00 UTC: the last day of February, then the 31st again. */
	s = (struct scheduled){ .first_ms = 1769860800000, .repeat = REPEAT_MONTHLY,
		.time_zone = S("UTC") };
	EXPECT_INT(scheduled_next(&s, s.first_ms), s.first_ms + 28 * DAY);
	EXPECT_INT(scheduled_next(&s, s.first_ms + 28 * DAY), s.first_ms + 59 * DAY);
	s.repeat_until_ms = s.first_ms + 30 * DAY;
	EXPECT_INT(scheduled_next(&s, s.first_ms + 28 * DAY), 0);
}

STORE_TEST(wrong_times_are_named)
{
	struct message_draft message = { .kind = KIND_TEXT,
		.content = parse("{\"body\":\"later\"}") };
	struct scheduled_draft draft = { .message = &message, .time_zone = S("Mars/Olympus") };
	struct scheduled out;
	size_t wrong = 0;

	start(job);
	message.conversation_id = conv.id;
	draft.due_ms = job->now_ms - 1;
	draft.repeat_until_ms = job->now_ms;
	EXPECT_ERR(scheduled_create(job, &draft, &out), ERR_INPUT);
	for (const struct field_error *e = job->field_errors; e; e = e->next)
		wrong++;
	EXPECT_INT(wrong, 3);
}
