/*
 * live_stream.c: numbers, what is kept, and the way out; see live_stream.h.
 *
 * An event is in two lists: of its channel, and of all by age. A channel stays known behind its
 * last event, until there are too many; what was the newest one of a channel that is forgotten
 * lifts the floor of all, under which nobody can be told that they missed nothing.
 */
#include "live/live_stream.h"

#include "base/clock.h"
#include "base/log.h"
#include "live/live_internal.h"
#include "live/live_outlet.h"

#include <pthread.h>

enum { STAMP_MAX = 160, CHANNELS_MAX = 20000 };

struct kept_channel;

/* One allocation: the texts stand behind it. */
struct kept {
	struct kept *prev, *next;    /* by age, of all */
	struct kept *next_of_channel;
	struct kept_channel *channel;
	int64_t id, at_ms;
	size_t size;
	str name, data;
};

struct kept_channel {
	struct live_node node;       /* name: APP_KEY/CHANNEL */
	struct kept *first, *last;
	size_t count;
	int64_t floor;               /* what is behind it is kept */
};

struct live_stream {
	struct live *live;
	struct live_outlets *outlets;
	pthread_mutex_t lock;
	struct live_table channels;
	struct kept *first, *last;
	size_t bytes;
	int64_t newest, floor;
	int64_t heard_ms;
	bool is_deaf;
};

/* ---- numbers ---- */

/* Microseconds, so that they go on rising after a start. */
static int64_t next_id(struct live_stream *stream)
{
	int64_t now_us = clock_now_ms() * 1000;

	stream->newest = now_us > stream->newest ? now_us : stream->newest + 1;
	return stream->newest;
}

static str stamped(struct buf *out, const struct live_told *told, int64_t id, int64_t after)
{
	str members = str_part(told->data, 1, told->data.len);

	buf_printf(out, "{\"event_id\":\"%lld\",\"event_after\":\"%lld\",\"event_version\":%d%s",
		(long long)id, (long long)after, told->version, str_is(members, S("}")) ? "" : ",");
	buf_str(out, members);
	return buf_text(out);
}

/* ---- what is kept ---- */

static str key_of(struct buf *out, str app_key, str channel)
{
	buf_clear(out);
	buf_str(out, app_key);
	buf_byte(out, '/');
	buf_str(out, channel);
	return buf_text(out);
}

static int64_t last_of(const struct kept_channel *channel)
{
	return channel->last ? channel->last->id : channel->floor;
}

/* The oldest of its channel. */
static void forget_first(struct live_stream *stream, struct kept_channel *channel)
{
	struct kept *kept = channel->first;

	channel->first = kept->next_of_channel;
	if (!channel->first)
		channel->last = NULL;
	channel->count--;
	channel->floor = kept->id;
	if (kept->prev)
		kept->prev->next = kept->next;
	else
		stream->first = kept->next;
	if (kept->next)
		kept->next->prev = kept->prev;
	else
		stream->last = kept->prev;
	stream->bytes -= kept->size;
	heap_free(kept);
}

static void forget_channel(struct live_stream *stream, struct kept_channel *channel)
{
	while (channel->first)
		forget_first(stream, channel);
	if (channel->floor > stream->floor)
		stream->floor = channel->floor;
	live_table_remove(&stream->channels, &channel->node);
	heap_free(channel);
}

static void forget_empty(struct live_stream *stream)
{
	for (size_t i = 0; i < stream->channels.size; i++) {
		for (struct live_node *node = stream->channels.buckets[i], *next; node;
			node = next) {
			next = node->next;
			if (!((struct kept_channel *)node)->first)
				forget_channel(stream, (struct kept_channel *)node);
		}
	}
}

static struct kept_channel *channel_get(struct live_stream *stream, str key)
{
	struct kept_channel *channel =
		(struct kept_channel *)live_table_find(&stream->channels, key);
	char *name;

