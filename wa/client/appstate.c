/*
 * appstate.c: fetching collections, sending changes, and what to do when a key or a MAC is wrong.
 * See appstate.h.
 *
 *	wants ─► fetch() ─► take_fetched() ─► a file is needed: WA_EVENT_FETCH, and asked again then
 *	waiting changes ─► flush() ─► take_patched() ─► 409: what came is taken in, and sent again
 *
 * A collection has one request under way at a time. What a request brings is kept step by step, so
 * an interrupted one goes on where it was.
 */
#include "wa/client/appstate.h"

#include "wa/client/client_sync.h"
#include "wa/client/request.h"
#include "wa/proto/proto.h"

#include <stdio.h>
#include <zlib.h>

#define AGAIN_MS 60000                  /* after a request that had no answer */
#define KEY_ASK_MS (24 * 3600 * 1000LL) /* a missing key is asked for so often */
#define RESETS_MAX 2                    /* of a collection, from one login to the next */
#define CONFLICTS_MAX 5
#define ALL ((1u << SYNC_COLLECTIONS) - 1)
#define SENT_KEY_MAX 128

/* A file that a collection waits for, or that has come and is not used yet. */
struct blob {
	struct blob *next;
	uint64_t number;
	enum sync_collection collection;
	uint8_t name[SHA256_SIZE];      /* of its path */
	bool is_here;
	size_t size;
	uint8_t *data;
};

/* A patch under way: what comes of it when the server takes it. */
struct sent {
	struct sync_state state;
	size_t count;
	struct sync_item items[SYNC_OUT_MAX];
	struct { char key[SENT_KEY_MAX]; uint8_t hash[SHA256_SIZE]; } waiting[SYNC_OUT_MAX];
};

struct client_sync {
	struct sync_of {
		bool wants, is_asking;
		bool is_current;        /* fetched since the login */
		uint8_t resets, conflicts;
		struct sent *sent;
	} of[SYNC_COLLECTIONS];
	struct blob *blobs;
	uint64_t next_number;
	int64_t again_ms;
};

static struct client_sync *sync_of(struct wa_client *c)
{
	if (!c->sync)
		c->sync = HEAP_NEW(struct client_sync);
	return c->sync;
}

static void later(struct wa_client *c, const struct wa_call *call)
{
	sync_of(c)->again_ms = call->now->mono_ms + client_time(c, AGAIN_MS);
}

/* ---- files ---- */

static void blob_remove(struct client_sync *sync, struct blob *blob)
{
	struct blob **at = &sync->blobs;

	while (*at != blob)
		at = &(*at)->next;
	*at = blob->next;
	heap_free(blob->data);
	heap_free(blob);
}

static struct wa_media file_of(const Wa__ExternalBlobReference *ref)
{
	return (struct wa_media){ .kind = WA_MEDIA_APP_STATE,
		.direct_path = str_of(ref->direct_path),
		.key = PROTO_DATA(ref, media_key),
		.sha256 = PROTO_DATA(ref, file_sha256),
		.enc_sha256 = PROTO_DATA(ref, file_enc_sha256),
		.size = ref->has_file_size_bytes ? (int64_t)ref->file_size_bytes : 0 };
}

static void ask_file(const struct wa_call *call, const struct blob *blob,
	const Wa__ExternalBlobReference *ref)
{
	struct wa_fetch *fetch = ARENA_NEW(call->out->arena, struct wa_fetch);

	fetch->number = blob->number;
	fetch->file = file_of(ref);
	client_event(call, WA_EVENT_FETCH)->fetch = fetch;
}

/* ERR_CONFLICT: it has been asked for. What is found is taken out, into the arena. */
static enum err blob_get(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const Wa__ExternalBlobReference *ref, bytes *out)
{
	struct client_sync *sync = sync_of(c);
	struct blob *blob;
	uint8_t name[SHA256_SIZE];

