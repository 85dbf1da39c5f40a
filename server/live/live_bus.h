/*
 * live_bus.h: one channel of Redis that all nodes of a fleet hear.
 *
 * What a node sends, every node gets, itself too, all in one order. A thread sends what waits (a
 * bounded queue), another one listens. When Redis is away nothing is kept: the bus is down, tells
 * so when it is up again, and what was said meanwhile is lost; who uses it mends that
 * (live_nodes.h).
 */
#ifndef LIVE_LIVE_BUS_H
#define LIVE_LIVE_BUS_H

#include "base/str.h"
#include "base/err.h"

#define LIVE_BUS_QUEUE_MAX (32u << 20) /* octets */
#define LIVE_BUS_WAIT_MS 1000          /* for an answer of Redis, and between tries */

struct live_bus;

struct live_bus_config {
	const char *url; /* redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE] */
	/* On the bus's own threads: a message, with the number that Redis gave it (0: none was
	 * asked for); and that the bus is up, or down. */
	void (*receive)(void *arg, int64_t number, str message);
	void (*turned)(void *arg, bool is_up);
	void *arg;
};

/* ERR_INPUT with a sentence in *why for a URL that is none. Redis may come later. */
enum err live_bus_open(const struct live_bus_config *config, struct live_bus **out, str *why);
/* Any thread; copied. above: Redis gives it a number that rises over all nodes and starts, and is
 * above this one (microseconds); below 0: it needs none. False: the bus is down, or the queue is
 * full; nothing was sent. */
bool live_bus_send(struct live_bus *bus, str message, int64_t above);
bool live_bus_is_up(struct live_bus *bus);
/* Sends what waits, if it is up, and ends the threads: nothing is received behind it. */
void live_bus_close(struct live_bus *bus);

#endif
