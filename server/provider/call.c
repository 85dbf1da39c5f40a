/* call.c: see call.h. */
#include "provider/call.h"

#include "base/codec.h"
#include "crypto/crypto.h"

#include <time.h>

#define RETRY_AFTER_MAX_S 86400
#define FETCH_DEADLINE_MS 120000
#define SECONDS_MAX 100000000000LL /* what is more is milliseconds */
#define PHONE_MAX 15
#define DETAIL_MAX 300

/* ---- calls ---- */

enum err provider_call(struct job *job, const struct http_call *call, struct http_reply *reply,
	struct send_result *out)
{
	enum err e = http_call(job, call, reply);
	bool is_ours = e == ERR_DENIED || e == ERR_INPUT; /* an address that we do not call */

	if (e == OK)
		return OK;
	if (out) {
		out->advice = is_ours ? RETRY_STOP : RETRY_BACKOFF;
		out->may_have_happened = reply->was_sent;
	}
	if (!job->next_step.len)
		job->next_step = is_ours ? S("Check the address in the channel's settings.")
		                         : S("Nothing to do: it is tried again by itself.");
	return e;
}

static const struct meaning {
	const char *word;
	enum retry_advice advice;
	enum err err;
	const char *sentence, *next_step;
} meanings[] = {
	{ "never", RETRY_NEVER, ERR_INPUT, "The network refused the message.",
		"Correct the message and send it again." },
	{ "retry", RETRY_BACKOFF, ERR_UPSTREAM, "The network could not take the message.",
		"Nothing to do: it is tried again by itself." },
	{ "wait", RETRY_BACKOFF, ERR_LIMIT, "Messages are sent faster than the network allows.",
		"Nothing to do: it is tried again by itself." },
	{ "later", RETRY_LATER, ERR_LIMIT, "The network does not take the message now.",
		"Nothing to do: it is tried again after a while." },
	{ "template", RETRY_TEMPLATE, ERR_INPUT,
		"The network takes only a template for this customer now.",
		"Send an approved template." },
	{ "stop", RETRY_STOP, ERR_DENIED, "The network does not accept this channel.",
		"Check the channel's key or token, and that this server's address is allowed." },
};

static const char *word_of_status(int status)
{
	if (status == 401 || status == 403)
		return "stop";
	if (status == 429)
		return "wait";
	if (status >= 500 || status == 408 || status < 400)
		return "retry";
	return "never";
}

static const struct meaning *meaning_of(str word)
{
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (str_is(word, str_of(meanings[i].word)))
			return &meanings[i];
	return NULL;
}

static void heed_retry_after(struct job *job, const struct http_reply *reply,
	struct send_result *out)
{
	int64_t seconds;

	if (!str_to_i64(reply_header(reply, S("Retry-After")), &seconds) || seconds <= 0 ||
		seconds > RETRY_AFTER_MAX_S)
		return;
	job->retry_after_ms = seconds * 1000;
	if (out && out->advice == RETRY_BACKOFF)
		out->advice = RETRY_AFTER;
}

enum err provider_refused(struct job *job, const struct http_reply *reply,
	const struct refusal *refusal, struct send_result *out)
{
	const struct meaning *m = meaning_of(refusal->word);
	bool known = m != NULL;
	int status = refusal->status;
	str code = refusal->code.len ? refusal->code : arena_printf(job->arena, "http_%d", status);

	if (!m)
		m = meaning_of(str_of(word_of_status(status)));
	if (out) {
		out->advice = m->advice;
		/* A gateway that fails may have handed it on; who says no in its own words has not.
		 */
		out->may_have_happened = !known && !refusal->is_answer &&
		                         (status >= 500 || status == 408) && status != 503;
	}
	heed_retry_after(job, reply, out);
	if (refusal->sentence.len)
		return fail_code(job, m->err, code, str_of(m->next_step), "%s It says: " STR_F,
			m->sentence, STR_A(str_first_points(refusal->sentence, DETAIL_MAX)));
	return fail_code(job, m->err, code, str_of(m->next_step), "%s It answered with status %d.",
		m->sentence, status);
}

