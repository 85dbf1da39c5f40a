/*
 * client_fanout.c: one message for many devices: whom it is for, what is needed to write to them,
 * and what each one gets.
 *
 * A session costs the other side a one-time key, so bundles are fetched only for devices with which
 * there is none. Which those are stands in memory (struct client_person), so that a message to
 * somebody known reads and writes the record of each ratchet once. Source:
 * docs/protocol/linked-device-2-messaging.md §3.2, §3.7, §4.1 to §4.3.
 */
#include "wa/client/client_internal.h"

/* ---- whom it is for ---- */

static void add(struct arena *arena, struct client_targets *targets, struct client_target one)
{
	if (targets->count == targets->room) {
		size_t room = targets->room ? 2 * targets->room : 8;

		targets->list = arena_grow(arena, targets->list,
			targets->room * sizeof *targets->list, room * sizeof *targets->list);
		targets->room = room;
	}
	targets->list[targets->count++] = one;
}

enum err client_targets_add(struct wa_client *c, const struct wa_call *call,
	const struct jid *account, bool by_lid, struct client_targets *targets)
{
	struct arena *arena = call->out->arena;
	bool is_own = client_is_own(c, account);
	uint16_t self = c->config.device->pn.device;
	struct client_person p;

	TRY(client_person(c, arena, account, &p));
	for (size_t i = 0; i < p.device_count; i++) {
		struct jid jid = client_person_jid(&p, p.devices[i], by_lid);
		struct jid signal = client_person_jid(&p, p.devices[i], true);

		if (is_own && p.devices[i] == self)
			continue;
		add(arena, targets, (struct client_target){ client_jid_copy(arena, &jid),
			signal_address(arena, &signal), is_own });
	}
	return OK;
}

/* ---- with whom there is a session ---- */

static size_t place_of(const struct client_person *p, uint16_t device)
{
	size_t i = 0;

	while (i < p->device_count && p->devices[i] != device)
		i++;
	return i;
}

static void note_met(struct wa_client *c, const struct wa_call *call, const struct jid *device,
	bool is_met)
{
	struct client_person p;
	size_t place;

	if (client_person(c, call->out->arena, device, &p) != OK)
		return;
	place = place_of(&p, device->device);
	if (place == p.device_count || (p.met >> place & 1) == is_met)
		return;
	p.met ^= 1u << place;
	client_person_note(c, &p);
}

enum err client_unmeet(struct wa_client *c, const struct wa_call *call, const struct jid *device)
{
	note_met(c, call, device, false);
	return OK;
}

static enum err is_met(struct wa_client *c, const struct wa_call *call,
	const struct client_target *target, bool *out)
{
	struct signal signal = client_signal(c, call);
	struct signal_session session;
	struct client_person p;
	size_t place;

	TRY(client_person(c, call->out->arena, &target->jid, &p));
	place = place_of(&p, target->jid.device);
	*out = place < p.device_count && p.met >> place & 1;
	if (*out)
		return OK;
	TRY(signal_session_find(&signal, target->address, &session));
	*out = session.is_there;
	if (*out)
		note_met(c, call, &target->jid, true);
	return OK;
}

enum err client_targets_unmet(struct wa_client *c, const struct wa_call *call,
	const struct client_targets *targets, struct client_targets *out)
{
	for (size_t i = 0; i < targets->count; i++) {
		bool met;

		TRY(is_met(c, call, &targets->list[i], &met));
		if (!met)
			add(call->out->arena, out, targets->list[i]);
	}
	return OK;
}

/* ---- bundles ---- */

enum err client_ask_bundles(struct wa_client *c, const struct wa_call *call,
	const struct client_targets *targets, client_answer *take, uint64_t tag)
{
	struct arena *arena = call->out->arena;
	struct node *iq = wa_iq(arena, "get", "encrypt", NULL),
		    *key = node_add(arena, iq, "key");

	for (size_t i = 0; i < targets->count; i++) {
		struct node *user = node_add(arena, key, "user");

		node_put_jid(arena, user, "jid", &targets->list[i].jid);
		node_put(arena, user, "reason", S("identity"));
	}
	return client_ask(c, call, iq, take, tag);
}

static bool read_key(bytes from, uint8_t out[CURVE_KEY_SIZE])
{
	if (from.len == CURVE_KEY_SIZE + 1 && from.ptr[0] == 5)
		from = (bytes){ from.ptr + 1, CURVE_KEY_SIZE };
	if (from.len != CURVE_KEY_SIZE)
		return false;
	memcpy(out, from.ptr, CURVE_KEY_SIZE);
	return true;
}

