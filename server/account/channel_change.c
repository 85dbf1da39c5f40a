/*
 * channel_change.c: connecting, changing and removing channels.
 *
 * A channel's number starts as "pending-ID" when nobody knows its digits; the provider's health
 * tells them later, and the channel moves to the number of those digits.
 */
#include "account/channel_internal.h"
#include "base/json.h"
#include "crypto/crypto.h"

#define REMOTE_ID_MAX 64
#define SECRET_MAX 1024
#define VERIFY_TOKEN_MAX 256
#define VERIFY_TOKEN_SIZE 18
#define APP_SECRET_SIZE 24
#define REASON_MAX 500
#define CHANNELS_MAX 1000
#define DAY_MS (24 * 3600 * 1000LL)
#define PHONE_MAX 15

static struct {
	int64_t pace_per_second, pair_interval_ms, pair_burst;
} defaults = { PACE_PER_SECOND_DEFAULT, PAIR_INTERVAL_MS_DEFAULT, PAIR_BURST_DEFAULT };

void channel_set_defaults(int64_t pace_per_second, int64_t pair_interval_ms, int64_t pair_burst)
{
	defaults.pace_per_second = pace_per_second;
	defaults.pair_interval_ms = pair_interval_ms;
	defaults.pair_burst = pair_burst;
}

/* ---- checks ---- */

static void check_provider_id(struct job *job, str field, str value)
{
	if (value.len == 0)
		field_error(job, field, S("required"), S("Must not be empty."));
	else if (!str_is_digits(value) || value.len > REMOTE_ID_MAX)
		field_error(job, field, S("invalid"),
			S("Digits only, as Meta's dashboard shows it."));
}

/* Printable ASCII: it goes into a header or a signature. */
static void check_secret(struct job *job, str field, str value, size_t max)
{
	if (value.len == 0)
		field_error(job, field, S("required"), S("Must not be empty."));
	if (value.len > max)
		field_error(job, field, S("too_long"), S("Too long."));
	for (size_t i = 0; i < value.len; i++) {
		if (value.ptr[i] > 0x20 && value.ptr[i] < 0x7F)
			continue;
		field_error(job, field, S("invalid"),
			S("Letters, digits and signs without blanks only."));
		return;
	}
}

static void check_range(struct job *job, str field, int64_t value, int64_t max)
{
	if (value < 0 || value > max)
		field_error(job, field, S("out_of_range"),
			arena_printf(job->arena, "From 1 to %lld.", (long long)max));
}

static void check_pace(struct job *job, const struct channel_draft *draft)
{
	check_range(job, S("pace_per_second"), draft->pace_per_second, PACE_PER_SECOND_MAX);
	check_range(job, S("pair_interval_ms"),
		draft->pair_interval_ms < 0 ? 0 : draft->pair_interval_ms, PAIR_INTERVAL_MS_MAX);
	check_range(job, S("pair_burst"), draft->pair_burst, PAIR_BURST_MAX);
}

/* What the provider needs of the fields that all share; what it does not need may be given. */
static void check_needs(struct job *job, const struct channel_draft *draft, unsigned needs)
{
	if (needs & NEEDS_PHONE_NUMBER_ID || draft->remote_id.ptr)
		check_provider_id(job, S("phone_number_id"), draft->remote_id);
	if (needs & NEEDS_WABA || draft->account_id.ptr)
		check_provider_id(job, S("waba_id"), draft->account_id);
	if (needs & NEEDS_TOKEN || draft->access_token.ptr)
		check_secret(job, S("access_token"), draft->access_token, SECRET_MAX);
	if (needs & NEEDS_APP_SECRET || draft->app_secret.ptr)
		check_secret(job, S("app_secret"), draft->app_secret, SECRET_MAX);
	if (needs & NEEDS_PHONE && !draft->phone.len)
		field_error(job, S("phone_number"), S("required"), S("Must not be missing."));
	else if (draft->phone.ptr && (!str_is_digits(draft->phone) || draft->phone.len > PHONE_MAX))
		field_error(job, S("phone_number"), S("invalid"),
			S("Digits of the number with its country code."));
}

