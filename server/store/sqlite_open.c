/*
 * sqlite_open.c: opening and closing the database file, and copying it.
 *
 * WAL with synchronous=FULL: a commit is one append and one fsync, and readers never wait. The file
 * is for its owner alone (0600); SQLite gives its WAL the same mode.
 */
#include "store/sqlite.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READERS_DEFAULT = 4,
	CACHE_DEFAULT = 2u << 20,
	CHECKPOINT_CACHE = 64u << 10,   /* it copies pages, it reads none */
	JOURNAL_KEPT_BYTES = 64u << 20, /* a WAL that a bulk write made large shrinks to this */
	OTHER_PROCESS_WAIT_MS = 5000,   /* ours never meet; a second program may hold the file */
	BACKUP_PAGES_AT_ONCE = 4096,
};

static const char *system_words(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL: return "the disk is full";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return "the database file is damaged: restore a backup";
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return "another program holds the database";
	case SQLITE_READONLY:
	case SQLITE_PERM: return "the database file may not be written";
	case SQLITE_CANTOPEN: return "the database file cannot be opened";
	/* A quota or a file size limit comes this way, too. */
	case SQLITE_IOERR:
		return rc == SQLITE_IOERR_WRITE ? "the disk is full or failing" : "the disk failed";
	default: return NULL;
	}
}

enum err sqlite_failure(struct job *job, sqlite3 *handle, int rc)
{
	const char *words = system_words(rc);

	if (words)
		return fail(job, ERR_STORE, "%s (SQLite %d)", words, rc);
	if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY ||
	    rc == SQLITE_CONSTRAINT_ROWID)
		return fail(job, ERR_CONFLICT, "it exists already (%s)",
		            handle ? sqlite3_errmsg(handle) : "");
	if (rc == SQLITE_CONSTRAINT_FOREIGNKEY)
		return fail(job, ERR_CONFLICT,
		            "it refers to something that is not there, or is still referred to");
	return fail(job, ERR_BUG, "%s (SQLite %d)",
	            handle ? sqlite3_errmsg(handle) : sqlite3_errstr(rc), rc);
}

/* No automatic checkpoints: see sqlite_checkpoint.c. */
static enum err configure(struct job *job, sqlite3 *handle, size_t cache_bytes)
{
	static const char pragmas[] =
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
		"PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA trusted_schema = OFF;"
		"PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = %d; PRAGMA cache_size "
		"= -%d;";
	char *sql = sqlite3_mprintf(pragmas, JOURNAL_KEPT_BYTES,
				    (int)((cache_bytes ? cache_bytes : CACHE_DEFAULT) >> 10));
	int rc = sqlite3_exec(handle, sql, NULL, NULL, NULL);

	sqlite3_free(sql);
	return rc == SQLITE_OK ? OK : sqlite_failure(job, handle, sqlite3_extended_errcode(handle));
}

static enum err open_connection(struct job *job, struct sqlite_store *store,
                                struct sqlite_conn *conn, size_t cache)
{
	int rc = sqlite3_open_v2(store->path, &conn->handle,
	                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc != SQLITE_OK)
		return sqlite_failure(job, conn->handle, rc);
	conn->db.store = &store->store;
	conn->statements = heap_alloc(statement_places() * sizeof *conn->statements);
	sqlite3_extended_result_codes(conn->handle, 1);
	sqlite3_busy_timeout(conn->handle, OTHER_PROCESS_WAIT_MS);
	return configure(job, conn->handle, cache);
}

static void close_connection(struct sqlite_conn *conn)
{
	for (size_t i = 0; conn->statements && i < statement_places(); i++)
		sqlite3_finalize(conn->statements[i]);
	heap_free(conn->statements);
	sqlite3_close(conn->handle);
}

static void sqlite_store_close(struct store *base)
{
	struct sqlite_store *store = sqlite_of(base);

	for (size_t i = 0; i < store->reader_count; i++)
		close_connection(&store->readers[i]);
	sqlite_checkpointer_destroy(store->checkpointer);
	close_connection(&store->checkpoint_conn);
	close_connection(&store->writer); /* last: it checkpoints and removes the WAL */
	turns_destroy(store->writer_turn);
	turns_destroy(store->reader_turns);
	heap_free(store->path);
	heap_free(store);
}

/* So that there is never a moment in which others may read it. */
static enum err make_private(struct job *job, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || fchmod(fd, 0600) != 0) {
		int number = errno;

