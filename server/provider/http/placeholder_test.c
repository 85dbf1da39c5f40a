/* placeholder_test.c: what stands in {%…%}, in texts and in JSON. */
#include "provider/http/placeholder.h"

#include "base/test.h"

static const char values[] =
	"{\"to\":\"12025550142\",\"n\":7,\"half\":1.5,\"yes\":true,\"none\":null,\"empty\":\"\","
	"\"text\":{\"body\":\"Grüße & \\\"more\\\"\\n\"},\"list\":[\"a\",{\"name\":\"b\"},[1,2]]}";

static struct job job;

static struct template scope(void)
{
	struct template t = { .job = &job, .where = S("request.body") };

	job = (struct job){ .name = "test", .arena = test_arena() };
	EXPECT_OK(json_read(test_arena(), str_of(values), &t.values, NULL));
	return t;
}

static const char *text(const char *template, enum placeholder_escape escape)
{
	struct template t = scope();
	struct buf out = buf_in(test_arena(), 1000);

	if (template_text(&t, str_of(template), escape, &out) != OK)
		return NULL;
	return arena_cstr(test_arena(), buf_text(&out));
}

static const char *filled(const char *template)
{
	struct template t = scope();
	struct buf out = buf_in(test_arena(), 10000);
	json v;

	EXPECT_OK(json_read(test_arena(), str_of(template), &v, NULL));
	if (template_json(&t, v, &out) != OK)
		return NULL;
	EXPECT_OK(json_read(test_arena(), buf_text(&out), &v, NULL));
	return arena_cstr(test_arena(), buf_text(&out));
}

TEST(a_path_leads_into_objects_and_lists)
{
	EXPECT_STR(str_of(text("{%to%}", ESCAPE_NONE)), "12025550142");
	EXPECT_STR(str_of(text("<{% text.body %}>", ESCAPE_NONE)), "<Grüße & \"more\"\n>");
	EXPECT_STR(str_of(text("{%list.1.name%}{%list[0]%}{%list[2][1]%}", ESCAPE_NONE)), "ba2");
}

TEST(within_a_text_numbers_flags_lists_and_objects_are_written_as_json)
{
	EXPECT_STR(str_of(text("{%n%} {%half%} {%yes%} {%list[2]%}", ESCAPE_NONE)),
		"7 1.5 true [1,2]");
}

TEST(alone_in_a_json_text_a_placeholder_is_the_value_itself)
{
	EXPECT_STR(str_of(filled("{\"a\":\"{%n%}\",\"b\":\"{%list%}\",\"c\":\"no {%n%}\"}")),
		"{\"a\":7,\"b\":[\"a\",{\"name\":\"b\"},[1,2]],\"c\":\"no 7\"}");
	EXPECT_STR(str_of(filled("[\"{%text%}\",5,null,false]")),
		"[{\"body\":\"Gr\xc3\xbc\xc3\x9f"
		"e \\u0026 \\\"more\\\"\\n\"},5,null,false]");
}

TEST(a_value_in_json_cannot_break_out_of_its_text)
{
	json v;

	EXPECT_OK(json_read(test_arena(), str_of(filled("{\"a\":\"x{%text.body%}y\"}")), &v, NULL));
	EXPECT_STR(json_text_at(v, "a"), "xGrüße & \"more\"\ny");
}

TEST(a_key_can_be_a_placeholder)
{
	EXPECT_STR(str_of(filled("{\"{%to%}\":1}")), "{\"12025550142\":1}");
}

TEST(a_missing_value_is_an_error_that_names_it_and_its_place)
{
	EXPECT(!text("{%text.title%}", ESCAPE_NONE));
	EXPECT_STR(job.code, "placeholder_missing");
	EXPECT(str_has(job.why, S("{%text.title%}")) && str_has(job.why, S("request.body")));
	EXPECT(str_has(job.next_step, S("{%text.title|…%}")));
	EXPECT(!filled("{\"a\":{\"b\":[\"{%none%}\"]}}"));
	EXPECT(str_has(job.why, S("{%none%}")) && str_has(job.why, S("request.body.a.b")));
	EXPECT(!text("{%list.9%}", ESCAPE_NONE) && !text("{%to.x%}", ESCAPE_NONE));
}

