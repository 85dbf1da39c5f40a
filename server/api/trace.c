/*
 * trace.c: the story of a message, from its row, its attempts and the event it came by.
 *
 * Nothing is written for it: every step is a time that some row keeps anyway.
 */
#include "account/route.h"
#include "api/handlers.h"
#include "inbox/cost.h"
#include "inbox/inbox.h"
#include "store/queries.h"

#include <stdlib.h>

#define STEPS_MAX 256

struct step { int64_t at_ms, sort_ms; int order; const char *what; str detail, code; };
struct story { struct step items[STEPS_MAX]; size_t count; };

static void tell(struct story *s, int64_t at_ms, const char *what, str detail, str code)
{
	if (at_ms && s->count < STEPS_MAX) {
		s->items[s->count] =
			(struct step){ at_ms, at_ms, (int)s->count, what, detail, code };
		s->count++;
	}
}

/* ---- coming in ---- */

static enum err tell_arrival(struct job *job, const struct message *msg, struct story *s)
{
	struct message_event_row event;
	enum err e = ERR_MISSING;

	if (msg->event_id)
		e = sql_message_event(job,
			&(struct sql_message_event){ msg->event_id, job->workspace }, &event);
	if (e != OK && e != ERR_MISSING)
		return e;
	job_forgive(job);
	tell(s, e == OK ? id64_ms(event.id) : id64_ms(msg->id), "received",
		S("WhatsApp handed it to us."), STR_NONE);
	tell(s, id64_ms(msg->id), "stored", S("It stands in the conversation."), STR_NONE);
	if (e == OK)
		tell(s, event.applied_ms, "applied", S("Everything that it brought was applied."),
			STR_NONE);
	return OK;
}

/* ---- going out ---- */

static void tell_attempt(struct job *job, const struct message_attempt_row *row, struct story *s)
{
	str detail = row->detail.len ? row->detail
				     : arena_printf(job->arena, "The provider's answer: " STR_F ".",
					       STR_A(row->result));

	tell(s, row->started_ms, "attempt",
		arena_printf(job->arena, "Attempt %lld began.", (long long)row->number), STR_NONE);
	tell(s, row->ended_ms, str_is(row->result, S("unconfirmed")) ? "unconfirmed" : "answer",
		detail, row->code);
}

static enum err tell_routes(struct job *job, const struct message *msg, struct story *s)
{
	struct route_decision *decisions;
	size_t count;

	TRY(route_decisions(job, msg->id, msg->channel_id, &decisions, &count));
	for (size_t i = 0; i < count; i++)
		tell(s, id64_ms(decisions[i].id), "route",
			arena_printf(job->arena, "By " STR_F " (" STR_F "). " STR_F,
				STR_A(decisions[i].name), STR_A(decisions[i].provider),
				STR_A(decisions[i].sentence)),
			STR_NONE);
	return OK;
}

static enum err tell_sending(struct job *job, const struct message *msg, struct story *s)
{
	struct message_attempt_rows attempts;
	struct message_waiting_row waiting;
	enum err e;

	tell(s, id64_ms(msg->id), "accepted", S("It was checked and stored, and will be sent."),
		STR_NONE);
	TRY(sql_message_attempts(job, &(struct sql_message_attempts){ msg->id, job->workspace },
		&attempts));
	for (size_t i = 0; i < attempts.count; i++)
		tell_attempt(job, &attempts.items[i], s);
	TRY(tell_routes(job, msg, s));
	e = sql_message_waiting(job, &(struct sql_message_waiting){ msg->id, job->workspace },
		&waiting);
	if (e == ERR_MISSING) {
		job_forgive(job);
		return OK;
	}
	TRY(e);
	tell(s, waiting.created_ms, "queued", S("It waits for its turn."), STR_NONE);
	if (waiting.attempts && waiting.next_ms > job->now_ms)
		tell(s, waiting.next_ms, "retry", S("The next attempt is due then."), STR_NONE);
	return OK;
}

/* The network tells its times in whole seconds: what it reports comes after what we did in that
 * second. */
static void tell_tick(struct story *s, int64_t at_ms, const char *what, str detail)
{
	tell(s, at_ms, what, detail, STR_NONE);
	if (at_ms && at_ms % 1000 == 0 && s->count)
		s->items[s->count - 1].sort_ms = at_ms + 999;
}

static void tell_ticks(struct job *job, const struct message *msg, struct story *s)
{
	json error = NULL;

	tell_tick(s, msg->sent_ms, "sent", S("WhatsApp's server has it."));
	tell_tick(s, msg->delivered_ms, "delivered", S("It is on the recipient's device."));
	tell_tick(s, msg->read_ms, "read", S("The recipient has opened it."));
	tell_tick(s, msg->played_ms, "played", S("The recipient has played it."));
	if (msg->error.len && json_read(job->arena, msg->error, &error, NULL) != OK)
		error = NULL;
	tell(s, msg->failed_ms, "failed",
		error ? json_text(json_field(error, "message")) : S("It failed."),
		json_text(json_field(error, "code")));
}

/* ---- telling ---- */

static int compare_steps(const void *a, const void *b)
{
	const struct step *x = a, *y = b;

	if (x->sort_ms != y->sort_ms)
		return x->sort_ms < y->sort_ms ? -1 : 1;
	return x->order - y->order;
}

static void write_story(struct buf *out, const struct message *msg, struct story *s)
{
	qsort(s->items, s->count, sizeof *s->items, compare_steps);
	json_open(out, '{');
	json_put(out, "trace_id", msg->trace);
	json_put_id(out, "message_id", msg->id);
	json_open_in(out, "steps", '[');
	for (size_t i = 0; i < s->count; i++) {
		json_open(out, '{');
		json_put_int(out, "at_ms", s->items[i].at_ms);
		json_put(out, "what", str_of(s->items[i].what));
		json_put(out, "detail", s->items[i].detail.ptr ? s->items[i].detail : S(""));
		json_put(out, "code", s->items[i].code);
		json_close(out, '}');
	}
	json_close(out, ']');
}

/* Null until the network reported a price. */
static enum err write_cost(struct job *job, struct buf *out, id64 message)
{
	struct message_cost cost;
	enum err e = message_cost(job, message, &cost);

	if (e == ERR_MISSING) {
		job_forgive(job);
		json_put_null(out, "cost");
		return OK;
	}
	TRY(e);
	cost_write_json(job, out, "cost", &cost);
	return OK;
}

enum err messages_trace(struct job *job, const struct request *req, struct response *res)
{
	struct story *story = ARENA_NEW(job->arena, struct story);
	struct buf *out = reply_json(res, 200);
	struct message msg;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(message_get(job, id, &msg));
	if (msg.status == STATUS_RECEIVED || msg.author_kind == ACTOR_PHONE)
		TRY(tell_arrival(job, &msg, story));
	else
		TRY(tell_sending(job, &msg, story));
	tell_ticks(job, &msg, story);
	write_story(out, &msg, story);
	TRY(write_cost(job, out, id));
	json_close(out, '}');
	return OK;
}
