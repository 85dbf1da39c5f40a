/*
 * ending.h: why a connection ended, and what follows of it.
 *
 * One table for what the server says (failure, stream:error) and for what we see ourselves. Source:
 * docs/protocol/linked-device-1-transport.md §6.9.
 */
#ifndef WA_SESSION_ENDING_H
#define WA_SESSION_ENDING_H

#include "wa/stanza/stanza.h"

enum wa_after {
	AFTER_RETRY,     /* again, after a while that grows */
	AFTER_RETRY_NOW, /* again at once */
	AFTER_STOP,      /* a person must do something first */
	AFTER_WAIT,      /* not before until_ms */
	AFTER_LOGGED_OUT /* the pairing is void: its keys are erased */
};

struct wa_ending {
	const char *code;       /* "client_outdated" */
	enum wa_after after;
	const char *sentence, *next_step;
	int64_t wait_s;         /* AFTER_WAIT */
	int number;             /* as the server gave it, or 0 */
};

/* Of a <failure>, and of a <stream:error>. */
struct wa_ending ending_of_failure(const struct node *failure);
struct wa_ending ending_of_stream_error(const struct node *error);
/* One of our own, by its code; aborts when there is none. */
struct wa_ending ending_named(const char *code);

#endif
