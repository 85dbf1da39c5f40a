/*
 * client_secret.c: the secrets of polls and events, for votes and answers that refer to them.
 *
 * They are kept as messages come and go, under the chat and the author by hidden id when it is
 * known. Source: docs/protocol/linked-device-2-messaging.md §5.10.
 */
#include "wa/client/client_internal.h"
#include "wa/client/group.h"

static str secret_key(struct arena *arena, const struct jid *chat, const struct jid *author, str id)
{
	return arena_printf(arena, STR_F " " STR_F " " STR_F, STR_A(jid_text(arena, chat)),
		STR_A(jid_text(arena, author)), STR_A(id));
}

enum err client_secret_keep(struct wa_client *c, const struct wa_call *call,
	const struct client_about *about, const Wa__Message *message)
{
	struct arena *arena = call->out->arena;
	bytes secret = wa_message_secret_of(message);
	struct buf record = buf_in(arena, 8 + WA_SECRET_SIZE);
	struct wa_inside inside;

	wa_message_unwrap(message, &inside);
	if (secret.len != WA_SECRET_SIZE ||
		(!wa_message_poll_of(inside.content) && !inside.content->event_message))
		return OK;
	buf_put(&record, client_time_octets(arena, call->now->wall_ms).ptr, 8);
	buf_put(&record, secret.ptr, secret.len);
	return client_keep(c, WA_RECORD_SECRET,
		secret_key(arena, &about->chat, &about->author, about->id), buf_bytes(&record));
}

/* Of the message that an add-on in `content` is about. */
enum err client_secret_find(struct wa_client *c, const struct wa_call *call, struct wa_message *m)
{
	struct arena *arena = call->out->arena;
	enum wa_use use;
	const Wa__MessageKey *key = m->message ? wa_addon_target(m->message, &use) : NULL;
	struct jid author, other;
	bytes record;
	enum err e;

	if (!key || !key->id)
		return OK;
	/* from_me is said from the point of view of whoever wrote the key. Some say that nobody
	 * takes part where others say nothing. */
	if (!key->participant || !*key->participant)
		author = key->from_me == m->is_from_me ? client_own(c, true)
			 : key->from_me		       ? m->sender
						       : m->chat;
	else if (!jid_read(str_of(key->participant), &author))
		return OK;
	author = client_canonical(c, arena, &author, &other);
	e = client_get(c, call, WA_RECORD_SECRET,
		secret_key(arena, &m->chat, &author, str_of(key->id)), &record);
	if (e != OK || record.len != 8 + WA_SECRET_SIZE)
		return e == ERR_MISSING ? OK : e;
	m->target_secret = (bytes){ record.ptr + 8, WA_SECRET_SIZE };
	m->target_author[0] = author;
	m->target_author[1] = other;
	m->author[0] = client_canonical(c, arena, &m->sender, &m->author[1]);
	return OK;
}

/* ---- for what we add ourselves ---- */

/* "as the chat addresses them": by hidden id, but in groups of the old kind. */
static enum err is_by_lid(struct wa_client *c, const struct wa_call *call, const struct jid *chat,
	bool *out)
{
	struct wa_group group;
	enum err e;

	*out = str_is(chat->server, JID_SERVER_LID);
	if (!client_is_group(chat))
		return OK;
	e = wa_group_load(&c->config.store, call->out->arena, chat, &group);
	*out = e != OK || group.is_lid;
	return e == ERR_MISSING ? OK : e;
}

enum err wa_client_secret(struct wa_client *c, const struct wa_call *call,
	const struct wa_about *about, struct wa_secret *out)
{
	struct arena *arena = call->out->arena;
	struct jid none, chat = client_canonical(c, arena, &about->chat, &none), author, pn;
	bytes record;
	bool by_lid;

	author = client_own(c, true);
	author = client_canonical(c, arena, about->author.user.len ? &about->author : &author,
		&none);
	TRY(client_get(c, call, WA_RECORD_SECRET, secret_key(arena, &chat, &author, about->id),
		&record));
	if (record.len != 8 + WA_SECRET_SIZE)
		return ERR_CORRUPT;
	TRY(is_by_lid(c, call, &chat, &by_lid));
	out->secret = (bytes){ record.ptr + 8, WA_SECRET_SIZE };
	out->author = author;
	if (!by_lid && wa_client_pn_of(c, &author, arena, &pn))
		out->author = pn;
	pn = client_own(c, by_lid);
	out->own = wa_bare(&pn);
	return OK;
}
