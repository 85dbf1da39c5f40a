/*
 * client_stanza.c: one message as a stanza: its ciphertexts for all that it is for, and what the
 * server wants beside them.
 *
 * The ratchets move here, at the one moment when a message goes out, so two of them never cross.
 * Source: docs/protocol/linked-device-2-messaging.md §4.
 */
#include "wa/client/client_send_internal.h"

/* ---- the stanza ---- */

static void begin_stanza(const struct wa_call *call, const struct client_out *out,
	struct client_prepared *p)
{
	struct arena *arena = call->out->arena;
	struct node *m = node_new(arena, "message");
	char edit[2] = { out->edit ? out->edit : p->outline.edit, 0 };

	p->stanza = m;
	node_put(arena, m, "id", arena_str(arena, out->id));
	node_put_jid(arena, m, "to", &p->to);
	node_put(arena, m, "type", str_of(p->outline.type));
	if (edit[0])
		node_put(arena, m, "edit", arena_str(arena, str_of(edit)));
	p->cipher = (struct client_cipher){ .mediatype = p->outline.mediatype,
		.is_hidden = p->outline.is_hidden || edit[0] };
}

static enum err add_target(struct wa_client *c, const struct wa_call *call,
	struct client_prepared *p, const struct client_target *target)
{
	struct arena *arena = call->out->arena;
	struct node *list = (struct node *)node_child(p->stanza, "participants"), *to, *enc;

	TRY(client_encipher(c, call, target->address, &p->cipher, &enc));
	if (!enc) {
		p->is_short = true;
		return client_unmeet(c, call, &target->jid);
	}
	if (!list)
		list = node_add(arena, p->stanza, "participants");
	to = node_add(arena, list, "to");
	node_put_jid(arena, to, "jid", &target->jid);
	node_adopt(to, enc);
	return OK;
}

/* What comes after the ciphertexts. */
static enum err end_stanza(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out, struct client_prepared *p)
{
	struct arena *arena = call->out->arena;
	bytes secret = wa_message_secret_of(p->message);
	struct node *meta;

	if (p->cipher.has_pkmsg)
		client_add_identity(c, arena, p->stanza);
	if (p->outline.polltype || p->outline.event_type) {
		meta = node_add(arena, p->stanza, "meta");
		node_put(arena, meta, "polltype", str_of(p->outline.polltype));
		node_put(arena, meta, "event_type", str_of(p->outline.event_type));
	}
	if (p->outline.has_report && secret.len == WA_SECRET_SIZE) {
		struct jid own = client_own(c, str_is(p->to.server, JID_SERVER_LID) ||
						       p->group.is_lid);
		struct node *token;
		uint8_t report[WA_REPORT_SIZE];

		own.device = 0;
		wa_reporting_token(arena, out->packed, secret, out->id, jid_text(arena, &own),
			jid_text(arena, &p->to), report);
		token = node_add(arena, node_add(arena, p->stanza, "reporting"), "reporting_token");
		node_put(arena, token, "v", S("2"));
		node_put_data(token, arena_bytes(arena, (bytes){ report, sizeof report }));
	}
	return p->is_group ? OK : client_token_attach(c, call, &p->to, p->stanza);
}

/* The list as the server should see it: with ourselves. */
static void note_phash(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	const struct client_prepared *p)
{
	struct arena *arena = call->out->arena;
	struct jid *jids = ARENA_ARRAY(arena, struct jid, p->targets.count + 1);
	str hash;

	for (size_t i = 0; i < p->targets.count; i++)
		jids[i] = p->targets.list[i].jid;
	jids[p->targets.count] = client_own(c, p->is_group ? p->group.is_lid
							  : str_is(p->to.server, JID_SERVER_LID));
	hash = signal_phash(arena, jids, p->targets.count + 1);
	if (hash.len < sizeof out->phash) {
		memcpy(out->phash, hash.ptr, hash.len);
		out->phash[hash.len] = 0;
	}
}

enum err client_hand_over(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	struct node *stanza)
{
	if (!out->was_sent && out->kind == OUT_MESSAGE)
		TRY(client_sent_keep(c, call, out));
	out->until_ms = call->now->mono_ms + client_time(c, WA_ACK_MS);
	out->is_sent = out->was_sent = true;
	return client_put(c, call, stanza);
}

/* ---- to one account ---- */

enum err client_stanza_direct(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, struct client_prepared *p)
{
	struct arena *arena = call->out->arena;
	bytes plain = out->packed, sent = BYTES_NONE;
	struct jid pn;
	bool go = true;

	begin_stanza(call, out, p);
	if (wa_client_pn_of(c, &p->to, arena, &pn))
		node_put_jid(arena, p->stanza, "peer_recipient_pn", &pn);
	for (size_t i = 0; i < p->targets.count; i++) {
		const struct client_target *target = &p->targets.list[i];

		if (target->is_own && !sent.len)
			sent = client_device_sent(arena, p->message, &p->to);
		p->cipher.plain = target->is_own ? sent : plain;
		TRY(add_target(c, call, p, target));
	}
	if (p->is_short)
		TRY(client_find_sessions(c, call, out, &p->targets, &go));
	if (!go)
		return OK;
	if (!node_child(p->stanza, "participants"))
		return client_out_give_up(c, call, out, WA_SENT_NO_DEVICE);
	TRY(end_stanza(c, call, out, p));
	note_phash(c, call, out, p);
	TRY(client_hand_over(c, call, out, p->stanza));
	return p->outline.is_protocol ? OK : client_token_give(c, call, &p->to);
}
/* ---- to a group ---- */

