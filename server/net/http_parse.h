/*
 * http_parse.h: the grammar of HTTP/1.1 (RFC 9112), on octets alone.
 *
 * No sockets and no memory of its own: what is found points into the input. One reading of every
 * message, or none: where two servers could disagree about where a message ends, it is refused.
 * Statuses are the HTTP answers to give.
 */
#ifndef NET_HTTP_PARSE_H
#define NET_HTTP_PARSE_H

#include "net/http.h"

#define CHUNK_LINE_MAX 256      /* chunk size with its extensions, or one trailer line */
#define CHUNK_TRAILERS_MAX 4096 /* all trailer lines */

struct head {
	enum http_method method;
	str target, path, query; /* path as it came, still encoded */
	str host;
	bool is_http10, keep_alive, is_chunked, expects_continue, has_upgrade;
	int64_t content_length; /* -1: none given */
	struct header headers[HTTP_HEADERS_MAX];
	size_t header_count;
	const char *detail; /* why it was refused */
};

/*
 * Looks for the empty line that ends a head. Answers its length, the empty line included; 0 when
 * more is needed; -status when no more would help. *scanned remembers how far it looked: 0 at
 * first. At most one leading empty line is skipped: part of the length, for http_head_parse to
 * skip, too.
 */
ptrdiff_t http_head_find(bytes in, size_t *scanned, const char **detail);
/* 0, or a status with out->detail. head: as found. */
int http_head_parse(str head, struct head *out);

/* True when the comma-separated list has the token (case-insensitive). */
bool http_list_has(str list, str token);
bool http_is_token(str s);
bool http_is_field_value(str s); /* no control octets but tab */

/* A chunked body, taken apart piece by piece. Starts zeroed. */
struct chunked {
	enum { CHUNK_SIZE, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER, CHUNK_DONE } state;
	uint64_t left; /* of this chunk */
	size_t line_len, trailers_len;
	char line[CHUNK_LINE_MAX];
};
/*
 * Takes octets from in (moving it on) up to the next piece of data, the end, or the end of input.
 * data may come out empty. False when the framing is broken.
 */
bool chunked_read(struct chunked *c, bytes *in, bytes *data);

/* Decodes %XX of a segment; with keep_slash, %2F stays as it is. False: bad escape, a control
 * octet, not UTF-8, or a segment that becomes "." or "..". */
bool path_decode(struct arena *arena, str raw, bool keep_slash, str *out);

#endif
