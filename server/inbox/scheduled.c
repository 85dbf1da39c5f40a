/* scheduled.c: messages for later; see scheduled.h. */
#include "inbox/scheduled.h"

#include "account/channel.h"
#include "account/seal.h"
#include "inbox/composer.h"
#include "inbox/inbox_internal.h"
#include "store/store.h"

#include <unicode/ucal.h>
#include <unicode/ustring.h>

#define PERIODS_MAX 2000 /* of a repeat; five years of days */

static const char *const state_names[SCHEDULED_STATES] = {
	[SCHEDULED_PENDING] = "pending",
	[SCHEDULED_SENT] = "sent",
	[SCHEDULED_CANCELLED] = "cancelled",
	[SCHEDULED_NOT_SENT] = "not_sent",
};

static const char *const repeat_names[REPEATS] = {
	[REPEAT_ONCE] = "none",
	[REPEAT_DAILY] = "daily",
	[REPEAT_WEEKLY] = "weekly",
	[REPEAT_MONTHLY] = "monthly",
};

const char *scheduled_state_name(enum scheduled_state state)
{
	return (unsigned)state < SCHEDULED_STATES ? state_names[state] : "pending";
}

const char *repeat_name(enum repeat repeat)
{
	return (unsigned)repeat < REPEATS ? repeat_names[repeat] : "none";
}

static size_t find_word(const char *const *words, size_t count, str name)
{
	size_t i = 0;

	while (i < count && !str_is(name, str_of(words[i])))
		i++;
	return i;
}

bool scheduled_state_parse(str name, enum scheduled_state *out)
{
	*out = (enum scheduled_state)find_word(state_names, SCHEDULED_STATES, name);
	return *out < SCHEDULED_STATES;
}

bool repeat_parse(str name, enum repeat *out)
{
	*out = (enum repeat)find_word(repeat_names, REPEATS, name);
	return *out < REPEATS;
}

/* ---- times ---- */

static bool zone_chars(str zone, UChar out[TIME_ZONE_MAX + 1])
{
	if (!zone.len || zone.len > TIME_ZONE_MAX)
		return false;
	for (size_t i = 0; i < zone.len; i++) {
		if (zone.ptr[i] <= ' ' || zone.ptr[i] > '~')
			return false;
		out[i] = (UChar)zone.ptr[i];
	}
	out[zone.len] = 0;
	return true;
}

static bool zone_is_known(str zone)
{
	UChar name[TIME_ZONE_MAX + 1], canonical[TIME_ZONE_MAX + 1];
	UErrorCode e = U_ZERO_ERROR;
	UBool known = false;

	if (!zone_chars(zone, name))
		return false;
	ucal_getCanonicalTimeZoneID(name, (int32_t)zone.len, canonical, TIME_ZONE_MAX, &known, &e);
	return U_SUCCESS(e) && known;
}

static const struct {
	UCalendarDateFields field;
	int32_t step;
	int64_t least_ms;
} periods[REPEATS] = {
	[REPEAT_DAILY] = { UCAL_DAY_OF_MONTH, 1, 22 * 3600000LL },
	[REPEAT_WEEKLY] = { UCAL_DAY_OF_MONTH, 7, 6 * 86400000LL },
	[REPEAT_MONTHLY] = { UCAL_MONTH, 1, 27 * 86400000LL },
};

/* The n-th of the series, from its first: the 31st stays the 31st where a month has one. */
static int64_t nth(UCalendar *calendar, const struct scheduled *s, int32_t n)
{
	UErrorCode e = U_ZERO_ERROR;

	ucal_setMillis(calendar, (UDate)s->first_ms, &e);
	ucal_add(calendar, periods[s->repeat].field, n * periods[s->repeat].step, &e);
	return U_SUCCESS(e) ? (int64_t)ucal_getMillis(calendar, &e) : 0;
}

