/*
 * session_test.c: whole lives of a session, against the simulated server.
 *
 * The wire is a queue and the clock a number, so a minute takes no time; random octets come of a
 * seed, so each run is the same. What the session wants kept goes to a store in memory, call by
 * call as in one transaction: a crash loses what was not yet committed.
 */
#include "base/test.h"
#include "wa/session/link_code.h"
#include "wa/session/memory.h"
#include "wa/session/session.h"
#include "wa/simulator/simulator.h"

#include <stdio.h>

#define PHONE "15550001111"
#define START_MS 1800000000000

/* Octets on their way to the session; without any: the connection was closed. */
struct parcel { struct parcel *next; bytes octets; };

struct world {
	struct sim *sim;
	struct sim_conn *conn;
	struct wa_session *session;
	struct wa_config config;
	int64_t now_ms;
	uint64_t random;
	struct parcel *first, **last;
	uintptr_t line;         /* names the connection */
	bytes stray;            /* what came for one before it */
	struct wa_memory *memory;
	/* what was told */
	char qr[1024], code[16], ending[32], story[4096];
	size_t qr_count, connects;
	int64_t qr_valid_ms;
	bool logged_out, chop;
	int crash_after; /* calls to commit; then the session is gone */
};

static struct world w;

/* ---- the world ---- */

static void next_random(void *arg, void *out, size_t size)
{
	(void)arg;
	for (size_t i = 0; i < size; i++) {
		w.random = w.random * 6364136223846793005u + 1442695040888963407u;
		((uint8_t *)out)[i] = (uint8_t)(w.random >> 56);
	}
}

static void on_send(void *conn, bytes octets)
{
	struct parcel *p = ARENA_NEW(test_arena(), struct parcel);

	p->octets = arena_bytes(test_arena(), octets);
	if ((uintptr_t)conn != w.line) {
		if (octets.len)
			w.stray = p->octets;
		return;
	}
	*w.last = p;
	w.last = &p->next;
}

static void on_close(void *conn)
{
	on_send(conn, BYTES_NONE);
}

static struct wa_clock now(void)
{
	return (struct wa_clock){ w.now_ms - START_MS + 1000, w.now_ms };
}

static void take_event(const struct wa_event *e)
{
	size_t at = strlen(w.story);

	if (e->kind == WA_EVENT_STATE) {
		snprintf(w.story + at, sizeof w.story - at, "%s%s", at ? " " : "",
			wa_state_name(e->state));
		snprintf(w.ending, sizeof w.ending, "%s", e->ending.code ? e->ending.code : "");
	} else if (e->kind == WA_EVENT_QR) {
		snprintf(w.qr, sizeof w.qr, STR_F, STR_A(e->text));
		w.qr_valid_ms = e->valid_ms;
		w.qr_count++;
	} else if (e->kind == WA_EVENT_CODE) {
		snprintf(w.code, sizeof w.code, STR_F, STR_A(e->text));
	} else if (e->kind == WA_EVENT_LOGGED_OUT) {
		w.logged_out = true;
	}
}

static void hang_up(void)
{
	if (w.conn)
		sim_closed(w.conn);
	w.conn = NULL;
	w.first = NULL;
	w.last = &w.first;
}

/* What came of a call is committed, sent and told; a crash comes between commit and sending. */
static void act(struct wa_output *out)
{
	struct wa_clock at = now();

	wa_memory_commit(w.memory);
	if (w.crash_after > 0 && --w.crash_after == 0) {
		wa_session_destroy(w.session);
		w.session = NULL;
		hang_up();
		return;
	}
	for (const struct wa_event *e = out->events; e; e = e->next)
		take_event(e);
	for (const struct wa_frame *f = out->frames; f && w.conn; f = f->next) {
		for (size_t i = 0; w.chop && i < f->octets.len; i++)
			sim_feed(w.conn, (bytes){ f->octets.ptr + i, 1 }, w.now_ms);
		if (!w.chop)
			sim_feed(w.conn, f->octets, w.now_ms);
	}
	if (out->disconnect)
		hang_up();
	if (out->connect) {
		struct wa_output more;

		hang_up();
		w.connects++;
		w.conn = sim_open(w.sim, (void *)++w.line, w.now_ms);
		wa_output_init(&more, test_arena());
		EXPECT_OK(wa_session_opened(w.session, &at, &more));
		act(&more);
	}
}

static void deliver(bytes octets)
{
	struct wa_clock at = now();
	struct wa_output out;

	wa_output_init(&out, test_arena());
	if (octets.len) {
		EXPECT_OK(wa_session_feed(w.session, &at, octets, &out));
	} else {
		if (w.conn)
			sim_closed(w.conn);
		w.conn = NULL;
		EXPECT_OK(wa_session_closed(w.session, &at, &out));
	}
	act(&out);
}