/* provider: NULL when there is none of that name. */
static enum err check_new(struct job *job, const struct channel_draft *draft,
	const struct provider *provider, str *config)
{
	*config = S("{}");
	check_name(job, S("name"), draft->name);
	if (draft->verify_token.ptr)
		check_secret(job, S("verify_token"), draft->verify_token, VERIFY_TOKEN_MAX);
	channel_check_environment(job, draft->environment);
	check_pace(job, draft);
	/* Whoever misspelt the provider meant most likely this one. */
	check_needs(job, draft, provider ? provider->needs : cloud_provider.needs);
	if (!provider) {
		field_error(job, S("provider"), S("invalid"),
			S("Not a provider that this server has."));
		return OK;
	}
	if (provider->is_development && !str_is(draft->environment, S("development")))
		field_error(job, S("environment"), S("invalid"),
			arena_printf(job->arena, "Must be development: %s is for trials only.",
				provider->title));
	return channel_take_config(job, provider, STR_NONE, draft->config, config);
}

static void check_changed(struct job *job, const struct channel_draft *draft, str reason)
{
	if (draft->name.ptr)
		check_name(job, S("name"), draft->name);
	if (draft->access_token.ptr)
		check_secret(job, S("access_token"), draft->access_token, SECRET_MAX);
	if (draft->app_secret.ptr)
		check_secret(job, S("app_secret"), draft->app_secret, SECRET_MAX);
	if (draft->verify_token.ptr)
		check_secret(job, S("verify_token"), draft->verify_token, VERIFY_TOKEN_MAX);
	if (str_count_points(reason) > REASON_MAX)
		field_error(job, S("reason"), S("too_long"), S("At most 500 characters."));
	channel_check_environment(job, draft->environment);
	check_pace(job, draft);
}

/* ---- the number ---- */

static enum err number_for(struct job *job, id64 workspace, str phone, id64 *out)
{
	struct number_row row;
	enum err e = sql_number_find(job,
		&(struct sql_number_find){ .workspace = workspace, .phone = phone }, &row);

	if (e == OK)
		*out = row.id;
	if (e != ERR_MISSING)
		return e;
	*out = job_id(job);
	return sql_number_insert(job,
		&(struct sql_number_insert){ .id = *out,
			.workspace = workspace,
			.phone = phone,
			.now_ms = job->now_ms },
		NULL);
}

/*
 * A number without digits gets them. When the workspace has that number already (another channel
 * reaches it), the channel moves there, unless conversations hang on the old one: those two stay
 * apart rather than mixing two histories.
 */
enum err channel_set_phone(struct job *job, const struct channel *channel, str phone)
{
	struct number_row there;
	struct number_total_row use;
	enum err e;

	if (!str_is_digits(phone) || str_is(phone, channel->phone))
		return OK;
	e = sql_number_find(job,
		&(struct sql_number_find){ .workspace = channel->workspace, .phone = phone },
		&there);
	if (e == ERR_MISSING)
		return sql_number_set_phone(job,
			&(struct sql_number_set_phone){ .workspace = channel->workspace,
				.id = channel->number_id,
				.phone = phone },
			NULL);
	TRY(e);
	TRY(sql_number_use(job,
		&(struct sql_number_use){ .workspace = channel->workspace,
			.id = channel->number_id },
		&use));
	if (use.total > 0)
		return OK;
	return sql_channel_set_number(job, &(struct sql_channel_set_number){
		.workspace = channel->workspace, .id = channel->id, .number = there.id }, NULL);
}

/* ---- connecting ---- */

struct channel_making {
	const struct channel_draft *draft;
	str config;
	id64 id;
};

