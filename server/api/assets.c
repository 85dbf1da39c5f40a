/*
 * assets.c: the console, out of the binary.
 *
 * Any path that is neither a route nor a file is the console's own to route, so it gets index.html.
 * What is under /assets/ carries a hash in its name and may be kept for ever; the rest is asked for
 * again with its ETag.
 */
#include "api/assets.h"

#include "api/handlers.h"

#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* zlib's way to say: gzip framing */
#define HASHED S("/assets/")

static const struct asset *find(str path)
{
	unsigned low = 0, high = console_asset_count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;
		int order = str_compare(path, str_of(console_assets[middle].path));

		if (order == 0)
			return &console_assets[middle];
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/* Until the console is built: a page that says how. */
static enum err not_built(struct response *res)
{
	res->type = S("text/html; charset=utf-8");
	buf_str(&res->body,
		S("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Parley</title>"
		  "<h1>Parley is running</h1><p>The console is not in this binary. Build it and "
	          "the server again with "
		  "<code>script/build</code>; the API is at <code>/api/v1</code> and described at "
		  "<a href=\"/openapi.json\">/openapi.json</a>.</p></html>\n"));
	return OK;
}

static bool accepts_gzip(const struct request *req)
{
	str rest = request_header(req, S("accept-encoding"));

	while (rest.len) {
		str item = str_split(&rest, ','), name = str_trim(str_split(&item, ';'));

		if (str_is_nocase(name, S("gzip")) || str_is(name, S("*")))
			return !str_is(str_trim(item), S("q=0"));
	}
	return false;
}

/* If-None-Match: any of the tags, weak or not, or *. */
static bool is_known(const struct request *req, const struct asset *asset)
{
	str rest = request_header(req, S("if-none-match"));

	while (rest.len) {
		str tag = str_trim(str_split(&rest, ','));

		if (str_starts(tag, S("W/")))
			tag = str_part(tag, 2, tag.len);
		if (str_is(tag, str_of(asset->etag)) || str_is(tag, S("*")))
			return true;
	}
	return false;
}

static enum err inflate_into(struct job *job, const struct asset *asset, struct buf *out)
{
	z_stream z = { .next_in = (Bytef *)(uintptr_t)asset->gzip, .avail_in = asset->gzip_size };
	uint8_t *to = buf_space(out, asset->size);
	int done;

	if (!to || inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return fail(job, ERR_BUG, "no room to inflate an asset");
	z.next_out = to;
	z.avail_out = asset->size;
	done = inflate(&z, Z_FINISH);
	inflateEnd(&z);
	return done == Z_STREAM_END && z.avail_out == 0
	               ? OK
	               : fail(job, ERR_BUG, "an embedded asset does not inflate");
}

static enum err send(struct job *job, const struct request *req, struct response *res,
	const struct asset *asset)
{
	bool hashed = str_starts(str_of(asset->path), HASHED), gzip = accepts_gzip(req);

	response_header(res, S("Cache-Control"),
		hashed ? S("public, max-age=31536000, immutable") : S("no-cache"));
	response_header(res, S("Vary"), S("Accept-Encoding"));
	/* Strong tags tell representations apart; the inflated one is the same in meaning only. */
	response_header(res, S("ETag"),
		gzip ? str_of(asset->etag) : arena_printf(job->arena, "W/%s", asset->etag));
	res->type = str_of(asset->mime);
	if (is_known(req, asset)) {
		res->status = 304;
		return OK;
	}
	if (!gzip)
		return inflate_into(job, asset, &res->body);
	response_header(res, S("Content-Encoding"), S("gzip"));
	res->static_body = asset->gzip;
	res->static_size = asset->gzip_size;
	return OK;
}

enum err assets_get(struct job *job, const struct request *req, struct response *res)
{
	const struct asset *asset = find(req->path), *index = find(S("/index.html"));

	if (!index)
		return not_built(res);
	if (!asset && str_starts(req->path, HASHED))
		return ERR_MISSING;
	return send(job, req, res, asset ? asset : index);
}
