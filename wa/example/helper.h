/*
 * helper.h: what a program around wa/ brings along itself, in the smallest form that is true: a
 * store, a clock, random octets, and one blocking WebSocket.
 *
 * One program, one device, one thread: there is no handle, and what fails says so on stderr.
 */
#ifndef WA_EXAMPLE_HELPER_H
#define WA_EXAMPLE_HELPER_H

#include "crypto/crypto.h"
#include "wa/session/session.h"

/* Records in memory; kept_commit() writes all of them into the file, or none. */
struct wa_store kept_open(const char *path);
bool kept_commit(void);

struct wa_clock helper_clock(void);
void helper_random(void *arg, void *out, size_t size);
/* A key as base64 text; in a static. */
const uint8_t *helper_key(struct arena *arena, const char *text);
/* A line of what happened. */
void helper_print(const struct wa_event *event);

enum socket_said { SOCKET_NOTHING, SOCKET_MESSAGE, SOCKET_CLOSED };
/* ws:// or wss://; false when it cannot be reached. */
bool socket_open(const char *url);
void socket_close(void);
void socket_send(bytes message);
/* Waits for one message of at most wait_ms; octets: in arena. Without a connection it only waits.
 */
enum socket_said socket_wait(int64_t wait_ms, struct arena *arena, bytes *octets);

#endif