bool client_read_bundle(const struct node *from, const struct node *registration,
	struct signal_bundle *out)
{
	const struct node *skey = node_child(from, "skey"), *key = node_child(from, "key");
	bytes signature = skey ? node_child_data(skey, "signature") : BYTES_NONE,
	      number = node_child_data(registration, "registration");

	*out = (struct signal_bundle){ 0 };
	if (!skey || signature.len != CURVE_SIGNATURE_SIZE || !number.len || number.len > 4 ||
		!read_key(node_child_data(from, "identity"), out->identity) ||
		!read_key(node_child_data(skey, "value"), out->signed_prekey))
		return false;
	memcpy(out->signature, signature.ptr, sizeof out->signature);
	out->registration_id = id_of(number);
	out->signed_prekey_id = id_of(node_child_data(skey, "id"));
	if (key && read_key(node_child_data(key, "value"), out->prekey)) {
		out->prekey_id = id_of(node_child_data(key, "id"));
		out->has_prekey = true;
	}
	return true;
}

enum err client_meet(struct wa_client *c, const struct wa_call *call, const struct jid *device,
	const struct signal_bundle *bundle)
{
	struct signal signal = client_signal(c, call);
	struct signal_met met;
	str address;

	TRY(client_address(c, call->out->arena, device, &address));
	TRY(signal_meet(&signal, address, bundle, &met));
	if (met.outcome != SIGNAL_DONE)
		return OK;
	note_met(c, call, device, true);
	return met.identity_changed && !client_is_own(c, device)
		       ? client_tell_identity(c, call, device)
		       : OK;
}

enum err client_take_bundles(struct wa_client *c, const struct wa_call *call, const struct node *iq)
{
	const struct node *list = iq ? node_child(iq, "list") : NULL;

	for (const struct node *user = list ? list->first : NULL; user; user = user->next) {
		struct signal_bundle bundle;
		struct jid jid;

		if (!node_is(user, "user") || !node_jid(user, "jid", &jid) ||
			!client_is_person(&jid))
			continue;
		if (client_read_bundle(user, user, &bundle))
			TRY(client_meet(c, call, &jid, &bundle));
		else if (node_child(user, "error"))
			TRY(client_person_drop(c, call->out->arena, &jid)); /* not there any more */
	}
	return OK;
}

/* ---- what each one gets ---- */

void client_enc_attrs(struct arena *arena, struct node *enc, const struct client_cipher *cipher)
{
	if (cipher->mediatype)
		node_put(arena, enc, "mediatype", str_of(cipher->mediatype));
	if (cipher->is_hidden)
		node_put(arena, enc, "decrypt-fail", S("hide"));
	if (cipher->count)
		node_put_int(arena, enc, "count", cipher->count);
}

static bytes pad(struct wa_client *c, struct arena *arena, bytes plain)
{
	uint8_t random;

	c->config.random(c->config.random_arg, &random, 1);
	return signal_pad(arena, plain, random);
}

bytes client_pad(struct wa_client *c, struct arena *arena, bytes plain)
{
	return pad(c, arena, plain);
}

enum err client_encipher(struct wa_client *c, const struct wa_call *call, str address,
	struct client_cipher *cipher, struct node **out)
{
	struct arena *arena = call->out->arena;
	struct signal signal = client_signal(c, call);
	struct signal_sealed sealed;

	*out = NULL;
	TRY(signal_encrypt(&signal, address, pad(c, arena, cipher->plain), &sealed));
	if (sealed.outcome != SIGNAL_DONE)
		return OK;
	cipher->has_pkmsg |= sealed.kind == SIGNAL_PKMSG;
	*out = node_new(arena, "enc");
	node_put(arena, *out, "v", S("2"));
	node_put(arena, *out, "type", str_of(signal_kind_name(sealed.kind)));
	client_enc_attrs(arena, *out, cipher);
	node_put_data(*out, sealed.octets);
	return OK;
}

bytes client_device_sent(struct arena *arena, const Wa__Message *message, const struct jid *chat)
{
	struct jid bare = wa_bare(chat);
	Wa__DeviceSentMessage sent = WA__DEVICE_SENT_MESSAGE__INIT;
	Wa__Message outer = WA__MESSAGE__INIT;

	sent.destination_jid = wa_cstr(arena, jid_text(arena, &bare));
	sent.message = (Wa__Message *)message;
	outer.device_sent_message = &sent;
	outer.message_context_info = message->message_context_info;
	return proto_bytes(arena, &outer);
}

/* Whoever meets us by this message learns of it that we belong to the account. */
void client_add_identity(struct wa_client *c, struct arena *arena, struct node *message)
{
	const struct device *d = c->config.device;

	if (d->account_len)
		node_put_data(node_add(arena, message, "device-identity"),
			arena_bytes(arena, (bytes){ d->account, d->account_len }));
}
