/*
 * webhook_tools.c: what an administrator needs when a webhook does not do what it should: what came
 * in the last hour, samples to send by hand, and the story of one event.
 *
 * A sample goes the whole way: signed, over our own public address, through the intake. What it
 * makes is real; so a channel that serves customers wants it confirmed.
 */
#include "account/audit.h"
#include "account/channel.h"
#include "account/seal.h"
#include "account/webhook_watch.h"
#include "api/handlers.h"
#include "inbox/inbox.h"
#include "net/client.h"
#include "provider/cloud/sample.h"
#include "store/queries.h"

enum {
	STATES = 4,
	COUNTED_MAX = 10000,
	SAMPLE_MAX = 256 << 10,
	TRACE_EVENTS_MAX = 100,
	TRACE_MESSAGES_MAX = 50,
	APPLYING_MS = 60000, /* an event is applied within that time */
};

static const char *const state_names[STATES] = { "pending", "applied", "failed", "kept" };

/* ---- what came ---- */

static enum err write_states(struct job *job, struct buf *out, id64 channel)
{
	json_open_in(out, "events", '{');
	for (int64_t state = 0; state < STATES; state++) {
		struct count_row row;

		TRY(sql_intake_event_state_count(job,
			&(struct sql_intake_event_state_count){ job->workspace, state, channel,
				COUNTED_MAX },
			&row));
		json_put_int(out, state_names[state], row.count);
	}
	json_close(out, '}');
	return OK;
}

static void write_watch(struct buf *out, const struct webhook_watch *watch)
{
	json_open_in(out, "minutes", '[');
	for (int i = 0; i < WATCH_MINUTES; i++)
		json_put_int(out, NULL, watch->minutes[i]);
	json_close(out, ']');
	json_put_int(out, "taken", (int64_t)watch->taken);
	json_put_int(out, "refused", (int64_t)watch->refused);
	json_put_ms(out, "refused_ms", watch->refused_ms);
	json_put_int(out, "turned_away", (int64_t)watch->turned_away);
}

enum err channels_webhook(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct webhook_watch watch;
	struct channel_full *full;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(channel_get_full(job, id, &full));
	webhook_watch_read(id, job->now_ms, &watch);
	json_open(out, '{');
	json_put(out, "url", channel_webhook_url(job->arena, &full->channel));
	json_put(out, "verify_token",
		full->channel.provider->handshake ? full->channel.verify_token : STR_NONE);
	json_put_ms(out, "last_event_ms", full->last_event_ms);
	json_put_bool(out, "takes_samples", provider_can(&full->channel) & CAN_PASS_ON);
	write_watch(out, &watch);
	TRY(write_states(job, out, id));
	json_close(out, '}');
	return OK;
}

/* ---- samples ---- */

/* "message_template_status_update-03" is of the field message_template_status_update. */
static str field_of(struct job *job, const struct cloud_sample *sample)
{
	json body;

	if (json_read(job->arena, str_of(sample->body), &body, NULL) != OK)
		return STR_NONE;
	return json_text(json_field(
		json_at(json_field(json_at(json_field(body, "entry"), 0), "changes"), 0),
		"field"));
}

enum err samples_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);

	(void)req;
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < cloud_sample_count; i++) {
		json_open(out, '{');
		json_put(out, "name", str_of(cloud_samples[i].name));
		json_put(out, "field", field_of(job, &cloud_samples[i]));
		json_close(out, '}');
	}
	json_close(out, ']');
	json_put_null(out, "next_cursor");
	json_close(out, '}');
	return OK;
}

struct sending { str name; json body; bool confirm; };

static const struct field sending_fields[] = {
	FIELD(struct sending, name, STR, .max = 200),
	FIELD(struct sending, body, JSON),
	FIELD(struct sending, confirm, BOOL),
	{ 0 },
};

