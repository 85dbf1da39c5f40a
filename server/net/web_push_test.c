/* web_push_test.c: the example of RFC 8291, and a token as RFC 8292 wants it. */
#include "net/web_push.h"

#include "base/codec.h"
#include "base/json.h"
#include "base/test.h"

static void read_text(const char *text, uint8_t *out, size_t size)
{
	struct buf octets = buf_in(test_arena(), 256);

	EXPECT(base64_read(str_of(text), &octets));
	EXPECT_INT(octets.len, size);
	memcpy(out, octets.ptr, size);
}

/* Appendix A. */
TEST(sealing_gives_the_message_of_rfc_8291)
{
	struct buf out = buf_in(test_arena(), 4096), text = buf_in(test_arena(), 4096);
	struct push_target to = { .endpoint = S("https://push.example.net/push/x") };
	struct push_salt salt;

	crypto_init();
	read_text("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-"
		  "AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
		to.key, sizeof to.key);
	read_text("BTBZMqHH6r4Tts7J_aSIgg", to.auth, sizeof to.auth);
	read_text("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw", salt.pair.private,
		sizeof salt.pair.private);
	read_text("BP4z9KsN6nGRTbVYI_"
		  "c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
		salt.pair.public, sizeof salt.pair.public);
	read_text("DGv6ra1nlYgDCS1FRnbzlw", salt.salt, sizeof salt.salt);
	EXPECT(push_seal(&to, &salt, S("When I grow up, I want to be a watermelon"), &out));
	base64url_write(&text, buf_bytes(&out));
	EXPECT_STR(buf_text(&text), "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_"
				    "c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLoc"
				    "InmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
				    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLV"
				    "WGNWQexSgSxsj_Qulcy4a-fN");
}

TEST(a_target_whose_key_is_no_point_is_refused)
{
	struct buf out = buf_in(test_arena(), 4096);
	struct push_target to = { .endpoint = S("https://push.example.net/x") };
	struct push_salt salt = { 0 };

	crypto_init();
	p256_generate(&salt.pair);
	EXPECT(!push_seal(&to, &salt, S("hello"), &out));
}

static void with_job(void (*run)(struct job *job))
{
	struct job job;

	job_init(&job, "test", test_arena(), NULL);
	run(&job);
	job_release(&job);
}

static str part(str token, int at)
{
	struct buf out = buf_in(test_arena(), 1024);
	str piece = str_split(&token, '.');

	while (at--)
		piece = str_split(&token, '.');
	EXPECT(base64_read(piece, &out));
	return buf_text(&out);
}

static void check_token(struct job *job)
{
	struct p256_pair own;
	str header, token;
	json claims;

	p256_generate(&own);
	EXPECT_OK(push_authorization(job, &own, S("https://push.example.net:8443/wpush/v2/abc?x=1"),
		S("mailto:ops@example.com"), &header));
	EXPECT(str_starts(header, S("vapid t=")));
	token = str_part(header, 8, str_find(header, ',') - 8);
	EXPECT_STR(part(token, 0), "{\"typ\":\"JWT\",\"alg\":\"ES256\"}");
	EXPECT_OK(json_read(test_arena(), part(token, 1), &claims, NULL));
	EXPECT_STR(json_text_at(claims, "aud"), "https://push.example.net:8443");
	EXPECT_STR(json_text_at(claims, "sub"), "mailto:ops@example.com");
	EXPECT_INT(json_int(json_field(claims, "exp"), 0), job->now_ms / 1000 + 12 * 3600);
	EXPECT(es256_verify(own.public,
		bytes_of(str_part(token, 0, token.len - 1 - 86)), bytes_of(part(token, 2)).ptr));
}

static void check_no_url(struct job *job)
{
	struct p256_pair own;
	str header;

	p256_generate(&own);
	EXPECT_ERR(push_authorization(job, &own, S("ftp://x"), S("mailto:a@b"), &header),
		ERR_INPUT);
	EXPECT_ERR(push_authorization(job, &own, S("https:///x"), S("mailto:a@b"), &header),
		ERR_INPUT);
}

TEST(the_token_is_for_the_origin_of_the_endpoint_and_signed)
{
	crypto_init();
	with_job(check_token);
}

TEST(a_token_is_made_for_web_addresses_alone)
{
	crypto_init();
	with_job(check_no_url);
}
