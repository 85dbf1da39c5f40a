/*
 * card.c: contact cards, as vCard 3.0 (RFC 2426).
 *
 * "TEL;type=CELL;type=VOICE;waid=<digits>:+<digits>": the waid parameter is WhatsApp's own, and
 * makes the card one that can be written to.
 */
#include "wa/message/message.h"

/* ---- reading ---- */

/* The next line, those that are folded joined to it. */
static str next_line(struct arena *arena, str *text)
{
	str line = str_split(text, '\n');

	while (text->len && (text->ptr[0] == ' ' || text->ptr[0] == '\t')) {
		str more = str_split(text, '\n');

		if (line.len && line.ptr[line.len - 1] == '\r')
			line.len--;
		line = arena_printf(arena, STR_F STR_F, STR_A(line),
			STR_A(str_part(more, 1, more.len)));
	}
	return str_trim(line);
}

/* "item1.TEL" is a TEL; the group joins lines that we do not show together. */
static str without_group(str name)
{
	size_t dot = str_find(name, '.');

	return dot < name.len ? str_part(name, dot + 1, name.len) : name;
}

static void read_parameters(str parameters, struct wa_card_line *out)
{
	while (parameters.len) {
		str value = str_split(&parameters, ';'), key = str_split(&value, '=');

		if (str_is_nocase(key, S("waid")))
			out->waid = value;
		else if (str_is_nocase(key, S("type")) && !out->type.len)
			out->type = value;
		else if (!value.len && !out->type.len)
			out->type = key; /* version 2.1: "TEL;CELL:…" */
	}
}

void wa_card_read(struct arena *arena, str text, struct wa_card *out)
{
	out->count = 0;
	text = str_part(text, 0, WA_CARD_MAX);
	while (text.len && out->count < WA_CARD_LINES_MAX) {
		struct wa_card_line *line = &out->lines[out->count];
		str value = next_line(arena, &text), head = str_split(&value, ':');

		if (!head.len || str_is_nocase(head, S("BEGIN")) || str_is_nocase(head, S("END")) ||
			str_is_nocase(head, S("VERSION")))
			continue;
		*line = (struct wa_card_line){ .value = value };
		line->name = without_group(str_split(&head, ';'));
		read_parameters(head, line);
		out->count++;
	}
}

/* Where part i ends and begins: a ';' that is not escaped. */
static bool find_part(str value, size_t i, str *out)
{
	size_t from = 0, at = 0;

	for (; at < value.len; at++) {
		if (value.ptr[at] == '\\' && at + 1 < value.len) {
			at++;
		} else if (value.ptr[at] == ';') {
			if (i == 0)
				break;
			i--;
			from = at + 1;
		}
	}
	*out = str_part(value, from, at - from);
	return i == 0;
}

str wa_card_part(struct arena *arena, str value, size_t i)
{
	struct buf b = buf_in(arena, value.len + 1);
	str part;

	if (!find_part(value, i, &part))
		return STR_NONE;
	for (size_t at = 0; at < part.len; at++) {
		char c = part.ptr[at];

		if (c == '\\' && at + 1 < part.len) {
			c = part.ptr[++at];
			c = c == 'n' || c == 'N' ? '\n' : c;
		}
		buf_byte(&b, (uint8_t)c);
	}
	return buf_text(&b);
}

/* ---- writing ---- */

static void put_escaped(struct buf *out, str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '\n') {
			buf_str(out, S("\\n"));
			continue;
		}
		if (c == '\r')
			continue;
		if (c == ',' || c == ';' || c == '\\')
			buf_byte(out, '\\');
		buf_byte(out, (uint8_t)c);
	}
}

/* A parameter's value ends at ; : or a comma, and cannot be escaped. */
static void put_word(struct buf *out, str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (!strchr(";:,=\"\r\n", word.ptr[i]) && word.ptr[i])
			buf_byte(out, (uint8_t)word.ptr[i]);
}

void wa_card_begin(struct buf *out)
{
	buf_str(out, S("BEGIN:VCARD\nVERSION:3.0\n"));
}

void wa_card_put(struct buf *out, const struct wa_card_line *line, const str *parts, size_t count)
{
	buf_str(out, line->name);
	if (line->type.len) {
		buf_str(out, S(";type="));
		put_word(out, line->type);
	}
	if (line->waid.len) {
		buf_str(out, S(";waid="));
		put_word(out, line->waid);
	}
	buf_byte(out, ':');
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_byte(out, ';');
		put_escaped(out, parts[i]);
	}
	buf_byte(out, '\n');
}

void wa_card_end(struct buf *out)
{
	buf_str(out, S("END:VCARD"));
}
