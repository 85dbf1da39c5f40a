/* api_keys.c: /api-keys. */
#include "api/handlers.h"

static void write_key(struct buf *out, const struct api_key *key, str plain)
{
	json_open(out, '{');
	json_put_id(out, "id", key->id);
	json_put(out, "name", key->name);
	json_put(out, "prefix", key->prefix);
	permissions_write_json(out, "scopes", key->scopes);
	json_put_int(out, "created_ms", key->created_ms);
	json_put_ms(out, "last_used_ms", key->last_used_ms);
	if (plain.ptr)
		json_put(out, "key", plain);
	json_close(out, '}');
}

enum err api_keys_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct api_key *keys;
	struct page page;
	size_t count;

	TRY(page_read(job, req, "api-keys", &page));
	TRY(api_key_list(job, page.after.id, page.limit + 1, &keys, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++)
		write_key(out, &keys[i], STR_NONE);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = keys[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

struct key_draft { str name; json scopes; };

static const struct field key_fields[] = {
	FIELD(struct key_draft, name, STR, .required = true),
	FIELD(struct key_draft, scopes, JSON, .required = true),
	{ 0 },
};

static uint64_t read_scopes(struct job *job, json list)
{
	uint64_t scopes = 0, bit = 0;

	if (json_kind(list) != JSON_LIST)
		field_error(job, S("scopes"), S("wrong_type"), S("Must be a list of permissions."));
	for (size_t i = 0; json_kind(list) == JSON_LIST && i < json_count(list); i++) {
		if (permission_parse(json_text(json_at(list, i)), &bit))
			scopes |= bit;
		else
			field_error(job, arena_printf(job->arena, "scopes.%zu", i), S("invalid"),
				S("Not a permission."));
	}
	return scopes;
}

enum err api_keys_post(struct job *job, const struct request *req, struct response *res)
{
	struct key_draft draft = { 0 };
	struct api_key key;
	str plain;

	TRY(request_fields(job, req, key_fields, &draft));
	TRY(api_key_create(job, draft.name, read_scopes(job, draft.scopes), &key, &plain));
	write_key(reply_json(res, 201), &key, plain);
	return OK;
}

enum err api_keys_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(api_key_revoke(job, id));
	api_tell_access(job);
	return reply_nothing(res);
}
