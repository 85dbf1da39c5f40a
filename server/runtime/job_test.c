/* job_test.c: what a job owns, and how it tells of failure. */
#include "runtime/job.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static struct buf seen;

static void note(void *what)
{
	buf_str(&seen, str_of(what));
}

static struct job begin(void)
{
	struct job job;

	seen = buf_in(test_arena(), 100);
	job_init(&job, "test", test_arena(), NULL);
	return job;
}

TEST(what_was_taken_is_given_back_newest_first)
{
	struct job job = begin();

	job_defer(&job, note, "1");
	job_defer(&job, note, "2");
	job_defer(&job, note, "3");
	EXPECT_STR(buf_text(&seen), "");
	job_release(&job);
	EXPECT_STR(buf_text(&seen), "321");
	job_release(&job);
	EXPECT_STR(buf_text(&seen), "321");
}

static struct job *rolled_back;

static void roll_back(struct job *job)
{
	rolled_back = job;
	job->db = NULL;
	buf_str(&seen, S("r"));
}

TEST(an_open_transaction_is_rolled_back_before_all_else)
{
	struct job job = begin();
	int row;

	job_rollback_hook = roll_back;
	job_defer(&job, note, "d");
	job.db = (struct db *)&row;
	job_release(&job);
	job_rollback_hook = NULL;
	EXPECT(rolled_back == &job);
	EXPECT_STR(buf_text(&seen), "rd");
}

TEST(a_failure_carries_its_reason)
{
	struct job job = begin();

	EXPECT_ERR(fail_code(&job, ERR_LIMIT, S("window_closed"), S("Send a template."),
	                     "closed since %d h", 3),
	           ERR_LIMIT);
	EXPECT_STR(job.why, "closed since 3 h");
	EXPECT_STR(job.code, "window_closed");
	EXPECT_STR(job.next_step, "Send a template.");
	EXPECT_ERR(fail(&job, ERR_UPSTREAM, "then: " STR_F, STR_A(job.why)), ERR_UPSTREAM);
	EXPECT_STR(job.why, "then: closed since 3 h");
	EXPECT(job.code.ptr == NULL && job.next_step.ptr == NULL);
	job_forgive(&job);
	EXPECT(job.why.ptr == NULL);
}

TEST(a_long_reason_is_cut_between_characters)
{
	struct job job = begin();
	struct buf text = buf_in(test_arena(), 4000);

	for (int i = 0; i < 1500; i++)
		buf_str(&text, S("\xC3\xA9"));
	EXPECT_ERR(fail(&job, ERR_INPUT, STR_F, STR_A(buf_text(&text))), ERR_INPUT);
	EXPECT(job.why.len > 1000 && job.why.len < 1024);
	EXPECT(str_is_utf8(job.why));
}

TEST(all_wrong_fields_are_told_at_once)
{
	struct job job = begin();
	char name[] = "text.body";

	EXPECT_OK(job_check_fields(&job));
	field_error(&job, str_of(name), S("too_long"), S("At most 4096 characters."));
	name[0] = 'X';
	field_error(&job, S("to"), S("required"), S("Is missing."));
	EXPECT_ERR(job_check_fields(&job), ERR_INPUT);
	EXPECT_STR(job.code, "invalid_input");
	EXPECT_STR(job.field_errors->field, "to");
	EXPECT_STR(job.field_errors->next->field, "text.body");
	EXPECT(job.field_errors->next->next == NULL);
}

TEST(each_job_has_its_own_trace)
{
	struct job one = begin(), two = begin();

	EXPECT_INT(strlen(one.trace), TRACE_SIZE);
	EXPECT(strcmp(one.trace, two.trace) != 0);
}

TEST(a_trace_is_taken_over_only_when_it_is_32_hex_digits)
{
	static const str bad[] = { S(""),
		                   S("0123456789abcdef"),
		                   S("0123456789ABCDEF0123456789ABCDEF"),
		                   S("0123456789abcdef0123456789abcdeg"),
		                   S("0123456789abcdef0123456789abcdef0"),
		                   S("0123456789abcdef\0"
		                     "123456789abcdef"),
		                   S("0123456789abcdef0123456789abcde\n") };
	struct job job = begin();
	str before = arena_str(test_arena(), str_of(job.trace));

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		job_set_trace(&job, bad[i]);
		EXPECT(str_is(str_of(job.trace), before));
	}
	job_set_trace(&job, S("0123456789abcdef0123456789abcdef"));
	EXPECT_STR(str_of(job.trace), "0123456789abcdef0123456789abcdef");
}

/* What job_finish() logs for an error, at the usual level. */
static str logged_for(enum err e)
{
	str path = arena_printf(test_arena(), "%s/log", test_folder());
	int fd = open(path.ptr, O_CREAT | O_TRUNC | O_RDWR, 0600);
	struct arena *arena = arena_create(1 << 20);
	char text[4096];
	struct job job;
	ssize_t n;

	log_open(LOG_INFO, fd);
	job_init(&job, "send", arena, NULL);
	job_finish(&job, e == OK ? OK : fail(&job, e, "because"));
	EXPECT_INT(arena_used(arena), 0);
	arena_destroy(arena);
	log_open(LOG_INFO, STDERR_FILENO);
	n = pread(fd, text, sizeof text, 0);
	close(fd);
	return arena_str(test_arena(), (str){ text, n < 0 ? 0 : (size_t)n });
}

TEST(the_end_of_a_job_logs_what_needs_an_operator)
{
	EXPECT_INT(logged_for(OK).len, 0);
	EXPECT(str_has(logged_for(ERR_STORE), S("\"level\":\"error\"")));
	EXPECT(str_has(logged_for(ERR_BUG), S("job send: bug: because")));
	EXPECT(str_has(logged_for(ERR_UPSTREAM), S("\"level\":\"warn\"")));
	EXPECT(str_has(logged_for(ERR_TIMEOUT), S("job send: timeout: because")));
	EXPECT(str_has(logged_for(ERR_CORRUPT), S("\"level\":\"warn\"")));
}

TEST(what_the_asker_did_wrong_is_not_logged_as_trouble)
{
	static const enum err quiet[] = { ERR_INPUT,    ERR_AUTH,  ERR_DENIED,     ERR_MISSING,
		                          ERR_CONFLICT, ERR_LIMIT, ERR_UNSUPPORTED };

	for (size_t i = 0; i < COUNT_OF(quiet); i++)
		EXPECT_INT(logged_for(quiet[i]).len, 0);
}

TEST(a_job_reads_the_clock_once)
{
	struct job job;

	clock_fake(1763735400000);
	job = begin();
	clock_fake(1763735500000);
	EXPECT_INT(job.now_ms, 1763735400000);
	EXPECT_INT(id64_ms(job_id(&job)), 1763735400000);
	clock_fake(0);
}
