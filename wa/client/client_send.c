/*
 * client_send.c: messages under way, from the wish to the server's ack.
 *
 *	who is meant? ─► group, devices, bundles: asked for, unless known ─► enciphered and sent,
 *	in one call ─► ack: told and forgotten; none in WA_ACK_MS: told, too
 *
 * Many may wait for acks, and many for answers; only messages to one chat keep their order. The
 * ratchets move at the one moment when a message goes out, so two of them never cross. What was
 * sent and not acknowledged when the connection went is enciphered anew and goes again, under its
 * id. Source: docs/protocol/linked-device-2-messaging.md §4.
 */
#include "wa/client/client_internal.h"
#include "wa/client/contact.h"
#include "wa/client/group.h"
#include "wa/client/usync.h"

#define REFUSED_AGAIN_MS 5000
#define CODE_ADDRESSING 421
#define CODE_RESTRICTED 463
#define CODE_SHAPE 479

/* ---- the list ---- */

static void *keep(struct client_out *out, const void *data, size_t len)
{
	char *to = out->memory + out->room;

	if (len)
		memcpy(to, data, len);
	out->room += len;
	return to;
}

static str keep_str(struct client_out *out, str s)
{
	return (str){ keep(out, s.ptr, s.len), s.len };
}

static struct jid keep_jid(struct client_out *out, const struct jid *jid)
{
	struct jid copy = *jid;

	copy.user = keep_str(out, jid->user);
	copy.server = keep_str(out, jid->server);
	return copy;
}

static size_t size_of(const struct client_out *o)
{
	return o->id.len + o->packed.len + o->to.user.len + o->to.server.len + o->chat.user.len +
	       o->chat.server.len;
}

enum err client_out_add(struct wa_client *c, const struct wa_call *call,
	const struct client_out *like)
{
	struct client_out *out, **at = &c->outs;

	if (c->out_count >= CLIENT_SENDS_MAX)
		return ERR_LIMIT;
	out = heap_alloc(sizeof *out + size_of(like));
	*out = *like;
	out->next = NULL;
	out->room = 0;
	out->id = keep_str(out, like->id);
	out->to = keep_jid(out, &like->to);
	out->chat = keep_jid(out, &like->chat);
	out->packed = (bytes){ keep(out, like->packed.ptr, like->packed.len), like->packed.len };
	out->tag = ++c->next_out;
	out->until_ms = call->now->mono_ms + client_time(c, WA_ACK_MS);
	while (*at)
		at = &(*at)->next;
	*at = out;
	c->out_count++;
	return OK;
}

static void out_remove(struct wa_client *c, struct client_out *out)
{
	struct client_out **at = &c->outs;

	while (*at != out)
		at = &(*at)->next;
	*at = out->next;
	heap_free(out);
	c->out_count--;
}

void client_send_done(struct wa_client *c)
{
	while (c->outs)
		out_remove(c, c->outs);
}

static struct client_out *find_tag(struct wa_client *c, uint64_t tag)
{
	struct client_out *out = c->outs;

	while (out && out->tag != tag)
		out = out->next;
	return out;
}

/* ---- the end of one ---- */

static void tell(const struct wa_call *call, const struct client_out *out, struct wa_sent what)
{
	struct wa_sent *sent;

	if (out->kind != OUT_MESSAGE)
		return;
	sent = ARENA_NEW(call->out->arena, struct wa_sent);
	*sent = what;
	sent->id = arena_str(call->out->arena, out->id);
	client_event(call, WA_EVENT_SENT)->sent = sent;
}

enum err client_out_give_up(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, int code)
{
	tell(call, out, (struct wa_sent){ .code = code,
		.is_unsure = out->was_sent && code == WA_SENT_NO_ANSWER });
	if (code != WA_SENT_NO_ANSWER)
		TRY(client_owed_done(c, call, out));
	out_remove(c, out);
	return OK;
}

/* ---- what is known of a message ---- */

