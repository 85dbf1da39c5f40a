/*
 * live_catalogue.h: every event that Parley tells: its name, version, payload and who hears it.
 *
 * docs/api/events.md is the same for people, held to this table by tests/live/events.test.mjs. An
 * event that is not here is told all the same, and logged as an error: add it here first. A version
 * rises when a member goes or changes its meaning; new members alone do not raise it.
 */
#ifndef LIVE_LIVE_CATALOGUE_H
#define LIVE_LIVE_CATALOGUE_H

#include "base/str.h"

/* Where an event is told. */
enum live_audience {
	LIVE_TO_SCOPE,  /* about a conversation: the workspace's channel, and those of who see it */
	LIVE_TO_ALL,    /* the workspace's channel, and the own ones of who see a part */
	LIVE_TO_WHOLE,  /* the workspace's channel alone */
	LIVE_TO_ONE,    /* one person's, or key's, channel alone */
};

struct live_entry {
	str name;
	int version;
	enum live_audience audience;
	/* "message:Message conversation:Conversation", as openapi.yaml names them */
	str members;
	str title;
	str example;    /* a payload; what `parley emit` sends when it is given none */
};

extern const struct live_entry live_catalogue[];
extern const size_t live_catalogue_count;
/* NULL: there is none of that name. */
const struct live_entry *live_catalogue_find(str name);

#endif
