/* live_said.c: see live_said.h. */
#include "live/live_said.h"

static void put(struct buf *out, str field)
{
	buf_printf(out, "%zu:", field.len);
	buf_str(out, field);
}

void live_said_write(struct buf *out, str node, const struct live_said *said)
{
	buf_byte(out, (uint8_t)said->word);
	put(out, node);
	for (size_t i = 0; i < said->count; i++)
		put(out, said->fields[i]);
}

/* With the node; a newer version may say more, and other words. */
static size_t fields_needed(enum live_word word)
{
	switch (word) {
	case LIVE_SAID_MEMBER:
		return 7;
	case LIVE_SAID_PUBLISH:
	case LIVE_SAID_TOLD:
		return 6;
	case LIVE_SAID_ORDER:
	case LIVE_SAID_SUBSCRIBED:
	case LIVE_SAID_GONE:
		return 5;
	case LIVE_SAID_CLIENT:
		return 4;
	case LIVE_SAID_TERMINATE:
		return 3;
	case LIVE_SAID_FORGET:
	case LIVE_SAID_RELOAD:
	case LIVE_SAID_ASK:
		return 2;
	default:
		return 1;
	}
}

bool live_said_read(str text, struct live_said *out)
{
	*out = (struct live_said){ .word = text.len ? (enum live_word)text.ptr[0] : 0 };
	text = str_part(text, 1, text.len);
	while (text.len && out->count < LIVE_SAID_FIELDS_MAX) {
		str digits = str_split(&text, ':');
		int64_t len;

		if (!str_is_digits(digits) || !str_to_i64(digits, &len) || (size_t)len > text.len)
			return false;
		out->fields[out->count++] = str_part(text, 0, (size_t)len);
		text = str_part(text, (size_t)len, text.len);
	}
	return out->count >= fields_needed(out->word) && !text.len;
}
