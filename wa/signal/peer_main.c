/*
 * peer_main.c: a device of ours that speaks JSON lines on stdin and stdout, so that other libraries
 * can be tried against it (tests/linked/signal.test.mjs). For tests alone.
 *
 *	{"do":"bundle","prekey":true}                            {"identity":…,"prekey":…}
 *	{"do":"meet","address":"1.0","bundle":{…}}               {"outcome":"done"}
 *	{"do":"encrypt","address":"1.0","padded":HEX}            {"outcome":…,"type":…,"octets":HEX}
 *	{"do":"decrypt","address":…,"type":…,"octets":HEX}       {"outcome":…,"padded":HEX}
 *	{"do":"own"|"seal"|"take"|"open","group":…,"address":…}  the same of sender keys
 *
 * Octets are hex; each line is a transaction, and "crash":true takes it back.
 */
#include "wa/signal/peer.h"

#include "base/codec.h"
#include "base/json.h"

#include <stdio.h>

#define LINE_MAX (1u << 20)

struct line { struct peer *peer; struct arena *arena; json in; struct buf *out; };

static bytes octets(const struct line *l, const char *path)
{
	str hex = json_text_at(l->in, path);
	struct buf out = buf_in(l->arena, hex.len / 2 + 1);

	buf_space(&out, 1);
	buf_clear(&out);
	return hex.ptr && hex_read(hex, &out) ? buf_bytes(&out) : BYTES_NONE;
}

static str text(const struct line *l, const char *path)
{
	str found = json_text_at(l->in, path);

	return found.ptr ? found : S("");
}

static void put_octets(const struct line *l, const char *name, bytes value)
{
	json_put(l->out, name, hex_text(l->arena, value));
}

static void put_outcome(const struct line *l, enum err e, enum signal_outcome outcome)
{
	json_put(l->out, "outcome",
		e == OK ? str_of(signal_outcome_name(outcome)) : S("store"));
}

static void copy(const struct line *l, const char *path, uint8_t *out, size_t size)
{
	bytes value = octets(l, path);

	if (value.len == size)
		memcpy(out, value.ptr, size);
}

/* ---- sessions ---- */

static void say_bundle(const struct line *l)
{
	struct signal_bundle b =
		peer_bundle(l->peer, json_flag(json_field(l->in, "prekey"), false));

	json_put_int(l->out, "registration_id", b.registration_id);
	json_put_int(l->out, "signed_prekey_id", b.signed_prekey_id);
	put_octets(l, "identity", (bytes){ b.identity, sizeof b.identity });
	put_octets(l, "signed_prekey", (bytes){ b.signed_prekey, sizeof b.signed_prekey });
	put_octets(l, "signature", (bytes){ b.signature, sizeof b.signature });
	if (!b.has_prekey)
		return;
	json_put_int(l->out, "prekey_id", b.prekey_id);
	put_octets(l, "prekey", (bytes){ b.prekey, sizeof b.prekey });
}

static void meet(const struct line *l)
{
	json b = json_field(l->in, "bundle");
	struct signal_bundle bundle = { .has_prekey = json_field(b, "prekey") != NULL };
	struct signal_met met = { 0 };
	enum err e;

	bundle.registration_id = (uint32_t)json_int(json_field(b, "registration_id"), 0);
	bundle.signed_prekey_id = (uint32_t)json_int(json_field(b, "signed_prekey_id"), 0);
	bundle.prekey_id = (uint32_t)json_int(json_field(b, "prekey_id"), 0);
	copy(l, "bundle.identity", bundle.identity, sizeof bundle.identity);
	copy(l, "bundle.signed_prekey", bundle.signed_prekey, sizeof bundle.signed_prekey);
	copy(l, "bundle.signature", bundle.signature, sizeof bundle.signature);
	if (bundle.has_prekey)
		copy(l, "bundle.prekey", bundle.prekey, sizeof bundle.prekey);
	e = signal_meet(&l->peer->signal, text(l, "address"), &bundle, &met);
	put_outcome(l, e, met.outcome);
}

