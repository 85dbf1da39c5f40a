/*
 * conversation_filter.h: the filter of the conversation list, as a request writes it.
 *
 * The query of GET /conversations and the JSON object of a saved filter or of a bulk action have
 * the same members, each a text.
 */
#ifndef API_CONVERSATION_FILTER_H
#define API_CONVERSATION_FILTER_H

#include "api/api.h"
#include "inbox/inbox.h"

/* One of the two. */
struct filter_source {
	const struct request *req;
	json map;
};

/* Field errors for what is wrong, under its name; ERR_DENIED when the asker may not look for
 * people. */
enum err filter_read(struct job *job, const struct filter_source *from,
	struct conversation_filter *out);
/* Notes members of a map that no filter has. */
void filter_check_names(struct job *job, json map);

#endif
