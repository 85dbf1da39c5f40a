/* webhook_test.c: the deliverer with real rows, and an address that nobody is at. */
#include "account/account_test.h"
#include "account/webhook.h"
#include "base/clock.h"
#include "jobs/jobs.h"
#include "net/client.h"
#include "store/queries.h"

#include <time.h>

#define PATIENCE_MS 20000

static enum err compose(struct job *job, const struct webhook_event_row *event, str *body)
{
	*body = arena_printf(job->arena, "{\"id\":\"%lld\"}", (long long)event->id);
	return OK;
}

static struct webhooks *start(struct job *job, int64_t patience_ms)
{
	http_client_init();
	webhook_set_addresses(true, "443");
	EXPECT_OK(webhooks_load(job));
	return webhooks_create(&(struct webhooks_config){ .store = job->store,
		.workers = 2,
		.patience_ms = patience_ms,
		.compose = compose });
}

static enum webhook_state settled_state(struct job *job, id64 webhook, id64 event)
{
	struct webhook_delivery out;
	struct webhook_attempt *attempts;
	size_t count;

	EXPECT_OK(webhook_delivery_get(job, webhook, event, &out, &attempts, &count));
	return out.state;
}

static struct webhook_delivery settled(struct job *job, id64 webhook, id64 event)
{
	struct timespec pause = { .tv_nsec = 10000000 };
	int64_t end_ms = clock_now_ms() + PATIENCE_MS;
	struct webhook_delivery out;
	struct webhook_attempt *attempts;
	size_t count;

	do {
		EXPECT_OK(webhook_delivery_get(job, webhook, event, &out, &attempts, &count));
		nanosleep(&pause, NULL);
	} while (out.state == WEBHOOK_WAITING && clock_now_ms() < end_ms);
	return out;
}

static struct webhook make(struct job *job, id64 *event)
{
	struct webhook w;

	make_workspace(job, "owner@shop.example");
	webhook_set_addresses(true, "443");
	EXPECT_OK(webhook_create(job,
		&(struct webhook_draft){ .has_url = true, .url = S("http://127.0.0.1:1/") }, &w));
	EXPECT_OK(webhook_test(job, w.id, event));
	return w;
}

STORE_TEST(after_ten_attempts_an_event_is_dead_and_can_be_sent_again)
{
	struct webhook_delivery dead;
	struct webhooks *webhooks;
	struct webhook w;
	int64_t count;
	id64 event;

	w = make(job, &event);
	webhooks = start(job, PATIENCE_MS);
	dead = settled(job, w.id, event);
	webhooks_destroy(webhooks);
	EXPECT_INT(dead.state, WEBHOOK_DEAD);
	EXPECT_INT(dead.attempts, WEBHOOK_ATTEMPTS_MAX);
	EXPECT(dead.error.len > 0);
	EXPECT_OK(webhook_resend(job, w.id, 0, &count));
	EXPECT_INT(count, 1);
	webhooks_close();
}

STORE_TEST(who_fails_for_too_long_is_disabled_and_what_waits_stays)
{
	struct timespec pause = { .tv_nsec = 10000000 };
	int64_t end_ms = clock_now_ms() + PATIENCE_MS;
	struct webhooks *webhooks;
	struct webhook w;
	id64 event;

	w = make(job, &event);
	webhooks = start(job, 0);
	while (!w.disabled_ms && clock_now_ms() < end_ms) {
		nanosleep(&pause, NULL);
		EXPECT_OK(webhook_get(job, w.id, &w));
	}
	webhooks_destroy(webhooks);
	EXPECT(str_has(w.disabled_reason, S("five days")));
	EXPECT_INT(settled_state(job, w.id, event), WEBHOOK_WAITING);
	webhooks_close();
}
