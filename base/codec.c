/* codec.c: see codec.h. */
#include "base/codec.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void hex_write(struct buf *out, bytes in)
{
	for (size_t i = 0; i < in.len; i++) {
		buf_byte(out, (uint8_t)hex_digits[in.ptr[i] >> 4]);
		buf_byte(out, (uint8_t)hex_digits[in.ptr[i] & 15]);
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_read(str in, struct buf *out)
{
	if (in.len % 2)
		return false;
	for (size_t i = 0; i < in.len; i += 2) {
		int high = hex_value(in.ptr[i]), low = hex_value(in.ptr[i + 1]);

		if (high < 0 || low < 0)
			return false;
		buf_byte(out, (uint8_t)(high << 4 | low));
	}
	return !out->failed;
}

static void base64_group(struct buf *out, bytes in, const char *digits, bool pad)
{
	uint32_t bits = (uint32_t)in.ptr[0] << 16;

	if (in.len > 1)
		bits |= (uint32_t)in.ptr[1] << 8;
	if (in.len > 2)
		bits |= in.ptr[2];
	for (size_t i = 0; i < 4; i++) {
		if (i <= in.len)
			buf_byte(out, (uint8_t)digits[bits >> (18 - 6 * i) & 63]);
		else if (pad)
			buf_byte(out, '=');
	}
}

static void base64_any(struct buf *out, bytes in, const char *digits, bool pad)
{
	for (size_t i = 0; i < in.len; i += 3) {
		size_t n = in.len - i < 3 ? in.len - i : 3;

		base64_group(out, (bytes){ in.ptr + i, n }, digits, pad);
	}
}

void base64_write(struct buf *out, bytes in)
{
	base64_any(out, in, base64_digits, true);
}

void base64url_write(struct buf *out, bytes in)
{
	base64_any(out, in, base64url_digits, false);
}

static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* Takes the padding off; false when there is some and it is not right, or the length cannot be. */
static bool base64_trim(str *in)
{
	size_t padding = str_ends(*in, S("==")) ? 2 : str_ends(*in, S("=")) ? 1 : 0;

	if (padding && in->len % 4 != 0)
		return false;
	in->len -= padding;
	return in->len % 4 != 1;
}

bool base64_read(str in, struct buf *out)
{
	uint32_t bits = 0;
	size_t have = 0;

	if (!base64_trim(&in))
		return false;
	for (size_t i = 0; i < in.len; i++) {
		int value = base64_value(in.ptr[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_byte(out, (uint8_t)(bits >> have));
		}
	}
	return !out->failed && (bits & ((1u << have) - 1)) == 0;
}

static bool is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void percent_write(struct buf *out, str in)
{
	for (size_t i = 0; i < in.len; i++) {
		if (is_unreserved(in.ptr[i]))
			buf_byte(out, (uint8_t)in.ptr[i]);
		else
			buf_printf(out, "%%%02X", (unsigned)(uint8_t)in.ptr[i]);
	}
}

bool percent_read(str in, bool plus_is_space, struct buf *out)
{
	for (size_t i = 0; i < in.len; i++) {
		if (in.ptr[i] == '%') {
			if (!hex_read(str_part(in, i + 1, 2), out) || in.len - i < 3)
				return false;
			i += 2;
		} else {
			buf_byte(out, in.ptr[i] == '+' && plus_is_space ? ' ' : (uint8_t)in.ptr[i]);
		}
	}
	return !out->failed;
}

str hex_text(struct arena *arena, bytes in)
{
	struct buf out = buf_in(arena, in.len * 2 + 1);

	hex_write(&out, in);
	return buf_text(&out);
}

str base64_text(struct arena *arena, bytes in)
{
	struct buf out = buf_in(arena, in.len * 2 + 4);

	base64_write(&out, in);
	return buf_text(&out);
}