int64_t scheduled_next(const struct scheduled *s, int64_t after_ms)
{
	UChar zone[TIME_ZONE_MAX + 1];
	UErrorCode e = U_ZERO_ERROR;
	UCalendar *calendar;
	int64_t at = 0;

	if (s->repeat == REPEAT_ONCE || !zone_chars(s->time_zone, zone))
		return 0;
	calendar = ucal_open(zone, -1, "en", UCAL_GREGORIAN, &e);
	for (int32_t n = 1; U_SUCCESS(e) && n <= PERIODS_MAX && at <= after_ms; n++)
		at = nth(calendar, s, n);
	ucal_close(calendar);
	return at > after_ms && (!s->repeat_until_ms || at <= s->repeat_until_ms) ? at : 0;
}

bool scheduled_misses(const struct scheduled *s, const struct conversation *conv, bool has_window)
{
	return has_window && s->state == SCHEDULED_PENDING && s->kind != KIND_TEMPLATE &&
	       conv->window_until_ms <= s->due_ms;
}

/* ---- rows ---- */

static enum err from_row(struct job *job, const struct scheduled_row *row, struct scheduled *out)
{
	*out = (struct scheduled){
		.id = row->id,
		.workspace = row->workspace_id,
		.conversation_id = row->conversation_id,
		.author_kind = (enum actor_kind)row->author_kind,
		.author_id = row->author_id,
		.kind = (enum message_kind)row->kind,
		.reply_to_id = row->reply_to_id,
		.canned_id = row->canned_id,
		.due_ms = row->due_ms,
		.first_ms = row->first_ms,
		.time_zone = row->time_zone,
		.repeat = (enum repeat)row->repeat,
		.repeat_until_ms = row->repeat_until_ms,
		.if_no_reply_ms = row->if_no_reply_ms,
		.state = (enum scheduled_state)row->state,
		.code = row->code,
		.reason = row->reason,
		.sent_count = row->sent_count,
		.last_message_id = row->last_message_id,
	};
	return unseal(job, SEAL_MESSAGE, row->body_sealed, &out->content);
}

enum err scheduled_get(struct job *job, id64 id, struct scheduled *out)
{
	struct conversation conv;
	struct scheduled_row row;

	TRY(sql_scheduled_find(job,
		&(struct sql_scheduled_find){ .id = id, .workspace = job->workspace }, &row));
	TRY(conversation_get(job, row.conversation_id, &conv));
	TRY(from_row(job, &row, out));
	out->conversation_id = conv.id;
	return OK;
}

static enum err list_some(struct job *job, const struct scheduled_ask *ask,
	struct scheduled_rows *out)
{
	if (ask->conversation)
		return sql_scheduled_of_conversation(job,
			&(struct sql_scheduled_of_conversation){ .conversation = ask->conversation,
				.workspace = job->workspace,
				.after_ms = ask->after_ms,
				.after = ask->after,
				.max = (int64_t)ask->max },
			out);
	return sql_scheduled_list(job,
		&(struct sql_scheduled_list){ .workspace = job->workspace,
			.state = ask->state,
			.after_ms = ask->after_ms,
			.after = ask->after,
			.max = (int64_t)ask->max },
		out);
}

static enum err take_visible(struct job *job, const struct scheduled_rows *rows, size_t max,
	struct scheduled_list *out)
{
	for (size_t i = 0; i < rows->count && out->count < max; i++) {
		bool found;

		TRY(found_or_none(job, visible_conversation(job, rows->items[i].conversation_id),
			&found));
		if (found)
			TRY(from_row(job, &rows->items[i], &out->items[out->count++]));
	}
	return OK;
}

/* Goes on until there are as many as wanted that the asker may see. */
enum err scheduled_list(struct job *job, const struct scheduled_ask *ask,
	struct scheduled_list *out)
{
	struct scheduled_ask next = *ask;
	struct scheduled_rows rows = { .count = ask->max };

	*out = (struct scheduled_list){ ARENA_ARRAY(job->arena, struct scheduled, ask->max), 0 };
	while (rows.count == ask->max && out->count < ask->max) {
		TRY(list_some(job, &next, &rows));
		TRY(take_visible(job, &rows, ask->max, out));
		if (rows.count) {
			next.after = rows.items[rows.count - 1].id;
			next.after_ms = rows.items[rows.count - 1].due_ms;
		}
	}
	return OK;
}

