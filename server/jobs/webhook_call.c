/*
 * webhook_call.c: one delivery, on a worker, which holds no transaction.
 *
 * Success is any 2xx within the deadline. Redirects are not followed, and where the host's name
 * leads to is judged at each connection (net/client.h), so a private address is never called.
 */
#include "jobs/webhook_internal.h"

#include "account/seal.h"
#include "base/clock.h"
#include "net/client.h"
#include "store/store.h"

#include <stdio.h>
#include <time.h>

enum { ID_MAX = 32, SIGNATURES_MAX = 256, RETRY_AFTER_MAX_MS = 24 * 3600 * 1000 };

struct prepared {
	struct webhook webhook;
	str id, body;
};

static enum err keep_cloud_body(struct job *job, id64 event, str body)
{
	bytes sealed;

	TRY(seal(job, SEAL_EVENT, body, &sealed));
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_webhook_event_cloud_made(job,
		&(struct sql_webhook_event_cloud_made){ event, job->workspace, sealed }, NULL));
	return db_commit(job);
}

/* Meta's format is made with the first delivery that needs it; every later one has the same octets.
 */
static enum err cloud_body(struct job *job, const struct webhooks_config *config,
	const struct webhook_event_row *event, str *out)
{
	struct webhook_cloud_row cloud;
	str source;

	TRY(sql_webhook_event_cloud(job,
		&(struct sql_webhook_event_cloud){ event->id, job->workspace }, &cloud));
	if (cloud.cloud_sealed.len)
		return unseal(job, SEAL_EVENT, cloud.cloud_sealed, out);
	TRY(unseal(job, SEAL_EVENT, cloud.source_sealed, &source));
	TRY(config->compose_cloud(job, event, source, out));
	return keep_cloud_body(job, event->id, *out);
}

static enum err prepare(struct job *job, const struct webhooks_config *config,
	const struct webhook_item_row *item, struct prepared *p)
{
	struct webhook_event_row event;

	job->workspace = item->workspace;
	TRY(webhook_get(job, item->webhook, &p->webhook));
	TRY(sql_webhook_event_get(job,
		&(struct sql_webhook_event_get){ item->event, job->workspace }, &event));
	if (p->webhook.format == WEBHOOK_CLOUD_API)
		TRY(cloud_body(job, config, &event, &p->body));
	else
		TRY(unseal(job, SEAL_EVENT, event.payload_sealed, &p->body));
	p->id = arena_printf(job->arena, WEBHOOK_ID_PREFIX "%lld", (long long)item->event);
	return OK;
}

/* With the new secret and, while it is good, the old one. */
static str signatures(struct job *job, const struct prepared *p, int64_t at_seconds)
{
	const str secrets[] = { p->webhook.secret, p->webhook.old_secret };
	struct buf out = buf_in(job->arena, SIGNATURES_MAX);

	for (size_t i = 0; i < COUNT_OF(secrets); i++) {
		if (!secrets[i].len)
			continue;
		if (out.len)
			buf_byte(&out, ' ');
		buf_str(&out, webhook_sign(job->arena, secrets[i], p->id, at_seconds, p->body));
	}
	return buf_text(&out);
}

/* The rest of a long answer is read and forgotten: what matters is that it was a 2xx. */
static bool keep_beginning(void *arg, bytes piece)
{
	struct buf *out = arg;
	size_t room = out->max - out->len;

	buf_put(out, piece.ptr, piece.len < room ? piece.len : room);
	return true;
}

