/* seal_test.c: what is sealed opens for its owner and its purpose, and for nobody else. */
#include "account/account_test.h"


#include <sys/stat.h>
#include <unistd.h>

static const char *path_of(const char *name)
{
	return arena_printf(test_arena(), "%s/%s", test_folder(), name).ptr;
}

TEST(the_master_key_is_made_for_its_owner_alone_and_stays)
{
	const char *path = path_of("made.key");
	uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
	struct stat st;
	str why;

	crypto_init();
	EXPECT_OK(keyring_open(test_arena(), path, &why));
	EXPECT(stat(path, &st) == 0);
	EXPECT_INT(st.st_mode & 0777, 0600);
	EXPECT_INT(st.st_size, AES_KEY_SIZE);
	master_hash(S("app"), S("x"), before);
	keyring_close();
	EXPECT_OK(keyring_open(test_arena(), path, &why));
	master_hash(S("app"), S("x"), after);
	EXPECT(memcmp(before, after, sizeof before) == 0);
}

TEST(a_master_key_that_others_may_read_is_refused)
{
	const char *path = path_of("open.key");
	str why = STR_NONE;

	crypto_init();
	EXPECT_OK(keyring_open(test_arena(), path, &why));
	EXPECT(chmod(path, 0640) == 0);
	EXPECT_ERR(keyring_open(test_arena(), path, &why), ERR_STORE);
	EXPECT(str_has(why, S("chmod 600")));
}

TEST(a_file_of_another_size_is_no_master_key)
{
	const char *path = path_of("short.key");
	FILE *f = fopen(path, "w");
	str why = STR_NONE;

	fputs("too short", f);
	fclose(f);
	EXPECT(chmod(path, 0600) == 0);
	EXPECT_ERR(keyring_open(test_arena(), path, &why), ERR_STORE);
	EXPECT(str_has(why, S("32 octets")));
}

STORE_TEST(sealed_text_opens_again)
{
	bytes sealed;
	str text;

	make_workspace(job, "a@example.com");
	EXPECT_OK(seal(job, SEAL_MESSAGE, S("hello"), &sealed));
	EXPECT_INT(sealed.len, 5 + SEAL_OVERHEAD);
	EXPECT(!str_has(str_from(sealed), S("hello")));
	EXPECT_OK(unseal(job, SEAL_MESSAGE, sealed, &text));
	EXPECT_STR(text, "hello");
}

STORE_TEST(none_and_empty_stay_what_they_are)
{
	bytes sealed;
	str text;

	make_workspace(job, "a@example.com");
	EXPECT_OK(seal(job, SEAL_NAME, STR_NONE, &sealed));
	EXPECT(!sealed.ptr);
	EXPECT_OK(unseal(job, SEAL_NAME, sealed, &text));
	EXPECT(!text.ptr);
	EXPECT_OK(seal(job, SEAL_NAME, S(""), &sealed));
	EXPECT_OK(unseal(job, SEAL_NAME, sealed, &text));
	EXPECT_STR(text, "");
}

STORE_TEST(a_blob_moved_to_another_purpose_or_workspace_does_not_open)
{
	bytes sealed;
	str text;

	make_workspace(job, "a@example.com");
	EXPECT_OK(seal(job, SEAL_MESSAGE, S("hello"), &sealed));
	EXPECT_ERR(unseal(job, SEAL_NAME, sealed, &text), ERR_CORRUPT);
	make_workspace(job, "b@example.com");
	EXPECT_ERR(unseal(job, SEAL_MESSAGE, sealed, &text), ERR_CORRUPT);
}

STORE_TEST(every_changed_octet_is_noticed)
{
	bytes sealed;
	str text;

	make_workspace(job, "a@example.com");
	EXPECT_OK(seal(job, SEAL_MESSAGE, S("hello"), &sealed));
	for (size_t i = 0; i < sealed.len; i++) {
		uint8_t *at = (uint8_t *)(uintptr_t)&sealed.ptr[i];

		*at ^= 1;
		EXPECT_ERR(unseal(job, SEAL_MESSAGE, sealed, &text), ERR_CORRUPT);
		*at ^= 1;
	}
	EXPECT_ERR(unseal(job, SEAL_MESSAGE, (bytes){ sealed.ptr, SEAL_OVERHEAD - 1 }, &text),
		ERR_CORRUPT);
	EXPECT_OK(unseal(job, SEAL_MESSAGE, sealed, &text));
}

