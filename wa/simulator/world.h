/*
 * world.h: linked devices and the simulated network in one process, without I/O: for chaos tests
 * and the bench of CPU.
 *
 * Each link has a store in memory; a call is a transaction, as with the server: what came of it is
 * sent and told after the commit. A crash takes the link away at a point of the caller's wish and
 * loads it anew of what was committed. The clock is a number; random octets come of a seed.
 */
#ifndef WA_SIMULATOR_WORLD_H
#define WA_SIMULATOR_WORLD_H

#include "wa/session/memory.h"
#include "wa/simulator/simulator.h"
#include "wa/wa.h"

struct world;

enum world_crash {
	WORLD_FINE,
	WORLD_BEFORE_COMMIT,    /* all of the call is lost */
	WORLD_AFTER_COMMIT,     /* it is kept and told, and nothing of it is sent */
};

struct world_link {
	struct world *world;
	size_t number;
	char phone[24];
	struct wa_memory *memory;
	struct wa_link *link;
	struct world_line *line;        /* the connection, or NULL */
	/* The next call ends so; or one whose n-th call of the store fails, before the commit. */
	enum world_crash crash;
	size_t crash_at_store;
	unsigned crashes, calls;
	int64_t cpu_ns;                 /* spent in calls of wa/ */
	char qr[1024];
	/* Event is told; it lives for the call. */
	void (*told)(struct world_link *l, const struct wa_event *event);
	void *arg;
};

struct world *world_create(uint64_t seed);
void world_destroy(struct world *w);
struct sim *world_sim(struct world *w);
int64_t world_now_ms(const struct world *w);
uint32_t world_any(struct world *w, uint32_t below);

/* A number of that phone: paired, logged in, and quiet. */
struct world_link *world_add(struct world *w, const char *phone);
size_t world_count(const struct world *w);
struct world_link *world_at(struct world *w, size_t number);

/* Carries octets both ways until nothing is under way. */
void world_run(struct world *w);
/* The clock goes on, with all that happens meanwhile. */
void world_pass(struct world *w, int64_t ms);
/* The connection is cut, and noticed. */
void world_cut(struct world_link *l);
/* The program dies between two calls, and starts anew. */
void world_crash(struct world_link *l);
bool world_is_open(const struct world_link *l);

/* A text, by an id; what wa_client_send() says. OK, and crashed: it may be lost. */
enum err world_say(struct world_link *l, const struct jid *to, str id, str text);
/* Any call of a client: `call` within the transaction. */
enum err world_call(struct world_link *l,
	enum err (*run)(struct world_link *l, const struct wa_call *call, void *arg), void *arg);

#endif