	if (!ref || !ref->direct_path || !ref->has_media_key)
		return ERR_CORRUPT;
	sha256(bytes_of(str_of(ref->direct_path)), name);
	for (blob = sync->blobs; blob; blob = blob->next)
		if (blob->collection == collection && memcmp(blob->name, name, sizeof name) == 0)
			break;
	if (blob && blob->is_here) {
		*out = arena_bytes(call->out->arena, (bytes){ blob->data, blob->size });
		blob_remove(sync, blob);
		return OK;
	}
	if (!blob) {
		blob = HEAP_NEW(struct blob);
		blob->number = ++sync->next_number;
		blob->collection = collection;
		memcpy(blob->name, name, sizeof name);
		blob->next = sync->blobs;
		sync->blobs = blob;
		ask_file(call, blob, ref);
	}
	return ERR_CONFLICT;
}

/* ---- keys ---- */

static enum err ask_key(struct wa_client *c, const struct wa_call *call, bytes id)
{
	Wa__Message message = WA__MESSAGE__INIT;
	Wa__ProtocolMessage protocol = WA__PROTOCOL_MESSAGE__INIT;
	Wa__AppStateSyncKeyRequest request = WA__APP_STATE_SYNC_KEY_REQUEST__INIT;
	Wa__AppStateSyncKeyId key = WA__APP_STATE_SYNC_KEY_ID__INIT, *keys[] = { &key };
	const struct client_to_peer to = { .priority = "high" };

	PROTO_SET_DATA(&key, key_id, id);
	request.key_ids = keys;
	request.n_key_ids = 1;
	PROTO_SET(&protocol, type, WA__PROTOCOL_MESSAGE__TYPE__APP_STATE_SYNC_KEY_REQUEST);
	protocol.app_state_sync_key_request = &request;
	message.protocol_message = &protocol;
	return client_send_peer(c, call, &message, &to);
}

/* Once a day and key: the phone may not have it either. */
static enum err miss_key(struct wa_client *c, const struct wa_call *call, bytes id)
{
	struct arena *arena = call->out->arena;
	uint8_t hash[SHA256_SIZE];
	int64_t now = call->now->wall_ms, before = 0;
	str key;
	bytes record;
	enum err e;

	sha256(id, hash);
	key = arena_printf(arena, "asked %02x%02x%02x%02x%02x%02x", hash[0], hash[1], hash[2],
		hash[3], hash[4], hash[5]);
	e = client_get(c, call, WA_RECORD_SYNC_STATE, key, &record);
	if (e == OK && record.len == sizeof before)
		memcpy(&before, record.ptr, sizeof before);
	else if (e != OK && e != ERR_MISSING)
		return e;
	if (before && now - before < client_time(c, KEY_ASK_MS) && now >= before)
		return OK;
	TRY(client_keep(c, WA_RECORD_SYNC_STATE, key,
		(bytes){ (const uint8_t *)&now, sizeof now }));
	return ask_key(c, call, id);
}

/* ---- telling ---- */

static enum err learn(struct wa_client *c, const struct wa_call *call, const struct wa_sync *what)
{
	const struct jid *lid = what->lid.user.len ? &what->lid : &what->chat,
			 * pn = what->pn.user.len ? &what->pn : &what->chat;

	if (what->kind == WA_SYNC_SALT)
		return client_salt_set(c, what->is_on ? what->salt : BYTES_NONE);
	if (what->kind != WA_SYNC_CONTACT || !str_is(lid->server, JID_SERVER_LID) ||
		!str_is(pn->server, JID_SERVER_PN))
		return OK;
	return wa_client_learn(c, call, lid, pn);
}

static enum err tell(struct wa_client *c, const struct wa_call *call, const struct sync_step *step,
	bool is_first)
{
	for (size_t i = 0; i < step->count; i++) {
		struct wa_sync *what = ARENA_NEW(call->out->arena, struct wa_sync);

		/* What is proven and does not read is of a newer phone: it is passed over. */
		if (wa_sync_read(call->out->arena, &step->items[i], what) != OK ||
			what->kind == WA_SYNC_OTHER)
			continue;
		what->is_first = is_first;
		TRY(learn(c, call, what));
		client_event(call, WA_EVENT_SYNC)->sync = what;
	}
	return OK;
}

/* ---- taking in ---- */

static enum err take_snapshot(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, bytes reference)
{
	const Wa__ExternalBlobReference *ref = PROTO_UNPACK(call->out->arena,
		Wa__ExternalBlobReference, wa__external_blob_reference, reference);
	const Wa__SyncdSnapshot *snapshot;
	struct sync_source source;
	struct sync_step step;
	bytes packed;
	enum err e;

