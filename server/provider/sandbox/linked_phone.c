/*
 * linked_phone.c: phones of the linked network that are played here: what their owners write, read
 * and do, by the control API and the phone page.
 *
 * Contents are those of the REST API (a member named like the type), translated by
 * provider/linked/content.h both ways, so the page draws them as it draws those of customers. All
 * on the loop, but for files.
 */
#include "provider/linked/content.h"
#include "provider/sandbox/linked_internal.h"
#include "wa/client/appstate.h"

#include "base/clock.h"
#include "base/codec.h"
#include "crypto/crypto.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PLAYERS_MAX 1024
#define PHONE_LEN_MAX 15
#define TICK_MS 500
#define FILE_MAX (20u << 20)

static struct {
	struct sim *sim;
	struct sim_player *players[PLAYERS_MAX];
	size_t count;
	struct loop_timer *timer;
} phones;

/* ---- players ---- */

static void read_clock(void *arg, struct wa_clock *out)
{
	(void)arg;
	*out = (struct wa_clock){ .mono_ms = clock_monotonic_us() / 1000,
		.wall_ms = clock_now_ms() };
}

static void make_random(void *arg, void *out, size_t size)
{
	(void)arg;
	crypto_random(out, size);
}

static void on_event(void *arg, struct sim_player *player, const struct wa_event *event)
{
	(void)arg;
	if (event->kind == WA_EVENT_SYNC)
		linked_note_done(player, event->sync);
	linked_deed_event(player, event);
}

str linked_lid_of(str phone)
{
	return sim_lid(phones.sim, phone);
}

void linked_play(void *arg, void *player, const struct node *node)
{
	(void)arg;
	sim_player_take(player, node);
}

static void tick(void *arg)
{
	for (size_t i = 0; i < phones.count; i++)
		sim_player_tick(phones.players[i]);
	phones.timer = loop_after(the_sandbox->loop, TICK_MS, tick, arg);
}

void linked_phones_start(struct sim *sim)
{
	phones.sim = sim;
}

void linked_phones_stop(void)
{
	linked_deeds_stop();
	if (phones.timer)
		loop_cancel(phones.timer);
	for (size_t i = 0; i < phones.count; i++)
		sim_player_destroy(phones.players[i]);
	memset(&phones, 0, sizeof phones);
}

static struct sim_player *player_find(str phone)
{
	for (size_t i = 0; i < phones.count; i++)
		if (str_is(phone, sim_player_phone(phones.players[i])))
			return phones.players[i];
	return NULL;
}

struct sim_player *linked_player(str phone)
{
	const struct sim_player_config config = { phones.sim, read_clock, make_random, on_event,
		linked_media_leave, linked_media_again, NULL };
	struct sim_player *player = player_find(phone);

	if (player || phones.count == PLAYERS_MAX || !str_is_digits(phone) ||
		phone.len > PHONE_LEN_MAX)
		return player;
	player = sim_player_create(&config, phone);
	if (player)
		phones.players[phones.count++] = player;
	if (!phones.timer)
		phones.timer = loop_after(the_sandbox->loop, TICK_MS, tick, NULL);
	return player;
}

struct sim_player *linked_player_of(const struct request *req, struct exchange *ex)
{
	struct sim_player *player = sim_has_phone(phones.sim, req->params[0])
	                                    ? linked_player(req->params[0])
	                                    : NULL;

	if (!player)
		answer_control_error(ex, 404,
			"There is no such phone. POST /control/linked/phones makes one.");
	return player;
}

void linked_answer_done(struct exchange *ex)
{
	exchange_answer(ex, 200, S("application/json"), S("{\"success\":true}"));
}

/* ---- showing ---- */

str linked_number_of(struct arena *arena, str jid_text_)
{
	struct jid jid;

	if (!jid_read(jid_text_, &jid))
		return S("");
	if (str_is(jid.server, JID_SERVER_GROUP))
		return jid_text_;
	return arena_str(arena, sim_number(phones.sim, &jid));
}

