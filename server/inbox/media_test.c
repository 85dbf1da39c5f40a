/* media_test.c: contents of attachments: stored once, sealed, read in parts, and never half. */
#include "inbox/media.h"

#include "account/account.h"
#include "account/seal.h"
#include "crypto/crypto.h"
#include "inbox/media_file.h"
#include "store/queries.h"
#include "store/test_store.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_TEXT "Meet me at the old lighthouse at nine. "
#define CHUNKS 3
#define SIZE (CHUNKS * (int64_t)MEDIA_CHUNK + 1000)

static char folder[100];

/* A workspace with its key, an empty folder, and the job in it. */
static void start(struct job *job)
{
	static int made;
	struct setup_result result;
	str why = STR_NONE;

	crypto_init();
	EXPECT_OK(keyring_open(job->arena,
		arena_printf(job->arena, "%s/master-%d.key", test_folder(), made).ptr, &why));
	snprintf(folder, sizeof folder, "%s/media-%d", test_folder(), made++);
	EXPECT_OK(media_open_folder(job->arena, folder, &why));
	EXPECT_OK(account_setup(job,
		&(struct setup_draft){ .workspace = S("W"),
			.email = S("a@example.com"),
			.name = S("A"),
			.password = S("correct horse") },
		&result));
	job->workspace = result.workspace;
}

/* Text that differs from chunk to chunk, with a secret in each. */
static bytes content(int64_t size)
{
	struct buf text = buf_in(test_arena(), (size_t)size + 200);

	while ((int64_t)text.len < size)
		buf_printf(&text, SECRET_TEXT "%zu\n", text.len);
	return (bytes){ text.ptr, (size_t)size };
}

static void store_content(struct job *job, bytes data, struct media *out)
{
	struct media_writer *w;

	EXPECT_OK(media_write_start(job, &w));
	for (size_t at = 0; at < data.len; at += 10007)
		EXPECT_OK(media_write(w, bytes_of(str_part(str_from(data), at, 10007))));
	EXPECT_OK(media_write_finish(w));
	EXPECT_OK(media_create(job, w,
		&(struct media_info){ .mime_type = S("text/plain"), .file_name = S("notes.txt") },
		out));
}

static bytes read_part(struct job *job, const struct media *media, int64_t from, int64_t size)
{
	struct buf out = buf_in(test_arena(), (size_t)size + 1);
	struct media_reader *reader;
	uint8_t piece[5000];
	ptrdiff_t n;

	EXPECT_OK(media_read_start(job, media, from, size, &reader));
	while ((n = media_read(reader, piece, sizeof piece)) > 0)
		buf_put(&out, piece, (size_t)n);
	media_read_end(reader);
	EXPECT_INT(n, 0);
	return buf_bytes(&out);
}

static int open_stored(const struct media *media, int flags)
{
	char path[MEDIA_PATH_MAX];
	int fd;

	media_path(media->blob_id, path);
	fd = openat(media_folder(), path, flags | O_CLOEXEC);
	EXPECT(fd >= 0);
	return fd;
}

static int files;

static int count_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)path;
	(void)st;
	(void)at;
	files += kind == FTW_F;
	return 0;
}

static int count_files(void)
{
	files = 0;
	nftw(folder, count_one, 8, FTW_PHYS);
	return files;
}

STORE_TEST(a_content_comes_back_whole_and_in_parts)
{
	static const int64_t at[][2] = {
		{ 0, SIZE },
		{ 0, 1 },
		{ SIZE - 1, 1 },
		{ MEDIA_CHUNK - 1, 2 },
		{ MEDIA_CHUNK, MEDIA_CHUNK },
		{ MEDIA_CHUNK - 5, 2 * MEDIA_CHUNK + 10 },
		{ CHUNKS * (int64_t)MEDIA_CHUNK, 1000 },
		{ 70000, 1 },
	};
	bytes data = content(SIZE);
	struct media media, again;

	start(job);
	store_content(job, data, &media);
	EXPECT_INT(media.size_bytes, SIZE);
	EXPECT_INT(media.state, MEDIA_STORED);
	EXPECT_STR(media.mime_type, "text/plain");
	EXPECT_OK(media_get(job, media.id, &again));
	EXPECT_STR(again.file_name, "notes.txt");
	for (size_t i = 0; i < COUNT_OF(at); i++)
		EXPECT(str_is(str_from(read_part(job, &media, at[i][0], at[i][1])),
			      str_part(str_from(data), (size_t)at[i][0], (size_t)at[i][1])));
}

STORE_TEST(a_content_that_ends_with_a_chunk_is_whole)
{
	struct media media;
	bytes data = content(2 * (int64_t)MEDIA_CHUNK);

	start(job);
	store_content(job, data, &media);
	EXPECT(str_is(str_from(read_part(job, &media, 0, media.size_bytes)), str_from(data)));
}

