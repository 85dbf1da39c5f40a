/*
 * seal.c: the master key, the keyring, and sealed blobs; see seal.h.
 *
 * The keyring holds the unwrapped data keys of the workspaces seen so far, and only grows; a
 * workspace that has a ring has its first key in it, which seeds the keyed hashes. It is the one
 * state here that threads share, behind one read-write lock; keys are copied out under it and wiped
 * after use.
 */
#include "account/seal.h"

#include "account/account_internal.h"
#include "store/queries.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOB_VERSION 1
#define HEAD_SIZE 9
#define BUCKETS 256
#define KEY_PAGE 200
#define WRAPPED_SIZE (AES_KEY_SIZE + GCM_OVERHEAD)

struct data_key {
	struct data_key *older;
	id64 id;
	uint8_t key[AES_KEY_SIZE];
};

/* The keys of one workspace, newest first; the oldest one seeds its keyed hashes. */
struct ring {
	struct ring *next;
	id64 workspace;
	struct data_key *keys;
};

static struct {
	pthread_rwlock_t lock;
	uint8_t master[AES_KEY_SIZE];
	struct ring *rings[BUCKETS];
} keyring = { .lock = PTHREAD_RWLOCK_INITIALIZER };

/* ---- the master key file ---- */

static enum err sync_folder(const char *path)
{
	char copy[4096];
	int fd;

	if (strlen(path) >= sizeof copy)
		return ERR_STORE;
	memcpy(copy, path, strlen(path) + 1);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_STORE;
	if (fsync(fd) != 0) {
		close(fd);
		return ERR_STORE;
	}
	close(fd);
	return OK;
}

/* errno tells why not. An existing file is left alone: EEXIST. */
static enum err make_key_file(const char *path)
{
	uint8_t key[AES_KEY_SIZE];
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t n;

	if (fd < 0)
		return ERR_STORE;
	crypto_random(key, sizeof key);
	n = write(fd, key, sizeof key);
	crypto_wipe(key, sizeof key);
	if (n != sizeof key || fsync(fd) != 0) {
		close(fd);
		unlink(path);
		return ERR_STORE;
	}
	close(fd);
	return sync_folder(path);
}

static enum err read_key_fd(struct arena *arena, int fd, const char *path,
	uint8_t out[AES_KEY_SIZE], str *why)
{
	struct stat st;
	uint8_t beyond;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		*why = arena_printf(arena, "%s is not a plain file", path);
		return ERR_STORE;
	}
	if (st.st_mode & 077) {
		*why = arena_printf(arena,
			"%s can be read by others than its owner (mode %03o): chmod 600 it, and "
		        "make a "
			"new one if anybody else may have read it",
			path, st.st_mode & 0777u);
		return ERR_STORE;
	}
	if (read(fd, out, AES_KEY_SIZE) != AES_KEY_SIZE || read(fd, &beyond, 1) != 0) {
		*why = arena_printf(arena, "%s is not a master key: it must be %d octets", path,
			AES_KEY_SIZE);
		return ERR_STORE;
	}
	return OK;
}

static enum err read_key_file(struct arena *arena, const char *path, uint8_t out[AES_KEY_SIZE],
	str *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	enum err e;

	if (fd < 0) {
		*why = arena_printf(arena, "cannot read the master key %s: %m", path);
		return ERR_STORE;
	}
	e = read_key_fd(arena, fd, path, out, why);
	close(fd);
	return e;
}

enum err keyring_open(struct arena *arena, const char *master_key_file, str *why)
{
	uint8_t key[AES_KEY_SIZE];

	if (make_key_file(master_key_file) != OK && errno != EEXIST) {
		*why = arena_printf(arena, "cannot make the master key %s: %m", master_key_file);
		return ERR_STORE;
	}
	TRY(read_key_file(arena, master_key_file, key, why));
	pthread_rwlock_wrlock(&keyring.lock);
	memcpy(keyring.master, key, sizeof key);
	pthread_rwlock_unlock(&keyring.lock);
	crypto_wipe(key, sizeof key);
	return OK;
}

