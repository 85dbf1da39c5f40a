/*
 * effect.c: what happens to a message after it was said: statuses, reactions, edits, revokes, and
 * being quoted.
 *
 * The network does not promise order, so any of these may come before its message. Then it waits,
 * sealed, under the message's remote key, and happens when that arrives. Each may happen twice
 * without a difference.
 */
#include "inbox/inbox_internal.h"

#include "account/route.h"
#include "account/seal.h"
#include "inbox/chat.h"

#define EFFECT_JSON_MAX (1u << 20)

static void note(struct job *job, const struct message_row *row, struct inbox_changes *changes)
{
	inbox_note(job, changes, (struct inbox_change){ .kind = CHANGE_MESSAGE, .message = row->id,
							.conversation = row->conversation_id });
}

/* The same, and to webhooks. */
static enum err note_change(struct job *job, const struct message_row *row, enum webhook_kind kind,
	int64_t at_ms, struct inbox_changes *changes)
{
	note(job, row, changes);
	return webhook_emit(job,
		&(struct webhook_event){ .kind = kind,
			.conversation = row->conversation_id,
			.channel = row->channel_id,
			.message = row->id,
			.at_ms = at_ms,
			.passed_on = changes->passed_on });
}

static enum err lock_row(struct job *job, id64 message, struct message_row *out)
{
	return sql_message_lock(job,
		&(struct sql_message_lock){ .id = message, .workspace = job->workspace }, out);
}

/* ---- status ---- */

/* A report about an earlier attempt is not about this one: the message was retried since, and
 * either has another remote id by now or waits for one and still bears the old one. That the old
 * one was delivered after all still counts. */
static bool is_of_earlier_attempt(const struct message_row *row, const struct effect *effect)
{
	bool waits = row->status == STATUS_ACCEPTED || row->status == STATUS_SENDING ||
	             row->status == STATUS_UNCONFIRMED;

	if (!row->remote_id.len || !effect->remote_id.len)
		return false;
	if (!str_is(row->remote_id, effect->remote_id))
		return true;
	return waits && (effect->status == STATUS_FAILED || effect->status == STATUS_SENT);
}

/* That a channel could not send it which does not have it any more is no news. */
static bool is_of_channel_before(const struct message_row *row, const struct effect *effect)
{
	return effect->channel && effect->channel != row->channel_id &&
	       effect->status == STATUS_FAILED;
}

/* A channel that it was moved from reports that it has it: then it is that one's message, and goes
 * out by no other. */
static enum err take_back(struct job *job, const struct message_row *row,
	const struct effect *effect)
{
	const struct route_candidate teller = { .channel = effect->channel };
	bool is_its_own = row->remote_id.len && !str_is(row->remote_id, effect->remote_id);
	bool waits = !is_its_own && effect->status >= STATUS_SENT &&
	             effect->status <= STATUS_PLAYED;

	if (!waits || !effect->channel || effect->channel == row->channel_id)
		return OK;
	TRY(sql_message_set_channel(job,
		&(struct sql_message_set_channel){ row->id, job->workspace, effect->channel },
		NULL));
	return route_decide(job, row->id, row->channel_id,
		&(struct route_choice){ .candidate = &teller, .reason = ROUTE_BOUND,
			.sentence = S("This channel had sent it after all.") });
}

static enum err apply_status(struct job *job, id64 message, const struct effect *effect,
	struct inbox_changes *changes)
{
	const struct status_step step = { effect->status, effect->at_ms, effect->error,
		effect->remote_id };
	struct message_row row;
	bool moved;

	TRY(sql_message_find(job,
		&(struct sql_message_find){ .id = message, .workspace = job->workspace }, &row));
	if (is_of_earlier_attempt(&row, effect) || is_of_channel_before(&row, effect))
		return OK;
	TRY(take_back(job, &row, effect));
	return message_move(job, message, &step, changes, &moved);
}

/* ---- reaction ---- */

