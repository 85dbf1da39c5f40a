/*
 * outbox.c: messages waiting to be sent, and who sends them when.
 *
 * A message enters by inbox_send(), with a row in `outbox`, and leaves when the provider has
 * answered or a status report has settled it. One thread decides: in each round it writes the
 * results of finished calls and claims what is due, in one transaction, and then hands the claimed
 * ones to the call workers. So nothing is handed out before `sending` is on disk, and a row found
 * `sending` at start is unconfirmed: it waits for its status report before it is sent again under
 * the same id. A conversation has at most one message under way, which keeps its order.
 */
#include "jobs/jobs.h"
#include "jobs/outbox_internal.h"

#include "account/channel.h"
#include "base/clock.h"
#include "base/log.h"
#include "inbox/cost.h"
#include "inbox/inbox.h"
#include "store/queries.h"
#include "store/store.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
	IDLE_WAIT_MS = 1000,
	STORE_AWAY_WAIT_MS = 500,
	STOP_TRIES = 10,
	CHANNELS_PER_ROUND = 64,
	RECOVER_MAX = 500,
	CHANNEL_IN_FLIGHT_MAX = 48 /* so that there is always room for another channel */
};

/* Exponential, with jitter of a quarter, capped. */
static int64_t backoff(int64_t attempts)
{
	int64_t ms = OUTBOX_BACKOFF_MS;

	for (int64_t i = 1; i < attempts && ms < OUTBOX_BACKOFF_MAX_MS; i++)
		ms *= 2;
	if (ms > OUTBOX_BACKOFF_MAX_MS)
		ms = OUTBOX_BACKOFF_MAX_MS;
	return ms - ms / 8 + random() % (ms / 4 + 1);
}

/* ---- writing results ---- */

static const char *const outcome_words[] = {
	[OUTCOME_SENT] = "sent",
	[OUTCOME_RETRY] = "retry",
	[OUTCOME_UNCONFIRMED] = "unconfirmed",
	[OUTCOME_FAILED] = "failed",
};

static str error_json(struct job *job, const struct outbox_result *r)
{
	struct buf b = buf_in(job->arena, 4096);

	json_open(&b, '{');
	json_put(&b, "code", r->code);
	json_put(&b, "message", r->sentence);
	json_put(&b, "next_step", r->next_step);
	json_put_bool(&b, "retryable", r->outcome != OUTCOME_FAILED);
	json_close(&b, '}');
	return buf_text(&b);
}

static enum err write_attempt(struct job *job, const struct outbox_result *r)
{
	return sql_send_attempt_add(job,
		&(struct sql_send_attempt_add){
			.id = job_id(job),
			.workspace = r->item.workspace,
			.message = r->item.message,
			.number = r->item.attempts + 1,
			.started_ms = r->started_ms,
			.ended_ms = r->ended_ms,
			.result = str_of(outcome_words[r->outcome]),
			.code = r->code,
			.detail = r->sentence,
			.provider_trace = r->provider_trace,
		},
		NULL);
}

static enum err write_outcome(struct job *job, struct outbox *outbox, const struct outbox_result *r,
			      struct inbox_changes *changes)
{
	struct status_step step = { .at_ms = r->ended_ms, .remote_id = r->remote_id };
	bool moved = false;

	changes->passed_on = r->passed_on && r->outcome == OUTCOME_SENT;
	switch (r->outcome) {
	case OUTCOME_SENT:
		TRY(channel_note_traffic(job, r->item.channel, false));
		TRY(channel_note_health(job, r->item.channel, S("healthy"), STR_NONE, STR_NONE));
		if (r->is_template)
			TRY(cost_sent(job, r->item.message));
		step.status = STATUS_SENT;
		outbox->figures.sent++;
		outbox->figures.moved_sent += r->item.moved != 0;
		break;
	case OUTCOME_FAILED:
		if (r->may_move)
			TRY(outbox_move(job, outbox, &r->item, changes, &moved));
		if (moved)
			return OK;
		TRY(cost_refused(job, r->item.message, r->code));
		step.status = STATUS_FAILED;
		step.error = error_json(job, r);
		outbox->figures.failed++;
		outbox->figures.moved_failed += r->item.moved != 0;
		break;
	case OUTCOME_UNCONFIRMED:
		outbox->figures.unconfirmed++;
		step.status = STATUS_UNCONFIRMED;
		TRY(sql_outbox_unconfirmed(job, &(struct sql_outbox_unconfirmed){
			r->item.message, job->now_ms + outbox->config.unconfirmed_wait_ms }, NULL));
		break;
	case OUTCOME_RETRY:
		outbox->figures.retried++;
		return sql_outbox_delay(job,
			&(struct sql_outbox_delay){ r->item.message,
				job->now_ms +
					(r->wait_ms ? r->wait_ms : backoff(r->item.attempts + 1)) },
			NULL);
	}
	return message_move(job, r->item.message, &step, changes, &moved);
}

