/* account_test.h: a workspace to test in. */
#ifndef ACCOUNT_TEST_H
#define ACCOUNT_TEST_H

#include "account/account.h"
#include "account/seal.h"
#include "store/test_store.h"

#include <stdio.h>

/* Keys of this test run. */
static inline void open_keyring(void)
{
	str why = STR_NONE;

	crypto_init();
	if (keyring_open(test_arena(),
		    arena_printf(test_arena(), "%s/master.key", test_folder()).ptr, &why) != OK)
		test_fail(__FILE__, __LINE__, STR_F, STR_A(why));
}

/* A workspace of its own; the job acts as its owner, EMAIL with PASSWORD. */
#define OWNER_PASSWORD "correct horse"
static inline struct setup_result make_workspace(struct job *job, const char *email)
{
	struct setup_result made;
	enum err e;

	open_keyring();
	e = account_setup(job,
		&(struct setup_draft){ .workspace = S("Shop"),
			.email = str_of(email),
			.name = S("Olga"),
			.password = S(OWNER_PASSWORD) },
		&made);
	if (e != OK)
		test_fail(__FILE__, __LINE__, "setup: %s: " STR_F, err_name(e), STR_A(job->why));
	return made;
}

static inline bool has_field_error(const struct job *job, const char *field)
{
	for (const struct field_error *error = job->field_errors; error; error = error->next)
		if (str_is(error->field, str_of(field)))
			return true;
	return false;
}

#endif
