/* totp.c: see totp.h. */
#include "account/totp.h"

#include "base/codec.h"
#include "crypto/crypto.h"

#define CODES 1000000 /* ten to the digits */

str base32_text(struct arena *arena, bytes in)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	struct buf out = buf_in(arena, in.len * 2 + 8);
	uint32_t bits = 0;
	int count = 0;

	for (size_t i = 0; i < in.len; i++) {
		bits = bits << 8 | in.ptr[i];
		for (count += 8; count >= 5; count -= 5)
			buf_byte(&out, (uint8_t)letters[bits >> (count - 5) & 31]);
	}
	if (count)
		buf_byte(&out, (uint8_t)letters[bits << (5 - count) & 31]);
	return buf_text(&out);
}

/* RFC 4226 §5.3: the last nibble says where four octets are taken from, without their first bit. */
uint32_t totp_code(bytes secret, int64_t step)
{
	uint8_t counter[8], mac[SHA1_SIZE];
	const uint8_t *at;

	for (int i = 0; i < 8; i++)
		counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
	hmac_sha1(secret, (bytes){ counter, sizeof counter }, mac);
	at = mac + (mac[SHA1_SIZE - 1] & 15);
	return ((uint32_t)(at[0] & 0x7F) << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
		       at[3]) %
	       CODES;
}

/* Six digits, blanks between allowed: "123 456". */
static bool read_code(str text, uint32_t *out)
{
	int digits = 0;

	*out = 0;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == ' ')
			continue;
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || ++digits > TOTP_DIGITS)
			return false;
		*out = *out * 10 + (uint32_t)(text.ptr[i] - '0');
	}
	return digits == TOTP_DIGITS;
}

int64_t totp_check(bytes secret, str code, int64_t now_ms, int64_t last_step)
{
	int64_t now = now_ms / TOTP_STEP_MS, found = 0;
	uint32_t wanted;

	if (!read_code(code, &wanted))
		return 0;
	for (int64_t step = now - TOTP_DRIFT; step <= now + TOTP_DRIFT; step++)
		if (totp_code(secret, step) == wanted && step > last_step)
			found = step;
	return found;
}

str totp_uri(struct arena *arena, str secret_text, str issuer, str account)
{
	struct buf out = buf_in(arena, 4096);

	buf_str(&out, S("otpauth://totp/"));
	percent_write(&out, issuer);
	buf_byte(&out, ':');
	percent_write(&out, account);
	buf_printf(&out, "?secret=" STR_F "&issuer=", STR_A(secret_text));
	percent_write(&out, issuer);
	buf_str(&out, S("&algorithm=SHA1&digits=6&period=30"));
	return buf_text(&out);
}
