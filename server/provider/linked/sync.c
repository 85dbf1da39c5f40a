/*
 * sync.c: what the owner does to chats on the phone, in the inbox; and the other way.
 *
 * Read, archived, pinned, muted, starred, labelled; labels themselves, quick replies, and names of
 * the address book. What is said to be deleted there stays here: the inbox is the record of the
 * business, and its own people delete in it. A first reading tells how things are, and not what
 * anybody did: reads and archives of it are passed over.
 * What people do here is told to the phone by those who took their request, never by those who
 * took in what the phone said: nothing echoes (inbox/chat.h).
 */
#include "provider/linked/sync.h"

#include "provider/linked/linked_internal.h"
#include "wa/client/appstate.h"

#define BODY_MAX 32768 /* a quick reply has a text */

/* A name of many kilobytes is none; the end of the event wants one octet. */
static enum err put(struct turn *turn, struct buf *b)
{
	return b->failed || b->len == BODY_MAX ? OK : linked_raw_put(turn, b);
}

/* Of a message: its id; of a label: that. */
static enum err put_done(struct turn *turn, const struct wa_sync *what, enum chat_done done)
{
	struct arena *arena = turn->job->arena;
	struct buf b = linked_raw_begin(turn, "chat", BODY_MAX);

	json_put(&b, "chat", jid_text(arena, &what->chat));
	json_put(&b, "done", str_of(chat_done_name(done)));
	/* Read up to that message, and not what came since. */
	json_put_ms(&b, "t_ms",
		done == CHAT_READ && what->range.last_ms ? what->range.last_ms : what->t_ms);
	json_put_bool(&b, "first", what->is_first);
	if (done == CHAT_MUTED)
		json_put_int(&b, "until_ms", what->until_ms > 0 ? what->until_ms : -1);
	if (what->message_id.len)
		json_put(&b, "id", what->message_id);
	if (what->label_id.len)
		json_put(&b, "label", what->label_id);
	return put(turn, &b);
}

/* A label, or a quick reply. */
static enum err put_item(struct turn *turn, const struct wa_sync *what, const char *kind)
{
	struct buf b = linked_raw_begin(turn, kind, BODY_MAX);

	json_put(&b, "id", what->label_id);
	json_put_bool(&b, "gone", !what->is_on);
	json_put(&b, "name", what->name);
	json_put(&b, "text", what->text);
	json_put_int(&b, "colour", what->color);
	json_put_ms(&b, "t_ms", what->t_ms);
	return put(turn, &b);
}

static enum err put_name(struct turn *turn, const struct wa_sync *what)
{
	struct arena *arena = turn->job->arena;
	struct buf b = linked_raw_begin(turn, "history", BODY_MAX);

	if (!what->is_on || !what->name.len)
		return OK;
	json_open_in(&b, "contacts", '[');
	json_open(&b, '{');
	json_put(&b, "jid", jid_text(arena, &what->chat));
	json_put(&b, "name", what->name);
	json_close(&b, '}');
	json_close(&b, ']');
	return put(turn, &b);
}

/* A message that is labelled labels its chat; that it is not any more says nothing of the others.
 */
static enum err put_label_of(struct turn *turn, const struct wa_sync *what)
{
	if (what->kind == WA_SYNC_LABEL_MESSAGE)
		return what->is_on ? put_done(turn, what, CHAT_LABELLED) : OK;
	return put_done(turn, what, what->is_on ? CHAT_LABELLED : CHAT_UNLABELLED);
}