TEST(a_default_stands_in_for_what_is_missing_and_for_nothing_else)
{
	EXPECT_STR(str_of(text("{%to|nobody%} {%x|some body%} {%x|%}.", ESCAPE_NONE)),
		"12025550142 some body .");
	EXPECT_STR(str_of(text("[{%empty|full%}]", ESCAPE_NONE)), "[]");
	EXPECT_STR(str_of(filled("[\"{%x|5%}\",\"{%x|[1]%}\",\"{%x|five%}\",\"{%x|%}\"]")),
		"[5,[1],\"five\",\"\"]");
}

TEST(what_may_be_missing_is_left_out_with_its_member_or_element)
{
	EXPECT_STR(str_of(filled(
			   "{\"a\":\"{%x?%}\",\"b\":[\"{%x?%}\",\"{%n?%}\"],\"c\":\"-{%x?%}-\"}")),
		"{\"b\":[7],\"c\":\"--\"}");
}

TEST(in_an_address_a_value_is_percent_encoded_and_the_rest_stays)
{
	EXPECT_STR(str_of(text("/a?b=1&c={%text.body%}", ESCAPE_URL)),
		"/a?b=1&c=Gr%C3%BC%C3%9Fe%20%26%20%22more%22%0A");
}

TEST(in_a_header_a_line_break_is_refused)
{
	EXPECT_STR(str_of(text("Bearer {%to%}", ESCAPE_HEADER)), "Bearer 12025550142");
	EXPECT(!text("{%text.body%}", ESCAPE_HEADER));
	EXPECT_STR(job.code, "placeholder_control");
}

TEST(two_braces_with_nothing_between_stand_for_the_opening_one)
{
	EXPECT_STR(str_of(text("{%%}to%}", ESCAPE_NONE)), "{%to%}");
	EXPECT_STR(str_of(text("{ %to% } {{to}}", ESCAPE_NONE)), "{ %to% } {{to}}");
}

static str fault(const char *template)
{
	job = (struct job){ .name = "test", .arena = test_arena() };
	template_check_text(&job, S("config.request.url"), str_of(template));
	return job.field_errors ? job.field_errors->message : STR_NONE;
}

TEST(what_is_not_well_formed_is_told_when_it_is_configured)
{
	static const char *const bad[] = { "{%to", "{%a b%}", "{%.a%}", "{%a..b%}", "{%a.%}",
		"{% %}", "{%?%}", "{%a[%}", "{%ä%}", "ok {%to%} {%" };

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		EXPECT(fault(bad[i]).len > 0);
		EXPECT(!text(bad[i], ESCAPE_NONE));
	}
	EXPECT(!fault("{%to%} {%a.b.0?%} {%a[1].c|d%} {%%}").len);
}

TEST(a_path_has_at_most_sixteen_keys_and_a_placeholder_256_octets)
{
	EXPECT(!fault("{%a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p%}").len);
	EXPECT(fault("{%a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q%}").len > 0);
	EXPECT(!fault(arena_printf(test_arena(), "{%%%.256s%%}",
			      arena_printf(test_arena(), "%0256d", 0).ptr)
			       .ptr)
			.len);
	EXPECT(fault(arena_printf(test_arena(), "{%%%.257s%%}",
			     arena_printf(test_arena(), "%0257d", 0).ptr)
			      .ptr)
			.len > 0);
}

TEST(a_template_is_at_most_32_deep)
{
	for (int depth = 32; depth <= 33; depth++) {
		struct buf b = buf_in(test_arena(), 1000);
		json v;

		for (int i = 0; i < depth; i++)
			buf_byte(&b, '[');
		buf_byte(&b, '1');
		for (int i = 0; i < depth; i++)
			buf_byte(&b, ']');
		EXPECT_OK(json_read(test_arena(), buf_text(&b), &v, NULL));
		job = (struct job){ .name = "test", .arena = test_arena() };
		template_check_json(&job, S("config.request.body"), v);
		EXPECT_INT(job.field_errors != NULL, depth == 33);
	}
}
