/*
 * people.c: /people.
 *
 * Whoever manages people sees who is locked out; what a disabled person had open is kept, or handed
 * over in the same call.
 */
#include "api/handlers.h"
#include "inbox/inbox.h"

#define HAND_OVER_BATCH 50

/* ---- shapes ---- */

void scope_ids_write_json(struct job *job, struct buf *out, const char *key, str list)
{
	const id64 *ids;
	size_t count = scope_ids(job, list, &ids);

	json_open_in(out, key, '[');
	for (size_t i = 0; i < count; i++)
		json_put_id(out, NULL, ids[i]);
	json_close(out, ']');
}

str scope_ids_read(struct job *job, const char *field, json list)
{
	struct buf out = buf_in(job->arena, 24 * SCOPE_IDS_MAX + 8);
	size_t count = json_kind(list) == JSON_LIST ? json_count(list) : 0;

	if (!list)
		return STR_NONE;
	if (json_kind(list) != JSON_LIST || count > SCOPE_IDS_MAX)
		field_error(job, str_of(field), S("wrong_type"),
			S("Must be a list of at most 100 ids; an empty one means all."));
	for (size_t i = 0; i < count && i < SCOPE_IDS_MAX; i++) {
		id64 id = 0;

		if (!json_id(json_at(list, i), &id))
			field_error(job, arena_printf(job->arena, "%s.%zu", field, i), S("invalid"),
				S("Must be an id: a text of digits."));
		buf_printf(&out, "%c%lld", i ? ',' : '[', (long long)id);
	}
	if (!count)
		return S("");
	buf_byte(&out, ']');
	return buf_text(&out);
}

void access_write_json(struct job *job, struct buf *out, const struct access *access)
{
	json_put(out, "role", access_role_word(job, access));
	json_put(out, "role_name", access->role_name);
	json_put(out, "sees", str_of(scope_sees_name(access->sees)));
	scope_ids_write_json(job, out, "channels", access->channels);
	scope_ids_write_json(job, out, "teams", access->teams);
}

/* Into an open object. */
static void write_person(struct job *job, struct buf *out, const struct person *person)
{
	json_put_id(out, "id", person->id);
	json_put(out, "email", person->email);
	json_put(out, "name", person->name);
	access_write_json(job, out, &person->access);
	json_put(out, "locale", person->locale);
	json_put(out, "time_zone", person->time_zone);
	json_put_bool(out, "disabled", person->disabled);
	json_put_bool(out, "second_factor", person->has_second_factor);
	json_put_ms(out, "last_seen_ms", person->seen_ms);
	json_put_int(out, "created_ms", person->created_ms);
}

void person_write_json(struct job *job, struct buf *out, const char *key,
	const struct person *person)
{
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	write_person(job, out, person);
	json_close(out, '}');
}

/* ---- the list ---- */

struct locked { struct lockout *items; size_t count; };

/* Only for those who can release them. */
static enum err load_locked(struct job *job, struct locked *out)
{
	*out = (struct locked){ 0 };
	if (job->actor.permissions & PERMIT(PERSON_MANAGE))
		TRY(lockout_list(job, &out->items, &out->count));
	return OK;
}

static int64_t locked_until(const struct locked *locked, id64 person)
{
	for (size_t i = 0; i < locked->count; i++)
		if (locked->items[i].person == person)
			return locked->items[i].until_ms;
	return 0;
}

