/*
 * client_retry.c: asking again for what could not be read, and being asked again.
 *
 * Each attempt is counted in a record, so that a restart neither forgets nor repeats it: the author
 * is asked RETRY_ASKS_MAX times, with fresh keys from the second on; our own phone once, a little
 * later. What we sent is kept for CLIENT_KEEP_MS for those who ask us, and each device is answered
 * RETRY_ANSWERS_MAX times for one message. Source: docs/protocol/linked-device-2-messaging.md §5.5,
 * §5.6, §5.8.
 */
#include "wa/client/client_sync.h"

#define RETRY_ASKS_MAX 4
#define RETRY_ANSWERS_MAX 5
#define ASK_PHONE_MS 5000
#define WAITS_MAX 64
#define PRUNE_FIRST_MS (20ll * 60 * 1000)
#define PRUNE_EVERY_MS (24ll * 3600 * 1000)
/* Keys given out with a retry have numbers of their own, above those that the session makes. */
#define RETRY_PREKEY_FIRST 0xFF0000u
#define RETRY_PREKEYS 0xFFFFu
#define RETRY_PREKEY_NAME S("retry_prekey")
#define KEY_TYPE "\x05"
#define OWED "owed "
#define RENEW_EVERY_MS (3600 * 1000ll) /* a session with one device, for what is asked twice */
/* Reasons of a retry that say that the session itself is worn. */
#define ERROR_INVALID 4
#define ERROR_MAC 7

/* ---- counting: time, then the count ---- */

struct tally { str key; int64_t at_least, count; bool is_first; };

static enum err count_up(struct wa_client *c, const struct wa_call *call, struct tally *t)
{
	struct arena *arena = call->out->arena;
	struct buf value = buf_in(arena, 32);
	bytes record;
	enum err e = client_get(c, call, WA_RECORD_RETRY, t->key, &record);
	int64_t count = 0;

	if (e != OK && e != ERR_MISSING)
		return e;
	t->is_first = e == ERR_MISSING;
	if (e == OK && record.len > 8)
		(void)str_to_i64(str_from((bytes){ record.ptr + 8, record.len - 8 }), &count);
	t->count = (count > t->at_least ? count : t->at_least) + 1;
	buf_put(&value, client_time_octets(arena, call->now->wall_ms).ptr, 8);
	buf_i64(&value, t->count);
	return client_keep(c, WA_RECORD_RETRY, t->key, buf_bytes(&value));
}

static str in_key(struct arena *arena, const struct client_incoming *in)
{
	return arena_printf(arena, "in " STR_F " " STR_F " " STR_F,
		STR_A(jid_text(arena, &in->chat)), STR_A(in->id),
		STR_A(jid_text(arena, &in->author)));
}

/* ---- asking the author ---- */

static enum err make_prekey(struct wa_client *c, const struct wa_call *call, uint32_t *id,
	struct curve_pair *out)
{
	struct arena *arena = call->out->arena;
	uint8_t seed[CURVE_KEY_SIZE];
	int64_t number = 0;
	bytes record;
	enum err e = client_get(c, call, WA_RECORD_ACCOUNT, RETRY_PREKEY_NAME, &record);
	str name;

	if (e == OK)
		(void)str_to_i64(str_from(record), &number);
	else if (e != ERR_MISSING)
		return e;
	*id = RETRY_PREKEY_FIRST + (uint32_t)number % RETRY_PREKEYS;
	c->config.random(c->config.random_arg, seed, sizeof seed);
	curve_pair_of(seed, out);
	crypto_wipe(seed, sizeof seed);
	name = arena_printf(arena, "%06x", *id);
	TRY(client_keep(c, WA_RECORD_PREKEY, name, (bytes){ out->secret, CURVE_KEY_SIZE }));
	return client_keep(c, WA_RECORD_ACCOUNT, RETRY_PREKEY_NAME,
		bytes_of(arena_printf(arena, "%lld", (long long)number + 1)));
}

