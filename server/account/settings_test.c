/* settings_test.c: where a setting comes from, and how mistakes are told. */
#include "account/settings.h"
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>

static struct settings got;
static str why;

/* Loads with the words given, up to a NULL; no file, unless --config is among them. */
static enum err load(const char *const *words, int *left, char **argv)
{
	int count = 0;

	for (; words[count]; count++)
		argv[count] = (char *)(uintptr_t)words[count];
	*left = count;
	why = STR_NONE;
	return settings_load(test_arena(), left, argv, &got, &why);
}

#define LOAD(...) load((const char *const[]){ __VA_ARGS__ __VA_OPT__(, ) NULL }, &left, argv)

static const char *file(const char *text)
{
	const char *path = arena_printf(test_arena(), "%s/parley.conf", test_folder()).ptr;
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
	return path;
}

static int left;
static char *argv[16];

TEST(defaults_put_store_and_key_into_the_data_folder)
{
	EXPECT_OK(LOAD("--data", "/srv/x"));
	EXPECT_STR(str_of(got.database_url), "sqlite:/srv/x/parley.db");
	EXPECT_STR(str_of(got.master_key_file), "/srv/x/master.key");
	EXPECT_STR(str_of(got.listen), "127.0.0.1:8080");
	EXPECT(!got.allow_private_calls && !got.tls_certificate);
}

TEST(the_command_line_wins_over_the_environment_and_that_over_the_file)
{
	const char *path = file("listen = 1.1.1.1:1\nnode = 3\npace_per_second = 7\n");

	setenv("PARLEY_LISTEN", "2.2.2.2:2", 1);
	setenv("PARLEY_NODE", "4", 1);
	EXPECT_OK(LOAD("--config", path, "--listen=3.3.3.3:3"));
	unsetenv("PARLEY_LISTEN");
	unsetenv("PARLEY_NODE");
	EXPECT_STR(str_of(got.listen), "3.3.3.3:3");
	EXPECT_INT(got.node, 4);
	EXPECT_INT(got.pace_per_second, 7);
}

TEST(a_file_has_comments_and_quoted_text)
{
	const char *path = file("# all of it\n\n data = \"/srv/my \\\"#1\\\" data\"  # "
	                        "here\nlog_level=debug # loud\n");

	EXPECT_OK(LOAD("--config", path));
	EXPECT_STR(str_of(got.data), "/srv/my \"#1\" data");
	EXPECT_STR(str_of(got.log_level), "debug");
}

TEST(an_unknown_key_names_the_nearest_one_and_the_line)
{
	const char *path = file("data = x\nlisten_adress = y\n");

	EXPECT_ERR(LOAD("--config", path), ERR_INPUT);
	EXPECT(str_has(why, S("parley.conf:2")));
	path = file("lisen = y\n");
	EXPECT_ERR(LOAD("--config", path), ERR_INPUT);
	EXPECT(str_has(why, S("did you mean \"listen\"?")));
}

TEST(a_line_without_an_equals_sign_or_with_open_quotes_is_refused)
{
	EXPECT_ERR(LOAD("--config", file("data\n")), ERR_INPUT);
	EXPECT_ERR(LOAD("--config", file("data = \"x\n")), ERR_INPUT);
	EXPECT_ERR(LOAD("--config", file("data = \"x\" y\n")), ERR_INPUT);
}

TEST(numbers_keep_to_their_range)
{
	EXPECT_ERR(LOAD("--request-workers", "0"), ERR_INPUT);
	EXPECT(str_has(why, S("from 1 to 256")));
	EXPECT_ERR(LOAD("--request-workers", "many"), ERR_INPUT);
	EXPECT_OK(LOAD("--request-workers", "256"));
	EXPECT_INT(got.request_workers, 256);
}

TEST(a_switch_needs_no_value_on_the_command_line)
{
	EXPECT_OK(LOAD("--allow-private-calls", "--json"));
	EXPECT(got.allow_private_calls);
	EXPECT_OK(LOAD("--allow-private-calls=no"));
	EXPECT(!got.allow_private_calls);
	EXPECT_ERR(LOAD("--allow-private-calls=perhaps"), ERR_INPUT);
}

TEST(options_that_are_no_settings_are_left_in_order)
{
	EXPECT_OK(LOAD("--json", "--data", "d", "--email", "a@b", "--node=1", "last"));
	EXPECT_INT(left, 4);
	EXPECT_STR(str_of(argv[0]), "--json");
	EXPECT_STR(str_of(argv[1]), "--email");
	EXPECT_STR(str_of(argv[3]), "last");
}

TEST(a_missing_value_or_file_is_told)
{
	EXPECT_ERR(LOAD("--data"), ERR_INPUT);
	EXPECT(str_has(why, S("--data wants a value")));
	EXPECT_ERR(LOAD("--config", "/nowhere/parley.conf"), ERR_INPUT);
	EXPECT(str_has(why, S("/nowhere/parley.conf")));
}

TEST(a_foreign_variable_warns_and_those_of_tests_do_not)
{
	setenv("PARLEY_LISTN", "x", 1);
	setenv("PARLEY_TEST_SOMETHING", "x", 1);
	EXPECT_OK(LOAD());
	unsetenv("PARLEY_LISTN");
	unsetenv("PARLEY_TEST_SOMETHING");
	EXPECT(str_has(got.warnings, S("PARLEY_LISTN")) && str_has(got.warnings, S("listen")));
	EXPECT(!str_has(got.warnings, S("SOMETHING")));
}

TEST(half_of_tls_and_a_fleet_are_refused)
{
	EXPECT_ERR(LOAD("--tls-key", "key.pem"), ERR_INPUT);
	EXPECT_ERR(LOAD("--amqp-url", "amqp://localhost"), ERR_INPUT);
	EXPECT_ERR(LOAD("--log-level", "chatty"), ERR_INPUT);
}

TEST(urls_lose_their_last_slash)
{
	EXPECT_OK(LOAD("--public-url", "https://x.example//", "--graph-url",
		"http://127.0.0.1:9/v24.0/"));
	EXPECT_STR(str_of(got.public_url), "https://x.example");
	EXPECT_STR(str_of(got.graph_url), "http://127.0.0.1:9/v24.0");
}

TEST(an_unknown_option_names_the_nearest_with_dashes)
{
	EXPECT(str_has(settings_unknown_option(test_arena(), S("--sandbox-listn=1")),
		S("--sandbox-listen")));
}

TEST(the_reference_page_is_the_table)
{
	struct buf want = buf_in(test_arena(), 64u << 10);
	char *text = arena_alloc(test_arena(), 64u << 10);
	FILE *f = fopen(TEST_SETTINGS_PAGE, "r");

	EXPECT(f != NULL);
	settings_reference(&want);
	EXPECT_STR(((str){ text, fread(text, 1, 64u << 10, f) }),
		arena_cstr(test_arena(), buf_text(&want)));
	fclose(f);
}
