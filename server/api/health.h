/*
 * health.h: how it is going: /healthz, /readyz, /metrics, GET /api/v1/health.
 *
 * The figures of the parts that api/ may not include come by a hook that main sets.
 */
#ifndef API_HEALTH_H
#define API_HEALTH_H

#include "net/http.h"

struct api_figures {
	int64_t started_ms;
	bool stopping;
	uint64_t intake_accepted, intake_repeated, intake_refused, intake_failed;
	size_t intake_waiting;
	/* when webhooks could not be stored last; 0: the last ones could */
	int64_t intake_failed_ms;
	uint64_t events_applied, events_failed, events_kept;
	int64_t processor_lag_ms;
	uint64_t sent, send_failed, send_retried, send_unconfirmed;
	/* to another channel of their number, and what came of it */
	uint64_t send_moved, send_moved_sent, send_moved_failed;
	size_t sends_in_flight;
	size_t live_connections, live_channels;
	uint64_t live_published, live_delivered, live_dropped;
	uint64_t webhooks_delivered, webhooks_failed, webhooks_dead;
	size_t http_connections, request_queue, call_queue;
};

/* Set once by main; any worker thread. */
extern void (*api_figures_hook)(struct api_figures *out);
/* The data folder, for free space; set once by main. */
extern const char *api_data_folder;

/* GET /healthz */
enum err health_live(struct job *job, const struct request *req, struct response *res);
/* GET /readyz */
enum err health_ready(struct job *job, const struct request *req, struct response *res);
/* GET /metrics */
enum err health_metrics(struct job *job, const struct request *req, struct response *res);
/* GET /api/v1/health */
enum err health_get(struct job *job, const struct request *req, struct response *res);

#endif
