/*
 * graph_event.c: an outgoing webhook in Meta's format.
 *
 * What came by Meta goes on in its own words, with names translated: messages and files go by ours,
 * as the Graph-shaped API gives and takes them, and callback data is the sender's. What came
 * otherwise, and what Parley itself knows (a send that failed here), is written as Meta would.
 */
#include "account/seal.h"
#include "account/template.h"
#include "account/webhook.h"
#include "api/graph.h"
#include "store/queries.h"

enum { BODY_MAX = 6 << 20, ASCII_MAX = 3 * BODY_MAX, CODE_UNKNOWN = 131000 };

struct telling {
	struct job *job;
	const struct webhook_event_row *event;
	struct buf *out;
	struct channel *channel; /* NULL: it is gone */
};

/* ---- names in the network's own words ---- */

static enum err ours_by_remote(const struct telling *t, str remote, id64 *out)
{
	enum err e = t->channel ? graph_message_id(t->job, t->channel->id, remote, out)
	                        : ERR_MISSING;

	if (e == ERR_MISSING)
		*out = 0;
	if (e == ERR_MISSING)
		job_forgive(t->job);
	return e == ERR_MISSING ? OK : e;
}

/* One that is not known here keeps the network's name. */
static enum err put_message_name(const struct telling *t, const char *key, str remote)
{
	id64 id;

	TRY(ours_by_remote(t, remote, &id));
	json_put(t->out, key, id ? graph_wamid(t->job->arena, id) : remote);
	return OK;
}

static str content_url(const struct telling *t, id64 media)
{
	return arena_printf(t->job->arena,
		STR_F "/graph/" GRAPH_VERSION_OURS "/%lld/content", STR_A(channel_public_url()),
		(long long)media);
}

struct file { str remote; id64 ours; };

static enum err find_file(const struct telling *t, id64 message, struct file *out)
{
	struct graph_media_name_row row;
	enum err e = message ? sql_graph_media_of_message(t->job,
				       &(struct sql_graph_media_of_message){
					       t->job->workspace, message },
				       &row)
	                     : ERR_MISSING;

	*out = (struct file){ 0 };
	if (e == OK)
		*out = (struct file){ row.remote_id, row.id };
	if (e == ERR_MISSING)
		job_forgive(t->job);
	return e == ERR_MISSING ? OK : e;
}

/* The object of a file: id and url are ours once we have it. */
static void put_file(const struct telling *t, str key, json v, const struct file *file)
{
	bool is_ours = file->ours && str_is(json_text_or_int(t->job->arena, json_field(v, "id")),
					     file->remote);

	json_key_str(t->out, key);
	json_open(t->out, '{');
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		str name = json_member_name(at);

		if (is_ours && str_is(name, S("id")))
			json_put_id(t->out, "id", file->ours);
		else if (is_ours && str_is(name, S("url")))
			json_put(t->out, "url", content_url(t, file->ours));
		else
			json_put_value(t->out, arena_cstr(t->job->arena, name),
				json_member_value(at));
	}
	json_close(t->out, '}');
}

static bool names_message(str key, str parent)
{
	return str_is(key, S("message_id")) || str_is(key, S("original_message_id")) ||
	       (str_is(key, S("id")) && str_is(parent, S("context")));
}

static enum err put_translated(const struct telling *t, str key, json v, str parent,
	const struct file *file);

static enum err put_members(const struct telling *t, json v, str parent, const struct file *file)
{
	json_open(t->out, '{');
	for (void *at = json_first(v); at; at = json_next(v, at))
		TRY(put_translated(t, json_member_name(at), json_member_value(at), parent, file));
	json_close(t->out, '}');
	return OK;
}

