/* err.c: names of the errors, for logs and problem codes. */
#include "base/err.h"

static const char *const names[] = {
	[OK] = "ok",           [ERR_INPUT] = "input",       [ERR_AUTH] = "auth",
	[ERR_DENIED] = "denied",   [ERR_MISSING] = "missing",   [ERR_CONFLICT] = "conflict",
	[ERR_LIMIT] = "limit",     [ERR_UNSUPPORTED] = "unsupported", [ERR_TIMEOUT] = "timeout",
	[ERR_UPSTREAM] = "upstream", [ERR_STORE] = "store",     [ERR_CORRUPT] = "corrupt",
	[ERR_BUG] = "bug",
};

const char *err_name(enum err e)
{
	return (unsigned)e < sizeof names / sizeof *names ? names[e] : "unknown";
}