/* The poll that a vote is in, as this phone has it; NULL: it has none. */
static const Wa__PollCreationMessage *find_poll(struct arena *arena, struct sim_player *player,
	const Wa__PollUpdateMessage *vote, struct wa_addon *addon)
{
	str id = vote->poll_creation_message_key ? str_of(vote->poll_creation_message_key->id)
	                                         : STR_NONE;
	const struct sim_said *said = id.len ? sim_player_find(player, id) : NULL;
	struct wa_inside inside;
	const Wa__Message *m;

	if (!said || !said->plain)
		return NULL;
	m = PROTO_UNPACK(arena, Wa__Message, wa__message,
		((bytes){ said->plain, said->plain_len }));
	if (!m)
		return NULL;
	wa_message_unwrap(m, &inside);
	addon->secret = wa_message_secret_of(m);
	addon->target_id = id;
	addon->target_author[0] = str_of(said->sender);
	return wa_message_poll_of(inside.content);
}

/* Who chose what; false: it is no vote, or does not open. */
static bool write_vote(struct buf *b, struct sim_player *player, const struct sim_said *said,
	const Wa__Message *message)
{
	struct wa_addon addon = { .use = WA_USE_POLL_VOTE, .author = { str_of(said->sender) } };
	const Wa__PollCreationMessage *poll;
	struct wa_inside inside;
	uint64_t chosen;

	wa_message_unwrap(message, &inside);
	if (!inside.content->poll_update_message)
		return false;
	poll = find_poll(b->arena, player, inside.content->poll_update_message, &addon);
	if (!poll || !wa_vote_read(b->arena, &addon, inside.content->poll_update_message, poll,
			     &chosen))
		return false;
	json_put(b, "type", S("poll_vote"));
	json_put(b, "target", addon.target_id);
	json_open_in(b, "content", '{');
	json_open_in(b, "options", '[');
	for (size_t i = 0; i < poll->n_options && i < WA_VOTES_MAX; i++)
		if (chosen >> i & 1)
			json_put(b, NULL, str_of(poll->options[i]->option_name));
	json_close(b, ']');
	json_close(b, '}');
	return true;
}

static void write_content(struct buf *b, struct sim_player *player, const struct sim_said *said)
{
	struct arena *arena = b->arena;
	struct linked_said in = { .id = str_of(said->id),
		.chat = str_of(said->chat),
		.sender = str_of(said->sender),
		.is_from_me = said->from_me,
		.is_group = said->is_group,
		.is_waiting = said->is_waiting };
	struct provider_event event = { 0 };

	if (said->plain)
		in.message = PROTO_UNPACK(arena, Wa__Message, wa__message,
			((bytes){ said->plain, said->plain_len }));
	if (in.message && write_vote(b, player, said, in.message))
		return;
	if (!in.message || !linked_content_read(arena, &in, &event)) {
		json_put(b, "type", said->is_waiting ? S("waiting") : S("unsupported"));
		return;
	}
	json_put(b, "type",
		event.kind == EVENT_REACTION ? S("reaction")
		: event.kind == EVENT_EDIT   ? S("edit")
		: event.kind == EVENT_REVOKE ? S("revoke")
		: event.kind == EVENT_VOTE   ? S("poll_vote")
					     : str_of(kind_name(event.message_kind)));
	if (event.content.len)
		json_put_raw(b, "content", event.content);
	if (event.target_id.len)
		json_put(b, "target", event.target_id);
	if (event.kind == EVENT_REACTION)
		json_put(b, "emoji", event.emoji);
	if (event.reply_to.len)
		json_put(b, "reply_to", event.reply_to);
	if (event.flags & FLAG_FORWARDED)
		json_put_bool(b, "forwarded", true);
	if (event.media_remote_id.len)
		json_put(b, "file", event.media_remote_id);
	if (event.media.mime_type.len)
		json_put(b, "mime_type", event.media.mime_type);
}

static void write_said(struct buf *b, struct sim_player *player, const struct sim_said *said)
{
	static const char *const statuses[] = { "pending", "sent", "delivered", "read", "played",
		"failed" };

	json_open(b, '{');
	json_put(b, "id", str_of(said->id));
	json_put(b, "chat", str_of(said->chat));
	json_put(b, "with", linked_number_of(b->arena, str_of(said->chat)));
	json_put(b, "from", linked_number_of(b->arena, str_of(said->sender)));
	json_put(b, "name", str_of(said->name));
	json_put_bool(b, "from_me", said->from_me);
	json_put_bool(b, "is_group", said->is_group);
	json_put_bool(b, "is_read", said->is_read);
	json_put(b, "status", str_of(statuses[said->status]));
	if (said->code)
		json_put_int(b, "error", said->code);
	json_put_int(b, "at_ms", said->t_ms);
	write_content(b, player, said);
	json_close(b, '}');
}

