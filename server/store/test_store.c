/*
 * test_store.c: see test_store.h. A failed test jumps out of its body, so what it opened is closed
 * before the next.
 *
 * Migrating takes longer than most tests. So a program migrates once on each database: SQLite's
 * file is copied for each test, PostgreSQL's database is emptied.
 */
#include "store/test_store.h"

#include "base/log.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPEN_MAX_STORES = 8 };

static struct store *opened[OPEN_MAX_STORES];
static struct store_config current;
static char url[512], backups[128];
static int made;

/* On the server: one that is new for a test, and one for all that begin migrated. */
static struct database { char name[64], url[512]; } fresh, shared;

static const char *server_url(void)
{
	const char *server = getenv("PARLEY_TEST_POSTGRES");

	if (!server || !*server)
		test_fail(__FILE__, __LINE__,
		          "PARLEY_TEST_POSTGRES is not set: eval \"$(tests/postgres.sh start)\"");
	return server;
}

static bool ask(const char *server, const char *sql)
{
	PGconn *pg = PQconnectdb(server);
	PGresult *result = PQexec(pg, sql);
	bool good = PQresultStatus(result) == PGRES_COMMAND_OK;

	if (!good)
		fprintf(stderr, "%s", PQerrorMessage(pg));
	PQclear(result);
	PQfinish(pg);
	return good;
}

static void close_all(void)
{
	for (size_t i = 0; i < OPEN_MAX_STORES; i++) {
		store_close(opened[i]);
		opened[i] = NULL;
	}
}

static void drop(struct database *database)
{
	char sql[128];

	if (!database->name[0])
		return;
	snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", database->name);
	ask(server_url(), sql);
	database->name[0] = 0;
}

static void clean_up(void)
{
	close_all();
	drop(&fresh);
}

static void clean_up_all(void)
{
	clean_up();
	drop(&shared);
}

static void start_once(void)
{
	static bool started;

	if (started)
		return;
	started = true;
	log_open(LOG_WARN, STDERR_FILENO);
	atexit(clean_up_all);
}

/* postgresql://user@host:port/NAME: the same server, our own name. */
static void make(struct database *database)
{
	const char *server = server_url(), *path = strrchr(server, '/');
	char sql[128];

	snprintf(database->name, sizeof database->name, "parley_test_%d_%d", (int)getpid(), ++made);
	snprintf(database->url, sizeof database->url, "%.*s/%s", (int)(path - server), server,
		 database->name);
	snprintf(sql, sizeof sql, "CREATE DATABASE %s", database->name);
	if (!ask(server, sql))
		test_fail(__FILE__, __LINE__, "cannot make a database on %s", server);
}

static const struct store_config *configuration(const char *address)
{
	snprintf(backups, sizeof backups, "%s/backups%d", test_folder(), ++made);
	current = (struct store_config){ .url = address, .backup_folder = backups };
	return &current;
}

const struct store_config *test_store_fresh(enum test_store kind)
{
	start_once();
	clean_up();
	if (kind == TEST_POSTGRES) {
		make(&fresh);
		return configuration(fresh.url);
	}
	snprintf(url, sizeof url, "sqlite:%s/store%d.db", test_folder(), ++made);
	return configuration(url);
}

static void copy_file(const char *from, const char *to)
{
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	char part[65536];
	size_t n;

	EXPECT(in && out);
	while ((n = fread(part, 1, sizeof part, in)) > 0)
		EXPECT(fwrite(part, 1, n, out) == n);
	fclose(in);
	EXPECT(fclose(out) == 0);
}

static const struct store_config *migrated_copy(void)
{
	static char migrated[256];
	const char *copy;

	if (!migrated[0]) {
		const char *path = test_store_fresh(TEST_SQLITE)->url + strlen("sqlite:");

		test_store_close(test_store_open(&current));
		snprintf(migrated, sizeof migrated, "%s", path);
	}
	copy = test_store_fresh(TEST_SQLITE)->url + strlen("sqlite:");
	copy_file(migrated, copy);
	return &current;
}

/* As a replica, so that foreign keys do not ask for an order. */
static const struct store_config *emptied_database(void)
{
	static const char empty[] =
		"DO $$ DECLARE name TEXT; BEGIN "
		"SET LOCAL session_replication_role = replica; "
		"FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP "
		"IF name <> 'schema_migration' THEN EXECUTE 'DELETE FROM ' || quote_ident(name); "
		"END IF; "
		"END LOOP; END $$";

	start_once();
	clean_up();
	if (!shared.name[0])
		make(&shared);
	else
		EXPECT(ask(shared.url, empty));
	return configuration(shared.url);
}

struct store *test_store_open(const struct store_config *config)
{
	struct store *store;
	size_t i = 0;
	str why;

	if (store_open(test_arena(), config, &store, &why) != OK)
		test_fail(__FILE__, __LINE__, "the store does not open: " STR_F, STR_A(why));
	while (i < OPEN_MAX_STORES - 1 && opened[i])
		i++;
	opened[i] = store;
	return store;
}

void test_store_close(struct store *store)
{
	for (size_t i = 0; i < OPEN_MAX_STORES; i++)
		if (opened[i] == store)
			opened[i] = NULL;
	store_close(store);
}

void test_on_store(enum test_store kind, void (*body)(struct job *job))
{
	const struct store_config *migrated =
		kind == TEST_SQLITE ? migrated_copy() : emptied_database();
	struct job job;

	job_init(&job, "test", test_arena(), test_store_open(migrated));
	body(&job);
	job_release(&job);
	clean_up();
}
