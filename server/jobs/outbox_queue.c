/* outbox_queue.c: the hand-over between the outbox thread and the call workers; start and stop. */
#include "base/clock.h"
#include "jobs/outbox_internal.h"

enum { FULL_POOL_WAIT_MS = 200 };

struct call {
	struct outbox *outbox;
	struct outbox_result *result;
};

bool outbox_is_stopping(struct outbox *outbox)
{
	bool stopping;

	pthread_mutex_lock(&outbox->lock);
	stopping = outbox->stopping;
	pthread_mutex_unlock(&outbox->lock);
	return stopping;
}

static void append(struct outbox_result **list, struct outbox_result *more)
{
	while (*list)
		list = &(*list)->next;
	*list = more;
}

bool outbox_take_results(struct outbox *outbox, struct outbox_result **results)
{
	struct timespec until = clock_deadline(outbox->wait_ms);
	bool go_on;

	pthread_mutex_lock(&outbox->lock);
	outbox->shown = outbox->figures;
	while (!outbox->woken && !outbox->results && !(outbox->stopping && outbox->calls == 0))
		if (pthread_cond_timedwait(&outbox->wake, &outbox->lock, &until) != 0)
			break;
	outbox->woken = false;
	append(results, outbox->results);
	outbox->results = NULL;
	go_on = !outbox->stopping || outbox->calls > 0 || *results;
	pthread_mutex_unlock(&outbox->lock);
	return go_on;
}

void outbox_finish(struct outbox *outbox, struct outbox_result *result)
{
	result->ended_ms = clock_now_ms();
	pthread_mutex_lock(&outbox->lock);
	outbox->calls--;
	result->next = outbox->results;
	outbox->results = result;
	pthread_cond_signal(&outbox->wake);
	pthread_mutex_unlock(&outbox->lock);
}

static enum err run_call(struct job *job, void *arg)
{
	struct call *call = arg;

	outbox_call(job, call->result);
	outbox_finish(call->outbox, call->result);
	heap_free(call);
	return OK;
}

/* While calls to one channel hang, those to others do not queue behind them. */
static struct pool *workers_for(struct outbox *outbox)
{
	bool stalled = outbox->config.spare &&
	               outbox_look_for_stalls(outbox, clock_now_ms());

	return stalled ? outbox->config.spare : outbox->config.callers;
}

void outbox_hand_out(struct outbox *outbox, const struct outbox_item_row *item, bool is_trial)
{
	struct outbox_result *result = HEAP_NEW(struct outbox_result);
	struct call *call = HEAP_NEW(struct call);

	result->item = *item;
	result->is_trial = is_trial;
	result->started_ms = clock_now_ms();
	*call = (struct call){ outbox, result };
	pthread_mutex_lock(&outbox->lock);
	outbox->calls++;
	pthread_mutex_unlock(&outbox->lock);
	if (pool_post(workers_for(outbox), (struct task){ "send", run_call, NULL, call }))
		return;
	heap_free(call);
	result->outcome = OUTCOME_RETRY;
	result->wait_ms = FULL_POOL_WAIT_MS;
	result->code = S("busy");
	result->sentence = S("All call workers are busy.");
	outbox_finish(outbox, result);
}

void outbox_wake(struct outbox *outbox)
{
	pthread_mutex_lock(&outbox->lock);
	outbox->woken = true;
	pthread_cond_signal(&outbox->wake);
	pthread_mutex_unlock(&outbox->lock);
}

struct outbox *outbox_create(const struct outbox_config *config)
{
	struct outbox *outbox = HEAP_NEW(struct outbox);

	outbox->config = *config;
	outbox->pace = pace_create(OUTBOX_PAIRS_MAX);
	pthread_mutex_init(&outbox->lock, NULL);
	clock_cond_init(&outbox->wake);
	pthread_create(&outbox->thread, NULL, outbox_thread, outbox);
	pthread_setname_np(outbox->thread, "outbox");
	return outbox;
}

void outbox_destroy(struct outbox *outbox)
{
	if (!outbox)
		return;
	pthread_mutex_lock(&outbox->lock);
	outbox->stopping = true;
	pthread_cond_signal(&outbox->wake);
	pthread_mutex_unlock(&outbox->lock);
	pthread_join(outbox->thread, NULL);
	pace_destroy(outbox->pace);
	pthread_mutex_destroy(&outbox->lock);
	pthread_cond_destroy(&outbox->wake);
	heap_free(outbox);
}

void outbox_figures(struct outbox *outbox, struct outbox_figures *out)
{
	pthread_mutex_lock(&outbox->lock);
	*out = outbox->shown;
	pthread_mutex_unlock(&outbox->lock);
}
