/*
 * role.h: what somebody is given: a role, built-in or the workspace's own, and what of the inbox
 * they see.
 *
 * The one rule: nobody gives what they lack, neither permissions nor sight.
 */
#ifndef ACCOUNT_ROLE_H
#define ACCOUNT_ROLE_H

#include "account/permission.h"
#include "account/scope.h"

#define ROLES_MAX 50      /* custom ones of a workspace */
#define SCOPE_IDS_MAX 100 /* of a list of channels or teams */
#define SCOPE_CHANNELS_MAX 1000 /* with those of the same numbers */

/* What a member has, and an invitation promises. */
struct access {
	enum role role;
	id64 role_id;      /* of ROLE_CUSTOM, else 0 */
	str role_name;     /* "agent", or what the workspace calls its own */
	uint64_t permissions;
	enum scope_sees sees;
	/* lists of ids as JSON ("[12,34]"), the only ones to see; empty: all */
	str channels, teams;
};

/* As the columns have it. */
struct access_columns {
	str role;
	id64 role_id;
	str role_name, role_permissions;
	int64_t role_sees;
	str channels, teams;
};
enum err access_of(struct job *job, const struct access_columns *row, struct access *out);
/* As asked for; what is wrong becomes field errors ("role", "channels", "teams"). None keeps what
 * *out has. */
struct access_draft { str role, channels, teams; };
enum err access_read(struct job *job, const struct access_draft *draft, struct access *out);
/* The role's word for JSON: "agent", or the id of a custom one. */
str access_role_word(struct job *job, const struct access *access);
/* ERR_DENIED when it is more than the job's actor has. */
enum err access_within_own(struct job *job, const struct access *access);

/* The scope of a person (0: of a key) with these limits, in the job's arena; NULL: sees all. */
const struct scope *scope_of(struct job *job, id64 person, const struct access *access);
/* "[12,34]" → ids; empty for none. */
size_t scope_ids(struct job *job, str list, const id64 **out);

/* ---- custom roles ---- */

struct role_full {
	id64 id;
	str name;
	uint64_t permissions;
	enum scope_sees sees;
	int64_t created_ms, people; /* how many have it */
};
struct role_draft {
	str name;               /* STR_NONE keeps */
	bool has_permissions;
	uint64_t permissions;
	int sees;               /* -1 keeps */
};

const char *scope_sees_name(enum scope_sees sees);
bool scope_sees_parse(str name, enum scope_sees *out);
/* All of them, the built-in ones (id 0) first. */
enum err role_list(struct job *job, struct role_full **out, size_t *count);
enum err role_create(struct job *job, const struct role_draft *draft, struct role_full *out);
enum err role_change(struct job *job, id64 id, const struct role_draft *draft,
	struct role_full *out);
/* ERR_CONFLICT "role_in_use", with who uses it. */
enum err role_delete(struct job *job, id64 id);

#endif
