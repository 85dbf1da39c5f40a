/*
 * placeholder.c: a template is refused with a sentence or filled, and what is well-formed by the
 * check is never malformed when it is filled; a filled JSON template is JSON.
 */
#include "provider/http/placeholder.h"

#include "fuzz/fuzz.h"

static json values(struct arena *arena)
{
	json v;

	MUST(json_read(arena, S("{\"a\":{\"b\":[1,\"x\\ny\",null,{\"c\":\"d\"}]},\"to\":\"12\"}"),
		     &v, NULL) == OK);
	return v;
}

static struct job new_job(struct arena *arena)
{
	return (struct job){ .name = "fuzz", .arena = arena };
}

static void check_text(struct arena *arena, str text)
{
	struct job checked = new_job(arena), filled = new_job(arena);

	template_check_text(&checked, S("t"), text);
	for (int escape = ESCAPE_NONE; escape <= ESCAPE_HEADER; escape++) {
		struct template t = { .job = &filled, .values = values(arena), .where = S("t") };
		struct buf out = buf_in(arena, 1u << 16);
		enum err e = template_text(&t, text, (enum placeholder_escape)escape, &out);

		MUST(e == OK || filled.why.len > 0);
		if (!checked.field_errors)
			MUST(e == OK || !str_is(filled.code, S("placeholder")));
	}
}

static void check_json(struct arena *arena, json v)
{
	struct job job = new_job(arena);
	struct template t = { .job = &job, .values = values(arena), .where = S("t") };
	struct buf out = buf_in(arena, 1u << 20);
	str why = S("");

	template_check_json(&job, S("t"), v);
	if (!job.field_errors && template_json(&t, v, &out) == OK && out.len && !out.failed)
		/* Two keys may come to be the same; nothing else may be wrong. */
		MUST(json_read(arena, buf_text(&out), &v, &why) == OK ||
			str_has(why, S("twice")) || str_has(why, S("deep")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	str text = str_from((bytes){ data, size });
	json v;

	if (size > 4096)
		return 0;
	check_text(arena, text);
	if (json_read(arena, text, &v, NULL) == OK)
		check_json(arena, v);
	return 0;
}
