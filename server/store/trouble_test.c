/* trouble_test.c: killed processes, a full disk, a lost server: nothing that was committed goes,
 * and all comes back. */
#include "store/test_queries.h"
#include "store/test_store.h"
#include "store/sqlite.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8 };

static enum err add_thing(struct job *job, id64 id, size_t data_len)
{
	uint8_t *data = arena_alloc(job->arena, data_len);
	enum err e;

	TRY(db_begin(job, DB_WRITE));
	e = sql_thing_add(job, &(struct sql_thing_add){ .id = id, .data = { data, data_len } },
	                  NULL);
	if (e == OK)
		return db_commit(job);
	db_rollback(job);
	return e;
}

static int64_t count_things(struct job *job)
{
	struct count_row count;

	EXPECT_OK(sql_thing_count(job, &count));
	return count.count;
}

/* In the child: commits one row, tells the parent, and waits for the axe with a second one
 * uncommitted. */
static _Noreturn void commit_and_wait(const struct store_config *config, int tell)
{
	struct store *store;
	struct job job;
	str why;

	if (store_open(test_arena(), config, &store, &why) != OK)
		_exit(1);
	job_init(&job, "child", test_arena(), store);
	if (add_thing(&job, 1, 100) != OK || db_begin(&job, DB_WRITE) != OK ||
	    sql_thing_add(&job, &(struct sql_thing_add){ .id = 2 }, NULL) != OK ||
	    write(tell, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static void expect_committed_survives_kill(enum test_store kind)
{
	const struct store_config *config = test_store_fresh(kind);
	int told[2];
	struct job job;
	pid_t child;
	char x;

	EXPECT(pipe(told) == 0);
	child = fork();
	if (child == 0)
		commit_and_wait(config, told[1]);
	close(told[1]);
	EXPECT_INT(read(told[0], &x, 1), 1);
	close(told[0]);
	kill(child, SIGKILL);
	EXPECT_INT(waitpid(child, NULL, 0), child);
	job_init(&job, "test", test_arena(), test_store_open(config));
	EXPECT_INT(count_things(&job), 1);
	EXPECT_OK(add_thing(&job, 3, 1));
}

TEST(what_was_committed_survives_a_kill_on_sqlite) { expect_committed_survives_kill(TEST_SQLITE); }
TEST(what_was_committed_survives_a_kill_on_postgres)
{
	expect_committed_survives_kill(TEST_POSTGRES);
}

/* Writes until the disk is full, as `limit` sets it; then less, then with room again. */
static void fill_disk(const char *words, void (*limit)(struct job *job, bool on))
{
	struct job job;
	enum err e = OK;
	id64 id = 0;

	job_init(&job, "test", test_arena(), test_store_open(test_store_fresh(TEST_SQLITE)));
	limit(&job, true);
	while (e == OK && id < 1000)
		e = add_thing(&job, ++id, 10000);
	EXPECT_ERR(e, ERR_STORE);
	EXPECT(str_has(job.why, str_of(words)));
	EXPECT_INT(count_things(&job), id - 1);
	EXPECT_ERR(add_thing(&job, id, 100000), ERR_STORE);
	EXPECT_INT(count_things(&job), id - 1);
	limit(&job, false);
	EXPECT_OK(store_probe(&job));
	EXPECT_OK(add_thing(&job, id, 100000));
	EXPECT_INT(count_things(&job), id);
}

static void limit_file_bytes(struct job *job, bool on)
{
	struct rlimit r;

	(void)job;
	getrlimit(RLIMIT_FSIZE, &r);
	r.rlim_cur = on ? 1u << 20 : r.rlim_max;
	EXPECT(setrlimit(RLIMIT_FSIZE, &r) == 0);
}

static void limit_pages(struct job *job, bool on)
{
	EXPECT(sqlite3_exec(sqlite_of(job->store)->writer.handle,
	                    on ? "PRAGMA max_page_count = 300" : "PRAGMA max_page_count = 1000000",
	                    NULL, NULL, NULL) == SQLITE_OK);
}

TEST(a_disk_that_takes_no_more_is_told_and_got_over)
{
	signal(SIGXFSZ, SIG_IGN);
	fill_disk("the disk is full or failing", limit_file_bytes);
}

TEST(a_full_disk_is_told_and_got_over)
{
	fill_disk("the disk is full (", limit_pages);
}

TEST(a_damaged_file_is_told)
{
	const struct store_config *config = test_store_fresh(TEST_SQLITE);
	FILE *file = fopen(config->url + strlen("sqlite:"), "w");
	struct store *store;
	str why;

	for (int i = 0; i < 1000; i++)
		fputs("this is no database ", file);
	fclose(file);
	EXPECT_ERR(store_open(test_arena(), config, &store, &why), ERR_STORE);
	EXPECT(str_has(why, S("damaged: restore a backup")));
}

/* Says something to the server, as its administrator: %s in format is the name of the test's
 * database. */
static void tell_server(const struct store_config *config, const char *format)
{
	PGconn *pg = PQconnectdb(getenv("PARLEY_TEST_POSTGRES"));
	str sql = S("");

	for (const char *p = format; *p; p++)
		sql = *p == '$' ? arena_printf(test_arena(), STR_F "%s", STR_A(sql),
		                               strrchr(config->url, '/') + 1)
		                : arena_printf(test_arena(), STR_F "%c", STR_A(sql), *p);
	PQclear(PQexec(pg, sql.ptr));
	PQfinish(pg);
}

#define HANG_UP "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '$'"

TEST(lost_connections_are_made_anew_unseen)
{
	const struct store_config *config = test_store_fresh(TEST_POSTGRES);
	struct job job;

	job_init(&job, "test", test_arena(), test_store_open(config));
	EXPECT_OK(add_thing(&job, 1, 10));
	tell_server(config, HANG_UP);
	EXPECT_INT(count_things(&job), 1);
	tell_server(config, HANG_UP);
	EXPECT_OK(add_thing(&job, 2, 10));
	EXPECT_INT(count_things(&job), 2);
}

TEST(a_transaction_cut_off_fails_and_leaves_nothing)
{
	const struct store_config *config = test_store_fresh(TEST_POSTGRES);
	struct job job;

	job_init(&job, "test", test_arena(), test_store_open(config));
	EXPECT_OK(db_begin(&job, DB_WRITE));
	EXPECT_OK(sql_thing_add(&job, &(struct sql_thing_add){ .id = 1 }, NULL));
	tell_server(config, HANG_UP);
	EXPECT_ERR(db_commit(&job), ERR_STORE);
	EXPECT(str_has(job.why, S("the database")));
	EXPECT_INT(count_things(&job), 0);
}

TEST(a_server_that_is_away_is_told_and_got_over)
{
	const struct store_config *config = test_store_fresh(TEST_POSTGRES);
	struct store_figures figures;
	struct job job;

	job_init(&job, "test", test_arena(), test_store_open(config));
	tell_server(config, "ALTER DATABASE $ ALLOW_CONNECTIONS false");
	tell_server(config, HANG_UP);
	for (int i = 0; i < 20; i++)
		EXPECT_ERR(add_thing(&job, 1, 10), ERR_STORE);
	EXPECT(str_has(job.why, S("the database is away")));
	store_figures(job.store, &figures);
	EXPECT_INT(figures.errors, 20);
	tell_server(config, "ALTER DATABASE $ ALLOW_CONNECTIONS true");
	for (int i = 0; i < 5000 && add_thing(&job, 1, 10) != OK; i++)
		usleep(1000); /* the back-off is in real time */
	EXPECT_INT(count_things(&job), 1);
}

static int64_t main_file_bytes(const struct store_config *config)
{
	struct stat st;

	EXPECT(stat(config->url + strlen("sqlite:"), &st) == 0);
	return st.st_size;
}

/* 12 MB are far below what the writer would carry over by itself. */
TEST(the_wal_is_carried_over_beside_the_writer)
{
	const struct store_config *config = test_store_fresh(TEST_SQLITE);
	struct job job;

	job_init(&job, "test", test_arena(), test_store_open(config));
	for (id64 id = 1; id <= 120; id++)
		EXPECT_OK(add_thing(&job, id, 100000));
	for (int i = 0; i < 10000 && main_file_bytes(config) < 4 << 20; i++)
		usleep(1000);
	EXPECT(main_file_bytes(config) >= 4 << 20);
	EXPECT_INT(count_things(&job), 120);
}

/* A WAL that grew without bound would fill the disk: 120 MB pass through it while it stays
 * below 70. */
TEST(the_wal_stays_bounded_under_load)
{
	const struct store_config *config = test_store_fresh(TEST_SQLITE);
	str wal = arena_printf(test_arena(), "%s-wal", config->url + strlen("sqlite:"));
	struct arena *arena = arena_create(64u << 20);
	struct stat st;
	struct job job;

	job_init(&job, "test", arena, test_store_open(config));
	for (id64 id = 1; id <= 120; id++) {
		EXPECT_OK(add_thing(&job, id, 1000000));
		arena_reset(arena);
	}
	EXPECT(stat(wal.ptr, &st) == 0);
	EXPECT(st.st_size < 70 << 20);
	arena_destroy(arena);
}

struct writer {
	struct store *store;
	int number;
	int *order, *served;
};

static void *write_in_turn(void *arg)
{
	struct writer *writer = arg;
	struct arena *arena = arena_create(1u << 20);
	struct job job;

	job_init(&job, "writer", arena, writer->store);
	if (db_begin(&job, DB_WRITE) == OK) {
		writer->order[(*writer->served)++] = writer->number; /* under the writer's turn */
		if (sql_thing_add(&job, &(struct sql_thing_add){ .id = 1 + writer->number },
		                  NULL) == OK)
			(void)!db_commit(&job);
	}
	job_finish(&job, OK);
	arena_destroy(arena);
	return NULL;
}

static size_t waiting(struct store *store)
{
	struct store_figures figures;

	store_figures(store, &figures);
	return figures.waiting;
}

TEST(writers_write_in_the_order_they_came)
{
	struct store *store = test_store_open(test_store_fresh(TEST_SQLITE));
	int order[THREADS], served = 0;
	struct writer writers[THREADS];
	pthread_t threads[THREADS];
	struct job job;

	job_init(&job, "test", test_arena(), store);
	EXPECT_OK(db_begin(&job, DB_WRITE));
	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ store, i, order, &served };
		pthread_create(&threads[i], NULL, write_in_turn, &writers[i]);
		while (waiting(store) < (size_t)i + 1)
			sched_yield();
	}
	db_rollback(&job);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < THREADS; i++)
		EXPECT_INT(order[i], i);
	EXPECT_INT(count_things(&job), THREADS);
}
