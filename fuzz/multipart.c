/* multipart.c: what is read as a form has named parts that lie in the body, and file names without
 * folders. */
#include "fuzz/fuzz.h"
#include "net/multipart.h"

/* The first line is the Content-Type, the rest the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct job job;
	str body = { (const char *)data, size }, type = str_split(&body, '\n');
	struct header header = { S("Content-Type"), type };
	struct request req = { .headers = &header,
		               .header_count = 1,
		               .body = bytes_of(body),
		               .body_size = (int64_t)body.len };
	struct part *parts;
	size_t count;

	job_init(&job, "fuzz", fuzz_arena(), NULL);
	if (multipart_read(&job, &req, &parts, &count) == OK) {
		MUST(count <= MULTIPART_PARTS_MAX);
		for (size_t i = 0; i < count; i++) {
			MUST(parts[i].name.len > 0);
			MUST(parts[i].data.ptr >= (const uint8_t *)body.ptr);
			MUST(parts[i].data.ptr + parts[i].data.len <=
			     (const uint8_t *)body.ptr + body.len);
			MUST(!str_has(parts[i].file_name, S("/")) &&
			     !str_has(parts[i].file_name, S("\\")));
		}
	} else {
		MUST(job.why.len > 0);
	}
	job_release(&job);
	return 0;
}
