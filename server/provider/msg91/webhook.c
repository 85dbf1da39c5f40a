/*
 * webhook.c: what MSG91 tells us.
 *
 * "The body is a template you define yourself": names are settings, all values may be texts,
 * placeholders that were not filled ("{{x}}") are nothing. An incoming message carries the Cloud
 * API's own `messages` as a text, and is read by the Cloud API's parser; without it, one is made of
 * the other fields.
 */
#include "provider/msg91/msg91_internal.h"

#include "base/codec.h"
#include "crypto/crypto.h"

#define BODY_MAX (1u << 20)

/* ---- who sent it; on the loop ---- */

static bool is_signed(str told, str secret, str body)
{
	uint8_t mac[SHA256_SIZE];
	char room[2 * SHA256_SIZE + 1];
	struct buf hex = { .ptr = (uint8_t *)room, .cap = sizeof room, .max = sizeof room };

	hmac_sha256(bytes_of(secret), bytes_of(body), mac);
	hex_write(&hex, (bytes){ mac, sizeof mac });
	if (str_starts(told, S("sha256=")))
		told = str_part(told, 7, told.len);
	return crypto_equal(bytes_of(told), buf_bytes(&hex));
}

/* The path's secret always, and what the channel's settings ask for beside it. */
bool msg91_verify(const struct webhook_keys *keys, const struct request *req)
{
	str rule = keys->rule, header = str_split(&rule, '\n');

	if (!keys->app_secret.len ||
		!crypto_equal(bytes_of(req->params[1]), bytes_of(keys->app_secret)))
		return false;
	if (header.len && !crypto_equal(bytes_of(request_header(req, header)),
				  bytes_of(keys->app_secret)))
		return false;
	return !rule.len ||
	       is_signed(request_header(req, rule), keys->app_secret, str_from(req->body));
}

enum err msg91_prove(struct job *job, const struct channel *ch, str body,
	struct webhook_proof *out)
{
	str rule = msg91_rule(job, ch), header = str_split(&rule, '\n');

	out->body = body.ptr ? body : S("{\"parley_test\":true}");
	if (header.len)
		out->headers[out->header_count++] = (struct header){ header, ch->app_secret };
	if (rule.len)
		out->headers[out->header_count++] = (struct header){ rule,
			provider_signature(job->arena, ch->app_secret, out->body) };
	return OK;
}

/* ---- reading ---- */

struct reading {
	struct job *job;
	json config, root;
	struct provider_events *out;
};

static bool is_filled(str text)
{
	text = str_trim(text);
	return text.len && !(str_starts(text, S("{{")) && str_ends(text, S("}}")));
}

/* A field under its first name that has something in it; "" when none has. */
static str field(const struct reading *r, enum msg91_name which)
{
	str all = msg91_name(r->config, which);

	while (all.len) {
		json v = json_field(r->root,
			arena_cstr(r->job->arena, str_trim(str_split(&all, '|'))));
		str text = json_text_or_int(r->job->arena, v);

		if (is_filled(text))
			return text;
	}
	return S("");
}

/* The same where an object or list is wanted: as it is, or as JSON in a text. */
static json nested(const struct reading *r, enum msg91_name which)
{
	str all = msg91_name(r->config, which);

	while (all.len) {
		json v = json_field(r->root,
			arena_cstr(r->job->arena, str_trim(str_split(&all, '|'))));

		if (json_text(v).ptr &&
			json_read(r->job->arena, json_text(v), &v, NULL) != OK)
			v = NULL;
		if (json_kind(v) == JSON_MAP || json_kind(v) == JSON_LIST)
			return v;
	}
	return NULL;
}

static int64_t time_of(const struct reading *r)
{
	str all = msg91_name(r->config, NAME_TIME);

	while (all.len) {
		int64_t at = provider_time_ms(json_field(r->root,
						      arena_cstr(r->job->arena,
							      str_trim(str_split(&all, '|')))),
			0);

		if (at)
			return at;
	}
	return r->job->now_ms;
}

/* ---- reports ---- */

/* "The state may sit in eventName, status, statusCode, reason or delivery_status: look at all." */
static bool state_of(const struct reading *r, enum message_status *out)
{
	str all = msg91_name(r->config, NAME_STATE);

	while (all.len) {
		json v = json_field(r->root,
			arena_cstr(r->job->arena, str_trim(str_split(&all, '|'))));

		if (provider_status_of(json_text(v), out))
			return true;
	}
	return false;
}

/* Our id of this recipient's message: "17" alone, or "12025550142:17,12025550143:18". */
static id64 our_id(str reference, str phone)
{
	id64 id = 0;

	if (str_find(reference, ':') == reference.len)
		return id64_parse(reference, &id) ? id : 0;
	while (reference.len) {
		str one = str_split(&reference, ','), to = str_split(&one, ':');

		if (str_is(to, phone))
			return id64_parse(one, &id) ? id : 0;
	}
	return 0;
}

