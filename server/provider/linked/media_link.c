/*
 * media_link.c: files that a message names by a link, as programs of the Cloud API do.
 *
 * A linked device has nobody who fetches for it: we do, and the file goes up as one of ours. As
 * over the Cloud API a link is followed once in ten minutes ("cached by the vendor for 10 minutes
 * per exact URL"), so neither a second try nor a broadcast fetches it again. Only addresses that
 * all can reach are called (net/client.h), unless the channel's own may be private.
 */
#include "provider/linked/media.h"

#include "base/codec.h"
#include "provider/linked/linked_internal.h"

#define LINK_DEADLINE_MS 60000
#define LINK_WAIT_MS 5000               /* doubled with each try */
#define LINK_TRIES_MAX 6
#define LINK_TYPE_MAX 128
#define LINK_NAME_MAX 255

struct link_file { str url; enum message_kind kind; };

/* ---- what went up lately ---- */

/* A link may be sent as more than one kind: each is another file of ours. */
static str name_of(struct arena *arena, const struct link_file *link)
{
	return arena_printf(arena, "%d " STR_F, (int)link->kind, STR_A(link->url));
}

/* ---- fetching ---- */

static enum err never(const struct linked_links *l, str why)
{
	l->out->advice = RETRY_NEVER;
	return fail_code(l->job, ERR_INPUT, S("link_failed"),
		S("Send a link that anybody can open, or upload the file and send its id."), STR_F,
		STR_A(why));
}

/* The channel is well: its other messages go meanwhile. */
static enum err later(const struct linked_links *l)
{
	if (l->msg->attempts + 1 >= LINK_TRIES_MAX)
		return never(l, S("The file behind the link could not be fetched."));
	l->out->advice = RETRY_AFTER;
	l->job->retry_after_ms = LINK_WAIT_MS << l->msg->attempts;
	return fail_code(l->job, ERR_UPSTREAM, S("link_failed"),
		S("It is tried again by itself. Check that the link opens."),
		"The file behind the link could not be fetched.");
}

static enum err too_large(const struct linked_links *l, const struct link_file *link)
{
	return never(l, arena_printf(l->job->arena,
				"The file behind the link is larger than the limit of %lld octets.",
				(long long)linked_media_max(link->kind)));
}

static enum err answered(const struct linked_links *l, int status)
{
	if (status >= 500 || status == 429 || status == 408)
		return later(l);
	return never(l,
		arena_printf(l->job->arena,
			"The file behind the link could not be fetched: its server answered "
			"with status %d.",
			status));
}

static enum err fetch(const struct linked_links *l, const struct link_file *link, int fd,
	struct http_reply *reply)
{
	const struct http_call call = { .url = link->url,
		.deadline_ms = LINK_DEADLINE_MS,
		.reply_max = (size_t)linked_media_max(link->kind),
		.reply_file = fd,
		.follow = true,
		.allow_private = l->ch->allow_private };
	enum err e = http_call(l->job, &call, reply);

	if (e == OK && reply->status == 200)
		return OK;
	job_forgive(l->job);
	switch (e) {
	case OK:
		return answered(l, reply->status);
	case ERR_DENIED:
		return never(l, S("The link leads to an address that this server does not call."));
	case ERR_INPUT:
		return never(l, S("The link is no address of http or https."));
	case ERR_LIMIT:
		return too_large(l, link);
	default:
		return later(l);
	}
}

/* ---- what it is ---- */

/* As its server says, without parameters. */
static str type_of(const struct http_reply *reply)
{
	str rest = reply->type, plain = str_trim(str_split(&rest, ';'));

	return plain.len && plain.len <= LINK_TYPE_MAX ? plain : S("application/octet-stream");
}

/* The last part of the path. */
static str file_name_of(struct arena *arena, str url)
{
	struct buf b = buf_in(arena, LINK_NAME_MAX);
	str rest = str_part(url, 0, str_find(url, '#')), path = str_split(&rest, '?'), name = path;

	while (path.len)
		name = str_split(&path, '/');
	return percent_read(name, false, &b) && !b.failed ? buf_text(&b) : S("");
}

static enum err check(const struct linked_links *l, const struct media_info *info)
{
	str why;

	if (linked_check_media(l->job, info->kind, info->mime_type, info->size) == OK)
		return OK;
	why = l->job->field_errors ? l->job->field_errors->message : S("");
	job_forgive(l->job);
	return never(l, arena_printf(l->job->arena,
				"The file behind the link cannot be sent, it is of type " STR_F
				". " STR_F,
				STR_A(info->mime_type), STR_A(why)));
}

/* It did not get to WhatsApp: the number's fault, not the link's. */
static enum err upload(const struct linked_links *l, const struct media_info *info, int fd,
	str *out)
{
	enum err e = linked_upload_media(l->job, l->ch, info,
		arena_printf(l->job->arena, "/proc/self/fd/%d", fd).ptr, out);

	return e == OK ? OK : linked_not_sent(l->job, l->n, e, l->out);
}

static enum err take(const struct linked_links *l, const struct link_file *link, str *out)
{
	struct http_reply reply = { 0 };
	struct media_info info = { .kind = link->kind };
	str name = name_of(l->job->arena, link);
	bytes kept;
	int fd;

	if (linked_recent_find(l->job, &l->n->links, name, &kept)) {
		*out = str_from(kept);
		return OK;
	}
	TRY(linked_temporary(l->job, &fd));
	TRY(fetch(l, link, fd, &reply));
	info.mime_type = type_of(&reply);
	info.file_name = file_name_of(l->job->arena, link->url);
	info.size = reply.size;
	TRY(check(l, &info));
	TRY(upload(l, &info, fd, out));
	linked_recent_keep(l->job, &l->n->links, name, bytes_of(*out));
	return OK;
}

/* ---- where links stand ---- */

/* A header's file, which stands among the swaps: as if its link were an id of ours. */
static enum err take_header(const struct linked_links *l, json content)
{
	struct outgoing *msg = l->msg;
	json header = json_field(content, "header");
	str type = json_text_at(header, "type");
	struct link_file link = { .kind = kind_parse(type) };
	struct media_swap *swaps;

	if (!kind_is_media(link.kind))
		return OK;
	link.url = json_text_at(json_field(header, arena_cstr(l->job->arena, type)), "link");
	if (!link.url.len)
		return OK;
	swaps = ARENA_ARRAY(l->job->arena, struct media_swap, msg->swap_count + 1);
	for (size_t i = 0; i < msg->swap_count; i++)
		swaps[i] = msg->swaps[i];
	swaps[msg->swap_count].ours = link.url;
	TRY(take(l, &link, &swaps[msg->swap_count].remote_id));
	msg->swaps = swaps;
	msg->swap_count++;
	return OK;
}

enum err linked_links_take(const struct linked_links *l)
{
	struct outgoing *msg = l->msg;
	struct link_file link = { .kind = msg->kind };
	json content = NULL;

	if (!kind_is_media(msg->kind) && msg->kind != KIND_INTERACTIVE)
		return OK;
	TRY(json_read(l->job->arena, msg->content, &content, &l->job->why));
	if (msg->kind == KIND_INTERACTIVE)
		return take_header(l, content);
	link.url = json_text_at(content, "link");
	return msg->media_remote_id.len || !link.url.len ? OK
							 : take(l, &link, &msg->media_remote_id);
}