static void ring_destroy(struct ring *ring)
{
	while (ring->keys) {
		struct data_key *key = ring->keys;

		ring->keys = key->older;
		crypto_wipe(key, sizeof *key);
		heap_free(key);
	}
	heap_free(ring);
}

void keyring_close(void)
{
	pthread_rwlock_wrlock(&keyring.lock);
	for (size_t i = 0; i < BUCKETS; i++) {
		while (keyring.rings[i]) {
			struct ring *ring = keyring.rings[i];

			keyring.rings[i] = ring->next;
			ring_destroy(ring);
		}
	}
	crypto_wipe(keyring.master, sizeof keyring.master);
	pthread_rwlock_unlock(&keyring.lock);
}

/* ---- the ring of a workspace; under the lock ---- */

static size_t bucket_of(id64 workspace)
{
	return (size_t)((uint64_t)workspace * 0x9E3779B97F4A7C15ull >> 56) % BUCKETS;
}

static struct ring *ring_find(id64 workspace)
{
	struct ring *ring = keyring.rings[bucket_of(workspace)];

	while (ring && ring->workspace != workspace)
		ring = ring->next;
	return ring;
}

static void ring_add(id64 workspace, id64 id, const uint8_t plain[AES_KEY_SIZE])
{
	struct ring *ring = ring_find(workspace);
	struct data_key **at, *key;

	if (!ring) {
		ring = HEAP_NEW(struct ring);
		ring->workspace = workspace;
		ring->next = keyring.rings[bucket_of(workspace)];
		keyring.rings[bucket_of(workspace)] = ring;
	}
	for (at = &ring->keys; *at && (*at)->id > id; at = &(*at)->older)
		;
	if (*at && (*at)->id == id)
		return;
	key = HEAP_NEW(struct data_key);
	*key = (struct data_key){ .older = *at, .id = id };
	memcpy(key->key, plain, AES_KEY_SIZE);
	*at = key;
}

/* *id is a key's, or one of these two and then set. Copies the key out; false when the ring has it
 * not. */
enum { NEWEST = 0, OLDEST = -1 };


static bool ring_key(id64 workspace, id64 *id, uint8_t out[AES_KEY_SIZE])
{
	const struct data_key *found = NULL;
	const struct ring *ring;

	pthread_rwlock_rdlock(&keyring.lock);
	ring = ring_find(workspace);
	for (const struct data_key *key = ring ? ring->keys : NULL; key; key = key->older) {
		if (*id > 0 && key->id != *id)
			continue;
		found = key;
		if (*id != OLDEST)
			break;
	}
	if (found) {
		*id = found->id;
		memcpy(out, found->key, AES_KEY_SIZE);
	}
	pthread_rwlock_unlock(&keyring.lock);
	return found != NULL;
}

/* ---- wrapping ---- */

static void put_u64(uint8_t out[8], uint64_t value)
{
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(value >> (56 - 8 * i));
}

static uint64_t get_u64(const uint8_t in[8])
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | in[i];
	return value;
}

/* What a wrapped key is bound to: it cannot be moved to another workspace or row. */
static bytes wrap_about(uint8_t out[20], id64 workspace, id64 id)
{
	memcpy(out, "wrap", 4);
	put_u64(out + 4, (uint64_t)workspace);
	put_u64(out + 12, (uint64_t)id);
	return (bytes){ out, 20 };
}

static bytes wrap(struct job *job, const struct workspace_key_row *row,
	const uint8_t plain[AES_KEY_SIZE])
{
	struct buf out = buf_in(job->arena, WRAPPED_SIZE);
	uint8_t about[20];

	pthread_rwlock_rdlock(&keyring.lock);
	gcm_seal(keyring.master, wrap_about(about, row->workspace, row->id),
		(bytes){ plain, AES_KEY_SIZE }, &out);
	pthread_rwlock_unlock(&keyring.lock);
	return buf_bytes(&out);
}

