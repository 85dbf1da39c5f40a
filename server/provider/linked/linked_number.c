/*
 * linked_number.c: the lane of a number: what came, in order, each turn in one transaction.
 *
 *	take what waits ─► begin ─► wa/ ─► rows and raw events ─► commit ─► frames leave, people
 *hear
 *
 * The one rule: a turn that fails has sent nothing; its session is dropped, its connection cut, and
 * both are made anew of what the store has.
 */
#include "provider/linked/history.h"
#include "provider/linked/linked_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/crypto.h"

#include <stdio.h>

/* ---- to the lane ---- */

static enum err run_turns(struct job *job, void *arg);

/* With the lock held. */
static void post(struct linked *n)
{
	if (n->is_posted)
		return;
	n->is_posted = lane_post(n->lane, (struct task){ "linked", run_turns, NULL, n });
	if (n->is_posted)
		n->references++;
}

static void finish_call(struct linked_call *call, enum err e, const struct job *job)
{
	call->err = e;
	if (e != OK && job) {
		snprintf(call->why, sizeof call->why, STR_F, STR_A(job->why));
		snprintf(call->next_step, sizeof call->next_step, STR_F, STR_A(job->next_step));
		snprintf(call->code, sizeof call->code, STR_F, STR_A(job->code));
		call->retry_after_ms = job->retry_after_ms;
	}
	linked_lock();
	call->is_done = true;
	pthread_cond_signal(&call->done);
	linked_unlock();
}

void linked_put(struct linked *n, struct linked_input *input)
{
	bool fits;

	linked_lock();
	fits = !linked_manager.is_stopping && n->waiting_octets + input->len <= LINKED_INPUT_MAX;
	if (fits) {
		input->next = NULL;
		*n->last = input;
		n->last = &input->next;
		n->waiting_octets += input->len;
		post(n);
	}
	linked_unlock();
	if (fits)
		return;
	if (input->call) {
		snprintf(input->call->why, sizeof input->call->why, "The server is stopping.");
		finish_call(input->call, ERR_UPSTREAM, NULL);
	}
	heap_free(input);
}

void linked_put_kind(struct linked *n, enum linked_input_kind kind, uint32_t connection)
{
	struct linked_input *input = HEAP_NEW(struct linked_input);

	input->kind = kind;
	input->connection = connection;
	linked_put(n, input);
}

void linked_call_begin(struct linked *n, struct linked_call *call)
{
	struct linked_input *input = HEAP_NEW(struct linked_input);

	input->kind = INPUT_CALL;
	input->call = call;
	clock_cond_init(&call->done);
	linked_put(n, input);
}

enum err linked_call_end(struct job *job, struct linked_call *call)
{
	linked_lock();
	/* The lane runs all that it took, so this ends. */
	while (!call->is_done)
		pthread_cond_wait(&call->done, &linked_manager.lock);
	linked_unlock();
	pthread_cond_destroy(&call->done);
	if (call->err == OK)
		return OK;
	job->retry_after_ms = call->retry_after_ms;
	job->why = arena_str(job->arena, str_of(call->why));
	job->code = arena_str(job->arena, str_of(call->code));
	job->next_step = arena_str(job->arena, str_of(call->next_step));
	return call->err;
}

enum err linked_run(struct job *job, struct linked *n,
	enum err (*run)(struct turn *turn, void *arg), void *arg)
{
	struct linked_call call = { .run = run, .arg = arg };

	linked_call_begin(n, &call);
	return linked_call_end(job, &call);
}

/* ---- waiting for the network ---- */

void linked_wait_init(struct linked_waiter *waiter, const char *id)
{
	*waiter = (struct linked_waiter){ .id = id,
		.tag = id ? 0 : atomic_fetch_add(&linked_manager.next_tag, 1) + 1 };
	waiter->answer = buf_heap(STANZA_INFLATED_MAX);
	clock_cond_init(&waiter->done);
}

void linked_wait_add(struct linked *n, struct linked_waiter *waiter)
{
	linked_lock();
	waiter->next = n->waiters;
	n->waiters = waiter;
	linked_unlock();
}

static void forget_waiter(struct linked *n, struct linked_waiter *waiter)
{
	for (struct linked_waiter **at = &n->waiters; *at; at = &(*at)->next) {
		if (*at != waiter)
			continue;
		*at = waiter->next;
		return;
	}
}

bool linked_wait(struct linked *n, struct linked_waiter *waiter, int64_t ms)
{
	struct timespec until = clock_deadline(ms);

	linked_lock();
	while (!waiter->is_done && !linked_manager.is_stopping)
		if (pthread_cond_timedwait(&waiter->done, &linked_manager.lock, &until) != 0)
			break;
	forget_waiter(n, waiter);
	linked_unlock();
	pthread_cond_destroy(&waiter->done);
	return waiter->is_done;
}

