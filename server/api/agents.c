/* agents.c: /agents: who is there, what they have in hand, and how much they may be given. */
#include "api/handlers.h"
#include "routing/routing.h"

#define AGENT_JSON_MAX (64u << 10)

static void write_bounds(struct buf *out, const struct agent *agent)
{
	json_open_in(out, "channels", '[');
	for (size_t i = 0; i < agent->bound_count; i++) {
		json_open(out, '{');
		json_put_id(out, "channel_id", agent->bounds[i].channel);
		json_put_int(out, "capacity", agent->bounds[i].capacity);
		json_put_int(out, "load", agent->bounds[i].load);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void write_agent(struct buf *out, const char *key, const struct agent *agent)
{
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	json_put_id(out, "id", agent->id);
	json_put(out, "name", agent->name);
	json_put(out, "status", str_of(agent_status_name(agent->status)));
	json_put(out, "chosen_status", str_of(agent_status_name(agent->chosen)));
	json_put(out, "why", agent->why);
	json_put_int(out, "since_ms", agent->status_ms);
	json_put_bool(out, "takes", agent->takes);
	json_put_bool(out, "on_shift", agent->on_shift);
	json_put_int(out, "capacity", agent->capacity);
	if (agent->own_capacity < 0)
		json_put_null(out, "own_capacity");
	else
		json_put_int(out, "own_capacity", agent->own_capacity);
	json_put_int(out, "load", agent->load);
	write_bounds(out, agent);
	json_open_in(out, "team_ids", '[');
	for (size_t i = 0; i < agent->team_count; i++)
		json_put_id(out, NULL, agent->teams[i]);
	json_close(out, ']');
	json_put_raw(out, "shift", agent->shift);
	json_close(out, '}');
}

static enum err reply_agent(struct job *job, struct response *res, id64 person)
{
	struct agent agent;

	TRY(agent_get(job, person, &agent));
	write_agent(reply_json(res, 200), NULL, &agent);
	return OK;
}

enum err agents_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct agents agents;

	(void)req;
	TRY(agent_list(job, &agents));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < agents.count; i++)
		write_agent(out, NULL, &agents.items[i]);
	json_close(out, ']');
	json_put_null(out, "next_cursor");
	json_close(out, '}');
	return OK;
}

enum err agents_get(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	return reply_agent(job, res, id);
}

/* ---- what an administrator sets ---- */

struct agent_body {
	json capacity, channels, shift;
	bool has_shift;
	int takes;
};

static const struct field agent_fields[] = {
	FIELD(struct agent_body, takes, FLAG),
	FIELD(struct agent_body, capacity, JSON),
	FIELD(struct agent_body, channels, JSON),
	FIELD(struct agent_body, shift, JSON, .given_at = offsetof(struct agent_body, has_shift)),
	{ 0 },
};

static int64_t read_capacity(struct job *job, const char *field, json v)
{
	int64_t capacity = json_kind(v) == JSON_INT ? json_int(v, -1) : -1;

	if (capacity < 0 || capacity > AGENT_CAPACITY_MAX)
		field_error(job, str_of(field), S("out_of_range"), S("A number from 0 to 1000."));
	return capacity;
}

static void read_channels(struct job *job, json list, struct agent_patch *out)
{
	out->has_bounds = true;
	if (json_kind(list) != JSON_LIST || json_count(list) > AGENT_BOUNDS_MAX) {
		field_error(job, S("channels"), S("wrong_type"),
			S("A list of at most 50 channels."));
		return;
	}
	for (size_t i = 0; i < json_count(list); i++) {
		struct agent_bound *bound = &out->bounds[out->bound_count++];

		if (!json_id(json_field(json_at(list, i), "channel_id"), &bound->channel))
			field_error(job, S("channels"), S("invalid"),
				S("Each entry has channel_id and capacity."));
		for (size_t k = 0; k + 1 < out->bound_count; k++)
			if (out->bounds[k].channel == bound->channel)
				field_error(job, S("channels"), S("repeated"),
					S("Name each channel once."));
		bound->capacity = read_capacity(job, "channels",
			json_field(json_at(list, i), "capacity"));
	}
}