static void add_key(struct arena *arena, struct node *key, uint32_t id,
	const uint8_t open[CURVE_KEY_SIZE])
{
	node_put_data(node_add(arena, key, "id"), id_octets(arena, id, 3));
	node_put_data(node_add(arena, key, "value"),
		arena_bytes(arena, (bytes){ open, CURVE_KEY_SIZE }));
}

static enum err add_keys(struct wa_client *c, const struct wa_call *call, struct node *receipt)
{
	const struct device *d = c->config.device;
	struct arena *arena = call->out->arena;
	struct node *keys = node_add(arena, receipt, "keys"), *skey;
	struct curve_pair pair;
	uint32_t id;

	TRY(make_prekey(c, call, &id, &pair));
	node_put_data(node_add(arena, keys, "type"), bytes_of(S(KEY_TYPE)));
	node_put_data(node_add(arena, keys, "identity"),
		(bytes){ d->identity.open, CURVE_KEY_SIZE });
	add_key(arena, node_add(arena, keys, "key"), id, pair.open);
	skey = node_add(arena, keys, "skey");
	add_key(arena, skey, d->signed_prekey_id, d->signed_prekey.open);
	node_put_data(node_add(arena, skey, "signature"),
		(bytes){ d->signed_prekey_signature, CURVE_SIGNATURE_SIZE });
	client_add_identity(c, arena, keys);
	crypto_wipe(&pair, sizeof pair);
	return OK;
}

static void copy_jid(struct arena *arena, struct node *to, const struct node *from, const char *key)
{
	struct jid jid;

	if (node_jid(from, key, &jid))
		node_put_jid(arena, to, key, &jid);
}

static enum err send_retry(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in, int64_t count)
{
	struct arena *arena = call->out->arena;
	struct node *receipt = node_new(arena, "receipt"), *retry;

	node_put(arena, receipt, "id", in->id);
	node_put(arena, receipt, "type", S("retry"));
	node_put_jid(arena, receipt, "to", &in->from);
	copy_jid(arena, receipt, in->stanza, "participant");
	copy_jid(arena, receipt, in->stanza, "recipient");
	if (in->is_peer)
		node_put(arena, receipt, "category", S("peer"));
	retry = node_add(arena, receipt, "retry");
	node_put_int(arena, retry, "count", count);
	node_put(arena, retry, "id", in->id);
	node_put_int(arena, retry, "t", in->t_s);
	node_put(arena, retry, "v", S("1"));
	node_put_int(arena, retry, "error", signal_retry_reason(in->failure));
	node_put_data(node_add(arena, receipt, "registration"),
		id_octets(arena, c->config.device->registration_id, 4));
	if (count > 1 || in->is_keyless || in->failure == SIGNAL_NO_SESSION)
		TRY(add_keys(c, call, receipt));
	return client_put(c, call, receipt);
}

enum err client_retry_ask(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in)
{
	struct tally tally = { .key = in_key(call->out->arena, in), .at_least = in->count };

	TRY(count_up(c, call, &tally));
	if (tally.count <= RETRY_ASKS_MAX)
		TRY(send_retry(c, call, in, tally.count));
	/* What leaves no trace when it is read leaves none while it is not. */
	if (tally.is_first && !in->is_hidden && !in->is_peer) {
		TRY(client_tell_waiting(c, call, in, STR_NONE));
		TRY(client_ask_phone(c, call, in));
	}
	return client_send_ack(c, call, in->stanza, 0);
}

/* ---- asking our phone ---- */

struct client_wait {
	struct client_wait *next;
	int64_t at_ms, t_s;
	bool is_own;
	str id;
	struct jid chat, author; /* author: of a group */
	char memory[];
};

static str wait_str(struct client_wait *wait, size_t *used, str s)
{
	char *to = wait->memory + *used;

	memcpy(to, s.ptr, s.len);
	*used += s.len;
	return (str){ to, s.len };
}

