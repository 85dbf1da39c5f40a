/*
 * template_usage.c: what came of the messages of each template, by day, counted as it happens.
 *
 * template_send.counted says what of a message is counted already, so that a report that comes
 * twice counts once. Figures belong to the day the message was accepted, as the workspace's clocks
 * have it.
 */
#include "account/template_internal.h"

#define DAY_MS 86400000LL
#define WEEK_MS (7 * DAY_MS)
#define DAYS_MAX 400

enum counted {
	COUNTED_SENT = 1,
	COUNTED_DELIVERED = 2,
	COUNTED_READ = 4,
	COUNTED_FAILED = 8,
	COUNTED_REPLIED = 16,
	COUNTED_REPLIED_WEEK = 32,
	COUNTED_CLICKED = 64,
};

enum err template_used(struct job *job, id64 message, id64 conversation, id64 template)
{
	int64_t day;

	TRY(workspace_day(job, job->now_ms, &day));
	return sql_template_send_add(job,
		&(struct sql_template_send_add){ .message = message,
			.workspace = job->workspace,
			.template = template,
			.conversation = conversation,
			.day = day,
			.now_ms = job->now_ms },
		NULL);
}

/* Those of `bits` that are not counted yet. */
static enum err count(struct job *job, const struct template_send_row *row, unsigned bits)
{
	unsigned fresh = bits & ~(unsigned)row->counted;

	if (!fresh)
		return OK;
	TRY(sql_template_send_count(job,
		&(struct sql_template_send_count){ .workspace = job->workspace,
			.message = row->message_id,
			.counted = row->counted | fresh },
		NULL));
	return sql_template_day_add(job,
		&(struct sql_template_day_add){ .template = row->template_id,
			.day = row->day,
			.workspace = job->workspace,
			.sent = !!(fresh & COUNTED_SENT),
			.delivered = !!(fresh & COUNTED_DELIVERED),
			.seen = !!(fresh & COUNTED_READ),
			.failed = !!(fresh & COUNTED_FAILED),
			.replied = !!(fresh & COUNTED_REPLIED),
			.replied_week = !!(fresh & COUNTED_REPLIED_WEEK),
			.clicked = !!(fresh & COUNTED_CLICKED) },
		NULL);
}

/* A later state proves the ones before it, as their reports may come late or never. */
static unsigned bits_of(enum message_status status)
{
	switch (status) {
	case STATUS_SENT:
		return COUNTED_SENT;
	case STATUS_DELIVERED:
		return COUNTED_SENT | COUNTED_DELIVERED;
	case STATUS_READ:
	case STATUS_PLAYED:
		return COUNTED_SENT | COUNTED_DELIVERED | COUNTED_READ;
	case STATUS_FAILED:
		return COUNTED_FAILED;
	default:
		return 0;
	}
}

static enum err find_send(struct job *job, id64 message, struct template_send_row *out)
{
	return sql_template_send_find(job,
		&(struct sql_template_send_find){ .workspace = job->workspace, .message = message },
		out);
}

enum err template_used_status(struct job *job, id64 message, enum message_status status)
{
	struct template_send_row row;
	enum err e = find_send(job, message, &row);

	if (e != OK)
		return e == ERR_MISSING ? OK : e;
	return count(job, &row, bits_of(status));
}

enum err template_used_answer(struct job *job, id64 conversation, bool is_click, id64 clicked)
{
	struct template_send_row row;
	int64_t age_ms;
	enum err e = ERR_MISSING;

	if (clicked)
		e = find_send(job, clicked, &row);
	if (e == ERR_MISSING)
		e = sql_template_send_latest(job,
			&(struct sql_template_send_latest){ .workspace = job->workspace,
				.conversation = conversation },
			&row);
	if (e != OK)
		return e == ERR_MISSING ? OK : e;
	age_ms = job->now_ms - row.sent_ms;
	return count(job, &row,
		(age_ms <= DAY_MS ? COUNTED_REPLIED : 0u) |
			(age_ms <= WEEK_MS ? COUNTED_REPLIED_WEEK : 0u) |
			(is_click ? COUNTED_CLICKED : 0u));
}

enum err template_days(struct job *job, id64 template, int64_t from_day, struct template_day **out,
	size_t *count_out)
{
	struct template_day_rows rows;

	TRY(sql_template_day_list(job,
		&(struct sql_template_day_list){ .workspace = job->workspace,
			.template = template,
			.from_day = from_day,
			.count = DAYS_MAX },
		&rows));
	*out = ARENA_ARRAY(job->arena, struct template_day, rows.count);
	*count_out = rows.count;
	for (size_t i = 0; i < rows.count; i++) {
		const struct template_day_row *row = &rows.items[i];

		(*out)[i] = (struct template_day){ row->day, row->sent, row->delivered, row->seen,
			row->failed, row->replied, row->replied_week, row->clicked };
	}
	return OK;
}
