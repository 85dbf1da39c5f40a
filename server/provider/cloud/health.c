/*
 * health.c: what Meta tells of a number, its account and its access token.
 *
 * Three questions: the number must answer, or there is no health to speak of; account and token are
 * told when Meta lets the token see them. What is found is also kept as one JSON object ("told"),
 * in our own words, so that store and API need no knowledge of Meta's.
 */
#include "provider/cloud/cloud_internal.h"

#include "base/codec.h"

#define NUMBER_FIELDS                                                                           \
	"id,display_phone_number,verified_name,quality_rating,status,code_verification_status," \
	"name_status,new_name_status,account_mode,platform_type,throughput,"                    \
	"whatsapp_business_manager_messaging_limit,is_official_business_account,is_pin_enabled," \
	"is_on_biz_app,health_status"
#define ACCOUNT_FIELDS                                                              \
	"id,name,currency,timezone_id,account_review_status,business_verification_status," \
	"marketing_messages_onboarding_status"
#define TOLD_MAX (64u << 10)
#define ENTITIES_MAX 20
#define ERRORS_MAX 10

static const struct {
	const char *status, *sentence, *next_step;
} bad_states[] = {
	{ "BANNED", "WhatsApp banned the number.", "Appeal in WhatsApp Manager." },
	{ "RESTRICTED", "WhatsApp restricted the number.",
		"Look at the reason in WhatsApp Manager." },
	{ "RATE_LIMITED", "WhatsApp limits how much the number may send.",
		"Send less until the limit is lifted." },
	{ "DISCONNECTED", "The number is not connected to the Cloud API.",
		"Register the number on its page, under Registration." },
	{ "PENDING", "The number is not registered yet.",
		"Register the number on its page, under Registration." },
	{ "UNVERIFIED", "The number is not verified.",
		"Verify the number on its page, under Registration." },
	{ "DELETED", "The number was deleted from its account.",
		"Add the number again in WhatsApp Manager." },
	{ "MIGRATED", "The number moved to another account.",
		"Enter the new phone number id on the channel's page." },
};

/* What Meta told, one answer each; NULL where it told none. */
struct told {
	struct job *job;
	const struct channel *ch;
	json number, account, token;
};

/* ---- asking ---- */

/* The token is no secret to its own address: it goes there with every call. */
static str token_path(struct job *job, const struct channel *ch)
{
	struct buf path = buf_in(job->arena, HTTP_TARGET_MAX);

	buf_str(&path, S("debug_token?input_token="));
	percent_write(&path, ch->access_token);
	return buf_text(&path);
}

/* Best effort: a token may send and still not be allowed to look. */
static json ask(struct told *told, str path)
{
	json root = NULL;

	if (cloud_call(told->job, told->ch, &(struct cloud_call){ .path = path }, NULL, &root) ==
		OK)
		return root;
	job_forgive(told->job);
	return NULL;
}

static void ask_more(struct told *told)
{
	struct job *job = told->job;

	if (told->ch->account_id.len)
		told->account = ask(told,
			arena_printf(job->arena, STR_F "?fields=" ACCOUNT_FIELDS,
				STR_A(told->ch->account_id)));
	told->token = json_field(ask(told, token_path(job, told->ch)), "data");
}

/* ---- our words for it ---- */

static str digits_of(struct job *job, str text)
{
	struct buf digits = buf_in(job->arena, 64);

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			buf_byte(&digits, (uint8_t)text.ptr[i]);
	return buf_text(&digits);
}

static void put_known(struct buf *out, const char *key, json from, const char *path)
{
	str text = json_text_at(from, path);

	if (text.len)
		json_put(out, key, text);
}

static void put_flag(struct buf *out, const char *key, json from)
{
	if (json_kind(json_field(from, key)) == JSON_BOOL)
		json_put_bool(out, key, json_flag(json_field(from, key), false));
}

