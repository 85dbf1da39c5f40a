/*
 * media.c: files of the sandbox, as files: ID.bin and ID.json (type, hash, size) in one folder.
 *
 * Runs on workers, so it touches nothing of the sandbox but what never changes: folder, key, and
 * the tokens of its numbers. URLs carry their end and a signature, and want the token, like Meta's.
 */
#include "provider/cloud/cloud_internal.h"
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"
#include "base/codec.h"
#include "crypto/crypto.h"
#include "net/multipart.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define URL_LIFE_S 300
#define SIDECAR_MAX 4096

static void path_of(char path[512], const char *folder, str id, const char *end)
{
	snprintf(path, 512, "%s/" STR_F ".%s", folder, STR_A(id), end);
}

static bool read_small(const char *path, struct buf *out)
{
	char piece[SIDECAR_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, piece, sizeof piece) : -1;

	if (fd >= 0)
		close(fd);
	if (n > 0)
		buf_put(out, piece, (size_t)n);
	return n > 0;
}

bool media_find(struct sandbox *sb, str id, struct media_file *out)
{
	struct arena *arena;
	struct buf text = buf_heap(SIDECAR_MAX);
	json v;
	bool found;

	*out = (struct media_file){ 0 };
	if (!str_is_digits(id) || id.len >= sizeof out->id)
		return false;
	path_of(out->path, sb->folder, id, "json");
	arena = arena_create(1u << 20);
	found = read_small(out->path, &text) && json_read(arena, buf_text(&text), &v, NULL) == OK;
	if (found) {
		snprintf(out->id, sizeof out->id, STR_F, STR_A(id));
		snprintf(out->type, sizeof out->type, STR_F, STR_A(json_text_at(v, "type")));
		snprintf(out->sha256, sizeof out->sha256, STR_F, STR_A(json_text_at(v, "sha256")));
		out->size = json_int(json_field(v, "size"), 0);
		path_of(out->path, sb->folder, id, "bin");
	}
	buf_done(&text);
	arena_destroy(arena);
	return found;
}

bool media_remove(struct sandbox *sb, const struct media_file *file)
{
	char path[512];

	path_of(path, sb->folder, str_of(file->id), "json");
	return unlink(path) == 0 && unlink(file->path) == 0;
}

/* ---- storing ---- */

static bool write_file(const char *path, bytes data)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	bool good = fd >= 0;

	while (good && data.len > 0) {
		ssize_t n = write(fd, data.ptr, data.len);

		good = n > 0;
		if (good)
			data = (bytes){ data.ptr + n, data.len - (size_t)n };
	}
	if (fd >= 0)
		close(fd);
	return good;
}

static enum err store(struct job *job, str type, bytes data, struct media_file *out)
{
	struct buf sidecar = buf_in(job->arena, SIDECAR_MAX);
	uint8_t digest[SHA256_SIZE];
	uint64_t random;
	char path[512];

	crypto_random(&random, sizeof random);
	*out = (struct media_file){ .size = (int64_t)data.len };
	snprintf(out->id, sizeof out->id, "%llu",
		(unsigned long long)(random % 9000000000000000ull + 1000000000000000ull));
	snprintf(out->type, sizeof out->type, STR_F, STR_A(type));
	sha256(data, digest);
	snprintf(out->sha256, sizeof out->sha256, STR_F,
		STR_A(base64_text(job->arena, (bytes){ digest, sizeof digest })));
	json_open(&sidecar, '{');
	json_put(&sidecar, "type", str_of(out->type));
	json_put(&sidecar, "sha256", str_of(out->sha256));
	json_put_int(&sidecar, "size", out->size);
	json_close(&sidecar, '}');
	path_of(out->path, the_sandbox->folder, str_of(out->id), "bin");
	path_of(path, the_sandbox->folder, str_of(out->id), "json");
	if (!write_file(out->path, data) || !write_file(path, buf_bytes(&sidecar)))
		return fail(job, ERR_STORE, "the sandbox cannot write into its media folder");
	return OK;
}

