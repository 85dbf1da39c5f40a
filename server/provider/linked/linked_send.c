/*
 * linked_send.c: one message to the network, and receipts and typing for those that came.
 *
 * The message is built and enciphered on the number's lane; the call worker waits for the server's
 * ack. Its id is made of ours, so what is sent again because an answer was lost goes out under the
 * same id, and nobody sees it twice.
 */
#include "base/codec.h"
#include "crypto/crypto.h"
#include "provider/linked/content.h"
#include "provider/linked/linked_internal.h"
#include "provider/linked/linked_people.h"
#include "provider/linked/media.h"
#include "provider/linked/preview.h"
#include "wa/client/group.h"

#define LINKED_SLOW_DOWN 429
#define LINKED_TROUBLE 500              /* and what is above it */
/* "start 1–2 min", doubled with each try */
#define SLOW_DOWN_MS 60000
#define SLOW_DOWN_MAX_MS 600000

/* ---- what the server refuses ---- */

static const struct linked_refusal refusals[] = {
	{ WA_SENT_NO_ACCOUNT, "not_on_whatsapp", "Nobody uses WhatsApp by this number.",
		"Check the number.", RETRY_NEVER },
	{ WA_SENT_NO_DEVICE, "no_device", "Nobody could be enciphered for: no device of theirs has "
					  "keys.",
		"Try again later.", RETRY_LATER },
	{ 463, "restricted", "WhatsApp does not let this number write to new people now.",
		"Wait for them to write first, and send less.", RETRY_NEVER },
	{ 479, "refused", "WhatsApp did not take the message.", "Try again later.", RETRY_NEVER },
	{ LINKED_SLOW_DOWN, "rate_limited", "WhatsApp asks the number to slow down.",
		"Nothing to do: it is tried again after a while.", RETRY_AFTER },
	{ LINKED_TROUBLE, "trouble", "WhatsApp's server had trouble with the message.",
		"Nothing to do: it is sent again under the same id.", RETRY_BACKOFF },
	{ 0, "refused", "WhatsApp refused the message.", "Try again, or write by another channel.",
		RETRY_NEVER },
};

const struct linked_refusal *linked_refusal_of(int code)
{
	size_t i = 0;

	if (code >= LINKED_TROUBLE)
		code = LINKED_TROUBLE;
	while (i < COUNT_OF(refusals) - 1 && refusals[i].code != code)
		i++;
	return &refusals[i];
}

/* ---- building ---- */

struct sending {
	const struct outgoing *msg;
	str id;
	bool has_buttons; /* real ones, as the channel wants */
	const struct linked_preview *preview; /* or NULL */
	int64_t wait_ms;  /* for the server's answer */
};

static str chat_of(struct arena *arena, const struct outgoing *msg)
{
	if (msg->to_group.len)
		return str_find(msg->to_group, '@') < msg->to_group.len
			       ? msg->to_group
			       : arena_printf(arena, STR_F "@g.us", STR_A(msg->to_group));
	if (!msg->to_phone.len)
		return arena_printf(arena, STR_F "@lid", STR_A(msg->to_lid));
	return arena_printf(arena, STR_F "@s.whatsapp.net", STR_A(msg->to_phone));
}

/* A group's is a setting of the group; of a chat with one person it is a message. */
static enum err set_group_timer(struct job *job, const struct channel *ch,
	const struct outgoing *msg, struct send_result *out)
{
	const struct node *answer;
	struct jid group;
	json v = NULL;

	if (json_read(job->arena, msg->content, &v, NULL) != OK ||
		!jid_read(chat_of(job->arena, msg), &group))
		return fail(job, ERR_BUG, "the timer of a group cannot be read");
	out->advice = RETRY_NEVER;
	return linked_ask(job, ch->id,
		wa_group_ephemeral_request(job->arena, &group,
			json_int(json_field(v, "seconds"), 0)),
		&answer);
}

static str author_of(struct arena *arena, const struct outgoing *msg)
{
	const struct outgoing_quote *q = &msg->quoted;

	if (q->is_ours)
		return STR_NONE;
	if (q->author_lid.len)
		return arena_printf(arena, STR_F "@lid", STR_A(q->author_lid));
	if (q->author_phone.len)
		return arena_printf(arena, STR_F "@s.whatsapp.net", STR_A(q->author_phone));
	return msg->to_group.len ? STR_NONE : chat_of(arena, msg);
}

static enum err not_connected(struct job *job)
{
	return fail_code(job, ERR_CONFLICT, S("not_connected"),
		S("Nothing to do: it goes when the number is connected again."),
		"The number is not connected right now.");
}

/* What a vote is enciphered with: nobody votes in a poll whose secret we never got. */
static enum err find_secret(struct turn *turn, struct linked_draft *draft, struct wa_addon *addon)
{
	struct arena *arena = turn->job->arena;
	struct wa_about about = { .id = draft->out->reply_remote_id };
	uint8_t *iv = arena_alloc(arena, WA_ADDON_IV_SIZE);
	struct wa_secret secret;
	enum err e;

