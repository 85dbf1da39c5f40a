/*
 * linked_state.c: the states of a number as people see them, and what its score is made of.
 *
 * The session of wa/ has states of its own, finer ones; this file alone says what they mean to
 * people. The one rule: linked_move() alone changes the state, along the table.
 */
#include "provider/linked/history.h"
#include "provider/linked/linked_internal.h"
#include "provider/linked/linked_people.h"

#define HOUR_MS 3600000
#define SOON_MS 90000
#define LATE_MS 300000
#define DAY_MS (24 * 3600 * 1000LL)

#define TO(state) (1u << (state))
static const struct {
	const char *name;
	unsigned next;
} states[LINKED_STATES] = {
	[LINKED_DISCONNECTED] = { "disconnected", TO(LINKED_INITIALISING) |
							  TO(LINKED_AUTHENTICATING) |
							  TO(LINKED_FAILED) | TO(LINKED_BANNED) },
	[LINKED_INITIALISING] = { "initialising", TO(LINKED_QR) | TO(LINKED_AUTHENTICATING) |
							  TO(LINKED_DISCONNECTED) |
							  TO(LINKED_FAILED) | TO(LINKED_BANNED) },
	[LINKED_QR] = { "qr", TO(LINKED_INITIALISING) | TO(LINKED_AUTHENTICATING) |
				      TO(LINKED_DISCONNECTED) | TO(LINKED_FAILED) |
				      TO(LINKED_BANNED) },
	[LINKED_AUTHENTICATING] = { "authenticating",
		TO(LINKED_CONNECTED) | TO(LINKED_DISCONNECTED) | TO(LINKED_FAILED) |
			TO(LINKED_BANNED) },
	[LINKED_CONNECTED] = { "connected", TO(LINKED_AUTHENTICATING) | TO(LINKED_DISCONNECTED) |
						    TO(LINKED_FAILED) | TO(LINKED_BANNED) },
	[LINKED_FAILED] = { "failed", TO(LINKED_INITIALISING) | TO(LINKED_AUTHENTICATING) |
					      TO(LINKED_DISCONNECTED) | TO(LINKED_BANNED) },
	[LINKED_BANNED] = { "banned", TO(LINKED_INITIALISING) | TO(LINKED_AUTHENTICATING) |
					      TO(LINKED_DISCONNECTED) | TO(LINKED_FAILED) },
};

const char *linked_state_name(enum linked_state state)
{
	return states[state].name;
}

bool linked_may_move(enum linked_state from, enum linked_state to)
{
	return states[from].next & TO(to);
}

/* ---- the score ---- */

static int within(int64_t points, int most)
{
	return points < 0 ? 0 : points > most ? most : (int)points;
}

int linked_score(const struct linked_proof *proof)
{
	int score = 0;

	if (proof->state == LINKED_CONNECTED)
		score += 40;
	else if (proof->state == LINKED_AUTHENTICATING)
		score += 20;
	score += within(20 - 4 * proof->drops, 20);
	score += within(proof->sent ? 20 - 100 * proof->failed / proof->sent : 20, 20);
	if (proof->silence_ms >= 0 && proof->silence_ms <= SOON_MS)
		score += 20;
	else if (proof->silence_ms >= 0 && proof->silence_ms <= LATE_MS)
		score += 10;
	return score;
}

/* Forgets the hours that have passed since the last count. */
static void turn_hours(struct linked_view *v, int64_t now_ms)
{
	int64_t hour = now_ms / HOUR_MS, from = v->hour;

	if (hour - from > LINKED_HOURS)
		from = hour - LINKED_HOURS;
	for (; from < hour; from++) {
		size_t at = (size_t)((from + 1) % LINKED_HOURS);

		v->sent[at] = v->failed[at] = v->drops[at] = 0;
	}
	v->hour = hour > v->hour ? hour : v->hour;
}

void linked_count(struct linked *n, uint32_t *counts, int64_t now_ms)
{
	turn_hours(&n->view, now_ms);
	counts[n->view.hour % LINKED_HOURS]++;
}

