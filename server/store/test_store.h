/*
 * test_store.h: a test that runs on both databases.
 *
 *	STORE_TEST(a_contact_is_found_by_its_phone) { EXPECT_OK(contact_remember(job, …)); }
 *
 * makes two tests, …_on_sqlite and …_on_postgres, each with an empty, migrated store and a job in
 * it. SQLite lies in the test folder, PostgreSQL is a database of its own on the server named by
 * PARLEY_TEST_POSTGRES (tests/postgres.sh); without that variable the second half fails.
 */
#ifndef STORE_TEST_STORE_H
#define STORE_TEST_STORE_H

#include "base/test.h"
#include "store/store.h"

enum test_store { TEST_SQLITE, TEST_POSTGRES };

/* Runs body in a job on a fresh store. */
void test_on_store(enum test_store kind, void (*body)(struct job *job));
/* A fresh store with nothing migrated yet: its configuration. The first test_store_open(…) migrates
 * it. */
const struct store_config *test_store_fresh(enum test_store kind);
/* Opens what the configuration names; closed after the test, or by test_store_close. Fails the test
 * when it cannot. */
struct store *test_store_open(const struct store_config *config);
void test_store_close(struct store *store);

#define STORE_TEST(name_)                                   \
	static void body_##name_(struct job *job);          \
	TEST(name_##_on_sqlite)                             \
	{                                                   \
		test_on_store(TEST_SQLITE, body_##name_);   \
	}                                                   \
	TEST(name_##_on_postgres)                           \
	{                                                   \
		test_on_store(TEST_POSTGRES, body_##name_); \
	}                                                   \
	static void body_##name_(struct job *job)

#endif