/* Borrows from the texts that out holds. */
struct prepared {
	const Wa__Message *message;
	struct wa_outline outline;
	struct jid to;          /* of the stanza */
	bool is_group;
	struct wa_group group;
	struct client_targets targets;
	struct node *stanza;
	struct client_cipher cipher;
	/* a device is left out: the session that was remembered is gone; it is met anew, once,
	 * before anybody gets the message */
	bool is_short;
};

static str group_text(const struct wa_call *call, const struct client_out *out)
{
	return jid_text(call->out->arena, &out->to);
}

/* ---- who is meant ---- */

static enum err answered(struct wa_client *c, const struct wa_call *call, const struct node *iq,
	uint64_t tag)
{
	struct client_out *out;

	TRY(client_take_devices(c, call, iq));
	TRY(client_take_bundles(c, call, iq));
	out = find_tag(c, tag);
	if (!out)
		return OK;
	out->is_asking = false;
	out->failure = iq ? wa_iq_code(iq) : WA_SENT_NO_ANSWER;
	return client_outs_advance(c, call);
}

static enum err answered_group(struct wa_client *c, const struct wa_call *call,
	const struct node *iq, uint64_t tag)
{
	struct wa_group group;

	if (wa_group_read(call->out->arena, iq, &group) == OK) {
		TRY(client_learn_members(c, call, group.members, group.member_count));
		TRY(wa_group_save(&c->config.store, call->out->arena, &group));
	}
	return answered(c, call, iq, tag);
}

/* The accounts whose devices must have it. */
static enum err list_accounts(struct wa_client *c, const struct wa_call *call,
	const struct prepared *p, struct jid **out, size_t *count)
{
	struct arena *arena = call->out->arena;
	struct jid *list = ARENA_ARRAY(arena, struct jid, p->group.member_count + 2);

	*out = list;
	*count = 0;
	if (!p->is_group && !client_is_own(c, &p->to))
		list[(*count)++] = p->to;
	list[(*count)++] = client_own(c, true);
	list[*count - 1].device = 0;
	for (size_t i = 0; i < p->group.member_count; i++) {
		const struct wa_names *m = &p->group.members[i].names;
		const struct jid *jid = m->lid.user.len ? &m->lid : &m->pn;

		if (jid->user.len && !client_is_own(c, &m->lid) && !client_is_own(c, &m->pn))
			list[(*count)++] = *jid;
	}
	return OK;
}

static enum err ask_devices(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	const struct client_question *q)
{
	(void)c;
	out->asked_devices++;
	out->is_asking = true;
	return client_ask_devices(c, call, q);
}

/* Asks for the devices of those that are not known; *go: there is nothing to wait for. */
static enum err find_devices(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, struct prepared *p, bool *go)
{
	struct jid *accounts;
	size_t count, stale = 0;
	unsigned most;

	TRY(list_accounts(c, call, p, &accounts, &count));
	most = (unsigned)(count / WA_USYNC_MAX) + 1;    /* questions, of so many people each */
	for (size_t i = 0; i < count; i++) {
		bool by_lid = p->is_group ? p->group.is_lid
					  : str_is(p->to.server, JID_SERVER_LID);
		struct client_person person;

		TRY(client_person(c, call->out->arena, &accounts[i], &person));
		if (out->asked_devices < most && client_person_is_stale(c, call, &person))
			accounts[stale++] = accounts[i];
		else
			TRY(client_targets_add(c, call, &accounts[i], by_lid, &p->targets));
	}
	*go = !stale;
	return stale ? ask_devices(c, call, out,
			       &(struct client_question){ accounts, stale, answered, out->tag })
		     : OK;
}

/* The hidden id is the address, as soon as it is known (§1.2). */
static enum err find_chat(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out, struct prepared *p)
{
	p->is_group = client_is_group(&out->to);
	p->to = client_jid_copy(call->out->arena, &out->to);
	if (!p->is_group && wa_client_lid_of(c, &out->to, call->out->arena, &p->to))
		p->to.device = 0;
	return OK;
}

static enum err find_group(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	struct prepared *p, bool *go)
{
	enum err e = p->is_group ? wa_group_load(&c->config.store, call->out->arena, &out->to,
						&p->group)
				: OK;

