/*
 * live_message.c: what goes over the socket: reading a client's message, writing the server's.
 *
 * The protocol passes `data` on as it came: 64-bit integers, double keys and escapes included. So
 * messages are not made into a tree: a walk over the text checks the grammar (RFC 8259) and notes
 * where the wanted members stand. Raw text that has passed the walk is well-formed, and may be put
 * into an outgoing message as it is.
 */
#include "base/json.h"
#include "live/live_internal.h"

#define FRAME_TEXT_MAX (6 * LIVE_DATA_MAX + (16u << 10)) /* every octet escaped */

struct walk {
	str text;
	size_t at;
};

static char peek(const struct walk *w)
{
	return w->at < w->text.len ? w->text.ptr[w->at] : '\0';
}

static void skip_blanks(struct walk *w)
{
	char c;

	while ((c = peek(w)) == ' ' || c == '\t' || c == '\n' || c == '\r')
		w->at++;
}

static bool skip_char(struct walk *w, char c)
{
	if (peek(w) != c || w->at >= w->text.len)
		return false;
	w->at++;
	return true;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

/* The four digits behind \u; -1 when they are not there. */
static int hex4(str text, size_t at)
{
	int value = 0;

	for (size_t i = at; i < at + 4; i++) {
		int digit = i < text.len ? hex_value(text.ptr[i]) : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static bool skip_escape(struct walk *w)
{
	char c = peek(w);

	if (c == 'u') {
		if (hex4(w->text, w->at + 1) < 0)
			return false;
		w->at += 5;
		return true;
	}
	if (c == '\0' || !strchr("\"\\/bfnrt", c))
		return false;
	w->at++;
	return true;
}

static bool skip_string(struct walk *w)
{
	if (!skip_char(w, '"'))
		return false;
	while (w->at < w->text.len) {
		uint8_t c = (uint8_t)w->text.ptr[w->at++];

		if (c == '"')
			return true;
		if (c < 0x20 || (c == '\\' && !skip_escape(w)))
			return false;
	}
	return false;
}

static bool skip_digits(struct walk *w)
{
	size_t from = w->at;

	while (peek(w) >= '0' && peek(w) <= '9')
		w->at++;
	return w->at > from;
}

static bool skip_number(struct walk *w)
{
	skip_char(w, '-');
	if (!skip_char(w, '0') && !skip_digits(w))
		return false;
	if (skip_char(w, '.') && !skip_digits(w))
		return false;
	if (!skip_char(w, 'e') && !skip_char(w, 'E'))
		return true;
	if (!skip_char(w, '+'))
		skip_char(w, '-');
	return skip_digits(w);
}

static bool skip_word(struct walk *w, str word)
{
	if (!str_is(str_part(w->text, w->at, word.len), word))
		return false;
	w->at += word.len;
	return true;
}

static bool skip_value(struct walk *w, unsigned depth);

static bool skip_name(struct walk *w)
{
	skip_blanks(w);
	if (!skip_string(w))
		return false;
	skip_blanks(w);
	return skip_char(w, ':');
}

/* What stands between brackets; the opening one is behind us. */
static bool skip_inside(struct walk *w, char closing, unsigned depth)
{
	skip_blanks(w);
	if (skip_char(w, closing))
		return true;
	do {
		if (closing == '}' && !skip_name(w))
			return false;
		if (!skip_value(w, depth))
			return false;
	} while (skip_char(w, ','));
	return skip_char(w, closing);
}

/* One value with the blanks around it. */
static bool skip_value(struct walk *w, unsigned depth)
{
	bool good;

	skip_blanks(w);
	if (peek(w) == '{' || peek(w) == '[') {
		char closing = w->text.ptr[w->at++] == '{' ? '}' : ']';

		good = depth < LIVE_JSON_DEPTH_MAX && skip_inside(w, closing, depth + 1);
	} else if (peek(w) == '"') {
		good = skip_string(w);
	} else {
		good = skip_word(w, S("true")) || skip_word(w, S("false")) ||
		       skip_word(w, S("null")) || skip_number(w);
	}
	skip_blanks(w);
	return good;
}

static struct live_field *field_named(struct arena *arena, struct live_field *fields, size_t count,
                                      str raw_name)
{
	str name;

	if (!live_text(arena, raw_name, &name))
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (str_is(name, str_of(fields[i].name)))
			return &fields[i];
	return NULL;
}

static enum err refuse(str *why, str sentence)
{
	*why = sentence;
	return ERR_INPUT;
}

static enum err member(struct arena *arena, struct walk *w, struct live_field *fields, size_t count,
                       str *why)
{
	struct live_field *field;
	size_t from;

	skip_blanks(w);
	from = w->at;
	if (!skip_string(w))
		return refuse(why, S("The message is not valid JSON."));
	field = field_named(arena, fields, count, str_part(w->text, from, w->at - from));
	skip_blanks(w);
	if (!skip_char(w, ':'))
		return refuse(why, S("The message is not valid JSON."));
	from = w->at;
	if (!skip_value(w, 1))
		return refuse(why, S("The message is not valid JSON, or nested too deeply."));
	if (!field)
		return OK;
	if (field->raw.ptr)
		return refuse(why, S("The message names a member twice."));
	field->raw = str_trim(str_part(w->text, from, w->at - from));
	return OK;
}

enum err live_members(struct arena *arena, str text, struct live_field *fields, size_t count,
                      str *why)
{
	struct walk w = { .text = text };

	for (size_t i = 0; i < count; i++)
		fields[i].raw = STR_NONE;
	if (!str_is_utf8(text))
		return refuse(why, S("The message is not UTF-8."));
	skip_blanks(&w);
	if (!skip_char(&w, '{'))
		return refuse(why, S("The message is not a JSON object."));
	skip_blanks(&w);
	if (!skip_char(&w, '}')) {
		do {
			TRY(member(arena, &w, fields, count, why));
		} while (skip_char(&w, ','));
		if (!skip_char(&w, '}'))
			return refuse(why, S("The message is not valid JSON."));
	}
	skip_blanks(&w);
	return w.at == text.len ? OK : refuse(why, S("Something stands behind the message."));
}

static void put_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_byte(out, (uint8_t)c);
	} else if (c < 0x800) {
		buf_byte(out, (uint8_t)(0xC0 | c >> 6));
		buf_byte(out, (uint8_t)(0x80 | (c & 0x3F)));
	} else if (c < 0x10000) {
		buf_byte(out, (uint8_t)(0xE0 | c >> 12));
		buf_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3F)));
		buf_byte(out, (uint8_t)(0x80 | (c & 0x3F)));
	} else {
		buf_byte(out, (uint8_t)(0xF0 | c >> 18));
		buf_byte(out, (uint8_t)(0x80 | (c >> 12 & 0x3F)));
		buf_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3F)));
		buf_byte(out, (uint8_t)(0x80 | (c & 0x3F)));
	}
}

