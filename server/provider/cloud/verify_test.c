/* verify_test.c: only what Meta signed with our secret counts, to the last octet. */
#include "base/codec.h"
#include "base/test.h"
#include "crypto/crypto.h"
#include "provider/cloud/cloud_internal.h"

static str sign(str secret, str body)
{
	uint8_t mac[SHA256_SIZE];

	crypto_init();
	hmac_sha256(bytes_of(secret), bytes_of(body), mac);
	return arena_printf(test_arena(), "sha256=" STR_F,
		STR_A(hex_text(test_arena(), (bytes){ mac, sizeof mac })));
}

static bool verify(str secret, str body, str signature)
{
	struct header header = { S("X-Hub-Signature-256"), signature };
	struct request req = { .headers = &header,
		.header_count = signature.ptr ? 1 : 0,
		.body = bytes_of(body) };

	return cloud_verify(secret, &req);
}

TEST(a_body_signed_with_our_secret_is_metas)
{
	EXPECT(verify(S("secret"), S("{\"a\":\"\\u00e9\"}"),
		sign(S("secret"), S("{\"a\":\"\\u00e9\"}"))));
	/* The vector of RFC 4231, case 2. */
	EXPECT(verify(S("Jefe"), S("what do ya want for nothing?"),
		S("sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")));
}

TEST(anything_else_is_not)
{
	str good = sign(S("secret"), S("{}"));

	EXPECT(!verify(S("other"), S("{}"), good));
	EXPECT(!verify(S("secret"), S("{ }"), good));
	EXPECT(!verify(S("secret"), S("{}"), str_part(good, 0, good.len - 1)));
	EXPECT(!verify(S("secret"), S("{}"), str_part(good, 7, good.len)));
	EXPECT(!verify(S("secret"), S("{}"), S("sha256=zz")));
	EXPECT(!verify(S("secret"), S("{}"), STR_NONE));
	EXPECT(!verify(S(""), S("{}"), sign(S(""), S("{}"))));
}

static bool handshake(str query, str *answer)
{
	struct request req = { .query = query };

	return cloud_handshake(S("token"), test_arena(), &req, answer);
}

TEST(the_handshake_answers_the_challenge_to_who_knows_the_token)
{
	str answer;

	EXPECT(handshake(S("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=token"),
		&answer));
	EXPECT_STR(answer, "1158201444");
	EXPECT(!handshake(S("hub.mode=subscribe&hub.challenge=1&hub.verify_token=other"), &answer));
	EXPECT(!handshake(S("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token=token"),
		&answer));
	EXPECT(!handshake(S("hub.mode=subscribe&hub.verify_token=token"), &answer));
	EXPECT(!handshake(S(""), &answer));
}
