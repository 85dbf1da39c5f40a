/*
 * proxy.h: the words by which a proxy is asked to connect us: HTTP CONNECT (RFC 9110 §9.3.6) and
 * SOCKS5 (RFC 1928, 1929).
 *
 * Pure: octets of the proxy in, octets for it out; ws_client.c does the rest. Names are resolved by
 * the proxy.
 */
#ifndef NET_PROXY_H
#define NET_PROXY_H

#include "base/buf.h"

#define PROXY_ANSWER_MAX 8192
#define PROXY_URL_MAX 512

enum proxy_kind { PROXY_NONE, PROXY_HTTP, PROXY_SOCKS5 };
struct proxy { enum proxy_kind kind; str host, port, user, password; };

/* http://[USER:PASSWORD@]HOST:PORT or socks5://…; USER and PASSWORD percent-encoded. Texts with a
 * NUL behind, in arena. false: it is neither. */
bool proxy_read(struct arena *arena, str url, struct proxy *out);

struct proxy_talk {
	const struct proxy *proxy;
	str host, port;         /* whom we want */
	int step;
	bool is_done;           /* from here on we talk with whom we wanted */
};
/* What is said first. */
void proxy_begin(struct proxy_talk *talk, struct buf *out);
/* in: all octets of the proxy that were not taken yet. Answers how many it takes (0: more are
 * needed), with what is to be said next in out; -1: refused, *why says how. */
ptrdiff_t proxy_take(struct proxy_talk *talk, bytes in, struct buf *out, const char **why);

#endif
