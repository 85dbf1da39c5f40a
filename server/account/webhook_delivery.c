/* webhook_delivery.c: what was delivered and what was not, sending it again, and signatures. */
#include "account/webhook_internal.h"

#include "base/codec.h"
#include "crypto/crypto.h"
#include "store/store.h"

enum { SIGNATURE_MAX = 64, DETAIL_MAX = 512 };

static struct webhook_delivery of_row(const struct webhook_delivery_row *row)
{
	return (struct webhook_delivery){ .event = row->event,
		.conversation = row->conversation_id,
		.kind = webhook_kind_of(row->kind),
		.state = (enum webhook_state)row->state,
		.sequence = row->sequence,
		.attempts = row->attempts,
		.status = row->status,
		.next_ms = row->next_ms,
		.done_ms = row->done_ms,
		.at_ms = row->at_ms,
		.error = row->error };
}

enum err webhook_delivery_list(struct job *job, const struct webhook_filter *f,
	struct webhook_delivery **out, size_t *count)
{
	struct webhook_delivery_rows rows;
	id64 before = f->before ? f->before : INT64_MAX;

	if (f->state < 0)
		TRY(sql_webhook_delivery_list_all(job,
			&(struct sql_webhook_delivery_list_all){ f->webhook, job->workspace,
				f->kinds, before, (int64_t)f->max },
			&rows));
	else
		TRY(sql_webhook_delivery_list(job,
			&(struct sql_webhook_delivery_list){ f->webhook, job->workspace, f->state,
				f->kinds, before, (int64_t)f->max },
			&rows));
	*out = ARENA_ARRAY(job->arena, struct webhook_delivery, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++)
		(*out)[i] = of_row(&rows.items[i]);
	return OK;
}

static enum err attempts_of(struct job *job, id64 webhook, id64 event, struct webhook_attempt **out,
	size_t *count)
{
	struct webhook_attempt_rows rows;

	TRY(sql_webhook_attempt_list(job,
		&(struct sql_webhook_attempt_list){ webhook, job->workspace, event }, &rows));
	*out = ARENA_ARRAY(job->arena, struct webhook_attempt, rows.count);
	*count = rows.count;
	for (size_t i = 0; i < rows.count; i++) {
		const struct webhook_attempt_row *row = &rows.items[i];

		(*out)[i] = (struct webhook_attempt){ .number = row->number,
			.started_ms = row->started_ms,
			.took_ms = row->took_ms,
			.status = row->status,
			.error = row->error };
		TRY(unseal(job, SEAL_EVENT, row->response_sealed, &(*out)[i].response));
	}
	return OK;
}

/* Meta's format: once it was made, for the first delivery. */
static enum err payload_of(struct job *job, id64 webhook, id64 event, bytes ours, str *out)
{
	struct webhook_cloud_row cloud;
	struct webhook w;

	TRY(webhook_get(job, webhook, &w));
	if (w.format != WEBHOOK_CLOUD_API)
		return unseal(job, SEAL_EVENT, ours, out);
	TRY(sql_webhook_event_cloud(job,
		&(struct sql_webhook_event_cloud){ event, job->workspace }, &cloud));
	return unseal(job, SEAL_EVENT, cloud.cloud_sealed, out);
}

enum err webhook_delivery_get(struct job *job, id64 webhook, id64 event,
	struct webhook_delivery *out, struct webhook_attempt **attempts, size_t *count)
{
	struct webhook_delivery_row row;

	TRY(sql_webhook_delivery_get(job,
		&(struct sql_webhook_delivery_get){ webhook, job->workspace, event }, &row));
	*out = of_row(&row);
	TRY(payload_of(job, webhook, event, row.payload_sealed, &out->payload));
	return attempts_of(job, webhook, event, attempts, count);
}

/* ---- once more ---- */

struct again {
	id64 webhook, event;
	int64_t from_ms, until_ms, count;
	id64 made;
};

static enum err note_audit(struct job *job, const char *action, const struct again *a)
{
	struct buf detail = buf_in(job->arena, DETAIL_MAX);

	json_open(&detail, '{');
	json_put_int(&detail, "count", a->count);
	json_put_id(&detail, "event", a->event);
	json_put_ms(&detail, "from_ms", a->from_ms);
	json_put_ms(&detail, "until_ms", a->until_ms);
	json_close(&detail, '}');
	return audit_add(job, &(struct audit_entry){ .action = action,
				      .target_kind = "webhook",
				      .target_id = a->webhook,
				      .detail = buf_text(&detail) });
}

