/*
 * vectors.h: runs files of test vectors (wa-vectors FILE…).
 *
 * A file is a JSON object of sections; each name stands in one table (vectors.c) beside its
 * function, which counts one check for each value that it compares. A section that the table does
 * not know is a failure, so nothing is passed over in silence; texts about the file itself stand in
 * the table as notes. Octets are lower-case hex.
 *
 * To add a section: write its function in a file of its part (vectors_PART.c), declare it below,
 * put it into the table and into meson.build.
 */
#ifndef WA_VECTORS_VECTORS_H
#define WA_VECTORS_VECTORS_H

#include "base/json.h"
#include "crypto/curve.h"

/* What a section has: its content, the whole file, and memory that lasts for the section. */
struct vectors {
	struct arena *arena;
	json root, part;
	str section;
	size_t passed, failed;
	size_t at; /* of the case that is checked, for the failure's text */
};

/* Each counts one check, and says on stdout what failed; they answer whether it was good. */
bool check(struct vectors *v, bool good, const char *what);
bool check_octets(struct vectors *v, bytes got, json want, const char *path);
bool check_text(struct vectors *v, str got, json want, const char *path);
bool check_int(struct vectors *v, int64_t got, json want, const char *path);

/* Members of an object. What is not there, or not of this kind, counts as a failure, and comes as
 * nothing. */
bytes octets_at(struct vectors *v, json from, const char *path);
str text_at(struct vectors *v, json from, const char *path);
int64_t int_at(struct vectors *v, json from, const char *path);
/* "priv" and "pub" of an object; public must be that of private. */
void pair_at(struct vectors *v, json from, const char *path, struct curve_pair *out);
/* A key of 32 octets, or of 33 with the type in front; zeros when it is none. */
void key_at(struct vectors *v, json from, const char *path, uint8_t out[CURVE_KEY_SIZE]);

/* Calls it for each element of a list, or once for an object; v->at counts. An empty list is a
 * failure. */
void each_case(struct vectors *v, json list, void (*one)(struct vectors *v, json c));

/* vectors_crypto.c */
void vectors_hkdf(struct vectors *v);
void vectors_curve(struct vectors *v);
void vectors_x25519(struct vectors *v);
void vectors_xeddsa(struct vectors *v);
/* vectors_noise.c */
void vectors_noise_xx(struct vectors *v);
void vectors_noise_ik(struct vectors *v);
void vectors_noise_xxfallback(struct vectors *v);
void vectors_edge_routing(struct vectors *v);
void vectors_cert_reject(struct vectors *v);
void vectors_framing(struct vectors *v);
/* vectors_session.c */
void vectors_signed_prekey(struct vectors *v);
void vectors_client_payload(struct vectors *v);
void vectors_qr(struct vectors *v);
void vectors_adv_pairing(struct vectors *v);
void vectors_adv_pairing_reject(struct vectors *v);
void vectors_pairing_code(struct vectors *v);
void vectors_crockford(struct vectors *v);
void vectors_passkey(struct vectors *v);
void vectors_key_bundle_digest(struct vectors *v);
void vectors_version_hash(struct vectors *v);
/* vectors_stanza.c */
void vectors_stanzas(struct vectors *v);
void vectors_stanzas_lenient(struct vectors *v);
void vectors_stanzas_reject(struct vectors *v);
/* vectors_signal.c */
void vectors_padding(struct vectors *v);
void vectors_message_id(struct vectors *v);
void vectors_phash(struct vectors *v);
void vectors_signal_address(struct vectors *v);
void vectors_signal_sessions(struct vectors *v);
void vectors_sender_key(struct vectors *v);
/* vectors_media.c */
void vectors_media(struct vectors *v);
void vectors_media_retry(struct vectors *v);
/* vectors_sync.c */
void vectors_lthash(struct vectors *v);
void vectors_app_state(struct vectors *v);
void vectors_history_sync(struct vectors *v);
void vectors_history_push_names(struct vectors *v);
/* vectors_message.c */
void vectors_messages(struct vectors *v);
void vectors_poll_vote(struct vectors *v);
void vectors_event_response(struct vectors *v);
void vectors_reporting_token(struct vectors *v);
void vectors_cstoken(struct vectors *v);
void vectors_tctoken_buckets(struct vectors *v);

#endif
