/*
 * channel_told.c: what the network tells of a number, kept as one JSON object with the channel.
 *
 * A health answer replaces it; a notice changes a member of it, so that the page follows a webhook
 * at once and the next answer sets it right. Warnings are worked out of it when they are shown, but
 * for the one that must reach people who do not look: a token that is about to expire.
 */
#include "account/channel_internal.h"

#include "account/seal.h"
#include "base/clock.h"
#include "base/json.h"
#include "crypto/crypto.h"

#include <stdio.h>

#define TOLD_MAX (128u << 10)
#define CHANNELS_MAX 1000
#define DAY_MS (24 * 3600 * 1000LL)

void (*channel_refresh_hook)(id64 workspace, id64 channel);

/* ---- a token that expires ---- */

/* Days before the end at which people are told. */
static const int64_t stages[] = { 1, 7, 14 };

/* The smallest stage that is reached; 0: none. */
static int64_t stage_of(int64_t expires_ms, int64_t now_ms)
{
	if (expires_ms <= 0)
		return 0;
	for (size_t i = 0; i < COUNT_OF(stages); i++)
		if (expires_ms - now_ms <= stages[i] * DAY_MS)
			return stages[i];
	return 0;
}

static str expiry_sentence(struct arena *arena, int64_t expires_ms, int64_t now_ms)
{
	int64_t days = (expires_ms - now_ms + DAY_MS - 1) / DAY_MS;

	if (expires_ms <= now_ms)
		return S("The access token has expired.");
	return days <= 1 ? S("The access token expires within a day.")
	                 : arena_printf(arena, "The access token expires in %lld days.",
				   (long long)days);
}

static enum err warn_of_token(struct job *job, const struct channel *ch, int64_t expires_ms,
	int64_t stage)
{
	str key = arena_printf(job->arena, "%lld|%lld|%lld", (long long)ch->id,
		(long long)expires_ms, (long long)stage);
	uint8_t hash[SHA256_SIZE];
	bytes detail;

	TRY(keyed_hash(job, S("token notice"), key, hash));
	TRY(seal(job, SEAL_NOTICE, S("{}"), &detail));
	return sql_notice_add(job,
		&(struct sql_notice_add){ .id = job_id(job),
			.workspace = job->workspace,
			.channel = ch->id,
			.kind = S("token_expiry"),
			.severity = stage <= 1 ? S("critical") : S("warning"),
			.sentence = arena_printf(job->arena,
				STR_F ": " STR_F " Enter a new one on the channel's page.",
				STR_A(ch->name),
				STR_A(expiry_sentence(job->arena, expires_ms, job->now_ms))),
			.detail = detail,
			.dedup = { hash, sizeof hash },
			.at_ms = job->now_ms },
		NULL);
}

/* ---- keeping ---- */

enum err channel_keep_told(struct job *job, const struct channel_full *full,
	const struct provider_health *health)
{
	int64_t stage = stage_of(health->token_expires_ms, job->now_ms);
	struct buf plain = buf_in(job->arena, TOLD_MAX);
	id64 own = job->workspace;
	enum err e;

	json_open(&plain, '{');
	json_put(&plain, "verified_name", health->verified_name);
	json_put(&plain, "quality_rating", health->quality);
	json_close(&plain, '}');
	TRY(sql_channel_set_profile(job,
		&(struct sql_channel_set_profile){ .workspace = full->channel.workspace,
			.id = full->channel.id,
			.profile = health->told.len ? health->told : buf_text(&plain) },
		NULL));
	job->workspace = full->channel.workspace;
	e = stage ? warn_of_token(job, &full->channel, health->token_expires_ms, stage) : OK;
	job->workspace = own;
	return e;
}

/* What was kept, with these members in the place of its own. */
struct told_change { const char *key; str value; };

static enum err change_told(struct job *job, const struct channel_full *full,
	const struct told_change *changes, size_t count)
{
	struct buf out = buf_in(job->arena, TOLD_MAX);

	json_open(&out, '{');
	for (void *at = json_first(full->told); at; at = json_next(full->told, at)) {
		bool is_changed = false;

		for (size_t i = 0; i < count; i++)
			is_changed |= str_is(json_member_name(at), str_of(changes[i].key));
		if (is_changed)
			continue;
		json_key_str(&out, json_member_name(at));
		json_put_value(&out, NULL, json_member_value(at));
	}
	for (size_t i = 0; i < count; i++)
		json_put(&out, changes[i].key, changes[i].value);
	json_close(&out, '}');
	if (out.failed)
		return OK;
	return sql_channel_set_profile(job,
		&(struct sql_channel_set_profile){ .workspace = full->channel.workspace,
			.id = full->channel.id,
			.profile = buf_text(&out) },
		NULL);
}

/* ---- notices ---- */

/* "number or TIER_ string; −1 = unlimited". */
static str limit_of(struct arena *arena, json value)
{
	str text = json_text_or_int(arena, value);
	int64_t number;

	if (!str_to_i64(text, &number))
		return text;
	if (number < 0)
		return S("TIER_UNLIMITED");
	if (number >= 1000)
		return arena_printf(arena, "TIER_%lldK", (long long)(number / 1000));
	return arena_printf(arena, "TIER_%lld", (long long)number);
}

/* What one notice changes; count 0: nothing that we keep. */
static size_t changes_of(struct job *job, const struct provider_event *ev, json value,
	struct told_change out[2])
{
	str event = json_text_at(value, "event");
	str limit = limit_of(job->arena, json_field(value, "max_daily_conversations_per_business"));
	size_t count = 0;

