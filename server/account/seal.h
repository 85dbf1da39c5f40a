/*
 * seal.h: secrets and bodies at rest (AES-256-GCM).
 *
 * Each workspace has data keys, wrapped by the master key (a 32-octet file, made on first start,
 * mode 0600). A sealed blob is: version octet 1 ‖ data key id (8, big-endian) ‖ nonce ‖ ciphertext
 * ‖ tag; workspace and purpose are authenticated, so a blob cannot be moved to another tenant or
 * column. The keyring keeps unwrapped keys in memory. Any worker thread.
 */
#ifndef ACCOUNT_SEAL_H
#define ACCOUNT_SEAL_H

#include "crypto/crypto.h"
#include "runtime/job.h"

#define SEAL_OVERHEAD (9 + GCM_OVERHEAD)

enum seal_purpose {
	SEAL_MESSAGE = 1,
	SEAL_EVENT = 2,
	SEAL_SECRET = 3,
	SEAL_NAME = 4,
	SEAL_EFFECT = 5,
	SEAL_MEDIA_KEY = 6,
	SEAL_FILE_NAME = 7,
	SEAL_NOTICE = 8,
	SEAL_REACTION = 9,
	SEAL_MEDIA_URL = 10,
	SEAL_ATTRIBUTES = 21,
	SEAL_CONTACT_NOTE = 22,
	SEAL_IMPORT = 23,
	SEAL_EXPORT = 24,
	SEAL_MESSAGE_OPTION = 25,
	SEAL_FLOW = 26,
	SEAL_LINKED = 27,
};

/* Reads or makes the master key file. Once at start. ERR_STORE with a sentence in *why. */
enum err keyring_open(struct arena *arena, const char *master_key_file, str *why);
void keyring_close(void);
/* Unwraps the data keys of all workspaces: at start, before seal_into() is used. */
enum err keyring_load(struct job *job);
/* Makes a workspace's first data key, inside the caller's transaction. */
enum err keyring_add_workspace(struct job *job, id64 workspace);
/* New data key for new blobs of a workspace (rotation); old ones keep opening. Its own transaction.
 */
enum err keyring_rotate(struct job *job, id64 workspace);
/* Re-wraps all data keys under a new master key file, made if it is not there; the caller puts it
 * in the old one's place (parley rotate-master). Its own transaction. */
enum err keyring_rewrap(struct job *job, const char *new_master_key_file);

/* With job->workspace's newest key. in may be STR_NONE: gives BYTES_NONE. */
enum err seal(struct job *job, enum seal_purpose purpose, str in, bytes *out);
/* ERR_CORRUPT when it does not authenticate. BYTES_NONE gives STR_NONE. */
enum err unseal(struct job *job, enum seal_purpose purpose, bytes in, str *out);
/* For the intake writer: appends to a heap buf for any workspace, no job. ERR_MISSING for a
 * workspace that the keyring has not seen; ERR_LIMIT past the buf's maximum. */
enum err seal_into(id64 workspace, enum seal_purpose purpose, str in, struct buf *out);

/* Keyed hash for look-ups and tokens: HMAC-SHA256 under a key that is derived for `purpose` and
 * does not rotate. */
enum err keyed_hash(struct job *job, str purpose, str in, uint8_t out[SHA256_SIZE]);
/* The key of it, for many hashes at a time: wipe it after. */
enum err keyed_hash_key(struct job *job, str purpose, uint8_t out[AES_KEY_SIZE]);
/* The same without workspace, under the master key, until that is changed (app tags, sign-in
 * failures). */
void master_hash(str purpose, str in, uint8_t out[SHA256_SIZE]);

#endif
