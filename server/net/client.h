/*
 * client.h: outgoing HTTP, blocking, on call workers (libcurl).
 *
 * Connections are pooled per thread. Every call has a deadline and a size limit. Unless allowed,
 * addresses that are loopback, private, link-local, multicast or otherwise not public are refused
 * after name resolution (so DNS cannot be used to go round it), redirects included. A job that
 * calls out holds no transaction: asserted.
 */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include "base/buf.h"
#include "net/http.h"
#include "runtime/job.h"

#define CALL_DEADLINE_MS 30000
#define CALL_REPLY_MAX (4u << 20)
#define CALL_RATE_MIN 1024

struct http_call {
	enum http_method method;
	str url;                        /* http:// or https:// */
	const struct header *headers;
	size_t header_count;
	bytes body;
	const char *body_path;          /* or: send this file … */
	int64_t body_from;              /* … from this octet on */
	/* or: multipart/form-data; part.data or, for the one with file_path, that file */
	const struct call_part { str name, value, file_name, type; const char *file_path; } *parts;
	size_t part_count;
	int64_t deadline_ms;            /* 0: CALL_DEADLINE_MS */
	/* > 0: over when less than CALL_RATE_MIN octets a second came and went for so long; in
	 * whole seconds. For calls whose deadline is that of a large file. */
	int64_t stall_ms;
	size_t reply_max;               /* 0: CALL_REPLY_MAX */
	/* > 0: the body of a 2xx goes to this descriptor instead of memory */
	int reply_file;
	/* Or: each piece of the body of a 2xx as it comes (e.g. to seal it); false ends the call
	 * with ERR_UPSTREAM. Bodies of other answers are kept in memory. */
	bool (*on_reply)(void *arg, bytes piece);
	void *on_reply_arg;
	bool follow;                    /* redirects, at most 3, https to http never */
	bool allow_private;
};

struct http_reply {
	int status;
	str type;
	bytes body;                     /* in the job's arena */
	int64_t size;
	const struct header *headers;
	size_t header_count;
	/* the request may have reached the other side: matters when the call fails */
	bool was_sent;
};

/* Any status is OK here; errors: ERR_UPSTREAM (connect, TLS, broken answer), ERR_TIMEOUT, ERR_LIMIT
 * (too large), ERR_STORE (reply_file takes no more), ERR_DENIED (address not allowed), ERR_INPUT
 * (bad URL). reply->was_sent is right in every case. Worker threads only. */
enum err http_call(struct job *job, const struct http_call *call, struct http_reply *reply);
str reply_header(const struct http_reply *reply, str name);
/* Once, before threads; and for http_call's asserts. */
void http_client_init(void);

#endif
