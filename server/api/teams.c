/* teams.c: /teams: who belongs together, and how their conversations are given out. */
#include "api/handlers.h"
#include "routing/routing.h"

#define TEAM_JSON_MAX (64u << 10)

static void write_team(struct buf *out, const char *key, const struct team *team)
{
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	json_put_id(out, "id", team->id);
	json_put(out, "name", team->name);
	json_put(out, "mode", str_of(routing_mode_name(team->mode)));
	json_put_raw(out, "shift", team->shift);
	json_open_in(out, "member_ids", '[');
	for (size_t i = 0; i < team->member_count; i++)
		json_put_id(out, NULL, team->members[i]);
	json_close(out, ']');
	json_put_int(out, "created_ms", team->created_ms);
	json_close(out, '}');
}

enum err teams_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct teams teams;

	(void)req;
	TRY(team_list(job, &teams));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < teams.count; i++)
		write_team(out, NULL, &teams.items[i]);
	json_close(out, ']');
	json_put_null(out, "next_cursor");
	json_close(out, '}');
	return OK;
}

enum err teams_get(struct job *job, const struct request *req, struct response *res)
{
	struct team team;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(team_get(job, id, &team));
	write_team(reply_json(res, 200), NULL, &team);
	return OK;
}

struct team_body {
	str name, mode;
	json member_ids, shift;
	bool has_shift;
};

#define TEAM_FIELDS(required_)                                                                    \
	FIELD(struct team_body, name, STR, .max = NAME_TEXT_MAX, .required = (required_)),        \
		FIELD(struct team_body, mode, STR), FIELD(struct team_body, member_ids, JSON),    \
		FIELD(struct team_body, shift, JSON,                                              \
			.given_at = offsetof(struct team_body, has_shift)),                       \
		{ 0 }

static const struct field new_team_fields[] = { TEAM_FIELDS(true) };
static const struct field team_fields[] = { TEAM_FIELDS(false) };

static void read_members(struct job *job, json list, struct team_draft *out)
{
	out->has_members = true;
	if (json_kind(list) != JSON_LIST || json_count(list) > TEAM_MEMBERS_MAX) {
		field_error(job, S("member_ids"), S("wrong_type"), S("A list of at most 500 ids."));
		return;
	}
	for (size_t i = 0; i < json_count(list); i++) {
		id64 id;
		bool is_new = true;

		if (!json_id(json_at(list, i), &id)) {
			field_error(job, S("member_ids"), S("invalid"),
				S("Each entry is the id of a person."));
			return;
		}
		for (size_t k = 0; k < out->member_count; k++)
			is_new = is_new && out->members[k] != id;
		if (is_new)
			out->members[out->member_count++] = id;
	}
}

static enum err save(struct job *job, const struct request *req, id64 id, struct team *out)
{
	struct team_draft *draft = ARENA_NEW(job->arena, struct team_draft);
	struct team_body body = { 0 };

	TRY(request_fields(job, req, id ? team_fields : new_team_fields, &body));
	draft->name = body.name.ptr ? str_trim(body.name) : STR_NONE;
	if (body.name.ptr && !draft->name.len)
		field_error(job, S("name"), S("required"), S("Must not be empty."));
	draft->has_mode = body.mode.ptr != NULL;
	if (draft->has_mode && !routing_mode_parse(body.mode, &draft->mode))
		field_error(job, S("mode"), S("unknown"),
			S("One of manual, round_robin, least_busy."));
	if (body.member_ids)
		read_members(job, body.member_ids, draft);
	draft->has_shift = body.has_shift;
	draft->shift = json_kind(body.shift) == JSON_NIL ? NULL : body.shift;
	TRY(job_check_fields(job));
	return team_save(job, id, draft, out);
}

enum err teams_post(struct job *job, const struct request *req, struct response *res)
{
	struct team team;

	TRY(save(job, req, 0, &team));
	write_team(reply_json(res, 201), NULL, &team);
	return OK;
}

enum err teams_patch(struct job *job, const struct request *req, struct response *res)
{
	struct team team;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(save(job, req, id, &team));
	write_team(reply_json(res, 200), NULL, &team);
	return OK;
}

enum err teams_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(team_delete(job, id));
	return reply_nothing(res);
}

/* One that is deleted comes as null. */
void api_tell_team(struct job *job, id64 id)
{
	struct buf data = buf_in(job->arena, TEAM_JSON_MAX);
	struct team team;
	enum err e;

	if (!api_publish)
		return;
	e = team_get(job, id, &team);
	json_open(&data, '{');
	json_put_id(&data, "id", id);
	if (e == OK)
		write_team(&data, "team", &team);
	else
		json_put_null(&data, "team");
	json_close(&data, '}');
	job_forgive(job);
	api_tell_event(job, S("team.updated"), &data);
}
