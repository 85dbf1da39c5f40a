/* media.c: see media.h. */
#include "provider/linked/media.h"

#include "base/clock.h"
#include "base/codec.h"
#include "crypto/crypto.h"
#include "provider/linked/linked_internal.h"
#include "provider/linked/linked_people.h"
#include "wa/client/media_host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE (64u << 10)
#define ORIGIN S("https://web.whatsapp.com")
#define REFERENCE_SEALED_MAX (2 * WA_MEDIA_REFERENCE_MAX + (256u << 10))

/* ---- references ---- */

enum err linked_reference_seal(struct job *job, str reference, str *out)
{
	struct buf text = buf_in(job->arena, REFERENCE_SEALED_MAX);
	bytes sealed;

	TRY(linked_manager.host.seal(job, reference, &sealed));
	base64url_write(&text, sealed);
	if (text.failed)
		return fail(job, ERR_LIMIT, "the reference of a file is too long");
	*out = buf_text(&text);
	return OK;
}

enum err linked_reference_open(struct job *job, str sealed, str *out)
{
	struct buf raw = buf_in(job->arena, REFERENCE_SEALED_MAX);

	if (!sealed.len || !base64_read(sealed, &raw))
		return fail(job, ERR_CORRUPT, "The reference of the file cannot be read.");
	return linked_manager.host.unseal(job, buf_bytes(&raw), out);
}

enum err linked_references_open(struct job *job, const struct outgoing *msg, struct outgoing *out)
{
	struct media_swap *swaps = ARENA_ARRAY(job->arena, struct media_swap, msg->swap_count + 1);

	*out = *msg;
	out->swaps = swaps;
	if (msg->media_remote_id.len)
		TRY(linked_reference_open(job, msg->media_remote_id, &out->media_remote_id));
	for (size_t i = 0; i < msg->swap_count; i++) {
		swaps[i].ours = msg->swaps[i].ours;
		TRY(linked_reference_open(job, msg->swaps[i].remote_id, &swaps[i].remote_id));
	}
	return OK;
}

static enum err reference_of(struct job *job, str sealed, struct wa_media_reference *out)
{
	struct linked_derived derived;
	str text;

	TRY(linked_reference_open(job, sealed, &text));
	if (linked_file_read(job->arena, text, out, &derived) != OK)
		return fail_code(job, ERR_MISSING, S("media_gone"),
			S("Ask the sender to send it again."),
			"The reference of the file cannot be read.");
	return OK;
}

bool linked_media_fits(struct job *job, const struct channel *ch, str remote_id,
	enum message_kind kind)
{
	struct wa_media_reference reference;

	(void)ch;
	/* The kind is part of how its keys are made. */
	if (reference_of(job, remote_id, &reference) == OK)
		return reference.media.kind == linked_media_kind(kind);
	job_forgive(job);
	return false;
}

/* ---- files for the time of a job ---- */

static void close_fd(void *fd)
{
	close((int)(intptr_t)fd - 1);
}

