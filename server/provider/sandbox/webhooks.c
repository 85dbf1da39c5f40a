/*
 * webhooks.c: signed webhooks on their way, as Meta sends them.
 *
 * "Non-200 or unreachable: retried with decreasing frequency" until they are accepted. Those about
 * one customer go one after the other as long as all is well; one that waits for its retry is
 * overtaken.
 */
#include "provider/sandbox/sandbox_internal.h"

#include "base/clock.h"
#include "base/codec.h"
#include "crypto/crypto.h"
#include "net/client.h"

#include <stdio.h>

#define DELIVERY_DEADLINE_MS 10000
#define BODY_OCTETS_MAX (3u << 20)
#define REORDER_WAIT_MS 2000 /* for a next one */
#define REORDER_GAP_MS 50 /* behind it */
#define DOUBLINGS_MAX 20

/* ---- bodies ---- */

void webhook_open(struct buf *b, const struct number *number, const char *field)
{
	json_open(b, '{');
	json_put(b, "object", S("whatsapp_business_account"));
	json_open_in(b, "entry", '[');
	json_open(b, '{');
	json_put(b, "id", str_of(number->account_id));
	json_open_in(b, "changes", '[');
	json_open(b, '{');
	json_put(b, "field", str_of(field));
	json_open_in(b, "value", '{');
	json_put(b, "messaging_product", S("whatsapp"));
	json_open_in(b, "metadata", '{');
	json_put(b, "display_phone_number", str_of(number->phone));
	json_put(b, "phone_number_id", str_of(number->phone_number_id));
	json_close(b, '}');
}

/* "For users with a username, wa_id, from and recipient_id are omitted". */
void webhook_contacts(struct buf *b, const struct customer *customer)
{
	json_open_in(b, "contacts", '[');
	json_open(b, '{');
	json_open_in(b, "profile", '{');
	json_put(b, "name", str_of(customer->name));
	if (customer->username[0])
		json_put(b, "username", str_of(customer->username));
	json_close(b, '}');
	if (!customer->hides_phone)
		json_put(b, "wa_id", str_of(customer->phone));
	json_put(b, "user_id", str_of(customer->user_id));
	json_close(b, '}');
	json_close(b, ']');
}

void webhook_close(struct buf *b)
{
	json_close(b, '}');
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
	json_close(b, ']');
	json_close(b, '}');
}

static uint32_t code_point(str s, size_t *at)
{
	uint8_t first = (uint8_t)s.ptr[*at];
	size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : 1;
	uint32_t point = first & (0x3Fu >> more);

	(*at)++;
	for (; more > 0 && *at < s.len; more--)
		point = point << 6 | ((uint8_t)s.ptr[(*at)++] & 0x3Fu);
	return point;
}

/* "Non-ASCII arrives as \uXXXX escapes"; a slash has a backslash. So a receiver that writes the
 * JSON anew before it computes the signature is found out. */
static void escape_like_meta(struct buf *out, str plain)
{
	for (size_t i = 0; i < plain.len;) {
		uint8_t c = (uint8_t)plain.ptr[i];
		uint32_t point;

		if (c < 0x80) {
			if (c == '/')
				buf_byte(out, '\\');
			buf_byte(out, c);
			i++;
			continue;
		}
		point = code_point(plain, &i);
		if (point < 0x10000) {
			buf_printf(out, "\\u%04x", point);
		} else {
			buf_printf(out, "\\u%04x\\u%04x", 0xD800 + ((point - 0x10000) >> 10),
				   0xDC00 + ((point - 0x10000) & 0x3FF));
		}
	}
}

/* ---- the queue ---- */

static void delivery_free(struct delivery *d)
{
	heap_free(d->body);
	heap_free(d->what);
	heap_free(d->url);
	heap_free(d->secret);
	heap_free(d);
}

static void unlink_delivery(struct sandbox *sb, struct delivery *d)
{
	*d->at = d->next;
	if (d->next)
		d->next->at = d->at;
	else
		sb->queue_end = d->at;
	d->next = NULL;
	sb->queue_count--;
}

static void link_delivery(struct sandbox *sb, struct delivery *d)
{
	d->next = NULL;
	d->at = sb->queue_end;
	*sb->queue_end = d;
	sb->queue_end = &d->next;
	sb->queue_count++;
}

static void log_delivery(struct sandbox *sb, struct delivery *d)
{
	*sb->log_end = d;
	sb->log_end = &d->next;
	d->next = NULL;
	if (++sb->log_count <= DELIVERIES_LOG_MAX)
		return;
	d = sb->log;
	sb->log = d->next;
	sb->log_count--;
	delivery_free(d);
}

static bool is_msg91(const char *what)
{
	return strncmp(what, "msg91 ", 6) == 0;
}

static int64_t retry_delay(const struct sandbox *sb, int attempts)
{
	int doublings = attempts - 1 < DOUBLINGS_MAX ? attempts - 1 : DOUBLINGS_MAX;
	int64_t delay = sb->settings.retry_first_ms << doublings;

	return delay < sb->settings.retry_max_ms ? delay : sb->settings.retry_max_ms;
}