/* ---- content ---- */

static bool is_ours(const struct outgoing *msg, str id, str *link)
{
	for (size_t i = 0; i < msg->swap_count; i++)
		if (str_is(msg->swaps[i].ours, id)) {
			*link = msg->swaps[i].remote_id;
			return true;
		}
	return false;
}

static void write_linked(struct buf *b, const struct outgoing *msg, json v)
{
	str link;

	if (json_kind(v) == JSON_LIST) {
		json_open(b, '[');
		for (size_t i = 0; i < json_count(v); i++)
			write_linked(b, msg, json_at(v, i));
		json_close(b, ']');
		return;
	}
	if (json_kind(v) != JSON_MAP) {
		json_put_value(b, NULL, v);
		return;
	}
	json_open(b, '{');
	for (void *at = json_first(v); at; at = json_next(v, at)) {
		str name = json_member_name(at);
		json value = json_member_value(at);

		if (str_is(name, S("id")) && is_ours(msg, json_text(value), &link)) {
			json_put(b, "link", link);
			continue;
		}
		json_key_str(b, name);
		write_linked(b, msg, value);
	}
	json_close(b, '}');
}

enum err provider_linked_content(struct job *job, const struct outgoing *msg, json *out)
{
	struct buf b = buf_in(job->arena, JSON_SIZE_MAX);
	struct media_swap swap;
	struct outgoing swapped = *msg;
	json content;

	if (json_read(job->arena, msg->content, &content, NULL) != OK)
		return fail(job, ERR_BUG, "content of message is no JSON");
	*out = content;
	if (msg->media_remote_id.len) {
		swap = (struct media_swap){ json_text(json_field(content, "id")),
			msg->media_remote_id };
		swapped.swaps = &swap;
		swapped.swap_count = 1;
	}
	if (!swapped.swap_count)
		return OK;
	write_linked(&b, &swapped, content);
	return json_read(job->arena, buf_text(&b), out, NULL) == OK
	               ? OK
	               : fail(job, ERR_LIMIT, "The message is too large.");
}

str provider_plain_text(enum message_kind kind, json content)
{
	str body = kind == KIND_INTERACTIVE ? json_text_at(content, "body.text")
	                                    : json_text_at(content, "body");

	if (!body.ptr)
		body = json_text_at(content, "caption");
	return body.ptr ? body : S("");
}

/* ---- words of networks ---- */

/* "+05:30", "-0300", "Z", "": seconds to take off; false for what is none of them. */
static bool read_offset(str text, int64_t *out)
{
	str hours = str_part(text, 1, 2),
	    minutes = str_part(text, str_find(text, ':') == 3 ? 4 : 3, 2);
	int64_t h = 0, m = 0;

	*out = 0;
	if (!text.len || str_is(text, S("Z")))
		return true;
	if ((text.ptr[0] != '+' && text.ptr[0] != '-') || !str_to_i64(hours, &h) ||
		(minutes.len && !str_to_i64(minutes, &m)))
		return false;
	*out = (text.ptr[0] == '-' ? -1 : 1) * (h * 3600 + m * 60);
	return true;
}

/* "2026-05-29T10:00:00+05:30", "2026-05-29 10:00:00", "….123Z"; 0 for what is none. */
static int64_t iso_ms(str text)
{
	struct tm when = { 0 };
	const char *rest;
	int64_t offset;
	char copy[40];

	if (text.len < 19 || text.len >= sizeof copy)
		return 0;
	memcpy(copy, text.ptr, text.len);
	copy[text.len] = 0;
	copy[10] = copy[10] == ' ' ? 'T' : copy[10];
	rest = strptime(copy, "%Y-%m-%dT%H:%M:%S", &when);
	if (!rest)
		return 0;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	return read_offset(str_of(rest), &offset) ? ((int64_t)timegm(&when) - offset) * 1000 : 0;
}

