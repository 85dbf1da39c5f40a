/* phone.c: whatever is typed, a number that is accepted has 7 to 15 digits, and is read the same
 * again behind a plus; what is refused is a field error. The first octet picks the home country. */
#include "fuzz/fuzz.h"
#include "inbox/inbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const homes[] = { "", "DE", "BR", "AR", "US", "RU", "IT", "IN" };
	struct job job;
	str digits, again;

	job_init(&job, "fuzz", fuzz_arena(), NULL);
	if (!size)
		return 0;
	MUST(phone_set_home(str_of(homes[data[0] % COUNT_OF(homes)])));
	if (phone_normalise(&job, (str){ (const char *)data + 1, size - 1 }, &digits) != OK) {
		MUST(job.field_errors);
		return 0;
	}
	MUST(str_is_digits(digits) && digits.len >= 7 && digits.len <= 15);
	MUST(phone_normalise(&job, arena_printf(job.arena, "+" STR_F, STR_A(digits)), &again) ==
		OK);
	MUST(str_is(digits, again));
	MUST(phone_match_key(job.arena, digits).len >= 7);
	return 0;
}