STORE_TEST(after_a_restart_all_keys_are_there_again)
{
	struct setup_result made = make_workspace(job, "a@example.com");
	uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
	struct buf out = buf_in(test_arena(), 1000);
	bytes first, second;
	str text;

	EXPECT_OK(seal(job, SEAL_EVENT, S("one"), &first));
	EXPECT_OK(keyed_hash(job, S("token"), S("word"), before));
	EXPECT_OK(keyring_rotate(job, made.workspace));
	EXPECT_OK(seal(job, SEAL_EVENT, S("two"), &second));
	EXPECT(memcmp(first.ptr, second.ptr, 9) != 0); /* another key id */
	keyring_close();
	open_keyring();
	EXPECT_ERR(seal_into(made.workspace, SEAL_EVENT, S("x"), &out), ERR_MISSING);
	EXPECT_OK(unseal(job, SEAL_EVENT, first, &text));
	EXPECT_STR(text, "one");
	EXPECT_OK(unseal(job, SEAL_EVENT, second, &text));
	EXPECT_STR(text, "two");
	EXPECT_OK(keyed_hash(job, S("token"), S("word"), after));
	EXPECT(memcmp(before, after, sizeof before) == 0);
}

STORE_TEST(the_intake_seals_without_a_job_once_the_keyring_is_loaded)
{
	struct setup_result made = make_workspace(job, "a@example.com");
	struct buf out = buf_heap(1000);
	str text;

	keyring_close();
	open_keyring();
	EXPECT_OK(keyring_load(job));
	EXPECT_OK(seal_into(made.workspace, SEAL_EVENT, S("payload"), &out));
	EXPECT_OK(unseal(job, SEAL_EVENT, buf_bytes(&out), &text));
	EXPECT_STR(text, "payload");
	buf_done(&out);
}

STORE_TEST(rotation_right_after_a_restart_keeps_the_keyed_hashes)
{
	struct setup_result made = make_workspace(job, "a@example.com");
	uint8_t before[SHA256_SIZE], after[SHA256_SIZE];

	EXPECT_OK(keyed_hash(job, S("token"), S("word"), before));
	keyring_close();
	open_keyring();
	EXPECT_OK(keyring_rotate(job, made.workspace));
	EXPECT_OK(keyed_hash(job, S("token"), S("word"), after));
	EXPECT(memcmp(before, after, sizeof before) == 0);
}

STORE_TEST(a_new_master_key_opens_what_was_sealed_and_the_old_one_does_not)
{
	const char *fresh = path_of("fresh.key");
	bytes sealed;
	str text, why;

	make_workspace(job, "a@example.com");
	EXPECT_OK(seal(job, SEAL_MESSAGE, S("hello"), &sealed));
	EXPECT_OK(keyring_rewrap(job, fresh));
	EXPECT_OK(unseal(job, SEAL_MESSAGE, sealed, &text));
	keyring_close();
	EXPECT_OK(keyring_open(test_arena(), fresh, &why));
	EXPECT_OK(unseal(job, SEAL_MESSAGE, sealed, &text));
	EXPECT_STR(text, "hello");
	keyring_close();
	open_keyring();
	EXPECT_ERR(unseal(job, SEAL_MESSAGE, sealed, &text), ERR_CORRUPT);
	unlink(fresh);
}

STORE_TEST(keyed_hashes_differ_by_purpose_and_workspace)
{
	uint8_t a[SHA256_SIZE], b[SHA256_SIZE], c[SHA256_SIZE];

	make_workspace(job, "a@example.com");
	EXPECT_OK(keyed_hash(job, S("token"), S("word"), a));
	EXPECT_OK(keyed_hash(job, S("cursor"), S("word"), b));
	make_workspace(job, "b@example.com");
	EXPECT_OK(keyed_hash(job, S("token"), S("word"), c));
	EXPECT(memcmp(a, b, sizeof a) != 0 && memcmp(a, c, sizeof a) != 0);
}
