/* linked_json.h: what the files of /linked-numbers share. */
#ifndef API_LINKED_JSON_H
#define API_LINKED_JSON_H

#include "account/pace_number.h"
#include "api/api.h"
#include "provider/linked/linked.h"

/* Octets of the body of an import: the file in base64, and the words around it. */
#define LINKED_IMPORT_MAX (LINKED_EXPORT_MAX / 3 * 4 + (64u << 10))

/* The LinkedNumber object, as a member `key` or (NULL) an element or the whole text. Without what
 * pairs it: QR and code are in GET /linked-numbers/{id}/pairing alone. */
enum err linked_number_write_json(struct job *job, struct buf *out, const char *key,
	const struct linked_number *number);
/* "results":[{"id","ok",…}] of a bulk action, into the open object. */
void linked_outcomes_write_json(struct buf *out, const struct linked_outcome *outcomes,
	size_t count);

/* {action, ids, reason?, tier?, limits?}: field errors. */
struct linked_bulk_body {
	str action_name, reason;
	struct pace_patch pace;
	json limits;
	struct field_ids ids;
	enum linked_action action;
};
enum err linked_bulk_read(struct job *job, const struct request *req,
	struct linked_bulk_body *out);
/* Those of job->workspace: linked_bulk(), and for LINKED_DO_REMOVE the channels, too. */
enum err linked_bulk_do(struct job *job, const struct linked_bulk_body *body, const id64 *channels,
	size_t count, struct linked_outcome *out);

#endif
