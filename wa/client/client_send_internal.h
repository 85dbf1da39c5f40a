/* client_send_internal.h: what the files of sending share: client_send.c, client_out.c,
 * client_reach.c, client_stanza.c. */
#ifndef WA_CLIENT_CLIENT_SEND_INTERNAL_H
#define WA_CLIENT_CLIENT_SEND_INTERNAL_H

#include "wa/client/client_internal.h"
#include "wa/client/contact.h"
#include "wa/client/group.h"

/* What is known of a message while it is made. Borrows from the texts that its client_out holds. */
struct client_prepared {
	const Wa__Message *message;
	struct wa_outline outline;
	struct jid to;          /* of the stanza */
	bool is_group;
	struct wa_group group;
	struct client_targets targets;
	struct node *stanza;
	struct client_cipher cipher;
	/* a device is left out: the session that was remembered is gone; it is met anew, once,
	 * before anybody gets the message */
	bool is_short;
};

/* ---- client_out.c ---- */

/* NULL: it is not under way any more. */
struct client_out *client_out_find(struct wa_client *c, uint64_t tag);

/* ---- client_reach.c: *go false: it waits for an answer, or (of a group) there is none ---- */

/* The address of the stanza. */
enum err client_find_chat(struct wa_client *c, const struct wa_call *call,
	const struct client_out *out, struct client_prepared *p);
enum err client_find_group(struct wa_client *c, const struct wa_call *call, struct client_out *out,
	struct client_prepared *p, bool *go);
enum err client_find_devices(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, struct client_prepared *p, bool *go);
enum err client_find_sessions(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, const struct client_targets *targets, bool *go);

/* ---- client_stanza.c: enciphers, and hands over to the connection ---- */

enum err client_stanza_direct(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, struct client_prepared *p);
enum err client_stanza_group(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, struct client_prepared *p);
/* To one device of our own account. */
enum err client_stanza_peer(struct wa_client *c, const struct wa_call *call,
	struct client_out *out, struct client_prepared *p);

#endif
