/*
 * check_option.c: what a message may ask for beside its content (docs/protocol/cloud-api.md §2,
 * §13): how long to try, which price category, and the ways of marketing messages.
 */
#include "provider/cloud/cloud_internal.h"

#define BIZ_MAX 512
#define HASH_MAX 256
#define NAME_MAX_POINTS 512
#define TTL_MAX_S (30 * 24 * 3600) /* "Default time to live: 30 days" */
#define TTL_MIN_S 30

bool cloud_is_marketing(json options)
{
	return json_field(options, "product_policy") ||
	       json_field(options, "message_activity_sharing");
}

static void check_one_of(struct job *job, json v, const char *words, const char *path)
{
	str rest = str_of(words), text = json_text(v);

	while (rest.len)
		if (str_is(str_split(&rest, ' '), text))
			return;
	cloud_wrong(job, "invalid",
		arena_cstr(job->arena, arena_printf(job->arena, "One of: %s.", words)), "%s", path);
}

static void check_category(struct job *job, json v)
{
	check_one_of(job, v, "utility authentication marketing service", "category");
}

static void check_ttl(struct job *job, json v)
{
	int64_t seconds = json_int(v, 0);

	if (json_kind(v) != JSON_INT || seconds < TTL_MIN_S || seconds > TTL_MAX_S)
		cloud_wrong(job, "out_of_range", "30 to 2592000 seconds (30 days).", "ttl_seconds");
}

static void check_policy(struct job *job, json v)
{
	check_one_of(job, v, "CLOUD_API_FALLBACK STRICT", "product_policy");
}

static void check_sharing(struct job *job, json v)
{
	if (json_kind(v) != JSON_BOOL)
		cloud_wrong(job, "type", "This must be true or false.", "message_activity_sharing");
}

static void check_direct(struct job *job, json v)
{
	cloud_check_text(job, json_field(v, "template_name"), 1, NAME_MAX_POINTS,
		"direct_send_config.template_name");
}

static void check_hash(struct job *job, json v)
{
	cloud_check_text(job, v, 1, HASH_MAX, "recipient_identity_key_hash");
}

static void check_biz(struct job *job, json v)
{
	cloud_check_text(job, v, 0, BIZ_MAX, "biz_opaque_callback_data");
}

static const struct {
	const char *name;
	void (*check)(struct job *job, json v);
	bool of_templates;
} options[] = {
	{ "biz_opaque_callback_data", check_biz, false },
	{ "category", check_category, false },
	{ "direct_send_config", check_direct, false },
	{ "message_activity_sharing", check_sharing, true },
	{ "product_policy", check_policy, true },
	{ "recipient_identity_key_hash", check_hash, false },
	{ "ttl_seconds", check_ttl, false },
};

static void check_option(struct job *job, enum message_kind kind, str name, json v)
{
	for (size_t i = 0; i < COUNT_OF(options); i++) {
		if (!str_is(name, str_of(options[i].name)))
			continue;
		if (options[i].of_templates && kind != KIND_TEMPLATE)
			cloud_wrong(job, "not_allowed", "This goes only with templates.", "%s",
				options[i].name);
		else
			options[i].check(job, v);
		return;
	}
	field_error(job, name, S("unsupported"), S("WhatsApp has no such option."));
}

enum err cloud_check_options(struct job *job, const struct channel *ch, enum message_kind kind,
	json asked)
{
	(void)ch;
	for (void *at = json_first(asked); at; at = json_next(asked, at))
		check_option(job, kind, json_member_name(at), json_member_value(at));
	return job_check_fields(job);
}
