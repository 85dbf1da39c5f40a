/*
 * signal.c: sessions of two devices (signal.h).
 *
 * A record holds the state in use and an archive of former ones: whoever meets anew may still have
 * messages under way that were made before. A message goes to the state that knows its key; when
 * none does, each may take it as a step. A state of the archive that reads a message is in use
 * again, for that is what the other side uses.
 */
#include "wa/signal/signal_internal.h"

#include "wa/session/prekey.h"

static const struct {
	const char *name;
	int reason;
} outcomes[] = {
	[SIGNAL_DONE] = { "done", 0 },
	[SIGNAL_NO_SESSION] = { "no_session", 1 },
	[SIGNAL_DUPLICATE] = { "duplicate", 0 },
	[SIGNAL_NO_KEY] = { "no_key", 3 },
	[SIGNAL_BAD_KEY] = { "bad_key", 2 },
	[SIGNAL_BAD_MAC] = { "bad_mac", 7 },
	[SIGNAL_BAD_SIGNATURE] = { "bad_signature", 5 },
	[SIGNAL_BAD_MESSAGE] = { "bad_message", 4 },
	[SIGNAL_FUTURE] = { "future", 6 },
	[SIGNAL_FORGOTTEN] = { "forgotten", 9 },
	[SIGNAL_GARBAGE] = { "garbage", 4 },
};

const char *signal_outcome_name(enum signal_outcome outcome)
{
	return outcomes[outcome].name;
}

int signal_retry_reason(enum signal_outcome outcome)
{
	return outcomes[outcome].reason;
}

const char *signal_kind_name(enum signal_kind kind)
{
	return kind == SIGNAL_PKMSG ? "pkmsg" : "msg";
}

/* ---- the store ---- */

enum err signal_get(const struct signal *s, enum wa_record kind, str key, bytes *out)
{
	return s->store->get(s->store->arg, kind, key, s->arena, out);
}

enum err signal_put(const struct signal *s, enum wa_record kind, str key, bytes record)
{
	enum err e = s->store->put(s->store->arg, kind, key, record);

	crypto_wipe((uint8_t *)record.ptr, record.len);
	return e;
}

enum err signal_erase(const struct signal *s, enum wa_record kind, str key)
{
	return s->store->erase(s->store->arg, kind, key);
}

/* A record that does not read is as good as none: the other side is asked again, and all heals. */
static enum err load(const struct signal *s, str address, struct signal_record *out, bool *is_there)
{
	bytes record;
	enum err e = signal_get(s, WA_RECORD_SESSION, address, &record);

	*is_there = e == OK && signal_record_unpack(record, out);
	if (!*is_there)
		*out = (struct signal_record){ 0 };
	return e == ERR_MISSING ? OK : e;
}

static enum err save(const struct signal *s, str address, struct signal_record *record)
{
	enum err e =
		signal_put(s, WA_RECORD_SESSION, address, signal_record_pack(s->arena, record));

	crypto_wipe(record, sizeof *record);
	return e;
}

static enum err learn_identity(const struct signal *s, str address, const uint8_t *identity,
	bool *changed)
{
	uint8_t copy[CURVE_KEY_SIZE];
	bytes known;
	enum err e = signal_get(s, WA_RECORD_IDENTITY, address, &known);
	bool is_same = e == OK && known.len == sizeof copy &&
		       memcmp(known.ptr, identity, sizeof copy) == 0;

	*changed = e == OK && !is_same;
	if (is_same)
		return OK;
	if (e != OK && e != ERR_MISSING)
		return e;
	memcpy(copy, identity, sizeof copy);
	return signal_put(s, WA_RECORD_IDENTITY, address, (bytes){ copy, sizeof copy });
}

/* ---- meeting ---- */

static bool is_signed(const struct signal_bundle *bundle)
{
	uint8_t typed[TYPED_SIZE] = { KEY_TYPE };

	memcpy(typed + 1, bundle->signed_prekey, CURVE_KEY_SIZE);
	return curve_verify(bundle->identity, (bytes){ typed, sizeof typed }, bundle->signature);
}

/* The new state is in use; the one before goes to the archive. */
static void renew(const struct signal *s, struct signal_record *record, bool is_there,
	const struct signal_state *state)
{
	if (is_there)
		signal_archive_now(s->arena, record, SIZE_MAX);
	record->now = *state;
}

enum err signal_meet(const struct signal *s, str address, const struct signal_bundle *bundle,
	struct signal_met *out)
{
	struct signal_record record;
	struct signal_state state;
	bool is_there;

