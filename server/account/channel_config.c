/*
 * channel_config.c: the part of a channel that is its provider's own.
 *
 * A config is kept as it was posted. Members that the provider calls secret come back masked, and
 * the mask in a change keeps what is stored, so that a config can be read, changed and put back.
 */
#include "account/channel_internal.h"
#include "base/json.h"

/* "secrets.*" fits "secrets.token". */
static bool path_fits(str pattern, str path)
{
	while (pattern.len && path.len) {
		str want = str_split(&pattern, '.'), have = str_split(&path, '.');

		if (!str_is(want, S("*")) && !str_is(want, have))
			return false;
	}
	return !pattern.len && !path.len;
}

static bool is_secret(const struct provider *provider, str path)
{
	for (const char *const *p = provider->config_secrets; p && *p; p++)
		if (path_fits(str_of(*p), path))
			return true;
	return false;
}

struct walk {
	const struct provider *provider;
	struct arena *arena;
	struct buf *out;
	json old;      /* what the mask stands for; NULL: secrets are masked instead */
	bool is_masking;
};

static str below(struct arena *arena, str path, str name)
{
	return path.len ? arena_printf(arena, STR_F "." STR_F, STR_A(path), STR_A(name)) : name;
}

static void write_secret(const struct walk *w, json v, str path)
{
	if (w->is_masking && (json_text(v).len || json_kind(v) != JSON_TEXT))
		json_put(w->out, NULL, PROVIDER_SECRET_MASK);
	else if (!w->is_masking && str_is(json_text(v), PROVIDER_SECRET_MASK))
		json_put_value(w->out, NULL, json_path(w->old, arena_cstr(w->arena, path)));
	else
		json_put_value(w->out, NULL, v);
}

static void write_value(const struct walk *w, json v, str path)
{
	if (path.len && is_secret(w->provider, path)) {
		write_secret(w, v, path);
	} else if (json_kind(v) != JSON_MAP) {
		json_put_value(w->out, NULL, v);
	} else {
		json_open(w->out, '{');
		for (void *at = json_first(v); at; at = json_next(v, at)) {
			json_key_str(w->out, json_member_name(at));
			write_value(w, json_member_value(at),
				below(w->arena, path, json_member_name(at)));
		}
		json_close(w->out, '}');
	}
}

void channel_write_config(struct buf *out, const char *key, const struct channel *ch)
{
	struct arena *arena = out->arena;
	json root = NULL;

	if (json_read(arena, ch->config, &root, NULL) != OK) {
		json_put_null(out, key);
		return;
	}
	json_key(out, key);
	write_value(&(struct walk){ ch->provider, arena, out, NULL, true }, root, S(""));
}

enum err channel_take_config(struct job *job, const struct provider *provider, str old, json given,
	str *out)
{
	struct buf text = buf_in(job->arena, JSON_SIZE_MAX);
	json was = NULL, whole = NULL;

	*out = old.ptr ? old : S("{}");
	if (given && json_kind(given) != JSON_MAP) {
		field_error(job, S("config"), S("wrong_type"), S("Must be an object."));
		return OK;
	}
	if (json_read(job->arena, *out, &was, NULL) != OK)
		return fail(job, ERR_CORRUPT, "the config of a channel is not JSON");
	if (!given && old.ptr)
		return OK;
	write_value(&(struct walk){ provider, job->arena, &text, was, false }, given ? given : was,
		S(""));
	if (text.len > PROVIDER_CONFIG_MAX)
		field_error(job, S("config"), S("too_long"),
			arena_printf(job->arena, "At most %u octets.", PROVIDER_CONFIG_MAX));
	*out = buf_text(&text);
	if (json_read(job->arena, *out, &whole, NULL) != OK)
		return fail(job, ERR_BUG, "a config does not read back");
	if (!given && provider->needs & NEEDS_CONFIG)
		field_error(job, S("config"), S("required"), S("Must not be missing."));
	else if (provider->config_check)
		provider->config_check(job, whole);
	else if (json_count(whole))
		field_error(job, S("config"), S("unknown_field"),
			arena_printf(job->arena, "%s has no settings of its own.",
				provider->title));
	return OK;
}