enum err client_ask_phone(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in)
{
	struct arena *arena = call->out->arena;
	str chat = jid_text(arena, &in->chat), author = jid_text(arena, &in->author);
	struct client_wait *wait;
	size_t used = 0;

	if (c->config.is_phone || c->wait_count >= WAITS_MAX ||
		call->now->wall_ms - in->t_s * 1000 > CLIENT_KEEP_MS)
		return OK;
	wait = heap_alloc(sizeof *wait + in->id.len + chat.len + author.len);
	wait->next = c->waits;
	wait->at_ms = call->now->mono_ms + client_time(c, ASK_PHONE_MS);
	wait->t_s = in->t_s;
	wait->is_own = in->is_own;
	wait->id = wait_str(wait, &used, in->id);
	(void)jid_read(wait_str(wait, &used, chat), &wait->chat);
	(void)jid_read(wait_str(wait, &used, author), &wait->author);
	c->waits = wait;
	c->wait_count++;
	return OK;
}

static void wait_remove(struct wa_client *c, struct client_wait **at)
{
	struct client_wait *wait = *at;

	*at = wait->next;
	heap_free(wait);
	c->wait_count--;
}

void client_retry_done(struct wa_client *c)
{
	while (c->waits)
		wait_remove(c, &c->waits);
}

enum err client_retry_healed(struct wa_client *c, const struct wa_call *call,
	const struct client_incoming *in)
{
	(void)call;
	for (struct client_wait **at = &c->waits; *at; at = &(*at)->next)
		if (str_is((*at)->id, in->id)) {
			wait_remove(c, at);
			break;
		}
	return OK;
}

enum err wa_client_ask_resend(struct wa_client *c, const struct wa_call *call,
	const struct wa_resend *resend)
{
	struct arena *arena = call->out->arena;
	struct wa_target target = { .chat = jid_text(arena, &resend->chat), .id = resend->id,
		.from_me = resend->is_from_me };
	Wa__PeerPlaceholderMessageResendRequest one =
		WA__PEER_PLACEHOLDER_MESSAGE_RESEND_REQUEST__INIT, *list[1] = { &one };
	Wa__PeerDataOperationRequestMessage request = WA__PEER_DATA_OPERATION_REQUEST_MESSAGE__INIT;

	if (client_is_group(&resend->chat) && !resend->is_from_me)
		target.author = jid_text(arena, &resend->sender);
	one.message_key = wa_message_key(arena, &target);
	request.n_placeholder_message_resend_request = 1;
	request.placeholder_message_resend_request = list;
	PROTO_SET(&request, peer_data_operation_request_type,
		OPERATION(PLACEHOLDER_MESSAGE_RESEND));
	return client_ask_operation(c, call, &request, NULL);
}

/* That too many are under way is no reason to fail: the author is asked, too. */
static enum err ask_phone_now(struct wa_client *c, const struct wa_call *call,
	const struct client_wait *wait)
{
	struct arena *arena = call->out->arena;
	struct wa_resend resend = { .chat = client_jid_copy(arena, &wait->chat),
		.sender = client_jid_copy(arena, &wait->author),
		.id = arena_str(arena, wait->id), .is_from_me = wait->is_own };
	enum err e = wa_client_ask_resend(c, call, &resend);

	return e == ERR_LIMIT ? OK : e;
}

/* ---- what was sent ---- */

static str sent_key(struct arena *arena, const struct jid *chat, str id)
{
	struct jid bare = wa_bare(chat);

	return arena_printf(arena, STR_F " " STR_F, STR_A(jid_text(arena, &bare)), STR_A(id));
}

enum err client_sent_keep(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out)
{
	struct arena *arena = call->out->arena;
	struct jid none, chat = client_canonical(c, arena, &out->to, &none), own;
	struct buf value = buf_in(arena, WA_MESSAGE_MAX + 16);
	struct client_about about = { .chat = chat, .id = out->id };
	const Wa__Message *message = PROTO_UNPACK(arena, Wa__Message, wa__message, out->packed);

