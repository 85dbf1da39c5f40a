/*
 * broadcasting.c: who may listen to what: signatures for channels of the live hub.
 *
 * Called by pusher-js and laravel-echo before they subscribe to a private or presence channel. The
 * one rule: a signature is made only for what the caller may read over REST, too. The connection
 * then ends with the session or key that asked.
 */
#include "api/handlers.h"
#include "api/realtime.h"
#include "inbox/inbox.h"
#include "live/live.h"

#define WORKSPACE_PREFIX S("private-workspace-")
#define KEY_PREFIX S("private-key-")
#define PERSON_PREFIX S("private-person-")
#define CONVERSATION_PREFIX S("presence-conversation-")

struct asked { str socket_id, channel_name; };

static const struct field asked_fields[] = {
	FIELD(struct asked, socket_id, STR, .required = true),
	FIELD(struct asked, channel_name, STR, .max = LIVE_CHANNEL_NAME_MAX, .required = true),
	{ 0 },
};

static const struct field user_fields[] = {
	FIELD(struct asked, socket_id, STR, .required = true),
	{ 0 },
};

/* A form is the protocol's own way; JSON is for programs. */
static enum err read_asked(struct job *job, const struct request *req, const struct field *fields,
	struct asked *out)
{
	str type = request_header(req, S("content-type"));
	struct request form = { .query = str_from(req->body) };

	if (!str_starts(type, S("application/x-www-form-urlencoded")))
		return request_json(job, req, fields, out);
	out->socket_id = request_query(job->arena, &form, "socket_id");
	out->channel_name = request_query(job->arena, &form, "channel_name");
	if (!out->socket_id.len)
		field_error(job, S("socket_id"), S("required"),
			S("Send the socket_id of the connection."));
	if (fields == asked_fields && !out->channel_name.len)
		field_error(job, S("channel_name"), S("required"), S("Send the channel_name."));
	return job_check_fields(job);
}

static enum err refused(struct job *job)
{
	return fail_code(job, ERR_DENIED, S("not_allowed"),
		S("Listen to channels of your own workspace."),
		"There is no such channel for you.");
}

/* Behind its prefix a name has an id, and nothing else. */
static bool id_behind(str name, str prefix, id64 *out)
{
	return str_starts(name, prefix) && id64_parse(str_part(name, prefix.len, name.len), out);
}

/* Who it is, as the others on the conversation see them. id: how the id is called. */
static str member(struct job *job, const char *id)
{
	struct buf out = buf_in(job->arena, 4096);

	json_open(&out, '{');
	json_put_id(&out, id, job->actor.id);
	json_open_in(&out, "user_info", '{');
	json_put(&out, "name", job->actor.name);
	json_close(&out, '}');
	json_close(&out, '}');
	return buf_text(&out);
}

/* Events carry messages, and whom they are from. */
static bool may_read_messages(const struct job *job)
{
	const uint64_t needed = PERMIT(MESSAGE_READ) | PERMIT(CONTACT_READ);

	return (job->actor.permissions & needed) == needed;
}

/* The channel_data to sign, or none for private channels. */
enum err live_allow_channel(struct job *job, str name, str *channel_data)
{
	struct conversation conversation;
	enum err e;
	id64 id;

	*channel_data = STR_NONE;
	/* The workspace's channel carries all message bodies: not for those who may not read them,
	 * nor for those who see a part of the inbox only. */
	if (id_behind(name, WORKSPACE_PREFIX, &id))
		return id == job->workspace && may_read_messages(job) && !job->scope ? OK
										     : refused(job);
	if (id_behind(name, PERSON_PREFIX, &id))
		return id == job->actor.id && job->actor.kind == ACTOR_PERSON ? OK : refused(job);
	if (id_behind(name, KEY_PREFIX, &id))
		return id == job->actor.id && job->actor.kind == ACTOR_API_KEY ? OK : refused(job);
	if (!id_behind(name, CONVERSATION_PREFIX, &id))
		return refused(job);
	e = conversation_get(job, id, &conversation);
	if (e != OK)
		return e == ERR_MISSING ? refused(job) : e;
	*channel_data = member(job, "user_id");
	return OK;
}

enum err broadcasting_auth(struct job *job, const struct request *req, struct response *res)
{
	struct asked asked = { 0 };
	struct live_claim claim;
	struct realtime outside;
	struct live_app app;
	struct buf *out;
	bool is_ours;
	str auth;

	TRY(read_asked(job, req, asked_fields, &asked));
	claim = (struct live_claim){ .socket_id = asked.socket_id, .channel = asked.channel_name };
	TRY(live_allow_channel(job, asked.channel_name, &claim.channel_data));
	TRY(live_app_get(job, &app));
	TRY(realtime_get(job, &outside));
	is_ours = outside.driver == REALTIME_BUILTIN;
	TRY(live_authorise(job,
		is_ours ? &(struct live_credentials){ app.key, app.secret }
			: &(struct live_credentials){ outside.key, outside.secret },
		&claim, &auth));
	if (api_live_claim && is_ours)
		api_live_claim(app.key, asked.socket_id, job->actor.via);
	out = reply_json(res, 200);
	json_open(out, '{');
	json_put(out, "auth", auth);
	if (claim.channel_data.ptr)
		json_put(out, "channel_data", claim.channel_data);
	json_close(out, '}');
	return OK;
}

/* pusher.signin(): a connection becomes the person's, or the key's. */
enum err broadcasting_user_auth(struct job *job, const struct request *req, struct response *res)
{
	struct asked asked = { 0 };
	struct live_app app;
	struct buf *out;
	str auth, user_data;

	TRY(read_asked(job, req, user_fields, &asked));
	TRY(live_app_get(job, &app));
	user_data = member(job, "id");
	TRY(live_authorise_user(job, &(struct live_credentials){ app.key, app.secret },
		asked.socket_id, user_data, &auth));
	if (api_live_claim)
		api_live_claim(app.key, asked.socket_id, job->actor.via);
	out = reply_json(res, 200);
	json_open(out, '{');
	json_put(out, "auth", auth);
	json_put(out, "user_data", user_data);
	json_close(out, '}');
	return OK;
}