/* ---- making and changing ---- */

static void check_times(struct job *job, const struct scheduled_draft *draft)
{
	if (draft->due_ms <= job->now_ms)
		field_error(job, S("send_at_ms"), S("in_the_past"),
			S("Choose a time that is still to come."));
	else if (draft->due_ms > job->now_ms + SCHEDULED_AHEAD_MAX_MS)
		field_error(job, S("send_at_ms"), S("too_far"), S("At most a year ahead."));
	if (!zone_is_known(draft->time_zone))
		field_error(job, S("time_zone"), S("unknown"),
			S("Give a time zone such as Europe/Berlin."));
	if (draft->repeat_until_ms && draft->repeat == REPEAT_ONCE)
		field_error(job, S("repeat_until_ms"), S("unexpected"),
			S("It goes once: say how it repeats, or leave this out."));
	else if (draft->repeat_until_ms && draft->repeat_until_ms < draft->due_ms)
		field_error(job, S("repeat_until_ms"), S("too_early"),
			S("Not before the first message."));
}

/* All that a send would be refused for, but for the window: that may be open again by then. */
static enum err check_message(struct job *job, const struct message_draft *draft)
{
	enum err e = inbox_send_check(job, draft);

	if (e != ERR_INPUT || !str_is(job->code, S("window_closed")))
		return e;
	job_forgive(job);
	return OK;
}

static enum err check(struct job *job, const struct scheduled_draft *draft)
{
	if (kind_is_change(draft->message->kind))
		field_error(job, S("type"), S("unsupported"), S("This cannot wait."));
	check_times(job, draft);
	TRY(job_check_fields(job));
	return check_message(job, draft->message);
}

static str content_text(struct job *job, json content)
{
	struct buf out = buf_in(job->arena, JSON_SIZE_MAX);

	json_put_value(&out, NULL, content);
	return buf_text(&out);
}

static void note(struct job *job, struct inbox_changes *changes, id64 conversation, id64 id)
{
	inbox_note(job, changes,
		(struct inbox_change){ .kind = CHANGE_SCHEDULED,
			.conversation = conversation,
			.scheduled = id });
}

static enum err finish(struct job *job, id64 conversation, id64 id, struct scheduled *out)
{
	struct inbox_changes changes = { 0 };

	note(job, &changes, conversation, id);
	TRY(scheduled_get(job, id, out));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return OK;
}

static enum err check_room(struct job *job)
{
	struct scheduled_total_row row;

	TRY(sql_scheduled_count(job, &(struct sql_scheduled_count){ job->workspace }, &row));
	return row.total < SCHEDULED_MAX
		       ? OK
		       : fail_code(job, ERR_LIMIT, S("too_many"), S("Cancel some first."),
				 "At most %d messages can wait for their time.", SCHEDULED_MAX);
}

enum err scheduled_create(struct job *job, const struct scheduled_draft *draft,
	struct scheduled *out)
{
	struct conversation conv;
	id64 id = job_id(job);
	bytes body;

	TRY(check(job, draft));
	TRY(seal(job, SEAL_MESSAGE, content_text(job, draft->message->content), &body));
	TRY(db_begin(job, DB_WRITE));
	TRY(conversation_get(job, draft->message->conversation_id, &conv));
	TRY(check_room(job));
	TRY(sql_scheduled_add(job,
		&(struct sql_scheduled_add){ .id = id,
			.workspace = job->workspace,
			.conversation = conv.id,
			.author_kind = job->actor.kind,
			.author = job->actor.id,
			.kind = draft->message->kind,
			.body = body,
			.reply_to_id = draft->message->reply_to_id,
			.canned = draft->message->canned_id,
			.due_ms = draft->due_ms,
			.time_zone = draft->time_zone,
			.repeat = draft->repeat,
			.repeat_until_ms = draft->repeat_until_ms,
			.if_no_reply_ms = draft->only_if_no_reply ? job->now_ms : 0,
			.now_ms = job->now_ms },
		NULL));
	return finish(job, conv.id, id, out);
}

