/*
 * media.h: media to and from providers; call workers.
 */
#ifndef JOBS_MEDIA_H
#define JOBS_MEDIA_H

#include "provider/provider.h"
#include "runtime/pool.h"

/* The provider's id of a stored media, uploading it when there is none or it is older than 29 days. ERR_CONFLICT while it
 * is still being fetched, ERR_INPUT when it failed. Holds no transaction while it uploads. */
enum err media_ensure_uploaded(struct job *job, const struct channel *ch, id64 media, str *remote_id);

/* Fetches what waits, as call workers are free; woken by inbox_media_hook and by time. */
struct media_fetcher;
struct media_fetcher *media_fetcher_create(struct store *store, struct pool *callers, struct timers *timers);
void media_fetcher_wake(struct media_fetcher *fetcher); /* any thread */
void media_fetcher_destroy(struct media_fetcher *fetcher);

#endif
