/* session_stanza.c: frames in and out, requests and their answers, acks; see session_internal.h. */
#include "wa/session/session_internal.h"

#define PROOF_EVERY_MS 10000

enum err session_send(struct wa_session *s, const struct node *node)
{
	struct buf plain = buf_in(s->out->arena, FRAME_MAX),
		   cipher = buf_in(s->out->arena, FRAME_MAX),
		   frame = buf_in(s->out->arena, FRAME_MAX + FRAME_HEADER_SIZE);

	stanza_write(&plain, node);
	if (plain.failed || !cipher_seal(&s->send, buf_bytes(&plain), &cipher) ||
		!frame_write_header(&frame, cipher.len))
		return ERR_LIMIT;
	buf_put(&frame, cipher.ptr, cipher.len);
	session_send_octets(s, buf_bytes(&frame));
	return OK;
}

/* ---- requests ---- */

static str id_text(const struct wa_session *s, struct arena *arena, uint32_t number)
{
	return arena_printf(arena, "%u.%u-%u", s->id_prefix[0], s->id_prefix[1], number);
}

str wa_session_next_id(struct wa_session *s, struct arena *arena)
{
	return id_text(s, arena, ++s->next_number);
}

struct node *session_request(struct wa_session *s, const char *type, const char *xmlns)
{
	struct arena *arena = s->out->arena;
	struct node *iq = node_new(arena, "iq");

	node_put(arena, iq, "id", wa_session_next_id(s, arena));
	node_put(arena, iq, "xmlns", str_of(xmlns));
	node_put(arena, iq, "type", str_of(type));
	node_put_jid(arena, iq, "to", &jid_server);
	return iq;
}

enum err session_ask(struct wa_session *s, enum wa_request kind, struct node *iq)
{
	int64_t wait = kind == REQUEST_PING ? WA_PONG_MS : WA_REQUEST_MS;

	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		if (s->requests[i].kind)
			continue;
		s->requests[i] = (struct wa_pending){ kind, s->next_number,
			s->now->mono_ms + session_time(s, wait) };
		return session_send(s, iq);
	}
	return ERR_LIMIT;
}

void session_forget_requests(struct wa_session *s)
{
	memset(s->requests, 0, sizeof s->requests);
}

bool session_waits_for(const struct wa_session *s, enum wa_request kind)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (s->requests[i].kind == kind)
			return true;
	return false;
}

static enum wa_request take_request(struct wa_session *s, const struct node *answer)
{
	str id = node_text(s->out->arena, answer, "id");

	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		enum wa_request kind = s->requests[i].kind;

		if (!kind || !str_is(id, id_text(s, s->out->arena, s->requests[i].number)))
			continue;
		s->requests[i].kind = REQUEST_NONE;
		return kind;
	}
	return REQUEST_NONE;
}

/* A request without an answer means that nobody is there; but a server need not know of digests. */
enum err session_check_requests(struct wa_session *s)
{
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct wa_pending *r = &s->requests[i];

		if (!r->kind || s->now->mono_ms < r->until_ms)
			continue;
		if (r->kind != REQUEST_DIGEST)
			return session_fall(s, ending_named("no_answer"));
		r->kind = REQUEST_NONE;
	}
	return OK;
}

enum err session_answer(struct wa_session *s, const struct node *iq, struct node *content)
{
	struct arena *arena = s->out->arena;
	struct node *answer = node_new(arena, "iq");

	node_put_jid(arena, answer, "to", &jid_server);
	node_put(arena, answer, "type", S("result"));
	node_put(arena, answer, "id", node_text(arena, iq, "id"));
	if (content)
		node_adopt(answer, content);
	return session_send(s, answer);
}

/* ---- acks ---- */

static void copy_attr(struct arena *arena, struct node *to, const char *as, const struct node *from,
	const char *key)
{
	const struct attr *attr = node_attr(from, key);

	if (!attr)
		return;
	if (attr->is_jid)
		node_put_jid(arena, to, as, &attr->jid);
	else
		node_put(arena, to, as, attr->text);
}

static enum err acknowledge(struct wa_session *s, const struct node *node)
{
	struct arena *arena = s->out->arena;
	struct node *ack = node_new(arena, "ack");

	node_put(arena, ack, "class", node->tag);
	copy_attr(arena, ack, "id", node, "id");
	copy_attr(arena, ack, "to", node, "from");
	copy_attr(arena, ack, "participant", node, "participant");
	copy_attr(arena, ack, "recipient", node, "recipient");
	copy_attr(arena, ack, "type", node, "type");
	return node_attr(node, "id") ? session_send(s, ack) : OK;
}

