/* simulator_pair.c: references, scans, codes, and the phone's voucher; see simulator.h. */
#include "wa/simulator/simulator_internal.h"

#include "base/codec.h"
#include "wa/session/session.h"

#include <stdio.h>

/* A client that is told to replace its code may be this late. */
#define REF_GRACE_MS 5000

/* ---- references ---- */

void sim_send_refs(struct sim_conn *c)
{
	struct node *iq = sim_server_iq(c->sim, "set", "md"),
		    * device = node_add(c->sim->arena, iq, "pair-device");
	int wanted = c->sim->faults.refs ? c->sim->faults.refs : SIM_REFS;

	c->refs_ms = c->sim->now_ms;
	for (int i = 0; i < wanted && i < SIM_REFS; i++) {
		uint8_t octets[24];
		struct buf ref = buf_in(c->sim->arena, SIM_REF_SIZE);

		sim_random(c->sim, octets, sizeof octets);
		buf_str(&ref, S("2@"));
		base64_write(&ref, (bytes){ octets, sizeof octets });
		snprintf(c->refs[i], sizeof c->refs[i], STR_F, STR_A(buf_text(&ref)));
		c->ref_count = (size_t)i + 1;
		node_put_data(node_add(c->sim->arena, device, "ref"), buf_bytes(&ref));
	}
	sim_conn_send(c, iq);
}

/* The first is shown for longer than those that replace it. */
static bool is_over(const struct sim_conn *c, size_t i, int64_t now_ms)
{
	return now_ms > c->refs_ms + WA_QR_FIRST_MS + (int64_t)i * WA_QR_NEXT_MS + REF_GRACE_MS;
}

static struct sim_conn *conn_with_ref(const struct sim *sim, str ref, int64_t now_ms)
{
	for (struct sim_conn *c = sim->conns; c; c = c->next)
		for (size_t i = 0; i < c->ref_count; i++)
			if (c->phase == SIM_UNPAIRED && str_is(ref, str_of(c->refs[i])))
				return is_over(c, i, now_ms) ? NULL : c;
	return NULL;
}

/* ---- the phone vouches ---- */

static struct sim_device **free_place(struct sim_phone *phone)
{
	for (size_t i = 0; i < SIM_DEVICES_MAX; i++)
		if (!phone->devices[i])
			return &phone->devices[i];
	return NULL;
}

static bytes voucher(struct sim_conn *c, uint32_t key_index)
{
	struct sim_pairing *p = &c->pairing;
	uint8_t noise[CURVE_NOISE_SIZE], secret[ADV_SECRET_SIZE];
	struct adv_voucher by = { .phone = &p->phone->keys.identity, .device_identity = p->identity,
		.adv_secret = secret, .noise = noise, .raw_id = SIM_RAW_ID, .key_index = key_index,
		.at_s = c->sim->now_ms / 1000 };

	memcpy(secret, p->adv_secret, sizeof secret);
	if (c->sim->faults.bad_hmac)
		secret[0] ^= 1;
	sim_random(c->sim, noise, sizeof noise);
	return adv_vouch(c->sim->arena, &by);
}

/* A device of the phone, to be confirmed by its signature. */
static enum err vouch(struct sim_conn *c, struct sim_phone *phone)
{
	struct sim_pairing *p = &c->pairing;
	struct node *iq, *success, *device;
	struct jid pn, lid;

	if (p->device || !free_place(phone))
		return ERR_LIMIT;
	p->phone = phone;
	p->device = HEAP_NEW(struct sim_device);
	*p->device = c->registration;
	p->device->phone = phone;
	p->device->queue_end = &p->device->queue;
	p->device->number = phone->next_device++;
	p->device->key_index = phone->next_key_index++;
	pn = sim_phone_jid(phone, false, p->device->number);
	lid = sim_phone_jid(phone, true, p->device->number);
	iq = sim_server_iq(c->sim, "set", "md");
	node_put_int(c->sim->arena, iq, "t", c->sim->now_ms / 1000);
	success = node_add(c->sim->arena, iq, "pair-success");
	node_put_data(node_add(c->sim->arena, success, "device-identity"),
		voucher(c, p->device->key_index));
	device = node_add(c->sim->arena, success, "device");
	node_put_jid(c->sim->arena, device, "jid", &pn);
	node_put_jid(c->sim->arena, device, "lid", &lid);
	node_put(c->sim->arena, node_add(c->sim->arena, success, "platform"), "name", S("android"));
	sim_conn_send(c, iq);
	return OK;
}

