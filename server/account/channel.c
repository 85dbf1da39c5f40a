/*
 * channel.c: channels as they are stored, and as the API shows them.
 *
 * The three secrets of a channel and its config are one sealed JSON text; they are plain in struct
 * channel only, which lives as long as its job.
 */
#include "account/channel_internal.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"

#include <stdio.h>

#define CONFIG_MAX (8192 + PROVIDER_CONFIG_MAX)
#define TAG_PAGE 200

#define BASES_MAX 8

static struct {
	struct base { const char *provider, *url; bool allow_private; } bases[BASES_MAX];
	const char *public_url;
	bool allow_private;
} config = { { { "cloud", "https://graph.facebook.com/v24.0", false } }, "", false };

void (*channel_changed_hook)(struct job *job, id64 channel);

/* Of the provider, or the first free place. */
static struct base *base_of(const char *provider)
{
	size_t i = 0;

	while (i < BASES_MAX - 1 && config.bases[i].provider &&
		strcmp(config.bases[i].provider, provider) != 0)
		i++;
	return &config.bases[i];
}

void channel_set_base_url(const char *provider, const char *url, bool allow_private)
{
	*base_of(provider) = (struct base){ provider, url, allow_private };
}

void channel_set_allow_private(bool allow_private)
{
	config.allow_private = provider_private_calls = allow_private;
}

void channel_set_public_url(const char *url)
{
	config.public_url = url;
}

str channel_public_url(void)
{
	return config.public_url ? str_of(config.public_url) : S("");
}

/* ---- secrets ---- */

enum err channel_seal_config(struct job *job, const struct channel *channel, bytes *out)
{
	struct buf text = buf_in(job->arena, CONFIG_MAX);

	json_open(&text, '{');
	json_put(&text, "access_token", channel->access_token);
	json_put(&text, "app_secret", channel->app_secret);
	json_put(&text, "verify_token", channel->verify_token);
	if (channel->old_app_secret.len && channel->old_secret_until_ms > job->now_ms) {
		json_put(&text, "old_app_secret", channel->old_app_secret);
		json_put_int(&text, "old_secret_until_ms", channel->old_secret_until_ms);
	}
	json_put_raw(&text, "config", channel->config.len ? channel->config : S("{}"));
	json_close(&text, '}');
	if (text.failed)
		return fail(job, ERR_INPUT, "The secrets of the channel are too long together.");
	return seal(job, SEAL_SECRET, buf_text(&text), out);
}

/* Its own address, and what it can. An address of its own is private only where all may be. */
static void apply_config(struct channel *out, json own)
{
	const struct base *base = base_of(out->provider->name);
	str url = json_text_at(own, "base_url");

	out->base_url = url.len ? url : base->url ? str_of(base->url) : S("");
	out->allow_private = url.len || !base->url ? config.allow_private : base->allow_private;
	out->can = out->provider->config_can
	                   ? out->provider->can & out->provider->config_can(own)
	                   : out->provider->can;
}

static enum err unseal_config(struct job *job, bytes sealed, struct channel *out)
{
	struct buf own = buf_in(job->arena, PROVIDER_CONFIG_MAX + 1);
	json root;
	str text;

	TRY(unseal(job, SEAL_SECRET, sealed, &text));
	if (json_read(job->arena, text, &root, NULL) != OK)
		return fail(job, ERR_CORRUPT, "the secrets of a channel are not JSON");
	out->access_token = json_text_at(root, "access_token");
	out->app_secret = json_text_at(root, "app_secret");
	out->verify_token = json_text_at(root, "verify_token");
	out->old_app_secret = json_text_at(root, "old_app_secret");
	out->old_secret_until_ms = json_int(json_field(root, "old_secret_until_ms"), 0);
	if (json_field(root, "config"))
		json_put_value(&own, NULL, json_field(root, "config"));
	out->config = own.len ? buf_text(&own) : S("{}");
	apply_config(out, json_field(root, "config"));
	return OK;
}

bytes channel_app_tag(struct job *job, str app_secret)
{
	uint8_t tag[SHA256_SIZE];

	if (app_secret.len == 0)
		return BYTES_NONE;
	master_hash(S("app"), app_secret, tag);
	return arena_bytes(job->arena, (bytes){ tag, sizeof tag });
}

/* ---- rows ---- */

/* Digits once known; a number that waits for its digits shows none. */
static str phone_digits(str phone)
{
	return str_is_digits(phone) ? phone : S("");
}

static void read_profile(struct job *job, str profile, struct channel_full *out)
{
	json root;

	if (json_read(job->arena, profile, &root, NULL) != OK)
		return;
	out->told = root;
	out->verified_name = json_text_at(root, "verified_name");
	out->quality = json_text_at(root, "quality_rating");
}