	if (!jid_read(draft->chat, &about.chat) ||
		(draft->quoted_author.len && !jid_read(draft->quoted_author, &about.author)))
		return fail(turn->job, ERR_INPUT, "whose poll it is cannot be read");
	e = wa_client_secret(wa_link_client(turn->n->link), &turn->call, &about, &secret);
	if (e == ERR_MISSING)
		return fail_code(turn->job, ERR_INPUT, S("no_secret"),
			S("Vote on the phone, or ask for the poll to be sent again."),
			"The poll is older than the link with the phone: only the phone can vote "
			"in it.");
	TRY(e);
	crypto_random(iv, WA_ADDON_IV_SIZE);
	*addon = (struct wa_addon){ .use = WA_USE_POLL_VOTE,
		.secret = secret.secret,
		.target_id = about.id,
		.target_author = { jid_text(arena, &secret.author) },
		.author = { jid_text(arena, &secret.own) } };
	draft->addon = addon;
	draft->iv = iv;
	return OK;
}

static enum err run_send(struct turn *turn, void *arg)
{
	const struct sending *s = arg;
	struct linked *n = turn->n;
	uint8_t secret[32];
	struct linked_draft draft = { .out = s->msg, .now_ms = turn->clock.wall_ms,
		.secret = secret, .has_buttons = s->has_buttons, .preview = s->preview };
	struct wa_send send = { .id = s->id };
	Wa__Message *message;
	struct wa_addon addon;
	struct jid own;

	if (!n->link || wa_link_state(n->link) != WA_OPEN)
		return not_connected(turn->job);
	crypto_random(secret, sizeof secret);
	own = device_pn(wa_link_device(n->link));
	own.device = 0;
	draft.chat = chat_of(turn->job->arena, s->msg);
	draft.own = jid_text(turn->job->arena, &own);
	draft.quoted_author = author_of(turn->job->arena, s->msg);
	if (!jid_read(draft.chat, &send.to))
		return fail_code(turn->job, ERR_INPUT, S("no_address"), S("Check the number."),
			"The address is none of WhatsApp.");
	if (s->msg->kind == KIND_POLL_VOTE)
		TRY(find_secret(turn, &draft, &addon));
	TRY(linked_content_write(turn->job, &draft, &message, &send.edit));
	send.message = message;
	return wa_client_send(wa_link_client(n->link), &turn->call, &send);
}

/* ---- the answer ---- */

static int64_t slow_down_ms(unsigned attempts)
{
	int64_t ms = SLOW_DOWN_MS;

	while (attempts-- && ms < SLOW_DOWN_MAX_MS)
		ms *= 2;
	return ms < SLOW_DOWN_MAX_MS ? ms : SLOW_DOWN_MAX_MS;
}

/* A server in trouble may have handed it on: then the same id is all that keeps it from being seen
 * twice, and no other channel may send it meanwhile. */
static enum err refused(struct job *job, const struct linked_waiter *waiter,
	const struct sending *s, struct send_result *out)
{
	const struct linked_refusal *why = linked_refusal_of(waiter->sent.code);

	out->advice = why->advice;
	if (why->advice == RETRY_AFTER)
		job->retry_after_ms = slow_down_ms(s->msg->attempts);
	if (why->code == LINKED_TROUBLE) {
		out->may_have_happened = true;
		out->remote_id = s->id;
	}
	return fail_code(job, why->code == LINKED_SLOW_DOWN ? ERR_LIMIT : ERR_UPSTREAM,
		str_of(why->word), str_of(why->next_step), "%s", why->sentence);
}

/* Its id is known all the same: a receipt that comes later settles it. */
static enum err unsure(struct job *job, const struct sending *s, struct send_result *out)
{
	out->advice = RETRY_BACKOFF;
	out->may_have_happened = true;
	out->remote_id = s->id;
	return fail_code(job, ERR_TIMEOUT, S("no_answer"),
		S("Nothing to do: it is sent again under the same id."),
		"WhatsApp has not confirmed the message.");
}

/* What waits until a ban for a while is over may come a moment before the connection is back. */
static bool ends_by_itself(const struct linked_view *view)
{
	return view->state == LINKED_BANNED && view->reason &&
	       strcmp(view->reason, "temporary_ban") == 0;
}

/* It did not leave us. A number that a person must mend is another channel's chance, and says what
 * to mend. */
enum err linked_not_sent(struct job *job, struct linked *n, enum err e, struct send_result *out)
{
	struct linked_view view;

	linked_lock();
	view = n->view;
	linked_unlock();
	out->advice = e == ERR_INPUT ? RETRY_NEVER : RETRY_BACKOFF;
	if (e == ERR_INPUT || (view.state != LINKED_FAILED && view.state != LINKED_BANNED) ||
		ends_by_itself(&view))
		return e == ERR_CONFLICT ? ERR_UPSTREAM : e;
	out->advice = RETRY_STOP;
	if (!view.sentence || !view.next_step)
		return ERR_DENIED;
	return fail_code(job, ERR_DENIED, str_of(view.reason), str_of(view.next_step), "%s",
		view.sentence);
}

