/*
 * desk.h: who is given which waiting conversation. The decision alone: no store, no clock.
 *
 * A desk is a picture of one workspace at one moment: its agents with what they carry, and the
 * modes of its scopes. desk_run() hands out waiting conversations one by one, each in the light of
 * the ones before. The one rule: nobody is given more than capacity, whatever mode, rule or
 * priority says.
 *
 * A scope is a team, or the whole workspace (team 0) for conversations of no team. An agent has a
 * seat in the scope of the workspace and in each team of theirs.
 */
#ifndef ROUTING_DESK_H
#define ROUTING_DESK_H

#include "base/id64.h"

enum routing_mode {
	ROUTING_MANUAL,      /* people take what they want */
	ROUTING_ROUND_ROBIN, /* to whom it is longest since they got one */
	ROUTING_LEAST_BUSY,  /* to whom has the fewest open ones; of equals, as round-robin */
	ROUTING_MODES
};
const char *routing_mode_name(enum routing_mode mode);
bool routing_mode_parse(str name, enum routing_mode *out);

struct desk_seat {
	id64 team;    /* 0: the workspace */
	int64_t turn; /* of the last conversation given in that scope; 0: never */
};
/* A bound for one channel, beside the agent's own. */
struct desk_bound { id64 channel; int64_t capacity, load; };

struct desk_agent {
	id64 id;
	bool takes; /* online, at work, and not opted out: may be given one */
	int64_t capacity, load;
	const id64 *channels; /* the only ones that they answer */
	size_t channel_count; /* 0: all */
	struct desk_bound *bounds;
	size_t bound_count;
	struct desk_seat *seats;
	size_t seat_count;
};

struct desk_scope {
	id64 team;
	enum routing_mode mode;
	int64_t turn; /* of the last conversation given by it */
};

struct desk {
	struct desk_agent *agents;
	size_t agent_count;
	struct desk_scope *scopes;
	size_t scope_count;
};

struct desk_waiting {
	id64 id, team, channel;
	id64 wanted;       /* the agent that a rule names: first choice in any mode; or 0 */
	int64_t priority;  /* larger goes first */
	int64_t queued_ms; /* then: who waits longest */
};

struct desk_gift { id64 conversation, agent; };

/* The agent who gets it now, or NULL: it waits. Changes nothing. */
struct desk_agent *desk_pick(const struct desk *desk, const struct desk_waiting *w);
/* The agent has it from now on. */
void desk_give(struct desk *desk, struct desk_agent *agent, const struct desk_waiting *w);
/* Hands out, in the order that they stand in (desk_before() is the right one), until nobody can
 * take any. out has room for count; how many were given. */
size_t desk_run(struct desk *desk, const struct desk_waiting *queue, size_t count,
	struct desk_gift *out);
/* Some agent could be given something. */
bool desk_has_room(const struct desk *desk);
/* The order of the queue: priority, then age, then id. */
bool desk_before(const struct desk_waiting *a, const struct desk_waiting *b);

struct desk_scope *desk_scope_find(const struct desk *desk, id64 team);

#endif