static void restart(struct sim_conn *c)
{
	struct node *error = node_new(c->sim->arena, "stream:error");

	node_put(c->sim->arena, error, "code", S("515"));
	sim_conn_send(c, error);
	sim_conn_close(c);
}

void sim_take_sign(struct sim_conn *c, const struct node *iq)
{
	const struct node *sign = node_child(iq, "pair-device-sign");
	struct sim_pairing *p = &c->pairing;
	struct adv_voucher by = { .phone = p->phone ? &p->phone->keys.identity : NULL,
		.device_identity = p->identity };
	struct sim_device **place;

	if (!sign || !p->device)
		return;
	place = free_place(p->phone);
	if (!place ||
		!adv_reply_holds(c->sim->arena, &by, node_child_data(sign, "device-identity"))) {
		sim_conn_close(c);
		return;
	}
	*place = p->device;
	p->device = NULL;
	restart(c);
	sim_phone_devices_changed((*place)->phone, *place, false);
}

/* ---- a scan ---- */

static bool read_key(str text, uint8_t out[CURVE_KEY_SIZE])
{
	struct buf to = { .ptr = out, .cap = CURVE_KEY_SIZE, .max = CURVE_KEY_SIZE };

	return base64_read(text, &to) && to.len == CURVE_KEY_SIZE;
}

static enum err scan(struct sim_conn *c, str noise, str identity, str secret, str phone,
	const char **why)
{
	uint8_t key[CURVE_KEY_SIZE];
	enum err e;

	*why = "the code is not of the client that shows it";
	if (!read_key(noise, key) || memcmp(key, c->noise, sizeof key) != 0 ||
		!read_key(identity, c->pairing.identity) ||
		memcmp(c->pairing.identity, c->registration.identity, sizeof key) != 0 ||
		!read_key(secret, c->pairing.adv_secret))
		return ERR_CONFLICT;
	*why = "the phone has too many devices, or the code was scanned before";
	e = vouch(c, sim_phone_get(c->sim, phone));
	return e;
}

enum err sim_scan(struct sim *sim, str qr, str phone, int64_t now_ms, const char **why)
{
	str rest = str_part(qr, str_find(qr, '#') + 1, qr.len), ref = str_split(&rest, ','),
	    noise = str_split(&rest, ','), identity = str_split(&rest, ','),
	    secret = str_split(&rest, ',');
	struct sim_conn *c = conn_with_ref(sim, ref, now_ms);
	enum err e;

	*why = "this is no code of a linked device";
	if (!secret.len || !rest.len || !str_is_digits(phone) || phone.len >= SIM_PHONE_MAX)
		return ERR_INPUT;
	*why = "the code is over: scan the one that is shown now";
	if (!c)
		return ERR_MISSING;
	sim_begin(sim, now_ms);
	e = scan(c, noise, identity, secret, phone, why);
	sim_end(sim);
	return e;
}

/* ---- a code ---- */

static void answer_code_hello(struct sim_conn *c, const struct node *iq)
{
	struct node *answer = node_new(c->sim->arena, "iq"), *reg;

	node_put_jid(c->sim->arena, answer, "from", &jid_server);
	node_put(c->sim->arena, answer, "type", S("result"));
	node_put(c->sim->arena, answer, "id", node_text(c->sim->arena, iq, "id"));
	reg = node_add(c->sim->arena, answer, "link_code_companion_reg");
	node_put(c->sim->arena, reg, "stage", S("companion_hello"));
	node_put_data(node_add(c->sim->arena, reg, "link_code_pairing_ref"),
		(bytes){ c->code.ref, sizeof c->code.ref });
	sim_conn_send(c, answer);
}

static bool take_code_hello(struct sim_conn *c, const struct node *iq, const struct node *reg)
{
	bytes wrapped = node_child_data(reg, "link_code_pairing_wrapped_companion_ephemeral_pub");
	bytes display = node_child_data(reg, "companion_platform_display");
	struct jid jid;

	if (!node_jid(reg, "jid", &jid) || !str_is_digits(jid.user) ||
		jid.user.len >= SIM_PHONE_MAX || wrapped.len != LINK_WRAPPED_SIZE ||
		!str_ends(str_from(display), S(")")))
		return false;
	snprintf(c->code.phone, sizeof c->code.phone, STR_F, STR_A(jid.user));
	memcpy(c->code.wrapped, wrapped.ptr, wrapped.len);
	sim_random(c->sim, c->code.ref, sizeof c->code.ref);
	c->code.is_asked = true;
	c->code.is_typed = false;
	answer_code_hello(c, iq);
	return true;
}

