/*
 * chat.c: pins, mutes and stars, and what the owner does to chats on the phone; see chat.h.
 *
 * A pin and a mute are kept by contact and number, not by conversation: phones tell of them before
 * they tell what was said, and contacts that become one keep the later word of either.
 */
#include "inbox/chat.h"

#include "account/audit.h"
#include "inbox/contacts.h"
#include "inbox/inbox_internal.h"

#include <stdlib.h>

#define CHAT_SECOND_MS 1000 /* phones tell whole seconds */
#define STARRED_MAX 200

/* ---- pins and mutes ---- */

static enum err find_mark(struct job *job, const struct conversation *conv,
	enum chat_mark_kind kind, struct chat_mark_row *out)
{
	bool found;

	TRY(found_or_none(job,
		sql_chat_mark_find(job,
			&(struct sql_chat_mark_find){ .contact = conv->contact_id,
				.number = conv->number_id,
				.what = kind,
				.workspace = job->workspace },
			out),
		&found));
	if (!found)
		*out = (struct chat_mark_row){ 0 };
	return OK;
}

static enum err put_mark(struct job *job, const struct conversation *conv,
	const struct chat_mark *mark, id64 ref)
{
	return sql_chat_mark_put(job,
		&(struct sql_chat_mark_put){ .contact = conv->contact_id,
			.number = conv->number_id,
			.what = mark->kind,
			.ref = ref,
			.workspace = job->workspace,
			.is_on = mark->is_on,
			.until_ms = mark->until_ms,
			.at_ms = mark->at_ms },
		NULL);
}

/* *changed: it was not so, and nothing later was said. */
static enum err take_mark(struct job *job, const struct conversation *conv,
	const struct chat_mark *mark, bool *changed)
{
	struct chat_mark_row was;

	TRY(find_mark(job, conv, mark->kind, &was));
	*changed = was.at_ms <= mark->at_ms &&
		   (was.is_on != mark->is_on || (mark->is_on && was.until_ms != mark->until_ms));
	return put_mark(job, conv, mark, 0);
}

static enum err record_mark(struct job *job, id64 conversation, const struct chat_mark *mark)
{
	static const char *const kinds[][2] = { { "unpinned", "pinned" }, { "unmuted", "muted" } };
	static const char *const actions[][2] = { { "conversation.unpin", "conversation.pin" },
		{ "conversation.unmute", "conversation.mute" } };
	str detail = mark->is_on && mark->kind == MARK_MUTE
			     ? arena_printf(job->arena, "{\"until_ms\":%lld}",
				       (long long)mark->until_ms)
			     : S("{}");

	TRY(conversation_add_event(job, conversation, str_of(kinds[mark->kind][mark->is_on]),
		detail));
	return audit_add(job, &(struct audit_entry){ .action = actions[mark->kind][mark->is_on],
				      .target_kind = "conversation",
				      .target_id = conversation,
				      .detail = detail });
}

enum err conversation_mark(struct job *job, id64 conversation, const struct chat_mark *mark,
	struct inbox_changes *changes, struct conversation *out)
{
	static const enum chat_done done[][2] = { { CHAT_UNPINNED, CHAT_PINNED },
		{ CHAT_UNMUTED, CHAT_MUTED } };
	struct chat_mark timed = *mark;
	bool changed;

	timed.at_ms = mark->at_ms ? mark->at_ms : job->now_ms;
	timed.until_ms = mark->is_on ? mark->until_ms : 0;
	TRY(conversation_lock(job, conversation, out));
	TRY(take_mark(job, out, &timed, &changed));
	if (!changed)
		return OK;
	TRY(record_mark(job, out->id, &timed));
	inbox_word(job, changes,
		&(struct chat_word){ .done = done[mark->kind][mark->is_on],
			.conversation = out->id });
	return conversation_note(job, out, changes);
}

/* ---- stars ---- */

static enum err record_star(struct job *job, const struct message_row *row, bool is_on)
{
	return audit_add(job, &(struct audit_entry){
				      .action = is_on ? "message.star" : "message.unstar",
				      .target_kind = "message",
				      .target_id = row->id });
}

enum err message_set_star(struct job *job, id64 message, const struct message_star *star,
	struct inbox_changes *changes)
{
	int64_t at_ms = star->at_ms ? star->at_ms : job->now_ms;
	struct message_star_row was;
	struct message_row row;
	bool found;

	TRY(sql_message_lock(job,
		&(struct sql_message_lock){ .id = message, .workspace = job->workspace }, &row));
	TRY(found_or_none(job,
		sql_message_star_find(job,
			&(struct sql_message_star_find){ message, job->workspace }, &was),
		&found));
	TRY(sql_message_star_put(job,
		&(struct sql_message_star_put){ message, job->workspace, row.conversation_id,
			star->is_on, at_ms },
		NULL));
	if (found ? was.at_ms > at_ms || was.is_on == star->is_on : !star->is_on)
		return OK;
	TRY(record_star(job, &row, star->is_on));
	inbox_word(job, changes,
		&(struct chat_word){ .done = star->is_on ? CHAT_STARRED : CHAT_UNSTARRED,
			.conversation = row.conversation_id,
			.item = message });
	inbox_note(job, changes, (struct inbox_change){
		.kind = CHANGE_MESSAGE, .message = message, .conversation = row.conversation_id });
	return OK;
}

