/*
 * linked_parse.c: raw events of linked numbers (linked_event.c writes them), as events of the
 * inbox.
 *
 * A person has two names here, a number and a hidden id; whatever of them an event tells goes
 * along, so that both lead to one contact. The rule: nothing of the network's own housekeeping
 * becomes an event for people.
 */
#include "base/codec.h"
#include "provider/linked/content.h"
#include "provider/linked/history.h"
#include "provider/linked/linked_internal.h"
#include "provider/linked/linked_people.h"
#include "provider/linked/media.h"
#include "provider/linked/sync.h"

#define CLOCK_NEAR_MS 60000
#define PLAIN_MAX (3u << 20)

/* ---- who ---- */

void linked_add_name(struct person_ref *who, str jid)
{
	struct jid read;

	if (!jid.len || !jid_read(jid, &read))
		return;
	if (str_is(read.server, JID_SERVER_LID) || str_is(read.server, JID_SERVER_HOSTED_LID))
		who->lid = read.user;
	else if (str_is(read.server, JID_SERVER_PN) || str_is(read.server, JID_SERVER_HOSTED))
		who->phone = read.user;
}

static bool is_group(str jid)
{
	return str_ends(jid, S("@g.us"));
}

void linked_add_chat(struct person_ref *who, str jid)
{
	if (is_group(jid))
		who->group = jid;
	else
		linked_add_name(who, jid);
}

/* ---- messages ---- */

static void read_addon(struct job *job, json v, struct wa_addon *out)
{
	struct buf secret = buf_in(job->arena, 64);

	if (!base64_read(json_text_at(v, "target_secret"), &secret) || !secret.len)
		return;
	*out = (struct wa_addon){ .secret = buf_bytes(&secret),
		.target_author = { json_text_at(v, "target_author"),
			json_text_at(v, "target_author_other") },
		.author = { json_text_at(v, "author"), json_text_at(v, "author_other") } };
}

static enum err read_plain(struct job *job, json v, struct linked_said *said)
{
	struct buf plain = buf_in(job->arena, PLAIN_MAX);
	str text = json_text_at(v, "message");

	if (!text.len)
		return OK;
	if (!base64_read(text, &plain))
		return fail(job, ERR_INPUT, "the message of a linked number is not base64");
	said->message = PROTO_UNPACK(job->arena, Wa__Message, wa__message, buf_bytes(&plain));
	if (!said->message)
		return fail(job, ERR_INPUT, "the message of a linked number cannot be read");
	return OK;
}

/* The server tells seconds. What a sender does to a message twice in one second is told apart by
 * the sender's own clock, where that is near. */
static int64_t time_of(int64_t server_ms, int64_t sender_ms)
{
	int64_t apart = sender_ms - server_ms;

	return sender_ms && apart > -CLOCK_NEAR_MS && apart < CLOCK_NEAR_MS ? sender_ms : server_ms;
}

static void fill_message(json v, const struct linked_said *said, struct provider_event *ev)
{
	ev->field = S("messages");
	ev->remote_id = said->id;
	ev->at_ms = time_of(json_int(json_field(v, "t_ms"), 0), ev->at_ms);
	ev->is_echo = said->is_from_me;
	if (said->is_group)
		ev->group_id = said->chat;
	/* Of an echo: whom it went to. */
	if (!said->is_from_me || !said->is_group) {
		linked_add_name(&ev->who, said->is_from_me ? said->chat : said->sender);
		linked_add_name(&ev->who, json_text_at(v, "other"));
	}
	if (!said->is_from_me)
		ev->who.name = json_text_at(v, "push_name");
	ev->opens_window = !said->is_from_me && !said->is_waiting;
}

static enum err parse_message(struct job *job, json v, struct provider_events *out)
{
	struct linked_said said = { .id = json_text_at(v, "id"),
		.chat = json_text_at(v, "chat"),
		.sender = json_text_at(v, "sender"),
		.is_from_me = json_flag(json_field(v, "from_me"), false),
		.is_view_once = json_flag(json_field(v, "view_once"), false),
		.is_ephemeral = json_flag(json_field(v, "ephemeral"), false),
		.is_waiting = json_flag(json_field(v, "waiting"), false),
		.unavailable = json_text_at(v, "unavailable") };
	struct provider_event ev = { 0 };
	struct wa_addon addon = { 0 };

	said.is_group = is_group(said.chat);
	/* Stories, broadcast lists and channels are no conversations. */
	if (!said.is_group && (str_ends(said.chat, S("@broadcast")) ||
				      str_ends(said.chat, S("@newsletter"))))
		return OK;
	TRY(read_plain(job, v, &said));
	read_addon(job, v, &addon);
	if (addon.secret.len)
		said.addon = &addon;
	if (!linked_content_read(job->arena, &said, &ev))
		return OK;
	fill_message(v, &said, &ev);
	/* It holds the key of the file, and stays in a row. */
	if (ev.media_remote_id.len)
		TRY(linked_reference_seal(job, ev.media_remote_id, &ev.media_remote_id));
	*provider_events_add(job, out, ev.kind) = ev;
	return OK;
}

/* ---- statuses ---- */

