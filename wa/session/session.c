/* session.c: states, sockets and timers of a session; see session.h. */
#include "wa/session/session_internal.h"

#define STARTS_WINDOW_MS 3600000

#define TO(state) (1u << (state))
static const struct { const char *name; unsigned next; } states[] = {
	[WA_CLOSED] = { "closed", TO(WA_CONNECTING) },
	[WA_CONNECTING] = { "connecting", TO(WA_HANDSHAKE) | TO(WA_BACKOFF) | TO(WA_CLOSED) },
	[WA_HANDSHAKE] = { "handshake",
		TO(WA_PAIRING) | TO(WA_LOGIN) | TO(WA_BACKOFF) | TO(WA_CLOSED) },
	[WA_PAIRING] = { "pairing", TO(WA_CONNECTING) | TO(WA_BACKOFF) | TO(WA_CLOSED) },
	[WA_LOGIN] = { "login",
		TO(WA_SYNCING) | TO(WA_CONNECTING) | TO(WA_BACKOFF) | TO(WA_CLOSED) },
	[WA_SYNCING] = { "syncing",
		TO(WA_OPEN) | TO(WA_CONNECTING) | TO(WA_BACKOFF) | TO(WA_CLOSED) },
	[WA_OPEN] = { "open", TO(WA_CONNECTING) | TO(WA_BACKOFF) | TO(WA_CLOSED) },
	[WA_BACKOFF] = { "backoff", TO(WA_CONNECTING) | TO(WA_CLOSED) },
};

const char *wa_state_name(enum wa_state state)
{
	return states[state].name;
}

/* ---- small parts ---- */

void wa_output_init(struct wa_output *out, struct arena *arena)
{
	*out = (struct wa_output){ .arena = arena };
	out->last_frame = &out->frames;
	out->last_event = &out->events;
}

struct wa_event *session_event(struct wa_session *s, enum wa_event_kind kind)
{
	struct wa_event *event = ARENA_NEW(s->out->arena, struct wa_event);

	event->kind = kind;
	event->state = s->state;
	*s->out->last_event = event;
	s->out->last_event = &event->next;
	return event;
}

void session_send_octets(struct wa_session *s, bytes octets)
{
	struct wa_frame *frame = ARENA_NEW(s->out->arena, struct wa_frame);

	frame->octets = octets;
	*s->out->last_frame = frame;
	s->out->last_frame = &frame->next;
}

int64_t session_time(const struct wa_session *s, int64_t ms)
{
	return s->config.hurry ? ms / s->config.hurry + 1 : ms;
}

void session_random(struct wa_session *s, void *out, size_t size)
{
	s->config.random(s->config.random_arg, out, size);
}

enum err session_save(struct wa_session *s)
{
	struct buf record = buf_in(s->out->arena, DEVICE_RECORD_MAX);
	enum err e;

	device_pack(&s->device, &record);
	if (record.failed)
		return ERR_LIMIT;
	e = s->config.store.put(s->config.store.arg, WA_RECORD_DEVICE, S(""), buf_bytes(&record));
	crypto_wipe(record.ptr, record.len);
	return e;
}

void session_move(struct wa_session *s, enum wa_state state, const struct wa_ending *why)
{
	struct wa_event *event;

	if (!(states[s->state].next & TO(state)))
		return;
	s->state = state;
	s->state_ms = s->now->mono_ms;
	event = session_event(s, WA_EVENT_STATE);
	if (why)
		event->ending = *why;
}

/* ---- life ---- */

static enum err load(struct wa_session *s)
{
	struct arena *arena = arena_create(4 * DEVICE_RECORD_MAX);
	bytes record;
	enum err e = s->config.store.get(s->config.store.arg, WA_RECORD_DEVICE, S(""), arena,
		&record);

	if (e == OK)
		e = device_unpack(record, &s->device);
	else if (e == ERR_MISSING)
		e = OK;
	arena_destroy(arena);
	return e;
}

enum err wa_session_create(const struct wa_config *config, struct wa_session **out)
{
	struct wa_session *s = HEAP_NEW(struct wa_session);
	enum err e;

	*out = NULL;
	s->config = *config;
	if (!s->config.root)
		s->config.root = cert_root_whatsapp;
	frame_init(&s->reader);
	session_random(s, s->id_prefix, sizeof s->id_prefix);
	e = load(s);
	if (e != OK) {
		wa_session_destroy(s);
		return e;
	}
	*out = s;
	return OK;
}