/* ---- loading ---- */

static void make_random(void *arg, void *out, size_t size)
{
	(void)arg;
	crypto_random(out, size);
}

static enum err take_lease(struct turn *turn)
{
	const struct linked_host *host = &linked_manager.host;
	int64_t changed;

	TRY(sql_linked_lease_take(turn->job,
		&(struct sql_linked_lease_take){ .channel = turn->n->channel,
			.node = host->node,
			.until_ms = turn->clock.wall_ms + linked_time(LINKED_LEASE_MS),
			.now_ms = turn->clock.wall_ms },
		&changed));
	if (changed)
		return OK;
	return fail_code(turn->job, ERR_CONFLICT, S("other_node"),
		S("Ask the other server, or stop it: this one takes over soon."),
		"Another server of the fleet holds this number.");
}

enum err linked_load(struct turn *turn)
{
	struct linked *n = turn->n;
	struct linked_number_row row;
	struct wa_config config = { .client = { .os = S("Parley") },
		.root = linked_manager.root,
		.store = linked_store,
		.random = make_random,
		.hurry = linked_manager.host.hurry };
	struct wa_link *link;

	if (n->link)
		return OK;
	TRY(take_lease(turn));
	TRY(sql_linked_number_get(turn->job, &(struct sql_linked_number_get){ n->channel }, &row));
	config.store.arg = n;
	n->hold = atomic_load(&linked_manager.holds);
	linked_lock();
	config.client.version = linked_manager.version;
	n->version = linked_manager.version_number;
	linked_unlock();
	if (wa_link_create(&config, &link) != OK)
		return fail(turn->job, ERR_CORRUPT, "the keys of a linked number cannot be read");
	n->link = link;
	n->is_paired = row.paired != 0;
	return OK;
}

void linked_unload(struct linked *n)
{
	wa_link_destroy(n->link);
	n->link = NULL;
}

enum err linked_turn_channel(struct turn *turn, struct channel **out)
{
	if (!turn->ch)
		TRY(linked_manager.host.channel(turn->job, turn->n->channel, &turn->ch));
	*out = turn->ch;
	return OK;
}

/* ---- one turn ---- */

static void turn_init(struct turn *turn, struct job *job, struct linked *n)
{
	*turn = (struct turn){ .job = job, .n = n };
	job->now_ms = clock_now_ms();
	job->workspace = n->workspace;
	turn->clock = (struct wa_clock){ clock_monotonic_us() / 1000, job->now_ms };
	wa_output_init(&turn->out, job->arena);
	turn->call = (struct wa_call){ &turn->clock, &turn->out };
	n->turn = turn;
}

/* A newer version of the client is taken where no connection suffers. */
static bool is_outdated(const struct linked *n)
{
	bool outdated;

	linked_lock();
	outdated = n->version != linked_manager.version_number;
	linked_unlock();
	return outdated && n->link && !n->is_connected;
}

static enum err start(struct turn *turn)
{
	struct linked_number_row row;

	if (is_outdated(turn->n))
		linked_unload(turn->n);
	TRY(linked_load(turn));
	TRY(sql_linked_number_get(turn->job, &(struct sql_linked_number_get){ turn->n->channel },
		&row));
	if (!row.wanted || !wa_link_is_paired(turn->n->link))
		return OK;
	return wa_link_start(turn->n->link, &turn->call);
}

static enum err take_input(struct turn *turn, const struct linked_input *in)
{
	struct linked *n = turn->n;

	/* It has fired, perhaps a little early. */
	if (in->kind == INPUT_TICK)
		n->armed_ms = INT64_MAX;
	if (in->kind == INPUT_CALL)
		return in->call->run(turn, in->call->arg);
	if (in->kind == INPUT_START)
		return start(turn);
	if (!n->link)
		return OK;
	if (in->kind == INPUT_TICK) {
		if (is_outdated(n))
			return start(turn);
		return wa_link_tick(n->link, &turn->call);
	}
	if (in->connection != n->connection || !n->is_connected)
		return OK;
	switch (in->kind) {
	case INPUT_OPENED:
		return wa_link_opened(n->link, &turn->call);
	case INPUT_OCTETS:
		return wa_link_feed(n->link, &turn->call, (bytes){ in->octets, in->len });
	case INPUT_CLOSED:
		n->is_connected = false;
		return wa_link_closed(n->link, &turn->call);
	case INPUT_TICK:
	case INPUT_START:
	case INPUT_CALL:
		break;
	}
	return OK;
}

/* Small frames may inflate to much: what is behind them waits for the next task, and its empty
 * arena. */
static bool is_full(const struct job *job)
{
	return arena_used(job->arena) > LINKED_BATCH_MEMORY;
}

/* As many as go together: a call is alone, and behind a change of the connection comes a new turn.
 * *in moves behind what was taken. */