static struct reaction read_reaction(json item)
{
	return (struct reaction){ .emoji = json_text(json_field(item, "emoji")),
		.by_business = str_is(json_text(json_field(item, "by")), S("business")),
		.at_ms = json_int(json_field(item, "ms"), 0) };
}

static void write_reaction(struct buf *out, const struct reaction *r)
{
	json_open(out, '{');
	json_put(out, "emoji", r->emoji);
	json_put(out, "by", r->by_business ? S("business") : S("contact"));
	json_put_int(out, "ms", r->at_ms);
	json_close(out, '}');
}

/* The customer's stands first; the removed stay as empty ones, so that an older one cannot come
 * back. *changed false: what is there is as new. */
static str put_reaction(struct arena *arena, json list, const struct reaction *reaction,
	bool *changed)
{
	struct reaction sides[REACTIONS_MAX] = { 0 };
	struct buf out = buf_in(arena, EFFECT_JSON_MAX);

	for (size_t i = 0; i < json_count(list); i++) {
		struct reaction known = read_reaction(json_at(list, i));

		sides[known.by_business] = known;
	}
	*changed = !sides[reaction->by_business].at_ms ||
	           sides[reaction->by_business].at_ms < reaction->at_ms;
	if (*changed)
		sides[reaction->by_business] = *reaction;
	json_open(&out, '[');
	for (size_t i = 0; i < REACTIONS_MAX; i++)
		if (sides[i].at_ms)
			write_reaction(&out, &sides[i]);
	json_close(&out, ']');
	return buf_text(&out);
}

enum err message_react(struct job *job, id64 message, const struct reaction *reaction,
	struct inbox_changes *changes)
{
	struct reaction timed = *reaction;
	struct message_row row;
	json list = NULL;
	str known;
	bytes sealed;
	bool changed;

	timed.at_ms = reaction->at_ms ? reaction->at_ms : job->now_ms;
	TRY(lock_row(job, message, &row));
	TRY(unseal(job, SEAL_REACTION, row.reactions_sealed, &known));
	if (known.len)
		TRY(json_read(job->arena, known, &list, &job->why));
	known = put_reaction(job->arena, list, &timed, &changed);
	if (!changed)
		return OK;
	TRY(seal(job, SEAL_REACTION, known, &sealed));
	TRY(sql_message_react(job, &(struct sql_message_react){
		.id = message, .workspace = job->workspace, .reactions = sealed }, NULL));
	if (!timed.by_business && !timed.is_history)
		return note_change(job, &row, WEBHOOK_MESSAGE_REACTED, timed.at_ms, changes);
	note(job, &row, changes);
	return OK;
}

static enum err apply_reaction(struct job *job, id64 message, const struct effect *effect,
	struct inbox_changes *changes)
{
	const struct reaction reaction = { effect->emoji.ptr ? effect->emoji : S(""),
		effect->by_business, effect->at_ms, effect->is_history };
	struct message_row row;

	TRY(message_react(job, message, &reaction, changes));
	if (effect->by_business || effect->is_history || !effect->emoji.len)
		return OK;
	TRY(sql_message_find(job,
		&(struct sql_message_find){ .id = message, .workspace = job->workspace }, &row));
	return conversation_widen(job, row.conversation_id, effect->at_ms, changes);
}

/* ---- edit, revoke, quote ---- */

/* "only by the author": a customer changes nothing of ours, nor in a group what others said. */
static bool may_edit(const struct message_row *row, const struct effect *effect)
{
	bool is_customers = row->author_kind == ACTOR_CONTACT;

	if (row->kind == KIND_NOTE)
		return true;
	return is_customers != effect->by_business && (!effect->by || row->author_id == effect->by);
}

/* The owner, and in groups their admins, may take back what others said. */
static bool may_revoke(const struct message_row *row, const struct effect *effect)
{
	return row->kind == KIND_NOTE || effect->by_business || row->author_kind == ACTOR_CONTACT;
}

