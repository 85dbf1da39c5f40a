/* player_test.c: phones that are played talk to each other through the simulated server. */
#include "wa/simulator/player.h"

#include "base/test.h"
#include "crypto/crypto.h"
#include "wa/message/message.h"

#define ANA S("15550001111")
#define BOB S("15550002222")
#define NOW_MS 1790000000000

static struct sim *sim;

[[gnu::constructor]] static void start(void)
{
	crypto_init();
}

static void make_random(void *arg, void *out, size_t size)
{
	(void)arg;
	crypto_random(out, size);
}

static void read_clock(void *arg, struct wa_clock *out)
{
	(void)arg;
	*out = (struct wa_clock){ 1000, NOW_MS };
}

static void play(void *arg, void *player, const struct node *node)
{
	(void)arg;
	sim_player_take(player, node);
}

static struct sim *make(void)
{
	const struct sim_config config = { .random = make_random, .play = play };

	return sim_create(&config);
}

static struct sim_player *player(str phone)
{
	const struct sim_player_config config = { .sim = sim, .clock = read_clock,
		.random = make_random };
	struct sim_player *p = sim_player_create(&config, phone);

	EXPECT(p);
	return p;
}

static str says(struct sim_player *p, str to, const char *text)
{
	const struct wa_send send = { .to = { .user = to, .server = JID_SERVER_PN },
		.message = wa_message_text(test_arena(), str_of(text)) };
	str id;

	EXPECT_OK(sim_player_send(p, test_arena(), &send, &id));
	return id;
}

static const struct sim_said *on(struct sim_player *p, str id)
{
	const struct sim_said *said = sim_player_find(p, id);

	EXPECT(said);
	return said;
}

static str body(const struct sim_said *said)
{
	Wa__Message *m = PROTO_UNPACK(test_arena(), Wa__Message, wa__message,
		((bytes){ said->plain, said->plain_len }));

	EXPECT(m);
	return wa_message_body(m);
}

TEST(two_phones_write_and_read_and_both_know_it)
{
	struct sim_player *ana, *bob;
	str first, answer;

	sim = make();
	ana = player(ANA);
	bob = player(BOB);
	first = says(ana, BOB, "Hello");
	EXPECT_STR(body(on(bob, first)), "Hello");
	EXPECT(!on(bob, first)->from_me && on(ana, first)->from_me);
	EXPECT_INT(on(ana, first)->status, SIM_DELIVERED);
	EXPECT_OK(sim_player_read(bob, str_of(on(bob, first)->chat)));
	EXPECT_INT(on(ana, first)->status, SIM_READ);
	answer = says(bob, ANA, "Hi");
	EXPECT_STR(body(on(ana, answer)), "Hi");
	sim_player_destroy(ana);
	sim_player_destroy(bob);
	sim_destroy(sim);
}

TEST(a_ciphertext_that_was_spoilt_is_asked_for_again_and_comes)
{
	struct sim_player *ana, *bob;
	str first;

	sim = make();
	ana = player(ANA);
	bob = player(BOB);
	sim_faults(sim)->corrupt_percent = 100;
	first = says(ana, BOB, "Garbled");
	EXPECT(on(bob, first)->is_waiting);
	sim_faults(sim)->corrupt_percent = 0;
	first = says(ana, BOB, "Clear");
	EXPECT_STR(body(on(bob, first)), "Clear");
	sim_player_destroy(ana);
	sim_player_destroy(bob);
	sim_destroy(sim);
}

TEST(nobody_there_or_refused_is_told_to_who_wrote)
{
	struct sim_player *ana;
	str id;

	sim = make();
	ana = player(ANA);
	id = says(ana, S("15559999999"), "Anybody?");
	EXPECT_INT(on(ana, id)->status, SIM_FAILED);
	sim_add_phone(sim, BOB, S("Bob"));
	sim_faults(sim)->message_error = 463;
	sim_faults(sim)->message_error_percent = 100;
	id = says(ana, BOB, "First");
	EXPECT_INT(on(ana, id)->status, SIM_FAILED);
	EXPECT_INT(on(ana, id)->code, 463);
	sim_player_destroy(ana);
	sim_destroy(sim);
}

TEST(what_is_saved_reads_again_with_the_same_keys)
{
	struct buf saved = buf_in(test_arena(), 1u << 20), bad = buf_in(test_arena(), 1u << 20);
	uint8_t root[CURVE_KEY_SIZE], identity[CURVE_KEY_SIZE];

	sim = make();
	sim_add_phone(sim, ANA, S("Ana"));
	memcpy(root, sim_root(sim), sizeof root);
	memcpy(identity, sim_phone_device(sim, ANA)->identity.open, sizeof identity);
	sim_save(sim, &saved);
	sim_destroy(sim);
	sim = make();
	EXPECT_OK(sim_load(sim, buf_bytes(&saved)));
	EXPECT(memcmp(sim_root(sim), root, sizeof root) == 0);
	EXPECT(sim_has_phone(sim, ANA) && !sim_has_phone(sim, BOB));
	EXPECT(memcmp(sim_phone_device(sim, ANA)->identity.open, identity, sizeof identity) == 0);
	sim_destroy(sim);
	sim = make();
	buf_put(&bad, saved.ptr, saved.len / 2);
	EXPECT_ERR(sim_load(sim, buf_bytes(&bad)), ERR_CORRUPT);
	sim_destroy(sim);
}

TEST(who_is_registered_anew_has_other_keys_and_those_who_know_it_go_on)
{
	struct sim_player *ana, *bob;
	uint8_t before[CURVE_KEY_SIZE];
	str id;

	sim = make();
	ana = player(ANA);
	bob = player(BOB);
	says(ana, BOB, "Hello");
	sim_player_destroy(bob);
	memcpy(before, sim_phone_device(sim, BOB)->identity.open, sizeof before);
	EXPECT_OK(sim_reset_identity(sim, BOB, NOW_MS));
	EXPECT(memcmp(before, sim_phone_device(sim, BOB)->identity.open, sizeof before) != 0);
	bob = player(BOB);
	id = says(ana, BOB, "Still you?");
	EXPECT_STR(body(on(bob, id)), "Still you?");
	sim_player_destroy(ana);
	sim_player_destroy(bob);
	sim_destroy(sim);
}
