/*
 * route_health.c: see route_health.h.
 *
 * The breaker: closed, and all goes through; open after failures; half open when its provider
 * answers again or it has rested, and then one message at a time tries. Only a message that went
 * through closes it, or a quiet while of good answers when nothing was to be sent.
 */
#include "account/route_health.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { ENTRIES = 4096, PROBES = 64, BUCKETS = 10, BUCKET_MS = 30000, RATE_BUCKETS = 2,
       DOUBT_EVERY_MS = 3000, TRY_EVERY_MS = 1000 };

enum breaker { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF };

struct bucket { int64_t number, sends, failures, latency_ms, latency_max_ms; };

struct entry {
	id64 channel;
	enum breaker breaker;
	int64_t failures;            /* in a row */
	int64_t opened_ms, half_ms, closed_ms, rest_ms, retry_ms, trial_ms, routed_ms;
	int64_t flaps;
	char why[ROUTE_WHY_MAX];
	struct bucket buckets[BUCKETS];
	int64_t decoded_ms, stored_ms, acknowledged_ms, asked_ms, probed_ms;
	bool probe_good, refused;
};

static struct {
	pthread_mutex_t lock;
	struct entry entries[ENTRIES];
	uint64_t version;
} health = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* When its places are all taken, one whose breaker is closed makes room: it is forgotten what is
 * soon seen again. */
static struct entry *entry_of(id64 channel)
{
	size_t at = (size_t)((uint64_t)channel * 0x9E3779B97F4A7C15ull >> 32) % ENTRIES;
	struct entry *victim = &health.entries[at];

	for (size_t i = 0; i < PROBES; i++) {
		struct entry *e = &health.entries[(at + i) % ENTRIES];

		if (e->channel == channel)
			return e;
		if (!e->channel) {
			victim = e;
			break;
		}
		if (e->breaker == BREAKER_CLOSED)
			victim = e;
	}
	*victim = (struct entry){ .channel = channel };
	return victim;
}

static struct bucket *bucket_of(struct entry *e, int64_t now_ms)
{
	struct bucket *b = &e->buckets[now_ms / BUCKET_MS % BUCKETS];

	if (b->number != now_ms / BUCKET_MS)
		*b = (struct bucket){ .number = now_ms / BUCKET_MS };
	return b;
}

static void sum(const struct entry *e, int64_t now_ms, int64_t buckets, struct bucket *out)
{
	*out = (struct bucket){ 0 };
	for (size_t i = 0; i < BUCKETS; i++) {
		const struct bucket *b = &e->buckets[i];

		if (now_ms / BUCKET_MS - b->number >= buckets || b->number > now_ms / BUCKET_MS)
			continue;
		out->sends += b->sends;
		out->failures += b->failures;
		out->latency_ms += b->latency_ms;
		if (b->latency_max_ms > out->latency_max_ms)
			out->latency_max_ms = b->latency_max_ms;
	}
}

/* ---- the breaker ---- */

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void set_why(struct entry *e, str why)
{
	snprintf(e->why, sizeof e->why, STR_F, (int)least((int64_t)why.len, ROUTE_WHY_MAX - 1),
		why.ptr ? why.ptr : "");
}

static void open_breaker(struct entry *e, str why, int64_t now_ms)
{
	bool again = e->breaker == BREAKER_HALF;

	if (e->breaker == BREAKER_CLOSED) {
		e->flaps = e->closed_ms && now_ms - e->closed_ms < FLAP_MS ? e->flaps + 1 : 0;
		e->opened_ms = now_ms;
		e->rest_ms = BREAKER_REST_MS;
		health.version++;
	} else {
		e->rest_ms = least(2 * e->rest_ms, BREAKER_REST_MAX_MS);
	}
	if (again)
		health.version++;
	e->breaker = BREAKER_OPEN;
	e->refused = false;
	e->trial_ms = 0;
	e->retry_ms = now_ms + e->rest_ms;
	set_why(e, why);
}

