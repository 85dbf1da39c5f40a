/*
 * session_pair.c: from an unpaired connection to a device that the phone has vouched for.
 *
 * The server gives references, each good for one QR code. The phone scans one (or the person types
 * a code), and pair-success comes. The record is put into the store before the answer leaves; then
 * the server asks for a new connection, on which we log in. Source:
 * docs/protocol/linked-device-1-transport.md §5.3 to §5.9.
 */
#include "wa/session/adv.h"
#include "wa/session/session_internal.h"

#define CLIENT_NAME "Chrome (Linux)"
#define CLIENT_TYPE S("1") /* Chrome */
#define QR_MAX 1024
#define PHONE_MIN 7

void pair_done(struct wa_session *s)
{
	if (!s->pairing)
		return;
	arena_destroy(s->pairing->arena);
	crypto_wipe(&s->pairing->link, sizeof s->pairing->link);
	heap_free(s->pairing);
	s->pairing = NULL;
}

/* ---- QR codes ---- */

static void show_qr(struct wa_session *s)
{
	struct wa_event *event = session_event(s, WA_EVENT_QR);

	event->text = payload_qr(s->out->arena, &s->device,
		s->pairing->refs[s->pairing->at]);
	event->valid_ms = s->pairing->until_ms - s->now->mono_ms;
}

static void show_next_qr(struct wa_session *s)
{
	struct wa_pairing *p = s->pairing;

	p->until_ms = s->now->mono_ms +
		      session_time(s, p->at == 0 ? WA_QR_FIRST_MS : WA_QR_NEXT_MS);
	show_qr(s);
}

static enum err take_refs(struct wa_session *s, const struct node *device)
{
	struct wa_pairing *p;

	pair_done(s);
	s->pairing = p = HEAP_NEW(struct wa_pairing);
	p->arena = arena_create(64u << 10);
	for (const struct node *n = device->first; n && p->count < WA_QR_REFS_MAX; n = n->next) {
		str ref = str_from(node_data(n));

		if (node_is(n, "ref") && ref.len && ref.len < QR_MAX / 4 && !str_has(ref, S(",")))
			p->refs[p->count++] = arena_str(p->arena, ref);
	}
	if (!p->count)
		return session_fall(s, ending_named("pairing_refused"));
	show_next_qr(s);
	return OK;
}

/* ---- the phone vouches ---- */

static enum err refuse(struct wa_session *s, const struct node *iq, const struct adv_refusal *why)
{
	struct arena *arena = s->out->arena;
	struct node *answer = node_new(arena, "iq"), *error;

	node_put_jid(arena, answer, "to", &jid_server);
	node_put(arena, answer, "type", S("error"));
	node_put(arena, answer, "id", node_text(arena, iq, "id"));
	error = node_add(arena, answer, "error");
	node_put_int(arena, error, "code", why->code);
	node_put(arena, error, "text", str_of(why->text));
	TRY(session_send(s, answer));
	return session_fall(s, ending_named("pairing_refused"));
}

static bool keep_names(struct device *d, const struct node *success)
{
	const struct node *device = node_child(success, "device"),
			  * biz = node_child(success, "biz"),
			  * platform = node_child(success, "platform");
	const struct attr *name = biz ? node_attr(biz, "name") : NULL,
			  * kind = platform ? node_attr(platform, "name") : NULL;
	struct jid pn, lid;

	if (!device || !node_jid(device, "jid", &pn) || !node_jid(device, "lid", &lid) ||
		!str_is_digits(pn.user) || !wa_text_set(&d->pn.user, pn.user) ||
		!wa_text_set(&d->lid.user, lid.user))
		return false;
	d->pn.device = pn.device;
	d->lid.device = lid.device;
	/* A name that is too long is no reason not to pair. */
	if (name && !name->is_jid)
		wa_text_set(&d->business_name, name->text);
	if (kind && !kind->is_jid)
		wa_text_set(&d->platform, kind->text);
	return true;
}

static enum err send_signature(struct wa_session *s, const struct node *iq,
	const struct adv_pairing *pairing)
{
	struct node *sign = node_new(s->out->arena, "pair-device-sign"),
		    * identity = node_add(s->out->arena, sign, "device-identity");

	node_put_int(s->out->arena, identity, "key-index", pairing->key_index);
	node_put_data(identity, pairing->reply);
	return session_answer(s, iq, sign);
}

