/*
 * client.c: whatever stanzas a server sends one after the other, a client takes them: it keeps,
 * asks and tells what it likes, and never refuses. An input is frames, each after its length (two
 * octets, the higher first).
 */
#include "fuzz/fuzz.h"
#include "wa/client/client.h"

struct record { struct record *next; enum wa_record kind; str key; bytes value; };
struct shelf { struct arena *arena; struct record *first; };

static struct record **find(struct shelf *s, enum wa_record kind, str key)
{
	struct record **at = &s->first;

	while (*at && ((*at)->kind != kind || !str_is((*at)->key, key)))
		at = &(*at)->next;
	return at;
}

static enum err get(void *arg, enum wa_record kind, str key, struct arena *arena, bytes *out)
{
	struct record *r = *find(arg, kind, key);

	if (!r)
		return ERR_MISSING;
	*out = arena_bytes(arena, r->value);
	return OK;
}

static enum err put(void *arg, enum wa_record kind, str key, bytes value)
{
	struct shelf *s = arg;
	struct record **at = find(s, kind, key);

	if (!*at) {
		*at = ARENA_NEW(s->arena, struct record);
		(*at)->kind = kind;
		(*at)->key = arena_str(s->arena, key);
	}
	(*at)->value = arena_bytes(s->arena, value);
	return OK;
}

static enum err erase(void *arg, enum wa_record kind, str key)
{
	struct shelf *s = arg;

	for (struct record **at = &s->first; *at;)
		if ((*at)->kind == kind && (!key.ptr || str_is((*at)->key, key)))
			*at = (*at)->next;
		else
			at = &(*at)->next;
	return OK;
}

static enum err scan(void *arg, enum wa_record kind, str prefix,
	enum err (*each)(void *each_arg, str key, bytes value), void *each_arg)
{
	struct shelf *s = arg;

	for (struct record *next, *r = s->first; r; r = next) {
		next = r->next;
		if (r->kind == kind && str_starts(r->key, prefix))
			TRY(each(each_arg, r->key, r->value));
	}
	return OK;
}

/* What it sends is written, as a session would. */
static enum err take(void *arg, const struct wa_call *call, struct node *node)
{
	struct buf out = buf_in(call->out->arena, 64u << 20);

	(void)arg;
	stanza_write(&out, node);
	MUST(!out.failed);
	return OK;
}

static void same_octets(void *arg, void *out, size_t size)
{
	(void)arg;
	memset(out, 42, size);
}

static void be_linked(struct device *device)
{
	uint8_t seed[DEVICE_SEED_SIZE];

	memset(seed, 7, sizeof seed);
	device_make(device, seed);
	device->is_paired = true;
	MUST(wa_text_set(&device->pn.user, S("15550001111")));
	MUST(wa_text_set(&device->lid.user, S("10000000001111")));
	device->pn.device = device->lid.device = 7;
}

static void say_something(struct wa_client *c, const struct wa_call *call)
{
	Wa__Message message = WA__MESSAGE__INIT;
	struct wa_send send = { .id = S("3EB001"), .message = &message,
		.to = { .user = S("5511999990000"), .server = JID_SERVER_PN } };

	message.conversation = (char *)"hello";
	MUST(wa_client_online(c, call) == OK);
	MUST(wa_client_send(c, call, &send) == OK);
}

static void feed(struct wa_client *c, const struct wa_call *call, bytes in)
{
	while (in.len > 2) {
		size_t len = (size_t)in.ptr[0] << 8 | in.ptr[1];
		struct node *node = ARENA_NEW(call->out->arena, struct node);
		const char *why;

		in = (bytes){ in.ptr + 2, in.len - 2 };
		len = len < in.len ? len : in.len;
		if (stanza_read(call->out->arena, (bytes){ in.ptr, len }, node, &why) == OK) {
			enum err e = wa_client_take(c, call, node);

			MUST(e == OK || e == ERR_LIMIT);
		}
		in = (bytes){ in.ptr + len, in.len - len };
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct shelf shelf = { .arena = arena };
	struct device *device = ARENA_NEW(arena, struct device);
	struct wa_client_config config = { .device = device,
		.store = { get, put, erase, scan, &shelf }, .send = take, .random = same_octets };
	struct wa_clock now = { 1000, 1790000000000 };
	struct wa_output out;
	struct wa_call call = { &now, &out };
	struct wa_client *c;

	crypto_init();
	be_linked(device);
	wa_output_init(&out, arena);
	MUST(wa_client_create(&config, &c) == OK);
	say_something(c, &call);
	feed(c, &call, (bytes){ data, size });
	now.mono_ms += 100000;
	now.wall_ms += 100000;
	MUST(wa_client_tick(c, &call) == OK);
	MUST(wa_client_offline(c, &call) == OK);
	wa_client_destroy(c);
	return 0;
}
