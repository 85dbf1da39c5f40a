/*
 * sandbox.h: WhatsApp's Cloud API as a server in this process, with simulated customers.
 *
 * It refuses what Meta refuses, answers with wamids, sends signed webhooks, and does faults on
 * demand (docs/guide/sandbox.md). A page under /phone shows the customers' phones. All its state is
 * on the loop; webhooks go out on workers of pool. One sandbox a process. Nothing here is for
 * production: it forgets everything at its end but the journal of accepted messages.
 */
#ifndef PROVIDER_SANDBOX_SANDBOX_H
#define PROVIDER_SANDBOX_SANDBOX_H

#include "net/http.h"

struct sandbox;

/* Texts are copied. */
struct sandbox_config {
	const char *listen;           /* "127.0.0.1:8090"; port 0: any free one */
	/* for journal and media; NULL: media in a temporary folder, no journal */
	const char *data_folder;
	/* where pairings of linked devices outlive a restart; NULL: data_folder, or nowhere */
	const char *linked_folder;
	/* The first number; more come by POST /control/numbers. None (""): the values of
	 * sandbox_defaults(). */
	str phone_number_id, account_id, phone, verified_name;
	str token, app_secret, verify_token;
	/* where webhooks go; none: nowhere until subscribed or set by control */
	str webhook_url;
	str msg91_webhook_url; /* the same for those of MSG91 */
};

/* What "" stands for: fixed ids and a phone number nobody has; secrets that are no secrets. */
struct sandbox_config sandbox_defaults(void);

/* Before the loop runs or on it. pool: call workers, for webhooks and media. ERR_INPUT with *why.
 */
enum err sandbox_start(struct loop *loop, struct pool *pool, const struct sandbox_config *config,
	struct sandbox **out, str *why);
int sandbox_port(const struct sandbox *sandbox);
/* The same server over TLS, on 127.0.0.1, and the file of the certificate that its clients must
 * trust. */
int sandbox_tls_port(const struct sandbox *sandbox);
const char *sandbox_certificate(const struct sandbox *sandbox);
/* Of the network of linked devices (ws://…/ws/chat): the root of its certificates, as base64. */
str linked_root_key(struct arena *arena);
/* On the loop, or before it runs. */
void sandbox_set_webhook(struct sandbox *sandbox, str url);
/* After the loop has stopped and the pool is destroyed, before loop_destroy(). NULL allowed. */
void sandbox_stop(struct sandbox *sandbox);

#endif