/* At the u of \uXXXX; moves behind it, and behind its other half. False for half a pair. */
static bool put_unicode(struct buf *out, str raw, size_t *at)
{
	int high = hex4(raw, *at + 1), low;

	*at += 5;
	if (high < 0 || (high >= 0xDC00 && high <= 0xDFFF))
		return false;
	if (high < 0xD800 || high > 0xDBFF) {
		put_utf8(out, (uint32_t)high);
		return true;
	}
	low = str_is(str_part(raw, *at, 2), S("\\u")) ? hex4(raw, *at + 2) : -1;
	*at += 6;
	if (low < 0xDC00 || low > 0xDFFF)
		return false;
	put_utf8(out, 0x10000 + ((uint32_t)(high - 0xD800) << 10) + (uint32_t)(low - 0xDC00));
	return true;
}

static bool put_escape(struct buf *out, str raw, size_t *at)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	if (raw.ptr[*at] == 'u')
		return put_unicode(out, raw, at);
	letter = raw.ptr[*at] ? strchr(letters, raw.ptr[*at]) : NULL;
	if (!letter)
		return false;
	buf_byte(out, (uint8_t)meant[letter - letters]);
	(*at)++;
	return true;
}

bool live_text(struct arena *arena, str raw, str *out)
{
	struct buf text = buf_in(arena, raw.len + 1);
	str inside;

	if (raw.len < 2 || raw.ptr[0] != '"' || raw.ptr[raw.len - 1] != '"')
		return false;
	inside = str_part(raw, 1, raw.len - 2);
	for (size_t at = 0; at < inside.len;) {
		size_t plain = str_find(str_part(inside, at, inside.len), '\\');

		buf_str(&text, str_part(inside, at, plain));
		at += plain;
		if (at < inside.len && (++at == inside.len || !put_escape(&text, inside, &at)))
			return false;
	}
	*out = buf_text(&text);
	return !text.failed;
}

/* A member that must be text where it is there at all. */
static enum err text_or_empty(struct arena *arena, const struct live_field *field, str *out,
                              str *why)
{
	*out = S("");
	if (!field->raw.ptr || str_is(field->raw, S("null")))
		return OK;
	if (live_text(arena, field->raw, out))
		return OK;
	*why = arena_printf(arena, "\"%s\" must be a string.", field->name);
	return ERR_INPUT;
}

enum err live_message_read(struct arena *arena, str text, struct live_message *out, str *why)
{
	struct live_field fields[] = { { .name = "event" },
		                       { .name = "channel" },
		                       { .name = "data" } };

	*out = (struct live_message){ 0 };
	TRY(live_members(arena, text, fields, COUNT_OF(fields), why));
	TRY(text_or_empty(arena, &fields[0], &out->event, why));
	TRY(text_or_empty(arena, &fields[1], &out->channel, why));
	out->data = fields[2].raw;
	if (out->event.len == 0)
		return refuse(why, S("The message has no \"event\"."));
	return OK;
}

