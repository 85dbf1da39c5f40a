/*
 * channel_environment.c: production and development stay apart.
 *
 * Channels of one account are of one environment, and no access token or app secret serves both: so
 * neither a template nor a message can cross from a trial into the real thing.
 */
#include "account/channel_internal.h"

#define CHANNELS_MAX 1000

void channel_check_environment(struct job *job, str environment)
{
	if (environment.ptr && !str_is(environment, S("production")) &&
		!str_is(environment, S("development")))
		field_error(job, S("environment"), S("invalid"),
			S("production or development."));
}

static bool is_shared(str a, str b)
{
	return a.len > 0 && str_is(a, b);
}

static enum err refuse(struct job *job, const struct channel *other, const char *what)
{
	return fail_code(job, ERR_CONFLICT, S("environment_crossed"),
		S("Use credentials of their own for each environment, or give both channels the "
	          "same one."),
		"The channel " STR_F " of the other environment has the same %s.",
		STR_A(other->name), what);
}

static enum err compare(struct job *job, const struct channel *ch, const struct channel *other,
	bool is_new)
{
	bool same_account = is_shared(ch->account_id, other->account_id);

	if (other->id == ch->id || str_is(other->environment, ch->environment) ||
		(same_account && !is_new))
		return OK;
	if (same_account)
		return refuse(job, other, "WhatsApp account");
	if (is_shared(ch->access_token, other->access_token))
		return refuse(job, other, "access token");
	if (is_shared(ch->app_secret, other->app_secret))
		return refuse(job, other, "app secret");
	return OK;
}

enum err channel_settle_environment(struct job *job, const struct channel *ch, bool is_new)
{
	struct channel_full *channels;
	size_t count;

	TRY(channel_list(job, 0, CHANNELS_MAX, &channels, &count));
	for (size_t i = 0; i < count; i++)
		TRY(compare(job, ch, &channels[i].channel, is_new));
	return sql_channel_set_environment(job,
		&(struct sql_channel_set_environment){ .workspace = job->workspace,
			.account_id = ch->account_id,
			.environment = ch->environment },
		NULL);
}
