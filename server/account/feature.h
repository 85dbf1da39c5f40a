/*
 * feature.h: what a workspace can switch off, and maintenance: it receives, and sends nothing.
 *
 * Both are looked up where they count, in the store, so a switch works at once and without a
 * restart. What is off loses nothing: what waits goes when it is on again.
 */
#ifndef ACCOUNT_FEATURE_H
#define ACCOUNT_FEATURE_H

#include "base/str.h"
#include "runtime/job.h"

/* name, word, on by default, title, description */
#define FEATURES(X)                                                                          \
	X(ROUTING, "routing", true, "Routing",                                               \
		"Gives waiting conversations to agents, by rules, capacity and presence.")   \
	X(WEBHOOKS, "webhooks", true, "Outgoing webhooks",                                   \
		"Tells the addresses in Webhooks what happens. Off: events wait.")           \
	X(NOTICES, "notices", true, "Notices",                                               \
		"Browser notices and e-mail digests for people who do not look.")            \
	X(SCHEDULED, "scheduled_messages", true, "Messages for later",                       \
		"Sends scheduled messages when they are due. Off: they go when it is on again.")

enum feature {
#define X(name, word, otherwise, title, description) FEATURE_##name,
	FEATURES(X)
#undef X
	FEATURE_COUNT
};

struct feature_state {
	const char *name, *title, *description;
	bool is_on, otherwise;  /* otherwise: when nobody has switched it */
	int64_t changed_ms;     /* 0: never */
};

/* Of the job's workspace. */
enum err feature_is_on(struct job *job, enum feature feature, bool *out);
enum err feature_list(struct job *job, struct feature_state out[FEATURE_COUNT]);
bool feature_parse(str name, enum feature *out);
/* In its own transaction, with an audit row. */
enum err feature_switch(struct job *job, enum feature feature, bool on);

/* ---- maintenance ---- */

#define MAINTENANCE_NOTE_MAX 300

struct maintenance {
	bool is_on, is_server; /* is_server: all workspaces of the server */
	int64_t since_ms;
	str note, by;          /* for those who see the banner */
};

/* What holds for the job's workspace. */
enum err maintenance_get(struct job *job, struct maintenance *out);
/* In its own transaction, with an audit row. The whole server is for an owner of its first
 * workspace: ERR_DENIED "server_owner_only". */
enum err maintenance_set(struct job *job, const struct maintenance *want, struct maintenance *out);

#endif