static str group_text(const struct wa_call *call, const struct client_out *out)
{
	return jid_text(call->out->arena, &out->to);
}

/* Those that do not have our key of the group yet. */
static void those_without(const struct wa_call *call, const struct client_targets *all,
	const struct client_known *known, struct client_targets *out)
{
	out->list = ARENA_ARRAY(call->out->arena, struct client_target, all->count);
	out->room = all->count;
	for (size_t i = 0; i < all->count; i++)
		if (!str_starts(all->list[i].jid.server, S("hosted")) &&
			!client_known_has(known, all->list[i].address))
			out->list[out->count++] = all->list[i];
}

static bytes key_message(struct arena *arena, str group, bytes distribution)
{
	Wa__SenderKeyDistributionMessage key = WA__SENDER_KEY_DISTRIBUTION_MESSAGE__INIT;
	Wa__Message message = WA__MESSAGE__INIT;

	key.group_id = wa_cstr(arena, group);
	PROTO_SET_DATA(&key, axolotl_sender_key_distribution_message, distribution);
	message.sender_key_distribution_message = &key;
	return proto_bytes(arena, &message);
}

static enum err add_group_cipher(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out, struct client_prepared *p)
{
	struct arena *arena = call->out->arena;
	struct signal signal = client_signal(c, call);
	struct jid own = client_own(c, true);
	struct signal_sealed sealed;
	struct node *enc;

	TRY(signal_group_encrypt(&signal, group_text(call, out), signal_address(arena, &own),
		client_pad(c, arena, out->packed), &sealed));
	if (sealed.outcome != SIGNAL_DONE)
		return ERR_BUG;
	enc = node_add(arena, p->stanza, "enc");
	node_put(arena, enc, "v", S("2"));
	node_put(arena, enc, "type", S("skmsg"));
	client_enc_attrs(arena, enc, &p->cipher);
	node_put_data(enc, sealed.octets);
	return OK;
}

/* The keys first, each for its device; then the message, for all. A device that cannot be written
 * to does not keep the others from it. */
enum err client_stanza_group(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, struct client_prepared *p)
{
	struct arena *arena = call->out->arena;
	struct signal signal = client_signal(c, call);
	struct jid own = client_own(c, true);
	struct client_targets without = { 0 };
	struct client_cipher common;
	struct client_known known;
	struct signal_group key;
	str group = group_text(call, out);
	bool go;

	TRY(signal_group_own(&signal, group, signal_address(arena, &own), &key));
	TRY(client_known_get(c, call, group, key.key_id, &known));
	those_without(call, &p->targets, &known, &without);
	TRY(client_find_sessions(c, call, out, &without, &go));
	if (!go)
		return OK;
	begin_stanza(call, out, p);
	node_put(arena, p->stanza, "addressing_mode", p->group.is_lid ? S("lid") : S("pn"));
	note_phash(c, call, out, p);
	node_put(arena, p->stanza, "phash", arena_str(arena, str_of(out->phash)));
	if (p->group.ephemeral_s)
		node_put_int(arena, p->stanza, "expiration", p->group.ephemeral_s);
	common = p->cipher;
	p->cipher = (struct client_cipher){ .plain = key_message(arena, group, key.distribution) };
	for (size_t i = 0; i < without.count; i++) {
		TRY(add_target(c, call, p, &without.list[i]));
		client_known_add(&known, without.list[i].address);
	}
	if (p->is_short)
		TRY(client_find_sessions(c, call, out, &without, &go));
	if (!go)
		return OK;
	TRY(client_known_keep(c, call, group, &known));
	common.has_pkmsg = p->cipher.has_pkmsg;
	p->cipher = common;
	TRY(add_group_cipher(c, call, out, p));
	TRY(end_stanza(c, call, out, p));
	return client_hand_over(c, call, out, p->stanza);
}

/* ---- to one device ---- */

enum err client_stanza_peer(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	struct client_prepared *p)
{
	struct arena *arena = call->out->arena;
	struct node *enc, *m;
	bool go = true;

	p->to = client_jid_copy(arena, &out->to);
	begin_stanza(call, out, p);
	m = p->stanza;
	p->cipher.plain = out->packed;
	TRY(client_encipher(c, call, p->targets.list[0].address, &p->cipher, &enc));
	if (!enc) {
		TRY(client_unmeet(c, call, &p->targets.list[0].jid));
		TRY(client_find_sessions(c, call, out, &p->targets, &go));
		return go ? client_out_give_up(c, call, out, WA_SENT_NO_DEVICE) : OK;
	}
	node_put(arena, m, "category", S("peer"));
	node_put(arena, m, "push_priority", str_of(out->priority));
	node_put(arena, node_add(arena, m, "meta"), "appdata", S("default"));
	node_adopt(m, enc);
	if (p->cipher.has_pkmsg)
		client_add_identity(c, arena, m);
	return client_hand_over(c, call, out, p->stanza);
}