	TRY(blob_get(c, call, collection, ref, &packed));
	snapshot = PROTO_UNPACK(call->out->arena, Wa__SyncdSnapshot, wa__syncd_snapshot, packed);
	if (!snapshot)
		return ERR_CORRUPT;
	sync_source_init(&source, c, call, collection);
	e = sync_snapshot_read(&source.book, snapshot, &step);
	if (e == ERR_MISSING)
		TRY(miss_key(c, call, source.book.missing));
	if (e != OK)
		return e;
	TRY(sync_step_keep(c, call, collection, &step, true));
	return tell(c, call, &step, true);
}

static enum err take_patch(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, bytes packed)
{
	const Wa__SyncdPatch *patch = PROTO_UNPACK(call->out->arena, Wa__SyncdPatch,
		wa__syncd_patch, packed);
	const Wa__SyncdMutations *outside = NULL;
	struct sync_record record;
	struct sync_source source;
	struct sync_step step;
	bytes file;
	enum err e;

	if (!patch)
		return ERR_CORRUPT;
	TRY(sync_record_get(c, call, collection, &record));
	if (patch->version && patch->version->has_version &&
		patch->version->version <= record.state.version)
		return OK;
	if (patch->external_mutations) {
		TRY(blob_get(c, call, collection, patch->external_mutations, &file));
		outside = PROTO_UNPACK(call->out->arena, Wa__SyncdMutations, wa__syncd_mutations,
			file);
		if (!outside)
			return ERR_CORRUPT;
	}
	sync_source_init(&source, c, call, collection);
	e = sync_patch_read(&source.book, &record.state, patch, outside, &step);
	if (e == ERR_MISSING)
		TRY(miss_key(c, call, source.book.missing));
	if (e != OK)
		return e;
	TRY(sync_step_keep(c, call, collection, &step, false));
	return tell(c, call, &step, record.state.version == 0);
}

static enum err take_parts(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct node *node)
{
	const struct node *patches = node_child(node, "patches");
	bytes snapshot = node_child_data(node, "snapshot");
	struct sync_record record;

	TRY(sync_record_get(c, call, collection, &record));
	/* A snapshot takes the place of everything: only where there is nothing. */
	if (snapshot.len && record.state.version == 0)
		TRY(take_snapshot(c, call, collection, snapshot));
	for (const struct node *p = patches ? patches->first : NULL; p; p = p->next)
		if (node_is(p, "patch"))
			TRY(take_patch(c, call, collection, node_data(p)));
	return OK;
}

/* ---- when it is broken ---- */

static enum err ask_recovery(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection)
{
	Wa__PeerDataOperationRequestMessage question =
		WA__PEER_DATA_OPERATION_REQUEST_MESSAGE__INIT;
	Wa__PeerSyncDCollectionFatalRecoveryRequest asked =
		WA__PEER_SYNC_DCOLLECTION_FATAL_RECOVERY_REQUEST__INIT;

	asked.collection_name =
		(char *)arena_cstr(call->out->arena, sync_collection_name(collection));
	PROTO_SET(&asked, timestamp, call->now->wall_ms / 1000);
	PROTO_SET(&question, peer_data_operation_request_type,
		OPERATION(COMPANION_SYNCD_SNAPSHOT_FATAL_RECOVERY));
	question.syncd_collection_fatal_recovery_request = &asked;
	return client_ask_operation(c, call, &question, NULL);
}

static enum err start_anew(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct sync_record *record)
{
	const struct sync_step nothing = { 0 };
	struct sync_record empty = *record;

	empty.state = nothing.state;
	TRY(sync_step_keep(c, call, collection, &nothing, true));
	TRY(sync_record_put(c, collection, &empty));
	sync_of(c)->of[collection].wants = true;
	return OK;
}

/* First it is fetched from its beginning; is that wrong, too, the phone is asked for a plain copy;
 * then it rests until the next login. */
static enum err broken(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection)
{
	struct sync_of *of = &sync_of(c)->of[collection];
	struct sync_record record;

	TRY(sync_record_get(c, call, collection, &record));
	if (record.failures < UINT8_MAX)
		record.failures++;
	of->wants = false;
	if (of->resets++ < RESETS_MAX && record.failures == 1)
		return start_anew(c, call, collection, &record);
	if (record.was_recovered)
		return sync_record_put(c, collection, &record);
	record.was_recovered = true;
	TRY(sync_record_put(c, collection, &record));
	return ask_recovery(c, call, collection);
}