/* ---- Graph: upload ---- */

static void refuse(struct response *res, int status, int64_t code, int64_t subcode,
	const char *message)
{
	res->status = status;
	json_open(&res->body, '{');
	json_open_in(&res->body, "error", '{');
	json_put(&res->body, "message", str_of(message));
	json_put(&res->body, "type", S("OAuthException"));
	json_put_int(&res->body, "code", code);
	if (subcode)
		json_put_int(&res->body, "error_subcode", subcode);
	json_put(&res->body, "fbtrace_id", S("ASandboxTrace"));
	json_close(&res->body, '}');
	json_close(&res->body, '}');
}

static bool is_known_token(const struct request *req)
{
	for (size_t i = 0; i < the_sandbox->number_count; i++)
		if (token_is_good(req, &the_sandbox->numbers[i]))
			return true;
	return false;
}

static const struct part *find_part(const struct part *parts, size_t count, str name)
{
	for (size_t i = 0; i < count; i++)
		if (str_is(parts[i].name, name))
			return &parts[i];
	return NULL;
}

/* The kind whose rules a type falls under. */
static enum message_kind kind_of_type(str type)
{
	if (str_is(type, S("image/webp")))
		return KIND_STICKER;
	if (str_starts(type, S("image/")))
		return KIND_IMAGE;
	if (str_starts(type, S("video/")))
		return KIND_VIDEO;
	return str_starts(type, S("audio/")) ? KIND_AUDIO : KIND_DOCUMENT;
}

static str plain_type(str type)
{
	return str_trim(str_split(&type, ';'));
}

enum err media_upload(struct job *job, const struct request *req, struct response *res)
{
	struct number *number = number_find(the_sandbox, req->params[1]);
	const struct part *file, *type;
	struct media_file stored;
	struct part *parts;
	size_t count;

	if (!is_known_token(req)) {
		refuse(res, 401, 190, 0, "Invalid OAuth access token - Cannot parse access token");
		return OK;
	}
	if (!number || !token_is_good(req, number)) {
		refuse(res, 400, 100, 33, "Unsupported post request. Object does not exist.");
		return OK;
	}
	if (multipart_read(job, req, &parts, &count) != OK) {
		job_forgive(job);
		refuse(res, 400, 100, 0, "(#100) The parameter messaging_product is required.");
		return OK;
	}
	file = find_part(parts, count, S("file"));
	type = find_part(parts, count, S("type"));
	if (!find_part(parts, count, S("messaging_product")) || !file) {
		refuse(res, 400, 100, 0,
			file ? "(#100) The parameter messaging_product is required."
			     : "(#100) The parameter file is required.");
		return OK;
	}
	str mime = plain_type(type && type->data.len ? str_from(type->data) : file->type);

	if (cloud_check_media(job, kind_of_type(mime), mime, (int64_t)file->data.len) != OK) {
		job_forgive(job);
		refuse(res, 400, 100, 0,
			"(#100) Param file must be a file of a supported type and size.");
		return OK;
	}
	TRY(store(job, mime, file->data, &stored));
	json_open(&res->body, '{');
	json_put(&res->body, "id", str_of(stored.id));
	json_close(&res->body, '}');
	return OK;
}

/* ---- Graph: info and download ---- */

static str sign(struct sandbox *sb, struct arena *arena, str id, str end)
{
	uint8_t mac[SHA256_SIZE];
	str text = arena_printf(arena, STR_F "|" STR_F, STR_A(id), STR_A(end));

	hmac_sha256((bytes){ sb->media_key, sizeof sb->media_key }, bytes_of(text), mac);
	return hex_text(arena, (bytes){ mac, sizeof mac });
}

str media_url(struct sandbox *sb, struct arena *arena, const struct media_file *file)
{
	str end = arena_printf(arena, "%lld", (long long)(clock_now_ms() / 1000 + URL_LIFE_S));

	return arena_printf(arena, "http://127.0.0.1:%d/media/%s?ext=" STR_F "&hash=" STR_F,
		sandbox_port(sb), file->id, STR_A(end),
		STR_A(sign(sb, arena, str_of(file->id), end)));
}

