/*
 * media.c: attachments as rows: waiting for their provider, stored, or failed; and their contents.
 *
 * The one rule: a row names a content only after its file is durable in its place.
 */
#include "inbox/media.h"

#include "account/seal.h"
#include "base/log.h"
#include "inbox/media_file.h"
#include "store/queries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define HEAD_MAX MEDIA_CHUNK             /* octets that libmagic sees */
#define HASH_PURPOSE S("media")

void (*inbox_media_hook)(void);

struct media_writer {
	struct job *job;
	struct chunk_writer file;
	struct sha256 *hashing;
	uint8_t content_hash[SHA256_SIZE], hash[SHA256_SIZE]; /* plain; keyed, as stored */
	struct buf head;
	id64 kept;                       /* the same content that was there already */
	enum err failure;                /* OK while all is well; and its reason: */
	str why, code, next_step;
};

/* ---- writing ---- */

static void writer_done(void *arg)
{
	struct media_writer *w = arg;
	uint8_t unused[SHA256_SIZE];

	if (w->hashing)
		sha256_finish(w->hashing, unused);
	w->hashing = NULL;
	chunk_writer_close(&w->file);
}

/* Remembers what fail_code() has just said. */
static enum err failed(struct media_writer *w, enum err e)
{
	w->failure = e;
	w->why = w->job->why;
	w->code = w->job->code;
	w->next_step = w->job->next_step;
	return e;
}

static enum err disk_failed(struct media_writer *w)
{
	int number = errno;

	return failed(w, fail_code(w->job, ERR_STORE, S("media_not_written"),
				   S("Free space on the server's disk, then try again."),
				   "The file could not be written: %s.", strerrordesc_np(number)));
}

enum err media_write_failure(const struct media_writer *w, enum err otherwise)
{
	if (w->failure == OK)
		return otherwise;
	w->job->why = w->why;
	w->job->code = w->code;
	w->job->next_step = w->next_step;
	return w->failure;
}

enum err media_write_start(struct job *job, struct media_writer **out)
{
	struct media_writer *w = ARENA_NEW(job->arena, struct media_writer);
	bool is_open = chunk_writer_open(&w->file, job_id(job));

	w->job = job;
	w->hashing = sha256_create();
	w->head = buf_in(job->arena, HEAD_MAX);
	job_defer(job, writer_done, w);
	if (!is_open)
		return disk_failed(w);
	*out = w;
	return OK;
}

enum err media_write(struct media_writer *w, bytes piece)
{
	size_t room = HEAD_MAX - w->head.len;

	if (w->failure != OK)
		return w->failure;
	if (w->file.size + (int64_t)piece.len > MEDIA_SIZE_MAX)
		return failed(w, fail_code(w->job, ERR_LIMIT, S("too_large"),
					 S("Send a smaller file, or a link to it."),
					 "The file is larger than %lld MB.", MEDIA_SIZE_MAX >> 20));
	buf_put(&w->head, piece.ptr, piece.len < room ? piece.len : room);
	sha256_add(w->hashing, piece);
	return chunk_writer_put(&w->file, piece) ? OK : disk_failed(w);
}

int64_t media_written(const struct media_writer *w)
{
	return w->file.size;
}

static enum err find_same(struct media_writer *w, id64 *blob)
{
	struct blob_row row;
	enum err e = sql_blob_by_hash(w->job,
		&(struct sql_blob_by_hash){ w->job->workspace, { w->hash, SHA256_SIZE } }, &row);

	*blob = e == OK ? row.id : 0;
	if (e != ERR_MISSING)
		return e;
	job_forgive(w->job);
	return OK;
}

/* The same content that is there already is not written again. */
enum err media_write_finish(struct media_writer *w)
{
	if (w->failure != OK)
		return w->failure;
	if (w->file.size == 0)
		return fail_code(w->job, ERR_INPUT, S("empty_file"), S("Choose another file."),
			"The file is empty.");
	sha256_finish(w->hashing, w->content_hash);
	w->hashing = NULL;
	TRY(keyed_hash(w->job, HASH_PURPOSE, str_from((bytes){ w->content_hash, SHA256_SIZE }),
		w->hash));
	TRY(find_same(w, &w->kept));
	if (!w->kept)
		return chunk_writer_finish(&w->file) ? OK : disk_failed(w);
	chunk_writer_close(&w->file);
	return OK;
}

