/* encode_test.c: our requests equal those of tests/data/cloud-requests, part by part. */
#include "base/test.h"
#include "provider/cloud/cloud_internal.h"

#include <dirent.h>
#include <stdio.h>

static json read_json(str text)
{
	json v;

	EXPECT_OK(json_read(test_arena(), text, &v, NULL));
	return v;
}

static str encode(const struct outgoing *msg)
{
	struct buf b = buf_in(test_arena(), CLOUD_BODY_MAX);

	cloud_encode(&b, msg, read_json(msg->content),
		msg->options.len ? read_json(msg->options) : NULL);
	EXPECT(!b.failed);
	return buf_text(&b);
}

TEST(a_text_goes_with_plus_and_our_id)
{
	EXPECT_STR(encode(&(struct outgoing){ .id = 77,
			   .kind = KIND_TEXT,
			   .content = S("{\"body\":\"Hi\"}"),
			   .to_phone = S("12025550142") }),
		"{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\",\"to\":\"+"
	        "12025550142\","
		"\"type\":\"text\",\"text\":{\"body\":\"Hi\"},\"biz_opaque_callback_data\":"
	        "\"77\"}");
}

TEST(a_person_without_phone_is_reached_by_the_business_scoped_id)
{
	EXPECT_STR(encode(&(struct outgoing){ .kind = KIND_TEXT,
			   .content = S("{\"body\":\"Hi\"}"),
			   .to_bsuid = S("US.1349") }),
		"{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"individual\","
	        "\"recipient\":\"US.1349\","
		"\"type\":\"text\",\"text\":{\"body\":\"Hi\"}}");
}

TEST(a_reply_names_its_message_and_a_reaction_does_not)
{
	struct outgoing msg = { .kind = KIND_TEXT,
		.content = S("{\"body\":\"Hi\"}"),
		.to_phone = S("1"),
		.reply_remote_id = S("wamid.A") };

	EXPECT(str_has(encode(&msg), S("\"context\":{\"message_id\":\"wamid.A\"}")));
	msg.kind = KIND_REACTION;
	msg.content = S("{\"message_id\":\"wamid.A\",\"emoji\":\"x\"}");
	EXPECT(!str_has(encode(&msg), S("context")));
}

TEST(a_voice_note_is_audio_that_says_so)
{
	EXPECT(str_has(encode(&(struct outgoing){ .kind = KIND_VOICE,
			       .content = S("{\"id\":\"5\"}"),
			       .to_phone = S("1"),
			       .media_remote_id = S("99") }),
		S("\"type\":\"audio\",\"audio\":{\"id\":\"99\",\"voice\":true}")));
}

TEST(media_ids_in_headers_become_the_uploaded_ones_and_button_ids_stay)
{
	str out = encode(&(struct outgoing){
		.kind = KIND_INTERACTIVE,
		.content = S("{\"type\":\"button\",\"header\":{\"type\":\"image\",\"image\":{"
	                     "\"id\":\"1\"}},"
			     "\"action\":{\"buttons\":[{\"type\":\"reply\",\"reply\":{\"id\":\"b\","
	                     "\"title\":\"B\"}}]}}"),
		.to_phone = S("1"),
		.media_remote_id = S("99"),
	});

	EXPECT(str_has(out, S("\"image\":{\"id\":\"99\"}")));
	EXPECT(str_has(out, S("\"reply\":{\"id\":\"b\"")));
}

TEST(a_reaction_names_its_message_as_the_network_does)
{
	EXPECT(str_has(encode(&(struct outgoing){ .kind = KIND_REACTION,
			       .content = S("{\"message_id\":\"191318\",\"emoji\":\"x\"}"),
			       .to_phone = S("1"),
			       .reply_remote_id = S("wamid.A") }),
		S("\"reaction\":{\"message_id\":\"wamid.A\",\"emoji\":\"x\"}")));
}

TEST(options_go_along_but_the_callback_data_is_ours)
{
	str out = encode(&(struct outgoing){ .id = 77,
		.kind = KIND_TEXT,
		.content = S("{\"body\":\"Hi\"}"),
		.options = S("{\"ttl_seconds\":60,\"biz_opaque_callback_data\":\"theirs\"}"),
		.to_phone = S("1") });

	EXPECT(str_has(out, S("\"ttl_seconds\":60")));
	EXPECT(str_has(out, S("\"biz_opaque_callback_data\":\"77\"")));
	EXPECT(!str_has(out, S("theirs")));
}

