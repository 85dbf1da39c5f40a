/* proxy.c: whatever a proxy answers, in one piece or by octets, and whatever is given as its URL.
 */
#include "net/proxy.h"

#include "fuzz/fuzz.h"

static void talk(struct arena *arena, const struct proxy *proxy, bytes in, size_t step)
{
	struct proxy_talk t = { .proxy = proxy, .host = S("web.example"), .port = S("443") };
	struct buf out = buf_in(arena, PROXY_ANSWER_MAX);
	const char *why = NULL;
	size_t have = 0, taken = 0;

	proxy_begin(&t, &out);
	while (have < in.len && !t.is_done) {
		ptrdiff_t n;

		have = have + step < in.len ? have + step : in.len;
		n = proxy_take(&t, (bytes){ in.ptr + taken, have - taken }, &out, &why);
		if (n < 0)
			return;
		taken += (size_t)n;
		MUST(taken <= have);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct proxy http = { PROXY_HTTP, S("p"), S("1"), S("u"), S("s") };
	struct proxy socks = { PROXY_SOCKS5, S("p"), S("1"), S("u"), S("s") }, read;
	bytes in = { data, size };

	talk(arena, &http, in, size ? size : 1);
	talk(arena, &socks, in, size ? size : 1);
	talk(arena, &socks, in, 1);
	if (size <= 4096)
		talk(arena, &http, in, 1);
	(void)proxy_read(arena, str_from(in), &read);
	return 0;
}