static void close_breaker(struct entry *e, int64_t now_ms)
{
	e->failures = 0;
	e->trial_ms = 0;
	e->refused = false;
	if (e->breaker == BREAKER_CLOSED)
		return;
	e->breaker = BREAKER_CLOSED;
	e->closed_ms = now_ms;
	e->why[0] = 0;
	health.version++;
}

static bool half_of_many(const struct entry *e, int64_t now_ms)
{
	struct bucket last;

	sum(e, now_ms, RATE_BUCKETS, &last);
	return last.sends >= BREAKER_RATE_SENDS && last.failures * 2 >= last.sends;
}

static void note_broken(struct entry *e, str why, int64_t now_ms)
{
	e->failures++;
	/* What was under way when it opened says nothing new. */
	if (e->breaker == BREAKER_OPEN && !e->trial_ms)
		return;
	if (e->breaker != BREAKER_CLOSED || e->failures >= BREAKER_FAILURES ||
		half_of_many(e, now_ms))
		open_breaker(e, why, now_ms);
}

void route_health_sent(id64 channel, enum route_outcome outcome, int64_t took_ms, str why,
	int64_t now_ms)
{
	struct entry *e;
	struct bucket *b;

	pthread_mutex_lock(&health.lock);
	e = entry_of(channel);
	b = bucket_of(e, now_ms);
	b->sends++;
	b->failures += outcome != ROUTE_TOOK;
	b->latency_ms += took_ms;
	if (took_ms > b->latency_max_ms)
		b->latency_max_ms = took_ms;
	if (outcome == ROUTE_TOOK) {
		e->acknowledged_ms = now_ms;
		close_breaker(e, now_ms);
	} else if (outcome == ROUTE_BROKE) {
		note_broken(e, why, now_ms);
	} else {
		open_breaker(e, why, now_ms);
		e->refused = true;
	}
	pthread_mutex_unlock(&health.lock);
}

void route_health_stalled(id64 channel, int64_t now_ms)
{
	struct entry *e;

	pthread_mutex_lock(&health.lock);
	e = entry_of(channel);
	if (e->breaker == BREAKER_CLOSED)
		open_breaker(e, S("Its provider does not answer."), now_ms);
	pthread_mutex_unlock(&health.lock);
}

void route_health_decoded(id64 channel, int64_t now_ms)
{
	pthread_mutex_lock(&health.lock);
	entry_of(channel)->decoded_ms = now_ms;
	pthread_mutex_unlock(&health.lock);
}

void route_health_stored(id64 channel, int64_t now_ms)
{
	pthread_mutex_lock(&health.lock);
	entry_of(channel)->stored_ms = now_ms;
	pthread_mutex_unlock(&health.lock);
}

/* ---- asking the provider ---- */

static bool has_rested(const struct entry *e, int64_t now_ms)
{
	return now_ms - e->opened_ms >= least(e->flaps * FLAP_REST_MS, FLAP_REST_MAX_MS);
}

static void note_good_probe(struct entry *e, int64_t now_ms)
{
	if (e->breaker == BREAKER_OPEN && has_rested(e, now_ms)) {
		e->breaker = BREAKER_HALF;
		e->refused = false;
		e->half_ms = now_ms;
		health.version++;
	} else if (e->breaker == BREAKER_HALF && !e->trial_ms &&
		   now_ms - e->half_ms >= BREAKER_QUIET_MS) {
		close_breaker(e, now_ms);
	}
}

void route_health_probed(id64 channel, enum route_probe probe, str why, int64_t now_ms)
{
	struct entry *e;

	pthread_mutex_lock(&health.lock);
	e = entry_of(channel);
	e->probed_ms = now_ms;
	e->probe_good = probe == PROBE_GOOD;
	if (probe == PROBE_GOOD)
		note_good_probe(e, now_ms);
	else if (probe == PROBE_UNREACHED)
		note_broken(e, why, now_ms);
	else
		open_breaker(e, why, now_ms);
	e->refused = probe == PROBE_REFUSED || (e->refused && e->breaker == BREAKER_OPEN);
	pthread_mutex_unlock(&health.lock);
}

