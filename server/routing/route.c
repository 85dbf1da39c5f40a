/*
 * route.c: what is new is judged by the rules, what is nobody's joins the queue, and the queue is
 * given out.
 *
 * Three steps, each in rounds of its own short transactions. The one rule of their locks: first the
 * row of routing_setting, then all conversations that may change, in the order of their ids, and
 * only then a change, which takes the turn of the audit trail. A person's change goes the same way,
 * so neither waits for the other in a circle.
 */
#include "routing/routing_internal.h"

#include "base/log.h"

#include "account/feature.h"

enum { ROUND_MAX = 100, QUEUE_PAGE = 200, FIRST_PRIORITY = 99, LOOKED_BACK = 10 };

/* What a run remembers between its steps. */
struct run {
	struct routing_setting_row setting;
	struct rules rules;
	struct teams teams;
	struct labels labels;
	struct agents agents;
	struct wanted { id64 conversation, agent, channel, team; } *wanted; /* whom a rule names */
	size_t wanted_count, wanted_cap;
};

/* ---- new ones: the rules ---- */

static bool is_said_by_customer(const struct message *msg)
{
	return msg->author_kind == ACTOR_CONTACT;
}

/* With what the customer opened it: the oldest of theirs that nobody of us has answered. */
static enum err first_message(struct job *job, id64 conversation, struct message *out, bool *found)
{
	struct messages newest;

	*found = false;
	TRY(message_before(job, conversation, 0, LOOKED_BACK, &newest));
	for (size_t i = 0; i < newest.count; i++) {
		if (is_said_by_customer(&newest.items[i])) {
			*out = newest.items[i];
			*found = true;
		} else if (*found) {
			break;
		}
	}
	return OK;
}

static void add_source(struct job *job, struct rule_facts *facts, str source)
{
	facts->sources = arena_grow(job->arena, (void *)facts->sources,
		facts->source_count * sizeof source, (facts->source_count + 1) * sizeof source);
	((str *)facts->sources)[facts->source_count++] = source;
}

/* The click that brought them here, as the webhook tells it. */
static void add_referral(struct job *job, str content, struct rule_facts *facts)
{
	static const char *const members[] = { "source_type", "source_url", "source_id" };
	json root;

	if (!content.len || json_read(job->arena, content, &root, NULL) != OK)
		return;
	for (size_t i = 0; i < COUNT_OF(members); i++) {
		str text = json_text(json_field(json_field(root, "referral"), members[i]));

		if (text.len)
			add_source(job, facts, text);
	}
}

static enum err add_labels(struct job *job, const struct conversation *conv,
	struct rule_facts *facts)
{
	struct routing_id_rows rows;
	id64 *ids;

	TRY(sql_routing_labels_of(job, &(struct sql_routing_labels_of){
		job->workspace, conv->id, conv->contact_id }, &rows));
	ids = ARENA_ARRAY(job->arena, id64, rows.count + 1);
	for (size_t i = 0; i < rows.count; i++)
		ids[i] = rows.items[i].id;
	facts->labels = ids;
	facts->label_count = rows.count;
	return OK;
}

static enum err collect_facts(struct job *job, const struct conversation *conv,
	struct rule_facts *out)
{
	struct routing_source_row source;
	struct contact contact;
	struct message first;
	bool found;

	*out = (struct rule_facts){ .channel = conv->channel_id };
	TRY(contact_get(job, conv->contact_id, &contact));
	out->language = language_of_region(job->arena, phone_region(contact.phone));
	TRY(add_labels(job, conv, out));
	TRY(sql_routing_source(job,
		&(struct sql_routing_source){ job->workspace, conv->contact_id }, &source));
	add_source(job, out, source.source);
	TRY(first_message(job, conv->id, &first, &found));
	if (found) {
		message_words(job->arena, &first, &out->words);
		add_referral(job, first.content, out);
	}
	return OK;
}

static const struct rule *first_match(struct job *job, const struct rules *rules,
	const struct rule_facts *facts)
{
	struct rule_check checks[RULE_CONDITIONS];

	for (size_t i = 0; i < rules->count; i++)
		if (rules->items[i].enabled &&
			rule_match(job->arena, rules->items[i].conditions, facts, checks))
			return &rules->items[i];
	return NULL;
}