static void encrypt(const struct line *l)
{
	struct signal_sealed sealed = { 0 };
	enum err e = signal_encrypt(&l->peer->signal, text(l, "address"), octets(l, "padded"),
		&sealed);

	put_outcome(l, e, sealed.outcome);
	json_put(l->out, "type", str_of(signal_kind_name(sealed.kind)));
	put_octets(l, "octets", sealed.octets);
}

static void decrypt(const struct line *l)
{
	enum signal_kind kind = str_is(text(l, "type"), S("pkmsg")) ? SIGNAL_PKMSG : SIGNAL_MSG;
	struct signal_opened opened = { 0 };
	enum err e = signal_decrypt(&l->peer->signal, text(l, "address"), kind,
		octets(l, "octets"), &opened);

	put_outcome(l, e, opened.outcome);
	put_octets(l, "padded", opened.padded);
}

/* ---- groups ---- */

static void own(const struct line *l)
{
	struct signal_group group = { 0 };
	enum err e = signal_group_own(&l->peer->signal, text(l, "group"), text(l, "address"),
		&group);

	put_outcome(l, e, SIGNAL_DONE);
	put_octets(l, "octets", group.distribution);
}

static void take(const struct line *l)
{
	enum signal_outcome outcome = SIGNAL_DONE;
	enum err e = signal_group_take(&l->peer->signal, text(l, "group"), text(l, "address"),
		octets(l, "octets"), &outcome);

	put_outcome(l, e, outcome);
}

static void seal(const struct line *l)
{
	struct signal_sealed sealed = { 0 };
	enum err e = signal_group_encrypt(&l->peer->signal, text(l, "group"), text(l, "address"),
		octets(l, "padded"), &sealed);

	put_outcome(l, e, sealed.outcome);
	put_octets(l, "octets", sealed.octets);
}

static void open_group(const struct line *l)
{
	struct signal_opened opened = { 0 };
	enum err e = signal_group_decrypt(&l->peer->signal, text(l, "group"), text(l, "address"),
		octets(l, "octets"), &opened);

	put_outcome(l, e, opened.outcome);
	put_octets(l, "padded", opened.padded);
}

static const struct { const char *name; void (*run)(const struct line *l); } commands[] = {
	{ "bundle", say_bundle },
	{ "meet", meet },
	{ "encrypt", encrypt },
	{ "decrypt", decrypt },
	{ "own", own },
	{ "take", take },
	{ "seal", seal },
	{ "open", open_group },
};

static void answer(struct peer *peer, struct arena *arena, str text_in)
{
	struct buf out = buf_in(arena, LINE_MAX);
	struct line l = { .peer = peer, .arena = arena, .out = &out };

	json_open(&out, '{');
	if (json_read(arena, text_in, &l.in, NULL) == OK)
		for (size_t i = 0; i < COUNT_OF(commands); i++)
			if (str_is(text(&l, "do"), str_of(commands[i].name)))
				commands[i].run(&l);
	json_close(&out, '}');
	printf(STR_F "\n", STR_A(buf_text(&out)));
	fflush(stdout);
	if (json_flag(json_field(l.in, "crash"), false))
		wa_memory_rollback(peer->memory);
	else
		wa_memory_commit(peer->memory);
}

int main(int count, char **args)
{
	struct arena *arena = arena_create(ARENA_LIMIT_DEFAULT);
	static char line[LINE_MAX];
	struct peer peer;
	int64_t seed;

	if (count < 2 || !str_to_i64(str_of(args[1]), &seed))
		return 2;
	peer_init(&peer, arena, (uint64_t)seed);
	while (fgets(line, sizeof line, stdin)) {
		answer(&peer, arena, (str){ line, strlen(line) });
		arena_reset(arena);
	}
	peer_done(&peer);
	arena_destroy(arena);
	return 0;
}
