/*
 * linked.c: the network of linked devices: WebSocket connections to the simulator of wa/, and the
 * control API by which its phones scan codes, unlink devices and do what goes wrong.
 *
 * Everything is on the loop. A code typed on a phone costs a fifth of a second of PBKDF2 there;
 * only a sandbox may afford that.
 */
#include "provider/sandbox/linked_internal.h"

#include "base/clock.h"
#include "base/codec.h"
#include "crypto/crypto.h"
#include "net/ws.h"
#include "wa/simulator/simulator.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FRAME_MESSAGE_MAX (17u << 20)
#define HEARD_MAX 200
#define HEARD_TEXT_MAX 4000
#define LINKED_PHONE_MAX 15
#define STATE_MAX (1u << 30)
#define SAVE_EVERY_MS 3000

struct linked_conn { struct ws *ws; struct sim_conn *sim; int64_t id; };

/* What was said, newest last. */
struct linked_heard { int64_t conn; bool is_ours; char *text; };

static struct {
	struct sim *sim;
	struct linked_heard heard[HEARD_MAX];
	size_t heard_count;
	int64_t conns_made;
	/* what is kept over a restart, and how much of it was; "": nothing is */
	char path[512];
	uint64_t saved;
	struct loop_timer *timer;
} linked;

struct sim *linked_sim(void)
{
	return linked.sim;
}

/* ---- the wire ---- */

static void on_send(void *conn, bytes octets)
{
	struct linked_conn *c = conn;

	ws_send_binary(c->ws, octets);
}

static void on_close(void *conn)
{
	struct linked_conn *c = conn;

	ws_close(c->ws, 1000, S(""));
}

static void note(void *arg, void *conn, bool is_ours, const struct node *node)
{
	const struct linked_conn *c = conn;
	struct arena *arena = arena_create(4u << 20);
	str text = str_part(node_print(arena, node), 0, HEARD_TEXT_MAX);

	(void)arg;
	if (linked.heard_count == HEARD_MAX) {
		heap_free(linked.heard[0].text);
		memmove(linked.heard, linked.heard + 1, sizeof linked.heard - sizeof *linked.heard);
		linked.heard_count--;
	}
	linked.heard[linked.heard_count++] =
		(struct linked_heard){ c->id, is_ours, heap_text(text) };
	arena_destroy(arena);
}

static void make_random(void *arg, void *out, size_t size)
{
	(void)arg;
	crypto_random(out, size);
}

static void on_message(struct ws *ws, void *owner, bool is_text, bytes message)
{
	struct linked_conn *c = owner;

	(void)ws;
	if (!is_text)
		sim_feed(c->sim, message, clock_now_ms());
}

static void on_closed(struct ws *ws, void *owner, int code, str reason)
{
	struct linked_conn *c = owner;

	(void)ws, (void)code, (void)reason;
	sim_closed(c->sim);
	heap_free(c);
}

void linked_socket(const struct request *req, struct ws *ws)
{
	static const struct ws_events events = { on_message, on_closed, NULL };
	struct linked_conn *c = HEAP_NEW(struct linked_conn);

	char host[64];

	c->ws = ws;
	c->id = ++linked.conns_made;
	ws_accept(ws, &events, c);
	ws_set_limits(ws, FRAME_MESSAGE_MAX, FRAME_MESSAGE_MAX);
	c->sim = sim_open(linked.sim, c, clock_now_ms());
	/* Files go the way that the client came: over TLS, or in the clear. */
	snprintf(host, sizeof host, "127.0.0.1:%d",
		req->secure ? sandbox_tls_port(the_sandbox) : sandbox_port(the_sandbox));
	sim_media_host(c->sim, str_of(host), req->secure);
}

/* ---- over a restart ---- */

static bool write_file(const char *path, bytes data)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0;

	for (ssize_t n; good && data.len; data = (bytes){ data.ptr + n, data.len - (size_t)n }) {
		n = write(fd, data.ptr, data.len);
		good = n > 0;
		if (!good)
			break;
	}
	if (fd >= 0)
		close(fd);
	return good;
}

