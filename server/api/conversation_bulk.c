/*
 * conversation_bulk.c: POST /conversations/bulk: one change to many conversations.
 *
 * All in one transaction, each with its events and its audit row as if it were changed alone; ids
 * are taken in their order, so that two at the same time do not wait for each other in a circle.
 * What undoes it is told in the answer, as requests to this very route.
 */
#include "api/conversation_filter.h"
#include "api/handlers.h"
#include "store/queries.h"
#include "store/store.h"

#include <stdlib.h>

enum { BULK_MAX = 1000, BULK_LABELS_MAX = 20, LABELS_PER_LOOK = 100, REASON_MAX = 500 };

struct asked {
	struct field_ids ids, add_labels, remove_labels;
	json filter;
	str status, priority, reason;
	id64 assignee_id, team_id;
	int64_t snoozed_until_ms;
	bool has_assignee, has_team, read;
};

static const struct field asked_fields[] = {
	FIELD(struct asked, ids, IDS, .max = BULK_MAX),
	FIELD(struct asked, filter, JSON),
	FIELD(struct asked, status, STR),
	FIELD(struct asked, priority, STR),
	FIELD(struct asked, assignee_id, ID, .nullable = true,
		.given_at = offsetof(struct asked, has_assignee)),
	FIELD(struct asked, team_id, ID, .nullable = true,
		.given_at = offsetof(struct asked, has_team)),
	FIELD(struct asked, snoozed_until_ms, INT, .min = 0, .max = INT64_MAX),
	FIELD(struct asked, add_labels, IDS, .max = BULK_LABELS_MAX),
	FIELD(struct asked, remove_labels, IDS, .max = BULK_LABELS_MAX),
	FIELD(struct asked, read, BOOL),
	FIELD(struct asked, reason, STR, .max = REASON_MAX),
	{ 0 },
};

struct bulk {
	struct job *job;
	id64 *ids;
	size_t count, changed_count;
	bool more, read;
	struct conversation_patch patch;
	struct label_change labels;
	struct conversation_bulk *done;  /* of each that is there */
	size_t done_count;
	struct conversation_label_rows *labels_before; /* a look for each LABELS_PER_LOOK ids */
	id64 *missing;
	size_t missing_count;
	struct inbox_changes changes;
};

/* ---- what is asked ---- */

static enum err take_filter(struct bulk *b, json map)
{
	struct job *job = b->job;
	struct conversation_filter filter;
	struct conversations list;

	if (json_kind(map) != JSON_MAP) {
		field_error(job, S("filter"), S("wrong_type"), S("Must be an object."));
		return job_check_fields(job);
	}
	filter_check_names(job, map);
	TRY(filter_read(job, &(struct filter_source){ .map = map }, &filter));
	filter.max = BULK_MAX + 1;
	TRY(conversation_list(job, &filter, &list));
	b->more = list.count > BULK_MAX;
	b->count = b->more ? BULK_MAX : list.count;
	for (size_t i = 0; i < b->count; i++)
		b->ids[i] = list.items[i].id;
	return OK;
}

static void read_patch(struct bulk *b, const struct asked *asked)
{
	struct conversation_patch *patch = &b->patch;

	*patch = (struct conversation_patch){ .has_status = asked->status.ptr,
		.has_priority = asked->priority.ptr,
		.has_assignee = asked->has_assignee,
		.assignee_id = asked->assignee_id,
		.has_team = asked->has_team,
		.team_id = asked->team_id,
		.snoozed_until_ms = asked->snoozed_until_ms,
		.reason = asked->reason };
	if (patch->has_status && !conversation_status_parse(asked->status, &patch->status))
		field_error(b->job, S("status"), S("unknown"),
			S("One of open, waiting, resolved, snoozed, archived."));
	if (patch->has_priority && !conversation_priority_parse(asked->priority, &patch->priority))
		field_error(b->job, S("priority"), S("unknown"),
			S("One of none, low, medium, high, urgent."));
}

static bool has_patch(const struct bulk *b)
{
	const struct conversation_patch *p = &b->patch;

	return p->has_status || p->has_priority || p->has_assignee || p->has_team;
}

