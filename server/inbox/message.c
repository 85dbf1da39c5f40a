/*
 * message.c: rows of messages: written once, then only moved forward.
 *
 * status is changed by message_move() alone, and only as status_may_become() says. What each report
 * proves is kept with its provider's time even when the status is past it, the earliest time of
 * each kind, so that the row is the same in whatever order and however often reports come.
 */
#include "inbox/inbox_internal.h"

#include "account/seal.h"
#include "account/template.h"
#include "base/codec.h"

void message_remote_key(id64 channel, str remote_id, uint8_t out[REMOTE_KEY_SIZE])
{
	uint8_t hash[SHA256_SIZE], number[8];
	struct sha256 *sum = sha256_create();

	for (size_t i = 0; i < sizeof number; i++)
		number[i] = (uint8_t)((uint64_t)channel >> (56 - 8 * i));
	sha256_add(sum, (bytes){ number, sizeof number });
	sha256_add(sum, bytes_of(remote_id));
	sha256_finish(sum, hash);
	memcpy(out, hash, REMOTE_KEY_SIZE);
}

/* ---- reading ---- */

static void times_of_row(const struct message_row *row, struct message *out)
{
	out->provider_ms = row->provider_ms;
	out->sent_ms = row->sent_ms;
	out->delivered_ms = row->delivered_ms;
	out->read_ms = row->read_ms;
	out->played_ms = row->played_ms;
	out->failed_ms = row->failed_ms;
	out->edited_ms = row->edited_ms;
	out->deleted_ms = row->deleted_ms;
}

enum err message_of_row(struct job *job, const struct message_row *row, struct message *out)
{
	*out = (struct message){
		.id = row->id,
		.workspace = job->workspace,
		.conversation_id = row->conversation_id,
		.channel_id = row->channel_id,
		.author_id = row->author_id,
		.reply_to_id = row->reply_to_id,
		.media_id = row->media_id,
		.event_id = row->event_id,
		.kind = (enum message_kind)row->kind,
		.status = (enum message_status)row->status,
		.flags = (unsigned)row->flags,
		.author_kind = (enum actor_kind)row->author_kind,
		.remote_id = row->remote_id,
		.reply_to_remote = row->reply_to_remote,
		.error = row->error,
	};
	times_of_row(row, out);
	if (row->trace.len)
		out->trace = hex_text(job->arena, row->trace);
	TRY(unseal(job, SEAL_REACTION, row->reactions_sealed, &out->reactions));
	return unseal(job, SEAL_MESSAGE, row->body_sealed, &out->content);
}

enum err message_get(struct job *job, id64 id, struct message *out)
{
	struct message_row row;

	TRY(sql_message_find(job,
		&(struct sql_message_find){ .id = id, .workspace = job->workspace }, &row));
	TRY(message_of_row(job, &row, out));
	return visible_conversation(job, out->conversation_id);
}

static enum err messages_of_rows(struct job *job, const struct message_rows *rows,
	struct messages *out)
{
	out->items = ARENA_ARRAY(job->arena, struct message, rows->count);
	out->count = rows->count;
	for (size_t i = 0; i < rows->count; i++)
		TRY(message_of_row(job, &rows->items[i], &out->items[i]));
	return OK;
}

enum err message_before(struct job *job, id64 conversation, id64 id, size_t max,
	struct messages *out)
{
	struct message_rows rows;

	TRY(sql_message_before(job,
		&(struct sql_message_before){ .conversation = conversation,
			.workspace = job->workspace,
			.before = id ? id : INT64_MAX,
			.max = (int64_t)max },
		&rows));
	return messages_of_rows(job, &rows, out);
}

enum err message_after(struct job *job, id64 conversation, id64 id, size_t max,
	struct messages *out)
{
	struct message_rows rows;

	TRY(sql_message_after(job, &(struct sql_message_after){ .conversation = conversation,
		.workspace = job->workspace, .after = id, .max = (int64_t)max }, &rows));
	return messages_of_rows(job, &rows, out);
}

