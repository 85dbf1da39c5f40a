/*
 * history_read.c: one part of a history into raw events; see history.h.
 *
 * The file is read three times, never held: once for what chats it has, then for the messages of
 * the unread ones, then for those of the others. Which chats are taken is settled in the first
 * batch, so that a part that is read again makes the same batches, and those in the store are
 * passed over.
 */
#include "base/codec.h"
#include "crypto/crypto.h"
#include "provider/linked/history.h"
#include "provider/linked/linked_internal.h"
#include "provider/linked/media.h"
#include "wa/client/history.h"
#include "wa/history/history.h"
#include "wa/proto/proto.h"

#include <stdlib.h>

#define CHATS_MAX 20000                 /* of one part */
#define NAMES_MAX 20000
#define LEARNT_MAX 5000                 /* pairs of a part; the others come with their messages */
#define SALT_MAX 256
#define BATCH_MESSAGES 100
#define BATCH_OCTETS (512u << 10)
#define BATCH_NAMES 500
#define BODY_MAX (3u << 20)
#define MESSAGE_MAX (1u << 20)

struct chat {
	str jid, name;
	str other;              /* its other address, or none */
	int64_t unread, last_ms;
	bool is_chosen;
	size_t messages;
};
struct name { str jid, name; };

struct reading {
	struct linked_part *part;
	struct job *job;
	struct chat *chats;
	size_t chat_count;
	struct name *names, *pairs;
	size_t name_count, pair_count;
	bytes salt;
	/* of the chat that is told */
	str at;
	struct chat *chat;
	size_t chat_messages;
	int64_t newest_ms;
	/* the batch under way */
	bool is_unread_pass;
	struct buf body;
	size_t in_body;
	int64_t batch, chats_told;
	struct arena *arena;    /* of the batch */
};

/* ---- reading the file ---- */

static bool feed(void *arg, bytes piece)
{
	return wa_history_feed(arg, piece) == OK;
}

static enum err read_file(const struct linked_part *part, const struct wa_history_handler *handler)
{
	struct wa_history_reader *r = wa_history_create(handler);
	enum err e = OK, read;

	if (part->fd < 0) {
		(void)feed(r, part->inside);
	} else {
		struct linked_file file = *part->file;

		file.put = feed;
		file.arg = r;
		e = linked_unseal_fd(part->job, &file, part->fd);
	}
	read = wa_history_finish(r, NULL);
	/* What the reader says counts more than that it stopped the file. */
	return read != OK ? read : e;
}

/* ---- first: what is in it ---- */

static bool is_chat(str jid)
{
	struct jid read;

	return jid_read(jid, &read) && read.user.len &&
	       (str_is(read.server, JID_SERVER_PN) || str_is(read.server, JID_SERVER_LID) ||
		       str_is(read.server, JID_SERVER_GROUP));
}

static enum err look_at_message(void *arg, str chat, const Wa__WebMessageInfo *message)
{
	struct reading *r = arg;
	int64_t at_ms = (int64_t)message->message_timestamp * 1000;

	if (!str_is(chat, r->at)) {
		r->at = arena_str(r->job->arena, chat);
		r->newest_ms = 0;
	}
	if (at_ms > r->newest_ms && message->key && message->key->id)
		r->newest_ms = at_ms;
	return OK;
}

static enum err look_at_chat(void *arg, const Wa__Conversation *c, size_t count)
{
	struct reading *r = arg;
	struct arena *arena = r->job->arena;
	struct chat *chat = &r->chats[r->chat_count];
	const char *other = c->pn_jid ? c->pn_jid : c->lid_jid;

	if (r->chat_count == CHATS_MAX || !is_chat(str_of(c->id)))
		return OK;
	r->chat_count++;
	chat->jid = arena_str(arena, str_of(c->id));
	chat->other = other ? arena_str(arena, str_of(other)) : STR_NONE;
	chat->name = arena_str(arena, str_of(c->name ? c->name : c->display_name));
	chat->unread = c->unread_count + (c->marked_as_unread ? 1 : 0);
	chat->last_ms = (int64_t)(c->conversation_timestamp ? c->conversation_timestamp
							   : c->last_msg_timestamp) *
			1000;
	chat->messages = count;
	if (str_is(r->at, chat->jid) && r->newest_ms > chat->last_ms)
		chat->last_ms = r->newest_ms;
	return OK;
}

