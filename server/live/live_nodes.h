/*
 * live_nodes.h: several nodes that are one hub.
 *
 * With a bus every event goes through it and reaches the listeners of all nodes in one order; each
 * node tells the others who is in its channels, so that members, counts and "occupied" are those of
 * all. A node that is silent for LIVE_NODE_DEAD_MS is dead, and its people leave. While the bus is
 * down each node serves its own listeners alone; when it is up again they are told to ask for what
 * they missed. Other than said, on the loop; NULL is "no other nodes" everywhere.
 */
#ifndef LIVE_LIVE_NODES_H
#define LIVE_LIVE_NODES_H

#include "live/live.h"

#define LIVE_NODE_BEAT_MS 1000
#define LIVE_NODE_DEAD_MS 4000

struct live_stream;
struct live_nodes;

/* Before the loop runs. ERR_INPUT with *why for a URL that is none. reload: another node changed
 * the driver of this workspace in the store; on the bus's thread. */
struct live_nodes_config {
	struct live_stream *stream;
	const char *url; /* of Redis */
	void (*reload)(id64 workspace);
};
enum err live_nodes_start(struct live *live, const struct live_nodes_config *config, str *why);
/* Says good-bye; nothing comes from the bus behind it. Any thread, once nobody publishes. */
void live_nodes_stop(struct live *live);
/* Any thread: the driver of this workspace was changed here. */
void live_nodes_reload(struct live *live, id64 workspace);

#endif