enum err message_by_ids(struct job *job, const id64 *ids, size_t count, struct messages *out)
{
	struct message_rows rows;

	TRY(sql_message_by_ids(job, &(struct sql_message_by_ids){
		.ids = id_list(job->arena, ids, count), .workspace = job->workspace }, &rows));
	return messages_of_rows(job, &rows, out);
}

enum err message_by_remote(struct job *job, id64 channel, str remote_id,
	struct message_place_row *out)
{
	uint8_t key[REMOTE_KEY_SIZE];

	if (!remote_id.len)
		return fail(job, ERR_MISSING, "no message is named");
	message_remote_key(channel, remote_id, key);
	return sql_message_by_key(job, &(struct sql_message_by_key){
		.remote_key = { key, sizeof key }, .workspace = job->workspace }, out);
}

/* ---- writing ---- */

static enum err add_row(struct job *job, const struct message *m, bytes key, int64_t *added)
{
	struct buf trace = buf_in(job->arena, TRACE_SIZE);
	bytes body;

	if (!hex_read(m->trace.len ? m->trace : (str){ job->trace, TRACE_SIZE }, &trace))
		return fail(job, ERR_BUG, "a trace id is not hexadecimal");
	TRY(seal(job, SEAL_MESSAGE, m->content.len ? m->content : S("{}"), &body));
	return sql_message_add(job,
		&(struct sql_message_add){
			.id = m->id,
			.workspace = job->workspace,
			.conversation = m->conversation_id,
			.channel = m->channel_id,
			.kind = m->kind,
			.status = m->status,
			.flags = m->flags,
			.author_kind = m->author_kind,
			.author = m->author_id,
			.remote_key = key,
			.remote_id = m->remote_id.len ? m->remote_id : STR_NONE,
			.reply_to_id = m->reply_to_id,
			.reply_to_remote = m->reply_to_remote.len ? m->reply_to_remote : STR_NONE,
			.media_id = m->media_id,
			.event_id = m->event_id,
			.trace = buf_bytes(&trace),
			.body = body,
			.provider_ms = m->provider_ms,
			.sent_ms = m->sent_ms,
			.delivered_ms = m->delivered_ms,
			.read_ms = m->read_ms,
			.played_ms = m->played_ms,
			.failed_ms = m->failed_ms,
			.error = m->error,
		},
		added);
}

/* Does the customer's hand show in it? Only then it opens the window and wants an answer. */
static bool is_customers(const struct message *m)
{
	return m->author_kind == ACTOR_CONTACT && m->kind != KIND_SYSTEM &&
	       !(m->flags & FLAG_HISTORY);
}

/* Somebody of ours, not a machine: then the customer waits no more. */
static bool is_answer(const struct message *m)
{
	return (m->author_kind == ACTOR_PERSON || m->author_kind == ACTOR_PHONE) &&
	       !(m->flags & FLAG_HISTORY);
}

/* Whoever has a conversation and writes in it has read it; a colleague who helps out has not. */
static int64_t reader_of(const struct message *m)
{
	if (!is_answer(m))
		return 0;
	return m->author_kind == ACTOR_PHONE ? -1 : m->author_id;
}

/* The customer's message opened it. */
static enum err note_reopened(struct job *job, const struct conversation *before,
	const struct conversation *after)
{
	const struct actor by = { .kind = ACTOR_CONTACT, .id = after->contact_id };

	return before->status == after->status
		       ? OK
		       : conversation_record(job, before, after, &by, S("the customer wrote"));
}

static enum err move_conversation(struct job *job, const struct message *m,
	struct conversation *conv)
{
	bool customers = is_customers(m), wants_answer = customers && !(m->flags & FLAG_BLOCKED);
	int64_t in_ms = customers ? not_after(message_time(m), job->now_ms) : 0;
	struct conversation before = *conv;
	struct conversation_row row;

