/*
 * wa_test.c: whole links against the simulated server, in a world where programs die between any
 * two steps, connections break and the network drops, doubles and spoils: what was said arrives,
 * once, and its conversation goes on.
 *
 * Each call of a link is a transaction of a store in memory. It is taken back when the program dies
 * before its commit; when it dies after it, what should have been sent is lost. All chance comes of
 * a seed.
 */
#include "wa/wa.h"
#include "base/test.h"
#include "wa/message/message.h"
#include "wa/session/memory.h"
#include "wa/simulator/simulator.h"

#define START_MS 1800000000000
#define MESSAGES_MAX 512
#define STEP_ARENA_MAX (64u << 20)

/* Octets on their way to a program; without any: the connection was closed. */
struct parcel { struct parcel *next; bytes octets; };
struct line { struct program *owner; struct parcel *first, **last; bool is_dead; };

/* One message that a program shall send. */
struct letter { str id, body; bool is_sent, is_under_way; unsigned arrived; };

/* What came to a program, in order: a record of its life. */
enum input_kind { CAME_START, CAME_OPENED, CAME_OCTETS, CAME_CLOSED, CAME_TICK, CAME_WISH };
struct input {
	struct input *next;
	enum input_kind kind;
	struct wa_clock at;
	bytes octets;
	const struct letter *letter;
};

struct program {
	struct world *world;
	const char *phone;
	struct wa_link *link;
	struct wa_config config;
	struct wa_memory *memory;
	struct line *line;
	struct sim_conn *conn;
	struct jid to;
	struct letter letters[MESSAGES_MAX];
	size_t letter_count, next_letter;
	struct program *other;
	char qr[1024];
	unsigned deaths, waited;
	uint64_t random, seed;
	struct input *inputs, **last_input;
	struct buf said;        /* all frames that it sent, one after the other */
};

struct world {
	struct sim *sim;
	struct program a, b;
	int64_t now_ms;
	uint64_t random;
	unsigned die_percent;
	struct arena *step;
};

/* ---- chance ---- */

static uint32_t draw(uint64_t *random)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*random >> 33);
}

static bool chance(struct world *w, unsigned percent)
{
	return percent && draw(&w->random) % 100 < percent;
}

static void next_random(void *arg, void *out, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((uint8_t *)out)[i] = (uint8_t)(draw(arg) >> 8);
}

/* ---- connections ---- */

static void on_send(void *conn, bytes octets)
{
	struct line *line = conn;
	struct parcel *parcel = ARENA_NEW(test_arena(), struct parcel);

	parcel->octets = octets.len ? arena_bytes(test_arena(), octets) : BYTES_NONE;
	*line->last = parcel;
	line->last = &parcel->next;
}

static void on_close(void *conn)
{
	on_send(conn, BYTES_NONE);
}

static void hang_up(struct program *p)
{
	if (p->conn)
		sim_closed(p->conn);
	if (p->line)
		p->line->is_dead = true;
	p->conn = NULL;
	p->line = NULL;
}

static struct wa_clock now(const struct world *w)
{
	return (struct wa_clock){ w->now_ms - START_MS + 1000, w->now_ms };
}

/* ---- steps ---- */

static void note_message(struct program *p, const struct wa_message *m)
{
	struct program *from = p->other;

	if (m->is_waiting) {
		p->waited++;
		return;
	}
	for (size_t i = 0; i < from->letter_count; i++)
		if (str_is(from->letters[i].id, m->id)) {
			EXPECT(m->message != NULL);
			EXPECT(str_is(wa_message_body(m->message), from->letters[i].body));
			from->letters[i].arrived++;
			return;
		}
	test_fail(__FILE__, __LINE__, "a message that nobody wrote");
}

static void note_sent(struct program *p, const struct wa_sent *sent)
{
	for (size_t i = 0; i < p->letter_count; i++)
		if (str_is(p->letters[i].id, sent->id)) {
			EXPECT(sent->code == 0 || sent->code == WA_SENT_NO_ANSWER);
			p->letters[i].is_sent |= sent->code == 0;
			p->letters[i].is_under_way = false;
		}
}

static void note(struct program *p, const struct wa_event *event)
{
	if (event->kind == WA_EVENT_QR) {
		EXPECT(event->text.len < sizeof p->qr);
		memcpy(p->qr, event->text.ptr, event->text.len);
		p->qr[event->text.len] = '\0';
	} else if (event->kind == WA_EVENT_MESSAGE) {
		note_message(p, event->message);
	} else if (event->kind == WA_EVENT_SENT) {
		note_sent(p, event->sent);
	}
}

