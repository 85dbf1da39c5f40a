/* realtime.h: where live events go: what main gives, and what other handlers need of it. */
#ifndef API_REALTIME_H
#define API_REALTIME_H

#include "account/realtime.h"
#include "live/live_outlet.h"
#include "live/live_stream.h"

/* Set once by main before the server serves; NULL and false: nobody listens (tests). */
struct api_live {
	struct live_stream *stream;
	struct live_outlets *outlets;
	void (*changed)(id64 workspace); /* a driver was changed; for other nodes */
	bool allow_private; /* an outside server may be at a private address */
};
extern struct api_live api_live;

/* "live" of a session: where its client connects and asks. channel: what it hears of the inbox, or
 * none. Into the open object. */
enum err live_write_json(struct job *job, struct buf *out, const char *key, str channel);
/* May the asker hear this channel? ERR_DENIED if not. *channel_data: of a presence channel, to be
 * signed. broadcasting.c. */
enum err live_allow_channel(struct job *job, str name, str *channel_data);

#endif
