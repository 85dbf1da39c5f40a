/* webhook_internal.h: what webhook.c (decides) and webhook_call.c (calls) share. */
#ifndef JOBS_WEBHOOK_INTERNAL_H
#define JOBS_WEBHOOK_INTERNAL_H

#include "account/webhook.h"
#include "jobs/jobs.h"
#include "store/queries.h"

#include <pthread.h>

/* What came of one call. */
struct webhook_result {
	struct webhook_result *next;
	struct webhook_item_row item;
	int64_t started_ms, took_ms, retry_after_ms;
	int status;         /* of HTTP; 0: no answer came */
	bool is_gone;       /* the webhook was deleted meanwhile */
	char error[200];    /* empty: delivered */
	struct buf response; /* heap: the beginning of the answer's body */
};

/* On a worker: the whole call. */
void webhook_call(struct job *job, const struct webhooks_config *config,
	struct webhook_result *result);

#endif
