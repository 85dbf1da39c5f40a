/*
 * linked_media_fault.c: what goes wrong at the media hosts of the linked network, and what they
 * were asked: /control/linked/media.
 *
 * Set on the loop, read on the workers that serve files, so all of it is behind one lock. A fault
 * is of one way (up or down), of one host or of each, for so many calls or until it is set again.
 */
#include "provider/sandbox/linked_internal.h"

#include "wa/simulator/simulator.h"

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define CALLS_MAX 100
#define TARGET_MAX 400
#define HOST_MAX 80
#define EXPIRED "gone-"
#define KEPT "linked-"

static const struct { const char *name; enum media_fault_kind kind; } faults[] = {
	{ "status", MEDIA_FAULT_STATUS },
	{ "wait", MEDIA_FAULT_WAIT },
	{ "cut", MEDIA_FAULT_CUT },
	{ "spoil", MEDIA_FAULT_SPOIL },
	{ "short", MEDIA_FAULT_SHORT },
	{ "long", MEDIA_FAULT_LONG },
	{ "trickle", MEDIA_FAULT_TRICKLE },
	{ "endless", MEDIA_FAULT_ENDLESS },
};

struct call { const char *method; char target[TARGET_MAX], host[HOST_MAX]; int64_t size; };

static struct {
	pthread_mutex_t lock;
	struct media_fault fault;
	bool is_up, is_down;
	int64_t times;          /* still; -1: always */
	char host[HOST_MAX];    /* "": each */
	int auth;
	struct call calls[CALLS_MAX];
	size_t call_count;      /* since the faults were set */
} state = { .lock = PTHREAD_MUTEX_INITIALIZER, .times = -1 };

/* ---- for the hosts ---- */

static void note(const struct request *req)
{
	struct call *call = &state.calls[state.call_count++ % CALLS_MAX];

	call->method = http_method_name(req->method);
	snprintf(call->target, sizeof call->target, STR_F, STR_A(req->target));
	snprintf(call->host, sizeof call->host, STR_F, STR_A(request_header(req, S("Host"))));
	call->size = req->body_path ? req->body_size : (int64_t)req->body.len;
}

struct media_fault linked_media_fault(const struct request *req)
{
	struct media_fault out = { 0 };

	pthread_mutex_lock(&state.lock);
	note(req);
	if ((req->method == HTTP_GET ? state.is_down : state.is_up) && state.times &&
		(!*state.host ||
			str_starts(request_header(req, S("Host")), str_of(state.host)))) {
		out = state.fault;
		state.times -= state.times > 0;
	}
	pthread_mutex_unlock(&state.lock);
	return out;
}

bool linked_media_auth_holds(struct job *job, const struct request *req)
{
	int auth;

	pthread_mutex_lock(&state.lock);
	auth = state.auth;
	pthread_mutex_unlock(&state.lock);
	return str_is(request_query(job->arena, req, "auth"),
		arena_printf(job->arena, SIM_MEDIA_AUTH "%d", auth));
}

/* ---- control ---- */

static bool read_fault(json v, struct media_fault *out)
{
	str name = json_text_at(v, "fault");

	*out = (struct media_fault){ .value = json_int(json_field(v, "value"), 0) };
	for (size_t i = 0; i < COUNT_OF(faults); i++)
		if (str_is(name, str_of(faults[i].name)))
			out->kind = faults[i].kind;
	return !name.len || out->kind;
}

static void set(json v, const struct media_fault *fault)
{
	str way = json_text_at(v, "way");
	struct sim_media_faults *conn = &sim_faults(linked_sim())->media;

	pthread_mutex_lock(&state.lock);
	state.call_count = 0;
	state.fault = *fault;
	state.is_up = fault->kind && !str_is(way, S("down"));
	state.is_down = fault->kind && !str_is(way, S("up"));
	state.times = json_int(json_field(v, "times"), -1);
	snprintf(state.host, sizeof state.host, STR_F, STR_A(json_text_at(v, "host")));
	state.auth = (int)json_int(json_field(v, "auth"), 0);
	pthread_mutex_unlock(&state.lock);
	*conn = (struct sim_media_faults){ .auth = (int)json_int(json_field(v, "auth"), 0),
		.ttl_s = (int)json_int(json_field(v, "ttl_s"), 0),
		.hosts_down = (int)json_int(json_field(v, "hosts_down"), 0) };
}

void control_linked_media(const struct request *req, struct exchange *ex)
{
	struct media_fault fault;
	json v;

	if (!read_object(ex, req, &v))
		return;
	if (!read_fault(v, &fault)) {
		answer_control_error(ex, 400,
			"fault is status, wait, cut, spoil, short, long, trickle or endless.");
		return;
	}
	set(v, &fault);
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}

static void write_call(struct buf *b, const struct call *call)
{
	json_open(b, '{');
	json_put(b, "method", str_of(call->method));
	json_put(b, "host", str_of(call->host));
	json_put(b, "target", str_of(call->target));
	json_put_int(b, "size_bytes", call->size);
	json_close(b, '}');
}

void control_linked_media_calls(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	size_t first;

	(void)req;
	json_open(&b, '{');
	json_open_in(&b, "calls", '[');
	pthread_mutex_lock(&state.lock);
	first = state.call_count > CALLS_MAX ? state.call_count - CALLS_MAX : 0;
	for (size_t i = first; i < state.call_count; i++)
		write_call(&b, &state.calls[i % CALLS_MAX]);
	pthread_mutex_unlock(&state.lock);
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* ---- files that are forgotten ---- */

/* The phone has them still, unless it shall not. */
static int forget_all(bool phone_keeps)
{
	DIR *folder = opendir(the_sandbox->folder);
	int count = 0;

	for (struct dirent *one; folder && (one = readdir(folder));) {
		char from[768], to[768];

		if (!str_starts(str_of(one->d_name), S(KEPT)))
			continue;
		snprintf(from, sizeof from, "%s/%s", the_sandbox->folder, one->d_name);
		snprintf(to, sizeof to, "%s/" EXPIRED "%s", the_sandbox->folder,
			one->d_name + strlen(KEPT));
		count += (phone_keeps ? rename(from, to) : unlink(from)) == 0;
	}
	if (folder)
		closedir(folder);
	return count;
}

void control_linked_media_expire(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);
	json v;

	if (!read_object(ex, req, &v))
		return;
	json_open(&b, '{');
	json_put_int(&b, "expired",
		forget_all(json_flag(json_field(v, "phone_keeps"), true)));
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* Under another path: a client that goes on with the old one finds nothing. */
str linked_media_again(void *arg, struct arena *arena, str direct_path)
{
	str token = linked_media_token(direct_path);
	char from[768], to[768];

	(void)arg;
	if (!token.len)
		return STR_NONE;
	snprintf(from, sizeof from, "%s/" EXPIRED STR_F, the_sandbox->folder, STR_A(token));
	snprintf(to, sizeof to, "%s/" KEPT STR_F "-again", the_sandbox->folder, STR_A(token));
	if (access(to, R_OK) == 0 || rename(from, to) == 0)
		return arena_printf(arena,
			LINKED_MEDIA_FOLDER STR_F "-again.enc?ccb=11-4&oh=02_sandbox",
			STR_A(token));
	snprintf(from, sizeof from, "%s/" KEPT STR_F, the_sandbox->folder, STR_A(token));
	return access(from, R_OK) == 0 ? direct_path : STR_NONE;
}
