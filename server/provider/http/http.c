/* http.c: the HTTP transport as a provider; see http_internal.h for its parts. */
#include "provider/http/http_internal.h"

#define TRANSPORT_PARALLEL 4

static const char *const secrets[] = { "secrets.*", NULL };

static bool is_url(str text)
{
	bool has_scheme = str_starts(text, S("https://")) || str_starts(text, S("http://"));

	for (size_t i = 0; i < text.len; i++)
		if ((uint8_t)text.ptr[i] <= ' ')
			return false;
	return has_scheme && str_find(str_part(text, 8, text.len), '.') + 8 < text.len;
}

static void check_text(struct job *job, const struct channel *ch, json content)
{
	str body = json_text(json_field(content, "body"));

	if (!str_trim(body).len)
		field_error(job, S("text.body"), S("required"), S("This is required."));
	else if (str_count_points(body) > TRANSPORT_TEXT_MAX)
		field_error(job, S("text.body"), S("too_long"), S("At most 4096 characters."));
	else if (str_is(json_text_at(transport_config(job, ch), "content"), S("URL")) &&
		!is_url(body))
		field_error(job, S("text.body"), S("invalid"),
			S("This channel takes web addresses only: one address, and nothing "
			  "else."));
}

static void check_media(struct job *job, const char *type, json content)
{
	if (!json_field(content, "id") && !json_field(content, "link"))
		field_error(job, str_of(type), S("required"), S("Either id or link is required."));
}

static enum err check(struct job *job, const struct channel *ch, enum message_kind kind,
	json content)
{
	if (kind == KIND_TEXT)
		check_text(job, ch, content);
	else if (kind_is_media(kind))
		check_media(job, kind_cloud_type(kind), content);
	else if (json_count(content) == 0)
		field_error(job, str_of(kind_cloud_type(kind)), S("required"),
			S("This is required."));
	return job_check_fields(job);
}

static enum err fetch_media(struct job *job, const struct channel *ch, str media_remote_id, str url,
	const struct media_sink *sink, struct media_info *out)
{
	(void)media_remote_id;
	return provider_fetch_link(job, ch, url, sink, out);
}

const struct provider http_provider = {
	.name = "http",
	.title = "HTTP transport",
	.can = CAN_KIND(KIND_TEXT) | CAN_KIND(KIND_IMAGE) | CAN_KIND(KIND_VIDEO) |
	       CAN_KIND(KIND_AUDIO) | CAN_KIND(KIND_VOICE) | CAN_KIND(KIND_DOCUMENT) |
	       CAN_KIND(KIND_STICKER) | CAN_KIND(KIND_LOCATION) | CAN_KIND(KIND_CONTACTS) |
	       CAN_KIND(KIND_INTERACTIVE) | CAN_KIND(KIND_TEMPLATE) | CAN_KIND(KIND_REACTION) |
	       CAN_REPLY | CAN_WINDOW | CAN_ANY_ADDRESS | CAN_EMAIL_ADDRESS,
	.needs = NEEDS_CONFIG,
	.forged_status = 403,
	.media_by_link = true,
	.config_secrets = secrets,
	.config_check = transport_check_config,
	.config_can = transport_can,
	.webhook_rule = transport_rule,
	.parallel_sends = TRANSPORT_PARALLEL,
	.text_max = TRANSPORT_TEXT_MAX,
	.check = check,
	.send = transport_send,
	.fetch_media = fetch_media,
	.verify = transport_verify,
	.prove = transport_prove,
	.parse = transport_parse,
	.health = transport_health,
};
