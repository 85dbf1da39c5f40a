/*
 * json.h: reading JSON (jansson, bounded) and writing it (straight into a buf).
 *
 * Reading refuses: over JSON_SIZE_MAX (or the caller's bound), deeper than JSON_DEPTH_MAX, more
 * than JSON_VALUES_MAX values, duplicate keys, bad UTF-8, \u0000, integers past 64 bits, anything
 * behind the value. The tree lives in the arena. Every accessor takes NULL and wrong kinds and
 * answers "none", so a reader asks for what it wants and checks the results.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"
#include "base/id64.h"

struct json_t; /* jansson's */
typedef const struct json_t *json;

#define JSON_SIZE_MAX (4u << 20)
#define JSON_DEPTH_MAX 64
#define JSON_VALUES_MAX 200000 /* each takes some 250 octets of the arena at worst */

enum json_kind {
	JSON_NONE,
	JSON_NIL,
	JSON_BOOL,
	JSON_INT,
	JSON_REAL_NUMBER,
	JSON_TEXT,
	JSON_LIST,
	JSON_MAP
};

/* ERR_INPUT with a sentence in *why (may be NULL) for what is refused. */
enum err json_read(struct arena *arena, str text, json *out, str *why);

enum json_kind json_kind(json v); /* JSON_NONE for NULL */
json json_field(json map, const char *key); /* NULL when absent */
json json_at(json list, size_t index);
size_t json_count(json v); /* elements of a list, members of a map, else 0 */
/* "messages.0.id": keys and indexes joined by dots. */
json json_path(json root, const char *path);
str json_text(json v); /* STR_NONE unless a string */
/* an integer; also a real without fraction, and decimal text */
int64_t json_int(json v, int64_t otherwise);
double json_number(json v, double otherwise);
bool json_flag(json v, bool otherwise);
/* A string, or the decimal text of an integer (ids come both ways); STR_NONE otherwise. */
str json_text_or_int(struct arena *arena, json v);
bool json_id(json v, id64 *out); /* a string of digits */
static inline str json_text_at(json root, const char *path)
{
	return json_text(json_path(root, path));
}

/* Walks a map in the order of the text: for (void *i = json_first(m); i; i = json_next(m, i)). */
void *json_first(json map);
void *json_next(json map, void *at);
str json_member_name(void *at);
json json_member_value(void *at);

/*
 * Writing. Commas come by themselves. Text is escaped so that it is safe in any script, too (<, >,
 * &, U+2028/9); bad UTF-8 becomes U+FFFD. A STR_NONE is written as null.
 *
 *	json_open(b, '{'); json_put(b, "name", name); json_put_id(b, "id", id); json_close(b, '}');
 *
 * A NULL key writes an element of a list.
 */
void json_open(struct buf *b, char bracket);
void json_open_in(struct buf *b, const char *key, char bracket); /* "key":{ */
void json_close(struct buf *b, char bracket);
void json_key(struct buf *b, const char *key);
void json_key_str(struct buf *b, str key);
void json_put(struct buf *b, const char *key, str value);
void json_put_int(struct buf *b, const char *key, int64_t value);
void json_put_number(struct buf *b, const char *key, double value);
void json_put_bool(struct buf *b, const char *key, bool value);
void json_put_null(struct buf *b, const char *key);
void json_put_id(struct buf *b, const char *key, id64 id);  /* a string; null for 0 */
void json_put_ms(struct buf *b, const char *key, int64_t ms); /* a number; null for 0 */
void json_put_raw(struct buf *b, const char *key, str already_json);
void json_put_value(struct buf *b, const char *key, json v); /* NULL as null */
/* JSON that was written here, with all that is not ASCII as \uXXXX (small letters, UTF-16). */
void json_write_ascii(struct buf *b, str already_json);

/* "[1,2]": ids as numbers, as lists of them stand in the store and go into its queries. Zeros are
 * left out. */
str json_ids(struct arena *arena, const id64 *ids, size_t count);

#endif