str media_written_type(struct media_writer *w)
{
	return media_type_of(w->job->arena, buf_bytes(&w->head));
}

const uint8_t *media_written_hash(const struct media_writer *w)
{
	return w->content_hash;
}

/* Somebody was quicker with the same content: his file stays, and ours is nobody's. */
static enum err keep_other(struct media_writer *w, id64 *blob)
{
	char path[MEDIA_PATH_MAX];

	TRY(find_same(w, blob));
	if (!*blob)
		return fail(w->job, ERR_BUG, "a content is neither new nor there");
	media_path(w->file.blob, path);
	unlinkat(media_folder(), path, 0);
	return OK;
}

enum err media_keep(struct media_writer *w, id64 *blob)
{
	struct job *job = w->job;
	bytes key;
	int64_t added;

	*blob = w->kept;
	if (w->kept)
		return OK;
	TRY(seal(job, SEAL_MEDIA_KEY, str_from((bytes){ w->file.key, AES_KEY_SIZE }), &key));
	TRY(sql_blob_insert(job, &(struct sql_blob_insert){
		.id = w->file.blob, .workspace = job->workspace, .hash = { w->hash, SHA256_SIZE },
		.size_bytes = w->file.size, .key_sealed = key, .now_ms = job->now_ms }, &added));
	*blob = w->file.blob;
	return added ? OK : keep_other(w, blob);
}

/* ---- rows ---- */

enum err media_get(struct job *job, id64 id, struct media *out)
{
	struct media_row row;

	TRY(sql_media_find(job, &(struct sql_media_find){ job->workspace, id }, &row));
	*out = (struct media){
		.id = row.id,
		.channel_id = row.channel,
		.blob_id = row.blob,
		.state = (enum media_state)row.state,
		.mime_type = row.mime_type,
		.remote_id = row.remote_id,
		.error = row.error,
		.size_bytes = row.size_bytes,
		.remote_uploaded_ms = row.remote_uploaded_ms,
		.created_ms = row.created_ms,
		.attempts = row.attempts,
	};
	TRY(unseal(job, SEAL_FILE_NAME, row.file_name_sealed, &out->file_name));
	TRY(unseal(job, SEAL_MEDIA_URL, row.url_sealed, &out->url));
	return visible_media(job, id);
}

static enum err insert(struct job *job, struct sql_media_insert *row, const struct media_info *info)
{
	TRY(seal(job, SEAL_FILE_NAME, media_name_clean(job->arena, info->file_name),
		&row->file_name_sealed));
	row->id = job_id(job);
	row->workspace = job->workspace;
	row->now_ms = job->now_ms;
	return sql_media_insert(job, row, NULL);
}

enum err media_expect(struct job *job, id64 channel, str remote_id, str url,
	const struct media_info *info, id64 *out)
{
	struct sql_media_insert row = {
		.channel = channel,
		.state = info->is_later ? MEDIA_REMOTE : MEDIA_PENDING,
		.remote_id = remote_id,
		.next_ms = info->is_later ? 0 : job->now_ms,
		.mime_type = media_type_settle(job->arena, info->mime_type, info->mime_type),
		.size_bytes = info->size > 0 ? info->size : 0,
	};

	TRY(seal(job, SEAL_MEDIA_URL, url.len ? url : STR_NONE, &row.url_sealed));
	TRY(insert(job, &row, info));
	*out = row.id;
	return OK;
}

enum err media_create(struct job *job, struct media_writer *w, const struct media_info *claimed,
	struct media *out)
{
	struct sql_media_insert row = {
		.state = MEDIA_STORED,
		.size_bytes = media_written(w),
		.mime_type =
			media_type_settle(job->arena, claimed->mime_type, media_written_type(w)),
	};

	TRY(db_begin(job, DB_WRITE));
	TRY(media_keep(w, &row.blob));
	TRY(insert(job, &row, claimed));
	TRY(db_commit(job));
	return media_get(job, row.id, out);
}

/* A message shows its attachment: what changed there changed the message. */
static enum err note_messages(struct job *job, id64 media, struct inbox_changes *changes)
{
	struct media_message_rows rows;