/* What stands inside of a message. */
static enum err put_translated(const struct telling *t, str key, json v, str parent,
	const struct file *file)
{
	if (json_kind(v) == JSON_TEXT && names_message(key, parent))
		return put_message_name(t, arena_cstr(t->job->arena, key), json_text(v));
	if (json_kind(v) == JSON_MAP && kind_is_media(kind_parse(key))) {
		put_file(t, key, v, file);
		return OK;
	}
	json_key_str(t->out, key);
	if (json_kind(v) == JSON_MAP)
		return put_members(t, v, key, file);
	json_put_value(t->out, NULL, v);
	return OK;
}

static enum err put_message(const struct telling *t, json v)
{
	str remote = json_text_at(v, "id");
	struct file file;
	id64 id;

	TRY(ours_by_remote(t, remote, &id));
	TRY(find_file(t, id, &file));
	json_open(t->out, '{');
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		str name = json_member_name(at);

		if (id && str_is(name, S("id")))
			json_put(t->out, "id", graph_wamid(t->job->arena, id));
		else
			TRY(put_translated(t, name, json_member_value(at), STR_NONE, &file));
	}
	json_close(t->out, '}');
	return OK;
}

static enum err callback_of(const struct telling *t, id64 message, str *out)
{
	struct message_option_row row;
	enum err e = sql_message_option_find(t->job,
		&(struct sql_message_option_find){ message, t->job->workspace }, &row);
	json options = NULL;
	str text;

	*out = STR_NONE;
	if (e == ERR_MISSING)
		job_forgive(t->job);
	if (e != OK)
		return e == ERR_MISSING ? OK : e;
	TRY(unseal(t->job, SEAL_MESSAGE_OPTION, row.options_sealed, &text));
	TRY(json_read(t->job->arena, text, &options, NULL));
	*out = json_text_at(options, "biz_opaque_callback_data");
	return OK;
}

/* A message of ours that the network has not named yet is known by the callback data that the
 * adapter gives along: our id. */
static enum err status_message(const struct telling *t, json v, id64 *out)
{
	struct message msg;
	id64 id;
	enum err e;

	TRY(ours_by_remote(t, json_text_at(v, "id"), out));
	if (*out || !id64_parse(json_text_at(v, "biz_opaque_callback_data"), &id))
		return OK;
	e = message_get(t->job, id, &msg);
	*out = e == OK ? id : 0;
	if (e == ERR_MISSING)
		job_forgive(t->job);
	return e == ERR_MISSING ? OK : e;
}

static enum err put_status(const struct telling *t, json v)
{
	str callback = STR_NONE;
	id64 id;

	TRY(status_message(t, v, &id));
	if (id)
		TRY(callback_of(t, id, &callback));
	json_open(t->out, '{');
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		str name = json_member_name(at);

		if (id && str_is(name, S("id")))
			json_put(t->out, "id", graph_wamid(t->job->arena, id));
		else if (!id || !str_is(name, S("biz_opaque_callback_data")))
			json_put_value(t->out, arena_cstr(t->job->arena, name),
				json_member_value(at));
	}
	if (callback.len)
		json_put(t->out, "biz_opaque_callback_data", callback);
	json_close(t->out, '}');
	return OK;
}

static enum err put_elements(const struct telling *t, str name, json list)
{
	bool is_status = str_is(name, S("statuses"));

	json_key_str(t->out, name);
	json_open(t->out, '[');
	for (size_t i = 0; i < json_count(list); i++)
		TRY(is_status ? put_status(t, json_at(list, i))
		              : put_message(t, json_at(list, i)));
	json_close(t->out, ']');
	return OK;
}

static enum err put_value(const struct telling *t, json value)
{
	json_open_in(t->out, "value", '{');
	for (void *at = json_first(value); at; at = json_next(value, at)) {
		str name = json_member_name(at);
		json v = json_member_value(at);

		if (json_kind(v) == JSON_LIST &&
			(str_is(name, S("messages")) || str_is(name, S("statuses")) ||
				str_is(name, S("message_echoes"))))
			TRY(put_elements(t, name, v));
		else
			json_put_value(t->out, arena_cstr(t->job->arena, name), v);
	}
	json_close(t->out, '}');
	return OK;
}

