/* sample.c: see sample.h. */
#include "provider/cloud/sample.h"

#include <stdlib.h>

/* Lists whose elements are known by their "id". */
static const char *const lists_with_ids[] = { "messages", "message_echoes", "automatic_events",
	"calls" };

struct adapting {
	struct job *job;
	const struct channel *ch;
	struct buf *out;
	str suffix;
};

static int by_name(const void *key, const void *sample)
{
	return str_compare(*(const str *)key, str_of(((const struct cloud_sample *)sample)->name));
}

const struct cloud_sample *cloud_sample_find(str name)
{
	return bsearch(&name, cloud_samples, cloud_sample_count, sizeof *cloud_samples, by_name);
}

static bool has_ids(str list)
{
	for (size_t i = 0; i < COUNT_OF(lists_with_ids); i++)
		if (str_is(list, str_of(lists_with_ids[i])))
			return true;
	return false;
}

static bool is_time(str key)
{
	return str_is(key, S("timestamp")) || str_is(key, S("time"));
}

/* A member that tells whom it is for or when: written anew. list: what it stands in. */
static bool write_own(struct adapting *a, str list, str key, json v)
{
	bool is_text = json_kind(v) == JSON_TEXT;
	str own = STR_NONE;

	if (is_time(key) && !is_text)
		json_put_int(a->out, NULL, a->job->now_ms / 1000);
	else if (is_time(key) && str_is_digits(json_text(v)))
		own = arena_printf(a->job->arena, "%lld", (long long)(a->job->now_ms / 1000));
	else if (str_is(key, S("phone_number_id")))
		own = a->ch->remote_id;
	else if (str_is(key, S("display_phone_number")) && a->ch->phone.len)
		own = a->ch->phone;
	else if (str_is(key, S("id")) && str_is(list, S("entry")))
		own = a->ch->account_id;
	else if (str_is(key, S("id")) && is_text && has_ids(list))
		own = arena_printf(a->job->arena, STR_F STR_F, STR_A(json_text(v)),
			STR_A(a->suffix));
	if (own.ptr)
		json_put(a->out, NULL, own);
	return own.ptr || (is_time(key) && !is_text);
}

static void write_adapted(struct adapting *a, str list, json v)
{
	if (json_kind(v) == JSON_LIST) {
		json_open(a->out, '[');
		for (size_t i = 0; i < json_count(v); i++)
			write_adapted(a, list, json_at(v, i));
		json_close(a->out, ']');
		return;
	}
	if (json_kind(v) != JSON_MAP) {
		json_put_value(a->out, NULL, v);
		return;
	}
	json_open(a->out, '{');
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		str key = json_member_name(at);

		json_key_str(a->out, key);
		if (!write_own(a, list, key, json_member_value(at)))
			write_adapted(a,
				json_kind(json_member_value(at)) == JSON_LIST ? key : STR_NONE,
				json_member_value(at));
	}
	json_close(a->out, '}');
}

void cloud_sample_write(struct job *job, const struct channel *ch, json sample, struct buf *out)
{
	struct adapting a = { .job = job, .ch = ch, .out = out,
		.suffix = arena_printf(job->arena, ".%lld", (long long)id64_new(job->now_ms)) };

	write_adapted(&a, STR_NONE, sample);
}
