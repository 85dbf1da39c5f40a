/* manage.c: the number's health, and the subscription of its webhooks. */
#include "provider/cloud/cloud_internal.h"

#define NUMBER_FIELDS                                                                           \
	"id,display_phone_number,verified_name,quality_rating,status,code_verification_status," \
	"name_status"

/* ---- health ---- */

static const struct {
	const char *status, *sentence, *next_step;
} bad_states[] = {
	{ "BANNED", "WhatsApp banned the number.", "Appeal in WhatsApp Manager." },
	{ "RESTRICTED", "WhatsApp restricted the number.",
		"Look at the reason in WhatsApp Manager." },
	{ "RATE_LIMITED", "WhatsApp limits how much the number may send.",
		"Send less until the limit is lifted." },
	{ "DISCONNECTED", "The number is not connected to the Cloud API.",
		"Register the number in WhatsApp Manager." },
	{ "PENDING", "The number is not registered yet.",
		"Register the number in WhatsApp Manager." },
	{ "UNVERIFIED", "The number is not verified.", "Verify the number in WhatsApp Manager." },
	{ "DELETED", "The number was deleted from its account.",
		"Add the number again in WhatsApp Manager." },
	{ "MIGRATED", "The number moved to another account.",
		"Enter the new phone number id on the channel's page." },
};

static str digits_of(struct job *job, str text)
{
	struct buf digits = buf_in(job->arena, 64);

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			buf_byte(&digits, (uint8_t)text.ptr[i]);
	return buf_text(&digits);
}

static void judge(struct provider_health *out, json root)
{
	str status = json_text_at(root, "status");

	out->ok = true;
	out->sentence = S("The number is connected and Meta accepts the access token.");
	for (size_t i = 0; i < COUNT_OF(bad_states); i++)
		if (str_is(status, str_of(bad_states[i].status))) {
			out->ok = false;
			out->sentence = str_of(bad_states[i].sentence);
			out->next_step = str_of(bad_states[i].next_step);
		}
	if (out->ok && str_is(out->quality, S("RED")))
		out->next_step =
			S("The quality rating is low: write only to people who asked for it.");
}

/* A refusal by Meta is an answer about the number, not a failure of the question. */
enum err cloud_health(struct job *job, const struct channel *ch, struct provider_health *out)
{
	struct send_result result = { 0 };
	json root;
	enum err e = cloud_call(job, ch,
		&(struct cloud_call){
			.path = arena_printf(job->arena, STR_F "?fields=" NUMBER_FIELDS,
				STR_A(ch->remote_id)) },
		&result, &root);

	if (e == ERR_UPSTREAM || e == ERR_TIMEOUT)
		return e;
	if (e != OK) {
		*out = (struct provider_health){ .sentence = job->why,
			.next_step = job->next_step };
		job_forgive(job);
		return OK;
	}
	out->phone = digits_of(job, json_text_at(root, "display_phone_number"));
	out->verified_name = json_text_at(root, "verified_name");
	out->quality = json_text_at(root, "quality_rating");
	judge(out, root);
	return OK;
}

/* ---- webhooks ---- */

/* "body {override_callback_uri, verify_token} = override": Meta calls url with the handshake before
 * it answers. */
enum err cloud_subscribe(struct job *job, const struct channel *ch, str url)
{
	struct buf body = buf_in(job->arena, CLOUD_BODY_MAX);
	json root, success;

	json_open(&body, '{');
	if (url.len) {
		json_put(&body, "override_callback_uri", url);
		json_put(&body, "verify_token", ch->verify_token);
	}
	json_close(&body, '}');
	TRY(cloud_call(job, ch,
		&(struct cloud_call){
			.method = HTTP_POST,
			.path = arena_printf(job->arena, STR_F "/subscribed_apps",
				STR_A(ch->account_id)),
			.body = buf_bytes(&body),
		},
		NULL, &root));
	success = json_field(root, "success");
	if (json_flag(success, false) || str_is(json_text(success), S("true")) ||
		cloud_list(json_field(root, "data")))
		return OK;
	return fail_code(job, ERR_UPSTREAM, S("not_subscribed"),
		S("Try again, or subscribe the app in Meta's developer tools."),
		"Meta did not confirm the subscription.");
}