	*go = e == OK;
	if (e != ERR_MISSING)
		return e;
	if (out->asked_group)
		return OK;
	out->asked_group = out->is_asking = true;
	return client_ask(c, call, wa_group_get_request(call->out->arena, &out->to), answered_group,
		out->tag);
}

/* ---- with whom there is a session ---- */

static enum err find_sessions(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, const struct client_targets *targets, bool *go)
{
	struct client_targets unmet = { 0 };

	*go = true;
	if (out->asked_bundles)
		return OK;
	TRY(client_targets_unmet(c, call, targets, &unmet));
	if (!unmet.count)
		return OK;
	*go = false;
	out->asked_bundles = out->is_asking = true;
	return client_ask_bundles(c, call, &unmet, answered, out->tag);
}

/* ---- the stanza ---- */

static void begin_stanza(const struct wa_call *call, const struct client_out *out,
	struct prepared *p)
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

static enum err add_target(struct wa_client *c, const struct wa_call *call, struct prepared *p,
	const struct client_target *target)
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
	const struct client_out *out, struct prepared *p)
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
	const struct prepared *p)
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

static enum err send_direct(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	struct prepared *p)
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
		TRY(find_sessions(c, call, out, &p->targets, &go));
	if (!go)
		return OK;
	if (!node_child(p->stanza, "participants"))
		return client_out_give_up(c, call, out, WA_SENT_NO_DEVICE);
	TRY(end_stanza(c, call, out, p));
	note_phash(c, call, out, p);
	TRY(client_hand_over(c, call, out, p->stanza));
	return p->outline.is_protocol ? OK : client_token_give(c, call, &p->to);
}

static bool has_account(struct wa_client *c, const struct client_targets *targets,
	const struct jid *to)
{
	for (size_t i = 0; i < targets->count; i++)
		if (!targets->list[i].is_own)
			return true;
	return client_is_own(c, to);
}

/* ---- to a group ---- */

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
	const struct client_out *out, struct prepared *p)
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
static enum err send_group(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	struct prepared *p)
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
	TRY(find_sessions(c, call, out, &without, &go));
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
		TRY(find_sessions(c, call, out, &without, &go));
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

static enum err one_target(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out, struct client_targets *targets)
{
	struct client_target *target = ARENA_NEW(call->out->arena, struct client_target);

	*target = (struct client_target){ .jid = client_jid_copy(call->out->arena, &out->to),
		.is_own = client_is_own(c, &out->to) };
	*targets = (struct client_targets){ target, 1, 1 };
	return client_address(c, call->out->arena, &out->to, &target->address);
}

static enum err send_peer(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	struct prepared *p)
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
		TRY(find_sessions(c, call, out, &p->targets, &go));
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

/* ---- one step of one message ---- */

static enum err prepare_one_device(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, struct prepared *p)
{
	bool go;

	TRY(one_target(c, call, out, &p->targets));
	TRY(find_sessions(c, call, out, &p->targets, &go));
	if (!go)
		return OK;
	return out->kind == OUT_PEER ? send_peer(c, call, out, p)
				     : client_send_again(c, call, out, p->targets.list[0].address);
}

static enum err prepare(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	struct prepared *p)
{
	bool go;

	TRY(find_chat(c, call, out, p));
	TRY(find_group(c, call, out, p, &go));
	if (!go && !out->is_asking)
		return client_out_give_up(c, call, out,
			out->failure ? out->failure : WA_SENT_NO_ANSWER);
	if (!go)
		return OK;
	TRY(find_devices(c, call, out, p, &go));
	if (!go)
		return OK;
	TRY(find_chat(c, call, out, p));        /* the answer may have told the hidden id */
	if (p->is_group)
		return send_group(c, call, out, p);
	if (!has_account(c, &p->targets, &p->to))
		return client_out_give_up(c, call, out,
			out->failure ? out->failure : WA_SENT_NO_ACCOUNT);
	TRY(find_sessions(c, call, out, &p->targets, &go));
	return go ? send_direct(c, call, out, p) : OK;
}

static enum err advance(struct wa_client *c, const struct wa_call *call, struct client_out *out)
{
	struct prepared *p = ARENA_NEW(call->out->arena, struct prepared);