int64_t linked_sum(const struct linked *n, const uint32_t *counts, int64_t now_ms)
{
	int64_t sum = 0, hour = now_ms / HOUR_MS;

	for (int64_t h = hour - LINKED_HOURS + 1; h <= hour; h++)
		if (h <= n->view.hour && h > n->view.hour - LINKED_HOURS)
			sum += counts[h % LINKED_HOURS];
	return sum;
}

void linked_proof_of(const struct linked *n, int64_t now_ms, struct linked_proof *out)
{
	const struct linked_view *v = &n->view;

	*out = (struct linked_proof){ .state = v->state,
		.silence_ms = v->last_seen_ms ? now_ms - v->last_seen_ms : -1,
		.drops = linked_sum(n, v->drops, now_ms),
		.sent = linked_sum(n, v->sent, now_ms),
		.failed = linked_sum(n, v->failed, now_ms) };
}

/* ---- moving ---- */

static const struct linked_reason no_reason = { "", "", "" };

/* Endings after which the number must send nothing, whatever its pace. */
static bool is_ban(const char *code)
{
	static const char *const codes[] = { "temporary_ban", "banned", "primary_locked" };

	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return false;
}

static enum err note_ban(struct turn *turn, const struct linked_reason *why)
{
	str detail = arena_printf(turn->job->arena, "{\"reason\":\"%s\",\"until_ms\":%lld}",
		why->code, (long long)why->until_ms);

	TRY(linked_manager.host.audit(turn->job, "linked.banned", turn->n->channel, detail));
	return linked_put_ban(turn, why, true);
}

/* It is let in again: what a ban paused may go on. */
static enum err end_ban(struct turn *turn)
{
	struct linked_reason over = { "", "", "" };
	struct pace_row row;
	enum err e = sql_pace_find(turn->job, &(struct sql_pace_find){ turn->n->channel }, &row);

	if (e == ERR_MISSING) {
		job_forgive(turn->job);
		return OK;
	}
	TRY(e);
	if (!row.restriction.len)
		return OK;
	over.code = arena_cstr(turn->job->arena, row.restriction);
	return is_ban(over.code) ? linked_put_ban(turn, &over, false) : OK;
}

/* What people and routes are told of it. */
static enum err note_move(struct turn *turn, enum linked_state from, enum linked_state to,
	const struct linked_reason *why)
{
	const struct linked_host *host = &linked_manager.host;
	bool is_bad = to == LINKED_FAILED || to == LINKED_BANNED;

	if (to == LINKED_CONNECTED) {
		TRY(end_ban(turn));
		return host->note_health(turn->job, turn->n->channel, S("healthy"), STR_NONE,
			STR_NONE);
	}
	if (!is_bad)
		return OK;
	if (from != to && is_ban(why->code)) {
		turn->n->was_alerted = true;
		TRY(note_ban(turn, why));
	}
	if (from != to && !turn->n->was_alerted) {
		turn->n->was_alerted = true;
		TRY(linked_notice(turn, "critical", why));
	}
	return host->note_health(turn->job, turn->n->channel, S("failing"), str_of(why->sentence),
		str_of(why->next_step));
}

static void show(struct turn *turn, enum linked_state to, const struct linked_reason *why)
{
	struct linked_view *v = &turn->n->view;

	linked_lock();
	if (v->state == LINKED_CONNECTED && to != LINKED_CONNECTED &&
		!str_is(str_of(why->code), S("stopped")) && to != LINKED_AUTHENTICATING) {
		linked_count(turn->n, v->drops, turn->clock.wall_ms);
		linked_manager.figures.drops++;
		if (str_is(str_of(why->code), S("no_answer")))
			linked_manager.figures.deaf++;
	}
	if (v->state != to)
		v->since_ms = turn->clock.wall_ms;
	v->state = to;
	v->reason = why->code;
	v->sentence = why->sentence;
	v->next_step = why->next_step;
	if (to != LINKED_QR) {
		heap_free(v->qr);
		v->qr = NULL;
		v->code[0] = 0;
	}
	if (to == LINKED_CONNECTED)
		linked_manager.figures.connects++;
	linked_unlock();
	turn->changed = true;
}

enum err linked_move(struct turn *turn, enum linked_state to, const struct linked_reason *why)
{
	struct linked *n = turn->n;
	enum linked_state from = n->view.state;