static const struct { const char *word; enum message_status status; } receipts[] = {
	{ "delivered", STATUS_DELIVERED },
	{ "read", STATUS_READ },
	{ "played", STATUS_PLAYED },
};

/* What the owner read on another device: the chat is read up to then, a group, too. */
static bool parse_own_receipt(struct job *job, json v, struct provider_events *out)
{
	str word = json_text_at(v, "receipt");
	struct provider_event *ev;

	if (!str_is(word, S("read_self")) && !str_is(word, S("played_self")))
		return false;
	if (str_is(word, S("played_self")) || !json_text_at(v, "chat").len)
		return true;
	ev = provider_events_add(job, out, EVENT_CHAT);
	ev->field = S("chat");
	ev->done = CHAT_READ;
	ev->at_ms = json_int(json_field(v, "t_ms"), 0);
	linked_add_chat(&ev->who, json_text_at(v, "chat"));
	return true;
}

/* Their key is another one: a new phone, or installed anew. */
static void parse_identity(struct job *job, json v, struct provider_events *out)
{
	struct provider_event *ev = provider_events_add(job, out, EVENT_CHAT);

	ev->field = S("identity");
	ev->done = CHAT_IDENTITY;
	ev->at_ms = json_int(json_field(v, "t_ms"), 0);
	linked_add_name(&ev->who, json_text_at(v, "who"));
}

static void parse_receipt(struct job *job, json v, struct provider_events *out)
{
	str word = json_text_at(v, "receipt"), chat = json_text_at(v, "chat");
	json ids = json_field(v, "ids");

	if (parse_own_receipt(job, v, out))
		return;
	for (size_t r = 0; r < COUNT_OF(receipts); r++) {
		if (!str_is(word, str_of(receipts[r].word)))
			continue;
		for (size_t i = 0; i < json_count(ids); i++) {
			struct provider_event *ev = provider_events_add(job, out, EVENT_STATUS);

			ev->field = S("statuses");
			ev->target_id = json_text(json_at(ids, i));
			ev->status = receipts[r].status;
			ev->at_ms = json_int(json_field(v, "t_ms"), 0);
			if (is_group(chat))
				ev->group_id = chat;
			else
				linked_add_name(&ev->who, json_text_at(v, "who"));
		}
	}
}

/* An answer of the server that came when nobody waited for it any more. */
static void parse_sent(struct job *job, json v, struct provider_events *out)
{
	struct provider_event *ev = provider_events_add(job, out, EVENT_STATUS);
	int code = (int)json_int(json_field(v, "code"), 0);
	const struct linked_refusal *why = linked_refusal_of(code);

	ev->field = S("statuses");
	ev->target_id = json_text_at(v, "id");
	ev->at_ms = json_int(json_field(v, "t_ms"), 0);
	ev->status = code ? STATUS_FAILED : STATUS_SENT;
	if (!code)
		return;
	ev->error_code = str_of(why->word);
	ev->error_sentence = str_of(why->sentence);
	ev->error_next_step = str_of(why->next_step);
}

/* ---- the rest ---- */

static void parse_known(struct job *job, json v, struct provider_events *out)
{
	struct provider_event *ev = provider_events_add(job, out, EVENT_IDENTITY);

	ev->field = S("identity");
	linked_add_name(&ev->who, json_text_at(v, "lid"));
	linked_add_name(&ev->who, json_text_at(v, "pn"));
	ev->previous = ev->who;
}

static void parse_notice(struct job *job, json v, struct provider_events *out)
{
	struct provider_event *ev = provider_events_add(job, out, EVENT_NOTICE);
	struct buf detail = buf_in(job->arena, 64u << 10);

	ev->field = json_text_at(v, "field").len ? json_text_at(v, "field") : S("linked");
	ev->severity = json_text_at(v, "severity");
	ev->sentence = json_text_at(v, "sentence");
	ev->at_ms = json_int(json_field(v, "t_ms"), 0);
	json_put_value(&detail, NULL, v);
	ev->detail = buf_text(&detail);
}

enum err linked_parse(struct job *job, const struct channel *ch, str body,
	struct provider_events *out)
{
	json v = NULL;
	str kind;

	(void)ch;
	if (json_read(job->arena, body, &v, NULL) != OK)
		return fail(job, ERR_INPUT, "an event of a linked number is not JSON");
	kind = json_text_at(v, "kind");
	if (str_is(kind, S("message")))
		return parse_message(job, v, out);
	if (str_is(kind, S("receipt")))
		parse_receipt(job, v, out);
	else if (str_is(kind, S("sent")))
		parse_sent(job, v, out);
	else if (str_is(kind, S("identity")))
		parse_identity(job, v, out);
	else if (str_is(kind, S("known")))
		parse_known(job, v, out);
	else if (str_is(kind, S("notice")))
		parse_notice(job, v, out);
	else if (str_is(kind, S("chat")))
		linked_sync_parse(job, v, out);
	else if (str_is(kind, S("label")) || str_is(kind, S("quick_reply")))
		linked_item_parse(job, v, out);
	else if (str_is(kind, S("history")))
		return linked_history_parse(job, v, parse_message, out);
	else
		(void)linked_parse_people(job, v, out);
	return OK;
}
