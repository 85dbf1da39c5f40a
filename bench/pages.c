/*
 * pages.c: how long the pages of a filled data folder take: conversation list, thread, search.
 *
 *	pages FOLDER RUNS
 *
 * Each figure is over RUNS rounds of requests as the API makes them, a job each, with the server's
 * own cache size: every filter of the list at the start and further down, threads at their end and
 * far up, searches for common, rare, several and absent words. Prints a line of JSON with p50 and
 * p99 in milliseconds.
 */
#include "account/account.h"
#include "account/channel.h"
#include "account/seal.h"
#include "base/clock.h"
#include "base/log.h"
#include "bench/data.h"
#include "inbox/inbox.h"
#include "inbox/search.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PAGE = 50, PER_ROUND = 200, TIMES_MAX = 100000 };

struct bench {
	struct store *store;
	struct arena *arena;
	id64 workspace, person, channel;
	uint64_t seed;
	id64 threads[PER_ROUND]; /* seen in the list */
	size_t thread_count;
};

struct times { double ms[TIMES_MAX]; size_t count; };

/* The last messages and the names that stand in the list. */
static void read_list_details(struct job *job, const struct conversations *page)
{
	id64 last[PAGE];
	struct messages messages;
	struct contact contact;

	for (size_t i = 0; i < page->count; i++) {
		last[i] = page->items[i].last_message_id;
		data_must(job, contact_get(job, page->items[i].contact_id, &contact), "contact");
	}
	data_must(job, message_by_ids(job, last, page->count, &messages), "messages");
}

static void read_list(struct bench *b, struct job *job, size_t i)
{
	struct conversation_filter filter = { .status = (int)(i % 4) - 1,
		                              .view = (enum conversation_view)(i / 4 % 3),
		                              .mine = b->person,
		                              .channel_id = i / 12 % 2 ? b->channel : 0,
		                              .unread_only = i / 24 % 4 == 3,
		                              .max = PAGE };
	struct conversations page;

	if (i % 3 == 1) {
		filter.place_ms = job->now_ms - (int64_t)(data_roll(&b->seed) * 1e9);
		filter.place_id = INT64_MAX;
	}
	data_must(job, conversation_list(job, &filter, &page), "list");
	read_list_details(job, &page);
	if (page.count && b->thread_count < PER_ROUND)
		b->threads[b->thread_count++] = page.items[i % page.count].id;
}

static void read_thread(struct bench *b, struct job *job, size_t i)
{
	id64 thread = b->threads[i % b->thread_count];
	id64 before = i % 3 ? 0 : id64_floor(job->now_ms - (int64_t)(data_roll(&b->seed) * 3e10));
	struct conversation conversation;
	struct messages page;

	data_must(job, conversation_get(job, thread, &conversation), "conversation");
	data_must(job, message_before(job, thread, before, PAGE, &page), "thread");
}

static void read_search(struct bench *b, struct job *job, size_t i)
{
	str word = data_word(data_roll_word(&b->seed)), other = data_word(data_roll_word(&b->seed));
	struct message_search search = { .max = PAGE, .query = word };
	struct messages page;
	id64 next;

	if (i % 4 == 1)
		search.query = arena_printf(job->arena, STR_F " " STR_F, STR_A(word), STR_A(other));
	else if (i % 4 == 2)
		search.query = arena_printf(job->arena, STR_F " " STR_F " " STR_F,
		                            STR_A(data_word(i % 20)), STR_A(word),
		                            STR_A(data_word(i % 30 + 20)));
	else if (i % 16 == 3)
		search.query = S("nowheretobefound");
	if (i % 5 == 4)
		search.before = id64_floor(job->now_ms - (int64_t)(data_roll(&b->seed) * 3e10));
	data_must(job, search_messages(job, &search, &page, &next), "search");
}