static enum err find_body(struct job *job, const struct channel *ch, const struct sending *sending,
	str *out)
{
	const struct cloud_sample *sample = cloud_sample_find(sending->name);
	struct buf text = buf_in(job->arena, SAMPLE_MAX);
	json body = sending->body;

	if (body && json_kind(body) != JSON_MAP)
		field_error(job, S("body"), S("wrong_type"), S("Must be an object."));
	TRY(job_check_fields(job));
	if (!body && !sample)
		return fail_code(job, ERR_MISSING, S("no_sample"),
			S("Choose one of GET /webhook-samples, or give a body."),
			"There is no such sample.");
	if (!body && !(provider_can(ch) & CAN_PASS_ON))
		return fail_code(job, ERR_UNSUPPORTED, S("unsupported"),
			S("Send a body of your own, as the provider would write it."),
			"The samples are Meta's; %s takes others.", ch->provider->title);
	if (!body && json_read(job->arena, str_of(sample->body), &body, NULL) != OK)
		return fail(job, ERR_BUG, "a sample is not JSON");
	if (sending->body)
		json_put_value(&text, NULL, body);
	else
		cloud_sample_write(job, ch, body, &text);
	*out = buf_text(&text);
	return text.failed ? fail(job, ERR_LIMIT, "A sample has at most 256 KB.") : OK;
}

static enum err send_body(struct job *job, const struct channel *ch, str body,
	struct http_reply *reply)
{
	struct webhook_proof proof;
	struct http_call call;

	TRY(provider_prove(job, ch, body, &proof));
	call = channel_webhook_call(job, ch, &proof);
	return http_call(job, &call, reply);
}

/* The newest of the channel above `after`, in whatever state it is by now. */
static enum err find_newest(struct job *job, id64 channel, id64 after, id64 *out)
{
	*out = 0;
	for (int64_t state = 0; state < STATES; state++) {
		struct intake_summary_rows rows;

		TRY(sql_intake_event_newest(job,
			&(struct sql_intake_event_newest){ job->workspace, state, channel, after,
				1 },
			&rows));
		if (rows.count && rows.items[0].id > *out)
			*out = rows.items[0].id;
	}
	return OK;
}

static enum err note_sample(struct job *job, id64 channel, str name)
{
	struct buf detail = buf_in(job->arena, 512);

	json_open(&detail, '{');
	json_put(&detail, "sample", name);
	json_close(&detail, '}');
	TRY(db_begin(job, DB_WRITE));
	TRY(audit_add(job, &(struct audit_entry){ .action = "channel.sample",
				   .target_kind = "channel",
				   .target_id = channel,
				   .detail = buf_text(&detail) }));
	return db_commit(job);
}

enum err channels_sample(struct job *job, const struct request *req, struct response *res)
{
	struct sending sending = { 0 };
	struct http_reply reply;
	struct channel *ch;
	struct buf *out;
	id64 id, event, before = id64_floor(job->now_ms);
	str body;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, sending_fields, &sending));
	TRY(channel_get(job, id, &ch));
	TRY(find_body(job, ch, &sending, &body));
	if (!str_is(ch->environment, S("development")) && !sending.confirm)
		return fail_code(job, ERR_CONFLICT, S("needs_confirmation"),
			S("Send it again with \"confirm\": true, or use a channel for "
			  "development."),
			"This channel serves customers, and what the sample says will stand in the "
			"inbox.");
	TRY(note_sample(job, id, sending.name));
	TRY(send_body(job, ch, body, &reply));
	TRY(find_newest(job, id, before, &event));
	out = reply_json(res, 200);
	json_open(out, '{');
	json_put_int(out, "status", reply.status);
	json_put(out, "answer", str_part(str_from(reply.body), 0, 1000));
	json_put_id(out, "event_id", reply.status == 200 ? event : 0);
	json_put(out, "sent", body);
	json_close(out, '}');
	return OK;
}

/* ---- the story of one event ---- */

static void tell(struct buf *out, int64_t at_ms, const char *what, str detail)
{
	if (!at_ms)
		return;
	json_open(out, '{');
	json_put_int(out, "at_ms", at_ms);
	json_put(out, "what", str_of(what));
	json_put(out, "detail", detail);
	json_close(out, '}');
}

