/* fields_test.c: a request's JSON into a struct, and all that can be wrong with it. */
#include "api/api.h"
#include "base/test.h"

struct inner {
	str street;
};

struct thing {
	str name, note;
	int64_t size;
	bool has_owner, is_new;
	int flag;
	id64 owner;
	struct field_ids labels;
	json extra;
	struct inner place;
};

static const struct field inner_fields[] = {
	FIELD(struct inner, street, STR, .required = true),
	{ 0 },
};

static const struct field thing_fields[] = {
	FIELD(struct thing, name, STR, .max = 5, .required = true),
	FIELD(struct thing, note, STR),
	FIELD(struct thing, size, INT, .min = 1, .max = 10),
	FIELD(struct thing, is_new, BOOL),
	FIELD(struct thing, flag, FLAG),
	NAMED_FIELD(struct thing, "owner_id", owner, ID, .nullable = true,
		.given_at = offsetof(struct thing, has_owner)),
	FIELD(struct thing, labels, IDS, .max = 3),
	FIELD(struct thing, extra, JSON),
	FIELD(struct thing, place, MAP, .fields = inner_fields),
	{ 0 },
};

static struct job job;
static struct thing got;

static enum err read_as(const char *type, const char *body)
{
	const struct header header = { S("Content-Type"), str_of(type) };
	const struct request req = { .method = HTTP_POST,
		.headers = &header,
		.header_count = type ? 1 : 0,
		.body = bytes_of(str_of(body)) };

	job_init(&job, "test", test_arena(), NULL);
	got = (struct thing){ .flag = -1 };
	return request_json(&job, &req, thing_fields, &got);
}

static enum err read_body(const char *body)
{
	return read_as("application/json", body);
}

static str error_of(const char *field)
{
	for (const struct field_error *error = job.field_errors; error; error = error->next)
		if (str_is(error->field, str_of(field)))
			return error->code;
	return STR_NONE;
}

TEST(members_land_in_the_struct)
{
	EXPECT_OK(read_body(
		"{\"name\":\"Ana\",\"size\":10,\"is_new\":true,\"flag\":false,\"owner_id\":\"77\","
		"\"extra\":[1],\"place\":{\"street\":\"High\"}}"));
	EXPECT_STR(got.name, "Ana");
	EXPECT(!got.note.ptr && got.is_new && got.has_owner);
	EXPECT_INT(got.size, 10);
	EXPECT_INT(got.flag, 0);
	EXPECT_INT(got.owner, 77);
	EXPECT_INT(json_count(got.extra), 1);
	EXPECT_STR(got.place.street, "High");
}

TEST(what_is_not_there_stays_as_it_was)
{
	EXPECT_OK(read_body("{\"name\":\"Ana\"}"));
	EXPECT_INT(got.flag, -1);
	EXPECT(!got.has_owner && !got.extra);
}

TEST(null_means_none_only_where_it_may)
{
	EXPECT_OK(read_body("{\"name\":\"Ana\",\"owner_id\":null}"));
	EXPECT(got.has_owner && got.owner == 0);
	EXPECT_ERR(read_body("{\"name\":null}"), ERR_INPUT);
	EXPECT_STR(error_of("name"), "required");
}

TEST(all_wrong_fields_are_told_at_once)
{
	EXPECT_ERR(read_body("{\"name\":\"Antonia\",\"note\":7,\"size\":11,\"is_new\":1,\"owner_"
	                     "id\":77,"
			     "\"place\":{\"streat\":\"x\"},\"nonsense\":true}"),
		ERR_INPUT);
	EXPECT_STR(job.code, "invalid_input");
	EXPECT_STR(error_of("name"), "too_long");
	EXPECT_STR(error_of("note"), "wrong_type");
	EXPECT_STR(error_of("size"), "out_of_range");
	EXPECT_STR(error_of("is_new"), "wrong_type");
	EXPECT_STR(error_of("owner_id"), "invalid");
	EXPECT_STR(error_of("place.street"), "required");
	EXPECT_STR(error_of("place.streat"), "unknown_field");
	EXPECT_STR(error_of("nonsense"), "unknown_field");
}

TEST(a_list_of_ids_is_read_whole_or_told_where_it_is_wrong)
{
	EXPECT_OK(read_body("{\"name\":\"Ana\",\"labels\":[\"7\",\"9\"]}"));
	EXPECT_INT(got.labels.count, 2);
	EXPECT(got.labels.items[0] == 7 && got.labels.items[1] == 9);
	EXPECT_OK(read_body("{\"name\":\"Ana\",\"labels\":[]}"));
	EXPECT(got.labels.items && !got.labels.count); /* an empty list is not none */
	EXPECT_OK(read_body("{\"name\":\"Ana\"}"));
	EXPECT(!got.labels.items);
	EXPECT_ERR(read_body("{\"name\":\"Ana\",\"labels\":[\"7\",\"x\",8]}"), ERR_INPUT);
	EXPECT_STR(error_of("labels.1"), "invalid");
	EXPECT_ERR(read_body("{\"name\":\"Ana\",\"labels\":[\"1\",\"2\",\"3\",\"4\"]}"), ERR_INPUT);
	EXPECT_STR(error_of("labels"), "invalid");
	EXPECT_ERR(read_body("{\"name\":\"Ana\",\"labels\":\"7\"}"), ERR_INPUT);
	EXPECT_STR(error_of("labels"), "invalid");
}

TEST(length_counts_characters_not_octets)
{
	EXPECT_OK(read_body("{\"name\":\"\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\"}"));
	EXPECT_ERR(read_body("{\"name\":\"   \"}"), ERR_INPUT);
	EXPECT_STR(error_of("name"), "required");
}

TEST(what_is_no_json_object_is_malformed)
{
	static const char *const bodies[] = { "", "{", "[]", "1", "{\"name\":\"a\",\"name\":\"b\"}",
		"{\"name\":\"\\ud800\"}", "{\"name\":\"a\"} x" };

	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		EXPECT_ERR(read_body(bodies[i]), ERR_INPUT);
		EXPECT_STR(job.code, "malformed");
		EXPECT_INT(problem_status(&job, ERR_INPUT), 400);
	}
}

TEST(another_content_type_is_not_taken)
{
	static const char *const types[] = { "text/plain", "application/jsonp", NULL };

	for (size_t i = 0; i < COUNT_OF(types); i++) {
		EXPECT_ERR(read_as(types[i], "{\"name\":\"a\"}"), ERR_INPUT);
		EXPECT_INT(problem_status(&job, ERR_INPUT), 415);
	}
	EXPECT_OK(read_as("Application/JSON; charset=utf-8", "{\"name\":\"a\"}"));
}

TEST(query_words_ids_and_flags_are_checked)
{
	static const char *const words[] = { "open", "closed" };
	const struct request good = { .query = S("status=closed&id=12&unread=true") },
			     bad = { .query = S("status=x&id=-1") };

	job_init(&job, "test", test_arena(), NULL);
	EXPECT_INT(request_query_word(&job, &good, "status", words, 2, 0), 1);
	EXPECT_INT(request_query_word(&job, &good, "other", words, 2, 0), 0);
	EXPECT_INT(request_query_id(&job, &good, "id"), 12);
	EXPECT(request_query_flag(&job, &good, "unread"));
	EXPECT_OK(job_check_fields(&job));
	EXPECT_INT(request_query_word(&job, &bad, "status", words, 2, 0), 0);
	EXPECT_INT(request_query_id(&job, &bad, "id"), 0);
	EXPECT(error_of("status").ptr && error_of("id").ptr);
}
