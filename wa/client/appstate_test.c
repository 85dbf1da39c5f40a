/*
 * appstate_test.c: two devices of one account and a server between them that cannot read: what is
 * done on one comes to the other, after conflicts, restarts, files, missing keys and wrong MACs.
 */
#include "base/test.h"
#include "wa/client/client_sync.h"
#include "wa/proto/proto.h"

#define RECORDS_MAX 400
#define PATCHES_MAX 60

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

/* ---- a store in memory ---- */

struct record { enum wa_record kind; str key; bytes value; };
struct memory { struct record rows[RECORDS_MAX]; size_t count; };

static struct record *row_of(struct memory *m, enum wa_record kind, str key)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->rows[i].kind == kind && str_is(m->rows[i].key, key))
			return &m->rows[i];
	return NULL;
}

static enum err memory_get(void *arg, enum wa_record kind, str key, struct arena *arena, bytes *out)
{
	const struct record *row = row_of(arg, kind, key);

	if (!row)
		return ERR_MISSING;
	*out = arena_bytes(arena, row->value);
	return OK;
}

static enum err memory_put(void *arg, enum wa_record kind, str key, bytes value)
{
	struct memory *m = arg;
	struct record *row = row_of(m, kind, key);

	if (!row) {
		EXPECT(m->count < RECORDS_MAX);
		row = &m->rows[m->count++];
		*row = (struct record){ kind, arena_str(test_arena(), key), BYTES_NONE };
	}
	row->value = arena_bytes(test_arena(), value);
	return OK;
}

static enum err memory_erase(void *arg, enum wa_record kind, str key)
{
	struct memory *m = arg;
	struct record *row = row_of(m, kind, key);

	if (!row)
		return ERR_MISSING;
	*row = m->rows[--m->count];
	return OK;
}

static enum err memory_scan(void *arg, enum wa_record kind, str prefix,
	enum err (*each)(void *each_arg, str key, bytes value), void *each_arg)
{
	struct memory copy = *(struct memory *)arg;

	for (size_t i = 0; i < copy.count; i++)
		if (copy.rows[i].kind == kind && str_starts(copy.rows[i].key, prefix))
			TRY(each(each_arg, copy.rows[i].key, copy.rows[i].value));
	return OK;
}

static size_t count_of(const struct memory *m, enum wa_record kind)
{
	size_t n = 0;

	for (size_t i = 0; i < m->count; i++)
		n += m->rows[i].kind == kind;
	return n;
}

/* ---- a server that keeps patches ---- */

struct server {
	struct { bytes patches[PATCHES_MAX]; size_t count; } of[SYNC_COLLECTIONS];
	bytes snapshot; /* reference to one of regular_low, or none */
	size_t requests;
	bool breaks_patches;
};

struct machine {
	struct wa_client *client;
	struct device device;
	struct memory *memory;
	struct server *server;
	struct wa_clock now;
	struct wa_output out;
	struct node *asked; /* the last request, to be answered */
	size_t peers;       /* other stanzas that were sent */
};

static enum err machine_send(void *arg, const struct wa_call *call, struct node *node)
{
	struct machine *m = arg;

	(void)call;
	if (node_is(node, "iq") && node_child(node, "sync"))
		m->asked = node;
	else
		m->peers++;
	return OK;
}

static void machine_random(void *arg, void *out, size_t size)
{
	(void)arg;
	crypto_random(out, size);
}

static struct wa_call call_of(struct machine *m)
{
	wa_output_init(&m->out, test_arena());
	return (struct wa_call){ &m->now, &m->out };
}

static void machine_start(struct machine *m, uint16_t number)
{
	uint8_t seed[DEVICE_SEED_SIZE] = { (uint8_t)number };
	struct wa_client_config config = { .device = &m->device,
		.store = { memory_get, memory_put, memory_erase, memory_scan, m->memory },
		.send = machine_send,
		.send_arg = m,
		.random = machine_random };

	device_make(&m->device, seed);
	m->device.is_paired = true;
	EXPECT(wa_text_set(&m->device.pn.user, S("15550001111")));
	EXPECT(wa_text_set(&m->device.lid.user, S("10000000001111")));
	m->device.pn.device = m->device.lid.device = number;
	m->now = (struct wa_clock){ 1000, 1700000000000 };
	EXPECT_OK(wa_client_create(&config, &m->client));
}

