/*
 * graph_error.c: failures as Meta's error objects, with Meta's codes and statuses.
 *
 * Our own words (window_closed, opted_out, …) and wrong fields are told by the code that a program
 * of the Cloud API knows for them; details say in a sentence what it was. What a provider's own
 * answer was keeps its code.
 */
#include "api/graph.h"

#include "base/log.h"

#include <stdio.h>

enum { DETAILS_MAX = 2000, DETAILS_FIELDS_MAX = 8 };

struct known {
	int64_t code;
	int status;
	const char *message;
};

/* reference: cloud-api.md §10. */
static const struct known table[] = {
	{ 1, 500, "An unknown error occurred" },
	{ 2, 503, "Service temporarily unavailable" },
	{ 3, 400, "(#3) Application does not have the capability to make this API call." },
	{ 4, 400, "(#4) Application request limit reached" },
	{ 10, 403, "(#10) Application does not have permission for this action" },
	{ 33, 400, "(#33) This object does not exist" },
	{ 100, 400, "(#100) Invalid parameter" },
	{ 104, 401, "An access token is required to request this resource" },
	{ 190, 401, "Invalid OAuth access token - Cannot parse access token" },
	{ 200, 403, "(#200) You do not have the necessary permissions" },
	{ 2200, 400, "(#2200) Callback verification failed" },
	{ 2500, 400, "Unknown path components" },
	{ 2635, 400, "(#2635) You are calling a deprecated version of the API" },
	{ 80007, 400, "(#80007) Rate limit issues" },
	{ 130429, 400, "(#130429) Rate limit hit" },
	{ 131000, 500, "(#131000) Something went wrong" },
	{ 131005, 403, "(#131005) Access denied" },
	{ 131008, 400, "(#131008) Required parameter is missing" },
	{ 131009, 400, "(#131009) Parameter value is not valid" },
	{ 131016, 500, "(#131016) Service unavailable" },
	{ 131026, 400, "(#131026) Message undeliverable" },
	{ 131047, 400, "(#131047) Re-engagement message" },
	{ 131050, 400,
		"(#131050) User has stopped marketing messages from this business" },
	{ 131051, 400, "(#131051) Unsupported message type" },
	{ 131052, 400, "(#131052) Media download error" },
	{ 131053, 400, "(#131053) Media upload error" },
	{ 131059, 400, "(#131059) Invalid pagination cursor" },
	{ 132000, 400,
		"(#132000) Number of parameters does not match the expected number of params" },
	{ 132001, 404, "(#132001) Template name does not exist in the translation" },
	{ 132012, 400,
		"(#132012) Parameter format does not match format in the created template" },
	{ 132015, 400, "(#132015) Template is paused" },
	{ 132016, 400, "(#132016) Template is disabled" },
	{ 133010, 400, "(#133010) Account not registered" },
};

/* Our words. */
static const struct { const char *word; int64_t code; } words[] = {
	{ "window_closed", 131047 },
	{ "unsupported_kind", 131051 },
	{ "opted_out", 131050 },
	{ "channel_disabled", 133010 },
	{ "too_large", 131053 },
	{ "type_mismatch", 131053 },
	{ "empty_file", 131053 },
	{ "not_stored", 131052 },
	{ "media_gone", 131052 },
	{ "media_file_missing", 131052 },
	{ "not_allowed", 10 },
	{ "invalid_cursor", 131059 },
	{ "template_exists", 100 },
	{ "wrong_method", 100 },
};

struct told { int64_t code, subcode; int status; str message, details; };

static const struct known *find(int64_t code)
{
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (table[i].code == code)
			return &table[i];
	return NULL;
}

/* ---- wrong fields ---- */

static const struct field_error *first_of(const struct field_error *newest)
{
	while (newest && newest->next)
		newest = newest->next;
	return newest;
}

static int64_t code_of_template(const struct field_error *e)
{
	if (str_is(e->field, S("template.name")) && str_is(e->code, S("unknown")))
		return 132001;
	if (!str_starts(e->field, S("template.components")))
		return str_is(e->code, S("required")) ? 131008 : 100;
	if (str_is(e->code, S("required")) || str_is(e->code, S("unexpected")))
		return 132000;
	return str_ends(e->field, S(".id")) ? 131053 : 132012;
}

static int64_t code_of_field(const struct field_error *e)
{
	if (str_starts(e->field, S("template")))
		return code_of_template(e);
	if (str_is(e->field, S("to")) || str_is(e->field, S("from")))
		return 100;
	if (str_ends(e->field, S(".id")) && str_is(e->code, S("unknown")))
		return 100;
	if (str_is(e->code, S("media_type")) || str_is(e->code, S("too_large")))
		return 131053;
	if (str_is(e->code, S("required")) || str_is(e->code, S("too_short")))
		return 131008;
	return 131009;
}

static void write_fields(struct buf *out, const struct field_error *e, size_t *count)
{
	if (!e)
		return;
	write_fields(out, e->next, count);
	if ((*count)++ >= DETAILS_FIELDS_MAX)
		return;
	buf_printf(out, "%s" STR_F ": " STR_F, out->len ? " " : "", STR_A(e->field),
		STR_A(e->message));
}

static str details_of(struct job *job)
{
	struct buf out = buf_in(job->arena, DETAILS_MAX);
	size_t count = 0;

	if (!job->field_errors)
		return job->why;
	write_fields(&out, job->field_errors, &count);
	return buf_text(&out);
}

/* ---- which code ---- */