static void save(void)
{
	struct buf out = buf_heap(STATE_MAX);
	char fresh[520];

	if (!*linked.path || linked.saved == sim_changes(linked.sim))
		return;
	linked.saved = sim_changes(linked.sim);
	sim_save(linked.sim, &out);
	snprintf(fresh, sizeof fresh, "%s.new", linked.path);
	if (!out.failed && write_file(fresh, buf_bytes(&out)))
		rename(fresh, linked.path);
	buf_done(&out);
}

static void save_again(void *arg)
{
	save();
	linked.timer = loop_after(the_sandbox->loop, SAVE_EVERY_MS, save_again, arg);
}

bool linked_read_file(const char *path, struct buf *out)
{
	uint8_t piece[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0 && (n = read(fd, piece, sizeof piece)) > 0)
		buf_put(out, piece, (size_t)n);
	if (fd >= 0)
		close(fd);
	return n == 0;
}

static struct sim *make(void)
{
	struct sim_config config = { .send = on_send, .close = on_close, .heard = note,
		.random = make_random, .play = linked_play };

	return sim_create(&config);
}

/* A state that does not read is left behind: its devices must pair anew, as their phones would. */
static void load(void)
{
	struct buf saved = buf_heap(STATE_MAX);

	if (linked_read_file(linked.path, &saved) &&
		sim_load(linked.sim, buf_bytes(&saved)) != OK) {
		sim_destroy(linked.sim);
		linked.sim = make();
	}
	linked.saved = sim_changes(linked.sim);
	buf_done(&saved);
}

void sandbox_linked_start(const char *data_folder)
{
	linked.sim = make();
	if (data_folder) {
		snprintf(linked.path, sizeof linked.path, "%s/sandbox-linked", data_folder);
		load();
	}
	linked_phones_start(linked.sim);
}

void linked_started(void)
{
	if (*linked.path)
		linked.timer = loop_after(the_sandbox->loop, SAVE_EVERY_MS, save_again, NULL);
}

void sandbox_linked_stop(void)
{
	if (linked.timer)
		loop_cancel(linked.timer);
	save();
	linked_phones_stop();
	sim_destroy(linked.sim);
	for (size_t i = 0; i < linked.heard_count; i++)
		heap_free(linked.heard[i].text);
	memset(&linked, 0, sizeof linked);
}

str linked_root_key(struct arena *arena)
{
	return base64_text(arena, (bytes){ sim_root(linked.sim), CURVE_KEY_SIZE });
}

/* ---- control ---- */

static void answer_done(struct exchange *ex)
{
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}

static void answer_err(struct exchange *ex, enum err e, const char *why)
{
	if (e == OK)
		answer_done(ex);
	else
		answer_control_error(ex, e == ERR_MISSING ? 404 : 400, why);
}

static void write_device(void *arg, str phone, const struct sim_device_state *state)
{
	struct buf *b = arg;

	json_open(b, '{');
	json_put(b, "phone", phone);
	json_put_int(b, "device", state->device);
	json_put_bool(b, "connected", state->is_connected);
	json_put_bool(b, "active", state->is_active);
	json_put_int(b, "prekeys", (int64_t)state->prekeys);
	json_put_int(b, "queued", (int64_t)state->queued);
	json_put_int(b, "logins", state->logins);
	json_close(b, '}');
}

static void write_phone(void *arg, str phone, str name)
{
	struct buf *b = arg;

	json_open(b, '{');
	json_put(b, "phone", phone);
	json_put(b, "lid", sim_lid(linked.sim, phone));
	json_put(b, "name", name);
	json_close(b, '}');
}

void control_linked(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);

	(void)req;
	json_open(&b, '{');
	json_put(&b, "root_key", linked_root_key(exchange_arena(ex)));
	json_open_in(&b, "devices", '[');
	sim_each_device(linked.sim, write_device, &b);
	json_close(&b, ']');
	json_open_in(&b, "phones", '[');
	sim_each_phone(linked.sim, write_phone, &b);
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* The phone takes part, unless "play" is false: then it only signs. */
static void play(json v)
{
	if (json_flag(json_field(v, "play"), true))
		(void)linked_player(json_text_at(v, "phone"));
}

