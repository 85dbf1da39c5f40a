/*
 * content_card.c: contacts of the Cloud API's shape from and to vCards, which are what a linked
 * device exchanges.
 */
#include "provider/linked/content_internal.h"

/* ---- reading ---- */

/* Lines of a card of that name; NULL: none (any more). */
static const struct wa_card_line *next_line(const struct wa_card *card, const char *name,
	size_t *at)
{
	while (*at < card->count) {
		const struct wa_card_line *line = &card->lines[(*at)++];

		if (str_is_nocase(line->name, str_of(name)))
			return line;
	}
	return NULL;
}

static str first_part(struct arena *arena, const struct wa_card *card, const char *name,
	size_t part)
{
	size_t at = 0;
	const struct wa_card_line *line = next_line(card, name, &at);

	return line ? wa_card_part(arena, line->value, part) : STR_NONE;
}

static void put_some(struct buf *out, const char *key, str text)
{
	if (text.len)
		json_put(out, key, text);
}

static void read_name(struct arena *arena, struct buf *out, const struct wa_card *card, str name)
{
	static const char *const parts[] = { "last_name", "first_name", "middle_name", "prefix",
		"suffix" };
	str full = first_part(arena, card, "FN", 0);

	json_open_in(out, "name", '{');
	json_put(out, "formatted_name", full.len ? full : name.ptr ? name : S(""));
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		put_some(out, parts[i], first_part(arena, card, "N", i));
	json_close(out, '}');
}

/* All lines of a name as a list of {key: value, "type"}. */
static void read_values(struct arena *arena, struct buf *out, const struct wa_card *card,
	const char *const names[3])
{
	const struct wa_card_line *line;
	size_t at = 0;

	json_open_in(out, names[1], '[');
	while ((line = next_line(card, names[0], &at))) {
		json_open(out, '{');
		json_put(out, names[2], wa_card_part(arena, line->value, 0));
		put_some(out, "type", line->type);
		put_some(out, "wa_id", line->waid);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void read_addresses(struct arena *arena, struct buf *out, const struct wa_card *card)
{
	static const char *const parts[] = { NULL, NULL, "street", "city", "state", "zip",
		"country" };
	const struct wa_card_line *line;
	size_t at = 0;

	json_open_in(out, "addresses", '[');
	while ((line = next_line(card, "ADR", &at))) {
		json_open(out, '{');
		for (size_t i = 2; i < COUNT_OF(parts); i++)
			put_some(out, parts[i], wa_card_part(arena, line->value, i));
		put_some(out, "type", line->type);
		json_close(out, '}');
	}
	json_close(out, ']');
}

void linked_card_read(struct arena *arena, struct buf *out, str vcard, str name)
{
	struct wa_card *card = ARENA_NEW(arena, struct wa_card);

	wa_card_read(arena, vcard, card);
	json_open(out, '{');
	read_name(arena, out, card, name);
	read_values(arena, out, card, (const char *const[]){ "TEL", "phones", "phone" });
	read_values(arena, out, card, (const char *const[]){ "EMAIL", "emails", "email" });
	read_values(arena, out, card, (const char *const[]){ "URL", "urls", "url" });
	read_addresses(arena, out, card);
	put_some(out, "birthday", first_part(arena, card, "BDAY", 0));
	json_open_in(out, "org", '{');
	put_some(out, "company", first_part(arena, card, "ORG", 0));
	put_some(out, "department", first_part(arena, card, "ORG", 1));
	put_some(out, "title", first_part(arena, card, "TITLE", 0));
	json_close(out, '}');
	json_close(out, '}');
}

/* ---- writing ---- */

static void put_line(struct buf *out, const char *name, str value)
{
	struct wa_card_line line = { .name = str_of(name) };

	if (value.len)
		wa_card_put(out, &line, &value, 1);
}

str linked_card_name(json contact)
{
	str full = json_text_at(contact, "name.formatted_name");

	return full.len ? full : json_text_at(contact, "name.first_name");
}

static void put_name(struct buf *out, json contact)
{
	str parts[] = { json_text_at(contact, "name.last_name"),
		json_text_at(contact, "name.first_name"), json_text_at(contact, "name.middle_name"),
		json_text_at(contact, "name.prefix"), json_text_at(contact, "name.suffix") };
	struct wa_card_line line = { .name = S("N") };

	wa_card_put(out, &line, parts, COUNT_OF(parts));
	put_line(out, "FN", linked_card_name(contact));
}

static str digits_of(struct arena *arena, str text)
{
	struct buf b = buf_in(arena, text.len + 1);

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			buf_byte(&b, (uint8_t)text.ptr[i]);
	return buf_text(&b);
}

/* "TEL;type=CELL;waid=<digits>:+<digits>": only with waid can it be written to. */
static void put_phone(struct arena *arena, struct buf *out, json phone)
{
	str number = json_text_at(phone, "phone"), type = json_text_at(phone, "type");
	str waid = digits_of(arena, json_text_at(phone, "wa_id"));
	struct wa_card_line line = { S("TEL"), type.len ? type : S("CELL"), waid, STR_NONE };

	if (!number.len && waid.len)
		number = arena_printf(arena, "+" STR_F, STR_A(waid));
	if (!waid.len && number.len && number.ptr[0] == '+')
		line.waid = digits_of(arena, number);
	if (number.len)
		wa_card_put(out, &line, &number, 1);
}

static void put_address(struct buf *out, json address)
{
	str parts[] = { S(""), S(""), json_text_at(address, "street"),
		json_text_at(address, "city"), json_text_at(address, "state"),
		json_text_at(address, "zip"), json_text_at(address, "country") };
	struct wa_card_line line = { S("ADR"), json_text_at(address, "type"), STR_NONE, STR_NONE };

	wa_card_put(out, &line, parts, COUNT_OF(parts));
}

static void put_values(struct buf *out, json list, const char *name, const char *key)
{
	for (size_t i = 0; i < json_count(list); i++) {
		str value = json_text(json_field(json_at(list, i), key));
		struct wa_card_line line = { str_of(name), json_text_at(json_at(list, i), "type"),
			STR_NONE, STR_NONE };

		if (value.len)
			wa_card_put(out, &line, &value, 1);
	}
}

str linked_card_write(struct arena *arena, json contact)
{
	struct buf b = buf_in(arena, WA_CARD_MAX);
	str org[] = { json_text_at(contact, "org.company"),
		json_text_at(contact, "org.department") };
	struct wa_card_line line = { .name = S("ORG") };
	json phones = json_field(contact, "phones"), addresses = json_field(contact, "addresses");

	wa_card_begin(&b);
	put_name(&b, contact);
	for (size_t i = 0; i < json_count(phones); i++)
		put_phone(arena, &b, json_at(phones, i));
	put_values(&b, json_field(contact, "emails"), "EMAIL", "email");
	put_values(&b, json_field(contact, "urls"), "URL", "url");
	for (size_t i = 0; i < json_count(addresses); i++)
		put_address(&b, json_at(addresses, i));
	put_line(&b, "BDAY", json_text_at(contact, "birthday"));
	if (org[0].len)
		wa_card_put(&b, &line, org, org[1].len ? 2 : 1);
	put_line(&b, "TITLE", json_text_at(contact, "org.title"));
	wa_card_end(&b);
	return b.failed ? STR_NONE : buf_text(&b);
}