static void explain(const struct reading *r, struct provider_event *event)
{
	str told = field(r, NAME_REASON);
	int64_t code = 0;
	struct cloud_fault fault;

	for (size_t i = 0; i + 6 <= told.len && !code; i++)
		if (str_starts(str_part(told, i, 2), S("13")) &&
			str_is_digits(str_part(told, i, 6)))
			(void)str_to_i64(str_part(told, i, 6), &code);
	fault = (struct cloud_fault){ .code = code, .is_graph = true, .details = told };
	if (code)
		cloud_explain(r->job->arena, &fault);
	event->error_code =
		code ? str_part(arena_printf(r->job->arena, "%lld", (long long)code), 0, 20)
		     : S("failed");
	event->error_sentence = code ? fault.sentence
	                        : told.len ? arena_printf(r->job->arena,
						 "MSG91 could not deliver the message: " STR_F,
						 STR_A(str_first_points(told, 300)))
	                                   : S("MSG91 could not deliver the message.");
	event->error_next_step = code ? fault.next_step
	                              : S("Check the number, then send it again.");
}

static bool read_report(const struct reading *r)
{
	str phone = provider_phone(r->job->arena, field(r, NAME_CUSTOMER)),
	    request = field(r, NAME_REQUEST_ID);
	enum message_status status;
	struct provider_event *event;

	if (!state_of(r, &status) || !phone.len || (!request.len && !field(r, NAME_CRQID).len))
		return false;
	event = provider_events_add(r->job, r->out, EVENT_STATUS);
	event->field = S("report");
	event->channel_remote_id = provider_phone(r->job->arena, field(r, NAME_NUMBER));
	event->status = status;
	event->who.phone = phone;
	event->target_id = arena_printf(r->job->arena, STR_F ":" STR_F, STR_A(request),
		STR_A(phone));
	event->target_message = our_id(field(r, NAME_CRQID), phone);
	event->at_ms = time_of(r);
	if (status == STATUS_FAILED)
		explain(r, event);
	return true;
}

/* ---- messages ---- */

static void put_media(struct buf *b, const struct reading *r, const char *type)
{
	json_open_in(b, type, '{');
	json_put(b, "id", field(r, NAME_UUID));
	if (field(r, NAME_URL).len)
		json_put(b, "url", field(r, NAME_URL));
	if (field(r, NAME_CAPTION).len)
		json_put(b, "caption", field(r, NAME_CAPTION));
	if (field(r, NAME_FILE_NAME).len)
		json_put(b, "filename", field(r, NAME_FILE_NAME));
	json_close(b, '}');
}

/* A message of the Cloud API, of what MSG91 tells beside it. */
static void put_made(struct buf *b, const struct reading *r, str phone)
{
	str type = field(r, NAME_CONTENT_TYPE);
	const char *key = arena_cstr(r->job->arena, type.len ? type : S("text"));

	json_open(b, '{');
	json_put(b, "from", phone);
	json_put(b, "id", field(r, NAME_UUID));
	json_key(b, "timestamp");
	buf_printf(b, "\"%lld\"", (long long)(time_of(r) / 1000));
	json_put(b, "type", str_of(key));
	if (kind_is_media(kind_parse(type))) {
		put_media(b, r, key);
	} else if (str_is(type, S("interactive"))) {
		json_put_value(b, "interactive", nested(r, NAME_INTERACTIVE));
	} else if (str_is(type, S("button"))) {
		json_put_value(b, "button", nested(r, NAME_BUTTON));
	} else if (!type.len || str_is(type, S("text"))) {
		json_open_in(b, "text", '{');
		json_put(b, "body", field(r, NAME_TEXT));
		json_close(b, '}');
	} else {
		json_put_value(b, key, r->root);
	}
	if (field(r, NAME_REPLY_TO).len) {
		json_open_in(b, "context", '{');
		json_put(b, "id", field(r, NAME_REPLY_TO));
		json_close(b, '}');
	}
	json_close(b, '}');
}

/* The address of the file beside what the Cloud API tells of it. */
static void put_given(struct buf *b, const struct reading *r, json message)
{
	enum message_kind kind = kind_parse(json_text_at(message, "type"));
	str url = field(r, NAME_URL);

	if (!kind_is_media(kind) || !url.len) {
		json_put_value(b, NULL, message);
		return;
	}
	json_open(b, '{');
	for (void *at = json_first(message); at; at = json_next(message, at)) {
		json v = json_member_value(at);

		json_key_str(b, json_member_name(at));
		if (json_kind(v) != JSON_MAP ||
			!str_is(json_member_name(at), str_of(kind_cloud_type(kind)))) {
			json_put_value(b, NULL, v);
			continue;
		}
		json_open(b, '{');
		for (void *m = json_first(v); m; m = json_next(v, m))
			if (!str_is(json_member_name(m), S("url"))) {
				json_key_str(b, json_member_name(m));
				json_put_value(b, NULL, json_member_value(m));
			}
		json_put(b, "url", url);
		json_close(b, '}');
	}
	json_close(b, '}');
}