int64_t provider_time_ms(json v, int64_t otherwise)
{
	int64_t at = json_int(v, 0);

	if (at <= 0)
		at = iso_ms(json_text(v));
	else if (at < SECONDS_MAX)
		at *= 1000;
	return at > 0 && at < SECONDS_MAX * 1000 ? at : otherwise;
}

bool provider_status_of(str word, enum message_status *out)
{
	static const struct { const char *word; enum message_status status;
	} words[] = {
		{ "submitted", STATUS_SENT },
		{ "accepted", STATUS_SENT },
		{ "queued", STATUS_SENT },
		{ "sent", STATUS_SENT },
		{ "delivered", STATUS_DELIVERED },
		{ "read", STATUS_READ },
		{ "seen", STATUS_READ },
		{ "played", STATUS_PLAYED },
		{ "failed", STATUS_FAILED },
		{ "undelivered", STATUS_FAILED },
		{ "rejected", STATUS_FAILED },
		{ "expired", STATUS_FAILED },
	};

	word = str_trim(word);
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (str_is_nocase(word, str_of(words[i].word))) {
			*out = words[i].status;
			return true;
		}
	return false;
}

str provider_phone(struct arena *arena, str text)
{
	struct buf digits = buf_in(arena, PHONE_MAX);

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9')
			buf_byte(&digits, (uint8_t)text.ptr[i]);
		else if (!text.ptr[i] || !strchr("+ -().", text.ptr[i]))
			return STR_NONE;
	}
	return digits.len && !digits.failed ? buf_text(&digits) : STR_NONE;
}

str provider_signature(struct arena *arena, str secret, str body)
{
	uint8_t mac[SHA256_SIZE];

	hmac_sha256(bytes_of(secret), bytes_of(body), mac);
	return hex_text(arena, (bytes){ mac, sizeof mac });
}

/* ---- files ---- */

struct counting {
	const struct media_sink *sink;
	int64_t size;
};

static bool put(void *arg, bytes piece)
{
	struct counting *c = arg;

	c->size += (int64_t)piece.len;
	if (c->sink->size_max > 0 && c->size > c->sink->size_max)
		return false;
	return c->sink->put(c->sink->arg, piece);
}

enum err provider_fetch_link(struct job *job, const struct channel *ch, str url,
	const struct media_sink *sink, struct media_info *out)
{
	struct counting counting = { .sink = sink };
	struct http_call call = {
		.url = url,
		.deadline_ms = FETCH_DEADLINE_MS,
		.reply_max = sink->size_max > 0 ? (size_t)sink->size_max : 0,
		.on_reply = put,
		.on_reply_arg = &counting,
		.follow = true,
		.allow_private = ch->allow_private,
	};
	struct http_reply reply = { 0 };
	enum err e;

	if (!url.len)
		return fail_code(job, ERR_MISSING, S("media_gone"),
			S("Ask the sender to send the file again."),
			"The network told no address of the file.");
	e = provider_call(job, &call, &reply, NULL);
	if (sink->size_max > 0 && (counting.size > sink->size_max || e == ERR_LIMIT))
		return fail_code(job, ERR_LIMIT, S("too_large"),
			S("Ask the sender for a smaller file."),
			"The file is larger than the limit of %lld octets.",
			(long long)sink->size_max);
	TRY(e);
	if (reply.status == 404 || reply.status == 410 || reply.status == 403)
		return fail_code(job, ERR_MISSING, S("media_gone"),
			S("Ask the sender to send the file again."),
			"The network no longer has the file.");
	if (reply.status != 200)
		return provider_refused(job, &reply, &(struct refusal){ .status = reply.status },
			NULL);
	out->size = counting.size;
	out->mime_type = reply.type;
	return OK;
}
