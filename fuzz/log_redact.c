/* log_redact.c: redaction only shortens, leaves no run of phone length, and finds nothing more the
 * second time. */
#include "base/log.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[LOG_LINE_MAX];
	size_t len = size < sizeof text ? size : sizeof text, run = 0, again;

	if (len)
		memcpy(text, data, len);
	again = log_redact(text, len);
	MUST(again <= len);
	for (size_t i = 0; i <= again; i++) {
		if (i < again && text[i] >= '0' && text[i] <= '9') {
			run++;
			continue;
		}
		MUST(run < 7 || run > 16);
		run = 0;
	}
	MUST(log_redact(text, again) == again);
	return 0;
}
