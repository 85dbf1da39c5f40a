/* migrate_test.c: forward only, once each, and never over a changed or newer history. */
#include "store/store_internal.h"
#include "store/test_store.h"

#include <glob.h>
#include <pthread.h>
#include <sys/stat.h>

#define STEP(version_, name_, sum, sql) \
	{ .version = version_, .name = name_, .checksum = sum, .sqlite = sql, .postgres = sql }

static const struct migration steps[] = {
	STEP(1, "one", "aa",
	     "CREATE TABLE one (id BIGINT PRIMARY KEY); INSERT INTO one VALUES (7);"),
	STEP(2, "two", "bb",
	     "CREATE TABLE two (id BIGINT PRIMARY KEY); INSERT INTO two SELECT id FROM one;"),
};
static const struct migration changed[] = {
	STEP(1, "one", "ax", "SELECT 1;"),
};
static const struct migration broken[] = {
	STEP(1, "one", "aa",
	     "CREATE TABLE one (id BIGINT PRIMARY KEY); INSERT INTO one VALUES (7);"),
	STEP(2, "two", "cc",
	     "CREATE TABLE half (id BIGINT PRIMARY KEY); INSERT INTO nowhere VALUES (1);"),
};

static enum err open_at(const struct store_config *config, const struct migration *list,
                        size_t count, str *why)
{
	struct store *store;
	struct job job;
	enum err e = store_open_with(test_arena(), config, list, count, &store, why);

	if (e != OK)
		return e;
	job_init(&job, "test", test_arena(), store);
	EXPECT_INT(store_version(&job), count);
	store_close(store);
	return OK;
}

#define ON_BOTH(name_)                                                             \
	static void check_##name_(const struct store_config *config, bool sqlite); \
	TEST(name_##_on_sqlite)                                                    \
	{                                                                          \
		check_##name_(test_store_fresh(TEST_SQLITE), true);                \
	}                                                                          \
	TEST(name_##_on_postgres)                                                  \
	{                                                                          \
		check_##name_(test_store_fresh(TEST_POSTGRES), false);             \
	}                                                                          \
	static void check_##name_(const struct store_config *config, bool sqlite)

ON_BOTH(each_step_is_done_once)
{
	str why;

	(void)sqlite;
	EXPECT_OK(open_at(config, steps, 1, &why));
	EXPECT_OK(open_at(config, steps, 2, &why));
	EXPECT_OK(open_at(config, steps, 2, &why));
}

ON_BOTH(a_changed_step_is_refused)
{
	str why;

	(void)sqlite;
	EXPECT_OK(open_at(config, steps, 1, &why));
	EXPECT_ERR(open_at(config, changed, 1, &why), ERR_STORE);
	EXPECT(str_has(why, S("migration 1 was changed")));
	EXPECT_OK(open_at(config, steps, 2, &why));
}

ON_BOTH(a_newer_database_is_refused)
{
	str why;

	(void)sqlite;
	EXPECT_OK(open_at(config, steps, 2, &why));
	EXPECT_ERR(open_at(config, steps, 1, &why), ERR_STORE);
	EXPECT(str_has(why, S("migration 2, which this version of Parley does not know")));
}

ON_BOTH(a_step_that_fails_leaves_nothing)
{
	str why;

	(void)sqlite;
	EXPECT_OK(open_at(config, steps, 1, &why));
	EXPECT(open_at(config, broken, 2, &why) != OK);
	EXPECT(str_has(why, S("nowhere")));
	EXPECT_OK(open_at(config, steps, 2, &why));
}

struct opening {
	const struct store_config *config;
	struct store *store;
	enum err e;
};

static void *open_beside(void *arg)
{
	struct opening *opening = arg;
	struct arena *arena = arena_create(1u << 20);
	str why;

	opening->e = store_open_with(arena, opening->config, steps, 2, &opening->store, &why);
	arena_destroy(arena);
	return NULL;
}

ON_BOTH(several_may_migrate_at_once)
{
	struct opening openings[4];
	pthread_t threads[COUNT_OF(openings)];

	(void)sqlite;
	for (size_t i = 0; i < COUNT_OF(openings); i++) {
		openings[i] = (struct opening){ .config = config };
		pthread_create(&threads[i], NULL, open_beside, &openings[i]);
	}
	for (size_t i = 0; i < COUNT_OF(openings); i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < COUNT_OF(openings); i++) {
		store_close(openings[i].store);
		EXPECT_OK(openings[i].e);
	}
}

TEST(a_copy_is_made_before_an_old_database_changes)
{
	const struct store_config *config = test_store_fresh(TEST_SQLITE);
	glob_t found;
	struct stat st;
	str why, pattern = arena_printf(test_arena(), "%s/before-0002-*.db", config->backup_folder);
	struct store_config copy = { .url = NULL };

	EXPECT_OK(open_at(config, steps, 1, &why));
	EXPECT(glob(pattern.ptr, 0, NULL, &found) == GLOB_NOMATCH);
	EXPECT_OK(open_at(config, steps, 2, &why));
	EXPECT_OK(open_at(config, steps, 2, &why));
	EXPECT_INT(glob(pattern.ptr, 0, NULL, &found), 0);
	EXPECT_INT(found.gl_pathc, 1);
	EXPECT(stat(found.gl_pathv[0], &st) == 0 && (st.st_mode & 0777) == 0600);
	copy.url = arena_printf(test_arena(), "sqlite:%s", found.gl_pathv[0]).ptr;
	globfree(&found);
	EXPECT_OK(open_at(&copy, steps, 1, &why));
}

TEST(the_database_file_is_for_its_owner_alone)
{
	const struct store_config *config = test_store_fresh(TEST_SQLITE);
	struct store *store;
	struct stat st;
	str why;

	EXPECT_OK(store_open_with(test_arena(), config, steps, 2, &store, &why));
	EXPECT(stat(config->url + strlen("sqlite:"), &st) == 0 && (st.st_mode & 0777) == 0600);
	EXPECT(stat(arena_printf(test_arena(), "%s-wal", config->url + strlen("sqlite:")).ptr,
	            &st) == 0);
	EXPECT((st.st_mode & 0777) == 0600);
	store_close(store);
}

TEST(an_address_of_another_kind_is_refused)
{
	const struct store_config config = { .url = "mysql://localhost/parley" };
	str why;

	EXPECT_ERR(open_at(&config, steps, 2, &why), ERR_INPUT);
	EXPECT(str_has(why, S("sqlite:")));
}

TEST(a_folder_that_is_not_there_is_told)
{
	const struct store_config config = { .url = "sqlite:/nowhere/at/all.db" };
	str why;

	EXPECT_ERR(open_at(&config, steps, 2, &why), ERR_STORE);
	EXPECT(str_has(why, S("No such file or directory")));
}
