/*
 * action.c: values of app state read into one struct, and made of it. See action.h.
 *
 * An index is a list of texts: the name of the action, then what it is about. One table says for
 * each name what the others are; what the value holds is each action's own.
 */
#include "wa/appstate/action.h"

#include "base/json.h"
#include "wa/proto/proto.h"

#define TEXTS_MAX 8

/* What a text of an index is. */
enum place { END, CHAT, MESSAGE, FROM_ME, SENDER, LABEL, STARRED, MEDIA, ZERO };

static const struct action {
	str name;
	enum wa_sync_kind kind;
	enum sync_collection collection;
	int version;            /* 0: it is read only */
	enum place places[6];
} actions[] = {
	{ S("markChatAsRead"), WA_SYNC_READ, SYNC_REGULAR_LOW, 3, { CHAT } },
	{ S("archive"), WA_SYNC_ARCHIVE, SYNC_REGULAR_LOW, 3, { CHAT } },
	{ S("pin_v1"), WA_SYNC_PIN, SYNC_REGULAR_LOW, 5, { CHAT } },
	{ S("mute"), WA_SYNC_MUTE, SYNC_REGULAR_HIGH, 2, { CHAT } },
	/* Libraries differ in the collection of stars: all are read, and they are written where
	 * two of three write them. */
	{ S("star"), WA_SYNC_STAR, SYNC_REGULAR_HIGH, 2, { CHAT, MESSAGE, FROM_ME, SENDER } },
	{ S("deleteMessageForMe"), WA_SYNC_DELETE_MESSAGE, SYNC_REGULAR_HIGH, 3,
		{ CHAT, MESSAGE, FROM_ME, SENDER } },
	{ S("clearChat"), WA_SYNC_CLEAR_CHAT, SYNC_REGULAR_HIGH, 6, { CHAT, STARRED, MEDIA } },
	{ S("deleteChat"), WA_SYNC_DELETE_CHAT, SYNC_REGULAR_HIGH, 6, { CHAT, MEDIA } },
	{ S("contact"), WA_SYNC_CONTACT, SYNC_CRITICAL_UNBLOCK_LOW, 2, { CHAT } },
	{ S("lid_contact"), WA_SYNC_CONTACT, SYNC_CRITICAL_UNBLOCK_LOW, 0, { CHAT } },
	{ S("setting_pushName"), WA_SYNC_PUSH_NAME, SYNC_CRITICAL_BLOCK, 1, { END } },
	{ S("label_edit"), WA_SYNC_LABEL, SYNC_REGULAR, 3, { LABEL } },
	{ S("label_jid"), WA_SYNC_LABEL_CHAT, SYNC_REGULAR, 3, { LABEL, CHAT } },
	{ S("label_message"), WA_SYNC_LABEL_MESSAGE, SYNC_REGULAR, 3,
		{ LABEL, CHAT, MESSAGE, ZERO, ZERO } },
	{ S("quick_reply"), WA_SYNC_QUICK_REPLY, SYNC_REGULAR, 2, { LABEL } },
	{ S("userStatusMute"), WA_SYNC_STATUS_MUTE, SYNC_REGULAR_HIGH, 0, { CHAT } },
	{ S("setting_unarchiveChats"), WA_SYNC_KEEP_ARCHIVED, SYNC_REGULAR_LOW, 0, { END } },
	{ S("nct_salt_sync"), WA_SYNC_SALT, SYNC_REGULAR_HIGH, 0, { END } },
};

/* ---- reading ---- */

static bool place_read(enum place place, str text, struct wa_sync *out)
{
	switch (place) {
	case CHAT:
		return jid_read(text, &out->chat) && out->chat.user.len;
	case MESSAGE:
		out->message_id = text;
		return text.len > 0;
	case FROM_ME:
		out->is_from_me = str_is(text, S("1"));
		return true;
	case SENDER:
		return str_is(text, S("0")) || jid_read(text, &out->sender);
	case LABEL:
		out->label_id = text;
		return text.len > 0;
	case STARRED:
		out->deletes_starred = str_is(text, S("1"));
		return true;
	case MEDIA:
		out->deletes_media = str_is(text, S("1"));
		return true;
	case ZERO:
	case END:
		break;
	}
	return true;
}

