/*
 * linked_manage.c: what can be managed of a linked number: groups, people, its own face; a row
 * each.
 *
 * The answers are ours, not the network's: it answers in stanzas. People are named by phone numbers
 * (or by jids, where only the hidden id is known).
 */
#include "provider/linked/linked_people.h"

#define ANSWER_MAX (4u << 20)
#define PICTURE_BASE64_MAX 1400000 /* of WA_PICTURE_MAX octets */
#define GROUP { .name = "group", .required = true, .min = 3, .max = 64 }
#define LINK { .name = "link", .required = true, .min = 4, .max = 200 }
#define MEMBERS { .name = "members", .kind = MANAGE_LIST, .required = true, .min = 1, .max = 256 }
#define FLAG(name_) { .name = name_, .kind = MANAGE_FLAG }

const struct manage_call linked_manage_calls[LINKED_MANAGE_COUNT] = {
	{ "group.list", HTTP_GET, "", 0, { { 0 } } },
	{ "group.get", HTTP_GET, "", 0, { GROUP } },
	{ "group.create", HTTP_POST, "", 0,
		{ { .name = "subject", .required = true, .min = 1, .max = 100 }, MEMBERS,
			FLAG("announce"), FLAG("locked"), FLAG("approval"), FLAG("open"),
			{ .name = "ephemeral_seconds", .kind = MANAGE_NUMBER } } },
	{ "group.subject", HTTP_POST, "", 0,
		{ GROUP, { .name = "subject", .required = true, .min = 1, .max = 100 } } },
	{ "group.description", HTTP_POST, "", 0,
		{ GROUP, { .name = "description", .required = true, .max = 2048 } } },
	{ "group.add", HTTP_POST, "", 0, { GROUP, MEMBERS } },
	{ "group.remove", HTTP_POST, "", 0, { GROUP, MEMBERS } },
	{ "group.promote", HTTP_POST, "", 0, { GROUP, MEMBERS } },
	{ "group.demote", HTTP_POST, "", 0, { GROUP, MEMBERS } },
	{ "group.settings", HTTP_POST, "", 0,
		{ GROUP, FLAG("announce"), FLAG("locked"), FLAG("approval"), FLAG("open"),
			{ .name = "ephemeral_seconds", .kind = MANAGE_NUMBER } } },
	{ "group.link", HTTP_GET, "", 0, { GROUP } },
	{ "group.renew_link", HTTP_POST, "", 0, { GROUP } },
	{ "group.linked", HTTP_GET, "", 0, { LINK } },
	{ "group.join", HTTP_POST, "", 0, { LINK } },
	{ "group.leave", HTTP_POST, "", 0, { GROUP } },
	{ "group.requests", HTTP_GET, "", 0, { GROUP } },
	{ "group.approve", HTTP_POST, "", 0, { GROUP, MEMBERS } },
	{ "group.reject", HTTP_POST, "", 0, { GROUP, MEMBERS } },
	{ "group.picture", HTTP_POST, "", MANAGE_SECRET,
		{ GROUP, { .name = "jpeg_base64", .max = PICTURE_BASE64_MAX } } },
	{ "contact.check", HTTP_GET, "", 0,
		{ { .name = "phones",
			.kind = MANAGE_LIST,
			.required = true,
			.min = 1,
			.max = 50 } } },
	{ "contact.info", HTTP_GET, "", 0,
		{ { .name = "phone", .required = true, .min = 5, .max = 64 } } },
	{ "profile.about", HTTP_POST, "", 0,
		{ { .name = "about", .required = true, .max = 139 } } },
	{ "profile.picture", HTTP_POST, "", MANAGE_SECRET,
		{ { .name = "jpeg_base64", .max = PICTURE_BASE64_MAX } } },
	{ "privacy.get", HTTP_GET, "", 0, { { 0 } } },
	{ "privacy.set", HTTP_POST, "", 0,
		{ { .name = "name", .required = true, .max = 32 },
			{ .name = "value", .required = true, .max = 32 } } },
	{ "blocked.list", HTTP_GET, "", 0, { { 0 } } },
};

/* In the order of the table. */
static enum err (*const runs[])(struct linked_asked *a) = {
	linked_group_list,
	linked_group_get,
	linked_group_create,
	linked_group_subject,
	linked_group_description,
	linked_group_add,
	linked_group_remove,
	linked_group_promote,
	linked_group_demote,
	linked_group_settings,
	linked_group_link,
	linked_group_renew_link,
	linked_group_linked,
	linked_group_join,
	linked_group_leave,
	linked_group_asking,
	linked_group_approve,
	linked_group_reject,
	linked_group_picture,
	linked_contact_check,
	linked_contact_info,
	linked_about_set,
	linked_picture_set,
	linked_privacy_get,
	linked_privacy_set,
	linked_blocked_list,
};
_Static_assert(COUNT_OF(runs) == LINKED_MANAGE_COUNT, "a function for each row");

enum err linked_manage(struct job *job, const struct channel *ch, const struct manage_call *call,
	json parameters, str *answer)
{
	struct buf out = buf_in(job->arena, ANSWER_MAX);
	struct linked_asked asked = { job, ch, parameters, &out };

	json_open(&out, '{');
	TRY(runs[call - linked_manage_calls](&asked));
	json_close(&out, '}');
	if (out.failed)
		return fail(job, ERR_LIMIT, "The answer is too large to be shown.");
	*answer = buf_text(&out);
	return OK;
}
