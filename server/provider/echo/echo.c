/*
 * echo.c: a provider without a network, for trials: it takes everything, and reports by itself what
 * became of it.
 *
 * Its webhooks are Meta's shape and never leave the process (provider_loopback): sent, delivered
 * and read at once, and with the setting "reply" the customer answers with the same text. The rule:
 * nothing here is for real customers, so its channels are of the environment "development".
 */
#include "provider/cloud/cloud_internal.h"

#define ECHO_PARALLEL 4

enum err (*provider_loopback)(struct job *job, const struct channel *ch, str body);

static void config_check(struct job *job, json config)
{
	for (void *at = json_first(config); at; at = json_next(config, at)) {
		str field = arena_printf(job->arena, "config." STR_F, STR_A(json_member_name(at)));

		if (!str_is(json_member_name(at), S("reply")))
			field_error(job, field, S("unknown_field"),
				S("This field is not known here."));
		else if (json_kind(json_member_value(at)) != JSON_BOOL)
			field_error(job, field, S("wrong_type"), S("Must be true or false."));
	}
}

static void write_seconds(struct buf *b, int64_t ms)
{
	json_key(b, "timestamp");
	buf_printf(b, "\"%lld\"", (long long)(ms / 1000));
}

static void write_who(struct buf *b, const struct outgoing *msg, const char *phone, const char *id)
{
	if (msg->to_phone.len)
		json_put(b, phone, msg->to_phone);
	else
		json_put(b, id, msg->to_bsuid);
}

struct echoing {
	struct job *job;
	const struct channel *ch;
	const struct outgoing *msg;
	json content;
	str remote_id;
};

static void write_statuses(struct buf *b, const struct echoing *e)
{
	static const char *const states[] = { "sent", "delivered", "read" };

	json_open_in(b, "statuses", '[');
	for (size_t i = 0; i < COUNT_OF(states); i++) {
		json_open(b, '{');
		json_put(b, "id", e->remote_id);
		json_put(b, "status", str_of(states[i]));
		write_seconds(b, e->job->now_ms);
		write_who(b, e->msg, "recipient_id", "recipient_user_id");
		if (e->msg->id)
			json_put_id(b, "biz_opaque_callback_data", e->msg->id);
		json_close(b, '}');
	}
	json_close(b, ']');
}

static void write_reply(struct buf *b, const struct echoing *e)
{
	if (e->msg->kind != KIND_TEXT)
		return;
	json_open_in(b, "messages", '[');
	json_open(b, '{');
	write_who(b, e->msg, "from", "from_user_id");
	json_put(b, "id", arena_printf(e->job->arena, STR_F ".reply", STR_A(e->remote_id)));
	write_seconds(b, e->job->now_ms);
	json_put(b, "type", S("text"));
	json_open_in(b, "text", '{');
	json_put(b, "body", json_text_at(e->content, "body"));
	json_close(b, '}');
	json_close(b, '}');
	json_close(b, ']');
}

static str webhook_of(const struct echoing *e)
{
	struct buf b = buf_in(e->job->arena, CLOUD_BODY_MAX);
	json config = NULL;

	json_open(&b, '{');
	json_key(&b,
		"sent"); /* what a network would have got, for whoever looks at the raw event */
	cloud_encode(&b, e->msg, e->content, NULL);
	json_open_in(&b, "entry", '[');
	json_open(&b, '{');
	json_put(&b, "id", e->ch->account_id);
	json_open_in(&b, "changes", '[');
	json_open(&b, '{');
	json_put(&b, "field", S("messages"));
	json_open_in(&b, "value", '{');
	json_open_in(&b, "metadata", '{');
	json_put(&b, "phone_number_id", e->ch->remote_id);
	json_close(&b, '}');
	if (json_read(e->job->arena, e->ch->config, &config, NULL) == OK &&
		json_flag(json_field(config, "reply"), false))
		write_reply(&b, e);
	write_statuses(&b, e);
	json_close(&b, '}');
	for (int i = 0; i < 2; i++) {
		json_close(&b, '}');
		json_close(&b, ']');
	}
	json_close(&b, '}');
	return buf_text(&b);
}

static enum err echo_send(struct job *job, const struct channel *ch, const struct outgoing *msg,
	struct send_result *out)
{
	struct echoing e = { .job = job, .ch = ch, .msg = msg };
	enum err err = OK;

	if (json_read(job->arena, msg->content, &e.content, NULL) != OK)
		return fail(job, ERR_BUG, "content of message is no JSON");
	out->remote_id = arena_printf(job->arena, "echo.%lld", (long long)id64_new(job->now_ms));
	out->recipient_id = msg->to_phone;
	e.remote_id = out->remote_id;
	if (provider_loopback)
		err = provider_loopback(job, ch, webhook_of(&e));
	if (err != OK)
		out->advice = RETRY_BACKOFF;
	return err;
}

static enum err echo_mark_read(struct job *job, const struct channel *ch, str remote_id,
	bool typing)
{
	(void)job;
	(void)ch;
	(void)remote_id;
	(void)typing;
	return OK;
}

static enum err echo_upload(struct job *job, const struct channel *ch,
	const struct media_info *info, const char *path, str *remote_id)
{
	(void)ch;
	(void)info;
	(void)path;
	*remote_id = arena_printf(job->arena, "echo.file.%lld", (long long)id64_new(job->now_ms));
	return OK;
}

static enum err echo_health(struct job *job, const struct channel *ch, struct provider_health *out)
{
	(void)job;
	*out = (struct provider_health){ .ok = true,
		.sentence = S("The echo needs nothing, and is always there."),
		.phone = ch->phone };
	return OK;
}

static enum err parse(struct job *job, const struct channel *ch, str body,
	struct provider_events *out)
{
	(void)ch;
	return cloud_parse(job, body, out);
}

const struct provider echo_provider = {
	.name = "echo",
	.title = "Echo",
	.can = CAN_KIND(KIND_TEXT) | CAN_KIND(KIND_IMAGE) | CAN_KIND(KIND_VIDEO) |
	       CAN_KIND(KIND_AUDIO) | CAN_KIND(KIND_VOICE) | CAN_KIND(KIND_DOCUMENT) |
	       CAN_KIND(KIND_STICKER) | CAN_KIND(KIND_LOCATION) | CAN_KIND(KIND_CONTACTS) |
	       CAN_KIND(KIND_INTERACTIVE) | CAN_KIND(KIND_TEMPLATE) | CAN_KIND(KIND_REACTION) |
	       CAN_REPLY | CAN_MARK_READ | CAN_BSUID,
	.is_development = true,
	.parallel_sends = ECHO_PARALLEL,
	.text_max = CLOUD_TEXT_MAX,
	.config_check = config_check,
	.check = cloud_check,
	.check_media = cloud_check_media,
	.send = echo_send,
	.mark_read = echo_mark_read,
	.upload_media = echo_upload,
	.parse = parse,
	.health = echo_health,
};
