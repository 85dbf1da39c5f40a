/*
 * pair.c: pairs with a phone, stays connected, and prints what happens. Its keys stay in a file,
 * so the next start needs no phone.
 *
 *	cc -std=gnu2x pair.c helper.c $(pkg-config --cflags --libs parley-wa openssl)
 *	./a.out keys wss://web.whatsapp.com/ws/chat
 */
#include "helper.h"

int main(int argc, char **argv)
{
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);
	struct wa_config config = { .client = { WA_VERSION_DEFAULT, S("Linux"), false },
		.store = kept_open(argv[1]), .random = helper_random,
		.root = argc > 3 ? helper_key(arena, argv[3]) : NULL };
	struct wa_session *session;
	struct wa_output out;
	struct wa_clock now = helper_clock();
	bytes octets;

	crypto_init();
	enum err e = wa_session_create(&config, &session);
	for (wa_output_init(&out, arena), e = e ? e : wa_session_start(session, &now, &out);
		e == OK && kept_commit();) {
		for (struct wa_frame *f = out.frames; f; f = f->next)
			socket_send(f->octets);
		for (struct wa_event *ev = out.events; ev; ev = ev->next)
			helper_print(ev);
		if (out.disconnect)
			socket_close();
		bool connect = out.connect, opened = connect && socket_open(argv[2]);
		arena_reset(arena);
		wa_output_init(&out, arena);
		enum socket_said said = connect ? SOCKET_NOTHING : socket_wait(
			wa_session_deadline(session) - helper_clock().mono_ms, arena, &octets);
		now = helper_clock();
		e = opened ? wa_session_opened(session, &now, &out)
			: connect || said == SOCKET_CLOSED ? wa_session_closed(session, &now, &out)
			: said == SOCKET_MESSAGE ? wa_session_feed(session, &now, octets, &out)
			: wa_session_tick(session, &now, &out);
	}
	return e;
}
