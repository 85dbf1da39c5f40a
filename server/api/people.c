/* people.c: /people. */
#include "api/handlers.h"

void person_write_json(struct buf *out, const char *key, const struct person *person)
{
	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	json_put_id(out, "id", person->id);
	json_put(out, "email", person->email);
	json_put(out, "name", person->name);
	json_put(out, "role", str_of(role_name(person->role)));
	json_put(out, "locale", person->locale);
	json_put_bool(out, "disabled", person->disabled);
	json_put_ms(out, "last_seen_ms", person->seen_ms);
	json_put_int(out, "created_ms", person->created_ms);
	json_close(out, '}');
}

enum err people_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct person *people;
	struct page page;
	size_t count;

	TRY(page_read(job, req, "people", &page));
	TRY(person_list(job, page.after.id, page.limit + 1, &people, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		person_write_json(out, NULL, &people[i]);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = people[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

static const struct field person_fields[] = {
	FIELD(struct person_draft, email, STR, .required = true),
	FIELD(struct person_draft, name, STR, .required = true),
	FIELD(struct person_draft, role, STR, .required = true),
	FIELD(struct person_draft, password, STR, .required = true),
	{ 0 },
};

enum err people_post(struct job *job, const struct request *req, struct response *res)
{
	struct person_draft draft = { .disabled = -1 };
	struct person person;

	TRY(request_fields(job, req, person_fields, &draft));
	TRY(person_create(job, &draft, &person));
	person_write_json(reply_json(res, 201), NULL, &person);
	return OK;
}

static const struct field person_patch_fields[] = {
	FIELD(struct person_draft, name, STR),
	FIELD(struct person_draft, role, STR),
	FIELD(struct person_draft, disabled, FLAG),
	{ 0 },
};

enum err people_patch(struct job *job, const struct request *req, struct response *res)
{
	struct person_draft draft = { .disabled = -1 };
	struct person person;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_fields(job, req, person_patch_fields, &draft));
	TRY(person_change(job, id, &draft, &person));
	if (draft.role.ptr || draft.disabled == 1)
		api_tell_access(job);
	person_write_json(reply_json(res, 200), NULL, &person);
	return OK;
}
