/*
 * call.h: somebody rings. We take no calls: they are told, and may be refused.
 * Source: docs/protocol/linked-device-2-messaging.md §9.11.
 */
#ifndef WA_CLIENT_CALL_H
#define WA_CLIENT_CALL_H

#include "wa/client/client.h"
#include "wa/client/request.h"

enum wa_call_event {
	WA_CALL_OFFERED,
	WA_CALL_ACCEPTED,       /* on another of our devices */
	WA_CALL_REJECTED,
	WA_CALL_ENDED,          /* text: the reason, or none */
};
/* WA_EVENT_CALL. */
struct wa_phone_call {
	enum wa_call_event event;
	str id;
	struct jid from;        /* the account, bare */
	struct jid creator;     /* the device that rings */
	struct wa_names names;
	struct jid group;       /* or none */
	str name;               /* push name, or none */
	bool is_video, is_offline; /* is_offline: it is over by now */
	int64_t t_ms;
	str text;
};
/* false: a part of a call that tells people nothing. */
bool wa_call_read(struct arena *arena, const struct node *node, struct wa_phone_call *out);
/* To be sent as it is; own: our own bare jid. */
struct node *wa_call_reject_node(struct arena *arena, const struct jid *own,
	const struct wa_phone_call *call);
/* Refuses a call that was offered. */
enum err wa_client_reject_call(struct wa_client *c, const struct wa_call *call,
	const struct wa_phone_call *phone_call);

#endif
