/*
 * mail.c: a message of two alternatives, and its way to the SMTP server; see mail.h.
 *
 * Bodies go as base64 and subjects as encoded words, so no line depends on what people wrote.
 */
#include "net/mail.h"

#include "base/codec.h"
#include "crypto/crypto.h"
#include "net/client.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <time.h>

enum {
	WORD_OCTETS = 42, /* of an encoded word: RFC 2047 allows 75 letters in all */
	LINE_OCTETS = 57, /* 76 letters of base64 */
	SUBJECT_MAX = 200,
};

static struct mail_config config;

void mail_configure(const struct mail_config *given)
{
	config = *given;
}

bool mail_is_configured(void)
{
	return config.url && config.url[0] && config.from && config.from[0];
}

bool mail_is_address(str text)
{
	size_t at = str_find(text, '@');

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] <= ' ' || text.ptr[i] == 127 ||
			strchr("<>,;:\"\\()[]", text.ptr[i]))
			return false;
	return at > 0 && at + 1 < text.len && text.len <= MAIL_ADDRESS_MAX &&
	       str_find(str_part(text, at + 1, text.len), '@') == text.len - at - 1;
}

/* ---- writing ---- */

/* The longest beginning of at most `max` octets that cuts no letter. */
static str whole_letters(str text, size_t max)
{
	size_t len = text.len < max ? text.len : max;

	while (len > 0 && len < text.len && ((uint8_t)text.ptr[len] & 0xC0) == 0x80)
		len--;
	return (str){ text.ptr, len };
}

static void write_words(struct buf *out, str text)
{
	text = str_first_points(text, SUBJECT_MAX);
	for (bool first = true; text.len; first = false) {
		str piece = whole_letters(text, WORD_OCTETS);

		if (!piece.len) /* not UTF-8: it ends here */
			return;
		buf_str(out, first ? S("=?UTF-8?B?") : S("\r\n =?UTF-8?B?"));
		base64_write(out, bytes_of(piece));
		buf_str(out, S("?="));
		text = str_part(text, piece.len, text.len);
	}
}

static void write_part(struct buf *out, str boundary, const char *type, str text)
{
	buf_printf(out,
		"--" STR_F "\r\nContent-Type: %s; charset=utf-8\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\n",
		STR_A(boundary), type);
	while (text.len) {
		str line = str_part(text, 0, LINE_OCTETS);

		base64_write(out, bytes_of(line));
		buf_str(out, S("\r\n"));
		text = str_part(text, line.len, text.len);
	}
}

static void write_date(struct buf *out, int64_t now_ms)
{
	time_t seconds = (time_t)(now_ms / 1000);
	char text[64];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	/* The C locale: days and months are English, as RFC 5322 wants them. */
	strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S +0000", &tm);
	buf_printf(out, "Date: %s\r\n", text);
}

static void write_head(struct job *job, const struct mail *mail, str from, struct buf *out)
{
	str host = str_part(from, str_find(from, '@') + 1, from.len);

	write_date(out, job->now_ms);
	buf_printf(out, "From: Parley <" STR_F ">\r\nTo: ", STR_A(from));
	write_words(out, mail->to_name);
	buf_printf(out, " <" STR_F ">\r\nSubject: ", STR_A(mail->to));
	write_words(out, mail->subject);
	buf_printf(out, "\r\nMessage-ID: <" STR_F "@" STR_F ">\r\n",
		STR_A(crypto_random_text(job->arena, 16)), STR_A(host));
	buf_str(out, S("Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"));
	if (mail->unsubscribe_url.len)
		buf_printf(out,
			"List-Unsubscribe: <" STR_F ">\r\n"
			"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
			STR_A(mail->unsubscribe_url));
}

void mail_write(struct job *job, const struct mail *mail, str from, struct buf *out)
{
	str boundary = crypto_random_text(job->arena, 18);

	write_head(job, mail, from, out);
	buf_printf(out, "Content-Type: multipart/alternative; boundary=\"" STR_F "\"\r\n\r\n",
		STR_A(boundary));
	write_part(out, boundary, "text/plain", mail->text);
	write_part(out, boundary, "text/html", mail->html);
	buf_printf(out, "--" STR_F "--\r\n", STR_A(boundary));
}

