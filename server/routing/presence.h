/*
 * presence.h: whether an agent is there. Pure: the time is an argument.
 *
 * What somebody chose by hand holds, as far as they are there at all: without a live socket they
 * are offline after a while, and without activity away. Coming back undoes both, never the choice.
 */
#ifndef ROUTING_PRESENCE_H
#define ROUTING_PRESENCE_H

#include "base/str.h"

enum agent_status { AGENT_OFFLINE, AGENT_AWAY, AGENT_ONLINE, AGENT_STATUSES };
const char *agent_status_name(enum agent_status status);
bool agent_status_parse(str name, enum agent_status *out);

/* Activity from one without a socket (a program, a proxy that lets none through) counts as being
 * there for so long. Clients tell of activity once a minute. */
#define PRESENCE_BEAT_MS 120000

struct presence {
	enum agent_status chosen;
	bool connected;
	int64_t gone_ms;   /* the last socket went; unless connected */
	int64_t active_ms; /* last sign of a person */
};
struct presence_limits { int64_t away_after_ms, offline_after_ms; };
struct presence_state {
	enum agent_status status;
	const char *why; /* "hand", "idle", "disconnect"; of online: NULL */
	int64_t due_ms;  /* when it changes by itself; 0: never */
};
struct presence_state presence_at(const struct presence *p, const struct presence_limits *limits,
	int64_t now_ms);

#endif
