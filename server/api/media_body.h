/* media_body.h: files up and down, for every route that carries them (media.c). */
#ifndef API_MEDIA_BODY_H
#define API_MEDIA_BODY_H

#include "api/api.h"
#include "inbox/inbox.h"

/* The file of a request: the field `file` of a form, or the body. Its type is what it says, what a
 * form's field `type` says where it says nothing, and what its content bears out. */
enum err media_take(struct job *job, const struct request *req, struct media *out);
/* The stored file, or the part of it that is asked for. */
enum err media_give(struct job *job, const struct request *req, const struct media *media,
	struct response *res);

#endif
