/* graph_body.c: parameters of the Graph-shaped API are one JSON object, or Meta's refusal with 400.
 */
#include "api/graph.h"
#include "fuzz/fuzz.h"

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
	struct response res;
	json root = NULL;
	enum err e;

	job_init(&job, "fuzz", fuzz_arena(), NULL);
	res = (struct response){ .head = buf_in(job.arena, 4096),
		.body = buf_in(job.arena, 1 << 16) };
	e = graph_body(&job, &req, &root);
	if (e == OK) {
		MUST(json_kind(root) == JSON_MAP);
		(void)graph_text(&job, &req, root, "name");
	} else {
		graph_error_write(&job, e, &req, &res);
		MUST(res.status == 400);
		MUST(!res.body.failed);
		MUST(json_read(job.arena, buf_text(&res.body), &root, NULL) == OK);
		MUST(json_int(json_path(root, "error.code"), 0) == 100);
	}
	job_release(&job);
	return 0;
}
