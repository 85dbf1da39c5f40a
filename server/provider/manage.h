/*
 * manage.h: what can be managed of a number and its account, beyond sending: a table of named
 * calls.
 *
 * Each provider has a table (NULL: none); a call is checked by its parameters, sent, and answered
 * with the network's own JSON. So one address of the API and one page serve them all, and a new
 * call is a row.
 */
#ifndef PROVIDER_MANAGE_H
#define PROVIDER_MANAGE_H

#include "provider/provider.h"

enum manage_kind {
	MANAGE_TEXT,
	MANAGE_DIGITS,
	MANAGE_FLAG,
	MANAGE_NUMBER,
	MANAGE_LIST,  /* JSON list */
	MANAGE_MAP,   /* JSON object */
};

enum manage_place { IN_BODY, IN_QUERY, IN_PATH };

struct manage_parameter {
	const char *name;
	enum manage_kind kind;
	enum manage_place place;
	bool required;
	size_t min, max; /* code points of a text, elements of a list; max 0: 4096 */
};

#define MANAGE_PARAMETERS_MAX 8

enum manage_flags {
	MANAGE_PRODUCT = 1, /* "messaging_product": "whatsapp" goes along */
	MANAGE_FORM = 2,    /* multipart/form-data instead of JSON */
	MANAGE_SECRET = 4,  /* its parameters are secrets: never in an audit row */
	MANAGE_STATE = 8,   /* changes what the network tells of the number: ask again after it */
};

struct manage_call {
	const char *name; /* "number.register" */
	enum http_method method;
	/* {number}, {account}, {app} or a parameter IN_PATH; a fixed query may follow */
	const char *path;
	unsigned flags;
	struct manage_parameter parameters[MANAGE_PARAMETERS_MAX];
};

/* By name; NULL when the provider has none of it. */
const struct manage_call *manage_find(const struct provider *provider, str name);
/* Checks the parameters (field errors), calls, and gives the network's answer as JSON text. */
enum err provider_manage(struct job *job, const struct channel *ch, const struct manage_call *call,
	json parameters, str *answer);
/* Of all calls: what is wrong by the table; no I/O. */
void manage_check(struct job *job, const struct manage_call *call, json parameters);

#endif
