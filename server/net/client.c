/*
 * client.c: outgoing HTTP by libcurl; see client.h.
 *
 * Each thread keeps two handles with their connections: one for calls that may reach private
 * addresses, one for those that may not, so a connection opened for the first is never used by the
 * second. The one rule: a request other than GET, HEAD and OPTIONS leaves at most once; curl's own
 * retry on a connection that turns out dead is refused.
 */
#include "net/client.h"

#include "net/address.h"
#include "net/http_parse.h"

#include <assert.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	REDIRECTS_MAX = 3,
	REPLY_HEADERS_MAX = 64,
	REPLY_HEAD_MAX = 64u << 10,
	CONNECTIONS_KEPT = 16,
	/* Servers close what is idle; a connection near that age would break under a request that
	   must not be repeated. */
	IDLE_REUSE_SECONDS = 30,
};

struct handles {
	CURL *guarded, *private;
};

/* What curl's callbacks know of the call. */
struct running {
	struct job *job;
	const struct http_call *call;
	struct http_reply *reply;
	CURL *curl;
	struct buf body;
	struct header *headers;
	size_t header_octets, reply_max;
	bool was_denied, is_too_large, was_repeated, has_no_room;
	int sends; /* how often the request began to leave */
	int file;  /* of body_path; -1: none */
	bytes unsent;
};

static pthread_key_t handles_key;
static pthread_once_t handles_once = PTHREAD_ONCE_INIT;

static void handles_destroy(void *arg)
{
	struct handles *handles = arg;

	curl_easy_cleanup(handles->guarded);
	curl_easy_cleanup(handles->private);
	heap_free(handles);
}

static void init_once(void)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 ||
	    pthread_key_create(&handles_key, handles_destroy) != 0)
		abort();
}

void http_client_init(void)
{
	pthread_once(&handles_once, init_once);
}

static CURL *handle_of_thread(bool may_be_private)
{
	struct handles *handles = pthread_getspecific(handles_key);
	CURL **handle;

	if (!handles) {
		handles = HEAP_NEW(struct handles);
		pthread_setspecific(handles_key, handles);
	}
	handle = may_be_private ? &handles->private : &handles->guarded;
	if (!*handle)
		*handle = curl_easy_init();
	if (!*handle)
		abort();
	curl_easy_reset(*handle); /* forgets the options, keeps the connections */
	return *handle;
}

/* Sockets: after the name was resolved, before anything is sent. */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct running *run = arg;

	(void)purpose;
	if (!run->call->allow_private && !address_is_public(&address->addr)) {
		run->was_denied = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static bool may_repeat(enum http_method method)
{
	return method == HTTP_GET || method == HTTP_HEAD || method == HTTP_OPTIONS;
}

/* Connected, and the request is about to leave. */
static int before_request(void *arg, char *remote_ip, char *local_ip, int remote_port,
                          int local_port)
{
	struct running *run = arg;
	long redirects = 0;

	(void)remote_ip;
	(void)local_ip;
	(void)remote_port;
	(void)local_port;
	curl_easy_getinfo(run->curl, CURLINFO_REDIRECT_COUNT, &redirects);
	if (run->sends > redirects && !may_repeat(run->call->method)) {
		run->was_repeated = true;
		return CURL_PREREQFUNC_ABORT;
	}
	run->sends++;
	return CURL_PREREQFUNC_OK;
}

static size_t read_body(char *out, size_t size, size_t count, void *arg)
{
	struct running *run = arg;
	size_t n = size * count < run->unsent.len ? size * count : run->unsent.len;

	if (run->file >= 0) {
		ssize_t got = read(run->file, out, size * count);

		return got < 0 ? CURL_READFUNC_ABORT : (size_t)got;
	}
	if (n)
		memcpy(out, run->unsent.ptr, n);
	run->unsent.ptr += n;
	run->unsent.len -= n;
	return n;
}

/* The body is read again after a redirect that keeps the method. */
static int rewind_body(void *arg, curl_off_t offset, int origin)
{
	struct running *run = arg;

	if (origin != SEEK_SET || offset != 0)
		return CURL_SEEKFUNC_CANTSEEK;
	run->unsent = run->call->body;
	if (run->file >= 0 && lseek(run->file, run->call->body_from, SEEK_SET) < 0)
		return CURL_SEEKFUNC_FAIL;
	return CURL_SEEKFUNC_OK;
}

static bool write_all(int fd, bytes data)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.ptr, data.len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			data = (bytes){ data.ptr + n, data.len - (size_t)n };
	}
	return true;
}

static bool is_success(struct running *run)
{
	long status = 0;

	curl_easy_getinfo(run->curl, CURLINFO_RESPONSE_CODE, &status);
	return status >= 200 && status < 300;
}