static void drop_handshake(struct wa_session *s)
{
	if (s->handshake)
		handshake_done(s->handshake);
	heap_free(s->handshake);
	s->handshake = NULL;
}

/* What belongs to one connection. */
static void drop_connection(struct wa_session *s)
{
	drop_handshake(s);
	pair_done(s);
	session_forget_requests(s);
	frame_done(&s->reader);
	crypto_wipe(&s->send, sizeof s->send);
	crypto_wipe(&s->receive, sizeof s->receive);
	s->is_uploading = s->is_active_asked = s->is_mended = s->expects_restart = false;
}

void wa_session_destroy(struct wa_session *s)
{
	if (!s)
		return;
	drop_connection(s);
	device_wipe(&s->device);
	heap_free(s);
}

enum wa_state wa_session_state(const struct wa_session *s)
{
	return s->state;
}

bool wa_session_is_paired(const struct wa_session *s)
{
	return s->device.is_paired;
}

const struct device *wa_session_device(const struct wa_session *s)
{
	return &s->device;
}

static void enter(struct wa_session *s, const struct wa_clock *now, struct wa_output *out)
{
	s->now = now;
	s->out = out;
}

/* ---- the end of a connection ---- */

/* 1, 1, 2, 3, 5, 8 … seconds, a tenth more or less, at most a quarter of an hour. */
static int64_t backoff_ms(struct wa_session *s)
{
	int64_t a = 1000, b = 1000;
	uint8_t jitter;

	for (unsigned i = 0; i < s->failures && a < WA_BACKOFF_MAX_MS; i++) {
		int64_t sum = a + b;

		a = b;
		b = sum;
	}
	if (a > WA_BACKOFF_MAX_MS)
		a = WA_BACKOFF_MAX_MS;
	session_random(s, &jitter, 1);
	return session_time(s, a * (900 + jitter * 200 / 255) / 1000);
}

static void again_later(struct wa_session *s, const struct wa_ending *why, int64_t wait_ms)
{
	s->failures++;
	s->retry_ms = s->now->mono_ms + wait_ms;
	session_move(s, WA_BACKOFF, why);
}

static void connect_now(struct wa_session *s, const struct wa_ending *why)
{
	session_move(s, WA_CONNECTING, why);
	s->out->connect = true;
}

static enum err erase_all(struct wa_session *s)
{
	TRY(s->config.store.erase(s->config.store.arg, WA_RECORD_PREKEY, STR_NONE));
	TRY(s->config.store.erase(s->config.store.arg, WA_RECORD_DEVICE, STR_NONE));
	device_wipe(&s->device);
	session_event(s, WA_EVENT_LOGGED_OUT);
	return OK;
}

enum err session_fall(struct wa_session *s, struct wa_ending why)
{
	bool was_stable = s->state == WA_OPEN &&
			  s->now->mono_ms - s->state_ms >= session_time(s, WA_STABLE_MS);

	if (s->state == WA_CLOSED || s->state == WA_BACKOFF)
		return OK;
	if (s->state != WA_CONNECTING)
		s->out->disconnect = true;
	drop_connection(s);
	if (was_stable)
		s->failures = 0;
	switch (why.after) {
	case AFTER_RETRY_NOW:
		connect_now(s, &why);
		break;
	case AFTER_RETRY:
		/* Nobody waits for a code that comes by itself. */
		if (s->device.is_paired)
			again_later(s, &why, backoff_ms(s));
		else
			session_move(s, WA_CLOSED, &why);
		break;
	case AFTER_WAIT:
		again_later(s, &why, why.wait_s * 1000);
		break;
	case AFTER_LOGGED_OUT:
		session_move(s, WA_CLOSED, &why);
		return erase_all(s);
	case AFTER_STOP:
		session_move(s, WA_CLOSED, &why);
	}
	return OK;
}

/* ---- starting ---- */

static enum err may_pair(struct wa_session *s)
{
	int64_t now = s->now->wall_ms;

	if (s->pair_starts[0] && now - s->pair_starts[0] < session_time(s, WA_PAIR_EVERY_MS))
		return ERR_LIMIT;
	if (s->pair_starts[WA_PAIR_PER_HOUR - 1] &&
		now - s->pair_starts[WA_PAIR_PER_HOUR - 1] < session_time(s, STARTS_WINDOW_MS))
		return ERR_LIMIT;
	memmove(s->pair_starts + 1, s->pair_starts, sizeof s->pair_starts - sizeof now);
	s->pair_starts[0] = now;
	return OK;
}