/* Until nothing is on its way. */
static void pump(void)
{
	while (w.session && w.first) {
		bytes octets = w.first->octets;

		w.first = w.first->next;
		if (!w.first)
			w.last = &w.first;
		for (size_t i = 0; w.chop && i < octets.len && w.session; i++)
			deliver((bytes){ octets.ptr + i, 1 });
		if (!w.chop || !octets.len)
			deliver(octets);
	}
}

/* Time goes by, and the session's clock rings when it wants to. */
static void pass(int64_t ms)
{
	int64_t end = w.now_ms + ms;

	while (w.session && w.now_ms < end) {
		int64_t next = wa_session_deadline(w.session) == INT64_MAX
				       ? end
				       : wa_session_deadline(w.session) + START_MS - 1000;
		struct wa_output out;
		struct wa_clock at;

		w.now_ms = next < w.now_ms ? w.now_ms : next < end ? next : end;
		at = now();
		wa_output_init(&out, test_arena());
		EXPECT_OK(wa_session_tick(w.session, &at, &out));
		act(&out);
		pump();
	}
}

static void load(void)
{
	EXPECT_OK(wa_session_create(&w.config, &w.session));
}

static void start(void)
{
	struct wa_clock at = now();
	struct wa_output out;

	wa_output_init(&out, test_arena());
	EXPECT_OK(wa_session_start(w.session, &at, &out));
	act(&out);
	pump();
}

static void open_world(void)
{
	struct sim_config sim = { .send = on_send, .close = on_close, .random = next_random };

	crypto_init();
	if (w.session)
		wa_session_destroy(w.session);
	sim_destroy(w.sim);
	wa_memory_destroy(w.memory);
	w = (struct world){ .now_ms = START_MS, .random = 1 };
	w.last = &w.first;
	w.memory = wa_memory_create();
	w.sim = sim_create(&sim);
	w.config = (struct wa_config){
		.client = { WA_VERSION_DEFAULT, S("Linux"), false },
		.root = sim_root(w.sim),
		.store = wa_memory_store(w.memory),
		.random = next_random,
	};
	load();
}

[[gnu::destructor]] static void close_world(void)
{
	wa_session_destroy(w.session);
	sim_destroy(w.sim);
	wa_memory_destroy(w.memory);
}

static void scan(void)
{
	const char *why = "";

	if (sim_scan(w.sim, str_of(w.qr), S(PHONE), w.now_ms, &why) != OK)
		test_fail(__FILE__, __LINE__, "%s", why);
	pump();
}

static void open_paired(void)
{
	open_world();
	start();
	scan();
	EXPECT_INT(wa_session_state(w.session), WA_OPEN);
	w.story[0] = '\0';
}

static struct sim_device_state device_state(void)
{
	struct sim_device_state state = { 0 };

	sim_device(w.sim, S(PHONE), sim_first_device(w.sim, S(PHONE)), &state);
	return state;
}

/* ---- pairing ---- */

TEST(a_phone_scans_and_the_number_is_open)
{
	open_world();
	start();
	EXPECT_STR(str_of(w.story), "connecting handshake pairing");
	EXPECT(str_starts(str_of(w.qr), S("https://wa.me/settings/linked_devices#2@")));
	EXPECT_INT(w.qr_valid_ms, WA_QR_FIRST_MS);
	scan();
	EXPECT_STR(str_of(w.story),
		"connecting handshake pairing connecting handshake login syncing open");
	EXPECT(wa_session_is_paired(w.session));
	EXPECT(device_state().is_active);
	EXPECT_INT(device_state().prekeys, WA_PREKEYS_FIRST);
	EXPECT_INT(device_state().logins, 1);
	EXPECT_STR(wa_text_of(&wa_session_device(w.session)->pn.user), PHONE);
	EXPECT_STR(wa_text_of(&wa_session_device(w.session)->platform), "android");
}

TEST(codes_follow_each_other_and_end_without_a_new_start)
{
	char first[sizeof w.qr];

	open_world();
	start();
	memcpy(first, w.qr, sizeof first);
	pass(WA_QR_FIRST_MS - 1);
	EXPECT_INT(w.qr_count, 1);
	pass(1);
	EXPECT_INT(w.qr_count, 2);
	EXPECT_INT(w.qr_valid_ms, WA_QR_NEXT_MS);
	EXPECT(strcmp(first, w.qr) != 0);
	pass(4 * WA_QR_NEXT_MS);
	EXPECT_INT(w.qr_count, 6);
	pass(WA_QR_NEXT_MS);
	EXPECT_INT(wa_session_state(w.session), WA_CLOSED);
	EXPECT_STR(str_of(w.ending), "qr_expired");
	pass(24 * 3600000);
	EXPECT_INT(w.connects, 1);
	EXPECT_INT(w.qr_count, 6);
}

