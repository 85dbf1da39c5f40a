/*
 * loop.c: the event loop, work handed to it, timers and signals; see loop.h.
 *
 * One turn: libevent runs what is ready, then the late queue runs (output is written, the dead are
 * buried). The one rule: only `waiting` is shared between threads, under the lock; all else belongs
 * to the loop's thread.
 */
#include "net/loop_internal.h"

#include "runtime/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { RESOLVER_THREADS = 2, RESOLVER_QUEUE_MAX = 1024 };

struct post {
	void (*fn)(void *arg);
	void *arg;
};

/* Keeps its memory, so posting allocates nothing once warm. */
struct posts {
	struct post *items;
	size_t count, cap;
};

struct loop_timer {
	struct event event;
	struct loop *loop;
	struct loop_timer *next, **at;
	void (*fn)(void *arg);
	void *arg;
};

struct signal_handler {
	struct signal_handler *next;
	struct event *event;
	void (*fn)(void *arg);
	void *arg;
};

struct loop {
	struct event_base *base;
	pthread_mutex_t lock;
	struct posts waiting; /* under the lock */
	struct posts running;
	int wake_fd;
	struct event wake;
	struct late *late_first, **late_end;
	struct loop_timer *timers;
	struct signal_handler *signals;
	struct pool *resolver;
	SSL_CTX *client_tls;
	struct loop_slot reader;
	struct loop_ending *endings;
	bool stopping;
	uint8_t input[STREAM_READ_SIZE];
};

static _Thread_local const struct loop *loop_of_this_thread;

bool loop_is_here(const struct loop *loop)
{
	return loop_of_this_thread == loop;
}

static void posts_add(struct posts *posts, struct post post)
{
	if (posts->count == posts->cap) {
		posts->cap = posts->cap ? posts->cap * 2 : 64;
		posts->items = heap_grow(posts->items, posts->cap * sizeof *posts->items);
	}
	posts->items[posts->count++] = post;
}

void loop_post(struct loop *loop, void (*fn)(void *arg), void *arg)
{
	bool was_empty;

	pthread_mutex_lock(&loop->lock);
	was_empty = loop->waiting.count == 0;
	posts_add(&loop->waiting, (struct post){ fn, arg });
	pthread_mutex_unlock(&loop->lock);
	if (was_empty)
		eventfd_write(loop->wake_fd, 1);
}

static void run_posts(struct loop *loop)
{
	struct posts taken;

	pthread_mutex_lock(&loop->lock);
	taken = loop->waiting;
	loop->waiting = loop->running;
	pthread_mutex_unlock(&loop->lock);
	for (size_t i = 0; i < taken.count; i++)
		taken.items[i].fn(taken.items[i].arg);
	taken.count = 0;
	loop->running = taken;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	eventfd_t count;

	(void)what;
	(void)!eventfd_read(fd, &count);
	run_posts(arg);
}

void loop_late(struct loop *loop, struct late *late)
{
	if (late->queued)
		return;
	late->queued = true;
	late->next = NULL;
	*loop->late_end = late;
	loop->late_end = &late->next;
}

static void run_late(struct loop *loop)
{
	while (loop->late_first) {
		struct late *late = loop->late_first;

		loop->late_first = late->next;
		if (!loop->late_first)
			loop->late_end = &loop->late_first;
		late->queued = false;
		late->fn(late);
	}
}

void loop_settle(struct loop *loop)
{
	loop_of_this_thread = loop;
	run_late(loop);
	loop_of_this_thread = NULL;
}

void loop_add_ending(struct loop *loop, struct loop_ending *ending)
{
	ending->next = loop->endings;
	ending->at = &loop->endings;
	if (ending->next)
		ending->next->at = &ending->next;
	loop->endings = ending;
}

void loop_remove_ending(struct loop_ending *ending)
{
	*ending->at = ending->next;
	if (ending->next)
		ending->next->at = ending->at;
}