static enum err take_collection(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct node *node)
{
	struct sync_of *of = &sync_of(c)->of[collection];
	enum err e = take_parts(c, call, collection, node);

	switch (e) {
	case OK:
		of->wants |= node_has(node, "has_more_patches", "true");
		of->is_current = !of->wants;
		return OK;
	case ERR_CONFLICT: /* a file is on its way */
	case ERR_MISSING:  /* a key is */
		return OK;
	case ERR_CORRUPT:
		return broken(c, call, collection);
	default:
		return e;
	}
}

/* ---- sending ---- */

static enum err flush(struct wa_client *c, const struct wa_call *call);
static enum err fetch(struct wa_client *c, const struct wa_call *call);

static struct node *sync_iq(struct arena *arena, struct node **sync)
{
	struct node *iq = wa_iq(arena, "set", "w:sync:app:state", NULL);

	*sync = node_add(arena, iq, "sync");
	return iq;
}

static struct sent *sent_of(const struct sync_step *step, const struct sync_waiting *waiting)
{
	struct sent *sent = HEAP_NEW(struct sent);

	sent->state = step->state;
	sent->count = step->count;
	for (size_t i = 0; i < step->count; i++) {
		sent->items[i] = step->items[i];
		sent->items[i].data = NULL;
		snprintf(sent->waiting[i].key, SENT_KEY_MAX, STR_F, STR_A(waiting->keys[i]));
		sha256(waiting->changes[i].data, sent->waiting[i].hash);
	}
	return sent;
}

/* What waited goes, unless another word about the same came meanwhile. */
static enum err forget_sent(struct wa_client *c, const struct wa_call *call,
	const struct sent *sent)
{
	for (size_t i = 0; i < sent->count; i++) {
		str key = str_of(sent->waiting[i].key);
		uint8_t hash[SHA256_SIZE];
		bytes now;
		enum err e = client_get(c, call, WA_RECORD_SYNC_OUT, key, &now);

		if (e == ERR_MISSING)
			continue;
		TRY(e);
		sha256(now, hash);
		if (memcmp(hash, sent->waiting[i].hash, sizeof hash) == 0)
			TRY(client_drop(c, WA_RECORD_SYNC_OUT, key));
	}
	return OK;
}

static enum err sent_is_good(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, struct sent *sent)
{
	const struct sync_step step = { sent->state, sent->items, sent->count };

	sync_of(c)->of[collection].conflicts = 0;
	TRY(sync_step_keep(c, call, collection, &step, false));
	return forget_sent(c, call, sent);
}

/* 409: the server has patches that we have not; they came along, and it is tried again. Too often,
 * or anything else: the collection is fetched anew, and at last the word is given up. */
static enum err sent_is_refused(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct node *node, const struct sent *sent)
{
	struct sync_of *of = &sync_of(c)->of[collection];
	const struct node *error = node_child(node, "error");

	if (++of->conflicts > CONFLICTS_MAX) {
		of->conflicts = 0;
		return forget_sent(c, call, sent);
	}
	of->wants = true;
	if (error && node_int(error, "code", 0) == 409)
		return take_collection(c, call, collection, node);
	return broken(c, call, collection);
}

static const struct node *collection_in(const struct node *iq, enum sync_collection collection)
{
	const struct node *sync = node_child(iq, "sync"), *node = sync ? sync->first : NULL;
	const char *name = sync_collection_name(collection).ptr;

	while (node && !(node_is(node, "collection") && node_has(node, "name", name)))
		node = node->next;
	return node;
}

static enum err take_patched(struct wa_client *c, const struct wa_call *call,
	const struct node *iq, uint64_t tag)
{
	enum sync_collection collection = (enum sync_collection)tag;
	struct sync_of *of = &sync_of(c)->of[collection];
	const struct node *node = iq ? collection_in(iq, collection) : NULL;
	struct sent *sent = of->sent;
	enum err e = OK;

	of->is_asking = false;
	of->sent = NULL;
	if (wa_iq_check(iq) != OK || !node) {
		/* It may have been taken: what the server has is looked at before it goes again. */
		of->wants = true;
		later(c, call);
	} else if (node_has(node, "type", "error")) {
		e = sent_is_refused(c, call, collection, node, sent);
	} else {
		e = sent_is_good(c, call, collection, sent);
	}
	heap_free(sent);
	TRY(e);
	if (!iq)
		return OK;
	TRY(fetch(c, call));
	return flush(c, call);
}

