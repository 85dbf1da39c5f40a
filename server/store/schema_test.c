/*
 * schema_test.c: the real schema and the real queries.
 *
 * schema.sql is what the migrations come to; every query compiles on both databases; and no query
 * on SQLite reads a whole table, unless it is named here with its reason.
 */
#include "store/query.h"
#include "store/test_store.h"

#include "base/buf.h"

#include <sqlite3.h>
#include <stdio.h>

/* Queries that may read a whole table, or sort: each with the reason why that stays small. */
static const struct { const char *query, *reason;
} may_scan[] = {
	{ "contact_erasing", "the index holds only those whose messages are still to be wiped" },
	{ "contact_import_busy", "the index holds only imports that are under way" },
	{ "contact_export_busy", "the index holds only exports that are under way" },
	{ "media_release_all", "the index holds only what waits to be fetched; once at start" },
	{ "notify_unheard",
		"workspaces are few; of each, the unread of some minutes; once at start" },
	{ "sla_workspaces", "promises are a handful a workspace" },
	{ "webhook_event_unmade", "the index holds only what is still to be made" },
	{ "webhook_due", "outgoing webhooks are few; each is asked along its index" },
	{ "workspace_count", "workspaces are few; asked by setup and check, not by requests" },
};

static int add_statement(void *arg, int columns, char **values, char **names)
{
	(void)columns;
	(void)names;
	buf_printf(arg, "%s;\n", values[0]);
	return 0;
}

static str dump(const char *path)
{
	static const char sql[] =
		"SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT GLOB "
	        "'message_token_*' "
		"AND name <> 'schema_migration' ORDER BY tbl_name, type = 'index', name";
	struct buf out = buf_in(test_arena(), 1u << 20);
	sqlite3 *db;

	EXPECT(sqlite3_open(path, &db) == SQLITE_OK);
	EXPECT(sqlite3_exec(db, sql, add_statement, &out, NULL) == SQLITE_OK);
	sqlite3_close(db);
	return buf_text(&out);
}

static str read_schema(void)
{
	struct buf out = buf_in(test_arena(), 1u << 20);
	FILE *file = fopen(SCHEMA_FILE, "r");
	char line[1024];

	EXPECT(file);
	while (fgets(line, sizeof line, file))
		if (out.len || strncmp(line, "--", 2) != 0)
			buf_str(&out, str_of(line));
	fclose(file);
	return buf_text(&out);
}

TEST(schema_sql_is_what_the_migrations_come_to)
{
	const struct store_config *config = test_store_fresh(TEST_SQLITE);

	test_store_close(test_store_open(config));
	if (!str_is(dump(config->url + strlen("sqlite:")), read_schema()))
		test_fail(__FILE__, __LINE__,
		          "run tools/sqlgen.py --migrations server/store/migrations "
		          "--schema server/store/schema.sql");
}

static bool is_allowed(const char *query)
{
	for (size_t i = 0; i < COUNT_OF(may_scan); i++)
		if (strcmp(may_scan[i].query, query) == 0)
			return true;
	return false;
}

/* The rows of a sub-query of this plan, which has its own lines. */
static bool is_made_here(str plan, str name)
{
	str routine = arena_printf(test_arena(), "CO-ROUTINE " STR_F "\n", STR_A(name));
	str table = arena_printf(test_arena(), "MATERIALIZE " STR_F "\n", STR_A(name));

	return str_has(plan, routine) || str_has(plan, table);
}

/* "SCAN message" and "SCAN message USING INDEX …" read it all; a constant row, a list of ids in a
 * parameter and a sub-query's result are not tables. */
static bool reads_all(str plan)
{
	str rest = plan;

	while (rest.len) {
		str line = str_split(&rest, '\n');

		if (str_starts(line, S("SCAN ")) && !str_is(line, S("SCAN CONSTANT ROW")) &&
		    !str_starts(line, S("SCAN json_each ")) &&
		    !is_made_here(plan, str_part(line, strlen("SCAN "), line.len)))
			return true;
	}
	return false;
}

STORE_TEST(every_query_compiles_and_none_reads_a_whole_table)
{
	int bad = 0;

	for (size_t i = 0; i < store_query_count; i++) {
		const char *name = store_queries[i].name;
		str plan = S("");
		enum err e = store_explain(job, name, &plan);
		bool scans = store_is_sqlite(job->store) && reads_all(plan) && !is_allowed(name);

		if (e != OK)
			fprintf(stderr, "%s: " STR_F "\n", name, STR_A(job->why));
		if (scans)
			fprintf(stderr, "%s reads a whole table:\n" STR_F, name, STR_A(plan));
		bad += e != OK || scans;
	}
	EXPECT_INT(bad, 0);
}
