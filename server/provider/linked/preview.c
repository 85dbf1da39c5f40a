/*
 * preview.c: what is shown under a link: fetched here, because on this network the sender makes it
 * ("receivers never fetch").
 *
 * Best effort: a message never fails and never waits long for it. A page is asked for once in
 * LINKED_RECENT_MS and number, so a broadcast asks once; a page that answers nothing is remembered,
 * too. Only addresses that all can reach are called (net/client.h), unless the channel's own may be
 * private.
 */
#include "provider/linked/preview.h"

#include "base/clock.h"
#include "provider/linked/linked_internal.h"
#include "provider/linked/media.h"
#include "provider/linked/preview_page.h"

#include <stdio.h>

#define PREVIEW_HEAD_MAX (256u << 10)   /* octets of a page that are read */
#define PREVIEW_IMAGE_MAX (1u << 20)
#define PREVIEW_LEFT_MS 300             /* with less the picture is left out */

/* ---- what was looked at lately ---- */

/* How a preview is remembered: these, and its texts one after the other. Without a title: the page
 * has none to show. */
struct lengths { size_t title, description, thumbnail; };

static bool is_kept(struct job *job, const struct linked *n, struct linked_preview *out)
{
	struct lengths len;
	const uint8_t *at;
	bytes kept;

	if (!linked_recent_find(job, &n->previews, out->url, &kept))
		return false;
	memcpy(&len, kept.ptr, sizeof len);
	at = kept.ptr + sizeof len;
	out->title = str_from((bytes){ at, len.title });
	out->description = str_from((bytes){ at + len.title, len.description });
	out->thumbnail = (bytes){ at + len.title + len.description, len.thumbnail };
	return true;
}

static void keep(struct job *job, struct linked *n, const struct linked_preview *p)
{
	const struct lengths len = { p->title.len, p->description.len, p->thumbnail.len };
	struct buf b = buf_in(job->arena,
		sizeof len + len.title + len.description + len.thumbnail);

	buf_put(&b, &len, sizeof len);
	buf_str(&b, p->title);
	buf_str(&b, p->description);
	buf_put(&b, p->thumbnail.ptr, p->thumbnail.len);
	linked_recent_keep(job, &n->previews, p->url, buf_bytes(&b));
}

/* ---- fetching ---- */

struct page { struct buf head; };

/* The rest of a page is not wanted: that ends the call. */
static bool take_piece(void *arg, bytes piece)
{
	struct page *page = arg;
	size_t room = page->head.max - page->head.len;

	buf_put(&page->head, piece.ptr, piece.len < room ? piece.len : room);
	return piece.len < room && !str_has(str_from(piece), S("</head>"));
}

static bool is_html(str type)
{
	return !type.len || str_starts(type, S("text/html")) ||
	       str_starts(type, S("application/xhtml"));
}

struct looking {
	struct job *job;
	const struct channel *ch;
	str url;
	int64_t until_ms; /* monotonic */
};

static int64_t left_ms(const struct looking *l)
{
	return l->until_ms - clock_monotonic_us() / 1000;
}

static bool read_page(const struct looking *l, struct preview_page *out)
{
	struct page page = { .head = buf_in(l->job->arena, PREVIEW_HEAD_MAX) };
	const struct header accept = { S("Accept"), S("text/html,application/xhtml+xml") };
	const struct http_call call = { .url = l->url,
		.headers = &accept,
		.header_count = 1,
		.deadline_ms = left_ms(l),
		.reply_max = CALL_REPLY_MAX,
		.on_reply = take_piece,
		.on_reply_arg = &page,
		.follow = true,
		.allow_private = l->ch->allow_private };
	struct http_reply reply = { 0 };

	/* An error is that we stopped it, or its server did: what came before counts. */
	if (http_call(l->job, &call, &reply) != OK)
		job_forgive(l->job);
	return page.head.len && reply.status == 200 && is_html(reply.type) &&
	       preview_page_read(l->job->arena, buf_bytes(&page.head), reply.type, out);
}

/* Its type is what it says; what it is, is found out on the leash of derive(). */
static void read_picture(const struct looking *l, str url, struct linked_preview *out)
{
	struct linked_derived derived = { 0 };
	struct http_reply reply = { 0 };
	struct http_call call = { .url = url,
		.deadline_ms = left_ms(l),
		.reply_max = PREVIEW_IMAGE_MAX,
		.follow = true,
		.allow_private = l->ch->allow_private };
	struct media_info info = { .kind = KIND_IMAGE };
	char path[40];
	int fd;

	if (!url.len || call.deadline_ms < PREVIEW_LEFT_MS || !linked_manager.host.derive ||
		linked_temporary(l->job, &fd) != OK)
		return;
	call.reply_file = fd;
	if (http_call(l->job, &call, &reply) != OK || reply.status != 200) {
		job_forgive(l->job);
		return;
	}
	info.mime_type = reply.type;
	info.size = reply.size;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	linked_manager.host.derive(l->job, &info, path, &derived);
	out->thumbnail = derived.thumbnail;
}

static bool is_wanted(json content, json config)
{
	return json_flag(json_field(content, "preview_url"), false) &&
	       json_flag(json_field(config, "link_previews"), true);
}

static str wanted_link(struct job *job, const struct channel *ch, const struct outgoing *msg)
{
	json content = NULL, config = NULL;

	if (msg->kind != KIND_TEXT || json_read(job->arena, msg->content, &content, NULL) != OK)
		return STR_NONE;
	if (!ch->config.len || json_read(job->arena, ch->config, &config, NULL) != OK)
		config = NULL;
	return is_wanted(content, config) ? linked_first_link(json_text_at(content, "body"))
					       : STR_NONE;
}

const struct linked_preview *linked_preview_find(struct job *job, struct linked *n,
	const struct channel *ch, const struct outgoing *msg)
{
	struct looking l = { job, ch, wanted_link(job, ch, msg),
		clock_monotonic_us() / 1000 + PREVIEW_MS };
	struct linked_preview *out = ARENA_NEW(job->arena, struct linked_preview);
	struct preview_page page;

	if (!l.url.len || l.url.len > PREVIEW_ADDRESS_MAX)
		return NULL;
	out->url = l.url;
	if (!is_kept(job, n, out)) {
		if (read_page(&l, &page)) {
			out->title = page.title;
			out->description = page.description;
			read_picture(&l, preview_address(job->arena, l.url, page.image), out);
		}
		keep(job, n, out);
	}
	return out->title.len ? out : NULL;
}