	*out = (struct signal_met){ .outcome = SIGNAL_BAD_SIGNATURE };
	if (!is_signed(bundle))
		return OK;
	out->outcome = SIGNAL_BAD_KEY;
	if (!signal_state_start(s, bundle, &state))
		return OK;
	out->outcome = SIGNAL_DONE;
	TRY(load(s, address, &record, &is_there));
	renew(s, &record, is_there, &state);
	crypto_wipe(&state, sizeof state);
	TRY(learn_identity(s, address, bundle->identity, &out->identity_changed));
	return save(s, address, &record);
}

enum err signal_session_find(const struct signal *s, str address, struct signal_session *out)
{
	struct signal_record record;

	*out = (struct signal_session){ 0 };
	TRY(load(s, address, &record, &out->is_there));
	out->is_unanswered = record.now.is_pending;
	out->registration_id = record.now.registration_id;
	memcpy(out->base, record.now.base, CURVE_KEY_SIZE);
	memcpy(out->identity, record.now.identity, CURVE_KEY_SIZE);
	crypto_wipe(&record, sizeof record);
	return OK;
}

/* ---- enciphering ---- */

enum err signal_encrypt(const struct signal *s, str address, bytes padded,
	struct signal_sealed *out)
{
	struct signal_record record;
	bool is_there;

	*out = (struct signal_sealed){ .outcome = SIGNAL_NO_SESSION };
	TRY(load(s, address, &record, &is_there));
	if (!is_there)
		return OK;
	out->outcome = SIGNAL_DONE;
	out->kind = record.now.is_pending ? SIGNAL_PKMSG : SIGNAL_MSG;
	out->octets = signal_state_encrypt(s, &record.now, padded);
	return save(s, address, &record);
}

/* ---- reading ---- */

static bool state_at(const struct signal_record *record, size_t i, struct signal_state *out)
{
	if (i == 0) {
		*out = record->now;
		return true;
	}
	return signal_archive_get(record, i - 1, out);
}

/* Tries the states that know the key of the message, or those that do not. */
static enum signal_outcome try_states(const struct signal *s, struct signal_record *record,
	const struct signal_msg *message, bool knowing, bytes *padded)
{
	enum signal_outcome first = SIGNAL_NO_SESSION, outcome = SIGNAL_NO_SESSION;
	struct signal_state state;

	for (size_t i = 0; i <= record->archived_count && outcome != SIGNAL_DONE; i++) {
		if (!state_at(record, i, &state) ||
			signal_state_knows(&state, message->ratchet) != knowing)
			continue;
		outcome = signal_state_decrypt(s, &state, message, padded);
		if (first == SIGNAL_NO_SESSION)
			first = outcome;
		if (outcome == SIGNAL_DONE && i > 0)
			signal_archive_now(s->arena, record, i - 1);
		if (outcome == SIGNAL_DONE)
			record->now = state;
	}
	crypto_wipe(&state, sizeof state);
	return outcome == SIGNAL_DONE ? outcome : first;
}

static enum signal_outcome read_msg(const struct signal *s, struct signal_record *record,
	bytes octets, bytes *padded)
{
	struct signal_msg message;
	enum signal_outcome outcome = signal_msg_read(s->arena, octets, &message);

	if (outcome != SIGNAL_DONE)
		return outcome;
	outcome = try_states(s, record, &message, true, padded);
	if (outcome == SIGNAL_NO_SESSION)
		outcome = try_states(s, record, &message, false, padded);
	return outcome;
}

static enum err decrypt_msg(const struct signal *s, str address, bytes octets,
	struct signal_opened *out)
{
	struct signal_record record;
	bool is_there;

	TRY(load(s, address, &record, &is_there));
	if (is_there)
		out->outcome = read_msg(s, &record, octets, &out->padded);
	return out->outcome == SIGNAL_DONE ? save(s, address, &record) : OK;
}

static bool has_base(const struct signal_record *record, bool is_there, const uint8_t *base)
{
	struct signal_state state;
	bool found = false;

	for (size_t i = 0; is_there && !found && i <= record->archived_count; i++)
		found = state_at(record, i, &state) &&
			memcmp(state.base, base, CURVE_KEY_SIZE) == 0;
	crypto_wipe(&state, sizeof state);
	return found;
}

/* The state that a pkmsg makes, with our keys that it names; NO_KEY when one is not there. */
static enum err answer(const struct signal *s, const struct signal_pkmsg *message,
	struct signal_state *state, enum signal_outcome *out)
{
	uint8_t secret[CURVE_KEY_SIZE];

