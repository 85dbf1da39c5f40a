/*
 * media.h: files of messages, as they lie on the media hosts: enciphered, by a key of their own.
 *
 *	plain ─► wa_seal ─► POST wa_upload_url()          GET wa_download_url() ─► wa_unseal ─►
 * plain
 *
 * Both ways go by pieces of any size and in constant memory. What comes out of an unsealing is
 * proven only when wa_unseal_finish() says OK: until then it is kept aside, and thrown away when
 * it does not. No I/O, any thread. Hosts and requests for them: wa/client/media_host.h.
 * Source: docs/protocol/linked-device-2-messaging.md §7.
 */
#ifndef WA_MEDIA_MEDIA_H
#define WA_MEDIA_MEDIA_H

#include "base/buf.h"
#include "base/err.h"
#include "crypto/stream.h"

#define WA_MEDIA_KEY_SIZE 32
#define WA_MEDIA_MAC_SIZE 10
#define WA_MEDIA_SEALED_MAX(size) (((size) / CBC_BLOCK + 1) * CBC_BLOCK + WA_MEDIA_MAC_SIZE)
#define WA_MEDIA_PATH_MAX 2048          /* octets of a direct path */
#define WA_MEDIA_HOST_DEFAULT S("mmg.whatsapp.net")
/* Files of this size and more are asked for first: how much the host has of them already. */
#define WA_MEDIA_RESUME_FROM (5 << 20)

/* Numbers are kept in references (wa_media_pack), so they are never used again. */
enum wa_media_kind {
	WA_MEDIA_IMAGE = 0,     /* single stickers, too */
	WA_MEDIA_VIDEO = 1,     /* gifs and round ones, too */
	WA_MEDIA_AUDIO = 2,     /* voice, too */
	WA_MEDIA_DOCUMENT = 3,
	WA_MEDIA_HISTORY = 4,
	WA_MEDIA_APP_STATE = 5,
	WA_MEDIA_LINK_THUMBNAIL = 6,
	WA_MEDIA_IMAGE_THUMBNAIL = 7,
	WA_MEDIA_VIDEO_THUMBNAIL = 8,
	WA_MEDIA_DOCUMENT_THUMBNAIL = 9,
	WA_MEDIA_STICKER_PACK = 10,
	WA_MEDIA_KINDS = 11,
};
/* "image", "video", …, "md-msg-hist": the word of URLs. */
str wa_media_word(enum wa_media_kind kind);

/* What a message tells of its file. Texts and octets borrow. */
struct wa_media {
	enum wa_media_kind kind;
	str direct_path;        /* or none */
	str url;                /* instead of a direct path, or none */
	bytes key;              /* WA_MEDIA_KEY_SIZE; none: not enciphered (channels) */
	bytes sha256, enc_sha256; /* SHA256_SIZE each, or none */
	int64_t size;           /* of the plain file; 0: not told */
};

/* ---- enciphering ---- */

struct wa_media_keys { uint8_t iv[CBC_BLOCK], cipher[AES_KEY_SIZE], mac[32], ref[32]; };
void wa_media_expand(enum wa_media_kind kind, const uint8_t key[WA_MEDIA_KEY_SIZE],
	struct wa_media_keys *out);

struct wa_media_sums {
	uint8_t sha256[SHA256_SIZE], enc_sha256[SHA256_SIZE], mac[WA_MEDIA_MAC_SIZE];
	int64_t size, enc_size;
};

struct wa_seal;
struct wa_seal *wa_seal_create(enum wa_media_kind kind, const uint8_t key[WA_MEDIA_KEY_SIZE]);
void wa_seal_add(struct wa_seal *s, bytes plain, struct buf *out);
/* Appends the end, tells the sums, and destroys. */
void wa_seal_finish(struct wa_seal *s, struct buf *out, struct wa_media_sums *sums);
void wa_seal_destroy(struct wa_seal *s);