void media_write_info(struct sandbox *sb, struct buf *b, const struct media_file *file)
{
	json_open(b, '{');
	json_put(b, "messaging_product", S("whatsapp"));
	json_put(b, "url", media_url(sb, b->arena, file));
	json_put(b, "mime_type", str_of(file->type));
	json_put(b, "sha256", str_of(file->sha256));
	json_put_int(b, "file_size", file->size);
	json_put(b, "id", str_of(file->id));
	json_close(b, '}');
}

static enum err answer_file(struct job *job, const struct media_file *file, struct response *res)
{
	res->file = open(file->path, O_RDONLY | O_CLOEXEC);
	if (res->file < 0)
		return fail(job, ERR_MISSING, "the file is gone");
	res->file_size = file->size;
	res->type = arena_str(job->arena, str_of(file->type));
	response_header(res, S("X-Content-Type-Options"), S("nosniff"));
	return OK;
}

enum err media_download(struct job *job, const struct request *req, struct response *res)
{
	str end = request_query(job->arena, req, "ext"),
	    hash = request_query(job->arena, req, "hash");
	struct media_file file;
	int64_t end_s = 0;

	if (!is_known_token(req)) {
		refuse(res, 401, 190, 0, "Invalid OAuth access token - Cannot parse access token");
		return OK;
	}
	if (!str_is(hash, sign(the_sandbox, job->arena, req->params[0], end)) ||
		!str_to_i64(end, &end_s) || end_s * 1000 < clock_now_ms() ||
		!media_find(the_sandbox, req->params[0], &file)) {
		refuse(res, 404, 100, 33, "The file does not exist, or its URL has expired.");
		return OK;
	}
	return answer_file(job, &file, res);
}

/* ---- control: what customers send, and what the phone page shows ---- */

static enum err body_of(struct job *job, const struct request *req, str *type, bytes *data)
{
	struct part *parts;
	size_t count;

	TRY(multipart_read(job, req, &parts, &count));
	for (size_t i = 0; i < count; i++)
		if (parts[i].file_name.ptr) {
			*type = parts[i].type;
			*data = parts[i].data;
			return OK;
		}
	return fail(job, ERR_INPUT, "no file among the parts");
}

/* Anything a person may have on a phone: no rules but a size. */
enum err media_control_upload(struct job *job, const struct request *req, struct response *res)
{
	struct media_file stored;
	bytes data = BYTES_NONE;
	str type = STR_NONE;

	if (body_of(job, req, &type, &data) != OK || !type.len || type.len >= sizeof stored.type) {
		job_forgive(job);
		res->status = 400;
		buf_str(&res->body,
			S("{\"error\":\"Send multipart/form-data with a part that is a file.\"}"));
		return OK;
	}
	TRY(store(job, type, data, &stored));
	json_open(&res->body, '{');
	json_put(&res->body, "id", str_of(stored.id));
	json_put(&res->body, "mime_type", str_of(stored.type));
	json_put_int(&res->body, "size", stored.size);
	json_close(&res->body, '}');
	return OK;
}

static bool is_shown(str type)
{
	return (str_starts(type, S("image/")) && !str_starts(type, S("image/svg"))) ||
	       str_starts(type, S("audio/")) || str_starts(type, S("video/")) ||
	       str_is(type, S("application/pdf"));
}

enum err media_control_download(struct job *job, const struct request *req, struct response *res)
{
	struct media_file file;

	if (!media_find(the_sandbox, req->params[0], &file)) {
		res->status = 404;
		buf_str(&res->body, S("{\"error\":\"There is no such file.\"}"));
		return OK;
	}
	if (!is_shown(str_of(file.type)))
		snprintf(file.type, sizeof file.type, "application/octet-stream");
	return answer_file(job, &file, res);
}
