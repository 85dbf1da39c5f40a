/* reports.c: /reports, /business-hours and /sla-policies: what supervisors look at, and promise. */
#include "api/handlers.h"
#include "api/message_json.h"
#include "report/report.h"

enum { DAYS_DEFAULT = 7 };
#define DAY_MS (24 * 3600 * 1000LL)

static int64_t query_number(struct job *job, const struct request *req, const char *name,
	int64_t otherwise)
{
	str text = request_query(job->arena, req, name);
	int64_t value = otherwise;

	if (text.len && (!str_to_i64(text, &value) || value < 0))
		field_error(job, str_of(name), S("invalid"), S("Must be a number."));
	return value;
}

/* ---- the board ---- */

static void write_due(struct buf *out, const struct sla_due *due, int64_t now_ms)
{
	if (!due->policy) {
		json_put_null(out, "due");
		return;
	}
	json_open_in(out, "due", '{');
	json_put(out, "promise", str_of(sla_kind_name(due->kind)));
	json_put_int(out, "due_ms", due->due_ms);
	json_put_bool(out, "broken", due->due_ms <= now_ms);
	json_close(out, '}');
}

/* A view holds a bounded number, so the cards go in handfuls. */
static enum err write_cards(struct job *job, struct buf *out, const struct board *board)
{
	json_open_in(out, "cards", '[');
	for (size_t at = 0; at < board->card_count;) {
		struct view_ask ask = { .last_messages = may_read_messages(job),
			.hides_contacts = !may_read_contacts(job) };
		struct view view;
		size_t count = board->card_count - at;

		count = count < VIEW_ITEMS_MAX ? count : VIEW_ITEMS_MAX;
		ask.conversations.items = ARENA_ARRAY(job->arena, struct conversation, count);
		ask.conversations.count = count;
		for (size_t i = 0; i < count; i++)
			ask.conversations.items[i] = board->cards[at + i].conversation;
		TRY(view_load(job, &ask, &view));
		for (size_t i = 0; i < count; i++) {
			const struct board_card *card = &board->cards[at + i];

			json_open(out, '{');
			TRY(conversation_write_json(job, out, "conversation", &view,
				&card->conversation));
			write_due(out, &card->due, job->now_ms);
			json_close(out, '}');
		}
		at += count;
	}
	json_close(out, ']');
	return OK;
}

static void write_load(struct buf *out, const struct board_load *load)
{
	json_put_int(out, "open", load->open);
	json_put_int(out, "waiting", load->waiting);
	json_put_int(out, "queued", load->queued);
	json_put_ms(out, "oldest_waiting_ms", load->oldest_ms);
}

static void add_load(struct board_load *to, const struct board_load *more)
{
	to->open += more->open;
	to->waiting += more->waiting;
	to->queued += more->queued;
	if (more->oldest_ms && (!to->oldest_ms || more->oldest_ms < to->oldest_ms))
		to->oldest_ms = more->oldest_ms;
}

static struct board_load load_of(const struct board *board, id64 assignee)
{
	struct board_load sum = { .assignee_id = assignee };

	for (size_t i = 0; i < board->load_count; i++)
		if (board->loads[i].assignee_id == assignee)
			add_load(&sum, &board->loads[i]);
	return sum;
}

static void write_total(struct buf *out, const struct board *board)
{
	struct board_load all = { 0 }, nobody = load_of(board, 0);

	for (size_t i = 0; i < board->load_count; i++)
		add_load(&all, &board->loads[i]);
	json_open_in(out, "total", '{');
	write_load(out, &all);
	json_put_int(out, "unassigned", nobody.open);
	json_close(out, '}');
}

static enum err write_people(struct job *job, struct buf *out, const struct board *board)
{
	static const char *const statuses[] = { "offline", "away", "online" };
	struct report_member_rows members;

	TRY(sql_report_member_list(job, &(struct sql_report_member_list){ job->workspace },
		&members));
	json_open_in(out, "people", '[');
	for (size_t i = 0; i < members.count; i++) {
		struct board_load load = load_of(board, members.items[i].id);

		if (members.items[i].disabled && !load.open)
			continue;
		json_open(out, '{');
		json_put_id(out, "id", members.items[i].id);
		json_put(out, "name", members.items[i].name);
		json_put(out, "status",
			str_of(statuses[members.items[i].agent_status % COUNT_OF(statuses)]));
		write_load(out, &load);
		json_close(out, '}');
	}
	json_close(out, ']');
	return OK;
}

