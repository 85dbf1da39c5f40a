/* hours_test.c: office hours, where they end, and when the clocks change. */
#include "report/hours.h"

#include "base/test.h"

#define HOUR (3600 * 1000LL)
#define MINUTE (60 * 1000LL)
/* 2026-03-27, a Friday, 00:00 UTC; Berlin is an hour ahead until Sunday 29th, 01:00 UTC, then two
 */
#define FRIDAY 1774569600000LL

static struct job a_job;

static struct job *start(void)
{
	job_init(&a_job, "test", arena_create(1 << 20), NULL);
	return &a_job;
}

static void end(struct job *job)
{
	struct arena *arena = job->arena;

	job_release(job);
	arena_destroy(arena);
}

static struct hours *hours_of(struct job *job, const char *zone, const char *week,
	const char *holidays)
{
	struct hours_draft draft = { .time_zone = str_of(zone) };
	struct hours *hours = NULL;

	EXPECT_OK(json_read(job->arena, str_of(week), &draft.week, NULL));
	EXPECT_OK(json_read(job->arena, str_of(holidays), &draft.holidays, NULL));
	EXPECT_OK(hours_read(job, &draft, &hours));
	return hours;
}

#define OFFICE "[[[540,1020]],[[540,1020]],[[540,1020]],[[540,1020]],[[540,720],[780,1020]],[],[]]"

TEST(a_night_and_a_weekend_do_not_count)
{
	struct job *job = start();
	struct hours *hours = hours_of(job, "Europe/Berlin", OFFICE, "[]");

	/* Friday 16:00 to Monday 10:00 in Berlin: an hour each; the clocks have changed between */
	EXPECT_INT(hours_between(hours, FRIDAY + 15 * HOUR, FRIDAY + 72 * HOUR + 8 * HOUR),
		2 * HOUR);
	/* over the lunch of Friday */
	EXPECT_INT(hours_between(hours, FRIDAY + 10 * HOUR, FRIDAY + 13 * HOUR), 2 * HOUR);
	EXPECT_INT(hours_between(hours, FRIDAY + 20 * HOUR, FRIDAY + 30 * HOUR), 0);
	EXPECT_INT(hours_between(hours, FRIDAY + 5, FRIDAY), 0);
	end(job);
}

TEST(a_promise_goes_on_when_the_office_opens)
{
	struct job *job = start();
	struct hours *hours = hours_of(job, "Europe/Berlin", OFFICE, "[\"2026-03-30\"]");

	/* Friday 16:30, an hour is due: half on Friday; Monday is a holiday; Tuesday 9:30 */
	EXPECT_INT(hours_after(hours, FRIDAY + 15 * HOUR + 30 * MINUTE, HOUR),
		FRIDAY + 4 * 24 * HOUR + 7 * HOUR + 30 * MINUTE);
	EXPECT_INT(hours_after(hours, FRIDAY + 9 * HOUR, 0), FRIDAY + 9 * HOUR);
	end(job);
}

TEST(what_is_promised_and_what_has_passed_agree)
{
	struct job *job = start();
	struct hours *hours = hours_of(job, "America/New_York", OFFICE, "[\"2026-07-03\"]");

	for (int64_t from = FRIDAY; from < FRIDAY + 40 * 24 * HOUR; from += 7 * HOUR + 13 * MINUTE)
		for (int64_t ms = MINUTE; ms < 30 * HOUR; ms = ms * 3 + 17)
			EXPECT_INT(hours_between(hours, from, hours_after(hours, from, ms)), ms);
	end(job);
}

TEST(an_office_that_never_opens_keeps_no_promise)
{
	struct job *job = start();
	struct hours *hours = hours_of(job, "UTC", "[[],[],[],[],[],[],[]]", "[]");

	EXPECT_INT(hours_after(hours, FRIDAY, HOUR), INT64_MAX);
	EXPECT_INT(hours_between(hours, FRIDAY, FRIDAY + 1000 * HOUR), 0);
	end(job);
}

TEST(what_cannot_be_read_is_named)
{
	static const struct { const char *zone, *week, *holidays; } wrong[] = {
		{ "Mars/Olympus", OFFICE, "[]" },
		{ "", OFFICE, "[]" },
		{ "UTC", "[[],[]]", "[]" },
		{ "UTC", "{}", "[]" },
		{ "UTC", "[[[600,500]],[],[],[],[],[],[]]", "[]" },
		{ "UTC", "[[[0,1441]],[],[],[],[],[],[]]", "[]" },
		{ "UTC", "[[[0,700],[600,800]],[],[],[],[],[],[]]", "[]" },
		{ "UTC", OFFICE, "[\"2026-13-01\"]" },
		{ "UTC", OFFICE, "[7]" },
	};
	struct job *job = start();

	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct hours_draft draft = { .time_zone = str_of(wrong[i].zone) };
		struct hours *hours;

		EXPECT_OK(json_read(job->arena, str_of(wrong[i].week), &draft.week, NULL));
		EXPECT_OK(json_read(job->arena, str_of(wrong[i].holidays), &draft.holidays, NULL));
		EXPECT_INT(hours_read(job, &draft, &hours), ERR_INPUT);
		job_forgive(job);
	}
	end(job);
}
