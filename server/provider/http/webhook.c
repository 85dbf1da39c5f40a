/*
 * webhook.c: what a transport's service tells us: is it from there, and what it means by the
 * configuration's "webhook".
 *
 * Nothing that came is dropped in silence: a body in which nothing was recognised is kept as it is
 * and shown as not understood.
 */
#include "provider/http/http_internal.h"

#include "base/codec.h"
#include "crypto/crypto.h"
#include "provider/cloud/cloud_internal.h"

#define SECRET_MAX 1024
#define ENTRIES_MAX 1000
#define SIGNATURE_MAX 128

/* ---- who sent it; on the loop, without allocating ---- */

static bool hex_nibble(char c, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c) : NULL;

	*out = at ? (uint8_t)(at - digits) : 0;
	return at != NULL;
}

/* %XX and + as they stand in a query; false when it does not fit. */
static bool decode(str in, char *out, size_t *len)
{
	for (*len = 0; in.len; (*len)++) {
		uint8_t high, low;
		size_t n = 1;

		if (*len == SECRET_MAX)
			return false;
		out[*len] = in.ptr[0] == '+' ? ' ' : in.ptr[0];
		if (in.len > 2 && in.ptr[0] == '%' && hex_nibble(in.ptr[1], &high) &&
			hex_nibble(in.ptr[2], &low)) {
			out[*len] = (char)(high << 4 | low);
			n = 3;
		}
		in = str_part(in, n, in.len);
	}
	return true;
}

static bool query_is(str query, str name, str secret)
{
	while (query.len) {
		str value = str_split(&query, '&'), key = str_split(&value, '=');
		char plain[SECRET_MAX];
		size_t len;

		if (str_is(key, name) && decode(value, plain, &len))
			return crypto_equal(bytes_of((str){ plain, len }), bytes_of(secret));
	}
	return false;
}

static bool signature_is(str told, str body, str secret, bool is_base64)
{
	uint8_t mac[SHA256_SIZE];
	char room[SIGNATURE_MAX], lower[SIGNATURE_MAX];
	struct buf right = { .ptr = (uint8_t *)room, .cap = sizeof room, .max = sizeof room };

	hmac_sha256(bytes_of(secret), bytes_of(body), mac);
	if (is_base64)
		base64_write(&right, (bytes){ mac, sizeof mac });
	else
		hex_write(&right, (bytes){ mac, sizeof mac });
	if (told.len != right.len)
		return false;
	for (size_t i = 0; i < told.len; i++)
		lower[i] = !is_base64 && told.ptr[i] >= 'A' && told.ptr[i] <= 'F'
		                   ? (char)(told.ptr[i] + 32)
		                   : told.ptr[i];
	return crypto_equal((bytes){ (uint8_t *)lower, told.len }, buf_bytes(&right));
}

bool transport_verify(const struct webhook_keys *keys, const struct request *req)
{
	str rule = keys->rule, type = str_split(&rule, '\n'), name = str_split(&rule, '\n');
	str prefix = str_split(&rule, '\n'), told;

	if (!keys->app_secret.len || !name.len)
		return false;
	if (str_is(type, S("query")))
		return query_is(req->query, name, keys->app_secret);
	told = request_header(req, name);
	if (!str_starts(told, prefix))
		return false;
	told = str_part(told, prefix.len, told.len);
	if (str_is(type, S("hmac_sha256")))
		return signature_is(told, str_from(req->body), keys->app_secret,
			str_is(rule, S("base64")));
	return crypto_equal(bytes_of(told), bytes_of(keys->app_secret));
}

enum err transport_prove(struct job *job, const struct channel *ch, str body,
	struct webhook_proof *out)
{
	json auth = json_path(transport_config(job, ch), "webhook.auth");
	str type = json_text_at(auth, "type"), prefix = json_text_at(auth, "prefix"),
	    value = ch->app_secret;
	struct buf query = buf_in(job->arena, 4 * SECRET_MAX);