static enum err write_results(struct job *job, struct outbox *outbox,
	const struct outbox_result *results, struct inbox_changes *changes)
{
	for (const struct outbox_result *r = results; r; r = r->next) {
		job->workspace = r->item.workspace;
		TRY(write_attempt(job, r));
		TRY(write_outcome(job, outbox, r, changes));
		TRY(outbox_slow_note(job, r, changes));
	}
	return OK;
}

/* ---- claiming ---- */

struct claim_ask { id64 channel; size_t max; };
/* One look at the queue of a channel; NULL: it was deleted. */
struct claim_turn { struct channel *channel; bool is_trial; struct outbox_slow slow; };

static enum err claim_one(struct job *job, struct outbox *outbox, struct claims *claims,
	const struct outbox_item_row *item, bool is_trial)
{
	struct status_step step = { .status = STATUS_SENDING, .at_ms = job->now_ms };
	int64_t claimed;
	bool moved;

	job->workspace = item->workspace;
	TRY(sql_outbox_claim(job, &(struct sql_outbox_claim){ item->message, item->attempts + 1 },
		&claimed));
	/* Its status report came since it was read (PostgreSQL): it is settled. */
	if (!claimed)
		return OK;
	TRY(message_move(job, item->message, &step, &claims->changes, &moved));
	claims->is_trial[claims->count] = is_trial;
	claims->items[claims->count++] = *item;
	outbox->figures.in_flight++;
	return OK;
}

/* What waits on a channel that was deleted is claimed, too, and then told why it cannot be sent. */
static enum err find_limits(struct job *job, id64 channel, struct pace_limits *out,
	struct channel **ch)
{
	enum err e;

	*out = (struct pace_limits){ PACE_PER_SECOND_DEFAULT, PAIR_INTERVAL_MS_DEFAULT,
		PAIR_BURST_DEFAULT };
	*ch = NULL;
	job->workspace = 0;
	e = channel_get(job, channel, ch);
	if (e == OK)
		*out = (struct pace_limits){ (*ch)->pace_per_second, (*ch)->pair_interval_ms,
			(*ch)->pair_burst };
	return e == ERR_MISSING ? OK : e;
}

static bool is_full(const struct outbox *outbox, const struct claims *claims, id64 channel,
	size_t begun)
{
	return outbox->figures.in_flight >= IN_FLIGHT_MAX || claims->count == OUTBOX_CLAIM_MAX ||
	       outbox_flights_of(outbox, channel) + claims->count - begun >= CHANNEL_IN_FLIGHT_MAX;
}

/* One that its second and its pair let go; of a person's number, as far as that lets it. */
static enum err claim_at_pace(struct job *job, struct outbox *outbox, struct claims *claims,
	const struct outbox_item_row *item, struct claim_turn *turn)
{
	if (turn->channel && turn->channel->provider->is_paced) {
		TRY(outbox_slow_ask(job, outbox, turn->channel, item, &turn->slow,
			&claims->changes));
		if (!turn->slow.go)
			return OK;
	}
	return claim_one(job, outbox, claims, item, turn->is_trial);
}

/* What is due on one channel, as far as pace, its health (max) and the places at the workers allow.
 */
static enum err claim_channel(struct job *job, struct outbox *outbox, struct claims *claims,
	const struct claim_ask *ask)
{
	struct claim_turn turn = { .is_trial = ask->max == 1 };
	struct outbox_item_rows due;
	struct pace_limits limits;
	size_t begun = claims->count;

	TRY(find_limits(job, ask->channel, &limits, &turn.channel));
	TRY(sql_outbox_due(job,
		&(struct sql_outbox_due){ ask->channel, job->now_ms, OUTBOX_CLAIM_MAX }, &due));
	for (size_t i = 0; i < due.count && claims->count - begun < ask->max && !turn.slow.stop &&
		           !is_full(outbox, claims, ask->channel, begun);
		i++) {
		bool by_pair;
		int64_t wait_ms = pace_take(outbox->pace, &limits, ask->channel,
			due.items[i].conversation, job->now_ms, &by_pair);

		if (wait_ms == 0)
			TRY(claim_at_pace(job, outbox, claims, &due.items[i], &turn));
		else if (by_pair)
			TRY(sql_outbox_delay(job,
				&(struct sql_outbox_delay){ due.items[i].message,
					job->now_ms + wait_ms },
				NULL));
		else
			return outbox_wait_at_most(outbox, wait_ms), OK;
	}
	return OK;
}

