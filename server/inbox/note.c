/*
 * note.c: internal notes: messages of KIND_NOTE that stay in the house.
 *
 * The one rule: nothing of a note goes to a provider. So a note has the status of what came
 * (received), which no retry and no report moves; it never gets a remote id, so nothing can quote
 * it; and no provider can carry its kind.
 */
#include "account/account.h"
#include "account/seal.h"
#include "inbox/composer.h"
#include "inbox/inbox_internal.h"
#include "store/store.h"

#define NOTE_JSON_MAX (64u << 10)

/* ---- who is meant ---- */

/* People to tell, each once. */
struct told { id64 items[500]; size_t count; };

static void add_told(struct told *told, id64 person)
{
	for (size_t i = 0; i < told->count; i++)
		if (told->items[i] == person)
			return;
	if (told->count < COUNT_OF(told->items))
		told->items[told->count++] = person;
}

static enum err find_person(struct job *job, id64 person, struct told *told, bool *found)
{
	struct canned_id_row row;

	TRY(found_or_none(job,
		sql_note_person(job,
			&(struct sql_note_person){ .person = person, .workspace = job->workspace },
			&row),
		found));
	if (*found)
		add_told(told, person);
	return OK;
}

static enum err find_team(struct job *job, id64 team, struct told *told, bool *found)
{
	struct canned_ids_rows people;
	struct canned_id_row row;

	TRY(found_or_none(job,
		sql_owner_team(job,
			&(struct sql_owner_team){ .team = team, .workspace = job->workspace },
			&row),
		found));
	if (!*found)
		return OK;
	TRY(sql_note_team_people(job,
		&(struct sql_note_team_people){ .team = team, .workspace = job->workspace },
		&people));
	for (size_t i = 0; i < people.count; i++)
		add_told(told, people.items[i].id);
	return OK;
}

static enum err find_told(struct job *job, const struct note_draft *draft, struct told *told)
{
	bool found;

	if (draft->mention_count > NOTE_MENTIONS_MAX)
		field_error(job, S("mentions"), S("too_many"), S("At most 50 mentions."));
	for (size_t i = 0; i < draft->mention_count && i < NOTE_MENTIONS_MAX; i++) {
		const struct mention *m = &draft->mentions[i];

		TRY((m->is_team ? find_team : find_person)(job, m->id, told, &found));
		if (!found)
			field_error(job, arena_printf(job->arena, "mentions.%zu.id", i),
				S("unknown"), S("Nobody of this workspace."));
	}
	return OK;
}

/* ---- writing ---- */

static void check_body(struct job *job, str body)
{
	if (!str_trim(body).len)
		field_error(job, S("body"), S("required"), S("Write something."));
	else if (str_count_points(body) > NOTE_TEXT_MAX)
		field_error(job, S("body"), S("too_long"), S("At most 4096 characters."));
}

static str content_of(struct job *job, const struct note_draft *draft)
{
	struct buf out = buf_in(job->arena, NOTE_JSON_MAX);

	json_open(&out, '{');
	json_put(&out, "body", draft->body);
	json_open_in(&out, "mentions", '[');
	for (size_t i = 0; i < draft->mention_count; i++) {
		json_open(&out, '{');
		json_put(&out, "kind", draft->mentions[i].is_team ? S("team") : S("person"));
		json_put_id(&out, "id", draft->mentions[i].id);
		json_close(&out, '}');
	}
	json_close(&out, ']');
	json_close(&out, '}');
	return buf_text(&out);
}

static enum err tell_people(struct job *job, const struct message *note, const struct told *told,
	struct inbox_changes *changes)
{
	struct notification draft = {
		.kind = NOTIFICATION_MENTION,
		.conversation_id = note->conversation_id,
		.message_id = note->id,
		.actor_id = job->actor.kind == ACTOR_PERSON ? job->actor.id : 0,
	};

	for (size_t i = 0; i < told->count; i++) {
		draft.person_id = told->items[i];
		TRY(notification_add_within(job, &draft, changes));
	}
	return OK;
}

