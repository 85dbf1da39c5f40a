/*
 * outbox_route.c: what sends tell of their channels, and what waits on one that does not work goes
 * by another.
 *
 * Only rows that wait are moved: one under way, or unconfirmed, may be with the network already,
 * and stays until it is settled. Everything here runs on the outbox's thread.
 */
#include "jobs/outbox_internal.h"

#include "account/route.h"
#include "store/store.h"

enum { STALL_MS = 2500, STALLED_CALLS = 3, MOVES_PER_ROUND = 64 };

/* ---- calls under way ---- */

void outbox_flight_begins(struct outbox *outbox, const struct outbox_item_row *item,
	int64_t now_ms)
{
	if (outbox->flight_count < IN_FLIGHT_MAX)
		outbox->flights[outbox->flight_count++] =
			(struct flight){ item->message, item->channel, now_ms };
}

void outbox_flight_ends(struct outbox *outbox, id64 message)
{
	for (size_t i = 0; i < outbox->flight_count; i++)
		if (outbox->flights[i].message == message) {
			outbox->flights[i] = outbox->flights[--outbox->flight_count];
			return;
		}
}

size_t outbox_flights_of(const struct outbox *outbox, id64 channel)
{
	size_t count = 0;

	for (size_t i = 0; i < outbox->flight_count; i++)
		count += outbox->flights[i].channel == channel;
	return count;
}

static size_t hanging(const struct outbox *outbox, id64 channel, int64_t now_ms)
{
	size_t count = 0;

	for (size_t i = 0; i < outbox->flight_count; i++)
		count += outbox->flights[i].channel == channel &&
		         now_ms - outbox->flights[i].started_ms >= STALL_MS;
	return count;
}

static void note_broken(struct outbox *outbox, id64 channel)
{
	for (size_t i = 0; i < outbox->broken_count; i++)
		if (outbox->broken[i] == channel)
			return;
	if (outbox->broken_count < BROKEN_MAX)
		outbox->broken[outbox->broken_count++] = channel;
}

bool outbox_look_for_stalls(struct outbox *outbox, int64_t now_ms)
{
	bool any = false;

	for (size_t i = 0; i < outbox->flight_count; i++) {
		const struct flight *f = &outbox->flights[i];
		struct route_sight sight;

		if (now_ms - f->started_ms < STALL_MS ||
			hanging(outbox, f->channel, now_ms) < STALLED_CALLS)
			continue;
		any = true;
		route_health_get(f->channel, now_ms, &sight);
		if (sight.state == ROUTE_UP) {
			route_health_stalled(f->channel, now_ms);
			note_broken(outbox, f->channel);
		}
	}
	return any;
}

void outbox_note_health(struct outbox *outbox, const struct outbox_result *r, int64_t now_ms)
{
	if (!r->was_called) {
		if (r->is_trial)
			route_health_untried(r->item.channel);
		return;
	}
	route_health_sent(r->item.channel, r->health, r->ended_ms - r->started_ms, r->sentence,
		now_ms);
	if (r->health != ROUTE_TOOK)
		note_broken(outbox, r->item.channel);
}

/* ---- moving ---- */

enum err outbox_move(struct job *job, struct outbox *outbox, const struct outbox_item_row *item,
	struct inbox_changes *changes, bool *moved)
{
	struct route_move move = { .message = item->message, .from = item->channel,
		.leaves = true };

	*moved = false;
	if (item->pinned)
		return OK;
	job->workspace = item->workspace;
	TRY(message_reroute(job, &move));
	if (!move.to)
		return OK;
	TRY(sql_outbox_move(job,
		&(struct sql_outbox_move){ item->message, move.to, job->now_ms }, NULL));
	inbox_note(job, changes,
		(struct inbox_change){ CHANGE_MESSAGE, item->workspace, item->conversation,
			item->message, 0 });
	outbox->figures.moved++;
	outbox_wait_at_most(outbox, 1);
	*moved = true;
	return OK;
}

/* Does the number have another channel that works? Asked once for all that waits. */
static enum err has_another(struct job *job, id64 channel, bool *out)
{
	struct number_route route;
	id64 number;
	enum err e = number_of_channel(job, channel, &number);

	*out = false;
	if (e == ERR_MISSING)
		job_forgive(job);
	if (e != OK)
		return e == ERR_MISSING ? OK : e;
	TRY(number_route_get(job, number, &route));
	for (size_t i = 0; i < route.count; i++)
		*out = *out || (route.candidates[i].channel != channel &&
				       route.candidates[i].state == ROUTE_UP);
	return OK;
}

enum err outbox_move_waiting(struct job *job, struct outbox *outbox, id64 channel,
	struct inbox_changes *changes)
{
	struct outbox_item_rows rows;
	bool another = false, moved;

	TRY(sql_outbox_movable(job, &(struct sql_outbox_movable){ channel, MOVES_PER_ROUND },
		&rows));
	if (rows.count) {
		job->workspace = rows.items[0].workspace;
		TRY(has_another(job, channel, &another));
	}
	for (size_t i = 0; another && i < rows.count; i++)
		TRY(outbox_move(job, outbox, &rows.items[i], changes, &moved));
	return OK;
}

enum err outbox_move_broken(struct job *job, struct outbox *outbox, struct inbox_changes *changes)
{
	size_t count = outbox->broken_count;

	outbox->broken_count = 0;
	for (size_t i = 0; i < count; i++) {
		struct route_sight sight;

		route_health_get(outbox->broken[i], job->now_ms, &sight);
		if (sight.state == ROUTE_DOWN)
			TRY(outbox_move_waiting(job, outbox, outbox->broken[i], changes));
	}
	return OK;
}
