/* sla.c: what is promised to customers, and the noting of promises that were broken. */
#include "report/report.h"

#include "account/audit.h"
#include "inbox/composer.h"
#include "runtime/pool.h"
#include "store/queries.h"
#include "store/store.h"

enum {
	PAGE = 200,
	BROKEN_MAX = 500,
	WATCHED_MAX = 20000,
	WORKSPACES_MAX = 10000,
	DETAIL_MAX = 256
};
#define MINUTE_MS (60 * 1000LL)

static const char *const kinds[SLA_KINDS] = { "first", "next", "resolution" };

const char *sla_kind_name(enum sla_kind kind)
{
	return kinds[kind];
}

static void policy_of_row(const struct sla_policy_row *row, struct sla_policy *out)
{
	*out = (struct sla_policy){ .id = row->id,
		.team_id = row->team_id,
		.channel_id = row->channel_id,
		.name = row->name,
		.least_priority = (enum conversation_priority)row->least_priority,
		.first_minutes = row->first_minutes,
		.next_minutes = row->next_minutes,
		.resolution_minutes = row->resolution_minutes,
		.in_hours = row->in_hours };
}

enum err sla_load(struct job *job, struct sla *out)
{
	struct sla_policy_rows rows;
	struct sla_policy *policies;

	TRY(sql_sla_policy_list(job, &(struct sql_sla_policy_list){ job->workspace }, &rows));
	policies = ARENA_ARRAY(job->arena, struct sla_policy, rows.count);
	for (size_t i = 0; i < rows.count; i++)
		policy_of_row(&rows.items[i], &policies[i]);
	*out = (struct sla){ .policies = policies, .count = rows.count };
	return hours_load(job, &out->hours);
}

static enum err add_policy(struct job *job, const struct sla_policy *policy, size_t place)
{
	return sql_sla_policy_add(job,
		&(struct sql_sla_policy_add){ .id = job_id(job),
			.workspace = job->workspace,
			.name = policy->name,
			.place = (int64_t)place,
			.team = policy->team_id,
			.channel = policy->channel_id,
			.least_priority = policy->least_priority,
			.first_minutes = policy->first_minutes,
			.next_minutes = policy->next_minutes,
			.resolution_minutes = policy->resolution_minutes,
			.in_hours = policy->in_hours,
			.now_ms = job->now_ms },
		NULL);
}

enum err sla_store(struct job *job, const struct sla_policy *policies, size_t count)
{
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_sla_policy_remove_all(job, &(struct sql_sla_policy_remove_all){ job->workspace },
		NULL));
	for (size_t i = 0; i < count; i++)
		TRY(add_policy(job, &policies[i], i));
	TRY(audit_add(job, &(struct audit_entry){ .action = "sla.update",
				   .target_kind = "workspace", .target_id = job->workspace }));
	return db_commit(job);
}

/* ---- what is due ---- */

static const struct sla_policy *policy_of(const struct sla *sla, const struct conversation *conv)
{
	for (size_t i = 0; i < sla->count; i++) {
		const struct sla_policy *p = &sla->policies[i];

		if ((!p->team_id || p->team_id == conv->team_id) &&
			(!p->channel_id || p->channel_id == conv->channel_id) &&
			conv->priority >= p->least_priority)
			return p;
	}
	return NULL;
}

static int64_t due_after(const struct sla *sla, const struct sla_policy *policy, int64_t since_ms,
	int64_t minutes)
{
	return policy->in_hours ? hours_after(sla->hours, since_ms, minutes * MINUTE_MS)
	                        : since_ms + minutes * MINUTE_MS;
}

size_t sla_dues(const struct sla *sla, const struct conversation *conv,
	struct sla_due out[SLA_KINDS])
{
	const struct sla_policy *p = policy_of(sla, conv);
	enum sla_kind answer = conv->first_answer_id ? SLA_NEXT : SLA_FIRST;
	int64_t minutes;
	size_t count = 0;

	if (!p || (conv->status != CONVERSATION_OPEN && conv->status != CONVERSATION_WAITING))
		return 0;
	minutes = answer == SLA_FIRST ? p->first_minutes : p->next_minutes;
	if (minutes && conv->waiting_since_ms)
		out[count++] = (struct sla_due){ answer, p->id, conv->waiting_since_ms,
			due_after(sla, p, conv->waiting_since_ms, minutes) };
	if (p->resolution_minutes)
		out[count++] = (struct sla_due){ SLA_RESOLUTION, p->id, conv->opened_ms,
			due_after(sla, p, conv->opened_ms, p->resolution_minutes) };
	return count;
}

