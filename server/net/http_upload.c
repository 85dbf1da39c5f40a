/*
 * http_upload.c: a request body on its way to a temporary file.
 *
 * The loop gathers a piece, a worker writes it, and meanwhile the connection is not read:
 * back-pressure reaches the sender. The file has no one else's permission and goes with the
 * request.
 */
#include "net/http_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct upload {
	struct buf gathered; /* heap */
	int fd;
	bool failed;
	char path[512];
};

void upload_start(struct exchange *ex)
{
	struct upload *up = HEAP_NEW(struct upload);

	up->gathered = buf_heap(HTTP_UPLOAD_PIECE + STREAM_READ_SIZE);
	up->fd = -1;
	snprintf(up->path, sizeof up->path, "%s/upload-XXXXXX",
	         ex->server->config.temporary_folder);
	ex->upload = up;
}

bool upload_add(struct upload *up, bytes data)
{
	buf_put(&up->gathered, data.ptr, data.len);
	return up->gathered.len >= HTTP_UPLOAD_PIECE;
}

const char *upload_path(const struct upload *up)
{
	return up->path;
}

static bool write_all(int fd, bytes data)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.ptr, data.len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data.ptr += n;
			data.len -= (size_t)n;
		}
	}
	return true;
}

static void on_written(void *arg)
{
	struct exchange *ex = arg;

	if (ex->conn)
		conn_stored(ex->conn, ex->upload->failed);
	else
		exchange_free(ex);
}

static enum err write_gathered(struct job *job, void *arg)
{
	struct exchange *ex = arg;
	struct upload *up = ex->upload;
	enum err e = OK;

	if (up->fd < 0)
		up->fd = mkostemp(up->path, O_CLOEXEC);
	if (up->fd < 0 || !write_all(up->fd, buf_bytes(&up->gathered))) {
		e = fail(job, ERR_STORE, "an upload cannot be written: %s", strerror(errno));
		up->failed = true;
	}
	buf_done(&up->gathered);
	loop_post(ex->server->loop, on_written, ex);
	return e;
}

static void write_dropped(void *arg)
{
	struct exchange *ex = arg;

	ex->upload->failed = true;
	loop_post(ex->server->loop, on_written, ex);
}

bool upload_write(struct exchange *ex)
{
	return http_server_post(ex->server,
		(struct task){ "upload", write_gathered, write_dropped, ex });
}

void upload_destroy(struct upload *up)
{
	if (!up)
		return;
	if (up->fd >= 0) {
		close(up->fd);
		unlink(up->path);
	}
	buf_done(&up->gathered);
	heap_free(up);
}

static enum err discard(struct job *job, void *arg)
{
	(void)job;
	upload_destroy(arg);
	return OK;
}

static void discard_dropped(void *arg)
{
	upload_destroy(arg);
}

void upload_discard(struct http_server *server, struct upload *up)
{
	if (up && (up->fd < 0 || !http_server_post(server, (struct task){ "upload end", discard,
	                                                            discard_dropped, up })))
		upload_destroy(up);
}