static enum err take_inputs(struct turn *turn, struct linked_input **in)
{
	bool first = true;

	for (; *in; first = false) {
		struct linked_input *next = (*in)->next;
		bool is_call = (*in)->kind == INPUT_CALL;
		enum err e;

		if (is_call && !first)
			return OK;
		e = take_input(turn, *in);
		if (is_call)
			return e;
		TRY(e);
		heap_free(*in);
		*in = next;
		if (turn->out.connect || turn->out.disconnect || is_full(turn->job))
			return OK;
	}
	return OK;
}

static enum err transact(struct turn *turn, struct linked_input **in)
{
	if (!atomic_load(&linked_manager.lease_until_ms))
		return fail_code(turn->job, ERR_CONFLICT, S("not_connected"),
			S("Wait until the number is connected."), "The server has just started.");
	if (turn->clock.wall_ms > atomic_load(&linked_manager.lease_until_ms))
		return fail(turn->job, ERR_STORE,
			"the hold on linked numbers could not be renewed");
	if (turn->n->link && turn->n->hold != atomic_load(&linked_manager.holds))
		return fail(turn->job, ERR_STORE,
			"the hold on linked numbers was renewed too late");
	TRY(db_begin(turn->job, DB_WRITE));
	TRY(take_inputs(turn, in));
	TRY(linked_take_events(turn));
	return db_commit(turn->job);
}

/* ---- after it ---- */

static char *heap_copy(str s)
{
	char *copy = heap_alloc(s.len + 1);

	if (s.len)
		memcpy(copy, s.ptr, s.len);
	return copy;
}

static str proxy_of(struct job *job, const struct channel *ch)
{
	json config = NULL;

	if (json_read(job->arena, ch->config, &config, NULL) != OK)
		return STR_NONE;
	return json_text_at(config, "proxy");
}

static enum err order_connect(struct turn *turn, struct linked_order *order)
{
	struct channel *ch;
	str proxy;

	TRY(linked_turn_channel(turn, &ch));
	proxy = proxy_of(turn->job, ch);
	order->connect = true;
	order->connection = ++turn->n->connection;
	order->allow_private = ch->allow_private;
	order->url = heap_copy(ch->base_url.len ? ch->base_url : S(LINKED_URL_DEFAULT));
	if (proxy.len)
		order->proxy = heap_copy(proxy);
	turn->n->is_connected = true;
	return OK;
}

static size_t add_frames(struct turn *turn, struct linked_order *order)
{
	size_t count = 0;

	order->frames_for = turn->n->connection;
	order->last_piece = &order->pieces;
	for (struct wa_frame *f = turn->out.frames; f; f = f->next) {
		struct linked_piece *piece = heap_alloc(sizeof *piece + f->octets.len);

		piece->len = f->octets.len;
		memcpy(piece->octets, f->octets.ptr, f->octets.len);
		*order->last_piece = piece;
		order->last_piece = &piece->next;
		count++;
	}
	return count;
}

/* When the session wants to be called. A timer that is earlier stays: its tick is for nothing, and
 * cheaper than setting it at each frame. */
static int64_t next_tick(struct linked *n)
{
	int64_t at = n->link ? wa_link_deadline(n->link) : INT64_MAX;

	if (at == n->armed_ms || (at > n->armed_ms && n->armed_ms > clock_monotonic_us() / 1000))
		return -1;
	n->armed_ms = at;
	return at;
}

/* How many frames leave. */
static size_t send_order(struct turn *turn)
{
	struct linked_order *order = HEAP_NEW(struct linked_order);
	struct linked *n = turn->n;
	size_t frames = add_frames(turn, order);

	order->tick_ms = next_tick(n);
	order->disconnect = turn->out.disconnect;
	if (turn->out.disconnect)
		n->is_connected = false;
	if (turn->out.connect && order_connect(turn, order) != OK)
		log_error("linked: the channel of a number cannot be read: " STR_F,
			STR_A(turn->job->why));
	if (!order->pieces && !order->disconnect && !order->connect && order->tick_ms < 0) {
		heap_free(order);
		return 0;
	}
	order->n = linked_keep_reference(n);
	linked_order_send(order);
	return frames;
}

/* What others see of it, in one go. */
static void note_turn(struct linked *n, const struct turn *turn, size_t frames)
{
	bool waits = n->link && wa_link_state(n->link) == WA_BACKOFF;

	linked_lock();
	n->view.retry_ms =
		waits ? turn->clock.wall_ms + wa_link_deadline(n->link) - turn->clock.mono_ms : 0;
	linked_manager.figures.transactions++;
	linked_manager.figures.frames_out += frames;
	linked_unlock();
}

