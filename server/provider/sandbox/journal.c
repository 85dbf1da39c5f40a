/*
 * journal.c: how often each message was accepted.
 *
 * A line for each in a file when a folder is given, written before the answer goes: a process that
 * is killed the moment after still has it. Lines: {"biz":"…","id":"wamid…","type":"text"}.
 */
#include "provider/sandbox/sandbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_OCTETS 8192
#define JOURNAL_MAX (1u << 30)

struct counted {
	struct counted *next;
	int64_t count;
	size_t len;
	char biz[];
};

struct journal {
	struct table *counts;
	struct counted *all;
	int64_t total, distinct, repeated;
	int fd; /* -1: memory alone */
};

static void count(struct journal *j, str biz)
{
	struct counted *c = table_find(j->counts, biz);

	j->total++;
	if (!c) {
		c = heap_alloc(sizeof *c + biz.len);
		memcpy(c->biz, biz.ptr, biz.len);
		c->len = biz.len;
		c->next = j->all;
		j->all = c;
		table_put(j->counts, (str){ c->biz, c->len }, c);
		j->distinct++;
	}
	if (++c->count == 2)
		j->repeated++;
}

static void read_line(struct journal *j, struct arena *arena, str line)
{
	json v;

	/* The last line may be half a one, when the machine stopped in the middle. */
	if (line.len && json_read(arena, line, &v, NULL) == OK && json_text_at(v, "biz").ptr)
		count(j, json_text_at(v, "biz"));
	arena_reset(arena);
}

static void read_all(struct journal *j, int fd)
{
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);
	struct buf rest = buf_heap(JOURNAL_MAX);
	char piece[65536];
	ssize_t n;

	while ((n = read(fd, piece, sizeof piece)) > 0) {
		str text;

		buf_put(&rest, piece, (size_t)n);
		text = buf_text(&rest);
		while (str_find(text, '\n') < text.len)
			read_line(j, arena, str_split(&text, '\n'));
		buf_eat(&rest, rest.len - text.len);
	}
	buf_done(&rest);
	arena_destroy(arena);
}

struct journal *journal_open(const char *folder, str *why)
{
	struct journal *j = HEAP_NEW(struct journal);
	char path[512];

	j->counts = table_create();
	j->fd = -1;
	if (!folder)
		return j;
	snprintf(path, sizeof path, "%s/sandbox.journal", folder);
	j->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (j->fd < 0) {
		*why = S("The sandbox cannot write its journal in the data folder.");
		journal_close(j);
		return NULL;
	}
	read_all(j, j->fd);
	return j;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	journal_clear(j);
	table_destroy(j->counts);
	if (j->fd >= 0)
		close(j->fd);
	heap_free(j);
}

static void append(int fd, str line)
{
	while (line.len > 0) {
		ssize_t n = write(fd, line.ptr, line.len);

		if (n < 0 && errno != EINTR)
			return;
		if (n > 0)
			line = str_part(line, (size_t)n, line.len);
	}
}

void journal_add(struct journal *j, str biz, str wamid, str to, str type)
{
	struct buf line = buf_heap(LINE_MAX_OCTETS);

	count(j, biz);
	if (j->fd < 0)
		return;
	json_open(&line, '{');
	json_put(&line, "biz", biz);
	json_put(&line, "id", wamid);
	json_put(&line, "to", to);
	json_put(&line, "type", type);
	json_close(&line, '}');
	buf_byte(&line, '\n');
	append(j->fd, buf_text(&line));
	buf_done(&line);
}

int64_t journal_count(struct journal *j, str biz)
{
	struct counted *c = table_find(j->counts, biz);

	return c ? c->count : 0;
}

void journal_write(struct journal *j, struct buf *b)
{
	json_put_int(b, "accepted", j->total);
	json_put_int(b, "distinct", j->distinct);
	json_put_int(b, "repeated", j->repeated);
}

void journal_clear(struct journal *j)
{
	while (j->all) {
		struct counted *next = j->all->next;

		heap_free(j->all);
		j->all = next;
	}
	table_clear(j->counts);
	j->total = j->distinct = j->repeated = 0;
	if (j->fd >= 0 && ftruncate(j->fd, 0) < 0)
		return; /* what stands there is counted again at the next start */
}
