/*
 * permission.h: what one may do, and which role may.
 *
 * Every route declares one permission (api/routes.c). A session has its role's bits, an API key its
 * scopes' bits.
 */
#ifndef ACCOUNT_PERMISSION_H
#define ACCOUNT_PERMISSION_H

#include "base/buf.h"

#define PERMISSIONS(X)                                                                             \
	X(CONVERSATION_READ, "conversation.read")                                                  \
	X(CONVERSATION_WRITE, "conversation.write")                                                \
	X(MESSAGE_READ, "message.read")                                                            \
	X(MESSAGE_SEND, "message.send")                                                            \
	X(CONTACT_READ, "contact.read")                                                            \
	X(CONTACT_WRITE, "contact.write")                                                          \
	X(CONTACT_BLOCK, "contact.block")                                                          \
	X(CONTACT_MANAGE, "contact.manage")                                                        \
	X(MEDIA_READ, "media.read")                                                                \
	X(MEDIA_WRITE, "media.write")                                                              \
	X(CHANNEL_READ, "channel.read")                                                            \
	X(CHANNEL_MANAGE, "channel.manage")                                                        \
	X(TEMPLATE_READ, "template.read")                                                          \
	X(TEMPLATE_MANAGE, "template.manage")                                                      \
	X(PERSON_READ, "person.read")                                                              \
	X(PERSON_MANAGE, "person.manage")                                                          \
	X(ROLE_MANAGE, "role.manage")                                                              \
	X(KEY_MANAGE, "key.manage")                                                                \
	X(AUDIT_READ, "audit.read")                                                                \
	X(EVENT_READ, "event.read")                                                                \
	X(EVENT_MANAGE, "event.manage")                                                            \
	X(HEALTH_READ, "health.read")                                                              \
	X(REPORT_READ, "report.read")                                                              \
	X(WORKSPACE_READ, "workspace.read")                                                        \
	X(WORKSPACE_MANAGE, "workspace.manage")                                                    \
	X(CANNED_MANAGE, "canned.manage")                                                          \
	X(WEBHOOK_MANAGE, "webhook.manage")                                                        \
	X(ROUTING_MANAGE, "routing.manage")                                                        \
	X(LABEL_MANAGE, "label.manage")                                                            \
	X(FILTER_SHARE, "filter.share")

enum permission_index {
#define X(name, text) PERMISSION_INDEX_##name,
	PERMISSIONS(X)
#undef X
	PERMISSION_COUNT
};
/* The bit of one: PERMIT(MESSAGE_SEND). */
#define PERMIT(name) (1ull << PERMISSION_INDEX_##name)
#define PERMIT_SIGNED_IN (1ull << 62) /* any session or key */
/* People whom the setting server_admins names: no role and no key has it. */
#define PERMIT_SERVER_ADMIN (1ull << 61)
#define PERMIT_PUBLIC 0ull

const char *permission_name(enum permission_index index);
bool permission_parse(str name, uint64_t *bit);

/* The built-in ones; ROLE_CUSTOM is one that the workspace made (account/role.h). */
enum role {
	ROLE_OWNER,
	ROLE_ADMIN,
	ROLE_SUPERVISOR,
	ROLE_AGENT,
	ROLE_ANALYST,
	ROLE_VIEWER,
	ROLES,
	ROLE_CUSTOM = ROLES
};
const char *role_name(enum role role); /* "custom" for those */
bool role_parse(str name, enum role *out); /* built-in ones only */
uint64_t role_permissions(enum role role); /* none for custom ones */

/* Words with blanks between. A word that this version does not know any more grants nothing. */
str permissions_write(struct arena *arena, uint64_t permissions);
uint64_t permissions_read(str words);

#endif
