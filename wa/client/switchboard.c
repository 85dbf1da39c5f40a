/* switchboard.c: see switchboard.h. */
#include "wa/client/switchboard.h"

/* ---- the store ---- */

static enum err get(void *arg, enum wa_record kind, str key, struct arena *arena, bytes *out)
{
	struct board_device *d = arg;

	d->gets++;
	return d->store.get(d->store.arg, kind, key, arena, out);
}

static enum err put(void *arg, enum wa_record kind, str key, bytes value)
{
	struct board_device *d = arg;

	d->puts++;
	return d->store.put(d->store.arg, kind, key, value);
}

static enum err erase(void *arg, enum wa_record kind, str key)
{
	struct board_device *d = arg;

	return d->store.erase(d->store.arg, kind, key);
}

static enum err scan(void *arg, enum wa_record kind, str prefix,
	enum err (*each)(void *each_arg, str key, bytes value), void *each_arg)
{
	struct board_device *d = arg;

	return d->store.scan(d->store.arg, kind, prefix, each, each_arg);
}

static void random_octets(void *arg, void *out, size_t size)
{
	struct board_device *d = arg;
	uint8_t *to = out;

	for (size_t i = 0; i < size; i++) {
		d->board->seed = d->board->seed * 6364136223846793005u + 1442695040888963407u;
		to[i] = (uint8_t)(d->board->seed >> 56);
	}
}

/* ---- whom it carries to ---- */

static bool is_device(const struct board_device *d, const struct jid *jid)
{
	const struct wa_jid *own = str_is(jid->server, JID_SERVER_LID) ? &d->device.lid
								       : &d->device.pn;

	return !d->is_gone && str_is(wa_text_of(&own->user), jid->user);
}

static struct board_device *device_of(struct board *b, const struct jid *jid)
{
	for (size_t i = 0; i < b->count; i++)
		if (is_device(&b->devices[i], jid) &&
			b->devices[i].device.pn.device == jid->device)
			return &b->devices[i];
	return NULL;
}

struct jid board_jid(const struct board_device *d, bool by_lid)
{
	struct jid jid = by_lid ? device_lid(&d->device) : device_pn(&d->device);

	jid.device = 0;
	return jid;
}

static struct jid device_jid(const struct board_device *d, bool by_lid)
{
	return by_lid ? device_lid(&d->device) : device_pn(&d->device);
}

void board_push(struct board_device *to, struct node *node)
{
	struct board *b = to->board;

	if (!to->is_online) {
		EXPECT(to->backlog_count < COUNT_OF(to->backlog));
		to->backlog[to->backlog_count++] = node;
		return;
	}
	EXPECT(b->tail < COUNT_OF(b->queue));
	b->queue[b->tail].to = to;
	b->queue[b->tail++].node = node;
}

static struct node *answer_to(const struct node *iq, const char *type)
{
	struct node *answer = node_new(test_arena(), "iq");

	node_put(test_arena(), answer, "id", node_text(test_arena(), iq, "id"));
	node_put(test_arena(), answer, "type", str_of(type));
	return answer;
}

/* ---- questions ---- */

static void add_user(struct board *b, struct node *list, const struct jid *jid)
{
	struct arena *arena = test_arena();
	struct node *user = node_add(arena, list, "user"), *devices = NULL;

	node_put_jid(arena, user, "jid", jid);
	for (size_t i = 0; i < b->count; i++) {
		struct board_device *d = &b->devices[i];
		struct node *device;
		struct jid lid;

		if (!is_device(d, jid))
			continue;
		if (!devices) {
			lid = board_jid(d, true);
			node_put_jid(arena, node_add(arena, user, "lid"), "val", &lid);
			devices = node_add(arena, user, "devices");
			if (b->key_list && is_device(b->key_list_of, jid))
				node_adopt(devices, b->key_list);
			devices = node_add(arena, devices, "device-list");
		}
		device = node_add(arena, devices, "device");
		node_put_int(arena, device, "id", d->device.pn.device);
		if (d->device.pn.device)
			node_put_int(arena, device, "key-index", d->device.pn.device);
	}
}

