/*
 * web_push.c: sealing, signing and posting a push message; see web_push.h.
 */
#include "net/web_push.h"

#include "base/codec.h"
#include "base/json.h"
#include "net/client.h"

enum {
	RECORD_SIZE = 4096,
	HEAD_SIZE = 16 + 4 + 1 + P256_PUBLIC_SIZE,
	LAST_RECORD = 2, /* RFC 8188 §2: the delimiter of the last record */
	DEADLINE_MS = 15000,
	TOKEN_MAX = 2048,
	RETRY_AFTER_MAX_S = 3600,
};

/* ---- RFC 8291 ---- */

/* "WebPush: info" ‖ 0x00 ‖ ua_public ‖ as_public */
static str key_info(struct buf *out, const uint8_t *browser, const uint8_t *ours)
{
	buf_put(out, "WebPush: info", sizeof "WebPush: info");
	buf_put(out, browser, P256_PUBLIC_SIZE);
	buf_put(out, ours, P256_PUBLIC_SIZE);
	return buf_text(out);
}

static bool derive(const struct push_target *to, const struct push_salt *salt,
	uint8_t key[AES_KEY_SIZE], uint8_t nonce[AES_KEY_SIZE])
{
	uint8_t secret[P256_SECRET_SIZE], ikm[AES_KEY_SIZE];
	struct buf info = buf_heap(256);
	bytes salt_octets = { salt->salt, sizeof salt->salt };

	if (!p256_agree(&salt->pair, to->key, secret))
		return false;
	hkdf_sha256((bytes){ secret, sizeof secret }, (bytes){ to->auth, sizeof to->auth },
		key_info(&info, to->key, salt->pair.public), ikm);
	hkdf_sha256((bytes){ ikm, sizeof ikm }, salt_octets, S("Content-Encoding: aes128gcm\0"),
		key);
	hkdf_sha256((bytes){ ikm, sizeof ikm }, salt_octets, S("Content-Encoding: nonce\0"), nonce);
	crypto_wipe(secret, sizeof secret);
	crypto_wipe(ikm, sizeof ikm);
	buf_done(&info);
	return true;
}

static void write_head(const struct push_salt *salt, struct buf *out)
{
	const uint8_t size[] = { RECORD_SIZE >> 24, RECORD_SIZE >> 16 & 255, RECORD_SIZE >> 8 & 255,
		RECORD_SIZE & 255 };

	buf_put(out, salt->salt, sizeof salt->salt);
	buf_put(out, size, sizeof size);
	buf_byte(out, P256_PUBLIC_SIZE);
	buf_put(out, salt->pair.public, P256_PUBLIC_SIZE);
}

bool push_seal(const struct push_target *to, const struct push_salt *salt, str text,
	struct buf *out)
{
	/* RFC 5869's output for fewer octets is the beginning of that for more. */
	uint8_t key[AES_KEY_SIZE], nonce[AES_KEY_SIZE];
	struct buf plain = buf_heap(PUSH_TEXT_MAX + 1);
	bool good = derive(to, salt, key, nonce);

	if (good) {
		buf_str(&plain, str_part(text, 0, PUSH_TEXT_MAX));
		buf_byte(&plain, LAST_RECORD);
		write_head(salt, out);
		gcm128_seal(key, nonce, buf_bytes(&plain), out);
	}
	crypto_wipe(key, sizeof key);
	buf_done(&plain);
	return good && !out->failed;
}

/* ---- RFC 8292 ---- */

/* "https://host:port" of a URL; none when it is no URL. */
static str origin_of(str url)
{
	size_t from = str_starts(url, S("https://"))  ? 8
	              : str_starts(url, S("http://")) ? 7
	                                              : url.len;
	str host = str_part(url, from, url.len);

	host.len = str_find(host, '/');
	return host.len ? (str){ url.ptr, from + host.len } : STR_NONE;
}

static str claims(struct job *job, str audience, str contact)
{
	struct buf out = buf_in(job->arena, TOKEN_MAX);

	json_open(&out, '{');
	json_put(&out, "aud", audience);
	json_put_int(&out, "exp", (job->now_ms + PUSH_TOKEN_MS) / 1000);
	json_put(&out, "sub", contact);
	json_close(&out, '}');
	return buf_text(&out);
}