enum err wa_session_start(struct wa_session *s, const struct wa_clock *now, struct wa_output *out)
{
	uint8_t seed[DEVICE_SEED_SIZE];

	enter(s, now, out);
	if (s->state != WA_CLOSED && s->state != WA_BACKOFF)
		return OK;
	if (!s->device.is_paired) {
		TRY(may_pair(s));
		session_random(s, seed, sizeof seed);
		device_make(&s->device, seed);
		crypto_wipe(seed, sizeof seed);
	}
	connect_now(s, NULL);
	return OK;
}

enum err wa_session_stop(struct wa_session *s, const struct wa_clock *now, struct wa_output *out)
{
	struct wa_ending why = ending_named("stopped");

	enter(s, now, out);
	if (s->state == WA_BACKOFF)
		session_move(s, WA_CLOSED, &why);
	return session_fall(s, why);
}

enum err wa_session_log_out(struct wa_session *s, const struct wa_clock *now,
	struct wa_output *out)
{
	struct node *iq, *remove;
	struct jid own;

	enter(s, now, out);
	if (s->state != WA_OPEN && s->state != WA_SYNCING) {
		struct wa_ending why = ending_named("user_logged_out");

		if (s->state != WA_CLOSED && s->state != WA_BACKOFF)
			return session_fall(s, why);
		session_move(s, WA_CLOSED, &why);
		return erase_all(s);
	}
	own = device_pn(&s->device);
	iq = session_request(s, "set", "md");
	remove = node_add(out->arena, iq, "remove-companion-device");
	node_put_jid(out->arena, remove, "jid", &own);
	node_put(out->arena, remove, "reason", S("user_initiated"));
	return session_ask(s, REQUEST_LOG_OUT, iq);
}

/* ---- the handshake ---- */

static bool may_be_quick(const struct wa_session *s)
{
	return s->device.is_paired && !s->ik_failed &&
	       s->device.server_until_s > s->now->wall_ms / 1000;
}

static bytes payload_of(struct wa_session *s)
{
	return s->device.is_paired
		       ? payload_login(s->out->arena, &s->device, &s->config.client)
		       : payload_register(s->out->arena, &s->device, &s->config.client);
}

static void send_hello(struct wa_session *s, bytes hello)
{
	struct buf out = buf_in(s->out->arena, HANDSHAKE_MESSAGE_MAX + DEVICE_ROUTING_MAX);

	handshake_write_first(&out, (bytes){ s->device.routing, s->device.routing_len }, hello);
	session_send_octets(s, buf_bytes(&out));
}

enum err wa_session_opened(struct wa_session *s, const struct wa_clock *now, struct wa_output *out)
{
	struct buf hello = buf_in(out->arena, HANDSHAKE_MESSAGE_MAX);
	uint8_t seed[CURVE_KEY_SIZE];
	struct client_start start;

	enter(s, now, out);
	if (s->state != WA_CONNECTING)
		return OK;
	session_random(s, seed, sizeof seed);
	start = (struct client_start){ .own = &s->device.noise, .seed = seed,
		.known_server = may_be_quick(s) ? s->device.server_key : NULL,
		.trust = { s->config.root, now->wall_ms / 1000 } };
	if (start.known_server)
		start.payload = payload_of(s);
	s->handshake = HEAP_NEW(struct handshake);
	s->heard_ms = now->mono_ms;
	session_move(s, WA_HANDSHAKE, NULL);
	if (handshake_client_hello(s->handshake, out->arena, &start, &hello) != OK)
		return session_fall(s, ending_named("untrusted"));
	crypto_wipe(seed, sizeof seed);
	send_hello(s, buf_bytes(&hello));
	return OK;
}

static enum err keep_server(struct wa_session *s)
{
	const struct handshake *h = s->handshake;

	if (!s->device.is_paired || (s->device.server_until_s == h->server_until_s &&
					    memcmp(s->device.server_key, h->server_key,
						    CURVE_KEY_SIZE) == 0))
		return OK;
	memcpy(s->device.server_key, h->server_key, CURVE_KEY_SIZE);
	s->device.server_until_s = h->server_until_s;
	return session_save(s);
}

static enum err take_server_hello(struct wa_session *s, bytes body)
{
	struct buf finish = buf_in(s->out->arena, HANDSHAKE_MESSAGE_MAX),
		   frame = buf_in(s->out->arena, HANDSHAKE_MESSAGE_MAX);
	bool was_quick = s->handshake->is_ik;
	const char *why;