static struct node *answer_usync(struct board *b, const struct node *iq)
{
	struct arena *arena = test_arena();
	const struct node *asked = node_child(node_child(iq, "usync"), "list");
	struct node *answer = answer_to(iq, "result"),
		    * list = node_add(arena, node_add(arena, answer, "usync"), "list");

	for (const struct node *user = asked->first; user; user = user->next) {
		struct jid jid;

		EXPECT(node_jid(user, "jid", &jid));
		add_user(b, list, &jid);
	}
	return answer;
}

static void add_key(struct node *to, const char *tag, uint32_t id, const struct curve_pair *pair)
{
	struct node *key = node_add(test_arena(), to, tag);

	node_put_data(node_add(test_arena(), key, "id"), id_octets(test_arena(), id, 3));
	node_put_data(node_add(test_arena(), key, "value"),
		arena_bytes(test_arena(), (bytes){ pair->open, CURVE_KEY_SIZE }));
}

static void add_bundle(struct board_device *d, struct node *user)
{
	struct arena *arena = test_arena();
	const struct device *own = &d->device;
	uint8_t seed[CURVE_KEY_SIZE];
	struct curve_pair pair;
	uint32_t id = ++d->board->next_prekey;

	random_octets(d, seed, sizeof seed);
	curve_pair_of(seed, &pair);
	EXPECT_OK(put(d, WA_RECORD_PREKEY, arena_printf(arena, "%06x", id),
		(bytes){ pair.secret, CURVE_KEY_SIZE }));
	node_put_data(node_add(arena, user, "registration"),
		id_octets(arena, own->registration_id, 4));
	node_put_data(node_add(arena, user, "identity"),
		(bytes){ own->identity.open, CURVE_KEY_SIZE });
	add_key(user, "skey", own->signed_prekey_id, &own->signed_prekey);
	node_put_data(node_add(arena, (struct node *)node_child(user, "skey"), "signature"),
		(bytes){ own->signed_prekey_signature, CURVE_SIGNATURE_SIZE });
	add_key(user, "key", id, &pair);
}

static struct node *answer_bundles(struct board *b, const struct node *iq)
{
	struct arena *arena = test_arena();
	struct node *answer = answer_to(iq, "result"), *list = node_add(arena, answer, "list");

	for (const struct node *asked = node_child(iq, "key")->first; asked; asked = asked->next) {
		struct node *user = node_add(arena, list, "user");
		struct board_device *d;
		struct jid jid;

		EXPECT(node_jid(asked, "jid", &jid));
		node_put_jid(arena, user, "jid", &jid);
		d = device_of(b, &jid);
		if (d)
			add_bundle(d, user);
		else
			node_put_int(arena, node_add(arena, user, "error"), "code", 406);
	}
	return answer;
}

static struct node *answer_group(struct board *b, const struct node *iq)
{
	struct arena *arena = test_arena();
	struct node *answer = answer_to(iq, "result"), *group = node_add(arena, answer, "group");

	node_put(arena, group, "id", b->group.user);
	node_put(arena, group, "addressing_mode", S("lid"));
	for (size_t i = 0; i < b->member_count; i++)
		node_put_jid(arena, node_add(arena, group, "participant"), "jid", &b->members[i]);
	return answer;
}

static struct node *answer_privacy(const struct board_device *d, const struct node *iq)
{
	struct node *answer = answer_to(iq, "result"),
		    *privacy = node_add(test_arena(), answer, "privacy"),
		    *reading = node_add(test_arena(), privacy, "category");

	node_put(test_arena(), reading, "name", S("readreceipts"));
	node_put(test_arena(), reading, "value", d->hides_reading ? S("none") : S("all"));
	return answer;
}

static void take_iq(struct board_device *d, const struct node *iq)
{
	struct node *answer = NULL;

	if (node_has(iq, "xmlns", "usync") && ++d->usyncs)
		answer = answer_usync(d->board, iq);
	else if (node_has(iq, "xmlns", "encrypt") && ++d->bundles)
		answer = answer_bundles(d->board, iq);
	else if (node_has(iq, "xmlns", "w:g2") && ++d->group_asks)
		answer = answer_group(d->board, iq);
	else if (node_has(iq, "xmlns", "urn:xmpp:whatsapp:dirty"))
		d->clean = node_child(iq, "clean");
	else if (node_has(iq, "xmlns", "privacy") && node_child(iq, "privacy"))
		answer = answer_privacy(d, iq);
	d->tokens_given += node_has(iq, "xmlns", "privacy") && node_child(iq, "tokens");
	board_push(d, answer ? answer : answer_to(iq, "result"));
}