static void put_envelope(struct buf *b, const struct reading *r, str phone)
{
	str name = field(r, NAME_CUSTOMER_NAME),
	    number = provider_phone(r->job->arena, field(r, NAME_NUMBER));

	json_open(b, '{');
	json_open_in(b, "entry", '[');
	json_open(b, '{');
	json_open_in(b, "changes", '[');
	json_open(b, '{');
	json_put(b, "field", S("messages"));
	json_open_in(b, "value", '{');
	json_open_in(b, "metadata", '{');
	json_put(b, "phone_number_id", number);
	json_put(b, "display_phone_number", number);
	json_close(b, '}');
	json_open_in(b, "contacts", '[');
	json_open(b, '{');
	json_put(b, "wa_id", phone);
	json_open_in(b, "profile", '{');
	json_put(b, "name", name.len ? name : phone);
	json_close(b, '}');
	json_close(b, '}');
	json_close(b, ']');
}

static enum err read_message(const struct reading *r, str phone)
{
	struct buf b = buf_in(r->job->arena, 2 * BODY_MAX);
	json given = nested(r, NAME_MESSAGES);

	put_envelope(&b, r, phone);
	json_open_in(&b, "messages", '[');
	for (size_t i = 0; json_kind(given) == JSON_LIST && i < json_count(given); i++)
		put_given(&b, r, json_at(given, i));
	if (json_kind(given) != JSON_LIST)
		put_made(&b, r, phone);
	json_close(&b, ']');
	json_close(&b, '}');
	json_close(&b, '}');
	json_close(&b, ']');
	json_close(&b, '}');
	json_close(&b, ']');
	json_close(&b, '}');
	if (b.failed)
		return fail(r->job, ERR_LIMIT, "the webhook body is too large");
	return cloud_parse(r->job, buf_text(&b), r->out);
}

/* ---- the body ---- */

static void keep_undrawn(const struct reading *r, str body)
{
	struct provider_event *event = provider_events_add(r->job, r->out, EVENT_UNDRAWN);
	struct buf b = buf_in(r->job->arena, 8 * BODY_MAX);

	if (r->root)
		json_put_value(&b, NULL, r->root);
	else
		json_put(&b, NULL, body);
	event->field = S("unknown");
	event->severity = S("warning");
	event->sentence =
		r->root ? S("MSG91 sent something that is neither a message nor a report.")
			: S("MSG91 sent a body that is broken JSON: a quote or line break "
			    "in somebody's text does that when the panel does not escape "
			    "it.");
	event->detail = buf_text(&b);
	event->at_ms = r->job->now_ms;
}

static bool is_inbound(const struct reading *r)
{
	str direction = field(r, NAME_DIRECTION);
	enum message_status status;

	if (direction.len)
		return str_is_nocase(direction, S("inbound")) || str_is(direction, S("0"));
	return nested(r, NAME_MESSAGES) || !state_of(r, &status);
}

enum err msg91_parse_by(struct job *job, json config, str body, struct provider_events *out)
{
	struct reading r = { .job = job, .config = config, .out = out };
	str phone, why = S("");

	*out = (struct provider_events){ 0 };
	if (json_read(job->arena, body, &r.root, &why) != OK ||
		json_kind(r.root) != JSON_MAP) {
		r.root = NULL;
		if (!str_starts(str_trim(body), S("{")) || !str_is_utf8(body))
			return fail_code(job, ERR_INPUT, S("not_json"),
				S("Look at the raw event, and at the body that the panel sends."),
				"The webhook body is refused: " STR_F ".", STR_A(why));
		keep_undrawn(&r, body);
		return OK;
	}
	if (json_flag(json_field(r.root, "parley_test"), false))
		return OK;
	phone = provider_phone(job->arena, field(&r, NAME_CUSTOMER));
	if (is_inbound(&r) && phone.len &&
		(nested(&r, NAME_MESSAGES) || field(&r, NAME_UUID).len))
		return read_message(&r, phone);
	if (is_inbound(&r) || !read_report(&r))
		keep_undrawn(&r, body);
	return OK;
}

enum err msg91_parse(struct job *job, const struct channel *ch, str body,
	struct provider_events *out)
{
	return msg91_parse_by(job, msg91_config(job, ch), body, out);
}