	TRY(sql_conversation_take(job,
		&(struct sql_conversation_take){ .id = conv->id,
			.workspace = job->workspace,
			.message = m->id,
			.message_ms = id64_ms(m->id),
			.in_ms = in_ms,
			.window_until_ms = customers ? in_ms + WINDOW_MS : 0,
			.reader = reader_of(m),
			.unread_add = wants_answer,
			.reopen = wants_answer,
			/* by which channel we answer says nothing of where the customer is */
			.channel = m->status == STATUS_ACCEPTED ? conv->channel_id : m->channel_id,
			.now_ms = job->now_ms,
			.answered = is_answer(m) },
		&row));
	conversation_of_row(&row, conv);
	TRY(contact_was_seen(job, conv->contact_id, id64_ms(m->id)));
	if (wants_answer)
		TRY(note_reopened(job, &before, conv));
	return is_answer(m) ? answer_note(job, m, conv) : OK;
}

/* The quoted message may come later than its quote: then it tells us. */
static enum err find_quoted(struct job *job, const struct message *m, struct inbox_changes *changes)
{
	struct effect quote = { .kind = EFFECT_QUOTE,
		.remote_id = m->reply_to_remote,
		.quoted_by = m->id };
	const struct channel ch = { .id = m->channel_id };
	id64 quoted;

	if (m->reply_to_id || !m->reply_to_remote.len)
		return OK;
	return effect_take(job, &ch, &quote, 0, changes, &quoted);
}

static enum err index_words(struct job *job, const struct message *m)
{
	str tokens;

	if (kind_is_change(m->kind) || m->deleted_ms)
		return OK;
	TRY(search_tokens_of(job, m, &tokens));
	return tokens.len ? search_add(job, job->workspace, m->id, tokens) : OK;
}

/* A reaction of ours is a row on its way out, and shown on its message from the start; taken back
 * when it fails. */
static enum err show_reaction(struct job *job, id64 target, str content,
	struct inbox_changes *changes)
{
	struct reaction reaction = { .emoji = S(""), .by_business = true, .at_ms = job->now_ms };
	json v;

	if (content.len && json_read(job->arena, content, &v, NULL) == OK &&
		json_text(json_field(v, "emoji")).len)
		reaction.emoji = json_text(json_field(v, "emoji"));
	return target ? message_react(job, target, &reaction, changes) : OK;
}

/* What is new to webhooks: what a customer said, and what the owner said by phone. History is not
 * news. */
static enum err emit_new(struct job *job, const struct message *m, bool passed_on)
{
	bool from_phone = m->author_kind == ACTOR_PHONE && !(m->flags & FLAG_HISTORY);

	if (kind_is_change(m->kind) || (!is_customers(m) && !from_phone))
		return OK;
	return webhook_emit(job,
		&(struct webhook_event){ .kind = from_phone ? WEBHOOK_MESSAGE_SENT
		                                            : WEBHOOK_MESSAGE_RECEIVED,
			.conversation = m->conversation_id,
			.channel = m->channel_id,
			.message = m->id,
			.passed_on = passed_on });
}

enum err message_insert(struct job *job, const struct message *draft, struct conversation *conv,
			struct inbox_changes *changes)
{
	uint8_t key[REMOTE_KEY_SIZE];
	int64_t added;

	message_remote_key(draft->channel_id, draft->remote_id, key);
	TRY(add_row(job, draft, draft->remote_id.len ? (bytes){ key, sizeof key } : BYTES_NONE,
		&added));
	if (!added)
		return fail(job, ERR_CONFLICT, "the message is known already");
	inbox_note(job, changes,
		(struct inbox_change){ .kind = CHANGE_MESSAGE_CREATED,
			.message = draft->id,
			.conversation = conv->id,
			.contact = conv->contact_id });
	TRY(index_words(job, draft));
	if (draft->kind == KIND_REACTION)
		TRY(show_reaction(job, draft->reply_to_id, draft->content, changes));
	else if (draft->kind != KIND_NOTE &&
		 !kind_is_change(draft->kind)) /* the customer's side of it stands still */
		TRY(move_conversation(job, draft, conv));
	/* Behind the conversation's row: whoever changes one takes row and lane in this order. */
	TRY(emit_new(job, draft, changes->passed_on));
	TRY(find_quoted(job, draft, changes));
	return draft->remote_id.len ? effects_arrive(job, key, draft->id, changes) : OK;
}

