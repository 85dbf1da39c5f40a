/* live_hook_call.c: one call of a hub webhook, on a worker; see live_hook.h. */
#include "base/codec.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "live/live_hook.h"
#include "net/client.h"

#define DEADLINE_MS 10000
#define REPLY_MAX (64u << 10)

/* Copies what may change on the loop meanwhile; body and url stay while it is in flight. */
struct call {
	struct live_target *target;
	struct loop *loop;
	str key, secret;
	bool allow_private, taken;
};

static void finish(void *arg)
{
	struct call *call = arg;

	live_hook_called(call->target, call->taken);
	heap_free((char *)call->key.ptr);
	heap_free((char *)call->secret.ptr);
	heap_free(call);
}

/* The receiving SDKs compare the content type as a whole: no charset. */
static enum err post(struct job *job, const struct call *call, struct http_reply *reply)
{
	bytes body = buf_bytes(&call->target->body);
	uint8_t mac[SHA256_SIZE];

	hmac_sha256(bytes_of(call->secret), body, mac);
	const struct header headers[] = {
		{ S("Content-Type"), S("application/json") },
		{ S("User-Agent"), S("Parley/" PARLEY_VERSION) },
		{ S("X-Pusher-Key"), call->key },
		{ S("X-Pusher-Signature"), hex_text(job->arena, (bytes){ mac, sizeof mac }) },
	};

	return http_call(job,
		&(struct http_call){ .method = HTTP_POST,
			.url = call->target->url,
			.headers = headers,
			.header_count = COUNT_OF(headers),
			.body = body,
			.deadline_ms = DEADLINE_MS,
			.reply_max = REPLY_MAX,
			.allow_private = call->allow_private },
		reply);
}

static enum err run(struct job *job, void *arg)
{
	struct call *call = arg;
	struct http_reply reply = { 0 };
	enum err e = post(job, call, &reply);

	call->taken = e == OK && reply.status >= 200 && reply.status < 300;
	if (!call->taken)
		log_debug("live: a webhook was not taken: %d " STR_F, reply.status,
			STR_A(job->why));
	job_forgive(job);
	loop_post(call->loop, finish, call);
	return OK;
}

/* The pool ends: it will not be taken. */
static void drop(void *arg)
{
	const struct call *call = arg;

	loop_post(call->loop, finish, arg);
}

bool live_hook_call(struct live_target *target)
{
	struct live *live = target->live;
	struct call *call;

	if (!live->callers)
		return false;
	call = HEAP_NEW(struct call);
	*call = (struct call){ .target = target,
		.loop = live->loop,
		.allow_private = live->allow_private,
		.key = live_heap_str(target->app->node.name),
		.secret = live_heap_str(target->app->secret) };
	if (pool_post(live->callers, (struct task){ "live webhook", run, drop, call }))
		return true;
	heap_free((char *)call->key.ptr);
	heap_free((char *)call->secret.ptr);
	heap_free(call);
	return false;
}
