/* outbox_test.c: the outbox with real rows, and a network that nobody is at. */
#include "account/channel.h"
#include "base/clock.h"
#include "inbox/test_inbox.h"
#include "jobs/jobs.h"

#include <time.h>

#define PATIENCE_MS 20000

static struct pool *callers;
static struct outbox *outbox;

static void start(struct job *job)
{
	channel_set_base_url("cloud", "http://127.0.0.1:1/v24.0", true);
	callers = pool_create("call", 2, 16, job->store);
	outbox = outbox_create(&(struct outbox_config){
		.store = job->store, .callers = callers, .unconfirmed_wait_ms = 1000 });
}

static void stop(void)
{
	outbox_destroy(outbox);
	pool_destroy(callers);
}

static struct message settled(struct job *job, id64 id)
{
	struct timespec pause = { .tv_nsec = 10000000 };
	int64_t end_ms = clock_now_ms() + PATIENCE_MS;
	struct message msg;

	do {
		EXPECT_OK(message_get(job, id, &msg));
		nanosleep(&pause, NULL);
	} while (msg.status != STATUS_FAILED && clock_now_ms() < end_ms);
	return msg;
}

static id64 waiting_on(struct job *job, const struct channel *ch, const char *remote_id)
{
	struct provider_event text = test_says("12025550101", remote_id, "hi", TEST_NOW_MS);
	struct conversation conv;

	test_apply(job, ch, &text, NULL);
	conv = test_conversation(job, ch, remote_id);
	return test_outgoing(job, &conv, "Hello!");
}

STORE_TEST(what_waits_on_a_deleted_channel_fails_and_holds_up_nobody)
{
	struct channel *gone = test_channel(job), *other = test_another_channel(job, 2);
	id64 lost = waiting_on(job, gone, "A"), kept = waiting_on(job, other, "B");
	struct message msg;

	EXPECT_OK(channel_delete(job, gone->id, STR_NONE));
	start(job);
	/* It is old, so the network that nobody is at makes it fail at its first attempt. */
	EXPECT_INT(settled(job, kept).status, STATUS_FAILED);
	msg = settled(job, lost);
	EXPECT_INT(msg.status, STATUS_FAILED);
	EXPECT(str_has(msg.error, S("channel_deleted")));
	stop();
}
