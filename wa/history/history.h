/*
 * history.h: what the phone tells of the past: chats and messages from before the pairing.
 *
 * It comes as files of zlib around one large HistorySync. The reader takes a file by pieces and
 * tells each message, chat and name as soon as it is whole: neither the file nor a chat is ever in
 * memory, only one message of it. Whatever is longer than its bound is passed over and counted,
 * never a reason to lose the rest. No I/O; one reader belongs to one thread at a time.
 * Source: docs/protocol/linked-device-2-messaging.md §5.11.
 */
#ifndef WA_HISTORY_HISTORY_H
#define WA_HISTORY_HISTORY_H

#include "base/buf.h"
#include "base/err.h"
#include "wa_history.pb-c.h"

#define WA_HISTORY_FILE_MAX (256ll << 20)       /* octets of a file, as fetched */
#define WA_HISTORY_INFLATED_MAX (512ll << 20)   /* of what is in it */
#define WA_HISTORY_ITEM_MAX (1u << 20)          /* of one message, or one name */
#define WA_HISTORY_HEAD_MAX (1u << 20)          /* of a chat without its messages */

/* Each may be NULL. What they get lives until they return; an error ends the reading and comes
 * back. */
struct wa_history_handler {
	void *arg;
	/* Newest first within a chat, and before the chat itself. chat: its jid. */
	enum err (*message)(void *arg, str chat, const Wa__WebMessageInfo *message);
	/* Without its messages; count: how many of them there were. */
	enum err (*chat)(void *arg, const Wa__Conversation *chat, size_t count);
	enum err (*push_name)(void *arg, str jid, str name);
	/* A number and a hidden id of one person. */
	enum err (*mapping)(void *arg, str pn_jid, str lid_jid);
	/* Someone of the phone's address book. */
	enum err (*contact)(void *arg, const Wa__InlineContact *contact);
	/* At the end, all that stands in the file once: kind, progress, settings, salt. */
	enum err (*rest)(void *arg, const Wa__HistorySync *rest);
};

struct wa_history_totals {
	int64_t inflated;
	size_t chats, messages, names, mappings, passed_over;
};

struct wa_history_reader;
/* handler is copied. */
struct wa_history_reader *wa_history_create(const struct wa_history_handler *handler);
/* ERR_CORRUPT: not such a file; ERR_LIMIT: larger than the bounds; or the handler's error. Nothing
 * more is read after one. */
enum err wa_history_feed(struct wa_history_reader *r, bytes piece);
/* The file is whole; destroys in any case. totals may be NULL. ERR_CORRUPT: it is cut. */
enum err wa_history_finish(struct wa_history_reader *r, struct wa_history_totals *totals);
void wa_history_destroy(struct wa_history_reader *r);
/* Most octets that it held at a time: what the bounds promise. */
size_t wa_history_held(const struct wa_history_reader *r);

/* The other way, for the simulated phone. */
bytes wa_history_write(struct arena *arena, const Wa__HistorySync *history);

#endif
