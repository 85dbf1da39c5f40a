/* linked_parse.c: raw events of linked numbers, as the store may hold them of any version. */
#include "provider/linked/linked_internal.h"

#include "fuzz/fuzz.h"

static enum err keep_plain(struct job *job, str in, bytes *out)
{
	(void)job;
	*out = bytes_of(in);
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = fuzz_arena();
	struct provider_events events = { 0 };
	struct job job;

	linked_manager.host.seal = keep_plain;
	job_init(&job, "fuzz", arena, NULL);
	(void)!linked_parse(&job, NULL, str_from((bytes){ data, size }), &events);
	return 0;
}
