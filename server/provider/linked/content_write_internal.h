/* content_write_internal.h: what the files share that write content for the network. */
#ifndef PROVIDER_LINKED_CONTENT_WRITE_INTERNAL_H
#define PROVIDER_LINKED_CONTENT_WRITE_INTERNAL_H

#include "provider/linked/content_internal.h"

/* One content on its way out. */
struct writing {
	struct job *job;
	struct arena *arena;
	const struct linked_draft *d;
	const struct outgoing *out;
	json content;
};

/* A text of it, or NULL. */
char *linked_text_at(const struct writing *w, const char *path);

/* ---- content_write_file.c ---- */

struct content_file { struct wa_media_reference ref; struct linked_derived derived; };
/* text: as linked_file_write() made it. */
enum err linked_file_take(const struct writing *w, str text, struct content_file *out);
Wa__Message *linked_write_file(const struct writing *w, enum message_kind kind,
	const struct content_file *f, char *caption);
enum err linked_write_media(const struct writing *w, Wa__Message **out);

/* ---- content_write_choice.c ---- */

/* Buttons and lists. */
enum err linked_write_interactive(const struct writing *w, Wa__Message **out);

#endif
