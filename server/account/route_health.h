/*
 * route_health.h: how well each channel works right now, in memory: proof from end to end, errors
 * and latency of the last minutes, and a circuit breaker.
 *
 * Whoever sees something of a channel tells it here (the outbox, the processor, the monitor);
 * whoever has to choose asks. Nothing is stored: after a start a channel counts as working until
 * something speaks against it. Any thread.
 */
#ifndef ACCOUNT_ROUTE_HEALTH_H
#define ACCOUNT_ROUTE_HEALTH_H

#include "account/route_choose.h"

#define BREAKER_FAILURES 3          /* of the network, in a row */
#define BREAKER_RATE_SENDS 20       /* or half of so many within a minute */
#define BREAKER_REST_MS 1000        /* doubled each time it fails again … */
#define BREAKER_REST_MAX_MS 30000   /* … up to this: then one message tries */
#define BREAKER_QUIET_MS 15000      /* its provider answers so long, and nothing was to be sent */
#define BREAKER_TRIAL_MS 30000      /* a trial that nobody heard of again */
#define FLAP_MS 300000              /* down again within this: it rests longer before a trial */
#define FLAP_REST_MS 5000
#define FLAP_REST_MAX_MS 25000

/* What came of a call that was to hand over a message. */
enum route_outcome {
	/* the network answered: also when it refused this message for its own sake */
	ROUTE_TOOK,
	ROUTE_BROKE,   /* not reached, no answer, or its servers failed */
	ROUTE_STOPPED  /* it does not take us: token, account */
};
/* why: a sentence; kept. */
void route_health_sent(id64 channel, enum route_outcome outcome, int64_t took_ms, str why,
	int64_t now_ms);
/* Several calls hang: what they come to will be told as well. */
void route_health_stalled(id64 channel, int64_t now_ms);
/* Something of its webhooks could be read; and stands in the store. */
void route_health_decoded(id64 channel, int64_t now_ms);
void route_health_stored(id64 channel, int64_t now_ms);

enum route_probe { PROBE_GOOD, PROBE_UNREACHED, PROBE_REFUSED };
/* The provider was asked. */
void route_health_probed(id64 channel, enum route_probe probe, str why, int64_t now_ms);
/* Is it time to ask? every_ms while it works; sooner while there is doubt. Counts as asked. */
bool route_health_probe_due(id64 channel, int64_t every_ms, int64_t now_ms);

/* How many may be handed over now: all of them (SIZE_MAX), none, or one that tries; *wait_ms: when
 * to ask again after none. A provider that does not take us answers at once: what no other channel
 * may carry is handed over, and told why it fails. */
size_t route_health_gate(id64 channel, int64_t now_ms, int64_t *wait_ms);
/* The one that may try was not handed over after all. */
void route_health_untried(id64 channel);
/* May one message be routed there to try it? True once in a while. */
bool route_health_may_try(id64 channel, int64_t now_ms);

#define ROUTE_WHY_MAX 200
struct route_sight {
	enum route_state state;     /* never ROUTE_OFF */
	bool refused;               /* it is down because its provider does not take us */
	char why[ROUTE_WHY_MAX];
	int64_t since_ms;           /* of the state; 0: since the start */
	/* of the last five minutes */
	int64_t sends, failures, latency_ms, latency_max_ms;
	/* proof, from end to end; 0: none since the start */
	int64_t decoded_ms, stored_ms, acknowledged_ms;
	int64_t probed_ms;
	bool probe_good;
};
void route_health_get(id64 channel, int64_t now_ms, struct route_sight *out);
/* Goes up whenever a channel starts or stops working, or somebody says that it may have. */
uint64_t route_health_version(void);
void route_health_touch(void);
/* For tests: as after a start. */
void route_health_forget(void);

#endif
