/*
 * codec.h: hex, base64 and percent encoding.
 *
 * Encoders write to a buf; decoders want the whole text well-formed and answer false otherwise.
 */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/buf.h"

void hex_write(struct buf *out, bytes in); /* lower case */
bool hex_read(str in, struct buf *out);
void base64_write(struct buf *out, bytes in); /* RFC 4648 §4, padded */
void base64url_write(struct buf *out, bytes in); /* §5, not padded */
bool base64_read(str in, struct buf *out); /* either alphabet, padding optional */
/* RFC 3986: all but unreserved characters. */
void percent_write(struct buf *out, str in);
/* %XX and, when plus_is_space, '+'. */
bool percent_read(str in, bool plus_is_space, struct buf *out);

str hex_text(struct arena *arena, bytes in);
str base64_text(struct arena *arena, bytes in);

#endif
