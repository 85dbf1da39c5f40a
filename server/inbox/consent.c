/* consent.c: whoever wants no marketing gets none, nor who got too much of it lately: asked before
 * a template is queued. */
#include "account/limit.h"
#include "inbox/contacts.h"
#include "inbox/inbox_internal.h"

/* The contact that a name of the recipient points to; 0: nobody yet. */
static enum err contact_of_ref(struct job *job, const struct person_ref *to, id64 *out)
{
	struct alias aliases[ALIASES_OF_PERSON];
	size_t count = alias_list(job->arena, to, aliases);
	struct contact_alias_row row;
	bool found;

	*out = 0;
	for (size_t i = 0; i < count && !*out; i++) {
		TRY(found_or_none(job,
			sql_contact_alias_find(job,
				&(struct sql_contact_alias_find){ .workspace = job->workspace,
					.kind = str_of(aliases[i].kind),
					.match_key = aliases[i].key },
				&row),
			&found));
		*out = found ? row.contact_id : 0;
	}
	return OK;
}

enum err consent_check(struct job *job, const struct channel *ch, id64 contact,
	const struct person_ref *to, json template)
{
	struct contact_opted_out_row row;
	bool found = false;

	if (!contact)
		TRY(contact_of_ref(job, to, &contact));
	if (contact)
		TRY(found_or_none(job,
			sql_contact_opted_out(job,
				&(struct sql_contact_opted_out){ .contact = contact,
					.workspace = job->workspace,
					.account_id = ch->account_id,
					.name = json_text_at(template, "name"),
					.language = json_text_at(template, "language.code") },
				&row),
			&found));
	if (!found || !str_is_nocase(row.category, S("marketing")))
		return OK;
	TRY(marketing_hold_check(job, ch->account_id, contact));
	if (!row.opt_out_ms)
		return OK;
	return fail_code(job, ERR_INPUT, S("opted_out"),
		S("Send a utility template, or wait until the customer allows marketing again."),
		"The customer wants no marketing messages, and this template is one.");
}
