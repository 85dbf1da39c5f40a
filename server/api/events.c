/* events.c: raw webhooks as people see them: what came, what became of it, and once more. */
#include "api/events.h"

#include "account/audit.h"
#include "account/seal.h"
#include "api/api.h"
#include "base/log.h"
#include "store/queries.h"
#include "store/store.h"

#include <stdlib.h>

enum { LIVE_DATA_MAX_OCTETS = 16 << 10 };

enum event_state { STATE_PENDING, STATE_APPLIED, STATE_FAILED, STATE_KEPT, STATE_ALL };

static const char *const state_names[] = { "pending", "applied", "failed", "kept", "all" };

void (*api_events_hook)(void);

static void write_event(struct buf *out, const struct intake_summary_row *row)
{
	json_put_id(out, "id", row->id);
	json_put_id(out, "channel_id", row->channel);
	json_put(out, "kind", row->kind);
	json_put(out, "state", str_of(state_names[row->state & 3]));
	json_put_int(out, "attempts", row->attempts);
	json_put(out, "error", row->error);
	json_put_ms(out, "received_ms", id64_ms(row->id));
	json_put_ms(out, "applied_ms", row->applied_ms);
}

struct asked {
	struct page page;
	enum event_state state;
	id64 channel;
};

static enum err find_state(struct job *job, const struct asked *asked, int64_t state,
	struct intake_summary_rows *rows)
{
	return sql_intake_event_list(job,
		&(struct sql_intake_event_list){
			.workspace = job->workspace,
			.state = state,
			.channel = asked->channel,
			.before = asked->page.after.id ? asked->page.after.id : INT64_MAX,
			.max = (int64_t)asked->page.limit + 1,
		},
		rows);
}

static int newest_first(const void *a, const void *b)
{
	const struct intake_summary_row *x = a, *y = b;

	return (x->id < y->id) - (x->id > y->id);
}

/* Each state has its order by an index; all of them are the merge of the first pages of each. */
static enum err find_all(struct job *job, const struct asked *asked,
	struct intake_summary_rows *all)
{
	size_t max = asked->page.limit + 1;

	*all = (struct intake_summary_rows){
		ARENA_ARRAY(job->arena, struct intake_summary_row, STATE_ALL * max), 0
	};
	for (int64_t state = 0; state < STATE_ALL; state++) {
		struct intake_summary_rows rows;

		TRY(find_state(job, asked, state, &rows));
		for (size_t i = 0; i < rows.count; i++)
			all->items[all->count++] = rows.items[i];
	}
	qsort(all->items, all->count, sizeof *all->items, newest_first);
	if (all->count > max)
		all->count = max;
	return OK;
}

static enum err find_page(struct job *job, const struct asked *asked,
	struct intake_summary_rows *rows)
{
	return asked->state == STATE_ALL ? find_all(job, asked, rows)
					 : find_state(job, asked, asked->state, rows);
}

enum err events_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct intake_summary_rows rows;
	struct asked asked = { 0 };
	struct cursor next = { 0 };
	bool more;

	TRY(page_read(job, req, "events", &asked.page));
	asked.state = (enum event_state)request_query_word(job, req, "state", state_names,
		COUNT_OF(state_names), STATE_ALL);
	asked.channel = request_query_id(job, req, "channel_id");
	TRY(job_check_fields(job));
	TRY(find_page(job, &asked, &rows));
	more = rows.count > asked.page.limit;
	if (more)
		next.id = rows.items[--rows.count - 1].id;
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < rows.count; i++) {
		json_open(out, '{');
		write_event(out, &rows.items[i]);
		json_close(out, '}');
	}
	json_close(out, ']');
	TRY(page_write_next(job, out, &asked.page, more ? &next : NULL));
	json_close(out, '}');
	return OK;
}

/* The payload as JSON if it is JSON, else as text. */
static void write_payload(struct job *job, struct buf *out, str body)
{
	json payload;

	if (json_read(job->arena, body, &payload, NULL) == OK)
		json_put_value(out, "payload", payload);
	else
		json_put(out, "payload", body);
}

static enum err write_whole(struct job *job, struct response *res, int status, id64 id)
{
	struct buf *out = reply_json(res, status);
	struct intake_event_row row;
	str body;

	TRY(sql_intake_event_get(job, &(struct sql_intake_event_get){ job->workspace, id }, &row));
	TRY(unseal(job, SEAL_EVENT, row.payload, &body));
	json_open(out, '{');
	write_event(out, &(struct intake_summary_row){ row.id, row.channel, row.state, row.kind,
				 row.attempts, row.error, row.applied_ms });
	write_payload(job, out, body);
	json_close(out, '}');
	return OK;
}

static enum err tell_failed(struct job *job, id64 id)
{
	struct buf data = buf_in(job->arena, LIVE_DATA_MAX_OCTETS);
	struct intake_event_row row;
	struct live_app app;

	TRY(sql_intake_event_get(job, &(struct sql_intake_event_get){ job->workspace, id }, &row));
	TRY(live_app_get(job, &app));
	json_open(&data, '{');
	json_open_in(&data, "event", '{');
	write_event(&data, &(struct intake_summary_row){ row.id, row.channel, row.state, row.kind,
		row.attempts, row.error, row.applied_ms });
	json_close(&data, '}');
	json_close(&data, '}');
	api_publish(app.key,
		arena_printf(job->arena, "private-workspace-%lld", (long long)job->workspace),
		S("event.failed"), buf_text(&data));
	return OK;
}

void api_tell_failed_event(struct job *job, id64 event)
{
	enum err e = api_publish ? tell_failed(job, event) : OK;

	if (e != OK)
		log_warn("a failed event was not told: %s: " STR_F, err_name(e), STR_A(job->why));
	if (e != OK)
		job_forgive(job);
}

enum err events_get(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	return write_whole(job, res, 200, id);
}

enum err events_replay(struct job *job, const struct request *req, struct response *res)
{
	int64_t changed;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_intake_event_replay(job,
		&(struct sql_intake_event_replay){ job->workspace, id, job->now_ms }, &changed));
	if (!changed)
		return fail(job, ERR_MISSING, "There is no such event.");
	TRY(audit_add(job, &(struct audit_entry){ .action = "event.replay",
				   .target_kind = "event",
				   .target_id = id }));
	TRY(db_commit(job));
	if (api_events_hook)
		api_events_hook();
	return write_whole(job, res, 202, id);
}
