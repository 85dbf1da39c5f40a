/*
 * routing.h: agents and teams, and who gets a conversation that waits for somebody.
 *
 *	api/agents.c teams.c routing.c ──► agent.c team.c rules.c settings.c
 *	jobs/router.c ──► route.c (desk.c decides, rule.c matches)  place.c
 *
 * A conversation waits when it is open, nobody's, and of a scope that is not manual: a team with a
 * mode of its own, or the workspace for those of no team. routing_run() brings the queue up to date
 * and gives out; it is called after every change that may matter, and calling it more often does no
 * harm: all it needs to know is in the store, so nothing is forgotten by a restart. The one rule:
 * it works under the lock of the workspace's routing_setting row, so two runs never give beyond
 * capacity.
 *
 * Functions that change something open their own transaction, write an audit row when a person did
 * it, and call the hooks after the commit.
 */
#ifndef ROUTING_ROUTING_H
#define ROUTING_ROUTING_H

#include "base/json.h"
#include "routing/desk.h"
#include "routing/presence.h"
#include "routing/rule.h"

enum {
	AGENT_CAPACITY_DEFAULT = 5,
	AGENT_CAPACITY_MAX = 1000,
	AGENTS_MAX = 1000,         /* of a workspace */
	TEAMS_MAX = 200,
	TEAM_MEMBERS_MAX = 500,
	AGENT_BOUNDS_MAX = 50,     /* channels with a bound, of one agent */
	RULES_MAX = 100,
	PLACE_TEXT_MAX = 1000
};
#define AWAY_AFTER_DEFAULT_MS (10 * 60000LL)
#define OFFLINE_AFTER_DEFAULT_MS 30000LL

/* Set once at start. Something may be given out in a workspace: any thread. */
extern void (*routing_wake_hook)(id64 workspace);
/* An agent's or a team's row is another: told live. */
extern void (*routing_agent_hook)(struct job *job, id64 person);
extern void (*routing_team_hook)(struct job *job, id64 team);

/* ---- settings ---- */

enum shift_end { SHIFT_KEEP, SHIFT_REQUEUE_UNANSWERED, SHIFT_REQUEUE_ALL, SHIFT_ENDS };
const char *shift_end_name(enum shift_end rule);
bool shift_end_parse(str name, enum shift_end *out);

struct routing_settings {
	enum routing_mode mode; /* of conversations without a team */
	int64_t capacity;       /* of agents without one of their own */
	int64_t away_after_ms, offline_after_ms;
	enum shift_end shift_end;
	/* what a waiting customer is told, with {{position}}; empty: nothing */
	str place_text;
	/* told again, so much later, when the place is a better one; 0: once */
	int64_t place_again_ms;
	bool reopens_for_all; /* what opens again while its agent is not there is given out anew */
};
enum err routing_settings_get(struct job *job, struct routing_settings *out);
enum err routing_settings_set(struct job *job, const struct routing_settings *settings);

/* ---- agents: members who may send messages ---- */

struct agent_bound { id64 channel; int64_t capacity, load; };
struct agent {
	id64 id;
	str name;
	enum agent_status status, chosen;
	str why;               /* "hand", "idle", "disconnect", "connect", "activity" */
	int64_t status_ms;
	bool takes, on_shift;
	int64_t own_capacity;  /* -1: the workspace's */
	int64_t capacity, load;
	struct agent_bound *bounds;
	size_t bound_count;
	id64 *teams;
	size_t team_count;
	str shift;             /* JSON; or none: those of the teams */
	const struct scope *scope; /* what they see; NULL: all */
};
struct agents { struct agent *items; size_t count; };

/* By id. */
enum err agent_list(struct job *job, struct agents *out);
/* ERR_MISSING for those who are none. */
enum err agent_get(struct job *job, id64 person, struct agent *out);

/* By hand; the choice holds until another one. */
enum err agent_choose(struct job *job, id64 person, enum agent_status status);
/* A sign of the person; at most one write in PRESENCE_BEAT_MS / 4 unless it changes something. */
enum err agent_seen(struct job *job, id64 person);
/* Their first live socket came, or their last one went. */
enum err agent_connected(struct job *job, id64 person, bool connected);
/* Those of all workspaces whose time has come, at most 100; *more: call again. */
enum err agent_check_due(struct job *job, bool *more);
/* Once at start: nobody has a socket. */
enum err agent_start(struct job *job);

struct agent_patch {
	bool has_capacity, has_takes, has_bounds, has_shift;
	int64_t capacity;      /* -1: the workspace's */
	bool takes;
	struct agent_bound bounds[AGENT_BOUNDS_MAX];
	size_t bound_count;
	json shift;            /* NULL: none of their own */
};
enum err agent_change(struct job *job, id64 person, const struct agent_patch *patch);

struct agent_moment { id64 id; enum agent_status status; int64_t at_ms; str why; };
/* Newest first, before (before_ms, before_id). */
enum err agent_history(struct job *job, id64 person, const struct agent_moment *before, size_t max,
	struct agent_moment **out, size_t *count);

/* ---- teams ---- */

struct team {
	id64 id;
	str name;
	enum routing_mode mode;
	str shift;             /* JSON; or none */
	id64 *members;
	size_t member_count;
	int64_t created_ms;
};
struct teams { struct team *items; size_t count; };
enum err team_list(struct job *job, struct teams *out);
enum err team_get(struct job *job, id64 id, struct team *out);

struct team_draft {
	str name;              /* none: as it is */
	bool has_mode, has_shift, has_members;
	enum routing_mode mode;
	json shift;            /* NULL: none */
	id64 members[TEAM_MEMBERS_MAX];
	size_t member_count;
};
/* ERR_CONFLICT "name_taken". id 0: a new one. */
enum err team_save(struct job *job, id64 id, const struct team_draft *draft, struct team *out);
/* Its open conversations are of no team from then on. */
enum err team_delete(struct job *job, id64 id);

/* ---- rules ---- */

struct rule {
	id64 id;
	str name;
	bool enabled;
	json conditions, actions;
	int64_t created_ms, updated_ms;
};
struct rules { struct rule *items; size_t count; };
/* In their order. */
enum err rule_list(struct job *job, struct rules *out);
struct rule_draft {
	str name;
	int enabled;           /* -1: as it is */
	json conditions, actions; /* NULL: as they are */
};
/* id 0: a new one, behind all others. */
enum err rule_save(struct job *job, id64 id, const struct rule_draft *draft, struct rule *out);
enum err rule_delete(struct job *job, id64 id);
/* ids: all of them, in the new order; ERR_INPUT otherwise. */
enum err rule_order(struct job *job, const id64 *ids, size_t count);

/* ---- the queue ---- */

/* Brings everything of the job's workspace up to date: rules for new conversations, the queue, and
 * who gets what. Opens its own transactions. */
enum err routing_run(struct job *job);

struct queued {
	id64 conversation, team, channel;
	int64_t priority, queued_ms, place; /* place: in its scope, from 1 */
};
#define QUEUE_SHOWN_MAX 500
/* The first QUEUE_SHOWN_MAX that wait, in the order in which they are given out. team -1: of all
 * scopes. */
enum err routing_queue(struct job *job, id64 team, struct queued **out, size_t *count);

#endif
