/*
 * linked_media.c: where linked devices leave their files and fetch them, over HTTP and over TLS.
 *
 * A file is stored under its token, the hash of what is in it, as `linked-TOKEN`; what is still
 * being sent stands beside it as `.part`. Nobody here can read one. Runs on workers, so of the
 * sandbox it touches only the folder; what goes wrong is linked_media_fault.c's. The certificate of
 * the TLS port is made at the start and signs itself.
 */
#include "provider/sandbox/linked_internal.h"

#include "base/codec.h"
#include "crypto/crypto.h"
#include "wa/media/media.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TOKEN_MAX 64
#define PIECE_SIZE 65536
#define DIRECT_PATH LINKED_MEDIA_FOLDER STR_F ".enc?ccb=11-4&oh=01_sandbox&oe=7FFFFFFF"
#define CERTIFICATE_DAYS 825

/* ---- what both ways have in common ---- */

/* The file of a token; false: no token, or a path in disguise. */
static bool path_of(char path[512], str token, const char *end)
{
	token = str_first_points(token, TOKEN_MAX);
	while (str_ends(token, S("=")))
		token.len--;
	for (size_t i = 0; i < token.len; i++)
		if (!((token.ptr[i] >= '0' && token.ptr[i] <= '9') ||
			    ((token.ptr[i] | 32) >= 'a' && (token.ptr[i] | 32) <= 'z') ||
			    token.ptr[i] == '-' || token.ptr[i] == '_'))
			return false;
	snprintf(path, 512, "%s/linked-" STR_F "%s", the_sandbox->folder, STR_A(token), end);
	return token.len > 0;
}

static enum err refuse(struct response *res, int status)
{
	res->status = status;
	buf_str(&res->body, S("{\"error\":\"refused\"}"));
	return OK;
}

static void sleep_ms(int64_t ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* Answered in place of a file, when that is the fault. */
static bool has_failed(const struct media_fault *fault, struct response *res)
{
	if (fault->kind == MEDIA_FAULT_WAIT)
		sleep_ms(fault->value);
	if (fault->kind == MEDIA_FAULT_STATUS)
		(void)refuse(res, (int)fault->value);
	return fault->kind == MEDIA_FAULT_STATUS;
}

static ptrdiff_t pull_nothing(void *arg, uint8_t *out, size_t max)
{
	(void)arg, (void)out, (void)max;
	return -1;
}

/* The connection is gone in the middle of the answer. */
static enum err break_off(struct response *res)
{
	res->next = pull_nothing;
	res->next_size = 1;
	return OK;
}

static int64_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_size : -1;
}

/* ---- sending ---- */

struct linked_upload { struct media_fault fault; char path[512], part[512]; int64_t offset; };

static bool append_fd(int from, int to, int64_t max)
{
	uint8_t piece[PIECE_SIZE];
	ssize_t n = 0;

	for (; max > 0; max -= n) {
		n = read(from, piece, max < PIECE_SIZE ? (size_t)max : PIECE_SIZE);
		if (n <= 0)
			break;
		for (ssize_t at = 0, w; at < n; at += w) {
			w = write(to, piece + at, (size_t)(n - at));
			if (w < 0)
				return false;
		}
	}
	return n >= 0;
}

/* Not more than max octets. */
static bool append_body(const struct request *req, int to, int64_t max)
{
	size_t size = (int64_t)req->body.len < max ? req->body.len : (size_t)max;
	int from;
	bool good;

	if (!req->body_path)
		return write(to, req->body.ptr, size) == (ssize_t)size;
	from = open(req->body_path, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return false;
	good = append_fd(from, to, max);
	close(from);
	return good;
}

static bool hash_holds(const char *path, str token)
{
	uint8_t piece[PIECE_SIZE], digest[SHA256_SIZE], wanted[SHA256_SIZE];
	struct buf to = { .ptr = wanted, .cap = sizeof wanted, .max = sizeof wanted };
	struct sha256 *hash = sha256_create();
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, piece, sizeof piece)) > 0)
		sha256_add(hash, (bytes){ piece, (size_t)n });
	if (fd >= 0)
		close(fd);
	sha256_finish(hash, digest);
	return n == 0 && base64_read(token, &to) && to.len == sizeof digest &&
	       memcmp(wanted, digest, sizeof digest) == 0;
}

static enum err answer_stored(struct job *job, const struct request *req, struct response *res)
{
	str token = req->params[1],
	    path = arena_printf(job->arena, DIRECT_PATH, STR_A(token));

