/*
 * chaos_test.c: numbers that write to each other and to their group while all goes wrong: messages
 * are doubled, bent, late and refused an ack, keys are lost, connections are cut, and programs die
 * at any call of their store.
 *
 * What must hold: each message that was taken for sending is told to each addressee exactly once,
 * and nobody pairs anew.
 */
#include "base/test.h"
#include "wa/client/group.h"
#include "wa/simulator/world.h"

#include <stdio.h>
#include <stdlib.h>

#define NUMBERS 4
#define MESSAGES 160
#define CALM_MS (40 * 60 * 1000)

#define TO_GROUP NUMBERS        /* as addressee: all others */

struct sent {
	char id[32];
	size_t from, to;
	bool is_acked, is_asked;
	unsigned told[NUMBERS];
};

static struct {
	struct world *world;
	struct sent sent[MESSAGES];
	size_t count;
	unsigned lost_links, waiting;
	char group[64];         /* its user part */
} c;

static struct sent *find(str id)
{
	for (size_t i = 0; i < c.count; i++)
		if (str_is(id, str_of(c.sent[i].id)))
			return &c.sent[i];
	return NULL;
}

static void told(struct world_link *l, const struct wa_event *e)
{
	struct sent *s = NULL;

	if (e->kind == WA_EVENT_SENT)
		s = find(e->sent->id);
	else if (e->kind == WA_EVENT_MESSAGE)
		s = find(e->message->id);
	if (e->kind == WA_EVENT_LOGGED_OUT)
		c.lost_links++;
	if (s && e->kind == WA_EVENT_SENT) {
		s->is_asked = false;
		s->is_acked |= e->sent->code == 0;
	} else if (s && l->number != s->from) {
		c.waiting += e->message->is_waiting;
		s->told[l->number] += !e->message->is_waiting && e->message->message != NULL;
		if (e->message->message)
			EXPECT_STR(str_of(e->message->message->conversation), s->id);
	}
}

static struct jid addressee(const struct sent *s)
{
	if (s->to == TO_GROUP)
		return (struct jid){ .user = str_of(c.group), .server = JID_SERVER_GROUP };
	return (struct jid){ .user = str_of(world_at(c.world, s->to)->phone),
		.server = JID_SERVER_PN };
}

static struct world_link *any_link(void)
{
	return world_at(c.world, world_any(c.world, NUMBERS));
}

/* As the server's outbox: a message goes again, under its id, until the network has it. */
static void ask_again(void)
{
	for (size_t i = 0; i < c.count; i++) {
		struct sent *s = &c.sent[i];
		struct world_link *from = world_at(c.world, s->from);
		struct jid to = addressee(s);
		unsigned before = from->crashes;

		if (s->is_acked || s->is_asked || !world_is_open(from))
			continue;
		s->is_asked = true;
		if (world_say(from, &to, str_of(s->id), str_of(s->id)) != OK ||
			from->crashes != before)
			s->is_asked = false;
	}
}

/* Whoever died knows no more what it was asked. */
static void notice_crashes(unsigned *seen)
{
	for (size_t n = 0; n < NUMBERS; n++) {
		if (seen[n] == world_at(c.world, n)->crashes)
			continue;
		seen[n] = world_at(c.world, n)->crashes;
		for (size_t i = 0; i < c.count; i++)
			if (c.sent[i].from == n)
				c.sent[i].is_asked = false;
	}
}

static void new_message(void)
{
	struct sent *s = &c.sent[c.count];

	s->from = world_any(c.world, NUMBERS);
	s->to = (s->from + 1 + world_any(c.world, NUMBERS - 1)) % NUMBERS;
	if (world_any(c.world, 3) == 0)
		s->to = TO_GROUP;
	snprintf(s->id, sizeof s->id, "3EB0%018zX", c.count++);
}

/* As when an old copy of the records was put back: then the program starts anew. */
static void lose_keys(struct world_link *l, enum wa_record kind)
{
	struct wa_store store = wa_memory_store(l->memory);

	EXPECT_OK(store.erase(store.arg, kind, STR_NONE));
	wa_memory_commit(l->memory);
	world_crash(l);
}

static void misfortune(void)
{
	struct world_link *l = any_link();

	switch (world_any(c.world, 8)) {
	case 0:
		world_cut(l);
		break;
	case 3:
		lose_keys(l, WA_RECORD_SESSION);
		break;
	case 4:
		lose_keys(l, WA_RECORD_SENDER_KEY);
		break;
	case 1:
		l->crash = WORLD_BEFORE_COMMIT;
		break;
	case 2:
		l->crash = WORLD_AFTER_COMMIT;
		break;
	default:
		l->crash_at_store = 1 + world_any(c.world, 25);
	}
}

/* ---- the group ---- */

static enum err ask_group(struct world_link *l, const struct wa_call *call, void *arg)
{
	struct wa_invited members[NUMBERS - 1] = { 0 };
	struct wa_group_draft draft = { .subject = S("Chaos"), .key = S("3EB0AA"),
		.members = members, .member_count = NUMBERS - 1 };

