/*
 * change.c: editing what was sent, and taking it back.
 *
 * A change goes out like a message (KIND_EDIT, KIND_REVOKE: rows of no thread) and happens to its
 * message here only when the network has it: people must not believe that a customer cannot see
 * any more what they still see.
 */
#include "inbox/inbox_internal.h"

/* "own, ≤ 20 min" and "two days and a half": what the networks' own apps allow, a little less. */
#define EDIT_MS (15 * 60 * 1000LL)
#define REVOKE_MS (60 * 3600 * 1000LL)
#define CHANGE_JSON_MAX (512u << 10)

static enum err refuse(struct job *job, const char *code, str next_step, const char *why)
{
	return fail_code(job, ERR_INPUT, str_of(code), next_step, "%s", why);
}

enum err change_check(struct job *job, enum message_kind kind, const struct message *target)
{
	int64_t age = job->now_ms - target->sent_ms;

	if (target->author_kind == ACTOR_CONTACT)
		return refuse(job, "not_ours", S("Change what was sent from here."),
			"A customer's message cannot be changed.");
	if (target->deleted_ms)
		return refuse(job, "deleted", S("Send another message."),
			"The message was taken back already.");
	if (kind == KIND_EDIT && target->kind != KIND_TEXT)
		return refuse(job, "not_text", S("Take it back, and send another one."),
			"Only texts can be edited.");
	if (age > (kind == KIND_EDIT ? EDIT_MS : REVOKE_MS))
		return refuse(job, "too_old", S("Send another message that puts it right."),
			kind == KIND_EDIT ? "A message can be edited for 15 minutes."
					  : "A message can be taken back for 60 hours.");
	return OK;
}

enum err inbox_change_sent(struct job *job, id64 message, enum message_kind kind, str body,
	struct message *out)
{
	struct buf content = buf_in(job->arena, CHANGE_JSON_MAX);
	struct message_draft draft = { .kind = kind };
	bool repeated;

	TRY(message_get(job, message, out));
	draft.conversation_id = out->conversation_id;
	draft.channel_id = out->channel_id;
	json_open(&content, '{');
	json_put_id(&content, "message_id", message);
	if (kind == KIND_EDIT)
		json_put(&content, "body", body);
	json_close(&content, '}');
	TRY(json_read(job->arena, buf_text(&content), &draft.content, &job->why));
	TRY(inbox_send(job, &draft, out, &repeated));
	return message_get(job, message, out);
}

/* ---- what came of it ---- */

static str text_of(struct job *job, str content)
{
	struct buf out = buf_in(job->arena, CHANGE_JSON_MAX);
	json v = NULL;

	if (json_read(job->arena, content, &v, NULL) != OK)
		return S("{}");
	json_open(&out, '{');
	json_put(&out, "body", json_text_at(v, "body"));
	json_close(&out, '}');
	return buf_text(&out);
}

static enum err tell_failure(struct job *job, const struct message *change,
	struct inbox_changes *changes)
{
	struct buf content = buf_in(job->arena, CHANGE_JSON_MAX);
	struct message line = { .id = job_id(job), .workspace = job->workspace,
		.conversation_id = change->conversation_id, .channel_id = change->channel_id,
		.kind = KIND_SYSTEM, .status = STATUS_RECEIVED, .author_kind = ACTOR_SYSTEM,
		.reply_to_id = change->reply_to_id };
	struct conversation conv;
	json error = NULL;
	str why;

	if (!change->error.len || json_read(job->arena, change->error, &error, NULL) != OK)
		error = NULL;
	why = json_text_at(error, "message");
	json_open(&content, '{');
	json_put(&content, "type", S("change_failed"));
	json_put(&content, "body",
		arena_printf(job->arena, "%s " STR_F,
			change->kind == KIND_EDIT ? "The message was not changed for the customer."
						  : "The message was not taken back.",
			STR_A(why)));
	json_close(&content, '}');
	line.content = buf_text(&content);
	TRY(conversation_get(job, change->conversation_id, &conv));
	return message_insert(job, &line, &conv, changes);
}

enum err change_moved(struct job *job, const struct message_row *row, int64_t at_ms,
	struct inbox_changes *changes)
{
	struct effect effect = { .kind = row->kind == KIND_EDIT ? EFFECT_EDIT : EFFECT_REVOKE,
		.at_ms = at_ms, .by_business = true };
	struct message change;

	if (row->status < STATUS_SENT)
		return OK;
	TRY(message_of_row(job, row, &change));
	if (row->status == STATUS_FAILED)
		return tell_failure(job, &change, changes);
	effect.content = text_of(job, change.content);
	return effect_apply(job, change.reply_to_id, &effect, changes);
}
