/* live_limits.c: an app's own limits as JSON, over those of the settings. */
#include "account/account_internal.h"

#include <stddef.h>

static const struct limit {
	const char *name;
	size_t at;
	int64_t min, max;
} limits[] = {
#define ROW(name, otherwise, min, max, help) \
	{ #name, offsetof(struct live_limits, name), min, max },
	LIVE_LIMITS(ROW)
#undef ROW
};

static int64_t *member(struct live_limits *l, const struct limit *limit)
{
	return (int64_t *)(void *)((char *)l + limit->at);
}

static const struct limit *find(str name)
{
	for (size_t i = 0; i < COUNT_OF(limits); i++)
		if (str_is(name, str_of(limits[i].name)))
			return &limits[i];
	return NULL;
}

void live_limits_write_json(struct buf *out, const char *key, const struct live_limits *l)
{
	struct live_limits copy = *l;

	json_open_in(out, key, '{');
	for (size_t i = 0; i < COUNT_OF(limits); i++)
		json_put_int(out, limits[i].name, *member(&copy, &limits[i]));
	json_close(out, '}');
}

void live_limits_apply(struct live_limits *out, json own)
{
	for (void *i = json_first(own); i; i = json_next(own, i)) {
		const struct limit *limit = find(json_member_name(i));
		int64_t value = json_int(json_member_value(i), -1);

		if (limit && value >= limit->min && value <= limit->max)
			*member(out, limit) = value;
	}
}

static void check_one(struct job *job, str name, json value)
{
	const struct limit *limit = find(name);
	str field = arena_printf(job->arena, "limits." STR_F, STR_A(name));

	if (!limit)
		field_error(job, field, S("unknown"), S("There is no limit of this name."));
	else if (json_kind(value) != JSON_INT || json_int(value, -1) < limit->min ||
		json_int(value, -1) > limit->max)
		field_error(job, field, S("out_of_range"),
			arena_printf(job->arena, "Must be a number from %lld to %lld.",
				(long long)limit->min, (long long)limit->max));
}

void live_limits_check(struct job *job, json own)
{
	if (json_kind(own) != JSON_MAP) {
		field_error(job, S("limits"), S("wrong_type"), S("Must be an object."));
		return;
	}
	for (void *i = json_first(own); i; i = json_next(own, i))
		check_one(job, json_member_name(i), json_member_value(i));
}
