/* address.c: see address.h. Ranges of the IANA special-purpose registries, as of 2024. */
#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

static const struct range4 {
	uint8_t octets[4];
	unsigned bits;
} not_public4[] = {
	{ { 0, 0, 0, 0 }, 8 },       { { 10, 0, 0, 0 }, 8 },      { { 100, 64, 0, 0 }, 10 },
	{ { 127, 0, 0, 0 }, 8 },     { { 169, 254, 0, 0 }, 16 },  { { 172, 16, 0, 0 }, 12 },
	{ { 192, 0, 0, 0 }, 24 },    { { 192, 0, 2, 0 }, 24 },    { { 192, 88, 99, 0 }, 24 },
	{ { 192, 168, 0, 0 }, 16 },  { { 198, 18, 0, 0 }, 15 },   { { 198, 51, 100, 0 }, 24 },
	{ { 203, 0, 113, 0 }, 24 },  { { 224, 0, 0, 0 }, 4 },     { { 240, 0, 0, 0 }, 4 },
};

static const struct range6 {
	uint8_t octets[16];
	unsigned bits;
} not_public6[] = {
	{ { 0 }, 96 },                           /* ::, ::1, IPv4-compatible */
	{ { 0x01, 0x00 }, 64 },                  /* 100::/64, discard */
	{ { 0x20, 0x01, 0x00, 0x00 }, 23 },      /* 2001::/23: Teredo, ORCHID, benchmarking */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 },      /* documentation */
	{ { 0x3f, 0xff, 0x00 }, 20 },            /* documentation */
	{ { 0x5f, 0x00 }, 16 },                  /* segment routing */
	{ { 0xfc }, 7 },                         /* unique local */
	{ { 0xfe, 0x80 }, 10 },                  /* link-local */
	{ { 0xfe, 0xc0 }, 10 },                  /* site-local */
	{ { 0xff }, 8 },                         /* multicast */
	{ { 0x00, 0x64, 0xff, 0x9b, 0, 1 }, 48 } /* local NAT64 */,
};

/* IPv6 prefixes behind which an IPv4 address stands. */
static const struct {
	uint8_t octets[16];
	unsigned bits, at;
} carriers[] = {
	{ { [10] = 0xff, [11] = 0xff }, 96, 12 },          /* ::ffff:a.b.c.d */
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, 12 },            /* NAT64 */
	{ { 0x20, 0x02 }, 16, 2 },                         /* 6to4 */
};

static bool in_range(const uint8_t *address, const uint8_t *range, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(address, range, whole) != 0)
		return false;
	return rest == 0 || (address[whole] ^ range[whole]) >> (8 - rest) == 0;
}

static bool is_public4(const uint8_t *address)
{
	for (size_t i = 0; i < COUNT_OF(not_public4); i++)
		if (in_range(address, not_public4[i].octets, not_public4[i].bits))
			return false;
	return true;
}

static bool is_public6(const uint8_t *address)
{
	for (size_t i = 0; i < COUNT_OF(carriers); i++)
		if (in_range(address, carriers[i].octets, carriers[i].bits))
			return is_public4(address + carriers[i].at);
	for (size_t i = 0; i < COUNT_OF(not_public6); i++)
		if (in_range(address, not_public6[i].octets, not_public6[i].bits))
			return false;
	return true;
}

bool address_is_public(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET)
		return is_public4(
			(const uint8_t *)&((const struct sockaddr_in *)(const void *)address)
				->sin_addr);
	if (address->sa_family == AF_INET6)
		return is_public6(
			(const uint8_t *)&((const struct sockaddr_in6 *)(const void *)address)
				->sin6_addr);
	return false;
}

void address_text(const struct sockaddr *address, char out[ADDRESS_TEXT_MAX])
{
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)(const void *)address;
	const struct sockaddr_in *four = (const struct sockaddr_in *)(const void *)address;

	out[0] = 0;
	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &four->sin_addr, out, ADDRESS_TEXT_MAX);
	else if (address->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], out, ADDRESS_TEXT_MAX);
	else if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &six->sin6_addr, out, ADDRESS_TEXT_MAX);
}