	own = client_own(c, true);
	about.author = wa_bare(&own);
	if (message)
		TRY(client_secret_keep(c, call, &about, message));
	buf_put(&value, client_time_octets(arena, call->now->wall_ms).ptr, 8);
	buf_byte(&value, (uint8_t)out->edit);
	buf_put(&value, out->packed.ptr, out->packed.len);
	return client_keep(c, WA_RECORD_SENT, sent_key(arena, &chat, out->id), buf_bytes(&value));
}

enum err client_sent_get(struct wa_client *c, const struct wa_call *call, const struct jid *chat,
	str id, struct client_kept *out)
{
	struct arena *arena = call->out->arena;
	struct jid other, by_lid = client_canonical(c, arena, chat, &other);
	bytes record;
	enum err e = client_get(c, call, WA_RECORD_SENT, sent_key(arena, &by_lid, id), &record);

	/* Sent before the hidden id was known. */
	if (e == ERR_MISSING && other.user.len)
		e = client_get(c, call, WA_RECORD_SENT, sent_key(arena, &other, id), &record);
	TRY(e);
	if (record.len < 9)
		return ERR_CORRUPT;
	*out = (struct client_kept){ .edit = (char)record.ptr[8],
		.packed = { record.ptr + 9, record.len - 9 } };
	for (size_t i = 0; i < 8; i++)
		out->t_ms = (int64_t)((uint64_t)out->t_ms << 8 | record.ptr[i]);
	return OK;
}

/* ---- being asked ---- */

struct asked {
	const struct node *receipt, *retry;
	struct jid device;      /* who asks */
	struct jid chat;
	str id;
	int64_t count;
};

static bool read_asked(struct wa_client *c, const struct wa_call *call, const struct node *receipt,
	struct asked *out)
{
	struct jid from, recipient;

	*out = (struct asked){ .receipt = receipt, .retry = node_child(receipt, "retry") };
	if (!out->retry || !node_jid(receipt, "from", &from))
		return false;
	out->id = node_text(call->out->arena, receipt, "id");
	out->count = node_int(out->retry, "count", 1);
	out->device = out->chat = from;
	if (client_is_group(&from) || client_is_status(&from))
		return node_jid(receipt, "participant", &out->device) &&
		       client_is_person(&out->device);
	if (!client_is_person(&from))
		return false;
	if (client_is_own(c, &from) && node_jid(receipt, "recipient", &recipient))
		out->chat = recipient;
	out->chat.device = 0;
	return true;
}

static enum err keep_stamped(struct wa_client *c, const struct wa_call *call, str key, bytes more)
{
	struct buf value = buf_in(call->out->arena, 64);

	buf_put(&value, client_time_octets(call->out->arena, call->now->wall_ms).ptr, 8);
	if (more.len)
		buf_put(&value, more.ptr, more.len);
	return client_keep(c, WA_RECORD_RETRY, key, buf_bytes(&value));
}

static str renewal_key(struct arena *arena, str address)
{
	return arena_printf(arena, "renewed " STR_F, STR_A(address));
}

/* A device that asks for many messages at once needs one new session, not one for each. */
static enum err is_renewal_due(struct wa_client *c, const struct wa_call *call, str address,
	bool *out)
{
	bytes record;
	int64_t ms = 0;
	enum err e = client_get(c, call, WA_RECORD_RETRY, renewal_key(call->out->arena, address),
		&record);

	*out = e == ERR_MISSING;
	if (e != OK)
		return e == ERR_MISSING ? OK : e;
	for (size_t i = 0; i < 8 && i < record.len; i++)
		ms = (int64_t)((uint64_t)ms << 8 | record.ptr[i]);
	*out = call->now->wall_ms - ms > RENEW_EVERY_MS;
	return OK;
}

/* "at n = 2 remember the session's base key; at n > 2 with the same base key delete the session":
 * with another one it was made anew in between, and that is what must be tried. */
