/* wa.c: what a session and its client tell each other; see wa.h. */
#include "wa/wa.h"

struct wa_link {
	struct wa_session *session;
	struct wa_client *client;
	struct wa_store store;
};

static enum err hand_on(void *arg, const struct wa_call *call, struct node *node)
{
	struct wa_link *link = arg;

	return wa_session_send(link->session, call->now, node, call->out);
}

enum err wa_link_create(const struct wa_config *config, struct wa_link **out)
{
	struct wa_link *link = HEAP_NEW(struct wa_link);
	enum err e = wa_session_create(config, &link->session);

	link->store = config->store;
	if (e == OK) {
		struct wa_client_config own = { .device = wa_session_device(link->session),
			.store = config->store, .send = hand_on, .send_arg = link,
			.random = config->random, .random_arg = config->random_arg,
			.hurry = config->hurry };

		e = wa_client_create(&own, &link->client);
	}
	if (e != OK) {
		wa_link_destroy(link);
		link = NULL;
	}
	*out = link;
	return e;
}

void wa_link_destroy(struct wa_link *link)
{
	if (!link)
		return;
	wa_client_destroy(link->client);
	wa_session_destroy(link->session);
	heap_free(link);
}

enum wa_state wa_link_state(const struct wa_link *link)
{
	return wa_session_state(link->session);
}

bool wa_link_is_paired(const struct wa_link *link)
{
	return wa_session_is_paired(link->session);
}

const struct device *wa_link_device(const struct wa_link *link)
{
	return wa_session_device(link->session);
}

struct wa_client *wa_link_client(struct wa_link *link)
{
	return link->client;
}

int64_t wa_link_deadline(const struct wa_link *link)
{
	int64_t session = wa_session_deadline(link->session),
		client = wa_client_deadline(link->client);

	return session < client ? session : client;
}

/* ---- what the session says ---- */

static enum err erase_all(struct wa_link *link)
{
	for (int kind = 0; kind < WA_RECORD_KINDS; kind++)
		TRY(link->store.erase(link->store.arg, (enum wa_record)kind, STR_NONE));
	return wa_client_forget(link->client);
}

static enum err take_state(struct wa_link *link, const struct wa_call *call, enum wa_state state)
{
	if (state == WA_OPEN)
		return wa_client_online(link->client, call);
	return state == WA_SYNCING ? OK : wa_client_offline(link->client, call);
}

static enum err take_event(struct wa_link *link, const struct wa_call *call, struct wa_event *event)
{
	if (event->kind == WA_EVENT_STANZA)
		return wa_client_take(link->client, call, event->node);
	event->next = NULL;
	*call->out->last_event = event;
	call->out->last_event = &event->next;
	if (event->kind == WA_EVENT_STATE)
		return take_state(link, call, event->state);
	return event->kind == WA_EVENT_LOGGED_OUT ? erase_all(link) : OK;
}

/* The events of one call in their order, with those of the client in the place of stanzas. */
static enum err take_events(struct wa_link *link, const struct wa_call *call,
	struct wa_event **first)
{
	struct wa_event *next, *event = *first;

	*first = NULL;
	call->out->last_event = first;
	for (; event; event = next) {
		next = event->next;
		TRY(take_event(link, call, event));
	}
	return OK;
}

/* ---- the calls ---- */

#define WITH_SESSION(...)                                                                          \
	do {                                                                                       \
		struct wa_event **first = call->out->last_event;                                   \
                                                                                                   \
		TRY(__VA_ARGS__);                                                                  \
		return take_events(link, call, first);                                             \
	} while (0)

enum err wa_link_start(struct wa_link *link, const struct wa_call *call)
{
	WITH_SESSION(wa_session_start(link->session, call->now, call->out));
}

enum err wa_link_code(struct wa_link *link, const struct wa_call *call, str phone)
{
	WITH_SESSION(wa_session_link_code(link->session, call->now, phone, call->out));
}

enum err wa_link_stop(struct wa_link *link, const struct wa_call *call)
{
	WITH_SESSION(wa_session_stop(link->session, call->now, call->out));
}

enum err wa_link_log_out(struct wa_link *link, const struct wa_call *call)
{
	WITH_SESSION(wa_session_log_out(link->session, call->now, call->out));
}

enum err wa_link_opened(struct wa_link *link, const struct wa_call *call)
{
	WITH_SESSION(wa_session_opened(link->session, call->now, call->out));
}

enum err wa_link_feed(struct wa_link *link, const struct wa_call *call, bytes octets)
{
	WITH_SESSION(wa_session_feed(link->session, call->now, octets, call->out));
}

enum err wa_link_closed(struct wa_link *link, const struct wa_call *call)
{
	WITH_SESSION(wa_session_closed(link->session, call->now, call->out));
}

enum err wa_link_tick(struct wa_link *link, const struct wa_call *call)
{
	struct wa_event **first = call->out->last_event;

	TRY(wa_session_tick(link->session, call->now, call->out));
	TRY(take_events(link, call, first));
	return wa_client_tick(link->client, call);
}