static void start(struct program *p);

static void die(struct program *p)
{
	p->deaths++;
	wa_link_destroy(p->link);
	p->link = NULL;
	hang_up(p);
	for (size_t i = 0; i < p->letter_count; i++)
		p->letters[i].is_under_way = false;
	start(p);
}

static void act(struct program *p, struct wa_output *out);

static void record(struct program *p, struct input input)
{
	struct input *kept = ARENA_NEW(test_arena(), struct input);

	*kept = input;
	kept->at = now(p->world);
	*p->last_input = kept;
	p->last_input = &kept->next;
}

static void note_frames(struct program *p, const struct wa_output *out)
{
	for (const struct wa_frame *f = out->frames; f; f = f->next)
		buf_put(&p->said, f->octets.ptr, f->octets.len);
}

static void open_line(struct program *p)
{
	struct wa_clock at = now(p->world);
	struct wa_output out;
	struct wa_call call = { &at, &out };

	hang_up(p);
	p->line = ARENA_NEW(test_arena(), struct line);
	p->line->owner = p;
	p->line->last = &p->line->first;
	p->conn = sim_open(p->world->sim, p->line, p->world->now_ms);
	wa_output_init(&out, p->world->step);
	record(p, (struct input){ .kind = CAME_OPENED });
	EXPECT_OK(wa_link_opened(p->link, &call));
	act(p, &out);
}

/* What came of a call: kept, told, sent; or the program dies before, or between. */
static void act(struct program *p, struct wa_output *out)
{
	bool connect = out->connect;

	note_frames(p, out);
	if (chance(p->world, p->world->die_percent)) {
		wa_memory_rollback(p->memory);
		die(p);
		return;
	}
	wa_memory_commit(p->memory);
	for (const struct wa_event *event = out->events; event; event = event->next)
		note(p, event);
	if (chance(p->world, p->world->die_percent)) {
		die(p);
		return;
	}
	for (const struct wa_frame *f = out->frames; f && p->conn; f = f->next)
		sim_feed(p->conn, f->octets, p->world->now_ms);
	if (out->disconnect)
		hang_up(p);
	if (connect)
		open_line(p);
}

static void start(struct program *p)
{
	struct wa_clock at = now(p->world);
	struct wa_output out;
	struct wa_call call = { &at, &out };

	wa_output_init(&out, p->world->step);
	record(p, (struct input){ .kind = CAME_START });
	EXPECT_OK(wa_link_create(&p->config, &p->link));
	EXPECT_OK(wa_link_start(p->link, &call));
	act(p, &out);
}

/* The next parcel of a program, if there is one. */
static bool deliver(struct program *p)
{
	struct parcel *parcel = p->line ? p->line->first : NULL;
	struct wa_clock at = now(p->world);
	struct wa_output out;
	struct wa_call call = { &at, &out };

	if (!parcel)
		return false;
	p->line->first = parcel->next;
	if (!p->line->first)
		p->line->last = &p->line->first;
	wa_output_init(&out, p->world->step);
	record(p, (struct input){ .kind = parcel->octets.len ? CAME_OCTETS : CAME_CLOSED,
		.octets = parcel->octets });
	if (parcel->octets.len) {
		EXPECT_OK(wa_link_feed(p->link, &call, parcel->octets));
	} else {
		hang_up(p);
		EXPECT_OK(wa_link_closed(p->link, &call));
	}
	act(p, &out);
	return true;
}

static void run(struct world *w)
{
	while (deliver(&w->a) || deliver(&w->b))
		arena_reset(w->step);
}

static void tick(struct program *p)
{
	struct wa_clock at = now(p->world);
	struct wa_output out;
	struct wa_call call = { &at, &out };

	if (!p->link || wa_link_deadline(p->link) > at.mono_ms)
		return;
	wa_output_init(&out, p->world->step);
	record(p, (struct input){ .kind = CAME_TICK });
	EXPECT_OK(wa_link_tick(p->link, &call));
	act(p, &out);
}

static void wait_ms(struct world *w, int64_t ms)
{
	w->now_ms += ms;
	tick(&w->a);
	tick(&w->b);
	run(w);
}