STORE_TEST(the_same_content_is_stored_once)
{
	struct media first, second, other;

	start(job);
	store_content(job, content(SIZE), &first);
	store_content(job, content(SIZE), &second);
	store_content(job, content(SIZE - 1), &other);
	EXPECT(first.id != second.id);
	EXPECT_INT(first.blob_id, second.blob_id);
	EXPECT(other.blob_id != first.blob_id);
	EXPECT_INT(count_files(), 2);
}

/* Both writers find nothing there, and both have written their file when the first one's row comes.
 */
STORE_TEST(two_writers_of_one_content_keep_one_file)
{
	struct media_writer *a, *b;
	id64 blob_a, blob_b;

	start(job);
	EXPECT_OK(media_write_start(job, &a));
	EXPECT_OK(media_write_start(job, &b));
	EXPECT_OK(media_write(a, content(5000)));
	EXPECT_OK(media_write(b, content(5000)));
	EXPECT_OK(media_write_finish(a));
	EXPECT_OK(media_write_finish(b));
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(media_keep(a, &blob_a));
	EXPECT_OK(media_keep(b, &blob_b));
	EXPECT_OK(db_commit(job));
	EXPECT_INT(blob_a, blob_b);
	EXPECT_INT(count_files(), 1);
}

STORE_TEST(another_workspace_does_not_share_or_see_it)
{
	struct setup_result other;
	struct media media, theirs;

	start(job);
	store_content(job, content(3000), &media);
	EXPECT_OK(account_setup(job,
		&(struct setup_draft){ .workspace = S("X"),
			.email = S("x@example.com"),
			.name = S("X"),
			.password = S("correct horse") },
		&other));
	job->workspace = other.workspace;
	EXPECT_ERR(media_get(job, media.id, &theirs), ERR_MISSING);
	store_content(job, content(3000), &theirs);
	EXPECT(theirs.blob_id != media.blob_id);
}

static int looked_at, plain_files;

static int look_for_plain_text(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	FILE *file = kind == FTW_F ? fopen(path, "r") : NULL;
	char *text = file ? heap_alloc((size_t)st->st_size + 1) : NULL;
	size_t n = file ? fread(text, 1, (size_t)st->st_size, file) : 0;

	(void)at;
	looked_at += file != NULL;
	plain_files += memmem(text ? text : "", n, "lighthouse", 10) ||
		       memmem(text ? text : "", n, "notes.txt", 9);
	heap_free(text);
	if (file)
		fclose(file);
	return 0;
}

STORE_TEST(no_plain_text_is_on_the_disk)
{
	struct media media;

	start(job);
	store_content(job, content(SIZE), &media);
	nftw(test_folder(), look_for_plain_text, 8, FTW_PHYS);
	EXPECT(looked_at > 1);
	EXPECT_INT(plain_files, 0);
}

static void expect_corrupt(struct job *job, const struct media *media, int64_t at)
{
	struct media_reader *reader;

	EXPECT_ERR(media_read_start(job, media, at, 1, &reader), ERR_CORRUPT);
	EXPECT(str_has(job->why, S("changed")));
	job_forgive(job);
}

STORE_TEST(a_changed_chunk_does_not_open_and_the_others_do)
{
	struct media media;
	uint8_t octet;
	int fd;

	start(job);
	store_content(job, content(SIZE), &media);
	fd = open_stored(&media, O_RDWR);
	EXPECT(pread(fd, &octet, 1, MEDIA_CHUNK_SEALED + 100) == 1);
	octet ^= 1;
	EXPECT(pwrite(fd, &octet, 1, MEDIA_CHUNK_SEALED + 100) == 1);
	close(fd);
	expect_corrupt(job, &media, MEDIA_CHUNK + 5);
	EXPECT_INT(read_part(job, &media, 0, MEDIA_CHUNK).len, MEDIA_CHUNK);
	EXPECT_INT(read_part(job, &media, 2 * (int64_t)MEDIA_CHUNK, 1000).len, 1000);
}

STORE_TEST(chunks_that_change_places_do_not_open)
{
	static uint8_t first[MEDIA_CHUNK_SEALED], second[MEDIA_CHUNK_SEALED];
	struct media media;
	int fd;

	start(job);
	store_content(job, content(SIZE), &media);
	fd = open_stored(&media, O_RDWR);
	EXPECT(pread(fd, first, sizeof first, 0) == sizeof first);
	EXPECT(pread(fd, second, sizeof second, sizeof first) == sizeof second);
	EXPECT(pwrite(fd, second, sizeof second, 0) == sizeof second);
	EXPECT(pwrite(fd, first, sizeof first, sizeof second) == sizeof first);
	close(fd);
	expect_corrupt(job, &media, 0);
	expect_corrupt(job, &media, MEDIA_CHUNK);
}

