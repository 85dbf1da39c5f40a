/*
 * job.h: a piece of work, and everything that belongs to it.
 *
 * Every request, webhook, timer or message is a job: it runs from start to end on one worker
 * thread. What it allocates comes from job->arena; what else it takes is registered with
 * job_defer() when taken, and given back by job_finish(). So there is no clean-up code, and
 * `return` is always safe. A job is touched by its own thread only.
 */
#ifndef RUNTIME_JOB_H
#define RUNTIME_JOB_H

#include "base/arena.h"
#include "base/err.h"
#include "base/id64.h"

struct store;
struct db;
struct deferred;
struct audit_turn;
struct scope;

enum actor_kind {
	ACTOR_SYSTEM,
	ACTOR_PERSON,
	ACTOR_API_KEY,
	ACTOR_CONTACT,
	ACTOR_AUTOMATION,
	ACTOR_PHONE
};

#define TRACE_SIZE 32 /* hex digits */

/* Who does it: for audit rows, authorship and permission. */
struct region; /* inbox/phone.c */

struct actor {
	enum actor_kind kind;
	id64 id;
	id64 via; /* the session of a person, the key itself; 0: neither */
	str name;
	str address; /* IP, for audit */
	uint64_t permissions; /* bits of account/permission.h */
};

/* One wrong field of a request, for the problem answer; a list, newest first. */
struct field_error {
	const struct field_error *next;
	str field, code, message;
};

struct job {
	const char *name;
	struct arena *arena;
	int64_t now_ms;
	struct store *store;   /* store/store.h */
	struct db *db;         /* the open transaction, or NULL */
	/* where the chain ends that db has the turn of (account/audit.c) */
	struct audit_turn *audit;
	id64 workspace;        /* 0 until known */
	/* as of which region its numbers are read, once that was asked (inbox/phone.c) */
	struct { id64 workspace; const struct region *region; } home;
	struct actor actor;
	const struct scope *scope; /* account/scope.h; NULL sees all */
	char trace[TRACE_SIZE + 1];

	/* The failure, told once by the function that knows most: */
	str why;       /* a sentence for people; no secrets, numbers or bodies */
	str code;      /* machine word, e.g. "window_closed"; none: the err's own */
	str next_step; /* what to do about it */
	int64_t retry_after_ms;
	const struct field_error *field_errors;
	/* The store gave up only because of others at the same moment: done again, it may succeed.
	 */
	bool again;

	struct deferred *deferred;
};

/* On caller's memory. name is a literal; the arena stays the caller's. Makes a fresh trace id. */
void job_init(struct job *job, const char *name, struct arena *arena, struct store *store);
/* Takes over a trace id (32 hex digits; anything else is ignored). */
void job_set_trace(struct job *job, str trace);
/* Rolls back an open transaction, runs what was deferred (newest first), resets the arena. A
 * failure is logged first: our own as an error, another side's as a warning, the asker's at debug
 * level. */
void job_finish(struct job *job, enum err e);
/* The same without logging and without resetting the arena: for tests and callers that go on
 * reading results. */
void job_release(struct job *job);
void job_defer(struct job *job, void (*give_back)(void *), void *what);

/* Sets why (printf) and returns e: `return fail(job, ERR_UPSTREAM, "empty media at " STR_F,
 * STR_A(url));` */
[[gnu::format(printf, 3, 4)]] enum err fail(struct job *job, enum err e, const char *format, ...);
/* With a code and a next step for people; both literals or arena text. */
[[gnu::format(printf, 5, 6)]] enum err fail_code(struct job *job, enum err e, str code,
                                                 str next_step, const char *format, ...);
/* Notes a wrong field and goes on checking; all are answered at once by job_check_fields(). */
void field_error(struct job *job, str field, str code, str message);
/* ERR_INPUT "invalid_input" if any field was wrong. */
enum err job_check_fields(struct job *job);
/* Forgets a failure that was dealt with. */
void job_forgive(struct job *job);

static inline id64 job_id(struct job *job) { return id64_new(job->now_ms); }

/* Set by store/ when it opens: how job_finish rolls back. */
extern void (*_Atomic job_rollback_hook)(struct job *job);

#endif