void control_phone_messages(const struct request *req, struct exchange *ex)
{
	struct sim_player *player = linked_player_of(req, ex);
	struct arena *arena = exchange_arena(ex);
	struct buf b = buf_in(arena, ANSWER_MAX);
	const struct sim_said *said;
	int64_t after = 0;
	size_t count;

	if (!player)
		return;
	str_to_i64(request_query(arena, req, "after"), &after);
	count = sim_player_said(player, &said);
	json_open(&b, '{');
	json_put_int(&b, "change", (int64_t)sim_player_changes(player));
	json_open_in(&b, "messages", '[');
	for (size_t i = 0; i < count; i++)
		if ((int64_t)said[i].change > after)
			write_said(&b, player, &said[i]);
	json_close(&b, ']');
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* ---- files ---- */

/* Enciphers a file of /control/media and leaves it on the media host: what stands for it. What
 * stands for one that lies there already ("file" of a message) is sent as it is. */
static str sealed_file(struct arena *arena, enum message_kind kind, str id)
{
	struct buf plain = buf_in(arena, FILE_MAX), enc = buf_in(arena, FILE_MAX + 1024);
	struct wa_media_reference reference;
	struct wa_media_sums *sums = ARENA_NEW(arena, struct wa_media_sums);
	uint8_t *key = arena_alloc(arena, WA_MEDIA_KEY_SIZE);
	struct linked_derived derived;
	struct media_file file;
	struct wa_seal *seal;

	if (linked_file_read(arena, id, &reference, &derived) == OK)
		return id;
	reference = (struct wa_media_reference){ .media.kind = linked_media_kind(kind) };
	derived = (struct linked_derived){ 0 };
	if (!media_find(the_sandbox, id, &file) || !linked_read_file(file.path, &plain) ||
		plain.failed)
		return STR_NONE;
	crypto_random(key, WA_MEDIA_KEY_SIZE);
	seal = wa_seal_create(reference.media.kind, key);
	wa_seal_add(seal, buf_bytes(&plain), &enc);
	wa_seal_finish(seal, &enc, sums);
	if (enc.failed)
		return STR_NONE;
	reference.media.direct_path = linked_media_leave(NULL, arena, buf_bytes(&enc));
	if (!reference.media.direct_path.len)
		return STR_NONE;
	reference.media.key = (bytes){ key, WA_MEDIA_KEY_SIZE };
	reference.media.sha256 = (bytes){ sums->sha256, SHA256_SIZE };
	reference.media.enc_sha256 = (bytes){ sums->enc_sha256, SHA256_SIZE };
	reference.media.size = sums->size;
	derived.mime_type = arena_str(arena, str_of(file.type));
	return linked_file_write(arena, &reference, &derived);
}

static enum err unseal(const struct wa_media *media, bytes enc, struct buf *out)
{
	struct wa_unseal *u;

	TRY(wa_unseal_create(media, FILE_MAX, &u));
	if (wa_unseal_add(u, enc, out) != OK) {
		wa_unseal_destroy(u);
		return ERR_CORRUPT;
	}
	return wa_unseal_finish(u, out);
}

/* A file of a message, as the phone shows it: "file" of GET …/messages. On a worker. */
enum err control_phone_file(struct job *job, const struct request *req, struct response *res)
{
	struct wa_media_reference reference;
	struct buf enc = buf_in(job->arena, FILE_MAX + 1024);
	char path[512];
	str type = request_query(job->arena, req, "type");

	if (wa_media_unpack(job->arena, req->params[0], &reference) != OK ||
		!linked_media_path(path, reference.media.direct_path) ||
		!linked_read_file(path, &enc) || enc.failed ||
		unseal(&reference.media, buf_bytes(&enc), &res->body) != OK) {
		res->status = 404;
		buf_clear(&res->body);
		buf_str(&res->body, S("{\"error\":\"There is no such file.\"}"));
		return OK;
	}
	res->type = str_starts(type, S("image/")) && !str_starts(type, S("image/svg")) ? type
	            : str_starts(type, S("audio/")) || str_starts(type, S("video/"))
	                    ? type
	                    : S("application/octet-stream");
	response_header(res, S("X-Content-Type-Options"), S("nosniff"));
	return OK;
}

/* ---- writing ---- */

bool linked_read_to(struct arena *arena, str to, struct jid *out)
{
	if (str_is_digits(to))
		to = arena_printf(arena, STR_F "@s.whatsapp.net", STR_A(to));
	return jid_read(arena_str(arena, to), out) && out->user.len;
}

/* What a reply, a reaction, an edit is about. */
static void fill_target(struct sim_player *player, struct arena *arena, str id,
	struct outgoing *out, struct linked_draft *draft, struct wa_addon *addon)
{
	const struct sim_said *said = sim_player_find(player, id);
	struct linked_said in = { 0 };
	struct provider_event event = { 0 };
	const Wa__Message *message;

	out->reply_remote_id = id;
	if (!said || !said->plain)
		return;
	message = PROTO_UNPACK(arena, Wa__Message, wa__message,
		((bytes){ said->plain, said->plain_len }));
	in = (struct linked_said){ .message = message, .id = id, .chat = str_of(said->chat),
		.sender = str_of(said->sender), .is_from_me = said->from_me };
	out->quoted.is_ours = said->from_me;
	draft->quoted_author = str_of(said->sender);
	if (message && linked_content_read(arena, &in, &event)) {
		out->quoted.kind = event.message_kind;
		out->quoted.content = event.content;
	}
	*addon = (struct wa_addon){ .use = WA_USE_POLL_VOTE,
		.secret = message ? wa_message_secret_of(message) : BYTES_NONE,
		.target_id = id,
		.target_author = { str_of(said->sender) },
		.author = { draft->own } };
	draft->addon = addon;
}

struct wish { json v; str to, type; struct jid jid; };

static enum err write_draft(struct job *job, const struct linked_draft *draft, struct wa_send *send)
{
	Wa__Message *message;

	TRY(linked_content_write(job, draft, &message, &send->edit));
	send->message = message;
	return OK;
}

static enum err write_wish(struct job *job, struct sim_player *player, const struct wish *wish,
	struct wa_send *send)
{
	struct arena *arena = job->arena;
	json content = json_field(wish->v, arena_cstr(arena, wish->type));
	struct buf text = buf_in(arena, 1u << 20);
	struct outgoing out = { .id = 1, .kind = kind_parse(wish->type) };
	uint8_t *noise = arena_alloc(arena, WA_SECRET_SIZE + WA_ADDON_IV_SIZE);
	str own = arena_printf(arena, STR_F "@lid",
		STR_A(sim_lid(phones.sim, sim_player_phone(player)))),
	    target = json_text_at(wish->v, "reply_to");
	struct linked_draft draft = { .out = &out, .chat = jid_text(arena, &wish->jid), .own = own,
		.now_ms = clock_now_ms(), .secret = noise, .iv = noise + WA_SECRET_SIZE,
		.has_buttons = true };
	struct wa_addon addon;
	Wa__Message *message;

	if (json_flag(json_field(content, "voice"), false))
		out.kind = KIND_VOICE;
	crypto_random(noise, WA_SECRET_SIZE + WA_ADDON_IV_SIZE);
	json_put_value(&text, NULL, content);
	out.content = content ? buf_text(&text) : S("{}");
	if (str_is(wish->jid.server, JID_SERVER_GROUP))
		out.to_group = draft.chat;
	else
		out.to_phone = wish->jid.user;
	if (target.len)
		fill_target(player, arena, target, &out, &draft, &addon);
	if (kind_is_media(out.kind))
		out.media_remote_id = sealed_file(arena, out.kind, json_text_at(content, "id"));
	message = linked_choice(arena, wish->type, content);
	if (!message)
		return write_draft(job, &draft, send);
	send->message = message;
	if (target.len)
		wa_message_quote(arena, message,
			&(struct wa_quote){ .id = target, .author = draft.quoted_author });
	return OK;
}

static bool read_wish(const struct request *req, struct exchange *ex, struct wish *wish)
{
	if (!read_object(ex, req, &wish->v))
		return false;
	wish->to = json_text_or_int(exchange_arena(ex), json_field(wish->v, "to"));
	wish->type = json_text_at(wish->v, "type");
	if (!linked_read_to(exchange_arena(ex), wish->to, &wish->jid)) {
		answer_control_error(ex, 400, "to is a number in digits, or the id of a group.");
		return false;
	}
	return true;
}

void control_phone_say(const struct request *req, struct exchange *ex)
{
	struct sim_player *player = linked_player_of(req, ex);
	struct job job = loop_job(ex);
	struct buf b = buf_in(exchange_arena(ex), 4096);
	struct wa_send send = { 0 };
	struct wish wish;
	str id = STR_NONE;

	if (!player || !read_wish(req, ex, &wish))
		return;
	if (write_wish(&job, player, &wish, &send) != OK) {
		answer_control_error(ex, 400, arena_cstr(exchange_arena(ex), job.why));
		return;
	}
	send.id = json_text_at(wish.v, "id");
	send.to = wish.jid;
	if (sim_player_send(player, exchange_arena(ex), &send, &id) != OK) {
		answer_control_error(ex, 400, "The phone cannot send this there.");
		return;
	}
	json_open(&b, '{');
	json_put(&b, "id", id);
	json_close(&b, '}');
	answer_json(ex, 200, &b);
}

/* "chat": of a message. */
void control_phone_read(const struct request *req, struct exchange *ex)
{
	struct sim_player *player = linked_player_of(req, ex);
	json v;

	if (!player || !read_object(ex, req, &v))
		return;
	if (sim_player_read(player, json_text_at(v, "chat")) == OK)
		linked_answer_done(ex);
	else
		answer_control_error(ex, 400, "There is no such chat.");
}

void control_phone_typing(const struct request *req, struct exchange *ex)
{
	struct sim_player *player = linked_player_of(req, ex);
	struct wish wish;

	if (!player || !read_wish(req, ex, &wish))
		return;
	(void)sim_player_typing(player, jid_text(exchange_arena(ex), &wish.jid),
		str_is(wish.type, S("paused")) ? WA_PAUSED : WA_COMPOSING);
	linked_answer_done(ex);
}

/* ---- the past ---- */

/* What was said: "text", or a "type" with its content, as control_phone_say reads it. */
static bytes past_content(struct exchange *ex, struct sim_player *player, json one, str with)
{
	struct arena *arena = exchange_arena(ex);
	struct job job = loop_job(ex);
	struct wish wish = { one, with, json_text_at(one, "type") };
	struct wa_send send = { .message = wa_message_text(arena, json_text_at(one, "text")) };

	if (wish.type.len && (!linked_read_to(arena, with, &wish.jid) ||
				     write_wish(&job, player, &wish, &send) != OK))
		return BYTES_NONE;
	return proto_bytes(arena, send.message);
}

/* {"messages":[{"with":"PHONE","text" or "type" and TYPE,"from_me","at_ms","is_read","id"}]}: said
 * before any device was linked. */
void control_phone_past(const struct request *req, struct exchange *ex)
{
	struct sim_player *player = linked_player_of(req, ex);
	struct arena *arena = exchange_arena(ex);
	json v, list;

	if (!player || !read_object(ex, req, &v))
		return;
	list = json_field(v, "messages");
	for (size_t i = 0; i < json_count(list); i++) {
		json one = json_at(list, i);
		str with = json_text_or_int(arena, json_field(one, "with")),
		    id = json_text_at(one, "id");
		bool from_me = json_flag(json_field(one, "from_me"), false);
		bytes plain = past_content(ex, player, one, with);
		str chat, own;

		sim_add_phone(phones.sim, with, json_text_at(one, "name"));
		chat = arena_printf(arena, STR_F "@lid", STR_A(sim_lid(phones.sim, with)));
		own = arena_printf(arena, STR_F "@lid",
			STR_A(sim_lid(phones.sim, sim_player_phone(player))));
		sim_player_remember(player,
			&(struct sim_said){ .id = (char *)arena_cstr(arena,
					   id.len ? id : crypto_random_text(arena, 10)),
				.chat = (char *)arena_cstr(arena, chat),
				.sender = (char *)arena_cstr(arena, from_me ? own : chat),
				.name = (char *)arena_cstr(arena, json_text_at(one, "name")),
				.from_me = from_me,
				.is_read = json_flag(json_field(one, "is_read"), from_me),
				.status = from_me ? SIM_READ : SIM_DELIVERED,
				.t_ms = json_int(json_field(one, "at_ms"), clock_now_ms()),
				.plain = (uint8_t *)plain.ptr,
				.plain_len = plain.len });
	}
	linked_answer_done(ex);
}
