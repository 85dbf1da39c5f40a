/* template_internal.h: what the template files share. */
#ifndef ACCOUNT_TEMPLATE_INTERNAL_H
#define ACCOUNT_TEMPLATE_INTERNAL_H

#include "account/account_internal.h"
#include "account/channel.h"
#include "account/template.h"
#include "base/json.h"
#include "store/queries.h"

struct template_item template_of_row(const struct template_row *row);
struct template_item *templates_of_rows(struct job *job, const struct template_rows *rows);

/* Meta has upper and lower case words in use for the types of parts. */
json template_part(json components, const char *type);
/* The variables of a text, each once, in order: "1", "first_name". */
#define VARIABLES_MAX 100
struct variables { str names[VARIABLES_MAX]; size_t count; };
void template_variables(str text, struct variables *out);

/* What is new about a template; STR_NONE: nothing is said about it. */
struct template_news {
	const char *source; /* "webhook", "sync", "person" */
	str remote_id, category, status, quality, reason, parameter_format, components;
	str planned;        /* a sentence about what will change */
	bool deleted;
};
/* Writes what differs into row and history, in the open transaction; *changed. */
enum err template_merge(struct job *job, struct template_item *t, const struct template_news *news,
	bool *changed);
enum err template_note(struct job *job, id64 template, const struct template_change *change);
/* A new row; in the open transaction. */
enum err template_insert(struct job *job, const struct template_item *t, const char *source);
/* Tells those who watch. */
void template_changed(struct job *job, id64 template);

[[gnu::format(printf, 4, 5)]] void template_wrong(struct job *job, const char *code,
	const char *message, const char *path, ...);

/* What a text, currency or date parameter shows: its text or its fallback; or none. */
str template_parameter_text(json parameter);

#endif
