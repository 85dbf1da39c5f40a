/* conversation_life.c: labels on a conversation, and splitting and merging them. */
#include "api/handlers.h"
#include "api/message_json.h"
#include "inbox/contacts.h"
#include "store/store.h"

enum { REASON_MAX = 500, IDS_MAX = 20 };

/* ---- labels ---- */

struct labelling { struct field_ids add, remove; str reason; };

static const struct field labelling_fields[] = {
	FIELD(struct labelling, add, IDS, .max = IDS_MAX),
	FIELD(struct labelling, remove, IDS, .max = IDS_MAX),
	FIELD(struct labelling, reason, STR, .max = REASON_MAX),
	{ 0 },
};

enum err conversations_labels(struct job *job, const struct request *req, struct response *res)
{
	struct inbox_changes changes = { 0 };
	struct labelling asked = { 0 };
	struct label_change change;
	struct conversation conv;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, labelling_fields, &asked));
	change = (struct label_change){ .add = asked.add.items,
		.add_count = asked.add.count,
		.remove = asked.remove.items,
		.remove_count = asked.remove.count,
		.reason = asked.reason };
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