bool route_health_probe_due(id64 channel, int64_t every_ms, int64_t now_ms)
{
	struct entry *e;
	bool doubt, due;

	pthread_mutex_lock(&health.lock);
	e = entry_of(channel);
	doubt = e->breaker != BREAKER_CLOSED || e->failures > 0;
	due = now_ms - e->asked_ms >= (doubt ? least(DOUBT_EVERY_MS, every_ms) : every_ms);
	if (due)
		e->asked_ms = now_ms;
	pthread_mutex_unlock(&health.lock);
	return due;
}

/* ---- may it be used? ---- */

static bool is_tried(const struct entry *e, int64_t now_ms)
{
	return e->trial_ms && now_ms - e->trial_ms < BREAKER_TRIAL_MS;
}

size_t route_health_gate(id64 channel, int64_t now_ms, int64_t *wait_ms)
{
	struct entry *e;
	size_t may = SIZE_MAX;

	*wait_ms = 0;
	pthread_mutex_lock(&health.lock);
	e = entry_of(channel);
	if (e->breaker != BREAKER_CLOSED && !e->refused) {
		bool rested = e->breaker == BREAKER_HALF || now_ms >= e->retry_ms;

		may = rested && !is_tried(e, now_ms);
		if (may)
			e->trial_ms = now_ms;
		else
			*wait_ms = rested ? BREAKER_REST_MS : e->retry_ms - now_ms;
	}
	pthread_mutex_unlock(&health.lock);
	return may;
}

void route_health_untried(id64 channel)
{
	pthread_mutex_lock(&health.lock);
	entry_of(channel)->trial_ms = 0;
	pthread_mutex_unlock(&health.lock);
}

bool route_health_may_try(id64 channel, int64_t now_ms)
{
	struct entry *e;
	bool may;

	pthread_mutex_lock(&health.lock);
	e = entry_of(channel);
	may = e->breaker == BREAKER_HALF && !is_tried(e, now_ms) &&
	      now_ms - e->routed_ms >= TRY_EVERY_MS;
	if (may)
		e->routed_ms = now_ms;
	pthread_mutex_unlock(&health.lock);
	return may;
}

static int64_t since(const struct entry *e)
{
	switch (e->breaker) {
	case BREAKER_OPEN:
		return e->opened_ms;
	case BREAKER_HALF:
		return e->half_ms;
	case BREAKER_CLOSED:
		break;
	}
	return e->closed_ms;
}

void route_health_get(id64 channel, int64_t now_ms, struct route_sight *out)
{
	static const enum route_state states[] = { [BREAKER_CLOSED] = ROUTE_UP,
		[BREAKER_OPEN] = ROUTE_DOWN, [BREAKER_HALF] = ROUTE_TRYING };
	const struct entry *e;
	struct bucket all;

	pthread_mutex_lock(&health.lock);
	e = entry_of(channel);
	sum(e, now_ms, BUCKETS, &all);
	*out = (struct route_sight){
		.state = states[e->breaker],
		.refused = e->breaker == BREAKER_OPEN && e->refused,
		.since_ms = since(e),
		.sends = all.sends,
		.failures = all.failures,
		.latency_ms = all.sends ? all.latency_ms / all.sends : 0,
		.latency_max_ms = all.latency_max_ms,
		.decoded_ms = e->decoded_ms,
		.stored_ms = e->stored_ms,
		.acknowledged_ms = e->acknowledged_ms,
		.probed_ms = e->probed_ms,
		.probe_good = e->probe_good,
	};
	memcpy(out->why, e->why, sizeof out->why);
	pthread_mutex_unlock(&health.lock);
}

uint64_t route_health_version(void)
{
	uint64_t version;

	pthread_mutex_lock(&health.lock);
	version = health.version;
	pthread_mutex_unlock(&health.lock);
	return version;
}

void route_health_touch(void)
{
	pthread_mutex_lock(&health.lock);
	health.version++;
	pthread_mutex_unlock(&health.lock);
}

void route_health_forget(void)
{
	pthread_mutex_lock(&health.lock);
	memset(health.entries, 0, sizeof health.entries);
	health.version++;
	pthread_mutex_unlock(&health.lock);
}