static enum err send_patch(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct sync_waiting *waiting)
{
	struct arena *arena = call->out->arena;
	struct node *sync, *node, *iq = sync_iq(arena, &sync);
	struct sync_record record;
	struct sync_source source;
	struct sync_writer writer = { &source.book, BYTES_NONE, c->config.random,
		c->config.random_arg };
	struct sync_step step;
	bytes patch;
	enum err e = sync_key_newest(c, call, &writer.key_id);

	if (e != OK)
		return e == ERR_MISSING ? OK : e;
	TRY(sync_record_get(c, call, collection, &record));
	sync_source_init(&source, c, call, collection);
	e = sync_patch_write(&writer, &record.state, waiting->changes, waiting->count, &patch,
		&step);
	if (e != OK)
		return e == ERR_MISSING ? OK : e;
	node = node_add(arena, sync, "collection");
	node_put(arena, node, "name", sync_collection_name(collection));
	node_put(arena, node, "version",
		arena_printf(arena, "%llu", (unsigned long long)record.state.version));
	node_put(arena, node, "return_snapshot", S("false"));
	node_put_data(node_add(arena, node, "patch"), patch);
	sync_of(c)->of[collection].sent = sent_of(&step, waiting);
	sync_of(c)->of[collection].is_asking = true;
	return client_ask(c, call, iq, take_patched, collection);
}

static enum err flush(struct wa_client *c, const struct wa_call *call)
{
	struct client_sync *sync = sync_of(c);
	struct sync_waiting *waiting;

	if (!c->is_online)
		return OK;
	waiting = ARENA_NEW(call->out->arena, struct sync_waiting);
	for (enum sync_collection i = 0; i < SYNC_COLLECTIONS; i++) {
		struct sync_of *of = &sync->of[i];

		if (of->is_asking || of->wants || !of->is_current)
			continue;
		TRY(sync_out_get(c, call, i, waiting));
		if (waiting->count)
			TRY(send_patch(c, call, i, waiting));
	}
	return OK;
}

/* ---- fetching ---- */

static enum err take_fetched(struct wa_client *c, const struct wa_call *call,
	const struct node *iq, uint64_t tag)
{
	struct client_sync *sync = sync_of(c);

	for (enum sync_collection i = 0; i < SYNC_COLLECTIONS; i++) {
		const struct node *node;

		if (!(tag >> i & 1))
			continue;
		sync->of[i].is_asking = false;
		node = wa_iq_check(iq) == OK ? collection_in(iq, i) : NULL;
		if (!node) {
			sync->of[i].wants = true;
			later(c, call);
		} else if (node_has(node, "type", "error")) {
			TRY(broken(c, call, i));
		} else {
			TRY(take_collection(c, call, i, node));
		}
	}
	if (wa_iq_check(iq) != OK)
		return OK;
	TRY(fetch(c, call));
	return flush(c, call);
}

static void put_collection(struct arena *arena, struct node *sync, enum sync_collection collection,
	const struct sync_record *record)
{
	struct node *node = node_add(arena, sync, "collection");

	node_put(arena, node, "name", sync_collection_name(collection));
	if (record->state.version)
		node_put(arena, node, "version",
			arena_printf(arena, "%llu", (unsigned long long)record->state.version));
	node_put(arena, node, "return_snapshot", record->state.version ? S("false") : S("true"));
}

/* Nothing can be read before a key is there: the phone shares them after the pairing. */
static enum err has_key(struct wa_client *c, const struct wa_call *call, bool *has)
{
	bytes id;
	enum err e = sync_key_newest(c, call, &id);

	*has = e == OK;
	return e == ERR_MISSING ? OK : e;
}

static enum err fetch(struct wa_client *c, const struct wa_call *call)
{
	struct client_sync *sync = sync_of(c);
	struct node *list, *iq = sync_iq(call->out->arena, &list);
	uint64_t asked = 0;
	bool has = false;

