/* hours.c: see hours.h. The calendar is ICU's. */
#include "report/hours.h"

#include "account/audit.h"
#include "store/queries.h"
#include "store/store.h"

#include <unicode/ucal.h>
#include <unicode/ustring.h>

enum { DAYS = 7, MINUTES_OF_DAY = 1440, ZONE_MAX = 64, HOUR_MINUTES = 60, TEXT_MAX = 4096 };
#define DAY_MS (24 * 3600 * 1000LL)

struct span { int from, until; }; /* minutes of the day */

struct hours {
	UCalendar *calendar; /* NULL: always there */
	struct span spans[DAYS][HOURS_SPANS_MAX];
	size_t span_count[DAYS];
	int holidays[HOURS_HOLIDAYS_MAX]; /* 20261225 */
	size_t holiday_count;
};

/* ---- reading ---- */

static void close_calendar(void *calendar)
{
	ucal_close(calendar);
}

/* ICU takes any text for a zone and makes GMT of it, so the name is looked for first. */
static bool zone_is_known(const UChar *zone)
{
	UChar known[ZONE_MAX];
	UBool is_system = false;
	UErrorCode status = U_ZERO_ERROR;

	ucal_getCanonicalTimeZoneID(zone, -1, known, ZONE_MAX, &is_system, &status);
	return U_SUCCESS(status) && is_system;
}

static bool open_calendar(struct job *job, str name, struct hours *hours)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar zone[ZONE_MAX];

	if (!name.len || name.len >= ZONE_MAX)
		return false;
	u_charsToUChars(name.ptr, zone, (int32_t)name.len);
	zone[name.len] = 0;
	if (!zone_is_known(zone))
		return false;
	hours->calendar = ucal_open(zone, -1, "en", UCAL_GREGORIAN, &status);
	if (U_FAILURE(status))
		return false;
	job_defer(job, close_calendar, hours->calendar);
	return true;
}

static bool read_span(json pair, int after, struct span *out)
{
	if (json_kind(pair) != JSON_LIST || json_count(pair) != 2)
		return false;
	*out = (struct span){ (int)json_int(json_at(pair, 0), -1),
		(int)json_int(json_at(pair, 1), -1) };
	return out->from >= after && out->until > out->from && out->until <= MINUTES_OF_DAY;
}

static bool read_day(json list, struct hours *hours, size_t day)
{
	int after = 0;

	if (json_kind(list) != JSON_LIST || json_count(list) > HOURS_SPANS_MAX)
		return false;
	for (size_t i = 0; i < json_count(list); i++) {
		if (!read_span(json_at(list, i), after, &hours->spans[day][i]))
			return false;
		after = hours->spans[day][i].until;
	}
	hours->span_count[day] = json_count(list);
	return true;
}

static bool read_holiday(str date, int *out)
{
	str year = str_split(&date, '-'), month = str_split(&date, '-');
	int64_t y, m, d;

	if (year.len != 4 || month.len != 2 || date.len != 2 || !str_to_i64(year, &y) ||
		!str_to_i64(month, &m) || !str_to_i64(date, &d) || m < 1 || m > 12 || d < 1 ||
		d > 31)
		return false;
	*out = (int)(y * 10000 + m * 100 + d);
	return true;
}

static void read_week(struct job *job, json week, struct hours *hours)
{
	bool is_week = json_kind(week) == JSON_LIST && json_count(week) == DAYS;

	if (!is_week)
		field_error(job, S("week"), S("invalid"),
			S("Seven lists, one a day, Monday first."));
	for (size_t day = 0; is_week && day < DAYS; day++)
		if (!read_day(json_at(week, day), hours, day))
			field_error(job, arena_printf(job->arena, "week.%zu", day), S("invalid"),
				S("At most four spans of the day, one after the other, each "
				  "[from, until] in minutes up to 1440."));
}

