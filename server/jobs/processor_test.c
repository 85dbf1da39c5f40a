/* processor_test.c: stored webhooks, applied by the thread that does so. */
#include "account/seal.h"
#include "base/clock.h"
#include "inbox/test_inbox.h"
#include "jobs/jobs.h"

#include <time.h>

#define PATIENCE_MS 60000

static void wait_for_applied(struct processor *processor, uint64_t count)
{
	struct timespec pause = { .tv_nsec = 10000000 };
	int64_t end_ms = clock_now_ms() + PATIENCE_MS;
	struct processor_figures figures;

	do {
		processor_figures(processor, &figures);
		nanosleep(&pause, NULL);
	} while (figures.applied < count && clock_now_ms() < end_ms);
	EXPECT_INT(figures.applied, count);
}

/* A history sync brings webhooks of 3 MB, and many of them at once. */
static bytes large_event(struct job *job, size_t size)
{
	struct buf text = buf_in(job->arena, size + 100);
	bytes sealed;

	buf_str(&text, S("{\"object\":\"whatsapp_business_account\",\"entry\":[],\"pad\":\""));
	memset(buf_space(&text, size), 'x', size);
	buf_str(&text, S("\"}"));
	EXPECT_OK(seal(job, SEAL_EVENT, buf_text(&text), &sealed));
	return sealed;
}

STORE_TEST(many_large_events_are_applied_in_bounded_memory)
{
	enum { EVENTS = 32, SIZE = 2900000 };
	const struct channel *ch = test_channel(job);
	bytes sealed = large_event(job, SIZE);
	struct processor *processor;

	EXPECT_OK(db_begin(job, DB_WRITE));
	for (uint8_t i = 0; i < EVENTS; i++)
		EXPECT_OK(sql_intake_event_add(job, &(struct sql_intake_event_add){
			.id = job_id(job), .workspace = job->workspace, .channel = ch->id,
			.dedup = { &i, 1 }, .payload = sealed }, NULL));
	EXPECT_OK(db_commit(job));
	processor = processor_create(job->store);
	wait_for_applied(processor, EVENTS);
	processor_destroy(processor);
}