	json_open(&res->body, '{');
	if (request_query(job->arena, req, "resume").len)
		json_put(&res->body, "resume", S("complete"));
	json_put(&res->body, "url",
		arena_printf(job->arena, "%s://" STR_F STR_F, req->secure ? "https" : "http",
			STR_A(request_header(req, S("Host"))), STR_A(path)));
	json_put(&res->body, "direct_path", path);
	json_put(&res->body, "handle", token);
	json_close(&res->body, '}');
	return OK;
}

static enum err answer_offset(struct response *res, int64_t offset)
{
	json_open(&res->body, '{');
	json_put_int(&res->body, "resume", offset);
	json_close(&res->body, '}');
	return OK;
}

/* What came of the body stays, and the next may go on from there. */
static enum err take_body(struct job *job, const struct request *req, struct response *res,
	const struct linked_upload *up)
{
	bool is_cut = up->fault.kind == MEDIA_FAULT_CUT, good;
	int fd = open(up->part,
		O_WRONLY | O_CREAT | O_CLOEXEC | (up->offset ? O_APPEND : O_TRUNC), 0600);

	if (fd < 0)
		return fail(job, ERR_STORE, "the sandbox cannot write into its media folder");
	good = append_body(req, fd, is_cut ? up->fault.value : INT64_MAX);
	close(fd);
	if (is_cut)
		return break_off(res);
	if (!good || !hash_holds(up->part, req->params[1]))
		return refuse(res, 400);
	if (rename(up->part, up->path) != 0)
		return fail(job, ERR_STORE, "the sandbox cannot keep a file");
	return answer_stored(job, req, res);
}

/* POST /mms/KIND/TOKEN; resume=1 asks how much there is, file_offset goes on from there. */
enum err linked_media_upload(struct job *job, const struct request *req, struct response *res)
{
	bool asks = request_query(job->arena, req, "resume").len;
	struct linked_upload up = { .fault = linked_media_fault(req) };

	if (has_failed(&up.fault, res))
		return OK;
	if (!linked_media_auth_holds(job, req))
		return refuse(res, 401);
	if (!path_of(up.path, req->params[1], "") || !path_of(up.part, req->params[1], ".part"))
		return refuse(res, 400);
	if (size_of(up.path) >= 0)
		return answer_stored(job, req, res);
	if (asks)
		return answer_offset(res, size_of(up.part) > 0 ? size_of(up.part) : 0);
	str_to_i64(request_query(job->arena, req, "file_offset"), &up.offset);
	if (up.offset > 0 && up.offset != size_of(up.part))
		return refuse(res, 400);
	return take_body(job, req, res, &up);
}

/* ---- fetching ---- */

/* "bytes=A-B" or "bytes=A-": of a file of that size. */
static bool range_of(str header, int64_t size, int64_t *from, int64_t *length)
{
	int64_t last = size - 1;
	str rest = str_part(header, 6, header.len), first;

	*from = 0;
	*length = size;
	if (!str_starts(header, S("bytes=")))
		return false;
	first = str_split(&rest, '-');
	if (!str_to_i64(first, from) || (rest.len && !str_to_i64(rest, &last)) || *from < 0 ||
		*from >= size) {
		*from = 0;
		return false;
	}
	*length = (last < size ? last : size - 1) - *from + 1;
	return *length > 0;
}

static ptrdiff_t pull_slowly(void *arg, uint8_t *out, size_t max)
{
	(void)max;
	sleep_ms((int64_t)(intptr_t)arg);
	*out = 0;
	return 1;
}

static ptrdiff_t pull_zeros(void *arg, uint8_t *out, size_t max)
{
	(void)arg;
	memset(out, 0, max);
	return (ptrdiff_t)max;
}

/* Its octets, but for what is wrong with them. false: it is sent as it is. */
static bool is_spoilt(struct response *res, const struct media_fault *fault, int64_t size)
{
	size_t at = (size_t)fault->value;
	uint8_t piece[PIECE_SIZE];
	ssize_t n;

	if (fault->kind < MEDIA_FAULT_SPOIL || (fault->kind != MEDIA_FAULT_LONG &&
						       fault->kind < MEDIA_FAULT_TRICKLE &&
						       fault->value >= size))
		return false;
	res->next_size = fault->kind == MEDIA_FAULT_TRICKLE ? size : -1;
	res->next_arg = (void *)(intptr_t)fault->value;
	if (fault->kind >= MEDIA_FAULT_TRICKLE) {
		res->next = fault->kind == MEDIA_FAULT_TRICKLE ? pull_slowly : pull_zeros;
		return true;
	}
	while ((n = read(res->file, piece, sizeof piece)) > 0)
		buf_put(&res->body, piece, (size_t)n);
	if (fault->kind == MEDIA_FAULT_SPOIL)
		res->body.ptr[at] ^= 1;
	else if (fault->kind == MEDIA_FAULT_SHORT)
		res->body.len -= at;
	while (fault->kind == MEDIA_FAULT_LONG && at--)
		buf_byte(&res->body, 0);
	return true;
}

