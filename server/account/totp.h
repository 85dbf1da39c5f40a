/*
 * totp.h: one-time codes by time (RFC 6238: SHA-1, 30 seconds, 6 digits), as all authenticator apps
 * have them. Plain functions; any thread.
 */
#ifndef ACCOUNT_TOTP_H
#define ACCOUNT_TOTP_H

#include "base/buf.h"

#define TOTP_SECRET_SIZE 20
#define TOTP_STEP_MS 30000
#define TOTP_DIGITS 6
#define TOTP_DRIFT 1 /* steps that a clock may be early or late */

/* RFC 4648 base32, upper case, without padding. */
str base32_text(struct arena *arena, bytes in);
/* The code of a step: 0 to 999999. */
uint32_t totp_code(bytes secret, int64_t step);
/* The step whose code this is, within the drift around now and later than last_step; 0: none. */
int64_t totp_check(bytes secret, str code, int64_t now_ms, int64_t last_step);
/* "otpauth://totp/Parley:anna%40example.com?secret=…", as apps scan it. */
str totp_uri(struct arena *arena, str secret_text, str issuer, str account);

#endif
