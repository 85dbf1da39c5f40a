/* cloud.c: the WhatsApp Cloud API as a provider; see cloud_internal.h for its parts. */
#include "base/clock.h"
#include "provider/call.h"
#include "provider/cloud/cloud_internal.h"

/* "Allow two secrets during rotation": both are always tried, so that time tells nothing. */
static bool verify(const struct webhook_keys *keys, const struct request *req)
{
	bool is_new = cloud_verify(keys->app_secret, req),
	     is_old = cloud_verify(keys->old_app_secret, req);

	return is_new || (is_old && clock_now_ms() < keys->old_secret_until_ms);
}

static enum err parse(struct job *job, const struct channel *ch, str body,
	struct provider_events *out)
{
	(void)ch;
	return cloud_parse(job, body, out);
}

static enum err prove(struct job *job, const struct channel *ch, str body,
	struct webhook_proof *out)
{
	out->body = body.ptr ? body : S("{\"object\":\"whatsapp_business_account\",\"entry\":[]}");
	out->headers[out->header_count++] = (struct header){ S("X-Hub-Signature-256"),
		arena_printf(job->arena, "sha256=" STR_F,
			STR_A(provider_signature(job->arena, ch->app_secret, out->body))) };
	return OK;
}

const struct provider cloud_provider = {
	.name = "cloud",
	.title = "WhatsApp Cloud API",
	.can = CAN_KIND(KIND_TEXT) | CAN_KIND(KIND_IMAGE) | CAN_KIND(KIND_VIDEO) |
	       CAN_KIND(KIND_AUDIO) | CAN_KIND(KIND_VOICE) | CAN_KIND(KIND_DOCUMENT) |
	       CAN_KIND(KIND_STICKER) | CAN_KIND(KIND_LOCATION) | CAN_KIND(KIND_CONTACTS) |
	       CAN_KIND(KIND_INTERACTIVE) | CAN_KIND(KIND_TEMPLATE) | CAN_KIND(KIND_REACTION) |
	       CAN_KIND(KIND_PIN) | CAN_REPLY | CAN_MARK_READ | CAN_TYPING | CAN_TEMPLATES |
	       CAN_MEDIA_FETCH | CAN_WINDOW | CAN_PASS_ON | CAN_BSUID,
	.can_group = CAN_KIND(KIND_TEXT) | CAN_KIND(KIND_IMAGE) | CAN_KIND(KIND_VIDEO) |
		     CAN_KIND(KIND_AUDIO) | CAN_KIND(KIND_VOICE) | CAN_KIND(KIND_DOCUMENT) |
		     CAN_KIND(KIND_STICKER) | CAN_KIND(KIND_TEMPLATE) | CAN_KIND(KIND_REACTION) |
		     CAN_KIND(KIND_PIN),
	.needs = NEEDS_PHONE_NUMBER_ID | NEEDS_WABA | NEEDS_TOKEN | NEEDS_APP_SECRET,
	.parallel_sends = 4,
	.text_max = CLOUD_TEXT_MAX,
	.check = cloud_check,
	.check_options = cloud_check_options,
	.send = cloud_send,
	.mark_read = cloud_mark_read,
	.fetch_media = cloud_fetch_media,
	.upload_media = cloud_upload_media,
	.check_media = cloud_check_media,
	.verify = verify,
	.handshake = cloud_handshake,
	.prove = prove,
	.parse = parse,
	.health = cloud_health,
	.templates = cloud_templates,
	.template_create = cloud_template_create,
	.template_edit = cloud_template_edit,
	.template_delete = cloud_template_delete,
	.template_sample = cloud_template_sample,
	.block = cloud_block,
	.profile = cloud_profile,
	.profile_set = cloud_profile_set,
	.subscribe = cloud_subscribe,
	.subscription = cloud_subscription,
	.manage_calls = cloud_manage_calls,
	.manage_count = CLOUD_MANAGE_COUNT,
	.manage = cloud_manage,
};
