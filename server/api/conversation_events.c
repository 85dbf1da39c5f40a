/* conversation_events.c: /conversations/{id}/events: what happened to one, beside what was said. */
#include "api/handlers.h"
#include "api/message_json.h"

enum { EVENTS_MAX = 200, NAMES_MAX = 100 };

/* Ids of people, keys and teams that the events of a page name, and their names. */
struct naming {
	id64 people[3 * EVENTS_MAX], keys[EVENTS_MAX], teams[2 * EVENTS_MAX];
	size_t people_count, key_count, team_count;
	struct person_name_rows people_rows, key_rows;
	struct team_name_rows team_rows;
};

struct event { const struct conversation_event_row *row; json detail; };

static bool is_kind(const struct event *event, const char *kind)
{
	return str_is(event->row->kind, str_of(kind));
}

static void add_sides(const struct event *event, id64 *ids, size_t *count)
{
	*count += json_id(json_field(event->detail, "before"), &ids[*count]);
	*count += json_id(json_field(event->detail, "after"), &ids[*count]);
}

static void collect(const struct event *event, struct naming *n)
{
	if (event->row->actor_kind == ACTOR_PERSON)
		n->people[n->people_count++] = event->row->actor_id;
	if (event->row->actor_kind == ACTOR_API_KEY)
		n->keys[n->key_count++] = event->row->actor_id;
	if (is_kind(event, "assigned"))
		add_sides(event, n->people, &n->people_count);
	if (is_kind(event, "team"))
		add_sides(event, n->teams, &n->team_count);
}

/* "[1,2]", each once: no statement is asked for more names than it answers. */
static str unique_ids(struct job *job, const id64 *ids, size_t count)
{
	struct buf out = buf_in(job->arena, NAMES_MAX * (ID64_TEXT_MAX + 1) + 2);
	size_t used = 0;

	json_open(&out, '[');
	for (size_t i = 0; i < count && used < NAMES_MAX; i++) {
		bool seen = false;

		for (size_t k = 0; k < i; k++)
			seen |= ids[k] == ids[i];
		if (!seen && ++used)
			json_put_int(&out, NULL, ids[i]);
	}
	json_close(&out, ']');
	return used ? buf_text(&out) : S("");
}

static enum err load_names(struct job *job, struct naming *n)
{
	id64 workspace = job->workspace;
	str people = unique_ids(job, n->people, n->people_count),
	    keys = unique_ids(job, n->keys, n->key_count),
	    teams = unique_ids(job, n->teams, n->team_count);

	if (people.len)
		TRY(sql_conversation_people(job,
			&(struct sql_conversation_people){ people, workspace }, &n->people_rows));
	if (keys.len)
		TRY(sql_conversation_keys(job, &(struct sql_conversation_keys){ keys, workspace },
			&n->key_rows));
	return teams.len ? sql_conversation_teams(job,
		&(struct sql_conversation_teams){ teams, workspace }, &n->team_rows) : OK;
}

static str person_name(const struct person_name_rows *rows, id64 id)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].id == id)
			return rows->items[i].name;
	return STR_NONE;
}

static str team_name(const struct naming *n, id64 id)
{
	for (size_t i = 0; i < n->team_rows.count; i++)
		if (n->team_rows.items[i].id == id)
			return n->team_rows.items[i].name;
	return STR_NONE;
}

/* A side of the change as people read it: the name of who or what it is, else the word itself. */
static void write_side(struct buf *out, const char *key, const struct event *event,
	const struct naming *n)
{
	json v = json_field(event->detail, str_is(str_of(key), S("from")) ? "before" : "after");
	str text = json_text(v);
	id64 id;

	if (json_id(v, &id) && is_kind(event, "assigned"))
		text = person_name(&n->people_rows, id);
	else if (json_id(v, &id) && is_kind(event, "team"))
		text = team_name(n, id);
	if (text.ptr)
		json_put(out, key, text);
	else
		json_put_null(out, key);
}

static void write_actor(struct buf *out, const struct conversation_event_row *row,
	const struct naming *n)
{
	static const char *const kinds[] = { "system", "person", "api_key", "contact",
		"automation", "phone" };
	str name = row->actor_kind == ACTOR_PERSON    ? person_name(&n->people_rows, row->actor_id)
		   : row->actor_kind == ACTOR_API_KEY ? person_name(&n->key_rows, row->actor_id)
						      : STR_NONE;

	json_open_in(out, "actor", '{');
	json_put(out, "kind", str_of(kinds[row->actor_kind]));
	json_put_id(out, "id", row->actor_id);
	json_put(out, "name", name.ptr ? name : S(""));
	json_close(out, '}');
}

static void write_event(struct buf *out, const struct event *event, const struct naming *n)
{
	json_open(out, '{');
	json_put_id(out, "id", event->row->id);
	json_put_int(out, "at_ms", id64_ms(event->row->id));
	json_put(out, "kind", event->row->kind);
	write_actor(out, event->row, n);
	write_side(out, "from", event, n);
	write_side(out, "to", event, n);
	json_put_raw(out, "detail", event->row->detail);
	json_close(out, '}');
}

static enum err write_events(struct job *job, struct buf *out,
	const struct conversation_event_rows *rows)
{
	struct event *events = ARENA_ARRAY(job->arena, struct event, rows->count + 1);
	struct naming *n = ARENA_NEW(job->arena, struct naming);
	size_t count = rows->count < EVENTS_MAX ? rows->count : EVENTS_MAX;

	for (size_t i = 0; i < count; i++) {
		events[i].row = &rows->items[i];
		TRY(json_read(job->arena, rows->items[i].detail, &events[i].detail, &job->why));
		collect(&events[i], n);
	}
	TRY(load_names(job, n));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = count; i-- > 0;)
		write_event(out, &events[i], n);
	json_close(out, ']');
	json_put_bool(out, "has_before", rows->count > EVENTS_MAX);
	json_close(out, '}');
	return OK;
}

enum err conversations_events(struct job *job, const struct request *req, struct response *res)
{
	id64 id, after = request_query_id(job, req, "after"),
		 before = request_query_id(job, req, "before");
	struct conversation_event_rows rows;
	struct conversation conv;

	TRY(request_id(job, req, 0, &id));
	TRY(job_check_fields(job));
	TRY(conversation_get(job, id, &conv));
	TRY(sql_conversation_event_between(job,
		&(struct sql_conversation_event_between){ .conversation = conv.id,
			.workspace = job->workspace,
			.after = after,
			.before = before ? before : INT64_MAX,
			.max = EVENTS_MAX + 1 },
		&rows));
	return write_events(job, reply_json(res, 200), &rows);
}