static enum err is_worn(struct wa_client *c, const struct wa_call *call, const struct asked *asked,
	const struct signal_session *session, str address, bool *out)
{
	str key = arena_printf(call->out->arena, "base " STR_F " " STR_F, STR_A(asked->id),
		STR_A(address));
	int64_t error = node_int(asked->retry, "error", 0);
	bytes kept;
	enum err e;

	*out = false;
	if (asked->count < 2)
		return OK;
	if (asked->count == 2) {
		TRY(keep_stamped(c, call, key, (bytes){ session->base, CURVE_KEY_SIZE }));
		*out = error == ERROR_INVALID || error == ERROR_MAC;
		return *out ? OK : is_renewal_due(c, call, address, out);
	}
	e = client_get(c, call, WA_RECORD_RETRY, key, &kept);
	if (e != OK && e != ERR_MISSING)
		return e;
	*out = e == ERR_MISSING || kept.len != 8 + CURVE_KEY_SIZE ||
	       memcmp(kept.ptr + 8, session->base, CURVE_KEY_SIZE) == 0;
	return OK;
}

/* Whether what we have with that device can be used for what is sent again. */
static enum err renew_session(struct wa_client *c, const struct wa_call *call,
	const struct asked *asked, str address)
{
	const struct node *keys = node_child(asked->receipt, "keys");
	bytes registration = node_child_data(asked->receipt, "registration");
	struct signal signal = client_signal(c, call);
	struct signal_session session;
	struct signal_bundle bundle;
	bool is_over;

	if (keys && client_read_bundle(keys, asked->receipt, &bundle))
		return client_meet(c, call, &asked->device, &bundle);
	TRY(signal_session_find(&signal, address, &session));
	if (!session.is_there)
		return client_unmeet(c, call, &asked->device);
	is_over = registration.len && registration.len <= 4 &&
		  session.registration_id != id_of(registration);
	if (!is_over)
		TRY(is_worn(c, call, asked, &session, address, &is_over));
	if (!is_over)
		return OK;
	TRY(keep_stamped(c, call, renewal_key(call->out->arena, address), (bytes){ 0 }));
	TRY(signal_forget(&signal, address));
	return client_unmeet(c, call, &asked->device);
}

/* What is owed to a device is kept until the server has it: a program may end while a bundle is
 * under way, long after the question was acknowledged. */
static str owed_key(struct arena *arena, const struct jid *to, str id)
{
	return arena_printf(arena, OWED STR_F " " STR_F, STR_A(jid_text(arena, to)), STR_A(id));
}

static enum err owe(struct wa_client *c, const struct wa_call *call, const struct client_out *again)
{
	struct arena *arena = call->out->arena;
	struct buf value = buf_in(arena, 512);

	buf_put(&value, client_time_octets(arena, call->now->wall_ms).ptr, 8);
	buf_printf(&value, STR_F " %d %lld", STR_A(jid_text(arena, &again->chat)), again->count,
		(long long)again->t_s);
	return client_keep(c, WA_RECORD_RETRY, owed_key(arena, &again->to, again->id),
		buf_bytes(&value));
}

enum err client_owed_done(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out)
{
	if (out->kind != OUT_AGAIN)
		return OK;
	return client_drop(c, WA_RECORD_RETRY, owed_key(call->out->arena, &out->to, out->id));
}

/* Too many are under way: it stays owed until the next connection. */
static enum err add_again(struct wa_client *c, const struct wa_call *call, struct client_out *again)
{
	struct client_kept kept;
	enum err e = client_sent_get(c, call, &again->chat, again->id, &kept);

	if (e != OK)
		return e == ERR_MISSING ? client_owed_done(c, call, again) : e;
	again->kind = OUT_AGAIN;
	again->packed = kept.packed;
	again->edit = kept.edit;
	e = client_out_add(c, call, again);
	return e == ERR_LIMIT ? OK : e;
}

static bool is_under_way(const struct wa_client *c, const struct client_out *again)
{
	for (const struct client_out *out = c->outs; out; out = out->next)
		if (out->kind == OUT_AGAIN && str_is(out->id, again->id) &&
			jid_is(&out->to, &again->to))
			return true;
	return false;
}

