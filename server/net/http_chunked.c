/*
 * http_chunked.c: the chunked transfer coding (RFC 9112 §7.1), strict.
 *
 * Sizes of up to eight hexadecimal digits, no white space around them, CRLF and nothing else as
 * line end. Extensions and trailers are bounded, checked and dropped.
 */
#include "net/http_parse.h"

enum { SIZE_DIGITS_MAX = 8 };

/* Gathers octets up to CRLF: 1 when the line is whole, 0 when more is needed, -1 when it is too
 * long or broken. */
static int take_line(struct chunked *c, bytes *in)
{
	while (in->len > 0) {
		char octet = (char)*in->ptr;

		in->ptr++;
		in->len--;
		if (octet == '\n')
			return c->line_len > 0 && c->line[--c->line_len] == '\r' ? 1 : -1;
		if (c->line_len == sizeof c->line ||
		    (c->line_len > 0 && c->line[c->line_len - 1] == '\r'))
			return -1;
		c->line[c->line_len++] = octet;
	}
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_size(struct chunked *c)
{
	str line = { c->line, c->line_len };
	size_t digits = str_find(line, ';');

	if (digits == 0 || digits > SIZE_DIGITS_MAX || !http_is_field_value(line))
		return false;
	c->left = 0;
	for (size_t i = 0; i < digits; i++) {
		int value = hex_digit(line.ptr[i]);

		if (value < 0)
			return false;
		c->left = c->left * 16 + (unsigned)value;
	}
	c->state = c->left ? CHUNK_DATA : CHUNK_TRAILER;
	return true;
}

static bool read_trailer(struct chunked *c)
{
	str line = { c->line, c->line_len };
	size_t colon = str_find(line, ':');

	c->trailers_len += line.len;
	if (line.len == 0)
		c->state = CHUNK_DONE;
	return line.len == 0 ||
	       (c->trailers_len <= CHUNK_TRAILERS_MAX && colon < line.len &&
	        http_is_token(str_part(line, 0, colon)) && http_is_field_value(line));
}

static bool read_data_end(struct chunked *c)
{
	c->state = CHUNK_SIZE;
	return c->line_len == 0;
}

static bool read_line(struct chunked *c)
{
	bool good = c->state == CHUNK_SIZE      ? read_size(c)
	            : c->state == CHUNK_TRAILER ? read_trailer(c)
	                                        : read_data_end(c);

	c->line_len = 0;
	return good;
}

bool chunked_read(struct chunked *c, bytes *in, bytes *data)
{
	*data = BYTES_NONE;
	while (in->len > 0 && c->state != CHUNK_DONE && c->state != CHUNK_DATA) {
		int whole = take_line(c, in);

		if (whole < 0 || (whole && !read_line(c)))
			return false;
	}
	if (c->state == CHUNK_DATA) {
		data->ptr = in->ptr;
		data->len = in->len < c->left ? in->len : (size_t)c->left;
		in->ptr += data->len;
		in->len -= data->len;
		c->left -= data->len;
		if (c->left == 0)
			c->state = CHUNK_DATA_END;
	}
	return true;
}