/* "messaging_limit_tier (old)". */
static void put_limit(struct buf *out, json number)
{
	static const char *const keys[] = { "whatsapp_business_manager_messaging_limit",
		"messaging_limit_tier" };

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		if (json_text_at(number, keys[i]).len) {
			json_put(out, "messaging_limit", json_text_at(number, keys[i]));
			return;
		}
}

static str entity_sentence(struct arena *arena, json entity, json error)
{
	str said = json_text_at(error, "error_description");

	if (said.len)
		return str_first_points(said, CLOUD_DETAIL_MAX);
	return arena_printf(arena, "Meta reports a problem of the " STR_F ".",
		STR_A(json_text_at(entity, "entity_type")));
}

static str entity_step(json error)
{
	str said = json_text_at(error, "possible_solution");

	return said.len ? str_first_points(said, CLOUD_DETAIL_MAX)
	                : S("Look into WhatsApp Manager: it shows what is wrong there.");
}

static void put_entity(struct job *job, struct buf *out, json entity)
{
	json errors = json_field(entity, "errors");

	json_open(out, '{');
	json_put(out, "type", json_text_at(entity, "entity_type"));
	json_put(out, "id", json_text_or_int(job->arena, json_field(entity, "id")));
	json_put(out, "can_send_message", json_text_at(entity, "can_send_message"));
	json_open_in(out, "errors", '[');
	for (size_t i = 0; i < cloud_list(errors) && i < ERRORS_MAX; i++) {
		json error = json_at(errors, i);

		json_open(out, '{');
		json_put(out, "code",
			json_text_or_int(job->arena, json_field(error, "error_code")));
		json_put(out, "sentence", entity_sentence(job->arena, entity, error));
		json_put(out, "next_step", entity_step(error));
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
}

static void put_status(const struct told *told, struct buf *out)
{
	json entities = json_path(told->number, "health_status.entities");

	put_known(out, "can_send_message", told->number, "health_status.can_send_message");
	json_open_in(out, "entities", '[');
	for (size_t i = 0; i < cloud_list(entities) && i < ENTITIES_MAX; i++)
		put_entity(told->job, out, json_at(entities, i));
	json_close(out, ']');
}

static void put_account(const struct told *told, struct buf *out)
{
	if (!told->account)
		return;
	json_open_in(out, "account", '{');
	put_known(out, "name", told->account, "name");
	put_known(out, "currency", told->account, "currency");
	put_known(out, "review_status", told->account, "account_review_status");
	put_known(out, "verification_status", told->account, "business_verification_status");
	put_known(out, "marketing_onboarding", told->account,
		"marketing_messages_onboarding_status");
	json_close(out, '}');
}

static bool has_scope(json scopes, const char *name)
{
	for (size_t i = 0; i < cloud_list(scopes); i++)
		if (str_is(json_text(json_at(scopes, i)), str_of(name)))
			return true;
	return false;
}

static void put_token(const struct told *told, struct buf *out, int64_t expires_ms)
{
	static const char *const needed[] = { "whatsapp_business_messaging",
		"whatsapp_business_management" };
	json scopes = json_field(told->token, "scopes");

	if (!told->token)
		return;
	json_open_in(out, "token", '{');
	json_put_bool(out, "valid", json_flag(json_field(told->token, "is_valid"), true));
	json_put_ms(out, "expires_ms", expires_ms);
	put_known(out, "type", told->token, "type");
	put_known(out, "app_name", told->token, "application");
	json_put(out, "app_id",
		json_text_or_int(told->job->arena, json_field(told->token, "app_id")));
	json_open_in(out, "missing_permissions", '[');
	for (size_t i = 0; i < COUNT_OF(needed); i++)
		if (cloud_list(scopes) && !has_scope(scopes, needed[i]))
			json_put(out, NULL, str_of(needed[i]));
	json_close(out, ']');
	json_close(out, '}');
}

static str write_told(const struct told *told, int64_t expires_ms)
{
	struct buf out = buf_in(told->job->arena, TOLD_MAX);

	json_open(&out, '{');
	put_known(&out, "verified_name", told->number, "verified_name");
	put_known(&out, "quality_rating", told->number, "quality_rating");
	put_known(&out, "status", told->number, "status");
	put_known(&out, "name_status", told->number, "name_status");
	put_known(&out, "new_name_status", told->number, "new_name_status");
	put_known(&out, "code_verification_status", told->number, "code_verification_status");
	put_known(&out, "account_mode", told->number, "account_mode");
	put_known(&out, "platform_type", told->number, "platform_type");
	put_known(&out, "throughput", told->number, "throughput.level");
	put_limit(&out, told->number);
	put_flag(&out, "is_pin_enabled", told->number);
	put_flag(&out, "is_official_business_account", told->number);
	put_flag(&out, "is_on_biz_app", told->number);
	put_status(told, &out);
	put_account(told, &out);
	put_token(told, &out, expires_ms);
	json_put_int(&out, "checked_ms", told->job->now_ms);
	json_close(&out, '}');
	return out.failed ? STR_NONE : buf_text(&out);
}

/* ---- the verdict ---- */

static void refuse(struct provider_health *out, str sentence, str next_step)
{
	if (!out->ok)
		return;
	out->ok = false;
	out->sentence = sentence;
	out->next_step = next_step;
}

/* "can_send_message: AVAILABLE | LIMITED | BLOCKED with entities[]": the first that blocks says
 * why.
 */
static void judge_entities(struct job *job, struct provider_health *out, json number)
{
	json entities = json_path(number, "health_status.entities");

	if (!str_is(json_text_at(number, "health_status.can_send_message"), S("BLOCKED")))
		return;
	for (size_t i = 0; i < cloud_list(entities); i++) {
		json entity = json_at(entities, i);

		if (str_is(json_text_at(entity, "can_send_message"), S("BLOCKED")))
			refuse(out,
				entity_sentence(job->arena, entity, json_path(entity, "errors.0")),
				entity_step(json_path(entity, "errors.0")));
	}
	refuse(out, S("Meta lets the number send nothing."),
		S("Look into WhatsApp Manager: it shows what is wrong there."));
}

static void judge(struct job *job, struct provider_health *out, json number)
{
	str status = json_text_at(number, "status");

	out->ok = true;
	out->sentence = S("The number is connected and Meta accepts the access token.");
	for (size_t i = 0; i < COUNT_OF(bad_states); i++)
		if (str_is(status, str_of(bad_states[i].status)))
			refuse(out, str_of(bad_states[i].sentence),
				str_of(bad_states[i].next_step));
	judge_entities(job, out, number);
	if (out->ok && str_is(out->quality, S("RED")))
		out->next_step =
			S("The quality rating is low: write only to people who asked for it.");
}

/* A refusal by Meta is an answer about the number, not a failure of the question. */
enum err cloud_health(struct job *job, const struct channel *ch, struct provider_health *out)
{
	struct told told = { .job = job, .ch = ch };
	struct send_result result = { 0 };
	enum err e = cloud_call(job, ch,
		&(struct cloud_call){
			.path = arena_printf(job->arena, STR_F "?fields=" NUMBER_FIELDS,
				STR_A(ch->remote_id)) },
		&result, &told.number);

	if (e == ERR_UPSTREAM || e == ERR_TIMEOUT)
		return e;
	if (e != OK) {
		*out = (struct provider_health){ .sentence = job->why,
			.next_step = job->next_step };
		job_forgive(job);
		return OK;
	}
	ask_more(&told);
	out->phone = digits_of(job, json_text_at(told.number, "display_phone_number"));
	out->verified_name = json_text_at(told.number, "verified_name");
	out->quality = json_text_at(told.number, "quality_rating");
	out->token_expires_ms = json_int(json_field(told.token, "expires_at"), 0) * 1000;
	out->told = write_told(&told, out->token_expires_ms);
	judge(job, out, told.number);
	return OK;
}
