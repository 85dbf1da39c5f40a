/*
 * pace.c: "100 requests/min": the times of a key's last requests, so that no minute has more.
 *
 * Keys are told apart by a hash; when more than PACES_MAX are in use the one that was quiet longest
 * gives its place. Any thread.
 */
#include "provider/msg91/msg91_internal.h"

#include "crypto/crypto.h"

#include <pthread.h>

#define PACES_MAX 64
#define MINUTE_MS 60000

static struct pace {
	uint8_t key[SHA256_SIZE];
	int64_t *times; /* a ring of `per_minute` */
	int64_t per_minute, next, last_ms;
} paces[PACES_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct pace *pace_of(const uint8_t key[SHA256_SIZE])
{
	struct pace *oldest = &paces[0];

	for (size_t i = 0; i < PACES_MAX; i++) {
		if (paces[i].times && memcmp(paces[i].key, key, SHA256_SIZE) == 0)
			return &paces[i];
		if (paces[i].last_ms < oldest->last_ms)
			oldest = &paces[i];
	}
	heap_free(oldest->times);
	*oldest = (struct pace){ 0 };
	memcpy(oldest->key, key, SHA256_SIZE);
	return oldest;
}

/* A changed limit begins anew. */
static void set_limit(struct pace *pace, int64_t per_minute)
{
	if (pace->times && pace->per_minute == per_minute)
		return;
	heap_free(pace->times);
	pace->times = heap_alloc((size_t)per_minute * sizeof *pace->times);
	memset(pace->times, 0, (size_t)per_minute * sizeof *pace->times);
	pace->per_minute = per_minute;
	pace->next = 0;
}

bool msg91_take_turn(str key, int64_t per_minute, int64_t now_ms, int64_t *wait_ms)
{
	uint8_t hash[SHA256_SIZE];
	struct pace *pace;
	int64_t *oldest;
	bool is_free;

	sha256(bytes_of(key), hash);
	pthread_mutex_lock(&lock);
	pace = pace_of(hash);
	set_limit(pace, per_minute);
	oldest = &pace->times[pace->next];
	is_free = *oldest + MINUTE_MS <= now_ms;
	*wait_ms = is_free ? 0 : *oldest + MINUTE_MS - now_ms;
	if (is_free) {
		*oldest = pace->last_ms = now_ms;
		pace->next = (pace->next + 1) % per_minute;
	}
	pthread_mutex_unlock(&lock);
	return is_free;
}