static bool index_read(json index, const struct action *action, struct wa_sync *out)
{
	for (size_t i = 0; i < COUNT_OF(action->places) && action->places[i] != END; i++) {
		str text = json_text(json_at(index, i + 1));

		/* The last ones are sometimes left out. */
		if (!text.ptr && i > 0)
			return true;
		if (!text.ptr || !place_read(action->places[i], text, out))
			return false;
	}
	return true;
}

static void message_read(struct wa_sync_range *range, const Wa__SyncActionMessage *message)
{
	struct wa_sync_message *out;

	if (range->count == WA_SYNC_RANGE_MAX || !message->key || !message->key->id)
		return;
	out = &range->messages[range->count++];
	out->id = str_of(message->key->id);
	out->is_from_me = message->key->from_me;
	out->t_ms = message->timestamp * 1000;
	if (message->key->participant && !jid_read(str_of(message->key->participant), &out->sender))
		out->sender = (struct jid){ 0 };
}

static void range_read(const Wa__SyncActionMessageRange *range, struct wa_sync *out)
{
	if (!range)
		return;
	out->range.last_ms = range->last_message_timestamp * 1000;
	for (size_t i = 0; i < range->n_messages; i++)
		message_read(&out->range, range->messages[i]);
}

static void contact_read(const Wa__SyncActionValue *v, struct wa_sync *out)
{
	const Wa__ContactAction *c = v->contact_action;

	out->is_on = c || v->lid_contact_action;
	if (c) {
		out->name = str_of(c->full_name);
		out->first_name = str_of(c->first_name);
		if (c->lid_jid && !jid_read(str_of(c->lid_jid), &out->lid))
			out->lid = (struct jid){ 0 };
		if (c->pn_jid && !jid_read(str_of(c->pn_jid), &out->pn))
			out->pn = (struct jid){ 0 };
	} else if (v->lid_contact_action) {
		out->name = str_of(v->lid_contact_action->full_name);
		out->first_name = str_of(v->lid_contact_action->first_name);
	}
}

static void label_read(const Wa__LabelEditAction *label, struct wa_sync *out)
{
	if (!label)
		return;
	out->is_on = !label->deleted;
	out->name = str_of(label->name);
	out->color = label->color;
}

static void quick_reply_read(const Wa__QuickReplyAction *reply, struct wa_sync *out)
{
	if (!reply)
		return;
	out->is_on = !reply->deleted;
	out->name = str_of(reply->shortcut);
	out->text = str_of(reply->message);
}

static void read_read(const Wa__MarkChatAsReadAction *action, struct wa_sync *out)
{
	out->is_on = action && action->read;
	range_read(action ? action->message_range : NULL, out);
}

static void archive_read(const Wa__ArchiveChatAction *action, struct wa_sync *out)
{
	out->is_on = action && action->archived;
	range_read(action ? action->message_range : NULL, out);
}

static void mute_read(const Wa__MuteAction *action, struct wa_sync *out)
{
	out->is_on = action && action->muted;
	out->until_ms = action ? action->mute_end_timestamp : 0;
}

/* The one who deletes a whole chat says so by the entry itself. */
static void deletion_read(const Wa__SyncActionValue *v, struct wa_sync *out)
{
	const Wa__DeleteMessageForMeAction *message = v->delete_message_for_me_action;

	out->is_on = true;
	if (message)
		out->deletes_media = message->delete_media;
	if (v->clear_chat_action)
		range_read(v->clear_chat_action->message_range, out);
	if (v->delete_chat_action)
		range_read(v->delete_chat_action->message_range, out);
}

