/*
 * media.h: files of linked numbers: up to WhatsApp's media hosts and down from them.
 *
 * Enciphered octets lie in a file without a name for the time of the job, plain ones only of
 * what we fetch to send it (links, pictures of previews): what comes for us is deciphered piece by
 * piece into the sink, and counts when the call says OK. Hosts are asked of the number and kept
 * while they are good; a host that fails is followed by the next; a file that all of them have
 * forgotten is asked of the phone. Call workers; no transaction.
 */
#ifndef PROVIDER_LINKED_MEDIA_H
#define PROVIDER_LINKED_MEDIA_H

#include "provider/linked/content.h"
#include "provider/linked/linked.h"

#define LINKED_FILE_MS 180000           /* a file, from or to whichever hosts */
#define LINKED_STALL_MS 15000           /* a host that sends nothing for so long is left */
#define LINKED_HOST_TRIES 2             /* of one host, when it fails of itself */
#define LINKED_LINKS_MAX 8              /* that are remembered of a number: recent.h */

/* linked_provider.fetch_media, .upload_media, .media_fits. */
enum err linked_fetch_media(struct job *job, const struct channel *ch, str media_remote_id, str url,
	const struct media_sink *sink, struct media_info *out);
enum err linked_upload_media(struct job *job, const struct channel *ch,
	const struct media_info *info, const char *path, str *remote_id);
bool linked_media_fits(struct job *job, const struct channel *ch, str remote_id,
	enum message_kind kind);

/* References hold the key of their file: rows keep them sealed, as one text. */
enum err linked_reference_seal(struct job *job, str reference, str *out);
/* ERR_CORRUPT: not sealed here. */
enum err linked_reference_open(struct job *job, str sealed, str *out);

/* What is to be sent, with its references as linked_content_write() reads them. */
enum err linked_references_open(struct job *job, const struct outgoing *msg, struct outgoing *out);

/* The files that a message names by links (of a file, or of a header's): fetched, uploaded, and
 * standing in *msg as if they had been uploaded before it was sent. *out has the advice when it
 * fails: a link that leads nowhere is the message's fault and not the channel's. */
struct linked_links {
	struct job *job;
	struct linked *n;
	const struct channel *ch;
	struct outgoing *msg;
	struct send_result *out;
};
enum err linked_links_take(const struct linked_links *l);

/* A file without a name for the time of the job. */
enum err linked_temporary(struct job *job, int *out);

/* A file of a number, deciphered into put(); size_max: of the plain file. ERR_MISSING: the hosts
 * have it no more; ERR_UPSTREAM: they could not be asked, or what came is not the file. */
struct linked_file {
	const struct wa_media *media;
	bool (*put)(void *arg, bytes piece);
	void *arg;
	int64_t size_max;
};
enum err linked_fetch_file(struct job *job, const struct channel *ch,
	const struct linked_file *file);
/* The same in two steps, to decipher it more than once: a descriptor with the enciphered octets,
 * the job's. */
enum err linked_fetch_sealed(struct job *job, const struct channel *ch,
	const struct linked_file *file, int *fd);
enum err linked_unseal_fd(struct job *job, const struct linked_file *file, int fd);

/* Asks the phone for a file that the hosts have no more, by ask(turn, r), and waits for its answer:
 * a new direct path, which r has then. ERR_MISSING: gone there, too; ERR_UPSTREAM: no answer. */
struct turn;
enum err linked_file_again(struct job *job, const struct channel *ch, struct wa_media_reference *r,
	enum err (*ask)(struct turn *turn, void *r));

#endif
