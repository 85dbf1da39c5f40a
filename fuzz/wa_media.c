/* wa_media.c: the phone's answer about a file, references, answers of hosts, and files themselves:
 * read or refused; what a good answer leads to stays on the host. */
#include "wa/media/media.h"
#include "fuzz/fuzz.h"

static const uint8_t key[WA_MEDIA_KEY_SIZE] = { 1 }, nonce[GCM_NONCE_SIZE] = { 2 };

/* Sealed as the phone would, so that what it says is looked at, too. */
static bytes sealed(struct arena *arena, bytes plain)
{
	static const uint8_t salt[32];
	struct buf out = buf_in(arena, plain.len + GCM_TAG_SIZE);
	uint8_t retry[32];

	hkdf_sha256((bytes){ key, sizeof key }, (bytes){ salt, sizeof salt },
		S("WhatsApp Media Retry Notification"), retry);
	aead_seal(retry, nonce, bytes_of(S("id")), plain, &out);
	return buf_bytes(&out);
}

static void open_file(struct arena *arena, bytes data)
{
	const struct wa_media media = { .key = { key, sizeof key } };
	struct buf out = buf_in(arena, data.len + 64);
	struct wa_unseal *u;
	size_t half = data.len / 2;

	MUST(wa_unseal_create(&media, 1 << 20, &u) == OK);
	if (wa_unseal_add(u, (bytes){ data.ptr, half }, &out) == OK &&
		wa_unseal_add(u, (bytes){ data.ptr + half, data.len - half }, &out) == OK)
		MUST(wa_unseal_finish(u, &out) == ERR_CORRUPT);
	else
		wa_unseal_destroy(u);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	const bytes in = { data, size }, n = { nonce, sizeof nonce }, k = { key, sizeof key };
	struct wa_media_retry retry;
	struct wa_media_reference reference;
	struct wa_uploaded uploaded;

	crypto_init();
	if (wa_media_retry_read(arena, k, S("id"), n, sealed(arena, in), &retry) == OK &&
		retry.result == WA_RETRY_GOOD)
		MUST(wa_media_path_is_good(retry.direct_path));
	MUST(wa_media_retry_read(arena, k, S("id"), n, in, &retry) != OK);
	if (wa_media_unpack(arena, str_from(in), &reference) == OK)
		MUST(wa_media_pack(arena, &reference).len > 0);
	if (wa_upload_read(arena, str_from(in), &uploaded) == OK && uploaded.is_complete)
		MUST(wa_media_path_is_good(uploaded.direct_path));
	open_file(arena, in);
	return 0;
}