static void after_commit(struct turn *turn)
{
	const struct linked_host *host = &linked_manager.host;

	linked_tell_waiters(turn);
	note_turn(turn->n, turn, send_order(turn));
	/* One that is over needs no memory. */
	if (turn->n->link && wa_link_state(turn->n->link) == WA_CLOSED)
		linked_unload(turn->n);
	if (turn->put_events)
		host->events_put();
	linked_tell_live(turn);
	if (turn->wakes_history)
		linked_history_wake();
	if (turn->changed)
		linked_tell(turn->job, turn->n);
}

static void cut(struct linked *n)
{
	struct linked_order *order = HEAP_NEW(struct linked_order);

	linked_unload(n);
	n->is_connected = false;
	n->armed_ms = INT64_MAX;
	order->n = linked_keep_reference(n);
	order->disconnect = true;
	order->frames_for = n->connection;
	order->tick_ms = INT64_MAX;
	linked_order_send(order);
}

/* What was under way is void: all is made anew of the store, a little later. */
static void failed(struct turn *turn, enum err e)
{
	struct linked *n = turn->n;

	log_warn("linked: channel %lld: a turn failed: %s: " STR_F, (long long)n->channel,
		err_name(e), STR_A(turn->job->why));
	cut(n);
	linked_lock();
	linked_manager.figures.rolled_back++;
	if (n->view.state != LINKED_FAILED && n->view.state != LINKED_BANNED)
		n->view.state = LINKED_DISCONNECTED;
	n->view.reason = "store_failed";
	n->view.sentence = "The keys could not be kept.";
	n->view.next_step = "Look at the disk and the database; it tries again by itself.";
	linked_unlock();
}

static bool is_refusal(enum err e)
{
	return e == ERR_INPUT || e == ERR_LIMIT || e == ERR_CONFLICT || e == ERR_MISSING ||
	       e == ERR_AUTH || e == ERR_UNSUPPORTED;
}

static void reload_later(struct linked *n);

/* One transaction of what stands first in *in, which moves on. */
static void run_turn(struct job *job, struct linked *n, struct linked_input **in)
{
	struct linked_call *call = (*in)->call;
	struct turn turn;
	enum err e;

	turn_init(&turn, job, n);
	e = transact(&turn, in);
	db_rollback(job);
	n->turn = NULL;
	if (e == OK) {
		after_commit(&turn);
	} else if (!is_refusal(e)) {
		failed(&turn, e);
		reload_later(n);
	} else if (!call) {
		/* Another node has it, or its channel is gone: housekeeping looks again. */
		cut(n);
	} else if (n->link && wa_link_state(n->link) == WA_CLOSED) {
		/* Loaded in this turn maybe, whose lease was rolled back with it. */
		linked_unload(n);
	}
	if (call) {
		struct linked_input *done = *in;

		*in = done->next;
		heap_free(done);
		finish_call(call, e, job);
	}
	job_forgive(job);
}

static void on_reload(void *arg)
{
	struct linked *n = arg;

	linked_put_kind(n, INPUT_START, 0);
	linked_drop(n);
}

static void wait_to_reload(void *arg)
{
	(void)loop_after(linked_manager.host.loop, LINKED_RELOAD_MS, on_reload, arg);
}

static void reload_later(struct linked *n)
{
	loop_post(linked_manager.host.loop, wait_to_reload, linked_keep_reference(n));
}

/* ---- the lane's task ---- */

static struct linked_input *take_waiting(struct linked *n)
{
	struct linked_input *in, **end;
	size_t count = 0, octets = 0;

	linked_lock();
	in = n->first;
	for (end = &n->first; *end && count < LINKED_BATCH_MAX && octets < LINKED_BATCH_OCTETS;
		end = &(*end)->next) {
		count++;
		octets += (*end)->len;
	}
	n->first = *end;
	if (!n->first)
		n->last = &n->first;
	*end = NULL;
	n->waiting_octets -= octets;
	n->is_posted = false;
	if (n->first)
		post(n);
	linked_unlock();
	/* The list was cut at its own head when nothing was there. */
	return count ? in : NULL;
}

/* Before all that came meanwhile. */
static void put_back(struct linked *n, struct linked_input *in)
{
	struct linked_input *last = in;

	linked_lock();
	n->waiting_octets += last->len;
	for (; last->next; last = last->next)
		n->waiting_octets += last->next->len;
	last->next = n->first;
	if (!n->first)
		n->last = &last->next;
	n->first = in;
	post(n);
	linked_unlock();
}

static enum err run_turns(struct job *job, void *arg)
{
	struct linked *n = arg;
	struct linked_input *in = take_waiting(n);

	while (in && !is_full(job)) {
		struct linked_input *before = in;

		run_turn(job, n, &in);
		/* What a failed turn did not take belonged to its connection; calls come again. */
		if (in == before) {
			in = before->next;
			heap_free(before);
		}
	}
	if (in)
		put_back(n, in);
	linked_drop(n);
	return OK;
}
