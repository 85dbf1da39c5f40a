/*
 * channel_manage.c: management calls of a channel's number and account, and the subscription of its
 * webhooks.
 */
#include "account/channel_internal.h"

#include "provider/manage.h"

#define DETAIL_MAX 16384

struct manage_note {
	id64 channel;
	const struct manage_call *call;
	json parameters;
};

static enum err note_call(struct job *job, void *arg)
{
	const struct manage_note *note = arg;
	struct buf detail = buf_in(job->arena, DETAIL_MAX);

	json_open(&detail, '{');
	json_put(&detail, "call", str_of(note->call->name));
	if (!(note->call->flags & MANAGE_SECRET) && json_kind(note->parameters) == JSON_MAP)
		json_put_value(&detail, "parameters", note->parameters);
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = "channel.manage",
				      .target_kind = "channel",
				      .target_id = note->channel,
				      .detail = detail.failed ? STR_NONE : buf_text(&detail) });
}

enum err channel_manage(struct job *job, id64 id, str name, json parameters, str *answer)
{
	struct manage_note note = { .channel = id, .parameters = parameters };
	struct provider_health health;
	struct channel *ch;

	TRY(channel_get(job, id, &ch));
	note.call = manage_find(ch->provider, name);
	if (!note.call)
		return fail_code(job, ERR_MISSING, S("no_such_call"),
			S("GET the channel's management for the list of calls."),
			"The provider of the channel has no such management call.");
	TRY(provider_manage(job, ch, note.call, parameters, answer));
	if (note.call->method != HTTP_GET)
		TRY(in_transaction(job, note_call, &note));
	/* What it changed shows by the next answer; that this one failed is told by the next. */
	if ((note.call->flags & MANAGE_STATE) && channel_check(job, id, &health) != OK)
		job_forgive(job);
	return OK;
}

enum err channel_subscribe(struct job *job, id64 id, struct provider_subscription *out)
{
	struct channel *ch;
	str url;

	*out = (struct provider_subscription){ 0 };
	TRY(channel_get(job, id, &ch));
	url = channel_webhook_url(job->arena, ch);
	TRY(provider_subscribe(job, ch, url));
	TRY(provider_subscription(job, ch, out));
	if (out->subscribed && str_is(out->url, url))
		return OK;
	return fail_code(job, ERR_UPSTREAM, S("subscribed_elsewhere"),
		S("Remove the callback address of the number in Meta's developer tools, and "
		  "subscribe again."),
		"Meta took the subscription and still sends webhooks to another address.");
}
