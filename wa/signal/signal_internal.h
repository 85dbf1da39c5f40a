/*
 * signal_internal.h: what the files of wa/signal/ share.
 *
 *	text.c      addresses, padding, phash
 *	record.c    records of sessions and sender keys, and keys that were skipped
 *	wire.c      msg, pkmsg, skmsg and distribution messages: octets and their checks
 *	ratchet.c   one state of a session: chains, steps, message keys
 *	signal.c    sessions: meeting, enciphering, reading
 *	group.c     sender keys
 *
 * The one rule: a state is worked on as a copy, and written only when all went well.
 */
#ifndef WA_SIGNAL_SIGNAL_INTERNAL_H
#define WA_SIGNAL_SIGNAL_INTERNAL_H

#include "wa/signal/signal.h"

#define KEY_TYPE 5 /* X25519; before each public key in messages */
#define TYPED_SIZE (1 + CURVE_KEY_SIZE)
#define VERSION_OCTET 0x33 /* version 3, made by version 3 */
#define CHAIN_KEY_SIZE 32
#define MAC_SIZE 8

/* A chain of keys, one per message; each gives the seed of a message's key, and the next. */
struct signal_chain {
	uint8_t key[CHAIN_KEY_SIZE];
	uint32_t index; /* of the message that comes next */
	uint32_t forgotten; /* below it, seeds that were passed over may have been dropped */
};
void signal_chain_step(struct signal_chain *chain, uint8_t seed[CHAIN_KEY_SIZE]);

/* Seeds that were passed over: index and seed each, oldest first; never changed in place. */
#define SKIPPED_SIZE (4 + CHAIN_KEY_SIZE)
/* The seed of message `index`, whatever was or was not passed over. DONE, DUPLICATE, FORGOTTEN,
 * FUTURE. */
struct signal_place {
	struct signal_chain *chain;
	bytes *skipped;
};
enum signal_outcome signal_seed_at(struct arena *arena, struct signal_place at, uint32_t index,
	uint8_t seed[CHAIN_KEY_SIZE]);

/* Drops the oldest. */
void signal_forget_first(struct signal_chain *chain, bytes *skipped, size_t count);

/* ---- sessions ---- */

struct signal_receiver {
	uint8_t ratchet[CURVE_KEY_SIZE];
	struct signal_chain chain;
	bytes skipped;
};

struct signal_state {
	uint8_t identity[CURVE_KEY_SIZE], base[CURVE_KEY_SIZE], root[CHAIN_KEY_SIZE];
	uint32_t registration_id, previous;
	struct curve_pair own; /* that we send under */
	struct signal_chain sending;
	/* Not answered: each message carries what the other side needs to make the session. */
	bool is_pending, has_prekey;
	uint32_t prekey_id, signed_prekey_id;
	size_t receiver_count;
	struct signal_receiver receivers[SIGNAL_CHAINS_MAX]; /* newest first */
};

struct signal_record {
	struct signal_state now;
	/* packed states, newest first: a length of four octets before each */
	size_t archived_count;
	bytes archived;
};
bool signal_record_unpack(bytes record, struct signal_record *out);
bytes signal_record_pack(struct arena *arena, struct signal_record *record);
/* State number `at` of the archive. */
bool signal_archive_get(const struct signal_record *record, size_t at, struct signal_state *out);
/* Puts the present state on top of the archive, takes number `gone` out of it (none: SIZE_MAX). */
void signal_archive_now(struct arena *arena, struct signal_record *record, size_t gone);

/* ---- messages ---- */

struct signal_msg {
	uint8_t ratchet[CURVE_KEY_SIZE];
	uint32_t counter;
	bytes ciphertext, covered, mac; /* covered: by the MAC */
};
struct signal_pkmsg {
	uint8_t base[CURVE_KEY_SIZE], identity[CURVE_KEY_SIZE];
	uint32_t registration_id, signed_prekey_id, prekey_id;
	bool has_prekey;
	bytes message;
};
struct signal_skmsg {
	uint32_t id, iteration;
	bytes ciphertext, covered;
	const uint8_t *signature;
};
struct signal_skdm {
	uint32_t id, iteration;
	uint8_t key[CHAIN_KEY_SIZE], open[CURVE_KEY_SIZE];
};

/* DONE, GARBAGE or BAD_KEY. */
enum signal_outcome signal_msg_read(struct arena *arena, bytes octets, struct signal_msg *out);
enum signal_outcome signal_pkmsg_read(struct arena *arena, bytes octets, struct signal_pkmsg *out);
enum signal_outcome signal_skmsg_read(struct arena *arena, bytes octets, struct signal_skmsg *out);
enum signal_outcome signal_skdm_read(struct arena *arena, bytes octets, struct signal_skdm *out);

/* ---- one state ---- */

/* Both sides of X3DH; false: a key gives secrets away. prekey: secret half, or NULL. */
bool signal_state_start(const struct signal *s, const struct signal_bundle *bundle,
	struct signal_state *out);
bool signal_state_answer(const struct signal *s, const struct signal_pkmsg *message,
	const uint8_t *prekey, struct signal_state *out);
bytes signal_state_encrypt(const struct signal *s, struct signal_state *state, bytes padded);
bool signal_state_knows(const struct signal_state *state, const uint8_t *ratchet);
/* state is changed only when the outcome is DONE. */
enum signal_outcome signal_state_decrypt(const struct signal *s, struct signal_state *state,
	const struct signal_msg *message, bytes *padded);

/* ---- sender keys ---- */

struct signal_sender {
	uint32_t id;
	struct signal_chain chain;
	struct curve_pair signing; /* of others: only what is open */
	bool is_own;
	bytes skipped;
};
struct signal_senders {
	size_t count;
	struct signal_sender list[SIGNAL_GROUP_STATES_MAX];
};
bool signal_senders_unpack(bytes record, struct signal_senders *out);
bytes signal_senders_pack(struct arena *arena, struct signal_senders *senders);

/* ---- store and octets ---- */

enum err signal_get(const struct signal *s, enum wa_record kind, str key, bytes *out);
/* And wipes record. */
enum err signal_put(const struct signal *s, enum wa_record kind, str key, bytes record);
enum err signal_erase(const struct signal *s, enum wa_record kind, str key);

static inline void signal_put_u32(struct buf *out, uint32_t value)
{
	const uint8_t octets[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16),
		(uint8_t)(value >> 8), (uint8_t)value };

	buf_put(out, octets, sizeof octets);
}
static inline uint32_t signal_u32(const uint8_t *from)
{
	return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

#endif