/* What may be seen in the audit: which secrets changed, never what they are. */
static str detail_of(struct job *job, const struct channel_draft *draft)
{
	struct buf out = buf_in(job->arena, 4096);

	json_open(&out, '{');
	if (draft->name.ptr)
		json_put(&out, "name", draft->name);
	if (draft->remote_id.ptr)
		json_put(&out, "phone_number_id", draft->remote_id);
	if (draft->access_token.ptr)
		json_put_bool(&out, "access_token_changed", true);
	if (draft->app_secret.ptr)
		json_put_bool(&out, "app_secret_changed", true);
	if (draft->forget_old_secret)
		json_put_bool(&out, "old_app_secret_removed", true);
	if (draft->verify_token.ptr)
		json_put_bool(&out, "verify_token_changed", true);
	if (draft->config)
		json_put_bool(&out, "config_changed", true);
	if (draft->environment.ptr)
		json_put(&out, "environment", draft->environment);
	if (draft->disabled >= 0)
		json_put_bool(&out, "disabled", draft->disabled == 1);
	if (draft->pace_per_second)
		json_put_int(&out, "pace_per_second", draft->pace_per_second);
	if (draft->pair_interval_ms)
		json_put_int(&out, "pair_interval_ms", draft->pair_interval_ms);
	json_close(&out, '}');
	return buf_text(&out);
}

/* 0 in the draft: not said; below 0: none. */
static int64_t pair_interval_of(const struct channel_draft *draft)
{
	if (draft->pair_interval_ms)
		return draft->pair_interval_ms < 0 ? 0 : draft->pair_interval_ms;
	return provider_find(draft->provider)->no_pair_limit ? 0 : defaults.pair_interval_ms;
}

static enum err insert_channel(struct job *job, const struct channel_draft *draft,
	const struct channel *ch)
{
	bytes sealed;
	enum err e;

	TRY(channel_seal_config(job, ch, &sealed));
	e = sql_channel_insert(job,
		&(struct sql_channel_insert){ .id = ch->id,
			.workspace = job->workspace,
			.number = ch->number_id,
			.provider = draft->provider,
			.name = draft->name,
			.remote_id = ch->remote_id,
			.account_id = ch->account_id,
			.app_tag = channel_app_tag(job, ch->app_secret),
			.config_sealed = sealed,
			.pace_per_second = draft->pace_per_second ? draft->pace_per_second
	                                                          : defaults.pace_per_second,
			.pair_interval_ms = pair_interval_of(draft),
			.pair_burst = draft->pair_burst ? draft->pair_burst : defaults.pair_burst,
			.health_reason = HEALTH_FIRST_REASON,
			.health_next_step = HEALTH_FIRST_STEP,
			.now_ms = job->now_ms },
		NULL);
	if (e == ERR_CONFLICT)
		return fail_code(job, e, S("number_connected"),
			S("Change the channel that has it, or delete that first."),
			"This number is connected already.");
	return e;
}

/* What the draft does not tell. */
static struct channel complete(struct job *job, const struct channel_draft *draft, str config)
{
	struct channel ch = { .id = job_id(job),
		.phone = draft->phone,
		.remote_id = draft->remote_id,
		.account_id = draft->account_id,
		.access_token = draft->access_token.ptr ? draft->access_token : S(""),
		.app_secret = draft->app_secret,
		.verify_token = draft->verify_token,
		.config = config,
		.environment = draft->environment.len ? draft->environment : S("production") };
	str id = arena_printf(job->arena, "%lld", (long long)ch.id);

	if (!ch.verify_token.ptr)
		ch.verify_token = crypto_random_text(job->arena, VERIFY_TOKEN_SIZE);
	if (!ch.app_secret.ptr)
		ch.app_secret = crypto_random_text(job->arena, APP_SECRET_SIZE);
	if (!ch.remote_id.ptr)
		ch.remote_id = provider_find(draft->provider)->needs & NEEDS_PHONE ? ch.phone : id;
	if (!ch.account_id.ptr)
		ch.account_id = ch.remote_id;
	if (!ch.phone.ptr)
		ch.phone = arena_printf(job->arena, "pending-" STR_F, STR_A(id));
	return ch;
}

