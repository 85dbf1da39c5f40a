/*
 * agent.c: members who answer: their status, what they may carry, and when they work.
 *
 * A change of an agent is one transaction: the row is locked, what came in is put into it, and then
 * status and shift are worked out anew from all that it says (settle()). So it does not matter in
 * which order a click, a socket and a timer come.
 */
#include "routing/routing_internal.h"

#include "account/role.h"

enum { DUE_PER_ROUND = 100, TAKEN_PER_ROUND = 100 };
/* on_shift of a row; ending: what they have is being taken back */
enum { OFF_SHIFT, ON_SHIFT, SHIFT_ENDING };

static enum err access_of_row(struct job *job, const struct agent_person_row *row,
	struct access *out)
{
	return access_of(job,
		&(struct access_columns){ row->role, row->role_id, row->role_name,
			row->role_permissions, row->role_sees, row->channels, row->teams },
		out);
}

enum err may_answer(struct job *job, const struct agent_person_row *row, bool *out)
{
	struct access access;

	TRY(access_of_row(job, row, &access));
	*out = access.permissions & PERMIT(MESSAGE_SEND);
	return OK;
}

/* ---- reading ---- */

/* All that is told beside the rows of the agents themselves. */
struct around {
	struct routing_settings settings;
	struct agent_bound_rows bounds;
	struct agent_load_rows loads;
	struct team_member_rows teams;
};

static enum err around_load(struct job *job, struct around *out)
{
	TRY(routing_settings_get(job, &out->settings));
	TRY(sql_agent_capacity_list(job, &(struct sql_agent_capacity_list){ job->workspace },
		&out->bounds));
	TRY(sql_agent_loads(job, &(struct sql_agent_loads){ job->workspace }, &out->loads));
	return sql_team_people(job, &(struct sql_team_people){ job->workspace }, &out->teams);
}

static void take_bounds(struct job *job, const struct around *around, struct agent *out)
{
	out->bounds = ARENA_ARRAY(job->arena, struct agent_bound, AGENT_BOUNDS_MAX);
	for (size_t i = 0; i < around->bounds.count && out->bound_count < AGENT_BOUNDS_MAX; i++)
		if (around->bounds.items[i].person_id == out->id)
			out->bounds[out->bound_count++] = (struct agent_bound){
				.channel = around->bounds.items[i].channel_id,
				.capacity = around->bounds.items[i].capacity };
}

static void take_loads(const struct around *around, struct agent *out)
{
	for (size_t i = 0; i < around->loads.count; i++) {
		const struct agent_load_row *row = &around->loads.items[i];

		if (row->person_id != out->id)
			continue;
		out->load += row->open;
		for (size_t k = 0; k < out->bound_count; k++)
			if (out->bounds[k].channel == row->channel_id)
				out->bounds[k].load += row->open;
	}
}

static void take_teams(struct job *job, const struct around *around, struct agent *out)
{
	size_t count = 0;

	for (size_t i = 0; i < around->teams.count; i++)
		count += around->teams.items[i].person_id == out->id;
	out->teams = ARENA_ARRAY(job->arena, id64, count + 1);
	for (size_t i = 0; i < around->teams.count; i++)
		if (around->teams.items[i].person_id == out->id)
			out->teams[out->team_count++] = around->teams.items[i].team_id;
}

static enum err agent_of_row(struct job *job, const struct agent_person_row *row,
	const struct around *around, struct agent *out)
{
	struct access access;

	TRY(access_of_row(job, row, &access));
	*out = (struct agent){ .id = row->person_id,
		.scope = scope_of(job, row->person_id, &access),
		.name = row->name,
		.status = (enum agent_status)row->status,
		.chosen = (enum agent_status)row->chosen,
		.why = row->why,
		.status_ms = row->status_ms,
		.takes = row->takes,
		.on_shift = row->on_shift == ON_SHIFT,
		.own_capacity = row->capacity,
		.capacity = row->capacity < 0 ? around->settings.capacity : row->capacity,
		.shift = row->shift };
	take_bounds(job, around, out);
	take_loads(around, out);
	take_teams(job, around, out);
	return OK;
}

enum err agent_list(struct job *job, struct agents *out)
{
	struct agent_person_rows rows;
	struct around around;