static void write_steps(struct job *job, struct buf *out, const struct intake_event_row *row)
{
	bool was_tried = row->attempts > 0 || row->applied_ms;

	json_open_in(out, "steps", '[');
	tell(out, id64_ms(row->id), "received",
		S("It came to the webhook address, proved whom it is from, and was stored."));
	if (was_tried && row->attempts > 1)
		tell(out, row->applied_ms ? row->applied_ms : id64_ms(row->id), "tried",
			arena_printf(job->arena, "It was tried %lld times.",
				(long long)row->attempts));
	if (row->state == 1)
		tell(out, row->applied_ms, "applied", S("All that it says was applied."));
	else if (row->state == 3)
		tell(out, row->applied_ms, "kept",
			S("Nothing here draws it; it is kept as it came."));
	else if (row->state == 2)
		tell(out, row->next_ms ? row->next_ms : id64_ms(row->id), "failed",
			row->error.len ? row->error : S("It could not be applied."));
	if (row->state == 2 && row->next_ms > job->now_ms)
		tell(out, row->next_ms, "retry", S("It is tried again then."));
	json_close(out, ']');
}

/* What the provider reads in it, one line each. */
static void write_meaning(struct buf *out, const struct provider_events *events)
{
	json_open_in(out, "meaning", '[');
	for (size_t i = 0; i < events->count && i < TRACE_EVENTS_MAX; i++) {
		const struct provider_event *e = &events->items[i];

		json_open(out, '{');
		json_put(out, "kind", str_of(event_kind_name(e->kind)));
		json_put(out, "field", e->field);
		json_put(out, "type",
			e->kind == EVENT_MESSAGE ? str_of(kind_name(e->message_kind)) : STR_NONE);
		json_put(out, "status",
			e->kind == EVENT_STATUS ? str_of(status_name(e->status)) : STR_NONE);
		json_put(out, "remote_id", e->remote_id.len ? e->remote_id : e->target_id);
		json_put(out, "sentence", e->sentence);
		json_put(out, "error", e->error_sentence);
		json_close(out, '}');
	}
	json_close(out, ']');
}

/* A channel that is gone, or a body that does not read, has no meaning to show. */
static void find_meaning(struct job *job, const struct intake_event_row *row, str body,
	struct provider_events *events, str *why)
{
	struct channel *ch;

	if (channel_get(job, row->channel, &ch) == OK && ch->provider->parse &&
		ch->provider->parse(job, ch, body, events) == OK)
		return;
	*why = job->why;
	job_forgive(job);
}

static enum err write_messages(struct job *job, struct buf *out, const struct intake_event_row *row)
{
	struct intake_message_rows rows = { 0 };

	if (row->applied_ms)
		TRY(sql_intake_event_messages(job,
			&(struct sql_intake_event_messages){ job->workspace, row->id,
				id64_floor(row->applied_ms - APPLYING_MS),
				id64_floor(row->applied_ms + 1000), TRACE_MESSAGES_MAX },
			&rows));
	json_open_in(out, "messages", '[');
	for (size_t i = 0; i < rows.count; i++) {
		json_open(out, '{');
		json_put_id(out, "id", rows.items[i].id);
		json_put_id(out, "conversation_id", rows.items[i].conversation);
		json_put(out, "type", str_of(kind_name((enum message_kind)rows.items[i].kind)));
		json_put(out, "status",
			str_of(status_name((enum message_status)rows.items[i].status)));
		json_close(out, '}');
	}
	json_close(out, ']');
	return OK;
}

enum err events_trace(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct provider_events events = { 0 };
	struct intake_event_row row;
	str body, why = STR_NONE;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(sql_intake_event_get(job, &(struct sql_intake_event_get){ job->workspace, id }, &row));
	TRY(unseal(job, SEAL_EVENT, row.payload, &body));
	find_meaning(job, &row, body, &events, &why);
	json_open(out, '{');
	json_put_id(out, "event_id", row.id);
	json_put_id(out, "channel_id", row.channel);
	write_steps(job, out, &row);
	json_put(out, "unreadable", why);
	write_meaning(out, &events);
	TRY(write_messages(job, out, &row));
	json_close(out, '}');
	return OK;
}
