/*
 * test_store.c: see test_store.h. A failed test jumps out of its body, so what it opened is closed
 * before the next.
 */
#include "store/test_store.h"

#include "base/log.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OPEN_MAX_STORES = 8 };

static struct store *opened[OPEN_MAX_STORES];
static char database[64]; /* the last one made on the server */
static char url[512], backups[128];
static int made;

static const char *server_url(void)
{
	const char *server = getenv("PARLEY_TEST_POSTGRES");

	if (!server || !*server)
		test_fail(__FILE__, __LINE__,
		          "PARLEY_TEST_POSTGRES is not set: eval \"$(tests/postgres.sh start)\"");
	return server;
}

static bool ask_server(const char *sql)
{
	PGconn *pg = PQconnectdb(server_url());
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

static void drop_database(void)
{
	char sql[128];

	if (!database[0])
		return;
	snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", database);
	ask_server(sql);
	database[0] = 0;
}

static void clean_up(void)
{
	close_all();
	drop_database();
}

/* postgresql://user@host:port/NAME: the same server, our own name. */
static void make_database(void)
{
	const char *server = server_url(), *path = strrchr(server, '/');
	char sql[128];

	snprintf(database, sizeof database, "parley_test_%d_%d", (int)getpid(), ++made);
	snprintf(sql, sizeof sql, "CREATE DATABASE %s", database);
	if (!ask_server(sql))
		test_fail(__FILE__, __LINE__, "cannot make a database on %s", server);
	snprintf(url, sizeof url, "%.*s/%s", (int)(path - server), server, database);
}

const struct store_config *test_store_fresh(enum test_store kind)
{
	static struct store_config config;
	static bool registered;

	if (!registered) {
		log_open(LOG_WARN, STDERR_FILENO);
		atexit(clean_up);
		registered = true;
	}
	clean_up();
	snprintf(backups, sizeof backups, "%s/backups%d", test_folder(), ++made);
	if (kind == TEST_SQLITE)
		snprintf(url, sizeof url, "sqlite:%s/store%d.db", test_folder(), made);
	else
		make_database();
	config = (struct store_config){ .url = url, .backup_folder = backups };
	return &config;
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
	struct job job;

	job_init(&job, "test", test_arena(), test_store_open(test_store_fresh(kind)));
	body(&job);
	job_release(&job);
	clean_up();
}