static enum err lock_pending(struct job *job, id64 id, struct scheduled *out)
{
	struct scheduled_row row;

	TRY(scheduled_get(job, id, out));
	TRY(sql_scheduled_lock(job,
		&(struct sql_scheduled_lock){ .id = id, .workspace = job->workspace,
			.now_ms = job->now_ms },
		&row));
	if (row.state == SCHEDULED_PENDING)
		return from_row(job, &row, out);
	return fail_code(job, ERR_CONFLICT, S("not_pending"), S("Make a new one."),
		"It does not wait any more: it is %s.",
		scheduled_state_name((enum scheduled_state)row.state));
}

enum err scheduled_change(struct job *job, id64 id, const struct scheduled_draft *draft,
	struct scheduled *out)
{
	struct scheduled was;
	bytes body;

	TRY(check(job, draft));
	TRY(seal(job, SEAL_MESSAGE, content_text(job, draft->message->content), &body));
	TRY(db_begin(job, DB_WRITE));
	TRY(lock_pending(job, id, &was));
	TRY(sql_scheduled_change(job,
		&(struct sql_scheduled_change){ .id = id,
			.workspace = job->workspace,
			.kind = draft->message->kind,
			.body = body,
			.due_ms = draft->due_ms,
			.first_ms = draft->due_ms,
			.time_zone = draft->time_zone,
			.repeat = draft->repeat,
			.repeat_until_ms = draft->repeat_until_ms,
			.if_no_reply_ms = !draft->only_if_no_reply ? 0
					  : was.if_no_reply_ms     ? was.if_no_reply_ms
								   : job->now_ms,
			.now_ms = job->now_ms },
		NULL));
	return finish(job, was.conversation_id, id, out);
}

static enum err settle(struct job *job, const struct scheduled *s)
{
	return sql_scheduled_settle(job,
		&(struct sql_scheduled_settle){ .id = s->id,
			.workspace = job->workspace,
			.state = s->state,
			.code = s->code,
			.reason = s->reason,
			.due_ms = s->due_ms,
			.if_no_reply_ms = s->if_no_reply_ms,
			.sent_count = s->sent_count,
			.last_message = s->last_message_id,
			.now_ms = job->now_ms },
		NULL);
}

enum err scheduled_cancel(struct job *job, id64 id, struct scheduled *out)
{
	struct scheduled s;

	TRY(db_begin(job, DB_WRITE));
	TRY(lock_pending(job, id, &s));
	s.state = SCHEDULED_CANCELLED;
	TRY(settle(job, &s));
	return finish(job, s.conversation_id, id, out);
}

enum err scheduled_forget(struct job *job, id64 conversation)
{
	bytes empty;

	TRY(seal(job, SEAL_MESSAGE, S("{}"), &empty));
	return sql_scheduled_forget(job,
		&(struct sql_scheduled_forget){ .conversation = conversation,
			.workspace = job->workspace,
			.body = empty,
			.now_ms = job->now_ms },
		NULL);
}

/* ---- when the time has come ---- */

enum err scheduled_find_due(struct job *job, size_t max, struct scheduled_due **out, size_t *count)
{
	struct scheduled_id_rows rows;

	TRY(sql_scheduled_due(job,
		&(struct sql_scheduled_due){ .now_ms = job->now_ms, .max = (int64_t)max }, &rows));
	*out = ARENA_ARRAY(job->arena, struct scheduled_due, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		(*out)[i] = (struct scheduled_due){ rows.items[i].id, rows.items[i].workspace_id };
	return OK;
}

/* The author hears why; what one was told oneself, at once, needs no notice. */
static enum err give_up(struct job *job, struct scheduled *s, struct inbox_changes *changes)
{
	struct buf detail = buf_in(job->arena, 4096);
	struct notification draft = {
		.kind = NOTIFICATION_NOT_SENT,
		.conversation_id = s->conversation_id,
		.person_id = s->author_id,
	};