static enum err take_success(struct wa_session *s, const struct node *iq,
	const struct node *success)
{
	static const struct adv_refusal malformed = { 500, "internal-error" };
	struct device *d = &s->device;
	uint8_t noise[CURVE_NOISE_SIZE];
	struct adv_pairing pairing;
	struct adv_refusal refusal;

	session_random(s, noise, sizeof noise);
	if (adv_accept(s->out->arena, d, node_child_data(success, "device-identity"), noise,
		    &pairing, &refusal) != OK)
		return refuse(s, iq, &refusal);
	if (pairing.account.len > sizeof d->account || !keep_names(d, success))
		return refuse(s, iq, &malformed);
	memcpy(d->account, pairing.account.ptr, pairing.account.len);
	d->account_len = (uint16_t)pairing.account.len;
	memcpy(d->primary_identity, pairing.primary_identity, CURVE_KEY_SIZE);
	d->is_paired = true;
	d->paired_ms = s->now->wall_ms;
	TRY(session_save(s));
	s->expects_restart = true;
	session_event(s, WA_EVENT_PAIRED);
	return send_signature(s, iq, &pairing);
}

enum err pair_take_iq(struct wa_session *s, const struct node *iq)
{
	const struct node *device = node_child(iq, "pair-device"),
			  * success = node_child(iq, "pair-success");

	if (device) {
		TRY(session_answer(s, iq, NULL));
		return take_refs(s, device);
	}
	if (success && s->pairing && !s->device.is_paired)
		return take_success(s, iq, success);
	return OK;
}

/* ---- the code to type ---- */

static void put_octets(struct wa_session *s, struct node *in, const char *tag, bytes octets)
{
	struct node *child = node_add(s->out->arena, in, tag);

	node_put_data(child, arena_bytes(s->out->arena, octets));
}

static struct node *code_stage(struct wa_session *s, struct node *iq, str stage)
{
	struct node *reg = node_add(s->out->arena, iq, "link_code_companion_reg");
	struct jid jid = { .user = str_of(s->pairing->link.phone), .server = JID_SERVER_PN };

	node_put_jid(s->out->arena, reg, "jid", &jid);
	node_put(s->out->arena, reg, "stage", stage);
	return reg;
}

static enum err send_code_hello(struct wa_session *s)
{
	static const uint8_t zero[1];
	struct wa_link_code *link = &s->pairing->link;
	uint8_t seed[LINK_SALT_SIZE + CTR_IV_SIZE], wrapped[LINK_WRAPPED_SIZE];
	struct node *iq = session_request(s, "set", "md"),
		    * reg = code_stage(s, iq, S("companion_hello"));

	session_random(s, seed, sizeof seed);
	link_code_wrap(link->code, seed, link->ephemeral.open, wrapped);
	node_put(s->out->arena, reg, "should_show_push_notification", S("true"));
	put_octets(s, reg, "link_code_pairing_wrapped_companion_ephemeral_pub",
		(bytes){ wrapped, sizeof wrapped });
	put_octets(s, reg, "companion_server_auth_key_pub",
		(bytes){ s->device.noise.open, CURVE_KEY_SIZE });
	put_octets(s, reg, "companion_platform_id", bytes_of(CLIENT_TYPE));
	put_octets(s, reg, "companion_platform_display", bytes_of(S(CLIENT_NAME)));
	put_octets(s, reg, "link_code_pairing_nonce", (bytes){ zero, 1 });
	return session_ask(s, REQUEST_CODE_HELLO, iq);
}

enum err wa_session_link_code(struct wa_session *s, const struct wa_clock *now, str phone,
	struct wa_output *out)
{
	uint8_t code[LINK_CODE_OCTETS], seed[CURVE_KEY_SIZE];
	struct wa_link_code *link;

	s->now = now;
	s->out = out;
	if (s->state != WA_PAIRING || !s->pairing || s->pairing->link.is_finished)
		return ERR_CONFLICT;
	link = &s->pairing->link;
	if (!str_is_digits(phone) || phone.len < PHONE_MIN || phone.len >= sizeof link->phone ||
		phone.ptr[0] == '0')
		return ERR_INPUT;
	memset(link, 0, sizeof *link);
	memcpy(link->phone, phone.ptr, phone.len);
	session_random(s, code, sizeof code);
	session_random(s, seed, sizeof seed);
	link_code_of(code, link->code);
	curve_pair_of(seed, &link->ephemeral);
	link->is_asked = true;
	link->until_ms = now->mono_ms + session_time(s, WA_CODE_MS);
	crypto_wipe(seed, sizeof seed);
	return send_code_hello(s);
}

static enum err show_code(struct wa_session *s, const struct node *iq)
{
	const struct node *reg = node_child(iq, "link_code_companion_reg");
	bytes ref = reg ? node_child_data(reg, "link_code_pairing_ref") : BYTES_NONE;
	struct wa_link_code *link = &s->pairing->link;
	struct wa_event *event;

	if (!ref.len || ref.len > sizeof link->ref)
		return session_fall(s, ending_named("code_expired"));
	memcpy(link->ref, ref.ptr, ref.len);
	link->ref_len = ref.len;
	event = session_event(s, WA_EVENT_CODE);
	event->text = arena_str(s->out->arena, str_of(link->code));
	event->valid_ms = link->until_ms - s->now->mono_ms;
	return OK;
}