static bool has_labels(const struct bulk *b)
{
	return b->labels.add_count || b->labels.remove_count;
}

static enum err read_asked(struct bulk *b, const struct request *req)
{
	struct job *job = b->job;
	struct asked asked = { 0 };

	TRY(request_fields(job, req, asked_fields, &asked));
	read_patch(b, &asked);
	b->read = asked.read;
	b->labels = (struct label_change){ .add = asked.add_labels.items,
		.add_count = asked.add_labels.count,
		.remove = asked.remove_labels.items,
		.remove_count = asked.remove_labels.count,
		.reason = asked.reason };
	if (!job->field_errors && !asked.ids.items == !asked.filter)
		field_error(job, S("ids"), S("required"), S("Send either ids or filter."));
	if (!has_patch(b) && !has_labels(b) && !b->read)
		field_error(job, S("status"), S("required"), S("Say what is to be changed."));
	TRY(job_check_fields(job));
	if (asked.ids.items)
		b->ids = asked.ids.items;
	b->count = asked.ids.count;
	return asked.filter ? take_filter(b, asked.filter) : OK;
}

/* ---- doing it ---- */

static int compare_ids(const void *a, const void *b)
{
	id64 x = *(const id64 *)a, y = *(const id64 *)b;

	return x < y ? -1 : x > y;
}

/* Beside the patch. */
static enum err change_one(struct bulk *b, struct conversation_bulk *one)
{
	struct job *job = b->job;
	size_t noted = b->changes.count;
	struct read_receipt receipt;
	struct conversation conv;

	if (has_labels(b))
		TRY(conversation_label(job, one->before.id, &b->labels, &b->changes, &conv));
	if (b->read)
		TRY(conversation_mark_read(job, one->before.id, &b->changes, &conv, &receipt));
	b->changed_count += one->changed || b->changes.count > noted;
	return OK;
}

static enum err look_at_labels(struct bulk *b)
{
	size_t looks = (b->count + LABELS_PER_LOOK - 1) / LABELS_PER_LOOK;

	if (!has_labels(b))
		return OK;
	b->labels_before = ARENA_ARRAY(b->job->arena, struct conversation_label_rows, looks + 1);
	for (size_t i = 0; i < looks; i++) {
		size_t from = i * LABELS_PER_LOOK, left = b->count - from;

		TRY(sql_label_of_conversations(b->job,
			&(struct sql_label_of_conversations){
				.conversations = json_ids(b->job->arena, b->ids + from,
					left < LABELS_PER_LOOK ? left : LABELS_PER_LOOK),
				.workspace = b->job->workspace },
			&b->labels_before[i]));
	}
	return OK;
}

/* Those asked for and not done: gone, or not for the asker to see. */
static void find_missing(struct bulk *b)
{
	size_t k = 0;

	for (size_t i = 0; i < b->count; i++) {
		if (k < b->done_count && b->done[k].asked == b->ids[i])
			k++;
		else
			b->missing[b->missing_count++] = b->ids[i];
	}
}

static void drop_doubles(struct bulk *b)
{
	size_t kept = 0;

	for (size_t i = 0; i < b->count; i++)
		if (!kept || b->ids[kept - 1] != b->ids[i])
			b->ids[kept++] = b->ids[i];
	b->count = kept;
}

static enum err change_all(struct bulk *b)
{
	TRY(db_begin(b->job, DB_WRITE));
	TRY(look_at_labels(b));
	TRY(conversation_update_many(b->job, b->ids, b->count, &b->patch, &b->changes, b->done,
		&b->done_count));
	for (size_t i = 0; i < b->done_count; i++)
		TRY(change_one(b, &b->done[i]));
	find_missing(b);
	return db_commit(b->job);
}

/* ---- the answer, and what undoes it ---- */

static bool was_same(const struct bulk *b, const struct conversation *x,
	const struct conversation *y)
{
	const struct conversation_patch *p = &b->patch;

	return (!p->has_status ||
		       (x->status == y->status && x->snoozed_until_ms == y->snoozed_until_ms)) &&
	       (!p->has_priority || x->priority == y->priority) &&
	       (!p->has_assignee || x->assignee_id == y->assignee_id) &&
	       (!p->has_team || x->team_id == y->team_id);
}