static enum err fill_channel(struct job *job, const struct channel_row *row, struct channel *out)
{
	*out = (struct channel){
		.id = row->id,
		.workspace = row->workspace,
		.number_id = row->number,
		.provider = provider_find(row->provider),
		.name = row->name,
		.phone = phone_digits(row->phone),
		.remote_id = row->remote_id,
		.account_id = row->account_id,
		.pace_per_second = row->pace_per_second,
		.pair_interval_ms = row->pair_interval_ms,
		.pair_burst = row->pair_burst,
		.disabled = row->disabled_ms != 0,
		.environment = row->environment,
	};
	if (!out->provider)
		return fail(job, ERR_BUG, "a channel has an unknown provider");
	return unseal_config(job, row->config_sealed, out);
}

enum err channel_from_row(struct job *job, const struct channel_row *row, struct channel_full *out)
{
	id64 own = job->workspace;
	enum err e;

	*out = (struct channel_full){
		.health = row->disabled_ms ? S("disabled") : row->health,
		.health_reason = row->health_reason,
		.health_next_step = row->health_next_step,
		.health_since_ms = row->health_since_ms,
		.proof_ms = row->proof_ms,
		.last_event_ms = row->last_event_ms,
		.last_send_ms = row->last_send_ms,
		.created_ms = row->created_ms,
	};
	if (row->disabled_ms) {
		out->health_reason = S("The channel is switched off.");
		out->health_next_step = S("Switch it on to send again.");
	}
	read_profile(job, row->profile, out);
	job->workspace = row->workspace;
	e = fill_channel(job, row, &out->channel);
	job->workspace = own;
	return e;
}

enum err channel_get_full(struct job *job, id64 id, struct channel_full **out)
{
	struct channel_row row;

	TRY(sql_channel_get(job, &(struct sql_channel_get){ .workspace = job->workspace, .id = id },
		&row));
	*out = ARENA_NEW(job->arena, struct channel_full);
	return channel_from_row(job, &row, *out);
}

enum err channel_get(struct job *job, id64 id, struct channel **out)
{
	struct channel_full *full;

	TRY(channel_get_full(job, id, &full));
	*out = &full->channel;
	return OK;
}

