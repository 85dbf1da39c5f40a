/*
 * linked_cpu.c: CPU of wa/ per message sent and received, at so many linked numbers.
 *
 *	linked_cpu NUMBERS MESSAGES
 *
 * As many numbers send as receive, each to one of the other side, over the simulated network in
 * this process. Counted is what calls of wa_link take, the commit into a store in memory included:
 * the frame deciphered, stanza, records, ratchet, protobuf, receipts and acks. Sockets and a
 * database are not. bench/linked_cpu.mjs runs it beside Baileys. Prints a line of JSON.
 */
#include "wa/simulator/world.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define WARM 3

static size_t acked, received;

static void told(struct world_link *l, const struct wa_event *e)
{
	(void)l;
	acked += e->kind == WA_EVENT_SENT && e->sent->code == 0;
	received += e->kind == WA_EVENT_MESSAGE && e->message->message;
}

static void say(struct world_link *from, const struct world_link *to, size_t number)
{
	struct jid jid = { .user = str_of(to->phone), .server = JID_SERVER_PN };
	char id[32], text[64];

	snprintf(id, sizeof id, "3EB0%04zX%014zX", from->number, number);
	snprintf(text, sizeof text, "Good morning, this is message %zu.", number);
	if (world_say(from, &jid, str_of(id), str_of(text)) != OK)
		fprintf(stderr, "message %zu of %s was not taken\n", number, from->phone);
	world_run(from->world);
}

/* Sessions are made, and answered. */
static void warm(struct world *w, size_t numbers)
{
	for (size_t n = 0; n < WARM; n++)
		for (size_t i = 0; i < numbers; i++) {
			say(world_at(w, i), world_at(w, numbers + i), n);
			say(world_at(w, numbers + i), world_at(w, i), n);
		}
	for (size_t i = 0; i < 2 * numbers; i++)
		world_at(w, i)->cpu_ns = 0;
	acked = received = 0;
}

static double spent_us(struct world *w, size_t from, size_t count, size_t messages)
{
	int64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += world_at(w, from + i)->cpu_ns;
	return (double)sum / 1e3 / (double)(count * messages);
}

int main(int count, char **args)
{
	int64_t numbers = 10, messages = 100;
	struct world *w = world_create(1);
	size_t before, store = 0;

	if ((count > 1 && !str_to_i64(str_of(args[1]), &numbers)) ||
		(count > 2 && !str_to_i64(str_of(args[2]), &messages)) || numbers < 1)
		return 2;
	before = mallinfo2().uordblks;
	for (int64_t i = 0; i < 2 * numbers; i++) {
		char phone[24];

		snprintf(phone, sizeof phone, "1555%07lld", (long long)i);
		world_add(w, phone)->told = told;
	}
	warm(w, (size_t)numbers);
	for (int64_t n = 0; n < messages; n++)
		for (int64_t i = 0; i < numbers; i++)
			say(world_at(w, (size_t)i), world_at(w, (size_t)(numbers + i)),
				(size_t)(WARM + n));
	for (size_t i = 0; i < world_count(w); i++)
		store += wa_memory_size(world_at(w, i)->memory);
	printf("{\"numbers\":%lld,\"messages\":%lld,\"acked\":%zu,\"received\":%zu,"
	       "\"send_us\":%.1f,\"receive_us\":%.1f,\"records_kb\":%.1f,\"all_kb\":%.1f}\n",
		(long long)numbers, (long long)(messages * numbers), acked, received,
		spent_us(w, 0, (size_t)numbers, (size_t)messages),
		spent_us(w, (size_t)numbers, (size_t)numbers, (size_t)messages),
		(double)store / 1024 / (double)world_count(w),
		(double)(mallinfo2().uordblks - before) / 1024 / (double)world_count(w));
	world_destroy(w);
	return acked == (size_t)(messages * numbers) && received == acked ? 0 : 1;
}