	if (handshake_client_finish(s->handshake, s->out->arena, body, payload_of(s), &finish,
		    &why) != OK) {
		s->ik_failed |= was_quick;
		return session_fall(s, ending_named("untrusted"));
	}
	if (finish.len) {
		frame_write_header(&frame, finish.len);
		buf_put(&frame, finish.ptr, finish.len);
		session_send_octets(s, buf_bytes(&frame));
	}
	s->send = s->handshake->send;
	s->receive = s->handshake->receive;
	TRY(keep_server(s));
	drop_handshake(s);
	s->ping_ms = s->now->mono_ms + session_time(s, WA_PING_MIN_MS);
	session_move(s, s->device.is_paired ? WA_LOGIN : WA_PAIRING, NULL);
	return OK;
}

/* ---- what comes ---- */

static bool is_connected(const struct wa_session *s)
{
	return s->state >= WA_HANDSHAKE && s->state <= WA_OPEN;
}

enum err wa_session_feed(struct wa_session *s, const struct wa_clock *now, bytes octets,
	struct wa_output *out)
{
	size_t before = arena_used(out->arena);
	bytes body;

	enter(s, now, out);
	if (!is_connected(s))
		return OK;
	s->heard_ms = now->mono_ms;
	frame_feed(&s->reader, octets);
	if (s->reader.waiting.failed)
		return session_fall(s, ending_named("undecipherable"));
	while (is_connected(s) && !out->connect && frame_next(&s->reader, &body)) {
		TRY(s->state == WA_HANDSHAKE ? take_server_hello(s, body)
					     : session_take_frame(s, body));
		if (arena_used(out->arena) - before > WA_FEED_MEMORY)
			return session_fall(s, ending_named("too_much"));
	}
	return OK;
}

enum err wa_session_closed(struct wa_session *s, const struct wa_clock *now, struct wa_output *out)
{
	enter(s, now, out);
	if (s->state == WA_CONNECTING)
		return session_fall(s, ending_named("no_connection"));
	/* After pair-success the server may close without a word. */
	return session_fall(s, ending_named(s->expects_restart ? "restart" : "closed"));
}

enum err wa_session_send(struct wa_session *s, const struct wa_clock *now, struct node *node,
	struct wa_output *out)
{
	enter(s, now, out);
	if (s->state != WA_OPEN && s->state != WA_SYNCING)
		return ERR_CONFLICT;
	return session_send(s, node);
}

/* ---- time ---- */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t wa_session_deadline(const struct wa_session *s)
{
	int64_t at = INT64_MAX;

	switch (s->state) {
	case WA_CLOSED:
		return INT64_MAX;
	case WA_BACKOFF:
		return s->retry_ms;
	case WA_CONNECTING:
		return s->state_ms + session_time(s, WA_CONNECT_MS);
	case WA_HANDSHAKE:
		return s->state_ms + session_time(s, WA_HANDSHAKE_MS);
	case WA_PAIRING:
		at = pair_deadline(s);
		break;
	case WA_LOGIN:
		at = s->state_ms + session_time(s, WA_HANDSHAKE_MS);
		break;
	case WA_SYNCING:
	case WA_OPEN:
		break;
	}
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (s->requests[i].kind)
			at = earlier(at, s->requests[i].until_ms);
	return earlier(at, login_deadline(s));
}

enum err wa_session_tick(struct wa_session *s, const struct wa_clock *now, struct wa_output *out)
{
	enter(s, now, out);
	if (now->mono_ms < wa_session_deadline(s))
		return OK;
	switch (s->state) {
	case WA_CLOSED:
		return OK;
	case WA_BACKOFF:
		connect_now(s, NULL);
		return OK;
	case WA_CONNECTING:
		out->disconnect = true;
		return session_fall(s, ending_named("no_connection"));
	case WA_HANDSHAKE:
		return session_fall(s, ending_named("no_answer"));
	case WA_LOGIN:
		if (now->mono_ms >= s->state_ms + session_time(s, WA_HANDSHAKE_MS))
			return session_fall(s, ending_named("no_answer"));
		break;
	case WA_PAIRING:
		TRY(pair_tick(s));
		break;
	case WA_SYNCING:
	case WA_OPEN:
		break;
	}
	if (is_connected(s))
		TRY(session_check_requests(s));
	return is_connected(s) ? login_tick(s) : OK;
}
