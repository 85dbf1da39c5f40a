/* csv.c: see csv.h. */
#include "base/csv.h"

#define SNIFF_LINES 10
#define SNIFF_OCTETS 4096

/* ---- octets to text ---- */

const char *csv_encoding_name(enum csv_encoding encoding)
{
	static const char *const names[] = {
		[CSV_UTF8] = "utf-8",
		[CSV_UTF16_LE] = "utf-16le",
		[CSV_UTF16_BE] = "utf-16be",
		[CSV_LATIN1] = "windows-1252",
	};

	return names[encoding];
}

/* Zeros at every other octet of the beginning: Latin letters in UTF-16 without a mark. */
static size_t zeros_at(bytes file, size_t parity)
{
	size_t n = 0, end = file.len < SNIFF_OCTETS ? file.len : SNIFF_OCTETS;

	for (size_t i = parity; i < end; i += 2)
		n += file.ptr[i] == 0;
	return n;
}

static bool is_mostly(bytes file, size_t zeros)
{
	size_t pairs = (file.len < SNIFF_OCTETS ? file.len : SNIFF_OCTETS) / 2;

	return pairs > 1 && zeros * 2 > pairs;
}

static bool has_mark(bytes file, const char *mark, size_t len)
{
	return file.len >= len && memcmp(file.ptr, mark, len) == 0;
}

enum csv_encoding csv_encoding_of(bytes file)
{
	if (has_mark(file, "\xFF\xFE", 2) || is_mostly(file, zeros_at(file, 1)))
		return CSV_UTF16_LE;
	if (has_mark(file, "\xFE\xFF", 2) || is_mostly(file, zeros_at(file, 0)))
		return CSV_UTF16_BE;
	return str_is_utf8(str_from(file)) ? CSV_UTF8 : CSV_LATIN1;
}