	(void)arg;
	for (size_t i = 1; i < NUMBERS; i++)
		members[i - 1].names.pn = (struct jid){ .server = JID_SERVER_PN,
			.user = str_of(world_at(l->world, i)->phone) };
	return wa_client_request(wa_link_client(l->link), call,
		wa_group_create_request(call->out->arena, &draft), 1);
}

static void told_group(struct world_link *l, const struct wa_event *e)
{
	struct wa_group group;

	(void)l;
	if (e->kind != WA_EVENT_ANSWER || !e->answer->iq)
		return;
	EXPECT_OK(wa_group_read(test_arena(), e->answer->iq, &group));
	snprintf(c.group, sizeof c.group, STR_F, STR_A(group.jid.user));
}

static void make_group(void)
{
	struct world_link *l = world_at(c.world, 0);

	l->told = told_group;
	EXPECT_OK(world_call(l, ask_group, NULL));
	world_run(c.world);
	l->told = told;
	EXPECT(c.group[0]);
}

static void make_world(uint64_t seed, const struct sim_faults *faults)
{
	memset(&c, 0, sizeof c);
	c.world = world_create(seed);
	for (size_t i = 0; i < NUMBERS; i++) {
		char phone[24];

		snprintf(phone, sizeof phone, "1555000100%zu", i);
		world_add(c.world, phone)->told = told;
		EXPECT(world_is_open(world_at(c.world, i)));
	}
	make_group();
	*sim_faults(world_sim(c.world)) = *faults;
}

static void live(unsigned misfortunes)
{
	unsigned seen[NUMBERS] = { 0 };

	for (unsigned turn = 0; c.count < MESSAGES; turn++) {
		if (world_any(c.world, 2))
			new_message();
		if (misfortunes && world_any(c.world, 100) < misfortunes)
			misfortune();
		ask_again();
		world_run(c.world);
		notice_crashes(seen);
		if (turn % 4 == 0)
			world_pass(c.world, 5000);
	}
	*sim_faults(world_sim(c.world)) = (struct sim_faults){ 0 };
	for (int i = 0; i < 40; i++) {
		notice_crashes(seen);
		ask_again();
		world_pass(c.world, CALM_MS / 40);
	}
}

static void count_told(const struct sent *s, unsigned *lost, unsigned *doubled)
{
	for (size_t n = 0; n < NUMBERS; n++) {
		if (n == s->from || (s->to != TO_GROUP && s->to != n))
			continue;
		*lost += s->told[n] == 0;
		*doubled += s->told[n] > 1;
		if (s->told[n] != 1)
			fprintf(stderr, "%s from %zu to %zu: told %zu %u times\n", s->id, s->from,
				s->to, n, s->told[n]);
	}
}

static unsigned crashes(void)
{
	unsigned count = 0;

	for (size_t i = 0; i < NUMBERS; i++)
		count += world_at(c.world, i)->crashes;
	return count;
}

static void expect_all_told(void)
{
	unsigned lost = 0, doubled = 0, unsent = 0;

	for (size_t i = 0; i < c.count; i++) {
		count_told(&c.sent[i], &lost, &doubled);
		unsent += !c.sent[i].is_acked;
	}
	printf("%zu messages, %u crashes, %u waited for: %u lost, %u doubled, %u unsent\n", c.count,
		crashes(), c.waiting, lost, doubled, unsent);
	EXPECT_INT(lost, 0);
	EXPECT_INT(doubled, 0);
	EXPECT_INT(unsent, 0);
	EXPECT_INT(c.lost_links, 0);
	world_destroy(c.world);
}

TEST(on_a_good_day_all_messages_come)
{
	make_world(1, &(struct sim_faults){ 0 });
	live(0);
	expect_all_told();
}

TEST(doubled_and_late_messages_are_told_once)
{
	make_world(2, &(struct sim_faults){ .duplicate_percent = 30, .reorder = true });
	live(0);
	expect_all_told();
}

TEST(messages_that_do_not_authenticate_come_again)
{
	make_world(3, &(struct sim_faults){ .corrupt_percent = 15, .corrupt_group_percent = 15 });
	live(0);
	EXPECT(c.waiting > 5);
	expect_all_told();
}

TEST(without_an_ack_a_message_goes_again_under_its_id)
{
	make_world(4, &(struct sim_faults){ .drop_ack_percent = 20 });
	live(0);
	expect_all_told();
}

TEST(cut_connections_lost_keys_and_crashes_at_any_call_lose_nothing)
{
	make_world(5, &(struct sim_faults){ 0 });
	live(40);
	EXPECT(crashes() > 20);
	expect_all_told();
}

TEST(all_at_once_loses_nothing)
{
	for (uint64_t seed = 6; seed < 12; seed++) {
		make_world(seed, &(struct sim_faults){ .duplicate_percent = 10, .reorder = true,
			.corrupt_percent = 8, .corrupt_group_percent = 8, .drop_ack_percent = 8 });
		live(25);
		expect_all_told();
	}
}
