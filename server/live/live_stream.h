/*
 * live_stream.h: Parley's own live events: each has a number, is kept for a while, and goes out by
 * the driver of its workspace.
 *
 * The number rises over all channels, also from start to start. The payload of each event begins
 * with "event_id", "event_after" (the number before it on the same channel) and "event_version": so
 * a listener sees by itself that it missed something, whatever carried the events, and asks for the
 * rest (live_stream_missed()). What is kept is bounded; who was away longer reads anew. Any thread.
 */
#ifndef LIVE_LIVE_STREAM_H
#define LIVE_LIVE_STREAM_H

#include "live/live.h"

#define LIVE_KEPT_BYTES (16u << 20)      /* of all channels */
#define LIVE_KEPT_OF_CHANNEL 500         /* events */
#define LIVE_KEPT_MS (15 * 60 * 1000)
#define LIVE_LINGER_MS (3 * 60 * 1000)   /* events are made when nobody listens any more */

struct live_outlets;
struct live_stream;

struct live_stream *live_stream_create(struct live *live, struct live_outlets *outlets);
void live_stream_destroy(struct live_stream *stream);

/* data: a JSON object's text. The event gets its number, and goes out in this order. */
struct live_told { str app_key, channel, name, data; int version; };
void live_stream_tell(struct live_stream *stream, const struct live_told *told);
/* One that the nodes numbered (0: nobody did), for our own listeners. is_mine: we told it, and an
 * outside server gets it by us. */
void live_stream_deliver(struct live_stream *stream, const struct live_told *told, int64_t number,
	bool is_mine);

/* Does somebody listen, or may come back soon and ask? False: events need not be made; what is kept
 * is forgotten, for it has a gap now. */
bool live_stream_is_heard(struct live_stream *stream);
/* Something was not told, or may not be heard any more by who heard it: all of an app (none: of
 * all) read anew. */
void live_stream_forget(struct live_stream *stream, str app_key);
void live_stream_forget_here(struct live_stream *stream, str app_key); /* on this node alone */

/* The number of the newest event: what is read from the store behind this call has at least all up
 * to it. */
int64_t live_stream_newest(struct live_stream *stream);

/* The events of a channel behind `after`, oldest first, at most max, copied into the arena. */
struct live_missed_event { int64_t id; str name, data; };
struct live_missed {
	struct live_missed_event *events;
	size_t count;
	bool is_whole; /* false: too many or too old; nothing is given, read anew */
	int64_t newest; /* all up to it are given, or in what is read anew */
};
struct live_missed_ask { str app_key, channel; int64_t after; size_t max; };
void live_stream_missed(struct live_stream *stream, struct arena *arena,
	const struct live_missed_ask *ask, struct live_missed *out);

#endif
