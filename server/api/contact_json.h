/*
 * contact_json.h: contacts as the API shows them on their own pages.
 *
 * What a page of contacts names (labels, attributes) is loaded for all of them at once.
 */
#ifndef API_CONTACT_JSON_H
#define API_CONTACT_JSON_H

#include "inbox/contacts.h"
#include "store/queries.h"

struct contact_view {
	struct attributes attributes;
	struct contact_label_rows labels;
};
/* At most 200 contacts. */
enum err contact_view_load(struct job *job, const struct contacts *contacts,
	struct contact_view *out);
/* key NULL: an element of a list. */
void contact_write_view(struct job *job, struct buf *out, const char *key,
	const struct contact_view *view, const struct contact *contact);
/* The whole page of one: its numbers, and how providers took a block, too. */
enum err contact_write_page(struct job *job, struct buf *out, const struct contact *contact);
/* Blocks or releases somebody here, and at each network that can (contacts.c). */
enum err contact_set_blocked(struct job *job, id64 id, bool blocked, str reason,
	struct contact *out);
void attribute_write_json(struct buf *out, const struct attribute *attribute);
void note_write_json(struct buf *out, const struct contact_note *note);

#endif
