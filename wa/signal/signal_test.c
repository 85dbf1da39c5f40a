/*
 * signal_test.c: sessions of two devices, as they go well and as they go wrong.
 *
 * Octets of the vectors are held by wa-vectors; here are bounds, refusals, and a model: thousands
 * of messages that are lost, late, doubled and changed, of which each is read once.
 */
#include "wa/signal/peer.h"

#include "base/test.h"

#define ALICE S("1001.1")
#define BOB S("1002_1.0")

struct letter { enum signal_kind kind; bytes octets; };

static struct peer alice, bob;

static void start(bool with_prekey)
{
	struct signal_bundle bundle;
	struct signal_met met;

	peer_init(&alice, test_arena(), 1);
	peer_init(&bob, test_arena(), 2);
	bundle = peer_bundle(&bob, with_prekey);
	EXPECT_OK(signal_meet(&alice.signal, BOB, &bundle, &met));
	EXPECT_INT(met.outcome, SIGNAL_DONE);
	EXPECT(!met.identity_changed);
}

static void end(void)
{
	peer_done(&alice);
	peer_done(&bob);
}

static struct letter say(struct peer *from, str to, str text)
{
	struct signal_sealed sealed;

	EXPECT_OK(signal_encrypt(&from->signal, to, bytes_of(text), &sealed));
	EXPECT_INT(sealed.outcome, SIGNAL_DONE);
	return (struct letter){ sealed.kind, sealed.octets };
}

static struct signal_opened hear(struct peer *by, str from, struct letter letter)
{
	struct signal_opened opened;

	EXPECT_OK(signal_decrypt(&by->signal, from, letter.kind, letter.octets, &opened));
	return opened;
}

static void expect_heard(struct peer *by, str from, struct letter letter, str text)
{
	struct signal_opened opened = hear(by, from, letter);

	EXPECT_STR(str_of(signal_outcome_name(opened.outcome)), "done");
	EXPECT(str_is(str_from(opened.padded), text));
}

static void expect_outcome(struct peer *by, str from, struct letter letter, const char *name)
{
	EXPECT_STR(str_of(signal_outcome_name(hear(by, from, letter).outcome)), name);
}

static struct letter bent(struct letter letter, size_t from_end)
{
	uint8_t *copy = arena_alloc(test_arena(), letter.octets.len);

	memcpy(copy, letter.octets.ptr, letter.octets.len);
	copy[letter.octets.len - from_end] ^= 1;
	return (struct letter){ letter.kind, { copy, letter.octets.len } };
}

TEST(the_first_messages_carry_a_session_until_one_is_answered)
{
	struct signal_session session;
	struct letter one, two;

	start(true);
	one = say(&alice, BOB, S("one"));
	two = say(&alice, BOB, S("two"));
	EXPECT_INT(one.kind, SIGNAL_PKMSG);
	EXPECT_INT(two.kind, SIGNAL_PKMSG);
	EXPECT(hear(&bob, ALICE, two).is_new);
	EXPECT_INT(wa_memory_count(bob.memory, WA_RECORD_PREKEY), 0);
	EXPECT(!hear(&bob, ALICE, one).is_new);
	expect_heard(&alice, BOB, say(&bob, ALICE, S("back")), S("back"));
	EXPECT_INT(say(&alice, BOB, S("three")).kind, SIGNAL_MSG);
	EXPECT_OK(signal_session_find(&bob.signal, ALICE, &session));
	EXPECT(session.is_there && !session.is_unanswered);
	EXPECT_INT(session.registration_id, alice.device.registration_id);
	EXPECT(memcmp(session.identity, alice.device.identity.open, CURVE_KEY_SIZE) == 0);
	end();
}

TEST(without_a_session_nothing_is_enciphered_or_read)
{
	struct signal_sealed sealed;
	struct letter letter;

	start(false);
	EXPECT_OK(signal_encrypt(&bob.signal, ALICE, bytes_of(S("x")), &sealed));
	EXPECT_INT(sealed.outcome, SIGNAL_NO_SESSION);
	letter = say(&alice, BOB, S("x"));
	letter.kind = SIGNAL_MSG;
	expect_outcome(&bob, ALICE, letter, "no_session");
	end();
}

TEST(a_key_that_was_used_or_never_made_is_told)
{
	struct letter letter;

	start(true);
	letter = say(&alice, BOB, S("x"));
	EXPECT_OK(prekey_erase(&bob.store, test_arena(), 1));
	expect_outcome(&bob, ALICE, letter, "no_key");
	end();
	start(false);
	letter = say(&alice, BOB, S("x"));
	bob.device.signed_prekey_id = 9;
	expect_outcome(&bob, ALICE, letter, "no_key");
	EXPECT_INT(signal_retry_reason(SIGNAL_NO_KEY), 3);
	end();
}

