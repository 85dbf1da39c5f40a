/*
 * session_login.c: after the handshake of a paired device: login, one-time keys, what waited at the
 * server, and keepalive.
 *
 * One-time keys go up before the session becomes active, so that whoever must write again finds
 * fresh ones; their secret halves are in the store before they are sent.
 * Source: docs/protocol/linked-device-1-transport.md §6.1 to §6.8.
 */
#include "wa/session/session_internal.h"

#include "wa/session/prekey.h"

#define CURVE_TYPE "\x05"

/* ---- one-time keys ---- */

static enum err make_prekey(struct wa_session *s)
{
	uint8_t seed[CURVE_KEY_SIZE];
	struct curve_pair pair;
	enum err e;

	session_random(s, seed, sizeof seed);
	curve_pair_of(seed, &pair);
	e = prekey_keep(&s->config.store, s->out->arena, s->device.next_prekey_id, pair.secret);
	s->device.next_prekey_id = prekey_after(s->device.next_prekey_id);
	crypto_wipe(seed, sizeof seed);
	crypto_wipe(&pair, sizeof pair);
	return e;
}

static void add_key(struct wa_session *s, struct node *key, uint32_t id,
	const uint8_t open[CURVE_KEY_SIZE])
{
	struct arena *arena = s->out->arena;

	node_put_data(node_add(arena, key, "id"), id_octets(arena, id, 3));
	node_put_data(node_add(arena, key, "value"),
		arena_bytes(arena, (bytes){ open, CURVE_KEY_SIZE }));
}

/* Those made before and never confirmed go first; then new ones. */
static enum err add_prekeys(struct wa_session *s, struct node *list, size_t wanted)
{
	uint32_t id = s->device.first_unconfirmed_id;

	for (size_t n = 0; n < wanted; n++, id = prekey_after(id)) {
		uint8_t secret[CURVE_KEY_SIZE];
		struct curve_pair pair;

		if (id == s->device.next_prekey_id)
			TRY(make_prekey(s));
		if (prekey_find(&s->config.store, s->out->arena, id, secret) != OK)
			continue;
		curve_pair_of(secret, &pair);
		add_key(s, node_add(s->out->arena, list, "key"), id, pair.open);
		crypto_wipe(secret, sizeof secret);
		crypto_wipe(&pair, sizeof pair);
	}
	return session_save(s);
}

enum err login_upload(struct wa_session *s)
{
	const struct device *d = &s->device;
	struct arena *arena = s->out->arena;
	bool is_first = d->first_unconfirmed_id == 1;
	struct node *iq = session_request(s, "set", "encrypt"), *skey;

	s->is_uploading = true;
	node_put_data(node_add(arena, iq, "registration"), id_octets(arena, d->registration_id, 4));
	node_put_data(node_add(arena, iq, "type"), bytes_of(S(CURVE_TYPE)));
	node_put_data(node_add(arena, iq, "identity"), (bytes){ d->identity.open, CURVE_KEY_SIZE });
	TRY(add_prekeys(s, node_add(arena, iq, "list"),
		is_first ? WA_PREKEYS_FIRST : WA_PREKEYS_MORE));
	skey = node_add(arena, iq, "skey");
	add_key(s, skey, d->signed_prekey_id, d->signed_prekey.open);
	node_put_data(node_add(arena, skey, "signature"),
		(bytes){ d->signed_prekey_signature, CURVE_SIGNATURE_SIZE });
	return session_ask(s, REQUEST_UPLOAD, iq);
}

enum err login_take_count(struct wa_session *s, int64_t count)
{
	if (count >= WA_PREKEYS_FEW || s->is_uploading)
		return OK;
	return login_upload(s);
}

/* ---- login ---- */

enum err login_ask_count(struct wa_session *s, enum wa_request kind)
{
	struct node *iq = session_request(s, "get", "encrypt");

	node_add(s->out->arena, iq, "count");
	return session_ask(s, kind, iq);
}

static enum err become_active(struct wa_session *s)
{
	struct node *iq;

	if (s->is_active_asked)
		return OK;
	s->is_active_asked = true;
	iq = session_request(s, "set", "passive");
	node_add(s->out->arena, iq, "active");
	return session_ask(s, REQUEST_ACTIVE, iq);
}

enum err login_take_success(struct wa_session *s, const struct node *success)
{
	struct device *d = &s->device;
	struct jid lid;

