/*
 * multipart.h: multipart/form-data (RFC 7578), read part by part from memory or a file.
 *
 * Bounded: MULTIPART_PARTS_MAX parts, MULTIPART_HEAD_MAX octets of part headers. Malformed input is
 * ERR_INPUT.
 */
#ifndef NET_MULTIPART_H
#define NET_MULTIPART_H

#include "net/http.h"

#define MULTIPART_PARTS_MAX 32
#define MULTIPART_HEAD_MAX 4096

struct part {
	/* file_name: last path component only, no control octets; STR_NONE if not a file */
	str name, file_name, type;
	bytes data;                  /* a view of the mapped body; lives as long as the job */
};

/* All parts of a request's body (mapped when it is in a file). */
enum err multipart_read(struct job *job, const struct request *req, struct part **out,
                        size_t *count);

#endif