TEST(a_bundle_that_its_owner_did_not_sign_is_refused)
{
	struct signal_bundle bundle;
	struct signal_met met;

	start(false);
	bundle = peer_bundle(&bob, true);
	bundle.signed_prekey[3] ^= 1;
	EXPECT_OK(signal_meet(&alice.signal, S("1003.0"), &bundle, &met));
	EXPECT_INT(met.outcome, SIGNAL_BAD_SIGNATURE);
	bundle = peer_bundle(&bob, true);
	memset(bundle.prekey, 0, sizeof bundle.prekey);
	EXPECT_OK(signal_meet(&alice.signal, S("1003.0"), &bundle, &met));
	EXPECT_INT(met.outcome, SIGNAL_BAD_KEY);
	EXPECT_INT(wa_memory_count(alice.memory, WA_RECORD_SESSION), 1);
	end();
}

TEST(another_identity_is_told_once)
{
	struct signal_bundle bundle;
	struct signal_met met;
	struct peer other;

	start(false);
	peer_init(&other, test_arena(), 3);
	bundle = peer_bundle(&other, true);
	EXPECT_OK(signal_meet(&alice.signal, BOB, &bundle, &met));
	EXPECT(met.identity_changed);
	EXPECT_OK(signal_meet(&alice.signal, BOB, &bundle, &met));
	EXPECT(!met.identity_changed);
	expect_heard(&other, ALICE, say(&alice, BOB, S("x")), S("x"));
	bundle = peer_bundle(&other, true);
	EXPECT_OK(signal_forget(&alice.signal, BOB));
	EXPECT_OK(signal_meet(&alice.signal, BOB, &bundle, &met));
	EXPECT(!met.identity_changed);
	peer_done(&other);
	end();
}

/* The last numbers of a pkmsg, the sender's registration and our key's, are not covered by its MAC.
 */
#define PKMSG_TAIL 5

TEST(what_is_changed_is_refused_and_changes_nothing)
{
	struct letter first, letter;

	start(true);
	first = say(&alice, BOB, S("x"));
	for (size_t i = PKMSG_TAIL + 1; i <= first.octets.len; i++)
		EXPECT(hear(&bob, ALICE, bent(first, i)).outcome != SIGNAL_DONE);
	expect_heard(&bob, ALICE, first, S("x"));
	expect_heard(&alice, BOB, say(&bob, ALICE, S("y")), S("y"));
	letter = say(&alice, BOB, S("z"));
	for (size_t i = 1; i <= letter.octets.len; i++)
		EXPECT(hear(&bob, ALICE, bent(letter, i)).outcome != SIGNAL_DONE);
	expect_outcome(&bob, ALICE, bent(letter, 1), "bad_mac");
	expect_outcome(&bob, ALICE, bent(letter, 20), "bad_mac");
	for (size_t n = 0; n < letter.octets.len; n++)
		EXPECT(hear(&bob, ALICE, (struct letter){ SIGNAL_MSG, { letter.octets.ptr, n } })
				.outcome != SIGNAL_DONE);
	expect_heard(&bob, ALICE, letter, S("z"));
	expect_outcome(&bob, ALICE, letter, "duplicate");
	end();
}

TEST(other_versions_are_garbage)
{
	struct letter letter;
	uint8_t *copy;

	start(false);
	letter = say(&alice, BOB, S("x"));
	copy = (uint8_t *)letter.octets.ptr;
	copy[0] = 0x22;
	expect_outcome(&bob, ALICE, letter, "garbage");
	copy[0] = 0x44;
	expect_outcome(&bob, ALICE, letter, "garbage");
	copy[0] = 0x33;
	expect_heard(&bob, ALICE, letter, S("x"));
	end();
}

TEST(as_many_as_allowed_may_be_missing_and_one_more_may_not)
{
	struct letter first, last, further;

	start(false);
	expect_heard(&bob, ALICE, say(&alice, BOB, S("x")), S("x"));
	first = say(&alice, BOB, S("first"));
	for (int i = 0; i < SIGNAL_AHEAD_MAX - 1; i++)
		say(&alice, BOB, S("lost"));
	last = say(&alice, BOB, S("last"));
	further = say(&alice, BOB, S("further"));
	expect_outcome(&bob, ALICE, further, "future");
	expect_heard(&bob, ALICE, last, S("last"));
	expect_heard(&bob, ALICE, further, S("further"));
	expect_heard(&bob, ALICE, first, S("first"));
	expect_outcome(&bob, ALICE, first, "duplicate");
	end();
}