/* As far as they are still there, and the conversation has room. */
static enum err put_labels(struct job *job, struct run *run, struct conversation *conv,
	const struct rule_actions *actions, struct inbox_changes *changes)
{
	struct label_change change = { .reason = S("routing rule") };
	id64 add[RULE_LABELS_MAX];
	struct routing_id_rows on;

	TRY(sql_routing_labels_of(job, &(struct sql_routing_labels_of){
		job->workspace, conv->id, conv->contact_id }, &on));
	for (size_t i = 0; i < actions->label_count; i++)
		if (on.count + change.add_count < LABELS_OF_ONE_MAX &&
			label_is_there(&run->labels, actions->labels[i]))
			add[change.add_count++] = actions->labels[i];
	change.add = add;
	return change.add_count ? conversation_label(job, conv->id, &change, changes, conv) : OK;
}

static bool has_team(const struct teams *teams, id64 id)
{
	for (size_t i = 0; i < teams->count; i++)
		if (teams->items[i].id == id)
			return true;
	return false;
}

static void want(struct job *job, struct run *run, const struct conversation *conv, id64 agent)
{
	if (run->wanted_count == run->wanted_cap) {
		size_t cap = run->wanted_cap ? 2 * run->wanted_cap : 16;

		run->wanted = arena_grow(job->arena, run->wanted,
			run->wanted_cap * sizeof *run->wanted, cap * sizeof *run->wanted);
		run->wanted_cap = cap;
	}
	run->wanted[run->wanted_count++] = (struct wanted){ conv->id, agent, conv->channel_id,
		conv->team_id };
}

/* What somebody has in hand stays with them and their team. */
static enum err apply_rule(struct job *job, struct run *run, const struct rule *rule,
	struct conversation *conv, struct inbox_changes *changes)
{
	struct conversation_patch patch = { .reason = S("routing rule") };
	struct rule_actions actions;
	struct buf detail = buf_in(job->arena, 4096);

	rule_read_actions(job, rule->actions, &actions);
	if (job->field_errors) {
		job_forgive(job);
		return OK;
	}
	patch.has_priority = actions.priority >= 0;
	patch.priority = (enum conversation_priority)actions.priority;
	patch.has_team = !conv->assignee_id && has_team(&run->teams, actions.team);
	patch.team_id = actions.team;
	json_open(&detail, '{');
	json_put_id(&detail, "rule_id", rule->id);
	json_put(&detail, "rule", rule->name);
	json_close(&detail, '}');
	TRY(conversation_add_event(job, conv->id, S("routed"), buf_text(&detail)));
	TRY(conversation_update(job, conv->id, &patch, changes, conv));
	TRY(put_labels(job, run, conv, &actions, changes));
	if (actions.agent && !conv->assignee_id)
		want(job, run, conv, actions.agent);
	return OK;
}

/* What is wrong with one conversation (it does not open any more, say) stops nobody else's. */
static enum err find_rule(struct job *job, const struct run *run, const struct conversation *conv,
	const struct rule **out)
{
	struct rule_facts facts;
	enum err e = run->rules.count ? collect_facts(job, conv, &facts) : ERR_MISSING;

	*out = NULL;
	if (e == OK)
		*out = first_match(job, &run->rules, &facts);
	else if (e == ERR_STORE || e == ERR_BUG)
		return e;
	else if (run->rules.count)
		log_warn("routing: rules cannot look at a conversation: %s: " STR_F, err_name(e),
			STR_A(job->why));
	job_forgive(job);
	return OK;
}

static bool is_there(const struct run *run, id64 person)
{
	for (size_t i = 0; i < run->agents.count; i++)
		if (run->agents.items[i].id == person)
			return run->agents.items[i].status == AGENT_ONLINE &&
			       run->agents.items[i].on_shift;
	return false;
}

/* One that opens again while nobody is there for it belongs to all, if so set. */
static enum err reopen(struct job *job, struct run *run, struct conversation *conv,
	struct inbox_changes *changes)
{
	const struct conversation_patch patch = { .has_assignee = true,
		.reason = S("opened again, and its agent is not there") };