static enum err unwrap(struct job *job, const struct workspace_key_row *row,
	uint8_t plain[AES_KEY_SIZE])
{
	struct buf out = buf_in(job->arena, AES_KEY_SIZE);
	uint8_t about[20];
	bool good;

	pthread_rwlock_rdlock(&keyring.lock);
	good = gcm_open(keyring.master, wrap_about(about, row->workspace, row->id), row->wrapped,
		&out);
	pthread_rwlock_unlock(&keyring.lock);
	if (!good || out.len != AES_KEY_SIZE)
		return fail(job, ERR_CORRUPT,
			"a data key does not open: the master key is not the one of this store");
	memcpy(plain, out.ptr, AES_KEY_SIZE);
	crypto_wipe(out.ptr, out.len);
	return OK;
}

static enum err take_row(struct job *job, const struct workspace_key_row *row)
{
	uint8_t plain[AES_KEY_SIZE];

	TRY(unwrap(job, row, plain));
	pthread_rwlock_wrlock(&keyring.lock);
	ring_add(row->workspace, row->id, plain);
	pthread_rwlock_unlock(&keyring.lock);
	crypto_wipe(plain, sizeof plain);
	return OK;
}

/* Reads all keys of one workspace into the ring. */
static enum err load_workspace(struct job *job, id64 workspace)
{
	struct workspace_key_rows rows;

	TRY(sql_workspace_key_list(job, &(struct sql_workspace_key_list){ .workspace = workspace },
		&rows));
	for (size_t i = 0; i < rows.count; i++)
		TRY(take_row(job, &rows.items[i]));
	return OK;
}

enum err keyring_load(struct job *job)
{
	struct workspace_key_rows rows;
	id64 after = 0;

	do {
		TRY(sql_workspace_key_all(job,
			&(struct sql_workspace_key_all){ .after = after, .count = KEY_PAGE },
			&rows));
		for (size_t i = 0; i < rows.count; i++) {
			TRY(take_row(job, &rows.items[i]));
			after = rows.items[i].id;
		}
	} while (rows.count == KEY_PAGE);
	return OK;
}

/* ---- new keys ---- */

/* A row and its plain key; in the open transaction, and not yet in the ring. */
static enum err insert_key(struct job *job, id64 workspace, struct workspace_key_row *row,
	uint8_t plain[AES_KEY_SIZE])
{
	*row = (struct workspace_key_row){ .id = job_id(job), .workspace = workspace };
	crypto_random(plain, AES_KEY_SIZE);
	row->wrapped = wrap(job, row, plain);
	return sql_workspace_key_insert(job,
		&(struct sql_workspace_key_insert){ .id = row->id,
			.workspace = workspace,
			.wrapped = row->wrapped,
			.now_ms = job->now_ms },
		NULL);
}

enum err keyring_add_workspace(struct job *job, id64 workspace)
{
	struct workspace_key_row row;
	uint8_t plain[AES_KEY_SIZE];

	TRY(insert_key(job, workspace, &row, plain));
	/* Before the commit: should that fail, nobody ever asks for this workspace again. */
	pthread_rwlock_wrlock(&keyring.lock);
	ring_add(workspace, row.id, plain);
	pthread_rwlock_unlock(&keyring.lock);
	crypto_wipe(plain, sizeof plain);
	return OK;
}

enum err keyring_rotate(struct job *job, id64 workspace)
{
	struct workspace_key_row row;
	uint8_t plain[AES_KEY_SIZE];