	TRY(around_load(job, &around));
	TRY(sql_agent_people(job, &(struct sql_agent_people){ job->workspace, 0, AGENTS_MAX },
		&rows));
	*out = (struct agents){ ARENA_ARRAY(job->arena, struct agent, rows.count + 1), 0 };
	for (size_t i = 0; i < rows.count; i++) {
		bool answers;

		TRY(may_answer(job, &rows.items[i], &answers));
		if (answers)
			TRY(agent_of_row(job, &rows.items[i], &around, &out->items[out->count++]));
	}
	return OK;
}

static enum err person_row(struct job *job, id64 person, struct agent_person_row *out)
{
	bool answers;

	TRY(sql_agent_person_one(job, &(struct sql_agent_person_one){ job->workspace, person },
		out));
	TRY(may_answer(job, out, &answers));
	return answers ? OK : fail(job, ERR_MISSING, "this person answers nobody");
}

enum err agent_get(struct job *job, id64 person, struct agent *out)
{
	struct agent_person_row row;
	struct around around;

	TRY(person_row(job, person, &row));
	TRY(around_load(job, &around));
	return agent_of_row(job, &row, &around, out);
}

/* ---- working out ---- */

/* The shift in force: one's own, or else those of one's teams, any of which will do. */
static enum err find_shift(struct job *job, const struct agent_row *row, struct shift_state *out)
{
	struct routing_scope_rows scopes;
	struct team_member_rows teams;
	struct shift shift;
	bool any = false;

	*out = (struct shift_state){ .on = true };
	if (shift_parse(job->arena, row->shift, &shift)) {
		*out = shift_at(&shift, job->now_ms);
		return OK;
	}
	TRY(sql_routing_scope_list(job, &(struct sql_routing_scope_list){ job->workspace },
		&scopes));
	TRY(sql_team_people(job, &(struct sql_team_people){ job->workspace }, &teams));
	for (size_t i = 0; i < scopes.count; i++) {
		struct shift_state state;
		bool is_in = false;

		for (size_t k = 0; k < teams.count && !is_in; k++)
			is_in = teams.items[k].person_id == row->person_id &&
				teams.items[k].team_id == scopes.items[i].team_id;
		if (!is_in || !shift_parse(job->arena, scopes.items[i].shift, &shift))
			continue;
		state = shift_at(&shift, job->now_ms);
		out->on = any ? out->on || state.on : state.on;
		if (!out->until_ms || (state.until_ms && state.until_ms < out->until_ms))
			out->until_ms = state.until_ms;
		any = true;
	}
	return OK;
}

/* Status, shift and the next look at them, from what the row says. */
static enum err settle(struct job *job, struct agent_row *row, str cause, bool takes_back)
{
	struct routing_setting_row setting;
	struct presence_limits limits;
	struct presence_state state;
	struct shift_state shift;

	TRY(routing_lock(job, &setting));
	limits = (struct presence_limits){ setting.away_after_ms, setting.offline_after_ms };
	state = presence_at(&(struct presence){ (enum agent_status)row->chosen, row->connected,
				    row->gone_ms, row->active_ms },
		&limits, job->now_ms);
	if ((int64_t)state.status != row->status) {
		row->status = state.status;
		row->why = state.why ? str_of(state.why) : cause;
		row->status_ms = job->now_ms;
	}
	TRY(find_shift(job, row, &shift));
	if (shift.on)
		row->on_shift = ON_SHIFT;
	else if (row->on_shift == ON_SHIFT)
		row->on_shift = setting.shift_end == SHIFT_KEEP ? OFF_SHIFT : SHIFT_ENDING;
	else if (takes_back)
		row->on_shift = OFF_SHIFT;
	row->due_ms = state.due_ms;
	if (shift.until_ms && (!row->due_ms || shift.until_ms < row->due_ms))
		row->due_ms = shift.until_ms;
	if (row->on_shift == SHIFT_ENDING)
		row->due_ms = job->now_ms;
	return OK;
}