	if (!run->setting.reopen || !conv->assignee_id || is_there(run, conv->assignee_id))
		return OK;
	return conversation_update(job, conv->id, &patch, changes, conv);
}

static enum err judge(struct job *job, struct run *run, struct conversation *conv,
	struct inbox_changes *changes)
{
	const struct rule *rule;

	if (conv->status != CONVERSATION_OPEN)
		return OK;
	TRY(reopen(job, run, conv, changes));
	TRY(find_rule(job, run, conv, &rule));
	if (rule)
		TRY(apply_rule(job, run, rule, conv, changes));
	return sql_routing_mark(job,
		&(struct sql_routing_mark){ job->workspace, conv->id, job->now_ms }, NULL);
}

static enum err lock_all(struct job *job, const struct routing_id_rows *rows,
	struct conversation **out)
{
	*out = ARENA_ARRAY(job->arena, struct conversation, rows->count + 1);
	for (size_t i = 0; i < rows->count; i++)
		TRY(conversation_lock(job, rows->items[i].id, &(*out)[i]));
	return OK;
}

static enum err judge_some(struct job *job, struct run *run, struct inbox_changes *changes,
	bool *more)
{
	struct conversation *locked;
	struct routing_id_rows rows;

	TRY(routing_lock(job, &run->setting));
	TRY(rule_list(job, &run->rules));
	TRY(team_list(job, &run->teams));
	TRY(label_list(job, &run->labels));
	TRY(agent_list(job, &run->agents));
	TRY(sql_routing_unrouted(job,
		&(struct sql_routing_unrouted){ job->workspace, ROUND_MAX }, &rows));
	TRY(lock_all(job, &rows, &locked));
	for (size_t i = 0; i < rows.count; i++)
		TRY(judge(job, run, &locked[i], changes));
	*more = rows.count == ROUND_MAX;
	return OK;
}

/* ---- nobody's: the queue ---- */

/* They wait since the customer does, so whoever is taken back does not start anew. */
static enum err queue_scope(struct job *job, id64 team, struct inbox_changes *changes, bool *more)
{
	struct conversation *locked, after;
	struct routing_id_rows rows;

	TRY(sql_routing_unqueued(job,
		&(struct sql_routing_unqueued){ job->workspace, team, ROUND_MAX }, &rows));
	TRY(lock_all(job, &rows, &locked));
	for (size_t i = 0; i < rows.count; i++) {
		const struct conversation *c = &locked[i];
		struct conversation_patch patch = { .has_queued = true,
			.queued_ms = c->waiting_since_ms ? c->waiting_since_ms : job->now_ms };

		if (c->status == CONVERSATION_OPEN && !c->assignee_id && !c->queued_ms)
			TRY(conversation_update(job, c->id, &patch, changes, &after));
	}
	*more = rows.count == ROUND_MAX;
	return OK;
}

/* One scope a round, so that rows are locked in order. */
static enum err queue_some(struct job *job, struct run *run, struct inbox_changes *changes,
	bool *more)
{
	struct routing_scope_rows scopes;
	struct routing_id_rows first;

	*more = false;
	TRY(routing_lock(job, &run->setting));
	TRY(sql_routing_scope_list(job, &(struct sql_routing_scope_list){ job->workspace },
		&scopes));
	for (size_t i = 0; i < scopes.count; i++) {
		if (scopes.items[i].mode == ROUTING_MANUAL)
			continue;
		TRY(sql_routing_unqueued(job,
			&(struct sql_routing_unqueued){ job->workspace, scopes.items[i].team_id,
				1 },
			&first));
		if (!first.count)
			continue;
		TRY(queue_scope(job, scopes.items[i].team_id, changes, more));
		*more = true;
		return OK;
	}
	return OK;
}

/* ---- giving out ---- */

bool is_waiting(const struct desk *desk, const struct routing_queued_row *row)
{
	const struct desk_scope *scope = desk_scope_find(desk, row->team_id);

	return row->status == CONVERSATION_OPEN && !row->assignee_id && scope &&
	       scope->mode != ROUTING_MANUAL;
}