enum err pair_take_answer(struct wa_session *s, enum wa_request kind, const struct node *iq)
{
	if (!s->pairing)
		return OK;
	if (node_has(iq, "type", "error"))
		return session_fall(s, ending_named("code_expired"));
	return kind == REQUEST_CODE_HELLO ? show_code(s, iq) : OK;
}

static enum err send_code_finish(struct wa_session *s, const uint8_t *phone_ephemeral,
	const uint8_t *phone_identity)
{
	struct wa_link_code *link = &s->pairing->link;
	struct link_finish with = { &link->ephemeral, &s->device.identity, phone_ephemeral,
		phone_identity };
	uint8_t seed[LINK_FINISH_SEED], bundle[LINK_BUNDLE_SIZE];
	struct node *iq = session_request(s, "set", "md"),
		    * reg = code_stage(s, iq, S("companion_finish"));

	session_random(s, seed, sizeof seed);
	if (!link_code_finish(&with, seed, bundle, s->device.adv_secret))
		return session_fall(s, ending_named("code_expired"));
	crypto_wipe(seed, sizeof seed);
	link->is_finished = true;
	link->until_ms = s->now->mono_ms + session_time(s, WA_CODE_FINISH_MS);
	put_octets(s, reg, "link_code_pairing_wrapped_key_bundle",
		(bytes){ bundle, sizeof bundle });
	put_octets(s, reg, "companion_identity_public",
		(bytes){ s->device.identity.open, CURVE_KEY_SIZE });
	put_octets(s, reg, "link_code_pairing_ref", (bytes){ link->ref, link->ref_len });
	return session_ask(s, REQUEST_CODE_FINISH, iq);
}

/* The person has typed the code. */
static enum err take_primary_hello(struct wa_session *s, const struct node *reg)
{
	struct wa_link_code *link = &s->pairing->link;
	bytes wrapped = node_child_data(reg, "link_code_pairing_wrapped_primary_ephemeral_pub"),
	      identity = node_child_data(reg, "primary_identity_pub"),
	      ref = node_child_data(reg, "link_code_pairing_ref");
	uint8_t key[CURVE_KEY_SIZE];

	if (!link->is_asked || link->is_finished || wrapped.len != LINK_WRAPPED_SIZE ||
		identity.len != CURVE_KEY_SIZE ||
		!str_is(str_from(ref), str_from((bytes){ link->ref, link->ref_len })))
		return OK;
	link_code_unwrap(link->code, wrapped.ptr, key);
	return send_code_finish(s, key, identity.ptr);
}

/* The registration is void: another secret, for the code that is shown. A pairing by code that is
 * under way keeps its own. */
static enum err refresh(struct wa_session *s)
{
	if (s->pairing->link.is_asked)
		return OK;
	session_random(s, s->device.adv_secret, ADV_SECRET_SIZE);
	show_qr(s);
	return OK;
}

enum err pair_take_notification(struct wa_session *s, const struct node *notification)
{
	const struct node *reg = node_child(notification, "link_code_companion_reg");

	if (!s->pairing)
		return OK;
	if (node_has(notification, "type", "passkey_prologue_request"))
		return session_fall(s, ending_named("passkey_wanted"));
	if (node_has(notification, "type", "companion_reg_refresh"))
		return refresh(s);
	if (reg && node_has(reg, "stage", "primary_hello"))
		return take_primary_hello(s, reg);
	return OK;
}

/* ---- time ---- */

int64_t pair_deadline(const struct wa_session *s)
{
	const struct wa_pairing *p = s->pairing;

	if (!p)
		return s->state_ms + session_time(s, WA_HANDSHAKE_MS);
	if (s->expects_restart)
		return s->state_ms + session_time(s, WA_CODE_FINISH_MS + WA_CODE_MS);
	return p->link.is_asked && p->link.until_ms < p->until_ms ? p->link.until_ms : p->until_ms;
}

enum err pair_tick(struct wa_session *s)
{
	struct wa_pairing *p = s->pairing;

	if (s->now->mono_ms < pair_deadline(s))
		return OK;
	if (!p)
		return session_fall(s, ending_named("no_answer"));
	if (s->expects_restart)
		return session_fall(s, ending_named("restart"));
	if (p->link.is_asked && s->now->mono_ms >= p->link.until_ms)
		return session_fall(s, ending_named("code_expired"));
	if (p->at + 1 < p->count) {
		p->at++;
		show_next_qr(s);
		return OK;
	}
	/* The last one is over: while a code is typed, the connection stays. */
	if (p->link.is_asked) {
		p->until_ms = p->link.until_ms;
		return OK;
	}
	return session_fall(s, ending_named("qr_expired"));
}
