/*
 * linked.c: /linked-numbers: numbers that are paired with a phone, from the notice to the removal.
 *
 * A number is a channel of the provider `linked`; its id is the channel's. What pairs it (QR text
 * and code) lets whoever reads it take over the phone's messages: it is answered by one address
 * alone, to those who manage channels, and stands in no event and no log.
 */
#include "account/channel.h"
#include "account/linked_notice.h"
#include "account/qr.h"
#include "api/handlers.h"
#include "api/linked_json.h"
#include "base/codec.h"

#define PHONE_MIN 7
#define PHONE_MAX 15
#define HISTORY_PAGE LINKED_HISTORY_MAX

/* ---- reading ---- */

static void write_notice(struct buf *out)
{
	json_open_in(out, "notice", '{');
	json_put(out, "version", LINKED_NOTICE_VERSION);
	json_open_in(out, "sentences", '[');
	for (size_t i = 0; i < linked_notice_sentence_count; i++)
		json_put(out, NULL, str_of(linked_notice_sentences[i]));
	json_close(out, ']');
	json_close(out, '}');
}

enum err linked_numbers_list(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct linked_number *numbers;
	struct linked_room room;
	size_t count;

	(void)req;
	TRY(linked_list(job, &numbers, &count));
	TRY(linked_room(job, &room));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count; i++)
		TRY(linked_number_write_json(job, out, NULL, &numbers[i]));
	json_close(out, ']');
	json_put_int(out, "limit", room.limit);
	json_put_int(out, "used", room.used);
	write_notice(out);
	json_close(out, '}');
	return OK;
}

static enum err reply_number(struct job *job, struct response *res, int status, id64 id)
{
	struct linked_number number;

	TRY(linked_get(job, id, &number));
	return linked_number_write_json(job, reply_json(res, status), NULL, &number);
}

enum err linked_numbers_get(struct job *job, const struct request *req, struct response *res)
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	return reply_number(job, res, 200, id);
}

static void write_qr(struct job *job, struct buf *out, const struct linked_number *number)
{
	if (number->qr.len == 0) {
		json_put_null(out, "qr");
		return;
	}
	json_open_in(out, "qr", '{');
	json_put(out, "text", number->qr);
	json_put(out, "svg", qr_svg(job->arena, number->qr));
	json_put_int(out, "until_ms", number->qr_until_ms);
	json_close(out, '}');
}

static void write_code(struct buf *out, const struct linked_number *number)
{
	if (number->code.len == 0) {
		json_put_null(out, "code");
		return;
	}
	json_open_in(out, "code", '{');
	json_put(out, "text", number->code);
	json_put_int(out, "until_ms", number->code_until_ms);
	json_close(out, '}');
}

enum err linked_numbers_pairing(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct linked_number number;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(linked_get(job, id, &number));
	json_open(out, '{');
	json_put(out, "state", str_of(linked_state_name(number.state)));
	write_qr(job, out, &number);
	write_code(out, &number);
	json_close(out, '}');
	return OK;
}

enum err linked_numbers_history(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct linked_change *changes;
	struct page page;
	size_t count;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(page_read(job, req, "linked-history", &page));
	TRY(linked_history(job, id, page.after.id, page.limit + 1, &changes, &count));
	json_open(out, '{');
	json_open_in(out, "data", '[');
	for (size_t i = 0; i < count && i < page.limit; i++) {
		json_open(out, '{');
		json_put_id(out, "id", changes[i].id);
		json_put_int(out, "at_ms", id64_ms(changes[i].id));
		json_put(out, "state", str_of(linked_state_name(changes[i].state)));
		json_put(out, "reason", changes[i].reason);
		json_put(out, "sentence", changes[i].sentence);
		json_close(out, '}');
	}
	json_close(out, ']');
	TRY(page_write_next(job, out, &page,
		count > page.limit ? &(struct cursor){ .id = changes[page.limit - 1].id } : NULL));
	json_close(out, '}');
	return OK;
}