static id64 wanted_of(const struct run *run, id64 conversation)
{
	for (size_t i = 0; i < run->wanted_count; i++)
		if (run->wanted[i].conversation == conversation)
			return run->wanted[i].agent;
	return 0;
}

static size_t waiting_of_page(const struct run *run, const struct desk *desk,
	const struct routing_queued_rows *rows, struct desk_waiting *out)
{
	size_t count = 0;

	for (size_t i = 0; i < rows->count; i++) {
		const struct routing_queued_row *r = &rows->items[i];

		if (is_waiting(desk, r))
			out[count++] = (struct desk_waiting){ r->id, r->team_id, r->channel_id,
				wanted_of(run, r->id), r->priority, r->queued_ms };
	}
	return count;
}

/* Those that a rule gives to somebody although their scope is manual: they are in no queue. */
static size_t wanted_outside(const struct run *run, const struct desk *desk,
	struct desk_waiting *out)
{
	size_t count = 0;

	for (size_t i = 0; i < run->wanted_count && count < ROUND_MAX; i++) {
		const struct wanted *w = &run->wanted[i];
		const struct desk_scope *scope = desk_scope_find(desk, w->team);

		if (!scope || scope->mode == ROUTING_MANUAL)
			out[count++] = (struct desk_waiting){ w->conversation, w->team, w->channel,
				w->agent, 0, 0 };
	}
	return count;
}

/* Walks the queue until nobody has room, or a round is full. */
static enum err decide(struct job *job, struct run *run, struct desk *desk,
	struct desk_gift gifts[ROUND_MAX + QUEUE_PAGE], size_t *count)
{
	struct desk_waiting waiting[QUEUE_PAGE];
	struct sql_routing_queue at = { job->workspace, FIRST_PRIORITY, 0, 0, QUEUE_PAGE };
	struct routing_queued_rows rows;

	*count = desk_run(desk, waiting, wanted_outside(run, desk, waiting), gifts);
	do {
		if (!desk_has_room(desk) || *count >= ROUND_MAX)
			return OK;
		TRY(sql_routing_queue(job, &at, &rows));
		*count += desk_run(desk, waiting, waiting_of_page(run, desk, &rows, waiting),
			gifts + *count);
		if (rows.count) {
			at.priority = rows.items[rows.count - 1].priority;
			at.queued_ms = rows.items[rows.count - 1].queued_ms;
			at.id = rows.items[rows.count - 1].id;
		}
	} while (rows.count == QUEUE_PAGE);
	return OK;
}

static void sort_by_id(struct desk_gift *gifts, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct desk_gift gift = gifts[i];
		size_t at = i;

		for (; at > 0 && gifts[at - 1].conversation > gift.conversation; at--)
			gifts[at] = gifts[at - 1];
		gifts[at] = gift;
	}
}

/* What somebody took by hand meanwhile is theirs. */
static enum err give(struct job *job, struct desk_gift *gifts, size_t count,
	struct inbox_changes *changes)
{
	struct conversation *locked = ARENA_ARRAY(job->arena, struct conversation, count + 1),
			    after;

	sort_by_id(gifts, count);
	for (size_t i = 0; i < count; i++)
		TRY(conversation_lock(job, gifts[i].conversation, &locked[i]));
	for (size_t i = 0; i < count; i++) {
		const struct conversation_patch patch = { .has_assignee = true,
			.assignee_id = gifts[i].agent,
			.reason = S("given out automatically") };

		if (locked[i].status == CONVERSATION_OPEN && !locked[i].assignee_id)
			TRY(conversation_update(job, locked[i].id, &patch, changes, &after));
	}
	return OK;
}

static enum err save_turns(struct job *job, const struct desk *before, const struct desk *after)
{
	for (size_t i = 0; i < after->scope_count; i++)
		if (after->scopes[i].turn != before->scopes[i].turn)
			TRY(sql_routing_scope_turn(job,
				&(struct sql_routing_scope_turn){ job->workspace,
					after->scopes[i].team, after->scopes[i].turn },
				NULL));
	for (size_t i = 0; i < after->agent_count; i++)
		for (size_t s = 0; s < after->agents[i].seat_count; s++)
			if (after->agents[i].seats[s].turn != before->agents[i].seats[s].turn)
				TRY(sql_routing_seat_set(job,
					&(struct sql_routing_seat_set){ job->workspace,
						after->agents[i].seats[s].team, after->agents[i].id,
						after->agents[i].seats[s].turn },
					NULL));
	return OK;
}