static void put_point(struct buf *out, uint32_t c)
{
	if (c == 0 || (c >= 0xD800 && c < 0xE000) || c > 0x10FFFF)
		c = 0xFFFD;
	if (c < 0x80) {
		buf_byte(out, (uint8_t)c);
	} else if (c < 0x800) {
		buf_byte(out, (uint8_t)(0xC0 | c >> 6));
		buf_byte(out, (uint8_t)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		buf_byte(out, (uint8_t)(0xE0 | c >> 12));
		buf_byte(out, (uint8_t)(0x80 | (c >> 6 & 63)));
		buf_byte(out, (uint8_t)(0x80 | (c & 63)));
	} else {
		buf_byte(out, (uint8_t)(0xF0 | c >> 18));
		buf_byte(out, (uint8_t)(0x80 | (c >> 12 & 63)));
		buf_byte(out, (uint8_t)(0x80 | (c >> 6 & 63)));
		buf_byte(out, (uint8_t)(0x80 | (c & 63)));
	}
}

static uint32_t unit_at(bytes file, size_t i, bool big)
{
	return big ? (uint32_t)file.ptr[i] << 8 | file.ptr[i + 1]
		   : (uint32_t)file.ptr[i + 1] << 8 | file.ptr[i];
}

static void decode_utf16(bytes file, bool big, struct buf *out)
{
	for (size_t i = 0; i + 1 < file.len; i += 2) {
		uint32_t c = unit_at(file, i, big);

		if (i == 0 && c == 0xFEFF)
			continue;
		if (c >= 0xD800 && c < 0xDC00 && i + 3 < file.len) {
			uint32_t low = unit_at(file, i + 2, big);

			if (low >= 0xDC00 && low < 0xE000) {
				c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
				i += 2;
			}
		}
		put_point(out, c);
	}
}

/* Windows has letters where Latin-1 has controls. */
static uint32_t windows_point(uint8_t octet)
{
	static const uint16_t upper[32] = {
		0x20AC,
		0xFFFD,
		0x201A,
		0x0192,
		0x201E,
		0x2026,
		0x2020,
		0x2021,
		0x02C6,
		0x2030,
		0x0160,
		0x2039,
		0x0152,
		0xFFFD,
		0x017D,
		0xFFFD,
		0xFFFD,
		0x2018,
		0x2019,
		0x201C,
		0x201D,
		0x2022,
		0x2013,
		0x2014,
		0x02DC,
		0x2122,
		0x0161,
		0x203A,
		0x0153,
		0xFFFD,
		0x017E,
		0x0178,
	};

	return octet >= 0x80 && octet < 0xA0 ? upper[octet - 0x80] : octet;
}

/* Well-formed but for zeros, which no text has. */
static void decode_utf8(bytes file, struct buf *out)
{
	size_t from = has_mark(file, "\xEF\xBB\xBF", 3) ? 3 : 0;

	for (size_t i = from; i < file.len; i++)
		if (file.ptr[i])
			buf_byte(out, file.ptr[i]);
		else
			put_point(out, 0);
}

void csv_decode(bytes file, enum csv_encoding encoding, struct buf *out)
{
	switch (encoding) {
	case CSV_UTF16_LE:
	case CSV_UTF16_BE:
		decode_utf16(file, encoding == CSV_UTF16_BE, out);
		return;
	case CSV_LATIN1:
		for (size_t i = 0; i < file.len; i++)
			put_point(out, windows_point(file.ptr[i]));
		return;
	case CSV_UTF8:
		if (str_is_utf8(str_from(file)))
			decode_utf8(file, out);
		else
			csv_decode(file, CSV_LATIN1, out);
	}
}

/* ---- the delimiter ---- */

/* How often it stands outside of quotes in each of the first lines: the least, 0 when a line has
 * another number. */
static size_t evenness(str text, char delimiter)
{
	size_t lines = 0, first = 0, here = 0;
	bool quoted = false, even = true;

	for (size_t i = 0; i <= text.len && lines < SNIFF_LINES; i++) {
		char c = i < text.len ? text.ptr[i] : '\n';

		if (c == '"')
			quoted = !quoted;
		if (quoted && i < text.len)
			continue;
		here += c == delimiter;
		if (c != '\n' || (i == text.len && !here))
			continue;
		first = lines ? first : here;
		even = even && here == first;
		here = 0;
		lines++;
	}
	return first ? first * 2 + even * 1000 : 0;
}

char csv_delimiter_of(str text)
{
	static const char candidates[] = { ',', ';', '\t', '|' };
	size_t best = 0;
	char found = ',';

	for (size_t i = 0; i < sizeof candidates; i++) {
		size_t score = evenness(text, candidates[i]);

		if (score > best) {
			best = score;
			found = candidates[i];
		}
	}
	return found;
}

/* ---- rows ---- */

static char peek(const struct csv *csv)
{
	return csv->at < csv->text.len ? csv->text.ptr[csv->at] : '\n';
}

static bool ends_cell(const struct csv *csv)
{
	char c = peek(csv);

	return c == csv->delimiter || c == '\n' || c == '\r';
}

/* At the octet behind the opening quote; a doubled one stands for itself. */
static void read_quoted(struct csv *csv, struct buf *out, bool *has_end)
{
	while (csv->at < csv->text.len) {
		char c = csv->text.ptr[csv->at++];

		if (c == '"' && (csv->at >= csv->text.len || csv->text.ptr[csv->at] != '"'))
			return;
		csv->at += c == '"';
		buf_byte(out, (uint8_t)c);
	}
	*has_end = false;
}

static str cell_of(const struct buf *raw, bool *is_cut)
{
	size_t len = raw->len;

	*is_cut |= raw->failed;
	while (raw->failed && len > 0 && !str_is_utf8((str){ (const char *)raw->ptr, len }))
		len--;
	return (str){ raw->ptr ? (const char *)raw->ptr : "", len };
}

static str read_cell(struct csv *csv, struct arena *arena, struct csv_row *row)
{
	size_t from = csv->at;
	struct buf raw = buf_in(arena, CSV_CELL_MAX);

	if (peek(csv) != '"' || csv->at >= csv->text.len) {
		while (csv->at < csv->text.len && !ends_cell(csv))
			csv->at++;
		if (csv->at - from <= CSV_CELL_MAX)
			return str_part(csv->text, from, csv->at - from);
		buf_put(&raw, csv->text.ptr + from, CSV_CELL_MAX);
		raw.failed = true;
		return cell_of(&raw, &row->is_cut);
	}
	csv->at++;
	read_quoted(csv, &raw, &row->has_end);
	while (csv->at < csv->text.len && !ends_cell(csv))
		buf_byte(&raw, (uint8_t)csv->text.ptr[csv->at++]);
	return cell_of(&raw, &row->is_cut);
}

static void end_row(struct csv *csv)
{
	if (csv->at < csv->text.len && csv->text.ptr[csv->at] == '\r')
		csv->at++;
	if (csv->at < csv->text.len && csv->text.ptr[csv->at] == '\n')
		csv->at++;
}

static bool is_empty(const struct csv_row *row)
{
	for (size_t i = 0; i < row->count; i++)
		if (str_trim(row->cells[i]).len)
			return false;
	return true;
}

static void read_row(struct csv *csv, struct arena *arena, struct csv_row *out)
{
	str cells[CSV_CELLS_MAX];

	*out = (struct csv_row){ .row = ++csv->row, .has_end = true };
	for (;;) {
		str cell = read_cell(csv, arena, out);

		if (out->count < CSV_CELLS_MAX)
			cells[out->count++] = cell;
		else
			out->is_cut = true;
		if (csv->at >= csv->text.len || peek(csv) != csv->delimiter)
			break;
		csv->at++;
	}
	end_row(csv);
	out->cells = ARENA_ARRAY(arena, str, out->count);
	memcpy(out->cells, cells, out->count * sizeof *cells);
}

bool csv_next(struct csv *csv, struct arena *arena, struct csv_row *out)
{
	while (csv->at < csv->text.len) {
		read_row(csv, arena, out);
		if (!is_empty(out))
			return true;
	}
	return false;
}

/* ---- writing ---- */

static bool is_number(str cell)
{
	size_t digits = 0, points = 0;

	for (size_t i = cell.ptr[0] == '-'; i < cell.len; i++) {
		digits += cell.ptr[i] >= '0' && cell.ptr[i] <= '9';
		points += cell.ptr[i] == '.';
	}
	return cell.ptr[0] != '+' && digits > 0 && points <= 1 &&
	       digits + points + (cell.ptr[0] == '-') == cell.len;
}

static bool is_formula(str cell)
{
	return cell.len && memchr("=+-@\t\r", cell.ptr[0], 6) && !is_number(cell);
}

void csv_put(struct buf *out, str cell)
{
	bool first = !out->len || out->ptr[out->len - 1] == '\n';

	if (!first)
		buf_byte(out, ',');
	buf_byte(out, '"');
	if (is_formula(cell))
		buf_byte(out, '\'');
	for (size_t i = 0; i < cell.len; i++) {
		if (cell.ptr[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, (uint8_t)cell.ptr[i]);
	}
	buf_byte(out, '"');
}

void csv_put_end(struct buf *out)
{
	buf_str(out, S("\r\n"));
}
