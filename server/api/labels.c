/* labels.c: /labels. */
#include "api/handlers.h"
#include "api/message_json.h"
#include "store/store.h"

static void write_label(struct buf *out, const struct label *label)
{
	json_open(out, '{');
	json_put_id(out, "id", label->id);
	json_put(out, "name", label->name);
	json_put(out, "colour", label->colour);
	json_put_int(out, "created_ms", label->created_ms);
	json_close(out, '}');
}

static enum err write_labels(struct job *job, struct buf *out)
{
	struct labels all;

	TRY(label_list(job, &all));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < all.count; i++)
		write_label(out, &all.items[i]);
	json_close(out, ']');
	json_put_null(out, "next_cursor");
	json_close(out, '}');
	return OK;
}

enum err labels_list(struct job *job, const struct request *req, struct response *res)
{
	(void)req;
	return write_labels(job, reply_json(res, 200));
}

struct label_draft { str name, colour; };

static const struct field label_fields[] = {
	FIELD(struct label_draft, name, STR),
	FIELD(struct label_draft, colour, STR),
	{ 0 },
};

static enum err reply(struct job *job, struct response *res, int status, const struct label *label)
{
	api_tell_list(job, S("label.updated"), label->id);
	write_label(reply_json(res, status), label);
	return OK;
}

/* Phones that have it show the same. */
static void tell_phones(struct job *job, id64 label, enum chat_done done)
{
	struct inbox_changes changes = { 0 };

	inbox_word(job, &changes, &(struct chat_word){ .done = done, .item = label });
	inbox_tell(job, &changes);
}

enum err labels_post(struct job *job, const struct request *req, struct response *res)
{
	struct label_draft draft = { 0 };
	struct label label;

	TRY(request_json(job, req, label_fields, &draft));
	TRY(db_begin(job, DB_WRITE));
	TRY(label_create(job, draft.name, draft.colour, &label));
	TRY(db_commit(job));
	return reply(job, res, 201, &label);
}

enum err labels_patch(struct job *job, const struct request *req, struct response *res)
{
	struct label_draft draft = { 0 };
	struct label label;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, label_fields, &draft));
	TRY(db_begin(job, DB_WRITE));
	TRY(label_update(job, id, draft.name, draft.colour, &label));
	TRY(db_commit(job));
	tell_phones(job, id, CHAT_LABEL_NAMED);
	return reply(job, res, 200, &label);
}

enum err labels_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(db_begin(job, DB_WRITE));
	TRY(label_delete(job, id));
	TRY(db_commit(job));
	tell_phones(job, id, CHAT_LABEL_DELETED);
	api_tell_list(job, S("label.updated"), id);
	return reply_nothing(res);
}
