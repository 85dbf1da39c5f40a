/*
 * webhook_body.c: what a webhook is told: the body of one event, made once, right after it
 * happened.
 *
 * {"type","timestamp","data":{…}}; data holds the REST shapes of what the event is about, a
 * sequence that grows by one along the conversation, and what changed. What is gone by then
 * (merged, deleted) leaves its id.
 */
#include "api/contact_json.h"
#include "api/message_json.h"

#include "account/channel.h"
#include "account/webhook.h"
#include "api/handlers.h"
#include "base/log.h"

#include <time.h>

enum { BODY_MAX = 256 << 10, TIME_MAX = 32 };

static str time_text(struct job *job, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char text[TIME_MAX];
	struct tm t;

	gmtime_r(&seconds, &t);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &t);
	return arena_printf(job->arena, "%s.%03dZ", text, (int)(ms % 1000));
}

static enum err write_message(struct job *job, struct buf *out, id64 id)
{
	struct view_ask ask = { 0 };
	struct view view;

	TRY(message_by_ids(job, &id, 1, &ask.messages));
	if (!ask.messages.count)
		return fail(job, ERR_MISSING, "the message is gone");
	TRY(view_load(job, &ask, &view));
	TRY(message_write_json(job, out, "message", &view, &view.messages.items[0]));
	return view.conversations.count ? conversation_write_json(job, out, "conversation", &view,
						 &view.conversations.items[0])
	                                : OK;
}

static enum err write_conversation(struct job *job, struct buf *out, id64 id)
{
	struct view_ask ask = { 0 };
	struct view view;

	TRY(conversation_by_ids(job, &id, 1, &ask.conversations));
	if (!ask.conversations.count)
		return fail(job, ERR_MISSING, "the conversation is gone");
	TRY(view_load(job, &ask, &view));
	return conversation_write_json(job, out, "conversation", &view,
		&view.conversations.items[0]);
}

static enum err write_contact(struct job *job, struct buf *out, id64 id)
{
	struct contact contact;
	struct contact_view view;

	TRY(contact_get(job, id, &contact));
	TRY(contact_view_load(job, &(struct contacts){ &contact, 1 }, &view));
	contact_write_view(job, out, "contact", &view, &contact);
	return OK;
}

static enum err write_channel(struct job *job, struct buf *out, id64 id)
{
	struct channel_full *full;

	TRY(channel_get_full(job, id, &full));
	channel_write_json(out, "channel", full, false);
	return OK;
}

static enum err write_subject(struct job *job, struct buf *out, const struct webhook_event_row *e)
{
	if (e->message_id)
		return write_message(job, out, e->message_id);
	if (e->conversation_id)
		return write_conversation(job, out, e->conversation_id);
	if (e->contact_id)
		return write_contact(job, out, e->contact_id);
	return e->channel_id ? write_channel(job, out, e->channel_id) : OK;
}

static void write_ids(struct buf *out, const struct webhook_event_row *e)
{
	json_put_id(out, "event_id", e->id);
	json_put_id(out, "workspace_id", e->workspace);
	json_put_int(out, "sequence", e->sequence);
	json_put_int(out, "occurred_at_ms", e->at_ms);
	if (e->message_id)
		json_put_id(out, "message_id", e->message_id);
	if (e->conversation_id)
		json_put_id(out, "conversation_id", e->conversation_id);
	if (e->contact_id)
		json_put_id(out, "contact_id", e->contact_id);
	if (e->channel_id)
		json_put_id(out, "channel_id", e->channel_id);
	json_put_raw(out, "change", e->detail);
}

static enum err write_body(struct job *job, struct buf *out, const struct webhook_event_row *e,
	bool whole)
{
	buf_clear(out);
	json_open(out, '{');
	json_put(out, "type", str_of(webhook_kind_name(webhook_kind_of(e->kind))));
	json_put(out, "timestamp", time_text(job, id64_ms(e->id)));
	json_open_in(out, "data", '{');
	write_ids(out, e);
	if (whole)
		TRY(write_subject(job, out, e));
	json_close(out, '}');
	json_close(out, '}');
	return out->failed ? fail(job, ERR_LIMIT, "the event is too large") : OK;
}

/* Only a store that is away is a reason to try again: anything else would hold up all others. */
enum err api_webhook_body(struct job *job, const struct webhook_event_row *event, str *body)
{
	struct buf out = buf_in(job->arena, BODY_MAX);
	enum err e = write_body(job, &out, event, true);

	if (e != OK) {
		if (e == ERR_STORE)
			return e;
		log_info("webhook event %lld is told by its ids alone: " STR_F,
			(long long)event->id, STR_A(job->why));
		job_forgive(job);
		TRY(write_body(job, &out, event, false));
	}
	*body = buf_text(&out);
	return OK;
}