enum err linked_sync_take(struct turn *turn, const struct wa_sync *what)
{
	switch (what->kind) {
	case WA_SYNC_READ:
		return what->is_on && !what->is_first ? put_done(turn, what, CHAT_READ) : OK;
	case WA_SYNC_ARCHIVE:
		return what->is_first ? OK
				      : put_done(turn, what,
						what->is_on ? CHAT_ARCHIVED : CHAT_UNARCHIVED);
	case WA_SYNC_CONTACT:
		return what->is_first ? OK : put_name(turn, what);
	case WA_SYNC_PIN:
		return put_done(turn, what, what->is_on ? CHAT_PINNED : CHAT_UNPINNED);
	case WA_SYNC_MUTE:
		return put_done(turn, what, what->is_on ? CHAT_MUTED : CHAT_UNMUTED);
	case WA_SYNC_STAR:
		return put_done(turn, what, what->is_on ? CHAT_STARRED : CHAT_UNSTARRED);
	case WA_SYNC_CLEAR_CHAT:
		return put_done(turn, what, CHAT_CLEARED);
	case WA_SYNC_DELETE_CHAT:
		return put_done(turn, what, CHAT_DELETED);
	case WA_SYNC_LABEL_CHAT:
	case WA_SYNC_LABEL_MESSAGE:
		return put_label_of(turn, what);
	case WA_SYNC_LABEL:
		return put_item(turn, what, "label");
	case WA_SYNC_QUICK_REPLY:
		return put_item(turn, what, "quick_reply");
	default:
		return OK;
	}
}

void linked_sync_parse(struct job *job, json v, struct provider_events *out)
{
	struct provider_event *ev;
	enum chat_done done;

	if (!chat_done_parse(json_text_at(v, "done"), &done))
		return;
	ev = provider_events_add(job, out, EVENT_CHAT);
	ev->field = S("chat");
	ev->done = done;
	ev->at_ms = json_int(json_field(v, "t_ms"), 0);
	ev->is_first = json_flag(json_field(v, "first"), false);
	ev->until_ms = json_int(json_field(v, "until_ms"), 0);
	ev->target_id = json_text_at(v, "id");
	ev->item_id = json_text_at(v, "label");
	linked_add_chat(&ev->who, json_text_at(v, "chat"));
}

void linked_item_parse(struct job *job, json v, struct provider_events *out)
{
	bool is_label = str_is(json_text_at(v, "kind"), S("label"));
	struct provider_event *ev = provider_events_add(job, out,
		is_label ? EVENT_LABEL : EVENT_QUICK_REPLY);

	ev->field = is_label ? S("label") : S("quick_reply");
	ev->item_id = json_text_at(v, "id");
	ev->item_name = json_text_at(v, "name");
	ev->item_text = json_text_at(v, "text");
	ev->item_colour = (int)json_int(json_field(v, "colour"), 0);
	ev->is_gone = json_flag(json_field(v, "gone"), false);
	ev->at_ms = json_int(json_field(v, "t_ms"), 0);
}

/* ---- the other way ---- */

/* One after the other: what must be known before it is named goes first. */
#define WORDS_MAX 2
struct words { struct wa_sync items[WORDS_MAX]; size_t count; };

static enum err tell(struct turn *turn, void *arg)
{
	const struct words *words = arg;

	if (!turn->n->is_paired)
		return fail(turn->job, ERR_CONFLICT, "the number is not paired");
	TRY(linked_load(turn));
	for (size_t i = 0; i < words->count; i++)
		TRY(wa_client_sync(wa_link_client(turn->n->link), &turn->call,
			&words->items[i]));
	return OK;
}

static struct jid chat_of(const struct person_ref *who)
{
	struct jid jid = { 0 };

	if (who->group.len)
		return jid_read(who->group, &jid) ? jid : (struct jid){ 0 };
	return who->lid.len ? (struct jid){ .user = who->lid, .server = JID_SERVER_LID }
			    : (struct jid){ .user = who->phone, .server = JID_SERVER_PN };
}

static void fill_range(const struct chat_told *told, struct wa_sync *out)
{
	out->range.last_ms = told->newest_ms;
	/* In a group its author would have to be named, whom the inbox does not keep by device. */
	if (told->who.group.len || !told->newest_id.len)
		return;
	out->range.count = 1;
	out->range.messages[0] = (struct wa_sync_message){ .id = told->newest_id,
		.is_from_me = told->newest_is_ours, .t_ms = told->newest_ms };
}

