/* permission.c: the words of permissions, and what each role may. */
#include "account/permission.h"

static const char *const names[PERMISSION_COUNT] = {
#define X(name, text) [PERMISSION_INDEX_##name] = text,
	PERMISSIONS(X)
#undef X
};

#define ALL ((1ull << PERMISSION_COUNT) - 1)
#define READ_BASICS                                                           \
	(PERMIT(CHANNEL_READ) | PERMIT(TEMPLATE_READ) | PERMIT(PERSON_READ) | \
		PERMIT(WORKSPACE_READ))
#define INBOX_READ                                                                 \
	(PERMIT(CONVERSATION_READ) | PERMIT(MESSAGE_READ) | PERMIT(CONTACT_READ) | \
		PERMIT(MEDIA_READ))
#define INBOX_WRITE                                                                  \
	(PERMIT(CONVERSATION_WRITE) | PERMIT(MESSAGE_SEND) | PERMIT(CONTACT_WRITE) | \
		PERMIT(CONTACT_BLOCK) | PERMIT(MEDIA_WRITE))

static const struct {
	const char *name;
	uint64_t permissions;
} roles[ROLES] = {
	[ROLE_OWNER] = { "owner", ALL },
	[ROLE_ADMIN] = { "admin", ALL },
	[ROLE_SUPERVISOR] = { "supervisor", INBOX_READ | INBOX_WRITE | READ_BASICS |
						    PERMIT(CONTACT_MANAGE) |
						    PERMIT(TEMPLATE_MANAGE) | PERMIT(EVENT_READ) |
						    PERMIT(HEALTH_READ) | PERMIT(AUDIT_READ) |
						    PERMIT(REPORT_READ) | PERMIT(CANNED_MANAGE) |
						    PERMIT(ROUTING_MANAGE) | PERMIT(LABEL_MANAGE) |
						    PERMIT(FILTER_SHARE) },
	[ROLE_AGENT] = { "agent", INBOX_READ | INBOX_WRITE | READ_BASICS | PERMIT(HEALTH_READ) },
	[ROLE_ANALYST] = { "analyst",
		READ_BASICS | PERMIT(CONVERSATION_READ) | PERMIT(HEALTH_READ) |
			PERMIT(REPORT_READ) },
	[ROLE_VIEWER] = { "viewer", INBOX_READ | READ_BASICS },
};

const char *permission_name(enum permission_index index)
{
	return names[index];
}

bool permission_parse(str name, uint64_t *bit)
{
	for (size_t i = 0; i < PERMISSION_COUNT; i++) {
		if (str_is(name, str_of(names[i]))) {
			*bit = 1ull << i;
			return true;
		}
	}
	return false;
}

const char *role_name(enum role role)
{
	return role < ROLES ? roles[role].name : "custom";
}

bool role_parse(str name, enum role *out)
{
	for (size_t i = 0; i < ROLES; i++) {
		if (str_is(name, str_of(roles[i].name))) {
			*out = (enum role)i;
			return true;
		}
	}
	return false;
}

uint64_t role_permissions(enum role role)
{
	return role < ROLES ? roles[role].permissions : 0;
}

str permissions_write(struct arena *arena, uint64_t permissions)
{
	struct buf out = buf_in(arena, 4096);

	for (int i = 0; i < PERMISSION_COUNT; i++)
		if (permissions >> i & 1)
			buf_printf(&out, "%s%s", out.len ? " " : "",
				permission_name((enum permission_index)i));
	return buf_text(&out);
}

uint64_t permissions_read(str words)
{
	uint64_t permissions = 0, bit;

	while (words.len)
		if (permission_parse(str_split(&words, ' '), &bit))
			permissions |= bit;
	return permissions;
}
