/*
 * live_fan.c: one message to many: the log of a channel, and the sweep over its subscribers.
 *
 * A message is encoded once and put at the end of its channel's log; each subscriber has a place in
 * it. At the end of the turn a sweep goes round the channel and gives each all that lies between
 * its place and the end, of this channel and of its others, in one write out of the log itself. A
 * long round is cut into pieces of SWEEP_WRITES, so that webhooks and API have their turn between
 * them; what is published meanwhile goes along with whoever has not been reached yet. So the busier
 * the hub, the more messages share a write.
 *
 * The one rule: when a round ends, all have what was there when it began, and that part of the log
 * goes. Who reads too slowly keeps its own references (net/ws.h), bounded by its backlog.
 */
#include "live/live_internal.h"

#define SWEEP_WRITES 256              /* a millisecond or two */
#define LOG_MAX (256u << 10) /* octets that wait for a round: then it is finished at once */
#define ROOM_MIN (2u << 10)
#define ROOM_MAX (64u << 10)

/* Part of a log: octets [base, base + size of frame). */
struct live_chunk {
	struct live_chunk *next;
	uint64_t base;
	struct ws_frame *frame;
};

/* Octets that one connection does not get. */
struct live_except {
	struct live_except *next;
	uint64_t from, to, socket_id;
};

/* ---- the log ---- */

static void chunk_add(struct live_channel *channel, struct ws_frame *frame)
{
	struct live_chunk *chunk = HEAP_NEW(struct live_chunk);

	chunk->base = channel->end;
	chunk->frame = frame;
	*(channel->last_chunk ? &channel->last_chunk->next : &channel->chunks) = chunk;
	channel->last_chunk = chunk;
}

/* The first message is its own chunk; those behind it share larger and larger ones. */
static void log_add(struct live_channel *channel, struct ws_frame *frame)
{
	size_t size = ws_frame_size(frame);

	if (!channel->chunks || size > ROOM_MAX / 4) {
		chunk_add(channel, ws_frame_keep(frame));
		channel->room = ROOM_MIN;
	} else if (!ws_frame_join(channel->last_chunk->frame, frame)) {
		while (channel->room < size)
			channel->room *= 2;
		chunk_add(channel, ws_frame_create_room(channel->room));
		channel->room = channel->room < ROOM_MAX ? channel->room * 2 : ROOM_MAX;
		(void)ws_frame_join(channel->last_chunk->frame, frame);
	}
	channel->end += size;
	channel->message_count++;
}

static void except_add(struct live_channel *channel, size_t size, uint64_t socket_id)
{
	struct live_except *except = HEAP_NEW(struct live_except);

	*except = (struct live_except){ NULL, channel->end - size, channel->end, socket_id };
	*(channel->last_except ? &channel->last_except->next : &channel->excepts) = except;
	channel->last_except = except;
}

/* Forgets what ends at or before upto. */
static void log_trim(struct live_channel *channel, uint64_t upto)
{
	struct live_chunk *chunk;
	struct live_except *except;

	while ((chunk = channel->chunks) && chunk->base + ws_frame_size(chunk->frame) <= upto) {
		channel->chunks = chunk->next;
		if (!chunk->next)
			channel->last_chunk = NULL;
		ws_frame_drop(chunk->frame);
		heap_free(chunk);
	}
	while ((except = channel->excepts) && except->to <= upto) {
		channel->excepts = except->next;
		if (!except->next)
			channel->last_except = NULL;
		heap_free(except);
	}
}

/* ---- what one connection gets ---- */

struct spans { struct ws_span items[WS_SPANS_MAX]; size_t count; struct ws *ws; };

static void spans_send(struct spans *spans)
{
	if (spans->count)
		ws_send_spans(spans->ws, spans->items, spans->count);
	spans->count = 0;
}

static void span_add(struct spans *spans, const struct live_chunk *chunk, uint64_t from,
	uint64_t to)
{
	if (spans->count == WS_SPANS_MAX)
		spans_send(spans);
	spans->items[spans->count++] =
		(struct ws_span){ chunk->frame, (size_t)(from - chunk->base), (size_t)(to - from) };
}

static void range_add(struct spans *spans, const struct live_channel *channel, uint64_t from,
	uint64_t to)
{
	for (const struct live_chunk *chunk = channel->chunks; chunk && from < to;
		chunk = chunk->next) {
		uint64_t end = chunk->base + ws_frame_size(chunk->frame);

		if (from >= end)
			continue;
		span_add(spans, chunk, from, to < end ? to : end);
		from = to < end ? to : end;
	}
}

/* All behind its place, but what it is excepted from. */
static void sub_collect(struct live_sub *sub, struct spans *spans)
{
	const struct live_channel *channel = sub->channel;
	uint64_t from = sub->place;
	uint32_t messages = channel->message_count - sub->messages_seen;

	for (const struct live_except *e = channel->excepts; e; e = e->next) {
		if (e->socket_id != sub->conn->socket_id || e->from < from)
			continue;
		range_add(spans, channel, from, e->from);
		from = e->to;
		messages--;
	}
	range_add(spans, channel, from, channel->end);
	sub->place = channel->end;
	sub->messages_seen = channel->message_count;
	atomic_fetch_add_explicit(&sub->conn->live->delivered, messages, memory_order_relaxed);
}