struct wa_unseal;
/* media->key as long as it must be, or none. size_max: of the plain file. */
enum err wa_unseal_create(const struct wa_media *media, int64_t size_max, struct wa_unseal **out);
/* ERR_LIMIT: longer than size_max. Appends what is ready. */
enum err wa_unseal_add(struct wa_unseal *u, bytes enc, struct buf *out);
/* Appends the rest; destroys in any case. ERR_CORRUPT: what came is not the file. */
enum err wa_unseal_finish(struct wa_unseal *u, struct buf *out);
void wa_unseal_destroy(struct wa_unseal *u);

/* A part of a file that is not fetched whole. To read plain octets from `from` (a multiple of
 * CBC_BLOCK) on, fetch those of *enc_from on and give them as they come; nothing proves them.
 * Octets after the part wanted are the caller's to drop. */
void wa_media_range(int64_t from, int64_t *enc_from);
struct cbc *wa_media_range_open(const struct wa_media *media, int64_t from,
	const uint8_t before[CBC_BLOCK]);

/* ---- addresses ---- */

/* scheme: "https", or "http" for a simulated network. */
struct wa_media_place { const char *scheme; str host; };
/* A host of WhatsApp's own: nothing else is ever asked, whatever a message says. */
bool wa_media_host_is_official(str host);
/* A path that leaves the host as it is: begins with one '/', no control characters, spaces,
 * fragments or backslashes, no "..". */
bool wa_media_path_is_good(str path);
/* The path to fetch: the direct one, or that of the URL. STR_NONE: there is none that is good. */
str wa_media_path_of(const struct wa_media *media);
/* ERR_INPUT: no good path. */
enum err wa_download_url(struct arena *arena, const struct wa_media_place *place,
	const struct wa_media *media, str *out);
/* URL-safe base64 without padding. */
str wa_upload_token(struct arena *arena, const uint8_t enc_sha256[SHA256_SIZE]);
enum wa_upload_step { WA_UPLOAD_WHOLE, WA_UPLOAD_ASK, WA_UPLOAD_REST };
struct wa_upload {
	enum wa_media_kind kind;
	str auth;               /* of media_conn */
	const uint8_t *enc_sha256;
	enum wa_upload_step step;
	int64_t offset;         /* of WA_UPLOAD_REST */
};
str wa_upload_url(struct arena *arena, const struct wa_media_place *place,
	const struct wa_upload *upload);
/* What a host says to an upload or a question. offset: it has so much, send the rest. */
struct wa_uploaded { str url, direct_path, handle; bool is_complete; int64_t offset; };
/* ERR_UPSTREAM: no answer of that form. */
enum err wa_upload_read(struct arena *arena, str answer, struct wa_uploaded *out);

/* ---- when the file is gone from the hosts: the phone uploads it again ---- */

#define WA_MEDIA_RETRY_MS 30000         /* how long to wait for the phone's answer */
enum wa_media_retry_result {
	WA_RETRY_ERROR = 0,
	WA_RETRY_GOOD = 1,
	WA_RETRY_GONE = 2,
	WA_RETRY_BAD = 3,
};
struct wa_media_retry { str id, direct_path; enum wa_media_retry_result result; };
/* The question about message id; nonce: GCM_NONCE_SIZE random octets. Also how a history blob is
 * asked for again. */
bytes wa_media_retry_ask(struct arena *arena, bytes key, str id, const uint8_t *nonce);
/* The phone's answer. ERR_CORRUPT: not one to this key and id. */
enum err wa_media_retry_read(struct arena *arena, bytes key, str id, bytes nonce, bytes sealed,
	struct wa_media_retry *out);
/* The phone's side, for the simulator. */
bytes wa_media_retry_answer(struct arena *arena, bytes key, const struct wa_media_retry *answer,
	const uint8_t *nonce);
enum err wa_media_retry_asked(struct arena *arena, bytes key, str id, bytes nonce, bytes sealed);

/* ---- references, to be kept ---- */

#define WA_MEDIA_REFERENCE_MAX 4096
/* All of a file in one text of base64url. It holds the key: whoever keeps it seals it. id, chat,
 * sender: of the message, to ask the phone by; or none. */
struct wa_media_reference { struct wa_media media; str id, chat, sender; bool is_from_me; };
str wa_media_pack(struct arena *arena, const struct wa_media_reference *reference);
enum err wa_media_unpack(struct arena *arena, str text, struct wa_media_reference *out);

#endif