void control_linked_scan(const struct request *req, struct exchange *ex)
{
	const char *why = "";
	enum err e;
	json v;

	if (!read_object(ex, req, &v))
		return;
	play(v);
	e = sim_scan(linked.sim, json_text_at(v, "qr"), json_text_at(v, "phone"), clock_now_ms(),
		&why);
	answer_err(ex, e, why);
}

/* An account without linked devices, or the name of one that is there. */
void control_linked_phone(const struct request *req, struct exchange *ex)
{
	str phone;
	json v;

	if (!read_object(ex, req, &v))
		return;
	phone = json_text_at(v, "phone");
	if (!str_is_digits(phone) || phone.len > LINKED_PHONE_MAX) {
		answer_control_error(ex, 400, "The phone is a number in digits, without a plus.");
		return;
	}
	sim_add_phone(linked.sim, phone, json_text_at(v, "name"));
	play(v);
	answer_done(ex);
}

/* The path that <picture> names. */
void linked_picture(const struct request *req, struct exchange *ex)
{
	str id = req->params[0];
	bytes octets = sim_picture(linked.sim, str_split(&id, '.'));

	if (octets.len)
		exchange_answer(ex, 200, S("image/jpeg"), str_from(octets));
	else
		answer_control_error(ex, 404, "There is no such picture.");
}

void control_linked_code(const struct request *req, struct exchange *ex)
{
	const char *why = "";
	enum err e;
	json v;

	if (!read_object(ex, req, &v))
		return;
	play(v);
	e = sim_type_code(linked.sim, json_text_at(v, "phone"), json_text_at(v, "code"),
		clock_now_ms(), &why);
	answer_err(ex, e, why);
}

/* All of them are set; what is not named is none. */
void control_linked_faults(const struct request *req, struct exchange *ex)
{
	struct sim_faults *faults = sim_faults(linked.sim);
	json v;

	if (!read_object(ex, req, &v))
		return;
	*faults = (struct sim_faults){
		.failure_reason = (int)json_int(json_field(v, "failure_reason"), 0),
		.failure_expire_s = (int)json_int(json_field(v, "failure_expire_s"), 0),
		.refuse_registration = (int)json_int(json_field(v, "refuse_registration"), 0),
		.refuse_ik = json_flag(json_field(v, "refuse_ik"), false),
		.bad_certificate = json_flag(json_field(v, "bad_certificate"), false),
		.bad_hmac = json_flag(json_field(v, "bad_hmac"), false),
		.is_mute = json_flag(json_field(v, "mute"), false),
		.compress = json_flag(json_field(v, "compress"), false),
		.close_after_frames = (int)json_int(json_field(v, "close_after_frames"), 0),
		.refs = (int)json_int(json_field(v, "refs"), 0),
		.count = (int)json_int(json_field(v, "count"), 0),
		.message_error = (int)json_int(json_field(v, "message_error"), 0),
		.message_error_percent = (int)json_int(json_field(v, "message_error_percent"), 100),
		.drop_ack_percent = (int)json_int(json_field(v, "drop_ack_percent"), 0),
		.drop_receipt_percent = (int)json_int(json_field(v, "drop_receipt_percent"), 0),
		.duplicate_percent = (int)json_int(json_field(v, "duplicate_percent"), 0),
		.corrupt_percent = (int)json_int(json_field(v, "corrupt_percent"), 0),
		.corrupt_group_percent = (int)json_int(json_field(v, "corrupt_group_percent"), 0),
		.reorder = json_flag(json_field(v, "reorder"), false),
		.bad_phash = json_flag(json_field(v, "bad_phash"), false),
		.no_prekeys = json_flag(json_field(v, "no_prekeys"), false),
		.pn_groups = json_flag(json_field(v, "pn_groups"), false),
		.request_error = (int)json_int(json_field(v, "request_error"), 0),
		.media = faults->media, /* set by control_linked_media */
	};
	snprintf(faults->request_xmlns, sizeof faults->request_xmlns, STR_F,
		STR_A(json_text_at(v, "request_xmlns")));
	answer_done(ex);
}