/* Everything that waits for it leaves in one write. */
static void conn_catch_up(struct live_conn *conn, struct live_sub *sub)
{
	struct spans spans;

	spans.count = 0;
	spans.ws = conn->ws;
	if (!conn->ws || conn->is_closing)
		return;
	sub_collect(sub, &spans);
	if (conn->live->dirty->next_dirty && conn->sub_count > 1)
		for (struct live_sub *other = conn->subs; other; other = other->next_of_conn)
			if (other->place < other->channel->end)
				sub_collect(other, &spans);
	spans_send(&spans);
}

/* ---- the sweep ---- */

static void dirty_remove(struct live *live, struct live_channel *channel)
{
	struct live_channel **at = &live->dirty;

	while (*at != channel)
		at = &(*at)->next_dirty;
	*at = channel->next_dirty;
	if (live->last_dirty == channel)
		live->last_dirty = NULL;
	for (struct live_channel *c = live->dirty; c && !live->last_dirty; c = c->next_dirty)
		if (!c->next_dirty)
			live->last_dirty = c;
	channel->next_dirty = NULL;
}

static void dirty_add(struct live *live, struct live_channel *channel)
{
	channel->next_dirty = NULL;
	*(live->dirty ? &live->last_dirty->next_dirty : &live->dirty) = channel;
	live->last_dirty = channel;
}

static void round_start(struct live_channel *channel)
{
	channel->cursor = channel->subs;
	channel->round_end = channel->end;
}

/* The first of the dirty ones is done: its next round goes behind the others. */
static void round_finish(struct live *live, struct live_channel *channel)
{
	live->dirty = channel->next_dirty;
	if (!live->dirty)
		live->last_dirty = NULL;
	channel->next_dirty = NULL;
	log_trim(channel, channel->round_end);
	channel->is_dirty = channel->end > channel->round_end;
	if (!channel->is_dirty)
		return;
	round_start(channel);
	dirty_add(live, channel);
}

/* Goes on with the round of the first dirty channel; answers how many writes that took. */
static size_t round_go_on(struct live *live, size_t max)
{
	struct live_channel *channel = live->dirty;
	size_t writes = 0;

	while (channel->cursor && writes < max) {
		struct live_sub *sub = channel->cursor;

		channel->cursor = sub->next_of_channel;
		if (sub->place == channel->end)
			continue;
		conn_catch_up(sub->conn, sub);
		writes++;
	}
	if (!channel->cursor)
		round_finish(live, channel);
	return writes;
}

/* What the loop calls back; it may outlive the hub by the call that is under way. */
struct live_sweeper {
	struct late late;
	struct live *live;      /* NULL: the hub has gone */
	bool is_posted;         /* the sweep goes on in the next turn */
};

static void sweeper_drop(struct live_sweeper *sweeper)
{
	if (!sweeper->live && !sweeper->is_posted && !sweeper->late.queued)
		heap_free(sweeper);
}

static void sweep_on(void *arg)
{
	struct live_sweeper *sweeper = arg;

	sweeper->is_posted = false;
	if (sweeper->live)
		loop_late(sweeper->live->loop, &sweeper->late);
	sweeper_drop(sweeper);
}

static void sweep(struct live_sweeper *sweeper)
{
	struct live *live = sweeper->live;
	size_t left = SWEEP_WRITES;

	live_enter(live);
	while (live->dirty && left > 0) {
		size_t writes = round_go_on(live, left);

		left -= writes ? writes : 1; /* a round without a write is work, too */
	}
	if (live->dirty && !sweeper->is_posted) {
		sweeper->is_posted = true;
		loop_post(live->loop, sweep_on, sweeper);
	}
	live_exit(live);
}

static void sweep_late(struct late *late)
{
	struct live_sweeper *sweeper = (struct live_sweeper *)late; /* it stands first */

	if (sweeper->live)
		sweep(sweeper);
	sweeper_drop(sweeper);
}

struct live_sweeper *live_sweeper_create(struct live *live)
{
	struct live_sweeper *sweeper = HEAP_NEW(struct live_sweeper);

	sweeper->live = live;
	sweeper->late.fn = sweep_late;
	return sweeper;
}

void live_sweeper_destroy(struct live_sweeper *sweeper)
{
	sweeper->live = NULL;
	sweeper_drop(sweeper);
}

/* Publishers are faster than the round: they wait for it here. */
static void press(struct live *live, struct live_channel *channel)
{
	uint64_t upto = channel->end;

	while (channel->is_dirty && channel->round_end < upto)
		(void)round_go_on(live, SIZE_MAX);
	while (channel->is_dirty && channel->cursor && channel->round_end == upto)
		(void)round_go_on(live, SIZE_MAX);
}

void live_channel_send(struct live *live, struct live_channel *channel, struct ws_frame *frame,
	uint64_t except)
{
	if (!channel->subs)
		return;
	log_add(channel, frame);
	if (except)
		except_add(channel, ws_frame_size(frame), except);
	if (!channel->is_dirty) {
		channel->is_dirty = true;
		round_start(channel);
		dirty_add(live, channel);
	}
	if (!live->sweeper->is_posted)
		loop_late(live->loop, &live->sweeper->late);
	if (channel->end - (channel->chunks ? channel->chunks->base : channel->end) > LOG_MAX)
		press(live, channel);
}

void live_fan_join(struct live_sub *sub)
{
	sub->place = sub->channel->end;
	sub->messages_seen = sub->channel->message_count;
}

void live_fan_leave(struct live_sub *sub)
{
	if (sub->channel->cursor == sub)
		sub->channel->cursor = sub->next_of_channel;
}

void live_fan_end(struct live *live, struct live_channel *channel)
{
	if (channel->is_dirty)
		dirty_remove(live, channel);
	log_trim(channel, channel->end);
}
