/*
 * media_link.c: the address of a file for somebody who has no account here: a network that fetches
 * our files by link.
 *
 * The address names workspace, file and end of life, under a keyed hash: nobody makes another one
 * of it, and after a day it opens nothing.
 */
#include "account/channel.h"
#include "account/seal.h"
#include "base/codec.h"
#include "inbox/media.h"

#define LINK_LIFE_MS (24 * 3600 * 1000LL)
#define LINK_PARTS 3
#define LINK_MAC_SIZE 16

static void mac_of(str text, uint8_t out[LINK_MAC_SIZE])
{
	uint8_t mac[SHA256_SIZE];

	master_hash(S("file link"), text, mac);
	memcpy(out, mac, LINK_MAC_SIZE);
}

enum err media_link(struct job *job, const struct media *media, str *out)
{
	str parts = arena_printf(job->arena, "%lld.%lld.%lld", (long long)job->workspace,
		(long long)media->id, (long long)(job->now_ms + LINK_LIFE_MS));
	struct buf url = buf_in(job->arena, 4096);
	uint8_t mac[LINK_MAC_SIZE];

	mac_of(parts, mac);
	buf_printf(&url, STR_F "/files/" STR_F ".", STR_A(channel_public_url()), STR_A(parts));
	base64url_write(&url, (bytes){ mac, sizeof mac });
	buf_byte(&url, '/');
	percent_write(&url, media_name_for(job->arena, media));
	*out = buf_text(&url);
	return url.failed ? fail(job, ERR_LIMIT, "the name of a file is too long") : OK;
}

enum err media_of_link(struct job *job, str token, struct media *out)
{
	struct buf told = buf_in(job->arena, LINK_MAC_SIZE);
	size_t dot = token.len;
	int64_t numbers[LINK_PARTS] = { 0 };
	uint8_t mac[LINK_MAC_SIZE];
	str parts;

	while (dot > 0 && token.ptr[dot - 1] != '.')
		dot--;
	parts = str_part(token, 0, dot ? dot - 1 : 0);
	mac_of(parts, mac);
	if (!base64_read(str_part(token, dot, token.len), &told) ||
		!crypto_equal(buf_bytes(&told), (bytes){ mac, sizeof mac }))
		return fail(job, ERR_MISSING, "there is no file at this address");
	for (size_t i = 0; i < LINK_PARTS; i++)
		if (!str_to_i64(str_split(&parts, '.'), &numbers[i]))
			return fail(job, ERR_MISSING, "there is no file at this address");
	if (numbers[2] < job->now_ms)
		return fail(job, ERR_MISSING, "the address of this file is too old");
	job->workspace = numbers[0];
	return media_get(job, numbers[1], out);
}
