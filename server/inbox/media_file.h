/*
 * media_file.h: a sealed file, chunk by chunk. For media.c and its tests; rows and workspaces are
 * not known here.
 *
 * Chunk i of file ID is nonce ‖ ciphertext ‖ tag of 64 KiB of content (the last one: of the rest),
 * sealed under the file's key about (ID, i, is it the last?). So a chunk opens at its own place in
 * its own file only, and a file that was cut does not end.
 */
#ifndef INBOX_MEDIA_FILE_H
#define INBOX_MEDIA_FILE_H

#include "crypto/crypto.h"
#include "inbox/media.h"

#define MEDIA_CHUNK_SEALED (MEDIA_CHUNK + GCM_OVERHEAD)
#define MEDIA_PATH_MAX 40
#define MEDIA_NEW "new"                  /* where files are written before they are whole */

/* "3f/7351…": relative to the folder. */
void media_path(id64 blob, char out[MEDIA_PATH_MAX]);
int media_folder(void); /* its descriptor */

struct chunk_writer {
	int fd;
	id64 blob;
	uint8_t key[AES_KEY_SIZE];
	int64_t size, chunks;
	struct buf plain, sealed;        /* heap: the chunk under way */
};
/* The key is made here. False: errno says why. */
bool chunk_writer_open(struct chunk_writer *w, id64 blob);
bool chunk_writer_put(struct chunk_writer *w, bytes piece);
/* Writes the last chunk, and makes the file durable in its place. */
bool chunk_writer_finish(struct chunk_writer *w);
/* Gives everything back, and removes what was not finished. Again is allowed. */
void chunk_writer_close(struct chunk_writer *w);

struct chunk_reader {
	int fd;
	id64 blob;
	uint8_t key[AES_KEY_SIZE];
	int64_t size, at, end;           /* of the content; the next octet, and where to stop */
	int64_t opened;                  /* the chunk in plain; -1: none */
	struct buf plain, sealed;        /* heap */
};
/* fd is opened here. size: of the whole content. */
bool chunk_reader_open(struct chunk_reader *r, id64 blob, const uint8_t key[AES_KEY_SIZE],
	int64_t size);
/* Opens the chunk that holds the next octet; false when it is corrupt. */
bool chunk_reader_load(struct chunk_reader *r);
ptrdiff_t chunk_reader_next(struct chunk_reader *r, uint8_t *out, size_t max);
void chunk_reader_close(struct chunk_reader *r);

#endif
