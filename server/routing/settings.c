/* settings.c: how a workspace routes, and whether it does at all. */
#include "routing/routing_internal.h"

void (*routing_wake_hook)(id64 workspace);
void (*routing_agent_hook)(struct job *job, id64 person);
void (*routing_team_hook)(struct job *job, id64 team);

static const char *const shift_end_names[SHIFT_ENDS] = {
	[SHIFT_KEEP] = "keep",
	[SHIFT_REQUEUE_UNANSWERED] = "requeue_unanswered",
	[SHIFT_REQUEUE_ALL] = "requeue_all",
};

const char *shift_end_name(enum shift_end rule)
{
	return (unsigned)rule < SHIFT_ENDS ? shift_end_names[rule] : shift_end_names[SHIFT_KEEP];
}

bool shift_end_parse(str name, enum shift_end *out)
{
	for (size_t i = 0; i < SHIFT_ENDS; i++) {
		if (str_is(name, str_of(shift_end_names[i]))) {
			*out = (enum shift_end)i;
			return true;
		}
	}
	return false;
}

enum err routing_lock(struct job *job, struct routing_setting_row *out)
{
	TRY(sql_routing_setting_add(job,
		&(struct sql_routing_setting_add){ job->workspace, AGENT_CAPACITY_DEFAULT,
			AWAY_AFTER_DEFAULT_MS, OFFLINE_AFTER_DEFAULT_MS },
		NULL));
	return sql_routing_setting_lock(job,
		&(struct sql_routing_setting_lock){ job->workspace }, out);
}

void routing_wake(struct job *job)
{
	if (routing_wake_hook)
		routing_wake_hook(job->workspace);
}

enum err routing_audit(struct job *job, const char *action, const char *kind, id64 id, str detail)
{
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = kind,
				      .target_id = id,
				      .detail = detail });
}

/* What was open before the first rule is left as it is; what is nobody's still joins the queue. */
enum err routing_note_active(struct job *job)
{
	struct routing_setting_row setting;
	struct routing_wants_row wants;
	bool active;

	TRY(routing_lock(job, &setting));
	TRY(sql_routing_wants(job, &(struct sql_routing_wants){ job->workspace }, &wants));
	active = wants.scopes || wants.rules;
	if (active && !setting.active)
		TRY(sql_routing_skip_old(job,
			&(struct sql_routing_skip_old){ job->workspace, job->now_ms }, NULL));
	return sql_routing_set_active(job,
		&(struct sql_routing_set_active){ job->workspace, active }, NULL);
}

static enum routing_mode mode_of_workspace(const struct routing_scope_rows *scopes)
{
	for (size_t i = 0; i < scopes->count; i++)
		if (scopes->items[i].team_id == 0)
			return (enum routing_mode)scopes->items[i].mode;
	return ROUTING_MANUAL;
}

enum err routing_settings_get(struct job *job, struct routing_settings *out)
{
	struct routing_scope_rows scopes;
	struct routing_setting_row row;
	bool found;

	*out = (struct routing_settings){ .capacity = AGENT_CAPACITY_DEFAULT,
		.away_after_ms = AWAY_AFTER_DEFAULT_MS,
		.offline_after_ms = OFFLINE_AFTER_DEFAULT_MS,
		.place_text = S("") };
	TRY(found_row(job,
		sql_routing_setting_get(job, &(struct sql_routing_setting_get){ job->workspace },
			&row),
		&found));
	TRY(sql_routing_scope_list(job, &(struct sql_routing_scope_list){ job->workspace },
		&scopes));
	out->mode = mode_of_workspace(&scopes);
	if (!found)
		return OK;
	out->capacity = row.capacity;
	out->away_after_ms = row.away_after_ms;
	out->offline_after_ms = row.offline_after_ms;
	out->shift_end = (enum shift_end)row.shift_end;
	out->place_text = row.place_text;
	out->place_again_ms = row.place_again_ms;
	out->reopens_for_all = row.reopen;
	return OK;
}

static str settings_detail(struct job *job, const struct routing_settings *s)
{
	struct buf out = buf_in(job->arena, 1024);

	json_open(&out, '{');
	json_put(&out, "mode", str_of(routing_mode_name(s->mode)));
	json_put_int(&out, "capacity", s->capacity);
	json_put_int(&out, "away_after_ms", s->away_after_ms);
	json_put_int(&out, "offline_after_ms", s->offline_after_ms);
	json_put(&out, "shift_end", str_of(shift_end_name(s->shift_end)));
	json_put_bool(&out, "tells_place", s->place_text.len > 0);
	json_put_bool(&out, "reopens_for_all", s->reopens_for_all);
	json_close(&out, '}');
	return buf_text(&out);
}

static enum err write_settings(struct job *job, const struct routing_settings *s)
{
	struct routing_setting_row before;

	TRY(routing_lock(job, &before));
	TRY(sql_routing_setting_set(job,
		&(struct sql_routing_setting_set){ job->workspace, s->capacity, s->away_after_ms,
			s->offline_after_ms, s->shift_end, s->place_text, s->place_again_ms,
			s->reopens_for_all },
		NULL));
	TRY(sql_routing_scope_set(job,
		&(struct sql_routing_scope_set){ job->workspace, 0, s->mode, STR_NONE }, NULL));
	TRY(routing_note_active(job));
	/* Idleness and being gone are judged by the new times at once. */
	TRY(sql_agent_due_all(job, &(struct sql_agent_due_all){ job->workspace, job->now_ms },
		NULL));
	return routing_audit(job, "routing.change", "workspace", job->workspace,
		settings_detail(job, s));
}

enum err routing_settings_set(struct job *job, const struct routing_settings *settings)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(write_settings(job, settings));
	TRY(db_commit(job));
	routing_wake(job);
	return OK;
}