	p->message = PROTO_UNPACK(call->out->arena, Wa__Message, wa__message, out->packed);
	if (!p->message)
		return client_out_give_up(c, call, out, WA_SENT_NO_DEVICE);
	wa_message_describe(p->message, &p->outline);
	return out->kind == OUT_MESSAGE ? prepare(c, call, out, p)
					: prepare_one_device(c, call, out, p);
}

/* An earlier one to the same chat has not gone out yet. */
static bool must_wait(const struct wa_client *c, const struct client_out *out)
{
	for (const struct client_out *o = c->outs; o != out; o = o->next)
		if (!o->is_sent && jid_is(&o->to, &out->to))
			return true;
	return false;
}

static struct client_out *next_ready(const struct wa_client *c)
{
	for (struct client_out *out = c->outs; out; out = out->next)
		if (!out->is_sent && !out->is_asking && !out->again_ms && !must_wait(c, out))
			return out;
	return NULL;
}

/* Answers that are given at once come back here: the outer call goes on with the list. */
enum err client_outs_advance(struct wa_client *c, const struct wa_call *call)
{
	struct client_out *out;
	enum err e = OK;

	if (!c->is_online || c->is_advancing)
		return OK;
	c->is_advancing = true;
	while (e == OK && (out = next_ready(c)) != NULL)
		e = advance(c, call, out);
	c->is_advancing = false;
	return e;
}

/* ---- the wish ---- */

/* Every message has a secret, for those that will refer to it. The caller's stays as it is. */
static bytes pack(struct wa_client *c, struct arena *arena, const Wa__Message *message)
{
	Wa__Message copy = *message;
	Wa__MessageContextInfo info;
	uint8_t secret[WA_SECRET_SIZE];
	struct wa_outline outline;

	wa_message_describe(message, &outline);
	if (outline.is_protocol)
		return proto_bytes(arena, message);
	if (copy.message_context_info) {
		info = *copy.message_context_info;
		copy.message_context_info = &info;
	}
	c->config.random(c->config.random_arg, secret, sizeof secret);
	wa_message_put_secret(arena, &copy, secret);
	return proto_bytes(arena, &copy);
}

enum err wa_client_send(struct wa_client *c, const struct wa_call *call,
	const struct wa_send *send)
{
	struct client_out out = { .kind = OUT_MESSAGE, .id = send->id, .edit = send->edit };

	out.to = wa_bare(&send->to);
	if (!send->id.len || send->id.len > WA_MESSAGE_ID_MAX || !send->to.user.len ||
		send->to.user.len >= DEVICE_TEXT_MAX ||
		(!client_is_person(&send->to) && !client_is_group(&send->to)))
		return ERR_INPUT;
	if (!c->is_online)
		return ERR_CONFLICT;
	out.packed = pack(c, call->out->arena, send->message);
	if (out.packed.len > WA_MESSAGE_MAX)
		return ERR_INPUT;
	TRY(client_out_add(c, call, &out));
	return client_outs_advance(c, call);
}

enum err client_send_peer(struct wa_client *c, const struct wa_call *call, Wa__Message *message,
	const struct client_to_peer *to)
{
	struct client_out out = { .kind = OUT_PEER, .id = to->id, .priority = to->priority,
		.to = client_own(c, false), .packed = proto_bytes(call->out->arena, message) };

	if (!out.id.len)
		out.id = client_message_id(c, call->out->arena);
	out.to.device = to->device;
	TRY(client_out_add(c, call, &out));
	return client_outs_advance(c, call);
}

/* ---- the ack ---- */

/* The list that it was for was not the one that the server has. */
static enum err check_phash(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out, const struct node *ack)
{
	struct arena *arena = call->out->arena;
	str theirs = node_text(arena, ack, "phash");
	struct jid own = client_own(c, true);

	if (!theirs.len || !out->phash[0] || signal_phash_is(theirs, str_of(out->phash)))
		return OK;
	TRY(client_person_drop(c, arena, &own));
	return client_is_group(&out->to)
		       ? wa_group_forget(&c->config.store, call->out->arena, &out->to)
		       : client_person_drop(c, arena, &out->to);
}