TEST(a_group_is_reached_by_its_id_as_it_is)
{
	EXPECT(str_has(encode(&(struct outgoing){ .kind = KIND_TEXT,
			       .content = S("{\"body\":\"Hi\"}"),
			       .to_group = S("Y2FwaV9n") }),
		S("\"recipient_type\":\"group\",\"to\":\"Y2FwaV9n\"")));
}

TEST(a_read_mark_may_show_typing)
{
	struct buf b = buf_in(test_arena(), 1024);

	cloud_encode_read(&b, S("wamid.A"), true);
	EXPECT_STR(buf_text(&b), "{\"messaging_product\":\"whatsapp\",\"status\":\"read\","
	                         "\"message_id\":\"wamid.A\","
				 "\"typing_indicator\":{\"type\":\"text\"}}");
}

/* ---- the samples ---- */

static bool equal(json a, json b)
{
	if (json_kind(a) != json_kind(b) || json_count(a) != json_count(b))
		return false;
	if (json_kind(a) == JSON_MAP) {
		for (void *at = json_first(a); at; at = json_next(a, at))
			if (!equal(json_member_value(at),
				    json_field(b, arena_cstr(test_arena(), json_member_name(at)))))
				return false;
		return true;
	}
	if (json_kind(a) == JSON_LIST) {
		for (size_t i = 0; i < json_count(a); i++)
			if (!equal(json_at(a, i), json_at(b, i)))
				return false;
		return true;
	}
	return str_is(cloud_json_text(test_arena(), a), cloud_json_text(test_arena(), b));
}

static str read_sample(const char *name)
{
	struct buf b = buf_in(test_arena(), JSON_SIZE_MAX);
	char path[512], piece[4096];
	size_t n;
	FILE *file;

	snprintf(path, sizeof path, TEST_DATA "/cloud-requests/%s", name);
	file = fopen(path, "rb");
	EXPECT(file);
	while ((n = fread(piece, 1, sizeof piece, file)) > 0)
		buf_put(&b, piece, n);
	fclose(file);
	return buf_text(&b);
}

/* The message of a sample, as the outbox would hand it over. */
static struct outgoing message_of(json sample, enum message_kind kind)
{
	str to = json_text_at(sample, "to");

	return (struct outgoing){
		.kind = kind,
		.content = cloud_json_text(test_arena(), json_field(sample, kind_name(kind))),
		.to_phone = str_starts(to, S("+")) ? str_part(to, 1, to.len) : to,
		.to_bsuid = json_text_at(sample, "recipient"),
		.reply_remote_id = json_text_at(sample, "context.message_id"),
	};
}

/* Compares what both say: type, recipient, content and context. 1: compared. */
static size_t compare(const char *name)
{
	json sample = read_json(read_sample(name)), ours;
	enum message_kind kind = kind_parse(json_text_at(sample, "type"));
	struct outgoing msg;
	str to;

	if (kind == KIND_UNKNOWN)
		return 0; /* read marks, pins and messages without type */
	msg = message_of(sample, kind);
	ours = read_json(encode(&msg));
	to = json_text_at(ours, "to");
	if (!equal(json_field(ours, kind_name(kind)), json_field(sample, kind_name(kind))))
		test_fail(__FILE__, __LINE__, "%s: content differs", name);
	EXPECT(equal(json_field(ours, "type"), json_field(sample, "type")));
	EXPECT(msg.to_phone.len
			? str_starts(to, S("+")) && str_is(str_part(to, 1, to.len), msg.to_phone)
			: str_is(json_text_at(ours, "recipient"), msg.to_bsuid));
	if (kind != KIND_REACTION)
		EXPECT(equal(json_field(ours, "context"), json_field(sample, "context")));
	return 1;
}

TEST(requests_equal_those_of_others)
{
	DIR *folder = opendir(TEST_DATA "/cloud-requests");
	size_t compared = 0;

	EXPECT(folder);
	for (struct dirent *d; (d = readdir(folder));)
		if (d->d_name[0] != '.')
			compared += compare(d->d_name);
	closedir(folder);
	EXPECT(compared > 170);
}