static enum err make_channel(struct job *job, void *arg)
{
	struct channel_making *making = arg;
	const struct channel_draft *draft = making->draft;
	struct channel ch = complete(job, draft, making->config);

	making->id = ch.id;
	TRY(number_for(job, job->workspace, ch.phone, &ch.number_id));
	TRY(insert_channel(job, draft, &ch));
	TRY(channel_settle_environment(job, &ch, true));
	if (provider_find(draft->provider)->created)
		TRY(provider_find(draft->provider)->created(job, &ch));
	return audit_add(job, &(struct audit_entry){ .action = "channel.create",
				      .target_kind = "channel",
				      .target_id = ch.id,
				      .detail = detail_of(job, draft) });
}

enum err channel_create(struct job *job, const struct channel_draft *draft, struct channel **out)
{
	struct channel_draft plain = *draft;
	struct channel_making making = { .draft = &plain };

	if (str_starts(plain.phone, S("+")))
		plain.phone = str_part(plain.phone, 1, plain.phone.len);
	TRY(check_new(job, &plain, provider_find(plain.provider), &making.config));
	TRY(job_check_fields(job));
	TRY(in_transaction(job, make_channel, &making));
	channel_changed(job, making.id);
	return channel_get(job, making.id, out);
}

/* ---- changing ---- */

struct channel_changing {
	const struct channel_draft *draft;
	id64 id;
	str reason;
};

/* The one before is taken as well for a while, so that no webhook is refused between the change at
 * the network and the change here. */
static void rotate(const struct channel_draft *draft, struct channel *ch, int64_t now_ms)
{
	int64_t days = draft->secret_overlap_days < 0 ? SECRET_OVERLAP_DAYS
						      : draft->secret_overlap_days;

	if (str_is(ch->app_secret, draft->app_secret))
		return;
	ch->old_app_secret = ch->app_secret;
	ch->old_secret_until_ms = now_ms + days * DAY_MS;
	ch->app_secret = draft->app_secret;
}

static void merge(const struct channel_draft *draft, struct channel *ch, int64_t now_ms)
{
	if (draft->name.ptr)
		ch->name = draft->name;
	if (draft->access_token.ptr)
		ch->access_token = draft->access_token;
	if (draft->app_secret.ptr)
		rotate(draft, ch, now_ms);
	if (draft->forget_old_secret)
		ch->old_secret_until_ms = 0;
	if (draft->verify_token.ptr)
		ch->verify_token = draft->verify_token;
	if (draft->disabled >= 0)
		ch->disabled = draft->disabled == 1;
	if (draft->pace_per_second)
		ch->pace_per_second = draft->pace_per_second;
	if (draft->pair_interval_ms)
		ch->pair_interval_ms = draft->pair_interval_ms < 0 ? 0 : draft->pair_interval_ms;
	if (draft->pair_burst)
		ch->pair_burst = draft->pair_burst;
	if (draft->environment.ptr)
		ch->environment = draft->environment;
}

/* New secrets make old failures meaningless: the channel has to prove itself again. */
static enum err forget_failure(struct job *job, const struct channel_draft *draft, id64 id)
{
	if (!draft->access_token.ptr && !draft->app_secret.ptr && !draft->config)
		return OK;
	return sql_channel_set_health(job,
		&(struct sql_channel_set_health){ .workspace = job->workspace,
			.id = id,
			.health = S("unverified"),
			.reason = S("Its secrets or settings were changed."),
			.next_step = HEALTH_FIRST_STEP,
			.now_ms = job->now_ms },
		NULL);
}

static enum err store_channel(struct job *job, const struct channel *ch)
{
	bytes sealed;

