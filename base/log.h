/*
 * log.h: one JSON object a line on stderr (or a given descriptor).
 *
 *	{"ts":"2026-11-21T14:30:00.123Z","level":"info","trace":"…","msg":"…"}
 *
 * Any thread. Messages are redacted before they leave: runs of 7 to 16 digits (phone numbers),
 * bearer tokens, API keys, Meta tokens, session cookies and passwords in forms become asterisks.
 * That is the net under the wire; callers keep secrets, numbers and bodies out anyway.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

#define LOG_LINE_MAX 4096

/* Once at start, before threads. fd stays the caller's. */
void log_open(enum log_level least, int fd);
/* "debug", "info", "warn", "error". */
bool log_level_parse(str name, enum log_level *out);
/* The trace id that this thread's lines carry from now on; STR_NONE for none. At most 32 octets are
 * kept. */
void log_set_trace(str trace);

[[gnu::format(printf, 2, 3)]] void log_at(enum log_level level, const char *format, ...);
#define log_debug(...) log_at(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_at(LOG_INFO, __VA_ARGS__)
#define log_warn(...) log_at(LOG_WARN, __VA_ARGS__)
#define log_error(...) log_at(LOG_ERROR, __VA_ARGS__)

/* Redacts text in place; returns the new length. Shown for its test and its fuzz target. */
size_t log_redact(char *text, size_t len);

#endif
