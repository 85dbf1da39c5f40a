/* routing.c: /routing: settings, rules with their test, and the queue. */
#include "api/handlers.h"
#include "api/message_json.h"

#include "routing/routing.h"

#define AWAY_MIN_MS 60000
#define OFFLINE_MIN_MS 5000
#define SPAN_MAX_MS (24 * 3600 * 1000LL)
#define TEST_TEXT_MAX 4096

/* ---- settings ---- */

static void write_settings(struct buf *out, const struct routing_settings *s)
{
	json_open(out, '{');
	json_put(out, "mode", str_of(routing_mode_name(s->mode)));
	json_put_int(out, "capacity", s->capacity);
	json_put_int(out, "away_after_ms", s->away_after_ms);
	json_put_int(out, "offline_after_ms", s->offline_after_ms);
	json_put(out, "shift_end", str_of(shift_end_name(s->shift_end)));
	json_put(out, "place_text", s->place_text);
	json_put_int(out, "place_again_ms", s->place_again_ms);
	json_put_bool(out, "reopens_for_all", s->reopens_for_all);
	json_close(out, '}');
}

enum err routing_settings_read(struct job *job, const struct request *req, struct response *res)
{
	struct routing_settings settings;

	(void)req;
	TRY(routing_settings_get(job, &settings));
	write_settings(reply_json(res, 200), &settings);
	return OK;
}

struct settings_body {
	str mode, shift_end, place_text;
	int64_t capacity, away_after_ms, offline_after_ms, place_again_ms;
	int reopens_for_all;
};

static const struct field settings_fields[] = {
	FIELD(struct settings_body, mode, STR),
	FIELD(struct settings_body, capacity, INT, .min = 0, .max = AGENT_CAPACITY_MAX),
	FIELD(struct settings_body, away_after_ms, INT, .min = AWAY_MIN_MS, .max = SPAN_MAX_MS),
	FIELD(struct settings_body, offline_after_ms, INT, .min = OFFLINE_MIN_MS,
	      .max = SPAN_MAX_MS),
	FIELD(struct settings_body, shift_end, STR),
	FIELD(struct settings_body, place_text, STR, .max = PLACE_TEXT_MAX),
	FIELD(struct settings_body, place_again_ms, INT, .min = 0, .max = SPAN_MAX_MS),
	FIELD(struct settings_body, reopens_for_all, FLAG),
	{ 0 },
};

static void take_settings(struct job *job, const struct settings_body *body,
	struct routing_settings *out)
{
	if (body->mode.ptr && !routing_mode_parse(body->mode, &out->mode))
		field_error(job, S("mode"), S("unknown"),
			S("One of manual, round_robin, least_busy."));
	if (body->shift_end.ptr && !shift_end_parse(body->shift_end, &out->shift_end))
		field_error(job, S("shift_end"), S("unknown"),
			S("One of keep, requeue_unanswered, requeue_all."));
	if (body->place_text.ptr)
		out->place_text = str_trim(body->place_text);
	if (body->reopens_for_all >= 0)
		out->reopens_for_all = body->reopens_for_all;
	out->capacity = body->capacity;
	out->away_after_ms = body->away_after_ms;
	out->offline_after_ms = body->offline_after_ms;
	out->place_again_ms = body->place_again_ms;
}

enum err routing_settings_patch(struct job *job, const struct request *req, struct response *res)
{
	struct routing_settings settings;
	struct settings_body body = { .reopens_for_all = -1 };

	TRY(routing_settings_get(job, &settings));
	body.capacity = settings.capacity;
	body.away_after_ms = settings.away_after_ms;
	body.offline_after_ms = settings.offline_after_ms;
	body.place_again_ms = settings.place_again_ms;
	TRY(request_fields(job, req, settings_fields, &body));
	take_settings(job, &body, &settings);
	TRY(job_check_fields(job));
	TRY(routing_settings_set(job, &settings));
	write_settings(reply_json(res, 200), &settings);
	return OK;
}

/* ---- rules ---- */

static void write_rule(struct buf *out, const struct rule *rule)
{
	json_open(out, '{');
	json_put_id(out, "id", rule->id);
	json_put(out, "name", rule->name);
	json_put_bool(out, "enabled", rule->enabled);
	json_put_value(out, "conditions", rule->conditions);
	json_put_value(out, "actions", rule->actions);
	json_put_int(out, "created_ms", rule->created_ms);
	json_put_int(out, "updated_ms", rule->updated_ms);
	json_close(out, '}');
}

static enum err reply_rules(struct job *job, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct rules rules;

	TRY(rule_list(job, &rules));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < rules.count; i++)
		write_rule(out, &rules.items[i]);
	json_close(out, ']');
	json_put_null(out, "next_cursor");
	json_close(out, '}');
	return OK;
}

enum err routing_rules_list(struct job *job, const struct request *req, struct response *res)
{
	(void)req;
	return reply_rules(job, res);
}

#define RULE_FIELDS(required_)                                                                     \
	FIELD(struct rule_draft, name, STR, .max = NAME_TEXT_MAX, .required = (required_)),        \
		FIELD(struct rule_draft, enabled, FLAG),                                           \
		FIELD(struct rule_draft, conditions, JSON, .required = (required_)),               \
		FIELD(struct rule_draft, actions, JSON, .required = (required_)), { 0 }

static const struct field new_rule_fields[] = { RULE_FIELDS(true) };
static const struct field rule_fields[] = { RULE_FIELDS(false) };

static enum err save_rule(struct job *job, const struct request *req, id64 id, struct rule *out)
{
	struct rule_draft draft = { .enabled = -1 };