/* ---- messages ---- */

static void copy_jid(struct node *to, const char *as, const struct node *from, const char *key)
{
	struct jid jid;

	if (node_jid(from, key, &jid))
		node_put_jid(test_arena(), to, as, &jid);
}

static void copy_text(struct node *to, const struct node *from, const char *key)
{
	if (node_attr(from, key))
		node_put(test_arena(), to, key, node_text(test_arena(), from, key));
}

static struct node *copy_enc(struct board_device *to, const struct node *enc)
{
	struct node *copy = ARENA_NEW(test_arena(), struct node);
	uint8_t *octets;

	*copy = *enc;
	copy->next = NULL;
	if (!to->corrupt_next)
		return copy;
	to->corrupt_next = false;
	octets = (uint8_t *)arena_bytes(test_arena(), enc->data).ptr;
	octets[enc->data.len - 16] ^= 1; /* the last ones of a pkmsg are not covered */
	copy->data.ptr = octets;
	return copy;
}

static void deliver(struct board_device *from, struct board_device *to, const struct node *m,
	const struct node *enc)
{
	struct arena *arena = test_arena();
	struct node *copy = node_new(arena, "message");
	struct jid chat, self, other;
	bool by_lid, is_group;

	EXPECT(node_jid(m, "to", &chat));
	is_group = client_is_group(&chat);
	by_lid = is_group || str_is(chat.server, JID_SERVER_LID);
	self = device_jid(from, by_lid);
	other = board_jid(from, !by_lid);
	copy_text(copy, m, "id");
	copy_text(copy, m, "type");
	copy_text(copy, m, "edit");
	copy_text(copy, m, "category");
	node_put_int(arena, copy, "t", to->board->now.wall_ms / 1000);
	node_put(arena, copy, "notify", S("Name"));
	node_put_jid(arena, copy, "from", is_group ? &chat : &self);
	if (is_group)
		node_put_jid(arena, copy, "participant", &self);
	node_put_jid(arena, copy, is_group ? (by_lid ? "participant_pn" : "participant_lid")
			  : by_lid	   ? "sender_pn"
					   : "sender_lid",
		&other);
	if (!is_group && is_device(to, &self)) {
		copy_jid(copy, "recipient", m, node_attr(m, "recipient") ? "recipient" : "to");
		copy_jid(copy, "peer_recipient_pn", m, "peer_recipient_pn");
	}
	to->peers += node_has(m, "category", "peer");
	if (enc)
		node_adopt(copy, copy_enc(to, enc));
	for (const struct node *common = m->first; is_group && common; common = common->next)
		if (node_is(common, "enc") && common != enc)
			node_adopt(copy, copy_enc(to, common));
	board_push(to, copy);
	if (to->double_next)
		board_push(to, copy);
	to->double_next = false;
}

static const struct node *enc_of(const struct node *m, const struct board_device *to)
{
	const struct node *list = node_child(m, "participants");

	for (const struct node *one = list ? list->first : NULL; one; one = one->next) {
		struct jid jid;

		EXPECT(node_jid(one, "jid", &jid));
		if (is_device(to, &jid) && to->device.pn.device == jid.device)
			return node_child(one, "enc");
	}
	return NULL;
}

static bool is_member(const struct board *b, const struct board_device *d)
{
	for (size_t i = 0; i < b->member_count; i++)
		if (is_device(d, &b->members[i]))
			return true;
	return false;
}

