/* json_test.c: what is read as JSON, what is refused, and what the accessors answer. */
#include "base/json.h"
#include "base/test.h"

static json read_good(str text)
{
	json v;
	str why = STR_NONE;

	if (json_read(test_arena(), text, &v, &why) != OK)
		test_fail(__FILE__, __LINE__, "refused: " STR_F, STR_A(why));
	return v;
}

static void must_refuse(str name, str text)
{
	json v;
	str why = STR_NONE;

	if (json_read(test_arena(), text, &v, &why) == OK)
		test_fail(__FILE__, __LINE__, "was read: " STR_F, STR_A(name));
	EXPECT(v == NULL && why.len > 0 && str_is_utf8(why));
}

TEST(json_refuses_all_of_the_bad_corpus)
{
	EXPECT(test_data_each("json-bad", must_refuse) >= 50);
}

TEST(json_reads_every_kind)
{
	json v = read_good(
		S("{\"a\":null,\"b\":true,\"c\":-7,\"d\":2.5,\"e\":\"x\",\"f\":[],\"g\":{}}"));

	EXPECT_INT(json_kind(v), JSON_MAP);
	EXPECT_INT(json_kind(json_field(v, "a")), JSON_NIL);
	EXPECT_INT(json_kind(json_field(v, "b")), JSON_BOOL);
	EXPECT_INT(json_kind(json_field(v, "c")), JSON_INT);
	EXPECT_INT(json_kind(json_field(v, "d")), JSON_REAL_NUMBER);
	EXPECT_INT(json_kind(json_field(v, "e")), JSON_TEXT);
	EXPECT_INT(json_kind(json_field(v, "f")), JSON_LIST);
	EXPECT_INT(json_kind(json_field(v, "g")), JSON_MAP);
	EXPECT_INT(json_kind(json_field(v, "h")), JSON_NONE);
	EXPECT_INT(json_count(v), 7);
}

TEST(json_reads_a_bare_value)
{
	EXPECT_INT(json_int(read_good(S(" 42 ")), 0), 42);
	EXPECT_STR(json_text(read_good(S("\"\\u00e9\\ud83d\\ude00\""))),
	           "\xC3\xA9\xF0\x9F\x98\x80");
}

TEST(json_integers_keep_all_64_bits)
{
	json v = read_good(S("[9223372036854775807,-9223372036854775808]"));

	EXPECT_INT(json_int(json_at(v, 0), 0), INT64_MAX);
	EXPECT_INT(json_int(json_at(v, 1), 0), INT64_MIN);
}

TEST(json_nests_up_to_its_depth)
{
	struct buf b = buf_in(test_arena(), 1000);

	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_byte(&b, '[');
	for (int i = 0; i < JSON_DEPTH_MAX; i++)
		buf_byte(&b, ']');
	read_good(buf_text(&b));
	/* Brackets in texts do not nest. */
	buf_clear(&b);
	buf_str(&b, S("[\"\\\""));
	for (int i = 0; i < 100; i++)
		buf_byte(&b, '[');
	buf_str(&b, S("\"]"));
	read_good(buf_text(&b));
}

/* A tree takes some hundred octets for each value: without a bound on their number, 4 MiB of "{},"
 * would end the process at the arena's limit. */
TEST(json_refuses_too_many_values_before_they_take_memory)
{
	struct buf b = buf_in(test_arena(), JSON_SIZE_MAX);
	json v;
	str why;

	buf_byte(&b, '[');
	while (b.len + 4 < JSON_SIZE_MAX)
		buf_str(&b, S("{},"));
	buf_str(&b, S("0]"));
	EXPECT(!b.failed);
	EXPECT_ERR(json_read(test_arena(), buf_text(&b), &v, &why), ERR_INPUT);
	EXPECT_STR(why, "the JSON text has too many values");
}

TEST(json_refuses_a_text_that_is_too_large)
{
	char *text = arena_alloc(test_arena(), JSON_SIZE_MAX + 1);
	json v;

	memset(text, ' ', JSON_SIZE_MAX + 1);
	text[0] = '1';
	EXPECT_ERR(json_read(test_arena(), (str){ text, JSON_SIZE_MAX + 1 }, &v, NULL), ERR_INPUT);
	EXPECT_OK(json_read(test_arena(), (str){ text, JSON_SIZE_MAX }, &v, NULL));
}

