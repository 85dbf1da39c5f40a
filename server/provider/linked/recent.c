/* recent.c: see recent.h. */
#include "provider/linked/recent.h"

#include "provider/linked/linked_internal.h"

struct linked_recent_one {
	uint8_t name[SHA256_SIZE];
	int64_t until_ms;
	uint8_t *octets; /* heap; NULL in a place that was never used */
	size_t len;
};

bool linked_recent_find(struct job *job, const struct linked_recent *recent, str name, bytes *out)
{
	uint8_t hash[SHA256_SIZE];
	bool found = false;

	sha256(bytes_of(name), hash);
	linked_lock();
	for (size_t i = 0; recent->all && i < recent->max && !found; i++) {
		const struct linked_recent_one *one = &recent->all[i];

		found = one->octets && one->until_ms > job->now_ms &&
			memcmp(one->name, hash, sizeof hash) == 0;
		if (found)
			*out = arena_bytes(job->arena, (bytes){ one->octets, one->len });
	}
	linked_unlock();
	return found;
}

static struct linked_recent_one *oldest(const struct linked_recent *recent)
{
	struct linked_recent_one *place = recent->all;

	for (size_t i = 1; i < recent->max; i++)
		if (recent->all[i].until_ms < place->until_ms)
			place = &recent->all[i];
	return place;
}

void linked_recent_keep(struct job *job, struct linked_recent *recent, str name, bytes octets)
{
	struct linked_recent_one one = { .until_ms = job->now_ms + LINKED_RECENT_MS,
		.octets = heap_alloc(octets.len + 1),
		.len = octets.len };
	struct linked_recent_one *place;

	sha256(bytes_of(name), one.name);
	if (octets.len)
		memcpy(one.octets, octets.ptr, octets.len);
	linked_lock();
	if (!recent->all)
		recent->all = heap_alloc(recent->max * sizeof *recent->all);
	place = oldest(recent);
	heap_free(place->octets);
	*place = one;
	linked_unlock();
}

void linked_recent_free(struct linked_recent *recent)
{
	for (size_t i = 0; recent->all && i < recent->max; i++)
		heap_free(recent->all[i].octets);
	heap_free(recent->all);
}
