/* channel_manage.c: /channels/{id}/management, /subscribe and /refresh: the number and its account
 * at the network. */
#include "account/channel.h"
#include "api/handlers.h"
#include "provider/manage.h"

static const char *const kind_words[] = {
	[MANAGE_TEXT] = "text",
	[MANAGE_DIGITS] = "digits",
	[MANAGE_FLAG] = "flag",
	[MANAGE_NUMBER] = "number",
	[MANAGE_LIST] = "list",
	[MANAGE_MAP] = "object",
};

static void write_parameters(struct buf *out, const struct manage_call *call)
{
	json_open_in(out, "parameters", '[');
	for (size_t i = 0; i < MANAGE_PARAMETERS_MAX && call->parameters[i].name; i++) {
		const struct manage_parameter *p = &call->parameters[i];

		json_open(out, '{');
		json_put(out, "name", str_of(p->name));
		json_put(out, "kind", str_of(kind_words[p->kind]));
		json_put_bool(out, "required", p->required);
		json_close(out, '}');
	}
	json_close(out, ']');
}

enum err channels_management_list(struct job *job, const struct request *req,
	struct response *res)
{
	struct buf *out = reply_json(res, 200);
	const struct provider *provider;
	struct channel *ch;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(channel_get(job, id, &ch));
	provider = ch->provider;
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < provider->manage_count; i++) {
		const struct manage_call *call = &provider->manage_calls[i];

		json_open(out, '{');
		json_put(out, "name", str_of(call->name));
		json_put_bool(out, "changes", call->method != HTTP_GET);
		write_parameters(out, call);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	return OK;
}

enum err channels_management_call(struct job *job, const struct request *req,
	struct response *res)
{
	struct buf *out = reply_json(res, 200);
	json parameters = NULL;
	str answer;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	if (req->body.len)
		TRY(request_body(job, req, &parameters));
	TRY(channel_manage(job, id, req->params[1], parameters, &answer));
	json_open(out, '{');
	json_put_raw(out, "answer", answer);
	json_close(out, '}');
	return OK;
}

static enum err reply_channel(struct job *job, struct response *res, id64 id)
{
	struct channel_full *full;

	TRY(channel_get_full(job, id, &full));
	channel_write_json(reply_json(res, 200), NULL, full, true);
	return OK;
}

enum err channels_subscribe(struct job *job, const struct request *req, struct response *res)
{
	struct provider_subscription found;
	struct buf *out = reply_json(res, 200);
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(channel_subscribe(job, id, &found));
	json_open(out, '{');
	json_put_bool(out, "subscribed", found.subscribed);
	json_put(out, "url", found.url);
	json_close(out, '}');
	return OK;
}

enum err channels_refresh(struct job *job, const struct request *req, struct response *res)
{
	struct provider_health health;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(channel_check(job, id, &health));
	return reply_channel(job, res, id);
}