static struct machine machine_of(struct server *server)
{
	return (struct machine){ .server = server,
		.memory = ARENA_NEW(test_arena(), struct memory) };
}

/* ---- what the server answers ---- */

static bytes with_version(bytes patch, uint64_t version)
{
	Wa__SyncdPatch *p = PROTO_UNPACK(test_arena(), Wa__SyncdPatch, wa__syncd_patch, patch);
	Wa__SyncdVersion *v = ARENA_NEW(test_arena(), Wa__SyncdVersion);

	wa__syncd_version__init(v);
	PROTO_SET(v, version, version);
	p->version = v;
	return proto_bytes(test_arena(), p);
}

static void answer_patches(struct server *s, enum sync_collection i, struct node *out, int64_t from)
{
	struct arena *arena = test_arena();
	struct node *patches = node_add(arena, out, "patches");

	for (size_t k = (size_t)from; k < s->of[i].count; k++) {
		bytes patch = arena_bytes(arena, s->of[i].patches[k]);

		if (s->breaks_patches)
			((uint8_t *)patch.ptr)[patch.len - 30] ^= 1;
		node_put_data(node_add(arena, patches, "patch"), patch);
	}
}

static void answer_collection(struct server *s, const struct node *asked, struct node *list)
{
	struct arena *arena = test_arena();
	enum sync_collection i = sync_collection_find(node_text(arena, asked, "name"));
	int64_t version = node_int(asked, "version", 0);
	struct node *out = node_add(arena, list, "collection");
	bytes patch = node_child_data(asked, "patch");

	EXPECT(i < SYNC_COLLECTIONS);
	node_put(arena, out, "name", sync_collection_name(i));
	if (patch.len && version == (int64_t)s->of[i].count) {
		s->of[i].patches[s->of[i].count++] =
			with_version(arena_bytes(arena, patch), (uint64_t)version + 1);
		node_put_int(arena, out, "version", version + 1);
		return;
	}
	if (patch.len) {
		node_put(arena, out, "type", S("error"));
		node_put_int(arena, node_add(arena, out, "error"), "code", 409);
	}
	node_put_int(arena, out, "version", (int64_t)s->of[i].count);
	if (i == SYNC_REGULAR_LOW && version == 0 && s->snapshot.len)
		node_put_data(node_add(arena, out, "snapshot"), s->snapshot);
	else
		answer_patches(s, i, out, version);
}

/* Answers until nothing more is asked; all events come in one list. */
static struct wa_event *settle(struct machine *m)
{
	struct wa_event *first = m->out.events, **last = m->out.last_event;

	while (m->asked) {
		struct node *asked = m->asked, *iq = node_new(test_arena(), "iq"), *list;
		struct wa_call call;

		m->asked = NULL;
		m->server->requests++;
		EXPECT(m->server->requests < 100);
		node_put(test_arena(), iq, "type", S("result"));
		node_put(test_arena(), iq, "id", node_text(test_arena(), asked, "id"));
		list = node_add(test_arena(), iq, "sync");
		for (const struct node *n = node_child(asked, "sync")->first; n; n = n->next)
			answer_collection(m->server, n, list);
		call = call_of(m);
		EXPECT_OK(wa_client_take(m->client, &call, iq));
		*last = m->out.events;
		if (!first)
			first = m->out.events;
		if (m->out.events)
			last = m->out.last_event;
	}
	return first;
}

static const struct wa_sync *sync_in(const struct wa_event *events, enum wa_sync_kind kind)
{
	for (; events; events = events->next)
		if (events->kind == WA_EVENT_SYNC && events->sync->kind == kind)
			return events->sync;
	return NULL;
}

static void give_key(struct machine *m)
{
	static const uint8_t id[6] = { 0, 0, 0, 0, 0, 9 }, data[32] = { 1, 2, 3 };
	Wa__AppStateSyncKey key = WA__APP_STATE_SYNC_KEY__INIT, *keys[] = { &key };
	Wa__AppStateSyncKeyId name = WA__APP_STATE_SYNC_KEY_ID__INIT;
	Wa__AppStateSyncKeyData value = WA__APP_STATE_SYNC_KEY_DATA__INIT;
	Wa__AppStateSyncKeyShare share = WA__APP_STATE_SYNC_KEY_SHARE__INIT;
	Wa__ProtocolMessage protocol = WA__PROTOCOL_MESSAGE__INIT;
	const struct wa_message from_phone = { .id = S("1") };
	const struct client_peer peer = { NULL, &from_phone, &protocol };
	struct wa_call call = call_of(m);

	PROTO_SET_DATA(&name, key_id, ((bytes){ id, 6 }));
	PROTO_SET_DATA(&value, key_data, ((bytes){ data, 32 }));
	key.key_id = &name;
	key.key_data = &value;
	share.keys = keys;
	share.n_keys = 1;
	protocol.app_state_sync_key_share = &share;
	EXPECT_OK(client_take_sync_share(m->client, &call, &peer));
}

