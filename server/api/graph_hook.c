/*
 * graph_hook.c: where a program's webhooks go, as it says itself: subscribed_apps of an account,
 * and webhook_configuration of a number.
 *
 * Both are outgoing webhooks in Meta's format, limited to the channels in question; the console
 * shows them like any other. They are signed with the channel's app secret where it has one, so
 * that a program goes on checking with what it knows.
 */
#include "account/webhook.h"
#include "api/graph.h"
#include "api/handlers.h"

#define DESCRIPTION S("Set up by a program")
/* "Only message webhooks follow overrides": a program that asks so knows nothing else. */
#define MESSAGE_KINDS                                                                           \
	(WEBHOOK_BIT(WEBHOOK_MESSAGE_RECEIVED) | WEBHOOK_BIT(WEBHOOK_MESSAGE_SENT) |            \
		WEBHOOK_BIT(WEBHOOK_MESSAGE_DELIVERED) | WEBHOOK_BIT(WEBHOOK_MESSAGE_READ) |    \
		WEBHOOK_BIT(WEBHOOK_MESSAGE_FAILED) | WEBHOOK_BIT(WEBHOOK_MESSAGE_EDITED) |     \
		WEBHOOK_BIT(WEBHOOK_MESSAGE_DELETED) | WEBHOOK_BIT(WEBHOOK_MESSAGE_REACTED))

/* ---- which one ---- */

static bool has_channel(const struct webhook *w, id64 channel)
{
	for (size_t i = 0; i < w->channel_count; i++)
		if (w->channels[i] == channel)
			return true;
	return false;
}

/* Is it for these channels and no others? */
static bool is_own(const struct webhook *w, const struct channel_full *channels, size_t count)
{
	if (w->format != WEBHOOK_CLOUD_API || w->channel_count != count)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!has_channel(w, channels[i].channel.id))
			return false;
	return true;
}

static bool covers(const struct webhook *w, id64 channel)
{
	return w->format == WEBHOOK_CLOUD_API && !w->disabled_ms &&
	       (!w->channel_count || has_channel(w, channel));
}

struct webhooks_here { struct webhook *items; size_t count; };

static enum err load(struct job *job, struct webhooks_here *out)
{
	return webhook_list(job, 0, WEBHOOKS_MAX, &out->items, &out->count);
}

static const struct webhook *own_of(const struct webhooks_here *all,
	const struct channel_full *channels, size_t count)
{
	for (size_t i = 0; i < all->count; i++)
		if (is_own(&all->items[i], channels, count))
			return &all->items[i];
	return NULL;
}

/* ---- setting it up ---- */

static enum err make(struct job *job, const struct channel_full *channels, size_t count,
	struct webhook_draft *draft)
{
	id64 *ids = ARENA_ARRAY(job->arena, id64, count);
	str secret = channels[0].channel.app_secret;
	struct webhook made;

	for (size_t i = 0; i < count; i++)
		ids[i] = channels[i].channel.id;
	draft->has_channels = draft->has_description = draft->has_format = true;
	draft->channels = ids;
	draft->channel_count = count;
	draft->description = DESCRIPTION;
	draft->format = WEBHOOK_CLOUD_API;
	draft->has_kinds = true;
	draft->kinds = MESSAGE_KINDS;
	draft->has_secret = secret.len >= WEBHOOK_TOKEN_MIN && secret.len <= WEBHOOK_TOKEN_MAX;
	draft->secret = secret;
	return webhook_create(job, draft, &made);
}

/* Meta's code for a callback that does not answer the challenge. */
static enum err as_callback(struct job *job, enum err e)
{
	if (e != ERR_INPUT || !job->field_errors ||
		!str_is(job->field_errors->code, S("not_confirmed")))
		return e;
	str why = job->field_errors->message;

	job_forgive(job);
	return graph_fail(job, "2200", STR_F, STR_A(why));
}

