/*
 * realtime.h: by which server a workspace's live events reach their listeners: its settings.
 *
 * The driver is our own hub (no settings at all), the hosted Pusher service, or another server that
 * speaks its protocol (Reverb, soketi, a second Parley). live/live_driver.h sends by it. Worker
 * threads.
 */
#ifndef ACCOUNT_REALTIME_H
#define ACCOUNT_REALTIME_H

#include "base/json.h"
#include "runtime/job.h"

#define REALTIME_TEXT_MAX 200
#define REALTIME_SHOWN 4 /* octets of a secret that may be read again */

enum realtime_driver { REALTIME_BUILTIN, REALTIME_PUSHER, REALTIME_REVERB, REALTIME_DRIVERS };

/* None of the fields counts that the driver does not need. */
struct realtime {
	id64 workspace;
	enum realtime_driver driver;
	str app_id, key, secret;
	str cluster;             /* of the hosted service: mt1, eu … */
	/* of another one; scheme: http or https; path: before /app, /apps */
	str host, scheme, path;
	int64_t port;
	int64_t changed_ms;
};

/* What a driver needs: for forms, checks and what is shown. */
struct realtime_field { const char *name; size_t at; bool is_number, is_secret, is_optional; };
struct realtime_kind {
	const char *name, *title;
	struct realtime_field fields[8]; /* the last one has no name */
};
const struct realtime_kind *realtime_kind(enum realtime_driver driver);
bool realtime_parse(str name, enum realtime_driver *out);

/* That of the job's workspace; the built-in hub unless another was set. */
enum err realtime_get(struct job *job, struct realtime *out);
/* The outside ones of all workspaces, by workspace above `after`: for the start. */
enum err realtime_list(struct job *job, id64 after, struct realtime *out, size_t max,
	size_t *count);
/* A secret that was left out is the one that is stored, if the driver stays. Notes what is wrong
 * (field errors). */
enum err realtime_complete(struct job *job, struct realtime *draft);
/* After realtime_complete(). Its own transaction, with an audit row. is_forced: the test failed,
 * and it was saved all the same. */
enum err realtime_set(struct job *job, const struct realtime *draft, bool is_forced);

/* "driver" and the fields that it needs, secrets masked, into an open object. */
void realtime_write_json(struct job *job, struct buf *out, const struct realtime *r);
str realtime_masked(struct job *job, str secret);
/* https://api-eu.pusher.com, http://localhost:6001/prefix: where its HTTP API is. */
str realtime_api_url(struct job *job, const struct realtime *r);
/* Where clients connect. */
str realtime_client_host(struct job *job, const struct realtime *r);
int64_t realtime_client_port(const struct realtime *r);
str realtime_client_scheme(const struct realtime *r);

#endif