static struct wa_event *go_online(struct machine *m)
{
	struct wa_call call = call_of(m);

	EXPECT_OK(wa_client_online(m->client, &call));
	return settle(m);
}

static struct wa_event *do_there(struct machine *m, enum wa_sync_kind kind, const char *chat,
	bool on)
{
	struct wa_sync what = { .kind = kind, .is_on = on };
	struct wa_call call;

	EXPECT(jid_read(str_of(chat), &what.chat));
	call = call_of(m);
	EXPECT_OK(wa_client_sync(m->client, &call, &what));
	return settle(m);
}

/* The server tells the other device that there is something new. */
static struct wa_event *notify(struct machine *m, enum sync_collection i)
{
	struct node *n = node_new(test_arena(), "notification"), *c;
	struct wa_call call = call_of(m);

	node_put(test_arena(), n, "type", S("server_sync"));
	c = node_add(test_arena(), n, "collection");
	node_put(test_arena(), c, "name", sync_collection_name(i));
	node_put_int(test_arena(), c, "version", (int64_t)m->server->of[i].count);
	EXPECT_OK(wa_client_take(m->client, &call, n));
	return settle(m);
}

#define TWO_DEVICES                                                                                \
	struct server server = { 0 };                                                              \
	struct machine a = machine_of(&server), b = machine_of(&server);                     \
	machine_start(&a, 1);                                                                      \
	machine_start(&b, 2);                                                                      \
	go_online(&a);                                                                             \
	go_online(&b);                                                                             \
	give_key(&a);                                                                              \
	settle(&a);                                                                                \
	give_key(&b);                                                                              \
	settle(&b)

#define NO_DEVICES                                                                                 \
	wa_client_destroy(a.client);                                                               \
	wa_client_destroy(b.client)

TEST(nothing_is_asked_before_there_is_a_key)
{
	struct server server = { 0 };
	struct machine a = machine_of(&server);

	machine_start(&a, 1);
	go_online(&a);
	EXPECT_INT(server.requests, 0);
	give_key(&a);
	settle(&a);
	EXPECT(server.requests > 0);
	wa_client_destroy(a.client);
}

TEST(what_is_done_on_one_device_comes_to_the_other_once)
{
	const struct wa_sync *what;

	TWO_DEVICES;
	do_there(&a, WA_SYNC_MUTE, "77@lid", true);
	EXPECT_INT(count_of(a.memory, WA_RECORD_SYNC_OUT), 0);
	what = sync_in(notify(&b, SYNC_REGULAR_HIGH), WA_SYNC_MUTE);
	EXPECT(what && what->is_on && what->until_ms == -1);
	/* the first word of a collection that was empty is news, too */
	EXPECT(!what->is_first);
	EXPECT_STR(jid_text(test_arena(), &what->chat), "77@lid");
	/* our own word does not come back to us */
	EXPECT(!sync_in(notify(&a, SYNC_REGULAR_HIGH), WA_SYNC_MUTE));
	EXPECT(!sync_in(notify(&b, SYNC_REGULAR_HIGH), WA_SYNC_MUTE));
	do_there(&b, WA_SYNC_MUTE, "77@lid", false);
	what = sync_in(notify(&a, SYNC_REGULAR_HIGH), WA_SYNC_MUTE);
	EXPECT(what && !what->is_on);
	NO_DEVICES;
}

TEST(what_was_done_before_a_device_came_is_no_news_to_it)
{
	struct machine late;
	struct wa_event *event;

	TWO_DEVICES;
	do_there(&a, WA_SYNC_PIN, "1@lid", true);
	do_there(&a, WA_SYNC_ARCHIVE, "1@lid", true);
	late = machine_of(&server);
	machine_start(&late, 3);
	go_online(&late);
	give_key(&late);
	event = settle(&late);
	EXPECT(sync_in(event, WA_SYNC_PIN)->is_first);
	EXPECT(sync_in(event, WA_SYNC_ARCHIVE)->is_first);
	do_there(&a, WA_SYNC_ARCHIVE, "1@lid", false);
	EXPECT(!sync_in(notify(&late, SYNC_REGULAR_LOW), WA_SYNC_ARCHIVE)->is_first);
	wa_client_destroy(late.client);
	NO_DEVICES;
}

