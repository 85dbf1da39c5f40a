/*
 * sqlite_checkpoint.c: carrying the WAL over into the database, beside the writer.
 *
 * SQLite would do it in the commit that fills the WAL, and all writers would wait for it: tens of
 * milliseconds, several times a second under load. A passive checkpoint on a connection of its own
 * disturbs neither writer nor readers. It cannot let the WAL start over while commits keep coming,
 * so at WAL_PAGES_MAX the writer does the small rest itself: the WAL stays bounded whatever this
 * thread does.
 */
#include "store/sqlite.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	WAL_PAGES_DUE = 2000, /* 8 MB since the last time */
	WAL_PAGES_MAX = 16000,
};

struct sqlite_checkpointer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	sqlite3 *handle;
	bool due, stopping;
	int asked_at; /* pages in the WAL when it was last due; the writer's */
};

static void checkpoint(sqlite3 *handle)
{
	/* One that does not come through is tried again as the WAL grows. */
	(void)sqlite3_wal_checkpoint_v2(handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void *run(void *arg)
{
	struct sqlite_checkpointer *c = arg;

	pthread_mutex_lock(&c->lock);
	while (!c->stopping) {
		if (!c->due) {
			pthread_cond_wait(&c->wake, &c->lock);
			continue;
		}
		c->due = false;
		pthread_mutex_unlock(&c->lock);
		checkpoint(c->handle);
		pthread_mutex_lock(&c->lock);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

static void wake(struct sqlite_checkpointer *c, bool stop)
{
	pthread_mutex_lock(&c->lock);
	c->due = true;
	c->stopping = stop;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
}

/* After each commit, on the writer's thread. A WAL that has started over counts from the beginning.
 */
static int on_commit(void *arg, sqlite3 *writer, const char *name, int pages)
{
	struct sqlite_checkpointer *c = arg;

	(void)name;
	if (pages < c->asked_at)
		c->asked_at = 0;
	if (pages >= WAL_PAGES_MAX) {
		checkpoint(writer);
	} else if (pages - c->asked_at >= WAL_PAGES_DUE) {
		c->asked_at = pages;
		wake(c, false);
	}
	return SQLITE_OK;
}

struct sqlite_checkpointer *sqlite_checkpointer_create(sqlite3 *writer, sqlite3 *own)
{
	struct sqlite_checkpointer *c = HEAP_NEW(struct sqlite_checkpointer);

	c->handle = own;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	if (pthread_create(&c->thread, NULL, run, c) != 0)
		abort();
	pthread_setname_np(c->thread, "checkpoint");
	sqlite3_wal_hook(writer, on_commit, c);
	return c;
}

void sqlite_checkpointer_destroy(struct sqlite_checkpointer *c)
{
	if (!c)
		return;
	wake(c, true);
	pthread_join(c->thread, NULL);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	heap_free(c);
}
