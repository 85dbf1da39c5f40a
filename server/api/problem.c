/*
 * problem.c: failures as RFC 9457 problem details.
 *
 * What failed inside of us (store, corruption, bugs) is told to the log, and to the caller only
 * that it did.
 */
#include "api/api.h"

#include "base/log.h"

#include <stdio.h>

#define RETRY_STORE_MS 2000

struct kind {
	int status;
	const char *code, *title, *detail, *next_step;
};

static const struct kind kinds[] = {
	[OK] = { 200, "ok", "OK", "", "" },
	[ERR_INPUT] = { 422, "invalid_input", "The request has errors",
		"The request cannot be accepted.", "Correct it and send it again." },
	[ERR_AUTH] = { 401, "not_signed_in", "Not signed in",
		"You are not signed in, or no longer.", "Sign in, or send a valid API key." },
	[ERR_DENIED] = { 403, "not_allowed", "Not allowed", "You may not do this.",
		"Ask an admin of the workspace." },
	[ERR_MISSING] = { 404, "not_found", "Not found", "There is no such thing here.",
		"Check the address." },
	[ERR_CONFLICT] = { 409, "conflict", "Conflict", "It exists already, or changed meanwhile.",
		"Fetch the newest state and try again." },
	[ERR_LIMIT] = { 429, "too_many", "Too many requests", "A limit was reached.",
		"Wait, then try again." },
	[ERR_UNSUPPORTED] = { 422, "unsupported", "Not supported", "The channel cannot do this.",
		"Use another kind of message or another channel." },
	[ERR_TIMEOUT] = { 504, "upstream_timeout", "The other side did not answer",
		"The other side did not answer in time.", "Try again." },
	[ERR_UPSTREAM] = { 502, "upstream_failed", "The other side failed",
		"The other side failed.", "Try again." },
	[ERR_STORE] = { 503, "store_unavailable", "The store is away",
		"The store cannot be reached or is full.",
		"Try again in a moment; nothing was changed." },
	[ERR_CORRUPT] = { 500, "corrupt", "Stored data does not open",
		"Stored data could not be read.", "Tell your administrator the trace id." },
	[ERR_BUG] = { 500, "internal", "Internal error", "Something went wrong inside.",
		"Tell your administrator the trace id." },
};

/* Words that want another status than their err. */
static const struct {
	const char *code, *title;
	int status;
} special[] = {
	{ "malformed", "The request is malformed", 400 },
	{ "invalid_cursor", "The cursor is not ours", 400 },
	{ "too_large", "The request is too large", 413 },
	{ "unsupported_media_type", "The content type is not accepted", 415 },
	{ "range_not_satisfiable", "No such part", 416 },
	{ "wrong_method", "Not with this method", 405 },
	{ "number_limit", "No more numbers than that", 409 },
	{ "disk_full", "The disk is full", 503 },
};

/* Is the text of it for the log only? */
static bool is_inside(enum err e)
{
	return e == ERR_STORE || e == ERR_CORRUPT || e == ERR_BUG;
}

static struct kind kind_of(const struct job *job, enum err e)
{
	struct kind kind = kinds[e];

	for (size_t i = 0; i < COUNT_OF(special) && !is_inside(e); i++) {
		if (str_is(job->code, str_of(special[i].code))) {
			kind.status = special[i].status;
			kind.title = special[i].title;
		}
	}
	return kind;
}

int problem_status(const struct job *job, enum err e)
{
	return kind_of(job, e).status;
}

static bool is_told_before(const struct field_error *error, const struct field_error *until)
{
	for (const struct field_error *other = error->next; other && other != until;
		other = other->next)
		if (str_is(other->field, error->field))
			return true;
	return false;
}

/* The list is newest first; people read in the order of the form, and one sentence a field: the
 * first one found. */