static bool read_owed(str key, bytes value, struct client_out *out)
{
	str rest = str_part(key, sizeof OWED - 1, key.len), text;
	int64_t count;

	if (value.len < 8)
		return false;
	text = str_from((bytes){ value.ptr + 8, value.len - 8 });
	*out = (struct client_out){ .kind = OUT_AGAIN };
	if (!jid_read(str_split(&rest, ' '), &out->to) ||
		!jid_read(str_split(&text, ' '), &out->chat) ||
		!str_to_i64(str_split(&text, ' '), &count) || !str_to_i64(text, &out->t_s))
		return false;
	out->id = rest;
	out->count = (int)count;
	return rest.len > 0;
}

enum err client_retry_online(struct wa_client *c, const struct wa_call *call)
{
	struct client_names owed = { .arena = call->out->arena };

	TRY(client_names_of(c, WA_RECORD_RETRY, S(OWED), &owed));
	for (size_t i = 0; i < owed.count; i++) {
		struct client_out again;
		bytes value;

		TRY(client_get(c, call, WA_RECORD_RETRY, owed.texts[i], &value));
		if (read_owed(owed.texts[i], value, &again) && !is_under_way(c, &again))
			TRY(add_again(c, call, &again));
	}
	return OK;
}

static enum err answer(struct wa_client *c, const struct wa_call *call, const struct asked *asked)
{
	struct client_out again = { .kind = OUT_AGAIN, .id = asked->id, .to = asked->device,
		.chat = asked->chat, .count = (int)asked->count,
		.t_s = node_int(asked->retry, "t", 0) };

	TRY(owe(c, call, &again));
	return add_again(c, call, &again);
}

enum err client_take_retry(struct wa_client *c, const struct wa_call *call,
	const struct node *receipt)
{
	struct arena *arena = call->out->arena;
	struct asked asked;
	struct client_kept kept;
	struct tally tally = { 0 };
	str address;
	enum err e;

	TRY(client_learn_from(c, call, receipt));
	if (!read_asked(c, call, receipt, &asked))
		return OK;
	e = client_sent_get(c, call, &asked.chat, asked.id, &kept);
	if (e != OK)
		return e == ERR_MISSING ? OK : e;
	TRY(client_address(c, arena, &asked.device, &address));
	tally.key = arena_printf(arena, "out " STR_F " " STR_F, STR_A(asked.id), STR_A(address));
	TRY(count_up(c, call, &tally));
	if (tally.count > RETRY_ANSWERS_MAX)
		return OK;
	TRY(client_sent_seen(c, call, asked.id));
	TRY(client_saw_device(c, call, &asked.device));
	TRY(renew_session(c, call, &asked, address));
	TRY(answer(c, call, &asked));
	return client_outs_advance(c, call);
}

/* ---- sending again ---- */

static enum err plain_of(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out, bytes *plain)
{
	struct arena *arena = call->out->arena;
	Wa__Message *message = PROTO_UNPACK(arena, Wa__Message, wa__message, out->packed);
	Wa__SenderKeyDistributionMessage key = WA__SENDER_KEY_DISTRIBUTION_MESSAGE__INIT;
	struct signal signal = client_signal(c, call);
	struct jid own = client_own(c, true);
	struct signal_group group;
	str name = jid_text(arena, &out->chat);

	*plain = out->packed;
	if (!message || (!client_is_group(&out->chat) && !client_is_own(c, &out->to)))
		return OK;
	if (!client_is_group(&out->chat)) {
		*plain = client_device_sent(arena, message, &out->chat);
		return OK;
	}
	TRY(signal_group_own(&signal, name, signal_address(arena, &own), &group));
	key.group_id = wa_cstr(arena, name);
	PROTO_SET_DATA(&key, axolotl_sender_key_distribution_message, group.distribution);
	message->sender_key_distribution_message = &key;
	*plain = proto_bytes(arena, message);
	return OK;
}