/* ---- what comes ---- */

static enum err tell(struct wa_session *s, const struct node *node)
{
	session_event(s, WA_EVENT_STANZA)->node = node;
	return OK;
}

static enum err take_answer(struct wa_session *s, const struct node *iq)
{
	enum wa_request kind = take_request(s, iq);

	switch (kind) {
	case REQUEST_NONE:
		return tell(s, iq);
	case REQUEST_PING:
		return OK;
	case REQUEST_LOG_OUT:
		return node_has(iq, "type", "error")
			       ? tell(s, iq)
			       : session_fall(s, ending_named("user_logged_out"));
	case REQUEST_CODE_HELLO:
	case REQUEST_CODE_FINISH:
		return pair_take_answer(s, kind, iq);
	case REQUEST_DIGEST:
		return digest_take_answer(s, iq);
	case REQUEST_COUNT:
	case REQUEST_RECOUNT:
	case REQUEST_UPLOAD:
	case REQUEST_ACTIVE:
		break;
	}
	return login_take_answer(s, kind, iq);
}

static enum err take_iq(struct wa_session *s, const struct node *iq)
{
	if (node_has(iq, "type", "result") || node_has(iq, "type", "error"))
		return take_answer(s, iq);
	if (node_has(iq, "xmlns", "urn:xmpp:ping"))
		return session_answer(s, iq, NULL);
	if (s->state == WA_PAIRING)
		return pair_take_iq(s, iq);
	return tell(s, iq);
}

static bool is_digest_wanted(const struct node *node)
{
	struct jid from;

	return node_has(node, "type", "encrypt") && node_child(node, "digest") &&
	       node_jid(node, "from", &from) && jid_is(&from, &jid_server);
}

static enum err take_notification(struct wa_session *s, const struct node *node)
{
	const struct node *count = node_child(node, "count");

	TRY(acknowledge(s, node));
	if (s->state == WA_PAIRING)
		return pair_take_notification(s, node);
	if (node_has(node, "type", "encrypt") && count)
		return login_take_count(s, node_int(count, "value", 0));
	if (is_digest_wanted(node))
		return digest_ask(s);
	return tell(s, node);
}

static enum err take_acknowledged(struct wa_session *s, const struct node *node)
{
	TRY(acknowledge(s, node));
	return tell(s, node);
}

static enum err take_failure(struct wa_session *s, const struct node *node)
{
	return session_fall(s, ending_of_failure(node));
}

static enum err take_stream_error(struct wa_session *s, const struct node *node)
{
	return session_fall(s, ending_of_stream_error(node));
}

static enum err take_stream_end(struct wa_session *s, const struct node *node)
{
	(void)node;
	return session_fall(s, ending_named(s->expects_restart ? "restart" : "closed"));
}

static const struct {
	const char *tag;
	enum err (*take)(struct wa_session *s, const struct node *);
} kinds[] = {
	{ "iq", take_iq },
	{ "ack", take_answer },
	{ "message", tell },
	{ "receipt", take_acknowledged },
	{ "notification", take_notification },
	{ "call", take_acknowledged },
	{ "presence", tell },
	{ "chatstate", tell },
	{ "ib", login_take_ib },
	{ "success", login_take_success },
	{ "failure", take_failure },
	{ "stream:error", take_stream_error },
	{ "xmlstreamend", take_stream_end },
};

static void note_proof(struct wa_session *s)
{
	if (s->proof_ms && s->now->mono_ms - s->proof_ms < session_time(s, PROOF_EVERY_MS))
		return;
	s->proof_ms = s->now->mono_ms;
	session_event(s, WA_EVENT_PROOF);
}

enum err session_take_frame(struct wa_session *s, bytes body)
{
	struct buf plain = buf_in(s->out->arena, body.len);
	struct node *node = ARENA_NEW(s->out->arena, struct node);
	const char *why;

	if (!cipher_open(&s->receive, body, &plain))
		return session_fall(s, ending_named("undecipherable"));
	note_proof(s);
	/* One that does not read is passed over: the next may. */
	if (stanza_read(s->out->arena, buf_bytes(&plain), node, &why) != OK)
		return OK;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (node_is(node, kinds[i].tag))
			return kinds[i].take(s, node);
	return OK;
}
