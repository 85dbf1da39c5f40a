/*
 * test.h: a test is a sentence that must hold.
 *
 *	TEST(stanza_puts_known_words_in_one_byte) { EXPECT(1 + 1 == 2); EXPECT_STR(name, "Ana"); }
 *
 * Each *_test.c is one program (base/test.c holds main): it runs all its tests, or those whose name
 * contains an argument, prints a line for each failure and last `N passed, N failed`. A failed
 * EXPECT ends its test.
 */
#ifndef BASE_TEST_H
#define BASE_TEST_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

void test_register(struct test *test);
/* An arena that is reset after each test. */
struct arena *test_arena(void);
/* A folder of this test run's own, removed at the end. */
const char *test_folder(void);
/* The content of a file under tests/data/, in the test's arena; a failure when it is not there. */
str test_data(const char *path);
/* The same as JSON; octets written as hex at a path of it; and a text there, or NULL. */
json test_json(const char *path);
bytes test_octets(json v, const char *path);
const char *test_json_text(json v, const char *path);
/* Calls one for each file of a folder under tests/data/, in order of their names; how many there
 * were. */
size_t test_data_each(const char *folder, void (*one)(str name, str content));

#define TEST(name_)                                                                                \
	static void test_##name_(void);                                                            \
	[[gnu::constructor]] static void register_##name_(void)                                    \
	{                                                                                          \
		static struct test test = { #name_, test_##name_, NULL };                          \
		test_register(&test);                                                              \
	}                                                                                          \
	static void test_##name_(void)

[[gnu::noreturn, gnu::format(printf, 3, 4)]] void test_fail(const char *file, int line,
                                                            const char *format, ...);
void test_expect_str(const char *file, int line, str got, str want);
void test_expect_i64(const char *file, int line, int64_t got, int64_t want);
void test_expect_err(const char *file, int line, enum err got, enum err want);
void test_expect_hex(const char *file, int line, bytes got, const char *want);

#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			test_fail(__FILE__, __LINE__, "not so: %s", #condition);                   \
	} while (0)
/* got: str; want: a C string. */
#define EXPECT_STR(got, want) test_expect_str(__FILE__, __LINE__, (got), str_of(want))
#define EXPECT_INT(got, want) test_expect_i64(__FILE__, __LINE__, (int64_t)(got), (int64_t)(want))
#define EXPECT_ERR(got, want) test_expect_err(__FILE__, __LINE__, (got), (want))
#define EXPECT_OK(got) test_expect_err(__FILE__, __LINE__, (got), OK)
/* got: bytes; want: hex digits, spaces allowed. */
#define EXPECT_HEX(got, want) test_expect_hex(__FILE__, __LINE__, (got), (want))

#endif
