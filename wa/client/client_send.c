/*
 * client_send.c: messages under way, from the wish to the server's ack.
 *
 *	who is meant? ─► group, devices, bundles: asked for, unless known ─► enciphered and sent,
 *	in one call ─► ack: told and forgotten; none in WA_ACK_MS: told, too
 *
 * Many may wait for acks, and many for answers; only messages to one chat keep their order. Here
 * are the wish and the steps; client_reach.c finds whom, client_stanza.c enciphers, client_out.c
 * keeps the list. Source: docs/protocol/linked-device-2-messaging.md §4.
 */
#include "wa/client/client_send_internal.h"

/* ---- one step of one message ---- */

static bool has_account(struct wa_client *c, const struct client_targets *targets,
	const struct jid *to)
{
	for (size_t i = 0; i < targets->count; i++)
		if (!targets->list[i].is_own)
			return true;
	return client_is_own(c, to);
}

static enum err one_target(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out, struct client_targets *targets)
{
	struct client_target *target = ARENA_NEW(call->out->arena, struct client_target);

	*target = (struct client_target){ .jid = client_jid_copy(call->out->arena, &out->to),
		.is_own = client_is_own(c, &out->to) };
	*targets = (struct client_targets){ target, 1, 1 };
	return client_address(c, call->out->arena, &out->to, &target->address);
}

static enum err prepare_one_device(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, struct client_prepared *p)
{
	bool go;

	TRY(one_target(c, call, out, &p->targets));
	TRY(client_find_sessions(c, call, out, &p->targets, &go));
	if (!go)
		return OK;
	return out->kind == OUT_PEER ? client_stanza_peer(c, call, out, p)
				     : client_send_again(c, call, out, p->targets.list[0].address);
}

static enum err prepare(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	struct client_prepared *p)
{
	bool go;

	TRY(client_find_chat(c, call, out, p));
	TRY(client_find_group(c, call, out, p, &go));
	if (!go && !out->is_asking)
		return client_out_give_up(c, call, out,
			out->failure ? out->failure : WA_SENT_NO_ANSWER);
	if (!go)
		return OK;
	TRY(client_find_devices(c, call, out, p, &go));
	if (!go)
		return OK;
	TRY(client_find_chat(c, call, out, p));        /* the answer may have told the hidden id */
	if (p->is_group)
		return client_stanza_group(c, call, out, p);
	if (!has_account(c, &p->targets, &p->to))
		return client_out_give_up(c, call, out,
			out->failure ? out->failure : WA_SENT_NO_ACCOUNT);
	TRY(client_find_sessions(c, call, out, &p->targets, &go));
	return go ? client_stanza_direct(c, call, out, p) : OK;
}

static enum err advance(struct wa_client *c, const struct wa_call *call, struct client_out *out)
{
	struct client_prepared *p = ARENA_NEW(call->out->arena, struct client_prepared);

	p->message = PROTO_UNPACK(call->out->arena, Wa__Message, wa__message, out->packed);
	if (!p->message)
		return client_out_give_up(c, call, out, WA_SENT_NO_DEVICE);
	wa_message_describe(p->message, &p->outline);
	return out->kind == OUT_MESSAGE ? prepare(c, call, out, p)
					: prepare_one_device(c, call, out, p);
}

/* An earlier one to the same chat has not gone out yet. */
static bool must_wait(const struct wa_client *c, const struct client_out *out)
{
	for (const struct client_out *o = c->outs; o != out; o = o->next)
		if (!o->is_sent && jid_is(&o->to, &out->to))
			return true;
	return false;
}

static struct client_out *next_ready(const struct wa_client *c)
{
	for (struct client_out *out = c->outs; out; out = out->next)
		if (!out->is_sent && !out->is_asking && !out->again_ms && !must_wait(c, out))
			return out;
	return NULL;
}

/* Answers that are given at once come back here: the outer call goes on with the list. */
enum err client_outs_advance(struct wa_client *c, const struct wa_call *call)
{
	struct client_out *out;
	enum err e = OK;

	if (!c->is_online || c->is_advancing)
		return OK;
	c->is_advancing = true;
	while (e == OK && (out = next_ready(c)) != NULL)
		e = advance(c, call, out);
	c->is_advancing = false;
	return e;
}

/* ---- the wish ---- */

/* Every message has a secret, for those that will refer to it. The caller's stays as it is. */
static bytes pack(struct wa_client *c, struct arena *arena, const Wa__Message *message)
{
	Wa__Message copy = *message;
	Wa__MessageContextInfo info;
	uint8_t secret[WA_SECRET_SIZE];
	struct wa_outline outline;

	wa_message_describe(message, &outline);
	if (outline.is_protocol)
		return proto_bytes(arena, message);
	if (copy.message_context_info) {
		info = *copy.message_context_info;
		copy.message_context_info = &info;
	}
	c->config.random(c->config.random_arg, secret, sizeof secret);
	wa_message_put_secret(arena, &copy, secret);
	return proto_bytes(arena, &copy);
}

enum err wa_client_send(struct wa_client *c, const struct wa_call *call,
	const struct wa_send *send)
{
	struct client_out out = { .kind = OUT_MESSAGE, .id = send->id, .edit = send->edit };

	out.to = wa_bare(&send->to);
	if (!send->id.len || send->id.len > WA_MESSAGE_ID_MAX || !send->to.user.len ||
		send->to.user.len >= DEVICE_TEXT_MAX ||
		(!client_is_person(&send->to) && !client_is_group(&send->to)))
		return ERR_INPUT;
	if (!c->is_online)
		return ERR_CONFLICT;
	out.packed = pack(c, call->out->arena, send->message);
	if (out.packed.len > WA_MESSAGE_MAX)
		return ERR_INPUT;
	TRY(client_out_add(c, call, &out));
	return client_outs_advance(c, call);
}

enum err client_send_peer(struct wa_client *c, const struct wa_call *call, Wa__Message *message,
	const struct client_to_peer *to)
{
	struct client_out out = { .kind = OUT_PEER, .id = to->id, .priority = to->priority,
		.to = client_own(c, false), .packed = proto_bytes(call->out->arena, message) };

	if (!out.id.len)
		out.id = client_message_id(c, call->out->arena);
	out.to.device = to->device;
	TRY(client_out_add(c, call, &out));
	return client_outs_advance(c, call);
}