enum err agents_patch(struct job *job, const struct request *req, struct response *res)
{
	struct agent_body body = { .takes = -1 };
	struct agent_patch *patch = ARENA_NEW(job->arena, struct agent_patch);
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_fields(job, req, agent_fields, &body));
	patch->has_takes = body.takes >= 0;
	patch->takes = body.takes == 1;
	patch->has_capacity = body.capacity != NULL;
	patch->capacity = -1;
	if (body.capacity && json_kind(body.capacity) != JSON_NIL)
		patch->capacity = read_capacity(job, "capacity", body.capacity);
	if (body.channels)
		read_channels(job, body.channels, patch);
	patch->has_shift = body.has_shift;
	patch->shift = json_kind(body.shift) == JSON_NIL ? NULL : body.shift;
	TRY(job_check_fields(job));
	TRY(agent_change(job, id, patch));
	return reply_agent(job, res, id);
}

/* ---- oneself ---- */

static enum err only_people(struct job *job)
{
	return job->actor.kind == ACTOR_PERSON
	               ? OK
	               : fail_code(job, ERR_DENIED, S("people_only"), S("Sign in as a person."),
				       "An API key has no status of its own.");
}

struct own_body { str status; };

static const struct field own_fields[] = {
	FIELD(struct own_body, status, STR, .required = true),
	{ 0 },
};

enum err agents_me_patch(struct job *job, const struct request *req, struct response *res)
{
	enum agent_status status = AGENT_OFFLINE;
	struct own_body body = { 0 };

	TRY(only_people(job));
	TRY(request_fields(job, req, own_fields, &body));
	if (body.status.ptr && !agent_status_parse(body.status, &status))
		field_error(job, S("status"), S("unknown"), S("One of online, away, offline."));
	TRY(job_check_fields(job));
	TRY(agent_choose(job, job->actor.id, status));
	return reply_agent(job, res, job->actor.id);
}

enum err agents_me_activity(struct job *job, const struct request *req, struct response *res)
{
	(void)req;
	TRY(only_people(job));
	TRY(agent_seen(job, job->actor.id));
	return reply_nothing(res);
}

/* ---- history ---- */

static void write_moment(struct buf *out, const struct agent_moment *moment)
{
	json_open(out, '{');
	json_put_id(out, "id", moment->id);
	json_put(out, "status", str_of(agent_status_name(moment->status)));
	json_put_int(out, "at_ms", moment->at_ms);
	json_put(out, "why", moment->why);
	json_close(out, '}');
}

enum err agents_history(struct job *job, const struct request *req, struct response *res)
{
	struct agent_moment before = { .id = INT64_MAX, .at_ms = INT64_MAX }, *moments;
	struct buf *out = reply_json(res, 200);
	struct agent agent;
	struct page page;
	size_t count;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(agent_get(job, id, &agent));
	TRY(page_read(job, req, "agent-history", &page));
	if (page.after.id)
		before = (struct agent_moment){ .id = page.after.id, .at_ms = page.after.ms };
	TRY(agent_history(job, id, &before, page.limit + 1, &moments, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		write_moment(out, &moments[i]);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ moments[page.limit - 1].at_ms,
				moments[page.limit - 1].id }
				   : NULL));
	json_close(out, '}');
	return OK;
}

/* ---- live ---- */

void api_tell_agent(struct job *job, id64 person)
{
	struct buf data = buf_in(job->arena, AGENT_JSON_MAX);
	struct agent agent;

	if (!api_publish)
		return;
	if (agent_get(job, person, &agent) != OK) {
		job_forgive(job);
		return;
	}
	json_open(&data, '{');
	write_agent(&data, "agent", &agent);
	json_close(&data, '}');
	api_tell_event(job, S("agent.updated"), &data);
}