static enum err write_row(struct job *job, const struct agent_row *row)
{
	return sql_agent_set(job,
		&(struct sql_agent_set){ .workspace = job->workspace,
			.person = row->person_id,
			.chosen = row->chosen,
			.status = row->status,
			.why = row->why,
			.status_ms = row->status_ms,
			.connected = row->connected,
			.gone_ms = row->gone_ms,
			.active_ms = row->active_ms,
			.capacity = row->capacity,
			.takes = row->takes,
			.shift = row->shift,
			.on_shift = row->on_shift,
			.due_ms = row->due_ms },
		NULL);
}

/* ---- changing ---- */

enum what { CHOOSE, SEEN, CONNECT, DISCONNECT, CHECK, TAKEN_BACK, PATCH };

/* One thing that happens to an agent. */
struct happening {
	enum what what;
	enum agent_status chosen;
	const struct agent_patch *patch;
	str cause; /* why somebody is online */
};

static void take(struct job *job, const struct happening *h, struct agent_row *row)
{
	switch (h->what) {
	case CHOOSE:
		row->chosen = h->chosen;
		row->active_ms = job->now_ms;
		break;
	case SEEN:
		row->active_ms = job->now_ms;
		break;
	case CONNECT:
		row->connected = 1;
		row->active_ms = job->now_ms;
		break;
	case DISCONNECT:
		row->connected = 0;
		row->gone_ms = job->now_ms;
		break;
	case PATCH:
		if (h->patch->has_capacity)
			row->capacity = h->patch->capacity;
		if (h->patch->has_takes)
			row->takes = h->patch->takes;
		if (h->patch->has_shift)
			row->shift = shift_text(job, h->patch->shift);
		break;
	case CHECK:
	case TAKEN_BACK:
		break;
	}
}

static enum err write_bounds(struct job *job, id64 person, const struct agent_patch *patch)
{
	TRY(sql_agent_capacity_clear(job,
		&(struct sql_agent_capacity_clear){ job->workspace, person }, NULL));
	for (size_t i = 0; i < patch->bound_count; i++) {
		int64_t added;

		TRY(sql_agent_capacity_add(job,
			&(struct sql_agent_capacity_add){ job->workspace, person,
				patch->bounds[i].channel, patch->bounds[i].capacity },
			&added));
		if (!added)
			field_error(job, S("channels"), S("unknown"),
				S("There is no channel with this id."));
	}
	return job_check_fields(job);
}

static str change_detail(struct job *job, const struct agent_row *row)
{
	struct buf out = buf_in(job->arena, 4096);

	json_open(&out, '{');
	json_put(&out, "chosen", str_of(agent_status_name((enum agent_status)row->chosen)));
	if (row->capacity >= 0)
		json_put_int(&out, "capacity", row->capacity);
	json_put_bool(&out, "takes", row->takes);
	json_put_raw(&out, "shift", row->shift);
	json_close(&out, '}');
	return buf_text(&out);
}

static enum err write_change(struct job *job, const struct happening *h,
	const struct agent_row *was, const struct agent_row *is)
{
	if (h->what == PATCH && h->patch->has_bounds)
		TRY(write_bounds(job, is->person_id, h->patch));
	if (was->status != is->status)
		TRY(sql_agent_status_add(job,
			&(struct sql_agent_status_add){ job_id(job), job->workspace,
				is->person_id, is->status, job->now_ms, is->why },
			NULL));
	TRY(write_row(job, is));
	if (h->what == PATCH || (h->what == CHOOSE && was->chosen != is->chosen))
		TRY(routing_audit(job, "agent.change", "person", is->person_id,
			change_detail(job, is)));
	return OK;
}

static bool is_shown_otherwise(const struct happening *h, const struct agent_row *was,
	const struct agent_row *is)
{
	return h->what == PATCH || was->status != is->status || was->chosen != is->chosen ||
	       was->on_shift != is->on_shift;
}

/* The whole life of one change; *ending: their shift is over, and what they have is to be taken
 * back. */
static enum err happen(struct job *job, id64 person, const struct happening *h, bool *ending)
{
	struct agent_row was, is;

	TRY(db_begin(job, DB_WRITE));
	TRY(sql_agent_lock(job, &(struct sql_agent_lock){ job->workspace, person, job->now_ms },
		&was));
	is = was;
	take(job, h, &is);
	TRY(settle(job, &is, h->cause, h->what == TAKEN_BACK));
	TRY(write_change(job, h, &was, &is));
	TRY(db_commit(job));
	*ending = is.on_shift == SHIFT_ENDING;
	if (!is_shown_otherwise(h, &was, &is))
		return OK;
	if (routing_agent_hook)
		routing_agent_hook(job, person);
	routing_wake(job);
	return OK;
}