/* Whatever is not under way and has no ack is sent, as an outbox would. */
static void post(struct program *p, size_t most)
{
	struct wa_clock at = now(p->world);

	for (size_t i = 0; i < p->letter_count && i < most; i++) {
		struct letter *letter = &p->letters[i];
		struct wa_send send = { .id = letter->id, .to = p->to };
		struct wa_output out;
		struct wa_call call = { &at, &out };

		if (letter->is_sent || letter->is_under_way || wa_link_state(p->link) != WA_OPEN)
			continue;
		wa_output_init(&out, p->world->step);
		send.message = wa_message_text(p->world->step, letter->body);
		letter->is_under_way = true;
		record(p, (struct input){ .kind = CAME_WISH, .letter = letter });
		EXPECT_OK(wa_client_send(wa_link_client(p->link), &call, &send));
		act(p, &out);
	}
}

/* ---- the world ---- */

static void program_init(struct program *p, struct world *w, const char *phone)
{
	p->phone = phone;
	p->memory = wa_memory_create();
	p->random = p->seed = w->random;
	p->last_input = &p->inputs;
	p->said = buf_in(test_arena(), 64u << 20);
	p->config = (struct wa_config){ .client = { WA_VERSION_DEFAULT, S("Linux"), false },
		.store = wa_memory_store(p->memory), .random = next_random,
		.random_arg = &p->random, .root = sim_root(w->sim) };
	start(p);
	run(w);
	for (int i = 0; i < 3 && !p->qr[0]; i++)
		wait_ms(w, 1000);
}

static void pair(struct program *p)
{
	struct world *w = p->world;
	const char *why = "";

	EXPECT_ERR(sim_scan(w->sim, str_of(p->qr), str_of(p->phone), w->now_ms, &why), OK);
	run(w);
	for (int i = 0; i < 20 && wa_link_state(p->link) != WA_OPEN; i++)
		wait_ms(w, 1000);
	EXPECT_INT(wa_link_state(p->link), WA_OPEN);
}

static struct world *world_make(uint64_t seed)
{
	struct world *w = ARENA_NEW(test_arena(), struct world);
	struct sim_config config = { .send = on_send, .close = on_close, .random = next_random,
		.arg = &w->random };

	crypto_init();
	w->random = seed;
	w->now_ms = START_MS;
	w->step = arena_create(STEP_ARENA_MAX);
	w->sim = sim_create(&config);
	w->a.world = w->b.world = w;
	program_init(&w->a, w, "15550001111");
	program_init(&w->b, w, "5511999990000");
	pair(&w->a);
	pair(&w->b);
	w->a.other = &w->b;
	w->b.other = &w->a;
	w->a.to = (struct jid){ .user = S("5511999990000"), .server = JID_SERVER_PN };
	w->b.to = (struct jid){ .user = S("15550001111"), .server = JID_SERVER_PN };
	return w;
}

static void world_done(struct world *w)
{
	wa_link_destroy(w->a.link);
	wa_link_destroy(w->b.link);
	wa_memory_destroy(w->a.memory);
	wa_memory_destroy(w->b.memory);
	hang_up(&w->a);
	hang_up(&w->b);
	sim_destroy(w->sim);
	arena_destroy(w->step);
}

static void write_letters(struct program *p, size_t count, const char *prefix)
{
	for (size_t i = 0; i < count; i++)
		p->letters[p->letter_count++] = (struct letter){
			.id = arena_printf(test_arena(), "3EB0%s%06zu", prefix, i),
			.body = arena_printf(test_arena(), "%s says %zu", prefix, i) };
}

static bool all_arrived(const struct program *p)
{
	for (size_t i = 0; i < p->letter_count; i++)
		if (!p->letters[i].arrived || !p->letters[i].is_sent)
			return false;
	return true;
}

static void expect_once(const struct program *p)
{
	for (size_t i = 0; i < p->letter_count; i++) {
		EXPECT_INT(p->letters[i].arrived, 1);
		EXPECT(p->letters[i].is_sent);
	}
}

/* Until everything has arrived, or for so many seconds. */
static void live(struct world *w, int seconds)
{
	for (int i = 0; i < seconds && !(all_arrived(&w->a) && all_arrived(&w->b)); i++) {
		post(&w->a, (size_t)i + 2);
		post(&w->b, (size_t)i + 2);
		run(w);
		wait_ms(w, 1000);
	}
}

TEST(two_links_write_to_each_other_over_the_simulated_server)
{
	struct world *w = world_make(1);

	write_letters(&w->a, 20, "A");
	write_letters(&w->b, 20, "B");
	live(w, 60);
	expect_once(&w->a);
	expect_once(&w->b);
	EXPECT_INT(w->a.waited + w->b.waited, 0);
	world_done(w);
}