static void due(void *arg)
{
	struct delivery *d = arg;

	d->delay = NULL;
	webhooks_pump(d->sandbox);
}

static void on_answered(void *arg)
{
	struct delivery *d = arg;
	struct sandbox *sb = d->sandbox;
	bool taken = d->new_status >= 200 && d->new_status < 300;

	sb->in_flight--;
	d->in_flight = false;
	d->last_status = d->new_status;
	memcpy(d->error, d->new_error, sizeof d->error);
	if (d->forgotten) {
		delivery_free(d);
		if (sb->stopping)
			sandbox_end(sb);
		else
			webhooks_pump(sb);
		return;
	}
	if (d->customer)
		d->customer->in_flight--;
	if (!taken && clock_now_ms() - d->created_ms < sb->settings.retry_give_up_ms) {
		d->delay = sandbox_after(sb, retry_delay(sb, d->attempts), due, NULL, d);
	} else {
		unlink_delivery(sb, d);
		log_delivery(sb, d);
		sb->deliveries_ok += taken;
		sb->deliveries_failed += !taken;
	}
	webhooks_pump(sb);
}

/* On a worker; the delivery is its own until it is posted back. Only the first try is signed
 * wrongly. */
static enum err deliver(struct job *job, void *arg)
{
	struct delivery *d = arg;
	str body = { d->body, d->body_len }, secret = str_of(d->secret);
	uint8_t mac[SHA256_SIZE];
	struct http_reply reply = { 0 };
	struct header headers[3] = { { S("Content-Type"), S("application/json") },
				     { S("User-Agent"), S("facebookexternalua") } };
	struct http_call call = { .method = HTTP_POST,
		.url = str_of(d->url),
		.headers = headers,
		.header_count = 3,
		.body = bytes_of(body),
		.deadline_ms = DELIVERY_DEADLINE_MS,
		.allow_private = true };

	hmac_sha256(bytes_of(secret), call.body, mac);
	if (d->bad_signature && d->attempts == 1)
		mac[0] ^= 0x55;
	headers[2] = (struct header){ S("X-Hub-Signature-256"),
		arena_printf(job->arena, "sha256=" STR_F,
			STR_A(hex_text(job->arena, (bytes){ mac, sizeof mac }))) };
	d->new_status = http_call(job, &call, &reply) == OK ? reply.status : 0;
	snprintf(d->new_error, sizeof d->new_error, STR_F, STR_A(d->new_status ? S("") : job->why));
	job_forgive(job);
	loop_post(d->sandbox->loop, on_answered, d);
	return OK;
}

static void refused_by_pool(void *arg)
{
	struct delivery *d = arg;

	loop_post(d->sandbox->loop, on_answered, d);
}

/* MSG91's have an address of their own; "" and NULL: nowhere. */
static const char *url_of(const struct number *number, const char *what)
{
	const char *url = is_msg91(what) ? number->msg91_webhook_url : number->webhook_url;

	return url && url[0] ? url : NULL;
}

/* A forged one of MSG91 comes to another secret: its address is all that proves it. */
static void start(struct sandbox *sb, struct delivery *d)
{
	set_text(&d->url, str_of(url_of(d->number, d->what)));
	if (is_msg91(d->what) && d->bad_signature && d->attempts == 0)
		d->url[strlen(d->url) - 1] ^= 1;
	set_text(&d->secret, str_of(d->number->app_secret));
	d->attempts++;
	d->new_status = 0;
	d->in_flight = true;
	sb->in_flight++;
	if (d->customer)
		d->customer->in_flight++;
	if (!pool_post(sb->pool, (struct task){ "sandbox webhook", deliver, refused_by_pool, d }))
		refused_by_pool(d);
}

static bool may_start(const struct delivery *d)
{
	return !d->in_flight && !d->delay && url_of(d->number, d->what) &&
	       (!d->customer || d->customer->in_flight == 0);
}

void webhooks_pump(struct sandbox *sb)
{
	if (sb->settings.webhooks_paused)
		return;
	for (struct delivery *d = sb->queue; d && sb->in_flight < IN_FLIGHT_MAX; d = d->next)
		if (may_start(d))
			start(sb, d);
}

/* ---- posting, with faults ---- */

static struct delivery *make(struct sandbox *sb, struct number *number, struct customer *customer,
	const char *what, str body)
{
	struct delivery *d = HEAP_NEW(struct delivery);

	*d = (struct delivery){ .sandbox = sb,
		.id = ++sb->next_delivery,
		.created_ms = clock_now_ms(),
		.number = number,
		.customer = customer,
		.body = heap_text(body),
		.body_len = body.len,
		.what = heap_text(str_of(what)),
		.url = heap_text(S("")),
		.secret = heap_text(S("")) };
	return d;
}

static void drop_oldest(struct sandbox *sb)
{
	for (struct delivery *d = sb->queue; d; d = d->next)
		if (!d->in_flight) {
			sandbox_cancel(d->delay);
			unlink_delivery(sb, d);
			delivery_free(d);
			return;
		}
}