	out->body = body.ptr ? body : S("{\"parley_test\":true}");
	if (!auth)
		return fail_code(job, ERR_UNSUPPORTED, S("no_webhook"),
			S("Add a section webhook to the channel's configuration."),
			"The channel's configuration maps no webhooks.");
	if (str_is(type, S("query"))) {
		buf_str(&query, json_text_at(auth, "name"));
		buf_byte(&query, '=');
		percent_write(&query, value);
		out->query = buf_text(&query);
		return OK;
	}
	if (str_is(type, S("hmac_sha256"))) {
		uint8_t mac[SHA256_SIZE];

		hmac_sha256(bytes_of(value), bytes_of(out->body), mac);
		value = str_is(json_text_at(auth, "encoding"), S("base64"))
		                ? base64_text(job->arena, (bytes){ mac, sizeof mac })
		                : hex_text(job->arena, (bytes){ mac, sizeof mac });
	}
	out->headers[out->header_count++] = (struct header){ json_text_at(auth, "name"),
		arena_printf(job->arena, STR_F STR_F, STR_A(prefix), STR_A(value)) };
	return OK;
}

/* ---- reading ---- */

struct reading {
	struct job *job;
	json config, section, entry;
	struct provider_events *out;
};

static json value_of(const struct reading *r, const char *what)
{
	return placeholder_value(r->job->arena, r->entry,
		json_text(json_field(r->section, what)));
}

/* A configured path's text; "" where there is none. */
static str text_of(const struct reading *r, const char *what)
{
	str text = json_field(r->section, what)
	                   ? json_text_or_int(r->job->arena, value_of(r, what))
	                   : STR_NONE;

	return text.ptr ? text : S("");
}

static bool is_meant(const struct reading *r)
{
	json when = json_field(r->section, "when"), values = json_field(when, "values");
	str told = json_text_or_int(r->job->arena, placeholder_value(r->job->arena, r->entry,
							   json_text_at(when, "path")));

	for (size_t i = 0; i < json_count(values); i++)
		if (str_is(told, json_text(json_at(values, i))))
			return true;
	return !when;
}

/* A phone number, else whatever address the service has. */
static struct person_ref person_of(const struct reading *r, str address)
{
	bool is_phone = str_is(json_text_at(r->config, "address"), S("PHONE"));
	str phone = is_phone ? provider_phone(r->job->arena, address) : STR_NONE;

	if (phone.len)
		return (struct person_ref){ .phone = phone };
	return (struct person_ref){ .bsuid = address };
}

static bool state_of(const struct reading *r, enum message_status *out, bool *is_ignored)
{
	str told = text_of(r, "state"),
	    meant = json_text(json_field(json_field(r->section, "states"),
		    arena_cstr(r->job->arena, told)));

	*is_ignored = str_is(meant, S("ignore"));
	return provider_status_of(meant.len ? meant : told, out);
}

static void read_failure(const struct reading *r, struct provider_event *event)
{
	str told = text_of(r, "error_message"), code = text_of(r, "error_code");

	event->error_code = code.len ? code : S("failed");
	event->error_sentence = told.len ? arena_printf(r->job->arena,
						   "The service could not deliver the message: "
						   STR_F,
						   STR_A(str_first_points(told, 300)))
	                                 : S("The service could not deliver the message.");
	event->error_next_step = S("Check the number, then send it again.");
}

static bool read_status(const struct reading *r)
{
	str id = text_of(r, "message_id"), reference = text_of(r, "reference");
	enum message_status status;
	struct provider_event *event;
	bool is_ignored;

	if (!state_of(r, &status, &is_ignored))
		return is_ignored;
	if (!id.len && !reference.len)
		return false;
	event = provider_events_add(r->job, r->out, EVENT_STATUS);
	event->field = S("status");
	event->status = status;
	if (!id64_parse(reference, &event->target_message))
		event->target_message = 0;
	event->target_id = id.len ? id
	                          : arena_printf(r->job->arena, "http." STR_F, STR_A(reference));
	event->at_ms = provider_time_ms(value_of(r, "time"), r->job->now_ms);
	if (status == STATUS_FAILED)
		read_failure(r, event);
	return true;
}

static enum message_kind kind_of(const struct reading *r)
{
	str told = text_of(r, "type"),
	    meant = json_text(json_field(json_field(r->section, "types"),
		    arena_cstr(r->job->arena, told)));
	enum message_kind kind = kind_parse(meant.len ? meant : told);

	if (kind != KIND_TEXT && !kind_is_media(kind))
		kind = KIND_UNKNOWN;
	if (kind == KIND_UNKNOWN && !told.len)
		kind = text_of(r, "media_url").len ? KIND_DOCUMENT : KIND_TEXT;
	return kind_is_media(kind) && !text_of(r, "media_url").len ? KIND_UNKNOWN : kind;
}