/* The phone opens the bundle; a wrong code shows here, and then nothing comes. */
static bool take_code_finish(struct sim_conn *c, const struct node *reg)
{
	bytes bundle = node_child_data(reg, "link_code_pairing_wrapped_key_bundle"),
	      identity = node_child_data(reg, "companion_identity_public");
	struct sim_phone *phone = sim_phone_find(c->sim, str_of(c->code.phone));
	struct curve_pair device_ephemeral, device_identity;
	struct link_finish with = { &c->code.ephemeral, phone ? &phone->keys.identity : NULL,
		device_ephemeral.open, device_identity.open };

	if (!phone || !c->code.is_typed || bundle.len != LINK_BUNDLE_SIZE ||
		identity.len != CURVE_KEY_SIZE)
		return false;
	memcpy(device_ephemeral.open, c->code.device_ephemeral, CURVE_KEY_SIZE);
	memcpy(device_identity.open, identity.ptr, CURVE_KEY_SIZE);
	if (!link_code_open(&with, bundle.ptr, c->pairing.adv_secret))
		return true;
	memcpy(c->pairing.identity, identity.ptr, CURVE_KEY_SIZE);
	return vouch(c, phone) == OK;
}

static void answer_empty(struct sim_conn *c, const struct node *iq)
{
	struct node *answer = node_new(c->sim->arena, "iq");

	node_put_jid(c->sim->arena, answer, "from", &jid_server);
	node_put(c->sim->arena, answer, "type", S("result"));
	node_put(c->sim->arena, answer, "id", node_text(c->sim->arena, iq, "id"));
	sim_conn_send(c, answer);
}

bool sim_take_link_code(struct sim_conn *c, const struct node *iq)
{
	const struct node *reg = node_child(iq, "link_code_companion_reg");

	if (!reg)
		return false;
	if (node_has(reg, "stage", "companion_hello"))
		return take_code_hello(c, iq, reg);
	answer_empty(c, iq);
	take_code_finish(c, reg);
	return true;
}

static struct sim_conn *conn_with_code(const struct sim *sim, str phone)
{
	for (struct sim_conn *c = sim->conns; c; c = c->next)
		if (c->phase == SIM_UNPAIRED && c->code.is_asked &&
			str_is(phone, str_of(c->code.phone)))
			return c;
	return NULL;
}

static void send_primary_hello(struct sim_conn *c, const struct sim_phone *phone, const char *code)
{
	struct arena *arena = c->sim->arena;
	struct node *notification = node_new(arena, "notification"), *reg;
	uint8_t seed[LINK_SALT_SIZE + CTR_IV_SIZE],
		*wrapped = arena_alloc(arena, LINK_WRAPPED_SIZE);

	sim_random(c->sim, seed, sizeof seed);
	link_code_wrap(code, seed, c->code.ephemeral.open, wrapped);
	node_put_jid(arena, notification, "from", &jid_server);
	node_put(arena, notification, "type", S("link_code_companion_reg"));
	node_put_int(arena, notification, "id", ++c->sim->next_id);
	node_put_int(arena, notification, "t", c->sim->now_ms / 1000);
	reg = node_add(arena, notification, "link_code_companion_reg");
	node_put(arena, reg, "stage", S("primary_hello"));
	node_put_data(node_add(arena, reg, "link_code_pairing_wrapped_primary_ephemeral_pub"),
		(bytes){ wrapped, LINK_WRAPPED_SIZE });
	node_put_data(node_add(arena, reg, "primary_identity_pub"),
		(bytes){ phone->keys.identity.open, CURVE_KEY_SIZE });
	node_put_data(node_add(arena, reg, "link_code_pairing_ref"),
		(bytes){ c->code.ref, sizeof c->code.ref });
	sim_conn_send(c, notification);
}

enum err sim_type_code(struct sim *sim, str phone, str code, int64_t now_ms, const char **why)
{
	struct sim_conn *c = conn_with_code(sim, phone);
	char typed[LINK_CODE_LEN + 1];
	uint8_t seed[CURVE_KEY_SIZE];

	*why = "this is no pairing code";
	if (!link_code_read(code, typed))
		return ERR_INPUT;
	*why = "nobody asked for a code for this phone";
	if (!c)
		return ERR_MISSING;
	sim_random(sim, seed, sizeof seed);
	curve_pair_of(seed, &c->code.ephemeral);
	link_code_unwrap(typed, c->code.wrapped, c->code.device_ephemeral);
	c->code.is_typed = true;
	sim_begin(sim, now_ms);
	send_primary_hello(c, sim_phone_get(sim, phone), typed);
	sim_end(sim);
	return OK;
}