/* The latest text counts; the one before is kept as a version. */
static enum err apply_edit(struct job *job, id64 message, const struct effect *effect,
	struct inbox_changes *changes)
{
	struct message_row row;
	bytes body;

	TRY(lock_row(job, message, &row));
	if (effect->at_ms <= row.edited_ms || !may_edit(&row, effect))
		return OK;
	TRY(message_search_replace(job, &row, (enum message_kind)row.kind, effect->content));
	TRY(sql_message_version_add(job,
		&(struct sql_message_version_add){ .id = job_id(job),
			.workspace = job->workspace,
			.message = message,
			.body = row.body_sealed,
			.until_ms = effect->at_ms },
		NULL));
	TRY(seal(job, SEAL_MESSAGE, effect->content, &body));
	TRY(sql_message_edit(job,
		&(struct sql_message_edit){ .id = message,
			.workspace = job->workspace,
			.body = body,
			.edited_ms = effect->at_ms },
		NULL));
	return note_change(job, &row, WEBHOOK_MESSAGE_EDITED, effect->at_ms, changes);
}

/* The first revoke counts. The body stays sealed; it is shown no more, and not found. */
static enum err apply_revoke(struct job *job, id64 message, const struct effect *effect,
	struct inbox_changes *changes)
{
	struct message_row row;

	TRY(lock_row(job, message, &row));
	if ((row.deleted_ms && row.deleted_ms <= effect->at_ms) || !may_revoke(&row, effect))
		return OK;
	TRY(message_search_replace(job, &row, (enum message_kind)row.kind, STR_NONE));
	TRY(sql_message_revoke(job, &(struct sql_message_revoke){
		.id = message, .workspace = job->workspace, .deleted_ms = effect->at_ms }, NULL));
	return note_change(job, &row, WEBHOOK_MESSAGE_DELETED, effect->at_ms, changes);
}

static enum err apply_vote(struct job *job, id64 message, const struct effect *effect,
	struct inbox_changes *changes)
{
	const struct vote vote = { effect->votes, effect->voter, effect->voter_name,
		effect->at_ms };
	struct message_row row;
	str content, counted;
	bytes body;

	TRY(lock_row(job, message, &row));
	if (row.kind != KIND_POLL || row.deleted_ms)
		return OK;
	TRY(unseal(job, SEAL_MESSAGE, row.body_sealed, &content));
	TRY(poll_count(job, content, &vote, &counted));
	if (!counted.len)
		return OK;
	TRY(seal(job, SEAL_MESSAGE, counted, &body));
	TRY(sql_message_fill(job,
		&(struct sql_message_fill){ .id = message,
			.workspace = job->workspace,
			.kind = KIND_POLL,
			.body = body },
		NULL));
	note(job, &row, changes);
	return effect->by_business || effect->is_history
	               ? OK
	               : conversation_widen(job, row.conversation_id, effect->at_ms, changes);
}

static enum err apply_quote(struct job *job, id64 message, const struct effect *effect,
	struct inbox_changes *changes)
{
	struct message_row quoted, quoting;

	TRY(sql_message_find(job,
		&(struct sql_message_find){ .id = message, .workspace = job->workspace }, &quoted));
	TRY(lock_row(job, effect->quoted_by, &quoting));
	if (quoting.reply_to_id || quoting.conversation_id != quoted.conversation_id)
		return OK;
	TRY(sql_message_quote(job, &(struct sql_message_quote){
		.id = quoting.id, .workspace = job->workspace, .reply_to_id = message }, NULL));
	note(job, &quoting, changes);
	return OK;
}

/* Of the owner, on the phone: also when it has waited here for the message. */
static enum err apply_star(struct job *job, id64 message, const struct effect *effect,
	struct inbox_changes *changes)
{
	const struct message_star star = { effect->kind == EFFECT_STAR, effect->at_ms };
	const bool from_outside = changes->from_outside;
	const struct actor actor = job->actor;
	enum err e;

