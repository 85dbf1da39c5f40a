/* conversation_filter.c: see conversation_filter.h. */
#include "api/conversation_filter.h"

#include "api/message_json.h"
#include "base/json.h"

static const char *const views[] = { "all", "mine", "unassigned" };
static const char *const statuses[] = { "open", "waiting", "resolved", "snoozed", "archived",
	"all" };
static const char *const priorities[] = { "none", "low", "medium", "high", "urgent" };
static const char *const sorts[] = { "newest", "oldest", "waiting", "priority" };
static const char *const flags[] = { "false", "true" };
static const char *const names[] = { "view", "status", "sort", "channel_id", "assignee_id",
	"team_id", "label_id", "priority", "unread", "query", "from_ms", "until_ms",
	"waiting_ms" };

static str get(struct job *job, const struct filter_source *from, const char *name)
{
	json v;

	if (from->req)
		return request_query(job->arena, from->req, name);
	v = json_field(from->map, name);
	if (v && !json_text(v).ptr)
		field_error(job, str_of(name), S("wrong_type"), S("Must be a text."));
	return json_text(v);
}

static int word(struct job *job, const struct filter_source *from, const char *name,
	const char *const *words, size_t count)
{
	str text = get(job, from, name);
	struct buf all = buf_in(job->arena, 1000);

	for (size_t i = 0; text.len && i < count; i++) {
		if (str_is(text, str_of(words[i])))
			return (int)i;
		buf_printf(&all, "%s%s", i ? ", " : "One of ", words[i]);
	}
	if (text.len)
		field_error(job, str_of(name), S("invalid"), buf_text(&all));
	return -1;
}

#define WORD(name, words) word(job, from, name, words, COUNT_OF(words))

static int64_t number(struct job *job, const struct filter_source *from, const char *name)
{
	str text = get(job, from, name);
	int64_t value = 0;

	if (text.len && (!str_to_i64(text, &value) || value < 0))
		field_error(job, str_of(name), S("invalid"), S("Must be a number."));
	return value;
}

static id64 id_of(struct job *job, const struct filter_source *from, const char *name)
{
	str text = get(job, from, name);
	id64 id = 0;

	if (text.len && !id64_parse(text, &id))
		field_error(job, str_of(name), S("invalid"), S("Must be an id: digits."));
	return id;
}

/* Somebody's, or nobody's. */
static id64 id_or_none(struct job *job, const struct filter_source *from, const char *name)
{
	return str_is(get(job, from, name), S("none")) ? FILTER_NONE : id_of(job, from, name);
}

/* The archived are out of the lists, and found. */
static int status_of(struct job *job, const struct filter_source *from, str query)
{
	int status = WORD("status", statuses);

	if (status < CONVERSATION_STATUSES)
		return status < 0 ? CONVERSATION_OPEN : status;
	return query.len ? STATUS_EVERY : STATUS_ALL;
}

static enum err check_query(struct job *job, str query)
{
	if (query.len && !may_read_contacts(job))
		return fail_code(job, ERR_DENIED, S("not_allowed"),
			S("Leave out the query, or ask an admin of the workspace."),
			"To look for people needs the permission contact.read.");
	if (str_count_points(query) > SEARCH_QUERY_MAX)
		field_error(job, S("query"), S("too_long"), S("At most 200 characters."));
	return OK;
}

enum err filter_read(struct job *job, const struct filter_source *from,
	struct conversation_filter *out)
{
	str query = str_trim(get(job, from, "query"));
	int view = WORD("view", views), sort = WORD("sort", sorts),
	    priority = WORD("priority", priorities);

	*out = (struct conversation_filter){
		.view = view < 0 ? VIEW_ALL : (enum conversation_view)view,
		.sort = sort < 0 ? SORT_NEWEST : (enum conversation_sort)sort,
		.status = status_of(job, from, query),
		.mine = job->actor.id,
		.channel_id = id_of(job, from, "channel_id"),
		.assignee_id = id_or_none(job, from, "assignee_id"),
		.team_id = id_or_none(job, from, "team_id"),
		.label_id = id_of(job, from, "label_id"),
		.has_priority = priority >= 0,
		.priority = priority < 0 ? PRIORITY_NONE : (enum conversation_priority)priority,
		.unread_only = WORD("unread", flags) == 1,
		.query = query,
		.from_ms = number(job, from, "from_ms"),
		.until_ms = number(job, from, "until_ms"),
		.waiting_ms = number(job, from, "waiting_ms"),
	};
	TRY(check_query(job, query));
	return job_check_fields(job);
}

static bool is_known(str name)
{
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (str_is(name, str_of(names[i])))
			return true;
	return false;
}

void filter_check_names(struct job *job, json map)
{
	for (void *at = json_first(map); at; at = json_next(map, at))
		if (!is_known(json_member_name(at)))
			field_error(job, arena_printf(job->arena, "filter." STR_F,
					STR_A(json_member_name(at))),
				S("unknown_field"), S("The list has no such filter."));
}
