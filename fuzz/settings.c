/* settings.c: a settings file of any octets is read or refused with a sentence; what is read keeps
 * to its range. */
#include "account/settings.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct settings settings;
	str why = STR_NONE;

	if (settings_read(fuzz_arena(), str_from((bytes){ data, size }), &settings, &why) != OK) {
		MUST(why.len > 0);
		return 0;
	}
	MUST(settings.node >= 0 && settings.node <= 1023);
	MUST(settings.request_workers >= 1 && settings.request_workers <= 256);
	MUST(settings.data && settings.listen && settings.log_level);
	return 0;
}
