/*
 * helper.c: the store, the clock and the words of helper.h.
 *
 * The file is a list of records, each "kind key-length value-length" on a line and then the octets.
 * It is written anew beside the old one and takes its place at once: so a crash leaves the state
 * before a step of the session, or the one after it, and nothing between. Real programs seal it.
 */
#include "helper.h"

#include "base/codec.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define RECORDS_MAX 65536
#define RECORD_OCTETS_MAX (1u << 20)

struct kept { enum wa_record kind; char *key; uint8_t *value; size_t key_len, len; };

static struct {
	const char *path;
	struct kept records[RECORDS_MAX];
	size_t count;
	bool is_changed;
} kept;

/* ---- records ---- */

static void *copy_of(const void *from, size_t len)
{
	void *copy = heap_alloc(len + 1);

	if (len)
		memcpy(copy, from, len);
	return copy;
}

static struct kept *find(enum wa_record kind, str key)
{
	for (size_t i = 0; i < kept.count; i++)
		if (kept.records[i].kind == kind &&
			str_is((str){ kept.records[i].key, kept.records[i].key_len }, key))
			return &kept.records[i];
	return NULL;
}

static enum err get(void *arg, enum wa_record kind, str key, struct arena *arena, bytes *out)
{
	const struct kept *r = find(kind, key);

	(void)arg;
	if (!r)
		return ERR_MISSING;
	*out = arena_bytes(arena, (bytes){ r->value, r->len });
	return OK;
}

static enum err put(void *arg, enum wa_record kind, str key, bytes value)
{
	struct kept *r = find(kind, key);

	(void)arg;
	if (!r && kept.count == RECORDS_MAX)
		return ERR_STORE;
	if (r)
		heap_free(r->value);
	else
		r = &kept.records[kept.count++],
		*r = (struct kept){ .kind = kind, .key = copy_of(key.ptr, key.len),
			.key_len = key.len };
	r->value = copy_of(value.ptr, value.len);
	r->len = value.len;
	kept.is_changed = true;
	return OK;
}

static enum err erase(void *arg, enum wa_record kind, str key)
{
	(void)arg;
	for (size_t i = 0; i < kept.count;) {
		struct kept *r = &kept.records[i];

		if (r->kind != kind || (key.ptr && !str_is((str){ r->key, r->key_len }, key))) {
			i++;
			continue;
		}
		heap_free(r->key);
		heap_free(r->value);
		*r = kept.records[--kept.count];
		kept.is_changed = true;
	}
	return OK;
}

/* By key, so that `scan` has an order. */
static int compare(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return str_compare((str){ x->key, x->key_len }, (str){ y->key, y->key_len });
}

static enum err scan(void *arg, enum wa_record kind, str prefix,
	enum err (*each)(void *each_arg, str key, bytes value), void *each_arg)
{
	size_t count = kept.count;
	struct kept *all = copy_of(kept.records, count * sizeof *all);
	enum err e = OK;

	(void)arg;
	qsort(all, count, sizeof *all, compare);
	for (size_t i = 0; i < count && e == OK; i++) {
		str key = { all[i].key, all[i].key_len };
		const struct kept *now = all[i].kind == kind && str_starts(key, prefix)
			? find(kind, key)
			: NULL;

		if (now)
			e = each(each_arg, key, (bytes){ now->value, now->len });
	}
	heap_free(all);
	return e;
}

/* ---- the file ---- */

static size_t take_number(str *line, size_t max)
{
	int64_t value = 0;

	return str_to_i64(str_split(line, ' '), &value) && value >= 0 && (size_t)value <= max
		? (size_t)value
		: max;
}

static bool read_record(FILE *file)
{
	char text[64];
	str line = str_trim(str_of(fgets(text, sizeof text, file)));
	enum wa_record kind = (enum wa_record)take_number(&line, WA_RECORD_KINDS);
	size_t key_len = take_number(&line, RECORD_OCTETS_MAX);
	size_t len = take_number(&line, RECORD_OCTETS_MAX);
	char *key = heap_alloc(key_len + 1);
	uint8_t *value = heap_alloc(len + 1);
	bool is_whole = kind < WA_RECORD_KINDS && fread(key, 1, key_len, file) == key_len &&
		fread(value, 1, len, file) == len &&
		put(NULL, kind, (str){ key, key_len }, (bytes){ value, len }) == OK;

	heap_free(key);
	heap_free(value);
	return is_whole;
}

struct wa_store kept_open(const char *path)
{
	FILE *file = path ? fopen(path, "rb") : NULL;

	if (!path) {
		fputs("usage: pair FILE URL [ROOT KEY]\n", stderr);
		exit(2);
	}
	kept.path = path;
	while (file && read_record(file))
		;
	if (file)
		fclose(file);
	kept.is_changed = false;
	return (struct wa_store){ get, put, erase, scan, NULL };
}

static bool write_all(FILE *file)
{
	for (size_t i = 0; i < kept.count; i++) {
		const struct kept *r = &kept.records[i];

		fprintf(file, "%u %zu %zu\n", (unsigned)r->kind, r->key_len, r->len);
		fwrite(r->key, 1, r->key_len, file);
		fwrite(r->value, 1, r->len, file);
	}
	return fflush(file) == 0 && fsync(fileno(file)) == 0;
}

bool kept_commit(void)
{
	char beside[4096];
	FILE *file;
	bool is_written;
	int fd;

	if (!kept.is_changed)
		return true;
	snprintf(beside, sizeof beside, "%s.new", kept.path);
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	file = fd < 0 ? NULL : fdopen(fd, "wb");
	is_written = file && write_all(file);
	if (file)
		fclose(file);
	if (!is_written || rename(beside, kept.path) != 0) {
		perror(kept.path);
		return false;
	}
	kept.is_changed = false;
	return true;
}

/* ---- the rest ---- */

struct wa_clock helper_clock(void)
{
	struct timespec mono, wall;

	clock_gettime(CLOCK_MONOTONIC, &mono);
	clock_gettime(CLOCK_REALTIME, &wall);
	return (struct wa_clock){ mono.tv_sec * 1000LL + mono.tv_nsec / 1000000,
		wall.tv_sec * 1000LL + wall.tv_nsec / 1000000 };
}

void helper_random(void *arg, void *out, size_t size)
{
	(void)arg;
	crypto_random(out, size);
}

const uint8_t *helper_key(struct arena *arena, const char *text)
{
	static uint8_t key[CURVE_KEY_SIZE];
	struct buf octets = buf_in(arena, sizeof key);

	if (!base64_read(str_of(text), &octets) || octets.len != sizeof key)
		fputs("The root key is not 32 octets in base64.\n", stderr);
	else
		memcpy(key, octets.ptr, sizeof key);
	return key;
}

static void print_state(const struct wa_event *event)
{
	printf("state: %s", wa_state_name(event->state));
	if (event->ending.code)
		printf(" (%s: %s %s)", event->ending.code, event->ending.sentence,
			event->ending.next_step);
	putchar('\n');
}

void helper_print(const struct wa_event *event)
{
	if (event->kind == WA_EVENT_STATE)
		print_state(event);
	else if (event->kind == WA_EVENT_QR)
		printf("scan: " STR_F "\n", STR_A(event->text));
	else if (event->kind == WA_EVENT_PAIRED)
		printf("paired\n");
	else if (event->kind == WA_EVENT_LOGGED_OUT)
		printf("logged out\n");
	else if (event->kind == WA_EVENT_STANZA)
		printf("heard: <" STR_F ">\n", STR_A(event->node->tag));
	else
		printf("event %d\n", (int)event->kind);
	fflush(stdout);
}
