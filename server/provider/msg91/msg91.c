/* msg91.c: MSG91 as a provider; see msg91_internal.h for its parts. */
#include "provider/msg91/msg91_internal.h"

/* As many as may wait for each other to go in one request. */
#define MSG91_PARALLEL MSG91_GROUP_MAX

static enum err fetch_media(struct job *job, const struct channel *ch, str media_remote_id, str url,
	const struct media_sink *sink, struct media_info *out)
{
	(void)media_remote_id;
	return provider_fetch_link(job, ch, url, sink, out);
}

const struct provider msg91_provider = {
	.name = "msg91",
	.title = "MSG91",
	.can = CAN_KIND(KIND_TEXT) | CAN_KIND(KIND_IMAGE) | CAN_KIND(KIND_VIDEO) |
	       CAN_KIND(KIND_AUDIO) | CAN_KIND(KIND_DOCUMENT) | CAN_KIND(KIND_LOCATION) |
	       CAN_KIND(KIND_INTERACTIVE) | CAN_KIND(KIND_TEMPLATE) | CAN_TEMPLATES | CAN_WINDOW,
	.needs = NEEDS_TOKEN | NEEDS_PHONE,
	.forged_status = 403,
	.secret_in_url = true,
	.media_by_link = true,
	.config_check = msg91_check_config,
	.webhook_rule = msg91_rule,
	.parallel_sends = MSG91_PARALLEL,
	.text_max = MSG91_TEXT_MAX,
	.check = cloud_check,
	.check_media = cloud_check_media,
	.send = msg91_send,
	.fetch_media = fetch_media,
	.verify = msg91_verify,
	.prove = msg91_prove,
	.parse = msg91_parse,
	.health = msg91_health,
	.templates = msg91_templates,
};
