/*
 * action.h: what the values of app state mean.
 *
 * Source: docs/protocol/linked-device-2-messaging.md §8.4.
 */
#ifndef WA_APPSTATE_ACTION_H
#define WA_APPSTATE_ACTION_H

#include "wa/appstate/appstate.h"
#include "wa/stanza/jid.h"

#define WA_SYNC_RANGE_MAX 4

enum wa_sync_kind {
	WA_SYNC_OTHER,          /* something that we have no word for: name is that of the index */
	WA_SYNC_READ,           /* chat; is_on: read, else marked unread. range */
	WA_SYNC_ARCHIVE,        /* chat, range */
	WA_SYNC_PIN,            /* chat */
	WA_SYNC_MUTE,           /* chat; until_ms: -1 for ever */
	WA_SYNC_STAR,           /* a message */
	WA_SYNC_DELETE_MESSAGE, /* a message, for us alone */
	WA_SYNC_CLEAR_CHAT,     /* chat, range: its messages are deleted for us */
	WA_SYNC_DELETE_CHAT,    /* chat, range */
	WA_SYNC_CONTACT,        /* chat: whom; name, first_name, pn, lid */
	WA_SYNC_PUSH_NAME,      /* name */
	WA_SYNC_LABEL,          /* label_id, name, color; not is_on: deleted */
	WA_SYNC_LABEL_CHAT,     /* label_id, chat */
	WA_SYNC_LABEL_MESSAGE,  /* label_id, a message */
	WA_SYNC_QUICK_REPLY,    /* label_id: its id; name: the shortcut, text; not is_on: deleted */
	WA_SYNC_STATUS_MUTE,    /* chat: whose; read only */
	WA_SYNC_KEEP_ARCHIVED,  /* is_on: a new message leaves an archived chat there; read only */
	WA_SYNC_SALT,           /* salt; read only */
};

/* The newest messages of a chat, so that the other device knows what the word is about. */
struct wa_sync_message { str id; bool is_from_me; struct jid sender; int64_t t_ms; };
struct wa_sync_range {
	int64_t last_ms;        /* 0: there is no range */
	struct wa_sync_message messages[WA_SYNC_RANGE_MAX];
	size_t count;
};

struct wa_sync {
	enum wa_sync_kind kind;
	/* The entry is taken away, as if nobody had ever said so: is_on is false. */
	bool is_removal;
	bool is_on;
	/* One of many, of a first reading: nobody did it just now. */
	bool is_first;
	struct jid chat;        /* or a person; bare, by number or hidden id, as the phone says */
	str message_id;
	bool is_from_me;
	struct jid sender;      /* of a message in a group, or none */
	int64_t t_ms, until_ms;
	str name, first_name, text, label_id;
	struct jid pn, lid;
	int color;
	bool deletes_media, deletes_starred;
	struct wa_sync_range range;
	bytes salt;
};

/* Texts borrow of data and live in the arena. ERR_CORRUPT: the index does not read. */
enum err wa_sync_read(struct arena *arena, const struct sync_item *item, struct wa_sync *out);
/* As SyncActionData, packed, and the collection that it belongs to. ERR_INPUT: it has no such form,
 * or lacks what it needs. */
enum err wa_sync_write(struct arena *arena, const struct wa_sync *what,
	enum sync_collection *collection, bytes *data);

#endif
