/*
 * chat_tell.c: what people did here, to the owner's phone; see chat.h.
 *
 * A word names what changed; how it is now is read when it is told, so of two quick changes the
 * phone gets the last. A label that the phone does not know is told first, under a number of ours.
 */
#include "inbox/chat.h"

#include "account/channel.h"
#include "inbox/inbox_internal.h"
#include "store/store.h"

#define OWN_LABELS 5 /* the numbers that phones give to labels of their own: the first ones */

static struct person_ref names_of(const struct contact *contact)
{
	return (struct person_ref){ .phone = contact->phone, .lid = contact->lid,
		.bsuid = contact->bsuid, .group = contact->group };
}

static enum err fill_chat(struct job *job, const struct chat_word *word,
	const struct conversation *conv, struct chat_told *out)
{
	struct message_newest_row newest;
	struct chat_mark_row mark;
	struct contact contact;
	bool found;

	TRY(contact_get(job, conv->contact_id, &contact));
	out->who = names_of(&contact);
	out->name = contact.name;
	TRY(found_or_none(job, sql_message_newest(job,
		&(struct sql_message_newest){ conv->id, conv->channel_id }, &newest), &found));
	if (found) {
		out->newest_id = newest.remote_id;
		out->newest_is_ours = !newest.is_customer;
		out->newest_ms = newest.at_ms;
	}
	if (word->done != CHAT_MUTED)
		return OK;
	TRY(found_or_none(job,
		sql_chat_mark_find(job,
			&(struct sql_chat_mark_find){ .contact = conv->contact_id,
				.number = conv->number_id,
				.what = MARK_MUTE,
				.workspace = job->workspace },
			&mark),
		&found));
	out->until_ms = found ? mark.until_ms : -1;
	return OK;
}

static enum err fill_star(struct job *job, id64 id, struct chat_told *out, id64 *channel)
{
	struct message message;
	struct contact author;
	bool found = false;

	TRY(message_get(job, id, &message));
	*channel = message.channel_id;
	out->message_id = message.remote_id;
	out->message_is_ours = message.author_kind != ACTOR_CONTACT;
	if (!out->message_is_ours && message.author_id)
		TRY(found_or_none(job, contact_get(job, message.author_id, &author), &found));
	if (found)
		out->author = names_of(&author);
	return OK;
}

/* ---- labels ---- */

static enum err next_number(struct job *job, id64 channel, str *out)
{
	struct channel_label_rows rows;
	int64_t last = OWN_LABELS, n;

	TRY(sql_channel_label_list(job,
		&(struct sql_channel_label_list){ channel, job->workspace }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		if (str_to_i64(rows.items[i].remote_id, &n) && n > last)
			last = n;
	*out = arena_printf(job->arena, "%lld", (long long)last + 1);
	return OK;
}

static enum err find_on_phone(struct job *job, id64 channel, id64 label,
	struct channel_label_row *out, bool *found)
{
	return found_or_none(job,
		sql_channel_label_by_label(job,
			&(struct sql_channel_label_by_label){ channel, label, job->workspace },
			out),
		found);
}

/* Its number on the phone; it gets one when it has none. */
static enum err number_of(struct job *job, id64 channel, id64 label, struct channel_label_row *out)
{
	bool found;
	str number;

	TRY(find_on_phone(job, channel, label, out, &found));
	if (found)
		return OK;
	TRY(db_begin(job, DB_WRITE));
	TRY(next_number(job, channel, &number));
	TRY(sql_channel_label_add(job,
		&(struct sql_channel_label_add){ channel, number, job->workspace, label, 0 },
		NULL));
	TRY(find_on_phone(job, channel, label, out, &found));
	TRY(db_commit(job));
	return found ? OK : fail(job, ERR_CONFLICT, "the label was told by another at this moment");
}

static enum err fill_label(struct job *job, id64 channel, id64 id, struct chat_told *out)
{
	struct channel_label_row number;
	struct label_row label;

	TRY(sql_label_find(job, &(struct sql_label_find){ id, job->workspace }, &label));
	TRY(number_of(job, channel, id, &number));
	out->label_id = number.remote_id;
	out->label_name = label.name;
	out->label_colour = chat_colour_near(label.colour);
	out->label_is_new = !number.told;
	return OK;
}

static enum err tell(struct job *job, id64 channel, struct chat_told *told)
{
	struct channel *ch;

	TRY(channel_get(job, channel, &ch));
	TRY(ch->provider->tell_chat(job, ch, told));
	if (!told->label_is_new)
		return OK;
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_channel_label_told(job,
		&(struct sql_channel_label_told){ channel, told->label_id, job->workspace },
		NULL));
	return db_commit(job);
}

static enum err forget(struct job *job, const struct channel_label_row *row)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_channel_label_drop(job,
		&(struct sql_channel_label_drop){ row->channel_id, row->remote_id,
			job->workspace },
		NULL));
	return db_commit(job);
}