/* One that does not work lets go what others may carry; one of the rest tries now and then whether
 * it works again. */
static enum err claim_as_healthy(struct job *job, struct outbox *outbox, struct claims *claims,
	id64 channel)
{
	struct claim_ask ask = { .channel = channel };
	size_t begun = claims->count;
	struct route_sight sight;
	int64_t wait_ms;

	route_health_get(channel, job->now_ms, &sight);
	if (sight.refused)
		TRY(outbox_move_waiting(job, outbox, channel, &claims->changes));
	ask.max = route_health_gate(channel, job->now_ms, &wait_ms);
	if (ask.max)
		TRY(claim_channel(job, outbox, claims, &ask));
	if (ask.max == SIZE_MAX)
		return OK;
	if (ask.max && claims->count == begun)
		route_health_untried(channel);
	outbox_wait_at_most(outbox, wait_ms ? wait_ms : IDLE_WAIT_MS);
	return outbox_move_waiting(job, outbox, channel, &claims->changes);
}

static enum err claim_due(struct job *job, struct outbox *outbox, struct claims *claims)
{
	struct outbox_channel_rows channels;

	TRY(sql_outbox_channels(job,
		&(struct sql_outbox_channels){ job->now_ms, CHANNELS_PER_ROUND }, &channels));
	for (size_t i = 0; i < channels.count; i++)
		TRY(claim_as_healthy(job, outbox, claims, channels.items[i].channel));
	return OK;
}

/* An unconfirmed message whose status report did not come goes back to the queue: the same id
 * again. */
static enum err requeue_overdue(struct job *job)
{
	struct outbox_item_rows overdue;

	TRY(sql_outbox_overdue(job, &(struct sql_outbox_overdue){ job->now_ms, OUTBOX_CLAIM_MAX },
		&overdue));
	for (size_t i = 0; i < overdue.count; i++)
		TRY(sql_outbox_delay(job,
			&(struct sql_outbox_delay){ overdue.items[i].message, job->now_ms }, NULL));
	return OK;
}

/* ---- the thread ---- */

void outbox_wait_at_most(struct outbox *outbox, int64_t ms)
{
	if (ms < outbox->wait_ms)
		outbox->wait_ms = ms > 0 ? ms : 1;
}

static enum err round_in_transaction(struct job *job, struct outbox *outbox,
	const struct outbox_result *results, struct claims *claims)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(write_results(job, outbox, results, &claims->changes));
	TRY(requeue_overdue(job));
	TRY(outbox_move_broken(job, outbox, &claims->changes));
	if (!outbox_is_stopping(outbox))
		TRY(claim_due(job, outbox, claims));
	return db_commit(job);
}

static enum err anything_to_do(struct job *job, bool *out)
{
	struct outbox_channel_rows channels;
	struct outbox_item_rows overdue;

	TRY(sql_outbox_channels(job, &(struct sql_outbox_channels){ job->now_ms, 1 }, &channels));
	TRY(sql_outbox_overdue(job, &(struct sql_outbox_overdue){ job->now_ms, 1 }, &overdue));
	*out = channels.count > 0 || overdue.count > 0;
	return OK;
}

static enum err wait_for_next_due(struct job *job, struct outbox *outbox)
{
	struct outbox_next_row next;

	TRY(sql_outbox_next_due(job, &(struct sql_outbox_next_due){ job->now_ms }, &next));
	if (next.next_ms)
		outbox_wait_at_most(outbox, next.next_ms - job->now_ms);
	return OK;
}

/* An answer that was lost at the commit leaves `sending` on disk for what nobody was given. */
static enum err give_back_unsure(struct job *job, struct outbox *outbox)
{
	if (!outbox->unsure_count)
		return OK;
	TRY(db_begin(job, DB_WRITE));
	for (size_t i = 0; i < outbox->unsure_count; i++)
		TRY(sql_outbox_unclaim(job,
			&(struct sql_outbox_unclaim){ outbox->unsure[i], job->now_ms }, NULL));
	TRY(db_commit(job));
	outbox->unsure_count = 0;
	return OK;
}

static void keep_unsure(struct outbox *outbox, const struct claims *claims)
{
	for (size_t i = 0; i < claims->count; i++)
		outbox->unsure[i] = claims->items[i].message;
	outbox->unsure_count = claims->count;
}