	if (channel)
		return channel;
	if (stream->channels.count >= CHANNELS_MAX)
		forget_empty(stream);
	channel = heap_alloc(sizeof *channel + key.len);
	name = (char *)(channel + 1);
	memcpy(name, key.ptr, key.len);
	channel->node.name = (str){ name, key.len };
	channel->floor = stream->floor;
	live_table_add(&stream->channels, &channel->node);
	return channel;
}

/* The oldest of all is the oldest of its channel, too. */
static void make_room(struct live_stream *stream, int64_t now_ms)
{
	while (stream->first && (stream->bytes > LIVE_KEPT_BYTES ||
					now_ms - stream->first->at_ms > LIVE_KEPT_MS))
		forget_first(stream, stream->first->channel);
}

static void keep(struct live_stream *stream, struct kept_channel *channel, int64_t id,
	const struct live_event *event)
{
	size_t size = sizeof(struct kept) + event->name.len + event->data.len;
	struct kept *kept = heap_alloc(size);
	char *texts = (char *)(kept + 1);

	memcpy(texts, event->name.ptr, event->name.len);
	memcpy(texts + event->name.len, event->data.ptr, event->data.len);
	*kept = (struct kept){ .prev = stream->last,
		.channel = channel,
		.id = id,
		.at_ms = clock_now_ms(),
		.size = size,
		.name = { texts, event->name.len },
		.data = { texts + event->name.len, event->data.len } };
	if (stream->last)
		stream->last->next = kept;
	else
		stream->first = kept;
	stream->last = kept;
	if (channel->last)
		channel->last->next_of_channel = kept;
	else
		channel->first = kept;
	channel->last = kept;
	stream->bytes += size;
	if (++channel->count > LIVE_KEPT_OF_CHANNEL)
		forget_first(stream, channel);
	make_room(stream, kept->at_ms);
}

static void forget_all(struct live_stream *stream)
{
	while (stream->first)
		forget_channel(stream, stream->first->channel);
	forget_empty(stream);
	stream->floor = next_id(stream);
}

static bool is_of_app(str key, str app_key)
{
	return str_starts(key, app_key) && key.ptr[app_key.len] == '/';
}

static void forget_app(struct live_stream *stream, str app_key)
{
	for (size_t i = 0; i < stream->channels.size; i++) {
		for (struct live_node *node = stream->channels.buckets[i], *next; node;
			node = next) {
			next = node->next;
			if (is_of_app(node->name, app_key))
				forget_channel(stream, (struct kept_channel *)node);
		}
	}
	stream->floor = next_id(stream); /* also for those of its channels that are not known */
}

void live_stream_forget(struct live_stream *stream, str app_key)
{
	live_stream_forget_here(stream, app_key);
	live_nodes_forget(stream->live, app_key);
}

void live_stream_forget_here(struct live_stream *stream, str app_key)
{
	pthread_mutex_lock(&stream->lock);
	if (app_key.len)
		forget_app(stream, app_key);
	else
		forget_all(stream);
	pthread_mutex_unlock(&stream->lock);
}

/* ---- out ---- */

static void send(struct live_stream *stream, str app_key, const struct live_event *event,
	bool is_mine)
{
	const struct pusher_event outside = { event->channel, event->name, event->data };

	if (is_mine && live_outlets_send(stream->outlets, app_key, &outside))
		return;
	live_publish_here(stream->live, app_key, event);
}

/* Kept and sent in one step: the order of numbers is the order on the wire. A number that is not
 * above those we gave (whose clock was ahead) is raised: no listener takes it for an old one. */
void live_stream_deliver(struct live_stream *stream, const struct live_told *told, int64_t number,
	bool is_mine)
{
	struct buf data = buf_heap(told->data.len + STAMP_MAX), key = buf_heap(1024);
	struct live_event event = { .channel = told->channel, .name = told->name };
	struct kept_channel *channel;
	int64_t id;

	pthread_mutex_lock(&stream->lock);
	channel = channel_get(stream, key_of(&key, told->app_key, told->channel));
	id = number > stream->newest ? number : next_id(stream);
	stream->newest = id;
	event.data = stamped(&data, told, id, last_of(channel));
	keep(stream, channel, id, &event);
	send(stream, told->app_key, &event, is_mine);
	pthread_mutex_unlock(&stream->lock);
	buf_done(&data);
	buf_done(&key);
}