/* Its tokens name the conversation that it came to, also after a merge. */
static enum err as_indexed(struct job *job, const struct message_row *row, struct message *out)
{
	struct message_first_place_row first;
	bool moved;

	TRY(message_of_row(job, row, out));
	TRY(found_or_none(job, sql_message_first_place(job, &(struct sql_message_first_place){
		.message = row->id, .workspace = job->workspace }, &first), &moved));
	if (moved)
		out->conversation_id = first.conversation_id;
	return OK;
}

enum err message_search_replace(struct job *job, const struct message_row *row,
	enum message_kind kind, str content)
{
	struct message before, after;
	str gone, come;

	if (row->deleted_ms)
		return OK;
	TRY(as_indexed(job, row, &before));
	after = before;
	after.kind = kind;
	after.content = content;
	TRY(search_tokens_of(job, &before, &gone));
	TRY(search_tokens_of(job, &after, &come));
	if (gone.len)
		TRY(search_remove(job, job->workspace, row->id, gone));
	return come.len && content.len ? search_add(job, job->workspace, row->id, come) : OK;
}

/* ---- moving forward ---- */

static int64_t *time_of(struct message_row *row, enum message_status status)
{
	switch (status) {
	case STATUS_SENT:
		return &row->sent_ms;
	case STATUS_DELIVERED:
		return &row->delivered_ms;
	case STATUS_READ:
		return &row->read_ms;
	case STATUS_PLAYED:
		return &row->played_ms;
	case STATUS_FAILED:
		return &row->failed_ms;
	default:
		return NULL;
	}
}

/* Is it older than what is known of this kind, or the first? Then it is what the row tells. */
static bool take_time(struct message_row *row, const struct status_step *step)
{
	int64_t *known = time_of(row, step->status);

	if (!known || (*known && *known <= step->at_ms))
		return false;
	*known = step->at_ms;
	if (step->status == STATUS_FAILED)
		row->error = step->error;
	return true;
}

/* The whole rule, on the row in memory; false when the step changes nothing. */
static bool advance(struct message_row *row, const struct status_step *step)
{
	bool changed = take_time(row, step);

	if (status_may_become((enum message_status)row->status, step->status)) {
		row->status = step->status;
		changed = true;
	}
	if (row->failed_ms && row->status != STATUS_FAILED && row->status >= STATUS_DELIVERED)
		row->flags |= FLAG_WARNED;
	return changed;
}

/* The network's name for a message of ours, once; *named when it is new. */
static enum err take_name(struct job *job, struct message_row *row, str remote_id,
	uint8_t key[REMOTE_KEY_SIZE], bool *named)
{
	struct message_place_row other;
	bool taken;

	*named = false;
	if (!remote_id.len || str_is(row->remote_id, remote_id))
		return OK;
	message_remote_key(row->channel_id, remote_id, key);
	TRY(found_or_none(job,
		sql_message_by_key(job,
			&(struct sql_message_by_key){ .remote_key = { key, REMOTE_KEY_SIZE },
				.workspace = job->workspace },
			&other),
		&taken));
	if (taken)
		return OK;
	row->remote_id = remote_id;
	row->remote_key = (bytes){ key, REMOTE_KEY_SIZE };
	*named = true;
	return OK;
}