/* ---- noting what was broken ---- */

/* Promises broken in (after_ms, now], of one workspace, in order of finding. */
struct watch {
	struct sla sla;
	int64_t after_ms;
	struct broken { struct conversation conversation; struct sla_due due; } *items;
	size_t count;
};

static void look_at(struct watch *w, const struct conversation *conv, int64_t now_ms)
{
	struct sla_due dues[SLA_KINDS];
	size_t count = sla_dues(&w->sla, conv, dues);

	for (size_t i = 0; i < count; i++)
		if (dues[i].due_ms > w->after_ms && dues[i].due_ms <= now_ms &&
			w->count < BROKEN_MAX)
			w->items[w->count++] = (struct broken){ *conv, dues[i] };
}

/* Every unfinished conversation of the workspace, the oldest first: as many as one round looks at.
 */
static enum err look_at_all(struct job *job, struct watch *w)
{
	const struct conversation *last = NULL;
	struct conversations page = { .count = PAGE };

	for (size_t seen = 0; page.count == PAGE && seen < WATCHED_MAX; seen += page.count) {
		TRY(conversation_unfinished(job, last, PAGE, &page));
		for (size_t i = 0; i < page.count; i++)
			look_at(w, &page.items[i], job->now_ms);
		last = page.count ? &page.items[page.count - 1] : NULL;
	}
	return OK;
}

static enum err note_broken(struct job *job, const struct broken *broken,
	struct inbox_changes *changes)
{
	const struct conversation *conv = &broken->conversation;
	struct buf detail = buf_in(job->arena, DETAIL_MAX);
	int64_t added = 0;

	TRY(sql_sla_breach_add(job,
		&(struct sql_sla_breach_add){ .id = job_id(job),
			.workspace = job->workspace,
			.conversation = conv->id,
			.policy = broken->due.policy,
			.person = conv->assignee_id,
			.team = conv->team_id,
			.channel = conv->channel_id,
			.kind = str_of(kinds[broken->due.kind]),
			.since_ms = broken->due.since_ms,
			.due_ms = broken->due.due_ms,
			.now_ms = job->now_ms },
		&added));
	if (!added)
		return OK;
	json_open(&detail, '{');
	json_put(&detail, "promise", str_of(kinds[broken->due.kind]));
	json_put_int(&detail, "due_ms", broken->due.due_ms);
	json_close(&detail, '}');
	TRY(conversation_add_event(job, conv->id, S("sla_breached"), buf_text(&detail)));
	if (conv->assignee_id)
		TRY(notification_add_within(job,
			&(struct notification){ .kind = NOTIFICATION_SLA,
				.person_id = conv->assignee_id,
				.conversation_id = conv->id,
				.detail = buf_text(&detail) },
			changes));
	inbox_note(job, changes, (struct inbox_change){ .kind = CHANGE_CONVERSATION,
		.conversation = conv->id, .contact = conv->contact_id });
	return OK;
}

static enum err watch_workspace(struct job *job, int64_t after_ms)
{
	struct watch w = { .after_ms = after_ms,
		.items = ARENA_ARRAY(job->arena, struct broken, BROKEN_MAX) };
	struct inbox_changes changes = { 0 };

	TRY(sla_load(job, &w.sla));
	TRY(look_at_all(job, &w));
	if (!w.count)
		return OK;
	TRY(db_begin(job, DB_WRITE));
	for (size_t i = 0; i < w.count; i++)
		TRY(note_broken(job, &w.items[i], &changes));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return OK;
}

enum err sla_watch(struct job *job, int64_t after_ms)
{
	struct sla_workspace_rows rows;

	TRY(sql_sla_workspaces(job, &(struct sql_sla_workspaces){ WORKSPACES_MAX }, &rows));
	for (size_t i = 0; i < rows.count; i++) {
		job->workspace = rows.items[i].workspace_id;
		TRY(watch_workspace(job, after_ms));
	}
	return OK;
}

/* After a start, everything that is broken is looked at once. */
static int64_t watched_ms;

static enum err watch(struct job *job, void *arg)
{
	int64_t now_ms = job->now_ms;

	(void)arg;
	TRY(sla_watch(job, watched_ms));
	watched_ms = now_ms;
	return OK;
}

void sla_start(struct timers *timers)
{
	timer_every(timers, SLA_EVERY_MS, (struct task){ "sla", watch, NULL, NULL });
}