enum err linked_numbers_diagnose(struct job *job, const struct request *req, struct response *res)
{
	struct buf *out = reply_json(res, 200);
	struct linked_finding findings[LINKED_FINDINGS_MAX];
	size_t count;
	bool all = true;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(linked_diagnose(job, id, findings, &count));
	json_open(out, '{');
	json_open_in(out, "findings", '[');
	for (size_t i = 0; i < count; i++) {
		json_open(out, '{');
		json_put(out, "step", findings[i].step);
		json_put_bool(out, "ok", findings[i].is_ok);
		json_put(out, "sentence", findings[i].sentence);
		json_put(out, "next_step",
			findings[i].next_step.len ? findings[i].next_step : STR_NONE);
		json_put_int(out, "took_ms", findings[i].took_ms);
		json_close(out, '}');
		all = all && findings[i].is_ok;
	}
	json_close(out, ']');
	json_put_bool(out, "ok", all);
	json_close(out, '}');
	return OK;
}

/* ---- making and pairing ---- */

struct pair_body { str name, consent, phone; };

static const struct field new_fields[] = {
	FIELD(struct pair_body, name, STR, .max = LINKED_NAME_MAX, .required = true),
	FIELD(struct pair_body, consent, STR, .max = 32),
	{ 0 },
};

/* The channel, and who agreed to what: the number is there then, and not yet paired. */
enum err linked_numbers_post(struct job *job, const struct request *req, struct response *res)
{
	struct pair_body body = { 0 };
	struct channel *channel;

	TRY(request_json(job, req, new_fields, &body));
	TRY(channel_create(job,
		&(struct channel_draft){ .provider = S("linked"),
			.name = body.name,
			.disabled = -1 },
		&channel));
	if (body.consent.ptr)
		TRY(linked_consent_give(job, channel->id, body.consent));
	return reply_number(job, res, 201, channel->id);
}

static const struct field pair_fields[] = {
	FIELD(struct pair_body, consent, STR, .max = 32),
	NAMED_FIELD(struct pair_body, "phone_number", phone, STR, .max = 32),
	{ 0 },
};

/* Digits, also as people write them: "+62 812-3456". */
static str digits_of(struct job *job, str text)
{
	struct buf out = buf_in(job->arena, PHONE_MAX + 1);

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			buf_byte(&out, (uint8_t)text.ptr[i]);
		else if (!memchr("+ -().", text.ptr[i], 6))
			return S("");
	return out.failed ? S("") : buf_text(&out);
}

static enum err read_pairing(struct job *job, const struct request *req, id64 id,
	struct pair_body *out)
{
	struct linked_number number;

	*out = (struct pair_body){ 0 };
	TRY(linked_get(job, id, &number)); /* it is there, and one of these */
	if (req->body.len)
		TRY(request_fields(job, req, pair_fields, out));
	if (out->phone.ptr) {
		out->phone = digits_of(job, out->phone);
		if (out->phone.len < PHONE_MIN || out->phone.len > PHONE_MAX)
			field_error(job, S("phone_number"), S("invalid"),
				S("The phone's number with its country code: +62 812 3456 7890."));
	}
	TRY(job_check_fields(job));
	if (out->consent.ptr)
		TRY(linked_consent_give(job, id, out->consent));
	return linked_consent_check(job, id);
}

/* 202: QR codes and the code to type come soon after; linked.updated tells when. */
enum err linked_numbers_pair(struct job *job, const struct request *req, struct response *res)
{
	struct pair_body body;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(read_pairing(job, req, id, &body));
	if (body.phone.ptr)
		TRY(linked_pair_code(job, id, true, body.phone));
	else
		TRY(linked_pair(job, id, true));
	return reply_number(job, res, 202, id);
}

enum err linked_numbers_repair(struct job *job, const struct request *req, struct response *res)
{
	struct pair_body body;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(read_pairing(job, req, id, &body));
	TRY(linked_repair(job, id, true));
	return reply_number(job, res, 202, id);
}

/* ---- one word each ---- */

static enum err do_and_reply(struct job *job, const struct request *req, struct response *res,
	enum err (*act)(struct job *job, id64 channel))
{
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(act(job, id));
	return reply_number(job, res, 200, id);
}

enum err linked_numbers_renew(struct job *job, const struct request *req, struct response *res)
{
	return do_and_reply(job, req, res, linked_renew);
}

enum err linked_numbers_stop(struct job *job, const struct request *req, struct response *res)
{
	return do_and_reply(job, req, res, linked_stop);
}

enum err linked_numbers_reconnect(struct job *job, const struct request *req, struct response *res)
{
	return do_and_reply(job, req, res, linked_reconnect);
}

