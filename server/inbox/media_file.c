/*
 * media_file.c: sealed files on the disk; see media_file.h for the format.
 *
 * The one rule: a file is in its place only when it is whole and durable.
 */
#include "inbox/media_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int folder = -1;

int media_folder(void)
{
	return folder;
}

enum err media_open_folder(struct arena *arena, const char *path, str *why)
{
	int fd;

	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		*why = arena_printf(arena, "the folder of media %s cannot be made: %s", path,
			strerrordesc_np(errno));
		return ERR_STORE;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (mkdirat(fd, MEDIA_NEW, 0700) != 0 && errno != EEXIST)) {
		*why = arena_printf(arena, "the folder of media %s cannot be used: %s", path,
			strerrordesc_np(errno));
		if (fd >= 0)
			close(fd);
		return ERR_STORE;
	}
	if (folder >= 0)
		close(folder);
	folder = fd;
	return OK;
}

/* By some bits of the time, so that 256 folders fill evenly. */
static unsigned shelf(id64 blob)
{
	return (unsigned)(blob >> 21) & 0xFF;
}

void media_path(id64 blob, char out[MEDIA_PATH_MAX])
{
	snprintf(out, MEDIA_PATH_MAX, "%02x/%lld", shelf(blob), (long long)blob);
}

static void new_path(id64 blob, char out[MEDIA_PATH_MAX])
{
	snprintf(out, MEDIA_PATH_MAX, MEDIA_NEW "/%lld", (long long)blob);
}

static void put_number(uint8_t *out, uint64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(value >> (56 - 8 * i));
}

#define ABOUT_SIZE 17
static bytes about(id64 blob, int64_t chunk, bool is_last, uint8_t out[ABOUT_SIZE])
{
	put_number(out, (uint64_t)blob);
	put_number(out + 8, (uint64_t)chunk);
	out[16] = is_last;
	return (bytes){ out, ABOUT_SIZE };
}

/* ---- writing ---- */

bool chunk_writer_open(struct chunk_writer *w, id64 blob)
{
	char path[MEDIA_PATH_MAX];

	*w = (struct chunk_writer){ .blob = blob,
		.plain = buf_heap(MEDIA_CHUNK),
		.sealed = buf_heap(MEDIA_CHUNK_SEALED) };
	crypto_random(w->key, sizeof w->key);
	new_path(blob, path);
	w->fd = openat(folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return w->fd >= 0;
}

static bool write_all(int fd, bytes data)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.ptr, data.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data.ptr += n;
		data.len -= (size_t)n;
	}
	return true;
}

static bool write_chunk(struct chunk_writer *w, bool is_last)
{
	uint8_t place[ABOUT_SIZE];

	buf_clear(&w->sealed);
	gcm_seal(w->key, about(w->blob, w->chunks, is_last, place), buf_bytes(&w->plain),
		&w->sealed);
	buf_clear(&w->plain);
	w->chunks++;
	return write_all(w->fd, buf_bytes(&w->sealed));
}

/* A full chunk waits until more comes: it may be the last. */
bool chunk_writer_put(struct chunk_writer *w, bytes piece)
{
	while (piece.len > 0) {
		size_t n = MEDIA_CHUNK - w->plain.len;

		if (n == 0) {
			if (!write_chunk(w, false))
				return false;
			continue;
		}
		n = n < piece.len ? n : piece.len;
		buf_put(&w->plain, piece.ptr, n);
		piece.ptr += n;
		piece.len -= n;
		w->size += (int64_t)n;
	}
	return true;
}

static bool sync_folder(const char *name)
{
	int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && fsync(fd) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static bool move_to_place(const struct chunk_writer *w)
{
	char from[MEDIA_PATH_MAX], to[MEDIA_PATH_MAX], name[8];

	new_path(w->blob, from);
	media_path(w->blob, to);
	snprintf(name, sizeof name, "%02x", shelf(w->blob));
	if (mkdirat(folder, name, 0700) == 0) {
		if (fsync(folder) != 0)
			return false;
	} else if (errno != EEXIST) {
		return false;
	}
	return renameat(folder, from, folder, to) == 0 && sync_folder(name);
}

bool chunk_writer_finish(struct chunk_writer *w)
{
	int fd = w->fd;

	if (!write_chunk(w, true) || fsync(fd) != 0)
		return false;
	w->fd = -1;
	return close(fd) == 0 && move_to_place(w);
}

void chunk_writer_close(struct chunk_writer *w)
{
	char path[MEDIA_PATH_MAX];

	if (w->fd >= 0) {
		close(w->fd);
		new_path(w->blob, path);
		unlinkat(folder, path, 0);
	}
	w->fd = -1;
	if (w->plain.ptr)
		crypto_wipe(w->plain.ptr, w->plain.cap);
	buf_done(&w->plain);
	buf_done(&w->sealed);
	crypto_wipe(w->key, sizeof w->key);
}

/* ---- reading ---- */

bool chunk_reader_open(struct chunk_reader *r, id64 blob, const uint8_t key[AES_KEY_SIZE],
	int64_t size)
{
	char path[MEDIA_PATH_MAX];

	*r = (struct chunk_reader){ .blob = blob,
		.size = size,
		.end = size,
		.opened = -1,
		.plain = buf_heap(MEDIA_CHUNK),
		.sealed = buf_heap(MEDIA_CHUNK_SEALED) };
	memcpy(r->key, key, sizeof r->key);
	media_path(blob, path);
	r->fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	return r->fd >= 0;
}

static bool read_at(int fd, uint8_t *out, size_t len, int64_t at)
{
	while (len > 0) {
		ssize_t n = pread(fd, out, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		out += n;
		len -= (size_t)n;
		at += n;
	}
	return true;
}

bool chunk_reader_load(struct chunk_reader *r)
{
	int64_t chunk = r->at / MEDIA_CHUNK, from = chunk * MEDIA_CHUNK, left = r->size - from;
	size_t len = (size_t)(left < MEDIA_CHUNK ? left : MEDIA_CHUNK) + GCM_OVERHEAD;
	uint8_t place[ABOUT_SIZE];

	if (r->opened == chunk || r->at >= r->end)
		return true;
	r->opened = -1;
	buf_clear(&r->plain);
	buf_clear(&r->sealed);
	if (!read_at(r->fd, buf_space(&r->sealed, len), len, chunk * MEDIA_CHUNK_SEALED) ||
		!gcm_open(r->key, about(r->blob, chunk, left <= MEDIA_CHUNK, place),
			buf_bytes(&r->sealed), &r->plain))
		return false;
	r->opened = chunk;
	return true;
}

ptrdiff_t chunk_reader_next(struct chunk_reader *r, uint8_t *out, size_t max)
{
	size_t from = (size_t)(r->at % MEDIA_CHUNK), n;

	if (r->at >= r->end)
		return 0;
	if (!chunk_reader_load(r))
		return -1;
	n = r->plain.len - from;
	n = n < max ? n : max;
	if ((int64_t)n > r->end - r->at)
		n = (size_t)(r->end - r->at);
	memcpy(out, r->plain.ptr + from, n);
	r->at += (int64_t)n;
	return (ptrdiff_t)n;
}

void chunk_reader_close(struct chunk_reader *r)
{
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
	if (r->plain.ptr)
		crypto_wipe(r->plain.ptr, r->plain.cap);
	buf_done(&r->plain);
	buf_done(&r->sealed);
	crypto_wipe(r->key, sizeof r->key);
}