/* Not even a reader that believes the shorter length is content: the last chunk must say that it is
 * the last. */
STORE_TEST(a_cut_file_does_not_end)
{
	const int64_t shorter = CHUNKS * (int64_t)MEDIA_CHUNK;
	struct chunk_reader reader;
	struct media media;
	struct blob_row row;
	str key;
	int fd;

	start(job);
	store_content(job, content(SIZE), &media);
	fd = open_stored(&media, O_RDWR);
	EXPECT(ftruncate(fd, CHUNKS * (off_t)MEDIA_CHUNK_SEALED) == 0);
	close(fd);
	expect_corrupt(job, &media, SIZE - 1);
	EXPECT_OK(sql_blob_get(job, &(struct sql_blob_get){ job->workspace, media.blob_id }, &row));
	EXPECT_OK(unseal(job, SEAL_MEDIA_KEY, row.key_sealed, &key));
	EXPECT(chunk_reader_open(&reader, media.blob_id, (const uint8_t *)key.ptr, shorter));
	EXPECT(chunk_reader_load(&reader));
	reader.at = shorter - 1;
	EXPECT(!chunk_reader_load(&reader));
	chunk_reader_close(&reader);
}

STORE_TEST(a_missing_file_is_told_as_such)
{
	struct media_reader *reader;
	struct media media;
	char path[MEDIA_PATH_MAX];

	start(job);
	store_content(job, content(100), &media);
	media_path(media.blob_id, path);
	EXPECT(unlinkat(media_folder(), path, 0) == 0);
	EXPECT_ERR(media_read_start(job, &media, 0, 1, &reader), ERR_MISSING);
	EXPECT_STR(job->code, "media_file_missing");
}

STORE_TEST(an_empty_file_is_refused)
{
	struct media_writer *w;

	start(job);
	EXPECT_OK(media_write_start(job, &w));
	EXPECT_ERR(media_write_finish(w), ERR_INPUT);
	EXPECT_STR(job->code, "empty_file");
}

STORE_TEST(a_job_that_ends_early_leaves_no_file)
{
	struct job other;
	struct media_writer *w;

	start(job);
	job_init(&other, "test", test_arena(), job->store);
	other.workspace = job->workspace;
	EXPECT_OK(media_write_start(&other, &w));
	EXPECT_OK(media_write(w, content(SIZE)));
	EXPECT_INT(count_files(), 1);
	job_release(&other);
	EXPECT_INT(count_files(), 0);
}

/* A crash between the file and its row, and one before the file is whole: what is left goes with
 * the next sweep, and what has a row, or is young, stays. */
STORE_TEST(what_a_crash_leaves_is_swept)
{
	struct media_writer *whole;
	struct chunk_writer half;
	struct media kept;
	size_t removed;

	start(job);
	store_content(job, content(3000), &kept);
	EXPECT_OK(media_write_start(job, &whole));
	EXPECT_OK(media_write(whole, content(2000)));
	EXPECT_OK(media_write_finish(whole));
	EXPECT(chunk_writer_open(&half, job_id(job)));
	EXPECT(chunk_writer_put(&half, content(SIZE)));
	EXPECT_INT(count_files(), 3);
	EXPECT_OK(media_sweep(job, job->now_ms - 1000, &removed));
	EXPECT_INT(removed, 0);
	EXPECT_OK(media_sweep(job, job->now_ms + 60000, &removed));
	EXPECT_INT(removed, 2);
	EXPECT_INT(count_files(), 1);
	EXPECT_INT(read_part(job, &kept, 0, 3000).len, 3000);
	chunk_writer_close(&half);
}

STORE_TEST(a_plain_copy_is_in_memory_and_goes_with_the_job)
{
	static char text[4000];
	struct media media;
	const char *path;
	struct job other;
	FILE *file;

	start(job);
	store_content(job, content(3000), &media);
	job_init(&other, "test", test_arena(), job->store);
	other.workspace = job->workspace;
	EXPECT_OK(media_plain_file(&other, &media, &path));
	file = fopen(path, "r");
	EXPECT(file && fread(text, 1, sizeof text, file) == 3000);
	fclose(file);
	EXPECT(str_is((str){ text, 3000 }, str_from(content(3000))));
	job_release(&other);
	EXPECT(access(path, F_OK) != 0);
}

