/* contacts.c: /contacts. */
#include "api/handlers.h"
#include "api/message_json.h"
#include "store/store.h"

#define CONTACT_NAME_MAX 120

static enum err find_contacts(struct job *job, str query, const struct page *page,
	struct contacts *out)
{
	id64 *ids = ARENA_ARRAY(job->arena, id64, page->limit);
	size_t count;

	if (!query.len)
		return contact_list(job, page->after.id, page->limit + 1, out);
	TRY(search_contacts(job, query, page->limit, ids, &count));
	return contact_by_ids(job, ids, count, out);
}

enum err contacts_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct contacts found;
	struct page page;

	TRY(page_read(job, req, "contacts", &page));
	TRY(find_contacts(job, request_query(job->arena, req, "query"), &page, &found));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < found.count && i < page.limit; i++)
		contact_write_json(job, out, NULL, &found.items[i], true);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		found.count > page.limit ? &(struct cursor){ .id = found.items[page.limit - 1].id }
					 : NULL));
	json_close(out, '}');
	return OK;
}

enum err contacts_get(struct job *job, const struct request *req, struct response *res)
{
	struct contact contact;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(contact_get(job, id, &contact));
	contact_write_json(job, reply_json(res, 200), NULL, &contact, true);
	return OK;
}

struct contact_patch { str name; };

static const struct field contact_fields[] = {
	FIELD(struct contact_patch, name, STR, .max = CONTACT_NAME_MAX, .required = true),
	{ 0 },
};

enum err contacts_patch(struct job *job, const struct request *req, struct response *res)
{
	struct inbox_changes changes = { 0 };
	struct contact_patch patch = { 0 };
	struct contact contact;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, contact_fields, &patch));
	TRY(db_begin(job, DB_WRITE));
	TRY(contact_rename(job, id, str_trim(patch.name), NAME_PERSON, &changes));
	TRY(contact_get(job, id, &contact));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	contact_write_json(job, reply_json(res, 200), NULL, &contact, true);
	return OK;
}