/* What somebody streams must not begin with the page of a 404. */
static bool keep_piece(struct running *run, bytes piece)
{
	if (run->call->on_reply && is_success(run))
		return run->call->on_reply(run->call->on_reply_arg, piece);
	if (run->call->reply_file > 0 && is_success(run)) {
		run->has_no_room = !write_all(run->call->reply_file, piece);
		return !run->has_no_room;
	}
	buf_put(&run->body, piece.ptr, piece.len);
	return !run->body.failed;
}

static size_t take_piece(char *data, size_t size, size_t count, void *arg)
{
	struct running *run = arg;
	size_t len = size * count;

	if (len > run->reply_max - (size_t)run->reply->size) {
		run->is_too_large = true;
		return 0;
	}
	run->reply->size += (int64_t)len;
	return keep_piece(run, (bytes){ (const uint8_t *)data, len }) ? len : 0;
}

/* One line of a head. Each head starts anew: after a redirect or a 100, only the last one counts.
 */
static size_t take_header(char *data, size_t size, size_t count, void *arg)
{
	struct running *run = arg;
	struct http_reply *reply = run->reply;
	str line = str_trim((str){ data, size * count }), name;

	run->header_octets += line.len;
	if (run->header_octets > REPLY_HEAD_MAX) {
		run->is_too_large = true;
		return 0;
	}
	if (str_starts(line, S("HTTP/")))
		reply->header_count = 0;
	if (line.len == 0 || str_find(line, ':') == line.len ||
	    reply->header_count == REPLY_HEADERS_MAX)
		return size * count;
	line = arena_str(run->job->arena, line);
	name = str_split(&line, ':');
	run->headers[reply->header_count++] = (struct header){ name, str_trim(line) };
	return size * count;
}

static void set_callbacks(struct running *run)
{
	CURL *curl = run->curl;

	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_piece);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, run);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, run);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, run);
	curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(curl, CURLOPT_PREREQDATA, run);
}

static void set_bounds(struct running *run, const char *url)
{
	const struct http_call *call = run->call;
	CURL *curl = run->curl;
	bool is_secure = str_is_nocase(str_part(call->url, 0, 6), S("https:"));

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, is_secure ? "https" : "http,https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, (long)call->follow);
	curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)REDIRECTS_MAX);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
	                 (long)(call->deadline_ms ? call->deadline_ms : CALL_DEADLINE_MS));
	if (call->stall_ms) {
		curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)CALL_RATE_MIN);
		curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)(call->stall_ms / 1000));
	}
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)IDLE_REUSE_SECONDS);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "Parley/" PARLEY_VERSION);
	if (getenv("SSL_CERT_FILE")) /* what OpenSSL itself follows; curl has a default of its own
	                              */
		curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));
}

static void free_list(void *list)
{
	curl_slist_free_all(list);
}

static struct curl_slist *append(struct job *job, struct curl_slist *list, str name, str value)
{
	/* curl leaves a header without value out unless it ends in ';'. */
	str line = value.len ? arena_printf(job->arena, STR_F ": " STR_F, STR_A(name), STR_A(value))
			     : arena_printf(job->arena, STR_F ";", STR_A(name));

	list = curl_slist_append(list, line.ptr);
	if (!list)
		abort();
	return list;
}

static enum err set_headers(struct running *run)
{
	const struct http_call *call = run->call;
	/* No waiting for 100, and none of curl's own ideas of a body's type. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	if (!call->part_count)
		list = curl_slist_append(list, "Content-Type:");
	job_defer(run->job, free_list, list); /* what is appended hangs on its first */
	for (size_t i = 0; i < call->header_count; i++) {
		const struct header *h = &call->headers[i];

		if (!http_is_token(h->name) || !http_is_field_value(h->value))
			return fail(run->job, ERR_INPUT, "a header of the call is not one");
		list = append(run->job, list, h->name, h->value);
	}
	curl_easy_setopt(run->curl, CURLOPT_HTTPHEADER, list);
	return OK;
}

static void free_mime(void *mime)
{
	curl_mime_free(mime);
}

static CURLcode add_part(struct job *job, curl_mime *mime, const struct call_part *from)
{
	curl_mimepart *part = curl_mime_addpart(mime);
	CURLcode code = curl_mime_name(part, arena_cstr(job->arena, from->name));

	if (!code && from->file_path)
		code = curl_mime_filedata(part, from->file_path);
	else if (!code)
		code = curl_mime_data(part, from->value.ptr ? from->value.ptr : "",
		                      from->value.len);
	if (!code && from->file_name.ptr)
		code = curl_mime_filename(part, arena_cstr(job->arena, from->file_name));
	if (!code && from->type.ptr)
		code = curl_mime_type(part, arena_cstr(job->arena, from->type));
	return code;
}

static enum err set_parts(struct running *run)
{
	curl_mime *mime = curl_mime_init(run->curl);

