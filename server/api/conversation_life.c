/* conversation_life.c: labels on a conversation, and splitting and merging them. */
#include "api/handlers.h"
#include "api/message_json.h"
#include "inbox/contacts.h"
#include "store/store.h"

enum { REASON_MAX = 500, IDS_MAX = 20 };

/* ---- labels ---- */

struct labelling { json add, remove; str reason; };

static const struct field labelling_fields[] = {
	FIELD(struct labelling, add, JSON),
	FIELD(struct labelling, remove, JSON),
	FIELD(struct labelling, reason, STR, .max = REASON_MAX),
	{ 0 },
};

static size_t read_ids(struct job *job, json list, const char *name, id64 out[IDS_MAX])
{
	size_t count = list ? json_count(list) : 0;

	if (list && (json_kind(list) != JSON_LIST || count > IDS_MAX)) {
		field_error(job, str_of(name), S("invalid"),
			S("Must be a list of at most 20 ids."));
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		if (!json_id(json_at(list, i), &out[i]))
			field_error(job, str_of(name), S("invalid"), S("Must be ids: digits."));
	return count;
}

enum err conversations_labels(struct job *job, const struct request *req, struct response *res)
{
	struct inbox_changes changes = { 0 };
	struct labelling asked = { 0 };
	id64 id, add[IDS_MAX], remove[IDS_MAX];
	struct label_change change = { .add = add, .remove = remove };
	struct conversation conv;

	TRY(request_id(job, req, 0, &id));
	TRY(request_fields(job, req, labelling_fields, &asked));
	change.add_count = read_ids(job, asked.add, "add", add);
	change.remove_count = read_ids(job, asked.remove, "remove", remove);
	change.reason = asked.reason;
	TRY(job_check_fields(job));
	TRY(db_begin(job, DB_WRITE));
	TRY(conversation_label(job, id, &change, &changes, &conv));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return reply_conversation(job, res, &conv);
}

/* ---- split and merge ---- */

struct split_draft { id64 from_message_id, contact_id; str to, reason; };

static const struct field split_fields[] = {
	FIELD(struct split_draft, from_message_id, ID, .required = true),
	FIELD(struct split_draft, contact_id, ID),
	FIELD(struct split_draft, to, STR),
	FIELD(struct split_draft, reason, STR, .max = REASON_MAX),
	{ 0 },
};

/* By a number, if nobody is known by it: then they are from now on. */
static enum err find_contact(struct job *job, const struct split_draft *draft,
	struct inbox_changes *changes, id64 *out)
{
	struct person_ref who = { 0 };
	struct contact contact;

	*out = draft->contact_id;
	if (*out)
		return contact_check(job, *out);
	if (!draft->to.len)
		field_error(job, S("contact_id"), S("required"), S("Send contact_id or to."));
	TRY(job_check_fields(job));
	TRY(phone_normalise(job, draft->to, &who.phone));
	TRY(contact_resolve(job, &who, S("split"), changes, &contact));
	*out = contact.id;
	return OK;
}

enum err conversations_split(struct job *job, const struct request *req, struct response *res)
{
	struct inbox_changes changes = { 0 };
	struct split_draft draft = { 0 };
	struct split split = { 0 };
	struct conversation conv;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, split_fields, &draft));
	TRY(db_begin(job, DB_WRITE));
	TRY(find_contact(job, &draft, &changes, &split.contact));
	split.first = draft.from_message_id;
	split.reason = draft.reason;
	TRY(conversation_split(job, id, &split, &changes, &conv));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return reply_conversation(job, res, &conv);
}

struct merge_draft { id64 conversation_id, merge_id; str reason; };

static const struct field merge_fields[] = {
	FIELD(struct merge_draft, conversation_id, ID, .required = true),
	FIELD(struct merge_draft, reason, STR, .max = REASON_MAX),
	{ 0 },
};
static const struct field unmerge_fields[] = {
	FIELD(struct merge_draft, merge_id, ID, .required = true),
	FIELD(struct merge_draft, reason, STR, .max = REASON_MAX),
	{ 0 },
};

enum err conversations_merge(struct job *job, const struct request *req, struct response *res)
{
	struct inbox_changes changes = { 0 };
	struct merge_draft draft = { 0 };
	struct conversation conv;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, merge_fields, &draft));
	TRY(db_begin(job, DB_WRITE));
	TRY(conversation_merge(job, id, draft.conversation_id, draft.reason, &changes,
		&draft.merge_id, &conv));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return reply_conversation(job, res, &conv);
}

enum err conversations_unmerge(struct job *job, const struct request *req, struct response *res)
{
	struct inbox_changes changes = { 0 };
	struct merge_draft draft = { 0 };
	struct conversation conv;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, unmerge_fields, &draft));
	TRY(db_begin(job, DB_WRITE));
	TRY(conversation_unmerge(job, id, draft.merge_id, draft.reason, &changes, &conv));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return reply_conversation(job, res, &conv);
}