	TRY(load_workspace(job, workspace));
	TRY(db_begin(job, DB_WRITE));
	TRY(sql_workspace_key_retire(job,
		&(struct sql_workspace_key_retire){ .workspace = workspace, .now_ms = job->now_ms },
		NULL));
	TRY(insert_key(job, workspace, &row, plain));
	TRY(audit_add(job, &(struct audit_entry){ .action = "key.rotate",
				   .target_kind = "workspace",
				   .target_id = workspace }));
	TRY(db_commit(job));
	/* After the commit: nothing may be sealed with a key that was not stored. */
	pthread_rwlock_wrlock(&keyring.lock);
	ring_add(workspace, row.id, plain);
	pthread_rwlock_unlock(&keyring.lock);
	crypto_wipe(plain, sizeof plain);
	return OK;
}

/* ---- another master key ---- */

static void swap_master(uint8_t key[AES_KEY_SIZE])
{
	uint8_t old[AES_KEY_SIZE];

	pthread_rwlock_wrlock(&keyring.lock);
	memcpy(old, keyring.master, sizeof old);
	memcpy(keyring.master, key, sizeof old);
	memcpy(key, old, sizeof old);
	pthread_rwlock_unlock(&keyring.lock);
	crypto_wipe(old, sizeof old);
}

static enum err rewrap_row(struct job *job, const struct workspace_key_row *row)
{
	uint8_t plain[AES_KEY_SIZE];
	id64 id = row->id;

	if (!ring_key(row->workspace, &id, plain))
		return fail(job, ERR_BUG, "a data key is not in the ring");
	TRY(sql_workspace_key_rewrap(job,
		&(struct sql_workspace_key_rewrap){ .id = row->id,
			.wrapped = wrap(job, row, plain) },
		NULL));
	crypto_wipe(plain, sizeof plain);
	return OK;
}

static enum err rewrap_all(struct job *job)
{
	struct workspace_key_rows rows;
	id64 after = 0;

	do {
		TRY(sql_workspace_key_all(job,
			&(struct sql_workspace_key_all){ .after = after, .count = KEY_PAGE },
			&rows));
		for (size_t i = 0; i < rows.count; i++) {
			TRY(rewrap_row(job, &rows.items[i]));
			after = rows.items[i].id;
		}
	} while (rows.count == KEY_PAGE);
	return channel_retag(job);
}

enum err keyring_rewrap(struct job *job, const char *new_master_key_file)
{
	uint8_t key[AES_KEY_SIZE];
	enum err e;

	if (make_key_file(new_master_key_file) != OK && errno != EEXIST)
		return fail(job, ERR_STORE, "cannot make the master key %s: %m",
			new_master_key_file);
	TRY(read_key_file(job->arena, new_master_key_file, key, &job->why));
	TRY(db_begin(job, DB_WRITE));
	TRY(keyring_load(job));
	swap_master(key);
	e = rewrap_all(job);
	if (e == OK)
		e = db_commit(job);
	if (e != OK)
		swap_master(key);
	crypto_wipe(key, sizeof key);
	return e;
}

/* ---- blobs ---- */

/* What a blob is bound to. */
static bytes blob_about(uint8_t out[9], id64 workspace, enum seal_purpose purpose)
{
	put_u64(out, (uint64_t)workspace);
	out[8] = (uint8_t)purpose;
	return (bytes){ out, 9 };
}

static void write_blob(id64 workspace, enum seal_purpose purpose, id64 id,
	const uint8_t key[AES_KEY_SIZE], str in, struct buf *out)
{
	uint8_t head[HEAD_SIZE] = { BLOB_VERSION }, about[9];

	put_u64(head + 1, (uint64_t)id);
	buf_put(out, head, sizeof head);
	gcm_seal(key, blob_about(about, workspace, purpose), bytes_of(in), out);
}

enum err seal_into(id64 workspace, enum seal_purpose purpose, str in, struct buf *out)
{
	uint8_t key[AES_KEY_SIZE];
	id64 id = NEWEST;

