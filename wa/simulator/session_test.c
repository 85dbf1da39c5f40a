/*
 * session_test.c: whole lives of a session, against the simulated server.
 *
 * The wire is a queue and the clock a number, so a minute takes no time; random octets come of a
 * seed, so each run is the same. What the session wants kept goes to a store in memory, call by
 * call as in one transaction: a crash loses what was not yet committed.
 */
#include "base/test.h"
#include "wa/session/link_code.h"
#include "wa/session/session.h"
#include "wa/simulator/simulator.h"

#include <stdio.h>

#define PHONE "15550001111"
#define START_MS 1800000000000
#define RECORDS_MAX 2048

struct record { enum wa_record kind; char key[16]; uint8_t value[DEVICE_RECORD_MAX]; size_t len; };

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
	struct record *records;
	size_t record_count;
	/* what was told */
	char qr[1024], code[16], ending[32], story[4096];
	size_t qr_count, connects;
	int64_t qr_valid_ms;
	bool logged_out, chop, store_fails;
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

static struct record *find_record(enum wa_record kind, str key)
{
	for (size_t i = 0; i < w.record_count; i++)
		if (w.records[i].kind == kind && str_is(str_of(w.records[i].key), key))
			return &w.records[i];
	return NULL;
}

static enum err get(void *arg, enum wa_record kind, str key, struct arena *arena, bytes *out)
{
	const struct record *r = find_record(kind, key);

	(void)arg;
	if (!r)
		return ERR_MISSING;
	*out = arena_bytes(arena, (bytes){ r->value, r->len });
	return OK;
}

static enum err put(void *arg, enum wa_record kind, str key, bytes value)
{
	struct record *r = find_record(kind, key);

	(void)arg;
	if (w.store_fails)
		return ERR_STORE;
	if (!r)
		r = &w.records[w.record_count++];
	EXPECT(w.record_count < RECORDS_MAX && value.len <= sizeof r->value);
	r->kind = kind;
	memcpy(r->key, key.ptr, key.len);
	r->key[key.len] = '\0';
	memcpy(r->value, value.ptr, value.len);
	r->len = value.len;
	return OK;
}

static enum err erase(void *arg, enum wa_record kind, str key)
{
	(void)arg;
	for (size_t i = 0; i < w.record_count;) {
		if (w.records[i].kind == kind &&
			(!key.ptr || str_is(str_of(w.records[i].key), key)))
			w.records[i] = w.records[--w.record_count];
		else
			i++;
	}
	return OK;
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
	w = (struct world){ .now_ms = START_MS, .random = 1 };
	w.last = &w.first;
	w.records = arena_alloc(test_arena(), RECORDS_MAX * sizeof *w.records);
	w.sim = sim_create(&sim);
	w.config = (struct wa_config){
		.client = { WA_VERSION_DEFAULT, S("Linux"), false },
		.root = sim_root(w.sim),
		.store = { get, put, erase, NULL, NULL },
		.random = next_random,
	};
	load();
}

[[gnu::destructor]] static void close_world(void)
{
	wa_session_destroy(w.session);
	sim_destroy(w.sim);
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

TEST(a_second_code_can_be_scanned_too)
{
	open_world();
	start();
	pass(WA_QR_FIRST_MS + WA_QR_NEXT_MS);
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
	EXPECT_INT(w.record_count, 0);
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
	w.store_fails = true;
	at = now();
	wa_output_init(&out, test_arena());
	EXPECT_ERR(wa_session_feed(w.session, &at, w.first->octets, &out), ERR_STORE);
	EXPECT(!out.frames);
	EXPECT_INT(sim_first_device(w.sim, S(PHONE)), 0);
	w.store_fails = false;
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
	EXPECT_INT(w.record_count, 1 + WA_PREKEYS_FIRST + WA_PREKEYS_MORE);
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
		EXPECT_INT(w.record_count > 0, !cases[i].erased);
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
	EXPECT_INT(w.record_count, 0);
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
	EXPECT_INT(w.record_count, 0);
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
