/*
 * err.h: the one error type, and how a failure travels.
 *
 * The function that fails says why, once (runtime/job.h: fail()); everyone above passes the code on
 * with TRY; only the end of the job logs it. base/ and wa/ return codes and never log.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum [[nodiscard]] err {
	OK,
	ERR_INPUT,       /* we cannot accept what was sent */
	ERR_AUTH,        /* who are you? */
	ERR_DENIED,      /* we know you, and no */
	ERR_MISSING,     /* no such thing */
	ERR_CONFLICT,    /* it exists, or changed meanwhile */
	ERR_LIMIT,       /* quota, rate or size */
	ERR_UNSUPPORTED, /* this provider cannot */
	ERR_TIMEOUT,     /* no answer in time; it may have happened */
	ERR_UPSTREAM,    /* the other side failed: retry */
	ERR_STORE,       /* the database failed or is away: retry */
	ERR_CORRUPT,     /* does not decode or authenticate */
	ERR_BUG,         /* ours */
};

#define TRY(call)                                                                                  \
	do {                                                                                       \
		enum err try_ = (call);                                                            \
		if (try_ != OK)                                                                    \
			return try_;                                                               \
	} while (0)

/* "input", "auth", …; never NULL. */
const char *err_name(enum err e);

#endif