	job_defer(run->job, free_mime, mime);
	for (size_t i = 0; i < run->call->part_count; i++)
		if (add_part(run->job, mime, &run->call->parts[i]) != CURLE_OK)
			return fail(run->job, ERR_INPUT, "a part of the form cannot be read");
	curl_easy_setopt(run->curl, CURLOPT_MIMEPOST, mime);
	return OK;
}

static void close_file(void *arg)
{
	close((int)(intptr_t)arg);
}

static enum err open_body(struct running *run, curl_off_t *size)
{
	struct stat st;

	run->unsent = run->call->body;
	*size = (curl_off_t)run->call->body.len;
	if (!run->call->body_path)
		return OK;
	run->file = open(run->call->body_path, O_RDONLY | O_CLOEXEC);
	if (run->file < 0 || fstat(run->file, &st) != 0)
		return fail(run->job, ERR_INPUT, "the file to send cannot be read");
	job_defer(run->job, close_file, (void *)(intptr_t)run->file);
	if (run->call->body_from > st.st_size ||
		lseek(run->file, run->call->body_from, SEEK_SET) < 0)
		return fail(run->job, ERR_INPUT, "the file to send is shorter than was sent of it");
	*size = st.st_size - run->call->body_from;
	return OK;
}

static enum err set_body(struct running *run)
{
	CURL *curl = run->curl;
	enum http_method method = run->call->method;
	curl_off_t size;

	if (method != HTTP_GET && method != HTTP_POST)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, http_method_name(method));
	if (run->call->part_count)
		return set_parts(run);
	TRY(open_body(run, &size));
	if (method == HTTP_HEAD)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	if (method == HTTP_GET || method == HTTP_HEAD || (method == HTTP_DELETE && size == 0))
		return OK;
	curl_easy_setopt(curl, CURLOPT_POST, 1L);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, size);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_body);
	curl_easy_setopt(curl, CURLOPT_READDATA, run);
	curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, rewind_body);
	curl_easy_setopt(curl, CURLOPT_SEEKDATA, run);
	return OK;
}

/* What went wrong, without the URL: it may hold a token. */
static enum err explain(const struct running *run, CURLcode code)
{
	struct job *job = run->job;

	if (run->is_too_large || run->body.failed || code == CURLE_FILESIZE_EXCEEDED)
		return fail(job, ERR_LIMIT, "the answer is larger than %zu octets", run->reply_max);
	if (run->has_no_room)
		return fail(job, ERR_STORE, "no room for the answer's file");
	if (run->was_repeated)
		return fail(job, ERR_UPSTREAM, "the connection broke before an answer came");
	if (run->was_denied && run->sends == 0)
		return fail(job, ERR_DENIED, "the address is not a public one");
	switch (code) {
	case CURLE_OK:
		return OK;
	case CURLE_OPERATION_TIMEDOUT:
		return fail(job, ERR_TIMEOUT, "no answer in time");
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return fail(job, ERR_INPUT, "the URL is not one of http or https");
	default:
		if (run->was_denied)
			return fail(job, ERR_DENIED,
			            "a redirect led to an address that is not public");
		return fail(job, ERR_UPSTREAM, "the call failed: %s", curl_easy_strerror(code));
	}
}

static enum err perform(struct running *run)
{
	struct http_reply *reply = run->reply;
	CURLcode code = curl_easy_perform(run->curl);
	long status = 0;

	curl_easy_getinfo(run->curl, CURLINFO_RESPONSE_CODE, &status);
	reply->status = (int)status;
	reply->was_sent = run->sends > 0;
	reply->body = buf_bytes(&run->body);
	reply->headers = run->headers;
	reply->type = reply_header(reply, S("Content-Type"));
	return explain(run, code);
}

enum err http_call(struct job *job, const struct http_call *call, struct http_reply *reply)
{
	struct running run = {
		.job = job,
		.call = call,
		.reply = reply,
		.file = -1,
		.reply_max = call->reply_max ? call->reply_max : CALL_REPLY_MAX,
		.headers = ARENA_ARRAY(job->arena, struct header, REPLY_HEADERS_MAX),
	};
	enum err e;

	assert(!job->db); /* a transaction must not wait for others' servers */
	http_client_init();
	*reply = (struct http_reply){ 0 };
	if (!call->url.len || memchr(call->url.ptr, 0, call->url.len))
		return fail(job, ERR_INPUT, "the URL is not one of http or https");
	run.body = buf_in(job->arena, run.reply_max);
	run.curl = handle_of_thread(call->allow_private);
	set_bounds(&run, arena_cstr(job->arena, call->url));
	set_callbacks(&run);
	e = set_headers(&run);
	if (e == OK)
		e = set_body(&run);
	if (e == OK)
		e = perform(&run);
	curl_easy_reset(run.curl); /* it must not remember this call's memory */
	return e;
}

str reply_header(const struct http_reply *reply, str name)
{
	for (size_t i = 0; i < reply->header_count; i++)
		if (str_is_nocase(reply->headers[i].name, name))
			return reply->headers[i].value;
	return STR_NONE;
}
