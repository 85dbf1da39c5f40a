/*
 * vectors.c: wa-vectors FILE…: the table of sections, and how checks are counted (vectors.h).
 *
 * The last line is `N passed, N failed`; the status is 0 when nothing failed.
 */
#include "wa/vectors/vectors.h"

#include "base/codec.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX (256u << 20)
#define SHOWN_MAX 160 /* characters of a value in a failure's text */
#define ARENA_MAX (1u << 30)

/* run NULL: a note about the file or its other sections. */
static const struct {
	const char *name;
	void (*run)(struct vectors *v);
} sections[] = {
	{ "about", NULL },
	{ "set", NULL },
	{ "note", NULL },
	{ "checked", NULL },
	{ "dict_version", NULL },
	{ "node_format", NULL },
	{ "frame", NULL },
	{ "checks", NULL },
	{ "vectors", vectors_stanzas },
	{ "lenient_decode", vectors_stanzas_lenient },
	{ "reject", vectors_stanzas_reject },
	{ "x25519", vectors_x25519 },
	{ "xeddsa", vectors_xeddsa },
	{ "signed_prekey", vectors_signed_prekey },
	{ "client_payload", vectors_client_payload },
	{ "noise_xx", vectors_noise_xx },
	{ "noise_ik", vectors_noise_ik },
	{ "noise_xxfallback", vectors_noise_xxfallback },
	{ "edge_routing", vectors_edge_routing },
	{ "cert_reject", vectors_cert_reject },
	{ "framing", vectors_framing },
	{ "qr", vectors_qr },
	{ "adv_pairing", vectors_adv_pairing },
	{ "adv_pairing_reject", vectors_adv_pairing_reject },
	{ "pairing_code", vectors_pairing_code },
	{ "crockford", vectors_crockford },
	{ "passkey", vectors_passkey },
	{ "key_bundle_digest", vectors_key_bundle_digest },
	{ "version_hash", vectors_version_hash },
	{ "hkdf", vectors_hkdf },
	{ "curve", vectors_curve },
	{ "padding", vectors_padding },
	{ "message_id", vectors_message_id },
	{ "phash", vectors_phash },
	{ "signal_address", vectors_signal_address },
	{ "signal_sessions", vectors_signal_sessions },
	{ "sender_key", vectors_sender_key },
	{ "media", vectors_media },
	{ "media_retry", vectors_media_retry },
	{ "lthash", vectors_lthash },
	{ "app_state", vectors_app_state },
	{ "history_sync", vectors_history_sync },
	{ "history_push_names", vectors_history_push_names },
	{ "messages", vectors_messages },
	{ "poll_vote", vectors_poll_vote },
	{ "event_response", vectors_event_response },
	{ "reporting_token", vectors_reporting_token },
	{ "cstoken", vectors_cstoken },
	{ "tctoken_buckets", vectors_tctoken_buckets },
};

/* ---- checks ---- */

bool check(struct vectors *v, bool good, const char *what)
{
	if (good)
		v->passed++;
	else
		v->failed++;
	if (!good)
		printf("not ok " STR_F "[%zu]: %s\n", STR_A(v->section), v->at, what);
	return good;
}

static bool check_same(struct vectors *v, str got, str want, const char *path)
{
	bool good = want.ptr && str_is(got, want);

	check(v, good, path);
	if (!good)
		printf("\tgot    %.*s\n\twanted %.*s\n", (int)str_part(got, 0, SHOWN_MAX).len,
			got.ptr ? got.ptr : "", (int)str_part(want, 0, SHOWN_MAX).len,
			want.ptr ? want.ptr : "(nothing)");
	return good;
}

bool check_octets(struct vectors *v, bytes got, json want, const char *path)
{
	return check_same(v, hex_text(v->arena, got), json_text(json_path(want, path)), path);
}

bool check_text(struct vectors *v, str got, json want, const char *path)
{
	return check_same(v, got, json_text(json_path(want, path)), path);
}

bool check_int(struct vectors *v, int64_t got, json want, const char *path)
{
	json value = json_path(want, path);

	return check_same(v, arena_printf(v->arena, "%lld", (long long)got),
		json_text_or_int(v->arena, value), path);
}

/* ---- what a section says ---- */

bytes octets_at(struct vectors *v, json from, const char *path)
{
	str hex = json_text_at(from, path);
	struct buf out = buf_in(v->arena, hex.len / 2 + 1);

	buf_space(&out, 1);
	buf_clear(&out);
	if (hex.ptr && hex_read(hex, &out))
		return buf_bytes(&out);
	check(v, false, arena_printf(v->arena, "%s is not there as hex", path).ptr);
	return (bytes){ arena_alloc(v->arena, 1), 0 };
}