static void address_again(struct wa_client *c, struct arena *arena, const struct client_out *out,
	struct node *m)
{
	struct jid to = client_jid_copy(arena, &out->to), chat = client_jid_copy(arena, &out->chat);

	if (client_is_group(&chat)) {
		node_put_jid(arena, m, "to", &chat);
		node_put_jid(arena, m, "participant", &to);
		return;
	}
	node_put_jid(arena, m, "to", &to);
	if (client_is_own(c, &to))
		node_put_jid(arena, m, "recipient", &chat);
	node_put(arena, m, "device_fanout", S("false"));
}

enum err client_send_again(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	str address)
{
	struct arena *arena = call->out->arena;
	const Wa__Message *message = PROTO_UNPACK(arena, Wa__Message, wa__message, out->packed);
	struct node *m = node_new(arena, "message"), *enc;
	char edit[2] = { out->edit, 0 };
	struct client_cipher cipher;
	struct wa_outline outline;

	wa_message_describe(message, &outline);
	if (!edit[0])
		edit[0] = outline.edit;
	cipher = (struct client_cipher){ .mediatype = outline.mediatype,
		.is_hidden = outline.is_hidden || edit[0], .count = out->count };
	TRY(plain_of(c, call, out, &cipher.plain));
	TRY(client_encipher(c, call, address, &cipher, &enc));
	if (!enc)
		return client_out_give_up(c, call, out, WA_SENT_NO_DEVICE);
	node_put(arena, m, "id", arena_str(arena, out->id));
	address_again(c, arena, out, m);
	node_put(arena, m, "type", str_of(outline.type));
	if (out->t_s)
		node_put_int(arena, m, "t", out->t_s);
	if (edit[0])
		node_put(arena, m, "edit", arena_str(arena, str_of(edit)));
	node_adopt(m, enc);
	if (cipher.has_pkmsg)
		client_add_identity(c, arena, m);
	return client_hand_over(c, call, out, m);
}

/* ---- time ---- */

struct prune { struct wa_client *c; enum wa_record kind; int64_t before_ms; };

static enum err prune_one(void *arg, str key, bytes value)
{
	const struct prune *p = arg;
	int64_t ms = 0;

	for (size_t i = 0; i < 8 && i < value.len; i++)
		ms = (int64_t)((uint64_t)ms << 8 | value.ptr[i]);
	return ms < p->before_ms ? client_drop(p->c, p->kind, key) : OK;
}

static enum err prune(struct wa_client *c, const struct wa_call *call)
{
	static const enum wa_record kinds[] = { WA_RECORD_SENT, WA_RECORD_SEEN, WA_RECORD_RETRY };

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		struct prune p = { c, kinds[i], call->now->wall_ms - CLIENT_KEEP_MS };

		TRY(client_scan(c, kinds[i], STR_NONE, prune_one, &p));
	}
	return OK;
}

enum err client_retry_tick(struct wa_client *c, const struct wa_call *call)
{
	struct client_wait **at = &c->waits;

	if (!c->prune_ms)
		c->prune_ms = call->now->mono_ms + PRUNE_FIRST_MS;
	if (call->now->mono_ms >= c->prune_ms) {
		c->prune_ms = call->now->mono_ms + PRUNE_EVERY_MS;
		TRY(prune(c, call));
	}
	while (*at) {
		if (call->now->mono_ms < (*at)->at_ms || !c->is_online) {
			at = &(*at)->next;
			continue;
		}
		TRY(ask_phone_now(c, call, *at));
		wait_remove(c, at);
	}
	return OK;
}

int64_t client_retry_deadline(const struct wa_client *c)
{
	int64_t at = c->prune_ms ? c->prune_ms : INT64_MAX;

	for (const struct client_wait *wait = c->is_online ? c->waits : NULL; wait;
		wait = wait->next)
		if (wait->at_ms < at)
			at = wait->at_ms;
	return at;
}