/* ---- the envelope ---- */

static void open_body(const struct telling *t, str account, json time)
{
	json_open(t->out, '{');
	json_put(t->out, "object", S("whatsapp_business_account"));
	json_open_in(t->out, "entry", '[');
	json_open(t->out, '{');
	json_put(t->out, "id", account);
	if (time)
		json_put_value(t->out, "time", time);
	json_open_in(t->out, "changes", '[');
	json_open(t->out, '{');
}

static void close_body(const struct telling *t, str field)
{
	json_put(t->out, "field", field);
	json_close(t->out, '}');
	json_close(t->out, ']');
	json_close(t->out, '}');
	json_close(t->out, ']');
	json_close(t->out, '}');
}

static enum err tell_source(const struct telling *t, str source)
{
	json root, value;

	TRY(json_read(t->job->arena, source, &root, NULL));
	value = json_field(root, "value");
	open_body(t, json_text_at(root, "id"), json_field(root, "time"));
	if (json_kind(value) == JSON_MAP)
		TRY(put_value(t, value));
	else
		json_put_value(t->out, "value", value);
	close_body(t, json_text_at(root, "field"));
	return OK;
}

/* ---- written as Meta would ---- */

static str seconds_text(const struct telling *t, int64_t ms)
{
	return arena_printf(t->job->arena, "%lld", (long long)(ms / 1000));
}

static void open_value(const struct telling *t)
{
	const struct channel *ch = t->channel;

	open_body(t, ch ? graph_account_id(t->job->arena, ch) : S("0"), NULL);
	json_open_in(t->out, "value", '{');
	json_put(t->out, "messaging_product", S("whatsapp"));
	if (!ch)
		return;
	json_open_in(t->out, "metadata", '{');
	json_put(t->out, "display_phone_number", str_is_digits(ch->phone) ? ch->phone : S(""));
	json_put(t->out, "phone_number_id", graph_number_id(t->job->arena, ch));
	json_close(t->out, '}');
}

static void put_contact(const struct telling *t, const struct contact *contact)
{
	json_open_in(t->out, "contacts", '[');
	json_open(t->out, '{');
	json_open_in(t->out, "profile", '{');
	json_put(t->out, "name",
		contact->profile_name.len ? contact->profile_name : contact->name);
	json_close(t->out, '}');
	if (contact->phone.len)
		json_put(t->out, "wa_id", contact->phone);
	if (contact->bsuid.len)
		json_put(t->out, "user_id", contact->bsuid);
	json_close(t->out, '}');
	json_close(t->out, ']');
}

struct subject { struct message message; struct contact contact; };

static enum err load_subject(const struct telling *t, struct subject *out)
{
	struct conversation conv;

	TRY(message_get(t->job, t->event->message_id, &out->message));
	TRY(conversation_get(t->job, out->message.conversation_id, &conv));
	return contact_get(t->job, conv.contact_id, &out->contact);
}

static void put_person(const struct telling *t, const struct contact *contact, const char *phone,
	const char *user)
{
	if (contact->phone.len)
		json_put(t->out, phone, contact->phone);
	if (contact->bsuid.len)
		json_put(t->out, user, contact->bsuid);
}

/* A file's object: ours in everything but what was said of it. */
static void put_media_content(const struct telling *t, const char *type, json content,
	const struct message *msg)
{
	json_open_in(t->out, type, '{');
	for (void *at = json_first(content); at; at = json_next(content, at)) {
		str name = json_member_name(at);

		if (!str_is(name, S("id")) && !str_is(name, S("url")) &&
			!str_is(name, S("link")) && !str_is(name, S("voice")))
			json_put_value(t->out, arena_cstr(t->job->arena, name),
				json_member_value(at));
	}
	if (msg->kind == KIND_AUDIO || msg->kind == KIND_VOICE)
		json_put_bool(t->out, "voice", msg->kind == KIND_VOICE);
	json_put_id(t->out, "id", msg->media_id);
	json_put(t->out, "url", content_url(t, msg->media_id));
	json_close(t->out, '}');
}

