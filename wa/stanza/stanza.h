/*
 * stanza.h: binary XML: the words in which client and server of WhatsApp talk.
 *
 * A node has a tag, attributes in their order, and octets, a text, a jid or nodes inside. What is
 * read borrows from the frame, from the dictionary and from the arena: it lives as long as the
 * shortest of these. Any thread; no state.
 * Source: docs/protocol/linked-device-1-transport.md §4.
 */
#ifndef WA_STANZA_STANZA_H
#define WA_STANZA_STANZA_H

#include "base/buf.h"
#include "base/err.h"
#include "wa/stanza/jid.h"

#define STANZA_INFLATED_MAX (16u << 20)
#define STANZA_DEPTH_MAX 32
/* Nodes and attributes of one frame together: a history chunk does not come as a stanza. */
#define STANZA_PARTS_MAX 200000
#define STANZA_PACKED_MAX 127   /* characters that the packed forms hold */

struct attr {
	str key;
	bool is_jid;
	str text;               /* unless is_jid */
	struct jid jid;
};

enum node_holds { HOLDS_NOTHING, HOLDS_BYTES, HOLDS_TEXT, HOLDS_JID, HOLDS_NODES };

struct node {
	str tag;
	struct attr *attrs;
	size_t attr_count;
	enum node_holds holds;
	bytes data;             /* HOLDS_BYTES, and of HOLDS_TEXT its octets */
	struct jid jid;
	struct node *first, *last, *next; /* inside, and beside */
};

/* Reads a decrypted frame: the flag octet, then one node, perhaps compressed. Accepts what the
 * libraries in use accept. ERR_INPUT with a sentence in *why, also for octets behind the node. */
enum err stanza_read(struct arena *arena, bytes frame, struct node *out, const char **why);
/* Appends the flag octet and the node, never compressed, in the shortest form of each part. An
 * attribute with an empty text is left out. out->failed when it does not fit. */
void stanza_write(struct buf *out, const struct node *node);

/* ---- looking into a node ---- */

const struct attr *node_attr(const struct node *node, const char *key); /* NULL: none */
/* A jid is shown as text, in the arena; STR_NONE when absent. */
str node_text(struct arena *arena, const struct node *node, const char *key);
/* An attribute that was written as a text counts, too. false: absent, or no jid. */
bool node_jid(const struct node *node, const char *key, struct jid *out);
/* A decimal number, or `otherwise`. */
int64_t node_int(const struct node *node, const char *key, int64_t otherwise);
bool node_is(const struct node *node, const char *tag);
bool node_has(const struct node *node, const char *key, const char *value);
/* The first inside with that tag, or NULL. */
const struct node *node_child(const struct node *node, const char *tag);
/* What it holds as octets: texts are sometimes written as the one, sometimes as the other. None:
 * BYTES_NONE. */
bytes node_data(const struct node *node);
bytes node_child_data(const struct node *node, const char *tag);

/* ---- making one, in an arena ---- */

struct node *node_new(struct arena *arena, const char *tag);
/* STR_NONE puts nothing. */
void node_put(struct arena *arena, struct node *node, const char *key, str value);
void node_put_int(struct arena *arena, struct node *node, const char *key, int64_t value);
void node_put_jid(struct arena *arena, struct node *node, const char *key, const struct jid *jid);
void node_put_data(struct node *node, bytes data);
/* A new last node inside. */
struct node *node_add(struct arena *arena, struct node *node, const char *tag);
void node_adopt(struct node *node, struct node *child); /* the same of one made apart */

/* For people and logs of tests: <iq id="1"><ping/></iq>. Octets as hex, cut after a line. It may
 * hold secrets: never at a level that is on by default. */
str node_print(struct arena *arena, const struct node *node);

#endif