	if (c->is_online)
		TRY(has_key(c, call, &has));
	for (enum sync_collection i = 0; has && i < SYNC_COLLECTIONS; i++) {
		struct sync_record record;

		if (!sync->of[i].wants || sync->of[i].is_asking)
			continue;
		TRY(sync_record_get(c, call, i, &record));
		put_collection(call->out->arena, list, i, &record);
		sync->of[i].wants = false;
		sync->of[i].is_asking = true;
		asked |= 1ull << i;
	}
	return asked ? client_ask(c, call, iq, take_fetched, asked) : OK;
}

static enum err want(struct wa_client *c, const struct wa_call *call, unsigned collections)
{
	for (enum sync_collection i = 0; i < SYNC_COLLECTIONS; i++)
		if (collections >> i & 1)
			sync_of(c)->of[i].wants = true;
	TRY(fetch(c, call));
	return flush(c, call);
}

enum err wa_client_fetched(struct wa_client *c, const struct wa_call *call, uint64_t number,
	bytes plain)
{
	struct client_sync *sync = sync_of(c);
	struct blob *blob = sync->blobs;

	while (blob && blob->number != number)
		blob = blob->next;
	if (!blob || blob->is_here)
		return OK;
	sync->of[blob->collection].wants = true;
	if (!plain.ptr || plain.len > WA_FETCH_MAX) {
		blob_remove(sync, blob);
		later(c, call);
		return OK;
	}
	blob->is_here = true;
	blob->size = plain.len;
	blob->data = heap_alloc(plain.len + 1);
	memcpy(blob->data, plain.ptr, plain.len);
	return fetch(c, call);
}

enum err client_take_server_sync(struct wa_client *c, const struct wa_call *call,
	const struct node *notification)
{
	unsigned wanted = 0;

	for (const struct node *n = notification->first; n; n = n->next) {
		enum sync_collection i =
			sync_collection_find(node_text(call->out->arena, n, "name"));
		struct sync_record record;

		if (!node_is(n, "collection") || i == SYNC_COLLECTIONS)
			continue;
		TRY(sync_record_get(c, call, i, &record));
		/* Of what we did ourselves, too, we are told. */
		if (node_int(n, "version", INT64_MAX) > (int64_t)record.state.version)
			wanted |= 1u << i;
	}
	return want(c, call, wanted);
}

/* ---- wishes ---- */

enum err wa_client_sync(struct wa_client *c, const struct wa_call *call,
	const struct wa_sync *what)
{
	struct wa_sync said = *what;
	enum sync_collection collection;
	bytes data;

	if (!said.t_ms)
		said.t_ms = call->now->wall_ms;
	TRY(wa_sync_write(call->out->arena, &said, &collection, &data));
	TRY(sync_out_put(c, call, collection, data));
	/* What is archived is not pinned any more: phones say both. */
	if (said.kind == WA_SYNC_ARCHIVE && said.is_on) {
		struct wa_sync unpin = { .kind = WA_SYNC_PIN, .chat = said.chat,
			.t_ms = said.t_ms };

		TRY(wa_sync_write(call->out->arena, &unpin, &collection, &data));
		TRY(sync_out_put(c, call, collection, data));
	}
	/* What the others did comes first. */
	if (!sync_of(c)->of[collection].is_current && !sync_of(c)->of[collection].is_asking)
		return want(c, call, 1u << collection);
	return flush(c, call);
}

enum err wa_client_sync_all(struct wa_client *c, const struct wa_call *call, bool fully)
{
	for (enum sync_collection i = 0; fully && i < SYNC_COLLECTIONS; i++)
		TRY(start_anew(c, call, i, &(struct sync_record){ 0 }));
	return want(c, call, ALL);
}

/* ---- keys that are shared ---- */

enum err client_take_sync_share(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer)
{
	const Wa__AppStateSyncKeyShare *share = peer->protocol->app_state_sync_key_share;

	for (size_t i = 0; share && i < share->n_keys; i++)
		TRY(sync_key_keep(c, call, share->keys[i]));
	return share ? want(c, call, ALL) : OK;
}

