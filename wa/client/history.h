/*
 * history.h: what the phone sends of the past: told, fetched by the caller, asked for.
 *
 *	WA_EVENT_HISTORY ─► the caller keeps it, commits, fetches the file (wa/media/), reads it
 *	(wa/history/) ─► gone for good: wa_client_history_lost(), and the phone uploads it again
 *
 * Source: docs/protocol/linked-device-2-messaging.md §5.11.
 */
#ifndef WA_CLIENT_HISTORY_H
#define WA_CLIENT_HISTORY_H

#include "wa/client/client.h"
#include "wa/media/media.h"

#define WA_HISTORY_MORE_MAX 50          /* messages to ask for at a time */

enum wa_history_kind {
	WA_HISTORY_FIRST = 0,   /* the first chats */
	WA_HISTORY_STATUS = 1,
	WA_HISTORY_FULL = 2,
	WA_HISTORY_RECENT = 3,
	WA_HISTORY_NAMES = 4,
	WA_HISTORY_LATER = 5,
	WA_HISTORY_ASKED = 6,   /* an answer to wa_client_history_more */
};

/* WA_EVENT_HISTORY: a part of it is there. Either a file, or its octets right away. */
struct wa_history {
	str id;                 /* of the message that told of it */
	enum wa_history_kind kind;
	int64_t order, progress; /* progress: 0 to 100, as the phone counts; -1 not told */
	int64_t oldest_ms;      /* 0: not told */
	struct wa_media file;
	bytes inside;           /* zlib, or none */
	str handle;             /* to have the file deleted, or none */
	str asked_id;           /* WA_HISTORY_ASKED: what wa_client_history_more gave, or none */
};

/* It could not be fetched at all: the phone is asked to upload it anew. */
enum err wa_client_history_lost(struct wa_client *c, const struct wa_call *call, str id, bytes key);

/* Asks the phone for what came before a message; it must be online. Ask gently: one chat in a few
 * seconds. id: of the request, in the call's arena. */
struct wa_history_more {
	struct jid chat;
	str oldest_id;
	bool is_from_me;
	int64_t oldest_ms;
	int count;
};
enum err wa_client_history_more(struct wa_client *c, const struct wa_call *call,
	const struct wa_history_more *more, str *id);

/* What a file of the past says beside what was said (wa/history/): the key of proofs to people who
 * gave no token (none: it told none), and numbers with their hidden ids, as jids in text. Nobody is
 * told of them: whoever read the file has them. What is known already stays. */
struct wa_past {
	bytes salt;
	const struct wa_past_pair { str pn, lid; } *pairs;
	size_t count;
};
enum err wa_client_past(struct wa_client *c, const struct wa_call *call,
	const struct wa_past *past);

#endif
