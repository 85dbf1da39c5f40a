/*
 * handlers.h: the handlers that routes.c names, a file per resource.
 */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/api.h"

#define HANDLER(name) \
	enum err name(struct job *job, const struct request *req, struct response *res)

/* session.c */
HANDLER(session_post);
HANDLER(session_get);
HANDLER(session_patch);
HANDLER(session_delete);

/* workspace.c, people.c, api_keys.c, audit.c */
HANDLER(workspace_read);
HANDLER(workspace_patch);
HANDLER(people_list);
HANDLER(people_post);
HANDLER(people_patch);
HANDLER(api_keys_list);
HANDLER(api_keys_post);
HANDLER(api_keys_delete);
HANDLER(audit_list);

/* channels.c, channel_proof.c, templates.c */
HANDLER(channels_list);
HANDLER(channels_post);
HANDLER(channels_get);
HANDLER(channels_patch);
HANDLER(channels_delete);
HANDLER(channels_test);
HANDLER(channels_sync_templates);
HANDLER(templates_list);

/* media.c, broadcasting.c */
HANDLER(media_post);
HANDLER(media_bytes_get);
HANDLER(media_retry_post);
HANDLER(broadcasting_auth);

/* reports.c */
HANDLER(reports_board);
HANDLER(reports_agents);
HANDLER(reports_traffic);
HANDLER(business_hours_read);
HANDLER(business_hours_put);
HANDLER(sla_policies_list);
HANDLER(sla_policies_put);

/* contacts.c, conversations.c, messages.c, trace.c, search.c */
HANDLER(contacts_list);
HANDLER(contacts_get);
HANDLER(contacts_patch);
HANDLER(conversations_list);
HANDLER(conversations_get);
HANDLER(conversations_patch);
HANDLER(conversations_read);
HANDLER(conversations_typing);
HANDLER(conversations_messages);
HANDLER(conversations_send);
HANDLER(messages_send);
HANDLER(messages_get);
HANDLER(messages_retry);
HANDLER(messages_trace);
HANDLER(search_list);

/* assets.c, openapi.c, missing.c */
HANDLER(assets_get);
HANDLER(openapi_get);
HANDLER(api_missing);

/* Shapes that several answers have. */
struct media;
void media_write_json(struct buf *out, const char *key, const struct media *media);
void person_write_json(struct buf *out, const char *key, const struct person *person);
void workspace_write_json(struct buf *out, const char *key, const struct workspace *workspace);
/* "scopes":[…] or "permissions":[…] */
void permissions_write_json(struct buf *out, const char *key, uint64_t permissions);

#endif