TEST(two_who_speak_at_once_are_both_heard)
{
	TWO_DEVICES;
	do_there(&a, WA_SYNC_PIN, "1@lid", true);
	/* b has not heard of it: 409, and what it missed */
	do_there(&b, WA_SYNC_PIN, "2@lid", true);
	EXPECT_INT(server.of[SYNC_REGULAR_LOW].count, 2);
	EXPECT_INT(count_of(b.memory, WA_RECORD_SYNC_OUT), 0);
	EXPECT(sync_in(notify(&a, SYNC_REGULAR_LOW), WA_SYNC_PIN));
	EXPECT_INT(count_of(a.memory, WA_RECORD_SYNC_VALUE), 2);
	EXPECT_INT(count_of(b.memory, WA_RECORD_SYNC_VALUE), 2);
	NO_DEVICES;
}

TEST(of_two_words_about_one_thing_the_later_counts)
{
	const struct wa_sync *heard;

	TWO_DEVICES;
	a.now.wall_ms = 9000;
	b.now.wall_ms = 4000;
	do_there(&a, WA_SYNC_PIN, "1@lid", true);
	/* b said it before a did, and comes too late */
	heard = sync_in(do_there(&b, WA_SYNC_PIN, "1@lid", false), WA_SYNC_PIN);
	EXPECT(heard && heard->is_on);
	EXPECT_INT(server.of[SYNC_REGULAR_LOW].count, 1);
	EXPECT_INT(count_of(b.memory, WA_RECORD_SYNC_OUT), 0);
	/* a has not heard that b said it since: what a says then is later */
	b.now.wall_ms = 10000;
	do_there(&b, WA_SYNC_PIN, "1@lid", false);
	a.now.wall_ms = 20000;
	EXPECT(!sync_in(do_there(&a, WA_SYNC_PIN, "1@lid", true), WA_SYNC_PIN));
	EXPECT_INT(server.of[SYNC_REGULAR_LOW].count, 3);
	heard = sync_in(notify(&b, SYNC_REGULAR_LOW), WA_SYNC_PIN);
	EXPECT(heard && heard->is_on);
	NO_DEVICES;
}

TEST(a_word_said_while_offline_is_sent_after_a_restart)
{
	struct wa_call call;

	TWO_DEVICES;
	call = call_of(&a);
	EXPECT_OK(wa_client_offline(a.client, &call));
	do_there(&a, WA_SYNC_ARCHIVE, "5@lid", true);
	do_there(&a, WA_SYNC_ARCHIVE, "5@lid", false);
	do_there(&a, WA_SYNC_ARCHIVE, "5@lid", true);
	EXPECT_INT(server.of[SYNC_REGULAR_LOW].count, 0);
	wa_client_destroy(a.client);
	machine_start(&a, 1);
	go_online(&a);
	EXPECT_INT(count_of(a.memory, WA_RECORD_SYNC_OUT), 0);
	/* the last word about it alone, and that it is not pinned */
	EXPECT_INT(server.of[SYNC_REGULAR_LOW].count, 1);
	EXPECT(sync_in(notify(&b, SYNC_REGULAR_LOW), WA_SYNC_ARCHIVE)->is_on);
	NO_DEVICES;
}

TEST(a_request_without_an_answer_is_made_again)
{
	struct wa_call call;

	TWO_DEVICES;
	call = call_of(&a);
	EXPECT_OK(wa_client_sync(a.client, &call,
		&(struct wa_sync){ .kind = WA_SYNC_PUSH_NAME, .name = S("Shop"), .is_on = true }));
	EXPECT(a.asked);
	a.asked = NULL;
	a.now.mono_ms += 80000;
	call = call_of(&a);
	EXPECT_OK(wa_client_tick(a.client, &call));
	a.now.mono_ms = wa_client_deadline(a.client);
	EXPECT_OK(wa_client_tick(a.client, &call));
	settle(&a);
	EXPECT_INT(server.of[SYNC_CRITICAL_BLOCK].count, 1);
	EXPECT_STR(sync_in(notify(&b, SYNC_CRITICAL_BLOCK), WA_SYNC_PUSH_NAME)->name, "Shop");
	NO_DEVICES;
}

