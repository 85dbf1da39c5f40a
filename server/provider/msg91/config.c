/* config.c: what MSG91's documentation leaves open, as settings of the channel with a default. */
#include "provider/msg91/msg91_internal.h"

#define NAMES_TEXT_MAX 200

static const struct { const char *name, *otherwise;
} names[MSG91_NAMES] = {
	[NAME_MEDIA_URL] = { "media_url", "attachment_url" },
	[NAME_MEDIA_CAPTION] = { "media_caption", "caption" },
	[NAME_MEDIA_FILE_NAME] = { "media_file_name", "filename" },
	[NAME_REFERENCE] = { "reference", "CRQID" },
	[NAME_CUSTOMER] = { "customer", "customerNumber|mobile" },
	[NAME_CUSTOMER_NAME] = { "customer_name", "customerName" },
	[NAME_NUMBER] = { "number", "integratedNumber" },
	[NAME_DIRECTION] = { "direction", "direction" },
	[NAME_UUID] = { "uuid", "uuid" },
	[NAME_REQUEST_ID] = { "request_id", "requestId|request_id" },
	[NAME_CRQID] = { "crqid", "crqid|CRQID" },
	[NAME_CONTENT_TYPE] = { "content_type", "contentType|messageType" },
	[NAME_TEXT] = { "text", "text|content" },
	[NAME_MESSAGES] = { "messages", "messages" },
	[NAME_INTERACTIVE] = { "interactive", "interactive" },
	[NAME_BUTTON] = { "button", "button" },
	[NAME_URL] = { "url", "url" },
	[NAME_CAPTION] = { "caption", "caption" },
	[NAME_FILE_NAME] = { "file_name", "filename" },
	[NAME_REPLY_TO] = { "reply_to", "replyMsgId" },
	[NAME_STATE] = { "state", "eventName|status|statusCode|delivery_status|reason" },
	[NAME_REASON] = { "reason", "reason|failureReason" },
	[NAME_TIME] = { "time", "statusUpdatedAt|ts|requestedAt" },
};

str msg91_name(json config, enum msg91_name which)
{
	str own = json_text(json_field(json_field(config, "names"), names[which].name));

	return own.len ? own : str_of(names[which].otherwise);
}

static void check_names(struct job *job, json map)
{
	for (void *at = json_kind(map) == JSON_MAP ? json_first(map) : NULL; at;
		at = json_next(map, at)) {
		str field = arena_printf(job->arena, "config.names." STR_F,
			STR_A(json_member_name(at)));
		str value = json_text(json_member_value(at));
		bool known = false;

		for (size_t i = 0; i < MSG91_NAMES; i++)
			known |= str_is(json_member_name(at), str_of(names[i].name));
		if (!known)
			field_error(job, field, S("unknown_field"),
				S("This name is not known here."));
		else if (!value.len || value.len > NAMES_TEXT_MAX)
			field_error(job, field, S("invalid"),
				S("Must be a name, or several separated by |."));
	}
	if (map && json_kind(map) != JSON_MAP)
		field_error(job, S("config.names"), S("wrong_type"), S("Must be an object."));
}

static void check_text(struct job *job, json v, str field)
{
	if (json_kind(v) != JSON_TEXT || json_text(v).len > NAMES_TEXT_MAX)
		field_error(job, field, S("wrong_type"), S("Must be a text of at most 200."));
}

static void check_number(struct job *job, json v, str field, int64_t max)
{
	if (json_kind(v) != JSON_INT || json_int(v, 0) < 1 || json_int(v, 0) > max)
		field_error(job, field, S("out_of_range"),
			arena_printf(job->arena, "From 1 to %lld.", (long long)max));
}

static void check_base(struct job *job, json v, str field)
{
	if (!str_starts(json_text(v), S("https://")) &&
		!(provider_private_calls && str_starts(json_text(v), S("http://"))))
		field_error(job, field, S("invalid"), S("Must begin with https://."));
}

void msg91_check_config(struct job *job, json config)
{
	static const char *const texts[] = { "namespace", "webhook_header", "signature_header",
		"balance_url" };

	check_names(job, json_field(config, "names"));
	for (void *at = json_first(config); at; at = json_next(config, at)) {
		str name = json_member_name(at),
		    field = arena_printf(job->arena, "config." STR_F, STR_A(name));
		json v = json_member_value(at);
		bool is_text = false;

		for (size_t i = 0; i < COUNT_OF(texts); i++)
			is_text |= str_is(name, str_of(texts[i]));
		if (is_text)
			check_text(job, v, field);
		else if (str_is(name, S("base_url")))
			check_base(job, v, field);
		else if (str_is(name, S("requests_per_minute")))
			check_number(job, v, field, MSG91_REQUESTS_PER_MINUTE_MAX);
		else if (str_is(name, S("group_max")))
			check_number(job, v, field, MSG91_GROUP_MAX);
		else if (!str_is(name, S("names")))
			field_error(job, field, S("unknown_field"),
				S("This field is not known here."));
	}
	if (json_text(json_field(config, "balance_url")).len)
		check_base(job, json_field(config, "balance_url"), S("config.balance_url"));
}

json msg91_config(struct job *job, const struct channel *ch)
{
	json config = NULL;

	return json_read(job->arena, ch->config, &config, NULL) == OK ? config : NULL;
}

/* The header that must hold the secret, and the one that holds a signature; a line each. */
str msg91_rule(struct job *job, const struct channel *ch)
{
	json config = msg91_config(job, ch);

	return arena_printf(job->arena, STR_F "\n" STR_F,
		STR_A(json_text_at(config, "webhook_header")),
		STR_A(json_text_at(config, "signature_header")));
}