static void send_ack(struct board_device *from, const struct node *m)
{
	struct node *ack = node_new(test_arena(), "ack");
	struct board *b = from->board;

	node_put(test_arena(), ack, "class", S("message"));
	copy_text(ack, m, "id");
	copy_jid(ack, "from", m, "to");
	node_put_int(test_arena(), ack, "t", b->now.wall_ms / 1000);
	if (b->refuse)
		node_put_int(test_arena(), ack, "error", b->refuse);
	node_put(test_arena(), ack, "phash", b->phash);
	b->phash = STR_NONE;
	if (!b->drop_ack)
		board_push(from, ack);
	b->drop_ack = false;
}

static void take_message(struct board_device *from, const struct node *m)
{
	struct board *b = from->board;
	const struct node *direct = node_child(m, "enc");
	bool was_refused = b->refuse != 0, is_group;
	struct jid to, participant;

	EXPECT(node_jid(m, "to", &to));
	from->last_token = node_child_data(m, "tctoken");
	from->last_proof = node_child_data(m, "cstoken");
	send_ack(from, m);
	b->refuse = 0;
	if (was_refused)
		return;
	is_group = client_is_group(&to);
	if (node_jid(m, "participant", &participant) || (!is_group && direct)) {
		struct board_device *d = device_of(b, is_group ? &participant : &to);

		if (d)
			deliver(from, d, m, direct);
		return;
	}
	for (size_t i = 0; i < b->count; i++) {
		struct board_device *d = &b->devices[i];
		const struct node *enc = enc_of(m, d);

		if (d != from && !d->is_gone && (is_group ? is_member(b, d) : enc != NULL))
			deliver(from, d, m, enc);
	}
}

static void take_receipt(struct board_device *from, const struct node *receipt)
{
	struct arena *arena = test_arena();
	bool is_retry = node_has(receipt, "type", "retry"), is_group;
	struct node *copy = ARENA_NEW(arena, struct node);
	struct jid to, whom, self;

	EXPECT(node_jid(receipt, "to", &to));
	is_group = client_is_group(&to);
	whom = to;
	if (is_group)
		EXPECT(node_jid(receipt, "participant", &whom));
	self = device_jid(from, str_is(whom.server, JID_SERVER_LID));
	if (str_ends(node_text(arena, receipt, "type"), S("-self")))
		whom = self;
	*copy = (struct node){ .tag = receipt->tag, .holds = receipt->holds,
		.first = receipt->first, .last = receipt->last };
	copy_text(copy, receipt, "id");
	copy_text(copy, receipt, "type");
	copy_jid(copy, "recipient", receipt, "recipient");
	node_put_jid(arena, copy, "from", is_group ? &to : &self);
	if (is_group)
		node_put_jid(arena, copy, "participant", &self);
	node_put_int(arena, copy, "t", from->board->now.wall_ms / 1000);
	for (size_t i = 0; i < from->board->count; i++) {
		struct board_device *d = &from->board->devices[i];

		if (d != from && is_device(d, &whom) && !(is_retry && d->is_deaf) &&
			(!is_retry || d->device.pn.device == whom.device))
			board_push(d, copy);
	}
}

static enum err take(void *arg, const struct wa_call *call, struct node *node)
{
	struct board_device *d = arg;

	(void)call;
	if (!d->is_online)
		return ERR_CONFLICT;
	if (d->is_mute)
		return OK;
	if (node_is(node, "iq"))
		take_iq(d, node);
	else if (node_is(node, "message"))
		take_message(d, node);
	else if (node_is(node, "receipt"))
		take_receipt(d, node);
	else if (node_is(node, "ack"))
		d->last_nack = node_int(node, "error", d->last_nack);
	return OK;
}

/* ---- life ---- */

struct board *board_make(void)
{
	struct board *b = ARENA_NEW(test_arena(), struct board);

	crypto_init();

	b->now = (struct wa_clock){ 1000, BOARD_T0_MS };
	b->seed = 4711;
	b->group = (struct jid){ .user = S("120363000000000001"), .server = JID_SERVER_GROUP };
	return b;
}

static void create(struct board_device *d)
{
	struct wa_client_config config = { .device = &d->device,
		.store = { get, put, erase, scan, d }, .send = take, .send_arg = d,
		.random = random_octets, .random_arg = d,
		.is_phone = d->device.pn.device == 0 };

	EXPECT_OK(wa_client_create(&config, &d->client));
}