TEST(wrong_macs_change_nothing_and_the_phone_is_asked_at_last)
{
	size_t before;

	TWO_DEVICES;
	do_there(&a, WA_SYNC_PIN, "1@lid", true);
	server.breaks_patches = true;
	before = b.peers;
	EXPECT(!sync_in(notify(&b, SYNC_REGULAR_LOW), WA_SYNC_PIN));
	EXPECT_INT(count_of(b.memory, WA_RECORD_SYNC_VALUE), 0);
	/* fetched from the beginning once, then the phone is asked: for the devices first */
	EXPECT(b.peers > before);
	server.breaks_patches = false;
	EXPECT(sync_in(notify(&b, SYNC_REGULAR_LOW), WA_SYNC_PIN));
	EXPECT_INT(count_of(b.memory, WA_RECORD_SYNC_VALUE), 1);
	NO_DEVICES;
}

TEST(a_key_that_we_lack_is_asked_for_once_and_then_all_goes_on)
{
	struct machine late;
	size_t peers;

	TWO_DEVICES;
	do_there(&a, WA_SYNC_PIN, "1@lid", true);
	late = machine_of(&server);
	machine_start(&late, 3);
	go_online(&late);
	give_key(&late);
	/* another key than that of the patches */
	EXPECT_INT(late.memory->rows[0].kind, WA_RECORD_SYNC_KEY);
	late.memory->rows[0].key = S("000000000008");
	EXPECT(!sync_in(settle(&late), WA_SYNC_PIN));
	peers = late.peers;
	EXPECT(peers > 0);
	notify(&late, SYNC_REGULAR_LOW);
	EXPECT_INT(late.peers, peers);
	give_key(&late);
	EXPECT(sync_in(settle(&late), WA_SYNC_PIN));
	wa_client_destroy(late.client);
	NO_DEVICES;
}

TEST(a_snapshot_is_fetched_as_a_file_and_what_follows_it_is_taken)
{
	Wa__ExternalBlobReference ref = WA__EXTERNAL_BLOB_REFERENCE__INIT;
	static const uint8_t id[6] = { 0, 0, 0, 0, 0, 9 };
	struct sync_source source;
	struct sync_writer writer = { &source.book, { id, 6 }, machine_random, NULL };
	struct wa_sync said = { .kind = WA_SYNC_PIN, .is_on = true, .t_ms = 1 };
	enum sync_collection collection;
	struct sync_change change = { 0 };
	struct machine late;
	struct wa_event *event;
	struct wa_call call;
	bytes snapshot;

	TWO_DEVICES;
	EXPECT(jid_read(S("9@lid"), &said.chat));
	EXPECT_OK(wa_sync_write(test_arena(), &said, &collection, &change.data));
	call = call_of(&a);
	sync_source_init(&source, a.client, &call, SYNC_REGULAR_LOW);
	EXPECT_OK(sync_snapshot_write(&writer, 1, &change, 1, &snapshot));
	ref.direct_path = "/v/snapshot";
	PROTO_SET_DATA(&ref, media_key, ((bytes){ id, 6 }));
	server.snapshot = proto_bytes(test_arena(), &ref);
	server.of[SYNC_REGULAR_LOW].count = 1;
	late = machine_of(&server);
	machine_start(&late, 3);
	go_online(&late);
	give_key(&late);
	event = settle(&late);
	while (event && event->kind != WA_EVENT_FETCH)
		event = event->next;
	EXPECT(event);
	EXPECT_STR(event->fetch->file.direct_path, "/v/snapshot");
	call = call_of(&late);
	EXPECT_OK(wa_client_fetched(late.client, &call, event->fetch->number + 5, snapshot));
	EXPECT(!late.asked);
	EXPECT_OK(wa_client_fetched(late.client, &call, event->fetch->number, snapshot));
	event = settle(&late);
	EXPECT(sync_in(event, WA_SYNC_PIN)->is_first);
	do_there(&late, WA_SYNC_PIN, "9@lid", false);
	EXPECT_INT(server.of[SYNC_REGULAR_LOW].count, 2);
	wa_client_destroy(late.client);
	NO_DEVICES;
}
