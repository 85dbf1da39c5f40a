/*
 * placeholder.h: {%path.to.value%} in texts and in JSON, filled from one JSON object.
 *
 *   {%text.body%}        the value at that path; none there is an error that names it
 *   {%text.body|hello%}  with a default
 *   {%context?%}         may be missing: its member, element, header or parameter is left out
 *   {%%}                 stands for {% itself
 *
 * A path is keys and indexes joined by dots ("items.0.name", also "items[0].name"). A JSON string
 * that is one placeholder and nothing else becomes the value as it is: object, list, number; a
 * default there that is JSON is taken as JSON. Within a longer text a value is written as text: a
 * string as it is, all else as JSON. null counts as missing.
 */
#ifndef PROVIDER_HTTP_PLACEHOLDER_H
#define PROVIDER_HTTP_PLACEHOLDER_H

#include "base/json.h"
#include "runtime/job.h"

#define PLACEHOLDER_MAX 256       /* octets between {% and %} */
#define PLACEHOLDER_DEPTH_MAX 16  /* keys and indexes of one path */
#define TEMPLATE_DEPTH_MAX 32     /* of a JSON template */

/* What is done with a value before it stands in a text. */
enum placeholder_escape {
	ESCAPE_NONE,   /* plain text, and texts inside of JSON: json_put() escapes those */
	ESCAPE_URL,    /* all but unreserved characters as %XX */
	ESCAPE_HEADER, /* nothing is changed: control characters are an error */
};

struct template {
	struct job *job;
	json values;
	str where;     /* "request.url": for what is told of an error */
	bool is_omitted; /* set when a {%…?%} alone had no value */
};

/* ERR_INPUT "placeholder_missing" names the placeholder and where it stands. */
enum err template_text(struct template *t, str text, enum placeholder_escape escape,
	struct buf *out);
/* A JSON value with all its texts filled, keys too; omitted members and elements are left out. */
enum err template_json(struct template *t, json v, struct buf *out);

/* Notes a field error for each text that is not well-formed, or nested too deep. */
void template_check_text(struct job *job, str field, str text);
void template_check_json(struct job *job, str field, json v);

/* The value at a path; NULL when there is none, also for null. */
json placeholder_value(struct arena *arena, json values, str path);

#endif