/* ---- sending ---- */

struct running { bytes unsent; bool began; };

static size_t read_mail(char *out, size_t size, size_t count, void *arg)
{
	struct running *run = arg;
	size_t n = size * count < run->unsent.len ? size * count : run->unsent.len;

	run->began = true;
	if (n)
		memcpy(out, run->unsent.ptr, n);
	run->unsent = (bytes){ run->unsent.ptr + n, run->unsent.len - n };
	return n;
}

static size_t drop(char *data, size_t size, size_t count, void *arg)
{
	(void)data;
	(void)arg;
	return size * count;
}

static void set_server(CURL *curl)
{
	curl_easy_setopt(curl, CURLOPT_URL, config.url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(curl, CURLOPT_USE_SSL,
		(long)(config.allow_plain ? CURLUSESSL_TRY : CURLUSESSL_ALL));
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (getenv("SSL_CERT_FILE"))
		curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));
	if (config.user && config.user[0]) {
		curl_easy_setopt(curl, CURLOPT_USERNAME, config.user);
		curl_easy_setopt(curl, CURLOPT_PASSWORD, config.password);
	}
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)MAIL_DEADLINE_MS);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
}

static void free_list(void *list)
{
	curl_slist_free_all(list);
}

static enum err explain(struct job *job, CURL *curl, CURLcode code)
{
	long status = 0;

	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	if (code == CURLE_OK)
		return OK;
	if (code == CURLE_OPERATION_TIMEDOUT)
		return fail(job, ERR_TIMEOUT, "the mail server did not answer in time");
	if (code == CURLE_LOGIN_DENIED)
		return fail_code(job, ERR_UPSTREAM, S("mail_login"),
			S("Check smtp_user and smtp_password."),
			"the mail server refused to let us sign in");
	if (code == CURLE_USE_SSL_FAILED)
		return fail_code(job, ERR_UPSTREAM, S("mail_plain"),
			S("Use smtps://, or a server that offers STARTTLS."),
			"the mail server offers no encryption");
	return fail(job, ERR_UPSTREAM, "the mail was not taken (%ld): %s", status,
		curl_easy_strerror(code));
}

static enum err perform(struct job *job, CURL *curl, const struct mail *mail, struct running *run)
{
	str from = arena_printf(job->arena, "<%s>", config.from),
	    to = arena_printf(job->arena, "<" STR_F ">", STR_A(mail->to));
	struct curl_slist *recipients = curl_slist_append(NULL, to.ptr);

	if (!recipients)
		abort();
	job_defer(job, free_list, recipients);
	set_server(curl);
	curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from.ptr);
	curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
	curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_mail);
	curl_easy_setopt(curl, CURLOPT_READDATA, run);
	return explain(job, curl, curl_easy_perform(curl));
}

enum err mail_send(struct job *job, const struct mail *mail, bool *may_have_left)
{
	struct buf text = buf_in(job->arena, MAIL_SIZE_MAX);
	struct running run = { 0 };
	CURL *curl;
	enum err e;

	assert(!job->db); /* a transaction must not wait for others' servers */
	*may_have_left = false;
	if (!mail_is_configured())
		return fail_code(job, ERR_UNSUPPORTED, S("no_mail"),
			S("Set smtp_url and smtp_from, then start Parley again."),
			"this server has no way to send e-mail");
	if (!mail_is_address(mail->to))
		return fail(job, ERR_INPUT, "that is no e-mail address");
	mail_write(job, mail, str_of(config.from), &text);
	if (text.failed)
		return fail(job, ERR_LIMIT, "the e-mail is too large");
	http_client_init();
	run.unsent = buf_bytes(&text);
	curl = curl_easy_init();
	if (!curl)
		abort();
	e = perform(job, curl, mail, &run);
	*may_have_left = run.began && e == ERR_TIMEOUT;
	curl_easy_cleanup(curl);
	return e;
}