void live_stream_tell(struct live_stream *stream, const struct live_told *told)
{
	int64_t newest;

	pthread_mutex_lock(&stream->lock);
	newest = stream->newest;
	pthread_mutex_unlock(&stream->lock);
	if (!live_nodes_tell(stream->live, told, newest))
		live_stream_deliver(stream, told, 0, true);
}

/* ---- who was away ---- */

bool live_stream_is_heard(struct live_stream *stream)
{
	struct live_figures figures;
	int64_t now_ms = clock_now_ms();
	bool is_heard;

	live_figures(stream->live, &figures);
	is_heard = figures.connections > 0 || live_outlets_active(stream->outlets) > 0 ||
		live_nodes_are_up(stream->live);
	pthread_mutex_lock(&stream->lock);
	if (is_heard)
		stream->heard_ms = now_ms;
	is_heard = is_heard || now_ms - stream->heard_ms < LIVE_LINGER_MS;
	if (!is_heard && !stream->is_deaf)
		forget_all(stream);
	stream->is_deaf = !is_heard;
	pthread_mutex_unlock(&stream->lock);
	return is_heard;
}

/* Whoever asks will listen soon. */
int64_t live_stream_newest(struct live_stream *stream)
{
	int64_t newest;

	pthread_mutex_lock(&stream->lock);
	stream->heard_ms = clock_now_ms();
	stream->is_deaf = false;
	newest = stream->newest;
	pthread_mutex_unlock(&stream->lock);
	return newest;
}

static void copy(struct arena *arena, const struct kept *from, size_t max, struct live_missed *out)
{
	out->events = ARENA_ARRAY(arena, struct live_missed_event, max);
	for (; from; from = from->next_of_channel)
		out->events[out->count++] = (struct live_missed_event){ from->id,
			arena_str(arena, from->name), arena_str(arena, from->data) };
}

static void find(struct live_stream *stream, struct arena *arena, const struct live_missed_ask *ask,
	struct live_missed *out)
{
	struct buf key = buf_in(arena, 1024);
	const struct kept_channel *channel = (const struct kept_channel *)live_table_find(
		&stream->channels, key_of(&key, ask->app_key, ask->channel));
	int64_t floor = channel ? channel->floor : stream->floor;
	const struct kept *from = channel ? channel->first : NULL;
	size_t count = 0;

	/* A number that we have not given yet: the clock was set back, or it is made up. */
	if (ask->after < floor || ask->after > stream->newest)
		return;
	while (from && from->id <= ask->after)
		from = from->next_of_channel;
	for (const struct kept *at = from; at; at = at->next_of_channel)
		count++;
	if (count > ask->max)
		return;
	out->is_whole = true;
	copy(arena, from, count, out);
}

void live_stream_missed(struct live_stream *stream, struct arena *arena,
	const struct live_missed_ask *ask, struct live_missed *out)
{
	*out = (struct live_missed){ 0 };
	pthread_mutex_lock(&stream->lock);
	find(stream, arena, ask, out);
	out->newest = stream->newest;
	pthread_mutex_unlock(&stream->lock);
}

/* ---- the life ---- */

struct live_stream *live_stream_create(struct live *live, struct live_outlets *outlets)
{
	struct live_stream *stream = HEAP_NEW(struct live_stream);

	stream->live = live;
	stream->outlets = outlets;
	pthread_mutex_init(&stream->lock, NULL);
	stream->floor = next_id(stream);
	stream->heard_ms = clock_now_ms(); /* those whom the start cut off come back */
	return stream;
}

void live_stream_destroy(struct live_stream *stream)
{
	if (!stream)
		return;
	forget_all(stream);
	live_table_done(&stream->channels);
	pthread_mutex_destroy(&stream->lock);
	heap_free(stream);
}
