/* linked_sync.c: /linked-numbers/{id}/sync: how far the past of a number has come, again, and no
 * more. */
#include "api/handlers.h"
#include "provider/linked/history.h"

static enum err reply_sync(struct job *job, struct response *res, id64 id)
{
	struct buf *out = reply_json(res, 200);
	struct linked_number number;
	struct linked_sync sync = { 0 };
	enum err e;

	/* Whether it is a number of the workspace, and linked. */
	TRY(linked_get(job, id, &number));
	e = linked_sync_get(job, id, &sync);
	if (e == ERR_MISSING)
		job_forgive(job);
	else
		TRY(e);
	json_open(out, '{');
	json_put(out, "state", str_of(linked_sync_state_name(sync.state)));
	json_put_int(out, "percent", sync.progress);
	json_put_int(out, "chats_done", sync.chats_done);
	json_put_int(out, "chats_total", sync.chats_total);
	json_put_int(out, "messages", sync.messages);
	json_put(out, "sentence", sync.why.len ? sync.why : STR_NONE);
	json_put_ms(out, "started_ms", sync.started_ms);
	json_put_ms(out, "changed_ms", sync.changed_ms);
	json_put_ms(out, "complete_until_ms", number.complete_ms);
	json_close(out, '}');
	return OK;
}

static enum err do_and_reply(struct job *job, const struct request *req, struct response *res,
	enum err (*act)(struct job *job, id64 channel))
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	if (act)
		TRY(act(job, id));
	return reply_sync(job, res, id);
}

enum err linked_sync_show(struct job *job, const struct request *req, struct response *res)
{
	return do_and_reply(job, req, res, NULL);
}

enum err linked_sync_again_post(struct job *job, const struct request *req, struct response *res)
{
	return do_and_reply(job, req, res, linked_sync_again);
}

enum err linked_sync_skip_post(struct job *job, const struct request *req, struct response *res)
{
	return do_and_reply(job, req, res, linked_sync_skip);
}
