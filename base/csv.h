/*
 * csv.h: tables as text: what spreadsheets write, read; and what they read, written.
 *
 * Reading takes any octets: the encoding is told by a byte order mark or guessed, the delimiter is
 * guessed from the first lines, quotes are RFC 4180's. Writing is UTF-8 with commas; a cell that a
 * spreadsheet would take for a formula gets an apostrophe in front.
 */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/buf.h"

#define CSV_CELLS_MAX 200    /* of a row; the rest is dropped and `is_cut` says so */
#define CSV_CELL_MAX 32767   /* octets; as a spreadsheet holds characters; the same */

enum csv_encoding { CSV_UTF8, CSV_UTF16_LE, CSV_UTF16_BE, CSV_LATIN1 };
/* "utf-8", "utf-16le", "utf-16be", "windows-1252". */
const char *csv_encoding_name(enum csv_encoding encoding);
/* What the octets are, by mark or by look. Latin-1 is what is nothing else, as Windows writes it.
 */
enum csv_encoding csv_encoding_of(bytes file);
/* Writes the text as well-formed UTF-8 without a mark; what cannot be becomes U+FFFD. At most three
 * octets for one of the file. */
void csv_decode(bytes file, enum csv_encoding encoding, struct buf *out);
/* Comma, semicolon, tab or bar: the one that cuts the first lines most evenly. Comma if none does.
 */
char csv_delimiter_of(str text);

/* Where a reading stands. The text is borrowed. */
struct csv { str text; size_t at; char delimiter; int64_t row; };
/* row: from 1, as a spreadsheet counts, empty ones too. has_end false: a quote never closed. */
struct csv_row { str *cells; size_t count; int64_t row; bool is_cut, has_end; };

/* The next row that is not empty; false at the end. Cells lie in the arena or in the text. */
bool csv_next(struct csv *csv, struct arena *arena, struct csv_row *out);

/* One cell, and the end of a row. A cell that begins with = + - @ tab or return is kept from being
 * a formula, unless it is a plain number (a phone with its plus is none: it keeps the apostrophe).
 */
void csv_put(struct buf *out, str cell);
void csv_put_end(struct buf *out);

#endif