/* The oldest keys go: what comes that late is asked for again, for it may never have been read. */
TEST(skipped_keys_are_bounded_in_the_record)
{
	struct letter first;

	start(false);
	expect_heard(&bob, ALICE, say(&alice, BOB, S("x")), S("x"));
	first = say(&alice, BOB, S("first"));
	for (int turn = 0; turn < 3; turn++) {
		for (int i = 0; i < 1500; i++)
			say(&alice, BOB, S("lost"));
		expect_heard(&bob, ALICE, say(&alice, BOB, S("x")), S("x"));
		EXPECT(wa_memory_size(bob.memory) < SIGNAL_SKIPPED_MAX * 36 + 2000);
	}
	expect_outcome(&bob, ALICE, first, "forgotten");
	EXPECT_INT(signal_retry_reason(SIGNAL_FORGOTTEN), 9);
	end();
}

TEST(both_may_write_first_and_go_on)
{
	struct signal_bundle bundle;
	struct signal_met met;
	struct letter from_alice, from_bob;

	start(true);
	bundle = peer_bundle(&alice, true);
	EXPECT_OK(signal_meet(&bob.signal, ALICE, &bundle, &met));
	from_alice = say(&alice, BOB, S("a"));
	from_bob = say(&bob, ALICE, S("b"));
	expect_heard(&bob, ALICE, from_alice, S("a"));
	expect_heard(&alice, BOB, from_bob, S("b"));
	for (int i = 0; i < 6; i++) {
		expect_heard(&bob, ALICE, say(&alice, BOB, S("more")), S("more"));
		expect_heard(&alice, BOB, say(&bob, ALICE, S("again")), S("again"));
	}
	end();
}

TEST(a_former_session_is_read_while_it_is_archived)
{
	struct signal_bundle bundle;
	struct signal_met met;
	struct letter old[3], new;

	start(true);
	expect_heard(&bob, ALICE, say(&alice, BOB, S("x")), S("x"));
	for (size_t i = 0; i < 3; i++)
		old[i] = say(&bob, ALICE, S("old"));
	bundle = peer_bundle(&bob, true);
	EXPECT_OK(signal_meet(&alice.signal, BOB, &bundle, &met));
	new = say(&alice, BOB, S("new"));
	expect_heard(&alice, BOB, old[0], S("old"));
	expect_heard(&bob, ALICE, new, S("new"));
	expect_heard(&alice, BOB, say(&bob, ALICE, S("y")), S("y"));
	expect_heard(&alice, BOB, old[2], S("old"));
	expect_heard(&alice, BOB, old[1], S("old"));
	end();
}

TEST(the_archive_is_bounded_and_the_newest_stay)
{
	struct letter letters[SIGNAL_ARCHIVED_MAX + 3];
	struct signal_bundle bundle;
	struct signal_met met;

	start(true);
	for (size_t i = 0; i < COUNT_OF(letters); i++) {
		bundle = peer_bundle(&bob, true);
		EXPECT_OK(signal_meet(&alice.signal, BOB, &bundle, &met));
		letters[i] = say(&alice, BOB, S("x"));
		expect_heard(&bob, ALICE, letters[i], S("x"));
	}
	EXPECT(wa_memory_size(bob.memory) < (SIGNAL_ARCHIVED_MAX + 2) * 600);
	expect_outcome(&bob, ALICE, letters[COUNT_OF(letters) - SIGNAL_ARCHIVED_MAX], "duplicate");
	expect_outcome(&bob, ALICE, letters[0], "no_key");
	end();
}

TEST(what_is_known_of_a_number_moves_to_its_hidden_id)
{
	struct signal_group group;
	struct signal_session session;
	enum signal_outcome outcome;

	start(true);
	expect_heard(&bob, ALICE, say(&alice, BOB, S("x")), S("x"));
	EXPECT_OK(signal_group_own(&alice.signal, S("g@g.us"), ALICE, &group));
	EXPECT_OK(signal_group_take(&bob.signal, S("g@g.us"), ALICE, group.distribution,
		&outcome));
	EXPECT_OK(signal_move(&bob.signal, ALICE, S("77_1.1")));
	EXPECT_OK(signal_session_find(&bob.signal, ALICE, &session));
	EXPECT(!session.is_there);
	EXPECT_INT(wa_memory_count(bob.memory, WA_RECORD_SESSION), 1);
	EXPECT_INT(wa_memory_count(bob.memory, WA_RECORD_IDENTITY), 1);
	EXPECT_INT(wa_memory_count(bob.memory, WA_RECORD_SENDER_KEY), 1);
	expect_heard(&alice, BOB, say(&bob, S("77_1.1"), S("y")), S("y"));
	expect_heard(&bob, S("77_1.1"), say(&alice, BOB, S("z")), S("z"));
	end();
}

