/* permission_test.c: the words, and who may what. */
#include "account/permission.h"
#include "base/test.h"

TEST(every_permission_has_one_word_that_reads_back)
{
	for (int i = 0; i < PERMISSION_COUNT; i++) {
		uint64_t bit = 0;

		EXPECT(permission_parse(str_of(permission_name((enum permission_index)i)), &bit));
		EXPECT(bit == 1ull << i);
	}
}

TEST(an_unknown_word_is_no_permission)
{
	uint64_t bit = 5;

	EXPECT(!permission_parse(S("message.sen"), &bit) && !permission_parse(S(""), &bit));
	EXPECT_INT(bit, 5);
}

TEST(owner_and_admin_may_everything)
{
	EXPECT(role_permissions(ROLE_OWNER) == (1ull << PERMISSION_COUNT) - 1);
	EXPECT(role_permissions(ROLE_ADMIN) == role_permissions(ROLE_OWNER));
}

TEST(an_agent_answers_and_manages_nothing)
{
	uint64_t agent = role_permissions(ROLE_AGENT);

	EXPECT(agent & PERMIT(MESSAGE_SEND) && agent & PERMIT(CONVERSATION_WRITE) &&
		agent & PERMIT(HEALTH_READ));
	EXPECT(!(agent & (PERMIT(CHANNEL_MANAGE) | PERMIT(PERSON_MANAGE) | PERMIT(KEY_MANAGE) |
				 PERMIT(AUDIT_READ))));
}

TEST(a_supervisor_sees_audit_and_events_but_replays_none)
{
	uint64_t supervisor = role_permissions(ROLE_SUPERVISOR);

	EXPECT(supervisor & PERMIT(AUDIT_READ) && supervisor & PERMIT(EVENT_READ) &&
		supervisor & PERMIT(TEMPLATE_MANAGE));
	EXPECT(!(supervisor &
		 (PERMIT(EVENT_MANAGE) | PERMIT(WORKSPACE_MANAGE) | PERMIT(CHANNEL_MANAGE))));
}

TEST(an_analyst_reads_no_message)
{
	uint64_t analyst = role_permissions(ROLE_ANALYST);

	EXPECT(analyst & PERMIT(CONVERSATION_READ) && analyst & PERMIT(HEALTH_READ));
	EXPECT(!(analyst & (PERMIT(MESSAGE_READ) | PERMIT(MESSAGE_SEND) | PERMIT(MEDIA_READ) |
				   PERMIT(CONTACT_READ))));
}

TEST(a_viewer_writes_nothing)
{
	for (int i = 0; i < PERMISSION_COUNT; i++)
		if (role_permissions(ROLE_VIEWER) >> i & 1)
			EXPECT(str_ends(str_of(permission_name((enum permission_index)i)),
				S(".read")));
}

TEST(roles_read_back)
{
	enum role role;

	for (int i = 0; i < ROLES; i++)
		EXPECT(role_parse(str_of(role_name((enum role)i)), &role) && role == (enum role)i);
	EXPECT(!role_parse(S("root"), &role));
}