	job->actor = (struct actor){ .kind = ACTOR_PHONE };
	changes->from_outside = true;
	e = message_set_star(job, message, &star, changes);
	changes->from_outside = from_outside;
	job->actor = actor;
	return e;
}

enum err effect_apply(struct job *job, id64 message, const struct effect *effect,
	struct inbox_changes *changes)
{
	switch (effect->kind) {
	case EFFECT_STATUS:
		return apply_status(job, message, effect, changes);
	case EFFECT_REACTION:
		return apply_reaction(job, message, effect, changes);
	case EFFECT_EDIT:
		return apply_edit(job, message, effect, changes);
	case EFFECT_REVOKE:
		return apply_revoke(job, message, effect, changes);
	case EFFECT_QUOTE:
		return apply_quote(job, message, effect, changes);
	case EFFECT_VOTE:
		return apply_vote(job, message, effect, changes);
	case EFFECT_STAR:
	case EFFECT_UNSTAR:
		return apply_star(job, message, effect, changes);
	}
	return fail(job, ERR_CORRUPT, "an effect of a kind that is not known");
}

/* ---- waiting ---- */

static str effect_write(struct arena *arena, const struct effect *e)
{
	struct buf out = buf_in(arena, EFFECT_JSON_MAX);

	json_open(&out, '{');
	json_put_int(&out, "kind", e->kind);
	json_put_int(&out, "at_ms", e->at_ms);
	json_put(&out, "remote_id", e->remote_id);
	json_put_int(&out, "status", e->status);
	json_put(&out, "error", e->error);
	json_put(&out, "emoji", e->emoji);
	json_put_bool(&out, "by_business", e->by_business);
	json_put_bool(&out, "is_history", e->is_history);
	json_put(&out, "content", e->content);
	json_put_id(&out, "quoted_by", e->quoted_by);
	json_put_id(&out, "by", e->by);
	json_put(&out, "votes", e->votes);
	json_put(&out, "voter", e->voter);
	json_put(&out, "voter_name", e->voter_name);
	json_close(&out, '}');
	return out.failed ? STR_NONE : buf_text(&out);
}

static enum err effect_read(struct job *job, str text, struct effect *out)
{
	json v;

	if (json_read(job->arena, text, &v, NULL) != OK)
		return fail(job, ERR_CORRUPT, "a waiting effect cannot be read");
	*out = (struct effect){
		.kind = (enum effect_kind)json_int(json_field(v, "kind"), -1),
		.at_ms = json_int(json_field(v, "at_ms"), 0),
		.remote_id = json_text(json_field(v, "remote_id")),
		.status = (enum message_status)json_int(json_field(v, "status"), 0),
		.error = json_text(json_field(v, "error")),
		.emoji = json_text(json_field(v, "emoji")),
		.by_business = json_flag(json_field(v, "by_business"), false),
		.is_history = json_flag(json_field(v, "is_history"), false),
		.content = json_text(json_field(v, "content")),
		.quoted_by = json_int(json_field(v, "quoted_by"), 0),
		.by = json_int(json_field(v, "by"), 0),
		.votes = json_text(json_field(v, "votes")),
		.voter = json_text(json_field(v, "voter")),
		.voter_name = json_text(json_field(v, "voter_name")),
	};
	return OK;
}

static enum err waiting(struct job *job, bytes key, struct waiting_effect_rows *out)
{
	return sql_effect_list(job,
		&(struct sql_effect_list){ .remote_key = key, .workspace = job->workspace }, out);
}

/* Keeps it once, however often it comes. */
static enum err effect_wait(struct job *job, bytes key, const struct effect *effect)
{
	str text = effect_write(job->arena, effect), known;
	struct waiting_effect_rows rows;
	bytes sealed;

