/*
 * wa.h: a linked device whole: its session (session/session.h) and what it does after the login
 * (client/client.h), joined.
 *
 *	begin a transaction ─► wa_link_feed() ─► commit ─► send out.frames, tell out.events
 *
 * The calls are those of a session, its rules hold. What the session would give out as
 * WA_EVENT_STANZA goes to the client; so its events are those of both, without WA_EVENT_STANZA. The
 * client is asked for everything else: wa_client_send(wa_link_client(link), &call, …).
 *
 * Who acknowledges: the session receipts, notifications and calls, as they come; the client
 * messages, once it has dealt with them. Both within the call, so that an ack is sent after the
 * commit. The client is online from WA_OPEN on, when all has come that waited at the server: then
 * what was sent and never acknowledged goes again, and not before.
 */
#ifndef WA_WA_H
#define WA_WA_H

#include "wa/client/client.h"

struct wa_link;

/* As wa_session_create; config.store must have a scan. */
enum err wa_link_create(const struct wa_config *config, struct wa_link **out);
void wa_link_destroy(struct wa_link *link);

enum wa_state wa_link_state(const struct wa_link *link);
bool wa_link_is_paired(const struct wa_link *link);
const struct device *wa_link_device(const struct wa_link *link);
struct wa_client *wa_link_client(struct wa_link *link);
/* When wa_link_tick wants to be called. It may be sooner after each call, also one of the client.
 */
int64_t wa_link_deadline(const struct wa_link *link);

enum err wa_link_start(struct wa_link *link, const struct wa_call *call);
enum err wa_link_code(struct wa_link *link, const struct wa_call *call, str phone);
enum err wa_link_stop(struct wa_link *link, const struct wa_call *call);
/* Unlinks, and erases all records of all kinds. */
enum err wa_link_log_out(struct wa_link *link, const struct wa_call *call);
enum err wa_link_opened(struct wa_link *link, const struct wa_call *call);
enum err wa_link_feed(struct wa_link *link, const struct wa_call *call, bytes octets);
enum err wa_link_closed(struct wa_link *link, const struct wa_call *call);
enum err wa_link_tick(struct wa_link *link, const struct wa_call *call);

#endif