static int newest_first(const void *a, const void *b)
{
	id64 x = ((const struct message *)a)->id, y = ((const struct message *)b)->id;

	return x < y ? 1 : x > y ? -1 : 0;
}

enum err message_starred(struct job *job, id64 conversation, id64 before, size_t max,
	struct messages *out)
{
	struct message_star_rows rows;
	id64 ids[STARRED_MAX];

	TRY(sql_message_star_list(job,
		&(struct sql_message_star_list){ .conversation = conversation,
			.workspace = job->workspace,
			.before = before ? before : INT64_MAX,
			.max = (int64_t)(max < STARRED_MAX ? max : STARRED_MAX) },
		&rows));
	for (size_t i = 0; i < rows.count; i++)
		ids[i] = rows.items[i].message_id;
	*out = (struct messages){ 0 };
	if (!rows.count)
		return OK;
	TRY(message_by_ids(job, ids, rows.count, out));
	qsort(out->items, out->count, sizeof *out->items, newest_first);
	return OK;
}

/* ---- from the phone ---- */

/* A chat: its conversation, or where it would be. */
struct place { struct conversation conv; bool is_there; };

static enum err find_place(struct job *job, const struct channel *ch, const struct person_ref *who,
	struct inbox_changes *changes, struct place *out)
{
	struct contact contact;
	struct conversations all;

	TRY(contact_resolve(job, who, S("webhook"), changes, &contact));
	TRY(conversation_of_contact(job, contact.id, &all));
	*out = (struct place){ .conv = { .contact_id = contact.id, .number_id = ch->number_id } };
	for (size_t i = 0; i < all.count && !out->is_there; i++) {
		out->is_there = all.items[i].number_id == ch->number_id;
		if (out->is_there)
			out->conv = all.items[i];
	}
	return OK;
}

static enum err mark_read(struct job *job, const struct provider_event *ev,
	struct conversation *conv, struct inbox_changes *changes)
{
	struct read_receipt receipt;

	/* What came since is not read. */
	return ev->at_ms && conv->last_in_ms > ev->at_ms + CHAT_SECOND_MS
		? OK
		: conversation_mark_read(job, conv->id, changes, conv, &receipt);
}

static enum err archive(struct job *job, const struct provider_event *ev,
	struct conversation *conv, struct inbox_changes *changes)
{
	struct conversation_patch patch = { .has_status = true, .status = CONVERSATION_ARCHIVED };

	if (ev->done == CHAT_UNARCHIVED) {
		if (conv->status != CONVERSATION_ARCHIVED)
			return OK;
		patch.status = CONVERSATION_OPEN;
	}
	return conversation_update(job, conv->id, &patch, changes, conv);
}

static enum err apply_mark(struct job *job, const struct provider_event *ev, struct place *place,
	struct inbox_changes *changes)
{
	const struct chat_mark mark = {
		.kind = ev->done == CHAT_PINNED || ev->done == CHAT_UNPINNED ? MARK_PIN : MARK_MUTE,
		.is_on = ev->done == CHAT_PINNED || ev->done == CHAT_MUTED,
		.until_ms = ev->until_ms,
		.at_ms = ev->at_ms ? ev->at_ms : job->now_ms };
	bool changed;

	return place->is_there
		       ? conversation_mark(job, place->conv.id, &mark, changes, &place->conv)
		       : take_mark(job, &place->conv, &mark, &changed);
}

static enum err put_label(struct job *job, id64 conversation, id64 label, bool is_on,
	struct inbox_changes *changes)
{
	const struct label_change change = { .add = &label, .remove = &label,
		.add_count = is_on, .remove_count = !is_on };
	struct conversation_label_rows rows;
	struct conversation conv;

	TRY(sql_label_of_conversations(job,
		&(struct sql_label_of_conversations){ id_list(job->arena, &conversation, 1),
			job->workspace },
		&rows));
	/* A phone knows no such bound; what is too much stays there. */
	if (is_on && rows.count >= LABELS_OF_ONE_MAX)
		return OK;
	return conversation_label(job, conversation, &change, changes, &conv);
}