static void write_id_or_null(struct buf *out, const char *key, id64 id)
{
	if (id)
		json_put_id(out, key, id);
	else
		json_put_null(out, key);
}

static void write_before(struct buf *out, const struct bulk *b, const struct conversation *was)
{
	if (b->patch.has_status)
		json_put(out, "status", str_of(conversation_status_name(was->status)));
	if (b->patch.has_status && was->status == CONVERSATION_SNOOZED)
		json_put_int(out, "snoozed_until_ms", was->snoozed_until_ms);
	if (b->patch.has_priority)
		json_put(out, "priority", str_of(conversation_priority_name(was->priority)));
	if (b->patch.has_assignee)
		write_id_or_null(out, "assignee_id", was->assignee_id);
	if (b->patch.has_team)
		write_id_or_null(out, "team_id", was->team_id);
}

/* A request for each group that was alike. */
static void write_undo_patch(struct buf *out, const struct bulk *b)
{
	bool *told = ARENA_ARRAY(b->job->arena, bool, b->done_count + 1);

	for (size_t i = 0; i < b->done_count; i++)
		told[i] = !b->done[i].changed;
	for (size_t i = 0; i < b->done_count; i++) {
		if (told[i])
			continue;
		json_open(out, '{');
		json_open_in(out, "ids", '[');
		for (size_t k = i; k < b->done_count; k++) {
			if (told[k] || !was_same(b, &b->done[i].before, &b->done[k].before))
				continue;
			told[k] = true;
			json_put_id(out, NULL, b->done[k].before.id);
		}
		json_close(out, ']');
		write_before(out, b, &b->done[i].before);
		json_close(out, '}');
	}
}

static bool had_label(const struct bulk *b, size_t at, id64 label)
{
	const struct conversation_label_rows *rows = &b->labels_before[at / LABELS_PER_LOOK];

	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].conversation_id == b->ids[at] && rows->items[i].id == label)
			return true;
	return false;
}

/* Those that the label was put on, or taken off, just now. */
static void write_undo_label(struct buf *out, const struct bulk *b, id64 label, bool was_added)
{
	json_open(out, '{');
	json_open_in(out, "ids", '[');
	for (size_t i = 0; i < b->count; i++)
		if (had_label(b, i, label) != was_added)
			json_put_id(out, NULL, b->ids[i]);
	json_close(out, ']');
	json_open_in(out, was_added ? "remove_labels" : "add_labels", '[');
	json_put_id(out, NULL, label);
	json_close(out, ']');
	json_close(out, '}');
}

static void write_answer(struct buf *out, const struct bulk *b)
{
	json_open(out, '{');
	json_put_int(out, "matched", (int64_t)(b->count - b->missing_count));
	json_put_int(out, "changed", (int64_t)b->changed_count);
	json_put_bool(out, "more", b->more);
	json_open_in(out, "missing", '[');
	for (size_t i = 0; i < b->missing_count; i++)
		json_put_id(out, NULL, b->missing[i]);
	json_close(out, ']');
	json_open_in(out, "undo", '[');
	write_undo_patch(out, b);
	for (size_t i = 0; i < b->labels.add_count; i++)
		write_undo_label(out, b, b->labels.add[i], true);
	for (size_t i = 0; i < b->labels.remove_count; i++)
		write_undo_label(out, b, b->labels.remove[i], false);
	json_close(out, ']');
	json_close(out, '}');
}

enum err conversations_bulk(struct job *job, const struct request *req, struct response *res)
{
	struct bulk *b = ARENA_NEW(job->arena, struct bulk);

	b->job = job;
	b->ids = ARENA_ARRAY(job->arena, id64, BULK_MAX);
	b->missing = ARENA_ARRAY(job->arena, id64, BULK_MAX);
	b->done = ARENA_ARRAY(job->arena, struct conversation_bulk, BULK_MAX);
	TRY(read_asked(b, req));
	qsort(b->ids, b->count, sizeof *b->ids, compare_ids);
	drop_doubles(b);
	TRY(change_all(b));
	inbox_tell(job, &b->changes);
	write_answer(reply_json(res, 200), b);
	return OK;
}
