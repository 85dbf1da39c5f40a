/*
 * upload.c: the resumable upload, for samples of template headers and pictures of profiles
 * (docs/protocol/cloud-api.md §3).
 *
 * "GET /{upload-id} → {id, file_offset} to resume": what was cut off goes on where Meta says that
 * it stands, as long as each try gets further.
 */
#include "provider/cloud/cloud_internal.h"

#include "base/codec.h"

#define UPLOAD_TRIES_MAX 6
#define SAMPLE_DEADLINE_MS 120000

static enum err start_upload(struct job *job, const struct channel *ch,
	const struct media_info *info, str *upload)
{
	struct buf path = buf_in(job->arena, HTTP_TARGET_MAX);
	json root;

	TRY(cloud_call(job, ch, &(struct cloud_call){ .path = S("app?fields=id") }, NULL, &root));
	buf_str(&path, json_text_or_int(job->arena, json_field(root, "id")));
	buf_printf(&path, "/uploads?file_length=%lld&file_type=", (long long)info->size);
	percent_write(&path, info->mime_type);
	buf_str(&path, S("&file_name="));
	percent_write(&path, info->file_name.len ? info->file_name : S("sample"));
	TRY(cloud_call(job, ch,
		&(struct cloud_call){ .method = HTTP_POST, .path = buf_text(&path) }, NULL, &root));
	*upload = json_text_at(root, "id");
	return upload->len ? OK
	                   : fail_code(job, ERR_UPSTREAM, S("no_upload"), S("Try again."),
				     "Meta did not start the upload of the sample.");
}

static enum err send_rest(struct job *job, const struct channel *ch, str upload, const char *path,
	int64_t from, json *answer)
{
	return cloud_call(job, ch,
		&(struct cloud_call){ .method = HTTP_POST,
			.path = upload,
			.body_path = path,
			.body_from = from,
			.deadline_ms = SAMPLE_DEADLINE_MS },
		NULL, answer);
}

/* How far it came; the error of the cut stays the job's when Meta cannot be asked. */
static bool ask_offset(struct job *job, const struct channel *ch, str upload, int64_t *offset)
{
	struct job before = *job;
	json root;

	if (cloud_call(job, ch, &(struct cloud_call){ .path = upload, .is_upload = true }, NULL,
		    &root) == OK) {
		*offset = json_int(json_field(root, "file_offset"), -1);
		return *offset >= 0;
	}
	job->why = before.why;
	job->code = before.code;
	job->next_step = before.next_step;
	return false;
}

enum err cloud_template_sample(struct job *job, const struct channel *ch,
	const struct media_info *info, const char *path, str *handle)
{
	int64_t from = 0, reached;
	json root = NULL;
	str upload;
	enum err e;

	TRY(start_upload(job, ch, info, &upload));
	e = send_rest(job, ch, upload, path, from, &root);
	for (int i = 1; i < UPLOAD_TRIES_MAX && (e == ERR_UPSTREAM || e == ERR_TIMEOUT); i++) {
		if (!ask_offset(job, ch, upload, &reached) || reached < from ||
			reached >= info->size)
			return e;
		from = reached;
		job_forgive(job);
		e = send_rest(job, ch, upload, path, from, &root);
	}
	TRY(e);
	*handle = json_text_at(root, "h");
	return handle->len ? OK
	                   : fail_code(job, ERR_UPSTREAM, S("no_handle"), S("Try again."),
				     "Meta took the sample and told no handle.");
}
