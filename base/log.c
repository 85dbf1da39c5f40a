/* log.c: see log.h. A line leaves by one write(2), so lines never mix and no lock is held. */
#include "base/log.h"

#include "base/clock.h"
#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { TRACE_MAX = 32, PHONE_DIGITS_MIN = 7, PHONE_DIGITS_MAX = 16 };

static enum log_level least_level = LOG_INFO;
static int log_fd = STDERR_FILENO;
static _Thread_local char trace_text[TRACE_MAX];
static _Thread_local size_t trace_len;

static const str level_names[] = { [LOG_DEBUG] = S("debug"),
	                           [LOG_INFO] = S("info"),
	                           [LOG_WARN] = S("warn"),
	                           [LOG_ERROR] = S("error") };

void log_open(enum log_level least, int fd)
{
	least_level = least;
	log_fd = fd;
}

bool log_level_parse(str name, enum log_level *out)
{
	for (size_t i = 0; i < COUNT_OF(level_names); i++) {
		if (str_is(name, level_names[i])) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

void log_set_trace(str trace)
{
	trace_len = trace.len < TRACE_MAX ? trace.len : TRACE_MAX;
	if (trace_len)
		memcpy(trace_text, trace.ptr, trace_len);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       c == '-';
}

/* Of what tokens are made: RFC 6750's b64token. */
static bool is_token(char c)
{
	return is_word(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}

static size_t run_of(str s, size_t at, bool (*member)(char))
{
	size_t n = 0;

	while (at + n < s.len && member(s.ptr[at + n]))
		n++;
	return n;
}

/* Length of a secret that starts at s[at], 0 if none does: a known start, and enough behind it. */
static size_t secret_at(str s, size_t at)
{
	static const struct {
		str start;
		size_t least;
	} kinds[] = {
		{ S("EAA"), 5 },           { S("pk_"), 5 },           { S("bearer "), 8 },
		{ S("access_token="), 1 }, { S("verify_token="), 1 }, { S("parley_session="), 1 },
		{ S("password="), 1 },
	};

	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		size_t before = kinds[i].start.len, n;

		if (!str_is_nocase(str_part(s, at, before), kinds[i].start))
			continue;
		n = run_of(s, at + before, is_token);
		if (n >= kinds[i].least)
			return before + n;
	}
	return 0;
}

/* Length of what must not be shown at s[at]; `before` stands before it in the result. A longer run
 * of digits is an id. */
static size_t hidden_at(str s, size_t at, char before)
{
	size_t digits = is_digit(before) ? 0 : run_of(s, at, is_digit);
	size_t secret = !is_word(before) || before == '-' ? secret_at(s, at) : 0;

	if (secret)
		return secret;
	return digits >= PHONE_DIGITS_MIN && digits <= PHONE_DIGITS_MAX ? digits : 0;
}

size_t log_redact(char *text, size_t len)
{
	str s = { text, len };
	size_t from = 0, to = 0;

	while (from < len) {
		size_t hidden = hidden_at(s, from, to ? text[to - 1] : ' ');

		if (hidden) {
			memcpy(text + to, "***", 3);
			to += 3;
			from += hidden;
		} else {
			text[to++] = text[from++];
		}
	}
	return to;
}

static size_t time_text(char out[32])
{
	int64_t now = clock_now_ms();
	time_t seconds = (time_t)(now / 1000);
	struct tm t;
	size_t n;

	gmtime_r(&seconds, &t);
	n = strftime(out, 32, "%Y-%m-%dT%H:%M:%S", &t);
	return n + (size_t)snprintf(out + n, 32 - n, ".%03dZ", (int)(now % 1000));
}

static void write_line(enum log_level level, char *message, size_t len)
{
	struct buf line = buf_heap(LOG_LINE_MAX * 7);
	char when[32];
	size_t when_len = time_text(when);

	json_open(&line, '{');
	json_put(&line, "ts", (str){ when, when_len });
	json_put(&line, "level", level_names[level]);
	if (trace_len)
		json_put(&line, "trace", (str){ trace_text, trace_len });
	json_put(&line, "msg", (str){ message, log_redact(message, len) });
	json_close(&line, '}');
	buf_byte(&line, '\n');
	(void)!write(log_fd, line.ptr, line.len);
	buf_done(&line);
}

void log_at(enum log_level level, const char *format, ...)
{
	char message[LOG_LINE_MAX];
	va_list args;
	int n;

	if (level < least_level)
		return;
	va_start(args, format);
	n = vsnprintf(message, sizeof message, format, args);
	va_end(args);
	if (n > 0)
		write_line(level, message,
		           (size_t)n < sizeof message ? (size_t)n : sizeof message - 1);
}
