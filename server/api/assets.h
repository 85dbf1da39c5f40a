/*
 * assets.h: the console's files, built into the binary by tools/embed.py.
 *
 * The table is sorted by path in byte order. Bodies are stored gzip-compressed only: answer with
 * "Content-Encoding: gzip", or inflate for a client that does not accept it. The names under
 * /assets/ hold a hash of their content, so these may be cached for ever; everything else is
 * revalidated by ETag.
 *
 * The console routes by path. So GET of a path that is no asset and no route of the server's own
 * answers the asset "/index.html" with 200, except under /assets/, where a missing file is a 404.
 */
#ifndef PARLEY_API_ASSETS_H
#define PARLEY_API_ASSETS_H

struct asset {
	const char *path;          /* from the web root, with the leading slash */
	const char *mime;          /* the whole Content-Type */
	const char *etag;          /* strong, with its quotes */
	const unsigned char *gzip; /* the compressed body */
	unsigned gzip_size;        /* bytes of it */
	unsigned size;             /* bytes when inflated */
};

extern const struct asset console_assets[];
extern const unsigned console_asset_count;

#endif