	if (!ring_key(workspace, &id, key))
		return ERR_MISSING;
	write_blob(workspace, purpose, id, key, in, out);
	crypto_wipe(key, sizeof key);
	return out->failed ? ERR_LIMIT : OK;
}

enum err seal(struct job *job, enum seal_purpose purpose, str in, bytes *out)
{
	struct buf blob = buf_in(job->arena, in.len + SEAL_OVERHEAD);
	enum err e;

	*out = BYTES_NONE;
	if (!in.ptr)
		return OK;
	e = seal_into(job->workspace, purpose, in, &blob);
	if (e == ERR_MISSING) {
		TRY(load_workspace(job, job->workspace));
		e = seal_into(job->workspace, purpose, in, &blob);
	}
	if (e != OK)
		return fail(job, ERR_BUG, "the workspace has no data key");
	*out = buf_bytes(&blob);
	return OK;
}

/* From the ring, else from the store: another process may have rotated. */
static enum err key_for(struct job *job, id64 id, uint8_t out[AES_KEY_SIZE])
{
	if (ring_key(job->workspace, &id, out))
		return OK;
	TRY(load_workspace(job, job->workspace));
	if (ring_key(job->workspace, &id, out))
		return OK;
	return fail(job, ERR_CORRUPT, "sealed with a key that this workspace does not have");
}

enum err unseal(struct job *job, enum seal_purpose purpose, bytes in, str *out)
{
	struct buf plain = buf_in(job->arena, in.len + 1);
	uint8_t key[AES_KEY_SIZE], about[9];
	bool good;

	*out = STR_NONE;
	if (!in.ptr)
		return OK;
	if (in.len < SEAL_OVERHEAD || in.ptr[0] != BLOB_VERSION)
		return fail(job, ERR_CORRUPT, "not a sealed blob");
	TRY(key_for(job, (id64)(get_u64(in.ptr + 1) & INT64_MAX), key));
	good = gcm_open(key, blob_about(about, job->workspace, purpose),
			(bytes){ in.ptr + HEAD_SIZE, in.len - HEAD_SIZE }, &plain);
	crypto_wipe(key, sizeof key);
	if (!good)
		return fail(job, ERR_CORRUPT,
			"a sealed blob does not open: changed, or moved from another place");
	*out = buf_text(&plain);
	return OK;
}

/* ---- keyed hashes ---- */

enum err keyed_hash_key(struct job *job, str purpose, uint8_t out[AES_KEY_SIZE])
{
	uint8_t root[AES_KEY_SIZE], salt[8];

	if (!ring_key(job->workspace, &(id64){ OLDEST }, root)) {
		TRY(load_workspace(job, job->workspace));
		if (!ring_key(job->workspace, &(id64){ OLDEST }, root))
			return fail(job, ERR_BUG, "the workspace has no data key");
	}
	put_u64(salt, (uint64_t)job->workspace);
	hkdf_sha256((bytes){ root, sizeof root }, (bytes){ salt, sizeof salt }, purpose, out);
	crypto_wipe(root, sizeof root);
	return OK;
}

enum err keyed_hash(struct job *job, str purpose, str in, uint8_t out[SHA256_SIZE])
{
	uint8_t key[AES_KEY_SIZE];

	TRY(keyed_hash_key(job, purpose, key));
	hmac_sha256((bytes){ key, sizeof key }, bytes_of(in), out);
	crypto_wipe(key, sizeof key);
	return OK;
}

void master_hash(str purpose, str in, uint8_t out[SHA256_SIZE])
{
	uint8_t key[AES_KEY_SIZE];

	pthread_rwlock_rdlock(&keyring.lock);
	hkdf_sha256((bytes){ keyring.master, sizeof keyring.master }, bytes_of(S("parley")),
		purpose, key);
	pthread_rwlock_unlock(&keyring.lock);
	hmac_sha256((bytes){ key, sizeof key }, bytes_of(in), out);
	crypto_wipe(key, sizeof key);
}