static enum err run_typing(struct turn *turn, void *arg)
{
	const struct sending *s = arg;
	struct jid chat;

	if (!turn->n->link || wa_link_state(turn->n->link) != WA_OPEN ||
		!jid_read(chat_of(turn->job->arena, s->msg), &chat))
		return OK;
	return wa_client_typing(wa_link_client(turn->n->link), &turn->call, &chat, WA_COMPOSING);
}

/* Best effort: a message that nobody seemed to type goes all the same. */
static void seem_to_type(struct job *job, struct linked *n, struct sending *s)
{
	int64_t ms = s->msg->typing_ms;
	struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	if (!ms)
		return;
	if (linked_run(job, n, run_typing, s) != OK)
		job_forgive(job);
	nanosleep(&pause, NULL);
}

static enum err send_and_wait(struct job *job, struct linked *n, struct sending *s,
	struct send_result *out)
{
	struct linked_waiter waiter;
	enum err e;
	bool came;

	linked_wait_init(&waiter, s->id.ptr);
	linked_wait_add(n, &waiter);
	e = linked_run(job, n, run_send, s);
	came = linked_wait(n, &waiter, e == OK ? s->wait_ms : 0);
	buf_done(&waiter.answer);
	if (e != OK)
		return linked_not_sent(job, n, e, out);
	if (!came || waiter.sent.is_unsure || waiter.sent.code == WA_SENT_NO_ANSWER)
		return unsure(job, s, out);
	if (waiter.sent.code)
		return refused(job, &waiter, s, out);
	out->remote_id = s->id;
	return OK;
}

static bool setting(struct arena *arena, const struct channel *ch, const char *name, bool otherwise)
{
	json config = NULL;

	if (!ch->config.len || json_read(arena, ch->config, &config, NULL) != OK)
		return otherwise;
	return json_flag(json_field(config, name), otherwise);
}

/* Somebody waits for what becomes of it. */
static bool is_asked_for(const struct outgoing *msg)
{
	return msg->kind == KIND_SYSTEM || msg->kind == KIND_POLL_VOTE;
}

enum err linked_send(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct send_result *out)
{
	struct outgoing files = *msg, opened;
	struct sending s = { .msg = &opened,
		.has_buttons = setting(job->arena, ch, "native_buttons", false),
		.wait_ms = is_asked_for(msg) ? LINKED_CALL_MS : LINKED_SEND_MS };
	id64 seed[2] = { ch->id, msg->id };
	struct linked *n;
	enum err e;

	if (msg->kind == KIND_SYSTEM && msg->to_group.len)
		return set_group_timer(job, ch, msg, out);
	TRY(linked_take(job, ch->id, &n));
	s.id = arena_str(job->arena,
		wa_message_id(job->arena, (bytes){ (const uint8_t *)seed, sizeof seed }));
	e = linked_links_take(&(struct linked_links){ job, n, ch, &files, out });
	if (e == OK)
		e = linked_references_open(job, &files, &opened);
	if (e == OK) {
		s.preview = linked_preview_find(job, n, ch, msg);
		seem_to_type(job, n, &s);
		e = send_and_wait(job, n, &s, out);
	}
	linked_drop(n);
	return e;
}

/* ---- read marks and typing ---- */

struct reading { str remote_id, chat, sender; bool typing; };

static enum err run_read(struct turn *turn, void *arg)
{
	const struct reading *r = arg;
	struct linked *n = turn->n;
	struct wa_read read = { .ids = &r->remote_id, .count = 1 };
	struct wa_client *client;

	if (!n->link || wa_link_state(n->link) != WA_OPEN)
		return not_connected(turn->job);
	if (!jid_read(r->chat, &read.chat))
		return OK;
	if (r->sender.len && !jid_read(r->sender, &read.sender))
		return OK;
	client = wa_link_client(n->link);
	TRY(wa_client_read(client, &turn->call, &read));
	return r->typing ? wa_client_typing(client, &turn->call, &read.chat, WA_COMPOSING) : OK;
}

/* Whose message it was stands in the inbox. */
enum err linked_mark_read(struct job *job, const struct channel *ch, str remote_id, bool typing)
{
	struct reading r = { .remote_id = remote_id, .typing = typing };
	struct person_ref who;
	struct linked *n;
	enum err e = linked_manager.host.person(job, ch->id, remote_id, &who);

	if (e == ERR_MISSING) {
		job_forgive(job);
		return OK;
	}
	TRY(e);
	/* In a group its author must be named, whom the inbox does not keep by device. */
	if (who.group.len)
		return OK;
	r.chat = who.lid.len ? arena_printf(job->arena, STR_F "@lid", STR_A(who.lid))
			     : arena_printf(job->arena, STR_F "@s.whatsapp.net", STR_A(who.phone));
	TRY(linked_take(job, ch->id, &n));
	e = linked_run(job, n, run_read, &r);
	linked_drop(n);
	return e;
}