enum err linked_numbers_log_out(struct job *job, const struct request *req, struct response *res)
{
	return do_and_reply(job, req, res, linked_log_out);
}

enum err linked_numbers_primary(struct job *job, const struct request *req, struct response *res)
{
	return do_and_reply(job, req, res, linked_set_primary);
}

static const struct field keep_fields[] = {
	{ .name = "keep", .kind = FIELD_BOOL, .at = 0, .required = true },
	{ 0 },
};

enum err linked_numbers_keep(struct job *job, const struct request *req, struct response *res)
{
	bool keep = false;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_json(job, req, keep_fields, &keep));
	TRY(linked_keep(job, id, keep));
	return reply_number(job, res, 200, id);
}

/* Its keys go, here and at the phone; conversations and what was sent stay. */
enum err linked_numbers_delete(struct job *job, const struct request *req, struct response *res)
{
	str reason = request_query(job->arena, req, "reason");
	struct linked_outcome outcome = { .err = OK };
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(linked_bulk(job, LINKED_DO_REMOVE, &id, 1, &outcome));
	if (outcome.err != OK)
		return fail_code(job, outcome.err, S("not_removed"), outcome.next_step, STR_F,
			STR_A(outcome.why));
	TRY(channel_delete(job, id, reason));
	return reply_nothing(res);
}

enum err linked_numbers_bulk(struct job *job, const struct request *req, struct response *res)
{
	struct linked_outcome *outcomes;
	struct linked_bulk_body body;
	struct buf *out;

	TRY(linked_bulk_read(job, req, &body));
	outcomes = ARENA_ARRAY(job->arena, struct linked_outcome, body.ids.count);
	TRY(linked_bulk_do(job, &body, body.ids.items, body.ids.count, outcomes));
	out = reply_json(res, 200);
	json_open(out, '{');
	linked_outcomes_write_json(out, outcomes, body.ids.count);
	json_close(out, '}');
	return OK;
}

/* ---- its keys, sealed ---- */

struct keys_body { str passphrase, file, consent; };

static const struct field export_fields[] = {
	FIELD(struct keys_body, passphrase, STR, .max = 200, .required = true),
	{ 0 },
};

static const struct field import_fields[] = {
	FIELD(struct keys_body, passphrase, STR, .max = 200, .required = true),
	FIELD(struct keys_body, file, STR, .max = LINKED_IMPORT_MAX, .required = true),
	FIELD(struct keys_body, consent, STR, .max = 32),
	{ 0 },
};

static void check_passphrase(struct job *job, str passphrase)
{
	if (passphrase.ptr && str_count_points(passphrase) < LINKED_PASSPHRASE_MIN)
		field_error(job, S("passphrase"), S("too_short"),
			arena_printf(job->arena, "At least %d characters.", LINKED_PASSPHRASE_MIN));
}

enum err linked_numbers_export(struct job *job, const struct request *req, struct response *res)
{
	struct keys_body body = { 0 };
	struct buf *out;
	bytes sealed;
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_fields(job, req, export_fields, &body));
	check_passphrase(job, body.passphrase);
	TRY(job_check_fields(job));
	TRY(linked_export(job, id, body.passphrase, &sealed));
	out = reply_json(res, 200);
	json_open(out, '{');
	json_put(out, "file", base64_text(job->arena, sealed));
	json_close(out, '}');
	return OK;
}

enum err linked_numbers_import(struct job *job, const struct request *req, struct response *res)
{
	struct buf sealed = buf_in(job->arena, LINKED_EXPORT_MAX);
	struct keys_body body = { 0 };
	id64 id;

	TRY(request_id(job, req, 0, &id));
	TRY(request_fields(job, req, import_fields, &body));
	check_passphrase(job, body.passphrase);
	if (body.file.ptr && (!base64_read(body.file, &sealed) || sealed.failed || !sealed.len))
		field_error(job, S("file"), S("invalid"),
			S("The file of an export, in base64."));
	TRY(job_check_fields(job));
	/* Brought keys pair it as a scan does. */
	if (body.consent.ptr)
		TRY(linked_consent_give(job, id, body.consent));
	TRY(linked_consent_check(job, id));
	TRY(linked_import(job, id, body.passphrase, buf_bytes(&sealed)));
	return reply_number(job, res, 200, id);
}