static enum err save_settled(struct job *job, const struct message_row *row, bool leaves_outbox)
{
	TRY(sql_message_settle(job,
		&(struct sql_message_settle){ .id = row->id,
			.workspace = job->workspace,
			.status = row->status,
			.flags = row->flags,
			.remote_key = row->remote_key,
			.remote_id = row->remote_id,
			.sent_ms = row->sent_ms,
			.delivered_ms = row->delivered_ms,
			.read_ms = row->read_ms,
			.played_ms = row->played_ms,
			.failed_ms = row->failed_ms,
			.error = row->error },
		NULL));
	return leaves_outbox ? sql_message_leave_outbox(job, &(struct sql_message_leave_outbox){
		.message = row->id, .workspace = job->workspace }, NULL) : OK;
}

struct webhook_status { const struct status_step *step; bool passed_on; };

/* A status is told by its own name; "played" is told by "read", if that was not told before. */
static enum err emit_status(struct job *job, const struct message_row *row, int64_t before,
	const struct webhook_status *what)
{
	enum webhook_kind kind;
	str detail = arena_printf(job->arena, "{\"status\":\"%s\",\"at_ms\":%lld}",
		status_name((enum message_status)row->status), (long long)what->step->at_ms);

	if (row->status == STATUS_SENT)
		kind = WEBHOOK_MESSAGE_SENT;
	else if (row->status == STATUS_DELIVERED)
		kind = WEBHOOK_MESSAGE_DELIVERED;
	else if (row->status == STATUS_FAILED)
		kind = WEBHOOK_MESSAGE_FAILED;
	else if (row->status >= STATUS_READ && row->status <= STATUS_PLAYED && before < STATUS_READ)
		kind = WEBHOOK_MESSAGE_READ;
	else
		return OK;
	return webhook_emit(job,
		&(struct webhook_event){ .kind = kind,
			.conversation = row->conversation_id,
			.channel = row->channel_id,
			.message = row->id,
			.at_ms = what->step->at_ms,
			.detail = detail,
			.passed_on = what->passed_on });
}

enum err message_move(struct job *job, id64 message, const struct status_step *step,
	struct inbox_changes *changes, bool *moved)
{
	struct status_step timed = *step;
	struct message_row row;
	uint8_t key[REMOTE_KEY_SIZE];
	int64_t before;
	bool named, changed;

	timed.at_ms = step->at_ms ? step->at_ms : job->now_ms;
	TRY(sql_message_lock(job,
		&(struct sql_message_lock){ .id = message, .workspace = job->workspace }, &row));
	before = row.status;
	TRY(take_name(job, &row, step->remote_id, key, &named));
	changed = advance(&row, &timed);
	*moved = row.status != before;
	if (!changed && !named)
		return OK;
	TRY(save_settled(job, &row, before < STATUS_SENT && row.status >= STATUS_SENT));
	if (*moved && (row.flags & FLAG_TEMPLATE))
		TRY(template_used_status(job, message, (enum message_status)row.status));
	inbox_note(job, changes, (struct inbox_change){ .kind = CHANGE_MESSAGE, .message = message,
							.conversation = row.conversation_id });
	if (*moved && !kind_is_change((enum message_kind)row.kind))
		TRY(emit_status(job, &row, before,
			&(struct webhook_status){ &timed, changes->passed_on }));
	if (row.kind == KIND_REACTION && *moved && row.status == STATUS_FAILED)
		TRY(show_reaction(job, row.reply_to_id, STR_NONE, changes));
	if (*moved && before < STATUS_SENT && (row.kind == KIND_EDIT || row.kind == KIND_REVOKE))
		TRY(change_moved(job, &row, timed.at_ms, changes));
	return named ? effects_arrive(job, key, message, changes) : OK;
}

enum err conversation_person(struct job *job, id64 channel, str remote_id,
	struct person_ref *out)
{
	struct message_place_row place;
	struct conversation conv;
	struct contact contact;

	TRY(message_by_remote(job, channel, remote_id, &place));
	TRY(conversation_get(job, place.conversation_id, &conv));
	TRY(contact_get(job, conv.contact_id, &contact));
	*out = (struct person_ref){ .phone = contact.phone, .lid = contact.lid,
		.bsuid = contact.bsuid, .group = contact.group };
	return OK;
}
