/* live_auth_test.c: names and signatures, on the worked examples of the protocol's documentation.
 */
#include "base/test.h"
#include "crypto/crypto.h"
#include "live/live_internal.h"

#define KEY S("278d425bdf160c739803")
#define SECRET S("7ad3773142a6692b25b8")
#define PRIVATE_AUTH \
	"278d425bdf160c739803:58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"
#define PRESENCE_AUTH \
	"278d425bdf160c739803:afaed3695da2ffd16931f457e338e6c9f2921fa133ce7dac49f529792be6304c"
#define PRESENCE_DATA S("{\"user_id\":10,\"user_info\":{\"name\":\"Mr. Pusher\"}}")

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

static enum err authorise(str socket_id, str channel, str channel_data, str *auth)
{
	struct job job;
	enum err e;

	job_init(&job, "test", test_arena(), NULL);
	e = live_authorise(&job, &(struct live_credentials){ KEY, SECRET },
	                   &(struct live_claim){ socket_id, channel, channel_data }, auth);
	job_release(&job);
	return e;
}

TEST(signatures_are_those_of_the_documentation)
{
	str auth;

	EXPECT_OK(authorise(S("1234.1234"), S("private-foobar"), STR_NONE, &auth));
	EXPECT_STR(auth, PRIVATE_AUTH);
	EXPECT_OK(authorise(S("1234.1234"), S("presence-foobar"), PRESENCE_DATA, &auth));
	EXPECT_STR(auth, PRESENCE_AUTH);
}

TEST(a_private_channel_is_signed_without_channel_data)
{
	str auth;

	EXPECT_OK(authorise(S("1234.1234"), S("private-foobar"), PRESENCE_DATA, &auth));
	EXPECT_STR(auth, PRIVATE_AUTH);
}

TEST(only_sockets_and_closed_channels_are_authorised)
{
	static const char *const bad_sockets[] = { "",    "1",     "1.",   ".1",  "1.2.3",
		                                   "a.b", "1.2\n", "-1.2", "1. 2" };
	static const char *const bad_channels[] = { "",
		                                    "news",
		                                    "my-private-x",
		                                    "Private-x",
		                                    "private-a b",
		                                    "private-a/b",
		                                    "private-\xC3\xA9",
		                                    "#server-to-user-1" };
	str auth;

	for (size_t i = 0; i < COUNT_OF(bad_sockets); i++)
		EXPECT_ERR(authorise(str_of(bad_sockets[i]), S("private-x"), STR_NONE, &auth),
		           ERR_INPUT);
	for (size_t i = 0; i < COUNT_OF(bad_channels); i++)
		EXPECT_ERR(authorise(S("1.2"), str_of(bad_channels[i]), STR_NONE, &auth),
		           ERR_INPUT);
}

TEST(a_signature_holds_for_its_own_text_key_and_secret_only)
{
	struct arena *arena = test_arena();
	str text = S("1234.1234:private-foobar");

	EXPECT(live_auth_holds(arena, KEY, SECRET, text, str_of(PRIVATE_AUTH)));
	EXPECT(!live_auth_holds(arena, KEY, SECRET, S("1234.1235:private-foobar"),
	                        str_of(PRIVATE_AUTH)));
	EXPECT(!live_auth_holds(arena, S("278d425bdf160c739804"), SECRET, text,
	                        str_of(PRIVATE_AUTH)));
	EXPECT(!live_auth_holds(arena, KEY, S("7ad3773142a6692b25b9"), text, str_of(PRIVATE_AUTH)));
	EXPECT(!live_auth_holds(arena, KEY, SECRET, text, S("")));
	EXPECT(!live_auth_holds(arena, KEY, SECRET, text, str_part(str_of(PRIVATE_AUTH), 0, 84)));
}

TEST(a_socket_id_reads_back_as_it_was_written)
{
	static const uint64_t ids[] = { 1, 0x100000002, UINT64_MAX, 0xFFFFFFFF00000000 };
	char text[LIVE_SOCKET_ID_MAX];
	uint64_t back;

	for (size_t i = 0; i < COUNT_OF(ids); i++) {
		live_socket_id_write(ids[i], text);
		EXPECT(live_socket_id_read(str_of(text), &back) && back == ids[i]);
	}
	EXPECT(!live_socket_id_read(S("4294967296.1"), &back));
	EXPECT(!live_socket_id_read(S("1.2.3"), &back));
}

TEST(prefixes_count_at_the_start_only)
{
	EXPECT_INT(live_channel_kind(S("private-x")), LIVE_PRIVATE);
	EXPECT_INT(live_channel_kind(S("private-encrypted-x")), LIVE_PRIVATE);
	EXPECT_INT(live_channel_kind(S("presence-x")), LIVE_PRESENCE);
	EXPECT_INT(live_channel_kind(S("my-private-x")), LIVE_PUBLIC);
	EXPECT_INT(live_channel_kind(S("PRIVATE-x")), LIVE_PUBLIC);
}