static str content_of(const struct reading *r, enum message_kind kind)
{
	struct buf b = buf_in(r->job->arena, JSON_SIZE_MAX);
	str text = text_of(r, "text"), file = text_of(r, "file_name");

	if (kind == KIND_UNKNOWN) {
		json_put_value(&b, NULL, r->entry);
		return buf_text(&b);
	}
	json_open(&b, '{');
	if (kind == KIND_TEXT)
		json_put(&b, "body", text);
	else if (text.len)
		json_put(&b, "caption", text);
	if (kind == KIND_DOCUMENT && file.len)
		json_put(&b, "filename", file);
	json_close(&b, '}');
	return buf_text(&b);
}

static bool read_message(const struct reading *r)
{
	str id = text_of(r, "id"), from = text_of(r, "from");
	enum message_kind kind = kind_of(r);
	struct provider_event *event;

	if (!id.len || !from.len)
		return false;
	event = provider_events_add(r->job, r->out, EVENT_MESSAGE);
	event->field = S("message");
	event->remote_id = id;
	event->who = person_of(r, from);
	event->who.name = text_of(r, "name");
	event->at_ms = provider_time_ms(value_of(r, "time"), r->job->now_ms);
	event->message_kind = kind;
	event->content = content_of(r, kind);
	event->reply_to = text_of(r, "reply_to");
	if (kind_is_media(kind)) {
		event->media_url = text_of(r, "media_url");
		event->media_remote_id = id;
		event->media.mime_type = text_of(r, "mime_type");
		event->media.file_name = text_of(r, "file_name");
		if (!event->media.mime_type.len)
			event->media.mime_type = S("application/octet-stream");
	}
	return true;
}

/* The entries of a section: the elements of its list, or the body itself. */
static size_t read_section(struct reading *r, json root, const char *name,
	bool (*read)(const struct reading *r))
{
	size_t count = 0, entries = 1;
	json list = NULL;

	r->section = json_path(r->config, name);
	if (!r->section)
		return 0;
	if (json_field(r->section, "list")) {
		list = placeholder_value(r->job->arena, root, json_text_at(r->section, "list"));
		entries = json_kind(list) == JSON_LIST ? json_count(list) : 0;
	}
	for (size_t i = 0; i < entries && i < ENTRIES_MAX; i++) {
		r->entry = list ? json_at(list, i) : root;
		count += is_meant(r) && read(r);
	}
	return count;
}

static void keep_undrawn(const struct reading *r, json root)
{
	struct provider_event *event = provider_events_add(r->job, r->out, EVENT_UNDRAWN);
	struct buf b = buf_in(r->job->arena, JSON_SIZE_MAX);

	json_put_value(&b, NULL, root);
	event->field = S("unknown");
	event->severity = S("info");
	event->sentence = S("The service sent something that the channel's configuration does not "
			    "map.");
	event->detail = buf_text(&b);
	event->at_ms = r->job->now_ms;
}

/* {"parley_test":true}: our own proof that the address works; it tells nothing. */
static bool is_proof(json root)
{
	return json_flag(json_field(root, "parley_test"), false);
}

enum err transport_parse_by(struct job *job, json config, str body, struct provider_events *out)
{
	struct reading r = { .job = job, .config = config, .out = out };
	json root;
	str why;

	*out = (struct provider_events){ 0 };
	if (json_read(job->arena, body, &root, &why) != OK)
		return fail_code(job, ERR_INPUT, S("not_json"),
			S("Look at the raw event; replay it when it is understood."),
			"The webhook body is refused: " STR_F ".", STR_A(why));
	if (is_proof(root))
		return OK;
	if (str_is(json_text_at(config, "webhook.format"), S("cloud_api")))
		return cloud_parse(job, body, out);
	if (read_section(&r, root, "webhook.status", read_status) +
			read_section(&r, root, "webhook.message", read_message) ==
		0)
		keep_undrawn(&r, root);
	return OK;
}

enum err transport_parse(struct job *job, const struct channel *ch, str body,
	struct provider_events *out)
{
	return transport_parse_by(job, transport_config(job, ch), body, out);
}
