/*
 * appstate_send.c: what was done here becomes a patch, and what comes of it.
 *
 * What waits is dropped only when the server has taken it, and nothing newer was said of the same
 * thing meanwhile. See appstate_internal.h.
 */
#include "wa/client/appstate_internal.h"
#include "wa/proto/proto.h"

#include <stdio.h>

#define CONFLICTS_MAX 5
#define SENT_KEY_MAX 128

/* A patch under way: what comes of it when the server takes it. */
struct sync_sent {
	struct sync_state state;
	size_t count;
	struct sync_item items[SYNC_OUT_MAX];
	struct { char key[SENT_KEY_MAX]; uint8_t hash[SHA256_SIZE]; } waiting[SYNC_OUT_MAX];
};


static struct sync_sent *sent_of(const struct sync_step *step, const struct sync_waiting *waiting)
{
	struct sync_sent *sent = HEAP_NEW(struct sync_sent);

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
	const struct sync_sent *sent)
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
	enum sync_collection collection, struct sync_sent *sent)
{
	const struct sync_step step = { sent->state, sent->items, sent->count };

	sync_of(c)->of[collection].conflicts = 0;
	TRY(sync_step_keep(c, call, collection, &step, false));
	return forget_sent(c, call, sent);
}

/* 409: the server has patches that we have not; they came along, and it is tried again. Too often,
 * or anything else: the collection is fetched anew, and at last the word is given up. */
static enum err sent_is_refused(struct wa_client *c, const struct wa_call *call,
	enum sync_collection collection, const struct node *node, const struct sync_sent *sent)
{
	struct sync_of *of = &sync_of(c)->of[collection];
	const struct node *error = node_child(node, "error");

	if (++of->conflicts > CONFLICTS_MAX) {
		of->conflicts = 0;
		return forget_sent(c, call, sent);
	}
	of->wants = true;
	if (error && node_int(error, "code", 0) == 409)
		return sync_take_collection(c, call, collection, node);
	return sync_broken(c, call, collection);
}

static enum err take_patched(struct wa_client *c, const struct wa_call *call,
	const struct node *iq, uint64_t tag)
{
	enum sync_collection collection = (enum sync_collection)tag;
	struct sync_of *of = &sync_of(c)->of[collection];
	const struct node *node = iq ? sync_collection_in(iq, collection) : NULL;
	struct sync_sent *sent = of->sent;
	enum err e = OK;

	of->is_asking = false;
	of->sent = NULL;
	if (wa_iq_check(iq) != OK || !node) {
		/* It may have been taken: what the server has is looked at before it goes again. */
		of->wants = true;
		sync_later(c, call);
	} else if (node_has(node, "type", "error")) {
		e = sent_is_refused(c, call, collection, node, sent);
	} else {
		e = sent_is_good(c, call, collection, sent);
	}
	heap_free(sent);
	TRY(e);
	if (!iq)
		return OK;
	TRY(sync_fetch(c, call));
	return sync_flush(c, call);
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

enum err sync_flush(struct wa_client *c, const struct wa_call *call)
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
