/* rules.c: the list of rules, in its order. */
#include "routing/routing_internal.h"

#define RULE_JSON_MAX (64u << 10)

static struct rule rule_of_row(struct job *job, const struct routing_rule_row *row)
{
	struct rule out = { .id = row->id,
		.name = row->name,
		.enabled = row->enabled,
		.created_ms = row->created_ms,
		.updated_ms = row->updated_ms };

	/* What does not read, of a later version perhaps, matches nothing. */
	if (json_read(job->arena, row->conditions, &out.conditions, NULL) != OK)
		out.conditions = NULL;
	if (json_read(job->arena, row->actions, &out.actions, NULL) != OK)
		out.actions = NULL;
	return out;
}

enum err rule_list(struct job *job, struct rules *out)
{
	struct routing_rule_rows rows;

	TRY(sql_routing_rule_list(job, &(struct sql_routing_rule_list){ job->workspace }, &rows));
	*out = (struct rules){ ARENA_ARRAY(job->arena, struct rule, rows.count + 1), rows.count };
	for (size_t i = 0; i < rows.count; i++)
		out->items[i] = rule_of_row(job, &rows.items[i]);
	return OK;
}

static struct rule *find(const struct rules *rules, id64 id)
{
	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].id == id)
			return &rules->items[i];
	return NULL;
}

/* ---- checking what it names ---- */

bool label_is_there(const struct labels *labels, id64 id)
{
	for (size_t i = 0; i < labels->count; i++)
		if (labels->items[i].id == id)
			return true;
	return false;
}

static enum err check_team(struct job *job, id64 id)
{
	struct team_row row;
	bool found;

	TRY(found_row(job, sql_team_get(job, &(struct sql_team_get){ job->workspace, id }, &row),
		&found));
	if (!found)
		field_error(job, S("actions.team_id"), S("unknown"),
			S("There is no team with this id."));
	return OK;
}

static enum err check_agent(struct job *job, id64 id)
{
	struct agent_person_row row;
	bool found, answers = false;

	TRY(found_row(job,
		sql_agent_person_one(job, &(struct sql_agent_person_one){ job->workspace, id },
			&row),
		&found));
	if (found)
		TRY(may_answer(job, &row, &answers));
	if (!answers)
		field_error(job, S("actions.agent_id"), S("unknown"),
			S("There is no agent with this id."));
	return OK;
}

static enum err check_labels(struct job *job, const struct rule_actions *actions)
{
	struct labels labels;

	TRY(label_list(job, &labels));
	for (size_t i = 0; i < actions->label_count; i++)
		if (!label_is_there(&labels, actions->labels[i]))
			field_error(job, S("actions.label_ids"), S("unknown"),
				S("There is no label with this id."));
	return OK;
}

static enum err check_draft(struct job *job, const struct rule_draft *draft)
{
	struct rule_actions actions = { 0 };

	if (draft->conditions)
		rule_check_conditions(job, draft->conditions);
	if (draft->actions) {
		rule_read_actions(job, draft->actions, &actions);
		if (actions.team)
			TRY(check_team(job, actions.team));
		if (actions.agent)
			TRY(check_agent(job, actions.agent));
		TRY(check_labels(job, &actions));
		if (!actions.team && !actions.agent && !actions.label_count && actions.priority < 0)
			field_error(job, S("actions"), S("required"),
				S("Say what the rule does: a team, an agent, a priority or "
				  "labels."));
	}
	return job_check_fields(job);
}

/* ---- writing ---- */

static str json_of(struct job *job, json v)
{
	struct buf out = buf_in(job->arena, RULE_JSON_MAX);

	if (!v)
		return S("{}");
	json_put_value(&out, NULL, v);
	return buf_text(&out);
}

static str rule_detail(struct job *job, const struct rule *rule)
{
	struct buf out = buf_in(job->arena, 2 * RULE_JSON_MAX);

	json_open(&out, '{');
	json_put(&out, "name", rule->name);
	json_put_bool(&out, "enabled", rule->enabled);
	json_put_value(&out, "conditions", rule->conditions);
	json_put_value(&out, "actions", rule->actions);
	json_close(&out, '}');
	return buf_text(&out);
}