/* Filters that combine: of a contact, of a kind, by status and date, common, rare and empty. */
static void read_filtered(struct bench *b, struct job *job, size_t i)
{
	str word = data_word(data_roll_word(&b->seed)),
	    name = data_word(100 + (size_t)(data_roll(&b->seed) * 900));
	const str lines[] = {
		arena_printf(job->arena, STR_F " has:image", STR_A(word)),
		arena_printf(job->arena, STR_F " from:" STR_F, STR_A(word), STR_A(name)),
		arena_printf(job->arena, STR_F " is:open is:in", STR_A(word)),
		arena_printf(job->arena, STR_F " after:90d before:30d", STR_A(word)),
		S("has:document is:out"),
		arena_printf(job->arena, "from:" STR_F, STR_A(name)),
		S("is:snoozed has:video"),
		arena_printf(job->arena, STR_F " is:snoozed", STR_A(data_word(i % 10))),
		arena_printf(job->arena, STR_F " agent:none is:waiting is:unread",
			STR_A(data_word(i % 40))),
	};
	struct search_filter filter;
	struct message_search search = { .max = PAGE, .filter = &filter };
	struct messages page;
	id64 next;

	job->actor.permissions = ~0ull;
	data_must(job, search_read(job, lines[i % COUNT_OF(lines)], STR_NONE, &filter), "filter");
	data_must(job, search_messages(job, &search, &page, &next), "search");
}

static void measure(struct bench *b, int64_t rounds,
                    void (*read)(struct bench *, struct job *, size_t), struct times *out)
{
	out->count = 0;
	for (size_t i = 0; i < (size_t)rounds * PER_ROUND && i < TIMES_MAX; i++) {
		int64_t start_us = clock_monotonic_us();
		struct job job;

		job_init(&job, "bench", b->arena, b->store);
		job.workspace = b->workspace;
		read(b, &job, i);
		job_finish(&job, OK);
		out->ms[out->count++] = (double)(clock_monotonic_us() - start_us) / 1000;
	}
}

static int compare_times(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print(const char *name, struct times *times, const char *behind)
{
	qsort(times->ms, times->count, sizeof *times->ms, compare_times);
	printf("\"%s\":{\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}%s", name,
	       times->ms[times->count / 2], times->ms[times->count * 99 / 100],
	       times->ms[times->count - 1], behind);
}

static void find_account(struct bench *b)
{
	struct channel_full *channels;
	struct person *people;
	struct job job;
	size_t count;

	job_init(&job, "bench", b->arena, b->store);
	data_must(&job, keyring_load(&job), "keys");
	data_must(&job, workspace_list(&job, 0, &b->workspace, 1, &count), "workspace");
	job.workspace = b->workspace;
	data_must(&job, person_list(&job, 0, 1, &people, &count), "people");
	b->person = people[0].id;
	data_must(&job, channel_list(&job, 0, 1, &channels, &count), "channels");
	b->channel = channels[0].channel.id;
	job_finish(&job, OK);
}

int main(int argc, char **argv)
{
	static struct bench b;
	static struct times times;
	struct arena *kept = arena_create(1u << 20);
	int64_t rounds;

	if (argc != 3 || !str_to_i64(str_of(argv[2]), &rounds) || rounds < 1)
		return fprintf(stderr, "usage: pages FOLDER RUNS\n"), 2;
	log_open(LOG_WARN, STDERR_FILENO);
	b.store = data_open(kept, argv[1], 0);
	b.arena = arena_create(ARENA_LIMIT_DEFAULT);
	b.seed = 42;
	find_account(&b);
	printf("{");
	measure(&b, rounds, read_list, &times);
	print("list", &times, ",");
	measure(&b, rounds, read_thread, &times);
	print("thread", &times, ",");
	measure(&b, rounds, read_search, &times);
	print("search", &times, ",");
	measure(&b, rounds, read_filtered, &times);
	print("filtered", &times, "}\n");
	store_close(b.store);
	return 0;
}