static void keep_name(struct reading *r, struct name *list, size_t *count, struct name name)
{
	if (*count == NAMES_MAX)
		return;
	list[(*count)++] = (struct name){ arena_str(r->job->arena, name.jid),
		arena_str(r->job->arena, name.name) };
}

static enum err look_at_name(void *arg, str jid, str name)
{
	struct reading *r = arg;

	keep_name(r, r->names, &r->name_count, (struct name){ jid, name });
	return OK;
}

static enum err look_at_pair(void *arg, str pn, str lid)
{
	struct reading *r = arg;

	keep_name(r, r->pairs, &r->pair_count, (struct name){ pn, lid });
	return OK;
}

static enum err look_at_rest(void *arg, const Wa__HistorySync *rest)
{
	struct reading *r = arg;
	bytes salt = PROTO_DATA(rest, nct_salt);

	if (salt.len && salt.len <= SALT_MAX)
		r->salt = arena_bytes(r->job->arena, salt);
	return OK;
}

/* What the client sends better by. Done again, it changes nothing. */
static enum err learn(struct reading *r)
{
	size_t count = r->pair_count < LEARNT_MAX ? r->pair_count : LEARNT_MAX;
	struct wa_past_pair *pairs = ARENA_ARRAY(r->job->arena, struct wa_past_pair, count + 1);
	const struct wa_past past = { r->salt, pairs, count };

	for (size_t i = 0; i < count; i++)
		pairs[i] = (struct wa_past_pair){ r->pairs[i].jid, r->pairs[i].name };
	return r->part->learn && (count || past.salt.len) ? r->part->learn(r->part, &past) : OK;
}

/* ---- which chats ---- */

static int by_worth(const void *a, const void *b)
{
	const struct chat *one = a, *two = b;

	if ((one->unread > 0) != (two->unread > 0))
		return one->unread > 0 ? -1 : 1;
	return one->last_ms > two->last_ms ? -1 : one->last_ms < two->last_ms;
}

static bytes chat_key(struct arena *arena, str jid)
{
	uint8_t *hash = arena_alloc(arena, SHA256_SIZE);

	sha256(bytes_of(jid), hash);
	return (bytes){ hash, SHA256_SIZE };
}

static bool is_known(struct reading *r, const struct chat *chat)
{
	struct linked_past_chat_row row;
	enum err e = sql_linked_past_chat_get(r->job,
		&(struct sql_linked_past_chat_get){ r->part->channel,
			chat_key(r->job->arena, chat->jid) },
		&row);

	if (e != OK)
		job_forgive(r->job);
	return e == OK;
}

/* Those that another part brought already are in; of the others as many as there is room for. */
static enum err choose(struct reading *r, size_t *chosen)
{
	struct linked_total_row total;
	size_t room = r->part->window.chats_max;

	TRY(sql_linked_past_chat_count(r->job,
		&(struct sql_linked_past_chat_count){ r->part->channel }, &total));
	room = room > (size_t)total.total ? room - (size_t)total.total : 0;
	if (r->chat_count)
		qsort(r->chats, r->chat_count, sizeof *r->chats, by_worth);
	*chosen = 0;
	for (size_t i = 0; i < r->chat_count; i++) {
		struct chat *chat = &r->chats[i];
		bool is_in = is_known(r, chat);

		if (chat->last_ms < r->part->window.since_ms && !chat->unread)
			continue;
		chat->is_chosen = is_in || room > 0 || r->part->is_asked;
		if (!is_in && chat->is_chosen && room)
			room--;
		*chosen += chat->is_chosen;
	}
	return OK;
}

/* ---- batches ---- */

/* One step: its events and how far it came. A batch that is in the store already is passed over. */
static enum err commit(struct reading *r, int64_t chats, int64_t messages)
{
	struct linked_part *part = r->part;
	struct job *job = r->job;

	if (r->batch++ < part->done)
		return OK;
	TRY(db_begin(job, DB_WRITE));
	if (r->in_body)
		TRY(linked_manager.host.put_event(job, part->channel, buf_text(&r->body)));
	TRY(sql_linked_part_set(job,
		&(struct sql_linked_part_set){ part->id, r->batch, 0, job->now_ms }, NULL));
	TRY(sql_linked_sync_add(job,
		&(struct sql_linked_sync_add){ part->channel, part->is_asked ? 0 : chats, 0,
			messages, job->now_ms },
		NULL));
	TRY(db_commit(job));
	part->done = r->batch;
	linked_manager.host.events_put();
	return OK;
}

