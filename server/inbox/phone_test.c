/* phone_test.c: reading numbers, held to what libphonenumber measured (tests/data/phone-numbers).
 */
#include "base/test.h"
#include "inbox/inbox.h"

#include <stdio.h>
#include <stdlib.h>

static json read_cases(const char *name)
{
	struct buf text = buf_in(test_arena(), 1u << 20);
	char path[512];
	FILE *file;
	json out;
	size_t n;

	snprintf(path, sizeof path, TEST_DATA "/phone-numbers/%s", name);
	file = fopen(path, "rb");
	EXPECT(file);
	do {
		uint8_t *space = buf_space(&text, 4096);

		n = fread(space, 1, 4096, file);
		text.len -= 4096 - n;
	} while (n == 4096);
	fclose(file);
	EXPECT_OK(json_read(test_arena(), buf_text(&text), &out, NULL));
	return json_field(out, "cases");
}

static str normalised(const char *typed)
{
	struct job job;
	str digits;

	job_init(&job, "test", test_arena(), NULL);
	return phone_normalise(&job, str_of(typed), &digits) == OK ? digits : S("refused");
}

TEST(variants_of_one_number_have_one_key)
{
	json cases = read_cases("wa-variants.json");

	EXPECT(json_count(cases) > 30);
	for (size_t i = 0; i < json_count(cases); i++) {
		json c = json_at(cases, i);

		EXPECT_STR(phone_match_key(test_arena(), json_text(json_field(c, "digits"))),
			   arena_cstr(test_arena(), json_text(json_field(c, "match_key"))));
	}
}

/* Where we differ from the library on purpose: by its own remarks (docs/protocol/phone-numbers.md).
 */
static const char *ours(const char *input, const char *theirs)
{
	static const char *const table[][2] = {
		{ "+5215512345678", "5215512345678" }, /* WhatsApp's own ids */
		{ "1-800-FLOWERS", "refused" },
		{ "015512345678", "refused" },  /* dead prefixes */
		{ "0445512345678", "refused" },
		{ "112", "refused" },           /* no WhatsApp account has three digits */
		{ "4915123456789", "4915123456789" }, /* the library's trap */
		{ "+22501234567", "refused" },  /* eight digits, from before the change to ten */
		{ "+22990011234", "refused" },
		{ "+1234567890123456", "refused" },
		{ "+78001234567", "78001234567" },
	};

	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (strcmp(table[i][0], input) == 0)
			return table[i][1];
	return theirs;
}

TEST(numbers_are_read_as_libphonenumber_reads_them)
{
	json cases = read_cases("libphonenumber-results.json");
	int wrong = 0;

	EXPECT(json_count(cases) > 50);
	for (size_t i = 0; i < json_count(cases); i++) {
		json c = json_at(cases, i), e164 = json_path(c, "current.e164");
		const char *input = arena_cstr(test_arena(), json_text(json_field(c, "input")));
		str region = json_text(json_field(c, "default_region")), got;
		const char *want = e164 ? arena_cstr(test_arena(), json_text(e164)) + 1 : "refused";

		EXPECT(phone_set_home(region.ptr ? region : S("")));
		got = normalised(input);
		if (!str_is(got, str_of(ours(input, want)))) {
			fprintf(stderr, "%s (" STR_F "): got " STR_F ", want %s\n", input,
				STR_A(region), STR_A(got), ours(input, want));
			wrong++;
		}
	}
	EXPECT(phone_set_home(S("")));
	EXPECT_INT(wrong, 0);
}

TEST(without_a_home_country_a_number_must_be_whole)
{
	EXPECT_STR(normalised("+49 (151) 2345-6789"), "4915123456789");
	EXPECT_STR(normalised("0049 151 23456789"), "4915123456789");
	EXPECT_STR(normalised("12025550142"), "12025550142");
	EXPECT_STR(normalised("\xE2\x80\xAA+1 202 555 0142\xE2\x80\xAC"), "12025550142");
	EXPECT_STR(normalised("0151 23456789"), "refused");
	EXPECT_STR(normalised("+0151 23456789"), "refused");
	EXPECT_STR(normalised("hello"), "refused");
	EXPECT_STR(normalised("+1 202 555 0142 +1 202 555 0143"), "refused");
	EXPECT_STR(normalised("\xff\xfe"), "refused");
}

TEST(a_wrong_number_is_an_error_of_its_field)
{
	struct job job;
	str digits;

	job_init(&job, "test", test_arena(), NULL);
	EXPECT_ERR(phone_normalise(&job, S("call me"), &digits), ERR_INPUT);
	EXPECT(job.field_errors);
	EXPECT_STR(job.field_errors->field, "to");
	EXPECT_STR(job.field_errors->code, "invalid_phone");
}