	if (!why)
		why = &no_reason;
	if (from == to && strcmp(n->view.reason, why->code) == 0)
		return OK;
	if (from != to && !linked_may_move(from, to))
		return OK;
	TRY(sql_linked_number_set_state(turn->job,
		&(struct sql_linked_number_set_state){ .channel = n->channel,
			.state = (int64_t)to,
			.reason = str_of(why->code),
			.sentence = str_of(why->sentence),
			.next_step = str_of(why->next_step),
			.now_ms = turn->clock.wall_ms,
			.connected_ms = to == LINKED_CONNECTED ? turn->clock.wall_ms : 0 },
		NULL));
	TRY(sql_linked_change_add(turn->job,
		&(struct sql_linked_change_add){ .id = job_id(turn->job),
			.workspace = n->workspace,
			.channel = n->channel,
			.state = (int64_t)to,
			.reason = str_of(why->code),
			.sentence = str_of(why->sentence) },
		NULL));
	TRY(sql_linked_change_prune(turn->job,
		&(struct sql_linked_change_prune){ n->channel, LINKED_HISTORY_MAX }, NULL));
	TRY(note_move(turn, from, to, why));
	if (to == LINKED_CONNECTED) {
		n->was_alerted = false;
		TRY(linked_history_online(turn));
		TRY(sql_media_online(turn->job,
			&(struct sql_media_online){ n->channel, turn->job->now_ms }, NULL));
	}
	show(turn, to, why);
	return OK;
}

/* ---- what the session's states mean ---- */

static struct linked_reason reason_of(const struct wa_ending *ending)
{
	return (struct linked_reason){ ending->code ? ending->code : "",
		ending->sentence ? ending->sentence : "",
		ending->next_step ? ending->next_step : "" };
}

/* It connects again by itself. */
static enum err take_backoff(struct turn *turn, const struct wa_ending *ending)
{
	struct linked_reason why = reason_of(ending);
	struct linked *n = turn->n;

	n->attempts++;
	if (ending->after == AFTER_WAIT) {
		why.until_ms = turn->clock.wall_ms + ending->wait_s * 1000;
		return linked_move(turn, LINKED_BANNED, &why);
	}
	if (n->attempts < LINKED_ATTEMPTS_MAX)
		return linked_move(turn, LINKED_DISCONNECTED, &why);
	return linked_move(turn, LINKED_FAILED, &why);
}

static enum err take_closed(struct turn *turn, const struct wa_ending *ending)
{
	static const char *const calm[] = { "stopped", "user_logged_out", "qr_expired",
		"code_expired" };
	struct linked_reason why = reason_of(ending);

	for (size_t i = 0; i < COUNT_OF(calm); i++)
		if (strcmp(why.code, calm[i]) == 0)
			return linked_move(turn, LINKED_DISCONNECTED, &why);
	if (strcmp(why.code, "banned") == 0)
		return linked_move(turn, LINKED_BANNED, &why);
	return linked_move(turn, LINKED_FAILED, &why);
}

enum err linked_take_state(struct turn *turn, const struct wa_event *event)
{
	struct linked *n = turn->n;

	switch (event->state) {
	case WA_CLOSED:
		return take_closed(turn, &event->ending);
	case WA_BACKOFF:
		return take_backoff(turn, &event->ending);
	case WA_CONNECTING:
		/* A paired one is shown when it is let in; its attempts are no news. */
		if (wa_link_is_paired(n->link))
			return n->view.state == LINKED_QR || n->view.state == LINKED_INITIALISING ||
					       n->view.state == LINKED_CONNECTED
				       ? linked_move(turn, LINKED_AUTHENTICATING, NULL)
				       : OK;
		return linked_move(turn, LINKED_INITIALISING, NULL);
	case WA_LOGIN:
		return linked_move(turn, LINKED_AUTHENTICATING, NULL);
	case WA_SYNCING:
	case WA_OPEN:
		n->attempts = 0;
		return linked_move(turn, LINKED_CONNECTED, NULL);
	case WA_HANDSHAKE:
	case WA_PAIRING:
		break;
	}
	return OK;
}