TEST(a_program_that_dies_between_any_two_steps_loses_and_doubles_nothing)
{
	for (uint64_t seed = 10; seed < 14; seed++) {
		struct world *w = world_make(seed);

		w->die_percent = 4;
		write_letters(&w->a, 40, "A");
		write_letters(&w->b, 40, "B");
		live(w, 1200);
		w->die_percent = 0;
		live(w, 1200);
		expect_once(&w->a);
		expect_once(&w->b);
		EXPECT(w->a.deaths + w->b.deaths > 5);
		world_done(w);
	}
}

TEST(a_network_that_drops_doubles_and_spoils_loses_and_doubles_nothing)
{
	for (uint64_t seed = 20; seed < 24; seed++) {
		struct world *w = world_make(seed);
		struct sim_faults *faults = sim_faults(w->sim);

		faults->duplicate_percent = 10;
		faults->corrupt_percent = 5;
		faults->drop_ack_percent = 5;
		faults->reorder = true;
		write_letters(&w->a, 60, "A");
		write_letters(&w->b, 60, "B");
		for (int i = 0; i < 600 && !(all_arrived(&w->a) && all_arrived(&w->b)); i++) {
			if (i % 17 == 5)
				(void)!sim_cut(w->sim, str_of(w->a.phone), sim_first_device(w->sim,
					str_of(w->a.phone)));
			if (i % 23 == 7)
				(void)!sim_cut(w->sim, str_of(w->b.phone), sim_first_device(w->sim,
					str_of(w->b.phone)));
			live(w, 1);
			post(&w->a, (size_t)i + 2);
			post(&w->b, (size_t)i + 2);
			run(w);
		}
		*faults = (struct sim_faults){ 0 };
		live(w, 600);
		expect_once(&w->a);
		expect_once(&w->b);
		EXPECT(w->a.waited + w->b.waited > 0);
		world_done(w);
	}
}

TEST(everything_at_once_loses_and_doubles_nothing)
{
	for (uint64_t seed = 30; seed < 38; seed++) {
		struct world *w = world_make(seed);
		struct sim_faults *faults = sim_faults(w->sim);

		faults->duplicate_percent = 5;
		faults->corrupt_percent = 5;
		faults->drop_ack_percent = 5;
		w->die_percent = 2;
		write_letters(&w->a, 40, "A");
		write_letters(&w->b, 40, "B");
		live(w, 600);
		*faults = (struct sim_faults){ 0 };
		w->die_percent = 0;
		live(w, 1200);
		expect_once(&w->a);
		expect_once(&w->b);
		world_done(w);
	}
}

static enum err play(struct wa_link *link, const struct wa_call *call, const struct input *input,
	const struct jid *to)
{
	struct wa_send send = { .to = *to };

	switch (input->kind) {
	case CAME_START:
		return wa_link_start(link, call);
	case CAME_OPENED:
		return wa_link_opened(link, call);
	case CAME_OCTETS:
		return wa_link_feed(link, call, input->octets);
	case CAME_CLOSED:
		return wa_link_closed(link, call);
	case CAME_TICK:
		return wa_link_tick(link, call);
	case CAME_WISH:
		break;
	}
	send.id = input->letter->id;
	send.message = wa_message_text(call->out->arena, input->letter->body);
	return wa_client_send(wa_link_client(link), call, &send);
}

TEST(a_life_that_was_recorded_goes_the_same_way_again_without_the_network)
{
	struct world *w = world_make(40);
	struct program *again = ARENA_NEW(test_arena(), struct program);

	write_letters(&w->a, 30, "A");
	write_letters(&w->b, 30, "B");
	sim_faults(w->sim)->corrupt_percent = 10;
	live(w, 120);
	*again = (struct program){ .world = w, .config = w->a.config };
	again->random = w->a.seed;
	again->memory = wa_memory_create();
	again->config.store = wa_memory_store(again->memory);
	again->config.random_arg = &again->random;
	again->said = buf_in(test_arena(), 64u << 20);
	for (const struct input *input = w->a.inputs; input; input = input->next) {
		struct wa_output out;
		struct wa_call call = { &input->at, &out };

		if (input->kind == CAME_START)
			EXPECT_OK(wa_link_create(&again->config, &again->link));
		wa_output_init(&out, w->step);
		EXPECT_OK(play(again->link, &call, input, &w->a.to));
		note_frames(again, &out);
	}
	EXPECT(w->a.said.len > 30000);
	EXPECT(str_is(buf_text(&again->said), buf_text(&w->a.said)));
	wa_link_destroy(again->link);
	wa_memory_destroy(again->memory);
	world_done(w);
}