str text_at(struct vectors *v, json from, const char *path)
{
	str text = json_text_at(from, path);

	if (text.ptr)
		return text;
	check(v, false, arena_printf(v->arena, "%s is not there as a text", path).ptr);
	return S("");
}

int64_t int_at(struct vectors *v, json from, const char *path)
{
	json value = json_path(from, path);

	if (json_int(value, 0) == json_int(value, 1))
		return json_int(value, 0);
	check(v, false, arena_printf(v->arena, "%s is not there as a number", path).ptr);
	return 0;
}

void key_at(struct vectors *v, json from, const char *path, uint8_t out[CURVE_KEY_SIZE])
{
	bytes key = octets_at(v, from, path);

	memset(out, 0, CURVE_KEY_SIZE);
	if (key.len == 1 + CURVE_KEY_SIZE && key.ptr[0] == 5)
		key = (bytes){ key.ptr + 1, CURVE_KEY_SIZE };
	if (key.len == CURVE_KEY_SIZE)
		memcpy(out, key.ptr, CURVE_KEY_SIZE);
	else
		check(v, false, arena_printf(v->arena, "%s is no key", path).ptr);
}

void pair_at(struct vectors *v, json from, const char *path, struct curve_pair *out)
{
	json keys = json_path(from, path);
	bool is_long = json_field(keys, "private") != NULL;
	uint8_t secret[CURVE_KEY_SIZE], open[CURVE_KEY_SIZE];

	key_at(v, keys, is_long ? "private" : "priv", secret);
	key_at(v, keys, is_long ? "public" : "pub", open);
	curve_pair_of(secret, out);
	check(v, memcmp(out->open, open, sizeof open) == 0, "a public key is that of its private");
}

void each_case(struct vectors *v, json list, void (*one)(struct vectors *v, json c))
{
	size_t count = json_kind(list) == JSON_LIST ? json_count(list) : list ? 1 : 0;

	if (count == 0)
		check(v, false, "there are no cases");
	for (v->at = 0; v->at < count; v->at++)
		one(v, json_kind(list) == JSON_LIST ? json_at(list, v->at) : list);
	v->at = 0;
}

/* ---- files ---- */

static void run_section(struct vectors *v)
{
	size_t before = v->passed + v->failed;

	v->at = 0;
	for (size_t i = 0; i < COUNT_OF(sections); i++) {
		if (!str_is(v->section, str_of(sections[i].name)))
			continue;
		if (!sections[i].run)
			return;
		sections[i].run(v);
		if (v->passed + v->failed == before)
			check(v, false, "nothing was checked");
		return;
	}
	check(v, false, "the section is not known");
}

static str read_file(struct arena *arena, const char *path)
{
	struct buf text = buf_in(arena, FILE_MAX);
	FILE *file = fopen(path, "rb");
	char part[65536];
	size_t n;

	if (!file) {
		printf("%s: %s\n", path, strerror(errno));
		return STR_NONE;
	}
	while ((n = fread(part, 1, sizeof part, file)) > 0)
		buf_put(&text, part, n);
	fclose(file);
	return buf_text(&text);
}

static void run_file(struct vectors *v, const char *path)
{
	struct arena *file = arena_create(ARENA_MAX);
	str text = read_file(file, path), why = S("it cannot be read");

	v->section = str_of(path);
	if (!text.ptr || json_read(file, text, &v->root, &why) != OK ||
		json_kind(v->root) != JSON_MAP) {
		check(v, false, arena_printf(file, STR_F, STR_A(why)).ptr);
		arena_destroy(file);
		return;
	}
	for (void *i = json_first(v->root); i; i = json_next(v->root, i)) {
		size_t passed = v->passed, failed = v->failed;

		v->arena = arena_create(ARENA_MAX);
		v->section = json_member_name(i);
		v->part = json_member_value(i);
		run_section(v);
		arena_destroy(v->arena);
		if (v->passed + v->failed > passed + failed)
			printf("%-24.*s %6zu passed, %zu failed\n", STR_A(v->section),
				v->passed - passed, v->failed - failed);
	}
	arena_destroy(file);
}

int main(int count, char **args)
{
	struct vectors v = { 0 };

	crypto_init();
	if (count < 2)
		fprintf(stderr, "usage: wa-vectors FILE...\n");
	for (int i = 1; i < count; i++)
		run_file(&v, args[i]);
	printf("%zu passed, %zu failed\n", v.passed, v.failed);
	return count < 2 ? 2 : v.failed ? 1 : 0;
}