/* GET /v/t62.7118-24/TOKEN.enc */
enum err linked_media_download(struct job *job, const struct request *req, struct response *res)
{
	str token = req->params[1];
	struct media_fault fault = linked_media_fault(req);
	char path[512];
	int64_t size;

	(void)job;
	if (has_failed(&fault, res))
		return OK;
	if (!str_ends(token, S(".enc")) || !path_of(path, str_part(token, 0, token.len - 4), "") ||
		(size = size_of(path)) < 0)
		return refuse(res, 404);
	res->file = open(path, O_RDONLY | O_CLOEXEC);
	if (res->file < 0)
		return refuse(res, 404);
	res->type = S("application/octet-stream");
	if (is_spoilt(res, &fault, size)) {
		close(res->file);
		res->file = -1;
		return OK;
	}
	if (range_of(request_header(req, S("Range")), size, &res->file_from, &res->file_size)) {
		res->status = 206;
		response_header(res, S("Content-Range"),
			arena_printf(job->arena, "bytes %lld-%lld/%lld", (long long)res->file_from,
				(long long)(res->file_from + res->file_size - 1),
				(long long)size));
	}
	return OK;
}

/* DELETE of a history that was read. */
enum err linked_media_delete(struct job *job, const struct request *req, struct response *res)
{
	char path[512];

	(void)job;
	if (path_of(path, req->params[1], ""))
		unlink(path);
	buf_str(&res->body, S("{}"));
	return OK;
}

str linked_media_leave(void *arg, struct arena *arena, bytes octets)
{
	uint8_t hash[SHA256_SIZE];
	char path[512];
	str token;
	int fd;
	bool good;

	(void)arg;
	sha256(octets, hash);
	token = wa_upload_token(arena, hash);
	fd = path_of(path, token, "") ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
				      : -1;
	good = fd >= 0 && write(fd, octets.ptr, octets.len) == (ssize_t)octets.len;
	if (fd >= 0)
		close(fd);
	return good ? arena_printf(arena, DIRECT_PATH, STR_A(token)) : STR_NONE;
}

str linked_media_token(str direct_path)
{
	str folder = S(LINKED_MEDIA_FOLDER), token;

	if (!str_starts(direct_path, folder))
		return STR_NONE;
	token = str_part(direct_path, folder.len, direct_path.len);
	return str_split(&token, '.');
}

bool linked_media_path(char path[512], str direct_path)
{
	return path_of(path, linked_media_token(direct_path), "");
}

/* ---- the certificate ---- */

static bool add_extension(X509 *certificate, int what, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, what, value);
	bool good = extension && X509_add_ext(certificate, extension, -1) == 1;

	X509_EXTENSION_free(extension);
	return good;
}

static bool fill(X509 *certificate, EVP_PKEY *key)
{
	X509_NAME *name = X509_get_subject_name(certificate);

	return X509_set_version(certificate, 2) == 1 &&
	       ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(certificate), -86400) &&
	       X509_time_adj_ex(X509_getm_notAfter(certificate), CERTIFICATE_DAYS, 0, NULL) &&
	       X509_set_pubkey(certificate, key) == 1 &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		       (const unsigned char *)"Parley sandbox", -1, -1, 0) == 1 &&
	       X509_set_issuer_name(certificate, name) == 1 &&
	       add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE") &&
	       add_extension(certificate, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost") &&
	       X509_sign(certificate, key, EVP_sha256()) > 0;
}

static FILE *create_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	return fd >= 0 ? fdopen(fd, "w") : NULL;
}

bool linked_certificate(const char *certificate_path, const char *key_path)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	FILE *certificate_file = create_file(certificate_path), *key_file = create_file(key_path);
	bool good = key && certificate && certificate_file && key_file && fill(certificate, key) &&
		    PEM_write_X509(certificate_file, certificate) == 1 &&
		    PEM_write_PrivateKey(key_file, key, NULL, NULL, 0, NULL, NULL) == 1;

	if (certificate_file)
		good = fclose(certificate_file) == 0 && good;
	if (key_file)
		good = fclose(key_file) == 0 && good;
	X509_free(certificate);
	EVP_PKEY_free(key);
	return good;
}