static void value_read(const Wa__SyncActionValue *v, struct wa_sync *out)
{
	switch (out->kind) {
	case WA_SYNC_READ:
		read_read(v->mark_chat_as_read_action, out);
		break;
	case WA_SYNC_ARCHIVE:
		archive_read(v->archive_chat_action, out);
		break;
	case WA_SYNC_PIN:
		out->is_on = v->pin_action && v->pin_action->pinned;
		break;
	case WA_SYNC_MUTE:
		mute_read(v->mute_action, out);
		break;
	case WA_SYNC_STAR:
		out->is_on = v->star_action && v->star_action->starred;
		break;
	case WA_SYNC_DELETE_MESSAGE:
	case WA_SYNC_CLEAR_CHAT:
	case WA_SYNC_DELETE_CHAT:
		deletion_read(v, out);
		break;
	case WA_SYNC_CONTACT:
		contact_read(v, out);
		break;
	case WA_SYNC_PUSH_NAME:
		out->is_on = true;
		out->name = v->push_name_setting ? str_of(v->push_name_setting->name) : STR_NONE;
		break;
	case WA_SYNC_LABEL:
		label_read(v->label_edit_action, out);
		break;
	case WA_SYNC_LABEL_CHAT:
	case WA_SYNC_LABEL_MESSAGE:
		out->is_on = v->label_association_action && v->label_association_action->labeled;
		break;
	case WA_SYNC_QUICK_REPLY:
		quick_reply_read(v->quick_reply_action, out);
		break;
	case WA_SYNC_STATUS_MUTE:
		out->is_on = v->user_status_mute_action && v->user_status_mute_action->muted;
		break;
	case WA_SYNC_KEEP_ARCHIVED:
		out->is_on = v->unarchive_chats_setting &&
			!v->unarchive_chats_setting->unarchive_chats;
		break;
	case WA_SYNC_SALT:
		out->is_on = v->nct_salt_sync_action;
		out->salt = out->is_on ? PROTO_DATA(v->nct_salt_sync_action, salt) : BYTES_NONE;
		break;
	case WA_SYNC_OTHER:
		break;
	}
}

static const struct action *action_named(str name)
{
	for (size_t i = 0; i < COUNT_OF(actions); i++)
		if (str_is(actions[i].name, name))
			return &actions[i];
	return NULL;
}

enum err wa_sync_read(struct arena *arena, const struct sync_item *item, struct wa_sync *out)
{
	const Wa__SyncActionValue *value = item->data->value;
	const struct action *action;
	json index;

	*out = (struct wa_sync){ .is_removal = item->is_removal };
	if (json_read(arena, str_from(PROTO_DATA(item->data, index)), &index, NULL) != OK ||
		json_kind(index) != JSON_LIST || json_count(index) > TEXTS_MAX * 4)
		return ERR_CORRUPT;
	action = action_named(json_text(json_at(index, 0)));
	if (!action) {
		out->name = json_text(json_at(index, 0));
		return OK;
	}
	out->kind = action->kind;
	if (!index_read(index, action, out))
		return ERR_CORRUPT;
	if (value) {
		out->t_ms = value->timestamp;
		value_read(value, out);
	}
	if (out->is_removal)
		out->is_on = false;
	return OK;
}

/* ---- writing ---- */

static const struct action *action_of(enum wa_sync_kind kind)
{
	for (size_t i = 0; i < COUNT_OF(actions); i++)
		if (actions[i].kind == kind && actions[i].version)
			return &actions[i];
	return NULL;
}

/* none: it cannot be told, and is needed. */
static str place_text(struct arena *arena, enum place place, const struct wa_sync *what)
{
	switch (place) {
	case CHAT:
		return what->chat.user.len ? jid_text(arena, &what->chat) : STR_NONE;
	case MESSAGE:
		return what->message_id.len ? what->message_id : STR_NONE;
	case FROM_ME:
		return what->is_from_me ? S("1") : S("0");
	case SENDER:
		return what->sender.user.len && !what->is_from_me ? jid_text(arena, &what->sender)
								  : S("0");
	case LABEL:
		return what->label_id.len ? what->label_id : STR_NONE;
	case STARRED:
		return what->deletes_starred ? S("1") : S("0");
	case MEDIA:
		return what->deletes_media ? S("1") : S("0");
	case ZERO:
	case END:
		break;
	}
	return S("0");
}

static enum err index_write(struct arena *arena, const struct action *action,
	const struct wa_sync *what, bytes *out)
{
	struct buf text = buf_in(arena, SYNC_INDEX_MAX);

	json_open(&text, '[');
	json_put(&text, NULL, action->name);
	for (size_t i = 0; i < COUNT_OF(action->places) && action->places[i] != END; i++) {
		str one = place_text(arena, action->places[i], what);

		if (!one.ptr)
			return ERR_INPUT;
		json_put(&text, NULL, one);
	}
	json_close(&text, ']');
	*out = buf_bytes(&text);
	return text.failed ? ERR_INPUT : OK;
}