/* Meta has the errors beside the object, and in that what it would have been. */
static void put_unsupported(const struct telling *t, json content)
{
	if (json_field(content, "errors"))
		json_put_value(t->out, "errors", json_field(content, "errors"));
	json_open_in(t->out, "unsupported", '{');
	json_put(t->out, "type",
		json_text_at(content, "type").len ? json_text_at(content, "type") : S("unknown"));
	json_close(t->out, '}');
}

static enum err put_content(const struct telling *t, const struct message *msg)
{
	const char *type = kind_cloud_type(msg->kind);
	json content = NULL;

	if (msg->content.len)
		TRY(json_read(t->job->arena, msg->content, &content, NULL));
	json_put(t->out, "type", str_of(type));
	if (kind_is_media(msg->kind) && msg->media_id)
		put_media_content(t, type, content, msg);
	else if (msg->kind == KIND_UNSUPPORTED)
		put_unsupported(t, content);
	else if (content)
		json_put_value(t->out, type, content);
	return OK;
}

static enum err put_context(const struct telling *t, const struct message *msg)
{
	if (!msg->reply_to_id && !msg->reply_to_remote.len)
		return OK;
	json_open_in(t->out, "context", '{');
	if (t->channel && str_is_digits(t->channel->phone))
		json_put(t->out, "from", t->channel->phone);
	if (msg->reply_to_id)
		json_put(t->out, "id", graph_wamid(t->job->arena, msg->reply_to_id));
	else
		TRY(put_message_name(t, "id", msg->reply_to_remote));
	json_close(t->out, '}');
	return OK;
}

static enum err tell_message(const struct telling *t, const struct subject *s)
{
	bool is_echo = s->message.author_kind == ACTOR_PHONE;

	open_value(t);
	if (!is_echo)
		put_contact(t, &s->contact);
	json_open_in(t->out, is_echo ? "message_echoes" : "messages", '[');
	json_open(t->out, '{');
	if (is_echo && t->channel)
		json_put(t->out, "from", t->channel->phone);
	put_person(t, &s->contact, is_echo ? "to" : "from",
		is_echo ? "to_user_id" : "from_user_id");
	json_put(t->out, "id", graph_wamid(t->job->arena, s->message.id));
	json_put(t->out, "timestamp", seconds_text(t, message_time(&s->message)));
	TRY(put_context(t, &s->message));
	TRY(put_content(t, &s->message));
	json_close(t->out, '}');
	json_close(t->out, ']');
	json_close(t->out, '}');
	close_body(t, is_echo ? S("smb_message_echoes") : S("messages"));
	return OK;
}

static enum err put_change(const struct telling *t, const struct message *msg, bool revoked)
{
	json_put(t->out, "type", revoked ? S("revoke") : S("edit"));
	json_open_in(t->out, revoked ? "revoke" : "edit", '{');
	json_put(t->out, "original_message_id", graph_wamid(t->job->arena, msg->id));
	if (!revoked) {
		json_open_in(t->out, "message", '{');
		TRY(put_content(t, msg));
		json_close(t->out, '}');
	}
	json_close(t->out, '}');
	return OK;
}

/* The customer's, without the emoji when they took it back. */
static enum err put_reaction(const struct telling *t, const struct message *msg)
{
	json list = NULL;

	if (msg->reactions.len)
		TRY(json_read(t->job->arena, msg->reactions, &list, NULL));
	json_put(t->out, "type", S("reaction"));
	json_open_in(t->out, "reaction", '{');
	json_put(t->out, "message_id", graph_wamid(t->job->arena, msg->id));
	for (size_t i = 0; i < json_count(list); i++) {
		json one = json_at(list, i);

		if (str_is(json_text_at(one, "by"), S("contact")) &&
			json_text_at(one, "emoji").len)
			json_put(t->out, "emoji", json_text_at(one, "emoji"));
	}
	json_close(t->out, '}');
	return OK;
}

