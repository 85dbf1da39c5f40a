/*
 * appstate.c: when collections are fetched and sent, and what callers ask for. See appstate.h.
 *
 *	wants ─► fetch ─► appstate_take.c ─► a file is needed: WA_EVENT_FETCH, and asked again then
 *	waiting changes ─► appstate_send.c ─► 409: what came is taken in, and sent again
 *
 * A collection has one request under way at a time. What a request brings is kept step by step, so
 * an interrupted one goes on where it was.
 */
#include "wa/client/appstate_internal.h"

#define AGAIN_MS 60000                  /* after a request that had no answer */

struct client_sync *sync_of(struct wa_client *c)
{
	if (!c->sync)
		c->sync = HEAP_NEW(struct client_sync);
	return c->sync;
}

void sync_later(struct wa_client *c, const struct wa_call *call)
{
	sync_of(c)->again_ms = call->now->mono_ms + client_time(c, AGAIN_MS);
}

/* ---- fetching ---- */

struct node *sync_iq(struct arena *arena, struct node **sync)
{
	struct node *iq = wa_iq(arena, "set", "w:sync:app:state", NULL);

	*sync = node_add(arena, iq, "sync");
	return iq;
}

const struct node *sync_collection_in(const struct node *iq, enum sync_collection collection)
{
	const struct node *sync = node_child(iq, "sync"), *node = sync ? sync->first : NULL;
	const char *name = sync_collection_name(collection).ptr;

	while (node && !(node_is(node, "collection") && node_has(node, "name", name)))
		node = node->next;
	return node;
}

static enum err take_fetched(struct wa_client *c, const struct wa_call *call,
	const struct node *iq, uint64_t tag)
{
	struct client_sync *sync = sync_of(c);

	for (enum sync_collection i = 0; i < SYNC_COLLECTIONS; i++) {
		const struct node *node;

		if (!(tag >> i & 1))
			continue;
		sync->of[i].is_asking = false;
		node = wa_iq_check(iq) == OK ? sync_collection_in(iq, i) : NULL;
		if (!node) {
			sync->of[i].wants = true;
			sync_later(c, call);
		} else if (node_has(node, "type", "error")) {
			TRY(sync_broken(c, call, i));
		} else {
			TRY(sync_take_collection(c, call, i, node));
		}
	}
	if (wa_iq_check(iq) != OK)
		return OK;
	TRY(sync_fetch(c, call));
	return sync_flush(c, call);
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

enum err sync_fetch(struct wa_client *c, const struct wa_call *call)
{
	struct client_sync *sync = sync_of(c);
	struct node *list, *iq = sync_iq(call->out->arena, &list);
	uint64_t asked = 0;
	bool has = false;

	if (c->is_online)
		TRY(sync_has_key(c, call, &has));
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

enum err sync_want(struct wa_client *c, const struct wa_call *call, unsigned collections)
{
	for (enum sync_collection i = 0; i < SYNC_COLLECTIONS; i++)
		if (collections >> i & 1)
			sync_of(c)->of[i].wants = true;
	TRY(sync_fetch(c, call));
	return sync_flush(c, call);
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
	return sync_want(c, call, wanted);
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
		return sync_want(c, call, 1u << collection);
	return sync_flush(c, call);
}

enum err wa_client_sync_all(struct wa_client *c, const struct wa_call *call, bool fully)
{
	for (enum sync_collection i = 0; fully && i < SYNC_COLLECTIONS; i++)
		TRY(sync_start_anew(c, call, i, &(struct sync_record){ 0 }));
	return sync_want(c, call, SYNC_ALL);
}

/* ---- the connection ---- */

enum err client_sync_new(struct wa_client *c, const struct wa_call *call)
{
	return sync_want(c, call, SYNC_ALL);
}

enum err client_sync_online(struct wa_client *c, const struct wa_call *call)
{
	/* A phone of the simulator has no other to learn from; it asks when it is told to. */
	if (c->config.is_phone)
		return OK;
	return sync_want(c, call, SYNC_ALL);
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
	TRY(sync_fetch(c, call));
	return sync_flush(c, call);
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
		sync_blob_remove(c->sync, c->sync->blobs);
	for (size_t i = 0; i < SYNC_COLLECTIONS; i++)
		heap_free(c->sync->of[i].sent);
	heap_free(c->sync);
	c->sync = NULL;
}