static void read_holidays(struct job *job, json list, struct hours *hours)
{
	size_t count = json_kind(list) == JSON_LIST ? json_count(list) : 0;

	if (count > HOURS_HOLIDAYS_MAX) {
		field_error(job, S("holidays"), S("too_many"), S("At most 100 holidays."));
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (!read_holiday(json_text(json_at(list, i)),
			    &hours->holidays[hours->holiday_count++]))
			field_error(job, arena_printf(job->arena, "holidays.%zu", i), S("invalid"),
				S("A date like 2026-12-25."));
}

enum err hours_read(struct job *job, const struct hours_draft *draft, struct hours **out)
{
	struct hours *hours = ARENA_NEW(job->arena, struct hours);

	if (!open_calendar(job, draft->time_zone, hours))
		field_error(job, S("time_zone"), S("unknown"),
			S("The name of a time zone, like Europe/Berlin."));
	read_week(job, draft->week, hours);
	read_holidays(job, draft->holidays, hours);
	*out = hours;
	return job_check_fields(job);
}

enum err hours_get(struct job *job, struct hours_draft *out)
{
	struct business_hours_row row;

	TRY(sql_business_hours_get(job,
		&(struct sql_business_hours_get){ .workspace = job->workspace }, &row));
	out->time_zone = row.time_zone;
	TRY(json_read(job->arena, row.week, &out->week, NULL));
	return json_read(job->arena, row.holidays, &out->holidays, NULL);
}

enum err hours_load(struct job *job, struct hours **out)
{
	struct hours_draft draft;
	enum err e = hours_get(job, &draft);

	if (e != ERR_MISSING)
		return e == OK ? hours_read(job, &draft, out) : e;
	job_forgive(job);
	*out = ARENA_NEW(job->arena, struct hours);
	return OK;
}

static str text_of(struct job *job, json value)
{
	struct buf out = buf_in(job->arena, TEXT_MAX);

	if (value)
		json_put_value(&out, NULL, value);
	return value ? buf_text(&out) : S("[]");
}

enum err hours_store(struct job *job, const struct hours_draft *draft)
{
	struct hours *hours;

	TRY(hours_read(job, draft, &hours));
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_business_hours_set(job,
		&(struct sql_business_hours_set){ .id = job_id(job),
			.workspace = job->workspace,
			.time_zone = draft->time_zone,
			.week = text_of(job, draft->week),
			.holidays = text_of(job, draft->holidays),
			.now_ms = job->now_ms },
		NULL));
	TRY(audit_add(job, &(struct audit_entry){ .action = "hours.update",
				   .target_kind = "workspace", .target_id = job->workspace }));
	return db_commit(job);
}

/* ---- the days ---- */

struct date { int year, month, day; }; /* month from 0, as ICU has it */

static struct date local_date(const struct hours *hours, int64_t ms)
{
	UErrorCode status = U_ZERO_ERROR;

	ucal_setMillis(hours->calendar, (UDate)ms, &status);
	return (struct date){ ucal_get(hours->calendar, UCAL_YEAR, &status),
		ucal_get(hours->calendar, UCAL_MONTH, &status),
		ucal_get(hours->calendar, UCAL_DATE, &status) };
}

/* A day past the month's end is one of the next. */
static int64_t moment(const struct hours *hours, struct date date, int minutes)
{
	UErrorCode status = U_ZERO_ERROR;

	ucal_clear(hours->calendar);
	ucal_setDateTime(hours->calendar, date.year, date.month, date.day, minutes / HOUR_MINUTES,
		minutes % HOUR_MINUTES, 0, &status);
	return (int64_t)ucal_getMillis(hours->calendar, &status);
}

static bool is_holiday(const struct hours *hours, struct date date)
{
	int number = date.year * 10000 + (date.month + 1) * 100 + date.day;

	for (size_t i = 0; i < hours->holiday_count; i++)
		if (hours->holidays[i] == number)
			return true;
	return false;
}

/* The spans of a day as moments, in order. */
static size_t spans_of(const struct hours *hours, struct date date,
	int64_t out[HOURS_SPANS_MAX][2])
{
	UErrorCode status = U_ZERO_ERROR;
	struct date real = local_date(hours, moment(hours, date, MINUTES_OF_DAY / 2));
	size_t day = (size_t)(ucal_get(hours->calendar, UCAL_DAY_OF_WEEK, &status) + 5) % DAYS;

	if (is_holiday(hours, real))
		return 0;
	for (size_t i = 0; i < hours->span_count[day]; i++) {
		out[i][0] = moment(hours, real, hours->spans[day][i].from);
		out[i][1] = moment(hours, real, hours->spans[day][i].until);
	}
	return hours->span_count[day];
}

static int64_t overlap(const int64_t span[2], int64_t from, int64_t until)
{
	int64_t a = span[0] > from ? span[0] : from, b = span[1] < until ? span[1] : until;

	return b > a ? b - a : 0;
}

int64_t hours_between(const struct hours *hours, int64_t from_ms, int64_t until_ms)
{
	int64_t total = 0, spans[HOURS_SPANS_MAX][2];
	struct date date;

	if (until_ms <= from_ms)
		return 0;
	if (!hours->calendar)
		return until_ms - from_ms;
	date = local_date(hours, from_ms);
	for (int64_t days = (until_ms - from_ms) / DAY_MS + 2; days > 0; days--, date.day++)
		for (size_t i = spans_of(hours, date, spans); i > 0; i--)
			total += overlap(spans[i - 1], from_ms, until_ms);
	return total;
}

int64_t hours_after(const struct hours *hours, int64_t from_ms, int64_t ms)
{
	int64_t spans[HOURS_SPANS_MAX][2];
	struct date date;

	if (!hours->calendar)
		return from_ms + ms;
	date = local_date(hours, from_ms);
	for (int days = 0; days < HOURS_DAYS_MAX; days++, date.day++) {
		size_t count = spans_of(hours, date, spans);

		for (size_t i = 0; i < count; i++) {
			int64_t there = overlap(spans[i], from_ms, INT64_MAX);

			if (there >= ms && there > 0)
				return spans[i][1] - there + ms;
			ms -= there;
		}
	}
	return INT64_MAX;
}
