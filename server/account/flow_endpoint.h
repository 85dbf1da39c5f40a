/*
 * flow_endpoint.h: where a channel's WhatsApp Flows ask for data: the pair of keys, of which the
 * network has the public half, and who answers: an address that is asked, else fixed answers.
 *
 * One a channel. The private key never leaves this server.
 */
#ifndef ACCOUNT_FLOW_ENDPOINT_H
#define ACCOUNT_FLOW_ENDPOINT_H

#include "account/channel.h"

#define FLOW_ANSWERS_MAX 65536

struct flow_endpoint {
	id64 channel;
	str private_key, public_key; /* PEM */
	str answer_url;              /* asked with the plain question; or none */
	str secret;                  /* of the signature that the address sees */
	json answers;                /* {"ACTION:SCREEN"|"ACTION"|"*": answer}, or NULL */
	str signature;               /* the network's word for the uploaded key, or empty */
	int64_t uploaded_ms, created_ms, updated_ms;
};

/* What to change; NULL and no pointer: stays. */
struct flow_endpoint_draft { str answer_url; json answers; bool has_answers, new_key; };

/* ERR_MISSING when the channel has none. */
enum err flow_endpoint_get(struct job *job, id64 channel, struct flow_endpoint *out);
/* Makes it, with its keys, if there is none; a new key goes to the network at once. Field errors;
 * an audit row. No transaction may be open. */
enum err flow_endpoint_put(struct job *job, id64 channel, const struct flow_endpoint_draft *draft,
	struct flow_endpoint *out);
enum err flow_endpoint_delete(struct job *job, id64 channel);

/* What to answer the question, plain: JSON text. *status: 200, or the network's word for what is
 * wrong (427: the flow token is no longer good). No transaction may be open. */
struct flow_call;
enum err flow_endpoint_answer(struct job *job, const struct channel *ch,
	const struct flow_endpoint *endpoint, const struct flow_call *call, int *status,
	str *answer);

#endif
