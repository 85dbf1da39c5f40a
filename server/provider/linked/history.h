/*
 * history.h: the past of a linked number, as its phone sends it, into the inbox.
 *
 *	WA_EVENT_HISTORY ─► a row (linked_part) in the very turn ─► a worker fetches the file, reads
 *	which chats are in it, chooses, and puts their messages as raw events of the past, unread
 *	chats first, a batch a transaction ─► the inbox, by the way that all messages go
 *
 * A batch and how far it has come are one transaction: whoever is killed goes on where he was, and
 * a message that comes twice is in the inbox once. Files of these messages are fetched when
 * somebody looks at them. Only the window of the channel's settings is taken in.
 */
#ifndef PROVIDER_LINKED_HISTORY_H
#define PROVIDER_LINKED_HISTORY_H

#include "provider/linked/linked.h"
#include "wa/client/history.h"

/* Settings of a channel: "history_days" (7 to 180; 0: all there is), "history_chats" (0: all). */
#define LINKED_HISTORY_DAYS 30
#define LINKED_HISTORY_DAYS_MIN 7
#define LINKED_HISTORY_DAYS_MAX 180
#define LINKED_HISTORY_CHATS 500
#define LINKED_HISTORY_CHATS_MAX 100000
#define LINKED_PART_ATTEMPTS 8

/* Stored: never renumber. */
enum linked_sync_state {
	LINKED_SYNC_PENDING = 0,   /* paired; the phone has sent nothing yet */
	LINKED_SYNC_SYNCING = 1,
	LINKED_SYNC_COMPLETED = 2,
	LINKED_SYNC_FAILED = 3,
	LINKED_SYNC_SKIPPED = 4,
};
const char *linked_sync_state_name(enum linked_sync_state state);

struct linked_sync {
	enum linked_sync_state state;
	int64_t progress;       /* per cent: the phone's, or what of it is in the inbox */
	int64_t chats_done, chats_total, messages;
	str why;                /* of a failure: a sentence */
	int64_t started_ms, changed_ms;
};
/* ERR_MISSING: the number never was paired. */
enum err linked_sync_get(struct job *job, id64 channel, struct linked_sync *out);
/* All that the phone sent, once more, within the window as it is now set; also after a failure. */
enum err linked_sync_again(struct job *job, id64 channel);
/* Nothing more of the past is taken in. */
enum err linked_sync_skip(struct job *job, id64 channel);

/* ---- for the manager ---- */

struct turn;
enum err linked_history_take(struct turn *turn, const struct wa_history *history);
enum err linked_history_paired(struct turn *turn);
/* The number is connected: what waited for it is due. */
enum err linked_history_online(struct turn *turn);
/* All rows of a number that is removed, in the open transaction. */
enum err linked_history_forget(struct job *job, id64 channel);
void linked_history_config_check(struct job *job, str name, json value);
/* The workers, and their end; a look at what is due, from any thread. */
void linked_history_create(void);
void linked_history_stop(void);
void linked_history_destroy(void);
void linked_history_wake(void);
/* On the workers of history; false: there are none, or too much waits. */
bool linked_history_post(struct task task);
/* A file that app state wants: fetched on the side, and given back to the number. */
struct linked;
void linked_history_fetch(struct linked *n, const struct wa_media *file, uint64_t number);

/* ---- catchup.c ---- */

/* Rounds of questions, every linked_host.catch_up_ms. */
void linked_catch_up_create(void);

/* ---- history_parse.c ---- */

/* As linked_parse.c reads a message that came alone. */
typedef enum err linked_message_parser(struct job *job, json message,
	struct provider_events *out);
enum err linked_history_parse(struct job *job, json v, linked_message_parser *parse,
	struct provider_events *out);

/* ---- history_read.c ---- */

struct linked_window { int64_t since_ms; size_t chats_max; };
/* One part under way. */
struct linked_part {
	struct job *job;
	struct channel *ch;
	id64 id, channel;
	int64_t done;           /* batches in the store */
	/* An answer to a question: all its chats are taken, and it counts as no progress. */
	bool is_asked;
	struct linked_window window;
	const struct linked_file *file;
	int fd;                 /* enciphered; -1: inside */
	bytes inside;
	/* Gives the number's client what a part says beside messages; NULL: nobody wants it. */
	enum err (*learn)(const struct linked_part *part, const struct wa_past *past);
};
/* Puts all of a part into the store, batch by batch. ERR_CORRUPT, ERR_LIMIT: it is none. */
enum err linked_part_read(struct linked_part *part);

#endif