static char *text_of(struct arena *arena, str text)
{
	return text.ptr ? (char *)arena_cstr(arena, text) : NULL;
}

static Wa__SyncActionMessage *message_write(struct arena *arena, const struct wa_sync *what,
	const struct wa_sync_message *message)
{
	Wa__SyncActionMessage *out = ARENA_NEW(arena, Wa__SyncActionMessage);

	wa__sync_action_message__init(out);
	PROTO_SET(out, timestamp, message->t_ms / 1000);
	out->key = ARENA_NEW(arena, Wa__MessageKey);
	wa__message_key__init(out->key);
	out->key->remote_jid = text_of(arena, jid_text(arena, &what->chat));
	PROTO_SET(out->key, from_me, message->is_from_me);
	out->key->id = text_of(arena, message->id);
	if (message->sender.user.len && !message->is_from_me)
		out->key->participant = text_of(arena, jid_text(arena, &message->sender));
	return out;
}

static Wa__SyncActionMessageRange *range_write(struct arena *arena, const struct wa_sync *what)
{
	const struct wa_sync_range *range = &what->range;
	Wa__SyncActionMessageRange *out;

	if (!range->last_ms)
		return NULL;
	out = ARENA_NEW(arena, Wa__SyncActionMessageRange);
	wa__sync_action_message_range__init(out);
	PROTO_SET(out, last_message_timestamp, range->last_ms / 1000);
	out->messages = ARENA_ARRAY(arena, Wa__SyncActionMessage *, WA_SYNC_RANGE_MAX);
	for (size_t i = 0; i < range->count && i < WA_SYNC_RANGE_MAX; i++)
		out->messages[out->n_messages++] = message_write(arena, what, &range->messages[i]);
	return out;
}

#define ACTION(Type, init)                                                                         \
	Type *a = ARENA_NEW(arena, Type);                                                          \
	init(a)

static void write_read(struct arena *arena, const struct wa_sync *what, Wa__SyncActionValue *v)
{
	ACTION(Wa__MarkChatAsReadAction, wa__mark_chat_as_read_action__init);
	PROTO_SET(a, read, what->is_on);
	a->message_range = range_write(arena, what);
	v->mark_chat_as_read_action = a;
}

static void write_archive(struct arena *arena, const struct wa_sync *what, Wa__SyncActionValue *v)
{
	ACTION(Wa__ArchiveChatAction, wa__archive_chat_action__init);
	PROTO_SET(a, archived, what->is_on);
	a->message_range = range_write(arena, what);
	v->archive_chat_action = a;
}

static void write_pin(struct arena *arena, const struct wa_sync *what, Wa__SyncActionValue *v)
{
	ACTION(Wa__PinAction, wa__pin_action__init);
	PROTO_SET(a, pinned, what->is_on);
	v->pin_action = a;
}

static void write_mute(struct arena *arena, const struct wa_sync *what, Wa__SyncActionValue *v)
{
	ACTION(Wa__MuteAction, wa__mute_action__init);
	PROTO_SET(a, muted, what->is_on);
	if (what->is_on)
		PROTO_SET(a, mute_end_timestamp, what->until_ms ? what->until_ms : -1);
	v->mute_action = a;
}

static void write_star(struct arena *arena, const struct wa_sync *what, Wa__SyncActionValue *v)
{
	ACTION(Wa__StarAction, wa__star_action__init);
	PROTO_SET(a, starred, what->is_on);
	v->star_action = a;
}

static void write_deletion(struct arena *arena, const struct wa_sync *what,
	Wa__SyncActionValue *v)
{
	ACTION(Wa__DeleteMessageForMeAction, wa__delete_message_for_me_action__init);
	PROTO_SET(a, delete_media, what->deletes_media);
	if (what->range.last_ms)
		PROTO_SET(a, message_timestamp, what->range.last_ms / 1000);
	v->delete_message_for_me_action = a;
}

static void write_clear(struct arena *arena, const struct wa_sync *what, Wa__SyncActionValue *v)
{
	ACTION(Wa__ClearChatAction, wa__clear_chat_action__init);
	a->message_range = range_write(arena, what);
	v->clear_chat_action = a;
}