TEST(a_second_code_can_be_scanned_and_the_first_no_more)
{
	char first[sizeof w.qr];
	const char *why = "";

	open_world();
	start();
	memcpy(first, w.qr, sizeof first);
	pass(WA_QR_FIRST_MS + WA_QR_NEXT_MS);
	EXPECT_INT(sim_scan(w.sim, str_of(first), S(PHONE), w.now_ms, &why), ERR_MISSING);
	EXPECT_STR(str_of(why), "the code is over: scan the one that is shown now");
	EXPECT_INT(wa_session_state(w.session), WA_PAIRING);
	scan();
	EXPECT_INT(wa_session_state(w.session), WA_OPEN);
}

static void ask_code(void)
{
	struct wa_clock at = now();
	struct wa_output out;

	wa_output_init(&out, test_arena());
	EXPECT_OK(wa_session_link_code(w.session, &at, S(PHONE), &out));
	act(&out);
	EXPECT_STR(str_of(w.code), "");
	pump();
	EXPECT_INT(strlen(w.code), LINK_CODE_LEN);
}

TEST(a_code_typed_on_the_phone_pairs)
{
	const char *why;

	open_world();
	start();
	ask_code();
	pass(WA_QR_FIRST_MS);
	EXPECT_OK(sim_type_code(w.sim, S(PHONE), str_of(w.code), w.now_ms, &why));
	pump();
	EXPECT_INT(wa_session_state(w.session), WA_OPEN);
}

TEST(a_mistyped_code_comes_to_nothing_and_is_told)
{
	const char *why;

	open_world();
	start();
	ask_code();
	EXPECT_OK(sim_type_code(w.sim, S(PHONE), S("22222222"), w.now_ms, &why));
	pump();
	EXPECT_INT(wa_session_state(w.session), WA_PAIRING);
	pass(WA_CODE_FINISH_MS);
	EXPECT_STR(str_of(w.ending), "code_expired");
	EXPECT(!wa_session_is_paired(w.session));
}

TEST(a_code_wants_a_phone_number_and_a_shown_qr)
{
	struct wa_clock at = now();
	struct wa_output out;

	open_world();
	wa_output_init(&out, test_arena());
	EXPECT_ERR(wa_session_link_code(w.session, &at, S(PHONE), &out), ERR_CONFLICT);
	start();
	at = now();
	EXPECT_ERR(wa_session_link_code(w.session, &at, S("0123456789"), &out), ERR_INPUT);
	EXPECT_ERR(wa_session_link_code(w.session, &at, S("123"), &out), ERR_INPUT);
	EXPECT_ERR(wa_session_link_code(w.session, &at, S("+15550001111"), &out), ERR_INPUT);
}

TEST(a_forged_voucher_is_refused)
{
	const char *why;

	open_world();
	sim_faults(w.sim)->bad_hmac = true;
	start();
	EXPECT_OK(sim_scan(w.sim, str_of(w.qr), S(PHONE), w.now_ms, &why));
	pump();
	EXPECT_STR(str_of(w.ending), "pairing_refused");
	EXPECT(!wa_session_is_paired(w.session));
	EXPECT_INT(wa_memory_total(w.memory), 0);
}

TEST(pairing_may_not_be_started_without_end)
{
	struct wa_clock at;
	struct wa_output out;

	open_world();
	for (int i = 0; i < WA_PAIR_PER_HOUR; i++) {
		start();
		pass(WA_QR_FIRST_MS + 6 * WA_QR_NEXT_MS);
		EXPECT_INT(wa_session_state(w.session), WA_CLOSED);
	}
	at = now();
	wa_output_init(&out, test_arena());
	EXPECT_ERR(wa_session_start(w.session, &at, &out), ERR_LIMIT);
	w.now_ms += 3600000;
	start();
	EXPECT_INT(wa_session_state(w.session), WA_PAIRING);
	at = now();
	EXPECT_OK(wa_session_stop(w.session, &at, &out));
	EXPECT_ERR(wa_session_start(w.session, &at, &out), ERR_LIMIT);
}

TEST(a_server_that_proves_nothing_learns_nothing)
{
	open_world();
	sim_faults(w.sim)->bad_certificate = true;
	start();
	EXPECT_STR(str_of(w.ending), "untrusted");
	EXPECT_INT(w.qr_count, 0);
	EXPECT_STR(str_of(w.story), "connecting handshake closed");
}

/* ---- crashes ---- */

