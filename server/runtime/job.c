/* job.c: see job.h. */
#include "runtime/job.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { WHY_MAX = 1024 };

struct deferred {
	struct deferred *older;
	void (*give_back)(void *);
	void *what;
};

void (*_Atomic job_rollback_hook)(struct job *job);

static void make_trace(char out[TRACE_SIZE + 1])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t raw[TRACE_SIZE / 2];

	if (getrandom(raw, sizeof raw, 0) != sizeof raw)
		abort();
	for (size_t i = 0; i < sizeof raw; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[TRACE_SIZE] = 0;
}

void job_init(struct job *job, const char *name, struct arena *arena, struct store *store)
{
	*job = (struct job){
		.name = name, .arena = arena, .store = store, .now_ms = clock_now_ms()
	};
	make_trace(job->trace);
	log_set_trace((str){ job->trace, TRACE_SIZE });
}

void job_set_trace(struct job *job, str trace)
{
	if (trace.len != TRACE_SIZE)
		return;
	for (size_t i = 0; i < TRACE_SIZE; i++)
		if (str_find(S("0123456789abcdef"), trace.ptr[i]) == 16)
			return;
	memcpy(job->trace, trace.ptr, TRACE_SIZE);
	log_set_trace(trace);
}

void job_release(struct job *job)
{
	void (*roll_back)(struct job *) = job_rollback_hook;

	if (job->db && roll_back)
		roll_back(job);
	while (job->deferred) {
		struct deferred *d = job->deferred;

		job->deferred = d->older;
		d->give_back(d->what);
	}
}

/* What the asker did wrong is his to mend; the rest is for an operator's eyes. */
static enum log_level level_of(enum err e)
{
	switch (e) {
	case ERR_BUG:
	case ERR_STORE:
		return LOG_ERROR;
	case ERR_UPSTREAM:
	case ERR_TIMEOUT:
	case ERR_CORRUPT:
		return LOG_WARN;
	default:
		return LOG_DEBUG;
	}
}

void job_finish(struct job *job, enum err e)
{
	if (e != OK)
		log_at(level_of(e), "job %s: %s: " STR_F, job->name, err_name(e), STR_A(job->why));
	job_release(job);
	log_set_trace(STR_NONE);
	arena_reset(job->arena);
}

void job_defer(struct job *job, void (*give_back)(void *), void *what)
{
	struct deferred *d = ARENA_NEW(job->arena, struct deferred);

	*d = (struct deferred){ job->deferred, give_back, what };
	job->deferred = d;
}

[[gnu::format(printf, 2, 0)]]
static str format_text(struct arena *arena, const char *format, va_list args)
{
	char text[WHY_MAX];
	int n = vsnprintf(text, sizeof text, format, args);
	size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;

	/* A cut may have gone through a character. */
	while (len == sizeof text - 1 && !str_is_utf8((str){ text, len }) && len > sizeof text - 5)
		len--;
	return arena_str(arena, (str){ text, len });
}

enum err fail(struct job *job, enum err e, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	job->why = format_text(job->arena, format, args);
	va_end(args);
	job->code = STR_NONE;
	job->next_step = STR_NONE;
	return e;
}

enum err fail_code(struct job *job, enum err e, str code, str next_step, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	job->why = format_text(job->arena, format, args);
	va_end(args);
	job->code = code;
	job->next_step = next_step;
	return e;
}

void field_error(struct job *job, str field, str code, str message)
{
	struct field_error *error = ARENA_NEW(job->arena, struct field_error);

	*error = (struct field_error){ job->field_errors, arena_str(job->arena, field), code,
		                       message };
	job->field_errors = error;
}

enum err job_check_fields(struct job *job)
{
	if (!job->field_errors)
		return OK;
	return fail_code(job, ERR_INPUT, S("invalid_input"),
	                 S("Correct the fields named in errors and send it again."),
	                 "The request has errors.");
}

void job_forgive(struct job *job)
{
	job->why = job->code = job->next_step = STR_NONE;
	job->field_errors = NULL;
	job->retry_after_ms = 0;
	job->again = false;
}