	if (!text.ptr)
		return fail(job, ERR_LIMIT, "an effect is too large to wait for its message");
	TRY(waiting(job, key, &rows));
	for (size_t i = 0; i < rows.count; i++) {
		TRY(unseal(job, SEAL_EFFECT, rows.items[i].effect_sealed, &known));
		if (str_is(known, text))
			return OK;
	}
	TRY(seal(job, SEAL_EFFECT, text, &sealed));
	return sql_effect_add(job,
		&(struct sql_effect_add){ .id = job_id(job),
			.workspace = job->workspace,
			.remote_key = key,
			.effect = sealed,
			.now_ms = job->now_ms },
		NULL);
}

enum err effects_arrive(struct job *job, const uint8_t key[REMOTE_KEY_SIZE], id64 message,
	struct inbox_changes *changes)
{
	const bytes remote_key = { key, REMOTE_KEY_SIZE };
	struct waiting_effect_rows rows;
	struct effect effect;
	str text;

	TRY(waiting(job, remote_key, &rows));
	for (size_t i = 0; i < rows.count; i++) {
		TRY(unseal(job, SEAL_EFFECT, rows.items[i].effect_sealed, &text));
		TRY(effect_read(job, text, &effect));
		TRY(effect_apply(job, message, &effect, changes));
	}
	return rows.count ? sql_effect_drop(job, &(struct sql_effect_drop){
		.remote_key = remote_key, .workspace = job->workspace }, NULL) : OK;
}

static enum err settle(struct job *job, const struct missed_effect_row *row,
	struct inbox_changes *changes)
{
	uint8_t key[REMOTE_KEY_SIZE];

	memcpy(key, row->remote_key.ptr, sizeof key);
	TRY(db_begin(job, DB_WRITE));
	TRY(effects_arrive(job, key, row->message, changes));
	return db_commit(job);
}

enum err effects_settle_missed(struct job *job, size_t max, size_t *count)
{
	struct missed_effect_rows rows;

	TRY(sql_effect_missed(job, &(struct sql_effect_missed){ job->now_ms - EFFECTS_MISSED_MS,
		(int64_t)max }, &rows));
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++) {
		struct inbox_changes changes = { 0 };

		if (rows.items[i].remote_key.len != REMOTE_KEY_SIZE)
			continue;
		job->workspace = rows.items[i].workspace;
		TRY(settle(job, &rows.items[i], &changes));
		inbox_tell(job, &changes);
	}
	return OK;
}

/* Our own id is only believed for a message that this channel had: another system may use the same
 * field. One that was moved to another channel may have gone through after all. */
static enum err is_ours(struct job *job, const struct channel *ch, const struct message_row *row,
	bool *out)
{
	*out = row->channel_id == ch->id;
	return *out ? OK : route_had(job, row->id, ch->id, out);
}

static enum err find_target(struct job *job, const struct channel *ch, const struct effect *effect,
	id64 target, id64 *out)
{
	struct message_place_row place;
	struct message_row row;
	bool found;

	*out = 0;
	TRY(found_or_none(job, message_by_remote(job, ch->id, effect->remote_id, &place), &found));
	if (found) {
		*out = place.id;
		return OK;
	}
	if (!target)
		return OK;
	TRY(found_or_none(job, sql_message_find(job, &(struct sql_message_find){
		.id = target, .workspace = job->workspace }, &row), &found));
	if (found)
		TRY(is_ours(job, ch, &row, &found));
	*out = found ? target : 0;
	return OK;
}

enum err effect_take(struct job *job, const struct channel *ch, const struct effect *effect,
	id64 target, struct inbox_changes *changes, id64 *message)
{
	struct effect timed = *effect;
	uint8_t key[REMOTE_KEY_SIZE];

	timed.at_ms = effect->at_ms || effect->kind == EFFECT_QUOTE ? effect->at_ms : job->now_ms;
	timed.channel = ch->id;
	TRY(find_target(job, ch, effect, target, message));
	if (*message)
		return effect_apply(job, *message, &timed, changes);
	message_remote_key(ch->id, effect->remote_id, key);
	return effect_wait(job, (bytes){ key, sizeof key }, &timed);
}
