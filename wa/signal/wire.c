/* wire.c: messages of Signal as they stand in <enc>, read and held to their form; see
 * signal_internal.h. */
#include "wa/signal/signal_internal.h"

#include "wa/proto/proto.h"
#include "wa_signal.pb-c.h"

#define VERSION 3

static bool is_version(uint8_t octet)
{
	return octet >> 4 == VERSION && (octet & 15) >= VERSION;
}

/* What stands between the version and a tail of that size; none: too short or another version. */
static bytes body_of(bytes octets, size_t tail)
{
	if (octets.len <= 1 + tail || !is_version(octets.ptr[0]))
		return BYTES_NONE;
	return (bytes){ octets.ptr + 1, octets.len - 1 - tail };
}

static bool read_key(bytes typed, uint8_t out[CURVE_KEY_SIZE])
{
	if (typed.len != TYPED_SIZE || typed.ptr[0] != KEY_TYPE)
		return false;
	memcpy(out, typed.ptr + 1, CURVE_KEY_SIZE);
	return true;
}

enum signal_outcome signal_msg_read(struct arena *arena, bytes octets, struct signal_msg *out)
{
	bytes body = body_of(octets, MAC_SIZE);
	const Wa__SignalMessage *m =
		body.ptr ? PROTO_UNPACK(arena, Wa__SignalMessage, wa__signal_message, body) : NULL;

	if (!m || !m->has_ratchet_key || !m->has_counter || !m->has_ciphertext)
		return SIGNAL_GARBAGE;
	out->counter = m->counter;
	out->ciphertext = PROTO_DATA(m, ciphertext);
	out->covered = (bytes){ octets.ptr, octets.len - MAC_SIZE };
	out->mac = (bytes){ octets.ptr + octets.len - MAC_SIZE, MAC_SIZE };
	return read_key(PROTO_DATA(m, ratchet_key), out->ratchet) ? SIGNAL_DONE : SIGNAL_BAD_KEY;
}

enum signal_outcome signal_pkmsg_read(struct arena *arena, bytes octets, struct signal_pkmsg *out)
{
	bytes body = body_of(octets, 0);
	const Wa__PreKeySignalMessage *m = body.ptr ? PROTO_UNPACK(arena, Wa__PreKeySignalMessage,
							      wa__pre_key_signal_message, body)
						    : NULL;

	if (!m || !m->has_base_key || !m->has_identity_key || !m->has_message ||
		!m->has_signed_pre_key_id)
		return SIGNAL_GARBAGE;
	out->registration_id = m->registration_id;
	out->signed_prekey_id = m->signed_pre_key_id;
	out->has_prekey = m->has_pre_key_id;
	out->prekey_id = m->pre_key_id;
	out->message = PROTO_DATA(m, message);
	return read_key(PROTO_DATA(m, base_key), out->base) &&
			       read_key(PROTO_DATA(m, identity_key), out->identity)
		       ? SIGNAL_DONE
		       : SIGNAL_BAD_KEY;
}

enum signal_outcome signal_skmsg_read(struct arena *arena, bytes octets, struct signal_skmsg *out)
{
	bytes body = body_of(octets, CURVE_SIGNATURE_SIZE);
	const Wa__SenderKeyMessage *m =
		body.ptr ? PROTO_UNPACK(arena, Wa__SenderKeyMessage, wa__sender_key_message, body)
			 : NULL;

	if (!m || !m->has_id || !m->has_iteration || !m->has_ciphertext)
		return SIGNAL_GARBAGE;
	out->id = m->id;
	out->iteration = m->iteration;
	out->ciphertext = PROTO_DATA(m, ciphertext);
	out->covered = (bytes){ octets.ptr, octets.len - CURVE_SIGNATURE_SIZE };
	out->signature = octets.ptr + out->covered.len;
	return SIGNAL_DONE;
}

enum signal_outcome signal_skdm_read(struct arena *arena, bytes octets, struct signal_skdm *out)
{
	bytes body = body_of(octets, 0);
	const Wa__SenderKeyDistributionWire *m =
		body.ptr ? PROTO_UNPACK(arena, Wa__SenderKeyDistributionWire,
				   wa__sender_key_distribution_wire, body)
			 : NULL;

	if (!m || !m->has_id || !m->has_iteration || !m->has_chain_key || !m->has_signing_key ||
		m->chain_key.len != CHAIN_KEY_SIZE)
		return SIGNAL_GARBAGE;
	out->id = m->id;
	out->iteration = m->iteration;
	memcpy(out->key, m->chain_key.data, CHAIN_KEY_SIZE);
	return read_key(PROTO_DATA(m, signing_key), out->open) ? SIGNAL_DONE : SIGNAL_BAD_KEY;
}
