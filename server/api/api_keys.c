/* api_keys.c: /api-keys. */
#include "api/handlers.h"

static void write_key(struct job *job, struct buf *out, const struct api_key *key, str plain)
{
	json_open(out, '{');
	json_put_id(out, "id", key->id);
	json_put(out, "name", key->name);
	json_put(out, "prefix", key->prefix);
	permissions_write_json(out, "scopes", key->scopes);
	scope_ids_write_json(job, out, "channels", key->channels);
	scope_ids_write_json(job, out, "teams", key->teams);
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
		write_key(job, out, &keys[i], STR_NONE);
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = keys[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

struct key_draft { str name; json scopes, channels, teams; };

static const struct field key_fields[] = {
	FIELD(struct key_draft, name, STR, .required = true),
	FIELD(struct key_draft, scopes, JSON, .required = true),
	FIELD(struct key_draft, channels, JSON),
	FIELD(struct key_draft, teams, JSON),
	{ 0 },
};

uint64_t permissions_read_json(struct job *job, const char *field, json list)
{
	uint64_t permissions = 0, bit = 0;

	if (json_kind(list) != JSON_LIST)
		field_error(job, str_of(field), S("wrong_type"),
			S("Must be a list of permissions."));
	for (size_t i = 0; json_kind(list) == JSON_LIST && i < json_count(list); i++) {
		if (permission_parse(json_text(json_at(list, i)), &bit))
			permissions |= bit;
		else
			field_error(job, arena_printf(job->arena, "%s.%zu", field, i), S("invalid"),
				S("Not a permission."));
	}
	return permissions;
}

enum err api_keys_post(struct job *job, const struct request *req, struct response *res)
{
	struct key_draft asked = { 0 };
	struct api_key_draft draft;
	struct api_key key;
	str plain;

	TRY(request_fields(job, req, key_fields, &asked));
	draft = (struct api_key_draft){ .name = asked.name,
		.scopes = permissions_read_json(job, "scopes", asked.scopes),
		.channels = scope_ids_read(job, "channels", asked.channels),
		.teams = scope_ids_read(job, "teams", asked.teams) };
	TRY(api_key_create(job, &draft, &key, &plain));
	write_key(job, reply_json(res, 201), &key, plain);
	return OK;
}

enum err api_keys_delete(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(api_key_revoke(job, id));
	api_check_listeners();
	return reply_nothing(res);
}