enum err push_authorization(struct job *job, const struct p256_pair *own, str endpoint, str contact,
	str *out)
{
	struct buf token = buf_in(job->arena, TOKEN_MAX), header = buf_in(job->arena, TOKEN_MAX);
	str origin = origin_of(endpoint);
	uint8_t sign[ES256_SIZE];

	if (!origin.ptr)
		return fail(job, ERR_INPUT, "a push endpoint must be an https address");
	base64url_write(&token, bytes_of(S("{\"typ\":\"JWT\",\"alg\":\"ES256\"}")));
	buf_byte(&token, '.');
	base64url_write(&token, bytes_of(claims(job, origin, contact)));
	es256_sign(own, buf_bytes(&token), sign);
	buf_byte(&token, '.');
	base64url_write(&token, (bytes){ sign, sizeof sign });
	buf_printf(&header, "vapid t=" STR_F ", k=", STR_A(buf_text(&token)));
	base64url_write(&header, (bytes){ own->public, sizeof own->public });
	*out = buf_text(&header);
	return header.failed ? fail(job, ERR_LIMIT, "the push token is too long") : OK;
}

/* ---- RFC 8030 ---- */

static enum push_result result_of(struct job *job, const struct http_reply *reply)
{
	int64_t seconds;

	if (reply->status >= 200 && reply->status < 300)
		return PUSH_SENT;
	if (reply->status == 404 || reply->status == 410)
		return PUSH_GONE;
	if (reply->status != 429 && reply->status < 500)
		return PUSH_REFUSED;
	if (str_to_i64(reply_header(reply, S("Retry-After")), &seconds) && seconds > 0)
		job->retry_after_ms =
			1000 * (seconds < RETRY_AFTER_MAX_S ? seconds : RETRY_AFTER_MAX_S);
	return PUSH_LATER;
}

static enum err post(struct job *job, const struct push_target *to,
	const struct push_message *message, bytes body, struct http_reply *reply)
{
	struct header headers[6];
	size_t count = 0;
	str authorization;

	TRY(push_authorization(job, message->own, to->endpoint, message->contact, &authorization));
	headers[count++] = (struct header){ S("Authorization"), authorization };
	headers[count++] = (struct header){ S("Content-Encoding"), S("aes128gcm") };
	headers[count++] = (struct header){ S("Content-Type"), S("application/octet-stream") };
	headers[count++] =
		(struct header){ S("TTL"), arena_printf(job->arena, "%d", PUSH_TTL_S) };
	headers[count++] =
		(struct header){ S("Urgency"), message->urgent ? S("high") : S("normal") };
	if (message->topic.len)
		headers[count++] = (struct header){ S("Topic"), message->topic };
	return http_call(job,
		&(struct http_call){ .method = HTTP_POST,
			.url = to->endpoint,
			.headers = headers,
			.header_count = count,
			.body = body,
			.deadline_ms = DEADLINE_MS,
			.allow_private = message->allow_private },
		reply);
}

enum err push_send(struct job *job, const struct push_target *to,
	const struct push_message *message, enum push_result *out)
{
	struct buf body = buf_in(job->arena, HEAD_SIZE + PUSH_TEXT_MAX + 1 + GCM_TAG_SIZE);
	struct http_reply reply;
	struct push_salt salt;
	bool sealed;
	enum err e;

	p256_generate(&salt.pair);
	crypto_random(salt.salt, sizeof salt.salt);
	sealed = push_seal(to, &salt, message->text, &body);
	crypto_wipe(&salt, sizeof salt);
	*out = PUSH_REFUSED;
	if (!sealed)
		return OK;
	e = post(job, to, message, buf_bytes(&body), &reply);
	if (e == OK)
		*out = result_of(job, &reply);
	else if (e == ERR_UPSTREAM || e == ERR_TIMEOUT)
		*out = PUSH_LATER;
	else if (e != ERR_DENIED && e != ERR_INPUT)
		return e;
	job_forgive(job);
	return OK;
}