enum err linked_temporary(struct job *job, int *out)
{
	const char *folder = getenv("TMPDIR");
	int fd = open(folder ? folder : "/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		fd = memfd_create("linked", MFD_CLOEXEC);
	if (fd < 0)
		return fail(job, ERR_STORE, "no file could be opened: %s", strerror(errno));
	/* +1: a deferred NULL would be nothing */
	job_defer(job, close_fd, (void *)(intptr_t)(fd + 1));
	*out = fd;
	return OK;
}

static bool write_all(int fd, bytes in)
{
	while (in.len) {
		ssize_t n = write(fd, in.ptr, in.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		in = (bytes){ in.ptr + n, in.len - (size_t)n };
	}
	return true;
}

/* ---- hosts ---- */

struct places {
	struct wa_media_place list[WA_MEDIA_HOSTS_MAX];
	size_t count;
	str auth;
};

/* Asks the number. The answer's texts are the job's. */
static enum err fetch_hosts(struct job *job, struct linked *n, struct wa_media_hosts *out)
{
	const struct node *answer;

	TRY(linked_ask(job, n->channel, wa_media_hosts_request(job->arena), &answer));
	if (wa_media_hosts_read(job->arena, answer, out) == OK)
		return OK;
	return fail_code(job, ERR_UPSTREAM, S("no_media_hosts"), S("Nothing: it is tried again."),
		"WhatsApp did not say where its files are.");
}

static void keep_hosts(struct linked *n, const struct wa_media_hosts *hosts, int64_t now_ms)
{
	struct linked_hosts *kept = HEAP_NEW(struct linked_hosts);

	kept->until_ms = now_ms + hosts->ttl_ms;
	snprintf(kept->auth, sizeof kept->auth, STR_F, STR_A(hosts->auth));
	for (size_t i = 0; i < hosts->count && kept->count < LINKED_HOSTS_MAX; i++)
		if (hosts->hosts[i].name.len < sizeof kept->names[0])
			snprintf(kept->names[kept->count++], sizeof kept->names[0], STR_F,
				STR_A(hosts->hosts[i].name));
	linked_lock();
	heap_free(n->hosts);
	n->hosts = kept;
	linked_unlock();
}

static bool kept_hosts(struct job *job, struct linked *n, struct linked_hosts *out)
{
	bool is_good;

	linked_lock();
	is_good = n->hosts && n->hosts->until_ms > job->now_ms;
	if (is_good)
		*out = *n->hosts;
	linked_unlock();
	return is_good;
}

/* Only hosts of WhatsApp's own; or, for a simulated network, that of the channel's own address. */
static void places_of(struct job *job, const struct channel *ch, const struct linked_hosts *hosts,
	struct places *out)
{
	const char *scheme = str_starts(ch->base_url, S("ws:")) ? "http" : "https";

	for (size_t i = 0; i < hosts->count; i++) {
		str name = arena_str(job->arena, str_of(hosts->names[i]));
		bool is_official = wa_media_host_is_official(name);

		if (!is_official && !ch->allow_private)
			continue;
		out->list[out->count++] =
			(struct wa_media_place){ is_official ? "https" : scheme, name };
	}
	out->auth = arena_str(job->arena, str_of(hosts->auth));
}

static enum err places(struct job *job, struct linked *n, const struct channel *ch, bool anew,
	struct places *out)
{
	struct linked_hosts *hosts = ARENA_NEW(job->arena, struct linked_hosts);
	struct wa_media_hosts asked;

	*out = (struct places){ 0 };
	if (anew || !kept_hosts(job, n, hosts)) {
		TRY(fetch_hosts(job, n, &asked));
		keep_hosts(n, &asked, job->now_ms);
		if (!kept_hosts(job, n, hosts))
			*hosts = (struct linked_hosts){ 0 };
	}
	places_of(job, ch, hosts, out);
	return OK;
}

/* ---- one transfer ---- */

static const struct header headers[] = {
	{ S("Origin"), ORIGIN },
	{ S("Referer"), S("https://web.whatsapp.com/") },
	{ S("Content-Type"), S("application/octet-stream") },
};

enum outcome { GOOD, DENIED, GONE, TOO_LARGE, NO_ROOM, BROKEN };

static enum outcome outcome_of(enum err e, int status)
{
	if (e == ERR_STORE)
		return NO_ROOM;
	if (e != OK)
		return e == ERR_LIMIT ? TOO_LARGE : BROKEN;
	if (status >= 200 && status < 300)
		return GOOD;
	if (status == 401 || status == 403)
		return DENIED;
	return status == 404 || status == 410 ? GONE : BROKEN;
}

/* What is left of the time of a file: of all hosts together. */
static int64_t time_left(int64_t until_ms)
{
	int64_t left = until_ms - clock_now_ms();

	return left > 0 ? left : 1;
}

struct download {
	struct job *job;
	const struct channel *ch;
	const struct linked_file *file;
	int64_t until_ms;
	int fd;
};

/* What is longer than was said is another file. */
static int64_t size_max(const struct linked_file *file)
{
	int64_t told = file->media->size;

	return told > 0 && told < file->size_max ? told : file->size_max;
}

/* Of what a host sends, before it counts as taken: another host may have the right one. */
static bool is_announced(struct download *d)
{
	uint8_t *piece = arena_alloc(d->job->arena, PIECE), sum[SHA256_SIZE];
	struct sha256 *hash = sha256_create();
	ssize_t n;

	lseek(d->fd, 0, SEEK_SET);
	while ((n = read(d->fd, piece, PIECE)) > 0)
		sha256_add(hash, (bytes){ piece, (size_t)n });
	sha256_finish(hash, sum);
	return n == 0 && (d->file->media->enc_sha256.len != SHA256_SIZE ||
				 memcmp(d->file->media->enc_sha256.ptr, sum, SHA256_SIZE) == 0);
}

static enum outcome get_from(struct download *d, const struct wa_media_place *place)
{
	struct http_call call = { .method = HTTP_GET,
		.headers = headers,
		.header_count = 2,
		.deadline_ms = time_left(d->until_ms),
		.stall_ms = LINKED_STALL_MS,
		.reply_max = (size_t)WA_MEDIA_SEALED_MAX(size_max(d->file)),
		.reply_file = d->fd,
		.follow = true,
		.allow_private = d->ch->allow_private };
	struct http_reply reply = { 0 };
	enum outcome got;
	enum err e;

	if (wa_download_url(d->job->arena, place, d->file->media, &call.url) != OK)
		return GONE;
	if (ftruncate(d->fd, 0) != 0 || lseek(d->fd, 0, SEEK_SET) != 0)
		return BROKEN;
	e = http_call(d->job, &call, &reply);
	got = outcome_of(e, reply.status);
	if (got == TOO_LARGE && size_max(d->file) < d->file->size_max)
		return BROKEN;
	return got == GOOD && !is_announced(d) ? BROKEN : got;
}

static enum outcome get_from_any(struct download *d, const struct places *places)
{
	enum outcome worst = BROKEN;

	for (size_t i = 0; i < places->count; i++)
		for (int k = 0; k < LINKED_HOST_TRIES; k++) {
			enum outcome got = get_from(d, &places->list[i]);

			if (got == GOOD || got == NO_ROOM)
				return got;
			/* What one host says of the file counts more than that another is away. */
			if (got != BROKEN)
				worst = got;
			if (got != BROKEN)
				break;
		}
	return worst;
}

static enum err too_large(struct job *job)
{
	return fail_code(job, ERR_LIMIT, S("too_large"), S("Ask the sender for a smaller file."),
		"The file is too large.");
}

static enum err download(struct download *d, struct linked *n)
{
	enum outcome got = BROKEN;
	struct places list;

	for (int round = 0; round < 2; round++) {
		TRY(places(d->job, n, d->ch, round > 0, &list));
		got = get_from_any(d, &list);
		job_forgive(d->job);
		/* 403 may be an old word of the hosts, or an old address of the file. */
		if (got != DENIED)
			break;
	}
	if (got == GOOD)
		return OK;
	if (got == TOO_LARGE)
		return too_large(d->job);
	/* Ours, not the file's: it counts as no attempt. */
	if (got == NO_ROOM)
		return fail(d->job, ERR_STORE, "no room for a file");
	if (got == BROKEN)
		return fail(d->job, ERR_UPSTREAM, "WhatsApp's media hosts could not be reached.");
	return fail_code(d->job, ERR_MISSING, S("media_gone"),
		S("Open WhatsApp on the phone, then try again."),
		"WhatsApp's media hosts have the file no more.");
}

enum err linked_unseal_fd(struct job *job, const struct linked_file *file, int fd)
{
	struct buf piece = buf_in(job->arena, PIECE + 2 * CBC_BLOCK);
	uint8_t *in = arena_alloc(job->arena, PIECE);
	struct wa_unseal *u;
	ssize_t n;
	enum err e;

	TRY(wa_unseal_create(file->media, file->size_max, &u));
	lseek(fd, 0, SEEK_SET);
	while ((n = read(fd, in, PIECE)) > 0) {
		buf_clear(&piece);
		e = wa_unseal_add(u, (bytes){ in, (size_t)n }, &piece);
		if (e == OK && piece.len && !file->put(file->arg, buf_bytes(&piece)))
			e = ERR_UPSTREAM;
		if (e == OK)
			continue;
		wa_unseal_destroy(u);
		return e == ERR_LIMIT ? too_large(job) : e;
	}
	buf_clear(&piece);
	if (wa_unseal_finish(u, &piece) != OK || n < 0)
		return fail(job, ERR_UPSTREAM, "What came is not the file that was announced.");
	return !piece.len || file->put(file->arg, buf_bytes(&piece)) ? OK : ERR_UPSTREAM;
}

static enum err fetch_sealed(struct job *job, const struct channel *ch, struct linked *n,
	const struct linked_file *file, int *fd)
{
	struct download d = { job, ch, file, clock_now_ms() + LINKED_FILE_MS, -1 };

	TRY(linked_temporary(job, &d.fd));
	*fd = d.fd;
	return download(&d, n);
}

enum err linked_fetch_sealed(struct job *job, const struct channel *ch,
	const struct linked_file *file, int *fd)
{
	struct linked *n;
	enum err e;

	TRY(linked_take(job, ch->id, &n));
	e = fetch_sealed(job, ch, n, file, fd);
	linked_drop(n);
	return e;
}

enum err linked_fetch_file(struct job *job, const struct channel *ch,
	const struct linked_file *file)
{
	int fd;

	TRY(linked_fetch_sealed(job, ch, file, &fd));
	return linked_unseal_fd(job, file, fd);
}

/* ---- the phone, when the hosts have forgotten ---- */

static enum err ask_phone(struct turn *turn, void *arg)
{
	const struct wa_media_reference *r = arg;
	struct wa_media_again again = { .id = r->id,
		.is_from_me = r->is_from_me,
		.key = r->media.key };

	if (!jid_read(r->chat, &again.chat))
		return fail(turn->job, ERR_MISSING, "The message of the file is not known.");
	/* Whose it was counts in groups alone. */
	if (!str_is(again.chat.server, JID_SERVER_GROUP) || !jid_read(r->sender, &again.sender))
		again.sender = (struct jid){ 0 };
	again.sender.device = 0;
	return wa_client_media_again(wa_link_client(turn->n->link), &turn->call, &again);
}

static enum err read_answer(struct job *job, const struct wa_media_reference *r,
	const struct linked_waiter *waiter, struct wa_media_retry *out)
{
	enum err e = ERR_MISSING;

	if (!waiter->is_gone)
		e = wa_media_retry_read(job->arena, r->media.key, r->id,
			(bytes){ waiter->nonce, sizeof waiter->nonce }, buf_bytes(&waiter->answer),
			out);
	if (e == OK && out->result == WA_RETRY_GOOD)
		return OK;
	return fail_code(job, ERR_MISSING, S("media_gone"), S("Ask the sender to send it again."),
		"The phone does not have the file any more.");
}

struct asked { enum err (*ask)(struct turn *turn, void *r); struct wa_media_reference *r; };

static enum err ask_in_turn(struct turn *turn, void *arg)
{
	const struct asked *asked = arg;

	TRY(linked_load(turn));
	if (wa_link_state(turn->n->link) != WA_OPEN)
		return fail_code(turn->job, ERR_CONFLICT, S("not_connected"),
			S("Wait until the number is connected."), "The number is not connected.");
	return asked->ask(turn, asked->r);
}

/* The file lies under a new path then. */
static enum err again(struct job *job, struct linked *n, const struct asked *asked)
{
	struct wa_media_reference *r = asked->r;
	struct linked_waiter waiter;
	struct wa_media_retry answer = { 0 };
	bool came;
	enum err e;

	if (!r->id.len || r->media.key.len != WA_MEDIA_KEY_SIZE)
		return ERR_MISSING;
	linked_wait_init(&waiter, arena_cstr(job->arena, r->id));
	waiter.wants_media = true;
	linked_wait_add(n, &waiter);
	e = linked_run(job, n, ask_in_turn, (void *)asked);
	came = linked_wait(n, &waiter, e == OK ? WA_MEDIA_RETRY_MS : 0);
	if (e == OK && !came)
		e = fail_code(job, ERR_UPSTREAM, S("phone_away"),
			S("Open WhatsApp on the phone; it is tried again."),
			"The hosts have the file no more, and the phone did not answer.");
	if (e == OK)
		e = read_answer(job, r, &waiter, &answer);
	buf_done(&waiter.answer);
	TRY(e);
	r->media.direct_path = answer.direct_path;
	return OK;
}

enum err linked_file_again(struct job *job, const struct channel *ch, struct wa_media_reference *r,
	enum err (*ask)(struct turn *turn, void *r))
{
	struct linked *n;
	enum err e;

	TRY(linked_take(job, ch->id, &n));
	e = again(job, n, &(struct asked){ ask, r });
	linked_drop(n);
	return e;
}

static enum err fetch_message_file(struct job *job, const struct channel *ch, struct linked *n,
	struct wa_media_reference *r, const struct media_sink *sink)
{
	const struct linked_file file = { &r->media, sink->put, sink->arg, sink->size_max };
	int fd;
	enum err e = fetch_sealed(job, ch, n, &file, &fd);

	if (e == ERR_MISSING) {
		TRY(again(job, n, &(struct asked){ ask_phone, r }));
		job_forgive(job);
		e = fetch_sealed(job, ch, n, &file, &fd);
	}
	TRY(e);
	e = linked_unseal_fd(job, &file, fd);
	/* The hosts have what was announced, and it is no file: no other try makes it one. */
	if (e == ERR_UPSTREAM && r->media.enc_sha256.len)
		return fail_code(job, ERR_MISSING, S("media_broken"),
			S("Ask the sender to send it again."),
			"What the sender left on WhatsApp's media hosts is not the file that was "
			"announced.");
	return e;
}

enum err linked_fetch_media(struct job *job, const struct channel *ch, str media_remote_id, str url,
	const struct media_sink *sink, struct media_info *out)
{
	struct wa_media_reference r;
	struct linked *n;
	enum err e;

	(void)url;
	*out = (struct media_info){ 0 };
	TRY(reference_of(job, media_remote_id, &r));
	TRY(linked_take(job, ch->id, &n));
	e = fetch_message_file(job, ch, n, &r, sink);
	linked_drop(n);
	/* Gone for good: it is not tried again. */
	return e == ERR_MISSING ? ERR_UNSUPPORTED : e;
}

/* ---- up ---- */

struct sealed_file {
	uint8_t key[WA_MEDIA_KEY_SIZE];
	struct wa_media_sums sums;
	int fd;
};

static enum err seal_pieces(struct job *job, struct wa_seal *seal, int from, int to)
{
	struct buf out = buf_in(job->arena, PIECE + 2 * CBC_BLOCK);
	uint8_t *in = arena_alloc(job->arena, PIECE);
	ssize_t n;

	while ((n = read(from, in, PIECE)) > 0) {
		buf_clear(&out);
		wa_seal_add(seal, (bytes){ in, (size_t)n }, &out);
		if (!write_all(to, buf_bytes(&out)))
			return fail(job, ERR_STORE, "no room for a file: %s", strerror(errno));
	}
	return n == 0 ? OK : fail(job, ERR_STORE, "a file cannot be read: %s", strerror(errno));
}

static enum err seal_file(struct job *job, enum wa_media_kind kind, const char *path,
	struct sealed_file *out)
{
	struct buf end = buf_in(job->arena, 4 * CBC_BLOCK);
	int from = open(path, O_RDONLY | O_CLOEXEC);
	struct wa_seal *seal;
	enum err e;

	if (from < 0)
		return fail(job, ERR_STORE, "a file cannot be opened: %s", strerror(errno));
	job_defer(job, close_fd, (void *)(intptr_t)(from + 1));
	TRY(linked_temporary(job, &out->fd));
	crypto_random(out->key, sizeof out->key);
	seal = wa_seal_create(kind, out->key);
	e = seal_pieces(job, seal, from, out->fd);
	if (e != OK) {
		wa_seal_destroy(seal);
		return e;
	}
	wa_seal_finish(seal, &end, &out->sums);
	return write_all(out->fd, buf_bytes(&end)) ? OK
						   : fail(job, ERR_STORE, "no room for a file");
}

struct upload_to {
	struct job *job;
	const struct channel *ch;
	const struct sealed_file *file;
	const struct wa_media_place *place;
	int64_t until_ms;
	struct wa_upload upload;
};

static enum outcome post(struct upload_to *to, struct wa_uploaded *out)
{
	struct http_call call = { .method = HTTP_POST,
		.url = wa_upload_url(to->job->arena, to->place, &to->upload),
		.headers = headers,
		.header_count = COUNT_OF(headers),
		.deadline_ms = time_left(to->until_ms),
		.stall_ms = LINKED_STALL_MS,
		.follow = true,
		.allow_private = to->ch->allow_private };
	struct http_reply reply = { 0 };
	enum outcome got;
	enum err e;

	if (to->upload.step != WA_UPLOAD_ASK) {
		call.body_path = arena_printf(to->job->arena, "/proc/self/fd/%d", to->file->fd).ptr;
		call.body_from = to->upload.offset;
	}
	e = http_call(to->job, &call, &reply);
	got = outcome_of(e, reply.status);
	if (got == GOOD && wa_upload_read(to->job->arena, str_from(reply.body), out) != OK)
		got = BROKEN;
	return got;
}

/* A large file: first, what the host has of it; then the rest. Whatever it says that is not
 * understood, the whole file goes. */
static enum outcome post_large(struct upload_to *to, struct wa_uploaded *out)
{
	enum outcome got;

	to->upload.step = WA_UPLOAD_ASK;
	got = post(to, out);
	if (got == DENIED || (got == GOOD && out->is_complete))
		return got;
	to->upload.step = WA_UPLOAD_WHOLE;
	to->upload.offset = 0;
	if (got == GOOD && out->offset > 0 && out->offset < to->file->sums.enc_size) {
		to->upload.step = WA_UPLOAD_REST;
		to->upload.offset = out->offset;
	}
	return post(to, out);
}

static enum outcome post_to_any(struct upload_to *to, const struct places *places,
	struct wa_uploaded *out)
{
	enum outcome worst = BROKEN;

	for (size_t i = 0; i < places->count; i++)
		for (int k = 0; k < LINKED_HOST_TRIES; k++) {
			enum outcome got;

			to->place = &places->list[i];
			to->upload.step = WA_UPLOAD_WHOLE;
			to->upload.offset = 0;
			/* What broke in the middle goes on where it was. */
			got = to->file->sums.enc_size >= WA_MEDIA_RESUME_FROM || k > 0
				? post_large(to, out)
				: post(to, out);
			if (got == GOOD && out->is_complete)
				return GOOD;
			if (got == DENIED)
				return DENIED;
			worst = got == GOOD ? BROKEN : got;
		}
	return worst;
}

static enum err upload(struct job *job, const struct channel *ch, struct linked *n,
	struct upload_to *to, struct wa_uploaded *out)
{
	enum outcome got = BROKEN;
	struct places list;

	for (int round = 0; round < 2 && got != GOOD; round++) {
		TRY(places(job, n, ch, round > 0, &list));
		to->upload.auth = list.auth;
		got = post_to_any(to, &list, out);
		job_forgive(job);
		if (got != DENIED)
			break;
	}
	if (got == GOOD)
		return OK;
	return fail_code(job, ERR_UPSTREAM, S("upload_failed"), S("Nothing: it is tried again."),
		"WhatsApp's media hosts did not take the file.");
}

static enum wa_media_kind kind_of_file(const struct media_info *info)
{
	if (kind_is_media(info->kind))
		return linked_media_kind(info->kind);
	if (str_starts(info->mime_type, S("image/")))
		return WA_MEDIA_IMAGE;
	if (str_starts(info->mime_type, S("video/")))
		return WA_MEDIA_VIDEO;
	return str_starts(info->mime_type, S("audio/")) ? WA_MEDIA_AUDIO : WA_MEDIA_DOCUMENT;
}

static enum err reference_write(struct job *job, const struct wa_media_reference *reference,
	const struct media_info *info, const char *path, str *out)
{
	struct linked_derived derived = { .mime_type = info->mime_type,
		.file_name = info->file_name };
	str text;

	if (linked_manager.host.derive)
		linked_manager.host.derive(job, info, path, &derived);
	text = linked_file_write(job->arena, reference, &derived);
	if (!text.len)
		return fail(job, ERR_LIMIT, "what was derived of a file is too large");
	return linked_reference_seal(job, text, out);
}

enum err linked_upload_media(struct job *job, const struct channel *ch,
	const struct media_info *info, const char *path, str *remote_id)
{
	struct sealed_file *file = ARENA_NEW(job->arena, struct sealed_file);
	struct upload_to to = { job, ch, file, NULL, clock_now_ms() + LINKED_FILE_MS,
		{ .kind = kind_of_file(info), .enc_sha256 = file->sums.enc_sha256 } };
	struct wa_media_reference reference = { 0 };
	struct wa_uploaded answer = { 0 };
	struct linked *n;
	enum err e;

	TRY(seal_file(job, to.upload.kind, path, file));
	TRY(linked_take(job, ch->id, &n));
	e = upload(job, ch, n, &to, &answer);
	linked_drop(n);
	TRY(e);
	reference.media = (struct wa_media){ .kind = to.upload.kind,
		.direct_path = answer.direct_path,
		.url = answer.url,
		.key = { file->key, sizeof file->key },
		.sha256 = { file->sums.sha256, SHA256_SIZE },
		.enc_sha256 = { file->sums.enc_sha256, SHA256_SIZE },
		.size = file->sums.size };
	e = reference_write(job, &reference, info, path, remote_id);
	crypto_wipe(file->key, sizeof file->key);
	return e;
}