static void enqueue(struct sandbox *sb, struct delivery *d, int64_t delay_ms)
{
	if (sb->queue_count >= DELIVERIES_MAX)
		drop_oldest(sb);
	link_delivery(sb, d);
	if (delay_ms > 0)
		d->delay = sandbox_after(sb, delay_ms, due, NULL, d);
}

static void release_held(struct sandbox *sb)
{
	struct delivery *held = sb->held;

	sb->held = NULL;
	if (held)
		enqueue(sb, held, REORDER_GAP_MS);
}

static void held_too_long(void *arg)
{
	struct sandbox *sb = arg;

	release_held(sb);
	webhooks_pump(sb);
}

void webhook_post(struct sandbox *sb, struct number *number, struct customer *customer,
	const char *what, const struct buf *body)
{
	str phone = customer ? str_of(customer->phone) : STR_NONE,
	    type = str_of(is_msg91(what) ? what + 6 : what);
	struct buf escaped = buf_heap(BODY_OCTETS_MAX);
	const struct fault *duplicate, *late;
	int64_t delay_ms;
	struct delivery *d;

	if (!url_of(number, what) ||
		fault_take(sb, FAULT_WEBHOOK_DROP, FAULT_WEBHOOK_DROP, phone, type))
		return;
	escape_like_meta(&escaped, buf_text(body));
	d = make(sb, number, customer, what, buf_text(&escaped));
	d->bad_signature = fault_take(sb, FAULT_WEBHOOK_BAD_SIGNATURE, FAULT_WEBHOOK_BAD_SIGNATURE,
				   phone, type) != NULL;
	duplicate = fault_take(sb, FAULT_WEBHOOK_DUPLICATE, FAULT_WEBHOOK_DUPLICATE, phone, type);
	late = fault_take(sb, FAULT_WEBHOOK_DELAY, FAULT_WEBHOOK_DELAY, phone, type);
	delay_ms = late ? late->ms : 0;
	if (duplicate)
		enqueue(sb, make(sb, number, customer, what, buf_text(&escaped)), delay_ms);
	buf_done(&escaped);
	if (!sb->held &&
		fault_take(sb, FAULT_WEBHOOK_REORDER, FAULT_WEBHOOK_REORDER, phone, type)) {
		sb->held = d;
		sandbox_after(sb, REORDER_WAIT_MS, held_too_long, NULL, sb);
	} else {
		enqueue(sb, d, delay_ms);
		release_held(sb);
	}
	webhooks_pump(sb);
}

/* ---- for control ---- */

static void clear_list(struct delivery *d)
{
	while (d) {
		struct delivery *next = d->next;

		delivery_free(d);
		d = next;
	}
}

/* Those in flight come back to on_answered(), which finds them forgotten. */
void webhooks_clear(struct sandbox *sb)
{
	struct delivery *next;

	for (struct delivery *d = sb->queue; d; d = next) {
		next = d->next;
		d->customer = NULL;
		d->forgotten = true;
		sandbox_cancel(d->delay);
		d->delay = NULL;
		if (!d->in_flight)
			delivery_free(d);
	}
	clear_list(sb->log);
	if (sb->held)
		delivery_free(sb->held);
	sb->held = sb->queue = sb->log = NULL;
	sb->queue_end = &sb->queue;
	sb->log_end = &sb->log;
	sb->queue_count = sb->log_count = 0;
	sb->deliveries_ok = sb->deliveries_failed = 0;
}

static void write_delivery(struct buf *b, const struct delivery *d, const char *state)
{
	json_open(b, '{');
	json_put_int(b, "id", d->id);
	json_put(b, "what", str_of(d->what));
	json_put(b, "state", str_of(state));
	json_put(b, "to", d->customer ? str_of(d->customer->phone) : STR_NONE);
	json_put_int(b, "attempts", d->attempts);
	json_put_int(b, "last_status", d->last_status);
	json_put(b, "error", str_of(d->error));
	json_put_ms(b, "created_ms", d->created_ms);
	json_put_raw(b, "body", (str){ d->body, d->body_len });
	json_close(b, '}');
}

#define WRITTEN_MAX 200

void webhooks_write(struct sandbox *sb, struct buf *b)
{
	size_t skip = sb->log_count > WRITTEN_MAX ? sb->log_count - WRITTEN_MAX : 0, count = 0;

	json_put_int(b, "waiting", (int64_t)sb->queue_count);
	json_put_int(b, "in_flight", (int64_t)sb->in_flight);
	json_put_int(b, "delivered", sb->deliveries_ok);
	json_put_int(b, "given_up", sb->deliveries_failed);
	json_open_in(b, "data", '[');
	for (struct delivery *d = sb->log; d; d = d->next)
		if (count++ >= skip)
			write_delivery(b, d,
				d->last_status >= 200 && d->last_status < 300 ? "delivered"
									      : "given_up");
	count = 0;
	for (struct delivery *d = sb->queue; d && count++ < WRITTEN_MAX; d = d->next)
		write_delivery(b, d, d->in_flight ? "in_flight" : "waiting");
	json_close(b, ']');
}