enum err reports_board(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct board board;

	(void)req;
	TRY(board_load(job, &board));
	json_open(out, '{');
	json_put_int(out, "now_ms", job->now_ms);
	write_total(out, &board);
	TRY(write_people(job, out, &board));
	TRY(write_cards(job, out, &board));
	json_close(out, '}');
	return OK;
}

/* ---- figures of people ---- */

static void write_durations(struct buf *out, const char *key, const struct durations *d)
{
	json_open_in(out, key, '{');
	json_put_int(out, "count", d->count);
	json_put_int(out, "mean_ms", d->mean_ms);
	json_put_int(out, "median_ms", d->median_ms);
	json_put_int(out, "p90_ms", d->p90_ms);
	json_close(out, '}');
}

static void write_figures(struct buf *out, const struct figures *f)
{
	json_put_int(out, "conversations", f->conversations);
	json_put_int(out, "breaches", f->breaches);
	json_put_int(out, "online_ms", f->online_ms);
	write_durations(out, "first_response", &f->first);
	write_durations(out, "response", &f->response);
	write_durations(out, "resolution", &f->resolution);
}

enum err reports_agents(struct job *job, const struct request *req, struct response *res)
{
	static const char *const clocks[] = { "clock", "business" };
	struct figures_ask ask = {
		.from_ms = query_number(job, req, "from_ms", job->now_ms - DAYS_DEFAULT * DAY_MS),
		.until_ms = query_number(job, req, "until_ms", job->now_ms + 1),
		.team_id = request_query_id(job, req, "team_id"),
		.channel_id = request_query_id(job, req, "channel_id"),
		.in_hours = request_query_word(job, req, "hours", clocks, COUNT_OF(clocks), 0) };
	struct buf *out = reply_json(res, 200);
	struct figures_list list;

	TRY(figures_load(job, &ask, &list));
	json_open(out, '{');
	json_put_int(out, "from_ms", ask.from_ms);
	json_put_int(out, "until_ms", ask.until_ms);
	json_open_in(out, "people", '[');
	for (size_t i = 0; i < list.count; i++) {
		json_open(out, '{');
		json_put_id(out, "id", list.items[i].person_id);
		json_put(out, "name", list.items[i].name);
		write_figures(out, &list.items[i]);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_open_in(out, "total", '{');
	write_figures(out, &list.total);
	json_close(out, '}');
	json_close(out, '}');
	return OK;
}

enum err reports_traffic(struct job *job, const struct request *req, struct response *res)
{
	int64_t days = query_number(job, req, "days", DAYS_DEFAULT);
	struct buf *out = reply_json(res, 200);
	struct traffic *hours;
	size_t count;

