/*
 * chat_label.c: labels and quick replies of phones, as the workspace's own; see chat.h.
 *
 * Which label of a phone is which of ours stands in channel_label. Two phones whose labels have one
 * name share one of ours. A name or colour that we cannot take (another label has it) changes
 * nothing: the phone's label stays what it is to us.
 */
#include "account/audit.h"
#include "inbox/chat.h"
#include "inbox/composer_internal.h"
#include "inbox/inbox_internal.h"

#define SHORTCUT_TRIES 20

/* ---- labels ---- */

static str fit(str text, size_t points)
{
	return str_first_points(str_trim(text), points);
}

static enum err find_named(struct job *job, str name, struct label_row *out, bool *found)
{
	return found_or_none(job,
		sql_label_named(job, &(struct sql_label_named){ job->workspace, name }, out),
		found);
}

static enum err remember(struct job *job, const struct channel *ch, str remote_id, id64 label)
{
	return sql_channel_label_add(job,
		&(struct sql_channel_label_add){ ch->id, remote_id, job->workspace, label, 1 },
		NULL);
}

static enum err new_label(struct job *job, const struct channel *ch,
	const struct provider_event *ev, id64 *changed)
{
	str name = fit(ev->item_name, LABEL_NAME_MAX);
	struct label_row same;
	struct label made;
	bool found;
	enum err e;

	TRY(find_named(job, name, &same, &found));
	if (found)
		return remember(job, ch, ev->item_id, same.id);
	e = label_create(job, name, str_of(chat_colour(ev->item_colour)), &made);
	if (e == ERR_LIMIT) {
		job_forgive(job);
		return OK;
	}
	TRY(e);
	*changed = made.id;
	return remember(job, ch, ev->item_id, made.id);
}

static enum err rename_label(struct job *job, id64 id, str name, id64 *changed)
{
	struct label_row is, other;
	struct label label;
	bool found, taken;

	TRY(found_or_none(job,
		sql_label_find(job, &(struct sql_label_find){ id, job->workspace }, &is), &found));
	if (!found || str_is(is.name, name))
		return OK;
	TRY(find_named(job, name, &other, &taken));
	if (taken)
		return OK;
	*changed = id;
	return label_update(job, id, name, STR_NONE, &label);
}

static enum err apply_label(struct job *job, const struct channel *ch,
	const struct provider_event *ev, id64 *changed)
{
	str name = fit(ev->item_name, LABEL_NAME_MAX);
	struct channel_label_row known;
	struct label_row label;
	bool found;

	if (ev->is_gone)
		return sql_channel_label_drop(job,
			&(struct sql_channel_label_drop){ ch->id, ev->item_id, job->workspace },
			NULL);
	if (!name.len)
		return OK;
	TRY(found_or_none(job,
		sql_channel_label_of(job,
			&(struct sql_channel_label_of){ ch->id, ev->item_id, job->workspace },
			&known),
		&found));
	if (found)
		TRY(found_or_none(job,
			sql_label_find(job,
				&(struct sql_label_find){ known.label_id, job->workspace },
				&label),
			&found));
	if (found)
		return rename_label(job, known.label_id, name, changed);
	/* Ours was deleted here: it begins anew. */
	TRY(sql_channel_label_drop(job,
		&(struct sql_channel_label_drop){ ch->id, ev->item_id, job->workspace }, NULL));
	return new_label(job, ch, ev, changed);
}

enum err chat_apply_label(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes)
{
	const struct actor actor = job->actor;
	id64 changed = 0;
	enum err e;

	job->actor = (struct actor){ .kind = ACTOR_PHONE };
	e = apply_label(job, ch, ev, &changed);
	job->actor = actor;
	if (changed)
		inbox_note(job, changes,
			(struct inbox_change){ .kind = CHANGE_LABEL, .item = changed });
	return e;
}

/* ---- quick replies ---- */

/* What can stand in a shortcut of ours; the others become "-". */
static str shortcut_of(struct job *job, str text)
{
	struct buf out = buf_in(job->arena, CANNED_SHORTCUT_MAX * 4 + 8);

	text = fit(text, CANNED_SHORTCUT_MAX - 3);
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = (uint8_t)text.ptr[i];
		bool fits = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			    (c >= 'A' && c <= 'Z') || c == '_';

		if (fits)
			buf_byte(&out, c);
		else if (out.len && out.ptr[out.len - 1] != '-')
			buf_byte(&out, '-');
	}
	return out.len ? buf_text(&out) : S("reply");
}

/* Another ready answer may have the shortcut: then "thanks-2", … */
static enum err save_reply(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct canned *draft)
{
	str wanted = draft->shortcut;
	enum err e = ERR_CONFLICT;

	for (int i = 2; e == ERR_CONFLICT && i < SHORTCUT_TRIES; i++) {
		e = canned_take(job, draft, ch->id, ev->item_id);
		if (e == ERR_CONFLICT)
			draft->shortcut = arena_printf(job->arena, STR_F "-%d", STR_A(wanted), i);
		if (e != OK && e != ERR_STORE)
			job_forgive(job);
	}
	/* What we cannot have (no text, too many) stays on the phone alone. */
	return e == ERR_STORE ? e : OK;
}

static enum err apply_reply(struct job *job, const struct channel *ch,
	const struct provider_event *ev, id64 *changed)
{
	struct canned draft = { .owner = { OWNER_WORKSPACE, 0 } };
	struct canned_row known;
	bool found;

	TRY(found_or_none(job,
		sql_canned_of_phone(job,
			&(struct sql_canned_of_phone){ ch->id, ev->item_id, job->workspace },
			&known),
		&found));
	*changed = found ? known.id : 0;
	if (ev->is_gone)
		return found ? canned_drop(job, known.id) : OK;
	if (found && ev->at_ms && ev->at_ms < known.updated_ms)
		return OK;
	draft.id = found ? known.id : 0;
	draft.title = fit(ev->item_name, CANNED_TITLE_MAX);
	draft.title = draft.title.len ? draft.title : S("Quick reply");
	draft.shortcut = shortcut_of(job, ev->item_name);
	draft.body = ev->item_text;
	TRY(save_reply(job, ch, ev, &draft));
	*changed = draft.id;
	return OK;
}

enum err chat_apply_quick_reply(struct job *job, const struct channel *ch,
	const struct provider_event *ev, struct inbox_changes *changes)
{
	const struct actor actor = job->actor;
	id64 changed = 0;
	enum err e;

	job->actor = (struct actor){ .kind = ACTOR_PHONE };
	e = apply_reply(job, ch, ev, &changed);
	job->actor = actor;
	if (changed)
		inbox_note(job, changes,
			(struct inbox_change){ .kind = CHANGE_CANNED, .item = changed });
	return e;
}