/* Once more, from the beginning. */
static enum err try_again(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	int64_t wait_ms)
{
	out->is_sent = out->asked_group = out->asked_bundles = false;
		out->asked_devices = 0;
	out->was_refused = true;
	out->again_ms = wait_ms ? call->now->mono_ms + client_time(c, wait_ms) : 0;
	return client_outs_advance(c, call);
}

static void tell_restricted(const struct wa_call *call)
{
	struct wa_restriction *restriction = ARENA_NEW(call->out->arena, struct wa_restriction);
	struct wa_event *event = client_event(call, WA_EVENT_RESTRICTED);

	*restriction = (struct wa_restriction){ .kind = S("reachout_timelock"), .is_active = true,
		.detail = S("463"), .quota = -1, .used = -1 };
	event->text = restriction->kind;
	event->restriction = restriction;
}

static enum err take_refusal(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, int code)
{
	struct arena *arena = call->out->arena;

	if (code == CODE_ADDRESSING && client_is_group(&out->to)) {
		TRY(wa_group_forget(&c->config.store, call->out->arena, &out->to));
		if (!out->was_refused)
			return try_again(c, call, out, 0);
	}
	if (code >= 500 && !out->was_refused)
		return try_again(c, call, out, REFUSED_AGAIN_MS);
	if (code == CODE_RESTRICTED) {
		TRY(client_token_give(c, call, &out->to));
		tell_restricted(call);
	}
	if (code == CODE_SHAPE && !client_is_group(&out->to))
		TRY(client_person_drop(c, arena, &out->to));
	return client_out_give_up(c, call, out, code);
}

enum err client_take_ack(struct wa_client *c, const struct wa_call *call, const struct node *ack)
{
	str id = node_text(call->out->arena, ack, "id");
	int code = (int)node_int(ack, "error", 0);
	struct client_out *out = c->outs;

	if (!node_has(ack, "class", "message"))
		return OK;
	while (out && (!out->is_sent || !str_is(out->id, id)))
		out = out->next;
	if (!out)
		return OK;
	if (code)
		return take_refusal(c, call, out, code);
	TRY(check_phash(c, call, out, ack));
	tell(call, out, (struct wa_sent){ .t_ms = node_int(ack, "t", 0) * 1000 });
	TRY(client_owed_done(c, call, out));
	out_remove(c, out);
	return OK;
}

enum err client_sent_seen(struct wa_client *c, const struct wa_call *call, str id)
{
	for (struct client_out *out = c->outs; out; out = out->next)
		if (out->was_sent && out->kind == OUT_MESSAGE && str_is(out->id, id)) {
			tell(call, out, (struct wa_sent){ .t_ms = call->now->wall_ms });
			out_remove(c, out);
			return OK;
		}
	return OK;
}

/* ---- connections and time ---- */

enum err client_send_online(struct wa_client *c, const struct wa_call *call)
{
	for (struct client_out *out = c->outs; out; out = out->next) {
		out->is_sent = out->is_asking = false;
		out->asked_group = out->asked_bundles = false;
		out->asked_devices = 0;
	}
	TRY(client_retry_online(c, call));
	return client_outs_advance(c, call);
}

enum err client_send_tick(struct wa_client *c, const struct wa_call *call)
{
	int64_t now = call->now->mono_ms;

	for (struct client_out *next, *out = c->outs; out; out = next) {
		next = out->next;
		if (out->again_ms && now >= out->again_ms)
			out->again_ms = 0;
		if (now >= out->until_ms)
			TRY(client_out_give_up(c, call, out, WA_SENT_NO_ANSWER));
	}
	return client_outs_advance(c, call);
}

int64_t client_send_deadline(const struct wa_client *c)
{
	int64_t at = INT64_MAX;

	for (const struct client_out *out = c->outs; out; out = out->next) {
		int64_t then = out->again_ms && out->again_ms < out->until_ms ? out->again_ms
									      : out->until_ms;

		if (then < at)
			at = then;
	}
	return at;
}