static void body_begin(struct reading *r, const char *list)
{
	arena_reset(r->arena);
	r->body = buf_in(r->arena, BODY_MAX);
	r->in_body = 0;
	json_open(&r->body, '{');
	json_put(&r->body, "kind", S("history"));
	json_open_in(&r->body, list, '[');
}

static enum err body_end(struct reading *r, int64_t messages)
{
	enum err e;

	json_close(&r->body, ']');
	json_close(&r->body, '}');
	if (r->body.failed)
		return fail(r->job, ERR_BUG, "a batch of a history is too large");
	e = commit(r, r->chats_told, messages);
	r->chats_told = 0;
	return e;
}

static enum err put_names(struct reading *r, const char *list, const struct name *names,
	size_t count)
{
	for (size_t i = 0; i < count; i += BATCH_NAMES) {
		body_begin(r, list);
		for (size_t k = i; k < count && k < i + BATCH_NAMES; k++) {
			json_open(&r->body, '{');
			json_put(&r->body, "jid", names[k].jid);
			json_put(&r->body, "name", names[k].name);
			json_close(&r->body, '}');
			r->in_body++;
		}
		TRY(body_end(r, 0));
	}
	return OK;
}

/* Only of people whose chats are here: a phone knows thousands of names. */
static void keep_known(struct reading *r, struct name *list, size_t *count, bool either)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		struct chat one = { .jid = list[i].jid }, two = { .jid = list[i].name };

		if (is_known(r, &one) || (either && is_known(r, &two)))
			list[kept++] = list[i];
	}
	*count = kept;
}

static enum err put_chat_names(struct reading *r)
{
	struct name *names = ARENA_ARRAY(r->job->arena, struct name, r->chat_count + 1);
	size_t count = 0;

	for (size_t i = 0; i < r->chat_count; i++)
		if (r->chats[i].is_chosen && r->chats[i].name.len)
			names[count++] = (struct name){ r->chats[i].jid, r->chats[i].name };
	return put_names(r, "contacts", names, count);
}

static int by_jid(const void *a, const void *b)
{
	return str_compare(((const struct name *)a)->jid, ((const struct name *)b)->jid);
}

static void sort_names(struct reading *r)
{
	if (r->name_count)
		qsort(r->names, r->name_count, sizeof *r->names, by_jid);
}

static str name_of(const struct reading *r, str jid)
{
	const struct name wanted = { .jid = jid }, *found = NULL;

	if (r->name_count)
		found = bsearch(&wanted, r->names, r->name_count, sizeof *r->names, by_jid);
	return found ? found->name : STR_NONE;
}

/* A part of names alone; in others they go along with the messages. */
static enum err put_known_names(struct reading *r)
{
	struct name *names = ARENA_ARRAY(r->job->arena, struct name, r->name_count + 1);
	size_t count = r->name_count;

	if (r->chat_count || !count)
		return OK;
	memcpy(names, r->names, count * sizeof *names);
	keep_known(r, names, &count, false);
	return put_names(r, "names", names, count);
}

/* ---- then: the messages ---- */

static struct chat *chat_named(struct reading *r, str jid)
{
	if (r->chat && str_is(r->at, jid))
		return r->chat;
	r->at = arena_str(r->job->arena, jid);
	r->chat = NULL;
	for (size_t i = 0; i < r->chat_count && !r->chat; i++)
		if (str_is(r->chats[i].jid, jid))
			r->chat = &r->chats[i];
	return r->chat;
}

static void write_message(struct reading *r, const struct chat *chat, const Wa__WebMessageInfo *m)
{
	str sender = str_of(m->key->participant ? m->key->participant : m->participant);
	str name = m->push_name ? str_of(m->push_name)
				: name_of(r, sender.len ? sender : chat->jid);
	bytes packed = proto_bytes(r->arena, m->message);

	json_open(&r->body, '{');
	json_put(&r->body, "id", str_of(m->key->id));
	json_put(&r->body, "chat", chat->jid);
	if (sender.len || !m->key->from_me)
		json_put(&r->body, "sender", sender.len ? sender : chat->jid);
	if (chat->other.len)
		json_put(&r->body, "other", chat->other);
	json_put_ms(&r->body, "t_ms", (int64_t)m->message_timestamp * 1000);
	json_put_bool(&r->body, "from_me", m->key->from_me);
	if (name.len && !m->key->from_me)
		json_put(&r->body, "push_name", name);
	json_put(&r->body, "message", base64_text(r->arena, packed));
	json_close(&r->body, '}');
	r->in_body++;
}