	TRY(channel_seal_config(job, ch, &sealed));
	return sql_channel_set(job,
		&(struct sql_channel_set){ .workspace = job->workspace,
			.id = ch->id,
			.name = ch->name,
			.app_tag = channel_app_tag(job, ch->app_secret),
			.config_sealed = sealed,
			.pace_per_second = ch->pace_per_second,
			.pair_interval_ms = ch->pair_interval_ms,
			.pair_burst = ch->pair_burst,
			.disabled_ms = ch->disabled ? job->now_ms : 0 },
		NULL);
}

/* An app signs for all its numbers by one secret. */
static enum err rotate_twins(struct job *job, const struct channel *changed, str before)
{
	struct channel_full *all;
	size_t count;

	if (!before.len || str_is(before, changed->app_secret))
		return OK;
	TRY(channel_list(job, 0, CHANNELS_MAX, &all, &count));
	for (size_t i = 0; i < count; i++) {
		struct channel *ch = &all[i].channel;

		if (ch->id == changed->id || ch->provider != changed->provider ||
			!str_is(ch->app_secret, before))
			continue;
		ch->old_app_secret = before;
		ch->old_secret_until_ms = changed->old_secret_until_ms;
		ch->app_secret = changed->app_secret;
		TRY(store_channel(job, ch));
	}
	return OK;
}

static enum err change_channel(struct job *job, void *arg)
{
	const struct channel_changing *changing = arg;
	struct channel *ch;
	str before;

	TRY(sql_workspace_lock(job, &(struct sql_workspace_lock){ .id = job->workspace }, NULL));
	TRY(channel_get(job, changing->id, &ch));
	TRY(channel_take_config(job, ch->provider, ch->config, changing->draft->config,
		&ch->config));
	before = ch->app_secret;
	merge(changing->draft, ch, job->now_ms);
	if (ch->provider->is_development && !str_is(ch->environment, S("development")))
		field_error(job, S("environment"), S("invalid"),
			S("Must be development: the channel is for trials only."));
	TRY(job_check_fields(job));
	TRY(store_channel(job, ch));
	TRY(rotate_twins(job, ch, before));
	TRY(channel_settle_environment(job, ch, false));
	TRY(forget_failure(job, changing->draft, ch->id));
	return audit_add(job, &(struct audit_entry){ .action = "channel.change",
				      .target_kind = "channel",
				      .target_id = ch->id,
				      .reason = changing->reason,
				      .detail = detail_of(job, changing->draft) });
}

enum err channel_change(struct job *job, id64 id, const struct channel_draft *draft, str reason,
	struct channel **out)
{
	struct channel_changing changing = { .draft = draft, .id = id, .reason = reason };

	check_changed(job, draft, reason);
	TRY(job_check_fields(job));
	TRY(in_transaction(job, change_channel, &changing));
	channel_changed(job, id);
	return channel_get(job, id, out);
}

/* ---- removing ---- */

static enum err delete_channel(struct job *job, void *arg)
{
	const struct channel_changing *changing = arg;
	struct channel *ch;
	bytes nothing;

	TRY(channel_get(job, changing->id, &ch));
	TRY(seal(job, SEAL_SECRET, S("{}"), &nothing));
	TRY(sql_channel_delete(job,
		&(struct sql_channel_delete){ .workspace = job->workspace,
			.id = ch->id,
			.config_sealed = nothing,
			.now_ms = job->now_ms },
		NULL));
	return audit_add(job, &(struct audit_entry){ .action = "channel.delete",
				      .target_kind = "channel",
				      .target_id = ch->id,
				      .reason = changing->reason });
}

enum err channel_delete(struct job *job, id64 id, str reason)
{
	struct channel_changing changing = { .id = id, .reason = reason };
	struct channel *ch;

	if (str_count_points(reason) > REASON_MAX)
		field_error(job, S("reason"), S("too_long"), S("At most 500 characters."));
	TRY(job_check_fields(job));
	TRY(channel_get(job, id, &ch));
	if (ch->provider->removing)
		TRY(ch->provider->removing(job, ch));
	TRY(in_transaction(job, delete_channel, &changing));
	channel_changed(job, id);
	return OK;
}
