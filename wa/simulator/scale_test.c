/*
 * scale_test.c: fifty numbers write to each other, a thousand messages a minute in all, for half an
 * hour of the simulated clock.
 *
 * None may be lost, told twice, or told to somebody else; and what a number holds stays level.
 * Fewer minutes under the sanitizers: SCALE_MINUTES says how many.
 */
#include "base/test.h"
#include "wa/simulator/world.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define NUMBERS 50
#define A_MINUTE 1000
#define MINUTES_MAX 30
#define MINUTES 4
#define LEVEL_KB 40             /* of a number, however long it lives */

struct sent { uint16_t to; uint8_t told, acked, misplaced; };

static struct sent sent[MINUTES_MAX * A_MINUTE];
static size_t count;

static struct sent *find(str id)
{
	int64_t number;

	EXPECT(id.len == 22 && str_to_i64(str_part(id, 4, 18), &number) && number >= 0 &&
		(size_t)number < count);
	return &sent[number];
}

static void told(struct world_link *l, const struct wa_event *e)
{
	if (e->kind == WA_EVENT_SENT && e->sent->code == 0)
		find(e->sent->id)->acked++;
	if (e->kind != WA_EVENT_MESSAGE || !e->message->message)
		return;
	EXPECT(str_is(str_of(e->message->message->conversation), e->message->id));
	if (find(e->message->id)->to == l->number)
		find(e->message->id)->told++;
	else
		find(e->message->id)->misplaced++;
}

static void say(struct world *w)
{
	struct world_link *from = world_at(w, world_any(w, NUMBERS));
	size_t to = (from->number + 1 + world_any(w, NUMBERS - 1)) % NUMBERS;
	struct jid jid = { .user = str_of(world_at(w, to)->phone), .server = JID_SERVER_PN };
	char id[32];

	snprintf(id, sizeof id, "3EB0%018zu", count);
	sent[count++] = (struct sent){ .to = (uint16_t)to };
	EXPECT_OK(world_say(from, &jid, str_of(id), str_of(id)));
	world_run(w);
}

/* What session and client of a number hold, without its records: those stand in a database.
 * (AddressSanitizer's heap tells nothing: then it is 0.) */
static size_t level_kb(struct world *w)
{
	size_t before = mallinfo2().uordblks;

	for (size_t i = 0; i < NUMBERS; i++) {
		wa_link_destroy(world_at(w, i)->link);
		world_at(w, i)->link = NULL;
	}
	return (before - mallinfo2().uordblks) / NUMBERS / 1024;
}

static void live_a_minute(struct world *w)
{
	for (int i = 0; i < A_MINUTE; i++) {
		say(w);
		if (i % (A_MINUTE / 60) == 0)
			world_pass(w, 1000);
	}
}

static int64_t minutes_wanted(void)
{
	const char *text = getenv("SCALE_MINUTES");
	int64_t minutes = MINUTES;

	if (text && (!str_to_i64(str_of(text), &minutes) || minutes > MINUTES_MAX))
		test_fail(__FILE__, __LINE__, "SCALE_MINUTES is at most %d", MINUTES_MAX);
	return minutes;
}

static void expect_all(void)
{
	size_t lost = 0, doubled = 0, misplaced = 0, unsent = 0;

	for (size_t i = 0; i < count; i++) {
		lost += sent[i].told == 0;
		doubled += sent[i].told > 1;
		misplaced += sent[i].misplaced > 0;
		unsent += sent[i].acked != 1;
	}
	printf("%zu messages: %zu lost, %zu doubled, %zu misplaced, %zu without their ack\n", count,
		lost, doubled, misplaced, unsent);
	EXPECT_INT(lost + doubled + misplaced + unsent, 0);
}

TEST(fifty_numbers_at_a_thousand_messages_a_minute_lose_nothing_and_stay_level)
{
	int64_t minutes = minutes_wanted();
	struct world *w = world_create(50);
	size_t level;

	for (int i = 0; i < NUMBERS; i++) {
		char phone[24];

		snprintf(phone, sizeof phone, "1555000%04d", i);
		world_add(w, phone)->told = told;
	}
	for (int64_t minute = 0; minute < minutes; minute++)
		live_a_minute(w);
	world_pass(w, 60000);
	expect_all();
	level = level_kb(w);
	printf("%zu kB each\n", level);
	EXPECT(level < LEVEL_KB);
	world_destroy(w);
}
