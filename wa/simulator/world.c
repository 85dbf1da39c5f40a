/* world.c: see world.h. */
#include "wa/simulator/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define START_MS 1800000000000
#define LINKS_MAX 1024
#define ARENA_MAX (64u << 20)

/* Octets on their way to a link; without any: the connection was closed. */
struct parcel { struct parcel *next; struct world_line *line; size_t len; uint8_t octets[]; };

/* A connection. It outlives its end, for what is still on its way. */
struct world_line { struct world_line *next; struct world_link *link; struct sim_conn *conn; };

struct world {
	struct sim *sim;
	struct arena *arena;            /* of the call that runs */
	struct parcel *first, **last;
	struct world_line *lines;
	struct world_link *links[LINKS_MAX];
	size_t count;
	int64_t now_ms;
	uint64_t random;
};

uint32_t world_any(struct world *w, uint32_t below)
{
	w->random = w->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(w->random >> 33) % below;
}

static void draw(void *arg, void *out, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)out)[i] = (uint8_t)world_any(arg, 256);
}

/* ---- the wire ---- */

static struct world *world_of(struct world_line *line)
{
	return line->link->world;
}

static void post(struct world_line *line, bytes octets)
{
	struct parcel *p = heap_alloc(sizeof *p + octets.len);
	struct world *w = world_of(line);

	*p = (struct parcel){ .line = line, .len = octets.len };
	if (octets.len)
		memcpy(p->octets, octets.ptr, octets.len);
	*w->last = p;
	w->last = &p->next;
}

static void on_send(void *conn, bytes octets)
{
	post(conn, octets);
}

static void on_close(void *conn)
{
	post(conn, BYTES_NONE);
}

static void hang_up(struct world_link *l)
{
	if (l->line && l->line->conn)
		sim_closed(l->line->conn);
	if (l->line)
		l->line->conn = NULL;
	l->line = NULL;
}

static void dial(struct world_link *l)
{
	struct world *w = l->world;
	struct world_line *line = HEAP_NEW(struct world_line);

	hang_up(l);
	*line = (struct world_line){ .next = w->lines, .link = l };
	w->lines = l->line = line;
	line->conn = sim_open(w->sim, line, w->now_ms);
}

/* ---- calls ---- */

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void load(struct world_link *l)
{
	struct wa_config config = { .client = { WA_VERSION_DEFAULT, S("Linux"), false },
		.root = sim_root(l->world->sim), .store = wa_memory_store(l->memory),
		.random = draw, .random_arg = l->world };

	if (wa_link_create(&config, &l->link) != OK)
		abort();
}

static enum err start(struct world_link *l, const struct wa_call *call, void *arg)
{
	(void)arg;
	return wa_link_start(l->link, call);
}

/* All that was not committed is gone; the program starts anew. */
void world_crash(struct world_link *l)
{
	l->crash = WORLD_FINE;
	l->crash_at_store = 0;
	l->crashes++;
	wa_memory_fail_at(l->memory, 0);
	wa_memory_rollback(l->memory);
	wa_link_destroy(l->link);
	hang_up(l);
	load(l);
	if (wa_link_is_paired(l->link))
		(void)!world_call(l, start, NULL);
}

static void tell(struct world_link *l, const struct wa_output *out)
{
	for (const struct wa_event *e = out->events; e; e = e->next) {
		if (e->kind == WA_EVENT_QR)
			snprintf(l->qr, sizeof l->qr, STR_F, STR_A(e->text));
		if (l->told)
			l->told(l, e);
	}
}

static enum err opened(struct world_link *l, const struct wa_call *call, void *arg)
{
	(void)arg;
	return wa_link_opened(l->link, call);
}

static void send_frames(struct world_link *l, const struct wa_output *out)
{
	for (const struct wa_frame *f = out->frames; f && l->line && l->line->conn; f = f->next)
		sim_feed(l->line->conn, f->octets, l->world->now_ms);
	if (out->disconnect)
		hang_up(l);
	if (!out->connect)
		return;
	dial(l);
	(void)!world_call(l, opened, NULL);
}

enum err world_call(struct world_link *l,
	enum err (*run)(struct world_link *l, const struct wa_call *call, void *arg), void *arg)
{
	struct world *w = l->world;
	struct arena *outer = w->arena;
	struct wa_clock now = { w->now_ms - START_MS + 1000, w->now_ms };
	struct wa_output out;
	struct wa_call call = { &now, &out };
	enum world_crash how;
	int64_t begin;
	enum err e;

	w->arena = arena_create(ARENA_MAX);
	wa_output_init(&out, w->arena);
	wa_memory_fail_at(l->memory, l->crash_at_store);
	begin = cpu_ns();
	e = run(l, &call, arg);
	l->cpu_ns += cpu_ns() - begin;
	wa_memory_fail_at(l->memory, 0);
	l->calls++;
	how = e == ERR_STORE ? WORLD_BEFORE_COMMIT : l->crash;
	if (how != WORLD_BEFORE_COMMIT) {
		wa_memory_commit(l->memory);
		tell(l, &out);
	}
	if (how == WORLD_FINE)
		send_frames(l, &out);
	else
		world_crash(l);
	arena_destroy(w->arena);
	w->arena = outer;
	return e;
}