struct loop *loop_create(void)
{
	struct loop *loop = HEAP_NEW(struct loop);

	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
	loop->base = event_base_new();
	loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (!loop->base || loop->wake_fd < 0)
		abort();
	pthread_mutex_init(&loop->lock, NULL);
	loop->late_end = &loop->late_first;
	event_assign(&loop->wake, loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
	event_add(&loop->wake, NULL);
	return loop;
}

void loop_run(struct loop *loop)
{
	loop_of_this_thread = loop;
	while (!loop->stopping) {
		event_base_loop(loop->base, EVLOOP_ONCE);
		run_late(loop);
	}
	loop->stopping = false;
	loop_of_this_thread = NULL;
}

static void stop_now(void *arg)
{
	struct loop *loop = arg;

	loop->stopping = true;
}

void loop_stop(struct loop *loop)
{
	loop_post(loop, stop_now, loop);
}

static void timer_forget(struct loop_timer *timer)
{
	event_del(&timer->event);
	*timer->at = timer->next;
	if (timer->next)
		timer->next->at = timer->at;
	heap_free(timer);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *timer = arg;
	void (*fn)(void *) = timer->fn;
	void *fn_arg = timer->arg;

	(void)fd;
	(void)what;
	timer_forget(timer);
	fn(fn_arg);
}

struct loop_timer *loop_after(struct loop *loop, int64_t delay_ms, void (*fn)(void *arg), void *arg)
{
	struct loop_timer *timer = HEAP_NEW(struct loop_timer);
	struct timeval delay = { delay_ms / 1000, delay_ms % 1000 * 1000 };

	*timer = (struct loop_timer){
		.loop = loop, .next = loop->timers, .at = &loop->timers, .fn = fn, .arg = arg
	};
	if (timer->next)
		timer->next->at = &timer->next;
	loop->timers = timer;
	evtimer_assign(&timer->event, loop->base, on_timer, timer);
	evtimer_add(&timer->event, &delay);
	return timer;
}

void loop_cancel(struct loop_timer *timer)
{
	if (timer)
		timer_forget(timer);
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct signal_handler *handler = arg;

	(void)fd;
	(void)what;
	handler->fn(handler->arg);
}

void loop_on_signal(struct loop *loop, int signal_number, void (*fn)(void *arg), void *arg)
{
	struct signal_handler *handler = HEAP_NEW(struct signal_handler);

	*handler = (struct signal_handler){ .next = loop->signals, .fn = fn, .arg = arg };
	handler->event = evsignal_new(loop->base, signal_number, on_signal, handler);
	evsignal_add(handler->event, NULL);
	loop->signals = handler;
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

uint8_t *loop_input(struct loop *loop)
{
	return loop->input;
}

struct loop_slot *loop_reader_slot(struct loop *loop)
{
	return &loop->reader;
}

struct pool *loop_resolver(struct loop *loop)
{
	if (!loop->resolver)
		loop->resolver = pool_create("resolve", RESOLVER_THREADS, RESOLVER_QUEUE_MAX, NULL);
	return loop->resolver;
}

SSL_CTX *loop_client_tls(struct loop *loop)
{
	if (!loop->client_tls)
		loop->client_tls = tls_client_context();
	return loop->client_tls;
}

void loop_finish(struct loop *loop)
{
	if (!loop)
		return;
	pool_destroy(loop->resolver);
	loop->resolver = NULL;
	loop_of_this_thread = loop;
	while (loop->waiting.count > 0 || loop->late_first || loop->endings) {
		run_posts(loop);
		if (loop->endings)
			loop->endings->fn(loop->endings);
		run_late(loop);
	}
	loop_of_this_thread = NULL;
}

void loop_destroy(struct loop *loop)
{
	if (!loop)
		return;
	loop_finish(loop);
	while (loop->timers)
		timer_forget(loop->timers);
	while (loop->signals) {
		struct signal_handler *handler = loop->signals;

		loop->signals = handler->next;
		event_free(handler->event);
		heap_free(handler);
	}
	if (loop->reader.what)
		loop->reader.destroy(loop->reader.what);
	event_del(&loop->wake);
	close(loop->wake_fd);
	event_base_free(loop->base);
	SSL_CTX_free(loop->client_tls);
	pthread_mutex_destroy(&loop->lock);
	heap_free(loop->waiting.items);
	heap_free(loop->running.items);
	heap_free(loop);
}