/* A customer changed or took back what they wrote, or reacted to something. */
static enum err tell_change(const struct telling *t, const struct subject *s,
	enum webhook_kind kind)
{
	open_value(t);
	put_contact(t, &s->contact);
	json_open_in(t->out, "messages", '[');
	json_open(t->out, '{');
	put_person(t, &s->contact, "from", "from_user_id");
	/* The event's own id: the change has none of the network's that we kept. */
	json_put(t->out, "id", graph_wamid(t->job->arena, t->event->id));
	json_put(t->out, "timestamp", seconds_text(t, t->event->at_ms));
	if (kind == WEBHOOK_MESSAGE_REACTED)
		TRY(put_reaction(t, &s->message));
	else
		TRY(put_change(t, &s->message, kind == WEBHOOK_MESSAGE_DELETED));
	json_close(t->out, '}');
	json_close(t->out, ']');
	json_close(t->out, '}');
	close_body(t, S("messages"));
	return OK;
}

static void put_errors(const struct telling *t, str error)
{
	json v = NULL;
	str sentence;

	if (!error.len || json_read(t->job->arena, error, &v, NULL) != OK)
		return;
	sentence = json_text_at(v, "message");
	json_open_in(t->out, "errors", '[');
	json_open(t->out, '{');
	json_put_int(t->out, "code", json_int(json_field(v, "code"), CODE_UNKNOWN));
	json_put(t->out, "title", sentence);
	json_put(t->out, "message", sentence);
	json_open_in(t->out, "error_data", '{');
	json_put(t->out, "details", sentence);
	json_close(t->out, '}');
	json_close(t->out, '}');
	json_close(t->out, ']');
}

static enum err tell_status(const struct telling *t, const struct subject *s, json detail)
{
	str status = json_text_at(detail, "status"), callback;
	int64_t at_ms = json_int(json_field(detail, "at_ms"), t->event->at_ms);

	TRY(callback_of(t, s->message.id, &callback));
	open_value(t);
	json_open_in(t->out, "statuses", '[');
	json_open(t->out, '{');
	json_put(t->out, "id", graph_wamid(t->job->arena, s->message.id));
	json_put(t->out, "status", status);
	json_put(t->out, "timestamp", seconds_text(t, at_ms));
	put_person(t, &s->contact, "recipient_id", "recipient_user_id");
	if (callback.len)
		json_put(t->out, "biz_opaque_callback_data", callback);
	if (str_is(status, S("failed")))
		put_errors(t, s->message.error);
	json_close(t->out, '}');
	json_close(t->out, ']');
	json_close(t->out, '}');
	close_body(t, S("messages"));
	return OK;
}

static void tell_template(const struct telling *t, json detail)
{
	str reason = json_text_at(detail, "reason"), name = json_text_at(detail, "name"),
	    language = json_text_at(detail, "language"), remote = STR_NONE;
	struct template_item found;
	int64_t id = 0;

	if (t->channel && template_for(t->job, t->channel, name, language, &found) == OK)
		remote = found.remote_id.len ? found.remote_id
		                             : arena_printf(t->job->arena, "%lld",
						       (long long)found.id);
	job_forgive(t->job);
	open_body(t, t->channel ? graph_account_id(t->job->arena, t->channel) : S("0"), NULL);
	json_open_in(t->out, "value", '{');
	json_put(t->out, "event", json_text_at(detail, "status"));
	if (str_to_i64(remote, &id))
		json_put_int(t->out, "message_template_id", id);
	json_put(t->out, "message_template_name", name);
	json_put(t->out, "message_template_language", language);
	json_put(t->out, "reason", reason.len ? reason : S("NONE"));
	json_close(t->out, '}');
	close_body(t, S("message_template_status_update"));
}

