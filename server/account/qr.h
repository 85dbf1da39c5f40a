/*
 * qr.h: a text as a QR code: for a page, and for a terminal. Plain functions; any thread.
 */
#ifndef ACCOUNT_QR_H
#define ACCOUNT_QR_H

#include "base/buf.h"

/* An SVG picture, dark on white with a quiet zone, of no size of its own; empty when the text is
 * too long for a QR code. */
str qr_svg(struct arena *arena, str text);
/* Lines of half blocks, two modules in each sign; the light ones are drawn, so that it scans on a
 * dark terminal. Empty as above. */
str qr_lines(struct arena *arena, str text);

#endif