/* ---- the end of a shift ---- */

static enum err let_go(struct job *job, id64 person, const struct routing_id_rows *rows,
	struct inbox_changes *changes)
{
	const struct conversation_patch patch = { .has_assignee = true,
		.reason = S("end of shift") };
	struct conversation *locked = ARENA_ARRAY(job->arena, struct conversation, rows->count + 1);
	struct conversation after;

	/* All rows first, in order: who holds one and waits for the audit trail holds nobody up. */
	for (size_t i = 0; i < rows->count; i++)
		TRY(conversation_lock(job, rows->items[i].id, &locked[i]));
	for (size_t i = 0; i < rows->count; i++)
		if (locked[i].assignee_id == person && locked[i].status == CONVERSATION_OPEN)
			TRY(conversation_update(job, locked[i].id, &patch, changes, &after));
	return OK;
}

static enum err take_back(struct job *job, id64 person)
{
	struct routing_settings settings;
	struct routing_id_rows rows;
	id64 after = 0;

	TRY(routing_settings_get(job, &settings));
	do {
		struct inbox_changes changes = { 0 };

		TRY(db_begin(job, DB_WRITE));
		TRY(sql_agent_taken_back(job,
			&(struct sql_agent_taken_back){ job->workspace, person,
				settings.shift_end == SHIFT_REQUEUE_UNANSWERED, after,
				TAKEN_PER_ROUND },
			&rows));
		TRY(let_go(job, person, &rows, &changes));
		TRY(db_commit(job));
		inbox_tell(job, &changes);
		after = rows.count ? rows.items[rows.count - 1].id : 0;
	} while (rows.count == TAKEN_PER_ROUND);
	return OK;
}

static enum err change(struct job *job, id64 person, const struct happening *h)
{
	bool ending;

	TRY(happen(job, person, h, &ending));
	if (!ending)
		return OK;
	TRY(take_back(job, person));
	return happen(job, person,
		&(struct happening){ .what = TAKEN_BACK, .cause = S("activity") }, &ending);
}

/* ---- what may happen ---- */

enum err agent_choose(struct job *job, id64 person, enum agent_status status)
{
	struct agent_person_row row;

	TRY(person_row(job, person, &row));
	return change(job, person,
		&(struct happening){ .what = CHOOSE, .chosen = status, .cause = S("hand") });
}

enum err agent_seen(struct job *job, id64 person)
{
	struct agent_person_row row;

	TRY(person_row(job, person, &row));
	if (row.status == row.chosen && row.active_ms > job->now_ms - PRESENCE_BEAT_MS / 4)
		return OK;
	return change(job, person, &(struct happening){ .what = SEEN, .cause = S("activity") });
}

enum err agent_connected(struct job *job, id64 person, bool connected)
{
	struct agent_person_row row;
	bool found;

	TRY(found_row(job, person_row(job, person, &row), &found));
	if (!found)
		return OK;
	return change(job, person, &(struct happening){ .what = connected ? CONNECT : DISCONNECT,
					   .cause = S("connect") });
}

enum err agent_change(struct job *job, id64 person, const struct agent_patch *patch)
{
	struct agent_person_row row;
	struct shift shift;

	TRY(person_row(job, person, &row));
	if (patch->has_shift && patch->shift)
		shift_read(job, patch->shift, &shift);
	TRY(job_check_fields(job));
	return change(job, person,
		&(struct happening){ .what = PATCH, .patch = patch, .cause = S("activity") });
}

enum err agent_check_due(struct job *job, bool *more)
{
	struct agent_key_rows rows;
	id64 own = job->workspace;

	TRY(sql_agent_due(job, &(struct sql_agent_due){ job->now_ms, DUE_PER_ROUND }, &rows));
	for (size_t i = 0; i < rows.count; i++) {
		job->workspace = rows.items[i].workspace_id;
		TRY(change(job, rows.items[i].person_id,
			&(struct happening){ .what = CHECK, .cause = S("activity") }));
	}
	job->workspace = own;
	*more = rows.count == DUE_PER_ROUND;
	return OK;
}

