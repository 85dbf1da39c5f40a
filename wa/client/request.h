/*
 * request.h: what all questions to the server have in common, and what its refusals mean.
 *
 * A question is a pair: X_request() makes the <iq>, wa_client_request() sends it (and puts the id
 * in), and X_read() understands the answer that comes with WA_EVENT_ANSWER. Both are pure: no
 * state, any thread; texts that are read borrow from the answer, or live in the arena.
 * Source: docs/protocol/linked-device-2-messaging.md §10.1.
 */
#ifndef WA_CLIENT_REQUEST_H
#define WA_CLIENT_REQUEST_H

#include "wa/stanza/stanza.h"

/* type: "get" or "set". to: NULL for the server itself. */
struct node *wa_iq(struct arena *arena, const char *type, const char *xmlns, const struct jid *to);
/* 0: a result; -1: no answer came (NULL); else the server's number, 1 when it told none. */
int wa_iq_code(const struct node *iq);
/* OK for a result. Else what it means for us: ERR_TIMEOUT no answer (it may have happened),
 * ERR_DENIED not allowed, ERR_MISSING there is no such thing, ERR_LIMIT too often or too many,
 * ERR_CONFLICT, ERR_INPUT; ERR_UPSTREAM the rest. */
enum err wa_iq_check(const struct node *iq);

/* A new last node inside, holding that text; and the text of one that is there, or none. */
struct node *wa_put_text(struct arena *arena, struct node *node, const char *tag, str text);
str wa_node_text(const struct node *node);
/* The jid without device and agent; "c.us" is read as numbers are today. */
struct jid wa_bare(const struct jid *jid);
/* Puts a jid under the name that its server has: out->lid or out->pn. Others are passed over. */
struct wa_names { struct jid lid, pn; };
void wa_names_put(struct wa_names *names, const struct jid *jid);

#endif
