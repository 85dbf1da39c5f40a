/* route.c: how long it takes to choose among 50 channels of a number, by each way of choosing. */
#include "account/route_choose.h"

#include <stdio.h>
#include <time.h>

enum { CHANNELS = ROUTE_CHANNELS_MAX, ROUNDS = 100000 };

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* All but the last are down, or may not carry it: the longest way. */
static void fill(struct route_candidate *items)
{
	for (int i = 0; i < CHANNELS; i++)
		items[i] = (struct route_candidate){ .channel = i + 1, .name = S("Shop"),
			.can = CAN_KIND(KIND_TEXT) | CAN_WINDOW | CAN_TEMPLATES, .weight = i,
			.marks = { i, 100 - i, i, 50 },
			.why = S("Its provider answers 503."),
			.state = i % 2 && i < CHANNELS - 1 ? ROUTE_DOWN : ROUTE_UP,
			.excluded = i % 2 == 0 };
}

int main(void)
{
	struct route_candidate items[CHANNELS];
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);
	struct route_ask ask = { .kind = KIND_TEXT, .plain_kind = KIND_TEXT, .window_open = true };

	fill(items);
	for (int mode = 0; mode < ROUTE_MODES; mode++) {
		struct route_choice out = { 0 };
		double start = seconds();
		int slow = 0;

		ask.mode = (enum route_mode)mode;
		for (int i = 0; i < ROUNDS; i++) {
			double before = seconds();

			ask.draw = (uint32_t)i;
			route_choose(arena, &ask, &(struct route_candidates){ items, CHANNELS },
				&out);
			arena_reset(arena);
			slow += seconds() - before > 0.001;
		}
		printf("route_choose, %d channels, by %s: %.2f us each; %d of %d took over a "
		       "ms%s\n",
			CHANNELS, route_mode_name(ask.mode), (seconds() - start) / ROUNDS * 1e6,
			slow, ROUNDS, out.candidate ? "" : " (none chosen)");
	}
	arena_destroy(arena);
	return 0;
}