static enum err set_up(struct job *job, const struct channel_full *channels, size_t count,
	str url, str token)
{
	struct webhook_draft draft = { .has_url = true, .url = url, .has_verify_token = true,
		.verify_token = token, .has_disabled = true };
	struct webhooks_here all;
	const struct webhook *own;
	struct webhook changed;

	TRY(load(job, &all));
	own = own_of(&all, channels, count);
	if (own)
		return as_callback(job, webhook_change(job, own->id, &draft, &changed));
	return as_callback(job, make(job, channels, count, &draft));
}

static enum err take_down(struct job *job, const struct channel_full *channels, size_t count)
{
	struct webhooks_here all;

	TRY(load(job, &all));
	for (size_t i = 0; i < all.count; i++)
		if (is_own(&all.items[i], channels, count))
			TRY(webhook_delete(job, all.items[i].id));
	return OK;
}

/* Without an address: that of the "app", which are the webhooks of the console. */
static enum err check_covered(struct job *job, const struct channel_full *channels, size_t count)
{
	struct webhooks_here all;

	TRY(load(job, &all));
	for (size_t i = 0; i < all.count; i++)
		for (size_t k = 0; k < count; k++)
			if (covers(&all.items[i], channels[k].channel.id))
				return OK;
	return graph_fail(job, "100",
		"There is no webhook in Meta's format: give override_callback_uri and "
		"verify_token, or make one in the console under Webhooks.");
}

enum err graph_set_hook(struct job *job, const struct request *req, struct response *res,
	const struct channel_full *channels, size_t count)
{
	json body, asked;
	str url, token;

	TRY(graph_body(job, req, &body));
	asked = json_field(body, "webhook_configuration");
	if (!asked)
		asked = body;
	url = graph_text(job, req, asked, "override_callback_uri");
	token = graph_text(job, req, asked, "verify_token");
	if (asked != body && !url.len)
		TRY(take_down(job, channels, count));
	else if (url.len)
		TRY(set_up(job, channels, count, url, token.ptr ? token : S("")));
	else
		TRY(check_covered(job, channels, count));
	if (api_webhooks_hook)
		api_webhooks_hook();
	return graph_success(res);
}

/* ---- the account ---- */

enum err graph_subscribed_post(struct job *job, const struct request *req, struct response *res)
{
	struct graph_account account;

	TRY(graph_account_asked(job, req, &account));
	return graph_set_hook(job, req, res, account.channels, account.count);
}

enum err graph_subscribed_delete(struct job *job, const struct request *req, struct response *res)
{
	struct graph_account account;

	TRY(graph_account_asked(job, req, &account));
	TRY(take_down(job, account.channels, account.count));
	return graph_success(res);
}

static void write_app(struct job *job, struct buf *out, const struct webhook *w)
{
	json_open(out, '{');
	json_put(out, "override_callback_uri", w->url);
	json_open_in(out, "whatsapp_business_api_data", '{');
	json_put_id(out, "id", job->workspace);
	json_put(out, "name", w->description.len ? w->description : S("Parley"));
	json_close(out, '}');
	json_close(out, '}');
}

enum err graph_subscribed_get(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct graph_account account;
	struct webhooks_here all;

	TRY(graph_account_asked(job, req, &account));
	TRY(load(job, &all));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < all.count; i++)
		if (covers(&all.items[i], account.channels[0].channel.id))
			write_app(job, out, &all.items[i]);
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

/* Only for those who may see webhooks; a failure is none of the number's. */
void graph_hook_write(struct job *job, struct buf *out, const struct channel *ch)
{
	struct webhooks_here all = { 0 };

	if (!(job->actor.permissions & PERMIT(WEBHOOK_MANAGE)) || load(job, &all) != OK)
		return;
	for (size_t i = 0; i < all.count; i++) {
		const struct webhook *w = &all.items[i];

		if (!covers(w, ch->id))
			continue;
		json_open_in(out, "webhook_configuration", '{');
		json_put(out, w->channel_count == 1 ? "phone_number" : "application", w->url);
		json_close(out, '}');
		return;
	}
}
