/*
 * simulator_sync.c: the app state of accounts: versions, and patches that nobody here can read.
 * Source: docs/protocol/linked-device-2-messaging.md §8.3, §8.5, §11.8.
 */
#include "wa/simulator/simulator_internal.h"

#include "wa/proto/proto.h"
#include "wa_syncd.pb-c.h"

#define PATCHES_AT_ONCE 50

static const char *const names[SIM_COLLECTIONS] = { "critical_block", "critical_unblock_low",
	"regular_high", "regular", "regular_low" };

static struct sim_collection *find(struct sim_phone *phone, const struct node *wanted)
{
	for (size_t i = 0; i < SIM_COLLECTIONS; i++)
		if (node_has(wanted, "name", names[i]))
			return &phone->collections[i];
	return NULL;
}

/* Kept as it was sent, but for its version, which only the server knows. */
static bool add_patch(struct sim *sim, struct sim_collection *c, bytes octets)
{
	Wa__SyncdPatch *patch = PROTO_UNPACK(sim->arena, Wa__SyncdPatch, wa__syncd_patch, octets);
	Wa__SyncdVersion version = WA__SYNCD_VERSION__INIT;
	struct sim_patch *to;
	bytes packed;

	if (!patch)
		return false;
	PROTO_SET(&version, version, c->count + 1);
	patch->version = &version;
	packed = proto_bytes(sim->arena, patch);
	if (c->count == c->cap) {
		c->cap = c->cap ? 2 * c->cap : 8;
		c->patches = heap_grow(c->patches, c->cap * sizeof *c->patches);
	}
	to = &c->patches[c->count++];
	to->octets = heap_alloc(packed.len);
	to->len = packed.len;
	memcpy(to->octets, packed.ptr, packed.len);
	sim->changes++;
	return true;
}

static void put_patches(struct sim *sim, const struct sim_collection *c, size_t from,
	struct node *into)
{
	struct node *patches;
	size_t end = c->count - from > PATCHES_AT_ONCE ? from + PATCHES_AT_ONCE : c->count;

	node_put_int(sim->arena, into, "version", (int64_t)end);
	if (end < c->count)
		node_put(sim->arena, into, "has_more_patches", S("true"));
	if (from == end)
		return;
	patches = node_add(sim->arena, into, "patches");
	for (size_t i = from; i < end; i++)
		node_put_data(node_add(sim->arena, patches, "patch"),
			(bytes){ c->patches[i].octets, c->patches[i].len });
}

static void put_error(struct sim *sim, struct node *into, const char *code, const char *text)
{
	struct node *error;

	node_put(sim->arena, into, "type", S("error"));
	error = node_add(sim->arena, into, "error");
	node_put(sim->arena, error, "code", str_of(code));
	node_put(sim->arena, error, "text", str_of(text));
}

static void tell_others(struct sim_device *d, const struct node *wanted, size_t version)
{
	struct sim *sim = d->phone->sim;
	struct jid own = sim_phone_jid(d->phone, false, 0);
	struct node *note = sim_notification(sim, &own, "server_sync"),
		    *changed = node_add(sim->arena, note, "collection");

	node_put(sim->arena, changed, "name", node_text(sim->arena, wanted, "name"));
	node_put_int(sim->arena, changed, "version", (int64_t)version);
	sim_phone_post(d->phone, d, note);
}

static void take_collection(struct sim_device *d, const struct node *wanted, struct node *out)
{
	struct sim *sim = d->phone->sim;
	struct sim_collection *c = find(d->phone, wanted);
	const struct node *patch = node_child(wanted, "patch");
	int64_t version = node_int(wanted, "version", 0);

	node_put(sim->arena, out, "name", node_text(sim->arena, wanted, "name"));
	if (!c || version < 0) {
		put_error(sim, out, "404", "item-not-found");
		return;
	}
	if ((size_t)version > c->count)
		version = 0;
	if (!patch) {
		put_patches(sim, c, (size_t)version, out);
	} else if ((size_t)version != c->count) {
		put_error(sim, out, "409", "conflict");
		put_patches(sim, c, (size_t)version, out);
	} else if (!add_patch(sim, c, node_data(patch))) {
		put_error(sim, out, "400", "bad-request");
	} else {
		node_put_int(sim->arena, out, "version", (int64_t)c->count);
		tell_others(d, wanted, c->count);
	}
}

void sim_take_sync(struct sim_device *d, const struct node *iq)
{
	struct arena *arena = d->phone->sim->arena;
	const struct node *asked = node_child(iq, "sync");
	struct node *answer = sim_result(d, iq), *sync = node_add(arena, answer, "sync");

	for (const struct node *n = asked ? asked->first : NULL; n; n = n->next)
		if (node_is(n, "collection"))
			take_collection(d, n, node_add(arena, sync, "collection"));
	sim_device_answer(d, answer);
}
