/* media_test.c: files by pieces, hostile files, addresses, and asking the phone again. */
#include "base/test.h"
#include "wa/media/media.h"

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

static const uint8_t key[WA_MEDIA_KEY_SIZE] = { 7, 7, 7 };

static bytes plain_of(size_t size)
{
	uint8_t *p = arena_alloc(test_arena(), size + 1);

	for (size_t i = 0; i < size; i++)
		p[i] = (uint8_t)(i * 31 >> 3);
	return (bytes){ p, size };
}

static bytes seal(bytes plain, size_t step, struct wa_media_sums *sums)
{
	struct buf out = buf_in(test_arena(), 8u << 20);
	struct wa_seal *s = wa_seal_create(WA_MEDIA_IMAGE, key);

	for (size_t at = 0; at < plain.len; at += step)
		wa_seal_add(s,
			(bytes){ plain.ptr + at, plain.len - at < step ? plain.len - at : step },
			&out);
	wa_seal_finish(s, &out, sums);
	EXPECT(!out.failed);
	return buf_bytes(&out);
}

static struct wa_media media_of(const struct wa_media_sums *sums)
{
	return (struct wa_media){ .kind = WA_MEDIA_IMAGE,
		.key = { key, sizeof key },
		.sha256 = { sums->sha256, 32 },
		.enc_sha256 = { sums->enc_sha256, 32 },
		.size = sums->size };
}

static enum err unseal(const struct wa_media *media, bytes enc, size_t step, struct buf *out)
{
	struct wa_unseal *u;
	enum err e = wa_unseal_create(media, 4 << 20, &u);

	for (size_t at = 0; e == OK && at < enc.len; at += step) {
		e = wa_unseal_add(u,
			(bytes){ enc.ptr + at, enc.len - at < step ? enc.len - at : step }, out);
		if (e != OK)
			wa_unseal_destroy(u);
	}
	return e == OK ? wa_unseal_finish(u, out) : e;
}

TEST(a_file_goes_through_by_pieces_of_any_size)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 4096, 100001 };
	static const size_t steps[] = { 1, 3, 10, 11, 16, 4096, 200000 };

	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		for (size_t k = sizes[i] > 5000 ? 2 : 0; k < COUNT_OF(steps); k++) {
			struct wa_media_sums sums;
			struct buf out = buf_in(test_arena(), 1u << 20);
			bytes plain = plain_of(sizes[i]), enc = seal(plain, steps[k], &sums);
			struct wa_media media = media_of(&sums);

			EXPECT_INT(enc.len, WA_MEDIA_SEALED_MAX(sizes[i]));
			EXPECT_INT(sums.enc_size, enc.len);
			EXPECT_OK(unseal(&media, enc, steps[COUNT_OF(steps) - 1 - k], &out));
			EXPECT(str_is(buf_text(&out), str_from(plain)));
		}
}

TEST(each_octet_of_a_file_counts)
{
	struct wa_media_sums sums;
	bytes enc = arena_bytes(test_arena(), seal(plain_of(60), 60, &sums));
	struct wa_media media = media_of(&sums), unsummed = { .key = media.key };

	for (size_t i = 0; i < enc.len; i++) {
		struct buf out = buf_in(test_arena(), 1000);

		((uint8_t *)enc.ptr)[i] ^= 1;
		EXPECT_ERR(unseal(&media, enc, 1000, &out), ERR_CORRUPT);
		/* the MAC alone finds it, too */
		EXPECT_ERR(unseal(&unsummed, enc, 1000, &out), ERR_CORRUPT);
		((uint8_t *)enc.ptr)[i] ^= 1;
	}
	for (size_t n = 0; n < enc.len; n++) {
		struct buf out = buf_in(test_arena(), 1000);

		EXPECT_ERR(unseal(&unsummed, (bytes){ enc.ptr, n }, 7, &out), ERR_CORRUPT);
	}
}

TEST(a_file_that_is_not_the_one_told_is_refused)
{
	struct wa_media_sums sums;
	struct buf out = buf_in(test_arena(), 1000);
	bytes enc = seal(plain_of(60), 60, &sums);
	struct wa_media media = media_of(&sums);

	media.size = 61;
	EXPECT_ERR(unseal(&media, enc, 1000, &out), ERR_CORRUPT);
	media.size = 60;
	media.sha256.ptr = sums.enc_sha256;
	EXPECT_ERR(unseal(&media, enc, 1000, &out), ERR_CORRUPT);
	media.sha256.ptr = sums.sha256;
	media.kind = WA_MEDIA_VIDEO;
	EXPECT_ERR(unseal(&media, enc, 1000, &out), ERR_CORRUPT);
}

