/* id64.c: one atomic word holds the last (millisecond, sequence) pair given out. */
#include "base/id64.h"

#include <stdatomic.h>

enum { SEQ_BITS = 11, NODE_BITS = 10 };

static _Atomic int64_t last; /* milliseconds since the epoch << SEQ_BITS | sequence */
static _Atomic unsigned node_number;

void id64_set_node(unsigned node)
{
	atomic_store(&node_number, node & ID64_NODE_MAX);
}

id64 id64_new(int64_t now_ms)
{
	int64_t floor = now_ms > ID64_EPOCH_MS ? (now_ms - ID64_EPOCH_MS) << SEQ_BITS : 0;
	int64_t before = atomic_load_explicit(&last, memory_order_relaxed);
	int64_t next;

	/* When a millisecond's sequence runs out, the next ones borrow from the future. */
	do {
		next = before + 1 > floor ? before + 1 : floor;
	} while (!atomic_compare_exchange_weak(&last, &before, next));
	return ((next >> SEQ_BITS) << (SEQ_BITS + NODE_BITS)) |
	       ((int64_t)atomic_load_explicit(&node_number, memory_order_relaxed) << SEQ_BITS) |
	       (next & ((1 << SEQ_BITS) - 1));
}

int64_t id64_ms(id64 id)
{
	return (id >> (SEQ_BITS + NODE_BITS)) + ID64_EPOCH_MS;
}

id64 id64_floor(int64_t ms)
{
	return ms <= ID64_EPOCH_MS ? 0 : (ms - ID64_EPOCH_MS) << (SEQ_BITS + NODE_BITS);
}

bool id64_parse(str s, id64 *out)
{
	return s.len > 0 && s.len < ID64_TEXT_MAX && s.ptr[0] >= '1' && str_to_i64(s, out);
}
