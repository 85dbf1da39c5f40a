/* linked_people.c: a raw event of a linked number, as groups, calls, names and restrictions. */
#include "provider/linked/linked_people.h"

#include "crypto/crypto.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct provider_events events = { 0 };
	struct job job;
	json root;

	crypto_init();
	job_init(&job, "fuzz", fuzz_arena(), NULL);
	if (json_read(job.arena, (str){ (const char *)data, size }, &root, NULL) != OK)
		return 0;
	if (!linked_parse_people(&job, root, &events))
		return 0;
	for (size_t i = 0; i < events.count; i++) {
		json content;

		if (events.items[i].kind == EVENT_MESSAGE)
			MUST(json_read(job.arena, events.items[i].content, &content, NULL) == OK);
	}
	return 0;
}