static enum err stream_error(str phone, uint16_t device, json v)
{
	struct arena *arena = arena_create(64u << 10);
	str tag = json_text_at(v, "tag"), type = json_text_at(v, "type");
	enum err e = sim_stream_error(linked.sim, phone, device,
		(int)json_int(json_field(v, "code"), 0), tag.len ? arena_cstr(arena, tag) : NULL,
		type.len ? arena_cstr(arena, type) : NULL);

	arena_destroy(arena);
	return e;
}

/* "how": the name of an attack. */
static enum err attack(str phone, uint16_t device, json v)
{
	str how = json_text_at(v, "how");

	for (int i = 0; i < SIM_ATTACKS; i++)
		if (str_is(how, str_of(sim_attack_name((enum sim_attack)i))))
			return sim_attack(linked.sim, phone, device, (enum sim_attack)i);
	return ERR_MISSING;
}

/* <ib><dirty>: something of the account changed while the device was away. */
static enum err dirty(struct arena *arena, str phone, uint16_t device, json v)
{
	const struct jid server = { .user = S(""), .server = JID_SERVER_PN };
	struct node *ib = node_new(arena, "ib"), *inside = node_add(arena, ib, "dirty");

	node_put_jid(arena, ib, "from", &server);
	node_put(arena, inside, "type", json_text_at(v, "type"));
	node_put_int(arena, inside, "timestamp", clock_now_ms() / 1000);
	return sim_send(linked.sim, phone, device, ib);
}

/* "action": cut, deafen, unlink, identity (the phone is registered anew), stream_error (code, tag,
 * type), use_prekeys (left), attack (how), dirty (type). */
void control_linked_device(const struct request *req, struct exchange *ex)
{
	str phone = req->params[0], action;
	int64_t device = 0;
	enum err e;
	json v;

	if (!read_object(ex, req, &v))
		return;
	action = json_text_at(v, "action");
	if (!str_to_i64(req->params[1], &device) || device < 0 || device > UINT16_MAX) {
		answer_control_error(ex, 400, "The device is a number.");
		return;
	}
	if (str_is(action, S("cut"))) {
		e = sim_cut(linked.sim, phone, (uint16_t)device);
	} else if (str_is(action, S("deafen"))) {
		e = sim_deafen(linked.sim, phone, (uint16_t)device);
	} else if (str_is(action, S("unlink"))) {
		e = sim_unlink(linked.sim, phone, (uint16_t)device, clock_now_ms());
	} else if (str_is(action, S("stream_error"))) {
		e = stream_error(phone, (uint16_t)device, v);
	} else if (str_is(action, S("use_prekeys"))) {
		sim_use_prekeys(linked.sim, phone, (uint16_t)device,
			(size_t)json_int(json_field(v, "left"), 0), clock_now_ms());
		e = OK;
	} else if (str_is(action, S("attack"))) {
		e = attack(phone, (uint16_t)device, v);
	} else if (str_is(action, S("dirty"))) {
		e = dirty(exchange_arena(ex), phone, (uint16_t)device, v);
	} else if (str_is(action, S("identity"))) {
		e = sim_reset_identity(linked.sim, phone, clock_now_ms());
	} else {
		answer_control_error(ex, 400,
			"action is cut, deafen, unlink, stream_error, use_prekeys, attack, dirty "
			"or identity.");
		return;
	}
	answer_err(ex, e, "There is no such device, or it is not connected.");
}

void control_linked_stanzas(const struct request *req, struct exchange *ex)
{
	struct buf b = buf_in(exchange_arena(ex), ANSWER_MAX);

	(void)req;
	json_open(&b, '{');
	json_open_in(&b, "stanzas", '[');
	for (size_t i = 0; i < linked.heard_count; i++) {
		json_open(&b, '{');
		json_put_int(&b, "connection", linked.heard[i].conn);
		json_put(&b, "from", linked.heard[i].is_ours ? S("server") : S("client"));
		json_put(&b, "stanza", str_of(linked.heard[i].text));
		json_close(&b, '}');
	}
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}