static enum err resend_it(struct job *job, void *arg)
{
	struct again *a = arg;
	struct webhook w;

	TRY(webhook_get(job, a->webhook, &w));
	if (a->event)
		TRY(sql_webhook_resend(job,
			&(struct sql_webhook_resend){ a->webhook, job->workspace, a->event,
				job->now_ms },
			&a->count));
	else
		TRY(sql_webhook_resend_dead(job,
			&(struct sql_webhook_resend_dead){ a->webhook, job->workspace,
				job->now_ms },
			&a->count));
	if (a->event && !a->count)
		return fail(job, ERR_MISSING, "there is no such delivery");
	return note_audit(job, "webhook.resend", a);
}

enum err webhook_resend(struct job *job, id64 webhook, id64 event, int64_t *count)
{
	struct again a = { .webhook = webhook, .event = event };

	TRY(in_transaction(job, resend_it, &a));
	*count = a.count;
	return OK;
}

static enum err replay_it(struct job *job, void *arg)
{
	struct again *a = arg;
	struct webhook w;

	TRY(webhook_get(job, a->webhook, &w));
	TRY(sql_webhook_replay(job,
		&(struct sql_webhook_replay){ .webhook = w.id,
			.workspace = job->workspace,
			.kinds = w.format == WEBHOOK_CLOUD_API ? w.kinds & WEBHOOK_META_KINDS
							       : w.kinds,
			.audience = 1 << w.format,
			.channels = json_ids(job->arena, w.channels, w.channel_count),
			.all_channels = w.channel_count == 0,
			.from = id64_floor(a->from_ms),
			.until = id64_floor(a->until_ms),
			.now_ms = job->now_ms },
		&a->count));
	return note_audit(job, "webhook.replay", a);
}

enum err webhook_replay(struct job *job, id64 webhook, int64_t from_ms, int64_t until_ms,
	int64_t *count)
{
	struct again a = { .webhook = webhook, .from_ms = from_ms, .until_ms = until_ms };

	TRY(in_transaction(job, replay_it, &a));
	*count = a.count;
	return OK;
}

static enum err test_it(struct job *job, void *arg)
{
	struct again *a = arg;
	struct webhook w;

	TRY(webhook_get(job, a->webhook, &w));
	if (w.disabled_ms)
		return fail_code(job, ERR_CONFLICT, S("webhook_disabled"),
			S("Enable the webhook, then test it."), "The webhook is disabled.");
	TRY(webhook_write(job, &(struct webhook_event){ .kind = WEBHOOK_WEBHOOK_TEST }, &w.id, 1,
		&a->made));
	return note_audit(job, "webhook.test", a);
}

enum err webhook_test(struct job *job, id64 id, id64 *event)
{
	struct again a = { .webhook = id };

	TRY(in_transaction(job, test_it, &a));
	*event = a.made;
	return OK;
}

/* ---- signatures ---- */

str webhook_sign_cloud(struct arena *arena, str secret, str body)
{
	struct buf out = buf_in(arena, 2 * SHA256_SIZE + 8);
	uint8_t sum[SHA256_SIZE];

	hmac_sha256(bytes_of(secret), bytes_of(body), sum);
	buf_str(&out, S("sha256="));
	hex_write(&out, (bytes){ sum, sizeof sum });
	return buf_text(&out);
}

/* "{id}.{timestamp}.{body}" under the octets behind "whsec_". */
str webhook_sign(struct arena *arena, str secret, str id, int64_t at_seconds, str body)
{
	struct buf key = buf_in(arena, SIGNATURE_MAX);
	struct buf text = buf_in(arena, id.len + body.len + ID64_TEXT_MAX + 2);
	struct buf out = buf_in(arena, SIGNATURE_MAX);
	uint8_t sum[SHA256_SIZE];

	if (!str_starts(secret, S("whsec_")) ||
		!base64_read(str_part(secret, 6, secret.len), &key) || !key.len)
		return STR_NONE;
	buf_str(&text, id);
	buf_byte(&text, '.');
	buf_i64(&text, at_seconds);
	buf_byte(&text, '.');
	buf_str(&text, body);
	hmac_sha256(buf_bytes(&key), buf_bytes(&text), sum);
	crypto_wipe(key.ptr, key.len);
	buf_str(&out, S("v1,"));
	base64_write(&out, (bytes){ sum, sizeof sum });
	return buf_text(&out);
}
