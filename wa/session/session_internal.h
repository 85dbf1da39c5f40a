/*
 * session_internal.h: what the files of a session share.
 *
 *	session.c          states, sockets, timers
 *	session_stanza.c   frames in and out, requests, acks
 *	session_pair.c     QR codes, the pairing code, pair-success
 *	session_login.c    login, one-time keys, what waited at the server, keepalive
 *	session_digest.c   whether the server has our keys as we have them
 *
 * The one rule: move() alone changes the state.
 */
#ifndef WA_SESSION_SESSION_INTERNAL_H
#define WA_SESSION_SESSION_INTERNAL_H

#include "wa/noise/frame.h"
#include "wa/noise/handshake.h"
#include "wa/session/link_code.h"
#include "wa/session/session.h"

#define REQUESTS_MAX 16

/* What an answer is for. */
enum wa_request { REQUEST_NONE, REQUEST_COUNT, REQUEST_RECOUNT, REQUEST_UPLOAD, REQUEST_ACTIVE,
	REQUEST_DIGEST, REQUEST_PING, REQUEST_CODE_HELLO, REQUEST_CODE_FINISH, REQUEST_LOG_OUT };

struct wa_pending { enum wa_request kind; uint32_t number; int64_t until_ms; };

/* The pairing code, while it is under way. */
struct wa_link_code {
	bool is_asked, is_finished;
	char code[LINK_CODE_LEN + 1], phone[20];
	struct curve_pair ephemeral;
	uint8_t ref[256];
	size_t ref_len;
	int64_t until_ms;
};

/* What an unpaired connection needs; gone with it. */
struct wa_pairing {
	str refs[WA_QR_REFS_MAX];
	struct arena *arena;            /* of the refs */
	size_t count, at;
	int64_t until_ms;               /* of the QR that is shown */
	struct wa_link_code link;
};

struct wa_session {
	struct wa_config config;
	struct device device;
	enum wa_state state;
	struct handshake *handshake;    /* WA_HANDSHAKE alone */
	struct noise_cipher send, receive;
	struct frame_reader reader;
	struct wa_pairing *pairing;     /* not paired, and connected */
	struct wa_pending requests[REQUESTS_MAX];
	uint32_t next_number;
	uint8_t id_prefix[2];
	bool is_uploading, is_active_asked, is_mended, expects_restart, ik_failed;
	unsigned failures;              /* in a row, for the back-off */
	int64_t state_ms;               /* since when */
	int64_t retry_ms;               /* WA_BACKOFF: when again */
	int64_t heard_ms, ping_ms, proof_ms;
	/* when keys were last confirmed; 0: not since it was made */
	int64_t uploaded_ms;
	int64_t pair_starts[WA_PAIR_PER_HOUR]; /* wall clock, newest first */
	/* of the call that runs */
	const struct wa_clock *now;
	struct wa_output *out;
};

/* session.c */
void session_move(struct wa_session *s, enum wa_state state, const struct wa_ending *why);
/* The connection is over, for this reason: what follows stands in the ending. */
enum err session_fall(struct wa_session *s, struct wa_ending why);
enum err session_save(struct wa_session *s);
int64_t session_time(const struct wa_session *s, int64_t ms); /* hurried */
void session_random(struct wa_session *s, void *out, size_t size);
struct wa_event *session_event(struct wa_session *s, enum wa_event_kind kind);
void session_send_octets(struct wa_session *s, bytes octets);

/* session_stanza.c */
enum err session_send(struct wa_session *s, const struct node *node);
/* A request to the server, with a new id. ERR_LIMIT: too many wait. */
struct node *session_request(struct wa_session *s, const char *type, const char *xmlns);
enum err session_ask(struct wa_session *s, enum wa_request kind, struct node *iq);
enum err session_take_frame(struct wa_session *s, bytes body);
void session_forget_requests(struct wa_session *s);
bool session_waits_for(const struct wa_session *s, enum wa_request kind);
enum err session_check_requests(struct wa_session *s);
/* <iq type="result" id=SAME/>; NULL content: empty. */
enum err session_answer(struct wa_session *s, const struct node *iq, struct node *content);

/* session_pair.c */
enum err pair_take_iq(struct wa_session *s, const struct node *iq);
enum err pair_take_notification(struct wa_session *s, const struct node *notification);
enum err pair_take_answer(struct wa_session *s, enum wa_request kind, const struct node *iq);
enum err pair_tick(struct wa_session *s);
int64_t pair_deadline(const struct wa_session *s);
void pair_done(struct wa_session *s);

/* session_login.c */
enum err login_take_success(struct wa_session *s, const struct node *success);
enum err login_take_answer(struct wa_session *s, enum wa_request kind, const struct node *iq);
enum err login_take_ib(struct wa_session *s, const struct node *ib);
enum err login_take_count(struct wa_session *s, int64_t count);
/* kind: what is done with the answer. */
enum err login_ask_count(struct wa_session *s, enum wa_request kind);
/* Never while one is under way (is_uploading). */
enum err login_upload(struct wa_session *s);
enum err login_tick(struct wa_session *s);
int64_t login_deadline(const struct wa_session *s);

/* session_digest.c */
enum err digest_ask(struct wa_session *s);
enum err digest_take_answer(struct wa_session *s, const struct node *iq);

#endif
