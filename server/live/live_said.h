/*
 * live_said.h: what nodes say to each other: a letter and fields, each with its length before it.
 *
 * The first field is the node that speaks. Any thread.
 */
#ifndef LIVE_LIVE_SAID_H
#define LIVE_LIVE_SAID_H

#include "base/buf.h"

#define LIVE_SAID_FIELDS_MAX 8

/* node is in every one of them; then: */
enum live_word {
	LIVE_SAID_PUBLISH = 'P',    /* app, channel, name, data, except */
	LIVE_SAID_TOLD = 'T',       /* app, channel, name, data, version: of the stream */
	LIVE_SAID_CLIENT = 'C',     /* app, channel, frame: a client's event */
	LIVE_SAID_ORDER = 'R',      /* which, app, a, b: of live_order.c */
	LIVE_SAID_TERMINATE = 'U',  /* app, user */
	LIVE_SAID_FORGET = 'F',     /* app, or none: of the stream */
	LIVE_SAID_RELOAD = 'E',     /* workspace */
	LIVE_SAID_SUBSCRIBED = 'S', /* app, channel, subscribers (0: vacated), how */
	LIVE_SAID_MEMBER = 'M',     /* app, channel, id, id_raw, info_raw, how */
	LIVE_SAID_GONE = 'L',       /* app, channel, id, how */
	LIVE_SAID_BEAT = 'H',
	LIVE_SAID_ASK = 'Q',        /* node: who is to send a snapshot; none: all */
	LIVE_SAID_BEGIN = 'B',      /* of a snapshot */
	LIVE_SAID_END = 'Z',
	LIVE_SAID_BYE = 'G',
};

/* How something came or went: whether webhooks are told, and by whom. */
#define NO_CHANGE S("")    /* of a snapshot, or a count */
#define CHANGED S("1")
#define BY_DISCONNECT S("d")
#define BY_STOP S("x")     /* the node stops and tells nothing itself */

struct live_said { enum live_word word; str fields[LIVE_SAID_FIELDS_MAX]; size_t count; };

/* said's fields stand behind the node. */
void live_said_write(struct buf *out, str node, const struct live_said *said);
/* The fields borrow; fields[0] is the node. False: it is none, or has fewer fields than its word
 * needs. */
bool live_said_read(str text, struct live_said *out);

#endif