TEST(a_file_longer_than_allowed_stops_at_the_limit)
{
	struct wa_media_sums sums;
	struct buf out = buf_in(test_arena(), 8u << 20);
	bytes enc = seal(plain_of(100000), 100000, &sums);
	struct wa_media media = media_of(&sums);
	struct wa_unseal *u;

	EXPECT_ERR(wa_unseal_create(&media, 99999, &u), ERR_LIMIT);
	media.size = 0;
	EXPECT_OK(wa_unseal_create(&media, 5000, &u));
	EXPECT_OK(wa_unseal_add(u, (bytes){ enc.ptr, 4000 }, &out));
	EXPECT_ERR(wa_unseal_add(u, (bytes){ enc.ptr + 4000, 4000 }, &out), ERR_LIMIT);
	wa_unseal_destroy(u);
	media.key.len = 31;
	EXPECT_ERR(wa_unseal_create(&media, 5000, &u), ERR_INPUT);
}

TEST(a_file_of_a_channel_is_plain_and_proven_by_its_hash)
{
	uint8_t hash[32];
	bytes plain = plain_of(300);
	struct buf out = buf_in(test_arena(), 1000);
	struct wa_media media = { .kind = WA_MEDIA_IMAGE, .sha256 = { hash, 32 } };

	sha256(plain, hash);
	EXPECT_OK(unseal(&media, plain, 7, &out));
	EXPECT(str_is(buf_text(&out), str_from(plain)));
	hash[0] ^= 1;
	EXPECT_ERR(unseal(&media, plain, 7, &out), ERR_CORRUPT);
}

TEST(a_part_of_a_file_is_read_without_the_rest)
{
	struct wa_media_sums sums;
	struct buf out = buf_in(test_arena(), 1000);
	bytes plain = plain_of(4000), enc = seal(plain, 4000, &sums);
	struct wa_media media = media_of(&sums);
	int64_t from;
	struct cbc *cbc;

	wa_media_range(160, &from);
	EXPECT_INT(from, 144);
	cbc = wa_media_range_open(&media, 160, enc.ptr + from);
	cbc_add(cbc, (bytes){ enc.ptr + 160, 320 }, &out);
	cbc_destroy(cbc);
	EXPECT(out.len >= 300 && memcmp(out.ptr, plain.ptr + 160, 300) == 0);
	buf_clear(&out);
	wa_media_range(0, &from);
	EXPECT_INT(from, 0);
	cbc = wa_media_range_open(&media, 0, NULL);
	cbc_add(cbc, (bytes){ enc.ptr, 64 }, &out);
	cbc_destroy(cbc);
	EXPECT(out.len >= 48 && memcmp(out.ptr, plain.ptr, 48) == 0);
}

/* ---- addresses ---- */

TEST(only_hosts_of_whatsapp_are_asked)
{
	EXPECT(wa_media_host_is_official(S("mmg.whatsapp.net")));
	EXPECT(wa_media_host_is_official(S("media-lhr6-1.cdn.whatsapp.net")));
	EXPECT(!wa_media_host_is_official(S("whatsapp.net")));
	EXPECT(!wa_media_host_is_official(S("evilwhatsapp.net")));
	EXPECT(!wa_media_host_is_official(S(".whatsapp.net")));
	EXPECT(!wa_media_host_is_official(S("a@b.whatsapp.net")));
	EXPECT(!wa_media_host_is_official(S("mmg.whatsapp.net:8080")));
	EXPECT(!wa_media_host_is_official(S("mmg.whatsapp.net.evil.example")));
	EXPECT(!wa_media_host_is_official(STR_NONE));
}

TEST(a_path_cannot_lead_elsewhere)
{
	EXPECT(wa_media_path_is_good(S("/v/t62.7118-24/3_n.enc?ccb=11-4&oh=01&oe=2")));
	EXPECT(!wa_media_path_is_good(S("//evil.example/x")));
	EXPECT(!wa_media_path_is_good(S("v/x")));
	EXPECT(!wa_media_path_is_good(S("@evil.example/x")));
	EXPECT(!wa_media_path_is_good(S("/../x")));
	EXPECT(!wa_media_path_is_good(S("/x#y")));
	EXPECT(!wa_media_path_is_good(S("/x y")));
	EXPECT(!wa_media_path_is_good(S("/x\r\nHost: evil")));
	EXPECT(!wa_media_path_is_good(STR_NONE));
}

static str url_of(struct wa_media media)
{
	const struct wa_media_place place = { "https", S("mmg.whatsapp.net") };
	str url;

	return wa_download_url(test_arena(), &place, &media, &url) == OK ? url : S("refused");
}

TEST(a_download_names_the_file_and_its_hash)
{
	static const uint8_t hash[32] = { 0xff, 0xff, 0xfe };
	struct wa_media media = { .kind = WA_MEDIA_AUDIO, .direct_path = S("/v/1.enc?ccb=1") };

	EXPECT_STR(url_of(media),
		"https://mmg.whatsapp.net/v/1.enc?ccb=1&mms-type=audio&__wa-mms=");
	media.enc_sha256 = (bytes){ hash, 32 };
	EXPECT_STR(url_of(media),
		"https://mmg.whatsapp.net/v/1.enc?ccb=1"
		"&hash=___-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&mms-type=audio&__wa-mms=");
	media = (struct wa_media){ .url = S("https://mmg.whatsapp.net/o1/v/9.enc") };
	EXPECT_STR(url_of(media), "https://mmg.whatsapp.net/o1/v/9.enc?mms-type=image&__wa-mms=");
	media.url = S("https://evil.example/o1/v/9.enc");
	EXPECT_STR(url_of(media), "refused");
}

