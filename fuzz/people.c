/* people.c: a stanza of the server, read as everything that groups, people and calls can be. */
#include "fuzz/fuzz.h"
#include "wa/client/call.h"
#include "wa/client/contact.h"
#include "wa/client/group.h"
#include "wa/client/usync.h"

static void as_group(struct arena *arena, const struct node *node)
{
	struct wa_group group = { 0 }, *groups;
	struct wa_group_changes changes;
	struct wa_member *members;
	struct jid jid;
	bool is_waiting;
	size_t count;
	str link;

	if (wa_group_read(arena, node, &group) == OK)
		(void)wa_group_member(&group, &group.owner);
	if (wa_group_list_read(arena, node, &groups, &count) == OK && count)
		group = groups[count - 1];
	wa_group_read_changes(arena, node, &changes);
	for (size_t i = 0; i < changes.count; i++)
		wa_group_apply(arena, &group, &changes.items[i]);
	(void)!wa_group_members_read(arena, node, &members, &count);
	(void)!wa_group_asking_read(arena, node, &members, &count);
	(void)!wa_group_link_read(arena, node, &link);
	(void)!wa_group_join_read(node, &jid, &is_waiting);
}

static void as_person(struct arena *arena, const struct node *node)
{
	struct wa_group_change *of_group;
	struct wa_usync_result *results;
	struct wa_restriction restriction;
	struct wa_contacts contacts;
	struct wa_phone_call call;
	struct wa_business business;
	struct wa_picture picture;
	struct wa_privacy *privacy;
	struct wa_names *names;
	size_t count;

	wa_contact_read_notification(arena, node, &contacts, &of_group);
	(void)!wa_usync_read(arena, node, &results, &count);
	(void)!wa_picture_read(arena, node, &picture);
	(void)!wa_business_read(arena, node, &business);
	(void)!wa_blocked_read(arena, node, &names, &count);
	(void)!wa_privacy_read(arena, node, &privacy, &count);
	(void)wa_restriction_read(arena, node, &restriction);
	(void)wa_call_read(arena, node, &call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct node node;
	const char *why;

	if (stanza_read(arena, (bytes){ data, size }, &node, &why) == OK) {
		as_group(arena, &node);
		as_person(arena, &node);
	}
	return 0;
}
