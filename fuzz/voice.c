/* voice.c: whatever is called a recording is made into Ogg, or refused with a reason. */
#include "fuzz/fuzz.h"
#include "inbox/voice.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job;
	struct buf out;
	int64_t ms = 0;

	job_init(&job, "fuzz", fuzz_arena(), NULL);
	if (voice_convert(&job, (bytes){ data, size }, &out, &ms) == OK) {
		MUST(ms <= VOICE_MAX_MS + 1000);
		MUST(str_starts(buf_text(&out), S("OggS")));
	} else {
		MUST(job.why.len > 0);
	}
	job_release(&job);
	return 0;
}