static enum err feed(struct world_link *l, const struct wa_call *call, void *arg)
{
	const struct parcel *p = arg;

	return p->len ? wa_link_feed(l->link, call, (bytes){ p->octets, p->len })
		      : wa_link_closed(l->link, call);
}

static enum err closed(struct world_link *l, const struct wa_call *call, void *arg)
{
	(void)arg;
	return wa_link_closed(l->link, call);
}

static enum err tick(struct world_link *l, const struct wa_call *call, void *arg)
{
	(void)arg;
	return wa_link_tick(l->link, call);
}

void world_run(struct world *w)
{
	while (w->first) {
		struct parcel *p = w->first;
		struct world_link *l = p->line->link;

		w->first = p->next;
		if (!w->first)
			w->last = &w->first;
		/* What was on its way over a connection that is gone is gone with it. */
		if (l->line == p->line) {
			if (!p->len)
				hang_up(l);
			(void)!world_call(l, feed, p);
		}
		heap_free(p);
	}
}

static int64_t wall(int64_t mono_ms)
{
	return mono_ms == INT64_MAX ? INT64_MAX : mono_ms + START_MS - 1000;
}

void world_pass(struct world *w, int64_t ms)
{
	int64_t end = w->now_ms + ms;

	while (w->now_ms < end) {
		int64_t next = end;

		for (size_t i = 0; i < w->count; i++)
			if (wall(wa_link_deadline(w->links[i]->link)) < next)
				next = wall(wa_link_deadline(w->links[i]->link));
		w->now_ms = next > w->now_ms ? next : w->now_ms + 1;
		for (size_t i = 0; i < w->count; i++)
			if (wall(wa_link_deadline(w->links[i]->link)) <= w->now_ms)
				(void)!world_call(w->links[i], tick, NULL);
		world_run(w);
	}
}

void world_cut(struct world_link *l)
{
	if (!l->line)
		return;
	hang_up(l);
	(void)!world_call(l, closed, NULL);
}

bool world_is_open(const struct world_link *l)
{
	return wa_link_state(l->link) == WA_OPEN;
}

/* ---- what is said ---- */

struct say { const struct jid *to; str id, text; };

static enum err say(struct world_link *l, const struct wa_call *call, void *arg)
{
	const struct say *s = arg;
	Wa__Message message = WA__MESSAGE__INIT;
	struct wa_send send = { .id = s->id, .to = *s->to, .message = &message };

	message.conversation = (char *)arena_cstr(call->out->arena, s->text);
	return wa_client_send(wa_link_client(l->link), call, &send);
}

enum err world_say(struct world_link *l, const struct jid *to, str id, str text)
{
	return world_call(l, say, &(struct say){ to, id, text });
}

/* ---- the world ---- */

struct world *world_create(uint64_t seed)
{
	struct world *w = HEAP_NEW(struct world);
	struct sim_config config = { .send = on_send, .close = on_close, .random = draw, .arg = w };

	crypto_init();
	*w = (struct world){ .now_ms = START_MS, .random = seed };
	w->last = &w->first;
	w->sim = sim_create(&config);
	return w;
}

void world_destroy(struct world *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->count; i++) {
		hang_up(w->links[i]);
		wa_link_destroy(w->links[i]->link);
		wa_memory_destroy(w->links[i]->memory);
		heap_free(w->links[i]);
	}
	sim_destroy(w->sim);
	for (struct parcel *p = w->first, *next; p; p = next) {
		next = p->next;
		heap_free(p);
	}
	for (struct world_line *line = w->lines, *next; line; line = next) {
		next = line->next;
		heap_free(line);
	}
	heap_free(w);
}

struct sim *world_sim(struct world *w)
{
	return w->sim;
}

int64_t world_now_ms(const struct world *w)
{
	return w->now_ms;
}

size_t world_count(const struct world *w)
{
	return w->count;
}

struct world_link *world_at(struct world *w, size_t number)
{
	return w->links[number];
}

struct world_link *world_add(struct world *w, const char *phone)
{
	struct world_link *l = HEAP_NEW(struct world_link);
	const char *why;

	if (w->count == LINKS_MAX)
		abort();
	*l = (struct world_link){ .world = w, .number = w->count, .memory = wa_memory_create() };
	snprintf(l->phone, sizeof l->phone, "%s", phone);
	w->links[w->count++] = l;
	load(l);
	(void)!world_call(l, start, NULL);
	world_run(w);
	(void)!sim_scan(w->sim, str_of(l->qr), str_of(l->phone), w->now_ms, &why);
	world_run(w);
	return l;
}