TEST(json_says_where_it_went_wrong)
{
	json v;
	str why;

	EXPECT_ERR(json_read(test_arena(), S("{\"a\":1,\n\"a\":2}"), &v, &why), ERR_INPUT);
	EXPECT_STR(why, "not valid JSON at line 2, column 3: a key stands twice");
	EXPECT_ERR(json_read(test_arena(), STR_NONE, &v, &why), ERR_INPUT);
}

TEST(json_accessors_take_nothing_and_wrong_kinds)
{
	json list = read_good(S("[1]")), map = read_good(S("{\"a\":1}"));
	id64 id;

	EXPECT(json_field(NULL, "a") == NULL && json_field(list, "a") == NULL);
	EXPECT(json_at(NULL, 0) == NULL && json_at(map, 0) == NULL && json_at(list, 1) == NULL);
	EXPECT(json_path(NULL, "a.b") == NULL && json_path(map, "a.b.c") == NULL);
	EXPECT(json_text(NULL).ptr == NULL && json_text(list).ptr == NULL);
	EXPECT_INT(json_int(NULL, 5), 5);
	EXPECT_INT(json_int(list, 5), 5);
	EXPECT(json_number(map, 1.5) == 1.5 && json_flag(map, true) && !json_flag(NULL, false));
	EXPECT_INT(json_count(NULL), 0);
	EXPECT(!json_id(NULL, &id) && !json_id(json_at(list, 0), &id));
	EXPECT(json_first(NULL) == NULL && json_first(list) == NULL);
	EXPECT(json_text_or_int(test_arena(), list).ptr == NULL);
}

TEST(json_paths_walk_maps_and_lists)
{
	json v = read_good(S("{\"messages\":[{\"id\":\"x\"},{\"id\":\"y\"}],\"\":{\"0\":3}}"));

	EXPECT_STR(json_text_at(v, "messages.1.id"), "y");
	EXPECT(json_path(v, "messages.2.id") == NULL && json_path(v, "messages.-1.id") == NULL);
	EXPECT(json_path(v, "messages.one") == NULL);
	EXPECT(json_path(v, "") == v);
}

TEST(json_numbers_come_in_several_clothes)
{
	json v = read_good(S("[\"17\",18.0,18.5,1e3,\"x\",1e300]"));

	EXPECT_INT(json_int(json_at(v, 0), -1), 17);
	EXPECT_INT(json_int(json_at(v, 1), -1), 18);
	EXPECT_INT(json_int(json_at(v, 2), -1), -1);
	EXPECT_INT(json_int(json_at(v, 3), -1), 1000);
	EXPECT_INT(json_int(json_at(v, 4), -1), -1);
	EXPECT_INT(json_int(json_at(v, 5), -1), -1);
	EXPECT_STR(json_text_or_int(test_arena(), read_good(S("12"))), "12");
	EXPECT_STR(json_text_or_int(test_arena(), read_good(S("\"12\""))), "12");
}

TEST(json_ids_are_texts_of_digits)
{
	json v = read_good(S("[\"123\",\"0\",\"12a\",123]"));
	id64 id = 0;

	EXPECT(json_id(json_at(v, 0), &id) && id == 123);
	EXPECT(!json_id(json_at(v, 1), &id) && !json_id(json_at(v, 2), &id) &&
	       !json_id(json_at(v, 3), &id));
}

TEST(json_maps_keep_the_order_of_the_text)
{
	json v = read_good(S("{\"z\":1,\"a\":2,\"m\":3}"));
	struct buf seen = buf_in(test_arena(), 100);

	for (void *at = json_first(v); at; at = json_next(v, at)) {
		buf_str(&seen, json_member_name(at));
		buf_i64(&seen, json_int(json_member_value(at), 0));
	}
	EXPECT_STR(buf_text(&seen), "z1a2m3");
}