/* Meta's own: "131009", "100_33". */
static bool read_code(str text, struct told *out)
{
	str code = str_split(&text, '_');

	return str_is_digits(code) && str_to_i64(code, &out->code) &&
	       (!text.len || str_to_i64(text, &out->subcode));
}

static int64_t code_of_status(str sentence)
{
	if (str_has(sentence, S("PAUSED")))
		return 132015;
	return str_has(sentence, S("DISABLED")) ? 132016 : 132001;
}

static int64_t code_of_word(const struct job *job)
{
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_is(job->code, str_of(words[i].word)))
			return words[i].code;
	return str_is(job->code, S("template_not_approved")) ? code_of_status(job->why) : 0;
}

static int64_t code_of_err(enum err e, bool has_token)
{
	switch (e) {
	case ERR_AUTH:
		return has_token ? 190 : 104;
	case ERR_DENIED:
		return 200;
	case ERR_LIMIT:
		return 130429;
	case ERR_UNSUPPORTED:
		return 3;
	case ERR_TIMEOUT:
	case ERR_UPSTREAM:
		return 131016;
	case ERR_STORE:
		return 2;
	case ERR_CORRUPT:
	case ERR_BUG:
		return 131000;
	default:
		return 100;
	}
}

static bool is_inside(enum err e)
{
	return e == ERR_STORE || e == ERR_CORRUPT || e == ERR_BUG;
}

static void choose(struct job *job, enum err e, bool has_token, struct told *out)
{
	const struct field_error *first = first_of(job->field_errors);

	*out = (struct told){ 0 };
	if (!is_inside(e) && read_code(job->code, out))
		return;
	if (e == ERR_MISSING)
		out->subcode = 33;
	out->code = is_inside(e) ? 0 : first ? code_of_field(first) : code_of_word(job);
	if (!out->code)
		out->code = code_of_err(e, has_token);
}

static int status_of(enum err e)
{
	return e == ERR_UPSTREAM || e == ERR_TIMEOUT ? 500 : e == ERR_DENIED ? 403 : 400;
}

static void complete(struct job *job, enum err e, struct told *t)
{
	const struct known *known = find(t->code);

	t->status = known ? known->status : status_of(e);
	t->message = known ? str_of(known->message)
	                   : arena_printf(job->arena, "(#%lld) The network refused it",
				     (long long)t->code);
	t->details = is_inside(e) ? S("Nothing was changed. Try again in a moment.")
	                          : details_of(job);
	if (t->code == 100 && t->subcode == 33) {
		t->message = t->details.len ? t->details : S("Unsupported request.");
		t->details = STR_NONE;
	} else if (t->code == 2500 || (t->code == 100 && str_starts(t->details, S("(#100)")))) {
		t->message = t->details;
		t->details = STR_NONE;
	}
}

/* ---- the answer ---- */

static void write_error(struct job *job, struct buf *out, const struct told *t)
{
	bool is_object = t->code == 100 && t->subcode == 33;

	json_open(out, '{');
	json_open_in(out, "error", '{');
	json_put(out, "message", t->message);
	json_put(out, "type", is_object ? S("GraphMethodException") : S("OAuthException"));
	json_put_int(out, "code", t->code);
	if (t->subcode)
		json_put_int(out, "error_subcode", t->subcode);
	if (t->status >= 500)
		json_put_bool(out, "is_transient", true);
	if (t->details.len) {
		json_open_in(out, "error_data", '{');
		json_put(out, "messaging_product", S("whatsapp"));
		json_put(out, "details", t->details);
		json_close(out, '}');
	}
	json_put(out, "fbtrace_id", (str){ job->trace, TRACE_SIZE });
	json_close(out, '}');
	json_close(out, '}');
}

static void add_headers(struct job *job, const struct told *t, struct response *res)
{
	char seconds[24];

	if (t->status == 401)
		response_header(res, S("WWW-Authenticate"),
			S("OAuth \"Parley\" \"invalid_token\" \"Send a valid API key.\""));
	if (job->retry_after_ms <= 0)
		return;
	snprintf(seconds, sizeof seconds, "%lld", (long long)(job->retry_after_ms + 999) / 1000);
	response_header(res, S("Retry-After"), str_of(seconds));
}

void graph_error_write(struct job *job, enum err e, const struct request *req,
	struct response *res)
{
	struct told told;

	choose(job, e, graph_bearer(req, job->arena).len > 0, &told);
	complete(job, e, &told);
	if (told.status >= 500)
		log_error("%s: %s: " STR_F, job->name, err_name(e), STR_A(job->why));
	res->status = told.status;
	res->type = S("application/json");
	res->static_body = NULL;
	res->static_size = 0;
	add_headers(job, &told, res);
	buf_clear(&res->body);
	write_error(job, &res->body, &told);
}

enum err graph_unknown(struct job *job, const struct request *req, str id)
{
	return fail_code(job, ERR_MISSING, S("100_33"), STR_NONE,
		"Unsupported %s request. Object with ID '" STR_F
		"' does not exist, cannot be loaded due to missing permissions, or does not "
		"support this operation.",
		req->method == HTTP_GET      ? "get"
		: req->method == HTTP_DELETE ? "delete"
		                             : "post",
		STR_A(str_first_points(id, 64)));
}

enum err graph_permit(struct job *job, uint64_t permission)
{
	if (job->actor.permissions & permission)
		return OK;
	for (int i = 0; i < PERMISSION_COUNT; i++)
		if (permission >> i & 1)
			return fail_code(job, ERR_DENIED, S("not_allowed"), STR_NONE,
				"This needs the permission %s.",
				permission_name((enum permission_index)i));
	return ERR_DENIED;
}