static enum err share(struct wa_client *c, const struct wa_call *call,
	Wa__AppStateSyncKeyShare *keys, uint16_t device)
{
	Wa__Message message = WA__MESSAGE__INIT;
	Wa__ProtocolMessage protocol = WA__PROTOCOL_MESSAGE__INIT;
	const struct client_to_peer to = { .device = device, .priority = "high" };

	PROTO_SET(&protocol, type, WA__PROTOCOL_MESSAGE__TYPE__APP_STATE_SYNC_KEY_SHARE);
	protocol.app_state_sync_key_share = keys;
	message.protocol_message = &protocol;
	return client_send_peer(c, call, &message, &to);
}

enum err client_take_sync_request(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer)
{
	const Wa__AppStateSyncKeyRequest *request = peer->protocol->app_state_sync_key_request;
	Wa__AppStateSyncKeyShare answer = WA__APP_STATE_SYNC_KEY_SHARE__INIT;

	if (!request)
		return OK;
	answer.keys = ARENA_ARRAY(call->out->arena, Wa__AppStateSyncKey *, request->n_key_ids + 1);
	for (size_t i = 0; i < request->n_key_ids; i++) {
		bytes id = PROTO_DATA(request->key_ids[i], key_id);
		enum err e = id.len && id.len <= SYNC_KEY_ID_MAX
			? sync_key_get(c, call, id, &answer.keys[answer.n_keys])
			: ERR_MISSING;

		if (e != OK && e != ERR_MISSING)
			return e;
		answer.n_keys += e == OK;
	}
	return answer.n_keys ? share(c, call, &answer, peer->message->sender.device) : OK;
}

static enum err make_key(struct wa_client *c, const struct wa_call *call)
{
	struct arena *arena = call->out->arena;
	Wa__AppStateSyncKey key = WA__APP_STATE_SYNC_KEY__INIT;
	Wa__AppStateSyncKeyId id = WA__APP_STATE_SYNC_KEY_ID__INIT;
	Wa__AppStateSyncKeyData data = WA__APP_STATE_SYNC_KEY_DATA__INIT;
	Wa__AppStateSyncKeyFingerprint fingerprint = WA__APP_STATE_SYNC_KEY_FINGERPRINT__INIT;
	uint8_t *octets = arena_alloc(arena, SYNC_KEY_SIZE), *name = arena_alloc(arena, 6);

	c->config.random(c->config.random_arg, octets, SYNC_KEY_SIZE);
	/* device 0, epoch 1 */
	name[5] = 1;
	PROTO_SET_DATA(&id, key_id, ((bytes){ name, 6 }));
	PROTO_SET_DATA(&data, key_data, ((bytes){ octets, SYNC_KEY_SIZE }));
	PROTO_SET(&data, timestamp, call->now->wall_ms);
	PROTO_SET(&fingerprint, raw_id, 1);
	PROTO_SET(&fingerprint, current_index, 0);
	data.fingerprint = &fingerprint;
	key.key_id = &id;
	key.key_data = &data;
	return sync_key_keep(c, call, &key);
}

struct keys { struct arena *arena; Wa__AppStateSyncKeyShare share; };
#define SHARED_KEYS_MAX 16

static enum err add_key(void *arg, str name, bytes value)
{
	struct keys *keys = arg;
	Wa__AppStateSyncKey *key = PROTO_UNPACK(keys->arena, Wa__AppStateSyncKey,
		wa__app_state_sync_key, arena_bytes(keys->arena, value));

	(void)name;
	if (key && keys->share.n_keys < SHARED_KEYS_MAX)
		keys->share.keys[keys->share.n_keys++] = key;
	return OK;
}

enum err wa_client_share_sync_keys(struct wa_client *c, const struct wa_call *call,
	const struct jid *to)
{
	struct keys keys = { call->out->arena, WA__APP_STATE_SYNC_KEY_SHARE__INIT };
	bool has;

	TRY(has_key(c, call, &has));
	if (!has)
		TRY(make_key(c, call));
	keys.share.keys = ARENA_ARRAY(keys.arena, Wa__AppStateSyncKey *, SHARED_KEYS_MAX);
	TRY(client_scan(c, WA_RECORD_SYNC_KEY, S(""), add_key, &keys));
	return share(c, call, &keys.share, to->device);
}

/* ---- the plain copy of the phone ---- */

#define RECOVERY_MAX (32u << 20)

