/* qr.c: see qr.h. */
#include "account/qr.h"

#include <qrencode.h>

#define PICTURE_MAX (256u << 10)
#define QUIET_ZONE 4 /* modules around it, as ISO 18004 wants */
#define LINE_ZONE 2  /* in a terminal, whose lines are dear: scanners take it */

/* ---- SVG ---- */

/* Each run of dark modules in a row is one rectangle of the path. */
static void write_row(struct buf *out, const uint8_t *row, int width, int y)
{
	for (int x = 0; x < width; x++) {
		int from = x;

		while (x < width && row[x] & 1)
			x++;
		if (x > from)
			buf_printf(out, "M%d %dh%dv1h-%dz", from + QUIET_ZONE, y + QUIET_ZONE,
				x - from, x - from);
	}
}

str qr_svg(struct arena *arena, str text)
{
	QRcode *code = QRcode_encodeString8bit(arena_cstr(arena, text), 0, QR_ECLEVEL_M);
	struct buf out = buf_in(arena, PICTURE_MAX);
	int side;

	if (!code)
		return S("");
	side = code->width + 2 * QUIET_ZONE;
	buf_printf(&out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
		"shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/>"
		"<path fill=\"#000\" d=\"",
		side, side, side, side);
	for (int y = 0; y < code->width; y++)
		write_row(&out, code->data + (size_t)y * (size_t)code->width, code->width, y);
	buf_str(&out, S("\"/></svg>"));
	QRcode_free(code);
	return buf_text(&out);
}

/* ---- a terminal ---- */

static bool is_dark(const QRcode *code, int x, int y)
{
	return x >= 0 && y >= 0 && x < code->width && y < code->width &&
		code->data[y * code->width + x] & 1;
}

str qr_lines(struct arena *arena, str text)
{
	static const str signs[] = { S("█"), S("▀"), S("▄"), S(" ") };
	QRcode *code = QRcode_encodeString8bit(arena_cstr(arena, text), 0, QR_ECLEVEL_L);
	struct buf out = buf_in(arena, PICTURE_MAX);

	if (!code)
		return S("");
	for (int y = -LINE_ZONE; y < code->width + LINE_ZONE; y += 2) {
		for (int x = -LINE_ZONE; x < code->width + LINE_ZONE; x++)
			buf_str(&out,
				signs[2 * is_dark(code, x, y) + is_dark(code, x, y + 1)]);
		buf_byte(&out, '\n');
	}
	QRcode_free(code);
	return buf_text(&out);
}