static void tell_alert(const struct telling *t, const char *type, str text, bool is_bad)
{
	open_body(t, t->channel ? graph_account_id(t->job->arena, t->channel) : S("0"), NULL);
	json_open_in(t->out, "value", '{');
	json_put(t->out, "entity_type", S("PHONE_NUMBER"));
	json_put(t->out, "entity_id",
		t->channel ? graph_number_id(t->job->arena, t->channel) : S("0"));
	json_open_in(t->out, "alert_info", '{');
	json_put(t->out, "alert_severity", is_bad ? S("CRITICAL") : S("INFORMATIONAL"));
	json_put(t->out, "alert_status", is_bad ? S("ACTIVE") : S("NONE"));
	json_put(t->out, "alert_type", str_of(type));
	json_put(t->out, "alert_description", text);
	json_close(t->out, '}');
	json_close(t->out, '}');
	close_body(t, S("account_alerts"));
}

static void tell_health(const struct telling *t, json detail)
{
	str after = json_text_at(detail, "after"), reason = json_text_at(detail, "reason");

	tell_alert(t, "CHANNEL_HEALTH",
		arena_printf(t->job->arena, "The channel is " STR_F ".%s" STR_F, STR_A(after),
			reason.len ? " " : "", STR_A(reason)),
		str_is(after, S("failing")));
}

/* What every program takes: a change with nothing in it. */
static void tell_test(const struct telling *t)
{
	open_value(t);
	if (!t->channel) {
		json_open_in(t->out, "metadata", '{');
		json_put(t->out, "display_phone_number", S("0"));
		json_put(t->out, "phone_number_id", S("0"));
		json_close(t->out, '}');
	}
	json_close(t->out, '}');
	close_body(t, S("messages"));
}

static enum err tell_about_message(const struct telling *t, json detail)
{
	enum webhook_kind kind = webhook_kind_of(t->event->kind);
	struct subject subject;

	TRY(load_subject(t, &subject));
	if (kind == WEBHOOK_MESSAGE_EDITED || kind == WEBHOOK_MESSAGE_DELETED ||
		kind == WEBHOOK_MESSAGE_REACTED)
		return tell_change(t, &subject, kind);
	if (json_text_at(detail, "status").len)
		return tell_status(t, &subject, detail);
	return tell_message(t, &subject);
}

static enum err tell(const struct telling *t, str source)
{
	enum webhook_kind kind = webhook_kind_of(t->event->kind);
	json detail = NULL;

	if (source.len)
		return tell_source(t, source);
	if (json_read(t->job->arena, t->event->detail, &detail, NULL) != OK)
		detail = NULL;
	if (t->event->message_id)
		return tell_about_message(t, detail);
	if (kind == WEBHOOK_TEMPLATE_STATUS_CHANGED)
		tell_template(t, detail);
	else if (kind == WEBHOOK_CHANNEL_STATUS_CHANGED)
		tell_health(t, detail);
	else
		tell_test(t);
	return OK;
}

enum err api_webhook_cloud_body(struct job *job, const struct webhook_event_row *event, str source,
	str *body)
{
	struct buf out = buf_in(job->arena, BODY_MAX), ascii = buf_in(job->arena, ASCII_MAX);
	struct telling t = { job, event, &out, NULL };
	enum err e = event->channel_id ? channel_get(job, event->channel_id, &t.channel) : OK;

	if (e == ERR_MISSING)
		job_forgive(job);
	else
		TRY(e);
	e = tell(&t, source);
	if (e == ERR_STORE || e == ERR_BUG)
		return e;
	if (e != OK) {
		job_forgive(job);
		buf_clear(&out);
		tell_alert(&t, "GONE", S("What happened is not there any more."), false);
	}
	/* Meta signs what it sends with all but ASCII escaped, and there are programs that escape
	 * what they got before they check the signature: it must be the same either way. */
	json_write_ascii(&ascii, buf_text(&out));
	if (out.failed || ascii.failed)
		return fail(job, ERR_BUG, "an event is too large to be told");
	*body = buf_text(&ascii);
	return OK;
}