enum err agent_start(struct job *job)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_agent_gone_all(job, &(struct sql_agent_gone_all){ job->now_ms }, NULL));
	return db_commit(job);
}

enum err agent_history(struct job *job, id64 person, const struct agent_moment *before, size_t max,
	struct agent_moment **out, size_t *count)
{
	struct agent_status_rows rows;

	TRY(sql_agent_status_list(job,
		&(struct sql_agent_status_list){ job->workspace, person, before->at_ms, before->id,
			(int64_t)max },
		&rows));
	*out = ARENA_ARRAY(job->arena, struct agent_moment, rows.count + 1);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		(*out)[i] = (struct agent_moment){ rows.items[i].id,
			(enum agent_status)rows.items[i].status, rows.items[i].at_ms,
			rows.items[i].why };
	return OK;
}

/* ---- the desk ---- */

/* Nobody is given what they would not see if it were another's: teams are sifted here, channels by
 * the desk. */
static bool sees_team(const struct agent *agent, id64 team)
{
	if (!agent->scope || !agent->scope->team_count)
		return true;
	for (size_t i = 0; i < agent->scope->team_count; i++)
		if (agent->scope->teams[i] == team)
			return true;
	return false;
}

static void take_seats(struct job *job, const struct agent *agent, struct desk_agent *out)
{
	out->seats = ARENA_ARRAY(job->arena, struct desk_seat, agent->team_count + 1);
	if (sees_team(agent, 0))
		out->seat_count++;
	for (size_t i = 0; i < agent->team_count; i++)
		if (sees_team(agent, agent->teams[i]))
			out->seats[out->seat_count++].team = agent->teams[i];
}

static struct desk_agent desk_agent_of(struct job *job, const struct agent *agent)
{
	struct desk_agent out = { .id = agent->id,
		.takes = agent->takes && agent->on_shift && agent->status == AGENT_ONLINE,
		.capacity = agent->capacity,
		.load = agent->load,
		.bounds = ARENA_ARRAY(job->arena, struct desk_bound, agent->bound_count + 1),
		.bound_count = agent->bound_count };

	for (size_t i = 0; i < agent->bound_count; i++)
		out.bounds[i] = (struct desk_bound){ agent->bounds[i].channel,
			agent->bounds[i].capacity, agent->bounds[i].load };
	if (agent->scope) {
		out.channels = agent->scope->channels;
		out.channel_count = agent->scope->channel_count;
	}
	take_seats(job, agent, &out);
	return out;
}

static void take_turns(struct desk *desk, const struct routing_seat_rows *turns)
{
	for (size_t i = 0; i < turns->count; i++)
		for (size_t a = 0; a < desk->agent_count; a++)
			for (size_t s = 0; desk->agents[a].id == turns->items[i].person_id &&
					   s < desk->agents[a].seat_count;
				s++)
				if (desk->agents[a].seats[s].team == turns->items[i].team_id)
					desk->agents[a].seats[s].turn = turns->items[i].turn;
}

enum err routing_desk_load(struct job *job, struct desk *out)
{
	struct routing_scope_rows scopes;
	struct routing_seat_rows turns;
	struct agents agents;

	TRY(agent_list(job, &agents));
	TRY(sql_routing_scope_list(job, &(struct sql_routing_scope_list){ job->workspace },
		&scopes));
	TRY(sql_routing_seat_list(job, &(struct sql_routing_seat_list){ job->workspace }, &turns));
	*out = (struct desk){ .agents =
				      ARENA_ARRAY(job->arena, struct desk_agent, agents.count + 1),
		.agent_count = agents.count,
		.scopes = ARENA_ARRAY(job->arena, struct desk_scope, scopes.count + 1),
		.scope_count = scopes.count };
	for (size_t i = 0; i < agents.count; i++)
		out->agents[i] = desk_agent_of(job, &agents.items[i]);
	for (size_t i = 0; i < scopes.count; i++)
		out->scopes[i] = (struct desk_scope){ scopes.items[i].team_id,
			(enum routing_mode)scopes.items[i].mode, scopes.items[i].turn };
	take_turns(out, &turns);
	return OK;
}