TEST(an_upload_asks_sends_and_goes_on)
{
	static const uint8_t hash[32];
	const struct wa_media_place place = { "http", S("127.0.0.1:99") };
	struct wa_upload upload = { WA_MEDIA_VIDEO, S("a/b="), hash, WA_UPLOAD_WHOLE, 0 };
	struct wa_uploaded answer;

	EXPECT_STR(wa_upload_url(test_arena(), &place, &upload),
		"http://127.0.0.1:99/mms/video/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		"?auth=a%2Fb%3D&token=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	upload.step = WA_UPLOAD_REST;
	upload.offset = 70000;
	EXPECT(str_ends(wa_upload_url(test_arena(), &place, &upload), S("&file_offset=70000")));
	upload.step = WA_UPLOAD_ASK;
	EXPECT(str_ends(wa_upload_url(test_arena(), &place, &upload), S("&resume=1")));
	EXPECT_OK(wa_upload_read(test_arena(),
		S("{\"url\":\"https://x\",\"direct_path\":\"/v/1\",\"handle\":\"h\"}"), &answer));
	EXPECT(answer.is_complete);
	EXPECT_STR(answer.direct_path, "/v/1");
	EXPECT_OK(wa_upload_read(test_arena(), S("{\"resume\":\"4711\"}"), &answer));
	EXPECT(!answer.is_complete);
	EXPECT_INT(answer.offset, 4711);
	EXPECT_ERR(wa_upload_read(test_arena(), S("{\"resume\":\"-4\"}"), &answer), ERR_UPSTREAM);
	EXPECT_ERR(wa_upload_read(test_arena(), S("{\"resume\":\"complete\"}"), &answer),
		ERR_UPSTREAM);
	EXPECT_ERR(wa_upload_read(test_arena(), S("[]"), &answer), ERR_UPSTREAM);
}

/* ---- references and the phone ---- */

TEST(a_reference_keeps_all_of_a_file)
{
	struct wa_media_reference r = { .media = { .kind = WA_MEDIA_DOCUMENT,
						.direct_path = S("/v/1"),
						.key = { key, 32 },
						.size = 1ll << 40 },
		.id = S("3EB0"), .chat = S("1@lid"), .is_from_me = true }, back;
	str text = wa_media_pack(test_arena(), &r);

	EXPECT_OK(wa_media_unpack(test_arena(), text, &back));
	EXPECT_INT(back.media.kind, WA_MEDIA_DOCUMENT);
	EXPECT_STR(back.media.direct_path, "/v/1");
	EXPECT_INT(back.media.size, 1ll << 40);
	EXPECT(back.media.key.len == 32 && back.media.key.ptr[0] == 7);
	EXPECT_STR(back.id, "3EB0");
	EXPECT_STR(back.chat, "1@lid");
	EXPECT(back.is_from_me && !back.sender.ptr && !back.media.sha256.ptr);
	for (size_t n = 0; n < text.len; n++)
		EXPECT_ERR(wa_media_unpack(test_arena(), str_part(text, 0, n), &back), ERR_CORRUPT);
}

TEST(the_phone_is_asked_again_and_answers_for_this_message_alone)
{
	static const uint8_t nonce[12] = { 3 };
	const bytes secret = { key, 32 }, n = { nonce, 12 };
	struct wa_media_retry told = { S("3EB0AA"), S("/v/new"), WA_RETRY_GOOD }, back;
	bytes ask = wa_media_retry_ask(test_arena(), secret, told.id, nonce);
	bytes answer = wa_media_retry_answer(test_arena(), secret, &told, nonce);

	EXPECT_OK(wa_media_retry_asked(test_arena(), secret, told.id, n, ask));
	EXPECT_ERR(wa_media_retry_asked(test_arena(), secret, S("3EB0AB"), n, ask), ERR_CORRUPT);
	EXPECT_OK(wa_media_retry_read(test_arena(), secret, told.id, n, answer, &back));
	EXPECT_STR(back.direct_path, "/v/new");
	EXPECT_ERR(wa_media_retry_read(test_arena(), secret, S("3EB0AB"), n, answer, &back),
		ERR_CORRUPT);
	EXPECT_ERR(wa_media_retry_read(test_arena(), secret, told.id, n,
		(bytes){ answer.ptr, answer.len - 1 }, &back), ERR_CORRUPT);
	told.direct_path = S("//evil.example/");
	answer = wa_media_retry_answer(test_arena(), secret, &told, nonce);
	EXPECT_ERR(wa_media_retry_read(test_arena(), secret, told.id, n, answer, &back),
		ERR_CORRUPT);
}