	TRY(request_json(job, req, id ? rule_fields : new_rule_fields, &draft));
	return rule_save(job, id, &draft, out);
}

enum err routing_rules_post(struct job *job, const struct request *req, struct response *res)
{
	struct rule rule;

	TRY(save_rule(job, req, 0, &rule));
	write_rule(reply_json(res, 201), &rule);
	return OK;
}

enum err routing_rules_patch(struct job *job, const struct request *req, struct response *res)
{
	struct rule rule;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(save_rule(job, req, id, &rule));
	write_rule(reply_json(res, 200), &rule);
	return OK;
}

enum err routing_rules_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(rule_delete(job, id));
	return reply_nothing(res);
}

struct order_body { struct field_ids ids; };

static const struct field order_fields[] = {
	FIELD(struct order_body, ids, IDS, .required = true, .max = RULES_MAX),
	{ 0 },
};

enum err routing_rules_order(struct job *job, const struct request *req, struct response *res)
{
	struct order_body body = { 0 };

	TRY(request_json(job, req, order_fields, &body));
	TRY(rule_order(job, body.ids.items, body.ids.count));
	return reply_rules(job, res);
}

/* ---- trying the rules ---- */

struct test_body {
	str text, language, source;
	id64 channel_id;
	struct field_ids label_ids;
};

static const struct field test_fields[] = {
	FIELD(struct test_body, text, STR, .max = TEST_TEXT_MAX),
	FIELD(struct test_body, channel_id, ID, .nullable = true),
	FIELD(struct test_body, language, STR, .max = 16),
	FIELD(struct test_body, label_ids, IDS, .max = RULE_LIST_MAX),
	FIELD(struct test_body, source, STR),
	{ 0 },
};

static void write_checks(struct buf *out, const struct rule_check *checks)
{
	json_open_in(out, "checks", '[');
	for (int i = 0; i < RULE_CONDITIONS; i++) {
		if (!checks[i].is_asked)
			continue;
		json_open(out, '{');
		json_put(out, "condition", str_of(rule_condition_name((enum rule_condition)i)));
		json_put_bool(out, "holds", checks[i].holds);
		json_put(out, "found", checks[i].found);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void write_verdicts(struct job *job, struct buf *out, const struct rules *rules,
	const struct rule_facts *facts)
{
	id64 first = 0;

	json_open_in(out, "rules", '[');
	for (size_t i = 0; i < rules->count; i++) {
		const struct rule *rule = &rules->items[i];
		struct rule_check checks[RULE_CONDITIONS];
		bool matches = rule_match(job->arena, rule->conditions, facts, checks);

		if (matches && rule->enabled && !first)
			first = rule->id;
		json_open(out, '{');
		json_put_id(out, "id", rule->id);
		json_put(out, "name", rule->name);
		json_put_bool(out, "enabled", rule->enabled);
		json_put_bool(out, "matches", matches);
		write_checks(out, checks);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_put_id(out, "rule_id", first);
}

/* What would happen to a conversation like this, and why: nothing is changed. */
enum err routing_rules_test(struct job *job, const struct request *req, struct response *res)
{
	struct test_body body = { 0 };
	struct rule_facts facts = { 0 };
	struct rules rules;
	struct buf *out;

	TRY(request_json(job, req, test_fields, &body));
	text_words_of(job->arena, body.text, &facts.words);
	facts.channel = body.channel_id;
	facts.language = body.language;
	facts.labels = body.label_ids.items;
	facts.label_count = body.label_ids.count;
	facts.sources = &body.source;
	facts.source_count = body.source.len ? 1 : 0;
	TRY(rule_list(job, &rules));
	out = reply_json(res, 200);
	json_open(out, '{');
	write_verdicts(job, out, &rules, &facts);
	json_close(out, '}');
	return OK;
}

/* ---- the queue ---- */

static enum err load_view(struct job *job, const struct queued *queue, size_t count,
	struct view *out)
{
	struct view_ask ask = { .hides_contacts = !may_read_contacts(job) };
	id64 ids[VIEW_ITEMS_MAX];

	for (size_t i = 0; i < count; i++)
		ids[i] = queue[i].conversation;
	TRY(conversation_by_ids(job, ids, count, &ask.conversations));
	return view_load(job, &ask, out);
}

static enum err write_queue(struct job *job, struct buf *out, const struct queued *queue,
	size_t count)
{
	for (size_t at = 0; at < count;) {
		size_t some = count - at < VIEW_ITEMS_MAX ? count - at : VIEW_ITEMS_MAX;
		struct view view;

		TRY(load_view(job, queue + at, some, &view));
		for (size_t i = at; i < at + some; i++) {
			const struct conversation *conv =
				view_conversation(&view, queue[i].conversation);

			if (!conv || !conversation_visible(job, conv))
				continue;
			json_open(out, '{');
			json_put_int(out, "place", queue[i].place);
			json_put_int(out, "waiting_ms", job->now_ms - queue[i].queued_ms);
			TRY(conversation_write_json(job, out, "conversation", &view, conv));
			json_close(out, '}');
		}
		at += some;
	}
	return OK;
}

enum err routing_queue_list(struct job *job, const struct request *req, struct response *res)
{
	id64 team = request_query_id(job, req, "team_id");
	struct buf *out = reply_json(res, 200);
	struct queued *queue;
	size_t count;

	TRY(job_check_fields(job));
	TRY(routing_queue(job, team ? team : -1, &queue, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	TRY(write_queue(job, out, queue, count));
	json_close(out, ']');
	json_put_null(out, "next_cursor");
	json_close(out, '}');
	return OK;
}