		if (fd >= 0)
			close(fd);
		return fail(job, ERR_STORE, "cannot open the database file %s: %s", path,
		            strerrordesc_np(number));
	}
	close(fd);
	return OK;
}

static enum err open_connections(struct job *job, struct sqlite_store *store, size_t cache_bytes)
{
	TRY(make_private(job, store->path));
	TRY(open_connection(job, store, &store->writer, cache_bytes));
	TRY(open_connection(job, store, &store->checkpoint_conn, CHECKPOINT_CACHE));
	for (size_t i = 0; i < store->reader_count; i++)
		TRY(open_connection(job, store, &store->readers[i], cache_bytes));
	store->checkpointer =
		sqlite_checkpointer_create(store->writer.handle, store->checkpoint_conn.handle);
	return OK;
}

enum err sqlite_store_open(struct job *job, const struct store_config *config, const char *path,
                           struct store **out)
{
	size_t readers = config->connections ? config->connections : READERS_DEFAULT;
	struct sqlite_store *store = heap_alloc(sizeof *store + readers * sizeof *store->readers);

	store->store.driver = &sqlite_driver;
	store->reader_count = readers;
	store->path = heap_alloc(strlen(path) + 1);
	memcpy(store->path, path, strlen(path));
	store->writer_turn = turns_create(1);
	store->reader_turns = turns_create(readers);
	*out = &store->store;
	return open_connections(job, store, config->cache_bytes);
}

static enum err copy_pages(struct job *job, sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int rc;

	if (!backup)
		return sqlite_failure(job, to, sqlite3_extended_errcode(to));
	do
		rc = sqlite3_backup_step(backup, BACKUP_PAGES_AT_ONCE);
	while (rc == SQLITE_OK);
	sqlite3_backup_finish(backup);
	return rc == SQLITE_DONE ? OK : sqlite_failure(job, to, sqlite3_extended_errcode(to));
}

/* SQLite syncs the copy when its transaction ends; the name is there only afterwards. */
static enum err backup_to(struct job *job, const char *temporary, const char *final)
{
	struct sqlite_store *store = sqlite_of(job->store);
	sqlite3 *to = NULL;
	enum err e;

	TRY(make_private(job, temporary));
	if (sqlite3_open(temporary, &to) != SQLITE_OK)
		e = sqlite_failure(job, to, sqlite3_extended_errcode(to));
	else
		e = copy_pages(job, store->writer.handle, to);
	sqlite3_close(to);
	if (e == OK && rename(temporary, final) != 0)
		e = fail(job, ERR_STORE, "cannot name the backup %s: %s", final,
		         strerrordesc_np(errno));
	if (e != OK)
		unlink(temporary);
	return e;
}

enum err sqlite_backup(struct job *job, const char *folder, int64_t version)
{
	str final = arena_printf(job->arena, "%s/before-%04lld-%lld.db", folder, (long long)version,
				 (long long)clock_now_ms());
	str temporary = arena_printf(job->arena, STR_F ".part", STR_A(final));

	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return fail(job, ERR_STORE, "cannot make the backup folder %s: %s", folder,
		            strerrordesc_np(errno));
	return backup_to(job, temporary.ptr, final.ptr);
}

static int64_t file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

static int64_t sqlite_bytes(struct job *job)
{
	const char *path = sqlite_of(job->store)->path;

	return file_bytes(path) + file_bytes(arena_printf(job->arena, "%s-wal", path).ptr);
}

static size_t readers_in_use(struct store *store)
{
	return turns_in_use(sqlite_of(store)->reader_turns);
}

static size_t waiting(struct store *store)
{
	return turns_waiting(sqlite_of(store)->reader_turns) +
	       turns_waiting(sqlite_of(store)->writer_turn);
}

const struct driver sqlite_driver = {
	.is_sqlite = true,
	.close = sqlite_store_close,
	.take = sqlite_take,
	.give = sqlite_give,
	.commit = sqlite_commit,
	.run = sqlite_run,
	.script = sqlite_script,
	.lock_migrations = sqlite_lock_migrations,
	.backup = sqlite_backup,
	.bytes = sqlite_bytes,
	.readers_in_use = readers_in_use,
	.waiting = waiting,
	.explain = sqlite_explain,
	.search_add = sqlite_search_add,
	.search_remove = sqlite_search_remove,
	.search_find = sqlite_search_find,
};