enum err live_subscribe_read(struct arena *arena, str data, struct live_subscribe *out, str *why)
{
	struct live_field fields[] = { { .name = "channel" },
		                       { .name = "auth" },
		                       { .name = "channel_data" } };
	str inner;

	*out = (struct live_subscribe){ 0 };
	if (live_text(arena, data, &inner))
		data = inner;
	if (!data.ptr)
		return refuse(why, S("The message has no \"data\"."));
	TRY(live_members(arena, data, fields, COUNT_OF(fields), why));
	TRY(text_or_empty(arena, &fields[0], &out->channel, why));
	/* Whatever else stands in auth is a wrong signature, not a broken message. */
	if (!live_text(arena, fields[1].raw, &out->auth))
		out->auth = S("");
	out->has_channel_data = live_text(arena, fields[2].raw, &out->channel_data);
	return OK;
}

static bool is_whole_number(str raw)
{
	return str_is_digits(raw.len && raw.ptr[0] == '-' ? str_part(raw, 1, raw.len) : raw);
}

static enum err read_user(struct arena *arena, const struct live_field *fields,
	struct live_user *out, str *why)
{
	*out = (struct live_user){ .id_raw = fields[0].raw,
		.info_raw = fields[1].raw,
		.watch_raw = fields[2].raw };
	if (is_whole_number(out->id_raw))
		out->id = out->id_raw;
	else if (!live_text(arena, out->id_raw, &out->id))
		return refuse(why, arena_printf(arena,
					   "The user needs a \"%s\": a string or a whole number.",
					   fields[0].name));
	if (!out->info_raw.ptr || str_is(out->info_raw, S("null")))
		out->info_raw = S("{}");
	if (out->info_raw.ptr[0] != '{')
		return refuse(why, S("user_info, if supplied, must be an object."));
	return OK;
}

enum err live_user_read(struct arena *arena, str channel_data, struct live_user *out, str *why)
{
	struct live_field fields[] = { { .name = "user_id" }, { .name = "user_info" },
		{ "", S("") } };

	TRY(live_members(arena, channel_data, fields, 2, why));
	return read_user(arena, fields, out, why);
}

enum err live_person_read(struct arena *arena, str user_data, struct live_user *out, str *why)
{
	struct live_field fields[] = { { .name = "id" },
		                       { .name = "user_info" },
		                       { .name = "watchlist" } };

	TRY(live_members(arena, user_data, fields, COUNT_OF(fields), why));
	return read_user(arena, fields, out, why);
}

enum err live_credential_read(struct arena *arena, str data, struct live_credential *out, str *why)
{
	struct live_field fields[] = { { .name = "auth" }, { .name = "user_data" } };
	str inner;

	*out = (struct live_credential){ S(""), S("") };
	if (live_text(arena, data, &inner))
		data = inner;
	if (!data.ptr)
		return refuse(why, S("The message has no \"data\"."));
	TRY(live_members(arena, data, fields, COUNT_OF(fields), why));
	/* Whatever else stands there is a wrong signature, not a broken message. */
	if (!live_text(arena, fields[0].raw, &out->auth))
		out->auth = S("");
	if (!live_text(arena, fields[1].raw, &out->user_data))
		out->user_data = S("");
	return OK;
}

struct ws_frame *live_event_frame(const struct live_event *event)
{
	struct buf text = buf_heap(FRAME_TEXT_MAX);
	struct ws_frame *frame;

	live_write_event(&text, event->name, event->channel, event->data);
	frame = ws_frame_create(buf_text(&text));
	buf_done(&text);
	return frame;
}

void live_write_event(struct buf *out, str event, str channel, str data)
{
	json_open(out, '{');
	json_put(out, "event", event);
	if (channel.ptr)
		json_put(out, "channel", channel);
	if (data.ptr)
		json_put(out, "data", data);
	json_close(out, '}');
}

void live_write_error(struct buf *out, str channel, int code, str message)
{
	json_open(out, '{');
	json_put(out, "event", S("pusher:error"));
	if (channel.len)
		json_put(out, "channel", channel);
	json_open_in(out, "data", '{');
	if (code == LIVE_ERROR_NONE)
		json_put_null(out, "code");
	else
		json_put_int(out, "code", code);
	json_put(out, "message", message);
	json_close(out, '}');
	json_close(out, '}');
}

void live_write_refusal(struct buf *out, str channel, const struct live_refusal *refusal)
{
	json_open(out, '{');
	json_put(out, "event", S("pusher:subscription_error"));
	json_put(out, "channel", channel);
	json_open_in(out, "data", '{');
	json_put(out, "type", str_of(refusal->type));
	json_put(out, "error", refusal->message);
	json_put_int(out, "status", refusal->status);
	json_close(out, '}');
	json_close(out, '}');
}