	TRY(sql_media_messages(job, &(struct sql_media_messages){ job->workspace, media }, &rows));
	for (size_t i = 0; i < rows.count; i++)
		inbox_note(job, changes, (struct inbox_change){
			.kind = CHANGE_MESSAGE, .workspace = job->workspace,
			.conversation = rows.items[i].conversation, .message = rows.items[i].id });
	return OK;
}

enum err media_store(struct job *job, const struct media *media, struct media_writer *w,
	str mime_type)
{
	struct inbox_changes changes = { 0 };
	id64 blob;

	TRY(db_begin(job, DB_WRITE));
	TRY(media_keep(w, &blob));
	TRY(sql_media_stored(job, &(struct sql_media_stored){
		.workspace = job->workspace, .id = media->id, .blob = blob, .mime_type = mime_type,
		.size_bytes = media_written(w) }, NULL));
	TRY(note_messages(job, media->id, &changes));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return OK;
}

static enum err not_stored(struct job *job, const struct media *media, int64_t next_ms, str why)
{
	TRY(db_begin(job, DB_WRITE));
	return sql_media_not_stored(job,
		&(struct sql_media_not_stored){ .workspace = job->workspace,
			.id = media->id,
			.state = next_ms ? MEDIA_PENDING : MEDIA_FAILED,
			.attempts = media->attempts,
			.next_ms = next_ms,
			.error = why },
		NULL);
}

enum err media_await(struct job *job, const struct media *media, int64_t next_ms, str why)
{
	TRY(not_stored(job, media, next_ms, why));
	return db_commit(job);
}

enum err media_put_off(struct job *job, const struct media *media, int64_t next_ms, str why)
{
	struct inbox_changes changes = { 0 };
	struct media tried = *media;

	tried.attempts++;
	TRY(not_stored(job, &tried, next_ms, why));
	if (!next_ms)
		TRY(note_messages(job, media->id, &changes));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	return OK;
}

enum err media_retry(struct job *job, id64 id, struct media *out)
{
	struct inbox_changes changes = { 0 };
	int64_t changed;

	TRY(media_get(job, id, out));
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_media_retry(job, &(struct sql_media_retry){ job->workspace, id, job->now_ms },
		&changed));
	if (!changed)
		return fail_code(job, ERR_CONFLICT, S("not_retryable"), S("Nothing to do."),
				 "This file is stored already, or did not come from a provider.");
	TRY(note_messages(job, id, &changes));
	TRY(db_commit(job));
	inbox_tell(job, &changes);
	if (inbox_media_hook)
		inbox_media_hook();
	return media_get(job, id, out);
}

/* ---- reading ---- */

struct media_reader {
	struct chunk_reader file;
};

static enum err content_key(struct job *job, const struct media *media, int64_t *size,
	uint8_t key[AES_KEY_SIZE])
{
	struct blob_row row;
	str plain;

	if (media->state != MEDIA_STORED)
		return fail_code(job, ERR_CONFLICT, S("not_stored"),
			S("Wait until it has been fetched, or ask for it again."),
			"The file is not stored yet.");
	TRY(sql_blob_get(job, &(struct sql_blob_get){ job->workspace, media->blob_id }, &row));
	TRY(unseal(job, SEAL_MEDIA_KEY, row.key_sealed, &plain));
	if (plain.len != AES_KEY_SIZE)
		return fail(job, ERR_CORRUPT, "the key of a stored file has %zu octets", plain.len);
	*size = row.size_bytes;
	memcpy(key, plain.ptr, AES_KEY_SIZE);
	return OK;
}

static enum err reader_open(struct job *job, const struct media *media, struct chunk_reader *r)
{
	uint8_t key[AES_KEY_SIZE];
	int64_t size;
	bool is_open;

	TRY(content_key(job, media, &size, key));
	is_open = chunk_reader_open(r, media->blob_id, key, size);
	crypto_wipe(key, sizeof key);
	if (is_open)
		return OK;
	chunk_reader_close(r);
	return fail_code(job, ERR_MISSING, S("media_file_missing"),
		S("Restore the folder of media from a backup."),
		"The file is not in the folder of media.");
}

static enum err is_corrupt(struct job *job)
{
	return fail_code(job, ERR_CORRUPT, S("media_corrupt"), S("Restore the file from a backup."),
			 "The stored file was changed, and does not open.");
}

