/* traffic.c: messages by the hour. An hour that is over is counted once, along the ids of its
 * messages, and kept; the present one is counted when asked for. */
#include "report/report.h"

#include "store/queries.h"
#include "store/store.h"

#define HOUR_MS (3600 * 1000LL)
enum { HOURS_MAX = FIGURES_DAYS_MAX * 24 };

static enum err count_hour(struct job *job, int64_t hour_ms, struct traffic *out)
{
	struct traffic_row row;

	TRY(sql_traffic_count(job,
		&(struct sql_traffic_count){ job->workspace, id64_floor(hour_ms),
			id64_floor(hour_ms + HOUR_MS) },
		&row));
	*out = (struct traffic){ hour_ms, row.received, row.sent, row.failed };
	return OK;
}

static enum err keep_hours(struct job *job, const struct traffic *hours, size_t count)
{
	TRY(db_begin(job, DB_WRITE));
	for (size_t i = 0; i < count; i++)
		TRY(sql_traffic_hour_set(job,
			&(struct sql_traffic_hour_set){ .id = job_id(job),
				.workspace = job->workspace,
				.hour_ms = hours[i].hour_ms,
				.received = hours[i].received,
				.sent = hours[i].sent,
				.failed = hours[i].failed },
			NULL));
	return db_commit(job);
}

/* The last hour that is over may still lack a message that was being stored as it ended. */
static bool is_settled(int64_t hour_ms, int64_t now_ms)
{
	return hour_ms + 2 * HOUR_MS <= now_ms;
}

enum err traffic_load(struct job *job, int64_t from_ms, struct traffic **out, size_t *count)
{
	int64_t hour = from_ms / HOUR_MS * HOUR_MS, present = job->now_ms / HOUR_MS * HOUR_MS;
	struct traffic *fresh = ARENA_ARRAY(job->arena, struct traffic, HOURS_MAX);
	struct traffic_hour_rows known;
	size_t at = 0, fresh_count = 0;

	if (hour < present - (HOURS_MAX - 1) * HOUR_MS)
		hour = present - (HOURS_MAX - 1) * HOUR_MS;
	*out = ARENA_ARRAY(job->arena, struct traffic, HOURS_MAX);
	*count = 0;
	TRY(sql_traffic_hours(job, &(struct sql_traffic_hours){ job->workspace, hour, present },
		&known));
	for (; hour <= present; hour += HOUR_MS) {
		struct traffic *to = &(*out)[(*count)++];

		if (at < known.count && known.items[at].hour_ms == hour) {
			*to = (struct traffic){ hour, known.items[at].received,
				known.items[at].sent, known.items[at].failed };
			at++;
			continue;
		}
		TRY(count_hour(job, hour, to));
		if (is_settled(hour, job->now_ms))
			fresh[fresh_count++] = *to;
	}
	return fresh_count ? keep_hours(job, fresh, fresh_count) : OK;
}