/* Seconds, or a date. */
static int64_t retry_after_ms(const struct http_reply *reply)
{
	str text = reply_header(reply, S("Retry-After"));
	struct tm when = { 0 };
	char copy[64];
	int64_t seconds;

	if (str_to_i64(text, &seconds)) {
		seconds = seconds < 0 ? 0 : seconds;
		return seconds < RETRY_AFTER_MAX_MS / 1000 ? seconds * 1000 : RETRY_AFTER_MAX_MS;
	}
	snprintf(copy, sizeof copy, STR_F, STR_A(text));
	if (!strptime(copy, "%a, %d %b %Y %H:%M:%S GMT", &when))
		return 0;
	seconds = (int64_t)timegm(&when) * 1000 - clock_now_ms();
	return seconds < 0 ? 0 : seconds < RETRY_AFTER_MAX_MS ? seconds : RETRY_AFTER_MAX_MS;
}

static void judge(struct webhook_result *r, const struct http_reply *reply)
{
	r->status = reply->status;
	if (reply->status >= 200 && reply->status < 300)
		return;
	r->retry_after_ms = retry_after_ms(reply);
	(void)keep_beginning(&r->response, reply->body);
	if (reply->status >= 300 && reply->status < 400)
		snprintf(r->error, sizeof r->error,
			"It answered %d; redirects are not followed.", reply->status);
	else
		snprintf(r->error, sizeof r->error, "It answered %d.", reply->status);
}

static void tell_failure(struct job *job, enum err e, struct webhook_result *r)
{
	str why = job->why.len ? job->why : S("The call failed.");

	r->is_gone = e == ERR_MISSING;
	if (e == ERR_TIMEOUT)
		why = S("No answer came within 15 seconds.");
	else if (e == ERR_DENIED)
		why = S("The address is private; Parley calls only public ones.");
	else if (e == ERR_LIMIT)
		why = S("The answer is larger than 64 KiB.");
	snprintf(r->error, sizeof r->error, STR_F, STR_A(str_part(why, 0, sizeof r->error - 1)));
}

enum { HEADERS_MAX = 5 };

/* Meta's one signature is that of the newest secret. */
static size_t make_headers(struct job *job, const struct prepared *p, struct header *out)
{
	int64_t at_seconds = clock_now_ms() / 1000;
	size_t n = 0;

	out[n++] = (struct header){ S("Content-Type"), S("application/json") };
	out[n++] = (struct header){ S("User-Agent"), S("Parley/" PARLEY_VERSION) };
	out[n++] = (struct header){ S("webhook-id"), p->id };
	if (p->webhook.format == WEBHOOK_CLOUD_API) {
		out[n++] = (struct header){ S("X-Hub-Signature-256"),
			webhook_sign_cloud(job->arena, p->webhook.secret, p->body) };
		return n;
	}
	out[n++] = (struct header){ S("webhook-timestamp"),
		arena_printf(job->arena, "%lld", (long long)at_seconds) };
	out[n++] = (struct header){ S("webhook-signature"), signatures(job, p, at_seconds) };
	return n;
}

static enum err call(struct job *job, const struct prepared *p, struct webhook_result *r)
{
	struct header headers[HEADERS_MAX];
	struct http_reply reply = { 0 };

	TRY(http_call(job,
		&(struct http_call){ .method = HTTP_POST,
			.url = p->webhook.url,
			.headers = headers,
			.header_count = make_headers(job, p, headers),
			.body = bytes_of(p->body),
			.deadline_ms = WEBHOOK_DEADLINE_MS,
			.reply_max = WEBHOOK_REPLY_MAX,
			.on_reply = keep_beginning,
			.on_reply_arg = &r->response,
			.allow_private = webhook_may_be_private() },
		&reply));
	judge(r, &reply);
	return OK;
}

void webhook_call(struct job *job, const struct webhooks_config *config, struct webhook_result *r)
{
	struct prepared p = { 0 };
	int64_t started_us = clock_monotonic_us();
	enum err e = prepare(job, config, &r->item, &p);

	r->response = buf_heap(WEBHOOK_EXCERPT_MAX);
	if (e == OK)
		e = call(job, &p, r);
	if (e != OK)
		tell_failure(job, e, r);
	r->took_ms = (clock_monotonic_us() - started_us) / 1000;
}
