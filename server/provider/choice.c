/* choice.c: see choice.h. */
#include "provider/choice.h"

static size_t add_rows(json rows, struct choice *out, size_t count)
{
	for (size_t i = 0; i < json_count(rows) && count < CHOICES_MAX; i++) {
		json row = json_at(rows, i);

		out[count++] = (struct choice){ json_text_at(row, "id"), json_text_at(row, "title"),
			json_text_at(row, "description"), true };
	}
	return count;
}

size_t choices_read(json interactive, struct choice out[CHOICES_MAX])
{
	json action = json_field(interactive, "action"), buttons = json_field(action, "buttons"),
	     sections = json_field(action, "sections");
	size_t count = 0;

	for (size_t i = 0; i < json_count(buttons) && count < CHOICES_MAX; i++)
		out[count++] = (struct choice){ json_text_at(json_at(buttons, i), "reply.id"),
			json_text_at(json_at(buttons, i), "reply.title"), STR_NONE, false };
	for (size_t i = 0; i < json_count(sections); i++)
		count = add_rows(json_field(json_at(sections, i), "rows"), out, count);
	return count;
}

/* What people put around a number: "2.", "2)", "(2)", "#2", and the signs of a keycap. */
static str bare_number(str s)
{
	static const char *const before[] = { "(", "#", "*", "[" },
				 *const after[] = { ".", ")", "*", "]", "!", "\xE2\x83\xA3",
					 "\xEF\xB8\x8F" };

	for (size_t i = 0; i < COUNT_OF(before); i++)
		if (str_starts(s, str_of(before[i])))
			s = str_part(s, 1, s.len);
	/* Twice: a keycap has two signs. */
	for (size_t i = 0; i < 2 * COUNT_OF(after); i++) {
		str end = str_of(after[i % COUNT_OF(after)]);

		if (str_ends(s, end))
			s = str_part(s, 0, s.len - end.len);
	}
	return str_trim(s);
}

size_t choice_number(str answer)
{
	str s = bare_number(str_trim(answer));
	int64_t n;

	return s.len <= 2 && str_is_digits(s) && str_to_i64(s, &n) ? (size_t)n : 0;
}