	if (days < 1 || days > FIGURES_DAYS_MAX)
		field_error(job, S("days"), S("out_of_range"), S("From 1 to 100."));
	TRY(job_check_fields(job));
	TRY(traffic_load(job, job->now_ms - days * DAY_MS, &hours, &count));
	json_open(out, '{');
	json_open_in(out, "hours", '[');
	for (size_t i = 0; i < count; i++) {
		json_open(out, '{');
		json_put_int(out, "hour_ms", hours[i].hour_ms);
		json_put_int(out, "received", hours[i].received);
		json_put_int(out, "sent", hours[i].sent);
		json_put_int(out, "failed", hours[i].failed);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

/* ---- business hours ---- */

static const struct field hours_fields[] = {
	FIELD(struct hours_draft, time_zone, STR, .required = true),
	FIELD(struct hours_draft, week, JSON, .required = true),
	FIELD(struct hours_draft, holidays, JSON),
	{ 0 },
};

static enum err reply_hours(struct job *job, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct hours_draft draft = { 0 };
	enum err e = hours_get(job, &draft);

	if (e == ERR_MISSING)
		job_forgive(job);
	else
		TRY(e);
	json_open(out, '{');
	json_put(out, "time_zone", draft.time_zone);
	json_put_value(out, "week", draft.week);
	json_put_value(out, "holidays", draft.holidays);
	json_close(out, '}');
	return OK;
}

enum err business_hours_read(struct job *job, const struct request *req, struct response *res)
{
	(void)req;
	return reply_hours(job, res);
}

enum err business_hours_put(struct job *job, const struct request *req, struct response *res)
{
	struct hours_draft draft = { 0 };

	TRY(request_fields(job, req, hours_fields, &draft));
	TRY(hours_store(job, &draft));
	return reply_hours(job, res);
}

/* ---- promises ---- */

struct policy_draft {
	str name, least_priority;
	id64 team_id, channel_id;
	int64_t first_minutes, next_minutes, resolution_minutes;
	bool in_hours;
};

#define MINUTES(member) FIELD(struct policy_draft, member, INT, .min = 0, .max = SLA_MINUTES_MAX)

static const struct field policy_fields[] = {
	FIELD(struct policy_draft, name, STR, .required = true, .max = NAME_TEXT_MAX),
	FIELD(struct policy_draft, least_priority, STR),
	FIELD(struct policy_draft, team_id, ID, .nullable = true),
	FIELD(struct policy_draft, channel_id, ID, .nullable = true),
	MINUTES(first_minutes),
	MINUTES(next_minutes),
	MINUTES(resolution_minutes),
	FIELD(struct policy_draft, in_hours, BOOL),
	{ 0 },
};

static void read_policy(struct job *job, json map, struct sla_policy *out)
{
	struct policy_draft draft = { 0 };

	fields_read(job, map, policy_fields, &draft);
	*out = (struct sla_policy){ .name = draft.name,
		.team_id = draft.team_id,
		.channel_id = draft.channel_id,
		.first_minutes = draft.first_minutes,
		.next_minutes = draft.next_minutes,
		.resolution_minutes = draft.resolution_minutes,
		.in_hours = draft.in_hours };
	if (draft.least_priority.ptr &&
		!conversation_priority_parse(draft.least_priority, &out->least_priority))
		field_error(job, S("least_priority"), S("unknown"),
			S("One of none, low, medium, high, urgent."));
	if (!draft.first_minutes && !draft.next_minutes && !draft.resolution_minutes)
		field_error(job, S("first_minutes"), S("required"),
			S("Promise at least one of the three times."));
}

static enum err reply_policies(struct job *job, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct sla sla;

	TRY(sla_load(job, &sla));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < sla.count; i++) {
		const struct sla_policy *p = &sla.policies[i];

		json_open(out, '{');
		json_put_id(out, "id", p->id);
		json_put(out, "name", p->name);
		json_put_id(out, "team_id", p->team_id);
		json_put_id(out, "channel_id", p->channel_id);
		json_put(out, "least_priority",
			str_of(conversation_priority_name(p->least_priority)));
		json_put_int(out, "first_minutes", p->first_minutes);
		json_put_int(out, "next_minutes", p->next_minutes);
		json_put_int(out, "resolution_minutes", p->resolution_minutes);
		json_put_bool(out, "in_hours", p->in_hours);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

enum err sla_policies_list(struct job *job, const struct request *req, struct response *res)
{
	(void)req;
	return reply_policies(job, res);
}

struct policies_draft { json policies; };

static const struct field policies_fields[] = {
	FIELD(struct policies_draft, policies, JSON, .required = true),
	{ 0 },
};

enum err sla_policies_put(struct job *job, const struct request *req, struct response *res)
{
	struct sla_policy policies[SLA_POLICIES_MAX];
	struct policies_draft draft = { 0 };
	size_t count;

	TRY(request_fields(job, req, policies_fields, &draft));
	count = json_kind(draft.policies) == JSON_LIST ? json_count(draft.policies) : 0;
	if (json_kind(draft.policies) != JSON_LIST || count > SLA_POLICIES_MAX)
		field_error(job, S("policies"), S("invalid"), S("A list of at most 50."));
	TRY(job_check_fields(job));
	for (size_t i = 0; i < count; i++)
		read_policy(job, json_at(draft.policies, i), &policies[i]);
	TRY(job_check_fields(job));
	TRY(sla_store(job, policies, count));
	return reply_policies(job, res);
}