static enum err give_some(struct job *job, struct run *run, struct inbox_changes *changes,
	bool *more)
{
	struct desk_gift *gifts = ARENA_ARRAY(job->arena, struct desk_gift, ROUND_MAX + QUEUE_PAGE);
	struct desk before, desk;
	size_t count;

	TRY(routing_lock(job, &run->setting));
	TRY(routing_desk_load(job, &before));
	TRY(routing_desk_load(job, &desk));
	TRY(decide(job, run, &desk, gifts, &count));
	TRY(give(job, gifts, count, changes));
	TRY(save_turns(job, &before, &desk));
	/* A full round, or one that found things changed, looks again. */
	*more = count > 0;
	run->wanted_count = 0;
	return OK;
}

/* ---- the run ---- */

/* Whether a step has anything to do is looked at before the writer's turn is taken: most runs find
 * nothing. What comes behind the look wakes another run. */

static enum err may_judge(struct job *job, struct run *run, bool *out)
{
	struct routing_id_rows rows;

	(void)run;
	TRY(sql_routing_unrouted(job, &(struct sql_routing_unrouted){ job->workspace, 1 }, &rows));
	*out = rows.count > 0;
	return OK;
}

static enum err may_queue(struct job *job, struct run *run, bool *out)
{
	struct routing_scope_rows scopes;
	struct routing_id_rows rows;

	(void)run;
	*out = false;
	TRY(sql_routing_scope_list(job, &(struct sql_routing_scope_list){ job->workspace },
		&scopes));
	for (size_t i = 0; i < scopes.count && !*out; i++) {
		if (scopes.items[i].mode == ROUTING_MANUAL)
			continue;
		TRY(sql_routing_unqueued(job,
			&(struct sql_routing_unqueued){ job->workspace, scopes.items[i].team_id,
				1 },
			&rows));
		*out = rows.count > 0;
	}
	return OK;
}

static enum err may_give(struct job *job, struct run *run, bool *out)
{
	struct desk_gift *gifts = ARENA_ARRAY(job->arena, struct desk_gift, ROUND_MAX + QUEUE_PAGE);
	struct desk desk;
	size_t count;

	TRY(routing_desk_load(job, &desk));
	TRY(decide(job, run, &desk, gifts, &count));
	*out = count > 0;
	return OK;
}

struct step {
	enum err (*may)(struct job *job, struct run *run, bool *out);
	enum err (*one)(struct job *job, struct run *run, struct inbox_changes *changes,
		bool *more);
};

static enum err rounds(struct job *job, struct run *run, struct step step)
{
	bool more;

	TRY(step.may(job, run, &more));
	while (more) {
		struct inbox_changes changes = { 0 };

		TRY(db_begin(job, DB_WRITE));
		TRY(step.one(job, run, &changes, &more));
		TRY(db_commit(job));
		inbox_tell(job, &changes);
	}
	return OK;
}

static enum err run_all(struct job *job, struct run *run)
{
	TRY(rounds(job, run, (struct step){ may_judge, judge_some }));
	TRY(rounds(job, run, (struct step){ may_queue, queue_some }));
	TRY(rounds(job, run, (struct step){ may_give, give_some }));
	return routing_tell_places(job, &run->setting);
}

enum err routing_run(struct job *job)
{
	struct actor asker = job->actor;
	struct run run = { 0 };
	bool found, is_on;
	enum err e;

	TRY(found_row(job,
		sql_routing_setting_get(job, &(struct sql_routing_setting_get){ job->workspace },
			&run.setting),
		&found));
	if (!found || !run.setting.active)
		return OK;
	TRY(feature_is_on(job, FEATURE_ROUTING, &is_on));
	if (!is_on)
		return OK;
	job->actor = (struct actor){ .kind = ACTOR_AUTOMATION, .name = S("Routing") };
	e = run_all(job, &run);
	job->actor = asker;
	return e;
}
