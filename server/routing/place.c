/*
 * place.c: the queue as people see it: places, and the message that tells a customer theirs.
 *
 * The message goes out at most once for a wait, or again when the place is a better one and the
 * time set has passed. That it is told is written first: a crash in between loses a message and
 * never repeats one. It is refused like any other outside the 24-hour window, and not sent to whom
 * somebody has meanwhile taken or answered.
 */
#include "routing/routing_internal.h"

#define POSITION S("{{position}}")

/* Places are counted in each scope of their own. */
static int64_t next_place(int64_t *places, const struct desk *desk, id64 team)
{
	for (size_t i = 0; i < desk->scope_count; i++)
		if (desk->scopes[i].team == team)
			return ++places[i];
	return 0;
}

static enum err walk(struct job *job, struct routing_queued_rows *rows)
{
	return sql_routing_queue(job,
		&(struct sql_routing_queue){ job->workspace, 99, 0, 0, QUEUE_SHOWN_MAX }, rows);
}

enum err routing_queue(struct job *job, id64 team, struct queued **out, size_t *count)
{
	struct routing_queued_rows rows;
	struct desk desk;
	int64_t *places;

	*count = 0;
	TRY(routing_desk_load(job, &desk));
	TRY(walk(job, &rows));
	places = ARENA_ARRAY(job->arena, int64_t, desk.scope_count + 1);
	*out = ARENA_ARRAY(job->arena, struct queued, rows.count + 1);
	for (size_t i = 0; i < rows.count; i++) {
		const struct routing_queued_row *r = &rows.items[i];

		if (!is_waiting(&desk, r) || (team >= 0 && r->team_id != team))
			continue;
		(*out)[(*count)++] = (struct queued){ r->id, r->team_id, r->channel_id, r->priority,
			r->queued_ms, next_place(places, &desk, r->team_id) };
	}
	return OK;
}

/* ---- telling ---- */

static str text_with(struct job *job, str text, int64_t place)
{
	struct buf out = buf_in(job->arena, 4 * PLACE_TEXT_MAX + 64);

	while (text.len) {
		if (str_starts(text, POSITION)) {
			buf_i64(&out, place);
			text = str_part(text, POSITION.len, text.len);
		} else {
			buf_byte(&out, (uint8_t)text.ptr[0]);
			text = str_part(text, 1, text.len);
		}
	}
	return buf_text(&out);
}

/* Worth a look: not told in this wait, or a better place after long enough. */
static bool is_due(const struct job *job, const struct routing_setting_row *setting,
	const struct routing_queued_row *r, int64_t place)
{
	if (r->told_queued_ms != r->queued_ms)
		return true;
	return setting->place_again_ms && place < r->told_place &&
	       r->told_ms + setting->place_again_ms <= job->now_ms;
}

static enum err claim(struct job *job, const struct routing_setting_row *setting,
	const struct routing_queued_row *r, int64_t place, bool *mine)
{
	int64_t changed;

	TRY(db_begin(job, DB_WRITE));
	TRY(sql_routing_tell(job,
		&(struct sql_routing_tell){ .workspace = job->workspace,
			.conversation = r->id,
			.queued_ms = r->queued_ms,
			.place = place,
			.now_ms = job->now_ms,
			.not_after_ms = setting->place_again_ms
						? job->now_ms - setting->place_again_ms
						: 0 },
		&changed));
	*mine = changed > 0;
	return db_commit(job);
}

static enum err send(struct job *job, id64 conversation, str text)
{
	struct buf content = buf_in(job->arena, 8 * PLACE_TEXT_MAX);
	struct message_draft draft = { .conversation_id = conversation,
		.kind = KIND_TEXT,
		.priority = PRIORITY_AUTOMATION };
	struct message sent;
	bool repeated;

	json_open(&content, '{');
	json_put(&content, "body", text);
	json_close(&content, '}');
	TRY(json_read(job->arena, buf_text(&content), &draft.content, NULL));
	return inbox_send(job, &draft, &sent, &repeated);
}

static enum err tell(struct job *job, const struct routing_setting_row *setting,
	const struct routing_queued_row *r, int64_t place)
{
	struct conversation conv;
	bool mine;

	TRY(claim(job, setting, r, place, &mine));
	TRY(conversation_get(job, r->id, &conv));
	if (!mine || conv.assignee_id || conv.status != CONVERSATION_OPEN || !conv.queued_ms ||
		!conv.waiting_since_ms || !conversation_window_open(&conv, job->now_ms))
		return OK;
	return send(job, conv.id, text_with(job, setting->place_text, place));
}

enum err routing_tell_places(struct job *job, const struct routing_setting_row *setting)
{
	struct routing_queued_rows rows;
	struct desk desk;
	int64_t *places;

	if (!setting->place_text.len)
		return OK;
	TRY(routing_desk_load(job, &desk));
	TRY(walk(job, &rows));
	places = ARENA_ARRAY(job->arena, int64_t, desk.scope_count + 1);
	for (size_t i = 0; i < rows.count; i++) {
		const struct routing_queued_row *r = &rows.items[i];
		int64_t place = is_waiting(&desk, r) ? next_place(places, &desk, r->team_id) : 0;

		if (place && is_due(job, setting, r, place) &&
			tell(job, setting, r, place) != OK) {
			/* One that cannot be told (a channel disabled, say) holds up nobody. */
			db_rollback(job);
			job_forgive(job);
		}
	}
	return OK;
}
