/*
 * appstate_take.c: what a fetch brought: files got, MACs proven, kept step by step, told.
 *
 *	a file is needed: WA_EVENT_FETCH, and the collection is asked for again when it has come
 *	a MAC is wrong: from the beginning; wrong again: the phone's plain copy; then it rests
 *
 * Nothing is told before it is proven. See appstate_internal.h.
 */
#include "wa/client/appstate_internal.h"
#include "wa/proto/proto.h"

#include <zlib.h>

#define RESETS_MAX 2                    /* of a collection, from one login to the next */

/* A file that a collection waits for, or that has come and is not used yet. */
struct sync_blob {
	struct sync_blob *next;
	uint64_t number;
	enum sync_collection collection;
	uint8_t name[SHA256_SIZE];      /* of its path */
	bool is_here;
	size_t size;
	uint8_t *data;
};

/* ---- files ---- */

void sync_blob_remove(struct client_sync *sync, struct sync_blob *blob)
{
	struct sync_blob **at = &sync->blobs;

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

static void ask_file(const struct wa_call *call, const struct sync_blob *blob,
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
	struct sync_blob *blob;
	uint8_t name[SHA256_SIZE];

	if (!ref || !ref->direct_path || !ref->has_media_key)
		return ERR_CORRUPT;
	sha256(bytes_of(str_of(ref->direct_path)), name);
	for (blob = sync->blobs; blob; blob = blob->next)
		if (blob->collection == collection && memcmp(blob->name, name, sizeof name) == 0)
			break;
	if (blob && blob->is_here) {
		*out = arena_bytes(call->out->arena, (bytes){ blob->data, blob->size });
		sync_blob_remove(sync, blob);
		return OK;
	}
	if (!blob) {
		blob = HEAP_NEW(struct sync_blob);
		blob->number = ++sync->next_number;
		blob->collection = collection;
		memcpy(blob->name, name, sizeof name);
		blob->next = sync->blobs;
		sync->blobs = blob;
		ask_file(call, blob, ref);
	}
	return ERR_CONFLICT;
}

enum err wa_client_fetched(struct wa_client *c, const struct wa_call *call, uint64_t number,
	bytes plain)
{
	struct client_sync *sync = sync_of(c);
	struct sync_blob *blob = sync->blobs;

	while (blob && blob->number != number)
		blob = blob->next;
	if (!blob || blob->is_here)
		return OK;
	sync->of[blob->collection].wants = true;
	if (!plain.ptr || plain.len > WA_FETCH_MAX) {
		sync_blob_remove(sync, blob);
		sync_later(c, call);
		return OK;
	}
	blob->is_here = true;
	blob->size = plain.len;
	blob->data = heap_alloc(plain.len + 1);
	memcpy(blob->data, plain.ptr, plain.len);
	return sync_fetch(c, call);
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

static enum err tell(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct sync_step *step, bool is_first)
{
	for (size_t i = 0; i < step->count; i++) {
		struct wa_sync *what = ARENA_NEW(call->out->arena, struct wa_sync);
		bool stands;

		/* What is proven and does not read is of a newer phone: it is passed over. */
		if (wa_sync_read(call->out->arena, &step->items[i], what) != OK ||
			what->kind == WA_SYNC_OTHER)
			continue;
		what->is_first = is_first;
		TRY(sync_out_settle(c, call, collection, &step->items[i], &stands));
		if (!stands)
			continue;
		TRY(learn(c, call, what));
		client_event(call, WA_EVENT_SYNC)->sync = what;
	}
	return OK;
}

/* ---- taking in ---- */

/* What the first reading brings was done long ago. */
static enum err tell_fetched(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct sync_step *step)
{
	struct sync_record record;

	TRY(sync_record_get(c, call, collection, &record));
	return tell(c, call, collection, step, !record.was_read);
}

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
		TRY(sync_miss_key(c, call, source.book.missing));
	if (e != OK)
		return e;
	TRY(sync_step_keep(c, call, collection, &step, true));
	return tell_fetched(c, call, collection, &step);
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
		TRY(sync_miss_key(c, call, source.book.missing));
	if (e != OK)
		return e;
	TRY(sync_step_keep(c, call, collection, &step, false));
	return tell_fetched(c, call, collection, &step);
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

enum err sync_start_anew(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct sync_record *record)
{
	const struct sync_step nothing = { 0 };
	struct sync_record empty = *record;

	empty.state = nothing.state;
	empty.was_read = false;
	TRY(sync_step_keep(c, call, collection, &nothing, true));
	TRY(sync_record_put(c, collection, &empty));
	sync_of(c)->of[collection].wants = true;
	return OK;
}

/* First it is fetched from its beginning; is that wrong, too, the phone is asked for a plain copy;
 * then it rests until the next login. */
enum err sync_broken(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection)
{
	struct sync_of *of = &sync_of(c)->of[collection];
	struct sync_record record;

	TRY(sync_record_get(c, call, collection, &record));
	if (record.failures < UINT8_MAX)
		record.failures++;
	of->wants = false;
	if (of->resets++ < RESETS_MAX && record.failures == 1)
		return sync_start_anew(c, call, collection, &record);
	if (record.was_recovered)
		return sync_record_put(c, collection, &record);
	record.was_recovered = true;
	TRY(sync_record_put(c, collection, &record));
	return ask_recovery(c, call, collection);
}

static enum err note_read(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection)
{
	struct sync_record record;

	TRY(sync_record_get(c, call, collection, &record));
	if (record.was_read)
		return OK;
	record.was_read = true;
	return sync_record_put(c, collection, &record);
}

enum err sync_take_collection(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct node *node)
{
	struct sync_of *of = &sync_of(c)->of[collection];
	enum err e = take_parts(c, call, collection, node);

	switch (e) {
	case OK:
		of->wants |= node_has(node, "has_more_patches", "true");
		of->is_current = !of->wants;
		return of->wants ? OK : note_read(c, call, collection);
	case ERR_CONFLICT: /* a file is on its way */
	case ERR_MISSING:  /* a key is */
		return OK;
	case ERR_CORRUPT:
		return sync_broken(c, call, collection);
	default:
		return e;
	}
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
		return sync_miss_key(c, call, source.book.missing);
	if (e != OK)
		return e == ERR_CORRUPT ? OK : e;
	TRY(sync_step_keep(c, call, collection, &step, true));
	TRY(tell(c, call, collection, &step, true));
	return sync_want(c, call, 1u << collection);
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
