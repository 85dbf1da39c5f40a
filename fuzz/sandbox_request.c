/*
 * sandbox_request.c: whatever is sent to the sandbox is answered, once: sends, customers' messages,
 * customers, faults.
 *
 * The first octet chooses the handler, the rest is the body. A real sandbox runs, without webhook
 * URL, so nothing leaves. This includes also the limits of provider/cloud/check*.c, which the
 * sandbox holds its senders to.
 */
#include "crypto/crypto.h"
#include "fuzz/fuzz.h"
#include "net/http_internal.h"
#include "provider/sandbox/sandbox_internal.h"

#define INPUTS_BETWEEN_RESETS 200

static struct loop *loop;
static struct sandbox *sandbox;
static struct http_server server;
static struct conn conn; /* gone already: answers go nowhere */

static const struct {
	void (*handler)(const struct request *req, struct exchange *ex);
	const char *params[2];
} handlers[] = {
	{ graph_send, { "v24.0", "106540352242922" } },
	{ control_customer_message, { "12025550142" } },
	{ control_customer_create, { NULL } },
	{ control_fault_add, { NULL } },
	{ control_customer_read, { "12025550142" } },
	{ graph_subscriptions, { "v24.0", "102290129340398" } },
};

static void start(void)
{
	struct sandbox_config config = sandbox_defaults();
	str why = STR_NONE;

	crypto_init();
	loop = loop_create();
	MUST(sandbox_start(loop, pool_create("fuzz", 1, 8, NULL), &config, &sandbox, &why) == OK);
	sandbox->settings.pace_per_second = sandbox->settings.pair_interval_ms = 0;
	sandbox->settings.sent_ms = sandbox->settings.delivered_ms = 0;
	server = (struct http_server){ .loop = loop, .holders = 1 };
	conn = (struct conn){ .server = &server, .stream = { .dead = true } };
}

struct input {
	const uint8_t *data;
	size_t size;
};

static void handle(void *arg)
{
	const struct input *in = arg;
	size_t which = in->size ? in->data[0] % COUNT_OF(handlers) : 0;
	struct header token = { S("Authorization"), S("Bearer sandbox-token") };
	struct exchange *ex = exchange_create(&conn);

	ex->req = (struct request){ .method = HTTP_POST, .headers = &token, .header_count = 1 };
	if (in->size > 1)
		ex->req.body = bytes_of(
			arena_str(ex->arena, (str){ (const char *)in->data + 1, in->size - 1 }));
	for (size_t i = 0; i < 2; i++)
		ex->req.params[i] = str_of(handlers[which].params[i]);
	customer_make(sandbox, S("12025550142"), S("Ana"));
	handlers[which].handler(&ex->req, ex);
	sandbox->fault_count = 0;
	MUST(server.holders == 1);
	loop_stop(loop);
}

static void clear(void)
{
	webhooks_clear(sandbox);
	sandbox_cancel_all(sandbox);
	people_clear(sandbox);
	journal_clear(sandbox->journal);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned count;
	struct input in = { data, size };

	if (!loop)
		start();
	loop_post(loop, handle, &in);
	loop_run(loop);
	if (++count % INPUTS_BETWEEN_RESETS == 0)
		clear();
	return 0;
}