/* A label that the phone has not told of is none. */
static enum err apply_label(struct job *job, const struct channel *ch,
	const struct provider_event *ev, const struct place *place, struct inbox_changes *changes)
{
	const struct chat_mark mark = { .kind = MARK_LABEL, .is_on = ev->done == CHAT_LABELLED,
		.at_ms = ev->at_ms ? ev->at_ms : job->now_ms };
	struct channel_label_row row;
	struct label_row label;
	bool found;

	TRY(found_or_none(job,
		sql_channel_label_of(job,
			&(struct sql_channel_label_of){ ch->id, ev->item_id, job->workspace },
			&row),
		&found));
	if (found)
		TRY(found_or_none(job,
			sql_label_find(job,
				&(struct sql_label_find){ row.label_id, job->workspace }, &label),
			&found));
	if (!found)
		return OK;
	return place->is_there ? put_label(job, place->conv.id, row.label_id, mark.is_on, changes)
			       : put_mark(job, &place->conv, &mark, row.label_id);
}

enum err chat_arrive(struct job *job, const struct conversation *conv,
	struct inbox_changes *changes)
{
	struct chat_mark_rows rows;
	struct label_row label;
	bool found;

	TRY(sql_chat_mark_waiting(job,
		&(struct sql_chat_mark_waiting){ conv->contact_id, conv->number_id,
			job->workspace },
		&rows));
	for (size_t i = 0; i < rows.count; i++) {
		TRY(found_or_none(job,
			sql_label_find(job,
				&(struct sql_label_find){ rows.items[i].ref, job->workspace },
				&label),
			&found));
		if (found && rows.items[i].is_on)
			TRY(put_label(job, conv->id, label.id, true, changes));
	}
	return rows.count ? sql_chat_mark_waited(job, &(struct sql_chat_mark_waited){
		conv->contact_id, conv->number_id, job->workspace }, NULL) : OK;
}

static enum err apply_star(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes)
{
	const struct effect effect = {
		.kind = ev->done == CHAT_STARRED ? EFFECT_STAR : EFFECT_UNSTAR,
		.at_ms = ev->at_ms,
		.remote_id = ev->target_id,
	};
	id64 message;

	return effect_take(job, ch, &effect, 0, changes, &message);
}

/* The inbox is the record of the business: what is deleted on the phone stays here, and a line
 * says that the phone does not have it any more. */
static enum err note_deletion(struct job *job, const struct provider_event *ev,
	const struct place *place, struct inbox_changes *changes)
{
	if (!place->is_there || ev->is_first)
		return OK;
	TRY(conversation_add_event(job, place->conv.id,
		ev->done == CHAT_CLEARED ? S("cleared_on_phone") : S("deleted_on_phone"),
		STR_NONE));
	return conversation_note(job, &place->conv, changes);
}

static enum err apply_block(struct job *job, const struct provider_event *ev,
	struct inbox_changes *changes)
{
	struct contact contact;

	TRY(contact_resolve(job, &ev->who, S("webhook"), changes, &contact));
	return contact_block(job, contact.id, ev->done == CHAT_BLOCKED,
		S("It was done on the phone."), changes, &contact);
}

/* Whoever answers shall see that it may be somebody else now. */
static enum err note_identity(struct job *job, const struct place *place,
	struct inbox_changes *changes)
{
	if (!place->is_there)
		return OK;
	job->actor = (struct actor){ .kind = ACTOR_CONTACT, .id = place->conv.contact_id };
	TRY(conversation_add_event(job, place->conv.id, S("identity"), STR_NONE));
	return conversation_note(job, &place->conv, changes);
}

static enum err apply(struct job *job, const struct channel *ch, const struct provider_event *ev,
	struct inbox_changes *changes)
{
	struct place place;

	if (ev->done == CHAT_STARRED || ev->done == CHAT_UNSTARRED)
		return apply_star(job, ch, ev, changes);
	if (ev->done == CHAT_BLOCKED || ev->done == CHAT_UNBLOCKED)
		return apply_block(job, ev, changes);
	TRY(find_place(job, ch, &ev->who, changes, &place));
	switch (ev->done) {
	case CHAT_READ:
		return place.is_there ? mark_read(job, ev, &place.conv, changes) : OK;
	case CHAT_ARCHIVED:
	case CHAT_UNARCHIVED:
		return place.is_there ? archive(job, ev, &place.conv, changes) : OK;
	case CHAT_PINNED:
	case CHAT_UNPINNED:
	case CHAT_MUTED:
	case CHAT_UNMUTED:
		return apply_mark(job, ev, &place, changes);
	case CHAT_LABELLED:
	case CHAT_UNLABELLED:
		return apply_label(job, ch, ev, &place, changes);
	case CHAT_CLEARED:
	case CHAT_DELETED:
		return note_deletion(job, ev, &place, changes);
	case CHAT_IDENTITY:
		return note_identity(job, &place, changes);
	default:
		return OK;
	}
}

enum err chat_apply(struct job *job, const struct channel *ch, const struct provider_event *ev,
	struct inbox_changes *changes)
{
	const struct actor actor = job->actor;
	enum err e;

	job->actor = (struct actor){ .kind = ACTOR_PHONE };
	e = apply(job, ch, ev, changes);
	job->actor = actor;
	return e;
}
