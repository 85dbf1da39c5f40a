/*
 * client.c: whatever stanzas a server sends one after the other, a client takes them: it keeps,
 * asks and tells what it likes, and never refuses. An input is frames, each after its length (two
 * octets, the higher first).
 */
#include "fuzz/fuzz.h"
#include "wa/client/client.h"
#include "wa/session/memory.h"

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
	struct wa_memory *memory = wa_memory_create();
	struct device *device = ARENA_NEW(arena, struct device);
	struct wa_client_config config = { .device = device,
		.store = wa_memory_store(memory), .send = take, .random = same_octets };
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
	wa_memory_destroy(memory);
	return 0;
}