enum err media_read_start(struct job *job, const struct media *media, int64_t from, int64_t size,
			  struct media_reader **out)
{
	struct media_reader *r = HEAP_NEW(struct media_reader);
	enum err e = reader_open(job, media, &r->file);

	if (e != OK) {
		heap_free(r);
		return e;
	}
	r->file.at = from;
	r->file.end = from + size;
	if (!chunk_reader_load(&r->file)) {
		media_read_end(r);
		return is_corrupt(job);
	}
	*out = r;
	return OK;
}

ptrdiff_t media_read(void *reader, uint8_t *out, size_t max)
{
	struct media_reader *r = reader;
	ptrdiff_t n = chunk_reader_next(&r->file, out, max);

	if (n < 0)
		log_error("media %lld: chunk %lld does not open", (long long)r->file.blob,
			  (long long)(r->file.at / MEDIA_CHUNK));
	return n;
}

void media_read_end(void *reader)
{
	struct media_reader *r = reader;

	chunk_reader_close(&r->file);
	heap_free(r);
}

struct plain_file {
	int fd;
};

static void plain_file_done(void *arg)
{
	struct plain_file *f = arg;

	if (f->fd >= 0)
		close(f->fd);
}

static enum err copy_plain(struct job *job, struct media_reader *r, int fd)
{
	uint8_t *piece = arena_alloc(job->arena, MEDIA_CHUNK);
	ptrdiff_t n;

	while ((n = media_read(r, piece, MEDIA_CHUNK)) > 0)
		if (write(fd, piece, (size_t)n) != n)
			return fail(job, ERR_STORE, "no memory for the plain copy of a file");
	crypto_wipe(piece, MEDIA_CHUNK);
	return n < 0 ? is_corrupt(job) : OK;
}

enum err media_plain_file(struct job *job, const struct media *media, const char **path)
{
	struct plain_file *f = ARENA_NEW(job->arena, struct plain_file);
	struct media_reader *r;
	enum err e;

	f->fd = memfd_create("media", MFD_CLOEXEC);
	job_defer(job, plain_file_done, f);
	if (f->fd < 0)
		return fail(job, ERR_STORE, "no memory for the plain copy of a file");
	TRY(media_read_start(job, media, 0, media->size_bytes, &r));
	e = copy_plain(job, r, f->fd);
	media_read_end(r);
	*path = arena_printf(job->arena, "/proc/self/fd/%d", f->fd).ptr;
	return e;
}

/* ---- files that nobody names ---- */

struct sweeping { struct job *job; int64_t before_ms; size_t removed; };

/* Only what we named ourselves: a number. */
static enum err sweep_file(struct sweeping *s, int shelf, const char *name, bool is_new)
{
	struct blob_id_row row;
	id64 id;
	enum err e = ERR_MISSING;

	if (!id64_parse(str_of(name), &id) || id64_ms(id) >= s->before_ms)
		return OK;
	if (!is_new)
		e = sql_blob_known(s->job, &(struct sql_blob_known){ id }, &row);
	if (e != ERR_MISSING)
		return e;
	job_forgive(s->job);
	if (unlinkat(shelf, name, 0) == 0)
		s->removed++;
	return OK;
}

static enum err sweep_shelf(struct sweeping *s, const char *name)
{
	int fd = openat(media_folder(), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *files = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *file;
	enum err e = OK;

	if (!files) {
		if (fd >= 0)
			close(fd);
		return OK;
	}
	while (e == OK && (file = readdir(files)))
		e = sweep_file(s, fd, file->d_name, strcmp(name, MEDIA_NEW) == 0);
	closedir(files);
	return e;
}

enum err media_sweep(struct job *job, int64_t before_ms, size_t *removed)
{
	struct sweeping s = { job, before_ms, 0 };
	char name[8];

	TRY(sweep_shelf(&s, MEDIA_NEW));
	for (unsigned shelf = 0; shelf < 256; shelf++) {
		snprintf(name, sizeof name, "%02x", shelf);
		TRY(sweep_shelf(&s, name));
	}
	if (s.removed)
		log_info("media: %zu files that nobody names were removed", s.removed);
	if (removed)
		*removed = s.removed;
	return OK;
}