/* Wherever it dies: when the server has the device, so has the store; and no new code is needed. */
TEST(a_crash_at_any_point_needs_no_new_code)
{
	int paired = 0, unpaired = 0;

	for (int n = 1; n < 40; n++) {
		const char *why;
		bool at_server;

		arena_reset(test_arena());
		open_world();
		w.crash_after = n;
		start();
		if (w.session && w.qr[0] &&
			sim_scan(w.sim, str_of(w.qr), S(PHONE), w.now_ms, &why) == OK)
			pump();
		hang_up();
		at_server = sim_first_device(w.sim, S(PHONE));
		w.crash_after = 0;
		wa_session_destroy(w.session);
		load();
		EXPECT(!at_server || wa_session_is_paired(w.session));
		w.qr[0] = '\0';
		w.now_ms += WA_PAIR_EVERY_MS;
		if (!at_server) {
			unpaired++;
			continue;
		}
		start();
		EXPECT_INT(wa_session_state(w.session), WA_OPEN);
		EXPECT_STR(str_of(w.qr), "");
		EXPECT(device_state().prekeys >= WA_PREKEYS_FEW);
		paired++;
	}
	EXPECT(paired > 5 && unpaired > 2);
}

TEST(what_could_not_be_kept_is_not_sent)
{
	struct wa_clock at;
	struct wa_output out;
	const char *why;

	open_world();
	start();
	EXPECT_OK(sim_scan(w.sim, str_of(w.qr), S(PHONE), w.now_ms, &why));
	wa_memory_fail_at(w.memory, 1);
	at = now();
	wa_output_init(&out, test_arena());
	EXPECT_ERR(wa_session_feed(w.session, &at, w.first->octets, &out), ERR_STORE);
	EXPECT(!out.frames);
	EXPECT_INT(sim_first_device(w.sim, S(PHONE)), 0);
	wa_memory_fail_at(w.memory, 0);
}

/* ---- staying ---- */

TEST(a_restart_logs_in_without_a_phone)
{
	open_paired();
	wa_session_destroy(w.session);
	hang_up();
	load();
	start();
	EXPECT_STR(str_of(w.story), "connecting handshake login syncing open");
	EXPECT_INT(device_state().logins, 2);
	EXPECT_INT(device_state().prekeys, WA_PREKEYS_FIRST);
}

TEST(a_cut_connection_is_made_again)
{
	open_paired();
	EXPECT_OK(sim_cut(w.sim, S(PHONE), device_state().device));
	pump();
	EXPECT_STR(str_of(w.story), "backoff");
	EXPECT_STR(str_of(w.ending), "closed");
	pass(2000);
	EXPECT_STR(str_of(w.story), "backoff connecting handshake login syncing open");
}

TEST(a_server_that_is_away_is_asked_less_and_less_often)
{
	open_paired();
	sim_faults(w.sim)->failure_reason = 503;
	EXPECT_OK(sim_cut(w.sim, S(PHONE), device_state().device));
	w.connects = 0;
	pump();
	pass(60000);
	EXPECT(w.connects >= 6 && w.connects <= 9);
	pass(24 * 3600000);
	EXPECT(w.connects > 90 && w.connects < 130);
	sim_faults(w.sim)->failure_reason = 0;
	pass(WA_BACKOFF_MAX_MS * 11 / 10);
	EXPECT_INT(wa_session_state(w.session), WA_OPEN);
}

TEST(a_number_that_is_deaf_is_found_within_90_seconds)
{
	open_paired();
	pass(10 * 60000);
	EXPECT_INT(wa_session_state(w.session), WA_OPEN);
	EXPECT_STR(str_of(w.story), "");
	sim_faults(w.sim)->is_mute = true;
	pass(90000);
	EXPECT(str_starts(str_of(w.story), S("backoff")));
	sim_faults(w.sim)->is_mute = false;
	pass(60000);
	EXPECT_INT(wa_session_state(w.session), WA_OPEN);
}

TEST(the_second_connection_is_quicker_and_falls_back)
{
	open_paired();
	EXPECT(wa_session_device(w.session)->server_until_s > 0);
	sim_faults(w.sim)->refuse_ik = true;
	EXPECT_OK(sim_cut(w.sim, S(PHONE), device_state().device));
	pump();
	pass(2000);
	EXPECT_INT(wa_session_state(w.session), WA_OPEN);
}

TEST(frames_may_be_cut_anywhere_and_compressed)
{
	open_world();
	w.chop = true;
	sim_faults(w.sim)->compress = true;
	start();
	scan();
	EXPECT_INT(wa_session_state(w.session), WA_OPEN);
}

TEST(keys_of_one_use_are_made_when_few_are_left)
{
	open_paired();
	sim_use_prekeys(w.sim, S(PHONE), device_state().device, WA_PREKEYS_FEW, w.now_ms);
	pump();
	EXPECT_INT(device_state().prekeys, WA_PREKEYS_FEW);
	sim_use_prekeys(w.sim, S(PHONE), device_state().device, 2, w.now_ms);
	pump();
	EXPECT_INT(device_state().prekeys, 2 + WA_PREKEYS_MORE);
	EXPECT_INT(wa_session_device(w.session)->next_prekey_id,
		1 + WA_PREKEYS_FIRST + WA_PREKEYS_MORE);
	EXPECT_INT(wa_memory_total(w.memory), 1 + WA_PREKEYS_FIRST + WA_PREKEYS_MORE);
}