enum err people_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct person *people;
	struct locked locked;
	struct page page;
	size_t count;

	TRY(load_locked(job, &locked));
	TRY(page_read(job, req, "people", &page));
	TRY(person_list(job, page.after.id, page.limit + 1, &people, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++) {
		json_open(out, '{');
		write_person(job, out, &people[i]);
		json_put_ms(out, "locked_until_ms", locked_until(&locked, people[i].id));
		json_close(out, '}');
	}
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = people[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

/* ---- making and changing one ---- */

struct person_asked {
	struct person_draft draft;
	json channels, teams;
	bool hands_over;
	struct hand_over { id64 assignee_id, team_id; } hand_over;
};

static void read_scope(struct job *job, struct person_asked *asked)
{
	asked->draft.channels = scope_ids_read(job, "channels", asked->channels);
	asked->draft.teams = scope_ids_read(job, "teams", asked->teams);
}

static const struct field person_fields[] = {
	NAMED_FIELD(struct person_asked, "email", draft.email, STR, .required = true),
	NAMED_FIELD(struct person_asked, "name", draft.name, STR, .required = true),
	NAMED_FIELD(struct person_asked, "role", draft.role, STR, .required = true),
	NAMED_FIELD(struct person_asked, "password", draft.password, STR, .required = true),
	FIELD(struct person_asked, channels, JSON),
	FIELD(struct person_asked, teams, JSON),
	{ 0 },
};

enum err people_post(struct job *job, const struct request *req, struct response *res)
{
	struct person_asked asked = { .draft.disabled = -1 };
	struct person person;

	TRY(request_fields(job, req, person_fields, &asked));
	read_scope(job, &asked);
	TRY(person_create(job, &asked.draft, &person));
	person_write_json(job, reply_json(res, 201), NULL, &person);
	return OK;
}

static const struct field hand_over_fields[] = {
	NAMED_FIELD(struct person_asked, "assignee_id", hand_over.assignee_id, ID,
		.nullable = true),
	NAMED_FIELD(struct person_asked, "team_id", hand_over.team_id, ID, .nullable = true),
	{ 0 },
};

static const struct field person_patch_fields[] = {
	NAMED_FIELD(struct person_asked, "name", draft.name, STR),
	NAMED_FIELD(struct person_asked, "role", draft.role, STR),
	NAMED_FIELD(struct person_asked, "disabled", draft.disabled, FLAG),
	FIELD(struct person_asked, channels, JSON),
	FIELD(struct person_asked, teams, JSON),
	{ .name = "hand_over",
		.kind = FIELD_MAP,
		.given_at = offsetof(struct person_asked, hands_over),
		.fields = hand_over_fields },
	{ 0 },
};

/* In handfuls, so that nobody waits long for a turn. One that cannot be moved stops it: whoever
 * asked sees the error, and asks again for the rest. */
static enum err hand_over(struct job *job, id64 person, const struct hand_over *to)
{
	const struct conversation_patch patch = { .has_assignee = true,
		.has_team = to->team_id != 0,
		.assignee_id = to->assignee_id,
		.team_id = to->team_id,
		.reason = S("handed over") };
	size_t moved = HAND_OVER_BATCH;

	while (moved == HAND_OVER_BATCH)
		TRY(conversation_hand_over(job, person, &patch, HAND_OVER_BATCH, &moved));
	return OK;
}

static enum err check_hand_over(struct job *job, id64 person, const struct person_asked *asked)
{
	if (asked->hands_over && asked->hand_over.assignee_id == person)
		field_error(job, S("hand_over.assignee_id"), S("invalid"),
			S("Choose somebody else."));
	return job_check_fields(job);
}

enum err people_patch(struct job *job, const struct request *req, struct response *res)
{
	struct person_asked asked = { .draft.disabled = -1 };
	struct person person;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_fields(job, req, person_patch_fields, &asked));
	read_scope(job, &asked);
	TRY(check_hand_over(job, id, &asked));
	TRY(person_change(job, id, &asked.draft, &person));
	if (asked.draft.disabled == 1)
		api_check_listeners();
	if (asked.draft.role.ptr || asked.draft.channels.ptr || asked.draft.teams.ptr)
		api_tell_access(job);
	if (asked.hands_over)
		TRY(hand_over(job, id, &asked.hand_over));
	person_write_json(job, reply_json(res, 200), NULL, &person);
	return OK;
}
