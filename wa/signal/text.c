/* text.c: addresses, padding and names of lists of devices (signal.h). */
#include "wa/signal/signal.h"

#include "base/codec.h"

#include <stdlib.h>

#define PHASH_SIZE 6

static const struct {
	const char *server;
	uint8_t octet;
} domains[] = {
	{ "lid", 1 },
	{ "hosted", 128 },
	{ "hosted.lid", 129 },
};

static uint8_t domain_of(const struct jid *jid)
{
	for (size_t i = 0; i < COUNT_OF(domains); i++)
		if (str_is(jid->server, str_of(domains[i].server)))
			return domains[i].octet;
	return jid->agent;
}

str signal_address(struct arena *arena, const struct jid *jid)
{
	uint8_t domain = domain_of(jid);

	if (domain)
		return arena_printf(arena, STR_F "_%u.%u", STR_A(jid->user), domain, jid->device);
	return arena_printf(arena, STR_F ".%u", STR_A(jid->user), jid->device);
}

bytes signal_pad(struct arena *arena, bytes plain, uint8_t random)
{
	uint8_t n = (uint8_t)((random & (SIGNAL_PAD_MAX - 1)) + 1);
	uint8_t *out = arena_alloc(arena, plain.len + n);

	if (plain.len)
		memcpy(out, plain.ptr, plain.len);
	memset(out + plain.len, n, n);
	return (bytes){ out, plain.len + n };
}

bool signal_unpad(bytes padded, bytes *out)
{
	uint8_t n = padded.len ? padded.ptr[padded.len - 1] : 0;

	if (n == 0 || n > SIGNAL_PAD_MAX || n > padded.len)
		return false;
	for (size_t i = padded.len - n; i < padded.len; i++)
		if (padded.ptr[i] != n)
			return false;
	*out = (bytes){ padded.ptr, padded.len - n };
	return true;
}

/* ---- lists of devices ---- */

static int compare(const void *a, const void *b)
{
	return str_compare(*(const str *)a, *(const str *)b);
}

str signal_phash(struct arena *arena, const struct jid *devices, size_t count)
{
	str *names = ARENA_ARRAY(arena, str, count + 1);
	struct buf all = buf_in(arena, SIZE_MAX / 2), out = buf_in(arena, 16);
	uint8_t hash[SHA256_SIZE];

	for (size_t i = 0; i < count; i++)
		names[i] = arena_printf(arena, STR_F ".0:%u@" STR_F, STR_A(devices[i].user),
			devices[i].device, STR_A(devices[i].server));
	qsort(names, count, sizeof *names, compare);
	for (size_t i = 0; i < count; i++)
		buf_str(&all, names[i]);
	sha256(bytes_of(buf_text(&all)), hash);
	buf_str(&out, S("2:"));
	base64_write(&out, (bytes){ hash, PHASH_SIZE });
	return buf_text(&out);
}

static char standard(char c)
{
	return c == '-' ? '+' : c == '_' ? '/' : c;
}

bool signal_phash_is(str a, str b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		if (standard(a.ptr[i]) != standard(b.ptr[i]))
			return false;
	return true;
}