TEST(keys_that_the_server_did_not_confirm_go_again)
{
	open_world();
	start();
	sim_faults(w.sim)->close_after_frames = 2; /* count, and then the keys */
	scan();
	sim_faults(w.sim)->close_after_frames = 0;
	EXPECT_INT(device_state().prekeys, 0);
	pass(5000);
	EXPECT_INT(wa_session_state(w.session), WA_OPEN);
	EXPECT_INT(device_state().prekeys, WA_PREKEYS_FIRST);
	EXPECT_INT(wa_session_device(w.session)->next_prekey_id, 1 + WA_PREKEYS_FIRST);
}

/* ---- what the server says ---- */

TEST(every_refusal_of_a_login_has_its_consequence)
{
	static const struct { int reason; const char *ending; bool goes_on, erased; } cases[] = {
		{ 400, "refused", false, false },
		{ 401, "logged_out", false, true },
		{ 402, "temporary_ban", true, false },
		{ 403, "primary_locked", false, true },
		{ 405, "client_outdated", false, false },
		{ 406, "banned", false, true },
		{ 409, "bad_user_agent", false, false },
		{ 413, "token_expired", false, false },
		{ 414, "token_invalid", false, false },
		{ 415, "not_found", false, false },
		{ 418, "client_unknown", false, false },
		{ 500, "server_error", true, false },
		{ 501, "experimental", false, false },
		{ 503, "unavailable", true, false },
		{ 999, "refused", false, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		arena_reset(test_arena());
		open_paired();
		sim_faults(w.sim)->failure_reason = cases[i].reason;
		sim_faults(w.sim)->failure_expire_s = cases[i].reason == 402 ? 3600 : 0;
		EXPECT_OK(sim_cut(w.sim, S(PHONE), device_state().device));
		pump();
		pass(1500);
		EXPECT_STR(str_of(w.ending), cases[i].ending);
		EXPECT_INT(wa_session_state(w.session), cases[i].goes_on ? WA_BACKOFF : WA_CLOSED);
		EXPECT_INT(wa_memory_total(w.memory) > 0, !cases[i].erased);
		EXPECT_INT(w.logged_out, cases[i].erased);
		w.connects = 0;
		sim_faults(w.sim)->failure_reason = 0;
		pass(3500000);
		EXPECT_INT(w.connects > 0, cases[i].goes_on && cases[i].reason != 402);
		pass(200000);
		EXPECT_INT(w.connects > 0, cases[i].goes_on);
	}
}

TEST(every_stream_error_has_its_consequence)
{
	static const struct {
		int code;
		const char *tag, *type, *ending;
		enum wa_state state;
	} cases[] = {
		{ 515, NULL, NULL, "", WA_OPEN },
		{ 516, NULL, NULL, "", WA_OPEN },
		{ 401, "conflict", "device_removed", "device_removed", WA_CLOSED },
		{ 0, "conflict", "replaced", "replaced", WA_CLOSED },
		{ 409, NULL, NULL, "replaced", WA_CLOSED },
		{ 429, NULL, NULL, "rate_limited", WA_BACKOFF },
		{ 503, NULL, NULL, "stream_error", WA_BACKOFF },
		{ 0, "xml-not-well-formed", NULL, "malformed", WA_BACKOFF },
		{ 0, "ack", NULL, "stream_error", WA_BACKOFF },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		arena_reset(test_arena());
		open_paired();
		EXPECT_OK(sim_stream_error(w.sim, S(PHONE), device_state().device, cases[i].code,
			cases[i].tag, cases[i].type));
		pump();
		EXPECT_INT(wa_session_state(w.session), cases[i].state);
		EXPECT_STR(str_of(w.ending), cases[i].ending);
		EXPECT_INT(wa_session_is_paired(w.session), i != 2);
		pass(60000);
		EXPECT_INT(wa_session_state(w.session),
			cases[i].state == WA_CLOSED ? WA_CLOSED : WA_OPEN);
	}
}

TEST(a_phone_that_unlinks_ends_it_and_its_keys)
{
	open_paired();
	EXPECT_OK(sim_unlink(w.sim, S(PHONE), 0, w.now_ms));
	pump();
	EXPECT_STR(str_of(w.ending), "device_removed");
	EXPECT(w.logged_out && !wa_session_is_paired(w.session));
	EXPECT_INT(wa_memory_total(w.memory), 0);
}

TEST(logging_out_here_unlinks_there)
{
	struct wa_clock at;
	struct wa_output out;

	open_paired();
	at = now();
	wa_output_init(&out, test_arena());
	EXPECT_OK(wa_session_log_out(w.session, &at, &out));
	act(&out);
	pump();
	EXPECT_INT(sim_first_device(w.sim, S(PHONE)), 0);
	EXPECT(w.logged_out);
	EXPECT_INT(wa_memory_total(w.memory), 0);
	EXPECT_INT(wa_session_state(w.session), WA_CLOSED);
}

TEST(a_second_program_with_the_same_keys_stops_the_first)
{
	struct wa_session *first;
	struct wa_output out;
	struct wa_clock at;

	open_paired();
	first = w.session;
	w.conn = NULL;
	load();
	start();
	EXPECT_INT(wa_session_state(w.session), WA_OPEN);
	EXPECT(w.stray.len > 0);
	at = now();
	wa_output_init(&out, test_arena());
	EXPECT_OK(wa_session_feed(first, &at, w.stray, &out));
	EXPECT_STR(str_of(out.events->ending.code), "replaced");
	EXPECT_INT(wa_session_state(first), WA_CLOSED);
	EXPECT_INT(wa_session_deadline(first), INT64_MAX);
	wa_session_destroy(first);
}

/* ---- requests and acks ---- */

static size_t acked;

static void count_acks(void *arg, void *conn, bool is_ours, const struct node *node)
{
	(void)arg, (void)conn;
	if (!is_ours && node_is(node, "ack") && node_has(node, "class", "receipt") &&
		node_has(node, "id", "R1") && node_attr(node, "to")->is_jid)
		acked++;
}

TEST(receipts_are_acked_and_handed_on)
{
	struct sim_config sim = { .send = on_send, .close = on_close, .random = next_random,
		.heard = count_acks };
	struct node *receipt;
	struct jid from = { .user = S("15552223333"), .server = JID_SERVER_PN };

	open_world();
	sim_destroy(w.sim);
	w.sim = sim_create(&sim);
	w.config.root = sim_root(w.sim);
	wa_session_destroy(w.session);
	load();
	start();
	scan();
	acked = 0;
	receipt = node_new(test_arena(), "receipt");
	node_put_jid(test_arena(), receipt, "from", &from);
	node_put(test_arena(), receipt, "id", S("R1"));
	EXPECT_OK(sim_send(w.sim, S(PHONE), device_state().device, receipt));
	pump();
	EXPECT_INT(acked, 1);
}

/* ---- whether the server has our keys as we have them ---- */

static struct { size_t digests, uploads; char id[64]; } asked;

static void note_asked(void *arg, void *conn, bool is_ours, const struct node *node)
{
	(void)arg, (void)conn;
	if (is_ours || !node_is(node, "iq") || !node_has(node, "xmlns", "encrypt"))
		return;
	asked.uploads += !!node_child(node, "list");
	if (!node_child(node, "digest"))
		return;
	asked.digests++;
	snprintf(asked.id, sizeof asked.id, STR_F, STR_A(node_text(test_arena(), node, "id")));
}

static void watch_asked(void)
{
	asked.digests = asked.uploads = 0;
}

/* Paired long ago; what is asked from now on is counted. */
static void open_watched(void)
{
	struct sim_config sim = { .send = on_send, .close = on_close, .random = next_random,
		.heard = note_asked };

	open_world();
	sim_destroy(w.sim);
	w.sim = sim_create(&sim);
	w.config.root = sim_root(w.sim);
	wa_session_destroy(w.session);
	load();
	watch_asked();
	start();
	scan();
	EXPECT_INT(wa_session_state(w.session), WA_OPEN);
	EXPECT_INT(asked.digests, 1);
	EXPECT_INT(asked.uploads, 1);
	pass(WA_UPLOAD_FRESH_MS);
	watch_asked();
}

static void log_in_again(void)
{
	EXPECT_OK(sim_cut(w.sim, S(PHONE), device_state().device));
	pump();
	pass(5000);
	EXPECT_INT(wa_session_state(w.session), WA_OPEN);
}

static void harm(enum sim_harm harm)
{
	sim_harm_keys(w.sim, S(PHONE), device_state().device, harm);
}

TEST(keys_that_the_server_has_as_we_do_stay_there)
{
	open_watched();
	log_in_again();
	EXPECT_INT(asked.digests, 1);
	EXPECT_INT(asked.uploads, 0);
	sim_use_prekeys(w.sim, S(PHONE), device_state().device, 20, w.now_ms);
	log_in_again();
	EXPECT_INT(asked.digests, 2);
	EXPECT_INT(asked.uploads, 0);
	EXPECT_INT(device_state().prekeys, 20);
}

TEST(a_server_that_lost_our_keys_gets_new_ones)
{
	open_watched();
	sim_faults(w.sim)->digest_error = 404;
	log_in_again();
	EXPECT_INT(asked.uploads, 1);
	EXPECT_INT(device_state().prekeys, WA_PREKEYS_FIRST + WA_PREKEYS_MORE);
	EXPECT_INT(wa_session_device(w.session)->first_unconfirmed_id,
		1 + WA_PREKEYS_FIRST + WA_PREKEYS_MORE);
}

TEST(another_signed_key_at_the_server_is_mended)
{
	open_watched();
	harm(SIM_HARM_SIGNED);
	log_in_again();
	EXPECT_INT(asked.uploads, 1);
	w.now_ms += WA_MEND_EVERY_MS;
	watch_asked();
	log_in_again();
	EXPECT(asked.digests > 0);
	EXPECT_INT(asked.uploads, 0);
}

/* An upload does not take those away: so it is tried once a day, also by a program anew. */
TEST(one_time_keys_that_are_not_ours_are_answered_once_a_day)
{
	static const enum sim_harm harms[] = { SIM_HARM_ONE_TIME, SIM_HARM_STRANGE };

	for (size_t i = 0; i < COUNT_OF(harms); i++) {
		arena_reset(test_arena());
		open_watched();
		harm(harms[i]);
		log_in_again();
		EXPECT_INT(asked.uploads, 1);
		pass(WA_UPLOAD_FRESH_MS);
		wa_session_destroy(w.session);
		hang_up();
		load();
		start();
		EXPECT_INT(asked.digests, 2);
		EXPECT_INT(asked.uploads, 1);
		w.now_ms += WA_MEND_EVERY_MS;
		log_in_again();
		EXPECT_INT(asked.uploads, 2);
	}
}

TEST(keys_that_went_up_just_now_are_counted_before_they_go_again)
{
	open_watched();
	sim_use_prekeys(w.sim, S(PHONE), device_state().device, 2, w.now_ms);
	pump();
	EXPECT_INT(asked.uploads, 1);
	harm(SIM_HARM_SIGNED);
	log_in_again();
	EXPECT_INT(asked.uploads, 1);
	pass(WA_UPLOAD_FRESH_MS);
	log_in_again();
	EXPECT_INT(asked.uploads, 2);
}

TEST(a_digest_that_is_refused_or_never_comes_changes_nothing)
{
	open_watched();
	sim_faults(w.sim)->digest_error = 503;
	log_in_again();
	sim_faults(w.sim)->digest_error = -1;
	log_in_again();
	EXPECT_INT(asked.digests, 2);
	w.story[0] = '\0';
	pass(10 * WA_REQUEST_MS);
	EXPECT_STR(str_of(w.story), "");
	EXPECT_INT(asked.uploads, 0);
}

/* The server's word for it, whatever that is worth. */
static void answer_digest(void (*fill)(struct node *digest))
{
	struct node *iq = node_new(test_arena(), "iq");

	sim_faults(w.sim)->digest_error = -1;
	log_in_again();
	EXPECT_INT(asked.uploads, 0);
	node_put_jid(test_arena(), iq, "from", &jid_server);
	node_put(test_arena(), iq, "id", str_of(asked.id));
	node_put(test_arena(), iq, "type", S("result"));
	if (fill)
		fill(node_add(test_arena(), iq, "digest"));
	EXPECT_OK(sim_send(w.sim, S(PHONE), device_state().device, iq));
	pump();
}

static void put_octets(struct node *to, const char *tag, const void *octets, size_t size)
{
	node_put_data(node_add(test_arena(), to, tag), (bytes){ octets, size });
}

static void fill_lasting(struct node *digest)
{
	const struct device *d = wa_session_device(w.session);
	struct node *skey;

	node_put_data(node_add(test_arena(), digest, "registration"),
		id_octets(test_arena(), d->registration_id, 4));
	put_octets(digest, "identity", d->identity.open, CURVE_KEY_SIZE);
	skey = node_add(test_arena(), digest, "skey");
	node_put_data(node_add(test_arena(), skey, "id"),
		id_octets(test_arena(), d->signed_prekey_id, 3));
	put_octets(skey, "value", d->signed_prekey.open, CURVE_KEY_SIZE);
	put_octets(skey, "signature", d->signed_prekey_signature, CURVE_SIGNATURE_SIZE);
}

static void fill_short(struct node *digest)
{
	fill_lasting(digest);
	put_octets(node_add(test_arena(), digest, "list"), "id", "\0\1", 2);
	put_octets(digest, "hash", "short", 5);
}

static void fill_too_much(struct node *digest)
{
	struct node *list;

	fill_lasting(digest);
	list = node_add(test_arena(), digest, "list");
	for (size_t i = 0; i < 10000; i++)
		put_octets(list, "id", "\0\0\1", 3);
	put_octets(digest, "hash", "01234567890123456789", 20);
}

static void fill_nothing(struct node *digest)
{
	(void)digest;
}

TEST(a_digest_that_makes_no_sense_is_another_opinion)
{
	static void (*const fills[])(struct node *) = { NULL, fill_nothing, fill_short,
		fill_too_much };

	for (size_t i = 0; i < COUNT_OF(fills); i++) {
		arena_reset(test_arena());
		open_watched();
		answer_digest(fills[i]);
		EXPECT_INT(wa_session_state(w.session), WA_OPEN);
		EXPECT_INT(asked.uploads, 1);
		EXPECT_INT(device_state().prekeys, WA_PREKEYS_FIRST + WA_PREKEYS_MORE);
	}
}

TEST(the_server_may_wish_the_digest_to_be_compared)
{
	struct jid stranger = { .user = S("15552223333"), .server = JID_SERVER_PN };
	const struct jid *from[] = { &stranger, &jid_server };

	open_watched();
	harm(SIM_HARM_SIGNED);
	for (size_t i = 0; i < COUNT_OF(from); i++) {
		struct node *note = node_new(test_arena(), "notification");

		node_put_jid(test_arena(), note, "from", from[i]);
		node_put(test_arena(), note, "id", S("N1"));
		node_put(test_arena(), note, "type", S("encrypt"));
		node_add(test_arena(), note, "digest");
		EXPECT_OK(sim_send(w.sim, S(PHONE), device_state().device, note));
		pump();
		EXPECT_INT(asked.digests, i);
		EXPECT_INT(asked.uploads, i);
	}
}

/* Dead at any step of the mending: each key that the server hands out has its secret half here,
 * and no id stands for two keys. */
TEST(a_crash_while_keys_are_mended_leaves_them_consistent)
{
	size_t mended = 0;

	for (int n = 1; n < 14; n++) {
		arena_reset(test_arena());
		open_watched();
		harm(SIM_HARM_SIGNED);
		EXPECT_OK(sim_cut(w.sim, S(PHONE), device_state().device));
		pump();
		w.crash_after = n;
		pass(5000);
		mended += asked.uploads;
		w.crash_after = 0;
		wa_session_destroy(w.session);
		hang_up();
		load();
		start();
		w.now_ms += WA_MEND_EVERY_MS;
		log_in_again();
		watch_asked();
		log_in_again();
		EXPECT_INT(asked.digests, 1);
		EXPECT_INT(asked.uploads, 0);
		EXPECT_INT(wa_memory_total(w.memory), 1 + device_state().prekeys);
	}
	EXPECT(mended > 2);
}

/* ---- what is promised of many (R039, R040) ---- */

#define RECONNECTIONS 1000
#define PAIRINGS 100

/* Every fourth time the server is in trouble for ten seconds, and every tenth time it is away for a
 * minute. */
static int64_t reconnect(int n)
{
	struct sim_faults *faults = sim_faults(w.sim);
	int64_t trouble_ms = n % 10 == 9 ? 60000 : n % 4 == 3 ? 10000 : 0, began_ms;

	faults->failure_reason = trouble_ms ? 503 : 0;
	EXPECT_OK(sim_cut(w.sim, S(PHONE), device_state().device));
	began_ms = w.now_ms;
	pump();
	pass(trouble_ms);
	faults->failure_reason = 0;
	while (wa_session_state(w.session) != WA_OPEN && w.now_ms - began_ms < 600000)
		pass(100);
	return w.now_ms - began_ms;
}

TEST(a_thousand_reconnections_take_less_than_30_seconds_on_average_and_never_a_code)
{
	int64_t sum_ms = 0, most_ms = 0;

	open_paired();
	for (int n = 0; n < RECONNECTIONS; n++) {
		int64_t took_ms = reconnect(n);

		arena_reset(test_arena());
		sum_ms += took_ms;
		most_ms = took_ms > most_ms ? took_ms : most_ms;
		pass(WA_STABLE_MS + 1000);
		EXPECT_INT(wa_session_state(w.session), WA_OPEN);
	}
	EXPECT(sum_ms / RECONNECTIONS < 30000);
	EXPECT(most_ms < 120000);
	EXPECT_INT(w.qr_count, 1);
	EXPECT(!w.logged_out);
}

/* A person may look at the first code or at the last, and need a second start. */
TEST(pairings_that_are_started_end_connected_whichever_code_is_scanned)
{
	size_t renewed = 0, connected = 0;

	for (int n = 0; n < PAIRINGS; n++) {
		size_t wanted = 1 + (size_t)n % SIM_REFS;

		open_world();
		arena_reset(test_arena());
		w.random = (uint64_t)n + 1;
		start();
		if (n % 7 == 6) {
			/* Nobody came in time: the codes end, and the number stays. */
			pass(WA_QR_FIRST_MS + SIM_REFS * WA_QR_NEXT_MS);
			EXPECT_STR(str_of(w.ending), "qr_expired");
			EXPECT(!w.logged_out);
			w.qr_count = 0;
			start();
		}
		while (w.qr_count < wanted && wa_session_state(w.session) == WA_PAIRING)
			pass(1000);
		renewed += w.qr_count == wanted;
		scan();
		connected += wa_session_state(w.session) == WA_OPEN;
	}
	EXPECT_INT(renewed, PAIRINGS);
	EXPECT_INT(connected, PAIRINGS);
}
