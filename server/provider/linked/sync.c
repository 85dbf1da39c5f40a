/*
 * sync.c: what the owner does to chats on the phone, in the inbox; and the other way.
 *
 * Read clears the unread count, archived archives the conversation (and back), and a name of the
 * address book names the contact. What is said to be deleted there stays here: the inbox is the
 * record of the business, and its own people delete in it. Pins, stars and mutes have no
 * counterpart. A first reading tells what was done long ago: it changes nothing.
 * What people do here is told to the phone by those who took their request, never by those who
 * took in what the phone said: nothing echoes.
 */
#include "provider/linked/sync.h"

#include "provider/linked/linked_internal.h"
#include "wa/client/appstate.h"

#define BODY_MAX 8192

/* A name of many kilobytes is none; the end of the event wants one octet. */
static enum err put(struct turn *turn, struct buf *b)
{
	return b->failed || b->len == BODY_MAX ? OK : linked_raw_put(turn, b);
}

static enum err put_done(struct turn *turn, const struct wa_sync *what, const char *done)
{
	struct arena *arena = turn->job->arena;
	struct buf b = linked_raw_begin(turn, "chat", BODY_MAX);

	json_put(&b, "chat", jid_text(arena, &what->chat));
	json_put(&b, "done", str_of(done));
	/* Read up to that message, and not what came since. */
	json_put_ms(&b, "t_ms", what->range.last_ms ? what->range.last_ms : what->t_ms);
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

enum err linked_sync_take(struct turn *turn, const struct wa_sync *what)
{
	if (what->is_first)
		return OK;
	switch (what->kind) {
	case WA_SYNC_READ:
		return what->is_on ? put_done(turn, what, "read") : OK;
	case WA_SYNC_ARCHIVE:
		return put_done(turn, what, what->is_on ? "archived" : "unarchived");
	case WA_SYNC_CONTACT:
		return put_name(turn, what);
	default:
		return OK;
	}
}

void linked_sync_parse(struct job *job, json v, struct provider_events *out)
{
	struct provider_event *ev = provider_events_add(job, out, EVENT_CHAT);
	str chat = json_text_at(v, "chat");

	ev->field = S("chat");
	ev->done = json_text_at(v, "done");
	ev->at_ms = json_int(json_field(v, "t_ms"), 0);
	linked_add_chat(&ev->who, chat);
}

/* ---- the other way ---- */

static enum err tell(struct turn *turn, void *arg)
{
	const struct wa_sync *what = arg;

	if (!turn->n->is_paired)
		return fail(turn->job, ERR_CONFLICT, "the number is not paired");
	TRY(linked_load(turn));
	return wa_client_sync(wa_link_client(turn->n->link), &turn->call, what);
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

enum err linked_tell_chat(struct job *job, const struct channel *ch, const struct chat_told *told)
{
	static const enum wa_sync_kind kinds[] = { [CHAT_READ] = WA_SYNC_READ,
		[CHAT_ARCHIVED] = WA_SYNC_ARCHIVE,
		[CHAT_UNARCHIVED] = WA_SYNC_ARCHIVE,
		[CHAT_NAMED] = WA_SYNC_CONTACT };
	struct wa_sync what = { .kind = kinds[told->done], .is_on = told->done != CHAT_UNARCHIVED,
		.chat = chat_of(&told->who) };
	struct linked *n;
	enum err e;

	if (!what.chat.user.len || (told->done == CHAT_NAMED && told->who.group.len))
		return OK;
	if (told->done == CHAT_NAMED)
		fill_name(told, &what);
	else
		fill_range(told, &what);
	TRY(linked_take(job, ch->id, &n));
	e = linked_run(job, n, tell, &what);
	linked_drop(n);
	return e;
}