enum err note_add_within(struct job *job, const struct note_draft *draft,
	struct inbox_changes *changes, struct message *out)
{
	struct told *told = ARENA_NEW(job->arena, struct told);
	struct conversation conv;

	check_body(job, draft->body);
	TRY(find_told(job, draft, told));
	TRY(job_check_fields(job));
	TRY(conversation_lock(job, draft->conversation_id, &conv));
	*out = (struct message){
		.id = job_id(job),
		.workspace = job->workspace,
		.conversation_id = conv.id,
		.channel_id = conv.channel_id,
		.kind = KIND_NOTE,
		.status = STATUS_RECEIVED,
		.author_kind = job->actor.kind,
		.author_id = job->actor.id,
		.content = content_of(job, draft),
		.trace = (str){ job->trace, TRACE_SIZE },
	};
	TRY(message_insert(job, out, &conv, changes));
	return tell_people(job, out, told, changes);
}

enum err note_add(struct job *job, const struct note_draft *draft, struct message *out)
{
	struct inbox_changes changes = { 0 };

	TRY(db_begin(job, DB_WRITE));
	TRY(note_add_within(job, draft, &changes, out));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return OK;
}

/* ---- changing ---- */

static enum err get_own(struct job *job, id64 message, struct message *out)
{
	TRY(message_get(job, message, out));
	if (out->kind != KIND_NOTE)
		return fail(job, ERR_BUG, "a message is changed as if it were a note");
	if (out->deleted_ms)
		return fail(job, ERR_MISSING, "the note was deleted");
	if (out->author_kind == job->actor.kind && out->author_id == job->actor.id)
		return OK;
	return fail_code(job, ERR_DENIED, S("not_author"), S("Write a note of your own."),
		"A note is changed by its author only.");
}

/* The body anew, all else as it is. */
static str content_with(struct job *job, const struct message *msg, str body)
{
	struct buf out = buf_in(job->arena, NOTE_JSON_MAX);
	json was = NULL;

	if (json_read(job->arena, msg->content, &was, NULL) != OK)
		was = NULL;
	json_open(&out, '{');
	json_put(&out, "body", body);
	json_put_value(&out, "mentions", json_field(was, "mentions"));
	json_close(&out, '}');
	return buf_text(&out);
}

static enum err apply(struct job *job, id64 message, const struct effect *effect,
	struct message *out)
{
	struct inbox_changes changes = { 0 };

	TRY(effect_apply(job, message, effect, &changes));
	TRY(message_get(job, message, out));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return OK;
}

enum err note_change(struct job *job, id64 message, str body, struct message *out)
{
	struct effect edit = { .kind = EFFECT_EDIT, .at_ms = job->now_ms };

	check_body(job, body);
	TRY(job_check_fields(job));
	TRY(db_begin(job, DB_WRITE));
	TRY(get_own(job, message, out));
	/* Two edits within a millisecond are two. */
	if (out->edited_ms >= edit.at_ms)
		edit.at_ms = out->edited_ms + 1;
	edit.content = content_with(job, out, body);
	return apply(job, message, &edit, out);
}

enum err note_remove(struct job *job, id64 message, struct message *out)
{
	const struct effect revoke = { .kind = EFFECT_REVOKE, .at_ms = job->now_ms };

	TRY(db_begin(job, DB_WRITE));
	TRY(get_own(job, message, out));
	return apply(job, message, &revoke, out);
}

enum err message_versions(struct job *job, id64 message, struct message_versions *out)
{
	struct message_version_rows rows;

	TRY(sql_message_version_list(job,
		&(struct sql_message_version_list){ .message = message,
			.workspace = job->workspace },
		&rows));
	*out = (struct message_versions){ ARENA_ARRAY(job->arena, struct message_version,
						  rows.count),
		rows.count };
	for (size_t i = 0; i < rows.count; i++) {
		out->items[i].until_ms = rows.items[i].until_ms;
		TRY(unseal(job, SEAL_MESSAGE, rows.items[i].body_sealed, &out->items[i].content));
	}
	return OK;
}