	if (s->state != WA_LOGIN)
		return OK;
	if (node_jid(success, "lid", &lid) &&
		(!str_is(lid.user, wa_text_of(&d->lid.user)) || lid.device != d->lid.device) &&
		wa_text_set(&d->lid.user, lid.user)) {
		d->lid.device = lid.device;
		TRY(session_save(s));
	}
	session_move(s, WA_SYNCING, NULL);
	return login_ask_count(s, REQUEST_COUNT);
}

static enum err take_uploaded(struct wa_session *s, const struct node *iq)
{
	s->is_uploading = false;
	if (node_has(iq, "type", "error"))
		return OK;
	s->uploaded_ms = s->now->mono_ms;
	s->device.first_unconfirmed_id = s->device.next_prekey_id;
	return session_save(s);
}

static bool counts_few(const struct node *iq)
{
	const struct node *count = node_child(iq, "count");

	return !count || node_int(count, "value", 0) < WA_PREKEYS_FEW;
}

enum err login_take_answer(struct wa_session *s, enum wa_request kind, const struct node *iq)
{
	bool are_few = !node_has(iq, "type", "error") && counts_few(iq);

	switch (kind) {
	case REQUEST_COUNT:
		if (s->is_uploading) /* its answer goes on */
			return OK;
		return are_few ? login_upload(s) : become_active(s);
	case REQUEST_RECOUNT:
		return are_few && !s->is_uploading ? login_upload(s) : OK;
	case REQUEST_UPLOAD:
		TRY(take_uploaded(s, iq));
		return become_active(s);
	case REQUEST_ACTIVE:
		return digest_ask(s);
	default:
		return OK;
	}
}

/* ---- what waited at the server ---- */

static void all_came(struct wa_session *s)
{
	if (s->state != WA_SYNCING)
		return;
	session_event(s, WA_EVENT_OFFLINE)->count = -1;
	session_move(s, WA_OPEN, NULL);
}

static enum err keep_routing(struct wa_session *s, const struct node *edge)
{
	bytes routing = node_child_data(edge, "routing_info");
	struct device *d = &s->device;

	if (!routing.len || routing.len > sizeof d->routing ||
		(routing.len == d->routing_len &&
			memcmp(routing.ptr, d->routing, routing.len) == 0))
		return OK;
	memcpy(d->routing, routing.ptr, routing.len);
	d->routing_len = (uint16_t)routing.len;
	return d->is_paired ? session_save(s) : OK;
}

enum err login_take_ib(struct wa_session *s, const struct node *ib)
{
	const struct node *preview = node_child(ib, "offline_preview"),
			  * edge = node_child(ib, "edge_routing");

	if (node_child(ib, "downgrade_webclient"))
		return session_fall(s, ending_named("no_multi_device"));
	if (edge)
		return keep_routing(s, edge);
	if (preview)
		session_event(s, WA_EVENT_OFFLINE)->count = node_int(preview, "count", 0);
	else if (node_child(ib, "offline"))
		all_came(s);
	else
		session_event(s, WA_EVENT_STANZA)->node = ib;
	return OK;
}

/* ---- keepalive ---- */

/* Whose answer, or lack of it, tells that somebody is there, or nobody. */
static bool has_request(const struct wa_session *s)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (s->requests[i].kind && s->requests[i].kind != REQUEST_DIGEST)
			return true;
	return false;
}

static void plan_ping(struct wa_session *s)
{
	uint16_t spread;

	session_random(s, &spread, sizeof spread);
	s->ping_ms = s->now->mono_ms +
		     session_time(s, WA_PING_MIN_MS +
					     spread % (WA_PING_MAX_MS - WA_PING_MIN_MS));
}

int64_t login_deadline(const struct wa_session *s)
{
	int64_t offline = s->state_ms + session_time(s, WA_OFFLINE_MS);

	return s->state == WA_SYNCING && offline < s->ping_ms ? offline : s->ping_ms;
}

/* Asks only when nothing was heard for a while and no request is under way: that would tell, too.
 */
enum err login_tick(struct wa_session *s)
{
	if (s->state == WA_SYNCING &&
		s->now->mono_ms >= s->state_ms + session_time(s, WA_OFFLINE_MS))
		all_came(s);
	if (s->now->mono_ms < s->ping_ms)
		return OK;
	plan_ping(s);
	if (has_request(s) ||
		s->now->mono_ms - s->heard_ms < session_time(s, WA_PING_MIN_MS))
		return OK;
	return session_ask(s, REQUEST_PING, session_request(s, "get", "w:p"));
}