	if (!limit.len)
		limit = limit_of(job->arena, json_field(value, "max_daily_conversation_per_phone"));
	if (!limit.len && str_is(ev->field, S("phone_number_quality_update")))
		limit = limit_of(job->arena, json_field(value, "current_limit"));
	if (limit.len)
		out[count++] = (struct told_change){ "messaging_limit", limit };
	if (str_is(ev->field, S("phone_number_name_update")) && json_text_at(value, "decision").len)
		out[count++] =
			(struct told_change){ "name_status", json_text_at(value, "decision") };
	if (str_is(event, S("THROUGHPUT_UPGRADE")))
		out[count++] = (struct told_change){ "throughput", S("HIGH") };
	else if (str_is(event, S("FLAGGED")))
		out[count++] = (struct told_change){ "quality_rating", S("RED") };
	else if (str_is(event, S("UNFLAGGED")))
		out[count++] = (struct told_change){ "quality_rating", S("GREEN") };
	return count;
}

static bool is_about_account(const struct provider_event *ev)
{
	static const char *const fields[] = { "account_update", "account_alerts",
		"account_review_update", "business_capability_update", "security",
		"phone_number_quality_update", "phone_number_name_update",
		"account_settings_update" };

	for (size_t i = 0; i < COUNT_OF(fields); i++)
		if (str_is(ev->field, str_of(fields[i])))
			return true;
	return false;
}

/* Whom it is about: the number it names, or all of the account. */
static bool is_meant(const struct channel *ch, const struct channel *told_to, json value)
{
	str phone = json_text_at(value, "display_phone_number");

	if (str_starts(phone, S("+")))
		phone = str_part(phone, 1, phone.len);
	if (ch->provider != told_to->provider || !str_is(ch->account_id, told_to->account_id))
		return false;
	return !str_is_digits(phone) || str_is(phone, ch->phone);
}

enum err channel_apply_notice(struct job *job, const struct channel *ch,
	const struct provider_event *event)
{
	struct told_change changes[2];
	struct channel_full *all;
	size_t count, change_count;
	json value;

	if (!is_about_account(event) || json_read(job->arena, event->detail, &value, NULL) != OK)
		return OK;
	change_count = changes_of(job, event, value, changes);
	TRY(channel_list(job, 0, CHANNELS_MAX, &all, &count));
	for (size_t i = 0; i < count; i++) {
		if (!is_meant(&all[i].channel, ch, value))
			continue;
		if (change_count)
			TRY(change_told(job, &all[i], changes, change_count));
		if (channel_refresh_hook)
			channel_refresh_hook(job->workspace, all[i].channel.id);
		if (channel_changed_hook)
			channel_changed_hook(job, all[i].channel.id);
	}
	return OK;
}

/* ---- the API's words ---- */

static void put_warning(struct buf *out, const char *code, str sentence, str next_step)
{
	json_open(out, '{');
	json_put(out, "code", str_of(code));
	json_put(out, "sentence", sentence);
	json_put(out, "next_step", next_step);
	json_close(out, '}');
}

static void warn_token(struct buf *out, json token)
{
	int64_t expires_ms = json_int(json_field(token, "expires_ms"), 0);
	char text[64];
	int64_t days = (expires_ms - clock_now_ms() + DAY_MS - 1) / DAY_MS;

	if (token && !json_flag(json_field(token, "valid"), true))
		put_warning(out, "token_invalid", S("Meta calls the access token invalid."),
			S("Enter a new access token."));
	if (json_count(json_field(token, "missing_permissions")))
		put_warning(out, "token_permissions",
			S("The access token lacks a permission that Parley needs."),
			S("Give the system user whatsapp_business_messaging and "
			  "whatsapp_business_management, and make a new token."));
	if (!stage_of(expires_ms, clock_now_ms()))
		return;
	snprintf(text, sizeof text, "The access token expires in %lld days.", (long long)days);
	put_warning(out, "token_expires",
		days > 1    ? str_of(text)
		: days == 1 ? S("The access token expires within a day.")
			    : S("The access token has expired."),
		S("Make a new token in Meta's Business settings and enter it here; nothing stops "
		  "meanwhile."));
}

/* The first error of each entity that limits or blocks. */
static void warn_entities(struct buf *out, json told)
{
	json entities = json_field(told, "entities");

	for (size_t i = 0; i < json_count(entities); i++) {
		json error = json_path(json_at(entities, i), "errors.0");

		if (error)
			put_warning(out, "entity", json_text_at(error, "sentence"),
				json_text_at(error, "next_step"));
	}
}

static void warn_quality(struct buf *out, str quality)
{
	if (str_is(quality, S("RED")))
		put_warning(out, "quality_red", S("People block or report the number often."),
			S("Pause marketing, and write only to people who asked for it."));
	if (str_is(quality, S("YELLOW")))
		put_warning(out, "quality_yellow", S("The quality of the number has fallen."),
			S("Look at what was sent in the last week; messages that few want cost "
			  "quality."));
}

static void write_warnings(struct buf *out, const struct channel_full *full)
{
	str name = json_text_at(full->told, "name_status");

	json_open_in(out, "warnings", '[');
	warn_token(out, json_field(full->told, "token"));
	warn_entities(out, full->told);
	warn_quality(out, full->quality);
	if (str_is(name, S("DECLINED")) || str_is(name, S("REJECTED")))
		put_warning(out, "name_declined", S("WhatsApp declined the display name."),
			S("Ask for another name under Registration."));
	if (str_is(json_text_at(full->told, "account.review_status"), S("REJECTED")))
		put_warning(out, "review_rejected", S("The review of the account was negative."),
			S("Appeal in WhatsApp Manager."));
	json_close(out, ']');
}

void channel_write_told(struct buf *out, const struct channel_full *full)
{
	if (json_int(json_field(full->told, "checked_ms"), 0))
		json_put_value(out, "number", full->told);
	else
		json_put_null(out, "number");
	write_warnings(out, full);
}