struct board_device *board_add(struct board *b, const char *pn, const char *lid, uint16_t device)
{
	struct board_device *d = &b->devices[b->count++];
	uint8_t seed[DEVICE_SEED_SIZE];

	d->board = b;
	d->last_event = &d->events;
	random_octets(d, seed, sizeof seed);
	device_make(&d->device, seed);
	board_forget(d);
	d->device.is_paired = true;
	EXPECT(wa_text_set(&d->device.pn.user, str_of(pn)));
	EXPECT(wa_text_set(&d->device.lid.user, str_of(lid)));
	d->device.pn.device = d->device.lid.device = device;
	d->device.account_len = 8;
	create(d);
	board_online(d, true);
	return d;
}

struct wa_call board_call(struct board_device *d)
{
	struct wa_output *out = ARENA_NEW(test_arena(), struct wa_output);

	wa_output_init(out, test_arena());
	return (struct wa_call){ &d->board->now, out };
}

void board_after(struct board_device *d, const struct wa_call *call)
{
	*d->last_event = call->out->events;
	while (*d->last_event)
		d->last_event = &(*d->last_event)->next;
}

void board_restart(struct board_device *d)
{
	wa_client_destroy(d->client);
	d->is_online = false;
	create(d);
	board_online(d, true);
}

void board_online(struct board_device *d, bool online)
{
	struct wa_call call = board_call(d);
	size_t count = d->backlog_count;

	d->is_online = online;
	d->backlog_count = 0;
	for (size_t i = 0; online && i < count; i++)
		board_push(d, d->backlog[i]);
	EXPECT_OK(
		online ? wa_client_online(d->client, &call) : wa_client_offline(d->client, &call));
	board_after(d, &call);
}

void board_run(struct board *b)
{
	while (b->head < b->tail) {
		struct board_device *d = b->queue[b->head].to;
		struct node *node = b->queue[b->head++].node;
		struct wa_call call = board_call(d);

		EXPECT_OK(wa_client_take(d->client, &call, node));
		board_after(d, &call);
	}
	b->head = b->tail = 0;
}

void board_wait(struct board *b, int64_t ms)
{
	b->now.mono_ms += ms;
	b->now.wall_ms += ms;
	for (size_t i = 0; i < b->count; i++) {
		struct wa_call call = board_call(&b->devices[i]);

		EXPECT_OK(wa_client_tick(b->devices[i].client, &call));
		board_after(&b->devices[i], &call);
	}
	board_run(b);
}

void board_done(struct board *b)
{
	for (size_t i = 0; i < b->count; i++) {
		wa_client_destroy(b->devices[i].client);
		wa_memory_destroy(b->devices[i].memory);
	}
}

/* ---- what came of it ---- */

enum err board_send(struct board_device *from, const struct jid *to, const char *id,
	const char *text)
{
	struct wa_call call = board_call(from);
	Wa__Message *message = wa_message_text(test_arena(), str_of(text));
	struct wa_send send = { .id = str_of(id), .to = *to, .message = message };
	enum err e = wa_client_send(from->client, &call, &send);

	board_after(from, &call);
	board_run(from->board);
	return e;
}

const struct wa_event *board_event(const struct board_device *d, enum wa_event_kind kind, size_t n)
{
	for (const struct wa_event *event = d->events; event; event = event->next)
		if (event->kind == kind && !n--)
			return event;
	return NULL;
}

size_t board_count(const struct board_device *d, enum wa_event_kind kind)
{
	size_t n = 0;

	while (board_event(d, kind, n))
		n++;
	return n;
}

str board_text(const struct board_device *d, size_t n)
{
	const struct wa_event *event = board_event(d, WA_EVENT_MESSAGE, n);

	if (!event)
		return S("");
	if (!event->message->message)
		return event->message->is_waiting ? S("(waiting)") : S("(none)");
	return wa_message_body(event->message->message);
}

size_t board_records(const struct board_device *d, enum wa_record kind)
{
	return wa_memory_count(d->memory, kind);
}

void board_forget(struct board_device *d)
{
	wa_memory_destroy(d->memory);
	d->memory = wa_memory_create();
	d->store = wa_memory_store(d->memory);
}
