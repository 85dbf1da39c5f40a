/*
 * graph_object.c: addresses that name one thing by its id alone, and what a token is.
 *
 * What the id names decides which permission is needed, so it is looked up first; that somebody may
 * not see it is told only to those who could see it by its own address.
 */
#include "account/template.h"
#include "api/graph.h"
#include "api/handlers.h"
#include "crypto/crypto.h"

enum kind { OBJECT_NONE, OBJECT_NUMBER, OBJECT_ACCOUNT, OBJECT_MEDIA, OBJECT_TEMPLATE };

struct object {
	enum kind kind;
	struct channel_full *channel;
	struct graph_account account;
	struct media media;
	struct template_item template;
};

static bool found(struct job *job, enum err e, enum err *failure)
{
	if (e == ERR_MISSING)
		job_forgive(job);
	else if (e != OK)
		*failure = e;
	return e == OK;
}

static enum err find_object(struct job *job, str id, struct object *out)
{
	enum err failure = OK;

	*out = (struct object){ 0 };
	if (found(job, graph_channel_find(job, id, &out->channel), &failure))
		out->kind = OBJECT_NUMBER;
	else if (failure == OK &&
		 found(job, graph_account_find(job, id, &out->account), &failure))
		out->kind = OBJECT_ACCOUNT;
	else if (failure == OK && found(job, graph_media_find(job, id, &out->media), &failure))
		out->kind = OBJECT_MEDIA;
	else if (failure == OK &&
		 found(job, graph_template_find(job, id, &out->template), &failure))
		out->kind = OBJECT_TEMPLATE;
	return failure;
}

static enum err get_object(struct job *job, const struct request *req, struct object *out)
{
	static const uint64_t needed[] = { [OBJECT_NUMBER] = PERMIT(CHANNEL_READ),
		[OBJECT_ACCOUNT] = PERMIT(CHANNEL_READ), [OBJECT_MEDIA] = PERMIT(MEDIA_READ),
		[OBJECT_TEMPLATE] = PERMIT(TEMPLATE_READ) };
	str id = graph_part(req, 0);

	TRY(find_object(job, id, out));
	return out->kind ? graph_permit(job, needed[out->kind]) : graph_unknown(job, req, id);
}

static void write_account(struct buf *out, const struct graph_account *account, str name,
	str fields)
{
	json_open(out, '{');
	json_put(out, "id", account->id);
	if (graph_wants(fields, "name", true))
		json_put(out, "name", name);
	json_close(out, '}');
}

static enum err workspace_name(struct job *job, str *out)
{
	struct workspace workspace;

	TRY(workspace_get(job, &workspace));
	*out = workspace.name;
	return OK;
}

enum err graph_named_get(struct job *job, const struct request *req, struct response *res)
{
	str fields = request_query(job->arena, req, "fields"), name;
	struct object object;

	if (graph_is_upload(graph_part(req, 0)))
		return graph_upload_state(job, req, res);
	TRY(get_object(job, req, &object));
	switch (object.kind) {
	case OBJECT_NUMBER:
		graph_number_write(job, reply_json(res, 200), object.channel, fields);
		return OK;
	case OBJECT_ACCOUNT:
		TRY(workspace_name(job, &name));
		write_account(reply_json(res, 200), &object.account, name, fields);
		return OK;
	case OBJECT_MEDIA:
		return graph_media_describe(job, req, res, &object.media);
	default:
		graph_write_template(job, reply_json(res, 200), NULL, &object.template, fields);
		return OK;
	}
}

/* An upload's octets; a template's new text; where a number's webhooks go. */
enum err graph_named_post(struct job *job, const struct request *req, struct response *res)
{
	struct object object;

	if (graph_is_upload(graph_part(req, 0))) {
		TRY(graph_permit(job, PERMIT(MEDIA_WRITE)));
		return graph_upload_take(job, req, res);
	}
	TRY(get_object(job, req, &object));
	if (object.kind == OBJECT_TEMPLATE) {
		TRY(graph_permit(job, PERMIT(TEMPLATE_MANAGE)));
		return graph_template_edit(job, req, res, &object.template);
	}
	if (object.kind == OBJECT_NUMBER) {
		TRY(graph_permit(job, PERMIT(WEBHOOK_MANAGE)));
		return graph_set_hook(job, req, res, object.channel, 1);
	}
	return graph_unknown(job, req, graph_part(req, 0));
}

enum err graph_named_delete(struct job *job, const struct request *req, struct response *res)
{
	struct object object;

	TRY(get_object(job, req, &object));
	if (object.kind != OBJECT_MEDIA)
		return graph_unknown(job, req, graph_part(req, 0));
	TRY(graph_permit(job, PERMIT(MEDIA_WRITE)));
	return graph_media_delete(job, res, &object.media);
}

/* ---- who asks ---- */

enum err graph_me_get(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);

	(void)req;
	json_open(out, '{');
	json_put(out, "name", job->actor.name.ptr ? job->actor.name : S(""));
	json_put_id(out, "id", job->actor.id);
	json_close(out, '}');
	return OK;
}

enum err graph_app_get(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	str name;

	(void)req;
	TRY(workspace_name(job, &name));
	json_open(out, '{');
	json_put(out, "name", name);
	json_put_id(out, "id", job->workspace);
	json_close(out, '}');
	return OK;
}

static void write_scopes(const struct job *job, struct buf *out)
{
	uint64_t may = job->actor.permissions;

	json_open_in(out, "scopes", '[');
	if (may & PERMIT(MESSAGE_SEND))
		json_put(out, NULL, S("whatsapp_business_messaging"));
	if (may & (PERMIT(TEMPLATE_READ) | PERMIT(CHANNEL_READ)))
		json_put(out, NULL, S("whatsapp_business_management"));
	json_close(out, ']');
}

/* Only of the token of the request itself is anything told. */
enum err graph_debug_token_get(struct job *job, const struct request *req, struct response *res)
{
	str asked = request_query(job->arena, req, "input_token"),
	    own = graph_bearer(req, job->arena);
	struct buf *out = reply_json(res, 200);
	bool is_own = crypto_equal(bytes_of(asked), bytes_of(own));

	if (!asked.len)
		return graph_fail(job, "100", "(#100) The parameter input_token is required.");
	json_open(out, '{');
	json_open_in(out, "data", '{');
	json_put_bool(out, "is_valid", is_own);
	if (is_own) {
		json_put(out, "app_id", arena_printf(job->arena, "%lld",
						(long long)job->workspace));
		json_put(out, "type", S("SYSTEM_USER"));
		json_put(out, "application", S("Parley"));
		json_put_int(out, "expires_at", 0);
		json_put_int(out, "data_access_expires_at", 0);
		write_scopes(job, out);
		json_put_id(out, "user_id", job->actor.id);
	} else {
		json_open_in(out, "error", '{');
		json_put_int(out, "code", 190);
		json_put(out, "message", S("Only the token of the request is looked into."));
		json_close(out, '}');
	}
	json_close(out, '}');
	json_close(out, '}');
	return OK;
}

enum err graph_missing(struct job *job, const struct request *req, struct response *res)
{
	(void)res;
	return graph_fail(job, "2500", "Unknown path components: " STR_F,
		STR_A(str_first_points(req->path, 200)));
}
