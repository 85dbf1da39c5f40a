/* audit.c: /audit, newest first. */
#include "account/audit.h"
#include "api/handlers.h"

static void write_who(struct buf *out, const struct audit_item *row)
{
	json_open_in(out, "actor", '{');
	json_put(out, "kind", row->actor_kind);
	json_put_id(out, "id", row->actor_id);
	json_put(out, "name", row->actor_name);
	json_close(out, '}');
	json_put(out, "action", row->action);
	json_open_in(out, "target", '{');
	json_put(out, "kind", row->target_kind);
	json_put_id(out, "id", row->target_id);
	json_close(out, '}');
}

static void write_row(struct buf *out, const struct audit_item *row)
{
	json_open(out, '{');
	json_put_id(out, "id", row->id);
	json_put_int(out, "at_ms", row->at_ms);
	write_who(out, row);
	json_put(out, "reason", row->reason);
	json_put(out, "address", row->address);
	json_put_raw(out, "detail", row->detail);
	json_put(out, "hash", row->hash);
	json_close(out, '}');
}

enum err audit_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct audit_item *rows;
	struct page page;
	size_t count;

	TRY(page_read(job, req, "audit", &page));
	TRY(audit_read(job, page.after.ms, page.limit + 1, &rows, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		write_row(out, &rows[i]);
	json_close(out, ']');
	/* The order is the chain's own: its number goes where other lists have a time. */
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .ms = rows[page.limit - 1].seq } : NULL));
	json_close(out, '}');
	return OK;
}