STORE_TEST(what_is_expected_waits_and_then_fails_or_is_tried_again)
{
	struct media_info info = { .mime_type = S("Image/JPEG; x=y"),
		.file_name = S("../../etc/pass\nwd.jpg") };
	struct media media;
	id64 id;

	start(job);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(
		media_expect(job, 77, S("remote"), S("https://example.com/x?secret"), &info, &id));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(media_get(job, id, &media));
	EXPECT_INT(media.state, MEDIA_PENDING);
	EXPECT_STR(media.mime_type, "image/jpeg");
	EXPECT_STR(media.file_name, "passwd.jpg");
	EXPECT_STR(media.url, "https://example.com/x?secret");
	EXPECT_OK(media_put_off(job, &media, job->now_ms + 1000, S("not now")));
	EXPECT_OK(media_get(job, id, &media));
	EXPECT_INT(media.attempts, 1);
	EXPECT_STR(media.error, "not now");
	EXPECT_OK(media_put_off(job, &media, 0, S("never")));
	EXPECT_OK(media_get(job, id, &media));
	EXPECT_INT(media.state, MEDIA_FAILED);
	EXPECT_OK(media_retry(job, id, &media));
	EXPECT_INT(media.state, MEDIA_PENDING);
	EXPECT_INT(media.attempts, 0);
}

/* ---- types and names ---- */

TEST(the_content_decides_what_a_file_is)
{
	struct arena *arena = test_arena();
	str html = media_type_of(arena,
		bytes_of(S("<!DOCTYPE html><html><script>alert(1)</script></html>")));
	str png = media_type_of(arena,
		bytes_of(S("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\2\0\0\0")));

	EXPECT_STR(html, "text/html");
	EXPECT_STR(png, "image/png");
	EXPECT_STR(media_type_settle(arena, S("image/jpeg"), html), "text/html");
	EXPECT_STR(media_type_settle(arena, S("image/jpeg"), png), "image/png");
	EXPECT_STR(media_type_settle(arena, S("Audio/OGG; codecs=opus"), S("application/ogg")),
		"audio/ogg");
	EXPECT_STR(media_type_settle(arena,
			   S("application/"
			     "vnd.openxmlformats-officedocument.wordprocessingml.document"),
			   S("application/zip")),
		"application/vnd.openxmlformats-officedocument.wordprocessingml.document");
	EXPECT_STR(media_type_settle(arena, STR_NONE, png), "image/png");
	EXPECT(!media_type_agrees(arena, S("image/jpeg"), html));
	EXPECT(media_type_agrees(arena, S("application/octet-stream"), html));
}

TEST(only_types_that_run_nothing_are_shown)
{
	static const char *const unsafe[] = { "text/html", "image/svg+xml", "application/pdf",
		"text/xml", "text/javascript", "application/xhtml+xml", "application/octet-stream",
		"" };

	EXPECT(media_type_is_safe(S("image/jpeg")) && media_type_is_safe(S("audio/ogg")) &&
		media_type_is_safe(S("video/mp4")));
	for (size_t i = 0; i < COUNT_OF(unsafe); i++)
		EXPECT(!media_type_is_safe(str_of(unsafe[i])));
}

TEST(a_file_name_is_one_harmless_component)
{
	struct arena *arena = test_arena();
	struct buf name = buf_in(arena, 2000);
	str cleaned;

	EXPECT_STR(media_name_clean(arena, S("C:\\Users\\a\\r\xC3\xA9sum\xC3\xA9.pdf")),
		"r\xC3\xA9sum\xC3\xA9.pdf");
	EXPECT_STR(media_name_clean(arena, S("..hidden")), "hidden");
	EXPECT_STR(media_name_clean(arena, S("photo\xE2\x80\xAEgpj.exe")), "photogpj.exe");
	EXPECT(!media_name_clean(arena, S("..")).ptr);
	EXPECT(!media_name_clean(arena, S("/")).ptr);
	EXPECT(!media_name_clean(arena, S("\xFF")).ptr);
	for (int i = 0; i < 200; i++)
		buf_str(&name, S("\xC3\xA9"));
	buf_str(&name, S(".jpeg"));
	cleaned = media_name_clean(arena, buf_text(&name));
	EXPECT(cleaned.len <= MEDIA_NAME_MAX && str_is_utf8(cleaned) &&
		str_ends(cleaned, S(".jpeg")));
}

STORE_TEST(a_file_of_the_past_is_fetched_only_when_it_is_asked_for)
{
	const struct media_info info = { .mime_type = S("image/jpeg"), .is_later = true };
	struct media media;
	id64 id;

	start(job);
	EXPECT_OK(db_begin(job, DB_WRITE));
	EXPECT_OK(media_expect(job, 77, S("remote"), STR_NONE, &info, &id));
	EXPECT_OK(db_commit(job));
	EXPECT_OK(media_get(job, id, &media));
	EXPECT_INT(media.state, MEDIA_REMOTE);
	EXPECT_OK(media_retry(job, id, &media));
	EXPECT_INT(media.state, MEDIA_PENDING);
}
