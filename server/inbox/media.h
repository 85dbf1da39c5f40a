/*
 * media.h: the contents of attachments: sealed files, what is in them, and what they are called.
 *
 * A content is stored once in a workspace, whoever sent it how often (media_blob, by keyed hash).
 * Its file FOLDER/ab/ID holds chunks of 64 KiB, each sealed under a key of its own file with its
 * place, so that a part can be read without the rest, and chunks that are changed, moved or missing
 * do not open. A file comes to its place whole (written aside, fsync, rename, fsync of the folder)
 * and before its row: a crash leaves at most a file that nobody names, which media_sweep() removes.
 * Any worker.
 */
#ifndef INBOX_MEDIA_H
#define INBOX_MEDIA_H

#include "inbox/inbox.h"

#define MEDIA_SIZE_MAX (100LL << 20)
#define MEDIA_CHUNK (64u << 10)
#define MEDIA_NAME_MAX 200               /* octets of a file name */

/* ---- writing ---- */

struct media_writer;

/* What belongs to it goes with the job, finished or not. */
enum err media_write_start(struct job *job, struct media_writer **out);
/* ERR_LIMIT past MEDIA_SIZE_MAX, ERR_STORE when the disk is full. After a failure nothing more is
 * written. */
enum err media_write(struct media_writer *w, bytes piece);
/* What stopped the writing, with its reason; `otherwise` if nothing did. For sources that only know
 * that they were stopped. */
enum err media_write_failure(const struct media_writer *w, enum err otherwise);
int64_t media_written(const struct media_writer *w);
/* The content is whole: makes it durable. ERR_INPUT "empty_file" when there is none. Outside a
 * transaction. */
enum err media_write_finish(struct media_writer *w);
/* What the content is, by its own first octets: "image/jpeg"; "application/octet-stream" when
 * nobody can say. */
str media_written_type(struct media_writer *w);
/* SHA-256 of the content, once finished. */
const uint8_t *media_written_hash(const struct media_writer *w);
/* In the caller's transaction: the row of the content, or of the same content that is there
 * already. */
enum err media_keep(struct media_writer *w, id64 *blob);

/* ---- rows ---- */

/* A stored media of its own, from a finished writer: an upload. claimed and name as they came. Its
 * own transaction. */
enum err media_create(struct job *job, struct media_writer *w, const struct media_info *claimed,
	struct media *out);
/* Fetched: in one transaction, the media is stored, and its messages have changed. */
enum err media_store(struct job *job, const struct media *media, struct media_writer *w,
	str mime_type);
/* Not fetched: again at next_ms, or (0) never. why: a sentence for people. Tells of its messages
 * when it is final. */
enum err media_put_off(struct job *job, const struct media *media, int64_t next_ms, str why);
/* The same for what was no attempt: the channel is not connected. */
enum err media_await(struct job *job, const struct media *media, int64_t next_ms, str why);
/* A failed or waiting one, at once and from the start. ERR_CONFLICT when it is stored, or did not
 * come from a provider. */
enum err media_retry(struct job *job, id64 id, struct media *out);

/* ---- reading ---- */

struct media_reader;

/* From `from` (0 to size) on, `size` octets. The first chunk is opened at once: ERR_CORRUPT when it
 * does not authenticate, ERR_MISSING when the file is gone. Outlives the job. */
enum err media_read_start(struct job *job, const struct media *media, int64_t from, int64_t size,
			  struct media_reader **out);
/* The next octets, at most max; 0 at the end, -1 when a chunk is corrupt. The signature of
 * response.next. */
ptrdiff_t media_read(void *reader, uint8_t *out, size_t max);
void media_read_end(void *reader);
/* The whole content in plain, in memory only, as a file for the time of the job: "/proc/self/fd/…".
 */
enum err media_plain_file(struct job *job, const struct media *media, const char **path);

/* Removes files that no row names and that were begun before the time; *removed may be NULL. */
enum err media_sweep(struct job *job, int64_t before_ms, size_t *removed);

/* ---- types and names (media_type.c) ---- */

/* The content's type by libmagic. head: the first octets. */
str media_type_of(struct arena *arena, bytes head);
/* The type to keep, of what was claimed and what the content is: the claim where the content bears
 * it out, else what the content is. Without parameters, in lower case. */
str media_type_settle(struct arena *arena, str claimed, str found);
/* Does the content bear the claim out? "application/octet-stream" and none claim nothing. */
bool media_type_agrees(struct arena *arena, str claimed, str found);
/* May a browser show it in our origin? Pictures, sound, moving pictures and plain text; all else is
 * to be saved. */
bool media_type_is_safe(str mime_type);
/* The last component of a path, without control and direction characters; none when nothing is
 * left. */
str media_name_clean(struct arena *arena, str name);
/* A name to save it under: its own, or made of its id and type. */
str media_name_for(struct arena *arena, const struct media *media);
/* An address below public_url that opens the file to whoever has it, for a day; and the way back:
 * sets job->workspace, ERR_MISSING for what we did not make or is too old. */
enum err media_link(struct job *job, const struct media *media, str *out);
enum err media_of_link(struct job *job, str token, struct media *out);

#endif
