/*
 * client_out.c: the list of messages under way: kept until the server has acknowledged them, or has
 * refused them, or time is up.
 *
 * What was sent and not acknowledged when the connection went is enciphered anew and goes again,
 * under its id. Source: docs/protocol/linked-device-2-messaging.md §4.
 */
#include "wa/client/client_send_internal.h"
#include "wa/client/group.h"

#define REFUSED_AGAIN_MS 5000
#define CODE_ADDRESSING 421
#define CODE_RESTRICTED 463
#define CODE_SHAPE 479

/* ---- the list ---- */

static void *keep(struct client_out *out, const void *data, size_t len)
{
	char *to = out->memory + out->room;

	if (len)
		memcpy(to, data, len);
	out->room += len;
	return to;
}

static str keep_str(struct client_out *out, str s)
{
	return (str){ keep(out, s.ptr, s.len), s.len };
}

static struct jid keep_jid(struct client_out *out, const struct jid *jid)
{
	struct jid copy = *jid;

	copy.user = keep_str(out, jid->user);
	copy.server = keep_str(out, jid->server);
	return copy;
}

static size_t size_of(const struct client_out *o)
{
	return o->id.len + o->packed.len + o->to.user.len + o->to.server.len + o->chat.user.len +
	       o->chat.server.len;
}

enum err client_out_add(struct wa_client *c, const struct wa_call *call,
	const struct client_out *like)
{
	struct client_out *out, **at = &c->outs;

	if (c->out_count >= CLIENT_SENDS_MAX)
		return ERR_LIMIT;
	out = heap_alloc(sizeof *out + size_of(like));
	*out = *like;
	out->next = NULL;
	out->room = 0;
	out->id = keep_str(out, like->id);
	out->to = keep_jid(out, &like->to);
	out->chat = keep_jid(out, &like->chat);
	out->packed = (bytes){ keep(out, like->packed.ptr, like->packed.len), like->packed.len };
	out->tag = ++c->next_out;
	out->until_ms = call->now->mono_ms + client_time(c, WA_ACK_MS);
	while (*at)
		at = &(*at)->next;
	*at = out;
	c->out_count++;
	return OK;
}

static void out_remove(struct wa_client *c, struct client_out *out)
{
	struct client_out **at = &c->outs;

	while (*at != out)
		at = &(*at)->next;
	*at = out->next;
	heap_free(out);
	c->out_count--;
}

void client_send_done(struct wa_client *c)
{
	while (c->outs)
		out_remove(c, c->outs);
}

struct client_out *client_out_find(struct wa_client *c, uint64_t tag)
{
	struct client_out *out = c->outs;

	while (out && out->tag != tag)
		out = out->next;
	return out;
}

/* ---- the end of one ---- */

static void tell(const struct wa_call *call, const struct client_out *out, struct wa_sent what)
{
	struct wa_sent *sent;

	if (out->kind != OUT_MESSAGE)
		return;
	sent = ARENA_NEW(call->out->arena, struct wa_sent);
	*sent = what;
	sent->id = arena_str(call->out->arena, out->id);
	client_event(call, WA_EVENT_SENT)->sent = sent;
}

enum err client_out_give_up(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, int code)
{
	tell(call, out, (struct wa_sent){ .code = code,
		.is_unsure = out->was_sent && code == WA_SENT_NO_ANSWER });
	if (code != WA_SENT_NO_ANSWER)
		TRY(client_owed_done(c, call, out));
	out_remove(c, out);
	return OK;
}

/* ---- the ack ---- */

/* The list that it was for was not the one that the server has. */
static enum err check_phash(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out, const struct node *ack)
{
	struct arena *arena = call->out->arena;
	str theirs = node_text(arena, ack, "phash");
	struct jid own = client_own(c, true);

	if (!theirs.len || !out->phash[0] || signal_phash_is(theirs, str_of(out->phash)))
		return OK;
	TRY(client_person_drop(c, arena, &own));
	return client_is_group(&out->to)
		       ? wa_group_forget(&c->config.store, call->out->arena, &out->to)
		       : client_person_drop(c, arena, &out->to);
}