static void fill_name(const struct chat_told *told, struct wa_sync *out)
{
	out->name = told->name;
	out->first_name = str_part(told->name, 0, str_find(told->name, ' '));
	if (told->who.lid.len)
		out->lid = (struct jid){ .user = told->who.lid, .server = JID_SERVER_LID };
	if (told->who.phone.len)
		out->pn = (struct jid){ .user = told->who.phone, .server = JID_SERVER_PN };
}

static void fill_star(const struct chat_told *told, struct wa_sync *out)
{
	out->message_id = told->message_id;
	out->is_from_me = told->message_is_ours;
	if (told->who.group.len && !told->message_is_ours)
		out->sender = chat_of(&told->author);
}

static void fill_label(const struct chat_told *told, struct wa_sync *out)
{
	out->label_id = told->label_id;
	out->name = told->label_name;
	out->color = told->label_colour;
}

/* What each word is on the phone, and whether it says that it is so. */
static const struct { enum wa_sync_kind kind; bool is_on; } kinds[CHAT_DONE_COUNT] = {
	[CHAT_READ] = { WA_SYNC_READ, true },
	[CHAT_ARCHIVED] = { WA_SYNC_ARCHIVE, true },
	[CHAT_UNARCHIVED] = { WA_SYNC_ARCHIVE, false },
	[CHAT_NAMED] = { WA_SYNC_CONTACT, true },
	[CHAT_PINNED] = { WA_SYNC_PIN, true },
	[CHAT_UNPINNED] = { WA_SYNC_PIN, false },
	[CHAT_MUTED] = { WA_SYNC_MUTE, true },
	[CHAT_UNMUTED] = { WA_SYNC_MUTE, false },
	[CHAT_STARRED] = { WA_SYNC_STAR, true },
	[CHAT_UNSTARRED] = { WA_SYNC_STAR, false },
	[CHAT_LABELLED] = { WA_SYNC_LABEL_CHAT, true },
	[CHAT_UNLABELLED] = { WA_SYNC_LABEL_CHAT, false },
	[CHAT_CLEARED] = { WA_SYNC_CLEAR_CHAT, true },
	[CHAT_DELETED] = { WA_SYNC_DELETE_CHAT, true },
	[CHAT_LABEL_NAMED] = { WA_SYNC_LABEL, true },
	[CHAT_LABEL_DELETED] = { WA_SYNC_LABEL, false },
};

static void fill(const struct chat_told *told, struct wa_sync *out)
{
	switch (out->kind) {
	case WA_SYNC_CONTACT:
		fill_name(told, out);
		break;
	case WA_SYNC_READ:
	case WA_SYNC_ARCHIVE:
	case WA_SYNC_CLEAR_CHAT:
	case WA_SYNC_DELETE_CHAT:
		fill_range(told, out);
		break;
	case WA_SYNC_MUTE:
		out->until_ms = told->until_ms;
		break;
	case WA_SYNC_STAR:
		fill_star(told, out);
		break;
	case WA_SYNC_LABEL:
	case WA_SYNC_LABEL_CHAT:
		fill_label(told, out);
		break;
	default:
		break;
	}
}

enum err linked_tell_chat(struct job *job, const struct channel *ch, const struct chat_told *told)
{
	struct wa_sync what = { .kind = kinds[told->done].kind, .is_on = kinds[told->done].is_on,
		.chat = chat_of(&told->who) };
	struct words words = { 0 };
	struct linked *n;
	enum err e;

	if (what.kind != WA_SYNC_LABEL && !what.chat.user.len)
		return OK;
	if (told->done == CHAT_NAMED && told->who.group.len)
		return OK;
	fill(told, &what);
	if (what.kind == WA_SYNC_LABEL_CHAT && told->label_is_new) {
		words.items[words.count] = (struct wa_sync){ .kind = WA_SYNC_LABEL, .is_on = true };
		fill_label(told, &words.items[words.count++]);
	}
	words.items[words.count++] = what;
	TRY(linked_take(job, ch->id, &n));
	e = linked_run(job, n, tell, &words);
	linked_drop(n);
	return e;
}
