/*
 * preview.c: what is shown under a link: fetched here, because on this network the sender makes it
 * ("receivers never fetch").
 *
 * Best effort: a message never fails and never waits long for it. A page is asked for once in
 * PREVIEW_KEPT_MS and number, so a broadcast asks once; a page that answers nothing is remembered,
 * too. Only addresses that all can reach are called (net/client.h), unless the channel's own may be
 * private.
 */
#include "provider/linked/preview.h"

#include "base/clock.h"
#include "crypto/crypto.h"
#include "provider/linked/linked_internal.h"
#include "provider/linked/media.h"
#include "provider/linked/preview_page.h"

#include <stdio.h>

#define PREVIEW_HEAD_MAX (256u << 10)   /* octets of a page that are read */
#define PREVIEW_IMAGE_MAX (1u << 20)
#define PREVIEW_KEPT_MS 600000
#define PREVIEW_LEFT_MS 300             /* with less the picture is left out */

struct linked_kept_preview {
	uint8_t name[SHA256_SIZE];
	int64_t until_ms;
	char *texts;            /* heap: title, description, thumbnail; NULL: there is none */
	size_t title, description, thumbnail; /* lengths */
};

/* ---- what was looked at lately ---- */

static struct linked_kept_preview *place_of(struct linked *n, const uint8_t name[SHA256_SIZE],
	int64_t now_ms)
{
	for (size_t i = 0; n->previews && i < LINKED_PREVIEWS_MAX; i++)
		if (n->previews[i].until_ms > now_ms &&
			memcmp(n->previews[i].name, name, SHA256_SIZE) == 0)
			return &n->previews[i];
	return NULL;
}

static bool is_kept(struct job *job, struct linked *n, const uint8_t name[SHA256_SIZE],
	struct linked_preview *out)
{
	const struct linked_kept_preview *kept;
	char *texts;

	linked_lock();
	kept = place_of(n, name, job->now_ms);
	if (kept && kept->texts) {
		size_t size = kept->title + kept->description + kept->thumbnail;

		texts = arena_alloc(job->arena, size + 1);
		memcpy(texts, kept->texts, size);
		out->title = (str){ texts, kept->title };
		out->description = (str){ texts + kept->title, kept->description };
		out->thumbnail = (bytes){ (uint8_t *)texts + kept->title + kept->description,
			kept->thumbnail };
	}
	linked_unlock();
	return kept != NULL;
}

static char *copy_texts(const struct linked_preview *p)
{
	char *copy = heap_alloc(p->title.len + p->description.len + p->thumbnail.len + 1);

	memcpy(copy, p->title.ptr, p->title.len);
	if (p->description.len)
		memcpy(copy + p->title.len, p->description.ptr, p->description.len);
	if (p->thumbnail.len)
		memcpy(copy + p->title.len + p->description.len, p->thumbnail.ptr,
			p->thumbnail.len);
	return copy;
}

/* In the place of the oldest. */
static void keep(struct job *job, struct linked *n, const uint8_t name[SHA256_SIZE],
	const struct linked_preview *p)
{
	char *texts = p->title.len ? copy_texts(p) : NULL;
	struct linked_kept_preview *place;

	linked_lock();
	if (!n->previews)
		n->previews = heap_alloc(LINKED_PREVIEWS_MAX * sizeof *n->previews);
	place = &n->previews[0];
	for (size_t i = 1; i < LINKED_PREVIEWS_MAX; i++)
		if (n->previews[i].until_ms < place->until_ms)
			place = &n->previews[i];
	heap_free(place->texts);
	*place = (struct linked_kept_preview){ .until_ms = job->now_ms + PREVIEW_KEPT_MS,
		.texts = texts,
		.title = p->title.len,
		.description = p->description.len,
		.thumbnail = p->thumbnail.len };
	memcpy(place->name, name, SHA256_SIZE);
	linked_unlock();
}

void linked_previews_free(struct linked *n)
{
	for (size_t i = 0; n->previews && i < LINKED_PREVIEWS_MAX; i++)
		heap_free(n->previews[i].texts);
	heap_free(n->previews);
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
	uint8_t name[SHA256_SIZE];

	if (!l.url.len || l.url.len > PREVIEW_ADDRESS_MAX)
		return NULL;
	out->url = l.url;
	sha256(bytes_of(l.url), name);
	if (!is_kept(job, n, name, out)) {
		if (read_page(&l, &page)) {
			out->title = page.title;
			out->description = page.description;
			read_picture(&l, preview_address(job->arena, l.url, page.image), out);
		}
		keep(job, n, name, out);
	}
	return out->title.len ? out : NULL;
}
