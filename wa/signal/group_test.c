/* group_test.c: sender keys: bounds, refusals, and what a network does to them. */
#include "wa/signal/peer.h"

#include "base/test.h"

#define GROUP S("1203@g.us")
#define ALICE S("1001_1.1")

static struct peer alice, bob;

static struct signal_group start(void)
{
	struct signal_group group;

	peer_init(&alice, test_arena(), 1);
	peer_init(&bob, test_arena(), 2);
	EXPECT_OK(signal_group_own(&alice.signal, GROUP, ALICE, &group));
	return group;
}

static void end(void)
{
	peer_done(&alice);
	peer_done(&bob);
}

static bytes say(str text)
{
	struct signal_sealed sealed;

	EXPECT_OK(signal_group_encrypt(&alice.signal, GROUP, ALICE, bytes_of(text), &sealed));
	EXPECT_INT(sealed.outcome, SIGNAL_DONE);
	return sealed.octets;
}

static const char *hear(bytes octets, str want)
{
	struct signal_opened opened;

	EXPECT_OK(signal_group_decrypt(&bob.signal, GROUP, ALICE, octets, &opened));
	if (opened.outcome == SIGNAL_DONE)
		EXPECT(str_is(str_from(opened.padded), want));
	return signal_outcome_name(opened.outcome);
}

static void expect_heard(bytes octets, str want)
{
	EXPECT_STR(str_of(hear(octets, want)), "done");
}

static void expect_outcome(bytes octets, const char *name)
{
	EXPECT_STR(str_of(hear(octets, S(""))), name);
}

static void take(bytes distribution)
{
	enum signal_outcome outcome;

	EXPECT_OK(signal_group_take(&bob.signal, GROUP, ALICE, distribution, &outcome));
	EXPECT_INT(outcome, SIGNAL_DONE);
}

TEST(who_was_told_the_key_reads_from_there_on)
{
	struct signal_group group = start(), later;
	bytes before = say(S("before")), after;

	expect_outcome(before, "no_session");
	EXPECT_OK(signal_group_own(&alice.signal, GROUP, ALICE, &later));
	EXPECT_INT(later.key_id, group.key_id);
	take(later.distribution);
	after = say(S("after"));
	expect_heard(after, S("after"));
	expect_outcome(before, "duplicate");
	expect_outcome(after, "duplicate");
	end();
}

TEST(without_a_key_nothing_is_enciphered)
{
	struct signal_sealed sealed;

	start();
	EXPECT_OK(signal_group_encrypt(&bob.signal, GROUP, S("7.0"), bytes_of(S("x")), &sealed));
	EXPECT_INT(sealed.outcome, SIGNAL_NO_SESSION);
	end();
}

TEST(a_key_that_is_told_again_is_not_turned_back)
{
	struct signal_group group = start();
	bytes one = say(S("one")), two = say(S("two"));

	take(group.distribution);
	expect_heard(two, S("two"));
	take(group.distribution);
	expect_outcome(two, "duplicate");
	expect_heard(one, S("one"));
	end();
}

TEST(a_new_key_reads_beside_the_old_one)
{
	struct signal_group group = start(), next;
	bytes old = say(S("old")), new;

	take(group.distribution);
	EXPECT_OK(signal_group_forget(&alice.signal, GROUP, ALICE));
	EXPECT_OK(signal_group_own(&alice.signal, GROUP, ALICE, &next));
	EXPECT(next.key_id != group.key_id);
	new = say(S("new"));
	expect_outcome(new, "no_session");
	take(next.distribution);
	expect_heard(new, S("new"));
	expect_heard(old, S("old"));
	end();
}

TEST(only_the_newest_keys_of_a_sender_are_kept)
{
	bytes old[SIGNAL_GROUP_STATES_MAX + 1];
	struct signal_group group = start();

	for (size_t i = 0; i < COUNT_OF(old); i++) {
		take(group.distribution);
		old[i] = say(S("x"));
		EXPECT_OK(signal_group_forget(&alice.signal, GROUP, ALICE));
		EXPECT_OK(signal_group_own(&alice.signal, GROUP, ALICE, &group));
	}
	expect_outcome(old[0], "no_session");
	for (size_t i = 1; i < COUNT_OF(old); i++)
		expect_heard(old[i], S("x"));
	end();
}

TEST(what_another_signed_or_changed_is_refused)
{
	struct signal_group group = start();
	bytes letter = say(S("x"));
	uint8_t *copy = (uint8_t *)letter.ptr;
	enum signal_outcome outcome;

	take(group.distribution);
	for (size_t i = 0; i < letter.len; i++) {
		copy[i] ^= 0x10;
		EXPECT_STR(str_of(strcmp(hear(letter, S("x")), "done") ? "refused" : "read"),
			"refused");
		copy[i] ^= 0x10;
	}
	for (size_t n = 0; n < letter.len; n++)
		EXPECT(strcmp(hear((bytes){ letter.ptr, n }, S("x")), "done") != 0);
	for (size_t n = 0; n < group.distribution.len; n++) {
		EXPECT_OK(signal_group_take(&bob.signal, GROUP, S("8.0"),
			(bytes){ group.distribution.ptr, n }, &outcome));
		EXPECT(outcome != SIGNAL_DONE);
	}
	expect_heard(letter, S("x"));
	end();
}

TEST(gaps_are_bounded_and_telling_the_key_anew_helps)
{
	struct signal_group group = start(), now;
	bytes last;

	take(group.distribution);
	for (int i = 0; i <= SIGNAL_AHEAD_MAX; i++)
		say(S("lost"));
	last = say(S("last"));
	expect_outcome(last, "future");
	EXPECT_OK(signal_group_own(&alice.signal, GROUP, ALICE, &now));
	take(now.distribution);
	expect_heard(say(S("next")), S("next"));
	end();
}

/* A sender that uses every other number only, late and doubled. */
TEST(in_any_order_each_message_is_read_once)
{
	struct signal_group group = start();
	bytes letters[240];
	bool is_read[240] = { 0 };
	uint64_t random = 5;

	take(group.distribution);
	for (size_t i = 0; i < COUNT_OF(letters); i++) {
		letters[i] = say(S("x"));
		say(S("passed over"));
	}
	for (int i = 0; i < 1200; i++) {
		size_t at = peer_number(&random) % COUNT_OF(letters);

		EXPECT_STR(str_of(hear(letters[at], S("x"))), is_read[at] ? "duplicate" : "done");
		is_read[at] = true;
	}
	end();
}

TEST(a_sender_that_uses_every_other_number_does_not_fill_the_record)
{
	struct signal_group group = start();
	bytes first, last = BYTES_NONE;

	take(group.distribution);
	first = say(S("passed over"));
	for (int i = 0; i < 3000; i++) {
		bytes letter = say(S("x"));

		last = say(S("passed over"));
		expect_heard(letter, S("x"));
	}
	EXPECT(wa_memory_size(bob.memory) < (SIGNAL_GROUP_SINGLE_MAX + 1) * 36 + 1000);
	expect_outcome(first, "forgotten");
	expect_heard(say(S("y")), S("y"));
	expect_heard(last, S("passed over"));
	end();
}