enum err channel_list(struct job *job, id64 after, size_t limit, struct channel_full **out,
	size_t *count)
{
	struct channel_rows rows;

	TRY(sql_channel_list(job,
		&(struct sql_channel_list){ .workspace = job->workspace,
			.after = after,
			.count = (int64_t)limit },
		&rows));
	*out = ARENA_ARRAY(job->arena, struct channel_full, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		TRY(channel_from_row(job, &rows.items[i], &(*out)[i]));
	return OK;
}

/* The one it was posted to, if it is that; else one of the same workspace before those of others.
 */
static const struct channel_row *pick(const struct channel_rows *rows,
	const struct channel *posted_to, const bytes tags[2])
{
	const struct channel_row *best = NULL;

	for (size_t i = 0; i < rows->count; i++) {
		const struct channel_row *row = &rows->items[i];

		if (!row->app_tag.len ||
			(!str_is(str_from(row->app_tag), str_from(tags[0])) &&
				!str_is(str_from(row->app_tag), str_from(tags[1]))))
			continue;
		if (row->id == posted_to->id)
			return row;
		if (!best || (best->workspace != posted_to->workspace &&
				     row->workspace == posted_to->workspace))
			best = row;
	}
	return best;
}

enum err channel_of_event(struct job *job, const struct channel *posted_to, str remote_id,
	struct channel **out)
{
	/* While a secret is changed, channels of the app may have either. */
	const bytes tags[2] = { channel_app_tag(job, posted_to->app_secret),
		channel_app_tag(job, posted_to->old_app_secret) };
	const struct channel_row *row;
	struct channel_full *full;
	struct channel_rows rows;

	TRY(sql_channel_by_remote(job, &(struct sql_channel_by_remote){
		.provider = str_of(posted_to->provider->name), .remote_id = remote_id }, &rows));
	row = tags[0].ptr ? pick(&rows, posted_to, tags) : NULL;
	if (!row)
		return fail(job, ERR_MISSING,
			"no channel of this app has the number that the event names");
	full = ARENA_NEW(job->arena, struct channel_full);
	TRY(channel_from_row(job, row, full));
	*out = &full->channel;
	return OK;
}

enum err channel_retag(struct job *job)
{
	struct channel_rows rows;
	id64 after = 0;

	do {
		TRY(sql_channel_all(job,
			&(struct sql_channel_all){ .after = after, .count = TAG_PAGE }, &rows));
		for (size_t i = 0; i < rows.count; i++) {
			struct channel_full full;

			TRY(channel_from_row(job, &rows.items[i], &full));
			TRY(sql_channel_set_tag(job,
				&(struct sql_channel_set_tag){ .id = rows.items[i].id,
					.app_tag = channel_app_tag(job, full.channel.app_secret) },
				NULL));
			after = rows.items[i].id;
		}
	} while (rows.count == TAG_PAGE);
	return OK;
}

void channel_changed(struct job *job, id64 id)
{
	id64 own = job->workspace;

	/* The change is committed: a failure here is told, and mended by the next load. */
	job->workspace = 0;
	if (intake_keys_load(job) != OK) {
		log_error("could not load the keys of the intake: " STR_F, STR_A(job->why));
		job_forgive(job);
	}
	job->workspace = own;
	if (channel_changed_hook)
		channel_changed_hook(job, id);
}

/* ---- the API's words ---- */

str channel_webhook_url(struct arena *arena, const struct channel *channel)
{
	return arena_printf(arena, "%s/webhooks/%s/%lld%s" STR_F, config.public_url,
		channel->provider->name, (long long)channel->id,
		channel->provider->secret_in_url ? "/" : "",
		STR_A(channel->provider->secret_in_url ? channel->app_secret : S("")));
}

void channel_write_capabilities(struct buf *out, uint64_t can)
{
	static const struct { uint64_t bit; const char *name;
	} others[] = {
		{ CAN_REPLY, "reply" },
		{ CAN_MARK_READ, "mark_read" },
		{ CAN_TYPING, "typing" },
		{ CAN_TEMPLATES, "templates" },
		{ CAN_MEDIA_FETCH, "media" },
		{ CAN_WINDOW, "window" },
		{ CAN_TIMER, "timer" },
		{ CAN_FORWARD, "forward" },
	};

	json_open_in(out, "capabilities", '[');
	for (int kind = 0; kind < KINDS; kind++)
		if (can & CAN_KIND(kind))
			json_put(out, NULL, str_of(kind_name((enum message_kind)kind)));
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (can & others[i].bit)
			json_put(out, NULL, str_of(others[i].name));
	json_close(out, ']');
}

static void write_health(struct buf *out, const struct channel_full *full)
{
	json_open_in(out, "health", '{');
	json_put(out, "state", full->health);
	json_put(out, "reason", full->health_reason);
	json_put(out, "next_step", full->health_next_step);
	json_put_ms(out, "since_ms", full->health_since_ms);
	json_put_ms(out, "proof_ms", full->proof_ms);
	json_close(out, '}');
}

/* What whoever manages the channel copies to the other side, and nobody else sees. */
static void write_secrets(struct buf *out, const struct channel *ch, bool may_manage)
{
	bool is_ours = !(ch->provider->needs & NEEDS_APP_SECRET);
	struct channel shown = *ch;

	if (!may_manage)
		shown.app_secret = S("…");
	json_put(out, "webhook_url", channel_webhook_url(out->arena, &shown));
	json_put(out, "webhook_secret", may_manage && is_ours ? ch->app_secret : STR_NONE);
	json_put(out, "verify_token", may_manage ? ch->verify_token : STR_NONE);
	if (may_manage)
		channel_write_config(out, "config", ch);
	else
		json_put_null(out, "config");
}

static void write_identity(struct buf *out, const struct channel_full *full, bool may_manage)
{
	const struct channel *ch = &full->channel;
	char text[512];

	json_put_id(out, "id", ch->id);
	json_put(out, "provider", str_of(ch->provider->name));
	json_put(out, "name", ch->name);
	snprintf(text, sizeof text, "+" STR_F, STR_A(ch->phone));
	json_put(out, "phone_number", ch->phone.len ? str_of(text) : STR_NONE);
	json_put(out, "phone_number_id",
		ch->provider->needs & NEEDS_PHONE_NUMBER_ID ? ch->remote_id : STR_NONE);
	json_put(out, "waba_id", ch->provider->needs & NEEDS_WABA ? ch->account_id : STR_NONE);
	json_put_id(out, "number_id", ch->number_id);
	json_put_bool(out, "disabled", ch->disabled);
	json_put(out, "environment", ch->environment);
	write_secrets(out, ch, may_manage);
	json_put_bool(out, "has_access_token", ch->access_token.len > 0);
	json_put_bool(out, "has_app_secret", ch->app_secret.len > 0);
	json_put_ms(out, "old_app_secret_until_ms",
		ch->old_app_secret.len && ch->old_secret_until_ms > clock_now_ms()
			? ch->old_secret_until_ms
			: 0);
}

void channel_write_json(struct buf *out, const char *key, const struct channel_full *full,
	bool may_manage)
{
	const struct channel *ch = &full->channel;

	if (key)
		json_open_in(out, key, '{');
	else
		json_open(out, '{');
	write_identity(out, full, may_manage);
	write_health(out, full);
	json_put_ms(out, "last_event_ms", full->last_event_ms);
	json_put_ms(out, "last_send_ms", full->last_send_ms);
	json_put(out, "quality_rating", full->quality);
	json_put(out, "verified_name", full->verified_name);
	channel_write_told(out, full);
	channel_write_capabilities(out, provider_can(ch));
	json_put_int(out, "pace_per_second", ch->pace_per_second);
	json_put_int(out, "pair_interval_ms", ch->pair_interval_ms);
	json_put_int(out, "pair_burst", ch->pair_burst);
	json_put_int(out, "created_ms", full->created_ms);
	json_close(out, '}');
}