static void write_delete(struct arena *arena, const struct wa_sync *what, Wa__SyncActionValue *v)
{
	ACTION(Wa__DeleteChatAction, wa__delete_chat_action__init);
	a->message_range = range_write(arena, what);
	v->delete_chat_action = a;
}

static void write_contact(struct arena *arena, const struct wa_sync *what, Wa__SyncActionValue *v)
{
	ACTION(Wa__ContactAction, wa__contact_action__init);
	a->full_name = text_of(arena, what->name);
	a->first_name = text_of(arena, what->first_name);
	if (what->lid.user.len)
		a->lid_jid = text_of(arena, jid_text(arena, &what->lid));
	if (what->pn.user.len)
		a->pn_jid = text_of(arena, jid_text(arena, &what->pn));
	PROTO_SET(a, save_on_primary_addressbook, true);
	v->contact_action = a;
}

static void write_push_name(struct arena *arena, const struct wa_sync *what,
	Wa__SyncActionValue *v)
{
	ACTION(Wa__PushNameSetting, wa__push_name_setting__init);
	a->name = text_of(arena, what->name);
	v->push_name_setting = a;
}

static void write_label(struct arena *arena, const struct wa_sync *what, Wa__SyncActionValue *v)
{
	ACTION(Wa__LabelEditAction, wa__label_edit_action__init);
	a->name = text_of(arena, what->name);
	PROTO_SET(a, color, what->color);
	PROTO_SET(a, deleted, !what->is_on);
	v->label_edit_action = a;
}

static void write_labelled(struct arena *arena, const struct wa_sync *what,
	Wa__SyncActionValue *v)
{
	ACTION(Wa__LabelAssociationAction, wa__label_association_action__init);
	PROTO_SET(a, labeled, what->is_on);
	v->label_association_action = a;
}

static void write_quick_reply(struct arena *arena, const struct wa_sync *what,
	Wa__SyncActionValue *v)
{
	ACTION(Wa__QuickReplyAction, wa__quick_reply_action__init);
	a->shortcut = text_of(arena, what->name);
	a->message = text_of(arena, what->text);
	PROTO_SET(a, count, 0);
	PROTO_SET(a, deleted, !what->is_on);
	v->quick_reply_action = a;
}

static void (*const writers[])(struct arena *, const struct wa_sync *, Wa__SyncActionValue *) = {
	[WA_SYNC_READ] = write_read,
	[WA_SYNC_ARCHIVE] = write_archive,
	[WA_SYNC_PIN] = write_pin,
	[WA_SYNC_MUTE] = write_mute,
	[WA_SYNC_STAR] = write_star,
	[WA_SYNC_DELETE_MESSAGE] = write_deletion,
	[WA_SYNC_CLEAR_CHAT] = write_clear,
	[WA_SYNC_DELETE_CHAT] = write_delete,
	[WA_SYNC_CONTACT] = write_contact,
	[WA_SYNC_PUSH_NAME] = write_push_name,
	[WA_SYNC_LABEL] = write_label,
	[WA_SYNC_LABEL_CHAT] = write_labelled,
	[WA_SYNC_LABEL_MESSAGE] = write_labelled,
	[WA_SYNC_QUICK_REPLY] = write_quick_reply,
};

enum err wa_sync_write(struct arena *arena, const struct wa_sync *what,
	enum sync_collection *collection, bytes *data)
{
	const struct action *action = action_of(what->kind);
	Wa__SyncActionData out = WA__SYNC_ACTION_DATA__INIT;
	Wa__SyncActionValue value = WA__SYNC_ACTION_VALUE__INIT;
	bytes index;

	if (!action)
		return ERR_INPUT;
	TRY(index_write(arena, action, what, &index));
	PROTO_SET(&value, timestamp, what->t_ms);
	writers[what->kind](arena, what, &value);
	PROTO_SET_DATA(&out, index, index);
	out.value = &value;
	PROTO_SET_DATA(&out, padding, ((bytes){ (const uint8_t *)"", 0 }));
	PROTO_SET(&out, version, action->version);
	*collection = action->collection;
	*data = proto_bytes(arena, &out);
	return OK;
}