static void write_errors(struct buf *out, const struct field_error *newest)
{
	if (!newest)
		return;
	write_errors(out, newest->next);
	if (is_told_before(newest, NULL))
		return;
	json_open(out, '{');
	json_put(out, "field", newest->field);
	json_put(out, "code", newest->code);
	json_put(out, "message", newest->message);
	json_close(out, '}');
}

/* "/problems/window-closed" */
static void write_type(struct buf *out, str code)
{
	char text[128] = "/problems/";
	size_t at = strlen(text);

	for (size_t i = 0; i < code.len && at < sizeof text - 1; i++)
		text[at++] = code.ptr[i] == '_' ? '-' : code.ptr[i];
	json_put(out, "type", (str){ text, at });
}

struct problem {
	struct kind kind;
	str code, detail, next_step, trace;
	const struct field_error *errors;
};

static void write_problem(struct buf *out, const struct problem *p)
{
	buf_clear(out);
	json_open(out, '{');
	write_type(out, p->code);
	json_put(out, "title", str_of(p->kind.title));
	json_put_int(out, "status", p->kind.status);
	json_put(out, "code", p->code);
	json_put(out, "detail", p->detail);
	json_put(out, "next_step", p->next_step);
	if (p->trace.len)
		json_put(out, "trace_id", p->trace);
	if (p->errors) {
		json_open_in(out, "errors", '[');
		write_errors(out, p->errors);
		json_close(out, ']');
	}
	json_close(out, '}');
}

static void add_headers(struct response *res, int status, int64_t retry_after_ms)
{
	char seconds[24];

	if (status == 503 && retry_after_ms == 0)
		retry_after_ms = RETRY_STORE_MS;
	if (retry_after_ms > 0) {
		snprintf(seconds, sizeof seconds, "%lld", (long long)(retry_after_ms + 999) / 1000);
		response_header(res, S("Retry-After"), str_of(seconds));
	}
	if (status == 401)
		response_header(res, S("WWW-Authenticate"), S("Bearer realm=\"parley\""));
}

void problem_write(struct job *job, enum err e, struct response *res)
{
	struct problem p = { .kind = kind_of(job, e),
		.errors = e == ERR_INPUT ? job->field_errors : NULL,
		.trace = { job->trace, TRACE_SIZE } };

	if (p.kind.status >= 500)
		log_error("%s: %s: " STR_F, job->name, err_name(e), STR_A(job->why));
	if (is_inside(e))
		job->why = job->code = job->next_step = STR_NONE;
	p.code = job->code.len ? job->code : str_of(p.kind.code);
	p.detail = job->why.len ? job->why : str_of(p.kind.detail);
	p.next_step = job->next_step.len ? job->next_step : str_of(p.kind.next_step);
	res->status = p.kind.status;
	res->type = S("application/problem+json");
	res->static_body = NULL;
	res->static_size = 0;
	add_headers(res, p.kind.status, job->retry_after_ms);
	write_problem(&res->body, &p);
}

/* What net/ refuses before there is a job. */
void api_refuse(struct arena *arena, int status, const char *detail, struct response *res)
{
	static const struct { int status; const char *code;
	} codes[] = {
		{ 400, "malformed" },
		{ 403, "not_allowed" },
		{ 404, "not_found" },
		{ 405, "wrong_method" },
		{ 408, "request_timeout" },
		{ 413, "too_large" },
		{ 414, "target_too_long" },
		{ 417, "expectation_failed" },
		{ 426, "upgrade_required" },
		{ 431, "head_too_large" },
		{ 501, "not_implemented" },
		{ 503, "overloaded" },
		{ 505, "version_not_supported" },
	};
	struct problem p = { .kind = { .status = status, .title = http_status_text(status) },
		.code = S("refused"),
		.detail = str_of(detail),
		.next_step = S("Correct the request and send it again.") };

	(void)arena;
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (codes[i].status == status)
			p.code = str_of(codes[i].code);
	if (status == 503)
		p.next_step = S("Try again in a moment; nothing was changed.");
	res->status = status;
	res->type = S("application/problem+json");
	write_problem(&res->body, &p);
}