/* Renamed or deleted: told to each phone that has it. One that cannot be told keeps none of the
 * others from it. */
static enum err tell_label(struct job *job, const struct chat_word *word)
{
	struct channel_label_rows rows;
	struct label_row label = { .colour = S("") };
	enum err e = OK;

	TRY(sql_channel_label_everywhere(job,
		&(struct sql_channel_label_everywhere){ word->item, job->workspace }, &rows));
	if (rows.count && word->done == CHAT_LABEL_NAMED)
		TRY(sql_label_find(job, &(struct sql_label_find){ word->item, job->workspace },
			&label));
	for (size_t i = 0; i < rows.count; i++) {
		const struct channel_label_row *row = &rows.items[i];
		struct chat_told told = { .done = word->done,
			.label_id = row->remote_id,
			.label_name = label.name,
			.label_colour = chat_colour_near(label.colour),
			.label_is_new = word->done == CHAT_LABEL_NAMED };
		enum err one = tell(job, row->channel_id, &told);

		e = one == OK ? e : one;
		if (one == OK && word->done == CHAT_LABEL_DELETED)
			TRY(forget(job, row));
	}
	return e;
}

/* ---- one word ---- */

static void copy(char *out, size_t size, str text)
{
	size_t len = text.len < size ? text.len : 0;

	if (len)
		memcpy(out, text.ptr, len);
	out[len] = 0;
}

enum err chat_word_deleted(struct job *job, const struct conversation *conv,
	struct inbox_changes *changes)
{
	struct chat_word word = { .done = CHAT_DELETED, .channel = conv->channel_id };
	struct chat_told told = { 0 };
	struct channel *ch;
	bool found;

	TRY(found_or_none(job, channel_get(job, conv->channel_id, &ch), &found));
	if (!found || !ch->provider->tell_chat)
		return OK;
	TRY(fill_chat(job, &word, conv, &told));
	copy(word.phone, sizeof word.phone, told.who.phone);
	copy(word.lid, sizeof word.lid, told.who.lid);
	copy(word.group, sizeof word.group, told.who.group);
	copy(word.newest_id, sizeof word.newest_id, told.newest_id);
	word.newest_is_ours = told.newest_is_ours;
	word.newest_ms = told.newest_ms;
	inbox_word(job, changes, &word);
	return OK;
}

static enum err tell_deleted(struct job *job, const struct chat_word *word)
{
	struct chat_told told = { .done = word->done,
		.who = { .phone = str_of(word->phone),
			.lid = str_of(word->lid),
			.group = str_of(word->group) },
		.newest_id = str_of(word->newest_id),
		.newest_is_ours = word->newest_is_ours,
		.newest_ms = word->newest_ms };

	return tell(job, word->channel, &told);
}

static enum err tell_conversation(struct job *job, const struct chat_word *word)
{
	struct chat_told told = { .done = word->done };
	struct conversation conv;
	struct channel *ch;
	id64 channel;

	TRY(conversation_get(job, word->conversation, &conv));
	channel = conv.channel_id;
	TRY(channel_get(job, channel, &ch));
	if (!ch->provider->tell_chat)
		return OK;
	TRY(fill_chat(job, word, &conv, &told));
	if (word->done == CHAT_STARRED || word->done == CHAT_UNSTARRED)
		TRY(fill_star(job, word->item, &told, &channel));
	if (word->done == CHAT_LABELLED || word->done == CHAT_UNLABELLED)
		TRY(fill_label(job, channel, word->item, &told));
	return tell(job, channel, &told);
}

enum err chat_tell(struct job *job, const struct chat_word *word)
{
	if (word->done == CHAT_LABEL_NAMED || word->done == CHAT_LABEL_DELETED)
		return tell_label(job, word);
	return word->done == CHAT_DELETED ? tell_deleted(job, word)
					  : tell_conversation(job, word);
}