	s->state = SCHEDULED_NOT_SENT;
	s->code = job->code.len ? job->code : S("refused");
	s->reason = job->field_errors ? job->field_errors->message : job->why;
	json_open(&detail, '{');
	json_put_id(&detail, "scheduled_id", s->id);
	json_put(&detail, "code", s->code);
	json_put(&detail, "reason", s->reason);
	json_close(&detail, '}');
	draft.detail = buf_text(&detail);
	job_forgive(job);
	job->actor = (struct actor){ .kind = ACTOR_SYSTEM };
	return s->author_kind == ACTOR_PERSON ? notification_add_within(job, &draft, changes) : OK;
}

/* Why it must not go, though nothing forbids it. */
static enum err check_wanted(struct job *job, const struct scheduled *s,
	const struct conversation *conv)
{
	if (s->if_no_reply_ms && conv->last_in_ms > s->if_no_reply_ms)
		return fail_code(job, ERR_INPUT, S("replied"), S("Nothing."),
			"The customer has written in the meantime.");
	if (job->now_ms - s->due_ms > SCHEDULED_LATE_MAX_MS)
		return fail_code(job, ERR_INPUT, S("too_late"), S("Send it now, or choose a time."),
			"The server was not running at that time.");
	return OK;
}

/* The next of the series, or the end of it. */
static void move_on(struct job *job, struct scheduled *s, id64 message)
{
	int64_t next = scheduled_next(s, job->now_ms);

	s->sent_count++;
	s->last_message_id = message;
	s->state = next ? SCHEDULED_PENDING : SCHEDULED_SENT;
	s->due_ms = next ? next : s->due_ms;
	/* Counted from what the customer saw last. */
	s->if_no_reply_ms = s->if_no_reply_ms ? job->now_ms : 0;
}

static enum err send_message(struct job *job, struct scheduled *s, struct inbox_changes *changes)
{
	struct message_draft draft = { .kind = s->kind,
		.reply_to_id = s->reply_to_id,
		.canned_id = s->canned_id,
		.priority = PRIORITY_NORMAL };
	struct conversation conv;
	struct message msg;

	TRY(conversation_lock(job, s->conversation_id, &conv));
	s->conversation_id = conv.id;
	draft.conversation_id = conv.id;
	TRY(check_wanted(job, s, &conv));
	if (json_read(job->arena, s->content, &draft.content, NULL) != OK)
		return fail(job, ERR_CORRUPT, "a message for later cannot be read");
	TRY(inbox_send_within(job, &draft, changes, &msg));
	move_on(job, s, msg.id);
	return OK;
}

static enum err take(struct job *job, const struct scheduled_due *due, struct scheduled *out,
	bool *mine)
{
	struct scheduled_row row;

	TRY(found_or_none(job,
		sql_scheduled_take(job,
			&(struct sql_scheduled_take){ .id = due->id, .now_ms = job->now_ms }, &row),
		mine));
	if (!*mine)
		return OK;
	TRY(from_row(job, &row, out));
	job->actor = (struct actor){ .kind = out->author_kind, .id = out->author_id,
		.permissions = ~0ull };
	return OK;
}

enum err scheduled_send(struct job *job, const struct scheduled_due *due)
{
	struct inbox_changes changes = { 0 };
	struct scheduled s;
	bool mine;
	enum err e;

	job->workspace = due->workspace;
	TRY(db_begin(job, DB_WRITE));
	TRY(take(job, due, &s, &mine));
	if (!mine) {
		db_rollback(job);
		return OK;
	}
	e = send_message(job, &s, &changes);
	if (e == ERR_INPUT || e == ERR_MISSING || e == ERR_UNSUPPORTED || e == ERR_DENIED)
		TRY(give_up(job, &s, &changes));
	else
		TRY(e);
	TRY(settle(job, &s));
	note(job, &changes, s.conversation_id, s.id);
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return OK;
}