/* Behind a commit nothing may fail: its results are written, and would be written again. */
static void after_commit(struct job *job, struct outbox *outbox,
	const struct outbox_result *results, const struct claims *claims)
{
	for (const struct outbox_result *r = results; r; r = r->next) {
		outbox_flight_ends(outbox, r->item.message);
		outbox_note_health(outbox, r, job->now_ms);
	}
	inbox_tell(job, &claims->changes);
	for (size_t i = 0; i < claims->count; i++) {
		outbox_flight_begins(outbox, &claims->items[i], job->now_ms);
		outbox_hand_out(outbox, &claims->items[i], claims->is_trial[i]);
	}
	if (claims->count == OUTBOX_CLAIM_MAX || outbox->broken_count)
		outbox_wait_at_most(outbox, 1);
	job->workspace = 0;
	if (wait_for_next_due(job, outbox) != OK)
		outbox_wait_at_most(outbox, STORE_AWAY_WAIT_MS);
}

static enum err run_round(struct job *job, struct outbox *outbox,
	const struct outbox_result *results)
{
	struct claims claims = { 0 };
	size_t in_flight = outbox->figures.in_flight;
	bool busy = results != NULL || outbox->broken_count > 0;
	enum err e;

	(void)outbox_look_for_stalls(outbox, job->now_ms);
	TRY(give_back_unsure(job, outbox));
	if (!busy)
		TRY(anything_to_do(job, &busy));
	if (!busy)
		return wait_for_next_due(job, outbox);
	for (const struct outbox_result *r = results; r; r = r->next)
		outbox->figures.in_flight--;
	e = round_in_transaction(job, outbox, results, &claims);
	if (e == OK) {
		after_commit(job, outbox, results, &claims);
		return OK;
	}
	outbox->figures.in_flight = in_flight;
	keep_unsure(outbox, &claims);
	return e;
}

static enum err recover(struct job *job, struct outbox *outbox, bool *more)
{
	struct outbox_item_rows rows;
	struct inbox_changes changes = { 0 };

	TRY(db_begin(job, DB_WRITE));
	TRY(sql_outbox_recover(job, &(struct sql_outbox_recover){ RECOVER_MAX }, &rows));
	for (size_t i = 0; i < rows.count; i++) {
		struct outbox_result r = {
			.item = rows.items[i],
			.outcome = OUTCOME_UNCONFIRMED,
			.started_ms = job->now_ms,
			.ended_ms = job->now_ms,
			.code = S("restarted"),
			.sentence =
				S("Parley was restarted while the message was being handed over."),
		};

		r.item.attempts--;
		job->workspace = r.item.workspace;
		TRY(write_attempt(job, &r));
		TRY(write_outcome(job, outbox, &r, &changes));
	}
	*more = rows.count == RECOVER_MAX;
	return db_commit(job);
}

static void recover_all(struct outbox *outbox, struct arena *arena)
{
	struct timespec pause = { .tv_nsec = STORE_AWAY_WAIT_MS * 1000000L };
	bool more = true;

	while (more && !outbox_is_stopping(outbox)) {
		struct job job;
		enum err e;

		job_init(&job, "outbox recovery", arena, outbox->config.store);
		e = recover(&job, outbox, &more);
		job_finish(&job, e);
		if (e != OK)
			nanosleep(&pause, NULL);
	}
}

static void results_free(struct outbox_result *results)
{
	while (results) {
		struct outbox_result *next = results->next;

		buf_done(&results->texts);
		heap_free(results);
		results = next;
	}
}

static enum err one_round(struct outbox *outbox, struct arena *arena,
	const struct outbox_result *results)
{
	struct job job;
	enum err e;

	outbox->wait_ms = IDLE_WAIT_MS;
	job_init(&job, "outbox", arena, outbox->config.store);
	e = run_round(&job, outbox, results);
	job_finish(&job, e);
	return e;
}

/* While stopping, a store that is away is not waited for for ever: what is not written down now is
 * found `sending` at the next start, and settled then. True when it is time to give up. */
static bool is_hopeless(struct outbox *outbox, int *tries)
{
	struct timespec pause = { .tv_nsec = STORE_AWAY_WAIT_MS * 1000000L };

	if (!outbox_is_stopping(outbox))
		return false;
	nanosleep(&pause, NULL);
	if (++*tries < STOP_TRIES)
		return false;
	log_warn("outbox: the store is away; the last results are settled at the next start");
	return true;
}

void *outbox_thread(void *arg)
{
	struct outbox *outbox = arg;
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);
	struct outbox_result *results = NULL;
	bool hopeless = false;
	int tries = 0;

	recover_all(outbox, arena);
	while (outbox_take_results(outbox, &results)) {
		enum err e = hopeless ? OK : one_round(outbox, arena, results);

		outbox->wait_ms = e == OK ? outbox->wait_ms : STORE_AWAY_WAIT_MS;
		hopeless = hopeless || (e != OK && is_hopeless(outbox, &tries));
		if (e == OK || hopeless) {
			results_free(results);
			results = NULL;
		}
	}
	results_free(results);
	arena_destroy(arena);
	return NULL;
}
