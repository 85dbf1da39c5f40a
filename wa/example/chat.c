/*
 * chat.c: a linked device on the command line: pairs, tells on stdout what is said to it, and says
 * what it reads from stdin, a line each.
 *
 *	text TO ID WORDS…       TO: a number, 123@lid, or a group
 *	react CHAT ID MESSAGE-ID EMOJI
 *	read CHAT ID [SENDER]
 *	type CHAT
 *	online | offline
 *
 * A line of output is a kind of event and what it says, divided by tabs. tests/linked/chat.test.mjs
 * lets it talk to another implementation.
 */
#include "helper.h"

#include "wa/message/message.h"
#include "wa/wa.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define STEP_MS 50
#define LINE_MAX_OCTETS 65536

static struct wa_link *the_link;
static struct arena *arena;

/* ---- what it tells ---- */

static str shown(const struct jid *jid)
{
	return jid->user.len ? jid_text(arena, jid) : S("-");
}

static void tell_message(const struct wa_message *m)
{
	const char *what = m->is_waiting ? "waiting" : m->is_from_me ? "own" : "message";
	str body = m->message ? wa_message_body(m->message) : m->unavailable;

	if (m->message && m->message->reaction_message)
		body = str_of(m->message->reaction_message->text);
	printf("%s\t" STR_F "\t" STR_F "\t" STR_F "\t" STR_F "\t%u\t" STR_F "\n", what,
		STR_A(m->id), STR_A(shown(&m->chat)), STR_A(shown(&m->sender)),
		STR_A(shown(&m->other)), m->message ? wa_message_field(m->message) : 0,
		STR_A(body));
}

static void tell_receipt(const struct wa_receipt *r)
{
	static const char *const kinds[] = { "delivered", "read", "played", "read-self",
		"played-self" };

	for (size_t i = 0; i < r->count; i++)
		printf("receipt\t%s\t" STR_F "\t" STR_F "\t" STR_F "\n", kinds[r->kind],
			STR_A(r->ids[i]), STR_A(shown(&r->chat)), STR_A(shown(&r->who)));
}

static void tell(const struct wa_event *event)
{
	switch (event->kind) {
	case WA_EVENT_MESSAGE:
		tell_message(event->message);
		break;
	case WA_EVENT_RECEIPT:
		tell_receipt(event->receipt);
		break;
	case WA_EVENT_SENT:
		printf("sent\t" STR_F "\t%d\n", STR_A(event->sent->id), event->sent->code);
		break;
	case WA_EVENT_KNOWN:
		printf("known\t" STR_F "\t" STR_F "\n", STR_A(shown(&event->known->lid)),
			STR_A(shown(&event->known->pn)));
		break;
	case WA_EVENT_TYPING:
		printf("typing\t" STR_F "\t%d\n", STR_A(shown(&event->typing->chat)),
			event->typing->typing);
		break;
	case WA_EVENT_IDENTITY:
		printf("identity\t" STR_F "\n", STR_A(shown(event->who)));
		break;
	default:
		helper_print(event);
		return;
	}
	fflush(stdout);
}

/* ---- what it is told to do ---- */

static bool read_jid(str text, struct jid *out)
{
	if (str_is_digits(text))
		text = arena_printf(arena, STR_F "@s.whatsapp.net", STR_A(text));
	return jid_read(text, out) && out->user.len;
}

static enum err say(const struct wa_call *call, const struct jid *to, str id,
	const Wa__Message *message)
{
	struct wa_send send = { .id = id, .to = *to, .message = message };

	return wa_client_send(wa_link_client(the_link), call, &send);
}

static enum err react(const struct wa_call *call, const struct jid *chat, str id, str rest)
{
	struct wa_target target = { .chat = jid_text(arena, chat), .id = str_split(&rest, ' ') };

	return say(call, chat, id, wa_message_react(arena, &target, rest, call->now->wall_ms));
}