TEST(what_the_hidden_id_has_of_its_own_stays)
{
	struct signal_bundle bundle;
	struct signal_met met;
	struct signal_session before, after;

	start(true);
	bundle = peer_bundle(&bob, true);
	EXPECT_OK(signal_meet(&alice.signal, S("77_1.0"), &bundle, &met));
	EXPECT_OK(signal_session_find(&alice.signal, S("77_1.0"), &before));
	EXPECT_OK(signal_move(&alice.signal, BOB, S("77_1.0")));
	EXPECT_OK(signal_session_find(&alice.signal, S("77_1.0"), &after));
	EXPECT(memcmp(before.base, after.base, CURVE_KEY_SIZE) == 0);
	EXPECT_INT(wa_memory_count(alice.memory, WA_RECORD_SESSION), 1);
	end();
}

/* ---- crashes ---- */

/* Each call of the store may be the last: then the transaction is taken back, and the message,
 * which was not acknowledged, comes again. */
TEST(a_crash_at_any_write_loses_neither_message_nor_session)
{
	for (size_t at = 1; at < 12; at++) {
		struct signal_opened opened;
		struct signal_sealed sealed;
		struct letter letter;

		start(true);
		letter = say(&alice, BOB, S("first"));
		wa_memory_commit(bob.memory);
		wa_memory_fail_at(bob.memory, at);
		if (signal_decrypt(&bob.signal, ALICE, letter.kind, letter.octets, &opened) != OK)
			wa_memory_rollback(bob.memory);
		wa_memory_fail_at(bob.memory, 0);
		EXPECT(wa_memory_count(bob.memory, WA_RECORD_PREKEY) ==
			(wa_memory_count(bob.memory, WA_RECORD_SESSION) ? 0 : 1));
		if (!wa_memory_count(bob.memory, WA_RECORD_SESSION))
			expect_heard(&bob, ALICE, letter, S("first"));
		wa_memory_commit(bob.memory);
		wa_memory_fail_at(bob.memory, at);
		if (signal_encrypt(&bob.signal, ALICE, bytes_of(S("lost")), &sealed) != OK)
			wa_memory_rollback(bob.memory);
		wa_memory_fail_at(bob.memory, 0);
		expect_heard(&alice, BOB, say(&bob, ALICE, S("back")), S("back"));
		expect_heard(&bob, ALICE, say(&alice, BOB, S("more")), S("more"));
		end();
	}
}

/* ---- the model ---- */

#define MESSAGES 1500
#define UNDER_WAY 60

struct sent { struct letter letter; uint32_t number; bool to_bob, is_read; };

static struct world { uint64_t random; struct sent sent[MESSAGES]; size_t count, read; } w;

static uint32_t any(uint32_t below)
{
	return peer_number(&w.random) % below;
}

static void model_send(void)
{
	struct sent *s = &w.sent[w.count];
	bool to_bob = any(3) > 0;
	uint32_t number = (uint32_t)w.count;

	/* Now and then somebody begins anew, as after a retry. */
	if (any(50) == 0) {
		struct signal_bundle bundle = peer_bundle(to_bob ? &bob : &alice, any(4) > 0);
		struct signal_met met;

		EXPECT_OK(signal_meet(to_bob ? &alice.signal : &bob.signal, to_bob ? BOB : ALICE,
			&bundle, &met));
	}
	s->letter = say(to_bob ? &alice : &bob, to_bob ? BOB : ALICE,
		(str){ (const char *)&number, sizeof number });
	s->number = number;
	s->to_bob = to_bob;
	w.count++;
}

static void model_deliver(struct sent *s)
{
	struct peer *by = s->to_bob ? &bob : &alice;
	str from = s->to_bob ? ALICE : BOB;

	if (any(8) == 0)
		EXPECT(hear(by, from, bent(s->letter, PKMSG_TAIL + 1 + any(60))).outcome !=
			SIGNAL_DONE);
	if (s->is_read) {
		expect_outcome(by, from, s->letter, "duplicate");
		return;
	}
	expect_heard(by, from, s->letter, (str){ (const char *)&s->number, sizeof s->number });
	s->is_read = true;
	w.read++;
}

/* Two devices, a network that keeps up to UNDER_WAY messages back and loses some for ever: each
 * one that comes is read, once, and those that come again are duplicates. */
TEST(whatever_the_network_does_each_message_is_read_once)
{
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct signal_bundle bundle;
		struct signal_met met;

		start(true);
		w = (struct world){ .random = seed };
		bundle = peer_bundle(&alice, true);
		EXPECT_OK(signal_meet(&bob.signal, ALICE, &bundle, &met));
		for (model_send(); w.count < MESSAGES;) {
			size_t oldest = w.count > UNDER_WAY ? w.count - UNDER_WAY : 0;

			if (any(2))
				model_send();
			else if (any(10) > 0)
				model_deliver(&w.sent[oldest + any((uint32_t)(w.count - oldest))]);
		}
		EXPECT(w.read > MESSAGES / 3);
		end();
	}
}
