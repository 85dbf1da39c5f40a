/* group_internal.h: what the files of groups share: reading a member and a group. */
#ifndef WA_CLIENT_GROUP_INTERNAL_H
#define WA_CLIENT_GROUP_INTERNAL_H

#include "wa/client/group.h"

/* <participant>s (or another tag) inside of node. */
void group_members_read(struct arena *arena, const struct node *node, const char *tag,
	struct wa_group_change *out);
void group_node_read(struct arena *arena, const struct node *node, struct wa_group *out);
/* The jid of both that the group writes to. */
struct jid group_address(const struct wa_names *names, bool is_lid);

#endif