static enum err read_one(const struct wa_call *call, const struct jid *chat, str id, str sender)
{
	struct wa_read read = { .chat = *chat, .ids = &id, .count = 1 };

	if (sender.len && !read_jid(sender, &read.sender))
		return ERR_INPUT;
	return wa_client_read(wa_link_client(the_link), call, &read);
}

static enum err obey(const struct wa_call *call, str line)
{
	struct wa_client *client = wa_link_client(the_link);
	str verb = str_split(&line, ' '), id;
	struct jid to;

	if (str_is(verb, S("online")) || str_is(verb, S("offline")))
		return wa_client_presence(client, call, str_is(verb, S("online")));
	if (!read_jid(str_split(&line, ' '), &to))
		return ERR_INPUT;
	if (str_is(verb, S("type")))
		return wa_client_typing(client, call, &to, WA_COMPOSING);
	id = str_split(&line, ' ');
	if (str_is(verb, S("text")))
		return say(call, &to, id, wa_message_text(arena, line));
	if (str_is(verb, S("react")))
		return react(call, &to, id, line);
	return str_is(verb, S("read")) ? read_one(call, &to, id, line) : ERR_INPUT;
}

/* The lines that have come since; the end of stdin ends nothing. */
static enum err obey_all(const struct wa_call *call)
{
	static struct buf waiting = { .max = 2 * LINE_MAX_OCTETS };
	uint8_t octets[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, octets, sizeof octets)) > 0)
		buf_put(&waiting, octets, (size_t)n);
	for (;;) {
		str all = buf_text(&waiting);
		size_t end = str_find(all, '\n');
		enum err e;

		if (end == all.len)
			return OK;
		e = obey(call, arena_str(arena, str_part(all, 0, end)));
		buf_eat(&waiting, end + 1);
		if (e == ERR_STORE || e == ERR_CORRUPT)
			return e;
		printf("%s\t%s\n", e == OK ? "done" : "refused", e == OK ? "" : err_name(e));
		fflush(stdout);
	}
}

/* ---- one step after the other ---- */

static enum err step(const char *url, struct wa_output *out)
{
	bool connect = out->connect, opened = connect && socket_open(url);
	struct wa_clock now = helper_clock();
	struct wa_call call = { &now, out };
	enum socket_said said;
	int64_t wait_ms = wa_link_deadline(the_link) - now.mono_ms;
	bytes octets;

	arena_reset(arena);
	wa_output_init(out, arena);
	if (opened)
		return wa_link_opened(the_link, &call);
	if (connect)
		return wa_link_closed(the_link, &call);
	said = socket_wait(wait_ms < STEP_MS ? wait_ms : STEP_MS, arena, &octets);
	now = helper_clock();
	if (said == SOCKET_CLOSED)
		return wa_link_closed(the_link, &call);
	if (said == SOCKET_MESSAGE)
		return wa_link_feed(the_link, &call, octets);
	TRY(wa_link_tick(the_link, &call));
	return obey_all(&call);
}

int main(int argc, char **argv)
{
	struct wa_config config = { .client = { WA_VERSION_DEFAULT, S("Linux"), false },
		.store = kept_open(argv[1]), .random = helper_random };
	struct wa_clock now = helper_clock();
	struct wa_output out;
	struct wa_call call = { &now, &out };
	enum err e;

	crypto_init();
	arena = arena_create(ARENA_LIMIT_DEFAULT);
	config.root = argc > 3 ? helper_key(arena, argv[3]) : NULL;
	fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	wa_output_init(&out, arena);
	e = wa_link_create(&config, &the_link);
	if (e == OK)
		e = wa_link_start(the_link, &call);
	while (e == OK && kept_commit()) {
		for (struct wa_frame *f = out.frames; f; f = f->next)
			socket_send(f->octets);
		for (struct wa_event *event = out.events; event; event = event->next)
			tell(event);
		if (out.disconnect)
			socket_close();
		e = step(argv[2], &out);
	}
	fprintf(stderr, "ended: %s\n", err_name(e));
	return e != OK;
}
