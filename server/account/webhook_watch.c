/*
 * webhook_watch.c: see webhook_watch.h.
 *
 * A minute's place is taken by the minute 60 later; who reads compares the minute that a place is
 * of. A reader may see the next minute's first count as this one's last: for a chart that is good
 * enough.
 */
#include "account/webhook_watch.h"

#include <stdatomic.h>

#define PROBES 8

struct minute { _Atomic int64_t number; _Atomic uint32_t count; };

static struct watched {
	_Atomic id64 channel;
	struct minute minutes[WATCH_MINUTES];
	_Atomic uint64_t outcomes[WATCH_TURNED_AWAY + 1];
	_Atomic int64_t refused_ms;
} places[WATCH_CHANNELS_MAX];

static struct watched *find(id64 channel, bool make)
{
	size_t at = (size_t)((uint64_t)channel * 0x9E3779B97F4A7C15u >> 40);

	for (size_t i = 0; i < PROBES; i++) {
		struct watched *w = &places[(at + i) % WATCH_CHANNELS_MAX];
		id64 there = atomic_load(&w->channel);

		if (there == channel)
			return w;
		if (there)
			continue;
		if (!make)
			return NULL;
		atomic_store(&w->channel, channel);
		return w;
	}
	return NULL;
}

void webhook_watch_note(id64 channel, enum watch_outcome outcome, int64_t now_ms)
{
	struct watched *w = find(channel, true);
	int64_t number = now_ms / 60000;
	struct minute *m;

	if (!w)
		return;
	atomic_fetch_add(&w->outcomes[outcome], 1);
	if (outcome == WATCH_REFUSED)
		atomic_store(&w->refused_ms, now_ms);
	if (outcome != WATCH_TAKEN)
		return;
	m = &w->minutes[number % WATCH_MINUTES];
	if (atomic_load(&m->number) != number) {
		atomic_store(&m->count, 0);
		atomic_store(&m->number, number);
	}
	atomic_fetch_add(&m->count, 1);
}

void webhook_watch_read(id64 channel, int64_t now_ms, struct webhook_watch *out)
{
	struct watched *w = find(channel, false);
	int64_t now = now_ms / 60000;

	*out = (struct webhook_watch){ 0 };
	if (!w)
		return;
	for (int64_t i = 0; i < WATCH_MINUTES; i++) {
		int64_t number = now - (WATCH_MINUTES - 1) + i;
		struct minute *m = &w->minutes[number % WATCH_MINUTES];

		if (atomic_load(&m->number) == number)
			out->minutes[i] = atomic_load(&m->count);
	}
	out->taken = atomic_load(&w->outcomes[WATCH_TAKEN]);
	out->refused = atomic_load(&w->outcomes[WATCH_REFUSED]);
	out->turned_away = atomic_load(&w->outcomes[WATCH_TURNED_AWAY]);
	out->refused_ms = atomic_load(&w->refused_ms);
}