static bool is_for_people(const struct reading *r, const Wa__WebMessageInfo *m)
{
	return m->key && m->key->id && m->message &&
	       (int64_t)m->message_timestamp * 1000 >= r->part->window.since_ms &&
	       protobuf_c_message_get_packed_size(&m->message->base) <= MESSAGE_MAX;
}

static enum err take_message(void *arg, str jid, const Wa__WebMessageInfo *message)
{
	struct reading *r = arg;
	const struct chat *chat = chat_named(r, jid);

	if (!chat || !chat->is_chosen || (chat->unread > 0) != r->is_unread_pass ||
		!is_for_people(r, message))
		return OK;
	write_message(r, chat, message);
	if (r->in_body < BATCH_MESSAGES && r->body.len < BATCH_OCTETS)
		return OK;
	TRY(body_end(r, (int64_t)r->in_body));
	body_begin(r, "messages");
	return OK;
}

static enum err take_chat(void *arg, const Wa__Conversation *c, size_t count)
{
	struct reading *r = arg;
	const struct chat *chat = chat_named(r, str_of(c->id));

	(void)count;
	r->chats_told += chat && chat->is_chosen && (chat->unread > 0) == r->is_unread_pass;
	return OK;
}

static enum err put_messages(struct reading *r, bool unread)
{
	const struct wa_history_handler handler = { .arg = r, .message = take_message,
		.chat = take_chat };

	r->is_unread_pass = unread;
	body_begin(r, "messages");
	TRY(read_file(r->part, &handler));
	return r->in_body || r->chats_told ? body_end(r, (int64_t)r->in_body) : OK;
}

/* ---- all of it ---- */

static enum err note_chats(struct reading *r)
{
	struct job *job = r->job;

	for (size_t i = 0; i < r->chat_count; i++)
		if (r->chats[i].is_chosen)
			TRY(sql_linked_past_chat_add(job,
				&(struct sql_linked_past_chat_add){ r->part->channel,
					chat_key(job->arena, r->chats[i].jid) },
				NULL));
	return OK;
}

/* The first batch: which chats, so that a second reading chooses the same. */
static enum err settle(struct reading *r)
{
	size_t chosen;

	TRY(choose(r, &chosen));
	if (r->batch++ < r->part->done)
		return OK;
	TRY(db_begin(r->job, DB_WRITE));
	TRY(note_chats(r));
	TRY(sql_linked_sync_add(r->job,
		&(struct sql_linked_sync_add){ r->part->channel, 0,
			r->part->is_asked ? 0 : (int64_t)chosen, 0,
			r->job->now_ms },
		NULL));
	TRY(sql_linked_part_set(r->job,
		&(struct sql_linked_part_set){ r->part->id, r->batch, 0, r->job->now_ms }, NULL));
	TRY(db_commit(r->job));
	r->part->done = r->batch;
	return OK;
}

static enum err read_part(struct reading *r)
{
	const struct wa_history_handler look = { .arg = r, .message = look_at_message,
		.chat = look_at_chat, .push_name = look_at_name, .mapping = look_at_pair,
		.rest = look_at_rest };

	/* Nothing is put before the whole file is proven. */
	TRY(read_file(r->part, &look));
	TRY(settle(r));
	sort_names(r);
	TRY(learn(r));
	keep_known(r, r->pairs, &r->pair_count, true);
	TRY(put_names(r, "pairs", r->pairs, r->pair_count));
	TRY(put_known_names(r));
	TRY(put_chat_names(r));
	TRY(put_messages(r, true));
	return put_messages(r, false);
}

enum err linked_part_read(struct linked_part *part)
{
	struct arena *arena = part->job->arena;
	struct reading r = { .part = part, .job = part->job,
		.chats = ARENA_ARRAY(arena, struct chat, CHATS_MAX + 1),
		.names = ARENA_ARRAY(arena, struct name, NAMES_MAX),
		.pairs = ARENA_ARRAY(arena, struct name, NAMES_MAX),
		.arena = arena_create(ARENA_LIMIT_DEFAULT) };
	enum err e = read_part(&r);

	arena_destroy(r.arena);
	return e;
}
