/*
 * media.h: media to and from providers; call workers.
 *
 * What could not be fetched is tried again after 1 minute, 2, 4, … at most 6 hours, ten times in
 * all; then it has failed, with a sentence, and its message stays. A channel that is not connected
 * is waited for.
 */
#ifndef JOBS_MEDIA_H
#define JOBS_MEDIA_H

#include "provider/provider.h"
#include "runtime/pool.h"

#define MEDIA_FETCHES_MAX 4               /* at a time */
#define MEDIA_ATTEMPTS_MAX 10
#define MEDIA_BACKOFF_MS 60000LL
#define MEDIA_AWAIT_MS 15000LL            /* until a channel that is not connected is asked again */
#define MEDIA_BACKOFF_MAX_MS (6 * 3600 * 1000LL)
#define MEDIA_REMOTE_LIFE_MS \
	(29 * 86400 * 1000LL) /* of an uploaded file: the provider keeps it for 30 days */

/* The provider's id of a stored media (of one that takes links: a link), uploading it when there is
 * none, or it is older than 29 days, or cannot be sent as that kind. ERR_CONFLICT while it is still
 * being fetched, ERR_INPUT when it failed. Holds no transaction while it uploads. */
struct media_wanted { id64 id; enum message_kind kind; };
enum err media_ensure_uploaded(struct job *job, const struct channel *ch,
	const struct media_wanted *wanted, str *remote_id);

/* A stored media as the sample of a template's header: template_sample_hook (account/template.h).
 */
enum err media_template_sample(struct job *job, const struct channel *ch, id64 media, str *handle);

/* Fetches what waits, as call workers are free; woken by inbox_media_hook and by time. */
struct media_fetcher;
struct media_fetcher *media_fetcher_create(struct store *store, struct pool *callers,
	struct timers *timers);
void media_fetcher_wake(struct media_fetcher *fetcher); /* any thread */
/* Begins nothing more; what is under way ends with the pool of the callers. */
void media_fetcher_destroy(struct media_fetcher *fetcher);

/* Shown for its test: one attempt at one waiting media. OK also when it failed and was put off. */
enum err media_fetch_once(struct job *job, id64 media);

#endif