/* Once more, from the beginning. */
static enum err try_again(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	int64_t wait_ms)
{
	out->is_sent = out->asked_group = out->asked_bundles = false;
		out->asked_devices = 0;
	out->was_refused = true;
	out->again_ms = wait_ms ? call->now->mono_ms + client_time(c, wait_ms) : 0;
	return client_outs_advance(c, call);
}

static void tell_restricted(const struct wa_call *call)
{
	struct wa_restriction *restriction = ARENA_NEW(call->out->arena, struct wa_restriction);
	struct wa_event *event = client_event(call, WA_EVENT_RESTRICTED);

	*restriction = (struct wa_restriction){ .kind = S("reachout_timelock"), .is_active = true,
		.detail = S("463"), .quota = -1, .used = -1 };
	event->text = restriction->kind;
	event->restriction = restriction;
}

static enum err take_refusal(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, int code)
{
	struct arena *arena = call->out->arena;

	if (code == CODE_ADDRESSING && client_is_group(&out->to)) {
		TRY(wa_group_forget(&c->config.store, call->out->arena, &out->to));
		if (!out->was_refused)
			return try_again(c, call, out, 0);
	}
	if (code >= 500 && !out->was_refused)
		return try_again(c, call, out, REFUSED_AGAIN_MS);
	if (code == CODE_RESTRICTED) {
		TRY(client_token_give(c, call, &out->to));
		tell_restricted(call);
	}
	if (code == CODE_SHAPE && !client_is_group(&out->to))
		TRY(client_person_drop(c, arena, &out->to));
	return client_out_give_up(c, call, out, code);
}

enum err client_take_ack(struct wa_client *c, const struct wa_call *call, const struct node *ack)
{
	str id = node_text(call->out->arena, ack, "id");
	int code = (int)node_int(ack, "error", 0);
	struct client_out *out = c->outs;

	if (!node_has(ack, "class", "message"))
		return OK;
	while (out && (!out->is_sent || !str_is(out->id, id)))
		out = out->next;
	if (!out)
		return OK;
	if (code)
		return take_refusal(c, call, out, code);
	TRY(check_phash(c, call, out, ack));
	tell(call, out, (struct wa_sent){ .t_ms = node_int(ack, "t", 0) * 1000 });
	TRY(client_owed_done(c, call, out));
	out_remove(c, out);
	return OK;
}

enum err client_sent_seen(struct wa_client *c, const struct wa_call *call, str id)
{
	for (struct client_out *out = c->outs; out; out = out->next)
		if (out->was_sent && out->kind == OUT_MESSAGE && str_is(out->id, id)) {
			tell(call, out, (struct wa_sent){ .t_ms = call->now->wall_ms });
			out_remove(c, out);
			return OK;
		}
	return OK;
}

/* ---- connections and time ---- */

enum err client_send_online(struct wa_client *c, const struct wa_call *call)
{
	for (struct client_out *out = c->outs; out; out = out->next) {
		out->is_sent = out->is_asking = false;
		out->asked_group = out->asked_bundles = false;
		out->asked_devices = 0;
	}
	TRY(client_retry_online(c, call));
	return client_outs_advance(c, call);
}

enum err client_send_tick(struct wa_client *c, const struct wa_call *call)
{
	int64_t now = call->now->mono_ms;

	for (struct client_out *next, *out = c->outs; out; out = next) {
		next = out->next;
		if (out->again_ms && now >= out->again_ms)
			out->again_ms = 0;
		if (now >= out->until_ms)
			TRY(client_out_give_up(c, call, out, WA_SENT_NO_ANSWER));
	}
	return client_outs_advance(c, call);
}

int64_t client_send_deadline(const struct wa_client *c)
{
	int64_t at = INT64_MAX;

	for (const struct client_out *out = c->outs; out; out = out->next) {
		int64_t then = out->again_ms && out->again_ms < out->until_ms ? out->again_ms
									      : out->until_ms;

		if (then < at)
			at = then;
	}
	return at;
}