	*out = SIGNAL_NO_KEY;
	if (message->signed_prekey_id != s->device->signed_prekey_id)
		return OK;
	if (message->has_prekey) {
		enum err e = prekey_find(s->store, s->arena, message->prekey_id, secret);

		if (e != OK)
			return e == ERR_MISSING || e == ERR_CORRUPT ? OK : e;
	}
	*out = signal_state_answer(s, message, message->has_prekey ? secret : NULL, state)
		       ? SIGNAL_DONE
		       : SIGNAL_BAD_KEY;
	crypto_wipe(secret, sizeof secret);
	return OK;
}

/* The first message of a session: it counts, and uses our key up, only when it deciphers. */
static enum err first_message(const struct signal *s, str address,
	const struct signal_pkmsg *message, struct signal_opened *out)
{
	struct signal_record record, made = { 0 };
	bool is_there;

	TRY(answer(s, message, &made.now, &out->outcome));
	if (out->outcome == SIGNAL_DONE)
		out->outcome = read_msg(s, &made, message->message, &out->padded);
	if (out->outcome != SIGNAL_DONE)
		return OK;
	out->is_new = true;
	TRY(load(s, address, &record, &is_there));
	renew(s, &record, is_there, &made.now);
	crypto_wipe(&made, sizeof made);
	TRY(learn_identity(s, address, message->identity, &out->identity_changed));
	if (message->has_prekey)
		TRY(prekey_erase(s->store, s->arena, message->prekey_id));
	return save(s, address, &record);
}

static enum err decrypt_pkmsg(const struct signal *s, str address, bytes octets,
	struct signal_opened *out)
{
	struct signal_pkmsg message;
	struct signal_record record;
	bool is_there;

	out->outcome = signal_pkmsg_read(s->arena, octets, &message);
	if (out->outcome != SIGNAL_DONE)
		return OK;
	TRY(load(s, address, &record, &is_there));
	if (!has_base(&record, is_there, message.base))
		return first_message(s, address, &message, out);
	out->outcome = read_msg(s, &record, message.message, &out->padded);
	return out->outcome == SIGNAL_DONE ? save(s, address, &record) : OK;
}

enum err signal_decrypt(const struct signal *s, str address, enum signal_kind kind, bytes octets,
	struct signal_opened *out)
{
	*out = (struct signal_opened){ .outcome = SIGNAL_NO_SESSION };
	return kind == SIGNAL_PKMSG ? decrypt_pkmsg(s, address, octets, out)
				    : decrypt_msg(s, address, octets, out);
}

/* ---- moving ---- */

enum err signal_forget(const struct signal *s, str address)
{
	return signal_erase(s, WA_RECORD_SESSION, address);
}

/* Nothing of `from` goes unless `to` has it, or has its own. */
static enum err move_record(const struct signal *s, enum wa_record kind, str from, str to)
{
	bytes record, other;
	enum err e = signal_get(s, kind, from, &record);

	if (e != OK)
		return e == ERR_MISSING ? OK : e;
	e = signal_get(s, kind, to, &other);
	if (e == ERR_MISSING)
		e = s->store->put(s->store->arg, kind, to, record);
	return e == OK ? signal_erase(s, kind, from) : e;
}

struct found {
	struct arena *arena;
	str suffix;
	struct found_key {
		struct found_key *next;
		str group;
	} * keys;
};

static enum err find_sender(void *arg, str key, bytes value)
{
	struct found *found = arg;
	struct found_key *one;

	(void)value;
	if (!str_ends(key, found->suffix))
		return OK;
	one = ARENA_NEW(found->arena, struct found_key);
	*one = (struct found_key){ found->keys,
		arena_str(found->arena, str_part(key, 0, key.len - found->suffix.len)) };
	found->keys = one;
	return OK;
}

static enum err move_sender_keys(const struct signal *s, str from, str to)
{
	struct found found = { .arena = s->arena,
		.suffix = arena_printf(s->arena, " " STR_F, STR_A(from)) };

	if (!s->store->scan)
		return OK;
	TRY(s->store->scan(s->store->arg, WA_RECORD_SENDER_KEY, STR_NONE, find_sender, &found));
	for (const struct found_key *one = found.keys; one; one = one->next)
		TRY(move_record(s, WA_RECORD_SENDER_KEY,
			arena_printf(s->arena, STR_F " " STR_F, STR_A(one->group), STR_A(from)),
			arena_printf(s->arena, STR_F " " STR_F, STR_A(one->group), STR_A(to))));
	return OK;
}

enum err signal_move(const struct signal *s, str from, str to)
{
	TRY(move_record(s, WA_RECORD_SESSION, from, to));
	TRY(move_record(s, WA_RECORD_IDENTITY, from, to));
	return move_sender_keys(s, from, to);
}