static enum err insert(struct job *job, const struct rules *rules, struct rule *rule)
{
	if (rules->count >= RULES_MAX)
		return fail(job, ERR_LIMIT, "a workspace has at most %d rules", RULES_MAX);
	rule->id = job_id(job);
	rule->created_ms = rule->updated_ms = job->now_ms;
	return sql_routing_rule_add(job,
		&(struct sql_routing_rule_add){ rule->id, job->workspace, rule->name, rule->enabled,
			json_of(job, rule->conditions), json_of(job, rule->actions), job->now_ms },
		NULL);
}

static enum err update(struct job *job, struct rule *rule)
{
	rule->updated_ms = job->now_ms;
	return sql_routing_rule_set(job,
		&(struct sql_routing_rule_set){ job->workspace, rule->id, rule->name, rule->enabled,
			json_of(job, rule->conditions), json_of(job, rule->actions), job->now_ms },
		NULL);
}

static enum err write_rule(struct job *job, id64 id, const struct rule_draft *draft,
	struct rule *out)
{
	struct routing_setting_row setting;
	struct rules rules;

	TRY(routing_lock(job, &setting));
	TRY(rule_list(job, &rules));
	if (id && !find(&rules, id))
		return fail(job, ERR_MISSING, "there is no rule with this id");
	*out = id ? *find(&rules, id) : (struct rule){ .enabled = true };
	if (draft->name.ptr)
		out->name = draft->name;
	if (draft->enabled >= 0)
		out->enabled = draft->enabled;
	if (draft->conditions)
		out->conditions = draft->conditions;
	if (draft->actions)
		out->actions = draft->actions;
	TRY(id ? update(job, out) : insert(job, &rules, out));
	TRY(routing_note_active(job));
	return routing_audit(job, id ? "routing_rule.change" : "routing_rule.create",
		"routing_rule", out->id, rule_detail(job, out));
}

enum err rule_save(struct job *job, id64 id, const struct rule_draft *draft, struct rule *out)
{
	TRY(check_draft(job, draft));
	TRY(db_begin(job, DB_WRITE));
	TRY(write_rule(job, id, draft, out));
	return db_commit(job);
}

enum err rule_delete(struct job *job, id64 id)
{
	struct routing_setting_row setting;
	int64_t gone;

	TRY(db_begin(job, DB_WRITE));
	TRY(routing_lock(job, &setting));
	TRY(sql_routing_rule_drop(job, &(struct sql_routing_rule_drop){ job->workspace, id },
		&gone));
	if (!gone)
		return fail(job, ERR_MISSING, "there is no rule with this id");
	TRY(routing_note_active(job));
	TRY(routing_audit(job, "routing_rule.delete", "routing_rule", id, STR_NONE));
	return db_commit(job);
}

static bool is_permutation(const struct rules *rules, const id64 *ids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!find(rules, ids[i]))
			return false;
		for (size_t k = 0; k < i; k++)
			if (ids[k] == ids[i])
				return false;
	}
	return count == rules->count;
}

enum err rule_order(struct job *job, const id64 *ids, size_t count)
{
	struct routing_setting_row setting;
	struct rules rules;

	TRY(db_begin(job, DB_WRITE));
	TRY(routing_lock(job, &setting));
	TRY(rule_list(job, &rules));
	if (!is_permutation(&rules, ids, count))
		field_error(job, S("ids"), S("invalid"),
			S("Send the ids of all rules, each once, in their new order."));
	TRY(job_check_fields(job));
	for (size_t i = 0; i < count; i++)
		TRY(sql_routing_rule_place(job,
			&(struct sql_routing_rule_place){ job->workspace, ids[i], (int64_t)i + 1 },
			NULL));
	TRY(routing_audit(job, "routing_rule.order", "workspace", job->workspace, STR_NONE));
	return db_commit(job);
}
