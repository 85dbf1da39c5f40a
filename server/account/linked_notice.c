/* linked_notice.c: see linked_notice.h. */
#include "account/linked_notice.h"

#include "account/account_internal.h"
#include "store/queries.h"
#include "store/store.h"

const char *const linked_notice_sentences[] = {
	"WhatsApp does not offer linked devices to programs: its terms forbid automated and bulk "
	"use of them.",
	"WhatsApp may limit or ban the number, for a while or for good, and need not say why.",
	"The risk grows with messages to people who did not write first, with many messages that "
	"are alike, and with people who block or report the number.",
	"The connection can end at any time: when the phone unlinks it, when the phone was not "
	"online for two weeks, or when WhatsApp changes its protocol.",
	"Use a number that you can do without, and the official Cloud API for what your business "
	"depends on.",
};
const size_t linked_notice_sentence_count = COUNT_OF(linked_notice_sentences);

static enum err add_consent(struct job *job, id64 channel, str version)
{
	TRY(sql_linked_consent_add(job,
		&(struct sql_linked_consent_add){ .id = job_id(job),
			.workspace = job->workspace,
			.channel = channel,
			.version = version,
			.actor = job->actor.id },
		NULL));
	return audit_add(job,
		&(struct audit_entry){ .action = "linked.consent",
			.target_kind = "channel",
			.target_id = channel,
			.detail = arena_printf(job->arena, "{\"version\":\"" STR_F "\"}",
				STR_A(version)) });
}

enum err linked_consent_give(struct job *job, id64 channel, str version)
{
	if (!str_is(version, LINKED_NOTICE_VERSION))
		field_error(job, S("consent"), S("outdated"),
			arena_printf(job->arena, "The notice is of version " STR_F " now.",
				STR_A(LINKED_NOTICE_VERSION)));
	TRY(job_check_fields(job));
	TRY(db_begin(job, DB_WRITE));
	TRY(add_consent(job, channel, version));
	return db_commit(job);
}

enum err linked_consent_get(struct job *job, id64 channel, struct linked_consent *out)
{
	struct linked_consent_row row;
	enum err e = sql_linked_consent_latest(job,
		&(struct sql_linked_consent_latest){ .workspace = job->workspace,
			.channel = channel },
		&row);

	*out = (struct linked_consent){ .version = S("") };
	if (e == ERR_MISSING) {
		job_forgive(job);
		return OK;
	}
	TRY(e);
	*out = (struct linked_consent){ row.version, row.actor, id64_ms(row.id) };
	return OK;
}

enum err linked_consent_check(struct job *job, id64 channel)
{
	struct linked_consent consent;

	TRY(linked_consent_get(job, channel, &consent));
	if (str_is(consent.version, LINKED_NOTICE_VERSION))
		return OK;
	return fail_code(job, ERR_INPUT, S("consent_needed"),
		S("Read the notice about WhatsApp's terms and the risk, and accept it."),
		"Nobody has accepted the notice about linked devices for this number yet.");
}