static bool gunzip(struct arena *arena, bytes in, bytes *out)
{
	struct buf plain = buf_in(arena, RECOVERY_MAX);
	z_stream zip = { 0 };
	int result = inflateInit2(&zip, MAX_WBITS + 32);

	zip.next_in = (uint8_t *)in.ptr;
	zip.avail_in = (unsigned)in.len;
	while (result == Z_OK) {
		uint8_t part[8192];

		zip.next_out = part;
		zip.avail_out = sizeof part;
		result = inflate(&zip, Z_NO_FLUSH);
		buf_put(&plain, part, sizeof part - zip.avail_out);
		if (plain.failed || (result == Z_OK && zip.avail_out == sizeof part))
			result = Z_DATA_ERROR;
	}
	inflateEnd(&zip);
	*out = buf_bytes(&plain);
	return result == Z_STREAM_END;
}

static enum err take_copy(struct wa_client *c, const struct wa_call *call, bytes packed)
{
	const Wa__SyncdSnapshotRecovery *copy = PROTO_UNPACK(call->out->arena,
		Wa__SyncdSnapshotRecovery, wa__syncd_snapshot_recovery, packed);
	enum sync_collection collection =
		copy ? sync_collection_find(str_of(copy->collection_name)) : SYNC_COLLECTIONS;
	struct sync_record record;
	struct sync_source source;
	struct sync_step step;
	enum err e;

	if (collection == SYNC_COLLECTIONS)
		return OK;
	/* Only what was asked for: nothing else proves it. */
	TRY(sync_record_get(c, call, collection, &record));
	if (!record.was_recovered || !record.failures)
		return OK;
	sync_source_init(&source, c, call, collection);
	e = sync_recovery_read(&source.book, copy, &step);
	if (e == ERR_MISSING)
		return miss_key(c, call, source.book.missing);
	if (e != OK)
		return e == ERR_CORRUPT ? OK : e;
	TRY(sync_step_keep(c, call, collection, &step, true));
	TRY(tell(c, call, &step, true));
	return want(c, call, 1u << collection);
}

enum err client_take_sync_recovery(struct wa_client *c, const struct wa_call *call,
	const struct client_peer *peer)
{
	const Wa__PeerDataOperationRequestResponseMessage *answer =
		peer->protocol->peer_data_operation_request_response_message;

	for (size_t i = 0; answer && i < answer->n_peer_data_operation_result; i++) {
		const Wa__PeerSyncDSnapshotFatalRecoveryResponse *r =
			answer->peer_data_operation_result[i]
				->syncd_snapshot_fatal_recovery_response;
		bytes packed = r ? PROTO_DATA(r, collection_snapshot) : BYTES_NONE;

		if (r && r->is_compressed && !gunzip(call->out->arena, packed, &packed))
			continue;
		if (packed.len)
			TRY(take_copy(c, call, packed));
	}
	return OK;
}

/* ---- the connection ---- */

enum err client_sync_online(struct wa_client *c, const struct wa_call *call)
{
	/* A phone of the simulator has no other to learn from; it asks when it is told to. */
	if (c->config.is_phone)
		return OK;
	return want(c, call, ALL);
}

void client_sync_offline(struct wa_client *c)
{
	for (enum sync_collection i = 0; c->sync && i < SYNC_COLLECTIONS; i++) {
		struct sync_of *of = &c->sync->of[i];

		of->is_current = false;
		of->resets = of->conflicts = 0;
	}
}

enum err client_sync_tick(struct wa_client *c, const struct wa_call *call)
{
	if (!c->sync || !c->sync->again_ms || call->now->mono_ms < c->sync->again_ms)
		return OK;
	c->sync->again_ms = 0;
	TRY(fetch(c, call));
	return flush(c, call);
}

int64_t client_sync_deadline(const struct wa_client *c)
{
	return c->sync && c->sync->again_ms && c->is_online ? c->sync->again_ms : INT64_MAX;
}

void client_sync_done(struct wa_client *c)
{
	if (!c->sync)
		return;
	while (c->sync->blobs)
		blob_remove(c->sync, c->sync->blobs);
	for (size_t i = 0; i < SYNC_COLLECTIONS; i++)
		heap_free(c->sync->of[i].sent);
	heap_free(c->sync);
	c->sync = NULL;
}
