/*
 * address.h: which socket addresses are public.
 *
 * The guard against server-side request forgery: it judges the address a socket is about to connect
 * to, after name resolution, so no name and no redirect leads around it.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "base/str.h"

#include <sys/socket.h>

#define ADDRESS_TEXT_MAX 46 /* INET6_ADDRSTRLEN */

/* False for loopback, private, link-local, shared, multicast, documentation and reserved ranges,
 * and for IPv6 forms that carry such an IPv4 address (mapped, compatible, 6to4, Teredo, NAT64);
 * false for other families. */
bool address_is_public(const struct sockaddr *address);
/* Numeric text without port; "" for other families. */
void address_text(const struct sockaddr *address, char out[ADDRESS_TEXT_MAX]);

#endif
